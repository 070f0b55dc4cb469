// SPDX-License-Identifier: MIT
// Image preparation against the tensors that the reference programs make of the golden pictures.
#include <string.h>

#include "base/fs.h"
#include "image/prep.h"
#include "support/cmocka.h"

static int group_setup(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    return lrc_image_init(&err);
}

static int group_teardown(void **state)
{
    (void)state;
    vips_shutdown();
    return 0;
}

// The profile of a line of prep.tsv; "kohya+exif" is kohya with the orientation applied.
static lrc_prep_profile profile_of(const char *name)
{
    const bool exif = strcmp(name, "kohya+exif") == 0;
    const lrc_prep_profile *found = lrc_prep_profile_find(exif ? "kohya" : name);
    assert_non_null(found);
    lrc_prep_profile p = *found;
    p.exif = p.exif || exif;
    return p;
}

static void check_tensor(const char *file, const char *profile_name, uint32_t size, const char *hash)
{
    char path[512];
    lrc_err err = LRC_ERR_INIT;
    const lrc_prep_profile profile = profile_of(profile_name);
    const size_t n = (size_t)size * size * 3;
    lrc_auto_free float *tensor = malloc(n * sizeof *tensor);
    snprintf(path, sizeof path, "%s/golden/tagger/img/%s", LORICA_TEST_DATA, file);
    if (lrc_prep_file(path, &profile, &lrc_prep_wd14, size, tensor, NULL, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    char *got = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)tensor, n * sizeof *tensor);
    if (strcmp(got, hash) != 0)
        fail_msg("%s, profile %s, size %u: the tensor differs from the reference", file, profile_name, size);
    g_free(got);
}

static void test_golden(void **state)
{
    (void)state;
    lrc_auto_free char *text = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_fs_read(LORICA_TEST_DATA "/golden/tagger/prep.tsv", 1 << 20, &text, NULL, &err), 0);
    int checked = 0;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        lrc_auto_strv lrc_strv column = {0};
        int64_t size;
        assert_int_equal(lrc_strv_split(&column, line, '\t', &err), 0);
        if (line[0] == '#' || !lrc_str_to_i64(column.item[2], &size))
            continue;
        check_tensor(column.item[0], column.item[1], (uint32_t)size, column.item[5]);
        checked++;
    }
    assert_int_equal(checked, (22 * 3 + 1) * 2);
}

// ---- A slow, plain reading of the rules, on sizes that nobody chose ------------------------------------------------------

static uint32_t noise_state = 12345;

static uint32_t noise(void)
{
    noise_state = noise_state * 1664525u + 1013904223u;
    return noise_state >> 8;
}

static lrc_pixels noise_picture(uint32_t width, uint32_t height)
{
    lrc_pixels px = {.width = width, .height = height, .bands = 3};
    px.data = malloc(lrc_pixels_row(&px) * height);
    for (size_t i = 0; i < lrc_pixels_row(&px) * height; i++)
        px.data[i] = (uint8_t)noise();
    return px;
}

static const uint8_t white[3] = {255, 255, 255};

// The padded square, written out.
static uint8_t *written_out(const lrc_pixels *px, uint32_t *ret_side)
{
    const lrc_canvas c = lrc_canvas_square(px, white);
    uint8_t *square = malloc((size_t)c.width * c.width * 3);
    memset(square, 255, (size_t)c.width * c.width * 3);
    for (uint32_t y = 0; y < px->height; y++)
        memcpy(square + ((size_t)(c.top + y) * c.width + c.left) * 3, px->data + y * lrc_pixels_row(px),
               lrc_pixels_row(px));
    *ret_side = c.width;
    return square;
}

// Padding that is not written out changes nothing: the same picture with and without it, each filter.
static void test_padding_is_equal(void **state)
{
    (void)state;
    static const lrc_resize_filter filters[] = {LRC_RESIZE_AREA, LRC_RESIZE_LANCZOS4, LRC_RESIZE_BILINEAR,
                                                LRC_RESIZE_BICUBIC, LRC_RESIZE_LANCZOS};
    for (int round = 0; round < 60; round++) {
        const bool strip = round % 4 == 0; // mostly padding
        lrc_auto_pixels lrc_pixels px = noise_picture(1 + noise() % 150, 1 + noise() % (strip ? 3 : 150)),
                                   padded = {.bands = 3};
        padded.data = written_out(&px, &padded.width);
        padded.height = padded.width;
        const lrc_canvas square = lrc_canvas_square(&px, white), plain = lrc_canvas_plain(&padded);
        for (size_t f = 0; f < sizeof filters / sizeof filters[0]; f++) {
            uint32_t size = 1 + noise() % 100;
            if (filters[f] == LRC_RESIZE_AREA && size > padded.width)
                size = padded.width;
            lrc_auto_free uint8_t *a = malloc((size_t)size * size * 3), *b = malloc((size_t)size * size * 3);
            assert_int_equal(lrc_resize(&square, filters[f], size, size, a, NULL), 0);
            assert_int_equal(lrc_resize(&plain, filters[f], size, size, b, NULL), 0);
            assert_memory_equal(a, b, (size_t)size * size * 3);
        }
    }
}

// The exact mean of what an output sample covers, in double: within rounding of the float arithmetic.
static void test_area_is_the_mean(void **state)
{
    (void)state;
    for (int round = 0; round < 25; round++) {
        const uint32_t side = 20 + noise() % 80, size = 5 + noise() % 15;
        lrc_auto_pixels lrc_pixels px = noise_picture(side, side);
        const lrc_canvas canvas = lrc_canvas_plain(&px);
        lrc_auto_free uint8_t *out = malloc((size_t)size * size * 3);
        assert_int_equal(lrc_resize(&canvas, LRC_RESIZE_AREA, size, size, out, NULL), 0);
        const double scale = (double)side / size;
        for (uint32_t i = 0; i < size * size; i++) {
            double sum = 0;
            for (uint32_t y = 0; y < side; y++)
                for (uint32_t x = 0; x < side; x++) {
                    const double left = i % size * scale, top = i / size * scale;
                    const double wide = MIN(x + 1.0, left + scale) - MAX((double)x, left);
                    const double high = MIN(y + 1.0, top + scale) - MAX((double)y, top);
                    if (wide > 0 && high > 0)
                        sum += px.data[(y * side + x) * 3] * wide * high;
                }
            const double mean = sum / (scale * scale);
            assert_true(out[3 * i] >= mean - 0.76 && out[3 * i] <= mean + 0.76); // slivers below 0.001 are left out
        }
    }
}

static void test_flat_stays_flat(void **state)
{
    (void)state;
    static const lrc_resize_filter filters[] = {LRC_RESIZE_AREA, LRC_RESIZE_LANCZOS4, LRC_RESIZE_BILINEAR,
                                                LRC_RESIZE_BICUBIC, LRC_RESIZE_LANCZOS};
    for (int level = 0; level <= 255; level += 51)
        for (size_t f = 0; f < sizeof filters / sizeof filters[0]; f++) {
            lrc_auto_pixels lrc_pixels px = noise_picture(77, 61);
            memset(px.data, level, lrc_pixels_row(&px) * px.height);
            const lrc_canvas canvas = lrc_canvas_plain(&px);
            uint8_t out[40 * 30 * 3];
            assert_int_equal(lrc_resize(&canvas, filters[f], 40, 30, out, NULL), 0);
            for (size_t i = 0; i < sizeof out; i++)
                assert_true(out[i] >= level - 1 && out[i] <= level + 1);
        }
}

static void test_refused(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_pixels lrc_pixels px = noise_picture(10, 10);
    const lrc_canvas canvas = lrc_canvas_plain(&px);
    uint8_t out[20 * 20 * 3];
    assert_int_equal(lrc_resize(&canvas, LRC_RESIZE_AREA, 20, 20, out, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_null(lrc_prep_profile_find("nobody"));
    lrc_auto_pixels lrc_pixels strip = {.width = LRC_PREP_MAX_SIDE + 1, .height = 1, .bands = 3};
    strip.data = calloc(lrc_pixels_row(&strip), 1);
    assert_int_equal(lrc_prep_square(&strip, lrc_prep_profile_at(0), 20, out, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
}

static void test_layouts(void **state)
{
    (void)state;
    const uint8_t rgb[12] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
    const lrc_prep_input planar = {.planar = true, .scale = 1 / 255.0f, .mean = {0.5f, 0.25f, 0}, .std = {0.5f, 1, 2}};
    float out[12];
    lrc_prep_tensor(rgb, 2, &planar, out);
    assert_true(out[0] == (10 * (1 / 255.0f) - 0.5f) / 0.5f);
    assert_true(out[3] == (100 * (1 / 255.0f) - 0.5f) / 0.5f);
    assert_true(out[4] == 20 * (1 / 255.0f) - 0.25f);
    assert_true(out[11] == 120 * (1 / 255.0f) / 2);
    lrc_prep_tensor(rgb, 2, &lrc_prep_wd14, out);
    assert_true(out[0] == 30 && out[1] == 20 && out[2] == 10 && out[11] == 100);
}

// Squash and resize-then-pad, which other model families want.
static void test_other_fits(void **state)
{
    (void)state;
    lrc_auto_pixels lrc_pixels px = noise_picture(60, 30);
    memset(px.data, 200, lrc_pixels_row(&px) * px.height);
    lrc_prep_profile p = *lrc_prep_profile_find("space");
    uint8_t out[20 * 20 * 3];
    p.fit = LRC_FIT_SQUASH;
    assert_int_equal(lrc_prep_square(&px, &p, 20, out, NULL), 0);
    assert_int_equal(out[0], 200);
    assert_int_equal(out[sizeof out - 1], 200);
    p.fit = LRC_FIT_RESIZE_PAD;
    memset(p.fill, 0, sizeof p.fill);
    assert_int_equal(lrc_prep_square(&px, &p, 20, out, NULL), 0);
    for (int y = 0; y < 20; y++)
        assert_int_equal(out[y * 60 + 30], y >= 5 && y < 15 ? 200 : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),           cmocka_unit_test(test_padding_is_equal),
        cmocka_unit_test(test_area_is_the_mean), cmocka_unit_test(test_flat_stays_flat),
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_other_fits),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
