// SPDX-License-Identifier: MIT
// OpenCV's INTER_AREA: each output sample is the mean of the input that it covers.
//
// Two ways, as OpenCV has them. When both scales are whole numbers, sums in integers. Else weights in float32: every
// input row is first reduced horizontally, adding in the order of the taps, then added to the output row with its
// vertical weight; the first one of an output row is assigned. Rounding is half to even.
#include <math.h>
#include <string.h>

#include "image/resize.h"

typedef float v4f __attribute__((vector_size(16)));
typedef int32_t v4i __attribute__((vector_size(16)));
typedef uint8_t v16b __attribute__((vector_size(16)));

#define NEGLIGIBLE 1e-3      // a partly covered sample below this share is left out
#define ROUNDER    0x1.8p23f // adding and subtracting it rounds to the nearest whole number, half to even

// The input samples that each output sample covers, with their shares: first[d], first[d] + 1, … All spans of an axis
// have the same number of taps, so that the loop over them never surprises the processor; taps that a span does not need
// weigh 0 and change no sum.
struct spans {
    uint32_t taps;
    uint32_t *first;
    float *weights; // of span d from d * taps
};

static void spans_done(struct spans *s)
{
    free(s->first);
    free(s->weights);
}

// Write the weights of output sample `d` to `weight` (from zeroes) and return the first input sample.
static uint32_t make_span(uint32_t from, double scale, uint32_t d, float *weight)
{
    const double left = d * scale, right = left + scale;
    const double covered = fmin(scale, from - left);
    const double end = fmin(floor(right), from - 1.0); // behind the last whole sample
    const double begin = fmin(ceil(left), end);
    uint32_t n = 0;
    const bool sliver = begin - left > NEGLIGIBLE;
    if (sliver)
        weight[n++] = (float)((begin - left) / covered);
    for (double s = begin; s < end; s++)
        weight[n++] = (float)(1.0 / covered);
    if (right - end > NEGLIGIBLE)
        weight[n++] = (float)(fmin(fmin(right - end, 1.0), covered) / covered);
    return (uint32_t)begin - sliver;
}

// Spans of an axis of `from` samples reduced to `to` of them.
static int make_spans(struct spans *ret, uint32_t from, uint32_t to, lrc_err *err)
{
    const double scale = (double)from / to;
    const uint32_t most = (uint32_t)ceil(scale) + 1;
    const uint32_t taps = most < from ? most : from;
    lrc_auto_free float *weight = malloc(most * sizeof *weight);
    ret->taps = taps;
    ret->first = malloc(to * sizeof *ret->first);
    ret->weights = calloc((size_t)to * taps, sizeof *ret->weights);
    if (!ret->first || !ret->weights || !weight)
        return lrc_fail_memory(err);
    for (uint32_t d = 0; d < to; d++) {
        memset(weight, 0, most * sizeof *weight);
        const uint32_t first = make_span(from, scale, d, weight);
        const uint32_t shift = first + taps > from ? first + taps - from : 0; // so that no tap lies outside
        ret->first[d] = first - shift;
        memcpy(ret->weights + (size_t)d * taps + shift, weight, (taps - shift) * sizeof *weight);
    }
    return 0;
}

// Four bytes, widened with zeroes (little-endian) and converted; the fourth is the next pixel's and of no interest.
static inline v4f load_pixel(const uint8_t *rgb)
{
    const v16b zero = {0};
    int32_t word;
    memcpy(&word, rgb, sizeof word);
    v16b bytes = (v16b)(v4i){word, 0, 0, 0};
    bytes = __builtin_shufflevector(bytes, zero, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    bytes = __builtin_shufflevector(bytes, zero, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
    return __builtin_convertvector((v4i)bytes, v4f);
}

// Output samples that see anything of the picture; the others are background, whatever the row.
static void visible(const struct spans *spans, uint32_t count, const lrc_canvas *in, uint32_t *ret_from,
                    uint32_t *ret_to)
{
    uint32_t from = 0, to = count;
    while (from < count && spans->first[from] + spans->taps <= in->left)
        from++;
    while (to > from && spans->first[to - 1] >= in->left + in->image->width)
        to--;
    *ret_from = from;
    *ret_to = to;
}

static void reduce_row(const struct spans *spans, uint32_t from, uint32_t to, const uint8_t *row, v4f *out)
{
    const uint32_t taps = spans->taps;
    const float *weight = spans->weights + (size_t)from * taps;
    for (uint32_t d = from; d < to; d++, weight += taps) {
        const uint8_t *pixel = row + (size_t)spans->first[d] * 3;
        v4f sum = {0};
        for (uint32_t i = 0; i < taps; i++, pixel += 3)
            sum += load_pixel(pixel) * weight[i];
        out[d] = sum;
    }
}

static void add_row(v4f *sum, const v4f *row, float weight, uint32_t width, bool begun)
{
    if (begun)
        for (uint32_t d = 0; d < width; d++)
            sum[d] += row[d] * weight;
    else
        for (uint32_t d = 0; d < width; d++)
            sum[d] = row[d] * weight;
}

static void store_row(const v4f *sum, uint32_t width, uint8_t *out)
{
    for (uint32_t d = 0; d < width; d++, out += 3) {
        const v4i whole = __builtin_convertvector((sum[d] + ROUNDER) - ROUNDER, v4i);
        for (int c = 0; c < 3; c++) // a mean of bytes: only rounding could leave 0…255
            out[c] = whole[c] < 0 ? 0 : whole[c] > 255 ? 255 : (uint8_t)whole[c];
    }
}

static int by_weights(lrc_canvas_rows *rows, uint32_t width, uint32_t height, uint8_t *out, lrc_err *err)
{
    const lrc_canvas *in = rows->canvas;
    lrc_cleanup(spans_done) struct spans across = {0}, down = {0};
    lrc_auto_free v4f *memory = aligned_alloc(sizeof(v4f), sizeof(v4f) * width * 3);
    if (!memory)
        return lrc_fail_memory(err);
    if (make_spans(&across, in->width, width, err) < 0 || make_spans(&down, in->height, height, err) < 0)
        return -1;
    v4f *sum = memory, *reduced = memory + width, *blank = memory + (size_t)width * 2;
    uint32_t from_x, to_x;
    visible(&across, width, in, &from_x, &to_x);
    reduce_row(&across, 0, width, rows->blank, blank);
    memcpy(reduced, blank, width * sizeof *blank); // what is not visible stays so
    int64_t in_hand = -1;                          // input row that `reduced` holds: neighbours share one
    for (uint32_t y = 0; y < height; y++) {
        bool begun = false;
        for (uint32_t i = 0; i < down.taps; i++) {
            const uint32_t from = down.first[y] + i;
            const float weight = down.weights[(size_t)y * down.taps + i];
            if (weight == 0)
                continue;
            const bool is_blank = lrc_canvas_is_blank(in, from);
            if (!is_blank && in_hand != from) {
                reduce_row(&across, from_x, to_x, lrc_canvas_row(rows, from), reduced);
                in_hand = from;
            }
            add_row(sum, is_blank ? blank : reduced, weight, width, begun);
            begun = true;
        }
        store_row(sum, width, out + (size_t)y * width * 3);
    }
    return 0;
}

static void add_blocks(const uint8_t *row, uint32_t width, uint32_t block, uint32_t *sum)
{
    for (uint32_t d = 0; d < width; d++, sum += 3)
        for (uint32_t i = 0; i < block; i++, row += 3) {
            sum[0] += row[0];
            sum[1] += row[1];
            sum[2] += row[2];
        }
}

static int by_blocks(lrc_canvas_rows *rows, uint32_t width, uint32_t height, uint8_t *out, lrc_err *err)
{
    const lrc_canvas *in = rows->canvas;
    const uint32_t block_x = in->width / width, block_y = in->height / height;
    const uint32_t from_x = in->left / block_x, to_x = (in->left + in->image->width - 1) / block_x + 1; // visible
    const float share = 1.0f / (float)(block_x * block_y);
    const size_t n = (size_t)width * 3;
    lrc_auto_free uint32_t *memory = malloc(2 * n * sizeof *memory);
    if (!memory)
        return lrc_fail_memory(err);
    uint32_t *sum = memory, *blank = memory + n; // of one row of background
    for (size_t i = 0; i < n; i++)
        blank[i] = in->fill[i % 3] * block_x;
    for (uint32_t y = 0; y < height; y++, out += n) {
        uint32_t blanks = 0;
        memset(sum, 0, n * sizeof *sum);
        for (uint32_t i = 0; i < block_y; i++)
            if (lrc_canvas_is_blank(in, y * block_y + i))
                blanks++;
            else
                add_blocks(lrc_canvas_row(rows, y * block_y + i) + (size_t)from_x * block_x * 3, to_x - from_x, block_x,
                           sum + (size_t)from_x * 3);
        for (size_t i = 0; i < n; i++) {
            sum[i] += (i / 3 < from_x || i / 3 >= to_x ? block_y : blanks) * blank[i];
            out[i] = block_x == 2 && block_y == 2 ? (uint8_t)((sum[i] + 2) >> 2)
                                                  : (uint8_t)(((float)sum[i] * share + ROUNDER) - ROUNDER);
        }
    }
    return 0;
}

int lrc_resize_area(const lrc_canvas *in, uint32_t width, uint32_t height, uint8_t *out, lrc_err *err)
{
    if (in->width < width || in->height < height)
        return lrc_fail(err, LRC_ERR_INVALID, "an area filter cannot enlarge %u x %u to %u x %u", in->width, in->height,
                        width, height);
    lrc_auto_canvas_rows lrc_canvas_rows rows = {0};
    if (lrc_canvas_rows_init(&rows, in, err) < 0)
        return -1;
    const bool whole = in->width % width == 0 && in->height % height == 0;
    const uint64_t most = (uint64_t)(in->width / width) * (in->height / height) * UINT8_MAX;
    return (whole && most <= UINT32_MAX ? by_blocks : by_weights)(&rows, width, height, out, err);
}
