// SPDX-License-Identifier: MIT
// decode.h - an image as 8-bit RGB, by the rules of the trainer's own loader (Pillow's convert("RGB")).
//
// Colour profiles and gamma are not applied; CMYK becomes RGB by Pillow's formula; palettes, 1, 2 and 4 bits are
// expanded; 16 bits keep their high byte; grey is repeated; of an animation the first frame counts. Verified bit by bit
// against Pillow on the golden pictures. Pure functions of the file: any thread after lrc_image_init().
// May use: base, open, pixels.
#ifndef LRC_IMAGE_DECODE_H
#define LRC_IMAGE_DECODE_H

#include "image/open.h"
#include "image/pixels.h"

typedef enum {
    LRC_ALPHA_WHITE, // blended over white: (c*a + 255*(255-a)) / 255, rounded
    LRC_ALPHA_DROP,  // ignored: what lies under it shows
    LRC_ALPHA_KEEP,  // a fourth band, where the file has one
} lrc_alpha_rule;

typedef struct lrc_decode_options {
    lrc_alpha_rule alpha;
    bool exif;           // turn and mirror as the EXIF orientation says; the trainer does not
    bool take_damaged;   // as lrc_image_open_options
    uint64_t max_pixels; // as lrc_image_open_options
} lrc_decode_options;

// Read and decode a file. `options` NULL means zeroes. Fails as lrc_image_open() does; every message names the file.
int lrc_image_decode(const char *path, const lrc_decode_options *options, lrc_pixels *ret, lrc_err *err);

// The same for an image that is already open; `name` is for messages.
int lrc_image_to_pixels(VipsImage *image, const char *name, const lrc_decode_options *options, lrc_pixels *ret,
                        lrc_err *err);

// EXIF orientation 1…8 of an open image; 1 when it has none.
int lrc_image_orientation(VipsImage *image);

#endif
