// SPDX-License-Identifier: MIT
// data.h - the pictures of a run: found, captioned, sorted into buckets, and dealt in sd-scripts' order.
//
// Which files, which captions, how regularisation pictures are repeated, how batches are formed and shuffled, which
// random numbers are drawn when: as library/train_util.py has it (DreamBoothDataset), read for facts. One difference is
// named: bucket sizes follow from the network, as the limits people have are meant for large models. All latents are
// kept in memory. One owner thread. May use: config, model, image.
#ifndef LRC_ENGINE_DATA_H
#define LRC_ENGINE_DATA_H

#include "engine/config.h"
#include "engine/model.h"

typedef struct eng_data eng_data;

typedef struct eng_data_facts {
    size_t pictures, reg_pictures; // with repeats
    size_t files;                  // without
    size_t batches;                // of one epoch
    size_t buckets;
} eng_data_facts;

// Read every picture. `py` is Python's generator, of which one number is drawn. lrc_image_init() was called.
// LRC_ERR_INVALID names the file at fault; no pictures at all is an error.
int eng_data_load(const eng_config *c, const eng_model *m, eng_rng *py, eng_data **ret, lrc_err *err);
// What of it can be said without decoding a picture: the size fits the network, every folder has pictures.
int eng_data_check(const eng_config *c, const eng_arch *a, lrc_err *err);
void eng_data_free(eng_data *d);
LRC_DEFINE_FREEP(eng_data)
#define eng_auto_data lrc_cleanup(eng_data_freep)

eng_data_facts eng_data_facts_of(const eng_data *d);

// What sd-scripts prints about each folder, and what its metadata say: called for every subset.
typedef struct eng_data_folder {
    const eng_subset *subset;
    size_t files;
} eng_data_folder;
eng_data_folder eng_data_folder_at(const eng_data *d, size_t i);
// How often each tag stands in the captions of the i-th folder, as JSON {"tag": n}; for ss_tag_frequency.
void eng_data_tag_counts(const eng_data *d, size_t i, lrc_buf *out);

// The order of an epoch (from 0), by Python's generator, which is seeded anew.
void eng_data_shuffle(eng_data *d, eng_rng *py, size_t epoch);

// The i-th batch in the present order: latents [count, h, w, c], tokens, loss weights; valid until the next call.
// Captions are shuffled and dropped with `py`. `epoch` counts from 1.
typedef struct eng_data_batch {
    size_t count, height, width; // latent
    const float *latent, *weight;
    const int32_t *tokens;
} eng_data_batch;
eng_data_batch eng_data_take(eng_data *d, size_t i, size_t epoch, eng_rng *py);

// What becomes of a caption in one step (for tests): `out` is replaced.
void eng_data_caption(const eng_subset *s, const char *caption, size_t epoch, eng_rng *py, lrc_buf *out);

#endif
