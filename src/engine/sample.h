// SPDX-License-Identifier: MIT
// sample.h - pictures from a model: DDIM (Song et al. 2021) with classifier-free guidance.
//
// Every picture has its own seed, so it does not depend on what else is drawn with it. May use: model.
#ifndef LRC_ENGINE_SAMPLE_H
#define LRC_ENGINE_SAMPLE_H

#include "engine/model.h"

typedef struct eng_sample {
    const char *prompt, *negative; // NULL is ""
    uint64_t seed;
} eng_sample;

typedef struct eng_sample_options {
    size_t width, height; // pixels
    size_t steps;
    double scale; // guidance; 1: none
} eng_sample_options;

#define ENG_SAMPLE_STEPS 20
#define ENG_SAMPLE_SCALE 2.5

// `rgb`: count * height * width * 3 bytes.
int eng_sample_draw(eng_model *m, const eng_sample *sample, size_t count, const eng_sample_options *o, uint8_t *rgb,
                    lrc_err *err);

#endif
