// SPDX-License-Identifier: MIT
#include "job/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/path.h"

#define CHUNK      (64 << 10)
#define TAIL_BYTES (512 << 10) // of the end of a log that are looked at for its last lines
#define WATCHED    (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE)

struct lrc_follow {
    char *path;
    int fd;      // -1: the log is not there yet
    int inotify; // -1: this machine has no more of them
    uint64_t offset;
    char chunk[CHUNK];
};

int lrc_follow_new(const char *log, uint64_t offset, lrc_follow **ret, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    lrc_auto_follow lrc_follow *f = calloc(1, sizeof *f);
    if (!f)
        return lrc_fail_memory(err);
    f->fd = f->inotify = -1;
    f->offset = offset;
    if (lrc_str_copy(&f->path, log, err) < 0 || lrc_path_parent(&folder, log, err) < 0)
        return -1;
    f->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (f->inotify >= 0 && inotify_add_watch(f->inotify, folder, WATCHED) < 0)
        close(lrc_take_fd(f->inotify));
    *ret = lrc_take(f);
    return 0;
}

void lrc_follow_free(lrc_follow *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    if (f->inotify >= 0)
        close(f->inotify);
    free(f->path);
    free(f);
}

int lrc_follow_read(lrc_follow *f, const char **ret, size_t *ret_n, lrc_err *err)
{
    *ret = f->chunk;
    *ret_n = 0;
    if (f->fd < 0)
        f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0)
        return errno == ENOENT ? 0 : lrc_fail_errno(err, "cannot read the log '%s'", f->path);
    ssize_t n;
    do
        n = pread(f->fd, f->chunk, CHUNK, (off_t)f->offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return lrc_fail_errno(err, "cannot read the log '%s'", f->path);
    f->offset += (uint64_t)n;
    *ret_n = (size_t)n;
    return 0;
}

uint64_t lrc_follow_offset(const lrc_follow *f)
{
    return f->offset;
}

void lrc_follow_wait(lrc_follow *f, int other_fd, int timeout_ms)
{
    struct pollfd fds[2] = {{f->inotify, POLLIN, 0}, {other_fd, POLLIN, 0}};
    if (timeout_ms < 0 || timeout_ms > LRC_FOLLOW_LOOK_MS)
        timeout_ms = LRC_FOLLOW_LOOK_MS;
    poll(fds, 2, timeout_ms);
    char events[4096];
    while (f->inotify >= 0 && read(f->inotify, events, sizeof events) > 0)
        continue; // which file it was does not matter
}

// ---- The end of a log ------------------------------------------------------------------------------------------------

struct tail {
    lrc_strv *lines;
    uint64_t *starts; // ring of `count` line starts
    size_t count, seen;
};

static int keep_line(void *arg, const lrc_line *line, lrc_err *err)
{
    struct tail *t = arg;
    if (t->lines->count == t->count) {
        free(t->lines->item[0]);
        memmove(t->lines->item, t->lines->item + 1, (t->count - 1) * sizeof t->lines->item[0]);
        t->lines->item[--t->lines->count] = NULL;
    }
    t->starts[t->seen++ % t->count] = line->offset;
    return lrc_strv_push_n(t->lines, line->text, line->len, err);
}

static int read_end(const char *log, lrc_buf *ret, uint64_t *ret_from, lrc_err *err)
{
    struct stat st;
    lrc_auto_close int fd = open(log, O_RDONLY | O_CLOEXEC);
    *ret_from = 0;
    if (fd < 0)
        return errno == ENOENT ? 0 : lrc_fail_errno(err, "cannot read the log '%s'", log);
    if (fstat(fd, &st) < 0)
        return lrc_fail_errno(err, "cannot read the log '%s'", log);
    if (st.st_size > TAIL_BYTES)
        *ret_from = (uint64_t)st.st_size - TAIL_BYTES;
    char *room = lrc_buf_room(ret, TAIL_BYTES);
    const ssize_t n = room ? pread(fd, room, TAIL_BYTES, (off_t)*ret_from) : 0;
    if (n < 0)
        return lrc_fail_errno(err, "cannot read the log '%s'", log);
    lrc_buf_grew(ret, (size_t)n);
    return lrc_buf_check(ret, log, err);
}

int lrc_log_tail(const char *log, size_t count, lrc_strv *ret, uint64_t *ret_offset, lrc_err *err)
{
    lrc_auto_buf lrc_buf bytes;
    lrc_auto_lines lrc_lines lines;
    uint64_t from = 0;
    lrc_buf_init(&bytes, TAIL_BYTES);
    lrc_lines_init(&lines, 0, 0);
    if (read_end(log, &bytes, &from, err) < 0)
        return -1;
    size_t skip = 0; // the first line is whole only at the very beginning
    while (from > 0 && skip < bytes.len && bytes.data[skip] != '\n' && bytes.data[skip] != '\r')
        skip++;
    skip = skip < bytes.len ? skip + (from > 0) : 0; // one line that is longer than what was read: its end will do
    lrc_lines_done(&lines);
    lrc_lines_init(&lines, from + skip, 0);
    lrc_auto_free uint64_t *starts = calloc(count + 1, sizeof *starts);
    struct tail t = {.lines = ret, .starts = starts, .count = count};
    if (!starts)
        return lrc_fail_memory(err);
    if (count > 0 && (lrc_lines_feed(&lines, bytes.data + skip, bytes.len - skip, keep_line, &t, err) < 0 ||
                      lrc_lines_finish(&lines, keep_line, &t, err) < 0))
        return -1;
    if (ret_offset)
        *ret_offset = t.seen == 0 ? from : t.starts[t.seen > count ? t.seen % count : 0];
    return 0;
}
