// SPDX-License-Identifier: MIT
// scan.h - what lies in a dataset, counted by the trainer's rule and by ours.
//
// Names and sizes only; no image is opened. One owner thread. May use: base, kohya, caption, settings.
#ifndef LRC_DATASET_SCAN_H
#define LRC_DATASET_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/findings.h"
#include "base/str.h"
#include "settings/workspace.h"

#define LRC_DATASET_COVERS 4

// One folder with images: the dataset itself (relative "") or one below it.
typedef struct lrc_dataset_folder {
    char *relative;
    int repeats;     // of "10_name", else 0
    size_t images;   // of any type we know
    size_t seen;     // of these, what the trainer takes (without plugins)
    size_t captions; // images with a caption file of the extension
} lrc_dataset_folder;

typedef struct lrc_dataset {
    char *name; // last component of the path
    char *path;
    size_t images, seen, captions; // of all folders
    uint64_t bytes;                // of all files, kept originals included
    int64_t modified_ms;           // of the youngest file or folder
    lrc_dataset_folder *folder;    // only those with images, the dataset itself first
    size_t folders;
    lrc_strv covers;       // paths of its first images, to show it by
    lrc_findings findings; // what the trainer will not see, images that share a caption, captions of no image
} lrc_dataset;

void lrc_dataset_done(lrc_dataset *d);
#define lrc_auto_dataset lrc_cleanup(lrc_dataset_done)

// `path` is its folder, `extension` of captions NULL: LRC_CAPTION_EXTENSION.
int lrc_dataset_scan(const char *path, const char *extension, lrc_dataset *ret, lrc_err *err);

// Make an empty one: lrc_dataset_place(). LRC_ERR_CONFLICT when it exists. *ret_path (may be NULL) is the caller's.
int lrc_dataset_create(const lrc_workspace *w, const char *name, char **ret_path, lrc_err *err);

typedef struct lrc_dataset_list {
    lrc_dataset *item; // by name; a linked folder counts
    size_t count, cap;
    lrc_findings problems; // datasets that could not be read: the others are listed nevertheless
} lrc_dataset_list;

int lrc_dataset_list_read(const lrc_workspace *w, lrc_dataset_list *ret, lrc_err *err);
void lrc_dataset_list_done(lrc_dataset_list *l);
#define lrc_auto_dataset_list lrc_cleanup(lrc_dataset_list_done)

#endif
