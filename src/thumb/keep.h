// SPDX-License-Identifier: MIT
// keep.h - a folder of small files by key, with a bound: what was not used for longest goes first.
//
// <folder>/<first two digits>/<key>.webp. A file is there whole or not at all; one that a power failure has cut is taken
// for missing. When a file was used last is its time of modification, renewed once a day. Several processes may share a
// folder: each counts what it adds, and counts anew when it tidies up.
// Thread rule: any thread. May use: base.
#ifndef LRC_THUMB_KEEP_H
#define LRC_THUMB_KEEP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

typedef struct lrc_keep {
    char *folder;
    uint64_t max_bytes;
    pthread_mutex_t mutex; // guards what follows, and lets one tidy up at a time
    bool counted;          // `bytes` is known: not before the first file is added
    uint64_t bytes;
} lrc_keep;

int lrc_keep_init(lrc_keep *k, const char *folder, uint64_t max_bytes, lrc_err *err);
void lrc_keep_done(lrc_keep *k);

// Where the file of this key belongs, in a folder that exists by then; the caller frees.
int lrc_keep_place(const lrc_keep *k, const char *key, char **ret, lrc_err *err);

// The file, open for reading, and used from now on. LRC_ERR_NOT_FOUND when there is none that is whole.
int lrc_keep_open(const lrc_keep *k, const char *key, int *ret, lrc_err *err);
bool lrc_keep_has(const lrc_keep *k, const char *key);

// A file was written: count it, and tidy up when the bound is passed. What cannot be removed is left.
void lrc_keep_added(lrc_keep *k, int fd);

#endif
