// SPDX-License-Identifier: MIT
// past.h - what finished trainings on this machine measured, beside what was estimated for them.
//
// At its start a training keeps its uncorrected estimate among the inputs of its job (estimate.json). When it has completed,
// the job's samples (job/resources.h) tell how much more GPU memory was in use at the peak than at the start, and its log how
// long a step took. Of the newest LRC_PAST_RUNS runs of the same family and mode the median factor counts.
// One owner thread. May use: base, json, job, train.
#ifndef LRC_CHECK_PAST_H
#define LRC_CHECK_PAST_H

#include "check/check.h"

#define LRC_PAST_RUNS 10

typedef struct lrc_past {
    double memory_factor; // measured / estimated
    size_t memory_runs;
    double seconds_per_work; // of 1e12 multiply-adds
    size_t time_runs;
} lrc_past;

// Fails only for want of memory; a job that cannot be read is passed over.
int lrc_past_read(const lrc_workspace *w, lrc_family_id family, lrc_train_mode mode, lrc_past *ret, lrc_err *err);

// Put the estimate into the run, for lrc_train_submit().
int lrc_past_keep(const lrc_check_report *r, lrc_train_run *run, lrc_err *err);

#endif
