// SPDX-License-Identifier: MIT
// schema.h - how studio.db came to its present form, and what the files of the tables share. Inside of store/ only.
#ifndef LRC_STORE_SCHEMA_H
#define LRC_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stddef.h>

#include "store/store.h"

struct lrc_store {
    sqlite3 *db;
    char *path;
    bool begun; // a group of changes
};

// Step i (from 0) makes version i + 1 of version i. Steps are never changed once released, only added.
extern const char *const lrc_store_steps[];
extern const size_t lrc_store_step_count;

// lrc_store_open() with other steps, for tests of migrating.
int lrc_store_open_steps(const char *path, const char *const *steps, size_t count, lrc_store **ret, lrc_err *err);

// Fill *err from SQLite's last error. Returns -1.
int lrc_store_fail(const lrc_store *s, const char *doing, lrc_err *err);
int lrc_store_exec(lrc_store *s, const char *sql, lrc_err *err);
int lrc_store_prepare(lrc_store *s, const char *sql, sqlite3_stmt **ret, lrc_err *err);
// 1: a row, 0: no more, -1.
int lrc_store_step(lrc_store *s, sqlite3_stmt *statement, lrc_err *err);
void lrc_store_stmt_done(sqlite3_stmt **statement);
#define lrc_auto_stmt lrc_cleanup(lrc_store_stmt_done)

#endif
