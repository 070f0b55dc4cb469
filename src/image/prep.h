// SPDX-License-Identifier: MIT
// prep.h - how a picture becomes what a tagger sees: profiles (rules of the programs that use such models) and input
// layouts (what a graph wants), both as data.
//
// A profile decides what the pixels are: alpha, orientation, padding, filters. The result is 8 bit, also where the graph
// takes floats: all these programs resize bytes. An input layout then says how bytes become floats. Bit-exact against the
// programs themselves on the golden pictures. Pure functions, any thread after lrc_image_init(). May use: base, decode,
// resize.
#ifndef LRC_IMAGE_PREP_H
#define LRC_IMAGE_PREP_H

#include "image/decode.h"
#include "image/resize.h"

typedef enum {
    LRC_FIT_SQUARE,     // a square around the picture, then resized
    LRC_FIT_SQUASH,     // resized to the square, whatever its shape
    LRC_FIT_RESIZE_PAD, // resized to fit into the square, then padded
} lrc_fit;

typedef struct lrc_prep_profile {
    const char *name;
    const char *help; // one line
    lrc_alpha_rule alpha;
    bool exif;         // orientation applied
    bool take_damaged; // truncated files are used as far as they go
    lrc_fit fit;
    uint8_t fill[3]; // colour of the padding, R G B
    lrc_resize_filter shrink, enlarge;
} lrc_prep_profile;

// Rows by name: "kohya" (sd-scripts; the default, first), "space" (the model author's app), "knx" (KNX's script).
// NULL when there is none of this name. Borrowed for ever.
const lrc_prep_profile *lrc_prep_profile_find(const char *name);
const lrc_prep_profile *lrc_prep_profile_at(size_t i); // NULL behind the last

#define LRC_PREP_MAX_SIDE 100000 // pixels; the square around a longer strip is nothing but padding

// A decoded picture (3 bands) as size x size RGB bytes into `out` (size * size * 3). LRC_ERR_LIMIT when a side is longer
// than LRC_PREP_MAX_SIDE.
int lrc_prep_square(const lrc_pixels *in, const lrc_prep_profile *profile, uint32_t size, uint8_t *out, lrc_err *err);

// How a graph takes them: float32 = (byte * scale - mean) / std per channel of RGB, then ordered.
typedef struct lrc_prep_input {
    bool planar; // NCHW; else NHWC
    bool bgr;    // channel order of the tensor
    float scale, mean[3], std[3];
} lrc_prep_input;

extern const lrc_prep_input lrc_prep_wd14; // NHWC, BGR, 0…255 as they are

// `rgb` (size * size pixels) into `out` (size * size * 3 floats).
void lrc_prep_tensor(const uint8_t *rgb, uint32_t size, const lrc_prep_input *input, float *out);

// File to tensor: decode, fit, lay out. The size of the picture itself (before any turning) in *ret_width and
// *ret_height, which may be NULL. Errors name the file.
int lrc_prep_file(const char *path, const lrc_prep_profile *profile, const lrc_prep_input *input, uint32_t size,
                  float *out, uint32_t *ret_width, uint32_t *ret_height, lrc_err *err);

#endif
