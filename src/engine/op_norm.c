// SPDX-License-Identifier: MIT
// Norms. A group's channels are few and side by side, so sums are first taken per column over all rows (long vectors),
// then joined per group.
#include <math.h>
#include <string.h>

#include "engine/ops.h"
#include "engine/simd.h"

// ---- GroupNorm -------------------------------------------------------------------------------------------------------

enum { COLUMN_ARRAYS = 4 }; // arrays of `cols` floats in the scratch, before the gradient of the normalised picture

size_t eng_op_group_norm_scratch(const eng_group_norm *g)
{
    return COLUMN_ARRAYS * g->cols + g->rows * g->cols;
}

ENG_CLONES static void squares_around(const float *restrict x, size_t rows, size_t cols, const float *restrict mean,
                                      float *restrict sums)
{
    for (size_t r = 0; r < rows; r++, x += cols)
        for (size_t c = 0; c < cols; c++) {
            const float d = x[c] - mean[c];
            sums[c] += d * d;
        }
}

ENG_CLONES static void affine(const float *restrict x, size_t rows, size_t cols, const float *restrict a,
                              const float *restrict b, float *restrict y, bool silu)
{
    for (size_t r = 0; r < rows; r++, x += cols, y += cols)
        if (silu)
            for (size_t c = 0; c < cols; c++) {
                const float z = a[c] * x[c] + b[c];
                y[c] = z * eng_sigmoid(z);
            }
        else
            for (size_t c = 0; c < cols; c++)
                y[c] = a[c] * x[c] + b[c];
}

// Spread per-group numbers over columns.
static void spread(const eng_group_norm *g, const float *per_group, float *per_column)
{
    const size_t run = g->cols / g->groups;
    for (size_t c = 0; c < g->cols; c++)
        per_column[c] = per_group[c / run];
}

// The sum of each group's columns, times `factor`.
static void join(const eng_group_norm *g, const float *per_column, double factor, float *per_group)
{
    const size_t run = g->cols / g->groups;
    for (size_t i = 0; i < g->groups; i++) {
        double sum = 0;
        for (size_t c = i * run; c < (i + 1) * run; c++)
            sum += per_column[c];
        per_group[i] = (float)(sum * factor);
    }
}

// mean and 1/deviation of one picture into stats[0…groups) and stats[groups…2 groups)
static void moments(const eng_group_norm *g, const float *x, float *stats, float *scratch)
{
    float *sums = scratch, *mean = scratch + g->cols, *rstd = stats + g->groups;
    const double share = 1.0 / (double)(g->rows * (g->cols / g->groups));
    memset(sums, 0, g->cols * sizeof *sums);
    eng_op_column_sums(x, g->rows, g->cols, sums);
    join(g, sums, share, stats);
    spread(g, stats, mean);
    memset(sums, 0, g->cols * sizeof *sums);
    squares_around(x, g->rows, g->cols, mean, sums);
    join(g, sums, share, rstd);
    for (size_t i = 0; i < g->groups; i++)
        rstd[i] = 1.0F / sqrtf(rstd[i] + g->eps);
}

// The norm as y = a x + b per column.
static void coefficients(const eng_group_norm *g, const float *gamma, const float *beta, const float *stats, float *a,
                         float *b)
{
    const size_t run = g->cols / g->groups;
    for (size_t c = 0; c < g->cols; c++) {
        a[c] = gamma[c] * stats[g->groups + c / run];
        b[c] = beta[c] - stats[c / run] * a[c];
    }
}

void eng_op_group_norm(const eng_group_norm *g, const float *x, const float *gamma, const float *beta, float *y,
                       float *stats, float *scratch)
{
    const size_t size = g->rows * g->cols;
    for (size_t b = 0; b < g->batch; b++) {
        float *s = stats + 2 * b * g->groups;
        moments(g, x + b * size, s, scratch);
        coefficients(g, gamma, beta, s, scratch, scratch + g->cols);
        affine(x + b * size, g->rows, g->cols, scratch, scratch + g->cols, y + b * size, g->silu);
    }
}

// dz of z = a x + b from dy of y = silu(z).
ENG_CLONES static void through_silu(const float *restrict x, const float *restrict dy, size_t rows, size_t cols,
                                    const float *restrict a, const float *restrict b, float *restrict dz)
{
    for (size_t r = 0; r < rows; r++, x += cols, dy += cols, dz += cols)
        for (size_t c = 0; c < cols; c++) {
            const float z = a[c] * x[c] + b[c], s = eng_sigmoid(z);
            dz[c] = dy[c] * s * (1.0F + z * (1.0F - s));
        }
}

// Column sums of dz and of dz x.
ENG_CLONES static void gradient_sums(const float *restrict x, const float *restrict dz, size_t rows, size_t cols,
                                     float *restrict sum, float *restrict sum_x)
{
    for (size_t r = 0; r < rows; r++, x += cols, dz += cols)
        for (size_t c = 0; c < cols; c++) {
            sum[c] += dz[c];
            sum_x[c] += dz[c] * x[c];
        }
}

// dx += a dz + p + q x
ENG_CLONES static void input_gradient(const float *restrict x, const float *restrict dz, size_t rows, size_t cols,
                                      const float *restrict a, const float *restrict p, const float *restrict q,
                                      float *restrict dx)
{
    for (size_t r = 0; r < rows; r++, x += cols, dz += cols, dx += cols)
        for (size_t c = 0; c < cols; c++)
            dx[c] += a[c] * dz[c] + p[c] + q[c] * x[c];
}

// With xh = (x - mean) rstd and N the size of a group:
// dx = rstd (gamma dz - sum(gamma dz)/N - xh sum(gamma dz xh)/N), gathered into the form of input_gradient().
static void back_terms(const eng_group_norm *g, const float *gamma, const float *stats, const float *sum,
                       const float *sum_xh, float *p, float *q)
{
    const size_t run = g->cols / g->groups;
    const double share = 1.0 / (double)(g->rows * run);
    for (size_t i = 0; i < g->groups; i++) {
        const double mean = stats[i], rstd = stats[g->groups + i];
        double first = 0, second = 0;
        for (size_t c = i * run; c < (i + 1) * run; c++) {
            first += (double)gamma[c] * sum[c];
            second += (double)gamma[c] * sum_xh[c];
        }
        for (size_t c = i * run; c < (i + 1) * run; c++) {
            q[c] = (float)(-rstd * rstd * second * share);
            p[c] = (float)(-rstd * first * share + rstd * rstd * mean * second * share);
        }
    }
}

void eng_op_group_norm_back(const eng_group_norm *g, const float *x, const float *gamma, const float *beta,
                            const float *stats, const float *dy, float *dx, bool add, float *dgamma, float *dbeta,
                            float *scratch)
{
    const size_t size = g->rows * g->cols, run = g->cols / g->groups;
    float *a = scratch, *b = a + g->cols, *sum = b + g->cols, *sum_xh = sum + g->cols, *dz = sum_xh + g->cols;
    for (size_t i = 0; i < g->batch; i++, x += size, dy += size, stats += 2 * g->groups) {
        coefficients(g, gamma, beta, stats, a, b);
        memset(sum, 0, 2 * g->cols * sizeof *sum);
        if (g->silu)
            through_silu(x, dy, g->rows, g->cols, a, b, dz);
        else
            memcpy(dz, dy, size * sizeof *dz);
        gradient_sums(x, dz, g->rows, g->cols, sum, sum_xh);
        for (size_t c = 0; c < g->cols; c++)
            sum_xh[c] = (sum_xh[c] - stats[c / run] * sum[c]) * stats[g->groups + c / run];
        if (dbeta)
            eng_op_add(dbeta, sum, g->cols);
        if (dgamma)
            eng_op_add(dgamma, sum_xh, g->cols);
        if (!dx)
            continue;
        back_terms(g, gamma, stats, sum, sum_xh, sum, sum_xh); // each column is read before it is overwritten
        if (!add)
            memset(dx, 0, size * sizeof *dx);
        input_gradient(x, dz, g->rows, g->cols, a, sum, sum_xh, dx);
        dx += size;
    }
}

// ---- LayerNorm -------------------------------------------------------------------------------------------------------

ENG_CLONES void eng_op_layer_norm(size_t rows, size_t cols, float eps, const float *restrict x,
                                  const float *restrict gamma, const float *restrict beta, float *restrict y,
                                  float *restrict stats)
{
    const float share = 1.0F / (float)cols;
    for (size_t r = 0; r < rows; r++, x += cols, y += cols) {
        float mean = 0, square = 0;
#pragma omp simd reduction(+ : mean)
        for (size_t c = 0; c < cols; c++)
            mean += x[c];
        mean *= share;
#pragma omp simd reduction(+ : square)
        for (size_t c = 0; c < cols; c++)
            square += (x[c] - mean) * (x[c] - mean);
        const float rstd = 1.0F / sqrtf(square * share + eps);
        for (size_t c = 0; c < cols; c++)
            y[c] = (x[c] - mean) * rstd * gamma[c] + beta[c];
        stats[2 * r] = mean;
        stats[2 * r + 1] = rstd;
    }
}

ENG_CLONES static void layer_norm_input(size_t cols, const float *restrict x, const float *restrict gamma, float mean,
                                        float rstd, const float *restrict dy, float *restrict dx)
{
    const float share = 1.0F / (float)cols;
    float first = 0, second = 0;
#pragma omp simd reduction(+ : first, second)
    for (size_t c = 0; c < cols; c++) {
        const float d = dy[c] * gamma[c];
        first += d;
        second += d * (x[c] - mean);
    }
    first *= share;
    second *= share * rstd * rstd;
    for (size_t c = 0; c < cols; c++)
        dx[c] += rstd * (dy[c] * gamma[c] - first - (x[c] - mean) * second);
}

void eng_op_layer_norm_back(size_t rows, size_t cols, const float *x, const float *gamma, const float *stats,
                            const float *dy, float *dx, bool add, float *dgamma, float *dbeta)
{
    if (dx && !add)
        memset(dx, 0, rows * cols * sizeof *dx);
    for (size_t r = 0; r < rows; r++, x += cols, dy += cols) {
        const float mean = stats[2 * r], rstd = stats[2 * r + 1];
        if (dbeta)
            eng_op_add(dbeta, dy, cols);
        for (size_t c = 0; dgamma && c < cols; c++)
            dgamma[c] += dy[c] * (x[c] - mean) * rstd;
        if (dx)
            layer_norm_input(cols, x, gamma, mean, rstd, dy, dx + r * cols);
    }
}
