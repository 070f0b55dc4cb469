// SPDX-License-Identifier: MIT
// results.h - what a training has left in its output folder so far: LoRA files and sample pictures.
//
// Which file belongs to a job follows from its label "result" (the file it is to make), from the names that sd-scripts
// and the embedded trainer give, and from the time: names are used again when a project is trained again.
//     NAME.safetensors, NAME-000002.safetensors (epoch), NAME-step00000200.safetensors
//     sample/NAME_e000002_00_20260131120000[_SEED].png (epoch), sample/NAME_000200_00_… (step)
// Files are reached through declared folders only (base/root.h). Any thread. May use: base, job.
#ifndef LRC_TRAIN_RESULTS_H
#define LRC_TRAIN_RESULTS_H

#include "base/root.h"
#include "job/job.h"

typedef enum { LRC_RESULT_MODEL, LRC_RESULT_SAMPLE } lrc_result_kind;

typedef struct lrc_result {
    char *name;
    int64_t epoch, step; // by the name, or the text in the picture; -1: unknown. The last model has neither
    int64_t prompt;      // SAMPLE: which line of the prompt file, from 0; else -1
    int64_t size, modified_ms;
    char *text; // SAMPLE: the parameters that stand in the picture (A1111's form); "" when there are none
} lrc_result;

typedef struct lrc_results {
    char *folder; // that the training writes to; NULL when the job has no such thing
    lrc_result *item;
    size_t count;
} lrc_results;

// In the order in which they were made; `kind` only. No folder yet is no error. LRC_ERR_DENIED when the folder lies
// outside of the declared ones. *ret is to be released.
int lrc_results_list(lrc_roots *roots, const lrc_job *job, lrc_result_kind kind, lrc_results *ret, lrc_err *err);
void lrc_results_done(lrc_results *r); // harmless on a zeroed one
#define lrc_auto_results lrc_cleanup(lrc_results_done)

// One of them, opened for reading. LRC_ERR_NOT_FOUND also for a name that is not one of this job's.
int lrc_results_open(lrc_roots *roots, const lrc_job *job, lrc_result_kind kind, const char *name, int *ret_fd,
                     lrc_err *err);

#endif
