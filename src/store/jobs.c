// SPDX-License-Identifier: MIT
#include "store/jobs.h"

#include "store/schema.h"

static const char put_sql[] =
    "INSERT INTO job (id, kind, title, state, final, reason, created, started, ended, exit_code, exit_signal)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    " ON CONFLICT (id) DO UPDATE SET kind = ?2, title = ?3, state = ?4, final = ?5, reason = ?6, created = ?7,"
    " started = ?8, ended = ?9, exit_code = ?10, exit_signal = ?11";

int lrc_store_job_put(lrc_store *s, const lrc_store_job *row, lrc_err *err)
{
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    if (lrc_store_prepare(s, put_sql, &q, err) < 0)
        return -1;
    const char *const texts[] = {row->id, row->kind, row->title, row->state};
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(q, i + 1, texts[i], -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(q, 5, row->final);
    sqlite3_bind_text(q, 6, row->reason, -1, SQLITE_TRANSIENT);
    const int64_t numbers[] = {row->created_ms, row->started_ms, row->ended_ms, row->exit_code, row->exit_signal};
    for (int i = 0; i < 5; i++)
        sqlite3_bind_int64(q, 7 + i, numbers[i]);
    return lrc_store_step(s, q, err);
}

int lrc_store_job_remove(lrc_store *s, const char *id, lrc_err *err)
{
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    if (lrc_store_prepare(s, "DELETE FROM job WHERE id = ?1", &q, err) < 0)
        return -1;
    sqlite3_bind_text(q, 1, id, -1, SQLITE_TRANSIENT);
    return lrc_store_step(s, q, err);
}

static const char *text_of(sqlite3_stmt *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q, column);
    return text ? (const char *)text : "";
}

int lrc_store_job_each(lrc_store *s, int (*fn)(void *arg, const lrc_store_job *row, lrc_err *err), void *arg,
                       lrc_err *err)
{
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    if (lrc_store_prepare(s,
                          "SELECT id, kind, title, state, reason, final, created, started, ended, exit_code,"
                          " exit_signal FROM job ORDER BY id",
                          &q, err) < 0)
        return -1;
    int more;
    while ((more = lrc_store_step(s, q, err)) > 0) {
        const lrc_store_job row = {.id = text_of(q, 0),
                                   .kind = text_of(q, 1),
                                   .title = text_of(q, 2),
                                   .state = text_of(q, 3),
                                   .reason = text_of(q, 4),
                                   .final = sqlite3_column_int(q, 5),
                                   .created_ms = sqlite3_column_int64(q, 6),
                                   .started_ms = sqlite3_column_int64(q, 7),
                                   .ended_ms = sqlite3_column_int64(q, 8),
                                   .exit_code = sqlite3_column_int(q, 9),
                                   .exit_signal = sqlite3_column_int(q, 10)};
        if (fn(arg, &row, err) != 0)
            return -1;
    }
    return more;
}
