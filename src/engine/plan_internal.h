// SPDX-License-Identifier: MIT
// What plan.c decides and run.c follows.
#ifndef LRC_ENGINE_PLAN_INTERNAL_H
#define LRC_ENGINE_PLAN_INTERNAL_H

#include "engine/plan.h"

struct eng_span {
    bool used;
    size_t from, to; // times, both included
};

// A value of the net in this plan.
struct eng_place {
    size_t rows, cols, height, width; // text: height tokens, width 1
    bool has_grad;
    size_t value, grad; // places in the arena
    struct eng_span value_span, grad_span;
};

// A node of the net in this plan.
struct eng_step {
    bool train_param; // one of its parameters is trainable
    bool back;        // has a backward
    bool add[ENG_IN_MAX];
    eng_linear *linear; // frozen weights
    eng_conv *conv;
    size_t kept, kept_at; // statistics for backward
    struct eng_span kept_span;
    size_t scratch, scratch_at, back_scratch_at;
};

struct eng_plan {
    const eng_net *net;
    eng_shape shape;
    bool train;
    eng_backend backend;
    unsigned version;
    struct eng_step *step;
    struct eng_place *place;
    size_t arena, unshared;
};

static inline eng_group_norm eng_step_group_norm(const eng_plan *p, const eng_node *n)
{
    const struct eng_place *x = &p->place[n->in[0]];
    return (eng_group_norm){p->shape.batch, x->rows / p->shape.batch, x->cols, n->groups, n->eps, n->silu};
}

static inline eng_attention eng_step_attention(const eng_plan *p, const eng_node *n)
{
    const struct eng_place *q = &p->place[n->in[0]], *k = &p->place[n->in[1]];
    return (eng_attention){p->shape.batch,           n->heads,           q->rows / p->shape.batch,
                           k->rows / p->shape.batch, q->cols / n->heads, n->causal};
}

#endif
