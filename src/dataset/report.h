// SPDX-License-Identifier: MIT
// report.h - what an import did: numbers, and one note for every file that did not simply come in.
//
// One owner thread. May use: base.
#ifndef LRC_DATASET_REPORT_H
#define LRC_DATASET_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef enum {
    LRC_IMPORT_RENAMED,    // another name or suffix than in the source
    LRC_IMPORT_CONVERTED,  // another format; the original lies beside
    LRC_IMPORT_MENDED,     // a caption that was re-coded to UTF-8 or lost its byte order mark
    LRC_IMPORT_IDENTICAL,  // the dataset has this very picture
    LRC_IMPORT_SKIPPED,    // no image, no caption of an image
    LRC_IMPORT_REFUSED,    // a name that would leave the dataset, a link, an encrypted file
    LRC_IMPORT_UNREADABLE, // an image that the decoder cannot read
    LRC_IMPORT_WARNING,    // came in, but will make trouble
    LRC_IMPORT_MAX_
} lrc_import_kind;

typedef struct lrc_import_note {
    lrc_import_kind kind;
    char *source; // name in the source
    char *target; // name in the dataset; "" when it did not come in
    char *reason; // one sentence
} lrc_import_note;

typedef struct lrc_import_report {
    size_t images, captions; // that came in
    size_t hidden;           // left out without a word: dot files, __MACOSX, Thumbs.db
    size_t below;            // images in sub-folders of an archive, or sub-folders of a folder, that were left out
    uint64_t bytes;          // of what came in
    size_t kinds[LRC_IMPORT_MAX_];
    lrc_import_note *note;
    size_t count, cap;
} lrc_import_report;

#define LRC_IMPORT_NOTES_MAX 1000000

// Copies the texts (NULL is ""); `fmt` is the reason.
int lrc_import_note_add(lrc_import_report *r, lrc_import_kind kind, const char *source, const char *target,
                        lrc_err *err, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
const char *lrc_import_kind_name(lrc_import_kind kind); // "renamed", …
void lrc_import_report_done(lrc_import_report *r);
#define lrc_auto_import_report lrc_cleanup(lrc_import_report_done)

#endif
