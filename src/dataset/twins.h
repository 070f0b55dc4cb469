// SPDX-License-Identifier: MIT
// twins.h - does a dataset have this very file already? Files of equal size are compared byte by byte.
//
// One owner thread. May use: base.
#ifndef LRC_DATASET_TWINS_H
#define LRC_DATASET_TWINS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef struct lrc_twin {
    uint64_t bytes;
    char *relative;
} lrc_twin;

typedef struct lrc_twins {
    char *dir;
    lrc_twin *twin; // by size
    size_t count, cap;
} lrc_twins;

// List the images of `dir` and below, kept originals included (kohya/files.h decides what an image is).
int lrc_twins_read(const char *dir, lrc_twins *ret, lrc_err *err);
void lrc_twins_done(lrc_twins *t);
#define lrc_auto_twins lrc_cleanup(lrc_twins_done)

// Path within the dataset of a file with the content of `path`, borrowed; NULL in *ret when there is none.
int lrc_twins_find(const lrc_twins *t, const char *path, const char **ret, lrc_err *err);

#endif
