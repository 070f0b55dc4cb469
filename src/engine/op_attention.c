// SPDX-License-Identifier: MIT
// Attention in tiles of queries: scores of one tile against all keys, their softmax, the product with v. Backward makes
// the tile's probabilities again from the kept logarithm of the sum (Dao et al. 2022, "FlashAttention", section 3, with
// the tiling over keys left out: a row of scores fits the cache here).
#include <math.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/ops.h"
#include "engine/simd.h"

#define TILE 64 // queries

// Two tiles of scores and a gradient's row sums.
size_t eng_op_attention_scratch(const eng_attention *a)
{
    return 2 * TILE * a->keys + TILE;
}

static size_t tile_rows(const eng_attention *a, size_t from)
{
    return a->queries - from < TILE ? a->queries - from : TILE;
}

static size_t seen_keys(const eng_attention *a, size_t query)
{
    return a->causal && query + 1 < a->keys ? query + 1 : a->keys;
}

// The scores of a row become probabilities; what the query may not see becomes 0. Returns the logarithm of the sum.
ENG_CLONES static float softmax(float *restrict s, size_t seen, size_t keys)
{
    float top = s[0], sum = 0;
    for (size_t i = 1; i < seen; i++)
        top = s[i] > top ? s[i] : top;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < seen; i++) {
        s[i] = eng_exp(s[i] - top);
        sum += s[i];
    }
    const float share = 1.0F / sum;
    for (size_t i = 0; i < seen; i++)
        s[i] *= share;
    memset(s + seen, 0, (keys - seen) * sizeof *s);
    return top + logf(sum);
}

ENG_CLONES static void from_log_sum(float *restrict s, size_t seen, size_t keys, float lse)
{
    for (size_t i = 0; i < seen; i++)
        s[i] = eng_exp(s[i] - lse);
    memset(s + seen, 0, (keys - seen) * sizeof *s);
}

void eng_op_attention(const eng_attention *a, const float *q, const float *k, const float *v, float *o, float *lse,
                      float *scratch)
{
    const size_t c = a->heads * a->d;
    const float scale = 1.0F / sqrtf((float)a->d);
    for (size_t bh = 0; bh < a->batch * a->heads; bh++) {
        const size_t b = bh / a->heads, column = bh % a->heads * a->d;
        const float *kh = k + b * a->keys * c + column, *vh = v + b * a->keys * c + column;
        for (size_t from = 0; from < a->queries; from += TILE) {
            const size_t rows = tile_rows(a, from), at = (b * a->queries + from) * c + column;
            eng_gemm(false, true, rows, a->keys, a->d, scale, q + at, c, kh, c, 0, scratch, a->keys);
            for (size_t r = 0; r < rows; r++)
                lse[bh * a->queries + from + r] = softmax(scratch + r * a->keys, seen_keys(a, from + r), a->keys);
            eng_gemm(false, false, rows, a->d, a->keys, 1, scratch, a->keys, vh, c, 0, o + at, c);
        }
    }
}

static void zero_unless(bool add, float *x, size_t n)
{
    if (x && !add)
        memset(x, 0, n * sizeof *x);
}

// dp becomes ds = p (dp - sum_j p_j dp_j)
ENG_CLONES static void score_gradient(const float *restrict p, float *restrict dp, size_t n, float dot)
{
    for (size_t i = 0; i < n; i++)
        dp[i] = p[i] * (dp[i] - dot);
}

static float row_dot(const float *x, const float *y, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

void eng_op_attention_back(const eng_attention *a, const float *q, const float *k, const float *v, const float *o,
                           const float *lse, const float *d_o, const eng_attention_grads *g, float *scratch)
{
    const size_t c = a->heads * a->d;
    const float scale = 1.0F / sqrtf((float)a->d);
    zero_unless(g->add_q, g->dq, a->batch * a->queries * c);
    zero_unless(g->add_k, g->dk, a->batch * a->keys * c);
    zero_unless(g->add_v, g->dv, a->batch * a->keys * c);
    float *p = scratch, *dp = scratch + TILE * a->keys;
    for (size_t bh = 0; bh < a->batch * a->heads; bh++) {
        const size_t b = bh / a->heads, column = bh % a->heads * a->d, key_at = b * a->keys * c + column;
        for (size_t from = 0; from < a->queries; from += TILE) {
            const size_t rows = tile_rows(a, from), at = (b * a->queries + from) * c + column;
            eng_gemm(false, true, rows, a->keys, a->d, scale, q + at, c, k + key_at, c, 0, p, a->keys);
            for (size_t r = 0; r < rows; r++)
                from_log_sum(p + r * a->keys, seen_keys(a, from + r), a->keys, lse[bh * a->queries + from + r]);
            if (g->dv)
                eng_gemm(true, false, a->keys, a->d, rows, 1, p, a->keys, d_o + at, c, 1, g->dv + key_at, c);
            eng_gemm(false, true, rows, a->keys, a->d, 1, d_o + at, c, v + key_at, c, 0, dp, a->keys);
            for (size_t r = 0; r < rows; r++)
                score_gradient(p + r * a->keys, dp + r * a->keys, a->keys,
                               row_dot(o + at + r * c, d_o + at + r * c, a->d));
            if (g->dq)
                eng_gemm(false, false, rows, a->d, a->keys, scale, dp, a->keys, k + key_at, c, 1, g->dq + at, c);
            if (g->dk)
                eng_gemm(true, false, a->keys, a->d, rows, scale, dp, a->keys, q + at, c, 1, g->dk + key_at, c);
        }
    }
}
