// SPDX-License-Identifier: MIT
// buckets.h - which size each picture is trained at, as sd-scripts decides it (library/train_util.py, BucketManager;
// library/model_util.py, make_bucket_resolutions; BaseDataset.make_buckets).
//
// With buckets, a picture is scaled to cover the bucket nearest in aspect ratio and what hangs over is cut off; with
// no_upscale it is only ever made smaller, and its bucket is its own size rounded down to whole steps. Without buckets
// there is one size. All arithmetic is Python's: doubles, floor division, "int(x + 0.5)".
// Pure functions: an lrc_kohya_buckets never changes, any thread may read it. Sizes are pixels, width first.
// May use: base.
#ifndef LRC_KOHYA_BUCKETS_H
#define LRC_KOHYA_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef struct lrc_kohya_size {
    int64_t width, height;
} lrc_kohya_size;

// dataset.toml's keys of these names.
typedef struct lrc_kohya_bucketing {
    bool enable_bucket;
    lrc_kohya_size resolution;
    int64_t min_bucket_reso, max_bucket_reso, bucket_reso_steps;
    bool bucket_no_upscale;
} lrc_kohya_bucketing;

#define LRC_KOHYA_MIN_BUCKET 256 // the trainer's defaults (library/config_util.py, DreamBoothDatasetParams)
#define LRC_KOHYA_MAX_BUCKET 1024
#define LRC_KOHYA_STEPS      64

typedef struct lrc_kohya_buckets {
    lrc_kohya_bucketing how; // limits adjusted to whole steps, as the trainer does
    lrc_kohya_size *size;    // the sizes to choose from, by width, then height; none with no_upscale
    size_t count;
} lrc_kohya_buckets;

// LRC_ERR_INVALID, with the key at fault as field, for what the trainer stops at: limits that the resolution is outside
// of, or steps so wide that a size of nothing comes out.
int lrc_kohya_buckets_make(const lrc_kohya_bucketing *how, lrc_kohya_buckets *ret, lrc_err *err);
void lrc_kohya_buckets_done(lrc_kohya_buckets *b);
#define lrc_auto_kohya_buckets lrc_cleanup(lrc_kohya_buckets_done)

typedef struct lrc_kohya_fit {
    lrc_kohya_size bucket;  // what is trained
    lrc_kohya_size resized; // what the picture is scaled to before it is cut
} lrc_kohya_fit;

// LRC_ERR_INVALID for a picture that the trainer fails at: without size, or so small or so long that rounding to steps
// leaves nothing of a side (it divides by zero, or encodes nothing).
int lrc_kohya_fit_image(const lrc_kohya_buckets *b, lrc_kohya_size image, lrc_kohya_fit *ret, lrc_err *err);

// Part of the resized picture that is cut off: 0 … 1.
double lrc_kohya_cropped(const lrc_kohya_fit *fit);

#endif
