// SPDX-License-Identifier: MIT
// ops.h - the light operations of the networks, forward and backward, on plain arrays.
//
// Rows of channels throughout: x[r * cols + c]; a picture's rows are its pixels, a text's rows its tokens. Everything is
// float; sums over many elements are kept in double. Functions named *_back give the gradient of the input and, where
// pointers for them are not NULL, of the parameters (added to). `add`: add to dx instead of overwriting it.
// Single-threaded, no memory of its own. Formulas are PyTorch's: torch.nn.functional of the same name. May use: libc.
#ifndef LRC_ENGINE_OPS_H
#define LRC_ENGINE_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Arithmetic ------------------------------------------------------------------------------------------------------

void eng_op_add(float *y, const float *x, size_t n);                            // y += x
void eng_op_store(float *y, const float *x, size_t n, bool add);                // y = x, or y += x
void eng_op_scale_add(float *y, float s, const float *x, size_t n);             // y += s x
void eng_op_fill_rows(float *y, size_t rows, size_t cols, const float *row);    // every row = row
void eng_op_column_sums(const float *x, size_t rows, size_t cols, float *sums); // sums += over rows
// One row per picture, added to all its rows: y[b, r, :] += e[b, :]
void eng_op_add_row(float *y, const float *e, size_t batch, size_t rows, size_t cols);
void eng_op_add_row_back(const float *dy, size_t batch, size_t rows, size_t cols, float *de, bool add);

// ---- Norms -----------------------------------------------------------------------------------------------------------

// GroupNorm over [batch, rows, cols] in `groups` runs of channels, then SiLU if `silu`. `stats` keeps mean and
// 1/deviation per picture and group: 2 * batch * groups floats. `scratch`: eng_op_group_norm_scratch() floats.
typedef struct eng_group_norm {
    size_t batch, rows, cols, groups;
    float eps;
    bool silu;
} eng_group_norm;

size_t eng_op_group_norm_scratch(const eng_group_norm *g);
void eng_op_group_norm(const eng_group_norm *g, const float *x, const float *gamma, const float *beta, float *y,
                       float *stats, float *scratch);
void eng_op_group_norm_back(const eng_group_norm *g, const float *x, const float *gamma, const float *beta,
                            const float *stats, const float *dy, float *dx, bool add, float *dgamma, float *dbeta,
                            float *scratch);

// LayerNorm of every row. `stats`: 2 * rows floats.
void eng_op_layer_norm(size_t rows, size_t cols, float eps, const float *x, const float *gamma, const float *beta,
                       float *y, float *stats);
void eng_op_layer_norm_back(size_t rows, size_t cols, const float *x, const float *gamma, const float *stats,
                            const float *dy, float *dx, bool add, float *dgamma, float *dbeta);

// ---- Activations -----------------------------------------------------------------------------------------------------

typedef enum { ENG_ACT_SILU, ENG_ACT_GELU, ENG_ACT_QUICK_GELU } eng_act;

// gelu is the exact one (erf); quick_gelu is x sigmoid(1.702 x).
void eng_op_act(eng_act act, const float *x, float *y, size_t n);
void eng_op_act_back(eng_act act, const float *x, const float *dy, float *dx, size_t n, bool add);

// x [rows, 2 half]: y = first half * gelu(second half).
void eng_op_geglu(const float *x, float *y, size_t rows, size_t half);
void eng_op_geglu_back(const float *x, const float *dy, float *dx, size_t rows, size_t half, bool add);

// ---- Attention -------------------------------------------------------------------------------------------------------

// softmax(q k^T / sqrt(d)) v per picture and head, in tiles of queries, so that memory does not grow with the square
// of the picture. q, o [batch, queries, heads * d]; k, v [batch, keys, heads * d]. `lse` keeps the logarithm of each
// row's sum: batch * heads * queries floats. Causal: query i sees keys 0…i.
typedef struct eng_attention {
    size_t batch, heads, queries, keys, d;
    bool causal;
} eng_attention;

size_t eng_op_attention_scratch(const eng_attention *a); // floats, enough for both directions
void eng_op_attention(const eng_attention *a, const float *q, const float *k, const float *v, float *o, float *lse,
                      float *scratch);

typedef struct eng_attention_grads {
    float *dq, *dk, *dv; // NULL: not wanted
    bool add_q, add_k, add_v;
} eng_attention_grads;

void eng_op_attention_back(const eng_attention *a, const float *q, const float *k, const float *v, const float *o,
                           const float *lse, const float *d_o, const eng_attention_grads *g, float *scratch);

// ---- Moving ----------------------------------------------------------------------------------------------------------

// y[r] = a[r] then b[r].
void eng_op_concat(const float *a, size_t a_cols, const float *b, size_t b_cols, float *y, size_t rows);
// One part's share of dy: `from` is its first column.
void eng_op_concat_back(const float *dy, size_t y_cols, size_t from, float *dx, size_t cols, size_t rows, bool add);
// Every pixel twice in both directions.
void eng_op_upsample(const float *x, float *y, size_t batch, size_t height, size_t width, size_t cols);
void eng_op_upsample_back(const float *dy, float *dx, size_t batch, size_t height, size_t width, size_t cols,
                          bool add); // height, width of x
// y[b, t, :] = table[id[b, t]] + position[t]
void eng_op_embed(const int32_t *id, const float *table, const float *position, float *y, size_t batch, size_t tokens,
                  size_t cols);
void eng_op_embed_back(const int32_t *id, const float *dy, float *dtable, float *dposition, size_t batch, size_t tokens,
                       size_t cols);
// Sinusoids of the timestep, cosines first, as diffusers has it (flip_sin_to_cos, shift 0): y[b, cols].
void eng_op_timestep(const float *t, float *y, size_t batch, size_t cols);

#endif
