// SPDX-License-Identifier: MIT
#include "image/prep.h"

#include <string.h>

#define WHITE {255, 255, 255}

static const lrc_prep_profile profiles[] = {
    {"kohya", "sd-scripts: over white, EXIF ignored, area filter", LRC_ALPHA_WHITE, false, false, LRC_FIT_SQUARE, WHITE,
     LRC_RESIZE_AREA, LRC_RESIZE_LANCZOS},
    {"space", "the model author's app: over white, EXIF applied, bicubic", LRC_ALPHA_WHITE, true, false, LRC_FIT_SQUARE,
     WHITE, LRC_RESIZE_BICUBIC, LRC_RESIZE_BICUBIC},
    {"knx", "KNX's script: alpha dropped, EXIF ignored, Lanczos without antialiasing", LRC_ALPHA_DROP, false, true,
     LRC_FIT_SQUARE, WHITE, LRC_RESIZE_LANCZOS4, LRC_RESIZE_LANCZOS4},
};

const lrc_prep_input lrc_prep_wd14 = {.bgr = true, .scale = 1, .std = {1, 1, 1}};

const lrc_prep_profile *lrc_prep_profile_at(size_t i)
{
    return i < sizeof profiles / sizeof profiles[0] ? &profiles[i] : NULL;
}

const lrc_prep_profile *lrc_prep_profile_find(const char *name)
{
    const lrc_prep_profile *p;
    for (size_t i = 0; (p = lrc_prep_profile_at(i)); i++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

static int resize(const lrc_canvas *in, const lrc_prep_profile *p, uint32_t width, uint32_t height, uint8_t *out,
                  lrc_err *err)
{
    const bool smaller = in->width >= width && in->height >= height;
    return lrc_resize(in, smaller ? p->shrink : p->enlarge, width, height, out, err);
}

// Resize to fit, then put it into the middle of the square.
static int resize_pad(const lrc_pixels *in, const lrc_prep_profile *p, uint32_t size, uint8_t *out, lrc_err *err)
{
    const double side = in->width > in->height ? in->width : in->height;
    const uint32_t width = (uint32_t)(in->width * (size / side)), height = (uint32_t)(in->height * (size / side));
    lrc_auto_pixels lrc_pixels small = {.width = width ? width : 1, .height = height ? height : 1, .bands = 3};
    small.data = malloc(lrc_pixels_row(&small) * small.height);
    if (!small.data)
        return lrc_fail_memory(err);
    const lrc_canvas whole = lrc_canvas_plain(in);
    if (resize(&whole, p, small.width, small.height, small.data, err) < 0)
        return -1;
    const lrc_canvas square = {.image = &small,
                               .width = size,
                               .height = size,
                               .left = (size - small.width) / 2,
                               .top = (size - small.height) / 2,
                               .fill = {p->fill[0], p->fill[1], p->fill[2]}};
    return lrc_resize(&square, p->shrink, size, size, out, err); // same size: placed, not resized
}

int lrc_prep_square(const lrc_pixels *in, const lrc_prep_profile *p, uint32_t size, uint8_t *out, lrc_err *err)
{
    const lrc_canvas canvas = p->fit == LRC_FIT_SQUARE ? lrc_canvas_square(in, p->fill) : lrc_canvas_plain(in);
    if (in->width > LRC_PREP_MAX_SIDE || in->height > LRC_PREP_MAX_SIDE)
        return lrc_fail(err, LRC_ERR_LIMIT, "%u x %u pixels: a side is longer than the limit of %d", in->width,
                        in->height, LRC_PREP_MAX_SIDE);
    if (p->fit == LRC_FIT_RESIZE_PAD)
        return resize_pad(in, p, size, out, err);
    return resize(&canvas, p, size, size, out, err);
}

void lrc_prep_tensor(const uint8_t *rgb, uint32_t size, const lrc_prep_input *input, float *out)
{
    const size_t pixels = (size_t)size * size;
    const size_t step = input->planar ? 1 : 3;
    for (size_t c = 0; c < 3; c++) { // channel of the tensor
        const size_t from = input->bgr ? 2 - c : c;
        float table[256]; // all there is to compute
        for (int v = 0; v < 256; v++)
            table[v] = ((float)v * input->scale - input->mean[from]) / input->std[from];
        float *to = out + (input->planar ? c * pixels : c);
        for (size_t i = 0; i < pixels; i++)
            to[i * step] = table[rgb[3 * i + from]];
    }
}

int lrc_prep_file(const char *path, const lrc_prep_profile *profile, const lrc_prep_input *input, uint32_t size,
                  float *out, uint32_t *ret_width, uint32_t *ret_height, lrc_err *err)
{
    const lrc_decode_options how = {
        .alpha = profile->alpha, .exif = profile->exif, .take_damaged = profile->take_damaged};
    const lrc_image_open_options open = {.take_damaged = profile->take_damaged};
    lrc_auto_vips VipsImage *image = NULL;
    lrc_auto_pixels lrc_pixels px = {0};
    lrc_auto_free uint8_t *rgb = malloc((size_t)size * size * 3);
    if (!rgb)
        return lrc_fail_memory(err);
    if (lrc_image_open(path, &open, &image, NULL, err) < 0 || lrc_image_to_pixels(image, path, &how, &px, err) < 0)
        return -1;
    if (lrc_prep_square(&px, profile, size, rgb, err) < 0)
        return lrc_wrap(err, "'%s'", path);
    lrc_prep_tensor(rgb, size, input, out);
    if (ret_width)
        *ret_width = (uint32_t)image->Xsize;
    if (ret_height)
        *ret_height = (uint32_t)image->Ysize;
    return 0;
}
