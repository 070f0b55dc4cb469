// SPDX-License-Identifier: MIT
// check.h - will the trainer take this dataset? Every picture is decoded, every caption read.
//
// One owner thread. May use: base, kohya, caption, decoder, scan.
#ifndef LRC_DATASET_CHECK_H
#define LRC_DATASET_CHECK_H

#include "dataset/scan.h"
#include "decoder/decoder.h"

typedef struct lrc_dataset_check_options {
    const char *extension; // of captions; NULL: LRC_CAPTION_EXTENSION
    lrc_decoder *decoder;
    void (*progress)(void *arg, size_t done, size_t total, const char *name); // may be NULL
    void *arg;
} lrc_dataset_check_options;

// lrc_dataset_scan(), and to its findings: "unreadable" and "content" (a picture that the trainer cannot read, whatever
// its suffix says), "caption" (no UTF-8 text, or a byte order mark).
int lrc_dataset_check(const char *path, const lrc_dataset_check_options *o, lrc_dataset *ret, lrc_err *err);

#endif
