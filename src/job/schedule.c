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
#include "job/kinds.h"
#include "proc/spawn.h"

#define LOCK_NAME    "locks/scheduler.lock" // in W/.lorica
#define PICK_UP_MS   3000                   // from starting a runner until it holds its lock
#define RETRY_MS     5000                   // before a job whose runner could not begin is tried again
#define MAX_FAILURES 64                     // jobs that are remembered as failing to begin
#define ONCE_WAIT_MS 300                    // for a scheduler that is just leaving

struct candidate {
    char *id;
    const lrc_job_kind *kind;
    int64_t created_ms;
    bool busy; // running, or a runner has it
};

struct lrc_scheduler {
    const lrc_workspace *ws;
    int lock;
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
    if (s->lock >= 0)
        close(s->lock);
    free(s);
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
static bool start(lrc_scheduler *s, const char *root, const struct candidate *c)
{
    lrc_auto_free char *folder = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (must_wait(s, c->id))
        return false;
    if (lrc_path_join(&folder, root, c->id, &err) < 0 || lrc_job_start_runner(folder, &err) < 0) {
        lrc_log(LRC_LOG_ERROR, "job %s: cannot start its runner: %s", c->id, err.msg);
        remember_failure(s, c->id);
        return false;
    }
    remember_failure(s, c->id); // unless it is taken: then it is pending no more
    return picked_up(folder);
}

// ---- One pass --------------------------------------------------------------------------------------------------------

// Fill *ret when the job is pending or running; 0 when it is not (or damaged: loading it tells).
static int look(const char *root, const char *id, struct candidate *ret)
{
    lrc_auto_free char *folder = NULL;
    lrc_auto_job_spec lrc_job_spec spec = {0};
    lrc_auto_job_status lrc_job_status status = {0};
    bool held = false;
    if (lrc_path_join(&folder, root, id, NULL) < 0 || lrc_job_peek_final(folder) ||
        lrc_job_recover_one(folder, &held, NULL) < 0 || lrc_job_status_read(folder, &status, NULL) < 0 ||
        lrc_job_state_final(status.state) || lrc_job_spec_read(folder, &spec, NULL) < 0)
        return 0;
    const lrc_job_kind *kind = lrc_job_kind_find(spec.kind);
    if (!kind || lrc_str_copy(&ret->id, id, NULL) < 0)
        return 0;
    ret->kind = kind;
    ret->created_ms = spec.created_ms;
    ret->busy = held || status.child.pid;
    return 1;
}

static int by_age(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->created_ms != y->created_ms)
        return x->created_ms < y->created_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void start_what_may(lrc_scheduler *s, const char *root, struct candidate *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int running = 0;
        for (size_t k = 0; k < count; k++)
            running += c[k].busy && c[k].kind == c[i].kind;
        if (!c[i].busy && running < c[i].kind->at_once)
            c[i].busy = start(s, root, &c[i]);
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
    lrc_auto_strv lrc_strv ids = {0};
    if (lrc_job_root(s->ws, &root, err) < 0)
        return -1;
    const int mine = take_lock(s, root, err);
    if (mine <= 0)
        return mine;
    if (lrc_job_ids(s->ws, &ids, err) < 0)
        return -1;
    struct candidate *c = calloc(ids.count + 1, sizeof *c);
    size_t count = 0;
    if (!c)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < ids.count; i++)
        count += (size_t)look(root, ids.item[i], &c[count]);
    qsort(c, count, sizeof *c, by_age);
    start_what_may(s, root, c, count);
    for (size_t i = 0; i < count; i++)
        free(c[i].id);
    free(c);
    return 1;
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
