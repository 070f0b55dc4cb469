// SPDX-License-Identifier: MIT
// simd.h - what the kernels need to become vector code: versions per CPU, and functions without a call.
//
// ENG_CLONES makes gcc compile a function for AVX-512, AVX2 and the base line and choose at load time. Sanitizers meet
// such functions before they are ready, so they get the base line only.
#ifndef LRC_ENGINE_SIMD_H
#define LRC_ENGINE_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&               \
    !defined(__SANITIZE_THREAD__)
#define ENG_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ENG_CLONES
#endif

#define ENG_INLINE static inline __attribute__((always_inline))

#define ENG_LOG2E    1.44269504088896341F
#define ENG_LN2_HIGH 0.693359375F // ln 2 in two parts, so that x - n ln 2 stays exact
#define ENG_LN2_LOW  -2.12194440e-4F
#define ENG_EXP_LOW  -87.0F // below, the result is about 1e-38: zero for our purposes
#define ENG_EXP_HIGH 88.0F

// e^x to 1e-7 relative: x = n ln 2 + r, a polynomial of degree 6 in r (Cephes' coefficients), the power of two by bits.
ENG_INLINE float eng_exp(float x)
{
    x = x < ENG_EXP_LOW ? ENG_EXP_LOW : x;
    x = x > ENG_EXP_HIGH ? ENG_EXP_HIGH : x;
    const float magic = 12582912.0F; // 1.5 * 2^23: adding it rounds to a whole number
    const float shifted = x * ENG_LOG2E + magic, n = shifted - magic;
    const float r = x - n * ENG_LN2_HIGH - n * ENG_LN2_LOW;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const int32_t bits = ((int32_t)n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

ENG_INLINE float eng_sigmoid(float x)
{
    return 1.0F / (1.0F + eng_exp(-x));
}

// erf to 1.5e-7 absolute (Abramowitz and Stegun 7.1.26).
ENG_INLINE float eng_erf(float x)
{
    const float a = x < 0 ? -x : x;
    const float t = 1.0F / (1.0F + 0.3275911F * a);
    const float p =
        ((((1.061405429F * t - 1.453152027F) * t + 1.421413741F) * t - 0.284496736F) * t + 0.254829592F) * t;
    const float e = 1.0F - p * eng_exp(-a * a);
    return x < 0 ? -e : e;
}

#define ENG_SQRT_HALF    0.70710678118654752F
#define ENG_INV_SQRT_2PI 0.39894228040143268F

ENG_INLINE float eng_gelu(float x)
{
    return 0.5F * x * (1.0F + eng_erf(x * ENG_SQRT_HALF));
}

ENG_INLINE float eng_gelu_slope(float x)
{
    return 0.5F * (1.0F + eng_erf(x * ENG_SQRT_HALF)) + x * ENG_INV_SQRT_2PI * eng_exp(-0.5F * x * x);
}

#endif
