// SPDX-License-Identifier: MIT
#include "store/store.h"

#include <string.h>

#include "base/fs.h"
#include "store/schema.h"

#define BUSY_MS 10000 // another process writes for milliseconds; this long only when it hangs

const char *const lrc_store_steps[] = {
    // 1: jobs (jobs.c)
    "CREATE TABLE job ("
    "  id TEXT PRIMARY KEY,"
    "  kind TEXT NOT NULL,"
    "  title TEXT NOT NULL,"
    "  state TEXT NOT NULL,"
    "  final INTEGER NOT NULL," // 1: the row will never change
    "  reason TEXT NOT NULL,"
    "  created INTEGER NOT NULL," // milliseconds, as all times
    "  started INTEGER NOT NULL,"
    "  ended INTEGER NOT NULL,"
    "  exit_code INTEGER NOT NULL,"
    "  exit_signal INTEGER NOT NULL"
    ") WITHOUT ROWID;"
    "CREATE INDEX job_by_age ON job (created DESC, id DESC);",
    // 2: images (images.c)
    "CREATE TABLE image ("
    "  path TEXT PRIMARY KEY,"
    "  bytes INTEGER NOT NULL,"
    "  mtime INTEGER NOT NULL," // nanoseconds: it is only compared
    "  format TEXT NOT NULL,"
    "  width INTEGER NOT NULL,"
    "  height INTEGER NOT NULL,"
    "  pages INTEGER NOT NULL,"
    "  orientation INTEGER NOT NULL,"
    "  alpha INTEGER NOT NULL,"
    "  deep INTEGER NOT NULL,"
    "  fault INTEGER NOT NULL,"
    "  about TEXT NOT NULL"
    ") WITHOUT ROWID;",
};
const size_t lrc_store_step_count = sizeof lrc_store_steps / sizeof lrc_store_steps[0];

int lrc_store_fail(const lrc_store *s, const char *doing, lrc_err *err)
{
    lrc_err_code code = LRC_ERR_IO;
    switch (s->db ? sqlite3_errcode(s->db) & 0xff : SQLITE_NOMEM) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: code = LRC_ERR_BUSY; break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: code = LRC_ERR_INVALID; break;
    case SQLITE_FULL: code = LRC_ERR_DISK_FULL; break;
    case SQLITE_NOMEM: code = LRC_ERR_NO_MEMORY; break;
    case SQLITE_CANTOPEN: code = LRC_ERR_NOT_FOUND; break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: code = LRC_ERR_DENIED; break;
    default: break;
    }
    return lrc_fail(err, code, "%s '%s': %s", doing, s->path, s->db ? sqlite3_errmsg(s->db) : "out of memory");
}

int lrc_store_exec(lrc_store *s, const char *sql, lrc_err *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : lrc_store_fail(s, "cannot use the index", err);
}

int lrc_store_prepare(lrc_store *s, const char *sql, sqlite3_stmt **ret, lrc_err *err)
{
    return sqlite3_prepare_v2(s->db, sql, -1, ret, NULL) == SQLITE_OK ? 0
                                                                      : lrc_store_fail(s, "cannot use the index", err);
}

int lrc_store_step(lrc_store *s, sqlite3_stmt *statement, lrc_err *err)
{
    const int result = sqlite3_step(statement);
    return result == SQLITE_ROW ? 1 : result == SQLITE_DONE ? 0 : lrc_store_fail(s, "cannot use the index", err);
}

void lrc_store_stmt_done(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
    *statement = NULL;
}

static int version_of(lrc_store *s, int64_t *ret, lrc_err *err)
{
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    if (lrc_store_prepare(s, "PRAGMA user_version", &q, err) < 0 || lrc_store_step(s, q, err) < 0)
        return -1;
    *ret = sqlite3_column_int64(q, 0);
    return 0;
}

// A whole copy, WAL included, that people can go back to with the old program.
static int back_up(lrc_store *s, int64_t version, lrc_err *err)
{
    lrc_auto_free char *copy = NULL;
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    if (lrc_str_format(&copy, err, "%s.v%lld.bak", s->path, (long long)version) < 0 || lrc_fs_remove(copy, err) < 0 ||
        lrc_store_prepare(s, "VACUUM INTO ?1", &q, err) < 0)
        return -1;
    sqlite3_bind_text(q, 1, copy, -1, SQLITE_TRANSIENT);
    return lrc_store_step(s, q, err) < 0 ? lrc_wrap(err, "cannot copy the index before changing it") : 0;
}

static int run_steps(lrc_store *s, const char *const *steps, size_t count, lrc_err *err)
{
    int64_t version = 0;
    char sql[64];
    if (version_of(s, &version, err) < 0) // again, now that nobody else can change it
        return -1;
    if (version >= (int64_t)count)
        return 0; // another process was faster
    for (size_t i = (size_t)version; i < count; i++)
        if (lrc_store_exec(s, steps[i], err) < 0)
            return lrc_wrap(err, "step %zu", i + 1);
    snprintf(sql, sizeof sql, "PRAGMA user_version = %zu", count);
    return lrc_store_exec(s, sql, err);
}

static int migrate(lrc_store *s, const char *const *steps, size_t count, lrc_err *err)
{
    int64_t version = 0;
    if (version_of(s, &version, err) < 0)
        return -1;
    if (version > (int64_t)count)
        return lrc_fail(err, LRC_ERR_CONFLICT,
                        "'%s' has version %lld, made by a newer Lorica; this one (" LORICA_VERSION
                        ") knows versions up to %zu",
                        s->path, (long long)version, count);
    if (version == (int64_t)count)
        return 0;
    if (version > 0 && back_up(s, version, err) < 0)
        return -1;
    if (lrc_store_begin(s, err) < 0)
        return -1;
    if (run_steps(s, steps, count, err) < 0 || lrc_store_commit(s, err) < 0) {
        lrc_store_rollback(s);
        return lrc_wrap(err, "cannot bring '%s' up to date", s->path);
    }
    return 0;
}

int lrc_store_open_steps(const char *path, const char *const *steps, size_t count, lrc_store **ret, lrc_err *err)
{
    lrc_auto_store lrc_store *s = calloc(1, sizeof *s);
    if (!s)
        return lrc_fail_memory(err);
    if (lrc_str_copy(&s->path, path, err) < 0)
        return -1;
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return lrc_store_fail(s, "cannot open the index", err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    // NORMAL: after a power loss the last rows may be missing, and are made again from the folders.
    if (lrc_store_exec(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF;", err) <
            0 ||
        migrate(s, steps, count, err) < 0)
        return -1;
    *ret = lrc_take(s);
    return 0;
}

int lrc_store_open(const char *path, lrc_store **ret, lrc_err *err)
{
    return lrc_store_open_steps(path, lrc_store_steps, lrc_store_step_count, ret, err);
}

void lrc_store_free(lrc_store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

int lrc_store_begin(lrc_store *s, lrc_err *err)
{
    if (lrc_store_exec(s, "BEGIN IMMEDIATE", err) < 0)
        return -1;
    s->begun = true;
    return 0;
}

int lrc_store_commit(lrc_store *s, lrc_err *err)
{
    if (lrc_store_exec(s, "COMMIT", err) < 0)
        return -1;
    s->begun = false;
    return 0;
}

void lrc_store_rollback(lrc_store *s)
{
    if (s->begun)
        lrc_store_exec(s, "ROLLBACK", NULL);
    s->begun = false;
}
