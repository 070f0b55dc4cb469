// SPDX-License-Identifier: MIT
// pixels.h - decoded pixels in memory: 8 bit per sample, rows packed without gaps, top row first.
//
// A plain value with one owner. May use: base.
#ifndef LRC_IMAGE_PIXELS_H
#define LRC_IMAGE_PIXELS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"

typedef struct lrc_pixels {
    uint8_t *data; // height * width * bands bytes, from malloc
    uint32_t width;
    uint32_t height;
    uint32_t bands; // 3: R G B; 4: R G B A
} lrc_pixels;

static inline size_t lrc_pixels_row(const lrc_pixels *p) // bytes of one row
{
    return (size_t)p->width * p->bands;
}

static inline void lrc_pixels_done(lrc_pixels *p)
{
    free(p->data);
    *p = (lrc_pixels){0};
}
#define lrc_auto_pixels lrc_cleanup(lrc_pixels_done)

#endif
