// SPDX-License-Identifier: MIT
// queue.h - which job may start next, and why another may not yet.
//
// Order: priority (higher first), then age. A job waits while the queue is paused, until its time, until the jobs that it
// comes after have completed, and for a slot. Slots: one for each GPU (setting job.gpus: "auto", a list such as "0,1", or
// "none"), and job.cpu_parallel for jobs that use no GPU. Without any GPU known there is one slot for the jobs that want
// one. A job whose turn it is and that finds no slot holds back later ones of its class, so that one that wants two GPUs is
// not passed for ever.
// All of it lies in files: the pause in W/.lorica/queue.json, what a person changed of a job in <job>/queue.json, the GPUs
// that the scheduler gave it in <job>/slot.json. Any process may look or change at any time. One owner per lrc_queue.
// May use: base, json, gpu, settings, job.
#ifndef LRC_JOB_QUEUE_H
#define LRC_JOB_QUEUE_H

#include "base/map.h"
#include "job/job.h"
#include "job/kinds.h"
#include "json/json.h"

#define LRC_QUEUE_PRIORITY_MAX 1000 // and -1000
#define LRC_QUEUE_GPU_NAMES    512  // bytes with the NUL, of a list

typedef enum {
    LRC_WAIT_NONE,   // it runs, or may start
    LRC_WAIT_PAUSED, // the queue is paused
    LRC_WAIT_TIME,   // its time has not come
    LRC_WAIT_AFTER,  // a job that it comes after has not completed
    LRC_WAIT_SLOT,   // all slots are taken, or kept for one before it
    LRC_WAIT_MAX_
} lrc_queue_wait;

const char *lrc_queue_wait_name(lrc_queue_wait w); // "", "paused", "time", "after", "slot"

typedef struct lrc_queue_entry {
    char id[LRC_ID_MAX + 1];
    char *title;
    const lrc_job_kind *kind;
    int64_t created_ms, not_before_ms; // not_before 0: at once
    int priority, gpus;                // gpus: how many it wants
    lrc_strv after;                    // ids
    bool busy;                         // running, or a runner has it
    bool held_back;                    // set by the scheduler: it could not be started and is tried again later
    lrc_queue_wait waits;
    char waits_for[LRC_ID_MAX + 1];      // LRC_WAIT_AFTER: that job
    bool doomed;                         // that job has failed or is gone: this one can never start
    char gpu_names[LRC_QUEUE_GPU_NAMES]; // "0,1": the GPUs that it has or would get; "" none
} lrc_queue_entry;

typedef struct lrc_queue {
    lrc_queue_entry *item; // in their order; running ones too
    size_t count;
    bool paused;
    lrc_strv gpus; // the pool
    int cpu_slots;
} lrc_queue;

// The jobs that run or wait, and what each waits for. `settles`: give each its right state on the way (only the scheduler
// may). `done`: ids that are known to have ended, passed over and added to; NULL: none.
int lrc_queue_load(const lrc_workspace *ws, bool settles, lrc_map *done, lrc_queue *ret, lrc_err *err);
// Decide anew what each waits for, after busy or held_back changed.
int lrc_queue_plan(const lrc_workspace *ws, lrc_queue *q, lrc_err *err);
void lrc_queue_done(lrc_queue *q);
#define lrc_auto_queue lrc_cleanup(lrc_queue_done)

// {"paused","gpus":[…],"cpu_slots","running","waiting","jobs":[{"id","title","type","status","position","priority",
// "not_before","after":[…],"waits","waits_for","gpus"}…]}
void lrc_queue_put(const lrc_queue *q, lrc_json_out *out);

// Nothing more is started until it is taken back; running jobs go on.
int lrc_queue_pause(const lrc_workspace *ws, bool paused, lrc_err *err);
bool lrc_queue_is_paused(const lrc_workspace *ws);

// What a person may change of a waiting job. LRC_ERR_CONFLICT when it does not wait any more.
typedef struct lrc_queue_change {
    bool set_priority, set_not_before;
    int priority;
    int64_t not_before_ms; // 0: at once
} lrc_queue_change;
int lrc_queue_change_job(const lrc_workspace *ws, const char *id, const lrc_queue_change *change, lrc_err *err);
// What holds for it now: its spec, and what was changed since.
void lrc_queue_read_job(const char *folder, const lrc_job_spec *spec, int *ret_priority, int64_t *ret_not_before_ms);

// "priority", "not_before" (ms since 1970) and "after" (ids) of a request's JSON, where it has them. ret->after is to be
// released. LRC_ERR_INVALID names the field.
int lrc_job_turn_read(const lrc_json *request, lrc_job_turn *ret, lrc_err *err);

// The GPUs that a job was given: written before its runner starts, read by that runner. "" none.
int lrc_queue_slot_write(const char *folder, const char *gpu_names, lrc_err *err);
void lrc_queue_slot_read(const char *folder, char ret[static LRC_QUEUE_GPU_NAMES]);

#endif
