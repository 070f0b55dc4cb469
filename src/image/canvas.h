// SPDX-License-Identifier: MIT
// canvas.h - a picture on a plain background that is never written out: padding without its cost.
//
// A tagger wants a white square with the picture in the middle. The resizers of resize.h ask this for one row after the
// other; rows of background are told apart, so that each resizer works on such a row once. Plain values; the picture is
// borrowed. May use: base, pixels.
#ifndef LRC_IMAGE_CANVAS_H
#define LRC_IMAGE_CANVAS_H

#include <stdbool.h>

#include "base/err.h"
#include "image/pixels.h"

typedef struct lrc_canvas {
    const lrc_pixels *image; // 3 bands; lies wholly inside
    uint32_t width, height;
    uint32_t left, top; // of the picture
    uint8_t fill[3];    // background, R G B
} lrc_canvas;

// The picture alone.
lrc_canvas lrc_canvas_plain(const lrc_pixels *image);

// The smallest square around it, filled with `fill` (R G B); an odd pixel of padding goes right or below.
lrc_canvas lrc_canvas_square(const lrc_pixels *image, const uint8_t fill[static 3]);

#define LRC_CANVAS_SLACK 1 // bytes behind a row that may be read, so that 4 bytes can be loaded at the last pixel

// Reads rows of one canvas.
typedef struct lrc_canvas_rows {
    const lrc_canvas *canvas;
    uint8_t *line;  // row with padding at both sides
    uint8_t *blank; // row of background
} lrc_canvas_rows;

int lrc_canvas_rows_init(lrc_canvas_rows *rows, const lrc_canvas *canvas, lrc_err *err);
void lrc_canvas_rows_done(lrc_canvas_rows *rows);
#define lrc_auto_canvas_rows lrc_cleanup(lrc_canvas_rows_done)

// true when row `y` is all background.
static inline bool lrc_canvas_is_blank(const lrc_canvas *c, uint32_t y)
{
    return y < c->top || y - c->top >= c->image->height;
}

// Row `y` as RGB, with LRC_CANVAS_SLACK readable bytes behind it; borrowed until the next call.
const uint8_t *lrc_canvas_row(lrc_canvas_rows *rows, uint32_t y);

#endif
