// SPDX-License-Identifier: MIT
// readings.h - what was read out of the logs of many jobs, kept in memory, so that a log is read once and not per request.
//
// Each job's log is read on from where the last reading ended; what has ended is never read again. At most
// LRC_READINGS_MAX jobs are remembered, the longest unused is forgotten first: forgetting costs a reading, nothing else.
// A log that became shorter (a person's doing) is read anew. Any thread: a lock guards the table and each job has one of
// its own, so a long log keeps only the askers for the same job waiting.
// Functions that take `r` take NULL too: then the log is read for this one call. May use: job, progress, series, failure.
#ifndef LRC_JOB_READINGS_H
#define LRC_JOB_READINGS_H

#include "job/failure.h"
#include "job/job.h"
#include "job/progress.h"
#include "job/series.h"

#define LRC_READINGS_MAX 512

typedef struct lrc_readings lrc_readings;

int lrc_readings_new(lrc_readings **ret, lrc_err *err);
void lrc_readings_free(lrc_readings *r); // NULL allowed
LRC_DEFINE_FREEP(lrc_readings)
#define lrc_auto_readings lrc_cleanup(lrc_readings_freep)

// How far it is. LRC_ERR_IO when the log cannot be read; a missing one is the beginning.
int lrc_readings_progress(lrc_readings *r, const lrc_job *job, lrc_job_progress *ret, lrc_err *err);
// How it went so far; *ret is to be released.
int lrc_readings_series(lrc_readings *r, const lrc_job *job, lrc_series *ret, lrc_err *err);
// Why it failed; asked once for a job that has ended.
int lrc_readings_failures(lrc_readings *r, const lrc_job *job, lrc_failures *ret, lrc_err *err);

// Bytes of logs that were read through it so far, for tests and figures.
uint64_t lrc_readings_bytes(lrc_readings *r);

#endif
