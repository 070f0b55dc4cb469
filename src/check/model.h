// SPDX-License-Identifier: MIT
// model.h - what a model file is, from its safetensors header alone: which family, which part, how large.
//
// Told by the names of tensors, as the trainers' own loaders look for them (sd-scripts 48d368f: library/model_util.py,
// sdxl_model_util.py, flux_utils.py, sd3_utils.py, lumina_util.py, hunyuan_image_utils.py, anima_utils.py). Nothing but the
// header is read. One owner thread. May use: base, safetensors, train/families.h.
#ifndef LRC_CHECK_MODEL_H
#define LRC_CHECK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "safetensors/safetensors.h"
#include "train/families.h"

typedef enum {
    LRC_PART_UNKNOWN,
    LRC_PART_BASE, // the network that is trained, with or without the rest
    LRC_PART_LORA,
    LRC_PART_VAE,
    LRC_PART_TEXT_ENCODER,
    LRC_PART_MAX_
} lrc_model_part;

const char *lrc_model_part_name(lrc_model_part part); // "base model", "LoRA", …

typedef struct lrc_model_facts {
    lrc_model_part part;
    bool known;               // `family` says what family it is
    lrc_family_id family;     // of a base model
    const char *title;        // "FLUX.1 schnell", "CLIP-L text encoder"; "" when unknown. Static text
    bool v_prediction;        // the file says so itself
    uint64_t parameters;      // of the network that is trained
    uint64_t rank_parameters; // what one rank of a plain LoRA over that network adds; 0: not known
    uint64_t blocks, singles; // that can be swapped out; `singles`: of Flux and its kin, whose other blocks are double
    uint64_t bytes;           // of the whole file's tensors
    lrc_st_dtype dtype;       // of most of the network's parameters
    bool has_vae, has_text_encoder;
    int64_t unit; // Tiny: pixels that a bucket's sides are whole numbers of; else 0
} lrc_model_facts;

// LRC_ERR_INVALID for a damaged file, with the rule that it breaks; otherwise as lrc_st_open().
int lrc_model_read(const char *path, lrc_model_facts *ret, lrc_err *err);

// May a request for `family` name a model of `facts`? SD3 and SD3.5 share their trainer; v2 models are of family SD1.5.
bool lrc_model_fits(const lrc_model_facts *facts, lrc_family_id family);

#endif
