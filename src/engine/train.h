// SPDX-License-Identifier: MIT
// train.h - the embedded trainer: a LoRA on a base model of the Tiny family, from the same two TOML files and with the
// same log as sd-scripts' train_network.py. This is what other modules need of engine/.
//
// Only lorica-worker links it (BLAS, oneDNN). Public names are lrc_engine_*, what is shared inside is eng_*.
// One training per process. May use: base and engine/.
#ifndef LRC_ENGINE_TRAIN_H
#define LRC_ENGINE_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/findings.h"

typedef struct lrc_engine_train_options {
    const char *config_file, *dataset_config;
    const char *output_dir, *output_name; // NULL: as the config has them
    int threads;                          // 0: the cores this process may use
} lrc_engine_train_options;

// What stops a run (errors) and what makes no difference in it (infos), without starting it: the settings, then the base
// model's header and the folders of pictures; no picture is decoded. -1 when one of the two files cannot be read.
int lrc_engine_check(const lrc_engine_train_options *o, lrc_findings *ret, lrc_err *err);

// Train, print progress, save checkpoints and samples. The first error finding is the error. Blocks until done.
int lrc_engine_train(const lrc_engine_train_options *o, lrc_err *err);

// One row of the table of keys; false behind the last. `use` is "used", "ignored" or "must be off". Borrowed for ever.
typedef struct lrc_engine_key {
    const char *name, *file; // "config" or "dataset"
    const char *use, *why;
} lrc_engine_key;

bool lrc_engine_key_at(size_t i, lrc_engine_key *ret);

// Pictures for a first training: `count` PNGs of `size` pixels a side of one shape ("star"; a name of
// lrc_engine_shape_at()) in several colours on several grounds, each with its tags beside it in a .txt when `captions`.
// The shape stands in the captions as `word` ("sks"). `known` draws the shapes that the base knows instead, named as
// they are: regularisation pictures. The same seed gives the same files.
typedef struct lrc_engine_drawing {
    const char *dir, *shape, *word;
    int count, size;
    uint64_t seed;
    bool captions, known;
} lrc_engine_drawing;

int lrc_engine_draw_images(const lrc_engine_drawing *d, lrc_err *err);
const char *lrc_engine_shape_at(size_t i, bool *ret_known); // NULL behind the last

// Train the base model of the Tiny family from nothing into `path`; steps 0 takes the setting of models/tiny. Prints
// "step<TAB>loss" every hundred steps.
int lrc_engine_train_base(const char *path, uint64_t seed, int64_t steps, int threads, lrc_err *err);

// How well a LoRA (NULL: none) does: 32 pictures of the prompts "WORD, colour, big, ground background" are judged for
// `shape`, 32 of the shapes that the base knows for their own; same prompts and seeds for every LoRA.
typedef struct lrc_engine_verdict {
    int new_shape, new_count; // judged to show the new shape, of how many
    int kept, kept_count;     // judged to show the known shape that was asked for
} lrc_engine_verdict;

typedef struct lrc_engine_exam {
    const char *base, *lora; // files
    const char *shape, *word;
    const char *sheet; // all pictures as one PNG; NULL: none
    bool before;       // judge the base without the LoRA too; it stands at the left of the sheet
} lrc_engine_exam;

// *ret_before is filled when e->before; NULL otherwise.
int lrc_engine_judge(const lrc_engine_exam *e, lrc_engine_verdict *ret_before, lrc_engine_verdict *ret, lrc_err *err);

#endif
