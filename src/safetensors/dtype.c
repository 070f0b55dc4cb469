// SPDX-License-Identifier: MIT
// Element types: the table, and the way from and to float.
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "safetensors/internal.h"

static const struct {
    const char *name;
    unsigned bits;
} table[LRC_ST_DTYPE_MAX_] = {
    [LRC_ST_BOOL] = {"BOOL", 8},
    [LRC_ST_F4] = {"F4", 4},
    [LRC_ST_F6_E2M3] = {"F6_E2M3", 6},
    [LRC_ST_F6_E3M2] = {"F6_E3M2", 6},
    [LRC_ST_U8] = {"U8", 8},
    [LRC_ST_I8] = {"I8", 8},
    [LRC_ST_F8_E5M2] = {"F8_E5M2", 8},
    [LRC_ST_F8_E4M3] = {"F8_E4M3", 8},
    [LRC_ST_F8_E8M0] = {"F8_E8M0", 8},
    [LRC_ST_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 8},
    [LRC_ST_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 8},
    [LRC_ST_I16] = {"I16", 16},
    [LRC_ST_U16] = {"U16", 16},
    [LRC_ST_F16] = {"F16", 16},
    [LRC_ST_BF16] = {"BF16", 16},
    [LRC_ST_I32] = {"I32", 32},
    [LRC_ST_U32] = {"U32", 32},
    [LRC_ST_F32] = {"F32", 32},
    [LRC_ST_C64] = {"C64", 64},
    [LRC_ST_F64] = {"F64", 64},
    [LRC_ST_I64] = {"I64", 64},
    [LRC_ST_U64] = {"U64", 64},
};

const char *lrc_st_dtype_name(lrc_st_dtype dtype)
{
    return table[dtype].name;
}

unsigned lrc_st_dtype_bits(lrc_st_dtype dtype)
{
    return table[dtype].bits;
}

bool lrc_st_dtype_of(const char *name, lrc_st_dtype *ret)
{
    for (int i = 0; i < LRC_ST_DTYPE_MAX_; i++)
        if (strcmp(name, table[i].name) == 0) {
            *ret = (lrc_st_dtype)i;
            return true;
        }
    return false;
}

// ---- Formats of 16 bits ----------------------------------------------------------------------------------------------

static uint32_t bits_of(float v)
{
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float v;
    memcpy(&v, &u, sizeof v);
    return v;
}

#define F16_MAX_ROUNDED 0x477ff000u // the least float that rounds to infinity (65520)
#define F16_MIN_NORMAL  0x38800000u // 2^-14
#define F16_TINY        0x33000000u // 2^-25: half of the least subnormal, a tie that goes to zero

uint16_t lrc_st_f16_of(float v)
{
    const uint32_t u = bits_of(v);
    const uint16_t sign = (uint16_t)(u >> 16 & 0x8000);
    const uint32_t a = u & 0x7fffffff;
    if (a > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (a >= F16_MAX_ROUNDED)
        return (uint16_t)(sign | 0x7c00);
    if (a >= F16_MIN_NORMAL) {
        const uint32_t rebased = a - (112u << 23); // exponent bias 127 -> 15
        return (uint16_t)(sign | (rebased + 0xfff + (rebased >> 13 & 1)) >> 13);
    }
    if (a <= F16_TINY)
        return sign;
    const unsigned shift = 126 - (a >> 23); // 14…24: bits that fall off the 24-bit significand
    const uint32_t m = (a & 0x7fffff) | 0x800000;
    const uint32_t half = 1u << (shift - 1), rest = m & ((1u << shift) - 1);
    uint32_t q = m >> shift;
    q += rest > half || (rest == half && (q & 1));
    return (uint16_t)(sign | q);
}

uint16_t lrc_st_bf16_of(float v)
{
    const uint32_t u = bits_of(v);
    if ((u & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(u >> 16 | 0x40);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

float lrc_st_bf16_to(uint16_t h)
{
    return float_of((uint32_t)h << 16);
}

// A float of 1 sign, `e` exponent and `m` mantissa bits (bias 2^(e-1)-1 or as given), with infinities as IEEE has them.
static float small_float(unsigned bits, int e, int m, int bias)
{
    const float sign = bits >> (e + m) & 1 ? -1.0F : 1.0F;
    const int exponent = (int)(bits >> m) & ((1 << e) - 1), mantissa = (int)bits & ((1 << m) - 1);
    return sign * (exponent ? ldexpf((float)(mantissa + (1 << m)), exponent - bias - m)
                            : ldexpf((float)mantissa, 1 - bias - m));
}

float lrc_st_f16_to(uint16_t h)
{
    if ((h & 0x7c00) == 0x7c00)
        return float_of((uint32_t)(h & 0x8000) << 16 | 0x7f800000 | (uint32_t)(h & 0x3ff) << 13);
    if (h & 0x7c00)
        return float_of((uint32_t)(h & 0x8000) << 16 | (((uint32_t)(h & 0x7fff) << 13) + (112u << 23)));
    return small_float(h, 5, 10, 15);
}

// ---- Formats of 8 bits (the OCP and FNUZ rules) ----------------------------------------------------------------------

static float from_f8(lrc_st_dtype dtype, uint8_t b)
{
    switch (dtype) {
    case LRC_ST_F8_E5M2:
        if ((b & 0x7c) == 0x7c)
            return b & 3 ? NAN : b & 0x80 ? -INFINITY : INFINITY;
        return small_float(b, 5, 2, 15);
    case LRC_ST_F8_E4M3: return (b & 0x7f) == 0x7f ? NAN : small_float(b, 4, 3, 7);
    case LRC_ST_F8_E4M3FNUZ: return b == 0x80 ? NAN : small_float(b, 4, 3, 8);
    case LRC_ST_F8_E5M2FNUZ: return b == 0x80 ? NAN : small_float(b, 5, 2, 16);
    default: return b == 0xff ? NAN : ldexpf(1.0F, (int)b - 127); // E8M0
    }
}

// ---- Any element to float --------------------------------------------------------------------------------------------

#define TAKE(type, expr)                                                                                               \
    do {                                                                                                               \
        type x;                                                                                                        \
        memcpy(&x, p, sizeof x);                                                                                       \
        return (float)(expr);                                                                                          \
    } while (0)

static float element(lrc_st_dtype dtype, const unsigned char *p)
{
    switch (dtype) {
    case LRC_ST_BOOL: return *p ? 1.0F : 0.0F;
    case LRC_ST_U8: TAKE(uint8_t, x);
    case LRC_ST_I8: TAKE(int8_t, x);
    case LRC_ST_I16: TAKE(int16_t, x);
    case LRC_ST_U16: TAKE(uint16_t, x);
    case LRC_ST_F16: TAKE(uint16_t, lrc_st_f16_to(x));
    case LRC_ST_BF16: TAKE(uint16_t, lrc_st_bf16_to(x));
    case LRC_ST_I32: TAKE(int32_t, x);
    case LRC_ST_U32: TAKE(uint32_t, x);
    case LRC_ST_F32: TAKE(float, x);
    case LRC_ST_F64: TAKE(double, x);
    case LRC_ST_I64: TAKE(int64_t, x);
    case LRC_ST_U64: TAKE(uint64_t, x);
    default: return from_f8(dtype, *p);
    }
}

bool lrc_st_has_float(lrc_st_dtype dtype)
{
    return table[dtype].bits >= 8 && dtype != LRC_ST_C64;
}

void lrc_st_to_f32(lrc_st_dtype dtype, const void *in, size_t count, float *out)
{
    const unsigned char *p = in;
    const size_t size = table[dtype].bits / 8;
    if (dtype == LRC_ST_F32) {
        memcpy(out, in, count * sizeof *out);
        return;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = element(dtype, p + i * size);
}

int lrc_st_convert_f32(const float *in, size_t count, lrc_st_dtype dtype, void *out, lrc_err *err)
{
    uint16_t *half = out;
    switch (dtype) {
    case LRC_ST_F32: memmove(out, in, count * sizeof *in); return 0;
    case LRC_ST_F16:
        for (size_t i = 0; i < count; i++)
            half[i] = lrc_st_f16_of(in[i]);
        return 0;
    case LRC_ST_BF16:
        for (size_t i = 0; i < count; i++)
            half[i] = lrc_st_bf16_of(in[i]);
        return 0;
    default:
        return lrc_fail(err, LRC_ERR_INVALID, "weights are saved as F32, F16 or BF16, not as %s", table[dtype].name);
    }
}
