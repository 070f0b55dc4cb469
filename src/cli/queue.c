// SPDX-License-Identifier: MIT
// lorica queue show|pause|resume, lorica job turn|retry|resume|prune.
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cmdline/cmdline.h"
#include "job/queue.h"
#include "job/schedule.h"
#include "train/resume.h"

#define JSON_MAX   (16 << 20)
#define MS_PER_MIN (60 * INT64_C(1000))

static const char id_help[] = "ID is a job's id, a beginning of it that fits only one, or 'last' for the newest job.";

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

static int fail(struct call *c)
{
    return lrc_cmdline_fail(&c->common, &c->err);
}

// true: go on; else the exit code is in *ret_exit.
static bool begin(struct call *c, const lrc_cmd *cmd, const lrc_opt *opts, size_t count, int argc, char **argv,
                  int *ret_exit)
{
    *ret_exit = 0;
    if (lrc_cmdline_parse(cmd, opts, count, argc, argv, &c->common, &c->args, &c->err) == 0) {
        if (c->common.help)
            return false;
        if (lrc_workspace_open(c->common.workspace, false, &c->ws, &c->err) == 0 &&
            lrc_job_recover(&c->ws, &c->err) == 0 &&
            (c->args.count == 0 || lrc_job_find(&c->ws, c->args.item[0], c->id, &c->err) == 0))
            return true;
    }
    *ret_exit = fail(c);
    return false;
}

// ---- The queue -------------------------------------------------------------------------------------------------------

static void print_entry(const lrc_queue_entry *e, size_t position)
{
    char place[24] = "running", what[LRC_ID_MAX + 64] = "", span[16];
    if (!e->busy)
        snprintf(place, sizeof place, "%zu", position);
    switch (e->waits) {
    case LRC_WAIT_AFTER: snprintf(what, sizeof what, "after %s", e->waits_for); break;
    case LRC_WAIT_TIME:
        lrc_clock_span((e->not_before_ms - lrc_clock_now_ms()) / 1000, span);
        snprintf(what, sizeof what, "in %s", span);
        break;
    case LRC_WAIT_SLOT: snprintf(what, sizeof what, e->gpus ? "waits for a GPU" : "waits for a processor"); break;
    case LRC_WAIT_PAUSED: snprintf(what, sizeof what, "paused"); break;
    case LRC_WAIT_NONE:
    case LRC_WAIT_MAX_: break;
    }
    printf("%-8s %-32s %5d  %-24s %s%s%s\n", place, e->id, e->priority, what, e->title,
           e->busy && e->gpu_names[0] ? "  GPU " : "", e->busy ? e->gpu_names : "");
}

static int show_queue(struct call *c)
{
    lrc_auto_queue lrc_queue q = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    if (lrc_queue_load(&c->ws, false, NULL, &q, &c->err) < 0)
        return fail(c);
    if (c->common.json) {
        lrc_queue_put(&q, &out);
        return lrc_cmdline_json(&buf);
    }
    size_t position = 0;
    for (size_t i = 0; i < q.count; i++)
        print_entry(&q.item[i], q.item[i].busy ? 0 : ++position);
    if (!c->common.quiet && q.count == 0)
        fprintf(stderr, "nothing runs or waits\n");
    if (!c->common.quiet && q.paused)
        fprintf(stderr, "the queue is paused; 'lorica queue resume' lets it go on\n");
    return 0;
}

int lrc_cli_queue_show(int argc, char **argv)
{
    static const lrc_cmd cmd = {"queue show", "", "What runs and waits, in the order in which it will start.",
                                NULL,         0,  0};
    auto_call struct call c = {0};
    int code;
    return begin(&c, &cmd, NULL, 0, argc, argv, &code) ? show_queue(&c) : code;
}

int lrc_cli_queue_pause(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "queue pause", "", "Start nothing more, until 'lorica queue resume'; what runs goes on.", NULL, 0, 0};
    auto_call struct call c = {0};
    int code;
    if (!begin(&c, &cmd, NULL, 0, argc, argv, &code))
        return code;
    return lrc_queue_pause(&c.ws, true, &c.err) < 0 ? fail(&c) : show_queue(&c);
}

int lrc_cli_queue_resume(int argc, char **argv)
{
    static const lrc_cmd cmd = {"queue resume", "", "Let the queue go on.", NULL, 0, 0};
    auto_call struct call c = {0};
    int code;
    if (!begin(&c, &cmd, NULL, 0, argc, argv, &code))
        return code;
    return lrc_queue_pause(&c.ws, false, &c.err) < 0 || lrc_job_schedule_once(&c.ws, &c.err) < 0 ? fail(&c)
                                                                                                 : show_queue(&c);
}

int lrc_cli_job_turn(int argc, char **argv)
{
    static const lrc_cmd cmd = {"job turn", "ID", "Change when a waiting job starts.", id_help, 1, 1};
    enum { UNSET = -1000000 };
    int64_t priority = UNSET, minutes = -1;
    const lrc_opt opts[] = {
        {"priority", 'p', LRC_OPT_INT, &priority, "N", "before jobs of a lower one", UNSET, LRC_QUEUE_PRIORITY_MAX,
         NULL},
        {"in", 0, LRC_OPT_INT, &minutes, "MINUTES", "not before that time has passed; 0: at once", -1, 1e7, NULL},
    };
    auto_call struct call c = {0};
    int code;
    if (!begin(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &code))
        return code;
    const lrc_queue_change change = {.set_priority = priority != UNSET,
                                     .priority = (int)priority,
                                     .set_not_before = minutes >= 0,
                                     .not_before_ms = minutes > 0 ? lrc_clock_now_ms() + minutes * MS_PER_MIN : 0};
    if (!change.set_priority && !change.set_not_before) {
        lrc_fail(&c.err, LRC_ERR_INVALID, "say what to change: --priority or --in");
        return fail(&c);
    }
    return lrc_queue_change_job(&c.ws, c.id, &change, &c.err) < 0 ? fail(&c) : show_queue(&c);
}

// ---- Again -----------------------------------------------------------------------------------------------------------

static int say_new(struct call *c, const char *id)
{
    if (lrc_job_schedule_once(&c->ws, &c->err) < 0)
        return fail(c);
    if (!c->common.json) {
        printf("%s\n", id);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", id);
    lrc_json_kstr(&out, "retry_of", c->id);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

int lrc_cli_job_retry(int argc, char **argv)
{
    static const lrc_cmd cmd = {"job retry", "ID", "Do a job that has ended again, with the same command and inputs.",
                                id_help,     1,    1};
    auto_call struct call c = {0};
    char id[LRC_ID_MAX + 1];
    int code;
    if (!begin(&c, &cmd, NULL, 0, argc, argv, &code))
        return code;
    return lrc_job_retry(&c.ws, c.id, NULL, id, &c.err) < 0 ? fail(&c) : say_new(&c, id);
}

int lrc_cli_job_resume(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "job resume", "ID", "Go on with a training from the furthest state that it saved whole.", id_help, 1, 1};
    auto_call struct call c = {0};
    char id[LRC_ID_MAX + 1];
    int code;
    if (!begin(&c, &cmd, NULL, 0, argc, argv, &code))
        return code;
    return lrc_train_resume(&c.ws, c.id, id, &c.err) < 0 ? fail(&c) : say_new(&c, id);
}

int lrc_cli_job_prune(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "job prune", "", "Remove old jobs that have ended, with their logs; what they made stays.", NULL, 0, 0};
    int64_t keep = 0, days = 0;
    const lrc_opt opts[] = {
        {"keep", 'k', LRC_OPT_INT, &keep, "N", "keep the N newest", 0, 1e9, NULL},
        {"days", 0, LRC_OPT_INT, &days, "N", "remove what ended more than N days ago", 0, 36500, NULL},
    };
    auto_call struct call c = {0};
    size_t removed = 0;
    int code;
    if (!begin(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &code))
        return code;
    if (keep == 0 && days == 0)
        lrc_fail(&c.err, LRC_ERR_INVALID, "say what may go: --keep or --days");
    if (c.err.code || lrc_job_prune(&c.ws, keep, days, &removed, &c.err) < 0)
        return fail(&c);
    if (c.common.json)
        printf("{\"removed\":%zu}\n", removed);
    else if (!c.common.quiet)
        fprintf(stderr, "%zu job%s removed\n", removed, removed == 1 ? "" : "s");
    return 0;
}
