// SPDX-License-Identifier: MIT
// net.h - a network as data: parameters, values, and a list of nodes that compute values from values.
//
// A value is rows of channels: the pixels of a picture at some depth, the tokens of a text, or one row per picture; how
// many rows that is depends on batch and picture size and is settled by a plan (plan.h). Nodes run in the order of the
// list; backward runs it from the end. Three kinds of node add to a value that exists already (ADD, ADD_ROW, and a
// LINEAR with `into`): they may do so only before anything has read it, so what backward needs is never overwritten.
//
// Parameters keep PyTorch's shapes and order and the names of LDM checkpoints; a node also carries the name that kohya
// gives to a LoRA on it. The list is built once and then only read. Builders: unet.c and clip.c from eng_arch, lora.c.
// One owner while building; any thread afterwards, except that parameter data changes between steps. May use: base.
#ifndef LRC_ENGINE_NET_H
#define LRC_ENGINE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "engine/ops.h"

typedef enum {
    ENG_LINEAR,     // out (+)= scale * in W^T + bias
    ENG_CONV,       // kernel, stride, pad; bias
    ENG_GROUP_NORM, // groups, eps; then SiLU when `silu`
    ENG_LAYER_NORM, // eps
    ENG_ACT,        // act
    ENG_GEGLU,
    ENG_ATTENTION, // in: q, k, v; heads, causal
    ENG_ADD,       // out += in
    ENG_ADD_ROW,   // out[b, :, c] += in[b, c]
    ENG_CONCAT,    // in: first and second part of the channels
    ENG_UPSAMPLE,
    ENG_EMBED, // token ids -> table row + position row
    ENG_OP_COUNT_
} eng_op;

#define ENG_IN_MAX    3
#define ENG_PARAM_MAX 2
#define ENG_NONE      (-1)

// What kohya's scripts call the place of a layer; decides whether a LoRA is put there.
typedef enum {
    ENG_PLACE_NONE,        // never has a LoRA
    ENG_PLACE_TEXT,        // CLIPAttention, CLIPMLP
    ENG_PLACE_TRANSFORMER, // linears and 1x1 convolutions inside Transformer2DModel
    ENG_PLACE_CONV,        // ResnetBlock2D, Downsample2D, Upsample2D: only with conv_dim
} eng_place;

typedef struct eng_node {
    eng_op op;
    int in[ENG_IN_MAX];
    int out;
    int param[ENG_PARAM_MAX]; // weight and bias; ENG_EMBED: table and positions
    bool into;                // adds to `out`
    float scale;
    size_t kernel, stride, pad, groups, heads;
    float eps;
    bool silu, causal;
    eng_act act;
    eng_place place;
    char *lora_name; // "lora_unet_…"; NULL when ENG_PLACE_NONE
} eng_node;

typedef enum { ENG_PICTURE, ENG_TEXT, ENG_ROW, ENG_TOKEN_IDS } eng_space;

typedef struct eng_value {
    eng_space space;
    size_t cols;
    unsigned depth; // ENG_PICTURE: halved this often
    bool read;      // some node has read it
} eng_value;

typedef struct eng_param {
    char *name;
    size_t rank;
    uint64_t shape[4];
    size_t count;
    bool trainable;
    size_t at;   // its first element in the trainable (or frozen) array
    float *data; // NULL before eng_net_settle()
} eng_param;

typedef struct eng_net {
    eng_param *param;
    size_t param_count, param_cap;
    eng_value *value;
    size_t value_count, value_cap;
    eng_node *node;
    size_t node_count, node_cap;
    int latent, timestep, tokens; // inputs; `timestep` holds the sinusoids
    int output;
    float *trainable, *frozen; // all parameters, one behind the other
    size_t trainable_count, frozen_count;
    unsigned version; // rises when trainable data was changed: packed copies are stale
    lrc_err err;      // the first failure while building
} eng_net;

int eng_net_new(eng_net **ret, lrc_err *err);
void eng_net_free(eng_net *n);
LRC_DEFINE_FREEP(eng_net)
#define eng_auto_net lrc_cleanup(eng_net_freep)

// ---- Building: failures are kept in net->err and asked for once, with eng_net_check() ---------------------------------

int eng_net_check(const eng_net *n, lrc_err *err);
int eng_net_value(eng_net *n, eng_space space, size_t cols, unsigned depth);
// `name` is copied.
int eng_net_param(eng_net *n, const char *name, size_t rank, const uint64_t *shape);

// Where a layer stands: its path in the checkpoint and the one that kohya's LoRA names come from.
typedef struct eng_where {
    const char *path; // "model.diffusion_model.input_blocks.1.0"
    const char *lora; // "lora_unet.down_blocks.0.resnets.0"; NULL: no LoRA below here
    eng_place place;
} eng_where;

// `part` is appended to both paths with a dot ("" for none); a different name for kohya's side stands in `lora_part`
// (NULL: the same). A convolution of kernel 1 becomes a linear layer whose weight keeps its shape [out, in, 1, 1].
typedef struct eng_layer {
    const char *part, *lora_part;
    size_t out;
    size_t kernel, stride; // 0: a linear layer
    bool no_bias;
} eng_layer;

int eng_net_layer(eng_net *n, const eng_where *w, const eng_layer *layer, int in);
int eng_net_group_norm(eng_net *n, const char *path, size_t groups, float eps, bool silu, int in);
int eng_net_layer_norm(eng_net *n, const char *path, float eps, int in);
int eng_net_act(eng_net *n, eng_act act, int in);
int eng_net_geglu(eng_net *n, int in);
int eng_net_attention(eng_net *n, int q, int k, int v, size_t heads, bool causal);
void eng_net_add(eng_net *n, int out, int in);
void eng_net_add_row(eng_net *n, int out, int row);
int eng_net_concat(eng_net *n, int a, int b);
int eng_net_upsample(eng_net *n, int in);
int eng_net_embed(eng_net *n, const char *table, const char *positions, size_t words, size_t tokens, size_t cols,
                  int ids);

// Puts a node into the list at `at`; takes its lora_name. For lora.c.
void eng_net_insert(eng_net *n, size_t at, const eng_node *node);

// ---- Data ------------------------------------------------------------------------------------------------------------

// Give every parameter its memory (zeros), in the order of the list, trainable ones in one array.
int eng_net_settle(eng_net *n, lrc_err *err);
int eng_net_find(const eng_net *n, const char *name); // parameter, or ENG_NONE
size_t eng_net_param_total(const eng_net *n);         // elements of all parameters

#endif
