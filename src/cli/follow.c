// SPDX-License-Identifier: MIT
#include "cli/follow.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/utf8.h"
#include "job/failure.h"
#include "job/follow.h"
#include "job/kinds.h"
#include "job/marks.h"
#include "job/resources.h"
#include "job/schedule.h"
#include "job/search.h"
#include "job/show.h"

#define LOOK_MS        200   // between looks whether it has ended
#define REDRAW_MS      100   // between two states of a bar on a terminal
#define BAR_LINE_MS    30000 // between two states of a bar elsewhere
#define SECOND_GRACE_S 2     // after the second Ctrl-C
#define COLUMNS        80    // of a terminal that does not say
#define LINE_JSON_MAX  (2 << 20)

struct follower {
    const lrc_cli_follow_options *o;
    const lrc_workspace *ws;
    const char *id;
    lrc_follow *follow;
    lrc_lines lines;
    lrc_marks marks;
    lrc_scheduler *scheduler;
    lrc_sampler *sampler;
    int signals; // descriptor, -1: none
    bool terminal;
    bool bar_drawn; // the cursor is in a bar
    int64_t drawn_at, looked_at, ticked_at;
    int interrupts;
    bool gone; // the person, or the reader of our output
};

// ---- Printing --------------------------------------------------------------------------------------------------------

static int terminal_columns(FILE *out)
{
    struct winsize size;
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS;
}

void lrc_cli_put_clean(FILE *out, const char *text, size_t n, int columns)
{
    int shown = 0;
    for (size_t i = 0; i < n && (columns == 0 || shown < columns);) {
        if (text[i] == '\033' && i + 1 < n && text[i + 1] == '[') {
            size_t end = i + 2;
            while (end < n && (unsigned char)text[end] < 0x40)
                end++;
            if (end < n && text[end] == 'm')
                fwrite(text + i, 1, end + 1 - i, out);
            i = end < n ? end + 1 : n;
            continue;
        }
        const size_t length = lrc_utf8_decode(text + i, n - i, NULL);
        if ((unsigned char)text[i] >= 0x20 || text[i] == '\t') {
            fwrite(text + i, 1, length ? length : 1, out);
            shown++;
        }
        i += length ? length : 1;
    }
}

static void wipe_bar(struct follower *f)
{
    if (f->bar_drawn)
        fputs("\r\033[K", f->o->out);
    f->bar_drawn = false;
}

static int put_json_line(struct follower *f, const lrc_line *line, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, LINE_JSON_MAX);
    lrc_json_out_init(&out, &text, 0);
    if (lrc_job_put_line(line, lrc_marks_time(&f->marks, line->end, lrc_clock_now_ms()), &out, err) < 0)
        return -1;
    lrc_buf_addc(&text, '\n');
    if (lrc_buf_check(&text, "a log line", err) < 0)
        return -1;
    fwrite(text.data, 1, text.len, f->o->out);
    return 0;
}

static int put_line(void *arg, const lrc_line *line, lrc_err *err)
{
    struct follower *f = arg;
    if (line->end <= f->o->offset && f->o->offset > 0)
        return 0; // read only to count it
    if (f->o->grep && !lrc_log_holds(line->text, line->len, f->o->grep))
        return 0;
    if (f->o->json)
        return put_json_line(f, line, err);
    wipe_bar(f);
    if (f->terminal)
        lrc_cli_put_clean(f->o->out, line->text, line->len, 0);
    else
        fwrite(line->text, 1, line->len, f->o->out);
    putc('\n', f->o->out);
    f->drawn_at = lrc_clock_mono_ms();
    return 0;
}

// The line that is not finished: a bar that moves.
static void draw_open_line(struct follower *f)
{
    lrc_line line;
    const int64_t now = lrc_clock_mono_ms();
    if (f->o->raw || f->o->json || f->o->grep || now - f->drawn_at < (f->terminal ? REDRAW_MS : BAR_LINE_MS) ||
        !lrc_lines_peek(&f->lines, &line) || (!f->terminal && !line.bar))
        return;
    wipe_bar(f);
    lrc_cli_put_clean(f->o->out, line.text, line.len, f->terminal ? terminal_columns(f->o->out) - 1 : 0);
    if (f->terminal)
        f->bar_drawn = true;
    else
        putc('\n', f->o->out);
    f->drawn_at = now;
}

// ---- Following -------------------------------------------------------------------------------------------------------

static int print_what_is_there(struct follower *f, lrc_err *err)
{
    const char *bytes;
    size_t n;
    do {
        if (lrc_follow_read(f->follow, &bytes, &n, err) < 0)
            return -1;
        if (!f->o->out || n == 0)
            continue;
        if (f->o->raw)
            fwrite(bytes, 1, n, f->o->out);
        else if (lrc_lines_feed(&f->lines, bytes, n, put_line, f, err) < 0)
            return -1;
    } while (n > 0);
    if (f->o->out)
        draw_open_line(f);
    if (f->o->out && fflush(f->o->out) != 0)
        f->gone = true; // a pager that was left
    return 0;
}

static int interrupt(struct follower *f, lrc_err *err)
{
    static const int grace[] = {-1, SECOND_GRACE_S, 0};
    if (!f->o->stop_on_ctrl_c) {
        f->gone = true;
        return 0;
    }
    const int times = f->interrupts < 2 ? f->interrupts : 2;
    f->interrupts++;
    if (f->o->out)
        wipe_bar(f);
    fprintf(stderr, "%s\n", times == 0 ? "stopping the job; Ctrl-C again stops it sooner" : "stopping it sooner");
    lrc_err why = LRC_ERR_INIT;
    if (lrc_job_stop(f->ws, f->id, grace[times], "stopped by Ctrl-C", &why) == 0 || why.code == LRC_ERR_CONFLICT)
        return 0; // conflict: it has just ended
    if (err)
        *err = why;
    return -1;
}

static int heed_signals(struct follower *f, lrc_err *err)
{
    struct signalfd_siginfo info;
    while (f->signals >= 0 && read(f->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGINT && interrupt(f, err) < 0)
            return -1;
        if (info.ssi_signo == SIGTERM)
            f->gone = true; // the job goes on
    }
    return 0;
}

// Time to look? Moves the time when it is.
static bool due(int64_t *last, int every_ms)
{
    const int64_t now = lrc_clock_mono_ms();
    if (now - *last < every_ms)
        return false;
    *last = now;
    return true;
}

static int follow_on(struct follower *f, bool *ret_over, lrc_err *err)
{
    for (;;) {
        if (f->scheduler && due(&f->ticked_at, LRC_SCHEDULER_TICK_MS)) {
            if (lrc_scheduler_tick(f->scheduler, err) < 0)
                return -1;
            lrc_sampler_tick(f->sampler, f->ws, NULL);
        }
        // Asked before reading: when it is over, nothing is written any more, and what is read then is all.
        const int over = due(&f->looked_at, LOOK_MS) ? lrc_job_wait(f->ws, f->id, 0, err) : 0;
        if (over < 0 || print_what_is_there(f, err) < 0 || heed_signals(f, err) < 0)
            return -1;
        *ret_over = over;
        if (over || f->gone || !f->o->stays)
            break;
        lrc_follow_wait(f->follow, f->signals, LOOK_MS);
    }
    if (f->o->out && !f->o->raw) {
        wipe_bar(f);
        if (lrc_lines_finish(&f->lines, put_line, f, err) < 0)
            return -1;
        fflush(f->o->out);
    }
    if (*ret_over && f->scheduler)
        return lrc_scheduler_tick(f->scheduler, err) < 0 ? -1 : 0; // what waited for it may start
    return 0;
}

static int begin(struct follower *f, sigset_t *ret_before, lrc_err *err)
{
    lrc_auto_free char *log = NULL, *idx = NULL;
    uint64_t line = 0, offset = 0;
    if (lrc_job_path(f->ws, f->id, "log", &log, err) < 0 || lrc_job_path(f->ws, f->id, "log.idx", &idx, err) < 0 ||
        lrc_marks_load(idx, &f->marks, err) < 0)
        return -1;
    // Lines have numbers only when they are counted from a known place, which lies before the wanted byte.
    if (f->o->raw)
        offset = f->o->offset;
    else
        lrc_marks_seek_offset(&f->marks, f->o->offset, &offset, &line);
    lrc_lines_init(&f->lines, offset, line);
    if (lrc_follow_new(log, offset, &f->follow, err) < 0 ||
        (f->o->schedules &&
         (lrc_scheduler_new(f->ws, &f->scheduler, err) < 0 || lrc_sampler_new(&f->sampler, err) < 0)))
        return -1;
    f->terminal = f->o->out && isatty(fileno(f->o->out));
    f->looked_at = f->ticked_at = -(int64_t)LRC_SCHEDULER_TICK_MS;
    if (!f->o->stays)
        return 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, ret_before);
    f->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return f->signals < 0 ? lrc_fail_errno(err, "cannot watch for Ctrl-C") : 0;
}

int lrc_cli_follow(const lrc_workspace *ws, const char *id, const lrc_cli_follow_options *options, bool *ret_over,
                   lrc_err *err)
{
    struct follower f = {.o = options, .ws = ws, .id = id, .signals = -1};
    sigset_t before;
    sigprocmask(SIG_BLOCK, NULL, &before);
    int result = begin(&f, &before, err);
    if (result == 0)
        result = follow_on(&f, ret_over, err);
    if (f.signals >= 0)
        close(f.signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    lrc_scheduler_free(f.scheduler);
    lrc_sampler_free(f.sampler);
    lrc_follow_free(f.follow);
    lrc_lines_done(&f.lines);
    lrc_marks_done(&f.marks);
    return result;
}

// ---- What became of it -----------------------------------------------------------------------------------------------

int lrc_cli_job_exit_code(lrc_job_state state)
{
    if (state == LRC_JOB_COMPLETED)
        return 0;
    return lrc_err_exit_code(state == LRC_JOB_CANCELLED ? LRC_ERR_CANCELLED : LRC_ERR_IO);
}

void lrc_cli_job_say_end(const lrc_job *job)
{
    const lrc_job_status *s = &job->status;
    char span[16] = "";
    if (s->started_ms && s->ended_ms)
        lrc_clock_span((s->ended_ms - s->started_ms) / 1000, span);
    fprintf(stderr, "%s %s%s%s%s%s\n", job->id, lrc_job_state_name(s->state), span[0] ? " after " : "", span,
            s->reason[0] ? ": " : "", s->reason);
    if (s->state != LRC_JOB_FAILED)
        return;
    lrc_failures failures = {0};
    if (lrc_job_diagnose(job, &failures, NULL) == 0 && failures.count > 0) {
        fputs("    cause: ", stderr);
        lrc_cli_put_clean(stderr, failures.item[0].said, strlen(failures.item[0].said), 0);
        fprintf(stderr, "\n    -> %s\n", failures.item[0].remedy);
    }
    fprintf(stderr, "    -> 'lorica job show %s' tells more\n", job->id);
}
