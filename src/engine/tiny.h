// SPDX-License-Identifier: MIT
// tiny.h - the world of the Tiny family: coloured shapes on plain grounds, drawn and described by rule.
//
// A picture is a shape, a colour, a ground, a size and a place; eng_tiny_draw() renders it, eng_tiny_caption() writes
// its tags ("circle, red, big, navy background"). Eight shapes are what the base model learns; the others are never
// shown to it, so that a LoRA has something new to learn. Latents are a fixed Haar transform: 2x2 pixels of 3 colours
// become one latent pixel of 12 channels, and back without loss. Pure functions, any thread. May use: base, rng.
#ifndef LRC_ENGINE_TINY_H
#define LRC_ENGINE_TINY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/rng.h"

#define ENG_TINY_SIZE    32 // pixels of a side, as the base is trained
#define ENG_TINY_KNOWN   8  // the first so many shapes are the base's
#define ENG_TINY_SHAPES  12
#define ENG_TINY_COLOURS 8
#define ENG_TINY_GROUNDS 4

typedef struct eng_tiny_picture {
    int shape, colour, ground;
    bool big;
    double x, y, r; // centre and radius as fractions of the side
} eng_tiny_picture;

const char *eng_tiny_shape_name(int i);
const char *eng_tiny_colour_name(int i);
const char *eng_tiny_ground_name(int i); // "navy"
int eng_tiny_shape_of(const char *name); // -1 when there is none

extern const char eng_tiny_vocabulary[]; // as eng_words_parse() takes it; holds unused trigger words

// A size and a place for the given things; the numbers of the torch experiment (spec/engine.md 6.2).
eng_tiny_picture eng_tiny_place(eng_rng *rng, int shape, int colour, int ground, bool big);
// Everything by chance; shape: one of the known, or the given one (>= 0). Six in ten are big.
eng_tiny_picture eng_tiny_random(eng_rng *rng, int shape);

// RGB, size * size * 3 bytes, 16 samples per pixel.
void eng_tiny_draw(const eng_tiny_picture *p, size_t size, uint8_t *rgb);
// Share of each pixel that the shape covers, 0 to 1.
void eng_tiny_cover(const eng_tiny_picture *p, size_t size, float *cover);
void eng_tiny_colour(const eng_tiny_picture *p, uint8_t colour[static 3], uint8_t ground[static 3]);

// Tags with commas; `word` stands for the shape when it is not NULL.
void eng_tiny_caption(const eng_tiny_picture *p, const char *word, lrc_buf *out);

// ---- Latents ---------------------------------------------------------------------------------------------------------

#define ENG_HAAR_CHANNELS 12

// RGB of height x width (both even) to latents [height/2, width/2, 12], and back (rounded and clamped).
void eng_haar_encode(const uint8_t *rgb, size_t height, size_t width, float *latent);
void eng_haar_decode(const float *latent, size_t height, size_t width, uint8_t *rgb);

#endif
