// SPDX-License-Identifier: MIT
#include "job/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/utf8.h"

#define CHUNK       (256 << 10)
#define LOOK_MAX    4096 // bytes of a line that are looked at
#define NUMBER_MAX  32   // characters of one number
#define WHOLE_LIMIT ((int64_t)1 << 53)

// A line that is being read. Never past `end`.
struct text {
    const char *at, *end;
};

// ---- Small scanners --------------------------------------------------------------------------------------------------

static bool word_char(char c)
{
    return lrc_ascii_alnum(c) || c == '_';
}

// Where `word` (lower-case) begins in [from, end), in any case, as a word of its own on the left; NULL when not.
static const char *find_word(const char *begin, const char *from, const char *end, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = from; (size_t)(end - p) >= n; p++) {
        size_t i = 0;
        while (i < n && lrc_ascii_lower(p[i]) == word[i])
            i++;
        if (i == n && (p == begin || !word_char(p[-1])))
            return p;
    }
    return NULL;
}

static bool has(const struct text *t, const char *words)
{
    return find_word(t->at, t->at, t->end, words) != NULL;
}

static bool skip_char(struct text *t, char c)
{
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

static void skip_blanks(struct text *t)
{
    while (t->at < t->end && lrc_ascii_space(*t->at))
        t->at++;
}

// One or more of these, e.g. ":= ".
static bool skip_any(struct text *t, const char *set)
{
    const char *before = t->at;
    while (t->at < t->end && *t->at && strchr(set, *t->at))
        t->at++;
    return t->at > before;
}

static bool take_whole(struct text *t, int64_t *ret)
{
    const char *p = t->at;
    int64_t n = 0;
    while (p < t->end && lrc_ascii_digit(*p) && n < WHOLE_LIMIT)
        n = n * 10 + (*p++ - '0');
    if (p == t->at || n >= WHOLE_LIMIT)
        return false;
    t->at = p;
    *ret = n;
    return true;
}

static bool take_real(struct text *t, double *ret)
{
    char number[NUMBER_MAX];
    size_t n = 0;
    while (t->at + n < t->end && n < sizeof number - 1 && t->at[n] && strchr("0123456789.eE+-", t->at[n])) {
        number[n] = t->at[n];
        n++;
    }
    while (n > 0) { // "0.084." at the end of a sentence is 0.084
        number[n] = '\0';
        if (lrc_str_to_double(number, ret)) {
            t->at += n;
            return true;
        }
        n--;
    }
    return false;
}

// "05:12" or "1:05:12" as seconds.
static bool take_clock(struct text *t, int64_t *ret)
{
    int64_t part, sum;
    struct text u = *t;
    if (!take_whole(&u, &sum) || !skip_char(&u, ':') || !take_whole(&u, &part))
        return false;
    sum = sum * 60 + part;
    if (skip_char(&u, ':')) {
        if (!take_whole(&u, &part))
            return false;
        sum = sum * 60 + part;
    }
    *t = u;
    *ret = sum;
    return true;
}

// ---- tqdm ------------------------------------------------------------------------------------------------------------

// "  2.60it/s" or "1.35s/it"; anything else, "?it/s" too, is unknown.
static double take_rate(struct text *t)
{
    double rate;
    skip_blanks(t);
    if (!take_real(t, &rate) || t->end - t->at < 4)
        return (double)NAN;
    if (memcmp(t->at, "it/s", 4) == 0)
        return rate;
    if (memcmp(t->at, "s/it", 4) == 0)
        return rate > 0 ? 1 / rate : (double)NAN;
    return (double)NAN;
}

// "812/2000 [": the whole numbers in front of `bracket`.
static void take_counts(const char *begin, const char *bracket, lrc_tqdm *ret)
{
    const char *p = bracket;
    while (p > begin && p[-1] == ' ')
        p--;
    const char *end = p;
    while (p > begin && (lrc_ascii_digit(p[-1]) || p[-1] == '/'))
        p--;
    struct text t = {p, end};
    int64_t done, total;
    if (take_whole(&t, &done) && skip_char(&t, '/') && take_whole(&t, &total) && t.at == end) {
        ret->done = done;
        ret->total = total;
    }
}

bool lrc_tqdm_parse(const char *text, size_t n, lrc_tqdm *ret)
{
    lrc_tqdm b = {.percent = -1, .done = -1, .total = -1, .elapsed = -1, .left = -1, .rate = (double)NAN};
    n = n < LOOK_MAX ? n : LOOK_MAX;
    if (!lrc_line_is_bar(text, n, &b.label))
        return false;
    struct text t = {text + b.label, text + n};
    int64_t first;
    skip_any(&t, ": ");
    if (!take_whole(&t, &first))
        return false;
    if (skip_char(&t, '%'))
        b.percent = first > 100 ? 100 : (int)first;
    else
        b.done = first;
    const char *bar_end = t.at; // the graphic lies between two '|' and holds no '['
    while (t.at < t.end && *t.at != '[')
        t.at++;
    if (b.percent >= 0)
        take_counts(bar_end, t.at, &b);
    if (skip_char(&t, '[')) {
        if (take_clock(&t, &b.elapsed) && skip_char(&t, '<'))
            take_clock(&t, &b.left);
        while (t.at < t.end && *t.at != ',' && *t.at != ']')
            t.at++;
        if (skip_char(&t, ','))
            b.rate = take_rate(&t);
    }
    *ret = b;
    return true;
}

// ---- What a line tells -----------------------------------------------------------------------------------------------

static const struct {
    const char *words;
    lrc_job_phase phase;
} phases[] = {
    {"caching latents", LRC_PHASE_CACHING_LATENTS},
    {"caching text encoder outputs", LRC_PHASE_CACHING_TEXT},
    {"loading image sizes", LRC_PHASE_LOADING},
    {"loading model", LRC_PHASE_LOADING},
    {"load stablediffusion", LRC_PHASE_LOADING},
    {"loading stablediffusion", LRC_PHASE_LOADING},
    {"loading u-net", LRC_PHASE_LOADING},
    {"building u-net", LRC_PHASE_LOADING},
    {"loading vae", LRC_PHASE_LOADING},
    {"loading text encoder", LRC_PHASE_LOADING},
    {"running training", LRC_PHASE_WORKING},
    {"saving checkpoint", LRC_PHASE_SAVING},
    {"saving model", LRC_PHASE_SAVING},
    {"saving state", LRC_PHASE_SAVING},
    {"saving last state", LRC_PHASE_SAVING},
    {"generating sample images", LRC_PHASE_SAMPLING},
};

const char *lrc_job_phase_name(lrc_job_phase phase)
{
    static const char *const names[LRC_PHASE_MAX_] = {
        [LRC_PHASE_STARTING] = "starting",
        [LRC_PHASE_LOADING] = "loading",
        [LRC_PHASE_CACHING_LATENTS] = "caching latents",
        [LRC_PHASE_CACHING_TEXT] = "caching text encoder outputs",
        [LRC_PHASE_WORKING] = "working",
        [LRC_PHASE_SAVING] = "saving",
        [LRC_PHASE_VALIDATING] = "validating",
        [LRC_PHASE_SAMPLING] = "sampling",
    };
    return names[phase];
}

static void enter_phase(lrc_job_meter *m, lrc_job_phase phase)
{
    if (m->now.phase == phase)
        return;
    m->now.phase = phase;
    m->now.phase_done = m->now.phase_total = -1;
    m->bar[0] = '\0';
}

static void raise_to(int64_t *kept, int64_t seen)
{
    if (seen > *kept)
        *kept = seen;
}

static void raise_percent(lrc_job_progress *p)
{
    double percent = -1;
    if (p->total_steps > 0 && p->step >= 0)
        percent = 100.0 * (double)p->step / (double)p->total_steps;
    else if (p->total_epochs > 0 && p->epoch > 0) // an epoch that is named has begun, not ended
        percent = 100.0 * (double)(p->epoch - 1) / (double)p->total_epochs;
    if (percent > 100)
        percent = 100;
    if (percent > p->percent)
        p->percent = percent;
}

// "loss=0.084", "avr_loss: nan"; not "val_loss". true when there is one.
static bool read_loss(lrc_job_progress *p, const struct text *line)
{
    static const char *const names[] = {"avr_loss", "loss"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (const char *at = line->at; (at = find_word(line->at, at, line->end, names[i])); at++) {
            struct text t = {at + strlen(names[i]), line->end};
            if (!skip_any(&t, ":= \t"))
                continue;
            if (t.end - t.at >= 3 && lrc_ascii_lower(t.at[0]) == 'n' && lrc_ascii_lower(t.at[1]) == 'a' &&
                lrc_ascii_lower(t.at[2]) == 'n') {
                p->loss_is_nan = true;
                return true;
            }
            if (take_real(&t, &p->loss)) {
                p->loss_is_nan = false;
                return true;
            }
        }
    return false;
}

static bool read_lr(lrc_job_progress *p, const struct text *line)
{
    for (const char *at = line->at; (at = find_word(line->at, at, line->end, "lr")); at++) {
        struct text t = {at + 2, line->end};
        if (skip_any(&t, ":= \t") && take_real(&t, &p->lr))
            return true;
    }
    return false;
}

// "epoch 2/10", "Epoch: 3", "steps: 5/10". true and the numbers (total -1 when not given).
static bool read_pair(const struct text *line, const char *word, const char *plural, int64_t *ret, int64_t *ret_total)
{
    for (const char *at = line->at; (at = find_word(line->at, at, line->end, word)); at++) {
        struct text t = {at + strlen(word), line->end};
        if (plural)
            skip_char(&t, plural[0]);
        if (!skip_any(&t, ": \t") || !take_whole(&t, ret))
            continue;
        if (t.at < t.end && (*t.at == '%' || *t.at == '.' || word_char(*t.at)))
            continue; // "steps: 41%" is no step
        *ret_total = -1;
        if (skip_char(&t, '/'))
            take_whole(&t, ret_total);
        return true;
    }
    return false;
}

// "  total optimization steps / …: 2000": the number behind the last ':'.
static bool read_summary(const struct text *line, const char *words, int64_t *ret)
{
    if (!has(line, words))
        return false;
    const char *colon = line->end;
    while (colon > line->at && colon[-1] != ':')
        colon--;
    struct text t = {colon, line->end};
    skip_blanks(&t);
    return take_whole(&t, ret);
}

static void read_rate(lrc_job_progress *p, const lrc_tqdm *bar)
{
    if (bar->left >= 0)
        p->eta_s = bar->left;
    if (!isnan(bar->rate))
        p->rate = bar->rate;
}

// sd-scripts' bar of the whole training is called "steps"; any other one is the phase's.
static void read_training_bar(lrc_job_meter *m, const struct text *line, const lrc_tqdm *bar)
{
    lrc_job_progress *p = &m->now;
    const size_t label = bar->label < sizeof m->bar ? bar->label : sizeof m->bar - 1;
    const struct text name = {line->at, line->at + label};
    if (label == strlen("steps") && has(&name, "steps") && bar->total > 0) {
        enter_phase(m, LRC_PHASE_WORKING);
        p->total_steps = bar->total;
        raise_to(&p->step, bar->done);
        read_rate(p, bar);
        read_loss(p, line);
        read_lr(p, line);
        return;
    }
    if (has(&name, "validation"))
        enter_phase(m, LRC_PHASE_VALIDATING);
    if (bar->total != p->phase_total || strlen(m->bar) != label || memcmp(m->bar, line->at, label) != 0) {
        memcpy(m->bar, line->at, label);
        m->bar[label] = '\0';
        p->phase_done = -1;
        p->phase_total = bar->total;
    }
    raise_to(&p->phase_done, bar->done);
}

static bool read_training(lrc_job_meter *m, const struct text *line)
{
    lrc_job_progress *p = &m->now;
    lrc_tqdm bar;
    int64_t n, total;
    if (lrc_tqdm_parse(line->at, (size_t)(line->end - line->at), &bar)) {
        read_training_bar(m, line, &bar);
        return true;
    }
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        if (has(line, phases[i].words)) {
            enter_phase(m, phases[i].phase);
            return true;
        }
    bool told = read_loss(p, line);
    told = read_lr(p, line) || told;
    if (read_summary(line, "total optimization steps", &n)) {
        p->total_steps = n;
        return true;
    }
    if (read_summary(line, "num epochs", &n)) {
        p->total_epochs = n;
        return true;
    }
    if (read_summary(line, "num batches per epoch", &n))
        return told; // not the number of an epoch
    if (read_pair(line, "epoch", NULL, &n, &total)) {
        raise_to(&p->epoch, n);
        if (total > 0) {
            p->total_epochs = total;
            enter_phase(m, LRC_PHASE_WORKING);
        }
        told = true;
    }
    if (read_pair(line, "step", "s", &n, &total) && (total > 0 || p->total_steps < 0 || n <= p->total_steps)) {
        if (total > 0)
            p->total_steps = total;
        raise_to(&p->step, n);
        told = true;
    }
    return told;
}

// "tagging: 12/40 name", "tagging: 40 to do", or a tqdm bar.
static bool read_counter(lrc_job_meter *m, const struct text *line)
{
    lrc_job_progress *p = &m->now;
    lrc_tqdm bar;
    int64_t done = -1, total = -1;
    if (lrc_tqdm_parse(line->at, (size_t)(line->end - line->at), &bar)) {
        if (bar.total > 0) {
            p->total_steps = bar.total;
            raise_to(&p->step, bar.done);
        }
        read_rate(p, &bar);
        enter_phase(m, LRC_PHASE_WORKING);
        return true;
    }
    struct text t = *line;
    while (t.at < t.end && word_char(*t.at))
        t.at++;
    if (t.at == line->at || !skip_char(&t, ':') || !skip_any(&t, " ") || !take_whole(&t, &done))
        return false;
    if (!skip_char(&t, '/')) {
        if (!has(&(struct text){t.at, t.end}, "to do"))
            return false;
        p->total_steps = done;
    } else {
        if (!take_whole(&t, &total) || (t.at < t.end && *t.at != ' '))
            return false;
        p->total_steps = total;
        raise_to(&p->step, done);
        skip_blanks(&t);
        if (t.at < t.end && *t.at != '(') {
            snprintf(p->item, sizeof p->item, "%.*s", (int)(t.end - t.at), t.at);
            p->item[lrc_utf8_cut(p->item, strlen(p->item))] = '\0';
        }
    }
    enter_phase(m, LRC_PHASE_WORKING);
    return true;
}

static void keep_error(lrc_job_meter *m, const struct text *line)
{
    char *out = m->now.error;
    snprintf(out, LRC_JOB_ERROR_MAX, "%.*s", (int)(line->end - line->at), line->at);
    out[lrc_utf8_cut(out, strlen(out))] = '\0';
}

// The line under a Python traceback is what went wrong; a later one is nearer to the end. Launchers add one of their own
// about their child, which tells nothing.
static bool read_error(lrc_job_meter *m, const struct text *line)
{
    if (has(line, "traceback (most recent call last)")) {
        m->traceback = true;
        return false;
    }
    if (m->traceback) {
        if (line->at == line->end || lrc_ascii_space(*line->at))
            return false;
        m->traceback = false;
        if (m->now.error[0] && has(line, "calledprocesserror"))
            return false;
        keep_error(m, line);
        return true;
    }
    if (m->now.error[0] || !find_word(line->at, line->at, line->end, "error:"))
        return false;
    keep_error(m, line);
    return true;
}

// What of a line is looked at.
static struct text text_of(const lrc_line *line)
{
    struct text t = {line->text, line->text + (line->len < LOOK_MAX ? line->len : LOOK_MAX)};
    while (t.end > t.at && lrc_ascii_space(t.end[-1]))
        t.end--;
    return t;
}

static bool read_numbers(lrc_job_meter *m, const struct text *t)
{
    const bool told = m->style == LRC_JOB_PROGRESS_TRAINING ? read_training(m, t) : read_counter(m, t);
    raise_percent(&m->now);
    return told;
}

static int read_line(void *arg, const lrc_line *line, lrc_err *err)
{
    lrc_job_meter *m = arg;
    if (line->bar && !line->open)
        return 0; // each of its states was read when it came
    const struct text t = text_of(line);
    const bool numbers = read_numbers(m, &t), wrong = read_error(m, &t);
    if (numbers || wrong)
        m->now.offset = line->end;
    return numbers && m->told ? m->told(m->told_arg, &m->now, err) : 0;
}

// ---- Meter -----------------------------------------------------------------------------------------------------------

void lrc_job_meter_init(lrc_job_meter *m, lrc_job_progress_style style)
{
    *m = (lrc_job_meter){.style = style,
                         .now = {.percent = -1,
                                 .step = -1,
                                 .total_steps = -1,
                                 .epoch = -1,
                                 .total_epochs = -1,
                                 .loss = (double)NAN,
                                 .lr = (double)NAN,
                                 .rate = (double)NAN,
                                 .eta_s = -1,
                                 .phase_done = -1,
                                 .phase_total = -1}};
    lrc_lines_init(&m->lines, 0, 0);
    m->lines.rewrites = true;
}

void lrc_job_meter_done(lrc_job_meter *m)
{
    lrc_lines_done(&m->lines);
}

int lrc_job_meter_feed(lrc_job_meter *m, const void *bytes, size_t n, lrc_err *err)
{
    return lrc_lines_feed(&m->lines, bytes, n, read_line, m, err);
}

const lrc_job_progress *lrc_job_meter_look(lrc_job_meter *m)
{
    lrc_line line;
    // A bar is taken when it is whole: tqdm ends it with ']'. Reading it again when it has ended changes nothing.
    if (lrc_lines_peek(&m->lines, &line) && line.bar) {
        const struct text t = text_of(&line);
        if (t.end > t.at && t.end[-1] == ']' && read_numbers(m, &t))
            m->now.offset = line.end;
    }
    return &m->now;
}

int lrc_job_progress_of(const char *log, lrc_job_progress_style style, lrc_job_progress *ret, lrc_err *err)
{
    lrc_auto_job_meter lrc_job_meter m;
    lrc_job_meter_init(&m, style);
    lrc_auto_close int fd = open(log, O_RDONLY | O_CLOEXEC);
    lrc_auto_free char *chunk = malloc(CHUNK);
    if (!chunk)
        return lrc_fail_memory(err);
    if (fd < 0 && errno != ENOENT)
        return lrc_fail_errno(err, "cannot read the log '%s'", log);
    while (fd >= 0) {
        const ssize_t n = read(fd, chunk, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lrc_fail_errno(err, "cannot read the log '%s'", log);
        if (n == 0)
            break;
        if (lrc_job_meter_feed(&m, chunk, (size_t)n, err) < 0)
            return -1;
    }
    *ret = *lrc_job_meter_look(&m);
    return 0;
}
