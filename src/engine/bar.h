// SPDX-License-Identifier: MIT
// bar.h - the line that sd-scripts' tqdm draws, so that whoever reads its log reads ours.
//
//     steps:  41%|####      | 812/2000 [05:12<07:36,  2.60it/s, avr_loss=0.084]
//
// Written to stderr with '\r' in front and no newline until the end, at most ten times a second. May use: base.
#ifndef LRC_ENGINE_BAR_H
#define LRC_ENGINE_BAR_H

#include <stdint.h>

#define ENG_BAR_SIZE 200

typedef struct eng_bar {
    const char *what; // "steps"
    uint64_t total;
    int64_t start_ms, drawn_ms;
} eng_bar;

void eng_bar_begin(eng_bar *b, const char *what, uint64_t total);
void eng_bar_step(eng_bar *b, uint64_t done, const char *postfix); // ", avr_loss=0.084", or ""
void eng_bar_end(eng_bar *b);                                      // newline

// The line itself, for tests.
void eng_bar_line(const eng_bar *b, uint64_t done, double seconds, const char *postfix, char out[static ENG_BAR_SIZE]);

#endif
