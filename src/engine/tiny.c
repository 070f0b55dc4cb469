// SPDX-License-Identifier: MIT
#include "engine/tiny.h"

#include <math.h>
#include <string.h>

// ---- The things ------------------------------------------------------------------------------------------------------
// Inside tests take coordinates relative to the centre, in radii; y grows downwards.

struct point {
    double x, y;
};

static bool in_polygon(const struct point *corner, int n, double x, double y)
{
    bool inside = false;
    for (int i = 0, j = n - 1; i < n; j = i++)
        if ((corner[i].y > y) != (corner[j].y > y) &&
            x < (corner[j].x - corner[i].x) * (y - corner[i].y) / (corner[j].y - corner[i].y) + corner[i].x)
            inside = !inside;
    return inside;
}

static bool in_box(double x, double y, double left, double top, double right, double bottom)
{
    return x >= left && x <= right && y >= top && y <= bottom;
}

static bool circle(double x, double y)
{
    return x * x + y * y <= 1;
}

static bool square(double x, double y)
{
    return in_box(x, y, -0.85, -0.85, 0.85, 0.85);
}

static bool triangle(double x, double y)
{
    static const struct point corner[] = {{0, -0.95}, {0.9959, 0.775}, {-0.9959, 0.775}};
    return in_polygon(corner, 3, x, y);
}

static bool ring(double x, double y)
{
    return circle(x, y) && x * x + y * y > 0.55 * 0.55;
}

static bool cross(double x, double y)
{
    return in_box(x, y, -1, -0.32, 1, 0.32) || in_box(x, y, -0.32, -1, 0.32, 1);
}

static bool diamond(double x, double y)
{
    return fabs(x) + fabs(y) <= 1.1;
}

static bool bar(double x, double y)
{
    return in_box(x, y, -1, -0.33, 1, 0.33);
}

static bool corner_shape(double x, double y)
{
    return in_box(x, y, -1, -1, -0.5, 1) || in_box(x, y, -1, 0.5, 1, 1);
}

#define STAR_POINTS 10
#define STAR_OUTER  1.15
#define STAR_INNER  0.48

static bool star(double x, double y)
{
    struct point corner[STAR_POINTS];
    for (int i = 0; i < STAR_POINTS; i++) {
        const double r = i % 2 ? STAR_INNER : STAR_OUTER, a = M_PI * i / 5 - M_PI / 2;
        corner[i] = (struct point){r * cos(a), r * sin(a)};
    }
    return in_polygon(corner, STAR_POINTS, x, y);
}

static bool heart(double x, double y)
{
    const double u = x * 1.15, v = -y * 1.15 + 0.1, base = u * u + v * v - 1;
    return base * base * base - u * u * v * v * v <= 0;
}

static bool moon(double x, double y)
{
    return circle(x, y) && (x - 0.5) * (x - 0.5) + y * y > 0.8 * 0.8;
}

static bool arrow(double x, double y)
{
    static const struct point head[] = {{0.1, -0.9}, {1.1, 0}, {0.1, 0.9}};
    return in_box(x, y, -1, -0.3, 0.1, 0.3) || in_polygon(head, 3, x, y);
}

static const struct {
    const char *name;
    bool (*inside)(double x, double y);
} shapes[ENG_TINY_SHAPES] = {
    {"circle", circle}, {"square", square},   {"triangle", triangle}, {"ring", ring},
    {"cross", cross},   {"diamond", diamond}, {"bar", bar},           {"corner", corner_shape},
    {"star", star},     {"heart", heart},     {"moon", moon},         {"arrow", arrow},
};

struct named_colour {
    const char *name;
    uint8_t rgb[3];
};

static const struct named_colour colours[ENG_TINY_COLOURS] = {
    {"red", {220, 40, 40}},     {"green", {40, 180, 60}}, {"blue", {50, 80, 230}},    {"yellow", {235, 215, 50}},
    {"purple", {150, 50, 190}}, {"cyan", {60, 210, 215}}, {"orange", {245, 140, 30}}, {"white", {240, 240, 240}},
};

static const struct named_colour grounds[ENG_TINY_GROUNDS] = {
    {"black", {10, 10, 12}}, {"gray", {110, 110, 115}}, {"navy", {18, 24, 70}}, {"sand", {205, 185, 140}}};

const char eng_tiny_vocabulary[] = "<unk> <s> </s> circle square triangle ring cross diamond bar corner red green blue "
                                   "yellow purple cyan orange white black gray navy sand background big small a on "
                                   "simple shape star heart moon arrow sks ohwx zwx qvx mlf jrb";

const char *eng_tiny_shape_name(int i)
{
    return shapes[i].name;
}

const char *eng_tiny_colour_name(int i)
{
    return colours[i].name;
}

const char *eng_tiny_ground_name(int i)
{
    return grounds[i].name;
}

int eng_tiny_shape_of(const char *name)
{
    for (int i = 0; i < ENG_TINY_SHAPES; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return i;
    return -1;
}

// ---- Chance ----------------------------------------------------------------------------------------------------------

#define BIG_RADIUS   (11.5 / 32)
#define SMALL_RADIUS (6.5 / 32)
#define RADIUS_PLAY  (0.7 / 32)
#define BIG_PLAY     (2.5 / 32) // of the place
#define SMALL_PLAY   (7.0 / 32)
#define BIG_SHARE    0.6

static double around(eng_rng *rng, double middle, double play)
{
    return middle + (2 * eng_rng_py_random(rng) - 1) * play;
}

eng_tiny_picture eng_tiny_place(eng_rng *rng, int shape, int colour, int ground, bool big)
{
    eng_tiny_picture p = {.shape = shape, .colour = colour, .ground = ground, .big = big};
    p.r = around(rng, big ? BIG_RADIUS : SMALL_RADIUS, RADIUS_PLAY);
    p.x = around(rng, 0.5, big ? BIG_PLAY : SMALL_PLAY);
    p.y = around(rng, 0.5, big ? BIG_PLAY : SMALL_PLAY);
    return p;
}

eng_tiny_picture eng_tiny_random(eng_rng *rng, int shape)
{
    const int s = shape >= 0 ? shape : (int)eng_rng_py_below(rng, ENG_TINY_KNOWN);
    const int c = (int)eng_rng_py_below(rng, ENG_TINY_COLOURS), g = (int)eng_rng_py_below(rng, ENG_TINY_GROUNDS);
    return eng_tiny_place(rng, s, c, g, eng_rng_py_random(rng) < BIG_SHARE);
}

// ---- Drawing ---------------------------------------------------------------------------------------------------------

#define SAMPLES 4   // per pixel and direction
#define REACH   1.5 // no shape goes further from its centre than so many radii

static float pixel_cover(const eng_tiny_picture *p, size_t size, size_t px, size_t py)
{
    const double step = 1.0 / (double)(size * SAMPLES);
    int hits = 0;
    for (int s = 0; s < SAMPLES * SAMPLES; s++) {
        const double x = ((double)(px * SAMPLES + (size_t)(s % SAMPLES)) + 0.5) * step;
        const double y = ((double)(py * SAMPLES + (size_t)(s / SAMPLES)) + 0.5) * step;
        hits += shapes[p->shape].inside((x - p->x) / p->r, (y - p->y) / p->r);
    }
    return (float)hits / (SAMPLES * SAMPLES);
}

void eng_tiny_cover(const eng_tiny_picture *p, size_t size, float *cover)
{
    for (size_t y = 0; y < size; y++)
        for (size_t x = 0; x < size; x++) {
            const double dx = ((double)x + 0.5) / (double)size - p->x, dy = ((double)y + 0.5) / (double)size - p->y;
            const double reach = REACH * p->r + 1.0 / (double)size;
            cover[y * size + x] = fabs(dx) > reach || fabs(dy) > reach ? 0 : pixel_cover(p, size, x, y);
        }
}

void eng_tiny_colour(const eng_tiny_picture *p, uint8_t colour[static 3], uint8_t ground[static 3])
{
    memcpy(colour, colours[p->colour].rgb, 3);
    memcpy(ground, grounds[p->ground].rgb, 3);
}

void eng_tiny_draw(const eng_tiny_picture *p, size_t size, uint8_t *rgb)
{
    uint8_t colour[3], ground[3];
    eng_tiny_colour(p, colour, ground);
    for (size_t y = 0; y < size; y++)
        for (size_t x = 0; x < size; x++) {
            const double dx = ((double)x + 0.5) / (double)size - p->x, dy = ((double)y + 0.5) / (double)size - p->y;
            const double reach = REACH * p->r + 1.0 / (double)size;
            const float a = fabs(dx) > reach || fabs(dy) > reach ? 0 : pixel_cover(p, size, x, y);
            for (int c = 0; c < 3; c++)
                rgb[(y * size + x) * 3 + (size_t)c] =
                    (uint8_t)lrintf((float)ground[c] + a * ((float)colour[c] - (float)ground[c]));
        }
}

void eng_tiny_caption(const eng_tiny_picture *p, const char *word, lrc_buf *out)
{
    lrc_buf_addf(out, "%s, %s, %s, %s background", word ? word : shapes[p->shape].name, colours[p->colour].name,
                 p->big ? "big" : "small", grounds[p->ground].name);
}

// ---- Latents ---------------------------------------------------------------------------------------------------------
// Mean and three differences of 2x2 pixels per colour, scaled so that all have about the same spread (the numbers of
// the torch experiment).

#define MEAN_SCALE       1.3F
#define DIFFERENCE_SCALE 2.5F
#define HALF_RANGE       127.5F

void eng_haar_encode(const uint8_t *rgb, size_t height, size_t width, float *latent)
{
    for (size_t y = 0; y < height / 2; y++)
        for (size_t x = 0; x < width / 2; x++, latent += ENG_HAAR_CHANNELS)
            for (size_t c = 0; c < 3; c++) {
                const uint8_t *p = rgb + (2 * y * width + 2 * x) * 3 + c;
                const float a = p[0] / HALF_RANGE - 1, b = p[3] / HALF_RANGE - 1;
                const float d = p[3 * width] / HALF_RANGE - 1, e = p[3 * width + 3] / HALF_RANGE - 1;
                latent[c] = (a + b + d + e) / 4 * MEAN_SCALE;
                latent[3 + c] = (a - b + d - e) / 4 * DIFFERENCE_SCALE;
                latent[6 + c] = (a + b - d - e) / 4 * DIFFERENCE_SCALE;
                latent[9 + c] = (a - b - d + e) / 4 * DIFFERENCE_SCALE;
            }
}

static uint8_t to_byte(float v)
{
    const float x = (v + 1) * HALF_RANGE;
    return x < 0 ? 0 : x > 255 ? 255 : (uint8_t)lrintf(x);
}

void eng_haar_decode(const float *latent, size_t height, size_t width, uint8_t *rgb)
{
    for (size_t y = 0; y < height / 2; y++)
        for (size_t x = 0; x < width / 2; x++, latent += ENG_HAAR_CHANNELS)
            for (size_t c = 0; c < 3; c++) {
                uint8_t *p = rgb + (2 * y * width + 2 * x) * 3 + c;
                const float l = latent[c] / MEAN_SCALE, h = latent[3 + c] / DIFFERENCE_SCALE;
                const float v = latent[6 + c] / DIFFERENCE_SCALE, g = latent[9 + c] / DIFFERENCE_SCALE;
                p[0] = to_byte(l + h + v + g);
                p[3] = to_byte(l - h + v - g);
                p[3 * width] = to_byte(l + h - v - g);
                p[3 * width + 3] = to_byte(l - h - v + g);
            }
}
