// SPDX-License-Identifier: MIT
#include "image/file.h"

#include <string.h>

#include "base/fs.h"
#include "image/decode.h"

#define PNG_COMPRESSION   6  // zlib's own default
#define JPEG_QUALITY      95 // where lossless was asked for
#define THUMBNAIL_QUALITY 80

static void take_facts(VipsImage *image, const lrc_image_type *type, lrc_image_facts *ret)
{
    const int pages = vips_image_get_n_pages(image);
    *ret = (lrc_image_facts){.type = type,
                             .width = (uint32_t)image->Xsize,
                             .height = (uint32_t)image->Ysize,
                             .pages = pages > 0 ? (uint32_t)pages : 1,
                             .orientation = lrc_image_orientation(image),
                             .alpha = vips_image_hasalpha(image)};
}

int lrc_image_probe(const char *path, lrc_image_facts *ret, lrc_err *err)
{
    lrc_auto_vips VipsImage *image = NULL;
    const lrc_image_type *type;
    if (lrc_image_open(path, NULL, &image, &type, err) < 0)
        return -1;
    take_facts(image, type, ret);
    return 0;
}

int lrc_image_probe_fd(int fd, const char *name, lrc_image_facts *ret, lrc_err *err)
{
    lrc_auto_vips VipsImage *image = NULL;
    const lrc_image_type *type;
    if (lrc_image_open_fd(fd, name, NULL, &image, &type, err) < 0)
        return -1;
    take_facts(image, type, ret);
    return 0;
}

// A consumer that only asks for the pixels.
static int look(VipsRegion *region, void *seq, void *a, void *b, gboolean *stop)
{
    (void)region;
    (void)seq;
    (void)a;
    (void)b;
    (void)stop;
    return 0;
}

int lrc_image_check(const char *path, lrc_image_facts *ret, lrc_err *err)
{
    lrc_auto_vips VipsImage *image = NULL;
    const lrc_image_type *type;
    if (lrc_image_open(path, NULL, &image, &type, err) < 0)
        return -1;
    if (vips_sink(image, NULL, look, NULL, NULL, NULL) != 0)
        return lrc_image_fail_vips(err, path);
    take_facts(image, type, ret);
    return 0;
}

static int save(VipsImage *image, lrc_image_target target, int quality, void **ret, size_t *ret_len)
{
    switch (target) {
    case LRC_IMAGE_TO_PNG: return vips_pngsave_buffer(image, ret, ret_len, "compression", PNG_COMPRESSION, NULL);
    case LRC_IMAGE_TO_WEBP:
        return vips_webpsave_buffer(image, ret, ret_len, "lossless", quality == LRC_IMAGE_LOSSLESS, "Q",
                                    quality == LRC_IMAGE_LOSSLESS ? 75 : quality, NULL);
    case LRC_IMAGE_TO_JPEG:
        return vips_jpegsave_buffer(image, ret, ret_len, "Q", quality == LRC_IMAGE_LOSSLESS ? JPEG_QUALITY : quality,
                                    NULL);
    }
    return -1;
}

static int save_to(VipsImage *image, lrc_image_target target, int quality, const char *out, lrc_err *err)
{
    void *bytes = NULL;
    size_t n = 0;
    if (save(image, target, quality, &bytes, &n) != 0)
        return lrc_image_fail_vips(err, out);
    const int result = lrc_fs_write(out, bytes, n, 0, err);
    g_free(bytes);
    return result;
}

int lrc_image_convert(const char *path, const char *out, lrc_image_target target, int quality,
                      lrc_image_facts *ret_facts, lrc_err *err)
{
    const lrc_decode_options options = {.alpha = target == LRC_IMAGE_TO_JPEG ? LRC_ALPHA_WHITE : LRC_ALPHA_KEEP,
                                        .exif = true};
    lrc_auto_vips VipsImage *source = NULL, *image = NULL;
    lrc_auto_pixels lrc_pixels px = {0};
    const lrc_image_type *type;
    lrc_image_facts facts;
    if (lrc_image_open(path, NULL, &source, &type, err) < 0)
        return -1;
    take_facts(source, type, &facts);
    if (lrc_image_to_pixels(source, path, &options, &px, err) < 0)
        return -1;
    image = vips_image_new_from_memory(px.data, lrc_pixels_row(&px) * px.height, (int)px.width, (int)px.height,
                                       (int)px.bands, VIPS_FORMAT_UCHAR);
    if (!image)
        return lrc_fail_memory(err);
    image->Type = VIPS_INTERPRETATION_sRGB;
    if (save_to(image, target, quality, out, err) < 0)
        return -1;
    if (ret_facts)
        *ret_facts = facts;
    return 0;
}

// The loaders that can decode to a fraction of the size are only used by vips_thumbnail_source(), which looks for one by
// itself: among those that are not blocked, in a file that we have recognised.
static int shrink(int fd, const char *name, int size, VipsImage **ret, lrc_err *err)
{
    lrc_auto_vips VipsImage *image = NULL;
    const lrc_image_type *type;
    if (lrc_image_open_fd(fd, name, &(lrc_image_open_options){.take_damaged = true}, &image, &type, err) < 0)
        return -1;
    int result;
    if (!type->loader) { // BMP
        result = vips_thumbnail_image(image, ret, size, "height", size, "crop", VIPS_INTERESTING_CENTRE, NULL);
    } else {
        VipsSource *source = vips_source_new_from_descriptor(fd);
        result = source ? vips_thumbnail_source(source, ret, size, "height", size, "crop", VIPS_INTERESTING_CENTRE,
                                                "fail_on", VIPS_FAIL_ON_NONE, NULL)
                        : -1;
        g_clear_object(&source);
    }
    return result == 0 ? 0 : lrc_image_fail_vips(err, name);
}

int lrc_image_thumbnail(int fd, const char *name, const char *out, int size, lrc_err *err)
{
    lrc_auto_vips VipsImage *image = NULL, *flat = NULL;
    if (shrink(fd, name, size, &image, err) < 0)
        return -1;
    if (vips_colourspace(image, &flat, VIPS_INTERPRETATION_sRGB, NULL) != 0)
        return lrc_image_fail_vips(err, name);
    void *bytes = NULL;
    size_t n = 0;
    if (vips_webpsave_buffer(flat, &bytes, &n, "Q", THUMBNAIL_QUALITY, "strip", TRUE, NULL) != 0)
        return lrc_image_fail_vips(err, name);
    const int result = lrc_fs_write_unsynced(out, bytes, n, err);
    g_free(bytes);
    return result;
}
