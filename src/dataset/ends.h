// SPDX-License-Identifier: MIT
// ends.h - does an image file have its end? A download or copy that broke off mostly keeps a good header.
//
// Looked for without decoding: PNG's IEND (PNG specification, 11.2.5), JPEG's EOI (ITU-T T.81, B.1.1.3), the length in the
// RIFF header of WebP, and the rows that a plain BMP promises. What follows the end is allowed. A file that has all of it
// costs one read of a few bytes; only one that seems cut is read through.
// Any thread. May use: base.
#ifndef LRC_DATASET_ENDS_H
#define LRC_DATASET_ENDS_H

#include "base/err.h"

// `format` is the decoder's word ("JPEG"). 1: whole, or a format that is not judged; 0: cut short; -1: cannot be read.
int lrc_image_has_end(const char *path, const char *format, lrc_err *err);

#endif
