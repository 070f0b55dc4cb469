// SPDX-License-Identifier: MIT
// import.h - images and captions of a folder or zip archive become a dataset, or are added to one.
//
// Everything is put together in a hidden folder beside (stage.h): names by plan.h, each picture decoded once, what the
// trainer would not see converted (the original lies in .originals/), captions brought to UTF-8. Then the folder gets
// its name in one step; a killed import leaves no half dataset. Files that cannot be used are listed, the others come
// in. Added files go into place one by one, each caption before its picture, and never replace one.
// One call is one thread. May use: base, kohya, caption, decoder, settings.
#ifndef LRC_DATASET_IMPORT_H
#define LRC_DATASET_IMPORT_H

#include <stdbool.h>

#include "dataset/report.h"
#include "dataset/source.h"
#include "decoder/decoder.h"
#include "settings/workspace.h"

#define LRC_IMPORT_ORIGINALS ".originals" // within a dataset: what was converted

typedef enum { LRC_IMPORT_READING, LRC_IMPORT_CHECKING } lrc_import_phase;

typedef struct lrc_import_options {
    const lrc_workspace *workspace;
    const char *name;                // of the dataset
    const char *source;              // a folder or a zip archive
    bool recursive;                  // sub-folders too, kept as they are
    bool add;                        // to a dataset that exists; one that is empty needs no permission
    const char *convert_to;          // "png" or "webp" (lossless); NULL: "png"
    const lrc_source_limits *limits; // NULL: LRC_SOURCE_LIMITS_INIT
    lrc_decoder *decoder;
    void (*progress)(void *arg, lrc_import_phase phase, size_t done, size_t total, const char *name); // may be NULL
    void *arg;
} lrc_import_options;

// *report (zeroed by the caller) is filled also on failure; *ret_path is the dataset's folder, the caller frees.
// LRC_ERR_CONFLICT when the dataset exists and `add` is false; LRC_ERR_INVALID when the name is bad, or no image of the
// source can be used; LRC_ERR_LIMIT for a bomb; LRC_ERR_DISK_FULL. On failure there is no new dataset, and one that
// exists has at most some of the files, each of them whole.
int lrc_dataset_import(const lrc_import_options *o, char **ret_path, lrc_import_report *report, lrc_err *err);

#endif
