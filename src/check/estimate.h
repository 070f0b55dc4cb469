// SPDX-License-Identifier: MIT
// estimate.h - disk, memory and time of a training, reckoned before it runs. docs/estimates.md has every formula.
//
// Memory and time are estimates and are called so; what past runs on this machine measured corrects them (past.h). Sizes
// on disk follow from shapes and are near exact. Pure functions, any thread. May use: base, kohya, train, model.h.
#ifndef LRC_CHECK_ESTIMATE_H
#define LRC_CHECK_ESTIMATE_H

#include "check/model.h"
#include "kohya/steps.h"
#include "train/request.h"

typedef struct lrc_estimate {
    // Disk, bytes.
    uint64_t latent_cache, text_cache; // beside the pictures
    uint64_t checkpoint;               // one saved file
    uint64_t checkpoints;              // how many lie there at most
    uint64_t state, states;            // one saved state, and how many
    uint64_t output;                   // checkpoints * checkpoint + states * state
    uint64_t output_free, cache_free;  // on those disks now; 0: unknown

    // GPU memory, bytes.
    bool has_memory; // not for families that are trained on the CPU
    uint64_t weights, encoders, autoencoder, adapter, optimizer, activations, overhead;
    uint64_t memory;   // the sum, corrected by past runs
    double correction; // factor that past runs gave; 1 without any
    size_t past_runs;  // that it comes from

    // Time, seconds.
    bool has_time;
    double seconds_least, seconds_most; // of the training itself
    double step_seconds;                // from past runs; 0: none, the range is from arithmetic alone
    double work;                        // multiply-adds of one step, 1e12
} lrc_estimate;

typedef struct lrc_estimate_input {
    const lrc_train_request *request;
    const lrc_model_facts *model; // NULL: the header could not be read; what is usual for the family is taken
    const lrc_kohya_tally *buckets;
    const lrc_kohya_length *length;
} lrc_estimate_input;

// What `blocks_to_swap` means: of double and single blocks half the number of the first, the rest twice of the second
// (library/flux_models.py, enable_block_swap); else that many of the one kind.
typedef struct lrc_swapped {
    uint64_t blocks, singles;
} lrc_swapped;

lrc_swapped lrc_estimate_swapped(uint64_t blocks_to_swap, bool has_singles);

// Everything but output_free, cache_free and the corrections.
void lrc_estimate_make(const lrc_estimate_input *in, lrc_estimate *ret);

// What past runs say: the factor by which memory was off, and seconds per 1e12 multiply-adds. 0 runs: nothing changes.
void lrc_estimate_correct(lrc_estimate *e, const lrc_kohya_length *length, double memory_factor, size_t memory_runs,
                          double seconds_per_work, size_t time_runs);

#endif
