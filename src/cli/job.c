// SPDX-License-Identifier: MIT
// lorica job list|show|logs|stop|wait|delete, and the hidden `lorica runner`.
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cmdline/cmdline.h"
#include "job/follow.h"
#include "job/kinds.h"
#include "job/schedule.h"
#include "job/show.h"
#include "proc/spawn.h"

#define JSON_MAX    (64 << 20)
#define SHOWN_ROWS  50
#define TAIL_LINES  10
#define MAX_TAIL    100000
#define BAR_CELLS   30
#define MAX_SECONDS (10 * 365 * 86400.0)
#define STOP_REASON "stopped by 'lorica job stop'"

static const char id_help[] = "ID is a job's id, a beginning of it that fits only one, or 'last' for the newest job.";

// What every job command begins with. 1: go on; else the exit code is in *ret_exit.
struct call {
    lrc_common common;
    lrc_strv args;
    lrc_workspace ws;
    char id[LRC_ID_MAX + 1]; // of the first argument, when there is one
    lrc_err err;
};

static void call_done(struct call *c)
{
    lrc_strv_done(&c->args);
    lrc_workspace_done(&c->ws);
}
#define auto_call lrc_cleanup(call_done)

// Give every job its right state. `moves`: also move the queue on when nobody else does, because a runner that was killed
// started nothing after it.
static int settle(const lrc_workspace *ws, bool moves, lrc_err *err)
{
    lrc_auto_scheduler lrc_scheduler *s = NULL;
    if (moves && lrc_scheduler_new(ws, &s, err) < 0)
        return -1;
    if (moves && lrc_scheduler_tick(s, NULL) == 1)
        return 0; // else another process is the scheduler, or we may only read
    return lrc_job_recover(ws, err);
}

static bool begin(struct call *c, const lrc_cmd *cmd, const lrc_opt *opts, size_t opt_count, bool moves, int argc,
                  char **argv, int *ret_exit)
{
    *ret_exit = 0;
    if (lrc_cmdline_parse(cmd, opts, opt_count, argc, argv, &c->common, &c->args, &c->err) == 0) {
        if (c->common.help)
            return false;
        if (lrc_workspace_open(c->common.workspace, false, &c->ws, &c->err) == 0 &&
            settle(&c->ws, moves, &c->err) == 0 &&
            (c->args.count == 0 || lrc_job_find(&c->ws, c->args.item[0], c->id, &c->err) == 0))
            return true;
    }
    *ret_exit = lrc_cmdline_fail(&c->common, &c->err);
    return false;
}

static int fail(struct call *c)
{
    return lrc_cmdline_fail(&c->common, &c->err);
}

// ---- list ------------------------------------------------------------------------------------------------------------

static void put_row_json(lrc_json_out *out, const lrc_job_row *row)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "job_id", row->id);
    lrc_json_kstr(out, "kind", row->kind);
    lrc_json_kstr(out, "title", row->title);
    lrc_json_kstr(out, "status", lrc_job_state_name(row->state));
    lrc_json_kstr(out, "reason", row->reason[0] ? row->reason : NULL);
    lrc_json_kint(out, "created_at", row->created_ms);
    lrc_json_key(out, "started_at");
    if (row->started_ms)
        lrc_json_put_int(out, row->started_ms);
    else
        lrc_json_put_null(out);
    lrc_json_key(out, "completed_at");
    if (row->ended_ms)
        lrc_json_put_int(out, row->ended_ms);
    else
        lrc_json_put_null(out);
    lrc_json_object_end(out);
}

static int list_json(const lrc_job_list *list, size_t count)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "total", (int64_t)list->count);
    lrc_json_key(&out, "jobs");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < count; i++)
        put_row_json(&out, &list->item[i]);
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

// How long ago, or how long it took: whatever tells most about this row.
static void row_time(const lrc_job_row *row, char out[static 32])
{
    const int64_t now = lrc_clock_now_ms();
    char span[16];
    if (row->state == LRC_JOB_RUNNING && row->started_ms) {
        lrc_clock_span((now - row->started_ms) / 1000, span);
        snprintf(out, 32, "for %s", span);
    } else {
        lrc_clock_span((now - (row->ended_ms ? row->ended_ms : row->created_ms)) / 1000, span);
        snprintf(out, 32, "%s ago", span);
    }
}

int lrc_cli_job_list(int argc, char **argv)
{
    static const lrc_cmd cmd = {"job list", "", "List the jobs, newest first.", NULL, 0, 0};
    int64_t limit = SHOWN_ROWS;
    const lrc_opt opts[] = {
        {"limit", 'n', LRC_OPT_INT, &limit, "N", "how many to show; 0: all", 0, 1e9, NULL},
    };
    auto_call struct call c = {0};
    lrc_auto_job_list lrc_job_list list = {0};
    int code;
    if (!begin(&c, &cmd, opts, 1, true, argc, argv, &code))
        return code;
    if (lrc_job_list_all(&c.ws, &list, &c.err) < 0)
        return fail(&c);
    const size_t count = limit > 0 && (size_t)limit < list.count ? (size_t)limit : list.count;
    if (c.common.json)
        return list_json(&list, count);
    if (list.count == 0 && !c.common.quiet)
        fprintf(stderr, "no jobs yet: 'lorica train' and 'lorica tag --job' make some\n");
    for (size_t i = 0; i < count; i++) {
        const lrc_job_row *row = &list.item[i];
        char when[32];
        row_time(row, when);
        printf("%-32s %-9s %-14s %s%s%s%s\n", row->id, lrc_job_state_name(row->state), when, row->title,
               row->reason[0] ? " (" : "", row->reason, row->reason[0] ? ")" : "");
    }
    if (count < list.count && !c.common.quiet)
        fprintf(stderr, "%zu older ones are not shown; --limit 0 shows all\n", list.count - count);
    return 0;
}

// ---- show ------------------------------------------------------------------------------------------------------------

static void print_bar(double percent)
{
    char bar[BAR_CELLS + 1];
    const int cells = (int)(percent * BAR_CELLS / 100);
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < cells ? '=' : i == cells ? '>' : ' ';
    bar[BAR_CELLS] = '\0';
    printf("  [%s] %.1f %%", bar, percent);
}

static void print_progress(const lrc_job *job, const lrc_job_progress *p)
{
    const bool done = job->status.state == LRC_JOB_COMPLETED;
    if (!done && p->percent < 0 && p->phase == LRC_PHASE_STARTING)
        return;
    print_bar(done ? 100 : p->percent < 0 ? 0 : p->percent);
    if (p->total_steps > 0)
        printf("   %lld/%lld", (long long)(p->step < 0 ? 0 : p->step), (long long)p->total_steps);
    if (p->total_epochs > 0)
        printf("   epoch %lld/%lld", (long long)(p->epoch < 0 ? 0 : p->epoch), (long long)p->total_epochs);
    if (p->loss_is_nan)
        printf("   loss nan");
    else if (!isnan(p->loss))
        printf("   loss %g", p->loss);
    if (!isnan(p->lr))
        printf("   lr %g", p->lr);
    if (!lrc_job_state_final(job->status.state)) {
        char span[16];
        if (!isnan(p->rate))
            printf("   %.2f/s", p->rate);
        if (p->eta_s >= 0) {
            lrc_clock_span(p->eta_s, span);
            printf("   eta %s", span);
        }
        printf("\n  %s", lrc_job_phase_name(p->phase));
        if (p->phase_total > 0)
            printf(" %lld/%lld", (long long)(p->phase_done < 0 ? 0 : p->phase_done), (long long)p->phase_total);
    }
    if (p->item[0])
        printf("   %s", p->item);
    printf("\n");
}

static void print_times(const lrc_job *job)
{
    char when[32], span[16];
    lrc_clock_iso(job->spec.created_ms, when);
    printf("  submitted  %s\n", when);
    if (job->status.started_ms) {
        const int64_t end = job->status.ended_ms ? job->status.ended_ms : lrc_clock_now_ms();
        lrc_clock_iso(job->status.started_ms, when);
        lrc_clock_span((end - job->status.started_ms) / 1000, span);
        printf("  started    %s, %s %s\n", when, job->status.ended_ms ? "took" : "runs for", span);
    }
    if (job->status.ended_ms) {
        lrc_clock_iso(job->status.ended_ms, when);
        printf("  ended      %s\n", when);
    }
}

static void print_exit(const lrc_job_status *s)
{
    if (!s->exited)
        return;
    char how[32], memory[16];
    const lrc_proc_exit e = {.code = s->exit_code, .signal = s->exit_signal};
    lrc_proc_exit_text(&e, how);
    lrc_str_bytes((uint64_t)s->max_rss_kib * 1024, memory);
    printf("  exit       %s; CPU %.1f s, memory up to %s", how, (double)(s->user_ms + s->system_ms) / 1000, memory);
    if (s->left_behind)
        printf("; %d process%s that it left behind %s ended", s->left_behind, s->left_behind == 1 ? "" : "es",
               s->left_behind == 1 ? "was" : "were");
    printf("\n");
}

// A word of a command line, in quotes where a shell would need them.
static void print_word(const char *word)
{
    const bool plain = word[0] && !word[strcspn(word, " \t\n\r\"'\\$`*?[](){}<>|&;#~!")];
    printf(plain ? " " : " '");
    lrc_cli_put_clean(stdout, word, strlen(word), 0);
    if (!plain)
        printf("'");
}

static void print_failures(const lrc_failures *failures)
{
    for (size_t i = 0; i < failures->count; i++) {
        const lrc_failure *f = &failures->item[i];
        printf("  %-10s ", i == 0 ? "cause" : "or");
        lrc_cli_put_clean(stdout, f->said, strlen(f->said), 0);
        if (f->in_log) {
            printf("\n  seen in    line %llu: ", (unsigned long long)f->line + 1);
            lrc_cli_put_clean(stdout, f->evidence, strlen(f->evidence), 0);
        }
        printf("\n  remedy     %s\n", f->remedy);
    }
}

static int print_job(const lrc_job *job, lrc_err *err)
{
    const lrc_job_kind *kind = lrc_job_kind_find(job->spec.kind);
    lrc_auto_free char *log = NULL;
    lrc_auto_strv lrc_strv lines = {0};
    lrc_job_progress p;
    if (lrc_path_join(&log, job->folder, "log", err) < 0 ||
        lrc_job_progress_of(log, kind ? kind->progress : LRC_JOB_PROGRESS_COUNTER, &p, err) < 0 ||
        lrc_log_tail(log, TAIL_LINES, &lines, NULL, err) < 0)
        return -1;
    lrc_failures failures = {0};
    if (lrc_job_diagnose(job, &failures, err) < 0)
        return -1;
    const bool alone = job->status.state == LRC_JOB_RUNNING && !job->supervised;
    printf("%s  %s%s%s\n", job->id, job->spec.title, job->spec.title[0] ? "  " : "",
           job->stopping ? "stopping" : lrc_job_state_name(job->status.state));
    print_progress(job, &p);
    if (job->status.reason[0])
        printf("  reason     %s\n", job->status.reason);
    if (p.error[0] && job->status.state != LRC_JOB_COMPLETED)
        printf("  error      %s\n", p.error);
    print_failures(&failures);
    if (alone)
        printf("  note       its runner is gone; it is watched, but how it ends will not be known\n");
    print_times(job);
    print_exit(&job->status);
    printf("  command   ");
    for (size_t i = 0; i < job->spec.argv.count; i++)
        print_word(job->spec.argv.item[i]);
    printf("\n  in         %s\n", job->spec.cwd);
    for (size_t i = 0; i < job->spec.labels.count; i++)
        printf("  label      %s\n", job->spec.labels.item[i]);
    printf("  log        %s\n", log);
    if (lines.count)
        printf("  last lines\n");
    for (size_t i = 0; i < lines.count; i++) {
        printf("    | ");
        lrc_cli_put_clean(stdout, lines.item[i], strlen(lines.item[i]), 0);
        printf("\n");
    }
    return 0;
}

int lrc_cli_job_show(int argc, char **argv)
{
    static const lrc_cmd cmd = {"job show", "ID", "Show what is known of a job: state, progress, exit, last lines.",
                                id_help,    1,    1};
    auto_call struct call c = {0};
    lrc_auto_job lrc_job job = {0};
    int code;
    if (!begin(&c, &cmd, NULL, 0, true, argc, argv, &code))
        return code;
    if (lrc_job_load(&c.ws, c.id, &job, &c.err) < 0)
        return fail(&c);
    if (!c.common.json)
        return print_job(&job, &c.err) < 0 ? fail(&c) : 0;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    return lrc_job_put(&job, NULL, LRC_JOB_PUT_WHOLE, &out, &c.err) < 0 ? fail(&c) : lrc_cmdline_json(&buf);
}

// ---- logs ------------------------------------------------------------------------------------------------------------

int lrc_cli_job_logs(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "job logs",
        "ID",
        "Print what a job has said.",
        "ID is a job's id, a beginning of it that fits only one, or 'last' for the newest job.\nThe rewrites of a "
        "progress bar are shown as one line; --raw gives the bytes as they are. With --json each line is one object, "
        "with its time and its place in the raw log. Ctrl-C ends the following, not the job.",
        1,
        1};
    lrc_cli_follow_options o = {.out = stdout};
    int64_t since = 0, tail = -1;
    const lrc_opt opts[] = {
        {"follow", 'f', LRC_OPT_FLAG, &o.stays, NULL, "go on until the job has ended", 0, 0, NULL},
        {"raw", 0, LRC_OPT_FLAG, &o.raw, NULL, "the bytes as they are", 0, 0, NULL},
        {"since", 0, LRC_OPT_INT, &since, "OFFSET", "begin at this byte of the log", 0, 9e15, NULL},
        {"grep", 0, LRC_OPT_STR, &o.grep, "TEXT", "only lines that hold this text, in any case", 0, 0, NULL},
        {"tail", 'n', LRC_OPT_INT, &tail, "N", "begin with the last N lines; -1: all", -1, MAX_TAIL, NULL},
    };
    auto_call struct call c = {0};
    int code;
    bool over;
    if (!begin(&c, &cmd, opts, sizeof opts / sizeof opts[0], false, argc, argv, &code))
        return code;
    o.json = c.common.json;
    o.schedules = o.stays;
    o.offset = (uint64_t)since;
    if (tail >= 0) {
        lrc_auto_free char *log = NULL;
        lrc_auto_strv lrc_strv lines = {0};
        if (lrc_job_path(&c.ws, c.id, "log", &log, &c.err) < 0 ||
            lrc_log_tail(log, (size_t)tail, &lines, &o.offset, &c.err) < 0)
            return fail(&c);
    }
    return lrc_cli_follow(&c.ws, c.id, &o, &over, &c.err) < 0 ? fail(&c) : 0;
}

// ---- stop, wait, delete ----------------------------------------------------------------------------------------------

static int report_end(struct call *c)
{
    lrc_auto_job lrc_job job = {0};
    if (lrc_job_load(&c->ws, c->id, &job, &c->err) < 0)
        return fail(c);
    if (c->common.json) {
        lrc_auto_buf lrc_buf buf;
        lrc_json_out out;
        lrc_buf_init(&buf, JSON_MAX);
        lrc_json_out_init(&out, &buf, 0);
        if (lrc_job_put(&job, NULL, LRC_JOB_PUT_WHOLE, &out, &c->err) < 0)
            return fail(c);
        return lrc_cmdline_json(&buf);
    }
    if (!c->common.quiet)
        lrc_cli_job_say_end(&job);
    return 0;
}

int lrc_cli_job_stop(int argc, char **argv)
{
    static const lrc_cmd cmd = {"job stop",
                                "ID",
                                "Stop a job: it is asked to end, and killed with all its processes after a grace time.",
                                "ID is a job's id, a beginning of it that fits only one, or 'last' for the newest "
                                "job.\nSaying it again with less --grace shortens the time.",
                                1,
                                1};
    int64_t grace = -1;
    const char *reason = STOP_REASON;
    bool wait = true;
    const lrc_opt opts[] = {
        {"grace", 'g', LRC_OPT_INT, &grace, "SECONDS", "until it is killed; -1: as the job says", -1, MAX_SECONDS,
         NULL},
        {"reason", 0, LRC_OPT_STR, &reason, "TEXT", "is kept with the job", 0, 0, NULL},
        {"no-wait", 0, LRC_OPT_NOFLAG, &wait, NULL, "do not wait until it has ended", 0, 0, NULL},
    };
    auto_call struct call c = {0};
    int code;
    if (!begin(&c, &cmd, opts, sizeof opts / sizeof opts[0], false, argc, argv, &code))
        return code;
    if (lrc_job_stop(&c.ws, c.id, (int)grace, reason, &c.err) < 0 ||
        (wait && lrc_job_wait(&c.ws, c.id, -1, &c.err) < 0))
        return fail(&c);
    return report_end(&c);
}

// Wait and see to it that it runs at all, when there is no other scheduler.
static int wait_scheduling(struct call *c, int64_t seconds, lrc_err *err)
{
    lrc_auto_scheduler lrc_scheduler *s = NULL;
    const int64_t start = lrc_clock_mono_ms();
    if (lrc_scheduler_new(&c->ws, &s, err) < 0)
        return -1;
    for (;;) {
        int64_t left = LRC_SCHEDULER_TICK_MS;
        if (seconds >= 0 && seconds * 1000 - (lrc_clock_mono_ms() - start) < left)
            left = seconds * 1000 - (lrc_clock_mono_ms() - start);
        if (lrc_scheduler_tick(s, err) < 0)
            return -1;
        const int over = lrc_job_wait(&c->ws, c->id, left > 0 ? (int)left : 0, err);
        if (over != 0)
            return over;
        if (left <= 0)
            return lrc_fail(err, LRC_ERR_BUSY, "the job %s has not ended after %lld s", c->id, (long long)seconds);
    }
}

int lrc_cli_job_wait(int argc, char **argv)
{
    static const lrc_cmd cmd = {"job wait",
                                "ID",
                                "Wait until a job has ended; the exit code is 0 when it completed, 1 when it failed, "
                                "130 when it was stopped.",
                                id_help,
                                1,
                                1};
    int64_t timeout = -1;
    const lrc_opt opts[] = {
        {"timeout", 't', LRC_OPT_INT, &timeout, "SECONDS", "give up after this time (exit code 6); -1: never", -1,
         MAX_SECONDS, NULL},
    };
    auto_call struct call c = {0};
    lrc_auto_job lrc_job job = {0};
    int code;
    if (!begin(&c, &cmd, opts, 1, false, argc, argv, &code))
        return code;
    if (wait_scheduling(&c, timeout, &c.err) < 0 || lrc_job_load(&c.ws, c.id, &job, &c.err) < 0)
        return fail(&c);
    code = report_end(&c);
    return code ? code : lrc_cli_job_exit_code(job.status.state);
}

int lrc_cli_job_delete(int argc, char **argv)
{
    static const lrc_cmd cmd = {"job delete", "ID…", "Remove jobs that have ended, with their logs.", id_help, 1, -1};
    auto_call struct call c = {0};
    lrc_auto_strv lrc_strv ids = {0};
    int code;
    if (!begin(&c, &cmd, NULL, 0, false, argc, argv, &code))
        return code;
    for (size_t i = 0; i < c.args.count; i++) // all are found before the first is gone
        if (lrc_job_find(&c.ws, c.args.item[i], c.id, &c.err) < 0 || lrc_strv_push(&ids, c.id, &c.err) < 0)
            return fail(&c);
    for (size_t i = 0; i < ids.count; i++)
        if (lrc_job_delete(&c.ws, ids.item[i], &c.err) < 0)
            return fail(&c);
    if (!c.common.json) {
        if (!c.common.quiet)
            fprintf(stderr, "%zu job%s removed\n", ids.count, ids.count == 1 ? "" : "s");
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "removed");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < ids.count; i++)
        lrc_json_put_str(&out, ids.item[i]);
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

// ---- runner ----------------------------------------------------------------------------------------------------------

int lrc_cli_runner(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "runner", "FOLDER", "Run the job in this folder. Started by the scheduler, not by people.", NULL, 1, 1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    return lrc_job_runner_main(args.item[0], NULL, &err) < 0 ? lrc_cmdline_fail(&common, &err) : 0;
}
