// SPDX-License-Identifier: MIT
// output.h - results of a tagging run in files of their own: captions as JSON or JSONL instead of caption files, scores
// as JSONL, and a count of the tags.
//
// A file comes to be whole when it is committed: a run that breaks off before leaves the old one. One owner thread.
// May use: base, json, run.
#ifndef LRC_TAG_OUTPUT_H
#define LRC_TAG_OUTPUT_H

#include "base/fs.h"
#include "base/map.h"
#include "tag/run.h"

typedef enum {
    LRC_TAG_FILE_OF_OBJECT, // one JSON object: path -> {"tags", "image_size": [w, h]}, as sd-scripts writes *.json
    LRC_TAG_FILE_OF_LINES,  // lines {"image_path", "caption", "image_size"}, ASCII only, as sd-scripts writes *.jsonl
    LRC_TAG_FILE_OF_SCORES, // lines {"image", "scores": {name: probability, …}} with every probability
} lrc_tag_output_kind;

typedef struct lrc_tag_output {
    lrc_tag_output_kind kind;
    lrc_fs_out file;
    size_t count; // images in it
} lrc_tag_output;

#define LRC_TAG_OUTPUT_INIT {.file = LRC_FS_OUT_INIT}

// The form that the suffix of `path` asks for (".jsonl": lines, all else one object), as sd-scripts decides.
lrc_tag_output_kind lrc_tag_output_kind_of(const char *path);

int lrc_tag_output_begin(lrc_tag_output *out, const char *path, lrc_tag_output_kind kind, lrc_err *err);
// Add one image that is DONE; others are passed over.
int lrc_tag_output_add(lrc_tag_output *out, const lrc_tagger *tagger, const lrc_tag_result *r, lrc_err *err);
int lrc_tag_output_commit(lrc_tag_output *out, lrc_err *err);
void lrc_tag_output_done(lrc_tag_output *out); // without commit nothing is left of it
#define lrc_auto_tag_output lrc_cleanup(lrc_tag_output_done)

// Tags in the order of their number, equal ones in the order in which they were first seen. `ret` is an array of
// counts->count indexes into counts->entry, which the caller frees.
int lrc_tag_frequency_order(const lrc_map *counts, size_t **ret, lrc_err *err);

#endif
