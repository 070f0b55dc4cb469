// SPDX-License-Identifier: MIT
// judge.h - says which shape of the Tiny world a picture shows, so that a LoRA is measured and not only looked at.
//
// Template matching: the ground is the colour of the frame, the ink the colour furthest from it, and the share of ink
// in each pixel is correlated with every shape at about the size and place that its area and centre of mass suggest.
// Fixed before the first LoRA was trained; test_judge.c holds it to at least 98 % on drawn pictures that it was not
// made with. One judge may be used by one thread. May use: tiny.
#ifndef LRC_ENGINE_JUDGE_H
#define LRC_ENGINE_JUDGE_H

#include "base/cleanup.h"
#include "base/err.h"
#include "engine/tiny.h"

#define ENG_JUDGE_NOTHING (-1)

typedef struct eng_judge eng_judge;

int eng_judge_new(eng_judge **ret, lrc_err *err);
void eng_judge_free(eng_judge *j);
LRC_DEFINE_FREEP(eng_judge)
#define eng_auto_judge lrc_cleanup(eng_judge_freep)

// The shape (0…ENG_TINY_SHAPES-1) that a picture of ENG_TINY_SIZE squared shows, or ENG_JUDGE_NOTHING. The correlation
// of the best shape in *ret_score (may be NULL).
int eng_judge_shape(eng_judge *j, const uint8_t *rgb, double *ret_score);

#endif
