// SPDX-License-Identifier: MIT
// optim.h - AdamW, gradient clipping and learning rate schedules, as PyTorch and transformers have them.
//
// Everything works on one flat array of parameters with groups in it. May use: libc.
#ifndef LRC_ENGINE_OPTIM_H
#define LRC_ENGINE_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

typedef struct eng_adamw_options {
    float beta1, beta2, eps, weight_decay;
} eng_adamw_options;

#define ENG_ADAMW_DEFAULT {0.9F, 0.999F, 1e-8F, 0.01F}

typedef struct eng_adamw {
    eng_adamw_options o;
    float *m, *v; // first and second moment
    size_t count;
    uint64_t step;
} eng_adamw;

int eng_adamw_init(eng_adamw *a, const eng_adamw_options *o, size_t count, lrc_err *err);
void eng_adamw_done(eng_adamw *a);

// A run of parameters with its own learning rate.
typedef struct eng_group {
    size_t from, to;
    double lr;
} eng_group;

// One step of torch.optim.AdamW; groups with lr 0 do not move.
void eng_adamw_step(eng_adamw *a, float *param, const float *grad, const eng_group *group, size_t groups);

// torch.nn.utils.clip_grad_norm_: scales grad when its norm is over `max` (0: never). Returns the norm before.
double eng_clip_norm(float *grad, size_t count, double max);

typedef enum {
    ENG_LR_CONSTANT,
    ENG_LR_CONSTANT_WITH_WARMUP,
    ENG_LR_LINEAR,
    ENG_LR_COSINE,
    ENG_LR_COSINE_WITH_RESTARTS,
    ENG_LR_POLYNOMIAL,
    ENG_LR_COUNT_
} eng_lr_kind;

typedef struct eng_lr {
    eng_lr_kind kind;
    uint64_t warmup, total; // steps
    double cycles;          // cosine: waves (0.5); with restarts: how often
    double power;           // polynomial
} eng_lr;

bool eng_lr_kind_of(const char *name, eng_lr_kind *ret); // sd-scripts' word
// Factor of the base rate `lr` at this step (from 0).
double eng_lr_factor(const eng_lr *s, uint64_t step, double lr);

#endif
