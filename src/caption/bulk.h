// SPDX-License-Identifier: MIT
// bulk.h - one edit made to all captions of a dataset.
//
// The edit is a pure function on texts; this module finds the files, holds the dataset's lock from reading a caption to
// writing it (in batches of less than a second, so that others get their turn), writes atomically with a journal
// (journal.h, so that it can be undone) and reports. Several processes may edit one dataset at once and lose nothing. A
// file that cannot be read, is no UTF-8 or cannot be written is a finding; the others are edited.
// One call is one thread. May use: base, kohya, json, settings; libcrypto.
#ifndef LRC_CAPTION_BULK_H
#define LRC_CAPTION_BULK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/findings.h"
#include "settings/workspace.h"

#define LRC_CAPTION_EXAMPLES 5 // changes that a result shows

// The edit: a caption's text in ("" when there is no file), *ret the new text, or NULL when nothing changes.
typedef int (*lrc_caption_edit)(void *arg, const char *text, char **ret, lrc_err *err);

typedef struct lrc_caption_bulk {
    const lrc_workspace *workspace; // whose locks and journal count
    const char *dir;                // the dataset's folder, or one below it
    const char *extension;          // NULL: LRC_CAPTION_EXTENSION
    bool recursive;                 // sub-folders too
    bool existing_only;             // only captions that exist, with an image or without; else one for each image
    bool dry_run;                   // change nothing, only report
    // Asked about each caption file before it is read; what it refuses is a problem and is not touched. NULL: all may be.
    int (*may)(void *may_arg, const char *path, lrc_err *err);
    void *may_arg;
    const char *operation; // a word for the journal: "add-trigger"
    const char *summary;   // a line for people: "add trigger word 'ohwx' at the start"
    lrc_caption_edit edit;
    void *arg;
} lrc_caption_bulk;

typedef struct lrc_caption_change {
    char *path, *before, *after; // before is "" when there was no file
} lrc_caption_change;

typedef struct lrc_caption_bulk_result {
    size_t images;  // found
    size_t below;   // more of them in sub-folders, left out because `recursive` is false
    unsigned undo;  // number of the operation in the journal; 0: nothing was changed
    size_t files;   // captions looked at; fewer than images where two images share one
    size_t changed; // files that were (dry run: would be) written
    size_t created; // of these, how many were not there before
    lrc_caption_change example[LRC_CAPTION_EXAMPLES];
    size_t examples;
    lrc_findings problems; // one for each file that failed
} lrc_caption_bulk_result;

void lrc_caption_bulk_result_done(lrc_caption_bulk_result *r);
#define lrc_auto_caption_bulk_result lrc_cleanup(lrc_caption_bulk_result_done)

// Run it, after lrc_caption_recover(). *ret (zeroed by the caller) is filled also on failure: LRC_ERR_NOT_FOUND when there
// is no such folder; LRC_ERR_DISK_FULL, LRC_ERR_NO_MEMORY or LRC_ERR_BUSY end it, and what it had changed is put back.
int lrc_caption_bulk_run(const lrc_caption_bulk *bulk, lrc_caption_bulk_result *ret, lrc_err *err);

#endif
