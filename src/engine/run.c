// SPDX-License-Identifier: MIT
// Running a plan: one function per direction and operation, in two tables.
#include <string.h>

#include "engine/plan_internal.h"

struct eng_run {
    const eng_plan *plan;
    float *arena;
    float *grads; // during backward
};

// Everything that one node needs, found once per call.
struct call {
    const eng_plan *p;
    const eng_node *n;
    const struct eng_step *s;
    float *arena, *scratch, *grads;
    bool *failed;
};

static void note(const struct call *c, bool good)
{
    if (!good)
        *c->failed = true;
}

static const struct eng_place *in(const struct call *c, int k)
{
    return &c->p->place[c->n->in[k]];
}

static const struct eng_place *out(const struct call *c)
{
    return &c->p->place[c->n->out];
}

static float *value(const struct call *c, const struct eng_place *v)
{
    return c->arena + v->value;
}

static float *grad(const struct call *c, const struct eng_place *v) // NULL when none is wanted
{
    return v->has_grad ? c->arena + v->grad : NULL;
}

static float *kept(const struct call *c)
{
    return c->arena + c->s->kept_at;
}

static const float *param(const struct call *c, int k)
{
    return c->n->param[k] == ENG_NONE ? NULL : c->p->net->param[c->n->param[k]].data;
}

static float *param_grad(const struct call *c, int k) // NULL when it is not trained
{
    if (c->n->param[k] == ENG_NONE)
        return NULL;
    const eng_param *p = &c->p->net->param[c->n->param[k]];
    return p->trainable ? c->grads + p->at : NULL;
}

static size_t per_picture(const struct call *c, const struct eng_place *v)
{
    return v->rows / c->p->shape.batch;
}

// ---- Forward ---------------------------------------------------------------------------------------------------------

static void linear(const struct call *c)
{
    const struct eng_place *x = in(c, 0), *y = out(c);
    if (c->s->linear) {
        note(c, eng_linear_forward(c->s->linear, value(c, x), value(c, y), c->scratch));
        return;
    }
    const float *bias = param(c, 1);
    if (bias && !c->n->into)
        eng_op_fill_rows(value(c, y), y->rows, y->cols, bias);
    eng_gemm(false, true, x->rows, y->cols, x->cols, c->n->scale, value(c, x), x->cols, param(c, 0), x->cols,
             bias || c->n->into ? 1 : 0, value(c, y), y->cols);
}

static void conv(const struct call *c)
{
    note(c, eng_conv_forward(c->s->conv, value(c, in(c, 0)), param(c, 1), value(c, out(c)), c->scratch));
}

static void group_norm(const struct call *c)
{
    const eng_group_norm g = eng_step_group_norm(c->p, c->n);
    eng_op_group_norm(&g, value(c, in(c, 0)), param(c, 0), param(c, 1), value(c, out(c)), kept(c), c->scratch);
}

static void layer_norm(const struct call *c)
{
    const struct eng_place *x = in(c, 0);
    eng_op_layer_norm(x->rows, x->cols, c->n->eps, value(c, x), param(c, 0), param(c, 1), value(c, out(c)), kept(c));
}

static void act(const struct call *c)
{
    const struct eng_place *x = in(c, 0);
    eng_op_act(c->n->act, value(c, x), value(c, out(c)), x->rows * x->cols);
}

static void geglu(const struct call *c)
{
    eng_op_geglu(value(c, in(c, 0)), value(c, out(c)), out(c)->rows, out(c)->cols);
}

static void attention(const struct call *c)
{
    const eng_attention a = eng_step_attention(c->p, c->n);
    eng_op_attention(&a, value(c, in(c, 0)), value(c, in(c, 1)), value(c, in(c, 2)), value(c, out(c)), kept(c),
                     c->scratch);
}

static void add(const struct call *c)
{
    eng_op_add(value(c, out(c)), value(c, in(c, 0)), out(c)->rows * out(c)->cols);
}

static void add_row(const struct call *c)
{
    eng_op_add_row(value(c, out(c)), value(c, in(c, 0)), c->p->shape.batch, per_picture(c, out(c)), out(c)->cols);
}

static void concat(const struct call *c)
{
    const struct eng_place *a = in(c, 0), *b = in(c, 1);
    eng_op_concat(value(c, a), a->cols, value(c, b), b->cols, value(c, out(c)), a->rows);
}

static void upsample(const struct call *c)
{
    const struct eng_place *x = in(c, 0);
    eng_op_upsample(value(c, x), value(c, out(c)), c->p->shape.batch, x->height, x->width, x->cols);
}

static void embed(const struct call *c)
{
    const int32_t *id = (const int32_t *)(const void *)value(c, in(c, 0));
    eng_op_embed(id, param(c, 0), param(c, 1), value(c, out(c)), c->p->shape.batch, c->p->shape.tokens, out(c)->cols);
}

// ---- Backward --------------------------------------------------------------------------------------------------------

static void linear_back(const struct call *c)
{
    const struct eng_place *x = in(c, 0), *y = out(c);
    const float *dy = grad(c, y);
    float *dx = grad(c, x), *dw = param_grad(c, 0), *db = param_grad(c, 1);
    if (dw)
        eng_gemm(true, false, y->cols, x->cols, x->rows, c->n->scale, dy, y->cols, value(c, x), x->cols, 1, dw,
                 x->cols);
    if (db)
        eng_op_column_sums(dy, y->rows, y->cols, db);
    if (dx && c->s->linear)
        note(c, eng_linear_backward(c->s->linear, dy, dx, c->s->add[0], c->scratch));
    else if (dx)
        eng_gemm(false, false, x->rows, x->cols, y->cols, c->n->scale, dy, y->cols, param(c, 0), x->cols,
                 c->s->add[0] ? 1 : 0, dx, x->cols);
}

static void conv_back(const struct call *c)
{
    float *dx = grad(c, in(c, 0)), *dw = param_grad(c, 0);
    if (dw)
        note(c, eng_conv_weights(c->s->conv, value(c, in(c, 0)), grad(c, out(c)), dw, param_grad(c, 1), c->scratch));
    if (dx)
        note(c, eng_conv_backward(c->s->conv, grad(c, out(c)), dx, c->s->add[0], c->scratch));
}

static void group_norm_back(const struct call *c)
{
    const eng_group_norm g = eng_step_group_norm(c->p, c->n);
    eng_op_group_norm_back(&g, value(c, in(c, 0)), param(c, 0), param(c, 1), kept(c), grad(c, out(c)),
                           grad(c, in(c, 0)), c->s->add[0], param_grad(c, 0), param_grad(c, 1), c->scratch);
}

static void layer_norm_back(const struct call *c)
{
    const struct eng_place *x = in(c, 0);
    eng_op_layer_norm_back(x->rows, x->cols, value(c, x), param(c, 0), kept(c), grad(c, out(c)), grad(c, x),
                           c->s->add[0], param_grad(c, 0), param_grad(c, 1));
}

static void act_back(const struct call *c)
{
    const struct eng_place *x = in(c, 0);
    eng_op_act_back(c->n->act, value(c, x), grad(c, out(c)), grad(c, x), x->rows * x->cols, c->s->add[0]);
}

static void geglu_back(const struct call *c)
{
    eng_op_geglu_back(value(c, in(c, 0)), grad(c, out(c)), grad(c, in(c, 0)), out(c)->rows, out(c)->cols, c->s->add[0]);
}

static void attention_back(const struct call *c)
{
    const eng_attention a = eng_step_attention(c->p, c->n);
    const eng_attention_grads g = {grad(c, in(c, 0)), grad(c, in(c, 1)), grad(c, in(c, 2)),
                                   c->s->add[0],      c->s->add[1],      c->s->add[2]};
    eng_op_attention_back(&a, value(c, in(c, 0)), value(c, in(c, 1)), value(c, in(c, 2)), value(c, out(c)), kept(c),
                          grad(c, out(c)), &g, c->scratch);
}

static void add_back(const struct call *c)
{
    float *dx = grad(c, in(c, 0));
    if (dx)
        eng_op_store(dx, grad(c, out(c)), out(c)->rows * out(c)->cols, c->s->add[0]);
}

static void add_row_back(const struct call *c)
{
    float *de = grad(c, in(c, 0));
    if (de)
        eng_op_add_row_back(grad(c, out(c)), c->p->shape.batch, per_picture(c, out(c)), out(c)->cols, de, c->s->add[0]);
}

static void concat_back(const struct call *c)
{
    size_t from = 0;
    for (int k = 0; k < 2; k++) {
        const struct eng_place *x = in(c, k);
        if (x->has_grad)
            eng_op_concat_back(grad(c, out(c)), out(c)->cols, from, grad(c, x), x->cols, x->rows, c->s->add[k]);
        from += x->cols;
    }
}

static void upsample_back(const struct call *c)
{
    const struct eng_place *x = in(c, 0);
    eng_op_upsample_back(grad(c, out(c)), grad(c, x), c->p->shape.batch, x->height, x->width, x->cols, c->s->add[0]);
}

static void embed_back(const struct call *c)
{
    const int32_t *id = (const int32_t *)(const void *)value(c, in(c, 0));
    eng_op_embed_back(id, grad(c, out(c)), param_grad(c, 0), param_grad(c, 1), c->p->shape.batch, c->p->shape.tokens,
                      out(c)->cols);
}

// ---- Tables ----------------------------------------------------------------------------------------------------------

static const struct {
    void (*forward)(const struct call *c);
    void (*backward)(const struct call *c);
} table[ENG_OP_COUNT_] = {
    [ENG_LINEAR] = {linear, linear_back},
    [ENG_CONV] = {conv, conv_back},
    [ENG_GROUP_NORM] = {group_norm, group_norm_back},
    [ENG_LAYER_NORM] = {layer_norm, layer_norm_back},
    [ENG_ACT] = {act, act_back},
    [ENG_GEGLU] = {geglu, geglu_back},
    [ENG_ATTENTION] = {attention, attention_back},
    [ENG_ADD] = {add, add_back},
    [ENG_ADD_ROW] = {add_row, add_row_back},
    [ENG_CONCAT] = {concat, concat_back},
    [ENG_UPSAMPLE] = {upsample, upsample_back},
    [ENG_EMBED] = {embed, embed_back},
};

#define ARENA_ALIGNMENT 64

int eng_run_new(const eng_plan *p, eng_run **ret, lrc_err *err)
{
    eng_auto_run eng_run *r = calloc(1, sizeof *r);
    if (!r)
        return lrc_fail_memory(err);
    r->plan = p;
    r->arena = aligned_alloc(ARENA_ALIGNMENT, (p->arena * sizeof(float) / ARENA_ALIGNMENT + 1) * ARENA_ALIGNMENT);
    if (!r->arena)
        return lrc_fail(err, LRC_ERR_NO_MEMORY, "training needs %.1f MiB more than there is: choose a smaller batch",
                        (double)p->arena * sizeof(float) / 1048576.0);
    *ret = lrc_take(r);
    return 0;
}

void eng_run_free(eng_run *r)
{
    if (!r)
        return;
    free(r->arena);
    free(r);
}

float *eng_run_latent(eng_run *r)
{
    return r->arena + r->plan->place[r->plan->net->latent].value;
}

float *eng_run_timestep(eng_run *r)
{
    return r->arena + r->plan->place[r->plan->net->timestep].value;
}

int32_t *eng_run_tokens(eng_run *r)
{
    return (int32_t *)(void *)(r->arena + r->plan->place[r->plan->net->tokens].value);
}

const float *eng_run_forward(eng_run *r)
{
    const eng_plan *p = r->plan;
    bool failed = false;
    for (size_t i = 0; i < p->net->node_count && !failed; i++) {
        const struct call c = {.p = p,
                               .n = &p->net->node[i],
                               .s = &p->step[i],
                               .arena = r->arena,
                               .scratch = r->arena + p->step[i].scratch_at,
                               .failed = &failed};
        table[c.n->op].forward(&c);
    }
    return failed ? NULL : r->arena + p->place[p->net->output].value;
}

float *eng_run_output_grad(eng_run *r)
{
    return r->arena + r->plan->place[r->plan->net->output].grad;
}

bool eng_run_backward(eng_run *r, float *grads)
{
    const eng_plan *p = r->plan;
    bool failed = false;
    for (size_t i = p->net->node_count; i-- > 0 && !failed;) {
        const struct call c = {.p = p,
                               .n = &p->net->node[i],
                               .s = &p->step[i],
                               .arena = r->arena,
                               .scratch = r->arena + p->step[i].back_scratch_at,
                               .grads = grads,
                               .failed = &failed};
        if (c.s->back)
            table[c.n->op].backward(&c);
    }
    return !failed;
}
