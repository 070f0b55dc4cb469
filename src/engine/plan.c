// SPDX-License-Identifier: MIT
// Making a plan: shapes, kernels, lifetimes, places. Running it is run.c.
#include <stdio.h>
#include <string.h>

#include "engine/plan_internal.h"

#define ALIGN_FLOATS 16 // a cache line

static size_t rounded(size_t n)
{
    return (n + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

void eng_plan_free(eng_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; p->step && i < p->net->node_count; i++) {
        eng_linear_free(p->step[i].linear);
        eng_conv_free(p->step[i].conv);
    }
    free(p->step);
    free(p->place);
    free(p);
}

size_t eng_plan_arena(const eng_plan *p)
{
    return p->arena;
}

size_t eng_plan_arena_unshared(const eng_plan *p)
{
    return p->unshared;
}

const eng_shape *eng_plan_shape(const eng_plan *p)
{
    return &p->shape;
}

// ---- Shapes ----------------------------------------------------------------------------------------------------------

static int settle_shapes(eng_plan *p, lrc_err *err)
{
    for (size_t i = 0; i < p->net->value_count; i++) {
        const eng_value *v = &p->net->value[i];
        struct eng_place *at = &p->place[i];
        at->cols = v->cols;
        at->height = at->width = 1;
        if (v->space == ENG_PICTURE) {
            if (v->depth && (p->shape.height % (1u << v->depth) || p->shape.width % (1u << v->depth)))
                return lrc_fail(
                    err, LRC_ERR_INVALID,
                    "a picture of %zux%zu latent pixels cannot be halved %u times: choose a resolution that "
                    "divides evenly",
                    p->shape.width, p->shape.height, v->depth);
            at->height = p->shape.height >> v->depth;
            at->width = p->shape.width >> v->depth;
        } else if (v->space != ENG_ROW) {
            at->height = p->shape.tokens;
        }
        at->rows = p->shape.batch * at->height * at->width;
    }
    return 0;
}

static void mark_gradients(eng_plan *p)
{
    for (size_t i = 0; i < p->net->node_count; i++) {
        const eng_node *n = &p->net->node[i];
        struct eng_step *s = &p->step[i];
        for (int k = 0; k < ENG_PARAM_MAX; k++)
            s->train_param = s->train_param || (n->param[k] != ENG_NONE && p->net->param[n->param[k]].trainable);
        s->back = p->train && s->train_param;
        for (int k = 0; k < ENG_IN_MAX; k++)
            s->back = s->back || (n->in[k] != ENG_NONE && p->place[n->in[k]].has_grad);
        p->place[n->out].has_grad |= s->back;
    }
}

// ---- Kernels ---------------------------------------------------------------------------------------------------------

static int make_linear(eng_plan *p, const eng_node *n, struct eng_step *s, lrc_err *err)
{
    const eng_param *w = &p->net->param[n->param[0]];
    // A weight that changes, or one that adds, is better off as a plain product.
    if (w->trainable || n->into)
        return 0;
    const float *bias = n->param[1] == ENG_NONE ? NULL : p->net->param[n->param[1]].data;
    const struct eng_place *x = &p->place[n->in[0]];
    const bool back = s->back && x->has_grad;
    if (eng_linear_new(p->backend, x->rows, x->cols, p->place[n->out].cols, w->data, bias, back, &s->linear, err) < 0)
        return -1;
    s->scratch = eng_linear_scratch(s->linear);
    return 0;
}

static int make_conv(eng_plan *p, const eng_node *n, struct eng_step *s, lrc_err *err)
{
    const struct eng_place *x = &p->place[n->in[0]];
    const eng_conv_shape shape = {.batch = p->shape.batch,
                                  .height = x->height,
                                  .width = x->width,
                                  .in = x->cols,
                                  .out = p->place[n->out].cols,
                                  .kernel = n->kernel,
                                  .stride = n->stride,
                                  .pad = n->pad};
    const eng_conv_use use = {.backward = s->back && x->has_grad, .weights = p->train && s->train_param};
    if (eng_conv_new(p->backend, &shape, n->param[1] != ENG_NONE, use, &s->conv, err) < 0)
        return -1;
    if (!eng_conv_pack(s->conv, p->net->param[n->param[0]].data))
        return lrc_fail_memory(err);
    s->scratch = eng_conv_scratch(s->conv);
    return 0;
}

static int make_step(eng_plan *p, size_t i, lrc_err *err)
{
    const eng_node *n = &p->net->node[i];
    struct eng_step *s = &p->step[i];
    const struct eng_place *x = &p->place[n->in[0]];
    switch (n->op) {
    case ENG_LINEAR: return make_linear(p, n, s, err);
    case ENG_CONV: return make_conv(p, n, s, err);
    case ENG_GROUP_NORM: {
        const eng_group_norm g = eng_step_group_norm(p, n);
        s->kept = 2 * g.batch * g.groups;
        s->scratch = eng_op_group_norm_scratch(&g);
        return 0;
    }
    case ENG_LAYER_NORM: s->kept = 2 * x->rows; return 0;
    case ENG_ATTENTION: {
        const eng_attention a = eng_step_attention(p, n);
        s->kept = a.batch * a.heads * a.queries;
        s->scratch = eng_op_attention_scratch(&a);
        return 0;
    }
    default: return 0;
    }
}

// ---- What backward reads again ---------------------------------------------------------------------------------------

static bool keeps_input(const eng_plan *p, size_t i)
{
    switch (p->net->node[i].op) {
    case ENG_LINEAR:
    case ENG_CONV: return p->step[i].train_param; // for the gradient of the weight
    case ENG_GROUP_NORM:
    case ENG_LAYER_NORM:
    case ENG_ACT:
    case ENG_GEGLU:
    case ENG_ATTENTION:
    case ENG_EMBED: return true;
    default: return false;
    }
}

static bool keeps_output(const eng_plan *p, size_t i)
{
    return p->net->node[i].op == ENG_ATTENTION;
}

// ---- Lifetimes -------------------------------------------------------------------------------------------------------
// Time is 0…n-1 forward through the nodes, then n…2n-1 backward: node i is undone at 2n-1-i.

static void touch(struct eng_span *s, size_t time)
{
    if (!s->used) {
        *s = (struct eng_span){true, time, time};
        return;
    }
    s->from = time < s->from ? time : s->from;
    s->to = time > s->to ? time : s->to;
}

static void live_forward(eng_plan *p, size_t i)
{
    const eng_node *n = &p->net->node[i];
    struct eng_step *s = &p->step[i];
    const size_t undo = 2 * p->net->node_count - 1 - i;
    for (int k = 0; k < ENG_IN_MAX; k++)
        if (n->in[k] != ENG_NONE) {
            touch(&p->place[n->in[k]].value_span, i);
            if (s->back && keeps_input(p, i))
                touch(&p->place[n->in[k]].value_span, undo);
        }
    touch(&p->place[n->out].value_span, i);
    if (s->back && keeps_output(p, i))
        touch(&p->place[n->out].value_span, undo);
    if (s->kept) {
        touch(&s->kept_span, i);
        if (s->back)
            touch(&s->kept_span, undo);
    }
}

// The gradient of an input begins where its last reader is undone; the first to write it does not add.
static void live_backward(eng_plan *p, size_t i)
{
    const eng_node *n = &p->net->node[i];
    struct eng_step *s = &p->step[i];
    const size_t undo = 2 * p->net->node_count - 1 - i;
    if (!s->back)
        return;
    touch(&p->place[n->out].grad_span, undo);
    for (int k = 0; k < ENG_IN_MAX; k++) {
        if (n->in[k] == ENG_NONE || !p->place[n->in[k]].has_grad)
            continue;
        struct eng_span *span = &p->place[n->in[k]].grad_span;
        s->add[k] = span->used;
        touch(span, undo);
    }
}

static void find_lifetimes(eng_plan *p)
{
    const size_t n = p->net->node_count, end = 2 * n;
    const int pinned[] = {p->net->latent, p->net->timestep, p->net->tokens};
    for (size_t i = 0; i < sizeof pinned / sizeof pinned[0]; i++)
        if (pinned[i] != ENG_NONE) {
            touch(&p->place[pinned[i]].value_span, 0);
            touch(&p->place[pinned[i]].value_span, end);
        }
    for (size_t i = 0; i < n; i++)
        live_forward(p, i);
    touch(&p->place[p->net->output].value_span, n); // read by the loss
    if (!p->train)
        return;
    touch(&p->place[p->net->output].grad_span, n - 1); // filled by the caller between forward and backward
    for (size_t i = n; i-- > 0;)
        live_backward(p, i);
}

// ---- Places ----------------------------------------------------------------------------------------------------------

// Something that needs memory for a while.
struct block {
    size_t floats;
    struct eng_span span;
    size_t *at;
};

static int larger_first(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    if (x->floats != y->floats)
        return x->floats > y->floats ? -1 : 1;
    return x->span.from < y->span.from ? -1 : x->span.from > y->span.from;
}

static int by_place(const void *a, const void *b)
{
    const struct block *x = *(struct block *const *)a, *y = *(struct block *const *)b;
    return *x->at < *y->at ? -1 : *x->at > *y->at;
}

// Largest first, each at the lowest place that is free during its life.
static int place_blocks(eng_plan *p, struct block *block, size_t count, lrc_err *err)
{
    lrc_auto_free struct block **near = calloc(count + 1, sizeof(struct block *));
    if (!near)
        return lrc_fail_memory(err);
    qsort(block, count, sizeof *block, larger_first);
    for (size_t i = 0; i < count; i++) {
        size_t n = 0, at = 0;
        for (size_t j = 0; j < i; j++)
            if (block[j].span.from <= block[i].span.to && block[i].span.from <= block[j].span.to)
                near[n++] = &block[j];
        qsort(near, n, sizeof(struct block *), by_place);
        for (size_t j = 0; j < n && at + block[i].floats > *near[j]->at; j++)
            at = most(at, *near[j]->at + near[j]->floats);
        *block[i].at = at;
        p->arena = most(p->arena, at + block[i].floats);
        p->unshared += block[i].floats;
    }
    return 0;
}

static void add_block(struct block *list, size_t *count, size_t floats, const struct eng_span *span, size_t *at)
{
    if (floats && span->used)
        list[(*count)++] = (struct block){rounded(floats), *span, at};
}

static int assign_places(eng_plan *p, lrc_err *err)
{
    const size_t nodes = p->net->node_count, values = p->net->value_count;
    lrc_auto_free struct block *list = calloc(2 * values + 3 * nodes, sizeof *list);
    if (!list)
        return lrc_fail_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < values; i++) {
        struct eng_place *v = &p->place[i];
        add_block(list, &count, v->rows * v->cols, &v->value_span, &v->value);
        add_block(list, &count, v->rows * v->cols, &v->grad_span, &v->grad);
    }
    for (size_t i = 0; i < nodes; i++) {
        struct eng_step *s = &p->step[i];
        const size_t undo = 2 * nodes - 1 - i;
        const struct eng_span now = {true, i, i}, back = {s->back, undo, undo};
        add_block(list, &count, s->kept, &s->kept_span, &s->kept_at);
        add_block(list, &count, s->scratch, &now, &s->scratch_at);
        add_block(list, &count, s->scratch, &back, &s->back_scratch_at);
    }
    return place_blocks(p, list, count, err);
}

int eng_plan_new(const eng_net *net, const eng_shape *shape, bool train, eng_backend backend, eng_plan **ret,
                 lrc_err *err)
{
    eng_auto_plan eng_plan *p = calloc(1, sizeof *p);
    if (!p)
        return lrc_fail_memory(err);
    *p = (eng_plan){.net = net, .shape = *shape, .train = train, .backend = backend, .version = net->version};
    p->step = calloc(net->node_count, sizeof *p->step);
    p->place = calloc(net->value_count, sizeof *p->place);
    if (!p->step || !p->place)
        return lrc_fail_memory(err);
    if (settle_shapes(p, err) < 0)
        return -1;
    mark_gradients(p);
    for (size_t i = 0; i < net->node_count; i++)
        if (make_step(p, i, err) < 0)
            return -1;
    find_lifetimes(p);
    if (assign_places(p, err) < 0)
        return -1;
    *ret = lrc_take(p);
    return 0;
}

bool eng_plan_refresh(eng_plan *p)
{
    if (p->version == p->net->version)
        return true;
    for (size_t i = 0; i < p->net->node_count; i++) {
        const eng_node *n = &p->net->node[i];
        if (p->step[i].conv && p->net->param[n->param[0]].trainable &&
            !eng_conv_pack(p->step[i].conv, p->net->param[n->param[0]].data))
            return false;
    }
    p->version = p->net->version;
    return true;
}
