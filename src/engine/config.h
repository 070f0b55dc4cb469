// SPDX-License-Identifier: MIT
// config.h - the two TOML files of a run, as sd-scripts' train_network.py reads them, for the embedded trainer.
//
// Every key that sd-scripts or our generator may write is a row of one table (config.c): what it sets, or that it makes
// no difference here (attention kernels, caches, workers, precision of a GPU), or that it must be left off, with what to
// do instead. A key that is in no row is refused too: a setting that is silently not obeyed would be a lie.
// One owner thread. May use: base, toml, optim, noise, lora.
#ifndef LRC_ENGINE_CONFIG_H
#define LRC_ENGINE_CONFIG_H

#include "base/findings.h"
#include "base/str.h"
#include "engine/lora.h"
#include "engine/noise.h"
#include "engine/optim.h"

#define ENG_EVERY_NEVER 0

// A folder of pictures.
typedef struct eng_subset {
    char *image_dir, *caption_extension, *class_tokens, *caption_prefix, *caption_suffix, *keep_tokens_separator;
    int64_t num_repeats, keep_tokens, dropout_every_n_epochs;
    bool is_reg, shuffle_caption, flip_aug;
    double dropout_rate, tag_dropout_rate;
} eng_subset;

typedef struct eng_config {
    // model and results
    char *base, *output_dir, *output_name, *network_weights, *sample_prompts, *comment;
    lrc_st_dtype save_dtype;
    bool no_metadata;
    // learning
    int64_t seed;
    double unet_lr, text_lr;
    eng_lr lr;     // warm-up and total are settled when the number of steps is known
    double warmup; // steps; below 1 a share of all steps
    char *scheduler_name, *optimizer_name;
    eng_adamw_options adamw;
    lrc_strv optimizer_args, network_args;
    double max_grad_norm;
    int64_t accumulation, max_steps, max_epochs;
    // network
    eng_lora_options lora;
    // diffusion
    bool v_parameterization, zero_terminal_snr;
    double noise_offset, prior_loss_weight;
    int64_t min_timestep, max_timestep; // max -1: all
    eng_loss_options loss;
    // saving and samples; ENG_EVERY_NEVER or a number
    int64_t save_every_epochs, save_every_steps, save_last_epochs, save_last_steps;
    int64_t sample_every_epochs, sample_every_steps;
    bool sample_at_first;
    // data
    int64_t width, height, batch;
    bool buckets, no_upscale;
    eng_subset *subset;
    size_t subset_count;
} eng_config;

// Read both files. What is wrong is added to `findings` as errors with key, file and remedy, what makes no difference as
// infos; -1 only when a file cannot be read or memory runs out. After an error finding *ret is not to be used.
int eng_config_load(const char *config_file, const char *dataset_file, eng_config *ret, lrc_findings *findings,
                    lrc_err *err);
void eng_config_done(eng_config *c);
#define eng_auto_config lrc_cleanup(eng_config_done)

// The table, for people and tests: name, file ("config" or "dataset"), what becomes of it ("used", "ignored",
// "must be off") and why. Borrowed. false behind the last.
typedef struct eng_key_info {
    const char *name, *file, *use, *why;
} eng_key_info;

bool eng_config_key(size_t i, eng_key_info *ret);

#endif
