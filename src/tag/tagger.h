// SPDX-License-Identifier: MIT
// tagger.h - a tagger model: finding it, loading it, and asking it about one picture.
//
// A model is a folder: model.onnx (with its external weights, if it has some) and a file of labels; see family.h.
// After opening it is read-only, and lrc_tagger_scores() may run in many threads at once. May use: base, image, infer,
// labels, family.
#ifndef LRC_TAG_TAGGER_H
#define LRC_TAG_TAGGER_H

#include <stdint.h>

#include "base/err.h"
#include "infer/infer.h"
#include "tag/family.h"

typedef struct lrc_tagger_places {
    const char *models_dir; // W/tagger_models; NULL: there is no workspace
    const char *demo_dir;   // the bundled demo tagger
} lrc_tagger_places;

// The folder that `name` means: "demo"; a path (anything with a '/' that is a folder, or a folder right here); a folder
// below models_dir, also written as a repository ("SmilingWolf/wd-vit-tagger-v3", where '/' became '_' or the folder has
// the last part's name); a repository in the Hugging Face cache ($HF_HUB_CACHE, $HF_HOME/hub, ~/.cache/huggingface/hub).
// The caller frees. LRC_ERR_MODEL_MISSING says where to put which files.
int lrc_tagger_find(const char *name, const lrc_tagger_places *places, char **ret, lrc_err *err);

// The folder of the bundled demo tagger: ../share/lorica/models/demo beside the program, else the source tree's.
int lrc_tagger_demo_dir(char **ret, lrc_err *err);

typedef struct lrc_tagger lrc_tagger;

// Load the model of the folder `dir`.
int lrc_tagger_open(const char *dir, const lrc_infer_options *options, lrc_tagger **ret, lrc_err *err);
void lrc_tagger_free(lrc_tagger *t);
LRC_DEFINE_FREEP(lrc_tagger)
#define lrc_auto_tagger lrc_cleanup(lrc_tagger_freep)

const char *lrc_tagger_name(const lrc_tagger *t);             // name of its folder
const lrc_tag_labels *lrc_tagger_labels(const lrc_tagger *t); // borrowed
const lrc_tag_family *lrc_tagger_family(const lrc_tagger *t); // borrowed
const lrc_session *lrc_tagger_session(const lrc_tagger *t);   // borrowed
uint32_t lrc_tagger_side(const lrc_tagger *t);                // pixels of its square input

// Probabilities of one image file, one per label, into `scores`; the size of the picture into the last two (may be
// NULL). `profile` is how to prepare it, where the family leaves that open.
int lrc_tagger_scores(const lrc_tagger *t, const char *image, const lrc_prep_profile *profile, float *scores,
                      uint32_t *ret_width, uint32_t *ret_height, lrc_err *err);

#endif
