// SPDX-License-Identifier: MIT
// progress.h - how far a job is, read from what it says.
//
// A pure function of the log's bytes: feeding the same bytes again, cut anywhere, gives the same result, so it can be
// replayed from the file at any time. What is known is never forgotten: a line that tells only a loss leaves the step
// as it is, and neither step, epoch nor percent go back (within one phase, for the numbers of a phase).
// Understood: tqdm bars; sd-scripts' lines as its logger and its prints have them (train_network.py, train_util.py of
// kohya-ss/sd-scripts); "step 5/10", "epoch: 2/10", "loss=0.1", "lr: 1e-4" anywhere (spec of KNX's log parser); lines
// "tagging: 12/40 name" of our own programs. One owner thread. May use: base, lines.h.
#ifndef LRC_JOB_PROGRESS_H
#define LRC_JOB_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "job/lines.h"

typedef enum {
    LRC_JOB_PROGRESS_TRAINING, // steps, epochs, loss, phases
    LRC_JOB_PROGRESS_COUNTER,  // "what: done/total name"
} lrc_job_progress_style;

typedef enum {
    LRC_PHASE_STARTING,
    LRC_PHASE_LOADING,
    LRC_PHASE_CACHING_LATENTS,
    LRC_PHASE_CACHING_TEXT, // text encoder outputs
    LRC_PHASE_WORKING,      // training, tagging, …
    LRC_PHASE_SAVING,
    LRC_PHASE_SAMPLING,
    LRC_PHASE_VALIDATING,
    LRC_PHASE_MAX_
} lrc_job_phase;

#define LRC_JOB_ITEM_MAX  256 // bytes with the NUL
#define LRC_JOB_ERROR_MAX 400 // bytes with the NUL

// Unknown numbers are -1, unknown reals NAN.
typedef struct lrc_job_progress {
    double percent; // of the whole job, 0-100
    int64_t step, total_steps;
    int64_t epoch, total_epochs; // from 1
    double loss, lr;
    bool loss_is_nan; // the last loss was not a number
    double rate;      // steps per second
    int64_t eta_s;
    lrc_job_phase phase;
    int64_t phase_done, phase_total; // the phase's own bar
    char item[LRC_JOB_ITEM_MAX];     // the file it is at; "" when unknown
    char error[LRC_JOB_ERROR_MAX];   // what it said went wrong: the line under a Python traceback, else "… error: …"
    uint64_t offset;                 // end of the last line that told something
} lrc_job_progress;

const char *lrc_job_phase_name(lrc_job_phase phase); // "loading", "caching latents", …

// -1 ends the feeding; fill *err then.
typedef int lrc_job_told_fn(void *arg, const lrc_job_progress *now, lrc_err *err);

// Reads a log as it comes.
typedef struct lrc_job_meter {
    lrc_job_progress_style style;
    lrc_lines lines;
    lrc_job_progress now;
    bool traceback;        // inside of one
    char bar[64];          // description of the phase's bar
    lrc_job_told_fn *told; // called after each line that told a number or a phase; NULL
    void *told_arg;
} lrc_job_meter;

void lrc_job_meter_init(lrc_job_meter *m, lrc_job_progress_style style); // from the first byte of the log
void lrc_job_meter_done(lrc_job_meter *m);
#define lrc_auto_job_meter lrc_cleanup(lrc_job_meter_done)

int lrc_job_meter_feed(lrc_job_meter *m, const void *bytes, size_t n, lrc_err *err);

// What is known now, with the last line even when it is not ended. Borrowed until the next call.
const lrc_job_progress *lrc_job_meter_look(lrc_job_meter *m);

// The whole of a log file; a missing one is the beginning.
int lrc_job_progress_of(const char *log, lrc_job_progress_style style, lrc_job_progress *ret, lrc_err *err);

// ---- tqdm ------------------------------------------------------------------------------------------------------------

typedef struct lrc_tqdm {
    size_t label;          // bytes of the description in front of the numbers
    int percent;           // -1: without a total
    int64_t done, total;   // -1: not plain whole numbers
    int64_t elapsed, left; // seconds, -1: unknown
    double rate;           // per second, NAN: unknown
} lrc_tqdm;

// false when the text is no bar.
bool lrc_tqdm_parse(const char *text, size_t n, lrc_tqdm *ret);

#endif
