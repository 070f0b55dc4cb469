// SPDX-License-Identifier: MIT
// lora.h - low-rank adapters on a net, as kohya's networks.lora has them.
//
// y = W x + up(down(x)) * alpha / rank. A module is two nodes behind the layer it adapts: `down` to a value of `rank`
// channels (for a convolution with the layer's kernel), `up` as a linear layer that adds to the layer's output. So
// forward, backward and memory planning need nothing new. Targets by kohya's rule: attention and MLP of the text
// encoder, every linear and 1x1 convolution inside a transformer, and with conv_rank also the residual and sampling
// blocks (whose larger kernels get conv_rank, the rest rank). Tensor names, shapes and order are kohya's. May use: net, rng, safetensors.
#ifndef LRC_ENGINE_LORA_H
#define LRC_ENGINE_LORA_H

#include "engine/net.h"
#include "engine/rng.h"
#include "safetensors/safetensors.h"

typedef struct eng_lora_options {
    size_t rank;
    float alpha;      // 0: rank
    size_t conv_rank; // 0: no convolutions
    float conv_alpha; // 0: conv_rank
    bool text, unet;  // which networks
} eng_lora_options;

typedef struct eng_lora_module {
    const char *name; // borrowed from the net: "lora_unet_…"
    int down, up;     // parameters
    size_t rank;
    float alpha;
    bool text;
} eng_lora_module;

typedef struct eng_lora {
    eng_lora_module *module; // text encoder first
    size_t count, text_count;
    size_t text_floats; // the first so many trainable floats belong to the text encoder
} eng_lora;

// Adds the modules to a built net that is not settled yet; all other parameters stay frozen. LRC_ERR_INVALID when
// nothing would be trained.
int eng_lora_attach(eng_net *n, const eng_lora_options *o, eng_lora **ret, lrc_err *err);
void eng_lora_free(eng_lora *l);
LRC_DEFINE_FREEP(eng_lora)
#define eng_auto_lora lrc_cleanup(eng_lora_freep)

// kohya's start: down uniform in ±1/sqrt(fan in), up zero, drawing what sd-scripts draws (three times per module).
void eng_lora_init(const eng_lora *l, eng_net *n, eng_rng *rng);

// Values from a kohya file (network_weights): every module must be there with the same rank. Other keys in it are
// counted in *ret_unused.
int eng_lora_load(const eng_lora *l, eng_net *n, const lrc_st_file *f, size_t *ret_unused, lrc_err *err);

// What a kohya file was trained with, read from its tensors. LRC_ERR_INVALID when it holds no LoRA.
int eng_lora_describe(const lrc_st_file *f, eng_lora_options *ret, lrc_err *err);

// Tensors ready to save: entries with names and data in `dtype` (F32, F16, BF16), owned by the result.
typedef struct eng_lora_tensors {
    lrc_st_entry *entry;
    size_t count;
    char **name;
    unsigned char *data;
} eng_lora_tensors;

int eng_lora_tensors_make(const eng_lora *l, const eng_net *n, lrc_st_dtype dtype, eng_lora_tensors *ret, lrc_err *err);
void eng_lora_tensors_done(eng_lora_tensors *t);
#define eng_auto_lora_tensors lrc_cleanup(eng_lora_tensors_done)

#endif
