// SPDX-License-Identifier: MIT
// zip.h - making a zip archive, handed on in pieces while it is made.
//
// Entries are compressed; names are UTF-8. Memory is bounded by the largest entry, which the caller holds. One owner thread.
// May use: base.
#ifndef LRC_DATASET_ZIP_H
#define LRC_DATASET_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

// Takes a piece of the archive; -1 (with *err filled) ends the making.
typedef int lrc_zip_sink(void *arg, const void *bytes, size_t n, lrc_err *err);

typedef struct lrc_zip lrc_zip;

int lrc_zip_new(lrc_zip_sink *sink, void *arg, lrc_zip **ret, lrc_err *err);
void lrc_zip_free(lrc_zip *z); // without lrc_zip_finish() the archive is torn
LRC_DEFINE_FREEP(lrc_zip)
#define lrc_auto_zip lrc_cleanup(lrc_zip_freep)

// One file: `name` with '/' between folders.
int lrc_zip_add(lrc_zip *z, const char *name, const void *bytes, size_t n, int64_t mtime_ms, lrc_err *err);
// The directory at the end. Nothing can be added afterwards.
int lrc_zip_finish(lrc_zip *z, lrc_err *err);

#endif
