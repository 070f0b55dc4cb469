// SPDX-License-Identifier: MIT
#include "dataset/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>

#define FILE_MODE 0644
#define MS        1000

struct lrc_zip {
    struct archive *archive;
    lrc_zip_sink *sink;
    void *arg;
    bool sink_failed;
    lrc_err why; // of the sink
};

static la_ssize_t hand_on(struct archive *a, void *arg, const void *bytes, size_t n)
{
    (void)a;
    lrc_zip *z = arg;
    if (z->sink_failed || z->sink(z->arg, bytes, n, &z->why) < 0) {
        z->sink_failed = true;
        return -1;
    }
    return (la_ssize_t)n;
}

static int fail(const lrc_zip *z, lrc_err *err)
{
    if (z->sink_failed) {
        if (err)
            *err = z->why;
        return -1;
    }
    const char *why = archive_error_string(z->archive);
    return lrc_fail(err, LRC_ERR_IO, "the zip cannot be made: %s", why ? why : "out of memory");
}

int lrc_zip_new(lrc_zip_sink *sink, void *arg, lrc_zip **ret, lrc_err *err)
{
    lrc_auto_zip lrc_zip *z = calloc(1, sizeof *z);
    if (!z)
        return lrc_fail_memory(err);
    z->sink = sink;
    z->arg = arg;
    z->archive = archive_write_new();
    if (!z->archive)
        return lrc_fail_memory(err);
    if (archive_write_set_format_zip(z->archive) != ARCHIVE_OK ||
        archive_write_open(z->archive, z, NULL, hand_on, NULL) != ARCHIVE_OK)
        return fail(z, err);
    *ret = lrc_take(z);
    return 0;
}

void lrc_zip_free(lrc_zip *z)
{
    if (!z)
        return;
    z->sink_failed = true; // what libarchive would still write on closing is not wanted
    if (z->archive)
        archive_write_free(z->archive);
    free(z);
}

int lrc_zip_add(lrc_zip *z, const char *name, const void *bytes, size_t n, int64_t mtime_ms, lrc_err *err)
{
    struct archive_entry *e = archive_entry_new2(z->archive);
    if (!e)
        return lrc_fail_memory(err);
    archive_entry_set_pathname_utf8(e, name);
    archive_entry_set_size(e, (la_int64_t)n);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, FILE_MODE);
    archive_entry_set_mtime(e, (time_t)(mtime_ms / MS), 0);
    const bool good =
        archive_write_header(z->archive, e) == ARCHIVE_OK && archive_write_data(z->archive, bytes, n) == (la_ssize_t)n;
    archive_entry_free(e);
    return good ? 0 : fail(z, err);
}

int lrc_zip_finish(lrc_zip *z, lrc_err *err)
{
    return archive_write_close(z->archive) == ARCHIVE_OK ? 0 : fail(z, err);
}
