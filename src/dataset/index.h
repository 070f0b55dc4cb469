// SPDX-License-Identifier: MIT
// index.h - the images of a folder with what their headers say, remembered in the table of images.
//
// Every file is stat'ed; the decoder is asked only about those that the table does not have with this size and time. So a
// second look at 10,000 images costs a walk. Rows of files that are gone are removed. Without a table (it cannot be
// opened, or the caller has none) everything is asked anew.
// One owner thread. May use: base, kohya, store, decoder, ends.
#ifndef LRC_DATASET_INDEX_H
#define LRC_DATASET_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "decoder/decoder.h"
#include "settings/workspace.h"
#include "store/store.h"

// Kept in the table as numbers: never renumbered.
typedef enum {
    LRC_IMAGE_FINE = 0,
    LRC_IMAGE_UNREADABLE = 1, // no image, damaged, or beyond the decoder's limits
    LRC_IMAGE_CUT = 2,        // the header is good, pixels are missing
    LRC_IMAGE_NO_END = 3,     // all pixels are there, but the mark of the end is not
} lrc_image_fault;

typedef struct lrc_dataset_image {
    char *relative; // as seen from the folder
    int64_t bytes, mtime_ns;
    char format[LRC_DECODE_FORMAT_SIZE]; // "PNG"; "" when unreadable
    uint32_t width, height, pages;       // as stored
    int orientation;                     // EXIF, 1…8
    bool alpha;
    bool deep; // every pixel was decoded
    lrc_image_fault fault;
    char *about; // the fault in a sentence; NULL
} lrc_dataset_image;

typedef struct lrc_dataset_index {
    char *dir;
    lrc_dataset_image *image; // by name, bytewise by path
    size_t count, cap;
    size_t asked; // how many the decoder was asked about
} lrc_dataset_index;

typedef struct lrc_dataset_index_options {
    bool recursive;       // hidden files and folders never count, linked folders are not entered
    bool deep;            // decode every pixel
    lrc_store *store;     // the table; NULL: none
    lrc_decoder *decoder; // NULL: one is made when it is needed
    void (*progress)(void *arg, size_t done, size_t total,
                     const char *name); // of files that are asked about; may be NULL
    bool (*cancelled)(void *arg);       // asked now and then; may be NULL
    void *arg;
} lrc_dataset_index_options;

// All files of `dir` (absolute, links resolved) with the suffix of an image, in any case (kohya/files.h). LRC_ERR_CANCELLED;
// LRC_ERR_NOT_BUILT when the decoder is needed and not there. A table that fails is passed over.
int lrc_dataset_index_read(const char *dir, const lrc_dataset_index_options *o, lrc_dataset_index *ret, lrc_err *err);
void lrc_dataset_index_done(lrc_dataset_index *i);
#define lrc_auto_dataset_index lrc_cleanup(lrc_dataset_index_done)

// studio.db of a workspace, or NULL when it cannot be used (which is logged): the index works without.
lrc_store *lrc_dataset_open_store(const lrc_workspace *w);

#endif
