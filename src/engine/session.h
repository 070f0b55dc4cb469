// SPDX-License-Identifier: MIT
// session.h - one run of the trainer, shared by train.c (the loop), meta.c (what is written about it) and samples.c.
#ifndef LRC_ENGINE_SESSION_H
#define LRC_ENGINE_SESSION_H

#include "engine/config.h"
#include "engine/data.h"
#include "engine/model.h"

typedef struct eng_session {
    const eng_config *c;
    const char *output_dir, *output_name;
    eng_model *model;
    eng_data *data;
    eng_rng py, torch;
    eng_adamw adamw;
    eng_lr lr;
    int64_t seed;
    uint64_t steps, epochs; // to be made
    uint64_t step, epoch;   // made so far; epoch counts from 1
    int64_t started_ms;
    char id[32];
    char base_hash[LRC_ST_HASH_SIZE], base_old_hash[LRC_ST_HASH_SIZE]; // of the base model's file
    float *grads, *noise, *scratch;
    int64_t *timestep;
    float *weight;
    double *losses; // of the last pass over the data, for avr_loss
    size_t losses_count;
    double losses_sum;
    uint64_t images; // learned from, and the time for it, without samples and files
    double wall_ms, cpu_ms;
} eng_session;

// "<output_dir>/<output_name><suffix>.safetensors" with everything in it.
int eng_session_save(eng_session *s, const char *suffix, lrc_err *err);

// Draw the prompts of sample_prompts into <output_dir>/sample; `epoch` 0: named by step.
int eng_session_sample(eng_session *s, uint64_t epoch, lrc_err *err);

#endif
