// SPDX-License-Identifier: MIT
// undo.h - taking bulk edits back, giving them back, and mending what a crash left.
//
// Undo and redo are bulk edits themselves, with a journal of their own. They refuse as a whole when a file was changed
// by somebody else since. One call is one thread. May use: base, json, settings.
#ifndef LRC_CAPTION_UNDO_H
#define LRC_CAPTION_UNDO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/findings.h"
#include "caption/journal.h"

// Roll back every operation that has no end and no living process, the newest first: files that it changed become what
// they were; files that somebody changed since stay, each a problem. Every bulk edit does this first. *ret_count (may be
// NULL) is the number of operations.
int lrc_caption_recover(const lrc_workspace *w, lrc_findings *problems, size_t *ret_count, lrc_err *err);

typedef struct lrc_caption_undo_result {
    lrc_journal_head undone; // the operation that was taken back (undo) or given back (redo)
    size_t files;            // that were changed
    lrc_findings problems;   // with LRC_ERR_CONFLICT: the files that stand in the way
} lrc_caption_undo_result;

void lrc_caption_undo_result_done(lrc_caption_undo_result *r);
#define lrc_auto_caption_undo_result lrc_cleanup(lrc_caption_undo_result_done)

// Take back the newest edit that stands, or with `redo` give back the newest one taken back, unless another edit came
// after it. `dir` NULL: of any dataset. LRC_ERR_NOT_FOUND when there is none, LRC_ERR_CONFLICT (nothing is changed) when
// files were changed since. *ret is zeroed by the caller and filled as far as it goes.
int lrc_caption_undo(const lrc_workspace *w, const char *dir, bool redo, lrc_caption_undo_result *ret, lrc_err *err);

#endif
