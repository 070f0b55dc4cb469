// SPDX-License-Identifier: MIT
// A batch through a model: split over the threads, run, joined.
#include <string.h>

#include "engine/model_internal.h"

// ---- Plans -----------------------------------------------------------------------------------------------------------

static bool same_shape(const eng_shape *a, const eng_shape *b)
{
    return a->batch == b->batch && a->height == b->height && a->width == b->width && a->tokens == b->tokens;
}

static void forget_oldest(eng_model *m)
{
    for (int k = 0; k < ENG_SLOTS_MAX; k++)
        eng_run_free(m->entry[0].run[k]);
    eng_plan_free(m->entry[0].plan);
    memmove(m->entry, m->entry + 1, (m->entry_count - 1) * sizeof m->entry[0]);
    m->entry_count--;
}

static int find_entry(eng_model *m, const eng_shape *shape, bool train, int inner, struct eng_entry **ret, lrc_err *err)
{
    for (size_t i = 0; i < m->entry_count; i++)
        if (m->entry[i].train == train && m->entry[i].inner == inner &&
            same_shape(eng_plan_shape(m->entry[i].plan), shape)) {
            *ret = &m->entry[i];
            return 0;
        }
    if (m->entry_count == ENG_PLANS_MAX)
        forget_oldest(m);
    struct eng_entry *e = &m->entry[m->entry_count];
    *e = (struct eng_entry){.train = train, .inner = inner};
    eng_pool_limit(inner);
    if (eng_plan_new(m->net, shape, train, m->backend, &e->plan, err) < 0)
        return -1;
    m->entry_count++;
    *ret = e;
    return 0;
}

static int give_target(const eng_model *m, struct eng_slot *s, const eng_batch *b, lrc_err *err)
{
    const size_t floats = s->count * b->height * b->width * m->arch.unet.in;
    if (floats > s->target_floats) {
        free(s->target);
        s->target = malloc(floats * sizeof *s->target);
        s->target_floats = s->target ? floats : 0;
    }
    if (!s->grads)
        s->grads = malloc((m->net->trainable_count + 1) * sizeof *s->grads);
    return s->target && s->grads ? 0 : lrc_fail_memory(err);
}

// Both shapes are looked up before any pointer into the table is kept, as looking up may move it.
static int deal(eng_model *m, const eng_batch *b, bool train, int *ret_slots, lrc_err *err)
{
    const size_t threads = (size_t)eng_pool_threads(m->pool), slots = b->count < threads ? b->count : threads;
    const size_t small = b->count / slots, larger = b->count % slots;
    for (int pass = 0; pass < 2; pass++) {
        size_t first = 0;
        for (size_t i = 0; i < slots; i++) {
            struct eng_slot *s = &m->slot[i];
            s->first = first;
            s->count = small + (i < larger);
            first += s->count;
            const eng_shape shape = {s->count, b->height, b->width, m->arch.text.tokens};
            struct eng_entry *e = NULL;
            if (find_entry(m, &shape, train, eng_pool_inner(m->pool, (int)slots), &e, err) < 0 ||
                (!e->run[i] && eng_run_new(e->plan, &e->run[i], err) < 0))
                return -1;
            s->entry = e;
            s->run = e->run[i];
        }
    }
    for (size_t i = 0; i < slots; i++) {
        m->slot[i].failed = false;
        if (!eng_plan_refresh(m->slot[i].entry->plan))
            return lrc_fail_memory(err);
        if (train && give_target(m, &m->slot[i], b, err) < 0)
            return -1;
    }
    *ret_slots = (int)slots;
    return 0;
}

// ---- Work of one thread ----------------------------------------------------------------------------------------------

struct round {
    eng_model *m;
    const eng_batch *b;
    float *out;
    bool backward;
};

static size_t picture_floats(const struct round *r)
{
    return r->b->height * r->b->width * r->m->arch.unet.in;
}

static void set_conditions(const struct round *r, const struct eng_slot *s)
{
    const size_t ch = r->m->arch.unet.ch, tokens = r->m->arch.text.tokens;
    for (size_t i = 0; i < s->count; i++) {
        const float t = (float)r->b->timestep[s->first + i];
        eng_op_timestep(&t, eng_run_timestep(s->run) + i * ch, 1, ch);
    }
    memcpy(eng_run_tokens(s->run), r->b->tokens + s->first * tokens, s->count * tokens * sizeof(int32_t));
}

static void predict(void *arg, int i)
{
    const struct round *r = arg;
    struct eng_slot *s = &r->m->slot[i];
    const size_t n = picture_floats(r);
    set_conditions(r, s);
    memcpy(eng_run_latent(s->run), r->b->latent + s->first * n, s->count * n * sizeof(float));
    const float *out = eng_run_forward(s->run);
    s->failed = !out;
    if (out)
        memcpy(r->out + s->first * n, out, s->count * n * sizeof(float));
}

// Loss of one picture; its gradient by the output when wanted.
static double picture_loss(const float *out, const float *target, size_t n, double weight, size_t batch, float *grad)
{
    double sum = 0;
    const float factor = (float)(2 * weight / ((double)n * (double)batch));
    for (size_t k = 0; k < n; k++) {
        const float d = out[k] - target[k];
        sum += (double)d * d;
        if (grad)
            grad[k] = factor * d;
    }
    return sum * weight / ((double)n * (double)batch);
}

static void learn(void *arg, int i)
{
    const struct round *r = arg;
    struct eng_slot *s = &r->m->slot[i];
    const size_t n = picture_floats(r);
    set_conditions(r, s);
    for (size_t k = 0; k < s->count; k++) {
        const size_t at = s->first + k;
        eng_noise_mix(&r->m->noise, (size_t)r->b->timestep[at], r->b->latent + at * n, r->b->noise + at * n, n,
                      eng_run_latent(s->run) + k * n, s->target + k * n);
    }
    const float *out = eng_run_forward(s->run);
    float *grad = r->backward ? eng_run_output_grad(s->run) : NULL;
    s->loss = 0;
    s->failed = !out;
    if (!out)
        return;
    for (size_t k = 0; k < s->count; k++) {
        const double weight = r->b->weight ? (double)r->b->weight[s->first + k] : 1;
        s->loss += picture_loss(out + k * n, s->target + k * n, n, weight, r->b->count, grad ? grad + k * n : NULL);
    }
    if (!r->backward)
        return;
    memset(s->grads, 0, r->m->net->trainable_count * sizeof *s->grads);
    s->failed = !eng_run_backward(s->run, s->grads);
}

static int check_slots(const eng_model *m, int slots, lrc_err *err)
{
    for (int i = 0; i < slots; i++)
        if (m->slot[i].failed)
            return lrc_fail_memory(err);
    return 0;
}

// ---- The doors -------------------------------------------------------------------------------------------------------

int eng_model_predict(eng_model *m, const eng_batch *b, float *out, lrc_err *err)
{
    int slots;
    if (b->count == 0)
        return 0;
    if (deal(m, b, false, &slots, err) < 0)
        return -1;
    struct round r = {m, b, out, false};
    eng_pool_run(m->pool, slots, predict, &r);
    return check_slots(m, slots, err);
}

int eng_model_loss(eng_model *m, const eng_batch *b, float *grads, double *ret_loss, lrc_err *err)
{
    int slots;
    if (b->count == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "an empty batch has no loss");
    if (deal(m, b, true, &slots, err) < 0)
        return -1;
    struct round r = {m, b, NULL, grads != NULL};
    eng_pool_run(m->pool, slots, learn, &r);
    if (check_slots(m, slots, err) < 0)
        return -1;
    double loss = 0;
    for (int i = 0; i < slots; i++) {
        loss += m->slot[i].loss;
        if (grads)
            eng_op_add(grads, m->slot[i].grads, m->net->trainable_count);
    }
    *ret_loss = loss;
    return 0;
}
