// SPDX-License-Identifier: MIT
// family.h - kinds of taggers as a table: which files they come as, how a picture goes in, what comes out.
//
// A new family is a row. A model of a shape that no row has can be described by a file `lorica.json` beside it, with the
// same words; see lrc_tag_family_load(). Constant: any thread. May use: base, image (prep), json, labels.
#ifndef LRC_TAG_FAMILY_H
#define LRC_TAG_FAMILY_H

#include <stdbool.h>

#include "base/err.h"
#include "image/prep.h"
#include "tag/labels.h"

#define LRC_TAG_FAMILY_NAME 32 // bytes, NUL included

typedef struct lrc_tag_family {
    char name[LRC_TAG_FAMILY_NAME];
    char
        in_folder_name[LRC_TAG_FAMILY_NAME]; // part of a model's folder name that means this family; "": by files alone
    char model_file[64];
    char label_file[64];
    lrc_tag_label_file labels;
    lrc_prep_input input;
    bool any_profile;          // prepared as the person's profile says (kohya, space, knx); else by `own`
    lrc_prep_profile own;      // name and help are not used
    size_t output;             // number of the output that counts
    bool logits;               // the output wants a sigmoid
    double general, character; // recommended thresholds; 0: the usual ones
} lrc_tag_family;

// The family of the model in the folder `dir`: its lorica.json, else the first row whose files are there (rows with a
// matching folder name first). LRC_ERR_MODEL_MISSING says which files were looked for.
int lrc_tag_family_find(const char *dir, lrc_tag_family *ret, lrc_err *err);

// Read a description: {"family": name of a row to start from ("wd"), "model", "labels": file names, "label_format":
// "csv|mapping|metadata|lines", "planar", "bgr", "scale", "mean", "std", "fit": "square|squash|resize-pad", "fill",
// "filter": "area|lanczos4|bilinear|bicubic|lanczos", "output", "logits", "general_threshold", "character_threshold"},
// all but none of them needed. LRC_ERR_INVALID with field and line.
int lrc_tag_family_load(const char *path, lrc_tag_family *ret, lrc_err *err);

const lrc_tag_family *lrc_tag_family_at(size_t i); // rows in order; NULL behind the last

#endif
