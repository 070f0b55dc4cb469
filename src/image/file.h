// SPDX-License-Identifier: MIT
// file.h - whole-file work on images: what is it, is it sound, another format, a small one.
//
// Results are files or a few numbers, never pixels. Conversions see the picture as the trainer would (decode.h's rules:
// 8-bit RGB, alpha kept, first frame), turned upright as its EXIF orientation says. Files are written atomically.
// Any thread after lrc_image_init(). May use: base, open, decode.
#ifndef LRC_IMAGE_FILE_H
#define LRC_IMAGE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "image/types.h"

typedef struct lrc_image_facts {
    const lrc_image_type *type; // borrowed row
    uint32_t width, height;     // as stored, before any turning
    uint32_t pages;             // frames or pages; 1 for a plain picture
    int orientation;            // EXIF, 1…8
    bool alpha;
} lrc_image_facts;

// Read the header. Fails as lrc_image_open().
int lrc_image_probe(const char *path, lrc_image_facts *ret, lrc_err *err);
// The same of an open file, as lrc_image_open_fd().
int lrc_image_probe_fd(int fd, const char *name, lrc_image_facts *ret, lrc_err *err);

// Read the header and decode every pixel of the first frame. A damaged or cut file is LRC_ERR_INVALID.
int lrc_image_check(const char *path, lrc_image_facts *ret, lrc_err *err);

typedef enum { LRC_IMAGE_TO_PNG, LRC_IMAGE_TO_WEBP, LRC_IMAGE_TO_JPEG } lrc_image_target;

#define LRC_IMAGE_LOSSLESS 0 // as quality

// Write the picture of `path` to `out` in another format. `quality` 1…100 is for WebP and JPEG; LRC_IMAGE_LOSSLESS makes
// WebP lossless and is 95 for JPEG. JPEG gets alpha blended over white. *ret_facts (may be NULL) is of the source.
int lrc_image_convert(const char *path, const char *out, lrc_image_target target, int quality,
                      lrc_image_facts *ret_facts, lrc_err *err);

// Write a WebP of size x size pixels: the middle of the picture in the open file `fd`, upright, in sRGB. Decodes no more
// than it needs. `out` is whole or not there, but not forced to the disk: it can be made again. `name` is for messages.
int lrc_image_thumbnail(int fd, const char *name, const char *out, int size, lrc_err *err);

#endif
