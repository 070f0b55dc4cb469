// SPDX-License-Identifier: MIT
// run.h - tag many images: several threads look at pictures, one thread writes captions, in the order of the list.
//
// Each thread decodes, prepares and infers one picture at a time on the shared session; that is the fastest layout on a
// CPU. Captions are made and written by the caller's thread, so that the result never depends on which thread was
// faster: of a.png and a.jpg, which share a caption file, the later one counts. An image that cannot be read is reported
// and passed over. Captions are written atomically: whatever stops the run, each file is the old one or the new one.
// May use: base, image, infer, caption, rules, tagger.
#ifndef LRC_TAG_RUN_H
#define LRC_TAG_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "tag/rules.h"
#include "tag/tagger.h"

typedef enum {
    LRC_TAG_OVERWRITE, // captions are replaced
    LRC_TAG_APPEND,    // their tags stay, new ones are added behind
    LRC_TAG_IGNORE,    // images that have a caption file are passed over, without looking at them
} lrc_tag_existing;

typedef enum { LRC_TAG_DONE, LRC_TAG_SKIPPED, LRC_TAG_FAILED } lrc_tag_outcome;

// What became of one image; all of it is borrowed for the call.
typedef struct lrc_tag_result {
    size_t index;        // in the list
    const char *image;   // its path
    const char *caption; // path of its caption file
    lrc_tag_outcome outcome;
    const lrc_strv *tags;   // DONE: chosen from this picture
    const char *text;       // DONE: the caption, with what was kept of an old one
    const float *scores;    // DONE: probability of every label
    uint32_t width, height; // DONE: of the picture itself
    const lrc_err *why;     // FAILED
} lrc_tag_result;

typedef struct lrc_tag_job {
    const lrc_tagger *tagger;
    const lrc_tag_rules *rules;
    const lrc_prep_profile *profile;
    const lrc_strv *images; // paths
    const char *extension;  // ".txt"
    lrc_tag_existing existing;
    bool write;              // else captions are made and reported, not written
    unsigned threads;        // 0: one per core
    const atomic_bool *stop; // true: stop after the pictures in hand, LRC_ERR_CANCELLED; may be NULL
    // The lock of the dataset that an image lies in, taken around reading and writing its caption; *ret is a descriptor
    // that is closed afterwards, or -1. May be NULL.
    int (*lock)(void *arg, const char *image, int *ret, lrc_err *err);
    // Called once per image, in the order of the list, in the caller's thread. -1 ends the run. May be NULL.
    int (*on_result)(void *arg, const lrc_tag_result *result, lrc_err *err);
    void *arg; // of both
} lrc_tag_job;

typedef struct lrc_tag_totals {
    size_t done, skipped, failed;
} lrc_tag_totals;

// *ret_totals is filled in any case. Fails when the disk or memory is full, a callback failed, or it was stopped; a bad
// image is no failure of the run.
int lrc_tag_run(const lrc_tag_job *job, lrc_tag_totals *ret_totals, lrc_err *err);

unsigned lrc_tag_cores(void); // that this process may use

#endif
