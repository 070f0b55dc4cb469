// SPDX-License-Identifier: MIT
// plan.h - what an import will do with each file of its source, decided from names alone.
//
// An image becomes folder/stem.suffix with the suffix that the trainer sees (kohya/files.h); a caption (.txt, .caption,
// .cap, in any case, "a.txt" or "a.png.txt") goes with the image of its name. Two images of one stem would share a
// caption and the trainer's cache, so the later one gets a new name, and a copy of the caption. Names that cannot stand
// (not UTF-8, control characters, blanks at the ends) are mended visibly. Names that would leave the dataset ("../x",
// "/x", "C:\x") are refused. Every file of the source is an output, a note, or counted as left out.
// Pure function. May use: base, kohya, caption, source.
#ifndef LRC_DATASET_PLAN_H
#define LRC_DATASET_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/map.h"
#include "dataset/report.h"
#include "dataset/source.h"

typedef struct lrc_import_output {
    size_t source; // index of the entry
    char *folder;  // within the dataset: "" or "10_girl" or "a/b"
    char *stem;    // of the image that it is or belongs to
    char *suffix;  // with its dot; of a caption its extension
    size_t image;  // of a caption: index of the output that is its image; of an image: its own
    bool is_image;
    bool convert;        // an image of a format that the trainer does not see
    const char *renamed; // why an image has another name than in the source; NULL when it has not. Static text
} lrc_import_output;

typedef struct lrc_import_plan {
    lrc_import_output *output; // by source; the outputs of one source follow each other
    size_t count, cap;
    size_t images;
    char *top; // the one folder of an archive that was taken for the dataset itself; NULL when there is none
} lrc_import_plan;

typedef struct lrc_import_plan_options {
    bool recursive;
    bool archive;         // an archive's only top folder is the dataset itself, unless recursive and named "10_x"
    const lrc_map *taken; // "folder/stem" of images that the dataset has already; may be NULL
} lrc_import_plan_options;

// Fails only for want of memory or with LRC_ERR_LIMIT. Notes are added to `report`.
int lrc_import_plan_make(const lrc_source_entry *entries, size_t count, const lrc_import_plan_options *options,
                         lrc_import_plan *ret, lrc_import_report *report, lrc_err *err);
void lrc_import_plan_done(lrc_import_plan *p);
#define lrc_auto_import_plan lrc_cleanup(lrc_import_plan_done)

// folder/stem + suffix of an output; the caller frees.
int lrc_import_target(const lrc_import_output *o, char **ret, lrc_err *err);

#endif
