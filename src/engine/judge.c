// SPDX-License-Identifier: MIT
#include "engine/judge.h"

#include <math.h>
#include <string.h>

enum { SIZE = ENG_TINY_SIZE, PIXELS = SIZE * SIZE };

#define RADIUS_FIRST 4.0 // pixels
#define RADIUS_STEP  0.5
#define RADII        22
#define PHASES       2    // templates per pixel and direction
#define INK_PIXELS   30   // the furthest from the ground; the smallest drawn shape covers about 50
#define INK_LEAST    30.0 // distance from the ground in RGB below which there is nothing to see
#define SCORE_LEAST  0.6
#define NEAR_RADII   1 // tried on both sides of the expected one
#define NEAR_STEPS   3 // half pixels tried on both sides of the expected place

struct template
{
    float cover[PIXELS];
    double mass, x, y; // of the cover, in pixels
};

struct eng_judge {
    struct template t[ENG_TINY_SHAPES][RADII][PHASES][PHASES];
};

static void moments(const float *m, double *ret_mass, double *ret_x, double *ret_y)
{
    double mass = 0, x = 0, y = 0;
    for (int i = 0; i < PIXELS; i++) {
        mass += m[i];
        x += m[i] * (i % SIZE);
        y += m[i] * (double)(i / SIZE);
    }
    *ret_mass = mass;
    *ret_x = mass > 0 ? x / mass : 0;
    *ret_y = mass > 0 ? y / mass : 0;
}

int eng_judge_new(eng_judge **ret, lrc_err *err)
{
    eng_judge *j = malloc(sizeof *j);
    if (!j)
        return lrc_fail_memory(err);
    for (int s = 0; s < ENG_TINY_SHAPES; s++)
        for (int r = 0; r < RADII; r++)
            for (int p = 0; p < PHASES * PHASES; p++) {
                struct template *t = &j->t[s][r][p / PHASES][p % PHASES];
                const eng_tiny_picture picture = {.shape = s,
                                                  .x = 0.5 + (double)(p % PHASES) / PHASES / SIZE,
                                                  .y = 0.5 + (double)(p / PHASES) / PHASES / SIZE,
                                                  .r = (RADIUS_FIRST + r * RADIUS_STEP) / SIZE};
                eng_tiny_cover(&picture, SIZE, t->cover);
                moments(t->cover, &t->mass, &t->x, &t->y);
            }
    *ret = j;
    return 0;
}

void eng_judge_free(eng_judge *j)
{
    free(j);
}

// ---- From a picture to the share of ink ------------------------------------------------------------------------------

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Median of a channel over the frame, one pixel wide.
static double frame_colour(const uint8_t *rgb, int channel)
{
    double v[4 * SIZE];
    int n = 0;
    for (int i = 0; i < SIZE; i++) {
        v[n++] = rgb[i * 3 + channel];
        v[n++] = rgb[((SIZE - 1) * SIZE + i) * 3 + channel];
        v[n++] = rgb[i * SIZE * 3 + channel];
        v[n++] = rgb[(i * SIZE + SIZE - 1) * 3 + channel];
    }
    qsort(v, (size_t)n, sizeof v[0], by_value);
    return v[n / 2];
}

// The share of ink of each pixel; false when there is no ink.
static bool ink(const uint8_t *rgb, float *share)
{
    double ground[3], far[PIXELS], sorted[PIXELS], colour[3] = {0};
    for (int c = 0; c < 3; c++)
        ground[c] = frame_colour(rgb, c);
    for (int i = 0; i < PIXELS; i++) {
        double sum = 0;
        for (int c = 0; c < 3; c++)
            sum += (rgb[i * 3 + c] - ground[c]) * (rgb[i * 3 + c] - ground[c]);
        far[i] = sorted[i] = sqrt(sum);
    }
    qsort(sorted, PIXELS, sizeof sorted[0], by_value);
    const double limit = sorted[PIXELS - INK_PIXELS];
    int n = 0;
    for (int i = 0; i < PIXELS; i++)
        if (far[i] >= limit) {
            for (int c = 0; c < 3; c++)
                colour[c] += rgb[i * 3 + c] - ground[c];
            n++;
        }
    double square = 0;
    for (int c = 0; c < 3; c++) {
        colour[c] /= n;
        square += colour[c] * colour[c];
    }
    if (square < INK_LEAST * INK_LEAST)
        return false;
    for (int i = 0; i < PIXELS; i++) {
        double dot = 0;
        for (int c = 0; c < 3; c++)
            dot += (rgb[i * 3 + c] - ground[c]) * colour[c];
        const double s = dot / square;
        share[i] = (float)(s < 0 ? 0 : s > 1 ? 1 : s);
    }
    return true;
}

// ---- Matching --------------------------------------------------------------------------------------------------------

// Correlation of the ink with a template moved by (dx, dy) pixels.
static double correlation(const float *share, const struct template *t, int dx, int dy)
{
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            const int tx = x - dx, ty = y - dy;
            const double v = share[y * SIZE + x];
            const double w = tx >= 0 && tx < SIZE && ty >= 0 && ty < SIZE ? t->cover[ty * SIZE + tx] : 0;
            a += v;
            b += w;
            aa += v * v;
            bb += w * w;
            ab += v * w;
        }
    const double va = aa - a * a / PIXELS, vb = bb - b * b / PIXELS;
    return va > 0 && vb > 0 ? (ab - a * b / PIXELS) / sqrt(va * vb) : 0;
}

static double best_place(const struct template t[PHASES][PHASES], const float *share, double x, double y)
{
    const int from_x = (int)lrint((x - t[0][0].x) * PHASES), from_y = (int)lrint((y - t[0][0].y) * PHASES);
    double best = 0;
    for (int hy = from_y - NEAR_STEPS; hy <= from_y + NEAR_STEPS; hy++)
        for (int hx = from_x - NEAR_STEPS; hx <= from_x + NEAR_STEPS; hx++) {
            const int px = ((hx % PHASES) + PHASES) % PHASES, py = ((hy % PHASES) + PHASES) % PHASES;
            const double c = correlation(share, &t[py][px], (hx - px) / PHASES, (hy - py) / PHASES);
            best = c > best ? c : best;
        }
    return best;
}

static double best_size(const struct template t[RADII][PHASES][PHASES], const float *share)
{
    double mass, x, y, best = 0;
    moments(share, &mass, &x, &y);
    int nearest = 0;
    for (int r = 1; r < RADII; r++)
        if (fabs(t[r][0][0].mass - mass) < fabs(t[nearest][0][0].mass - mass))
            nearest = r;
    for (int r = nearest - NEAR_RADII; r <= nearest + NEAR_RADII; r++) {
        const double c = r >= 0 && r < RADII ? best_place(t[r], share, x, y) : 0;
        best = c > best ? c : best;
    }
    return best;
}

// Grain on the ground would weigh on the centre of mass; what is mostly ground counts as ground there.
static void clean(const float *share, float *out)
{
    for (int i = 0; i < PIXELS; i++)
        out[i] = share[i] < 0.3F ? 0 : share[i];
}

int eng_judge_shape(eng_judge *j, const uint8_t *rgb, double *ret_score)
{
    float share[PIXELS], solid[PIXELS];
    double best = 0;
    int shape = ENG_JUDGE_NOTHING;
    if (ink(rgb, share)) {
        clean(share, solid);
        for (int s = 0; s < ENG_TINY_SHAPES; s++) {
            const double c = best_size(j->t[s], solid);
            if (c > best) {
                best = c;
                shape = s;
            }
        }
    }
    if (ret_score)
        *ret_score = best;
    return best >= SCORE_LEAST ? shape : ENG_JUDGE_NOTHING;
}
