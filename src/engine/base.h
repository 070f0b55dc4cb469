// SPDX-License-Identifier: MIT
// base.h - trains the Tiny base model from nothing: drawn pictures, captions by grammar, everything from one seed.
//
// The setting is the torch experiment's (spec/engine.md 6.2): v-prediction with zero terminal SNR, AdamW with warm-up
// and cosine, a tenth of the captions empty, an average of the weights as the result. Captions are tags in random order
// with some left out, as people's captions are. May use: model, tiny.
#ifndef LRC_ENGINE_BASE_H
#define LRC_ENGINE_BASE_H

#include "base/err.h"
#include "engine/model.h"

typedef struct eng_base_options {
    uint64_t seed;
    size_t steps, batch;
    int threads; // 0: all cores
    // Called after every step with the loss; true stops early (the model is saved as it is). May be NULL.
    bool (*progress)(void *arg, size_t step, size_t steps, double loss);
    void *arg;
} eng_base_options;

#define ENG_BASE_DEFAULT {.seed = 1, .steps = 2400, .batch = 32}

// Train and save as F16 at `path`, with seed, steps and losses in the metadata.
int eng_base_train(const eng_base_options *o, const char *path, lrc_err *err);

#endif
