// SPDX-License-Identifier: MIT
// tfevents.h - the scalars in TensorBoard's event files: exact loss and learning rate of each step.
//
// A file is a row of TFRecords: length (u64), its CRC, that many bytes, their CRC; little-endian, CRC-32C, masked. Each
// record is a protocol buffer `Event` (wall_time = 1, step = 2, summary = 5) whose summary holds values (tag = 1,
// simple_value = 2, tensor = 8). Source: tensorflow/core/lib/io/record_writer.h and event.proto, summary.proto of
// tensorflow/tensorflow. Other events (images, histograms, text) are passed over.
// Pure functions of bytes that anybody may have written, any thread. May use: base.
#ifndef LRC_JOB_TFEVENTS_H
#define LRC_JOB_TFEVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define LRC_TFEVENTS_RECORD_MAX (64 << 20) // bytes of one record; more is damage

typedef struct lrc_tfevents_scalar {
    const char *tag; // not terminated; borrowed for the call
    size_t tag_len;
    int64_t step;
    double wall_s; // seconds since 1970
    double value;
} lrc_tfevents_scalar;

typedef int lrc_tfevents_fn(void *arg, const lrc_tfevents_scalar *scalar, lrc_err *err);

// Call fn for each scalar of the whole records in `bytes`, in order. A record that is not all there ends the reading: its
// writer may be at it. *ret_used: bytes of the whole records. LRC_ERR_INVALID when a checksum or a record is wrong, with
// its place; what stood before it has been told by then. Anything but 0 from fn ends it with -1.
int lrc_tfevents_read(const void *bytes, size_t n, lrc_tfevents_fn *fn, void *arg, size_t *ret_used, lrc_err *err);

// The event files below `dir` that were changed at or after `since_ms`, bytewise by path, into the empty list *ret. A
// missing folder has none.
int lrc_tfevents_find(const char *dir, int64_t since_ms, lrc_strv *ret, lrc_err *err);

uint32_t lrc_tfevents_crc(const void *bytes, size_t n); // masked, as in the files

#endif
