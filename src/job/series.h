// SPDX-License-Identifier: MIT
// series.h - how a job's numbers went: loss, learning rate and speed by step, and its phases by time.
//
// Filled by the meter of progress.h as it reads a log, so it is as pure a function of the log's bytes as that. Memory is
// bounded: beyond LRC_SERIES_POINTS every second point is dropped and from then on only every second step is kept, and so
// on; the last point is always there. One owner thread. May use: progress.h, marks.h.
#ifndef LRC_JOB_SERIES_H
#define LRC_JOB_SERIES_H

#include "job/marks.h"
#include "job/progress.h"

#define LRC_SERIES_POINTS 16384
#define LRC_SERIES_PHASES 512 // later changes of phase are not kept

typedef struct lrc_point {
    int64_t step, epoch; // epoch -1: unknown
    double loss, lr;     // NAN: unknown, or a loss that is not a number
    double rate;         // steps per second
    uint64_t offset;     // end of the line that told it: log.idx knows its time
} lrc_point;

typedef struct lrc_phase_span {
    lrc_job_phase phase;
    uint64_t offset;     // of the line with which it began
    int64_t done, total; // of its own bar when it ended; -1 unknown
} lrc_phase_span;

typedef struct lrc_series {
    lrc_point *point;
    size_t count, cap;
    int64_t stride; // only steps that are a multiple of it are kept
    lrc_phase_span phase[LRC_SERIES_PHASES];
    size_t phase_count;
} lrc_series;

void lrc_series_done(lrc_series *s); // harmless on a zeroed one
#define lrc_auto_series lrc_cleanup(lrc_series_done)

// Take what the meter knows now. Points are taken when a loss is known and the step has risen.
int lrc_series_note(lrc_series *s, const lrc_job_progress *now, lrc_err *err);
int lrc_series_copy(lrc_series *to, const lrc_series *from, lrc_err *err);

// A piece of a series: the points from index `first` on that are shown as one.
typedef struct lrc_bucket {
    lrc_point last;
    double loss, loss_min, loss_max; // mean of the known ones; NAN when there is none
} lrc_bucket;

// Bucket `i` of `buckets` (at most `count` make sense), each of about the same number of points.
lrc_bucket lrc_series_bucket(const lrc_series *s, size_t i, size_t buckets);

#endif
