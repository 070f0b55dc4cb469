// SPDX-License-Identifier: MIT
// testing.h - what the engine's tests share: numbers that C and Python make alike, and the comparison.
#ifndef LRC_ENGINE_TESTING_H
#define LRC_ENGINE_TESTING_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "safetensors/safetensors.h"

#define GOLDEN LORICA_TEST_DATA "/golden/engine/"

// Uniform in [-1, 1) from an integer hash; tools/golden-engine.py has the same function.
static inline double made_number(uint32_t seed, uint32_t i)
{
    uint32_t h = i * 0x9e3779b1u + seed * 0x85ebca77u;
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    h *= 0x297a2d39u;
    h ^= h >> 15;
    return h / 2147483648.0 - 1.0;
}

static inline void made_floats(uint32_t seed, double scale, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(scale * made_number(seed, (uint32_t)i));
}

// max|a - b| / max|b|
static inline double relative(const float *a, const float *b, size_t n)
{
    double worst = 0, top = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)a[i] - b[i]);
        if (!(d <= worst)) // NaN counts as the worst
            worst = d;
        if (fabs((double)b[i]) > top)
            top = fabs((double)b[i]);
    }
    return top > 0 ? worst / top : worst;
}

static inline float *golden(const lrc_st_file *f, const char *name, size_t n)
{
    const lrc_st_tensor *t = lrc_st_find(f, name);
    if (!t || t->count != n)
        fail_msg("golden %s: %zu elements expected, %zu there", name, n, t ? (size_t)t->count : 0);
    float *out = calloc(n + 1, sizeof *out);
    lrc_err err = LRC_ERR_INIT;
    if (!out || lrc_st_read_f32(f, t, out, &err) < 0)
        fail_msg("golden %s: %s", name, err.msg);
    return out;
}

#endif
