// SPDX-License-Identifier: MIT
// MT19937 after Matsumoto and Nishimura (1998), 2002 initialisation. The ways of reading it were found by comparing with
// PyTorch and CPython (tools/golden-engine.py makes the test's numbers).
#include "engine/rng.h"

#include <math.h>

#define SHIFT_WORDS 397
#define UPPER_BIT   0x80000000u
#define LOWER_BITS  0x7fffffffu
#define MATRIX      0x9908b0dfu
#define NORMAL_RUN  16 // PyTorch's randn works on blocks of 16: 8 radii and 8 angles

static void init_words(eng_rng *r, uint32_t seed)
{
    r->word[0] = seed;
    for (uint32_t i = 1; i < ENG_MT_WORDS; i++)
        r->word[i] = 1812433253u * (r->word[i - 1] ^ r->word[i - 1] >> 30) + i;
    r->at = ENG_MT_WORDS;
}

static uint32_t twist(uint32_t a, uint32_t b)
{
    const uint32_t y = (a & UPPER_BIT) | (b & LOWER_BITS);
    return y >> 1 ^ (y & 1 ? MATRIX : 0);
}

static void refill(eng_rng *r)
{
    for (size_t i = 0; i < ENG_MT_WORDS; i++)
        r->word[i] = r->word[(i + SHIFT_WORDS) % ENG_MT_WORDS] ^ twist(r->word[i], r->word[(i + 1) % ENG_MT_WORDS]);
    r->at = 0;
}

uint32_t eng_rng_u32(eng_rng *r)
{
    if (r->at >= ENG_MT_WORDS)
        refill(r);
    uint32_t y = r->word[r->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

// ---- PyTorch ---------------------------------------------------------------------------------------------------------

void eng_rng_seed(eng_rng *r, uint64_t seed)
{
    init_words(r, (uint32_t)seed);
}

static float unit(eng_rng *r) // [0, 1), 24 bits
{
    return (float)(eng_rng_u32(r) & 0xffffff) * 0x1p-24F;
}

void eng_rng_uniform(eng_rng *r, float low, float high, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = unit(r) * (high - low) + low;
}

// Box-Muller on uniforms in place: the first half are radii, the second half angles.
static void to_normal(float *x)
{
    for (int i = 0; i < NORMAL_RUN / 2; i++) {
        const float radius = sqrtf(-2.0F * logf(1.0F - x[i])), angle = 2.0F * (float)M_PI * x[i + NORMAL_RUN / 2];
        x[i] = radius * cosf(angle);
        x[i + NORMAL_RUN / 2] = radius * sinf(angle);
    }
}

void eng_rng_normal(eng_rng *r, float *out, size_t n)
{
    eng_rng_uniform(r, 0, 1, out, n);
    for (size_t i = 0; i + NORMAL_RUN <= n; i += NORMAL_RUN)
        to_normal(out + i);
    if (n % NORMAL_RUN != 0 && n > NORMAL_RUN) {
        eng_rng_uniform(r, 0, 1, out + n - NORMAL_RUN, NORMAL_RUN);
        to_normal(out + n - NORMAL_RUN);
    }
}

void eng_rng_int(eng_rng *r, int64_t low, int64_t high, int64_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = low + (int64_t)(eng_rng_u32(r) % (uint32_t)(high - low));
}

int64_t eng_rng_i63(eng_rng *r)
{
    const uint64_t high = eng_rng_u32(r);
    return (int64_t)((high << 32 | eng_rng_u32(r)) & INT64_MAX);
}

void eng_rng_permutation(uint64_t seed, size_t *out, size_t n)
{
    eng_rng r;
    eng_rng_seed(&r, seed);
    for (size_t i = 0; i < n; i++)
        out[i] = i;
    for (size_t i = 0; i + 1 < n; i++) {
        const size_t j = i + eng_rng_u32(&r) % (n - i), kept = out[i];
        out[i] = out[j];
        out[j] = kept;
    }
}

// ---- Python ----------------------------------------------------------------------------------------------------------

// The reference's init_by_array with the seed's 32-bit digits as the key.
void eng_rng_py_seed(eng_rng *r, uint64_t seed)
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t key_count = key[1] ? 2 : 1;
    init_words(r, 19650218u);
    uint32_t *w = r->word;
    uint32_t i = 1, j = 0;
    for (int k = ENG_MT_WORDS; k > 0; k--) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * 1664525u) + key[j] + j;
        j = (j + 1) % key_count;
        if (++i >= ENG_MT_WORDS) {
            w[0] = w[ENG_MT_WORDS - 1];
            i = 1;
        }
    }
    for (int k = ENG_MT_WORDS - 1; k > 0; k--) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * 1566083941u) - i;
        if (++i >= ENG_MT_WORDS) {
            w[0] = w[ENG_MT_WORDS - 1];
            i = 1;
        }
    }
    w[0] = UPPER_BIT;
    r->at = ENG_MT_WORDS;
}

double eng_rng_py_random(eng_rng *r)
{
    const uint32_t high = eng_rng_u32(r) >> 5, low = eng_rng_u32(r) >> 6;
    return (high * 67108864.0 + low) * 0x1p-53;
}

static uint64_t bits(eng_rng *r, unsigned k) // random.getrandbits(k), k <= 64
{
    if (k <= 32)
        return eng_rng_u32(r) >> (32 - k);
    const uint64_t low = eng_rng_u32(r);
    return (uint64_t)(eng_rng_u32(r) >> (64 - k)) << 32 | low;
}

uint64_t eng_rng_py_below(eng_rng *r, uint64_t n)
{
    const unsigned k = 64 - (unsigned)__builtin_clzll(n); // bit length
    uint64_t v;
    do
        v = bits(r, k);
    while (v >= n);
    return v;
}

void eng_rng_py_shuffle(eng_rng *r, size_t n, void (*swap)(void *list, size_t i, size_t j), void *list)
{
    for (size_t i = n; i-- > 1;)
        swap(list, i, eng_rng_py_below(r, i + 1));
}
