// SPDX-License-Identifier: MIT
#include "engine/lora.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define NAME_MAX_          256
#define TENSORS_PER_MODULE 3 // alpha, lora_down.weight, lora_up.weight

void eng_lora_free(eng_lora *l)
{
    if (!l)
        return;
    free(l->module);
    free(l);
}

// ---- Attaching -------------------------------------------------------------------------------------------------------

static size_t rank_for(const eng_node *n, const eng_lora_options *o)
{
    switch (n->place) {
    case ENG_PLACE_TEXT: return o->text ? o->rank : 0;
    case ENG_PLACE_TRANSFORMER: return o->unet ? o->rank : 0;
    case ENG_PLACE_CONV: return !o->unet || !o->conv_rank ? 0 : n->kernel > 1 ? o->conv_rank : o->rank;
    default: return 0;
    }
}

static float alpha_for(const eng_node *n, const eng_lora_options *o, size_t rank)
{
    const float alpha = n->kernel > 1 ? o->conv_alpha : o->alpha;
    return alpha > 0 ? alpha : (float)rank;
}

static int trained_param(eng_net *n, const char *module, const char *part, size_t rank, const uint64_t *shape)
{
    char name[NAME_MAX_];
    snprintf(name, sizeof name, "%s.%s.weight", module, part);
    const int p = eng_net_param(n, name, rank, shape);
    if (eng_net_check(n, NULL) == 0)
        n->param[p].trainable = true;
    return p;
}

static const eng_node no_node = {.in = {ENG_NONE, ENG_NONE, ENG_NONE}, .param = {ENG_NONE, ENG_NONE}, .scale = 1};

// Puts down and up behind node `at`.
static void attach_one(eng_net *n, size_t at, size_t rank, float alpha, eng_lora_module *m)
{
    const eng_node base = n->node[at];
    const eng_value x = n->value[base.in[0]];
    const size_t out = n->value[base.out].cols, kernel = base.kernel, dims = n->param[base.param[0]].rank;
    *m = (eng_lora_module){.name = base.lora_name, .rank = rank, .alpha = alpha, .text = base.place == ENG_PLACE_TEXT};
    m->down = trained_param(n, m->name, "lora_down", dims, (const uint64_t[]){rank, x.cols, kernel, kernel});
    m->up = trained_param(n, m->name, "lora_up", dims, (const uint64_t[]){out, rank, 1, 1});
    eng_node down = no_node, up = no_node;
    down.op = base.op;
    down.in[0] = base.in[0];
    down.kernel = base.kernel;
    down.stride = base.stride;
    down.pad = base.pad;
    down.param[0] = m->down;
    down.out = eng_net_value(n, x.space, rank, x.depth + (base.stride == 2));
    up.op = ENG_LINEAR;
    up.in[0] = down.out;
    up.param[0] = m->up;
    up.out = base.out;
    up.into = true;
    up.scale = alpha / (float)rank;
    eng_net_insert(n, at + 1, &down);
    eng_net_insert(n, at + 2, &up);
}

int eng_lora_attach(eng_net *n, const eng_lora_options *o, eng_lora **ret, lrc_err *err)
{
    eng_auto_lora eng_lora *l = calloc(1, sizeof *l);
    if (!l)
        return lrc_fail_memory(err);
    l->module = calloc(n->node_count + 1, sizeof *l->module);
    if (!l->module)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < n->node_count && eng_net_check(n, err) == 0; i++) {
        const size_t rank = rank_for(&n->node[i], o);
        if (!rank)
            continue;
        eng_lora_module *m = &l->module[l->count];
        attach_one(n, i, rank, alpha_for(&n->node[i], o, rank), m);
        if (eng_net_check(n, err) < 0)
            return -1;
        l->count++;
        if (m->text) {
            l->text_count++;
            l->text_floats += n->param[m->down].count + n->param[m->up].count;
        }
        i += 2;
    }
    if (eng_net_check(n, err) < 0)
        return -1;
    if (l->count == 0)
        return lrc_fail(err, LRC_ERR_INVALID,
                        "nothing would be trained: give unet_lr or text_encoder_lr a value above 0");
    *ret = lrc_take(l);
    return 0;
}

// ---- Values ----------------------------------------------------------------------------------------------------------

void eng_lora_init(const eng_lora *l, eng_net *n, eng_rng *rng)
{
    for (size_t i = 0; i < l->count; i++) {
        eng_param *down = &n->param[l->module[i].down], *up = &n->param[l->module[i].up];
        const float down_bound = 1.0F / sqrtf((float)(down->count / down->shape[0]));
        const float up_bound = 1.0F / sqrtf((float)l->module[i].rank);
        eng_rng_uniform(rng, -down_bound, down_bound, down->data, down->count); // the two constructors
        eng_rng_uniform(rng, -up_bound, up_bound, up->data, up->count);
        eng_rng_uniform(rng, -down_bound, down_bound, down->data, down->count); // kaiming_uniform_(a=sqrt 5)
        memset(up->data, 0, up->count * sizeof *up->data);
    }
}

static int load_one(const eng_net *n, int param, const lrc_st_file *f, lrc_err *err)
{
    const eng_param *p = &n->param[param];
    const lrc_st_tensor *t = lrc_st_find(f, p->name);
    if (!t)
        return lrc_fail(err, LRC_ERR_INVALID, "the LoRA to start from has no '%s': it is for another kind of model",
                        p->name);
    if (t->count != p->count || t->rank == 0 || t->shape[0] != p->shape[0])
        return lrc_fail(err, LRC_ERR_INVALID,
                        "the LoRA to start from has another size at '%s': use the network_dim that it was made with",
                        p->name);
    return lrc_st_read_f32(f, t, p->data, err);
}

int eng_lora_load(const eng_lora *l, eng_net *n, const lrc_st_file *f, size_t *ret_unused, lrc_err *err)
{
    for (size_t i = 0; i < l->count; i++)
        if (load_one(n, l->module[i].down, f, err) < 0 || load_one(n, l->module[i].up, f, err) < 0)
            return -1;
    size_t used = 0;
    for (size_t i = 0; i < l->count; i++) {
        char name[NAME_MAX_];
        snprintf(name, sizeof name, "%s.alpha", l->module[i].name);
        used += 2 + (lrc_st_find(f, name) != NULL);
    }
    *ret_unused = lrc_st_count(f) - used;
    n->version++;
    return 0;
}

#define DOWN ".lora_down.weight"

// The alpha of the module that this lora_down belongs to; its rank when there is none.
static int alpha_of(const lrc_st_file *f, const lrc_st_tensor *down, float *ret, lrc_err *err)
{
    char name[NAME_MAX_];
    snprintf(name, sizeof name, "%.*s.alpha", (int)(strlen(down->name) - strlen(DOWN)), down->name);
    const lrc_st_tensor *t = lrc_st_find(f, name);
    *ret = (float)down->shape[0];
    return t && t->count == 1 ? lrc_st_read_f32(f, t, ret, err) : 0;
}

int eng_lora_describe(const lrc_st_file *f, eng_lora_options *ret, lrc_err *err)
{
    eng_lora_options o = {0};
    for (size_t i = 0; i < lrc_st_count(f); i++) {
        const lrc_st_tensor *t = lrc_st_at(f, i);
        if (!lrc_str_ends(t->name, DOWN) || t->rank < 2 || t->shape[0] == 0 || t->shape[0] > 1024)
            continue;
        const bool conv = t->rank == 4 && t->shape[2] > 1;
        if (alpha_of(f, t, conv ? &o.conv_alpha : &o.alpha, err) < 0)
            return -1;
        *(conv ? &o.conv_rank : &o.rank) = t->shape[0];
        *(lrc_str_starts(t->name, "lora_te") ? &o.text : &o.unet) = true;
    }
    if (!o.rank)
        return lrc_fail(err, LRC_ERR_INVALID, "the file holds no LoRA of kohya's kind");
    *ret = o;
    return 0;
}

// ---- Saving ----------------------------------------------------------------------------------------------------------

void eng_lora_tensors_done(eng_lora_tensors *t)
{
    for (size_t i = 0; t->name && i < t->count; i++)
        free(t->name[i]);
    free(t->name);
    free(t->entry);
    free(t->data);
    *t = (eng_lora_tensors){0};
}

struct filler {
    eng_lora_tensors *t;
    lrc_st_dtype dtype;
    size_t offset;
};

static int add_tensor(struct filler *f, const char *module, const char *what, size_t rank, const uint64_t *shape,
                      const float *data, size_t count, lrc_err *err)
{
    eng_lora_tensors *t = f->t;
    void *out = t->data + f->offset;
    if (lrc_str_format(&t->name[t->count], err, "%s.%s", module, what) < 0 ||
        lrc_st_convert_f32(data, count, f->dtype, out, err) < 0)
        return -1;
    t->entry[t->count] = (lrc_st_entry){t->name[t->count], f->dtype, rank, shape, out};
    t->count++;
    f->offset += count * lrc_st_dtype_bits(f->dtype) / 8;
    return 0;
}

static int fill_tensors(const eng_lora *l, const eng_net *n, struct filler *f, lrc_err *err)
{
    for (size_t i = 0; i < l->count; i++) {
        const eng_lora_module *m = &l->module[i];
        const eng_param *down = &n->param[m->down], *up = &n->param[m->up];
        if (add_tensor(f, m->name, "alpha", 0, NULL, &m->alpha, 1, err) < 0 ||
            add_tensor(f, m->name, "lora_down.weight", down->rank, down->shape, down->data, down->count, err) < 0 ||
            add_tensor(f, m->name, "lora_up.weight", up->rank, up->shape, up->data, up->count, err) < 0)
            return -1;
    }
    return 0;
}

int eng_lora_tensors_make(const eng_lora *l, const eng_net *n, lrc_st_dtype dtype, eng_lora_tensors *ret, lrc_err *err)
{
    eng_auto_lora_tensors eng_lora_tensors t = {0};
    const size_t most = l->count * TENSORS_PER_MODULE;
    t.entry = calloc(most + 1, sizeof *t.entry);
    t.name = calloc(most + 1, sizeof *t.name);
    t.data = malloc((n->trainable_count + most) * sizeof(float));
    if (!t.entry || !t.name || !t.data)
        return lrc_fail_memory(err);
    struct filler f = {&t, dtype, 0};
    if (fill_tensors(l, n, &f, err) < 0)
        return -1;
    *ret = t;
    t = (eng_lora_tensors){0};
    return 0;
}
