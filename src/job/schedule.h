// SPDX-License-Identifier: MIT
// schedule.h - who may run now. One process per workspace is the scheduler: the one that holds the scheduler lock.
//
// Whoever wants a job to run makes a scheduler and calls tick now and then; when the lock is another's, tick does
// nothing, and takes over as soon as that process is gone. Which job may start, queue.h says. A scheduler keeps no state
// that is needed: killing it loses nothing.
// One owner thread. May use: base, proc, job.
#ifndef LRC_JOB_SCHEDULE_H
#define LRC_JOB_SCHEDULE_H

#include "job/job.h"

typedef struct lrc_scheduler lrc_scheduler;

int lrc_scheduler_new(const lrc_workspace *ws, lrc_scheduler **ret, lrc_err *err); // ws is borrowed
void lrc_scheduler_free(lrc_scheduler *s);                                         // lets go of the lock
LRC_DEFINE_FREEP(lrc_scheduler)
#define lrc_auto_scheduler lrc_cleanup(lrc_scheduler_freep)

// Settle what was lost and start what may start. 1: this process is the scheduler, 0: another one is.
int lrc_scheduler_tick(lrc_scheduler *s, lrc_err *err);

// Let go of the lock until the next tick, so that a runner that ends can start the next job at once.
void lrc_scheduler_rest(lrc_scheduler *s);

#define LRC_SCHEDULER_TICK_MS 500 // a good time between two ticks

// The runner's program: as lrc_proc_spawn() of "<this program> runner FOLDER", on its own from the start.
int lrc_job_start_runner(const char *folder, lrc_err *err);

#endif
