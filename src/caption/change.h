// SPDX-License-Identifier: MIT
// change.h - inside of caption/: caption files that become something else together, journal first. Not for others.
//
// The caller holds the dataset's lock from reading the files to lrc_changes_commit().
#ifndef LRC_CAPTION_CHANGE_H
#define LRC_CAPTION_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/findings.h"
#include "caption/journal.h"

typedef struct lrc_change {
    char *relative; // path within the dataset
    char *before;   // whole content; NULL: no file
    char *after;    // NULL: no file
} lrc_change;

typedef struct lrc_changes {
    const char *dir; // of the dataset, borrowed
    lrc_change *item;
    size_t count, cap;
    size_t bytes; // of all texts
} lrc_changes;

// Takes before and after, also on failure.
int lrc_changes_add(lrc_changes *c, const char *relative, char *before, char *after, lrc_err *err);
void lrc_changes_done(lrc_changes *c); // keeps dir; may be filled again
#define lrc_auto_changes lrc_cleanup(lrc_changes_done)

// Journal all of them, sync the journal, then make them. A file that cannot be written is a problem, the others are
// written; *ret_made counts those. What ends everything (lrc_caption_is_fatal()) is -1.
int lrc_changes_commit(const lrc_changes *c, lrc_journal *journal, lrc_findings *problems, size_t *ret_made,
                       lrc_err *err);

// The whole content of a caption file, NULL when there is no file. *ret_sha is "?" for what is no text at all.
int lrc_change_current(const char *path, char **ret, char ret_sha[static LRC_JOURNAL_SHA_SIZE], lrc_err *err);

// Out of disk, out of memory, our own mistake: nothing else will work either.
bool lrc_caption_is_fatal(lrc_err_code code);

#endif
