// SPDX-License-Identifier: MIT
#include <string.h>

#include "engine/ops.h"
#include "engine/simd.h"

#define QUICK 1.702F

// One loop per activation: the body is the whole function of one element.
#define FOR_EACH(expr)                                                                                                 \
    for (size_t i = 0; i < n; i++) {                                                                                   \
        const float v = x[i];                                                                                          \
        y[i] = (expr);                                                                                                 \
    }

ENG_CLONES void eng_op_act(eng_act act, const float *restrict x, float *restrict y, size_t n)
{
    switch (act) {
    case ENG_ACT_SILU: FOR_EACH(v * eng_sigmoid(v)); break;
    case ENG_ACT_GELU: FOR_EACH(eng_gelu(v)); break;
    case ENG_ACT_QUICK_GELU: FOR_EACH(v * eng_sigmoid(QUICK * v)); break;
    }
}

// d/dv of v sigmoid(k v)
ENG_INLINE float swish_slope(float k, float v)
{
    const float s = eng_sigmoid(k * v);
    return s * (1.0F + k * v * (1.0F - s));
}

#define FOR_EACH_BACK(slope)                                                                                           \
    for (size_t i = 0; i < n; i++) {                                                                                   \
        const float v = x[i];                                                                                          \
        dx[i] += dy[i] * (slope);                                                                                      \
    }

ENG_CLONES static void act_back(eng_act act, const float *restrict x, const float *restrict dy, float *restrict dx,
                                size_t n)
{
    switch (act) {
    case ENG_ACT_SILU: FOR_EACH_BACK(swish_slope(1.0F, v)); break;
    case ENG_ACT_GELU: FOR_EACH_BACK(eng_gelu_slope(v)); break;
    case ENG_ACT_QUICK_GELU: FOR_EACH_BACK(swish_slope(QUICK, v)); break;
    }
}

void eng_op_act_back(eng_act act, const float *x, const float *dy, float *dx, size_t n, bool add)
{
    if (!add) // one loop for both: a condition inside would keep it from becoming vector code
        memset(dx, 0, n * sizeof *dx);
    act_back(act, x, dy, dx, n);
}

ENG_CLONES void eng_op_geglu(const float *restrict x, float *restrict y, size_t rows, size_t half)
{
    for (size_t r = 0; r < rows; r++, x += 2 * half, y += half)
        for (size_t i = 0; i < half; i++)
            y[i] = x[i] * eng_gelu(x[half + i]);
}

ENG_CLONES static void geglu_row_back(const float *restrict x, const float *restrict dy, float *restrict dx,
                                      size_t half)
{
    const float *restrict gates = x + half;
    float *restrict dgates = dx + half;
    for (size_t i = 0; i < half; i++) {
        dx[i] += dy[i] * eng_gelu(gates[i]);
        dgates[i] += dy[i] * x[i] * eng_gelu_slope(gates[i]);
    }
}

void eng_op_geglu_back(const float *x, const float *dy, float *dx, size_t rows, size_t half, bool add)
{
    if (!add)
        memset(dx, 0, 2 * rows * half * sizeof *dx);
    for (size_t r = 0; r < rows; r++)
        geglu_row_back(x + 2 * r * half, dy + r * half, dx + 2 * r * half, half);
}
