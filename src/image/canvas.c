// SPDX-License-Identifier: MIT
#include "image/canvas.h"

#include <string.h>

lrc_canvas lrc_canvas_plain(const lrc_pixels *image)
{
    return (lrc_canvas){.image = image, .width = image->width, .height = image->height};
}

lrc_canvas lrc_canvas_square(const lrc_pixels *image, const uint8_t fill[static 3])
{
    const uint32_t side = image->width > image->height ? image->width : image->height;
    return (lrc_canvas){.image = image,
                        .width = side,
                        .height = side,
                        .left = (side - image->width) / 2,
                        .top = (side - image->height) / 2,
                        .fill = {fill[0], fill[1], fill[2]}};
}

int lrc_canvas_rows_init(lrc_canvas_rows *rows, const lrc_canvas *canvas, lrc_err *err)
{
    const size_t n = (size_t)canvas->width * 3 + LRC_CANVAS_SLACK;
    *rows = (lrc_canvas_rows){.canvas = canvas, .line = malloc(n), .blank = malloc(n)};
    if (!rows->line || !rows->blank) {
        lrc_canvas_rows_done(rows);
        return lrc_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        rows->blank[i] = canvas->fill[i % 3];
    memcpy(rows->line, rows->blank, n);
    return 0;
}

void lrc_canvas_rows_done(lrc_canvas_rows *rows)
{
    free(rows->line);
    free(rows->blank);
    *rows = (lrc_canvas_rows){0};
}

const uint8_t *lrc_canvas_row(lrc_canvas_rows *rows, uint32_t y)
{
    const lrc_canvas *c = rows->canvas;
    if (lrc_canvas_is_blank(c, y))
        return rows->blank;
    const size_t n = lrc_pixels_row(c->image);
    const uint8_t *from = c->image->data + (y - c->top) * n;
    const bool has_slack = y - c->top + 1 < c->image->height; // the next row
    if (has_slack && c->width == c->image->width)
        return from;
    memcpy(rows->line + (size_t)c->left * 3, from, n);
    return rows->line;
}
