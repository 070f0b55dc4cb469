// SPDX-License-Identifier: MIT
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
        dx[i] = (add ? dx[i] : 0.0F) + dy[i] * (slope);                                                                \
    }

ENG_CLONES static void act_back(eng_act act, const float *restrict x, const float *restrict dy, float *restrict dx,
                                size_t n, bool add)
{
    switch (act) {
    case ENG_ACT_SILU: FOR_EACH_BACK(swish_slope(1.0F, v)); break;
    case ENG_ACT_GELU: FOR_EACH_BACK(eng_gelu_slope(v)); break;
    case ENG_ACT_QUICK_GELU: FOR_EACH_BACK(swish_slope(QUICK, v)); break;
    }
}

void eng_op_act_back(eng_act act, const float *x, const float *dy, float *dx, size_t n, bool add)
{
    act_back(act, x, dy, dx, n, add);
}

ENG_CLONES void eng_op_geglu(const float *restrict x, float *restrict y, size_t rows, size_t half)
{
    for (size_t r = 0; r < rows; r++, x += 2 * half, y += half)
        for (size_t i = 0; i < half; i++)
            y[i] = x[i] * eng_gelu(x[half + i]);
}

ENG_CLONES void eng_op_geglu_back(const float *restrict x, const float *restrict dy, float *restrict dx, size_t rows,
                                  size_t half, bool add)
{
    for (size_t r = 0; r < rows; r++, x += 2 * half, dx += 2 * half, dy += half)
        for (size_t i = 0; i < half; i++) {
            const float gate = x[half + i];
            dx[i] = (add ? dx[i] : 0.0F) + dy[i] * eng_gelu(gate);
            dx[half + i] = (add ? dx[half + i] : 0.0F) + dy[i] * x[i] * eng_gelu_slope(gate);
        }
}
