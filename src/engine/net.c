// SPDX-License-Identifier: MIT
#include "engine/net.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define NAME_MAX_  256
#define FIRST_CAP  64
#define ALIGNMENT_ 64

int eng_net_new(eng_net **ret, lrc_err *err)
{
    eng_net *n = calloc(1, sizeof *n);
    if (!n)
        return lrc_fail_memory(err);
    n->latent = n->timestep = n->tokens = n->output = ENG_NONE;
    n->version = 1;
    *ret = n;
    return 0;
}

void eng_net_free(eng_net *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->param_count; i++)
        free(n->param[i].name);
    for (size_t i = 0; i < n->node_count; i++)
        free(n->node[i].lora_name);
    free(n->param);
    free(n->value);
    free(n->node);
    free(n->trainable);
    free(n->frozen);
    free(n);
}

int eng_net_check(const eng_net *n, lrc_err *err)
{
    if (n->err.code == LRC_OK)
        return 0;
    if (err)
        *err = n->err;
    return -1;
}

static bool failed(const eng_net *n)
{
    return n->err.code != LRC_OK;
}

static bool grow(eng_net *n, void *items_ptr, size_t *cap, size_t count, size_t size)
{
    void **items = items_ptr;
    if (failed(n) || count < *cap)
        return !failed(n);
    const size_t wanted = *cap ? *cap * 2 : FIRST_CAP;
    void *grown = reallocarray(*items, wanted, size);
    if (!grown) {
        lrc_fail_memory_(&n->err);
        return false;
    }
    *items = grown;
    *cap = wanted;
    return true;
}

// Index 0 stands in for anything that could not be made; eng_net_check() tells.
int eng_net_value(eng_net *n, eng_space space, size_t cols, unsigned depth)
{
    if (!grow(n, &n->value, &n->value_cap, n->value_count, sizeof *n->value))
        return 0;
    n->value[n->value_count] = (eng_value){space, cols, depth, false};
    return (int)n->value_count++;
}

int eng_net_param(eng_net *n, const char *name, size_t rank, const uint64_t *shape)
{
    if (!grow(n, &n->param, &n->param_cap, n->param_count, sizeof *n->param))
        return 0;
    eng_param p = {.rank = rank, .count = 1};
    for (size_t i = 0; i < rank; i++) {
        p.shape[i] = shape[i];
        p.count *= shape[i];
    }
    if (lrc_str_copy(&p.name, name, &n->err) < 0)
        return 0;
    n->param[n->param_count] = p;
    return (int)n->param_count++;
}

void eng_net_insert(eng_net *n, size_t at, const eng_node *node)
{
    if (!grow(n, &n->node, &n->node_cap, n->node_count, sizeof *n->node)) {
        free(node->lora_name);
        return;
    }
    memmove(n->node + at + 1, n->node + at, (n->node_count - at) * sizeof *n->node);
    n->node[at] = *node;
    n->node_count++;
}

static const eng_node blank = {.in = {ENG_NONE, ENG_NONE, ENG_NONE}, .param = {ENG_NONE, ENG_NONE}, .scale = 1};

static void append(eng_net *n, const eng_node *node)
{
    if (failed(n)) {
        free(node->lora_name);
        return;
    }
    // Adding to a value that was read already would change what that reader keeps for backward.
    assert(!node->into || !n->value[node->out].read);
    for (int i = 0; i < ENG_IN_MAX; i++)
        if (node->in[i] != ENG_NONE)
            n->value[node->in[i]].read = true;
    eng_net_insert(n, n->node_count, node);
}

static const eng_value *value_of(const eng_net *n, int v)
{
    static const eng_value none = {0};
    return failed(n) ? &none : &n->value[v];
}

static int param_at(eng_net *n, const char *path, const char *part, const char *what, size_t rank,
                    const uint64_t *shape)
{
    char name[NAME_MAX_];
    snprintf(name, sizeof name, "%s%s%s.%s", path, *part ? "." : "", part, what);
    return eng_net_param(n, name, rank, shape);
}

// kohya's name of a layer: its path with dots turned into underscores.
static char *lora_name_of(eng_net *n, const eng_where *w, const eng_layer *l)
{
    char *name = NULL;
    const char *part = l->lora_part ? l->lora_part : l->part;
    if (!w->lora || w->place == ENG_PLACE_NONE || failed(n) ||
        lrc_str_format(&name, &n->err, "%s%s%s", w->lora, *part ? "." : "", part) < 0)
        return NULL;
    for (char *p = name; *p; p++)
        if (*p == '.')
            *p = '_';
    return name;
}

int eng_net_layer(eng_net *n, const eng_where *w, const eng_layer *l, int in)
{
    const eng_value x = *value_of(n, in);
    const uint64_t shape[4] = {l->out, x.cols, l->kernel, l->kernel}, out[1] = {l->out};
    eng_node node = blank;
    node.op = l->kernel > 1 ? ENG_CONV : ENG_LINEAR;
    node.in[0] = in;
    node.kernel = l->kernel;
    node.stride = l->stride ? l->stride : 1;
    node.pad = l->kernel / 2;
    node.param[0] = param_at(n, w->path, l->part, "weight", l->kernel ? 4 : 2, shape);
    if (!l->no_bias)
        node.param[1] = param_at(n, w->path, l->part, "bias", 1, out);
    node.place = w->lora ? w->place : ENG_PLACE_NONE;
    node.lora_name = lora_name_of(n, w, l);
    node.out = eng_net_value(n, x.space, l->out, x.depth + (node.stride == 2));
    append(n, &node);
    return node.out;
}

int eng_net_group_norm(eng_net *n, const char *path, size_t groups, float eps, bool silu, int in)
{
    const eng_value x = *value_of(n, in);
    const uint64_t shape[1] = {x.cols};
    eng_node node = blank;
    node.op = ENG_GROUP_NORM;
    node.in[0] = in;
    node.groups = groups;
    node.eps = eps;
    node.silu = silu;
    node.param[0] = param_at(n, path, "", "weight", 1, shape);
    node.param[1] = param_at(n, path, "", "bias", 1, shape);
    node.out = eng_net_value(n, x.space, x.cols, x.depth);
    append(n, &node);
    return node.out;
}

int eng_net_layer_norm(eng_net *n, const char *path, float eps, int in)
{
    const eng_value x = *value_of(n, in);
    const uint64_t shape[1] = {x.cols};
    eng_node node = blank;
    node.op = ENG_LAYER_NORM;
    node.in[0] = in;
    node.eps = eps;
    node.param[0] = param_at(n, path, "", "weight", 1, shape);
    node.param[1] = param_at(n, path, "", "bias", 1, shape);
    node.out = eng_net_value(n, x.space, x.cols, x.depth);
    append(n, &node);
    return node.out;
}

// A node without parameters whose output has `cols` channels beside the input's other properties.
static int simple(eng_net *n, eng_node node, int in, size_t cols)
{
    const eng_value x = *value_of(n, in);
    node.in[0] = in;
    node.out = eng_net_value(n, x.space, cols, x.depth - (node.op == ENG_UPSAMPLE));
    append(n, &node);
    return node.out;
}

int eng_net_act(eng_net *n, eng_act act, int in)
{
    eng_node node = blank;
    node.op = ENG_ACT;
    node.act = act;
    return simple(n, node, in, value_of(n, in)->cols);
}

int eng_net_geglu(eng_net *n, int in)
{
    eng_node node = blank;
    node.op = ENG_GEGLU;
    return simple(n, node, in, value_of(n, in)->cols / 2);
}

int eng_net_attention(eng_net *n, int q, int k, int v, size_t heads, bool causal)
{
    eng_node node = blank;
    node.op = ENG_ATTENTION;
    node.in[1] = k;
    node.in[2] = v;
    node.heads = heads;
    node.causal = causal;
    return simple(n, node, q, value_of(n, q)->cols);
}

static void into(eng_net *n, eng_op op, int out, int in)
{
    eng_node node = blank;
    node.op = op;
    node.in[0] = in;
    node.out = out;
    node.into = true;
    append(n, &node);
}

void eng_net_add(eng_net *n, int out, int in)
{
    into(n, ENG_ADD, out, in);
}

void eng_net_add_row(eng_net *n, int out, int row)
{
    into(n, ENG_ADD_ROW, out, row);
}

int eng_net_concat(eng_net *n, int a, int b)
{
    eng_node node = blank;
    node.op = ENG_CONCAT;
    node.in[1] = b;
    return simple(n, node, a, value_of(n, a)->cols + value_of(n, b)->cols);
}

int eng_net_upsample(eng_net *n, int in)
{
    eng_node node = blank;
    node.op = ENG_UPSAMPLE;
    return simple(n, node, in, value_of(n, in)->cols);
}

int eng_net_embed(eng_net *n, const char *table, const char *positions, size_t words, size_t tokens, size_t cols,
                  int ids)
{
    eng_node node = blank;
    node.op = ENG_EMBED;
    node.in[0] = ids;
    node.param[0] = eng_net_param(n, table, 2, (const uint64_t[]){words, cols});
    node.param[1] = eng_net_param(n, positions, 2, (const uint64_t[]){tokens, cols});
    node.out = eng_net_value(n, ENG_TEXT, cols, 0);
    append(n, &node);
    return node.out;
}

// ---- Data ------------------------------------------------------------------------------------------------------------

static float *zeros(size_t count)
{
    const size_t bytes = (count * sizeof(float) / ALIGNMENT_ + 1) * ALIGNMENT_;
    float *p = aligned_alloc(ALIGNMENT_, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

int eng_net_settle(eng_net *n, lrc_err *err)
{
    if (eng_net_check(n, err) < 0)
        return -1;
    for (size_t i = 0; i < n->param_count; i++) {
        eng_param *p = &n->param[i];
        size_t *total = p->trainable ? &n->trainable_count : &n->frozen_count;
        p->at = *total;
        *total += p->count;
    }
    n->trainable = zeros(n->trainable_count);
    n->frozen = zeros(n->frozen_count);
    if (!n->trainable || !n->frozen)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < n->param_count; i++) {
        eng_param *p = &n->param[i];
        p->data = (p->trainable ? n->trainable : n->frozen) + p->at;
    }
    return 0;
}

int eng_net_find(const eng_net *n, const char *name)
{
    for (size_t i = 0; i < n->param_count; i++)
        if (strcmp(n->param[i].name, name) == 0)
            return (int)i;
    return ENG_NONE;
}

size_t eng_net_param_total(const eng_net *n)
{
    size_t total = 0;
    for (size_t i = 0; i < n->param_count; i++)
        total += n->param[i].count;
    return total;
}
