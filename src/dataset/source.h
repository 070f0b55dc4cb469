// SPDX-License-Identifier: MIT
// source.h - what an import reads from: a folder, or a zip archive, as one list of files that are then read in order.
//
// Nothing is ever unpacked by name: names are data for plan.h, and bytes go to descriptors that the caller opens. Of an
// archive only the zip format is understood; how much comes out of it is limited by what its list promises, by a total
// and by a ratio to its own size, each counted again while bytes flow, so a bomb is refused early and a lying one late.
// Names are UTF-8 where the archive says what they are, else bytes. One owner thread. May use: base; libarchive.
#ifndef LRC_DATASET_SOURCE_H
#define LRC_DATASET_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef enum {
    LRC_SOURCE_FILE,
    LRC_SOURCE_LINK,   // a symbolic or hard link inside an archive; links in a folder are followed
    LRC_SOURCE_OTHER,  // a device, a pipe, a socket
    LRC_SOURCE_LOCKED, // encrypted
} lrc_source_kind;

typedef struct lrc_source_entry {
    char *name;    // relative path, as it stands in the source: may be anything, "../x" and "C:\x" included
    uint64_t size; // bytes; of an archive what it claims, 0 when it does not say
    lrc_source_kind kind;
} lrc_source_entry;

typedef struct lrc_source_limits {
    size_t max_entries; // files in the source
    uint64_t max_bytes; // of all files together
    unsigned max_ratio; // bytes that may come out of an archive for each of its own
} lrc_source_limits;

#define LRC_SOURCE_LIMITS_INIT {.max_entries = 1000000, .max_bytes = UINT64_C(1) << 40, .max_ratio = 200}

#define LRC_SOURCE_RATIO_FREE (UINT64_C(64) << 20) // bytes to which the ratio does not apply

typedef struct lrc_source lrc_source;

// Open and list. A folder gives its own files and, with `recursive`, those below it (hidden ones never; linked folders
// are not entered); an archive gives all. LRC_ERR_NOT_FOUND, LRC_ERR_MEDIA_TYPE when it is neither, LRC_ERR_INVALID when
// the archive is damaged, LRC_ERR_LIMIT when it is a bomb.
int lrc_source_open(const char *path, bool recursive, const lrc_source_limits *limits, lrc_source **ret, lrc_err *err);
void lrc_source_free(lrc_source *s);
LRC_DEFINE_FREEP(lrc_source)
#define lrc_auto_source lrc_cleanup(lrc_source_freep)

const lrc_source_entry *lrc_source_entries(const lrc_source *s, size_t *ret_count); // borrowed
bool lrc_source_is_archive(const lrc_source *s);
size_t lrc_source_folders_left_out(const lrc_source *s); // sub-folders of a folder without `recursive`

// Step to the next entry: 1 and its index in *ret_index, 0 after the last, -1 when the archive is damaged or is not any
// more what was listed.
int lrc_source_next(lrc_source *s, size_t *ret_index, lrc_err *err);

// Write all bytes of the entry stepped to, a FILE, to `fd`. LRC_ERR_DISK_FULL; LRC_ERR_LIMIT when a limit is passed: give
// up the whole archive then; anything else concerns this entry only.
int lrc_source_copy(lrc_source *s, int fd, lrc_err *err);

#endif
