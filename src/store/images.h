// SPDX-License-Identifier: MIT
// images.h - the table of images: what the decoder said about a file, as long as its size and time stay the same.
//
// A row is a memory of a file, never the truth about it: whoever reads one compares size and mtime first.
// As store.h. May use: base.
#ifndef LRC_STORE_IMAGES_H
#define LRC_STORE_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

typedef struct lrc_store_image {
    const char *path; // absolute, no links in its folders; bytes
    int64_t bytes, mtime_ns;
    const char *format; // the decoder's word, "PNG"; "" when it could not be read
    int64_t width, height, pages;
    int orientation; // EXIF, 1…8
    bool alpha;
    bool deep;         // every pixel was decoded, not only the header
    int fault;         // 0: none; the words are the caller's (dataset/index.h)
    const char *about; // the fault in a sentence; ""
} lrc_store_image;

int lrc_store_image_put(lrc_store *s, const lrc_store_image *row, lrc_err *err); // new or replaced
int lrc_store_image_remove(lrc_store *s, const char *path, lrc_err *err);        // missing is not an error

// Call fn for each row of files in `dir` or below it (absolute, no '/' at its end), bytewise by path. Its texts are
// borrowed for the call. Anything but 0 ends it with -1. fn must not change the table.
int lrc_store_images_below(lrc_store *s, const char *dir,
                           int (*fn)(void *arg, const lrc_store_image *row, lrc_err *err), void *arg, lrc_err *err);

#endif
