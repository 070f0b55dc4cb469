// SPDX-License-Identifier: MIT
#include "engine/ref.h"

#include <string.h>

#include "engine/ops.h"

// Geometry of one picture: an output pixel's patch is `patch` floats, `kernel` runs of `kernel * in`.
struct geometry {
    size_t oh, ow, pixels, patch;
};

static struct geometry geometry(const eng_conv_shape *s)
{
    const size_t oh = eng_conv_out(s->height, s), ow = eng_conv_out(s->width, s);
    return (struct geometry){oh, ow, oh * ow, s->kernel * s->kernel * s->in};
}

size_t eng_ref_scratch(const eng_conv_shape *s)
{
    const struct geometry g = geometry(s);
    return g.pixels * g.patch + s->out * g.patch; // one picture's patches, one gradient of the packed weight
}

void eng_ref_pack(const eng_conv_shape *s, const float *weight, float *packed)
{
    const size_t kk = s->kernel * s->kernel;
    for (size_t o = 0; o < s->out; o++)
        for (size_t i = 0; i < s->in; i++)
            for (size_t k = 0; k < kk; k++)
                packed[(o * kk + k) * s->in + i] = weight[(o * s->in + i) * kk + k];
}

// Calls copy(patch place, picture place or NULL outside) for every tap of every output pixel.
static void for_taps(const eng_conv_shape *s, float *patches, float *picture,
                     void (*tap)(float *patch, float *pixel, size_t n))
{
    const struct geometry g = geometry(s);
    for (size_t oy = 0; oy < g.oh; oy++)
        for (size_t ox = 0; ox < g.ow; ox++)
            for (size_t ky = 0; ky < s->kernel; ky++)
                for (size_t kx = 0; kx < s->kernel; kx++) {
                    const size_t y = oy * s->stride + ky - s->pad, x = ox * s->stride + kx - s->pad; // wraps below 0
                    float *patch = patches + (oy * g.ow + ox) * g.patch + (ky * s->kernel + kx) * s->in;
                    tap(patch, y < s->height && x < s->width ? picture + (y * s->width + x) * s->in : NULL, s->in);
                }
}

static void gather(float *patch, float *pixel, size_t n)
{
    if (pixel)
        memcpy(patch, pixel, n * sizeof *patch);
    else
        memset(patch, 0, n * sizeof *patch);
}

static void scatter(float *patch, float *pixel, size_t n)
{
    for (size_t i = 0; pixel && i < n; i++)
        pixel[i] += patch[i];
}

void eng_ref_forward(const eng_conv_shape *s, const float *x, const float *packed, const float *bias, float *y,
                     float *scratch)
{
    const struct geometry g = geometry(s);
    for (size_t b = 0; b < s->batch; b++) {
        float *out = y + b * g.pixels * s->out;
        for_taps(s, scratch, (float *)(uintptr_t)x + b * s->height * s->width * s->in, gather);
        for (size_t p = 0; bias && p < g.pixels; p++)
            memcpy(out + p * s->out, bias, s->out * sizeof *out);
        eng_gemm(false, true, g.pixels, s->out, g.patch, 1, scratch, g.patch, packed, g.patch, bias ? 1 : 0, out,
                 s->out);
    }
}

void eng_ref_backward(const eng_conv_shape *s, const float *dy, const float *packed, float *dx, bool add,
                      float *scratch)
{
    const struct geometry g = geometry(s);
    const size_t in_size = s->height * s->width * s->in;
    if (!add)
        memset(dx, 0, s->batch * in_size * sizeof *dx);
    for (size_t b = 0; b < s->batch; b++) {
        eng_gemm(false, false, g.pixels, g.patch, s->out, 1, dy + b * g.pixels * s->out, s->out, packed, g.patch, 0,
                 scratch, g.patch);
        for_taps(s, scratch, dx + b * in_size, scatter);
    }
}

void eng_ref_weights(const eng_conv_shape *s, const float *x, const float *dy, float *dweight, float *dbias,
                     float *scratch)
{
    const struct geometry g = geometry(s);
    const size_t kk = s->kernel * s->kernel;
    float *grad = scratch + g.pixels * g.patch; // [out, kernel, kernel, in]
    memset(grad, 0, s->out * g.patch * sizeof *grad);
    for (size_t b = 0; b < s->batch; b++) {
        for_taps(s, scratch, (float *)(uintptr_t)x + b * s->height * s->width * s->in, gather);
        eng_gemm(true, false, s->out, g.patch, g.pixels, 1, dy + b * g.pixels * s->out, s->out, scratch, g.patch, 1,
                 grad, g.patch);
    }
    for (size_t o = 0; o < s->out; o++)
        for (size_t i = 0; i < s->in; i++)
            for (size_t k = 0; k < kk; k++)
                dweight[(o * s->in + i) * kk + k] += grad[(o * kk + k) * s->in + i];
    if (dbias)
        eng_op_column_sums(dy, s->batch * g.pixels, s->out, dbias);
}
