// SPDX-License-Identifier: MIT
#include "image/decode.h"

#include <string.h>

// ---- Whatever libvips gives -> samples of 8 or 16 bit, grey, RGB or CMYK, with or without alpha ------------------------

enum { CMYK_BANDS = 4 };

struct raw {
    uint8_t *data; // g_free
    size_t pixels;
    uint32_t width, height;
    unsigned bands;   // per pixel, alpha and surplus ones included
    unsigned colours; // 1, 3 or 4 (CMYK)
    unsigned bytes;   // per sample: 1, or 2 in the machine's order
};

static void raw_done(struct raw *r)
{
    g_free(r->data);
}

// Samples that are colours as they are; all other spaces (Lab, XYZ, linear light) go through libvips.
static bool is_plain(const VipsImage *image)
{
    switch (image->Type) {
    case VIPS_INTERPRETATION_MULTIBAND:
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16:
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
    case VIPS_INTERPRETATION_CMYK: return image->Coding == VIPS_CODING_NONE;
    default: return false;
    }
}

static int to_plain(VipsImage *image, VipsImage **ret)
{
    lrc_auto_vips VipsImage *plain = NULL;
    if (is_plain(image)) {
        plain = image;
        g_object_ref(plain);
    } else if (vips_colourspace(image, &plain, VIPS_INTERPRETATION_sRGB, NULL) != 0) {
        return -1;
    }
    if (plain->BandFmt == VIPS_FORMAT_UCHAR || plain->BandFmt == VIPS_FORMAT_USHORT) {
        *ret = lrc_take(plain);
        return 0;
    }
    return vips_cast_uchar(plain, ret, NULL);
}

static int fetch(VipsImage *image, const char *name, struct raw *ret, lrc_err *err)
{
    lrc_auto_vips VipsImage *plain = NULL;
    size_t n = 0;
    if (to_plain(image, &plain) != 0)
        return lrc_image_fail_vips(err, name);
    ret->width = (uint32_t)plain->Xsize;
    ret->height = (uint32_t)plain->Ysize;
    ret->pixels = (size_t)plain->Xsize * (size_t)plain->Ysize;
    ret->bands = (unsigned)plain->Bands;
    ret->bytes = plain->BandFmt == VIPS_FORMAT_USHORT ? 2 : 1;
    ret->colours = ret->bands < 3                                                        ? 1
                   : plain->Type == VIPS_INTERPRETATION_CMYK && ret->bands >= CMYK_BANDS ? CMYK_BANDS
                                                                                         : 3;
    ret->data = vips_image_write_to_memory(plain, &n);
    return ret->data ? 0 : lrc_image_fail_vips(err, name);
}

// ---- To RGB(A) ---------------------------------------------------------------------------------------------------------

// v / 255 rounded, for v <= 255 * 255.
static inline unsigned div255(unsigned v)
{
    v += 128;
    return (v + (v >> 8)) >> 8;
}

static inline uint8_t over_white(unsigned c, unsigned a)
{
    return (uint8_t)div255(c * a + 255 * (255 - a));
}

static inline unsigned sample(const struct raw *r, size_t i)
{
    return r->bytes == 1 ? r->data[i] : ((const uint16_t *)(const void *)r->data)[i] >> 8;
}

static inline void read_colour(const struct raw *r, size_t at, uint8_t rgb[static 3])
{
    if (r->colours == CMYK_BANDS) { // Pillow's cmyk2rgb: no profile, each ink darkens what black left over
        const unsigned white = 255 - sample(r, at + 3);
        for (unsigned c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(white - div255(sample(r, at + c) * white));
        return;
    }
    for (unsigned c = 0; c < 3; c++)
        rgb[c] = (uint8_t)sample(r, at + (r->colours == 3 ? c : 0));
}

static void convert(const struct raw *r, lrc_alpha_rule rule, lrc_pixels *out)
{
    const bool alpha = r->bands > r->colours && rule != LRC_ALPHA_DROP;
    uint8_t *to = out->data;
    for (size_t i = 0; i < r->pixels; i++, to += out->bands) {
        const size_t at = i * r->bands;
        uint8_t rgb[3];
        read_colour(r, at, rgb);
        const unsigned a = alpha ? sample(r, at + r->colours) : 255;
        for (unsigned c = 0; c < 3; c++)
            to[c] = rule == LRC_ALPHA_WHITE ? over_white(rgb[c], a) : rgb[c];
        if (out->bands == 4)
            to[3] = (uint8_t)a;
    }
}

// ---- Orientation -------------------------------------------------------------------------------------------------------

int lrc_image_orientation(VipsImage *image)
{
    return vips_image_get_orientation(image);
}

// EXIF 2.32, tag 0x0112, as three switches: first swap rows and columns, then mirror.
static const struct {
    bool swap, mirror_x, mirror_y;
} turns[9] = {
    [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true}, [5] = {true, false, false},
    [6] = {true, true, false},  [7] = {true, true, true},  [8] = {true, false, true},
};

static int turn(lrc_pixels *px, int orientation, lrc_err *err)
{
    if (orientation < 2 || orientation > 8)
        return 0;
    const bool swap = turns[orientation].swap;
    lrc_auto_pixels lrc_pixels out = {
        .width = swap ? px->height : px->width, .height = swap ? px->width : px->height, .bands = px->bands};
    out.data = malloc(lrc_pixels_row(&out) * out.height);
    if (!out.data)
        return lrc_fail_memory(err);
    uint8_t *to = out.data;
    for (uint32_t y = 0; y < out.height; y++)
        for (uint32_t x = 0; x < out.width; x++, to += out.bands) {
            const uint32_t u = turns[orientation].mirror_x ? out.width - 1 - x : x;
            const uint32_t v = turns[orientation].mirror_y ? out.height - 1 - y : y;
            const uint32_t from_x = swap ? v : u, from_y = swap ? u : v;
            memcpy(to, px->data + ((size_t)from_y * px->width + from_x) * px->bands, px->bands);
        }
    lrc_pixels_done(px);
    *px = out;
    out.data = NULL;
    return 0;
}

// ---- The whole way -----------------------------------------------------------------------------------------------------

int lrc_image_to_pixels(VipsImage *image, const char *name, const lrc_decode_options *options, lrc_pixels *ret,
                        lrc_err *err)
{
    const lrc_decode_options o = options ? *options : (lrc_decode_options){0};
    lrc_cleanup(raw_done) struct raw raw = {0};
    if (fetch(image, name, &raw, err) < 0)
        return -1;
    const bool keep = o.alpha == LRC_ALPHA_KEEP && raw.bands > raw.colours;
    lrc_auto_pixels lrc_pixels px = {.width = raw.width, .height = raw.height, .bands = keep ? 4 : 3};
    if (raw.bytes == 1 && raw.colours == 3 && raw.bands == px.bands) {
        px.data = lrc_take(raw.data); // already what is wanted; GLib's memory is malloc's
    } else {
        px.data = malloc(lrc_pixels_row(&px) * px.height);
        if (!px.data)
            return lrc_fail_memory(err);
        convert(&raw, o.alpha, &px);
    }
    if (o.exif && turn(&px, lrc_image_orientation(image), err) < 0)
        return -1;
    *ret = px;
    px.data = NULL;
    return 0;
}

int lrc_image_decode(const char *path, const lrc_decode_options *options, lrc_pixels *ret, lrc_err *err)
{
    const lrc_decode_options o = options ? *options : (lrc_decode_options){0};
    const lrc_image_open_options how = {.take_damaged = o.take_damaged, .max_pixels = o.max_pixels};
    lrc_auto_vips VipsImage *image = NULL;
    if (lrc_image_open(path, &how, &image, NULL, err) < 0)
        return -1;
    return lrc_image_to_pixels(image, path, options, ret, err);
}
