// SPDX-License-Identifier: MIT
// folder.h - what lies in a job's folder, read and written. Inside of job/ only.
//
// Files are replaced whole (lrc_fs_write), never edited. One thread per call. May use: base, json, settings, job.h.
#ifndef LRC_JOB_FOLDER_H
#define LRC_JOB_FOLDER_H

#include "job/job.h"

#define LRC_JOB_SPEC       "spec.json"
#define LRC_JOB_STATUS     "status.json"
#define LRC_JOB_STOP       "stop.json"
#define LRC_JOB_LOG        "log"
#define LRC_JOB_MARKS      "log.idx"
#define LRC_JOB_LOCK       "runner.lock"
#define LRC_JOB_RUNNER_LOG "runner.log" // what the runner itself has to say; usually empty
#define LRC_JOB_INPUTS     "inputs"

#define LRC_JOB_SUBMITTING ".submit-" // names of folders that are not jobs yet, or not any more
#define LRC_JOB_DELETING   ".delete-"

#define LRC_JOB_REASON_MAX 400 // bytes of a reason

// W/.lorica/jobs; the caller frees.
int lrc_job_root(const lrc_workspace *ws, char **ret, lrc_err *err);
// W/.lorica/jobs/<id>. LRC_ERR_NOT_FOUND when there is none or the id is no id.
int lrc_job_folder(const lrc_workspace *ws, const char *id, char **ret, lrc_err *err);
// Ids of all jobs, bytewise sorted. No folder yet: none.
int lrc_job_ids(const lrc_workspace *ws, lrc_strv *ret, lrc_err *err);

int lrc_job_spec_write(const char *folder, const lrc_job_spec *spec, lrc_err *err);
int lrc_job_spec_read(const char *folder, lrc_job_spec *ret, lrc_err *err);
void lrc_job_spec_done(lrc_job_spec *spec);
#define lrc_auto_job_spec lrc_cleanup(lrc_job_spec_done)

// A missing file is a pending job.
int lrc_job_status_read(const char *folder, lrc_job_status *ret, lrc_err *err);
int lrc_job_status_write(const char *folder, const lrc_job_status *status, lrc_err *err);
void lrc_job_status_done(lrc_job_status *status);
#define lrc_auto_job_status lrc_cleanup(lrc_job_status_done)
int lrc_job_status_set_reason(lrc_job_status *status, const char *reason, lrc_err *err); // copies

// true when status.json says a final state: a short look, cheaper than reading it whole.
bool lrc_job_peek_final(const char *folder);

typedef struct lrc_job_stop_request {
    bool asked; // there is one
    int64_t asked_ms;
    int grace_s;
    int times; // how often it was asked
    char reason[LRC_JOB_REASON_MAX];
} lrc_job_stop_request;

// A missing or damaged file is "not asked"; stopping is then asked for again.
void lrc_job_stop_read(const char *folder, lrc_job_stop_request *ret);
int lrc_job_stop_write(const char *folder, const lrc_job_stop_request *stop, lrc_err *err);

// The environment mark that all processes of this job carry: "LORICA_JOB=<folder>"; the caller frees.
int lrc_job_mark(const char *folder, char **ret, lrc_err *err);

// ---- What an ended child means ---------------------------------------------------------------------------------------

// State and reason from the exit facts in *status and from whether it was asked to stop.
int lrc_job_conclude(lrc_job_status *status, const lrc_job_stop_request *stop, lrc_err *err);

// A job that ended well but did not make the file that its label "result" names has failed: trainers end with exit code 0
// when they find no images. Changes *status then.
int lrc_job_check_result(lrc_job_status *status, const lrc_job_spec *spec, lrc_err *err);

// Settle the job in `folder` while no runner holds its lock: see lrc_job_recover(). `write` false: only work out *ret.
int lrc_job_settle(const char *folder, bool write, lrc_job_status *ret, lrc_err *err);

// The same when a runner may be there: takes its lock for the time, and leaves the job alone when it is held.
// *ret_held tells (may be NULL).
int lrc_job_recover_one(const char *folder, bool *ret_held, lrc_err *err);

// Remove what an interrupted submit or delete left in W/.lorica/jobs.
int lrc_job_sweep(const char *root, lrc_err *err);

#endif
