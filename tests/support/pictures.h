// SPDX-License-Identifier: MIT
// pictures.h - for tests: pictures without an image library. PNG files are written here (stored, not compressed); other
// formats come from tests/fixtures/pictures. Include after cmocka.h; the build defines LORICA_TEST_DATA.
#ifndef LRC_TESTS_SUPPORT_PICTURES_H
#define LRC_TESTS_SUPPORT_PICTURES_H

#include <stdint.h>

#include "base/buf.h"
#include "support/temp.h"

static inline void lrc_test_png_u32(lrc_buf *out, uint32_t v)
{
    lrc_buf_add(out, (const uint8_t[]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 4);
}

// Length, type, bytes and their CRC (PNG specification, annex D).
static inline void lrc_test_png_chunk(lrc_buf *out, const char *type, const void *bytes, size_t n)
{
    lrc_test_png_u32(out, (uint32_t)n);
    const size_t start = out->len;
    lrc_buf_add(out, type, 4);
    lrc_buf_add(out, bytes, n);
    uint32_t crc = 0xffffffff;
    for (size_t i = start; i < out->len; i++) {
        crc ^= (uint8_t)out->data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    lrc_test_png_u32(out, ~crc);
}

// An RGB PNG whose pixels depend on `seed`; at most 65535 bytes of pixels. The caller releases.
static inline lrc_buf lrc_test_png(uint32_t width, uint32_t height, uint32_t seed)
{
    lrc_buf pixels, zlib, header, out;
    lrc_buf_init(&pixels, 65535);
    lrc_buf_init(&zlib, 1 << 17);
    lrc_buf_init(&header, 64);
    lrc_buf_init(&out, 1 << 17);
    for (uint32_t y = 0; y < height; y++) {
        lrc_buf_addc(&pixels, 0); // no filter
        for (uint32_t i = 0; i < width * 3; i++)
            lrc_buf_addc(&pixels, (char)(seed = seed * 1664525u + 1013904223u, seed >> 24));
    }
    uint32_t a = 1, b = 0; // Adler-32
    for (size_t i = 0; i < pixels.len; i++) {
        a = (a + (uint8_t)pixels.data[i]) % 65521;
        b = (b + a) % 65521;
    }
    const uint16_t n = (uint16_t)pixels.len;
    lrc_buf_add(&zlib, (const uint8_t[]){0x78, 1, 1, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n, (uint8_t)(~n >> 8)},
                7);
    lrc_buf_add(&zlib, pixels.data, pixels.len);
    lrc_test_png_u32(&zlib, b << 16 | a);
    lrc_test_png_u32(&header, width);
    lrc_test_png_u32(&header, height);
    lrc_buf_add(&header, "\x08\x02\0\0\0", 5);
    lrc_buf_add(&out, "\x89PNG\r\n\x1a\n", 8);
    lrc_test_png_chunk(&out, "IHDR", header.data, header.len);
    lrc_test_png_chunk(&out, "IDAT", zlib.data, zlib.len);
    lrc_test_png_chunk(&out, "IEND", "", 0);
    if (lrc_buf_check(&out, "picture", NULL) < 0 || lrc_buf_check(&pixels, "picture", NULL) < 0)
        fail_msg("the picture is too large");
    lrc_buf_done(&pixels);
    lrc_buf_done(&zlib);
    lrc_buf_done(&header);
    return out;
}

// Write an 8 x 8 PNG as dir/name.
static inline void lrc_test_put_png(const char *dir, const char *name, uint32_t seed)
{
    lrc_auto_buf lrc_buf png = lrc_test_png(8, 8, seed);
    lrc_test_put_bytes(dir, name, png.data, png.len);
}

// Copy a picture of tests/fixtures/pictures to dir/name.
static inline void lrc_test_put_fixture(const char *dir, const char *name, const char *fixture)
{
    lrc_auto_free char *from = lrc_test_join(LORICA_TEST_DATA "/fixtures/pictures", fixture);
    char *bytes = NULL;
    size_t n;
    if (lrc_fs_read(from, LRC_TEST_FILE_MAX, &bytes, &n, NULL) < 0)
        fail_msg("cannot read %s", from);
    lrc_test_put_bytes(dir, name, bytes, n);
    free(bytes);
}

#endif
