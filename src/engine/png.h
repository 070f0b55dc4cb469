// SPDX-License-Identifier: MIT
// png.h - writes pictures with a text in them, as web UIs expect of samples. PNG (ISO/IEC 15948), RGB of 8 bits.
//
// May use: base; links zlib.
#ifndef LRC_ENGINE_PNG_H
#define LRC_ENGINE_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

// Atomic. `parameters` (NULL: none) becomes the text chunk of that name: tEXt when it is Latin-1, else iTXt in UTF-8.
int eng_png_save(const char *path, const uint8_t *rgb, size_t width, size_t height, const char *parameters,
                 lrc_err *err);

// Pictures of one size side by side on a dark ground, `columns` in a row, every pixel `scale` times as large.
typedef struct eng_sheet {
    const uint8_t *rgb; // count * size * size * 3
    size_t count, size, columns, scale;
} eng_sheet;

int eng_sheet_save(const char *path, const eng_sheet *sheet, lrc_err *err);

#endif
