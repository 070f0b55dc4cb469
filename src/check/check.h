// SPDX-License-Identifier: MIT
// check.h - the dry run: what a training will do, in seconds, without Python and without a GPU.
//
// Takes a prepared run (train/start.h) and adds findings to those of the generator: pictures and captions by the trainer's
// own rules, the bucket of every picture, steps, the base model's header, settings that stop the trainer, disk, memory and
// time. Only errors block: what the trainer stops at. What experienced people do on purpose is a warning or an info.
// Nothing is written but rows of the table of images. Findings of one kind are listed for the first LRC_CHECK_SHOWN files;
// one more says how many there are.
// One owner thread. May use: base, json, kohya, safetensors, settings, store, decoder, dataset, train, gpu.
#ifndef LRC_CHECK_CHECK_H
#define LRC_CHECK_CHECK_H

#include "base/findings.h"
#include "check/estimate.h"
#include "check/model.h"
#include "dataset/index.h"
#include "kohya/steps.h"
#include "train/start.h"

#define LRC_CHECK_SHOWN 20 // files a finding names one by one

typedef struct lrc_check_options {
    bool deep;                                                                // decode every pixel
    bool each_image;                                                          // keep lrc_check_report.image
    lrc_decoder *decoder;                                                     // NULL: one is made when it is needed
    const char *tokenizer;                                                    // merges.txt of CLIP; NULL: looked for
    void (*progress)(void *arg, size_t done, size_t total, const char *name); // of files that are decoded; may be NULL
    bool (*cancelled)(void *arg);                                             // may be NULL
    void *arg;
} lrc_check_options;

// One image folder as the trainer takes it.
typedef struct lrc_check_subset {
    char *dir;
    int64_t repeats;
    size_t images;   // that the trainer sees
    size_t unseen;   // of other suffixes, or in sub-folders
    size_t captions; // of those that it sees
    bool ignored;    // the folder was named before: the trainer takes the first
} lrc_check_subset;

typedef struct lrc_check_image {
    char *path;
    lrc_kohya_size size;
    lrc_kohya_fit fit;
    size_t tokens;
} lrc_check_image;

typedef struct lrc_check_report {
    lrc_check_subset *subset;
    size_t subsets;
    lrc_kohya_tally buckets;
    lrc_kohya_length length;
    uint64_t batch_size, accumulation;
    double mean_crop, worst_crop; // parts of the resized pictures that are cut off, 0 … 1
    char *worst_crop_file;        // "" when nothing is cut
    size_t images_asked;          // how many the decoder was asked about; the others were known
    struct {
        bool exact;
        char *source;                // the tokenizer's file, or "estimate"
        size_t limit, longest, over; // tokens the trainer reads, the longest caption, captions that are longer
    } tokens;
    bool has_model; // the base model's header was read
    lrc_model_facts model;
    lrc_estimate estimate;
    lrc_check_image *image; // with each_image: those that the trainer sees, subset by subset
    size_t images;
    int64_t took_ms;
} lrc_check_report;

void lrc_check_report_done(lrc_check_report *r);
#define lrc_auto_check_report lrc_cleanup(lrc_check_report_done)

// Findings are added. LRC_ERR_CANCELLED, LRC_ERR_NO_MEMORY, LRC_ERR_NOT_BUILT without the decoder; folders that cannot be
// read are findings. On failure *ret is untouched.
int lrc_check_run(const lrc_workspace *w, const lrc_settings *s, const lrc_train_run *run, const lrc_check_options *o,
                  lrc_check_report *ret, lrc_findings *findings, lrc_err *err);

// The report as one object; docs/check.md explains its members.
void lrc_check_put(const lrc_check_report *r, lrc_json_out *out);

#endif
