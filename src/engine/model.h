// SPDX-License-Identifier: MIT
// model.h - a base model ready to run: net, diffusion, threads, and a plan for every shape met so far.
//
// Loaded from one safetensors file with the names of an LDM checkpoint; its metadata holds `lorica_arch` (arch.h) and
// `lorica_vocab` (words.h). One owner thread calls; inside, the batch is split over the pool's threads, and gradients
// are summed in the order of the threads, so that a run with the same number of threads gives the same bits.
// May use: arch, plan, noise, lora, words.
#ifndef LRC_ENGINE_MODEL_H
#define LRC_ENGINE_MODEL_H

#include "engine/arch.h"
#include "engine/lora.h"
#include "engine/noise.h"
#include "engine/plan.h"
#include "engine/words.h"

typedef struct eng_model eng_model;

typedef struct eng_model_options {
    int threads; // 0: the cores this process may use
    eng_backend backend;
    const eng_lora_options *lora; // NULL: none
    bool train_all;               // every parameter of the base
    int zero_terminal_snr;        // 0 or 1; -1: as the base was trained
} eng_model_options;

// A new base without values (all zeros but for what its layers start with): eng_model_init() draws them.
int eng_model_new(const eng_arch *a, const eng_words *words, const eng_model_options *o, eng_model **ret, lrc_err *err);
// LRC_ERR_MODEL_MISSING when there is no such file; LRC_ERR_INVALID when it is no base that this engine trains.
int eng_model_load(const char *path, const eng_model_options *o, eng_model **ret, lrc_err *err);
// Only its network, from the file's header; the same errors.
int eng_model_peek(const char *path, eng_arch *ret, lrc_err *err);
void eng_model_free(eng_model *m);
LRC_DEFINE_FREEP(eng_model)
#define eng_auto_model lrc_cleanup(eng_model_freep)

// PyTorch's default start of every layer, embeddings normal(0.02).
void eng_model_init(eng_model *m, eng_rng *rng);
// The base's own parameters (no LoRA) with lorica_arch, lorica_vocab and more metadata.
int eng_model_save(const eng_model *m, const char *path, lrc_st_dtype dtype, const lrc_st_pair *more, size_t more_count,
                   lrc_err *err);

const eng_arch *eng_model_arch(const eng_model *m);
const eng_words *eng_model_words(const eng_model *m);
const eng_noise *eng_model_noise(const eng_model *m);
eng_net *eng_model_net(eng_model *m);
const eng_lora *eng_model_lora(const eng_model *m); // NULL without
int eng_model_threads(const eng_model *m);
size_t eng_model_arena_bytes(const eng_model *m); // of all plans made so far

// Trainable data was changed by the caller.
void eng_model_changed(eng_model *m);

// ---- Running ---------------------------------------------------------------------------------------------------------

// `count` pictures of height x width latent pixels, channels last.
typedef struct eng_batch {
    size_t count, height, width;
    const float *latent;     // clean for eng_model_gradient(), noisy for eng_model_predict()
    const float *noise;      // eng_model_gradient() only
    const int64_t *timestep; // of each picture
    const int32_t *tokens;   // [count, arch.text.tokens]
    const float *weight;     // of each picture's loss; NULL: 1
} eng_batch;

// The network's output for a noisy batch.
int eng_model_predict(eng_model *m, const eng_batch *b, float *out, lrc_err *err);
// Mean over the batch of weight * mean squared error; its gradient by the trainable parameters is added to `grads`
// (NULL: only the loss).
int eng_model_loss(eng_model *m, const eng_batch *b, float *grads, double *ret_loss, lrc_err *err);

#endif
