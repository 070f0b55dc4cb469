// SPDX-License-Identifier: MIT
// bmp.h - Windows and OS/2 bitmaps, read by our own code: libvips has only ImageMagick for them.
//
// Uncompressed 1, 4, 8, 16, 24 and 32 bit, bit fields, RLE4 and RLE8, bottom-up and top-down, headers of 12 to 124
// bytes. Format: Microsoft's BITMAPFILEHEADER, BITMAPCOREHEADER and BITMAPINFOHEADER to BITMAPV5HEADER. A fourth byte
// counts as alpha only when the header has a mask for it, as PIL has it. Pure functions. May use: base, pixels.
#ifndef LRC_IMAGE_BMP_H
#define LRC_IMAGE_BMP_H

#include <stdbool.h>

#include "base/err.h"
#include "image/pixels.h"

// Decode a whole file. With `take_damaged` missing pixels are black; else a short file is LRC_ERR_INVALID.
// LRC_ERR_LIMIT above max_pixels. Messages do not name the file: the caller wraps them.
int lrc_bmp_decode(const uint8_t *file, size_t n, uint64_t max_pixels, bool take_damaged, lrc_pixels *ret,
                   lrc_err *err);

#endif
