// SPDX-License-Identifier: MIT
#include "engine/png.h"

#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/fs.h"

#define PNG_MAX   (256u << 20)
#define SHEET_GAP 2 // pixels between pictures, before scaling

static void put_u32(unsigned char out[4], uint32_t v)
{
    out[0] = (unsigned char)(v >> 24);
    out[1] = (unsigned char)(v >> 16);
    out[2] = (unsigned char)(v >> 8);
    out[3] = (unsigned char)v;
}

static void chunk(lrc_buf *b, const char *type, const void *data, size_t n)
{
    unsigned char word[4];
    put_u32(word, (uint32_t)n);
    lrc_buf_add(b, word, 4);
    const size_t start = b->len;
    lrc_buf_adds(b, type);
    lrc_buf_add(b, data, n);
    if (b->failed)
        return;
    put_u32(word, (uint32_t)crc32(0, (const unsigned char *)b->data + start, (uInt)(b->len - start)));
    lrc_buf_add(b, word, 4);
}

static void put_text(lrc_buf *b, const char *text)
{
    static const char plain[] = "parameters",
                      utf8[] = "parameters\0\0\0\0"; // not compressed, no language, no translation
    bool ascii = true;
    for (const char *p = text; *p; p++)
        ascii = ascii && (unsigned char)*p < 0x80;
    lrc_auto_buf lrc_buf body;
    lrc_buf_init(&body, PNG_MAX);
    lrc_buf_add(&body, ascii ? plain : utf8, ascii ? sizeof plain : sizeof utf8);
    lrc_buf_adds(&body, text);
    chunk(b, ascii ? "tEXt" : "iTXt", body.data, body.len);
}

// Rows with filter 0 in front of each.
static int put_pixels(lrc_buf *b, const uint8_t *rgb, size_t width, size_t height, lrc_err *err)
{
    const size_t row = width * 3, raw_size = (row + 1) * height;
    uLongf packed_size = compressBound(raw_size);
    lrc_auto_free unsigned char *raw = malloc(raw_size + 1), *packed = malloc(packed_size);
    if (!raw || !packed)
        return lrc_fail_memory(err);
    for (size_t y = 0; y < height; y++) {
        raw[y * (row + 1)] = 0;
        memcpy(raw + y * (row + 1) + 1, rgb + y * row, row);
    }
    if (compress2(packed, &packed_size, raw, raw_size, Z_BEST_COMPRESSION) != Z_OK)
        return lrc_fail(err, LRC_ERR_INTERNAL, "cannot compress a picture");
    chunk(b, "IDAT", packed, packed_size);
    return 0;
}

int eng_png_save(const char *path, const uint8_t *rgb, size_t width, size_t height, const char *parameters,
                 lrc_err *err)
{
    static const unsigned char signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    unsigned char head[13] = {[8] = 8, [9] = 2}; // bits per sample, RGB
    put_u32(head, (uint32_t)width);
    put_u32(head + 4, (uint32_t)height);
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, PNG_MAX);
    lrc_buf_add(&b, signature, sizeof signature);
    chunk(&b, "IHDR", head, sizeof head);
    if (parameters)
        put_text(&b, parameters);
    if (put_pixels(&b, rgb, width, height, err) < 0)
        return -1;
    chunk(&b, "IEND", NULL, 0);
    if (lrc_buf_check(&b, path, err) < 0)
        return -1;
    return lrc_fs_write(path, b.data, b.len, 0, err);
}

int eng_sheet_save(const char *path, const eng_sheet *s, lrc_err *err)
{
    const size_t cell = s->size + SHEET_GAP, rows = (s->count + s->columns - 1) / s->columns;
    const size_t width = s->columns * cell * s->scale, height = rows * cell * s->scale;
    lrc_auto_free uint8_t *out = calloc(width * height + 1, 3);
    if (!out)
        return lrc_fail_memory(err);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const size_t px = x / s->scale, py = y / s->scale, i = py / cell * s->columns + px / cell;
            if (i < s->count && px % cell < s->size && py % cell < s->size)
                memcpy(out + (y * width + x) * 3, s->rgb + ((i * s->size + py % cell) * s->size + px % cell) * 3, 3);
        }
    return eng_png_save(path, out, width, height, NULL, err);
}
