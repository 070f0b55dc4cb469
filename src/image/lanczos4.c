// SPDX-License-Identifier: MIT
// OpenCV's INTER_LANCZOS4: always 8 taps, so it aliases when it shrinks; some taggers are used with it all the same.
//
// Weights are computed in float32 and rounded to 11 bits after the point; rows first, in whole numbers without rounding,
// then columns, and one rounding at the end. Samples beyond an edge repeat it.
#include <math.h>
#include <string.h>

#include "image/resize.h"

enum { TAPS = 8, BEFORE = 3, POINT = 11 };

struct taps {
    int64_t first; // may lie outside
    int16_t weight[TAPS];
};

// Weights for a position that lies `x` (0…1) behind the fourth tap.
static void lanczos4(float x, int16_t weight[static TAPS])
{
    static const double r = 0.70710678118654752440; // sin and cos of multiples of 45 degrees
    static const double turn[TAPS][2] = {{1, 0}, {-r, -r}, {0, 1}, {r, -r}, {-1, 0}, {r, r}, {0, -1}, {-r, r}};
    const double p = -(x + 3) * M_PI * 0.25, s = sin(p), c = cos(p);
    float exact[TAPS], sum = 0;
    for (int i = 0; i < TAPS; i++) {
        const float y = x + 3 - (float)i;
        const double q = -y * M_PI * 0.25;
        exact[i] = fabsf(y) < 1e-6f ? 1e30f : (float)((turn[i][0] * s + turn[i][1] * c) / (q * q));
        sum += exact[i];
    }
    sum = 1.0f / sum;
    for (int i = 0; i < TAPS; i++)
        weight[i] = (int16_t)rint((double)(exact[i] * sum * (1 << POINT)));
}

static struct taps *make_taps(uint32_t from, uint32_t to)
{
    struct taps *taps = malloc(to * sizeof *taps);
    const double scale = (double)from / to;
    for (uint32_t d = 0; taps && d < to; d++) {
        const float at = (float)((d + 0.5) * scale - 0.5);
        const float whole = floorf(at);
        taps[d].first = (int64_t)whole - BEFORE;
        lanczos4(at - whole, taps[d].weight);
    }
    return taps;
}

static inline uint32_t clamp(int64_t i, uint32_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : (uint32_t)i;
}

static void resize_row(const struct taps *taps, uint32_t width, uint32_t from, const uint8_t *row, int32_t *out)
{
    for (uint32_t d = 0; d < width; d++, out += 3) {
        out[0] = out[1] = out[2] = 0;
        for (int i = 0; i < TAPS; i++) {
            const uint8_t *pixel = row + (size_t)clamp(taps[d].first + i, from) * 3;
            for (int c = 0; c < 3; c++)
                out[c] += pixel[c] * taps[d].weight[i];
        }
    }
}

int lrc_resize_lanczos4(const lrc_canvas *in, uint32_t width, uint32_t height, uint8_t *out, lrc_err *err)
{
    const size_t n = (size_t)width * 3;
    const int half = 1 << (2 * POINT - 1);
    lrc_auto_canvas_rows lrc_canvas_rows rows = {0};
    lrc_auto_free struct taps *across = make_taps(in->width, width), *down = make_taps(in->height, height);
    lrc_auto_free int32_t *memory = malloc(n * TAPS * sizeof *memory); // resized rows: y lies in slot y % TAPS
    if (!across || !down || !memory)
        return lrc_fail_memory(err);
    if (lrc_canvas_rows_init(&rows, in, err) < 0)
        return -1;
    int64_t held[TAPS];
    for (int i = 0; i < TAPS; i++)
        held[i] = -1;
    for (uint32_t d = 0; d < height; d++, out += n) {
        const int32_t *row[TAPS];
        for (int i = 0; i < TAPS; i++) {
            const uint32_t y = clamp(down[d].first + i, in->height);
            int32_t *slot = memory + n * (y % TAPS);
            if (held[y % TAPS] != y)
                resize_row(across, width, in->width, lrc_canvas_row(&rows, y), slot);
            held[y % TAPS] = y;
            row[i] = slot;
        }
        for (size_t x = 0; x < n; x++) {
            int32_t sum = half;
            for (int i = 0; i < TAPS; i++)
                sum += row[i][x] * down[d].weight[i];
            sum >>= 2 * POINT;
            out[x] = sum < 0 ? 0 : sum > 255 ? 255 : (uint8_t)sum;
        }
    }
    return 0;
}
