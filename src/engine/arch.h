// SPDX-License-Identifier: MIT
// arch.h - the shape of a Stable Diffusion model as a few numbers, and the networks built from them.
//
// The numbers travel in a checkpoint's metadata as JSON under `lorica_arch` (spec: one config, one generator). The same
// builder makes Tiny, SD1.5 and SDXL sized UNets; no other place knows the architecture. May use: net, json.
#ifndef LRC_ENGINE_ARCH_H
#define LRC_ENGINE_ARCH_H

#include "base/buf.h"
#include "engine/net.h"

#define ENG_LEVELS_MAX 6

typedef enum { ENG_PREDICT_EPS, ENG_PREDICT_V } eng_predict;

typedef struct eng_arch {
    struct {
        size_t channels, down; // a picture of 8 down x 8 down pixels has 8 x 8 latent pixels
        bool haar;             // the fixed transform of latent.h instead of a trained autoencoder
    } latent;
    struct {
        size_t in, out, ch, levels, mult[ENG_LEVELS_MAX], res, depth[ENG_LEVELS_MAX], mid_depth;
        size_t ctx;             // width of the text's rows
        size_t heads, head_dim; // one of them is 0
        size_t ff_mult;         // inner width of GEGLU as a multiple of the channels: 4 in SD, 2 in Tiny
        size_t groups;
        bool linear_proj;
        float res_eps, tr_eps;
    } unet;
    struct {
        size_t vocab, tokens, d, ff, layers, heads;
        eng_act act;
    } text;
    struct {
        double beta_start, beta_end;
        size_t steps;
        eng_predict predict;
        bool zero_terminal_snr;
    } objective;
} eng_arch;

extern const eng_arch eng_arch_tiny; // the model in models/tiny

// LRC_ERR_INVALID names the key.
int eng_arch_parse(const char *json, eng_arch *ret, lrc_err *err);
void eng_arch_write(const eng_arch *a, lrc_buf *out);

// Text encoder and UNet in one net: inputs latent [in], timestep [ch], tokens; output like the latent. Not settled.
int eng_arch_build(const eng_arch *a, eng_net **ret, lrc_err *err);

int eng_clip_build(eng_net *n, const eng_arch *a, int ids);                            // value with the hidden rows
int eng_unet_build(eng_net *n, const eng_arch *a, int latent, int timestep, int text); // value of the output

#endif
