// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "engine/ops.h"
#include "engine/simd.h"

#define MAX_PERIOD 10000.0 // of the timestep's sinusoids

ENG_CLONES void eng_op_add(float *restrict y, const float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

void eng_op_store(float *y, const float *x, size_t n, bool add)
{
    if (add)
        eng_op_add(y, x, n);
    else
        memcpy(y, x, n * sizeof *y);
}

ENG_CLONES void eng_op_scale_add(float *restrict y, float s, const float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += s * x[i];
}

void eng_op_fill_rows(float *y, size_t rows, size_t cols, const float *row)
{
    for (size_t r = 0; r < rows; r++)
        memcpy(y + r * cols, row, cols * sizeof *y);
}

void eng_op_column_sums(const float *x, size_t rows, size_t cols, float *sums)
{
    for (size_t r = 0; r < rows; r++)
        eng_op_add(sums, x + r * cols, cols);
}

void eng_op_add_row(float *y, const float *e, size_t batch, size_t rows, size_t cols)
{
    for (size_t b = 0; b < batch; b++)
        for (size_t r = 0; r < rows; r++)
            eng_op_add(y + (b * rows + r) * cols, e + b * cols, cols);
}

void eng_op_add_row_back(const float *dy, size_t batch, size_t rows, size_t cols, float *de, bool add)
{
    if (!add)
        memset(de, 0, batch * cols * sizeof *de);
    for (size_t b = 0; b < batch; b++)
        eng_op_column_sums(dy + b * rows * cols, rows, cols, de + b * cols);
}

void eng_op_concat(const float *a, size_t a_cols, const float *b, size_t b_cols, float *y, size_t rows)
{
    for (size_t r = 0; r < rows; r++, y += a_cols + b_cols) {
        memcpy(y, a + r * a_cols, a_cols * sizeof *y);
        memcpy(y + a_cols, b + r * b_cols, b_cols * sizeof *y);
    }
}

void eng_op_concat_back(const float *dy, size_t y_cols, size_t from, float *dx, size_t cols, size_t rows, bool add)
{
    for (size_t r = 0; r < rows; r++)
        eng_op_store(dx + r * cols, dy + r * y_cols + from, cols, add);
}

void eng_op_upsample(const float *x, float *y, size_t batch, size_t height, size_t width, size_t cols)
{
    const size_t line = 2 * width * cols;
    for (size_t row = 0; row < batch * height; row++, y += 2 * line) {
        for (size_t i = 0; i < width; i++) {
            const float *pixel = x + (row * width + i) * cols;
            memcpy(y + 2 * i * cols, pixel, cols * sizeof *y);
            memcpy(y + (2 * i + 1) * cols, pixel, cols * sizeof *y);
        }
        memcpy(y + line, y, line * sizeof *y);
    }
}

void eng_op_upsample_back(const float *dy, float *dx, size_t batch, size_t height, size_t width, size_t cols, bool add)
{
    const size_t line = 2 * width * cols;
    for (size_t row = 0; row < batch * height; row++, dy += 2 * line)
        for (size_t i = 0; i < width; i++) {
            float *out = dx + (row * width + i) * cols;
            const float *in = dy + 2 * i * cols;
            eng_op_store(out, in, cols, add);
            eng_op_add(out, in + cols, cols);
            eng_op_add(out, in + line, cols);
            eng_op_add(out, in + line + cols, cols);
        }
}

void eng_op_embed(const int32_t *id, const float *table, const float *position, float *y, size_t batch, size_t tokens,
                  size_t cols)
{
    for (size_t b = 0; b < batch; b++)
        for (size_t t = 0; t < tokens; t++, y += cols) {
            memcpy(y, table + (size_t)id[b * tokens + t] * cols, cols * sizeof *y);
            eng_op_add(y, position + t * cols, cols);
        }
}

void eng_op_embed_back(const int32_t *id, const float *dy, float *dtable, float *dposition, size_t batch, size_t tokens,
                       size_t cols)
{
    for (size_t b = 0; b < batch; b++)
        for (size_t t = 0; t < tokens; t++, dy += cols) {
            if (dtable)
                eng_op_add(dtable + (size_t)id[b * tokens + t] * cols, dy, cols);
            if (dposition)
                eng_op_add(dposition + t * cols, dy, cols);
        }
}

void eng_op_timestep(const float *t, float *y, size_t batch, size_t cols)
{
    const size_t half = cols / 2;
    for (size_t b = 0; b < batch; b++)
        for (size_t i = 0; i < half; i++) {
            const float frequency = (float)exp(-log(MAX_PERIOD) * (double)i / (double)half);
            const float angle = t[b] * frequency;
            y[b * cols + i] = cosf(angle);
            y[b * cols + half + i] = sinf(angle);
        }
}
