// SPDX-License-Identifier: MIT
#include "thumb/keep.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"

#define FAN_OUT       2 // digits: 256 folders
#define DAY_SECONDS   86400
#define HOUR_MS       3600000 // a file half-written for so long is nobody's any more
#define KEEP_NUM      3       // tidying up leaves three quarters, so that it is seldom
#define KEEP_DEN      4
#define ENTRIES_MAX   ((size_t)1 << 22)
#define RIFF_HEADER   12
#define RIFF_PREAMBLE 8 // "RIFF" and the length of what follows

int lrc_keep_init(lrc_keep *k, const char *folder, uint64_t max_bytes, lrc_err *err)
{
    *k = (lrc_keep){.max_bytes = max_bytes};
    if (lrc_str_copy(&k->folder, folder, err) < 0)
        return -1;
    pthread_mutex_init(&k->mutex, NULL);
    return 0;
}

void lrc_keep_done(lrc_keep *k)
{
    if (!k->folder)
        return;
    pthread_mutex_destroy(&k->mutex);
    free(lrc_take(k->folder));
}

static int fan_folder(const lrc_keep *k, const char *key, char **ret, lrc_err *err)
{
    const char fan[FAN_OUT + 1] = {key[0], key[1], 0};
    return lrc_path_join(ret, k->folder, fan, err);
}

static int path_of(const lrc_keep *k, const char *key, char **ret, lrc_err *err)
{
    lrc_auto_free char *fan = NULL, *name = NULL;
    return fan_folder(k, key, &fan, err) < 0 || lrc_str_format(&name, err, "%s.webp", key) < 0 ||
                   lrc_path_join(ret, fan, name, err) < 0
               ? -1
               : 0;
}

int lrc_keep_place(const lrc_keep *k, const char *key, char **ret, lrc_err *err)
{
    lrc_auto_free char *fan = NULL;
    if (fan_folder(k, key, &fan, err) < 0 || lrc_fs_mkdirs(fan, err) < 0)
        return -1;
    return path_of(k, key, ret, err);
}

// A WebP file says in its first bytes how long it is.
static bool is_whole(int fd, const struct stat *st)
{
    unsigned char head[RIFF_HEADER];
    uint32_t length;
    if (!S_ISREG(st->st_mode) || pread(fd, head, sizeof head, 0) != RIFF_HEADER || memcmp(head, "RIFF", 4) != 0 ||
        memcmp(head + RIFF_PREAMBLE, "WEBP", 4) != 0)
        return false;
    memcpy(&length, head + 4, sizeof length);
    return (uint64_t)st->st_size == (uint64_t)le32toh(length) + RIFF_PREAMBLE;
}

int lrc_keep_open(const lrc_keep *k, const char *key, int *ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (path_of(k, key, &path, err) < 0)
        return -1;
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    if (fstat(fd, &st) < 0 || !is_whole(fd, &st))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "'%s' is not whole", path);
    if (st.st_mtim.tv_sec + DAY_SECONDS < lrc_clock_now_ms() / 1000)
        futimens(fd, NULL); // only how long it stays depends on it
    *ret = lrc_take_fd(fd);
    return 0;
}

bool lrc_keep_has(const lrc_keep *k, const char *key)
{
    lrc_auto_close int fd = -1;
    return lrc_keep_open(k, key, &fd, NULL) == 0;
}

// ---- Tidying up ------------------------------------------------------------------------------------------------------

struct file {
    char *path;
    uint64_t size;
    int64_t used; // nanoseconds
};

struct files {
    struct file *file;
    size_t count, room;
    uint64_t bytes;
};

static void files_done(struct files *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->file[i].path);
    free(f->file);
}

static lrc_walk_next take_file(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    struct files *f = arg;
    if (!S_ISREG(e->st->st_mode))
        return LRC_WALK_ON;
    const int64_t ms = (int64_t)e->st->st_mtim.tv_sec * 1000;
    if (lrc_fs_is_temp(e->name)) { // of a worker that was killed
        if (ms + HOUR_MS < lrc_clock_now_ms())
            lrc_fs_remove(e->path, NULL);
        return LRC_WALK_ON;
    }
    if (f->count == f->room) {
        const size_t room = f->room ? 2 * f->room : 256;
        struct file *more = room > ENTRIES_MAX ? NULL : realloc(f->file, room * sizeof *more);
        if (!more)
            return lrc_fail_memory(err), LRC_WALK_FAIL;
        f->file = more;
        f->room = room;
    }
    struct file *one = &f->file[f->count];
    one->path = NULL;
    if (lrc_str_copy(&one->path, e->path, err) < 0)
        return LRC_WALK_FAIL;
    one->size = (uint64_t)e->st->st_size;
    one->used = (int64_t)e->st->st_mtim.tv_sec * 1000000000 + e->st->st_mtim.tv_nsec;
    f->bytes += one->size;
    f->count++;
    return LRC_WALK_ON;
}

static int longest_unused_first(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    return x->used != y->used ? (x->used > y->used) - (x->used < y->used) : strcmp(x->path, y->path);
}

// Count all, and remove what is too much. Under the mutex.
static int tidy(lrc_keep *k, lrc_err *err)
{
    lrc_cleanup(files_done) struct files f = {0};
    const lrc_fs_walk_options everything = {.recursive = true, .hidden = true};
    if (lrc_fs_walk(k->folder, &everything, take_file, &f, err) < 0)
        return -1;
    k->bytes = f.bytes;
    k->counted = true;
    if (k->bytes <= k->max_bytes)
        return 0;
    qsort(f.file, f.count, sizeof *f.file, longest_unused_first);
    for (size_t i = 0; i < f.count && k->bytes > k->max_bytes / KEEP_DEN * KEEP_NUM; i++)
        if (lrc_fs_remove(f.file[i].path, NULL) == 0)
            k->bytes -= f.file[i].size;
    return 0;
}

void lrc_keep_added(lrc_keep *k, int fd)
{
    struct stat st;
    lrc_err err = LRC_ERR_INIT;
    pthread_mutex_lock(&k->mutex);
    if (k->counted && fstat(fd, &st) == 0)
        k->bytes += (uint64_t)st.st_size;
    if ((!k->counted || k->bytes > k->max_bytes) && tidy(k, &err) < 0) {
        lrc_log(LRC_LOG_WARN, "small pictures cannot be counted: %s", err.msg);
        k->counted = true; // and is tried again when the bound is passed from here on
        k->bytes = 0;
    }
    pthread_mutex_unlock(&k->mutex);
}
