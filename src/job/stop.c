// SPDX-License-Identifier: MIT
// Stopping, waiting, deleting, finding: what is asked of a job from outside.
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/path.h"
#include "job/folder.h"
#include "job/follow.h"
#include "job/kinds.h"
#include "proc/tree.h"
#include "settings/settings.h"

#define LOOK_MS        200 // between looks at a job that is waited for
#define DELETE_WAIT_MS 500 // a runner that has just written the final state lets go of its lock

// Seconds between TERM and KILL: what is asked for, else the job's, its kind's, the setting.
static int grace_of(const lrc_workspace *ws, const lrc_job *job, int grace_s)
{
    const lrc_job_kind *kind = lrc_job_kind_find(job->spec.kind);
    if (grace_s < 0)
        grace_s = job->spec.grace_s;
    if (grace_s < 0 && kind)
        grace_s = kind->grace_s;
    if (grace_s >= 0)
        return grace_s;
    lrc_auto_settings lrc_settings *s = NULL;
    if (lrc_settings_load(ws, &s, NULL) == 0)
        return (int)lrc_settings_int(s, "job.grace_seconds");
    int64_t initial = 0; // a damaged settings file must not keep a job from being stopped
    lrc_str_to_i64(lrc_settings_find("job.grace_seconds")->initial, &initial);
    return (int)initial;
}

int lrc_job_stop(const lrc_workspace *ws, const char *id, int grace_s, const char *reason, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_job_stop_request stop;
    if (lrc_job_load(ws, id, &job, err) < 0)
        return -1;
    if (lrc_job_state_final(job.status.state))
        return lrc_fail(err, LRC_ERR_CONFLICT, "the job %s has ended already (%s)", id,
                        lrc_job_state_name(job.status.state));
    lrc_job_stop_read(job.folder, &stop);
    const int grace = grace_of(ws, &job, grace_s);
    const int64_t now = lrc_clock_now_ms();
    if (!stop.asked || now + grace * INT64_C(1000) < stop.asked_ms + stop.grace_s * INT64_C(1000)) {
        stop.asked_ms = now;
        stop.grace_s = grace;
    }
    stop.asked = true;
    stop.times++;
    if (!stop.reason[0])
        snprintf(stop.reason, sizeof stop.reason, "%s", reason ? reason : "");
    if (lrc_job_stop_write(job.folder, &stop, err) < 0)
        return -1;
    bool held = false;
    if (lrc_job_recover_one(job.folder, &held, err) < 0)
        return -1;
    if (held)
        lrc_proc_id_signal(&job.status.runner, SIGUSR1, false); // it watches for the file; this spares it the time
    return 0;
}

// It has ended, and its runner too: nothing of it writes any more.
static int is_over(const char *folder, lrc_err *err)
{
    bool held = false;
    if (lrc_job_recover_one(folder, &held, err) < 0)
        return -1;
    if (!lrc_job_peek_final(folder))
        return 0;
    lrc_auto_free char *lock = NULL;
    return lrc_path_join(&lock, folder, LRC_JOB_LOCK, err) < 0 ? -1 : lrc_lock_is_held(lock, err) == 0;
}

int lrc_job_wait(const lrc_workspace *ws, const char *id, int timeout_ms, lrc_err *err)
{
    lrc_auto_free char *folder = NULL, *log = NULL;
    lrc_auto_follow lrc_follow *follow = NULL;
    const int64_t start = lrc_clock_mono_ms();
    if (lrc_job_folder(ws, id, &folder, err) < 0 || lrc_path_join(&log, folder, LRC_JOB_LOG, err) < 0 ||
        lrc_follow_new(log, 0, &follow, err) < 0)
        return -1;
    for (;;) {
        const int over = is_over(folder, err);
        const int64_t left = timeout_ms < 0 ? LOOK_MS : timeout_ms - (lrc_clock_mono_ms() - start);
        if (over != 0 || left <= 0)
            return over;
        lrc_follow_wait(follow, -1, left < LOOK_MS ? (int)left : LOOK_MS);
    }
}

// May the folder go? Also one whose files are damaged, when no process of it is left.
static bool deletable(const char *folder)
{
    lrc_auto_free char *mark = NULL;
    if (lrc_job_recover_one(folder, NULL, NULL) == 0)
        return lrc_job_peek_final(folder);
    return lrc_job_mark(folder, &mark, NULL) == 0 && lrc_proc_signal_marked(mark, 0) == 0;
}

int lrc_job_delete(const lrc_workspace *ws, const char *id, lrc_err *err)
{
    lrc_auto_free char *root = NULL, *folder = NULL, *lock = NULL, *doomed = NULL;
    lrc_auto_close int fd = -1;
    if (lrc_job_root(ws, &root, err) < 0 || lrc_job_folder(ws, id, &folder, err) < 0 ||
        lrc_path_join(&lock, folder, LRC_JOB_LOCK, err) < 0 ||
        lrc_str_format(&doomed, err, "%s/" LRC_JOB_DELETING "%s", root, id) < 0)
        return -1;
    if (!deletable(folder) || lrc_lock_take(lock, DELETE_WAIT_MS, &fd, NULL) < 0)
        return lrc_fail(err, LRC_ERR_CONFLICT, "the job %s has not ended; 'lorica job stop %s' ends it", id, id);
    if (lrc_fs_rename_new(folder, doomed, err) < 0 || lrc_fs_sync_dir(root, err) < 0)
        return -1;
    return lrc_fs_remove_tree(doomed, err);
}

// ---- Finding ---------------------------------------------------------------------------------------------------------

// When a job was submitted, -1 when that cannot be told. Our own ids say it: "<kind>_<ms>_<n>".
static int64_t created_of(const char *root, const char *id)
{
    lrc_auto_free char *folder = NULL;
    lrc_auto_job_spec lrc_job_spec spec = {0};
    long long ms;
    char rest;
    const size_t kind = strspn(id, "abcdefghijklmnopqrstuvwxyz_");
    if (kind > 1 && id[kind - 1] == '_' && sscanf(id + kind, "%13lld_%*d%c", &ms, &rest) == 1)
        return ms;
    if (lrc_path_join(&folder, root, id, NULL) < 0 || lrc_job_spec_read(folder, &spec, NULL) < 0)
        return -1;
    return spec.created_ms;
}

int lrc_job_find(const lrc_workspace *ws, const char *given, char ret_id[static LRC_ID_MAX + 1], lrc_err *err)
{
    lrc_auto_free char *root = NULL;
    lrc_auto_strv lrc_strv ids = {0};
    const char *found = NULL;
    int64_t newest = -1;
    if (lrc_job_root(ws, &root, err) < 0 || lrc_job_ids(ws, &ids, err) < 0)
        return -1;
    if (lrc_strv_has(&ids, given)) {
        snprintf(ret_id, LRC_ID_MAX + 1, "%s", given);
        return 0;
    }
    const bool last = strcmp(given, "last") == 0;
    for (size_t i = 0; i < ids.count; i++) {
        if (last) {
            const int64_t created = created_of(root, ids.item[i]);
            if (created >= newest) {
                newest = created;
                found = ids.item[i];
            }
        } else if (given[0] && lrc_str_starts(ids.item[i], given)) {
            if (found)
                return lrc_fail_field(err, LRC_ERR_CONFLICT, "job_id",
                                      "'%s' fits several jobs, '%s' and '%s' among them: give more of the id", given,
                                      found, ids.item[i]);
            found = ids.item[i];
        }
    }
    if (!found)
        return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "job_id", "there is no job '%s'; 'lorica job list' shows all",
                              given);
    snprintf(ret_id, LRC_ID_MAX + 1, "%s", found);
    return 0;
}
