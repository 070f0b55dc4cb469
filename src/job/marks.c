// SPDX-License-Identifier: MIT
#include "job/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define CHUNK     (256 << 10)       // bytes of the log read at once
#define CHUNKS    16                // read in one advance
#define MARKS_MAX ((size_t)1 << 30) // bytes of log.idx that are read

_Static_assert(sizeof(lrc_mark) == 32, "a mark is 32 bytes on disk");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "marks are little-endian");

static int nothing(void *arg, const lrc_line *line, lrc_err *err)
{
    (void)arg;
    (void)line;
    (void)err;
    return 0;
}

int lrc_marker_open(lrc_marker *m, const char *log, const char *idx, lrc_err *err)
{
    lrc_auto_marks lrc_marks old = {0};
    if (lrc_marks_load(idx, &old, err) < 0)
        return -1;
    lrc_auto_close int log_fd = open(log, O_RDONLY | O_CLOEXEC);
    if (log_fd < 0)
        return lrc_fail_errno(err, "cannot read '%s'", log);
    lrc_auto_close int idx_fd = open(idx, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (idx_fd < 0 || ftruncate(idx_fd, (off_t)(old.count * sizeof(lrc_mark))) < 0)
        return lrc_fail_errno(err, "cannot write '%s'", idx);
    m->last = old.count ? old.item[old.count - 1] : (lrc_mark){0};
    lrc_lines_init(&m->lines, m->last.start, m->last.line);
    m->log_fd = lrc_take_fd(log_fd);
    m->idx_fd = lrc_take_fd(idx_fd);
    return 0;
}

// Feed what is there now, within limits.
static int read_growth(lrc_marker *m, bool *ret_more, lrc_err *err)
{
    lrc_auto_free char *chunk = malloc(CHUNK);
    if (!chunk)
        return lrc_fail_memory(err);
    *ret_more = true;
    for (int i = 0; i < CHUNKS; i++) {
        const ssize_t n = pread(m->log_fd, chunk, CHUNK, (off_t)m->lines.offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lrc_fail_errno(err, "cannot read the log");
        if (n > 0 && lrc_lines_feed(&m->lines, chunk, (size_t)n, nothing, NULL, err) < 0)
            return -1;
        if (n < CHUNK) {
            *ret_more = false;
            break;
        }
    }
    return 0;
}

int lrc_marker_advance(lrc_marker *m, int64_t now_ms, bool *ret_more, lrc_err *err)
{
    lrc_mark mark = {.ms = now_ms > m->last.ms ? now_ms : m->last.ms + 1};
    if (read_growth(m, ret_more, err) < 0)
        return -1;
    lrc_lines_place(&m->lines, &mark.offset, &mark.start, &mark.line);
    if (mark.offset <= m->last.offset)
        return 0;
    if (lrc_fs_write_fd(m->idx_fd, &mark, sizeof mark, "log.idx", err) < 0)
        return -1;
    m->last = mark;
    return 0;
}

void lrc_marker_close(lrc_marker *m)
{
    if (m->log_fd < 0)
        return;
    close(lrc_take_fd(m->log_fd));
    close(lrc_take_fd(m->idx_fd));
    lrc_lines_done(&m->lines);
}

// ---- Reading ---------------------------------------------------------------------------------------------------------

int lrc_marks_load(const char *idx, lrc_marks *ret, lrc_err *err)
{
    char *bytes = NULL;
    size_t n = 0;
    lrc_err why = LRC_ERR_INIT;
    *ret = (lrc_marks){0};
    if (lrc_fs_read(idx, MARKS_MAX, &bytes, &n, &why) < 0) {
        if (why.code == LRC_ERR_NOT_FOUND)
            return 0;
        if (err)
            *err = why;
        return -1;
    }
    ret->item = (lrc_mark *)(void *)bytes; // from malloc: aligned for anything
    ret->count = n / sizeof(lrc_mark);
    for (size_t i = 1; i < ret->count; i++) // what does not rise is damage: nothing after it counts
        if (ret->item[i].ms <= ret->item[i - 1].ms || ret->item[i].offset <= ret->item[i - 1].offset ||
            ret->item[i].line < ret->item[i - 1].line || ret->item[i].start > ret->item[i].offset)
            ret->count = i;
    return 0;
}

void lrc_marks_done(lrc_marks *m)
{
    free(m->item);
    *m = (lrc_marks){0};
}

int64_t lrc_marks_time(const lrc_marks *m, uint64_t end, int64_t otherwise)
{
    size_t low = 0, high = m->count; // the first mark with offset >= end
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (m->item[mid].offset >= end)
            high = mid;
        else
            low = mid + 1;
    }
    if (low < m->count)
        return m->item[low].ms;
    const int64_t after = m->count ? m->item[m->count - 1].ms + 1 : otherwise;
    return otherwise > after ? otherwise : after;
}

// The last mark for which `fits` holds; it holds for a beginning of the list.
static void seek(const lrc_marks *m, bool (*fits)(const lrc_mark *mark, uint64_t value), uint64_t value,
                 uint64_t *ret_offset, uint64_t *ret_line)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (fits(&m->item[mid], value))
            low = mid + 1;
        else
            high = mid;
    }
    *ret_offset = low ? m->item[low - 1].start : 0;
    *ret_line = low ? m->item[low - 1].line : 0;
}

static bool fits_line(const lrc_mark *mark, uint64_t line)
{
    return mark->line <= line;
}

static bool fits_offset(const lrc_mark *mark, uint64_t offset)
{
    return mark->start <= offset;
}

static bool fits_time(const lrc_mark *mark, uint64_t ms)
{
    return mark->ms <= (int64_t)ms;
}

void lrc_marks_seek_line(const lrc_marks *m, uint64_t number, uint64_t *ret_offset, uint64_t *ret_line)
{
    seek(m, fits_line, number, ret_offset, ret_line);
}

void lrc_marks_seek_offset(const lrc_marks *m, uint64_t offset, uint64_t *ret_offset, uint64_t *ret_line)
{
    seek(m, fits_offset, offset, ret_offset, ret_line);
}

void lrc_marks_seek_time(const lrc_marks *m, int64_t ms, uint64_t *ret_offset, uint64_t *ret_line)
{
    seek(m, fits_time, ms < 0 ? 0 : (uint64_t)ms, ret_offset, ret_line);
}
