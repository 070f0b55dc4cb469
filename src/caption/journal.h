// SPDX-License-Identifier: MIT
// journal.h - what bulk edits did to caption files, so that it can be undone, also after a crash.
//
// One file per operation, .lorica/journal/<n>.jsonl, one JSON object a line:
//   {"journal":1,"operation":"add-trigger","summary":"…","dir":"/…/datasets/cat","time":ms,"undoes":0}
//   {"path":"a.txt","before":"text"|null,"before_sha256":"…"|null,"after_sha256":"…"|null}     per file; null: no file
//   {"end":"done","files":N}
// A record is on the disk before its file is changed, and the line "end" after all of them are. The operation's process
// holds a flock on the journal, so one without an end and without a holder is what a crash has left; when its changes
// are taken back it is removed.
// One owner thread per lrc_journal. May use: base, json, settings; libcrypto.
#ifndef LRC_CAPTION_JOURNAL_H
#define LRC_CAPTION_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "settings/workspace.h"

#define LRC_JOURNAL_KEPT       100                 // operations
#define LRC_JOURNAL_KEPT_BYTES (UINT64_C(1) << 30) // of all of them; the oldest go first
#define LRC_JOURNAL_SHA_SIZE   65                  // hex digits and a NUL

// Hex SHA-256 of a text; "" for NULL, which is no file.
int lrc_journal_sha(const char *text, char out[static LRC_JOURNAL_SHA_SIZE], lrc_err *err);

// ---- Writing ---------------------------------------------------------------------------------------------------------

typedef struct lrc_journal lrc_journal;

typedef struct lrc_journal_head {
    unsigned number;
    char *operation; // "add-trigger", "undo"
    char *summary;   // one line for people
    char *dir;       // of the dataset, absolute
    int64_t time_ms;
    unsigned undoes; // number of the operation that this one takes back; 0: none
} lrc_journal_head;

void lrc_journal_head_done(lrc_journal_head *h);
#define lrc_auto_journal_head lrc_cleanup(lrc_journal_head_done)

// A new journal with the next number, locked; old ones are removed to keep the limits. `number` and `time_ms` of `head`
// are not looked at.
int lrc_journal_begin(const lrc_workspace *w, const lrc_journal_head *head, lrc_journal **ret, lrc_err *err);
unsigned lrc_journal_number(const lrc_journal *j);

// Say that `path` (relative to the head's dir) is about to become `after`; NULL is no file.
int lrc_journal_add(lrc_journal *j, const char *path, const char *before, const char *after, lrc_err *err);
int lrc_journal_sync(lrc_journal *j, lrc_err *err); // what was added is on the disk

// The files are on the disk: write the end. A journal without records leaves no file.
int lrc_journal_finish(lrc_journal *j, lrc_err *err);
void lrc_journal_free(lrc_journal *j); // without an end it is rolled back by the next lrc_caption_recover()
void lrc_journal_drop(lrc_journal *j); // as free, when no file was changed: the journal is removed
LRC_DEFINE_FREEP(lrc_journal)
#define lrc_auto_journal lrc_cleanup(lrc_journal_freep)

// ---- Reading ---------------------------------------------------------------------------------------------------------

typedef struct lrc_journal_entry {
    lrc_journal_head head;
    bool done; // else it runs, or is what a crash has left
    size_t files;
    bool undone; // a later operation took it back, and that one stands
} lrc_journal_entry;

typedef struct lrc_journal_list {
    lrc_journal_entry *item; // oldest first
    size_t count, cap;
} lrc_journal_list;

// All journals; damaged ones are left out.
int lrc_journal_list_read(const lrc_workspace *w, lrc_journal_list *ret, lrc_err *err);
void lrc_journal_list_done(lrc_journal_list *l);
#define lrc_auto_journal_list lrc_cleanup(lrc_journal_list_done)

typedef struct lrc_journal_record {
    const char *path;
    const char *before;                    // NULL: there was no file
    char before_sha[LRC_JOURNAL_SHA_SIZE]; // "": no file
    char after_sha[LRC_JOURNAL_SHA_SIZE];
} lrc_journal_record;

// Call fn for each record; it stops the reading by returning -1. A last line that a crash cut off does not count; another
// one that is damaged is LRC_ERR_INVALID.
int lrc_journal_read(const lrc_workspace *w, unsigned number,
                     int (*fn)(void *arg, const lrc_journal_record *record, lrc_err *err), void *arg, lrc_err *err);

// Lock a journal that has no end, to roll it back: 1 and *ret_lock (close it to let go); 0 when its process lives, or it
// came to its end meanwhile.
int lrc_journal_claim(const lrc_workspace *w, unsigned number, int *ret_lock, lrc_err *err);
int lrc_journal_forget(const lrc_workspace *w, unsigned number, lrc_err *err); // remove a claimed one
int lrc_journal_set_aside(const lrc_workspace *w, unsigned number,
                          lrc_err *err); // rename a damaged one: <n>.jsonl.damaged

#endif
