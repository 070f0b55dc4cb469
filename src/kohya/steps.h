// SPDX-License-Identifier: MIT
// steps.h - how many batches, steps and epochs come of pictures in buckets, as sd-scripts counts them
// (BaseDataset.make_buckets, and train_network.py from max_train_epochs to num_train_epochs).
//
// A batch holds pictures of one bucket, so each bucket's last batch may be short; it is trained all the same. An epoch is
// all batches; a step is `accumulation` batches, the last of an epoch fewer.
// Pure functions, any thread. May use: base.
#ifndef LRC_KOHYA_STEPS_H
#define LRC_KOHYA_STEPS_H

#include "kohya/buckets.h"

typedef struct lrc_kohya_bucket {
    lrc_kohya_size size;
    uint64_t pictures; // different ones
    uint64_t samples;  // with their repeats
    uint64_t batches;
    uint64_t last; // samples in the last batch, 1 … batch size
} lrc_kohya_bucket;

// Buckets that pictures fell into, by width, then height.
typedef struct lrc_kohya_tally {
    lrc_kohya_bucket *bucket;
    size_t count, cap;
    uint64_t pictures, samples, batches;
} lrc_kohya_tally;

void lrc_kohya_tally_done(lrc_kohya_tally *t);
#define lrc_auto_kohya_tally lrc_cleanup(lrc_kohya_tally_done)

#define LRC_KOHYA_SAMPLES_MAX ((uint64_t)1 << 62) // of one epoch; more is cut to it

// One more picture, seen `repeats` times an epoch. LRC_ERR_NO_MEMORY.
int lrc_kohya_tally_add(lrc_kohya_tally *t, lrc_kohya_size bucket, uint64_t repeats, lrc_err *err);
// Once all are in: count the batches.
void lrc_kohya_tally_batches(lrc_kohya_tally *t, uint64_t batch_size);

typedef struct lrc_kohya_length {
    uint64_t batches;         // per epoch
    uint64_t steps_per_epoch; // optimizer steps
    uint64_t steps;           // of the whole training
    uint64_t epochs;
    uint64_t samples; // pictures seen in the whole training; the last epoch may be cut short
} lrc_kohya_length;

// `max_steps` 0: `max_epochs` decides. Counts that do not fit are cut to UINT64_MAX. Without batches all is 0.
lrc_kohya_length lrc_kohya_length_of(const lrc_kohya_tally *t, uint64_t batch_size, uint64_t accumulation,
                                     uint64_t max_epochs, uint64_t max_steps);

#endif
