// SPDX-License-Identifier: MIT
// store.h - studio.db, the index of the workspace: a SQLite file that answers lists quickly.
//
// Nothing in it is the truth: every row can be made again from files. So losing it costs time and no data, and a caller
// that cannot open it goes on without. Several processes may use it at once (WAL, BEGIN IMMEDIATE, busy timeout).
// The file has a version. An older one is copied to studio.db.v<N>.bak and brought up to date; a newer one is refused,
// naming the version of this program that is too old. One file per table (jobs.h, …).
// One owner thread per lrc_store. May use: base, json. The only user of sqlite3.h.
#ifndef LRC_STORE_STORE_H
#define LRC_STORE_STORE_H

#include "base/cleanup.h"
#include "base/err.h"

typedef struct lrc_store lrc_store;

// Open (make) the file `path`. LRC_ERR_CONFLICT: made by a newer program; LRC_ERR_BUSY: locked for too long;
// LRC_ERR_INVALID: not a database, or damaged.
int lrc_store_open(const char *path, lrc_store **ret, lrc_err *err);
void lrc_store_free(lrc_store *s);
LRC_DEFINE_FREEP(lrc_store)
#define lrc_auto_store lrc_cleanup(lrc_store_freep)

// A group of changes, made whole or not at all. Changes outside of one are each made at once.
int lrc_store_begin(lrc_store *s, lrc_err *err);
int lrc_store_commit(lrc_store *s, lrc_err *err);
void lrc_store_rollback(lrc_store *s); // harmless when none is begun

#endif
