// SPDX-License-Identifier: MIT
#include "image/resize.h"

#include <string.h>

static int copy(const lrc_canvas *in, uint8_t *out, lrc_err *err)
{
    lrc_auto_canvas_rows lrc_canvas_rows rows = {0};
    if (lrc_canvas_rows_init(&rows, in, err) < 0)
        return -1;
    const size_t n = (size_t)in->width * 3;
    for (uint32_t y = 0; y < in->height; y++)
        memcpy(out + y * n, lrc_canvas_row(&rows, y), n);
    return 0;
}

int lrc_resize(const lrc_canvas *in, lrc_resize_filter filter, uint32_t width, uint32_t height, uint8_t *out,
               lrc_err *err)
{
    if (in->width == width && in->height == height)
        return copy(in, out, err);
    switch (filter) {
    case LRC_RESIZE_AREA: return lrc_resize_area(in, width, height, out, err);
    case LRC_RESIZE_LANCZOS4: return lrc_resize_lanczos4(in, width, height, out, err);
    case LRC_RESIZE_BILINEAR:
    case LRC_RESIZE_BICUBIC:
    case LRC_RESIZE_LANCZOS: break;
    }
    return lrc_resize_pillow(in, filter, width, height, out, err);
}
