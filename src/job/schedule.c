// SPDX-License-Identifier: MIT
#include "job/schedule.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/path.h"
#include "job/folder.h"
#include "job/follow.h"
#include "job/queue.h"
#include "proc/spawn.h"

#define LOCK_NAME    "locks/scheduler.lock" // in W/.lorica
#define PICK_UP_MS   3000                   // from starting a runner until it holds its lock
#define RETRY_MS     5000                   // before a job whose runner could not begin is tried again
#define MAX_FAILURES 64                     // jobs that are remembered as failing to begin
#define ONCE_WAIT_MS 300                    // for a scheduler that is just leaving

struct lrc_scheduler {
    const lrc_workspace *ws;
    int lock;
    lrc_map ended; // ids that need not be looked at any more
    struct {
        char id[LRC_ID_MAX + 1];
        int64_t retry_ms; // monotonic
    } failed[MAX_FAILURES];
    size_t failed_count;
};

int lrc_scheduler_new(const lrc_workspace *ws, lrc_scheduler **ret, lrc_err *err)
{
    lrc_scheduler *s = calloc(1, sizeof *s);
    if (!s)
        return lrc_fail_memory(err);
    s->ws = ws;
    s->lock = -1;
    *ret = s;
    return 0;
}

void lrc_scheduler_free(lrc_scheduler *s)
{
    if (!s)
        return;
    lrc_scheduler_rest(s);
    lrc_map_done(&s->ended);
    free(s);
}

void lrc_scheduler_rest(lrc_scheduler *s)
{
    if (s->lock >= 0)
        close(lrc_take_fd(s->lock));
}

// ---- Starting one ----------------------------------------------------------------------------------------------------

int lrc_job_start_runner(const char *folder, lrc_err *err)
{
    lrc_auto_free char *self = NULL, *place = NULL, *said = NULL;
    if (lrc_proc_self(&self, err) < 0 || lrc_str_copy(&place, folder, err) < 0 ||
        lrc_path_join(&said, folder, LRC_JOB_RUNNER_LOG, err) < 0)
        return -1;
    lrc_auto_close int log = open(said, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log < 0)
        return lrc_fail_errno(err, "cannot write '%s'", said);
    char *argv[] = {(char[]){"lorica"}, (char[]){"runner"}, place, NULL};
    const lrc_proc_options o = {.exe = self,
                                .argv = argv,
                                .cwd = "/",
                                .in = LRC_PROC_NULL,
                                .out = LRC_PROC_NULL,
                                .err = log,
                                .group = LRC_PROC_SESSION_OWN,
                                .orphan = true,
                                .cgroup = -1};
    lrc_proc runner = LRC_PROC_INIT;
    return lrc_proc_spawn(&o, &runner, err) < 0 ? -1 : (lrc_proc_done(&runner), 0);
}

// Wait until the new runner has taken the job, so that it is counted as running. false when it did not.
static bool picked_up(const char *folder)
{
    lrc_auto_free char *lock = NULL, *status = NULL;
    if (lrc_path_join(&lock, folder, LRC_JOB_LOCK, NULL) < 0 ||
        lrc_path_join(&status, folder, LRC_JOB_STATUS, NULL) < 0)
        return false;
    for (const int64_t start = lrc_clock_mono_ms(); lrc_clock_mono_ms() - start < PICK_UP_MS;) {
        if (lrc_fs_exists(status) || lrc_lock_is_held(lock, NULL) == 1)
            return true;
        lrc_clock_sleep_ms(10);
    }
    return false;
}

static bool must_wait(const lrc_scheduler *s, const char *id)
{
    for (size_t i = 0; i < s->failed_count; i++)
        if (strcmp(s->failed[i].id, id) == 0)
            return lrc_clock_mono_ms() < s->failed[i].retry_ms;
    return false;
}

static void remember_failure(lrc_scheduler *s, const char *id)
{
    size_t i = 0;
    while (i < s->failed_count && strcmp(s->failed[i].id, id) != 0)
        i++;
    if (i == MAX_FAILURES)
        i = 0;
    if (i == s->failed_count)
        s->failed_count++;
    snprintf(s->failed[i].id, sizeof s->failed[i].id, "%s", id);
    s->failed[i].retry_ms = lrc_clock_mono_ms() + RETRY_MS;
}

// true when it is on its way.
static bool start(lrc_scheduler *s, const char *root, const lrc_queue_entry *c)
{
    lrc_auto_free char *folder = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_path_join(&folder, root, c->id, &err) < 0 || lrc_queue_slot_write(folder, c->gpu_names, &err) < 0 ||
        lrc_job_start_runner(folder, &err) < 0) {
        lrc_log(LRC_LOG_ERROR, "job %s: cannot start its runner: %s", c->id, err.msg);
        remember_failure(s, c->id);
        return false;
    }
    remember_failure(s, c->id); // unless it is taken: then it is pending no more
    return picked_up(folder);
}

// ---- One pass --------------------------------------------------------------------------------------------------------

// A job that comes after one that failed, was stopped or is gone will never start.
static void cancel(lrc_scheduler *s, const lrc_queue_entry *e)
{
    char reason[LRC_JOB_REASON_MAX];
    lrc_err err = LRC_ERR_INIT;
    snprintf(reason, sizeof reason, "the job %s, which it was to come after, did not complete", e->waits_for);
    if (lrc_job_stop(s->ws, e->id, 0, reason, &err) < 0)
        lrc_log(LRC_LOG_WARN, "job %s: %s", e->id, err.msg);
}

// One after the other: what cannot be started gives its slot to the next one.
static int start_what_may(lrc_scheduler *s, const char *root, lrc_queue *q, lrc_err *err)
{
    for (;;) {
        size_t i = 0;
        if (lrc_queue_plan(s->ws, q, err) < 0)
            return -1;
        while (i < q->count && (q->item[i].busy || q->item[i].doomed || q->item[i].waits != LRC_WAIT_NONE))
            i++;
        if (i == q->count)
            return 0;
        if (start(s, root, &q->item[i]))
            q->item[i].busy = true;
        else
            q->item[i].held_back = true;
    }
}

// 1: the lock is ours, 0: another process has it.
static int take_lock(lrc_scheduler *s, const char *root, lrc_err *err)
{
    lrc_auto_free char *lock = NULL, *parent = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (s->lock >= 0)
        return 1;
    if (lrc_workspace_state(s->ws, LOCK_NAME, &lock, err) < 0 || lrc_path_parent(&parent, lock, err) < 0 ||
        lrc_fs_mkdirs(parent, err) < 0)
        return -1;
    if (lrc_lock_take(lock, 0, &s->lock, &why) == 0)
        return lrc_job_sweep(root, err) < 0 ? -1 : 1;
    if (why.code == LRC_ERR_BUSY)
        return 0;
    if (err)
        *err = why;
    return -1;
}

int lrc_scheduler_tick(lrc_scheduler *s, lrc_err *err)
{
    lrc_auto_free char *root = NULL;
    if (lrc_job_root(s->ws, &root, err) < 0)
        return -1;
    const int mine = take_lock(s, root, err);
    if (mine <= 0)
        return mine;
    lrc_auto_queue lrc_queue q = {0};
    if (lrc_queue_load(s->ws, true, &s->ended, &q, err) < 0)
        return -1;
    for (size_t i = 0; i < q.count; i++) {
        q.item[i].held_back = must_wait(s, q.item[i].id);
        if (q.item[i].doomed)
            cancel(s, &q.item[i]);
    }
    return start_what_may(s, root, &q, err) < 0 ? -1 : 1;
}

int lrc_job_schedule_once(const lrc_workspace *ws, lrc_err *err)
{
    lrc_auto_scheduler lrc_scheduler *s = NULL;
    if (lrc_scheduler_new(ws, &s, err) < 0)
        return -1;
    for (const int64_t begun = lrc_clock_mono_ms();;) {
        const int mine = lrc_scheduler_tick(s, err);
        if (mine != 0 || lrc_clock_mono_ms() - begun > ONCE_WAIT_MS)
            return mine < 0 ? -1 : 0;
        lrc_clock_sleep_ms(20);
    }
}

int lrc_job_schedule_until(const lrc_workspace *ws, const char *id, lrc_err *err)
{
    lrc_auto_scheduler lrc_scheduler *s = NULL;
    if (lrc_scheduler_new(ws, &s, err) < 0)
        return -1;
    for (;;) {
        if (lrc_scheduler_tick(s, err) < 0)
            return -1;
        const int over = lrc_job_wait(ws, id, LRC_SCHEDULER_TICK_MS, err);
        if (over < 0)
            return -1;
        if (over > 0)
            return lrc_scheduler_tick(s, err) < 0 ? -1 : 0; // the next one need not wait for somebody to come by
    }
}
