// SPDX-License-Identifier: MIT
// job.h - jobs: a command line that is started at most once, whose output is never lost, whatever is killed and when.
//
// A job is a folder, W/.lorica/jobs/<id>/, and the folder is the truth:
//     spec.json    what to run; written once, by the submitter       inputs/      snapshots that the command reads
//     status.json  state, process numbers, exit; by the runner       log, log.idx what the child says, and when
//     stop.json    somebody asks it to stop                          runner.lock  held as long as a runner lives
// The runner (`lorica runner FOLDER`, own session, adopted by init) is the one process that starts, stops and reaps the
// child; whoever submits, follows or schedules may die at any moment. A child without a number in status.json has never
// run and may be started; one with a number may have run and is never started again.
// Every function reads the folder anew: any process and any thread may call at any time, but one lrc_job has one owner.
// May use: base, json, proc, settings, store.
#ifndef LRC_JOB_JOB_H
#define LRC_JOB_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/id.h"
#include "base/str.h"
#include "proc/identity.h"
#include "settings/workspace.h"

// The five words of KNX's clients.
typedef enum {
    LRC_JOB_PENDING,
    LRC_JOB_RUNNING,
    LRC_JOB_COMPLETED,
    LRC_JOB_FAILED,
    LRC_JOB_CANCELLED,
    LRC_JOB_STATE_MAX_
} lrc_job_state;

const char *lrc_job_state_name(lrc_job_state s); // "pending", …
static inline bool lrc_job_state_final(lrc_job_state s)
{
    return s >= LRC_JOB_COMPLETED;
}

// Reasons that the engine itself gives.
#define LRC_JOB_REASON_RUNNER_LOST "runner lost"
#define LRC_JOB_REASON_LOST        "lost: machine or runner died"

// ---- Submitting ------------------------------------------------------------------------------------------------------

typedef struct lrc_job_input {
    const char *name; // one path component; becomes <job>/inputs/<name>
    const void *bytes;
    size_t len;
} lrc_job_input;

// An argument or a value of `env` that begins with this stands for the job's folder: "{job}/inputs/config.toml".
#define LRC_JOB_FOLDER "{job}"

// When it may start. Zeroed: at once, in its turn, with what its kind needs.
typedef struct lrc_job_turn {
    int priority;          // higher first; -1000 to 1000
    int64_t not_before_ms; // since 1970; 0: at once
    lrc_strv after;        // ids of jobs that must have completed
    bool no_gpu;           // it needs none, whatever its kind does
    const char *retry_of;  // the job that this one does again; NULL
    int attempt;           // its number, 0 and 1: the first
} lrc_job_turn;

// Everything is borrowed for the call.
typedef struct lrc_job_request {
    const char *kind;  // a row of kinds.c
    const char *title; // NULL: the kind's
    lrc_strv argv;     // argv[0] is a path or a name in PATH; "lorica" for our own kinds
    const char *cwd;   // absolute; NULL: the workspace
    lrc_strv env;      // NAME=VALUE, no secrets: it is written to spec.json
    lrc_strv secrets;  // NAME=key of a setting; the runner looks its value up at the start
    lrc_strv labels;   // NAME=VALUE, for people and listings; "result": the file that the job is to make
    const lrc_job_input *inputs;
    size_t input_count;
    int grace_s; // between TERM and KILL; -1: the kind's
    lrc_job_turn turn;
} lrc_job_request;

// Write the folder and make it visible at once, whole. LRC_ERR_INVALID names the field at fault.
int lrc_job_submit(const lrc_workspace *ws, const lrc_job_request *req, char ret_id[static LRC_ID_MAX + 1],
                   lrc_err *err);

// ---- Looking ---------------------------------------------------------------------------------------------------------

typedef struct lrc_job_spec {
    char *kind, *title, *cwd;
    lrc_strv argv, env, secrets, labels, inputs; // inputs: their names
    int grace_s;                                 // -1: the kind's
    int64_t created_ms;
    int priority;
    int64_t not_before_ms; // 0: at once
    lrc_strv after;
    int gpus;       // -1: the kind's
    char *retry_of; // "": none
    int attempt;    // from 1
} lrc_job_spec;

typedef struct lrc_job_status {
    lrc_job_state state;
    char *reason;       // why it ended so; "" when there is nothing to say
    int64_t started_ms; // 0: not yet
    int64_t ended_ms;   // 0: not yet
    lrc_proc_id runner; // pid 0: none yet
    lrc_proc_id child;  // leads its own process group; pid 0: none yet, so it has never run
    char *cgroup;       // folder of its control group; "" when none could be made
    bool exited;        // the exit facts are known:
    int exit_code;      // -1 when a signal ended it
    int exit_signal;    // 0 when it ended by itself
    bool oom_kill;      // the kernel killed it for want of memory
    int left_behind;    // processes that it left behind and that were ended
    int64_t user_ms, system_ms, max_rss_kib;
    bool unsupervised; // it outlived its runner
    bool term_sent;    // a stop is under way and it has been asked to end
} lrc_job_status;

typedef struct lrc_job {
    char id[LRC_ID_MAX + 1];
    char *folder;
    lrc_job_spec spec;
    lrc_job_status status;
    bool supervised; // a runner is alive
    bool stopping;   // a stop was asked for, and it has not ended yet
} lrc_job;

// The job as it is now, judged as lrc_job_recover() would, without writing. LRC_ERR_NOT_FOUND; LRC_ERR_INVALID for a
// damaged folder. *ret is to be released.
int lrc_job_load(const lrc_workspace *ws, const char *id, lrc_job *ret, lrc_err *err);
void lrc_job_done(lrc_job *job); // harmless on a zeroed one
#define lrc_auto_job lrc_cleanup(lrc_job_done)

// The id that a person means: a whole one, a beginning that fits only one job, or "last" for the newest.
// LRC_ERR_NOT_FOUND, LRC_ERR_CONFLICT when several fit.
int lrc_job_find(const lrc_workspace *ws, const char *given, char ret_id[static LRC_ID_MAX + 1], lrc_err *err);

// Path of a file of the job, e.g. "log"; the caller frees.
int lrc_job_path(const lrc_workspace *ws, const char *id, const char *file, char **ret, lrc_err *err);

// One line of a list.
typedef struct lrc_job_row {
    char id[LRC_ID_MAX + 1];
    char *kind, *title, *reason;
    lrc_job_state state;
    int64_t created_ms, started_ms, ended_ms;
    int exit_code, exit_signal; // meaningful once it has ended
    bool settled;               // its end is written down: the row will not change
} lrc_job_row;

typedef struct lrc_job_list {
    lrc_job_row *item;
    size_t count;
} lrc_job_list;

// All jobs, newest first. Ended jobs come from the index (studio.db), which is brought up to date with the folders; when
// it cannot be used, from the folders alone. A damaged folder is listed as failed, with the reason.
int lrc_job_list_all(const lrc_workspace *ws, lrc_job_list *ret, lrc_err *err);
void lrc_job_list_done(lrc_job_list *list);
#define lrc_auto_job_list lrc_cleanup(lrc_job_list_done)

// ---- Running ---------------------------------------------------------------------------------------------------------

// One pass over the queue when no other process is its scheduler: settle what was lost, start what may start (so many at
// once as the kinds allow). Returns at once; the runners go on by themselves, and each starts the next when it ends.
int lrc_job_schedule_once(const lrc_workspace *ws, lrc_err *err);

// Be the scheduler (or wait while another is) until this job has ended.
int lrc_job_schedule_until(const lrc_workspace *ws, const char *id, lrc_err *err);

// Wait up to timeout_ms (-1: for ever) until the job has ended; 1: it has, 0: not yet. Starts nothing, settles what was
// lost.
int lrc_job_wait(const lrc_workspace *ws, const char *id, int timeout_ms, lrc_err *err);

// Ask it to stop: TERM to its process group, KILL to all that is left after grace_s seconds (-1: as in its spec). A
// second request can only shorten the time. Returns at once; a job that has not begun is cancelled at once.
// LRC_ERR_CONFLICT when it has ended already.
int lrc_job_stop(const lrc_workspace *ws, const char *id, int grace_s, const char *reason, lrc_err *err);

// Do a job that has ended again, as a new job with the same command and the same inputs; it is known as the next attempt of
// that one. `more` words are put at the end of its command (may be NULL). LRC_ERR_CONFLICT unless it has ended.
int lrc_job_retry(const lrc_workspace *ws, const char *id, const lrc_strv *more, char ret_id[static LRC_ID_MAX + 1],
                  lrc_err *err);

// Remove jobs that ended more than `days` ago (0: whatever their age) and all ended ones but the `keep` newest (0: do not
// count). With both 0 nothing. *ret: how many went.
int lrc_job_prune(const lrc_workspace *ws, int64_t keep, int64_t days, size_t *ret, lrc_err *err);

// Remove the folder. LRC_ERR_CONFLICT unless it has ended.
int lrc_job_delete(const lrc_workspace *ws, const char *id, lrc_err *err);

// Give every job its right state: a job whose runner is gone is watched while its child lives and ends as what is known
// of it. Also removes what an interrupted submit or delete left. Damaged folders are passed over.
int lrc_job_recover(const lrc_workspace *ws, lrc_err *err);

// ---- The runner ------------------------------------------------------------------------------------------------------

// Points between the steps of a runner, in order.
typedef enum {
    LRC_RUNNER_LOCKED,   // it is the one runner
    LRC_RUNNER_FORKED,   // the child waits, nothing is written
    LRC_RUNNER_RECORDED, // its number is in status.json
    LRC_RUNNER_RELEASED, // it runs
    LRC_RUNNER_ENDED,    // it is reaped, nothing is written
    LRC_RUNNER_FINAL,    // the final state is written
} lrc_runner_point;

typedef struct lrc_runner_options {
    void (*at)(void *arg, lrc_runner_point point); // for tests of sudden death; NULL
    void *arg;
} lrc_runner_options;

// Run the job in `folder` (absolute) to its end. Returns 0 also when there was nothing to do for this runner: another
// one is there, or the job was started before. -1 when it could not begin and the job may be tried again.
int lrc_job_runner_main(const char *folder, const lrc_runner_options *options, lrc_err *err);

#endif
