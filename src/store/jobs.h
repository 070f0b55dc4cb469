// SPDX-License-Identifier: MIT
// jobs.h - the table of jobs: one row per job folder, for lists and history.
//
// The words of states and kinds are job/'s matter; here they are texts. As store.h. May use: base.
#ifndef LRC_STORE_JOBS_H
#define LRC_STORE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

typedef struct lrc_store_job {
    const char *id, *kind, *title, *state, *reason;
    bool final; // it will never change
    int64_t created_ms, started_ms, ended_ms;
    int exit_code, exit_signal;
} lrc_store_job;

int lrc_store_job_put(lrc_store *s, const lrc_store_job *row, lrc_err *err); // new or replaced
int lrc_store_job_remove(lrc_store *s, const char *id, lrc_err *err);        // missing is not an error

// Call fn for each row, bytewise by id. Its texts are borrowed for the call. Anything but 0 ends it with -1. fn must
// not change the table.
int lrc_store_job_each(lrc_store *s, int (*fn)(void *arg, const lrc_store_job *row, lrc_err *err), void *arg,
                       lrc_err *err);

#endif
