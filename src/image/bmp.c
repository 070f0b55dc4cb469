// SPDX-License-Identifier: MIT
#include "image/bmp.h"

#include <string.h>

#define FILE_HEADER  14
#define CORE_HEADER  12
#define INFO_HEADER  40
#define MASKS_AT     (FILE_HEADER + INFO_HEADER) // inside the longer headers, or right behind the 40-byte one
#define HAS_RGB_MASK 52                          // headers from this size on hold the three masks
#define HAS_A_MASK   56
#define OS2_HEADER   64 // OS/2 2.x: its compressions above 2 mean other things than Windows's

enum { BI_RGB = 0, BI_RLE8 = 1, BI_RLE4 = 2, BI_BITFIELDS = 3, BI_ALPHABITFIELDS = 6 };

struct channel {
    uint32_t mask;
    unsigned shift;
    uint32_t max; // value of a full channel after the shift; 0: not there
};

struct bmp {
    const uint8_t *file;
    size_t n;
    uint32_t width, height, bits, compression;
    bool top_down;
    size_t pixels_at;
    uint8_t palette[256][3];    // R G B; what the file does not set is black
    struct channel channels[4]; // R G B A of 16 and 32 bit
};

static uint32_t u16(const struct bmp *b, size_t at)
{
    return at + 2 <= b->n ? (uint32_t)b->file[at] | (uint32_t)b->file[at + 1] << 8 : 0;
}

static uint32_t u32(const struct bmp *b, size_t at)
{
    return u16(b, at) | u16(b, at + 2) << 16;
}

static void set_channel(struct channel *c, uint32_t mask)
{
    *c = (struct channel){.mask = mask};
    if (mask) {
        c->shift = (unsigned)__builtin_ctz(mask);
        c->max = mask >> c->shift;
    }
}

static void set_masks(struct bmp *b, uint32_t header)
{
    static const uint32_t of_16[4] = {0x7c00, 0x03e0, 0x001f, 0}; // what BI_RGB means: 5 bits each, no alpha
    static const uint32_t of_32[4] = {0xff0000, 0x00ff00, 0x0000ff, 0};
    const bool fields = b->compression == BI_BITFIELDS || b->compression == BI_ALPHABITFIELDS;
    const bool alpha = b->compression == BI_ALPHABITFIELDS || header >= HAS_A_MASK;
    for (int i = 0; i < 4; i++) {
        uint32_t mask = b->bits == 16 ? of_16[i] : of_32[i];
        if (fields)
            mask = i < 3 || alpha ? u32(b, MASKS_AT + 4 * (size_t)i) : 0;
        set_channel(&b->channels[i], mask);
    }
}

static void read_palette(struct bmp *b, size_t at, size_t entry, uint32_t used)
{
    size_t count = (size_t)1 << b->bits;
    if (used && used < count)
        count = used;
    const size_t room = b->pixels_at > at ? (b->pixels_at - at) / entry : 0;
    if (room && room < count)
        count = room;
    for (size_t i = 0; i < count && at + entry <= b->n; i++, at += entry)
        for (int c = 0; c < 3; c++)
            b->palette[i][c] = b->file[at + 2 - (size_t)c];
}

static bool known_form(const struct bmp *b, uint32_t header)
{
    switch (b->compression) {
    case BI_RGB: return b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 || b->bits == 24 || b->bits == 32;
    case BI_RLE8: return b->bits == 8 && !b->top_down;
    case BI_RLE4: return b->bits == 4 && !b->top_down;
    case BI_BITFIELDS:
    case BI_ALPHABITFIELDS: return (b->bits == 16 || b->bits == 32) && header != OS2_HEADER;
    default: return false;
    }
}

static int read_header(struct bmp *b, uint64_t max_pixels, lrc_err *err)
{
    const uint32_t header = u32(b, FILE_HEADER);
    if (b->n < FILE_HEADER + CORE_HEADER || b->n < FILE_HEADER + (size_t)header ||
        (header != CORE_HEADER && (header < INFO_HEADER || header > 1024)))
        return lrc_fail(err, LRC_ERR_INVALID, "the BMP header is damaged or cut off");
    const bool core = header == CORE_HEADER;
    const int64_t width = core ? (int64_t)u16(b, 18) : (int32_t)u32(b, 18);
    const int64_t height = core ? (int64_t)u16(b, 20) : (int32_t)u32(b, 22);
    b->top_down = height < 0;
    b->bits = u16(b, core ? 24 : 28);
    b->compression = core ? BI_RGB : u32(b, 30);
    b->pixels_at = u32(b, 10);
    if (width <= 0 || height == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "the BMP header says %lld x %lld pixels", (long long)width,
                        (long long)height);
    b->width = (uint32_t)width;
    b->height = (uint32_t)(height < 0 ? -height : height);
    if ((uint64_t)b->width * b->height > max_pixels)
        return lrc_fail(err, LRC_ERR_LIMIT, "%u x %u pixels are more than the limit of %llu", b->width, b->height,
                        (unsigned long long)max_pixels);
    if (!known_form(b, header))
        return lrc_fail(err, LRC_ERR_MEDIA_TYPE, "a BMP of %u bits with compression %u is not supported", b->bits,
                        b->compression);
    if (b->bits == 16 || b->bits == 32)
        set_masks(b, header);
    if (b->bits <= 8)
        read_palette(b, FILE_HEADER + header, core ? 3 : 4, core ? 0 : u32(b, 46));
    return 0;
}

// Where row `y` of the file (its first row is 0) goes.
static uint8_t *target_row(const struct bmp *b, const lrc_pixels *out, uint32_t y)
{
    return out->data + (size_t)(b->top_down ? y : b->height - 1 - y) * lrc_pixels_row(out);
}

static void put_index(const struct bmp *b, uint8_t *to, unsigned index)
{
    memcpy(to, b->palette[index], 3);
}

// One uncompressed row of `b->bits` per pixel.
static void convert_row(const struct bmp *b, const uint8_t *from, uint8_t *to, uint32_t bands)
{
    for (uint32_t x = 0; x < b->width; x++, to += bands) {
        uint32_t v;
        switch (b->bits) {
        case 1: put_index(b, to, from[x / 8] >> (7 - x % 8) & 1); break;
        case 4: put_index(b, to, x % 2 ? from[x / 2] & 15 : from[x / 2] >> 4); break;
        case 8: put_index(b, to, from[x]); break;
        case 24:
            to[0] = from[3 * (size_t)x + 2];
            to[1] = from[3 * (size_t)x + 1];
            to[2] = from[3 * (size_t)x];
            break;
        default: // 16 and 32, by masks
            v = (uint32_t)from[x * (b->bits / 8)] | (uint32_t)from[x * (b->bits / 8) + 1] << 8;
            if (b->bits == 32)
                v |= (uint32_t)from[4 * (size_t)x + 2] << 16 | (uint32_t)from[4 * (size_t)x + 3] << 24;
            for (uint32_t c = 0; c < bands; c++) {
                const struct channel *ch = &b->channels[c];
                to[c] = ch->max ? (uint8_t)((uint64_t)((v & ch->mask) >> ch->shift) * 255 / ch->max) : 0;
            }
        }
    }
}

static int read_rows(const struct bmp *b, bool take_damaged, const lrc_pixels *out, lrc_err *err)
{
    const size_t stride = ((size_t)b->width * b->bits + 31) / 32 * 4;
    const size_t used = ((size_t)b->width * b->bits + 7) / 8; // the padding of the last row may be missing
    for (uint32_t y = 0; y < b->height; y++) {
        const size_t at = b->pixels_at + (size_t)y * stride;
        if (at > b->n || b->n - at < used) {
            if (take_damaged)
                return 0;
            return lrc_fail(err, LRC_ERR_INVALID, "the file is cut off: row %u of %u is missing", y + 1, b->height);
        }
        convert_row(b, b->file + at, target_row(b, out, y), out->bands);
    }
    return 0;
}

struct rle {
    const struct bmp *b;
    const lrc_pixels *out;
    size_t at;
    uint32_t x, y;
};

static void rle_put(struct rle *r, unsigned index)
{
    if (r->x < r->b->width && r->y < r->b->height)
        put_index(r->b, target_row(r->b, r->out, r->y) + 3 * (size_t)r->x, index);
    r->x += r->x < r->b->width; // what runs over the right edge is dropped
}

// `count` pixels that are written out, in a field padded to 16 bits.
static bool rle_literal(struct rle *r, unsigned count)
{
    const bool nibbles = r->b->bits == 4;
    const size_t bytes = nibbles ? (count + 1) / 2 : count;
    if (r->b->n - r->at < bytes)
        return false;
    const uint8_t *from = r->b->file + r->at;
    for (unsigned i = 0; i < count; i++)
        rle_put(r, nibbles ? (i % 2 ? from[i / 2] & 15u : from[i / 2] >> 4) : from[i]);
    r->at += bytes + bytes % 2;
    if (r->at > r->b->n)
        r->at = r->b->n;
    return true;
}

static void rle_run(struct rle *r, unsigned count, unsigned value)
{
    const bool nibbles = r->b->bits == 4;
    for (unsigned i = 0; i < count; i++)
        rle_put(r, nibbles ? (i % 2 ? value & 15 : value >> 4) : value);
}

static int read_rle(const struct bmp *b, bool take_damaged, const lrc_pixels *out, lrc_err *err)
{
    enum { END_OF_LINE = 0, END_OF_BITMAP = 1, DELTA = 2 };
    for (size_t i = 0; i < (size_t)b->width * b->height; i++) // pixels that no run touches have index 0
        put_index(b, out->data + 3 * i, 0);
    struct rle r = {.b = b, .out = out, .at = b->pixels_at};
    while (r.at <= b->n && b->n - r.at >= 2) {
        const unsigned count = b->file[r.at], value = b->file[r.at + 1];
        r.at += 2;
        if (count) {
            rle_run(&r, count, value);
        } else if (value == END_OF_LINE) {
            r.x = 0;
            r.y++;
        } else if (value == END_OF_BITMAP) {
            return 0;
        } else if (value == DELTA) {
            if (b->n - r.at < 2)
                break;
            r.x = r.x + b->file[r.at] > b->width ? b->width : r.x + b->file[r.at];
            r.y += b->file[r.at + 1];
            r.at += 2;
        } else if (!rle_literal(&r, value)) {
            break;
        }
        if (r.y >= b->height)
            return 0;
    }
    if (take_damaged || r.y + 1 >= b->height) // the end mark alone is missing
        return 0;
    return lrc_fail(err, LRC_ERR_INVALID, "the file is cut off after row %u of %u", r.y + 1, b->height);
}

int lrc_bmp_decode(const uint8_t *file, size_t n, uint64_t max_pixels, bool take_damaged, lrc_pixels *ret, lrc_err *err)
{
    struct bmp b = {.file = file, .n = n};
    if (n < 2 || memcmp(file, "BM", 2) != 0)
        return lrc_fail(err, LRC_ERR_MEDIA_TYPE, "this is no BMP");
    if (read_header(&b, max_pixels, err) < 0)
        return -1;
    lrc_auto_pixels lrc_pixels out = {.width = b.width, .height = b.height, .bands = b.channels[3].max ? 4 : 3};
    out.data = calloc((size_t)out.width * out.height, out.bands);
    if (!out.data)
        return lrc_fail_memory(err);
    const bool rle = b.compression == BI_RLE8 || b.compression == BI_RLE4;
    if ((rle ? read_rle : read_rows)(&b, take_damaged, &out, err) < 0)
        return -1;
    *ret = out;
    out.data = NULL;
    return 0;
}
