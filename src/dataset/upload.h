// SPDX-License-Identifier: MIT
// upload.h - images and captions that arrive one by one become part of a dataset, all together or not at all.
//
// Bytes go into a hidden folder beside (stage.h) as they arrive; lrc_upload_finish() brings the files into place under the
// dataset's lock, captions before images. Without it nothing is left, and what a killed process leaves is swept by the
// next one. A file of a name that is taken replaces the old one, which goes into the trash; the same bytes once more
// change nothing. Captions are kept as UTF-8 without a byte order mark. A file that cannot be taken is a problem, the
// others are.
// One owner thread. May use: base, kohya, caption, settings, stage, trash.
#ifndef LRC_DATASET_UPLOAD_H
#define LRC_DATASET_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/str.h"
#include "dataset/stage.h"

typedef struct lrc_upload {
    const lrc_workspace *workspace;
    char *dir; // of the dataset; made at the end when it is new
    lrc_stage stage;
    lrc_strv stored;               // names that came in, in order of arrival
    lrc_strv problems;             // "name: why"
    uint64_t bytes;                // of what came in
    char replaced[LRC_ID_MAX + 1]; // name in the trash of what was replaced; "" when nothing was
} lrc_upload;

#define LRC_UPLOAD_INIT {.stage = LRC_STAGE_INIT}

// Up to `n` bytes of the file into `out`, *ret 0 at its end.
typedef int lrc_upload_source(void *arg, void *out, size_t n, size_t *ret, lrc_err *err);

// `dir` is the dataset's folder, or where it will be (lrc_dataset_place()). `expected` bytes (0: not known) that do not
// fit on its disk are LRC_ERR_DISK_FULL.
int lrc_upload_begin(const lrc_workspace *w, const char *dir, uint64_t expected, lrc_upload *ret, lrc_err *err);

// Read one file to its end. A name that cannot stand, what is no image or caption and a text that is no caption are
// problems; what the source or the disk says is -1.
int lrc_upload_file(lrc_upload *u, const char *name, lrc_upload_source *source, void *arg, lrc_err *err);

// Into place. On failure the dataset has some of the files, each whole.
int lrc_upload_finish(lrc_upload *u, lrc_err *err);

void lrc_upload_done(lrc_upload *u); // harmless on LRC_UPLOAD_INIT
#define lrc_auto_upload lrc_cleanup(lrc_upload_done)

#endif
