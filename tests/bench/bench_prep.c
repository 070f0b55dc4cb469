// SPDX-License-Identifier: MIT
// module: image
// CPU time of preparing JPEGs of 1 to 2 megapixels for a tagger of 448 x 448, and as a ratio to what libvips needs to
// decode them, measured in the same run. tests/bench/bench_prep builds and runs it.
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "image/prep.h"

enum { PICTURES = 16, ROUNDS = 7, SIDE = 448, OCTAVES = 5, GRID = 64 };

static const uint32_t sizes[][2] = {{832, 1216},  {1024, 1024}, {1216, 832}, {1024, 1536},
                                    {1536, 1024}, {1200, 1600}, {1152, 896}, {1344, 1344}};

static uint32_t state = 7;

static uint32_t noise(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

// Smooth noise of several scales with a little grain: about as hard to compress as a photograph.
static float smooth(const float grid[GRID + 1][GRID + 1], float x, float y)
{
    float sum = 0, weight = 1, norm = 0;
    for (int o = 0; o < OCTAVES; o++, weight *= 0.6f) {
        const float scale = (float)(4 << o) / 64;
        const float u = fmodf(x * scale, GRID), v = fmodf(y * scale, GRID);
        const int i = (int)u, j = (int)v;
        const float a = u - (float)i, b = v - (float)j;
        sum += weight * ((grid[j][i] * (1 - a) + grid[j][i + 1] * a) * (1 - b) +
                         (grid[j + 1][i] * (1 - a) + grid[j + 1][i + 1] * a) * b);
        norm += weight;
    }
    return sum / norm;
}

static int write_picture(const char *path, uint32_t width, uint32_t height)
{
    static float grid[3][GRID + 1][GRID + 1];
    for (size_t i = 0; i < sizeof grid / sizeof(float); i++)
        (&grid[0][0][0])[i] = (float)(noise() % 256);
    uint8_t *rgb = malloc((size_t)width * height * 3);
    if (!rgb)
        return -1;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                const float v = smooth((const float(*)[GRID + 1]) grid[c], (float)x / 16, (float)y / 16) +
                                (float)(noise() % 13) - 6;
                rgb[((size_t)y * width + x) * 3 + (size_t)c] = (uint8_t)fminf(fmaxf(v, 0), 255);
            }
    lrc_auto_vips VipsImage *image =
        vips_image_new_from_memory_copy(rgb, (size_t)width * height * 3, (int)width, (int)height, 3, VIPS_FORMAT_UCHAR);
    free(rgb);
    if (!image)
        return -1;
    image->Type = VIPS_INTERPRETATION_sRGB;
    return vips_jpegsave(image, path, "Q", 90, "subsample_mode", VIPS_FOREIGN_SUBSAMPLE_ON, NULL);
}

static int prepare(char *const *paths, float *tensor, lrc_err *err)
{
    for (int i = 0; i < PICTURES; i++)
        if (lrc_prep_file(paths[i], lrc_prep_profile_at(0), &lrc_prep_wd14, SIDE, tensor, NULL, NULL, err) < 0)
            return -1;
    return 0;
}

static int decode(char *const *paths, float *tensor, lrc_err *err)
{
    (void)tensor;
    for (int i = 0; i < PICTURES; i++) {
        lrc_auto_vips VipsImage *image = NULL;
        size_t n;
        if (vips_jpegload(paths[i], &image, "access", VIPS_ACCESS_SEQUENTIAL, NULL) != 0)
            return lrc_image_fail_vips(err, paths[i]);
        g_free(vips_image_write_to_memory(image, &n));
    }
    return 0;
}

// The fastest of several rounds: what the machine does without its other work.
static int measure(int (*fn)(char *const *, float *, lrc_err *), char *const *paths, float *tensor, double *ret,
                   lrc_err *err)
{
    *ret = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = lrc_clock_cpu_ms();
        if (fn(paths, tensor, err) < 0)
            return -1;
        *ret = fmin(*ret, (lrc_clock_cpu_ms() - start) / PICTURES);
    }
    return 0;
}

static int run(const char *dir, lrc_err *err)
{
    lrc_auto_strv lrc_strv paths = {0};
    lrc_auto_free float *tensor = malloc(sizeof *tensor * SIDE * SIDE * 3);
    double prepared, decoded, pixels = 0;
    if (!tensor)
        return lrc_fail_memory(err);
    for (int i = 0; i < PICTURES; i++) {
        const uint32_t *size = sizes[(size_t)i % (sizeof sizes / sizeof sizes[0])];
        if (lrc_strv_pushf(&paths, err, "%s/%02d.jpg", dir, i) < 0)
            return -1;
        if (write_picture(paths.item[i], size[0], size[1]) != 0)
            return lrc_image_fail_vips(err, paths.item[i]);
        pixels += (double)size[0] * size[1];
    }
    if (measure(prepare, paths.item, tensor, &prepared, err) < 0 ||
        measure(decode, paths.item, tensor, &decoded, err) < 0)
        return -1;
    char value[32];
    snprintf(value, sizeof value, "%.1f ms", prepared);
    printf("%-52s %12s   %s\n", "image preparation, CPU per JPEG of 1-2 MP", value, "<= 12 ms");
    snprintf(value, sizeof value, "%.2f x", prepared / decoded);
    printf("%-52s %12s   libvips: %.1f ms, %.2f MP\n", "image preparation / plain decoding by libvips", value, decoded,
           pixels / PICTURES / 1e6);
    return 0;
}

int main(void)
{
    char dir[] = "/tmp/lorica-bench-XXXXXX";
    lrc_err err = LRC_ERR_INIT;
    if (!mkdtemp(dir))
        return 1;
    const int result = lrc_image_init(&err) < 0 ? -1 : run(dir, &err);
    lrc_fs_remove_tree(dir, NULL);
    if (result < 0)
        fprintf(stderr, "bench_prep: %s\n", err.msg);
    return result < 0;
}
