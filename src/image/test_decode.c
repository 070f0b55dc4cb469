// SPDX-License-Identifier: MIT
// Decoding against Pillow's results on the golden pictures, and everything that can be wrong with a file.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/path.h"
#include "image/bmp.h"
#include "image/decode.h"
#include "support/cmocka.h"

// The encoder that makes the HEIC picture below leaks a little of its own.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libx265";
}

static char folder[] = "/tmp/lorica-test-image-XXXXXX";

static int group_setup(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    if (!mkdtemp(folder) || lrc_image_init(&err) < 0)
        return -1;
    vips_operation_block_set("VipsForeignSaveJxl", FALSE); // the program only reads it
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    vips_shutdown();
    return lrc_fs_remove_tree(folder, &err);
}

static char *in_folder(const char *name)
{
    char *path = NULL;
    assert_int_equal(lrc_path_join(&path, folder, name, NULL), 0);
    return path;
}

// ---- Golden pictures ---------------------------------------------------------------------------------------------------

static lrc_decode_options options_of(const char *profile)
{
    lrc_decode_options o = {0};
    if (strcmp(profile, "knx") == 0)
        o.alpha = LRC_ALPHA_DROP;
    o.exif = strcmp(profile, "space") == 0 || strcmp(profile, "kohya+exif") == 0;
    return o;
}

static void check_golden_line(const char *file, const char *profile, const char *width, const char *height,
                              const char *hash)
{
    char path[512];
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_pixels lrc_pixels px = {0};
    const lrc_decode_options o = options_of(profile);
    snprintf(path, sizeof path, "%s/golden/tagger/img/%s", LORICA_TEST_DATA, file);
    if (lrc_image_decode(path, &o, &px, &err) < 0)
        fail_msg("%s", err.msg);
    char size[2][16];
    snprintf(size[0], sizeof size[0], "%u", px.width);
    snprintf(size[1], sizeof size[1], "%u", px.height);
    assert_string_equal(size[0], width);
    assert_string_equal(size[1], height);
    assert_int_equal(px.bands, 3);
    char *got = g_compute_checksum_for_data(G_CHECKSUM_SHA256, px.data, lrc_pixels_row(&px) * px.height);
    if (strcmp(got, hash) != 0)
        fail_msg("%s, profile %s: the decoded pixels differ from Pillow's", file, profile);
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
        assert_int_equal(lrc_strv_split(&column, line, '\t', &err), 0);
        if (line[0] == '#' || strcmp(column.item[2], "rgb") != 0)
            continue;
        check_golden_line(column.item[0], column.item[1], column.item[3], column.item[4], column.item[5]);
        checked++;
    }
    assert_int_equal(checked, 22 * 3 + 1);
}

// ---- Formats -----------------------------------------------------------------------------------------------------------

static void test_sniff(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        int kind; // -1: none
    } cases[] = {
        {"\x89PNG\r\n\x1a\n", 8, LRC_IMAGE_PNG},
        {"\x89PNG\r\n\x1a", 7, -1},
        {"\xff\xd8\xff\xe0", 4, LRC_IMAGE_JPEG},
        {"RIFF\x10\0\0\0WEBPVP8 ", 16, LRC_IMAGE_WEBP},
        {"RIFX\x10\0\0\0WEBPVP8 ", 16, -1},
        {"RIFF\x10\0\0\0WAVEfmt ", 16, -1},
        {"BM\0\0", 4, LRC_IMAGE_BMP},
        {"GIF89a", 6, LRC_IMAGE_GIF},
        {"GIF88a", 6, -1},
        {"II*\0", 4, LRC_IMAGE_TIFF},
        {"MM\0*", 4, LRC_IMAGE_TIFF},
        {"\0\0\0\x1c"
         "ftypavif\0\0\0\0",
         16, LRC_IMAGE_AVIF},
        {"\0\0\0\x1c"
         "ftypmif1\0\0\0\0mif1heic",
         24, LRC_IMAGE_HEIC},
        {"\0\0\0\x14"
         "ftypmif1\0\0\0\0mif1heic",
         24, -1}, // the box ends before "heic"
        {"\0\0\0\x1c"
         "ftypmp42\0\0\0\0mp42isom",
         24, -1},
        {"\xff\x0a\xfa", 3, LRC_IMAGE_JXL},
        {"%PDF-1.7", 8, -1},
        {"<svg xmlns=", 11, -1},
        {"", 0, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const lrc_image_type *type = lrc_image_sniff(cases[i].bytes, cases[i].n);
        assert_int_equal(type ? (int)type->kind : -1, cases[i].kind);
    }
}

// A pattern in which no two pixels of a row or column are equal, so that every wrong place shows.
static VipsImage *pattern(int width, int height)
{
    uint8_t *data = malloc((size_t)width * (size_t)height * 3);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *p = data + 3 * ((size_t)y * (size_t)width + (size_t)x);
            p[0] = (uint8_t)(x * 5);
            p[1] = (uint8_t)(y * 7);
            p[2] = (uint8_t)(x * y + 11);
        }
    VipsImage *image =
        vips_image_new_from_memory_copy(data, (size_t)width * (size_t)height * 3, width, height, 3, VIPS_FORMAT_UCHAR);
    free(data);
    image->Type = VIPS_INTERPRETATION_sRGB;
    return image;
}

static void check_pattern(const lrc_pixels *px, uint32_t width, uint32_t height)
{
    assert_int_equal(px->width, width);
    assert_int_equal(px->height, height);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t *p = px->data + y * lrc_pixels_row(px) + x * px->bands;
            assert_int_equal(p[0], (uint8_t)(x * 5));
            assert_int_equal(p[1], (uint8_t)(y * 7));
            assert_int_equal(p[2], (uint8_t)(x * y + 11));
        }
}

// Formats without a golden picture are written here by libvips. Suffixes lie on purpose: only the content counts.
static void test_other_formats(void **state)
{
    (void)state;
    static const struct {
        const char *saver, *file;
        lrc_image_kind kind;
        bool lossless;
    } cases[] = {
        {"tiffsave", "tiff.png", LRC_IMAGE_TIFF, true},
        {"jxlsave", "jxl.png", LRC_IMAGE_JXL, true},
        {"heifsave", "heic.png", LRC_IMAGE_HEIC, false},
        {"pngsave", "png.jpg", LRC_IMAGE_PNG, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lrc_auto_free char *path = in_folder(cases[i].file);
        lrc_auto_vips VipsImage *image = pattern(40, 30);
        const int saved = cases[i].kind == LRC_IMAGE_JXL ? vips_jxlsave(image, path, "lossless", TRUE, NULL)
                                                         : vips_call(cases[i].saver, image, path, NULL);
        if (saved != 0) { // an encoder that this machine's libvips lacks
            print_message("%s: cannot be written here (%s)", cases[i].saver, vips_error_buffer());
            vips_error_clear();
            continue;
        }
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_vips VipsImage *read = NULL;
        const lrc_image_type *type = NULL;
        if (lrc_image_open(path, NULL, &read, &type, &err) < 0)
            fail_msg("%s", err.msg);
        assert_int_equal(type->kind, cases[i].kind);
        lrc_auto_pixels lrc_pixels px = {0};
        if (lrc_image_to_pixels(read, path, NULL, &px, &err) < 0)
            fail_msg("%s", err.msg);
        assert_int_equal(px.width, 40);
        if (cases[i].lossless)
            check_pattern(&px, 40, 30);
    }
}

static void test_orientations(void **state)
{
    (void)state;
    // Where the pixel that shows at the top left after turning lies in the file, and whether width and height swap.
    static const struct {
        bool swap, right, bottom;
    } origin[9] = {
        [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true}, [5] = {true, false, false},
        [6] = {true, false, true},  [7] = {true, true, true},  [8] = {true, true, false}};
    const int w = 12, h = 8;
    for (int turn = 1; turn <= 8; turn++) {
        lrc_auto_free char *path = in_folder("turned.tif");
        lrc_auto_vips VipsImage *image = pattern(w, h), *tagged = NULL;
        assert_int_equal(vips_copy(image, &tagged, NULL), 0);
        vips_image_set_int(tagged, VIPS_META_ORIENTATION, turn);
        assert_int_equal(vips_tiffsave(tagged, path, NULL), 0);
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_pixels lrc_pixels px = {0}, plain = {0};
        assert_int_equal(lrc_image_decode(path, NULL, &plain, &err), 0);
        check_pattern(&plain, (uint32_t)w, (uint32_t)h); // not asked for: nothing is turned
        assert_int_equal(lrc_image_decode(path, &(lrc_decode_options){.exif = true}, &px, &err), 0);
        const uint32_t x = origin[turn].right ? (uint32_t)w - 1 : 0, y = origin[turn].bottom ? (uint32_t)h - 1 : 0;
        assert_int_equal(px.width, origin[turn].swap ? h : w);
        assert_int_equal(px.height, origin[turn].swap ? w : h);
        assert_memory_equal(px.data, plain.data + y * lrc_pixels_row(&plain) + 3 * x, 3);
        // The second pixel of the first row is the neighbour along the axis that is shown horizontally.
        const uint32_t x2 = origin[turn].swap ? x : x ? x - 1 : 1, y2 = origin[turn].swap ? (y ? y - 1 : 1) : y;
        assert_memory_equal(px.data + 3, plain.data + y2 * lrc_pixels_row(&plain) + 3 * x2, 3);
    }
}

static void test_alpha_kept(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_pixels lrc_pixels px = {0};
    const lrc_decode_options keep = {.alpha = LRC_ALPHA_KEEP};
    assert_int_equal(lrc_image_decode(LORICA_TEST_DATA "/golden/tagger/img/14_la.png", &keep, &px, &err), 0);
    assert_int_equal(px.bands, 4);
    assert_int_equal(px.data[3], 128);
    assert_int_equal(px.data[0], px.data[1]);
    lrc_pixels_done(&px);
    assert_int_equal(lrc_image_decode(LORICA_TEST_DATA "/golden/tagger/img/07_gray.png", &keep, &px, &err), 0);
    assert_int_equal(px.bands, 3);
}

// ---- What goes wrong -----------------------------------------------------------------------------------------------------

static void expect_failure(const char *path, const lrc_decode_options *o, lrc_err_code code)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_pixels lrc_pixels px = {0};
    assert_int_equal(lrc_image_decode(path, o, &px, &err), -1);
    if (err.code != code)
        fail_msg("code %d, not %d: %s", err.code, code, err.msg);
    assert_non_null(strstr(err.msg, lrc_path_name(path))); // the message names the file
    assert_null(px.data);
}

static void test_truncated(void **state)
{
    (void)state;
    static const char *const files[] = {"01_gradient.png", "20_jpeg420.jpg", "12_webp.webp", "13_anim.gif",
                                        "21_bmp.bmp"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char source[512];
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_free char *bytes = NULL, *path = in_folder(files[i]);
        size_t n = 0;
        snprintf(source, sizeof source, "%s/golden/tagger/img/%s", LORICA_TEST_DATA, files[i]);
        assert_int_equal(lrc_fs_read(source, 1 << 20, &bytes, &n, &err), 0);
        assert_int_equal(lrc_fs_write(path, bytes, n * 2 / 5, 0, &err), 0);
        expect_failure(path, NULL, LRC_ERR_INVALID);
        // Formats that come row by row can give what is there.
        lrc_auto_pixels lrc_pixels px = {0};
        if (strstr(files[i], ".jpg") || strstr(files[i], ".png") || strstr(files[i], ".bmp"))
            if (lrc_image_decode(path, &(lrc_decode_options){.take_damaged = true}, &px, &err) < 0)
                fail_msg("%s", err.msg);
    }
}

static void test_not_images(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *path = in_folder("notes.png");
    assert_int_equal(lrc_fs_write(path, "", 0, 0, &err), 0);
    expect_failure(path, NULL, LRC_ERR_INVALID);
    assert_int_equal(lrc_fs_write(path, "just text\n", 10, 0, &err), 0);
    expect_failure(path, NULL, LRC_ERR_MEDIA_TYPE);
    // What libvips would open, but nobody trains on.
    assert_int_equal(lrc_fs_write(path, "P6 1 1 255\nabc", 14, 0, &err), 0);
    expect_failure(path, NULL, LRC_ERR_MEDIA_TYPE);
    assert_int_equal(lrc_fs_write(path, "\x89PNG\r\n\x1a\n and then nothing", 25, 0, &err), 0);
    expect_failure(path, NULL, LRC_ERR_INVALID);
    expect_failure(folder, NULL, LRC_ERR_INVALID);
    lrc_auto_free char *missing = in_folder("missing.png"), *fifo = in_folder("fifo.png");
    expect_failure(missing, NULL, LRC_ERR_NOT_FOUND);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    expect_failure(fifo, NULL, LRC_ERR_INVALID);
}

static void test_limit(void **state)
{
    (void)state;
    const lrc_decode_options few = {.max_pixels = 128 * 64 - 1}, enough = {.max_pixels = 128 * 64};
    static const char *const files[] = {LORICA_TEST_DATA "/golden/tagger/img/21_bmp.bmp",
                                        LORICA_TEST_DATA "/golden/tagger/img/01_gradient.png"};
    expect_failure(files[0], &few, LRC_ERR_LIMIT);
    expect_failure(files[1], &few, LRC_ERR_LIMIT);
    lrc_auto_pixels lrc_pixels px = {0};
    assert_int_equal(lrc_image_decode(files[0], &enough, &px, NULL), 0);
}

// ---- BMP -----------------------------------------------------------------------------------------------------------------

static void put32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

struct bmp_case {
    const char *what;
    int32_t height; // width is 4; negative: top-down
    uint32_t bits, compression, header;
    uint8_t after_header[64]; // palette or masks
    size_t after_n;
    uint8_t pixels[96];
    size_t pixels_n;
    const char *expected; // one letter a pixel, top row first: r g b w k, '-' = half transparent red
};

#define PALETTE       {0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0} // k r g b w
#define PALETTE_BYTES 20

static const struct bmp_case bmp_cases[] = {
    {"1 bit", 1, 1, 0, 40, {255, 255, 255, 0, 0, 0, 255, 0}, 8, {0x50}, 4, "wrwr"},
    {"4 bit", 2, 4, 0, 40, PALETTE, PALETTE_BYTES, {0x12, 0x34, 0, 0, 0x43, 0x21}, 8, "wbgrrgbw"},
    {"8 bit, top-down", -2, 8, 0, 40, PALETTE, PALETTE_BYTES, {1, 2, 3, 4, 4, 3, 2, 1}, 8, "rgbwwbgr"},
    {"8 bit, index beyond the palette", 1, 8, 0, 40, PALETTE, PALETTE_BYTES, {1, 200, 3, 4}, 4, "rkbw"},
    {"16 bit, 555", 1, 16, 0, 40, {0}, 0, {0, 0x7c, 0xe0, 3, 0x1f, 0, 0xff, 0x7f}, 8, "rgbw"},
    {"16 bit, 565",
     1,
     16,
     3,
     40,
     {0, 0xf8, 0, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0},
     12,
     {0, 0xf8, 0xe0, 7, 0x1f, 0, 0xff, 0xff},
     8,
     "rgbw"},
    {"24 bit", 1, 24, 0, 40, {0}, 0, {0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255}, 12, "rgbw"},
    {"32 bit, the fourth byte means nothing",
     1,
     32,
     0,
     40,
     {0},
     0,
     {0, 0, 255, 0, 0, 255, 0, 7, 255, 0, 0, 0, 255, 255, 255, 0},
     16,
     "rgbw"},
    {"32 bit with an alpha mask",
     1,
     32,
     3,
     56,
     {0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255},
     16,
     {0, 0, 255, 255, 0, 255, 0, 255, 0, 0, 255, 128, 255, 255, 255, 255},
     16,
     "rg-w"},
    {"RLE8: run, literal, end of line, delta",
     3,
     8,
     1,
     40,
     PALETTE,
     PALETTE_BYTES,
     {2, 1, 2, 2, 0, 0, /* delta 1,1 */ 0, 2, 1, 1, 0, 3, 3, 4, 1, 0, 0, 1},
     18,
     "kbwr"
     "kkkk"
     "rrgg"},
    {"RLE4: run and literal", 1, 4, 2, 40, PALETTE, PALETTE_BYTES, {1, 0x10, 0, 3, 0x23, 0x40, 0, 1}, 8, "rgbw"},
    {"RLE8: runs over the edge", 1, 8, 1, 40, PALETTE, PALETTE_BYTES, {200, 2, 0, 1}, 4, "gggg"},
    {"OS/2 header",
     1,
     8,
     0,
     12,
     {0, 0, 0, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255},
     15,
     {1, 2, 3, 4},
     4,
     "rgbw"},
};

static size_t build_bmp(const struct bmp_case *c, uint8_t out[512])
{
    memset(out, 0, 512);
    const bool core = c->header == 12;
    const bool masks_inside = c->header > 40 && c->after_n == 16;
    out[0] = 'B';
    out[1] = 'M';
    put32(out + 14, c->header);
    put32(out + 18, core ? 4 | (uint32_t)c->height << 16 : 4);
    if (core) {
        out[24] = (uint8_t)c->bits;
    } else {
        put32(out + 22, (uint32_t)c->height);
        out[28] = (uint8_t)c->bits;
        put32(out + 30, c->compression);
    }
    const size_t after = masks_inside ? 54 : 14 + c->header;
    memcpy(out + after, c->after_header, c->after_n);
    const size_t at = masks_inside ? 14 + c->header : after + c->after_n;
    put32(out + 10, (uint32_t)at);
    memcpy(out + at, c->pixels, c->pixels_n);
    return at + c->pixels_n;
}

static void test_bmp(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bmp_cases / sizeof bmp_cases[0]; i++) {
        const struct bmp_case *c = &bmp_cases[i];
        uint8_t file[512];
        const size_t n = build_bmp(c, file);
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_pixels lrc_pixels px = {0};
        if (lrc_bmp_decode(file, n, 1000, false, &px, &err) < 0)
            fail_msg("%s: %s", c->what, err.msg);
        assert_int_equal(px.width * px.height, strlen(c->expected));
        for (size_t p = 0; c->expected[p]; p++) {
            const uint8_t *at = px.data + p * px.bands;
            const char e = c->expected[p];
            const uint8_t want[3] = {e == 'r' || e == 'w' || e == '-' ? 255 : 0, e == 'g' || e == 'w' ? 255 : 0,
                                     e == 'b' || e == 'w' ? 255 : 0};
            if (memcmp(at, want, 3) != 0 || (px.bands == 4 && at[3] != (e == '-' ? 128 : 255)))
                fail_msg("%s: pixel %zu is %d %d %d", c->what, p, at[0], at[1], at[2]);
        }
        // Every shorter file is refused or decoded, never read beyond its end (ASan watches).
        for (size_t cut = 0; cut < n; cut++) {
            lrc_auto_free uint8_t *less = malloc(cut ? cut : 1);
            memcpy(less, file, cut);
            lrc_auto_pixels lrc_pixels part = {0};
            const int result = lrc_bmp_decode(less, cut, 1000, false, &part, NULL);
            assert_true(result == 0 || part.data == NULL);
        }
    }
}

static void test_bmp_refused(void **state)
{
    (void)state;
    struct bmp_case c = bmp_cases[6];
    uint8_t file[512];
    lrc_auto_pixels lrc_pixels px = {0};
    lrc_err err = LRC_ERR_INIT;
    c.bits = 7;
    assert_int_equal(lrc_bmp_decode(file, build_bmp(&c, file), 1000, false, &px, &err), -1);
    assert_int_equal(err.code, LRC_ERR_MEDIA_TYPE);
    c.bits = 24;
    c.height = 0;
    assert_int_equal(lrc_bmp_decode(file, build_bmp(&c, file), 1000, false, &px, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    c.height = INT32_MIN;
    assert_int_equal(lrc_bmp_decode(file, build_bmp(&c, file), 1000, false, &px, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_sniff),      cmocka_unit_test(test_other_formats),
        cmocka_unit_test(test_orientations), cmocka_unit_test(test_alpha_kept), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_not_images),   cmocka_unit_test(test_limit),      cmocka_unit_test(test_bmp),
        cmocka_unit_test(test_bmp_refused),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
