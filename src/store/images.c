// SPDX-License-Identifier: MIT
#include "store/images.h"

#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "store/schema.h"

int lrc_store_image_put(lrc_store *s, const lrc_store_image *row, lrc_err *err)
{
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    if (lrc_store_prepare(s,
                          "INSERT OR REPLACE INTO image (path, bytes, mtime, format, width, height, pages, orientation,"
                          " alpha, deep, fault, about) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                          &q, err) < 0)
        return -1;
    sqlite3_bind_text(q, 1, row->path, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, row->bytes);
    sqlite3_bind_int64(q, 3, row->mtime_ns);
    sqlite3_bind_text(q, 4, row->format, -1, SQLITE_STATIC);
    const int64_t numbers[] = {row->width, row->height, row->pages, row->orientation,
                               row->alpha, row->deep,   row->fault};
    for (int i = 0; i < 7; i++)
        sqlite3_bind_int64(q, 5 + i, numbers[i]);
    sqlite3_bind_text(q, 12, row->about, -1, SQLITE_STATIC);
    return lrc_store_step(s, q, err);
}

int lrc_store_image_remove(lrc_store *s, const char *path, lrc_err *err)
{
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    if (lrc_store_prepare(s, "DELETE FROM image WHERE path = ?1", &q, err) < 0)
        return -1;
    sqlite3_bind_text(q, 1, path, -1, SQLITE_STATIC);
    return lrc_store_step(s, q, err);
}

static const char *text_of(sqlite3_stmt *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q, column);
    return text ? (const char *)text : "";
}

int lrc_store_images_below(lrc_store *s, const char *dir,
                           int (*fn)(void *arg, const lrc_store_image *row, lrc_err *err), void *arg, lrc_err *err)
{
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    char from[LRC_PATH_MAX + 2], to[LRC_PATH_MAX + 2];
    if (strlen(dir) >= LRC_PATH_MAX)
        return lrc_fail(err, LRC_ERR_INVALID, "the path of a folder is too long");
    snprintf(from, sizeof from, "%s/", dir);
    snprintf(to, sizeof to, "%s0", dir); // '0' is the byte after '/'
    if (lrc_store_prepare(s,
                          "SELECT path, bytes, mtime, format, width, height, pages, orientation, alpha, deep, fault,"
                          " about FROM image WHERE path >= ?1 AND path < ?2 ORDER BY path",
                          &q, err) < 0)
        return -1;
    sqlite3_bind_text(q, 1, from, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, to, -1, SQLITE_STATIC);
    int more;
    while ((more = lrc_store_step(s, q, err)) > 0) {
        const lrc_store_image row = {.path = text_of(q, 0),
                                     .bytes = sqlite3_column_int64(q, 1),
                                     .mtime_ns = sqlite3_column_int64(q, 2),
                                     .format = text_of(q, 3),
                                     .width = sqlite3_column_int64(q, 4),
                                     .height = sqlite3_column_int64(q, 5),
                                     .pages = sqlite3_column_int64(q, 6),
                                     .orientation = sqlite3_column_int(q, 7),
                                     .alpha = sqlite3_column_int(q, 8),
                                     .deep = sqlite3_column_int(q, 9),
                                     .fault = sqlite3_column_int(q, 10),
                                     .about = text_of(q, 11)};
        if (fn(arg, &row, err) != 0)
            return -1;
    }
    return more;
}
