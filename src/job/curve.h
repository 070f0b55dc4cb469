// SPDX-License-Identifier: MIT
// curve.h - the loss of a training over its steps, read from its log.
//
// What the trainer says is what there is: sd-scripts and the embedded trainer say the mean over the last epoch with every
// step. Like progress.h a function of the log's bytes, so it can be read again at any time. Any thread. May use: base,
// progress.h.
#ifndef LRC_JOB_CURVE_H
#define LRC_JOB_CURVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

typedef struct lrc_job_point {
    int64_t step, epoch; // epoch -1: not known
    double loss;         // mean of the steps that it stands for
    double lr;           // NAN: not known
} lrc_job_point;

#define LRC_JOB_CURVE_MAX 5000

// At most `most` points (2 to LRC_JOB_CURVE_MAX), by step; with more steps each point stands for several, and has the
// number of the last of them. A missing log has none. The caller frees *ret.
int lrc_job_curve(const char *log, size_t most, lrc_job_point **ret, size_t *ret_count, lrc_err *err);

#endif
