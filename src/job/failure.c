// SPDX-License-Identifier: MIT
#include "job/failure.h"

#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/utf8.h"
#include "job/failure_rows.h"
#include "job/follow.h"
#include "job/marks.h"

#define STRONG      (sizeof signs / sizeof signs[0])
#define SIGNS       (STRONG + sizeof weak_signs / sizeof weak_signs[0])
#define EXITS       (sizeof exits / sizeof exits[0])
#define LOOK_MAX    4096 // bytes of a line that are looked at
#define RANK_PREFIX "[rank"

// ---- One line and one pattern ----------------------------------------------------------------------------------------

// The first place in [from, end) at which the piece of a pattern fits; NULL when none does.
static const char *find_piece(const char *from, const char *end, const char *piece, size_t n)
{
    const char first = lrc_ascii_lower(piece[0]);
    for (const char *p = from; (size_t)(end - p) >= n; p++) {
        if (lrc_ascii_lower(*p) != first)
            continue;
        size_t i = 1;
        while (i < n && lrc_ascii_lower(p[i]) == lrc_ascii_lower(piece[i]))
            i++;
        if (i == n)
            return p;
    }
    return NULL;
}

// Where the text of a line begins: behind blanks and the mark of a process of several.
static const char *text_begin(const char *line, const char *end)
{
    for (;;) {
        while (line < end && lrc_ascii_space(*line))
            line++;
        if ((size_t)(end - line) < strlen(RANK_PREFIX) || memcmp(line, RANK_PREFIX, strlen(RANK_PREFIX)) != 0)
            return line;
        const char *close = memchr(line, ']', (size_t)(end - line));
        if (!close)
            return line;
        line = close + 1 + (close + 1 < end && close[1] == ':');
    }
}

bool lrc_failure_match(const char *pattern, const char *line, size_t n, lrc_capture ret[static LRC_FAILURE_CAPTURES])
{
    const char *end = line + n, *at = line, *captured = NULL;
    bool anchored = pattern[0] == '^';
    size_t captures = 0;
    if (anchored) {
        at = text_begin(line, end);
        pattern++;
    }
    for (;;) {
        const size_t piece = strcspn(pattern, "*$");
        if (piece == 0 && !pattern[0]) { // ends with a '*': the rest of the line
            if (captured)
                ret[captures++] = (lrc_capture){captured, (size_t)(end - captured)};
            return true;
        }
        const char *found = at;
        if (anchored)
            found = (size_t)(end - at) >= piece ? find_piece(at, at + piece, pattern, piece) : NULL;
        else if (piece > 0)
            found = find_piece(at, end, pattern, piece);
        if (!found)
            return false;
        if (captured)
            ret[captures++] = (lrc_capture){captured, (size_t)(found - captured)};
        at = found + piece;
        pattern += piece;
        anchored = false;
        if (*pattern != '*')
            return !*pattern || at == end;
        pattern++;
        captured = captures < LRC_FAILURE_CAPTURES ? at : NULL;
    }
}

// ---- Collecting ------------------------------------------------------------------------------------------------------

struct search {
    bool only_nan; // it did not fail
    lrc_failure hit[LRC_FAILURES_MAX];
    size_t rank[LRC_FAILURES_MAX]; // of each hit: its sign
    size_t count;
};

static void copy_text(char out[static LRC_FAILURE_TEXT_MAX], const char *text, size_t n)
{
    size_t length = n < LRC_FAILURE_TEXT_MAX - 1 ? n : LRC_FAILURE_TEXT_MAX - 1;
    length = lrc_utf8_cut(text, length);
    for (size_t i = 0; i < length; i++)
        out[i] = (unsigned char)text[i] < 0x20 ? ' ' : text[i];
    out[length] = '\0';
}

// `text` with {1}… replaced by what the pattern caught.
static void fill_said(const char *text, const lrc_capture *captures, char out[static LRC_FAILURE_TEXT_MAX])
{
    size_t n = 0;
    while (*text && n < LRC_FAILURE_TEXT_MAX - 1) {
        if (text[0] == '{' && text[1] >= '1' && text[1] <= '9' && text[2] == '}') {
            const lrc_capture *c = &captures[text[1] - '1'];
            const char *from = c->text;
            size_t length = c->len;
            while (length > 0 && lrc_ascii_space(*from)) {
                from++;
                length--;
            }
            while (length > 0 && lrc_ascii_space(from[length - 1]))
                length--;
            for (size_t i = 0; i < length && n < LRC_FAILURE_TEXT_MAX - 1; i++)
                out[n++] = (unsigned char)from[i] < 0x20 ? ' ' : from[i];
            text += 3;
        } else {
            out[n++] = *text++;
        }
    }
    out[n] = '\0';
    out[lrc_utf8_cut(out, n)] = '\0';
}

static const struct sign *sign_at(size_t rank)
{
    return rank < STRONG ? &signs[rank] : &weak_signs[rank - STRONG];
}

static void fill_failure(lrc_failure *f, size_t rank, const char *text, size_t n, const lrc_capture *captures)
{
    const struct sign *sign = sign_at(rank);
    *f = (lrc_failure){.cause = causes[sign->cause].name, .remedy = causes[sign->cause].remedy};
    fill_said(sign->said ? sign->said : causes[sign->cause].said, captures, f->said);
    copy_text(f->evidence, text, n);
}

// Where a find of this rank belongs: over the hit of the same cause, in a free place, over a weaker one; NULL: nowhere.
static lrc_failure *place_for(struct search *s, size_t rank)
{
    size_t weakest = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->hit[i].cause == causes[sign_at(rank)->cause].name) {
            if (s->rank[i] < rank)
                return NULL;
            s->rank[i] = rank;
            return &s->hit[i];
        }
        if (s->rank[i] > s->rank[weakest])
            weakest = i;
    }
    if (s->count == LRC_FAILURES_MAX) {
        if (s->rank[weakest] < rank)
            return NULL;
    } else {
        weakest = s->count++;
    }
    s->rank[weakest] = rank;
    return &s->hit[weakest];
}

// The first signature that fits in a text, SIGNS when none does.
static size_t find_sign(const struct search *s, const char *text, size_t n, lrc_capture *captures)
{
    for (size_t i = STRONG; !s->only_nan && i < SIGNS; i++)
        if (lrc_failure_match(sign_at(i)->pattern, text, n, captures))
            return i;
    for (size_t i = 0; i < STRONG; i++)
        if ((!s->only_nan || signs[i].cause == NAN_LOSS) && lrc_failure_match(signs[i].pattern, text, n, captures))
            return i;
    return SIGNS;
}

// What a text shows. NULL: nothing, or nothing better than what is known.
static lrc_failure *look(struct search *s, const char *text, size_t n)
{
    lrc_capture captures[LRC_FAILURE_CAPTURES] = {0};
    n = n < LOOK_MAX ? n : LOOK_MAX;
    while (n > 0 && lrc_ascii_space(text[n - 1]))
        n--;
    const char *begin = text_begin(text, text + n);
    const size_t rank = n > 0 ? find_sign(s, text, n, captures) : SIGNS;
    lrc_failure *f = rank < SIGNS ? place_for(s, rank) : NULL;
    if (f)
        fill_failure(f, rank, begin, (size_t)(text + n - begin), captures);
    return f;
}

static int look_at_line(void *arg, const lrc_line *line, lrc_err *err)
{
    (void)err;
    lrc_failure *f = look(arg, line->text, line->len);
    if (f) {
        f->in_log = true;
        f->line = line->number;
        f->offset = line->offset;
    }
    return 0;
}

static int look_at_log(struct search *s, const char *log, const char *idx, lrc_err *err)
{
    lrc_auto_marks lrc_marks marks = {0};
    lrc_auto_follow lrc_follow *f = NULL;
    struct stat st;
    uint64_t offset = 0, number = 0;
    if (stat(log, &st) < 0)
        return 0; // it has said nothing
    if (lrc_marks_load(idx, &marks, err) < 0)
        return -1;
    if (st.st_size > LRC_FAILURE_TAIL)
        lrc_marks_seek_offset(&marks, (uint64_t)st.st_size - LRC_FAILURE_TAIL, &offset, &number);
    lrc_auto_lines lrc_lines lines;
    lrc_lines_init(&lines, offset, number);
    if (lrc_follow_new(log, offset, &f, err) < 0)
        return -1;
    for (;;) {
        const char *bytes;
        size_t n;
        if (lrc_follow_read(f, &bytes, &n, err) < 0)
            return -1;
        if (n == 0)
            return lrc_lines_finish(&lines, look_at_line, s, err);
        if (lrc_lines_feed(&lines, bytes, n, look_at_line, s, err) < 0)
            return -1;
    }
}

// ---- The exit --------------------------------------------------------------------------------------------------------

static void add_exit(struct search *s, enum cause_id cause)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->hit[i].cause == causes[cause].name)
            return;
    if (s->count == LRC_FAILURES_MAX)
        return;
    s->rank[s->count] = SIGNS;
    lrc_failure *f = &s->hit[s->count++];
    *f = (lrc_failure){.cause = causes[cause].name, .remedy = causes[cause].remedy};
    snprintf(f->said, sizeof f->said, "%s", causes[cause].said);
}

static void look_at_exit(struct search *s, const lrc_failure_facts *facts)
{
    const char *reason = facts->reason ? facts->reason : "";
    look(s, reason, strlen(reason));
    if (facts->oom_kill)
        add_exit(s, OUT_OF_MEMORY);
    if (s->count > 0)
        return; // a signal is how it ended, not why
    for (size_t i = 0; i < EXITS; i++)
        if (exits[i].reason ? strcmp(exits[i].reason, reason) == 0
                            : facts->exited && exits[i].signal == facts->exit_signal)
            add_exit(s, exits[i].cause);
}

// The likeliest first; what the weak signatures show only when there is nothing else.
static void sort_hits(struct search *s)
{
    for (size_t i = 1; i < s->count; i++)
        for (size_t k = i; k > 0 && s->rank[k] < s->rank[k - 1]; k--) {
            const lrc_failure f = s->hit[k];
            const size_t rank = s->rank[k];
            s->hit[k] = s->hit[k - 1];
            s->rank[k] = s->rank[k - 1];
            s->hit[k - 1] = f;
            s->rank[k - 1] = rank;
        }
    while (s->count > 1 && s->rank[s->count - 1] >= STRONG && s->rank[0] < STRONG)
        s->count--;
}

int lrc_failure_find(const char *log, const char *idx, const lrc_failure_facts *facts, lrc_failures *ret, lrc_err *err)
{
    struct search s = {.only_nan = facts->state != LRC_JOB_FAILED};
    if (facts->state != LRC_JOB_CANCELLED && facts->state != LRC_JOB_PENDING && look_at_log(&s, log, idx, err) < 0)
        return -1;
    if (facts->state == LRC_JOB_FAILED)
        look_at_exit(&s, facts);
    sort_hits(&s);
    lrc_failures found = {.count = s.count};
    memcpy(found.item, s.hit, sizeof found.item);
    *ret = found;
    return 0;
}

int lrc_job_diagnose(const lrc_job *job, lrc_failures *ret, lrc_err *err)
{
    lrc_auto_free char *log = NULL, *idx = NULL;
    const lrc_failure_facts facts = {.state = job->status.state,
                                     .reason = job->status.reason,
                                     .exited = job->status.exited,
                                     .exit_code = job->status.exit_code,
                                     .exit_signal = job->status.exit_signal,
                                     .oom_kill = job->status.oom_kill};
    if (lrc_path_join(&log, job->folder, "log", err) < 0 || lrc_path_join(&idx, job->folder, "log.idx", err) < 0)
        return -1;
    return lrc_failure_find(log, idx, &facts, ret, err);
}

const char *lrc_failure_cause_name(size_t i)
{
    return i < CAUSE_MAX ? causes[i].name : NULL;
}
