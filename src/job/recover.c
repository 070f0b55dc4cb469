// SPDX-License-Identifier: MIT
// What a job is when nobody has written it down: decided from its lock, its files and its processes.
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/path.h"
#include "job/folder.h"
#include "job/follow.h"
#include "job/kinds.h"
#include "proc/spawn.h"
#include "proc/tree.h"

#define MARK_LINES      20         // of the end of a log, in which a success mark counts
#define STALE_SUBMIT_MS (3600000L) // an unfinished submit of this age belongs to nobody
#define LOST_LOOKS      3          // how often "it is gone" is looked at again before it is believed
#define GONE_MS         1000       // that killed processes get to be gone

// ---- Ended: which state, and why -------------------------------------------------------------------------------------

static int conclude_exit(lrc_job_status *s, lrc_err *err)
{
    if (s->exit_signal == 0 && s->exit_code == 0) {
        s->state = LRC_JOB_COMPLETED;
        return lrc_job_status_set_reason(s, "", err);
    }
    char how[32], reason[LRC_JOB_REASON_MAX];
    const lrc_proc_exit e = {.code = s->exit_code, .signal = s->exit_signal};
    lrc_proc_exit_text(&e, how);
    if (s->oom_kill)
        snprintf(reason, sizeof reason, "%s: the machine ran out of memory", how);
    else
        snprintf(reason, sizeof reason, "%s", how);
    s->state = LRC_JOB_FAILED;
    return lrc_job_status_set_reason(s, reason, err);
}

int lrc_job_conclude(lrc_job_status *s, const lrc_job_stop_request *stop, lrc_err *err)
{
    // A command that had ended well before it was told to stop is complete.
    if (!stop->asked || (s->exited && !s->term_sent))
        return conclude_exit(s, err);
    s->state = LRC_JOB_CANCELLED;
    return lrc_job_status_set_reason(s, stop->reason[0] ? stop->reason : "stopped", err);
}

// The file that the label "result" names and that is not there, or older than the job. NULL when all is well, also
// without such a label. Borrowed from the spec.
static const char *missing_result(const lrc_job_spec *spec, int64_t started_ms)
{
    static const char label[] = "result=";
    for (size_t i = 0; i < spec->labels.count; i++) {
        struct stat st;
        const char *text = spec->labels.item[i];
        if (lrc_str_starts(text, label) &&
            (stat(text + strlen(label), &st) < 0 || (int64_t)st.st_mtime < started_ms / 1000))
            return text + strlen(label);
    }
    return NULL;
}

int lrc_job_check_result(lrc_job_status *s, const lrc_job_spec *spec, lrc_err *err)
{
    const char *missing = s->state == LRC_JOB_COMPLETED ? missing_result(spec, s->started_ms) : NULL;
    char reason[LRC_JOB_REASON_MAX];
    if (!missing)
        return 0;
    snprintf(reason, sizeof reason, "it ended without an error, but did not make '%s'", missing);
    s->state = LRC_JOB_FAILED;
    return lrc_job_status_set_reason(s, reason, err);
}

static bool has_success_mark(const char *folder, int64_t started_ms)
{
    lrc_auto_job_spec lrc_job_spec spec = {0};
    lrc_auto_strv lrc_strv lines = {0};
    lrc_auto_free char *log = NULL;
    if (lrc_job_spec_read(folder, &spec, NULL) < 0 || missing_result(&spec, started_ms))
        return false;
    const lrc_job_kind *kind = lrc_job_kind_find(spec.kind);
    if (!kind || !kind->success_mark || lrc_path_join(&log, folder, LRC_JOB_LOG, NULL) < 0 ||
        lrc_log_tail(log, MARK_LINES, &lines, NULL, NULL) < 0)
        return false;
    for (size_t i = 0; i < lines.count; i++)
        if (strstr(lines.item[i], kind->success_mark))
            return true;
    return false;
}

// The child has a number and does not run; its exit may be unknown, because only its runner could learn it.
static int conclude_lost(const char *folder, lrc_job_status *s, const lrc_job_stop_request *stop, lrc_err *err)
{
    if (s->ended_ms == 0)
        s->ended_ms = lrc_clock_now_ms();
    if (s->exited || stop->asked)
        return lrc_job_conclude(s, stop, err);
    if (has_success_mark(folder, s->started_ms)) {
        s->state = LRC_JOB_COMPLETED;
        return lrc_job_status_set_reason(s, "its runner was lost, but its result is complete", err);
    }
    s->state = LRC_JOB_FAILED;
    return lrc_job_status_set_reason(s, s->unsupervised ? LRC_JOB_REASON_RUNNER_LOST : LRC_JOB_REASON_LOST, err);
}

// ---- A child without a runner ----------------------------------------------------------------------------------------

static void kill_left_behind(const char *folder, const lrc_job_status *s)
{
    lrc_auto_free char *mark = NULL;
    if (s->cgroup && s->cgroup[0])
        lrc_proc_cgroup_kill(s->cgroup);
    if (lrc_job_mark(folder, &mark, NULL) < 0)
        return;
    const int64_t start = lrc_clock_mono_ms();
    while (lrc_proc_signal_marked(mark, SIGKILL) > 0 && lrc_clock_mono_ms() - start < GONE_MS)
        lrc_clock_sleep_ms(10);
    lrc_proc_cgroup_remove(s->cgroup && s->cgroup[0] ? s->cgroup : NULL);
}

// Carry on a stop that its runner cannot. true when *s changed.
static bool pursue_stop(const char *folder, lrc_job_status *s, const lrc_job_stop_request *stop)
{
    if (lrc_clock_now_ms() >= stop->asked_ms + stop->grace_s * INT64_C(1000)) {
        lrc_proc_id_signal(&s->child, SIGKILL, true);
        kill_left_behind(folder, s);
        return false;
    }
    if (s->term_sent)
        return false;
    lrc_proc_id_signal(&s->child, SIGTERM, true);
    return s->term_sent = true;
}

static bool same_boot(const lrc_job_status *s)
{
    char boot[LRC_PROC_BOOT_ID];
    return lrc_proc_boot_id(boot, NULL) == 0 && strcmp(boot, s->child.boot_id) == 0;
}

static int settle_started(const char *folder, bool write, lrc_job_status *s, const lrc_job_stop_request *stop,
                          lrc_err *err)
{
    if (!s->exited && lrc_proc_id_alive(&s->child)) {
        bool changed = !s->unsupervised;
        s->unsupervised = true;
        if (write && stop->asked)
            changed = pursue_stop(folder, s, stop) || changed;
        return write && changed ? lrc_job_status_write(folder, s, err) : 0;
    }
    if (write && same_boot(s))
        kill_left_behind(folder, s);
    if (conclude_lost(folder, s, stop, err) < 0)
        return -1;
    return write ? lrc_job_status_write(folder, s, err) : 0;
}

int lrc_job_settle(const char *folder, bool write, lrc_job_status *ret, lrc_err *err)
{
    lrc_auto_job_status lrc_job_status s = {0};
    lrc_job_stop_request stop;
    if (lrc_job_status_read(folder, &s, err) < 0)
        return -1;
    lrc_job_stop_read(folder, &stop);
    int result = 0;
    if (lrc_job_state_final(s.state)) {
        // nothing to settle
    } else if (s.child.pid) {
        result = settle_started(folder, write, &s, &stop, err);
    } else if (stop.asked) { // never ran, never will
        s.ended_ms = lrc_clock_now_ms();
        result = lrc_job_conclude(&s, &stop, err);
        if (result == 0 && write)
            result = lrc_job_status_write(folder, &s, err);
    } else {
        s.state = LRC_JOB_PENDING;
    }
    if (result == 0) {
        *ret = s;
        s = (lrc_job_status){0};
    }
    return result;
}

int lrc_job_recover_one(const char *folder, bool *ret_held, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_close int lock = -1;
    lrc_err why = LRC_ERR_INIT;
    if (ret_held)
        *ret_held = false;
    if (lrc_job_peek_final(folder))
        return 0;
    if (lrc_path_join(&path, folder, LRC_JOB_LOCK, err) < 0)
        return -1;
    if (lrc_lock_take(path, 0, &lock, &why) < 0) {
        if (why.code == LRC_ERR_BUSY) {
            if (ret_held)
                *ret_held = true;
            return 0;
        }
        if (err)
            *err = why;
        return -1;
    }
    lrc_auto_job_status lrc_job_status s = {0};
    return lrc_job_settle(folder, true, &s, err);
}

// ---- All of them -----------------------------------------------------------------------------------------------------

static int64_t age_ms(const char *path)
{
    struct stat st;
    return stat(path, &st) < 0 ? 0 : lrc_clock_now_ms() - (int64_t)st.st_mtime * 1000;
}

int lrc_job_sweep(const char *root, lrc_err *err)
{
    lrc_auto_dir DIR *dir = opendir(root);
    if (!dir)
        return errno == ENOENT ? 0 : lrc_fail_errno(err, "cannot list the jobs in '%s'", root);
    const struct dirent *e;
    while ((e = readdir(dir))) {
        lrc_auto_free char *path = NULL;
        if (e->d_name[0] != '.' || lrc_path_join(&path, root, e->d_name, err) < 0)
            continue;
        if (lrc_str_starts(e->d_name, LRC_JOB_DELETING) ||
            (lrc_str_starts(e->d_name, LRC_JOB_SUBMITTING) && age_ms(path) > STALE_SUBMIT_MS))
            lrc_fs_remove_tree(path, NULL); // a failure is tried again at the next sweep
    }
    return 0;
}

int lrc_job_recover(const lrc_workspace *ws, lrc_err *err)
{
    lrc_auto_free char *root = NULL;
    lrc_auto_strv lrc_strv ids = {0};
    if (lrc_job_root(ws, &root, err) < 0 || lrc_job_sweep(root, err) < 0 || lrc_job_ids(ws, &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++) {
        lrc_auto_free char *folder = NULL;
        if (lrc_path_join(&folder, root, ids.item[i], err) < 0)
            return -1;
        lrc_job_recover_one(folder, NULL, NULL); // a damaged folder must not hide the others; loading it tells
    }
    return 0;
}

// ---- Loading ---------------------------------------------------------------------------------------------------------

// Judge without writing. The lock is asked before the files are read: what a runner leaves behind is final. A runner
// that starts and ends in between makes a job look lost, so that is looked at again.
static int judge(const char *folder, const char *lock, bool *ret_supervised, lrc_job_status *ret, lrc_err *err)
{
    for (int i = 0; i < LOST_LOOKS; i++) {
        lrc_auto_job_status lrc_job_status s = {0};
        const int held = lrc_lock_is_held(lock, err);
        if (held < 0 || (held ? lrc_job_status_read(folder, &s, err) : lrc_job_settle(folder, false, &s, err)) < 0)
            return -1;
        const bool lost = !held && lrc_job_state_final(s.state) && !lrc_job_peek_final(folder);
        if (lost && i + 1 < LOST_LOOKS)
            continue;
        *ret_supervised = held;
        *ret = s;
        s = (lrc_job_status){0};
        break;
    }
    return 0;
}

int lrc_job_load(const lrc_workspace *ws, const char *id, lrc_job *ret, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_free char *lock = NULL;
    lrc_job_stop_request stop;
    if (lrc_job_folder(ws, id, &job.folder, err) < 0 || lrc_job_spec_read(job.folder, &job.spec, err) < 0 ||
        lrc_path_join(&lock, job.folder, LRC_JOB_LOCK, err) < 0 ||
        judge(job.folder, lock, &job.supervised, &job.status, err) < 0)
        return -1;
    snprintf(job.id, sizeof job.id, "%s", id);
    lrc_job_stop_read(job.folder, &stop);
    job.stopping = stop.asked && !lrc_job_state_final(job.status.state);
    *ret = job;
    job = (lrc_job){0};
    return 0;
}

void lrc_job_done(lrc_job *job)
{
    free(job->folder);
    lrc_job_spec_done(&job->spec);
    lrc_job_status_done(&job->status);
    *job = (lrc_job){0};
}
