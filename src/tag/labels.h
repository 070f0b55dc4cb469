// SPDX-License-Identifier: MIT
// labels.h - what the outputs of a tagger mean: the name and category of each, in the order of the outputs.
//
// Files: selected_tags.csv of the WD taggers (header tag_id,name,category,count; row i is output i); tag_mapping.json
// of cl_tagger ({"<i>": {"tag", "category"}, …}); metadata.json of camie-tagger
// (dataset_info.tag_mapping.{idx_to_tag, tag_to_category}); top_tags.txt of JoyTag (one name a line).
// Read-only after loading: any thread. May use: base, json, csv.
#ifndef LRC_TAG_LABELS_H
#define LRC_TAG_LABELS_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef enum {
    LRC_TAG_GENERAL,
    LRC_TAG_CHARACTER,
    LRC_TAG_COPYRIGHT,
    LRC_TAG_ARTIST,
    LRC_TAG_META,
    LRC_TAG_MODEL,
    LRC_TAG_QUALITY, // of these two the likeliest one counts
    LRC_TAG_RATING,
    LRC_TAG_CATEGORY_MAX_
} lrc_tag_category;

typedef struct lrc_tag_label {
    char *name; // as the model's author wrote it: "long_hair"
    lrc_tag_category category;
} lrc_tag_label;

typedef struct lrc_tag_labels {
    lrc_tag_label *item;
    size_t count;
} lrc_tag_labels;

#define LRC_TAG_LABELS_MAX 1000000 // the largest known model has 70,527

typedef enum { LRC_TAG_FILE_CSV, LRC_TAG_FILE_MAPPING, LRC_TAG_FILE_METADATA, LRC_TAG_FILE_LINES } lrc_tag_label_file;

// Read a label file. Errors name it, with the line where there is one.
int lrc_tag_labels_load(const char *path, lrc_tag_label_file kind, lrc_tag_labels *ret, lrc_err *err);

// The same from memory; messages do not name a file.
int lrc_tag_labels_parse(const char *text, size_t n, lrc_tag_label_file kind, lrc_tag_labels *ret, lrc_err *err);

void lrc_tag_labels_done(lrc_tag_labels *labels);
#define lrc_auto_tag_labels lrc_cleanup(lrc_tag_labels_done)

const char *lrc_tag_category_name(lrc_tag_category category); // "general", "character", …

#endif
