// SPDX-License-Identifier: MIT
// resize.h - the resizers of the programs that taggers were trained and are used with, to the last bit.
//
// A tagger's answer near a threshold depends on each sample, so "a good area filter" is not enough: the arithmetic
// below (order of passes, roundings, fixed point) is that of OpenCV's resize and Pillow's Image.resize, worked out from
// their results and checked against both. 8 bit in, 8 bit out, RGB. Needs -ffp-contract=off: a fused multiply-add
// changes ties. Pure functions, any thread. May use: base, canvas.
#ifndef LRC_IMAGE_RESIZE_H
#define LRC_IMAGE_RESIZE_H

#include "base/err.h"
#include "image/canvas.h"

typedef enum {
    LRC_RESIZE_AREA,     // OpenCV INTER_AREA; never enlarges
    LRC_RESIZE_LANCZOS4, // OpenCV INTER_LANCZOS4: 8 taps whatever the scale
    LRC_RESIZE_BILINEAR, // Pillow BILINEAR (wider when it shrinks)
    LRC_RESIZE_BICUBIC,  // Pillow BICUBIC, a = -0.5
    LRC_RESIZE_LANCZOS,  // Pillow LANCZOS, a = 3
} lrc_resize_filter;

// Resize the canvas to width x height into `out` (width * height * 3 bytes, RGB). A canvas of the same size is copied.
// LRC_ERR_NO_MEMORY; LRC_ERR_INVALID when LRC_RESIZE_AREA is asked to enlarge.
int lrc_resize(const lrc_canvas *in, lrc_resize_filter filter, uint32_t width, uint32_t height, uint8_t *out,
               lrc_err *err);

// One file each; lrc_resize() is the door.
int lrc_resize_area(const lrc_canvas *in, uint32_t width, uint32_t height, uint8_t *out, lrc_err *err);
int lrc_resize_lanczos4(const lrc_canvas *in, uint32_t width, uint32_t height, uint8_t *out, lrc_err *err);
int lrc_resize_pillow(const lrc_canvas *in, lrc_resize_filter filter, uint32_t width, uint32_t height, uint8_t *out,
                      lrc_err *err);

#endif
