// SPDX-License-Identifier: MIT
// What model.c and batch.c share.
#ifndef LRC_ENGINE_MODEL_INTERNAL_H
#define LRC_ENGINE_MODEL_INTERNAL_H

#include <math.h>

#include "engine/model.h"

#define ENG_META_ARCH  "lorica_arch"
#define ENG_META_VOCAB "lorica_vocab"
#define ENG_SLOTS_MAX  256
#define ENG_PLANS_MAX  64 // shapes met in one run; the oldest goes

// One thread's share of a batch.
struct eng_slot {
    const struct eng_entry *entry;
    eng_run *run;
    size_t first, count; // pictures
    float *target;       // of its pictures
    size_t target_floats;
    float *grads;
    double loss;
    bool failed; // memory ran out
};

struct eng_entry {
    eng_plan *plan;
    bool train;
    int inner; // threads that a run has for itself
    eng_run *run[ENG_SLOTS_MAX];
};

struct eng_model {
    eng_arch arch;
    eng_words *words;
    eng_noise noise;
    eng_pool *pool;
    eng_backend backend;
    eng_net *net;
    eng_lora *lora;
    size_t base_params; // the first so many of the net
    struct eng_entry entry[ENG_PLANS_MAX];
    size_t entry_count;
    struct eng_slot slot[ENG_SLOTS_MAX];
};

#endif
