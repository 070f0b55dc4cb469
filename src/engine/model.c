// SPDX-License-Identifier: MIT
// A model in memory and on disk. Running it on a batch is batch.c.
#include "engine/model.h"

#include <string.h>

#include "base/fs.h"
#include "engine/model_internal.h"

#define EMBED_DEVIATION    0.3F // of a new table of words
#define POSITION_DEVIATION 0.02F

void eng_model_free(eng_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->entry_count; i++) {
        for (int k = 0; k < ENG_SLOTS_MAX; k++)
            eng_run_free(m->entry[i].run[k]);
        eng_plan_free(m->entry[i].plan);
    }
    for (int k = 0; k < ENG_SLOTS_MAX; k++) {
        free(m->slot[k].target);
        free(m->slot[k].grads);
    }
    eng_lora_free(m->lora);
    eng_net_free(m->net);
    eng_words_free(m->words);
    eng_pool_free(m->pool);
    free(m);
}

int eng_model_new(const eng_arch *a, const eng_words *words, const eng_model_options *o, eng_model **ret, lrc_err *err)
{
    eng_auto_model eng_model *m = calloc(1, sizeof *m);
    if (!m)
        return lrc_fail_memory(err);
    m->arch = *a;
    m->backend = o->backend;
    if (eng_words_count(words) > a->text.vocab)
        return lrc_fail(err, LRC_ERR_INVALID, "the vocabulary has %zu words, the text encoder room for %zu",
                        eng_words_count(words), a->text.vocab);
    if (eng_words_copy(words, &m->words, err) < 0 || eng_pool_new(o->threads, &m->pool, err) < 0 ||
        eng_noise_init(&m->noise, a, o->zero_terminal_snr < 0 ? a->objective.zero_terminal_snr : o->zero_terminal_snr,
                       err) < 0 ||
        eng_arch_build(a, &m->net, err) < 0)
        return -1;
    m->base_params = m->net->param_count;
    for (size_t i = 0; o->train_all && i < m->base_params; i++)
        m->net->param[i].trainable = true;
    if ((o->lora && eng_lora_attach(m->net, o->lora, &m->lora, err) < 0) || eng_net_settle(m->net, err) < 0)
        return -1;
    *ret = lrc_take(m);
    return 0;
}

// ---- Start values ----------------------------------------------------------------------------------------------------

static void fill(float *x, size_t n, float v)
{
    for (size_t i = 0; i < n; i++)
        x[i] = v;
}

static void normal(eng_rng *rng, eng_param *p, float deviation)
{
    eng_rng_normal(rng, p->data, p->count);
    for (size_t i = 0; i < p->count; i++)
        p->data[i] *= deviation;
}

static void init_node(eng_net *n, const eng_node *node, eng_rng *rng)
{
    eng_param *w = node->param[0] == ENG_NONE ? NULL : &n->param[node->param[0]];
    eng_param *b = node->param[1] == ENG_NONE ? NULL : &n->param[node->param[1]];
    switch (node->op) {
    case ENG_LINEAR:
    case ENG_CONV: {
        const float bound = 1.0F / sqrtf((float)(w->count / w->shape[0]));
        eng_rng_uniform(rng, -bound, bound, w->data, w->count);
        if (b)
            eng_rng_uniform(rng, -bound, bound, b->data, b->count);
        return;
    }
    case ENG_GROUP_NORM:
    case ENG_LAYER_NORM:
        fill(w->data, w->count, 1);
        fill(b->data, b->count, 0);
        return;
    case ENG_EMBED:
        normal(rng, w, EMBED_DEVIATION);
        normal(rng, b, POSITION_DEVIATION);
        return;
    default: return;
    }
}

void eng_model_init(eng_model *m, eng_rng *rng)
{
    for (size_t i = 0; i < m->net->node_count; i++)
        init_node(m->net, &m->net->node[i], rng);
    eng_model_changed(m);
}

// ---- Disk ------------------------------------------------------------------------------------------------------------

static int load_params(eng_model *m, const lrc_st_file *f, const char *path, lrc_err *err)
{
    for (size_t i = 0; i < m->base_params; i++) {
        const eng_param *p = &m->net->param[i];
        const lrc_st_tensor *t = lrc_st_find(f, p->name);
        if (!t || t->count != p->count)
            return lrc_fail(err, LRC_ERR_INVALID,
                            "'%s' %s '%s', which its own lorica_arch asks for: the file is damaged", path,
                            t ? "has the wrong size for" : "lacks", p->name);
        if (lrc_st_read_f32(f, t, p->data, err) < 0)
            return -1;
    }
    return 0;
}

static int open_base(const char *path, lrc_st_file **ret_file, eng_arch *ret_arch, lrc_err *err)
{
    if (!lrc_fs_is_file(path))
        return lrc_fail_field(err, LRC_ERR_MODEL_MISSING, "pretrained_model_name_or_path",
                              "there is no base model '%s'; the one that Lorica brings is models/tiny/tiny.safetensors",
                              path);
    lrc_auto_st_file lrc_st_file *f = NULL;
    if (lrc_st_open(path, &f, err) < 0)
        return -1;
    const char *json = lrc_st_meta_get(f, ENG_META_ARCH);
    if (!json || !lrc_st_meta_get(f, ENG_META_VOCAB))
        return lrc_fail_field(err, LRC_ERR_INVALID, "pretrained_model_name_or_path",
                              "'%s' is not a model of the Tiny family, the only one that the embedded trainer trains; "
                              "connect sd-scripts for other models",
                              path);
    if (eng_arch_parse(json, ret_arch, err) < 0)
        return -1;
    *ret_file = lrc_take(f);
    return 0;
}

int eng_model_peek(const char *path, eng_arch *ret, lrc_err *err)
{
    lrc_auto_st_file lrc_st_file *f = NULL;
    return open_base(path, &f, ret, err);
}

int eng_model_load(const char *path, const eng_model_options *o, eng_model **ret, lrc_err *err)
{
    lrc_auto_st_file lrc_st_file *f = NULL;
    eng_arch a;
    eng_auto_words eng_words *w = NULL;
    eng_auto_model eng_model *m = NULL;
    if (open_base(path, &f, &a, err) < 0 ||
        eng_words_parse(lrc_st_meta_get(f, ENG_META_VOCAB), a.text.vocab, &w, err) < 0 ||
        eng_model_new(&a, w, o, &m, err) < 0 || load_params(m, f, path, err) < 0)
        return -1;
    *ret = lrc_take(m);
    return 0;
}

int eng_model_save(const eng_model *m, const char *path, lrc_st_dtype dtype, const lrc_st_pair *more, size_t more_count,
                   lrc_err *err)
{
    enum { OWN_PAIRS = 2 };
    lrc_auto_buf lrc_buf arch;
    lrc_buf_init(&arch, 1 << 16);
    eng_arch_write(&m->arch, &arch);
    lrc_auto_free lrc_st_pair *meta = calloc(more_count + OWN_PAIRS, sizeof *meta);
    lrc_auto_free lrc_st_entry *entry = calloc(m->base_params + 1, sizeof *entry);
    lrc_auto_free float *data = malloc(eng_net_param_total(m->net) * sizeof *data);
    if (!meta || !entry || !data)
        return lrc_fail_memory(err);
    meta[0] = (lrc_st_pair){ENG_META_ARCH, arch.data};
    meta[1] = (lrc_st_pair){ENG_META_VOCAB, eng_words_text(m->words)};
    for (size_t i = 0; i < more_count; i++)
        meta[OWN_PAIRS + i] = more[i];
    size_t at = 0;
    for (size_t i = 0; i < m->base_params; i++) {
        const eng_param *p = &m->net->param[i];
        if (lrc_st_convert_f32(p->data, p->count, dtype, data + at, err) < 0)
            return -1;
        entry[i] = (lrc_st_entry){p->name, dtype, p->rank, p->shape, data + at};
        at += p->count;
    }
    if (lrc_buf_check(&arch, ENG_META_ARCH, err) < 0)
        return -1;
    return lrc_st_save(path, entry, m->base_params, meta, more_count + OWN_PAIRS, err);
}

// ---- Queries ---------------------------------------------------------------------------------------------------------

const eng_arch *eng_model_arch(const eng_model *m)
{
    return &m->arch;
}

const eng_words *eng_model_words(const eng_model *m)
{
    return m->words;
}

const eng_noise *eng_model_noise(const eng_model *m)
{
    return &m->noise;
}

eng_net *eng_model_net(eng_model *m)
{
    return m->net;
}

const eng_lora *eng_model_lora(const eng_model *m)
{
    return m->lora;
}

int eng_model_threads(const eng_model *m)
{
    return eng_pool_threads(m->pool);
}

size_t eng_model_arena_bytes(const eng_model *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->entry_count; i++)
        for (int k = 0; k < ENG_SLOTS_MAX; k++)
            n += m->entry[i].run[k] ? eng_plan_arena(m->entry[i].plan) * sizeof(float) : 0;
    return n;
}

void eng_model_changed(eng_model *m)
{
    m->net->version++;
}
