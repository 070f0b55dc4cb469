// SPDX-License-Identifier: MIT
// Pillow's Image.resize: a separable filter, stretched when it shrinks, in fixed point.
//
// Weights are computed in double, normalised, and rounded to 22 bits after the point (half away from zero). The rows are
// resized first, to 8 bit, then the columns; each sum begins with one half. (Newer versions of Pillow do the columns
// first where that is less work, which no square is; models of other shapes were made with the older order.)
#include <math.h>
#include <string.h>

#include "image/resize.h"

#define POINT 22 // bits after the point: 32, less 8 of a sample and 2 for overshoot and sign

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x)
{
    return x == 0 ? 1 : sin(x * M_PI) / (x * M_PI);
}

static double lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

struct filter {
    double (*at)(double);
    double support;
};

static struct filter filter_of(lrc_resize_filter f)
{
    switch (f) {
    case LRC_RESIZE_BILINEAR: return (struct filter){bilinear, 1};
    case LRC_RESIZE_BICUBIC: return (struct filter){bicubic, 2};
    default: return (struct filter){lanczos, 3};
    }
}

// For each output sample the first input sample, how many, and their weights in fixed point.
struct taps {
    uint32_t *first, *count;
    int32_t *weights;
    size_t most; // weights per output sample
};

static void taps_done(struct taps *t)
{
    free(t->first);
    free(t->count);
    free(t->weights);
}

static int make_taps(struct taps *ret, struct filter filter, uint32_t from, uint32_t to, lrc_err *err)
{
    const double scale = (double)from / to, stretch = fmax(scale, 1);
    const double support = filter.support * stretch, shrink = 1 / stretch;
    ret->most = (size_t)ceil(support) * 2 + 1;
    ret->first = malloc(to * sizeof *ret->first);
    ret->count = malloc(to * sizeof *ret->count);
    ret->weights = malloc(to * ret->most * sizeof *ret->weights);
    lrc_auto_free double *exact = malloc(ret->most * sizeof *exact);
    if (!ret->first || !ret->count || !ret->weights || !exact)
        return lrc_fail_memory(err);
    for (uint32_t d = 0; d < to; d++) {
        const double centre = (d + 0.5) * scale;
        const uint32_t first = (uint32_t)fmax(trunc(centre - support + 0.5), 0);
        const uint32_t end = (uint32_t)fmin(trunc(centre + support + 0.5), from);
        double sum = 0;
        for (uint32_t i = 0; i < end - first; i++) {
            exact[i] = filter.at((i + (double)first - centre + 0.5) * shrink);
            sum += exact[i];
        }
        for (uint32_t i = 0; i < end - first; i++) {
            const double w = (sum != 0 ? exact[i] / sum : exact[i]) * (1 << POINT);
            ret->weights[d * ret->most + i] = (int32_t)(w < 0 ? w - 0.5 : w + 0.5);
        }
        ret->first[d] = first;
        ret->count[d] = end - first;
    }
    return 0;
}

static inline uint8_t to_byte(int32_t sum)
{
    sum >>= POINT;
    return sum < 0 ? 0 : sum > 255 ? 255 : (uint8_t)sum;
}

static void resize_row(const struct taps *t, uint32_t from, uint32_t to, const uint8_t *row, uint8_t *out)
{
    out += (size_t)from * 3;
    for (uint32_t d = from; d < to; d++, out += 3) {
        const int32_t *weight = t->weights + d * t->most;
        const uint8_t *pixel = row + (size_t)t->first[d] * 3;
        int32_t r = 1 << (POINT - 1), g = r, b = r;
        for (uint32_t i = 0; i < t->count[d]; i++, pixel += 3) {
            r += pixel[0] * weight[i];
            g += pixel[1] * weight[i];
            b += pixel[2] * weight[i];
        }
        out[0] = to_byte(r);
        out[1] = to_byte(g);
        out[2] = to_byte(b);
    }
}

int lrc_resize_pillow(const lrc_canvas *in, lrc_resize_filter f, uint32_t width, uint32_t height, uint8_t *out,
                      lrc_err *err)
{
    const struct filter filter = filter_of(f);
    const size_t n = (size_t)width * 3;
    lrc_cleanup(taps_done) struct taps across = {0}, down = {0};
    lrc_auto_canvas_rows lrc_canvas_rows rows = {0};
    lrc_auto_free uint8_t *narrow = malloc(n * in->image->height); // the picture's rows, resized
    lrc_auto_free uint8_t *blank = malloc(n);
    lrc_auto_free int32_t *sum = malloc(n * sizeof *sum);
    if (!narrow || !blank || !sum)
        return lrc_fail_memory(err);
    if (lrc_canvas_rows_init(&rows, in, err) < 0 || make_taps(&across, filter, in->width, width, err) < 0 ||
        make_taps(&down, filter, in->height, height, err) < 0)
        return -1;
    uint32_t from_x = 0, to_x = width; // samples that see anything of the picture; the others are background
    while (from_x < width && across.first[from_x] + across.count[from_x] <= in->left)
        from_x++;
    while (to_x > from_x && across.first[to_x - 1] >= in->left + in->image->width)
        to_x--;
    resize_row(&across, 0, width, rows.blank, blank);
    for (uint32_t y = 0; y < in->image->height; y++) {
        memcpy(narrow + y * n, blank, n);
        resize_row(&across, from_x, to_x, lrc_canvas_row(&rows, in->top + y), narrow + y * n);
    }
    for (uint32_t d = 0; d < height; d++, out += n) {
        for (size_t i = 0; i < n; i++)
            sum[i] = 1 << (POINT - 1);
        for (uint32_t i = 0; i < down.count[d]; i++) {
            const uint32_t y = down.first[d] + i;
            const uint8_t *row = lrc_canvas_is_blank(in, y) ? blank : narrow + (y - in->top) * n;
            const int32_t weight = down.weights[d * down.most + i];
            for (size_t x = 0; x < n; x++)
                sum[x] += row[x] * weight;
        }
        for (size_t i = 0; i < n; i++)
            out[i] = to_byte(sum[i]);
    }
    return 0;
}
