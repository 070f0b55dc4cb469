// SPDX-License-Identifier: MIT
// kinds.h - the kinds of jobs, as a table: all that the engine has to know about each.
//
// A new kind is one row in kinds.c (and its command): nothing else of the engine changes.
// Constant data, any thread. May use: base, proc.
#ifndef LRC_JOB_KINDS_H
#define LRC_JOB_KINDS_H

#include "job/progress.h"
#include "proc/env.h"

// What may be done when such a job did not end well.
typedef enum {
    LRC_JOB_RESUME_NO,    // only a new job
    LRC_JOB_RESUME_AGAIN, // the same command again: it goes over what is done already
    LRC_JOB_RESUME_STATE, // from the newest complete state that it saved
} lrc_job_resume;

typedef struct lrc_job_kind {
    const char *name;  // as in ids and in KNX's job_type: [a-z_]+
    const char *title; // for people, when the request has none
    bool own;          // argv[0] is "lorica": this very program is run
    int gpus;          // how many GPUs it needs; 0: it takes a processor's slot (queue.h)
    lrc_job_resume resume;
    int grace_s;              // between TERM and KILL; -1: the setting job.grace_seconds
    const char *success_mark; // text in a line of its log, written when its result is complete; NULL: none
    lrc_job_progress_style progress;
    const lrc_proc_env_rule *env; // variables that it needs, besides the common ones
} lrc_job_kind;

const lrc_job_kind *lrc_job_kind_find(const char *name); // NULL when there is none
const lrc_job_kind *lrc_job_kinds(size_t *ret_count);    // the table
// Variables that every job gets from the environment of its runner.
const lrc_proc_env_rule *lrc_job_env_common(void);
const char *lrc_job_resume_name(lrc_job_resume r); // "no", "again", "state"

#endif
