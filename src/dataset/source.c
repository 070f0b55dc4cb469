// SPDX-License-Identifier: MIT
#include "dataset/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"

#ifdef __has_include
#if __has_include(<linux/fs.h>)
#include <linux/fs.h> // FICLONE
#endif
#endif

#define COPY_CHUNK    (1 << 20)
#define ARCHIVE_BLOCK 65536

struct lrc_source {
    char *path;
    bool is_archive, recursive;
    lrc_source_limits limits;
    uint64_t own_size; // of the archive file
    lrc_source_entry *entry;
    size_t count, cap;
    size_t folders_left_out;
    size_t next;            // index of the entry to step to
    struct archive *reader; // the second reading of an archive
    uint64_t taken;         // bytes that came out so far
};

void lrc_source_free(lrc_source *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->entry[i].name);
    free(s->entry);
    archive_read_free(s->reader); // NULL is fine
    free(s->path);
    free(s);
}

const lrc_source_entry *lrc_source_entries(const lrc_source *s, size_t *ret_count)
{
    *ret_count = s->count;
    return s->entry;
}

bool lrc_source_is_archive(const lrc_source *s)
{
    return s->is_archive;
}

size_t lrc_source_folders_left_out(const lrc_source *s)
{
    return s->folders_left_out;
}

// ---- Listing ---------------------------------------------------------------------------------------------------------

static int add_entry(lrc_source *s, const char *name, uint64_t size, lrc_source_kind kind, lrc_err *err)
{
    if (s->count >= s->limits.max_entries)
        return lrc_fail(err, LRC_ERR_LIMIT, "'%s' holds more than %zu files", s->path, s->limits.max_entries);
    if (s->count == s->cap) {
        const size_t cap = s->cap ? s->cap * 2 : 64;
        lrc_source_entry *entry = realloc(s->entry, cap * sizeof *entry);
        if (!entry)
            return lrc_fail_memory(err);
        s->entry = entry;
        s->cap = cap;
    }
    char *copy = NULL;
    if (lrc_str_copy(&copy, name, err) < 0)
        return -1;
    s->entry[s->count++] = (lrc_source_entry){copy, size, kind};
    return 0;
}

static lrc_walk_next list_file(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    lrc_source *s = arg;
    if (S_ISDIR(e->st->st_mode)) {
        s->folders_left_out += !s->recursive || e->is_link;
        return LRC_WALK_ON;
    }
    const lrc_source_kind kind = S_ISREG(e->st->st_mode) ? LRC_SOURCE_FILE : LRC_SOURCE_OTHER;
    return add_entry(s, e->relative, (uint64_t)e->st->st_size, kind, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
}

// "too much comes out of it", for what the list promises and for what has come so far.
static int check_total(const lrc_source *s, uint64_t bytes, lrc_err *err)
{
    char shown[16];
    if (bytes > s->limits.max_bytes) {
        lrc_str_bytes(s->limits.max_bytes, shown);
        return lrc_fail(err, LRC_ERR_LIMIT, "'%s' holds more than %s", s->path, shown);
    }
    if (bytes > LRC_SOURCE_RATIO_FREE && bytes / s->limits.max_ratio > s->own_size)
        return lrc_fail(err, LRC_ERR_LIMIT,
                        "'%s' unpacks to more than %u times its own size: it is taken for a zip bomb and refused",
                        s->path, s->limits.max_ratio);
    return 0;
}

static int fail_archive(const lrc_source *s, struct archive *a, lrc_err *err)
{
    const char *why = a ? archive_error_string(a) : NULL;
    return lrc_fail(err, LRC_ERR_INVALID, "the archive '%s' is damaged or not complete: %s", s->path,
                    why ? why : "unknown reason");
}

static int open_archive(const lrc_source *s, struct archive **ret, lrc_err *err)
{
    struct archive *a = archive_read_new();
    if (!a)
        return lrc_fail_memory(err);
    if (archive_read_support_format_zip(a) != ARCHIVE_OK ||
        archive_read_open_filename(a, s->path, ARCHIVE_BLOCK) != ARCHIVE_OK) {
        fail_archive(s, a, err);
        archive_read_free(a);
        return -1;
    }
    *ret = a;
    return 0;
}

// Step to the next entry that is no folder: 1, 0 after the last, -1.
static int next_header(const lrc_source *s, struct archive *a, struct archive_entry **ret, lrc_err *err)
{
    for (;;) {
        const int result = archive_read_next_header(a, ret);
        if (result == ARCHIVE_EOF)
            return 0;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return fail_archive(s, a, err);
        if (archive_entry_filetype(*ret) != AE_IFDIR)
            return 1;
    }
}

static const char *name_of(struct archive_entry *e)
{
    const char *name = archive_entry_pathname_utf8(e);
    if (!name)
        name = archive_entry_pathname(e);
    return name ? name : "";
}

static lrc_source_kind kind_of(struct archive_entry *e)
{
    if (archive_entry_symlink(e) || archive_entry_hardlink(e) || archive_entry_filetype(e) == AE_IFLNK)
        return LRC_SOURCE_LINK;
    if (archive_entry_is_data_encrypted(e))
        return LRC_SOURCE_LOCKED;
    // Archives from systems without modes leave the type open.
    return archive_entry_filetype(e) == AE_IFREG || archive_entry_filetype(e) == 0 ? LRC_SOURCE_FILE : LRC_SOURCE_OTHER;
}

static int list_entries(lrc_source *s, struct archive *a, lrc_err *err)
{
    uint64_t total = 0;
    for (;;) {
        struct archive_entry *e;
        const int step = next_header(s, a, &e, err);
        if (step <= 0)
            return step;
        const int64_t claimed = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;
        const uint64_t size = claimed > 0 ? (uint64_t)claimed : 0;
        if (size > s->limits.max_bytes || check_total(s, total += size, err) < 0)
            return size > s->limits.max_bytes ? check_total(s, size, err) : -1;
        if (add_entry(s, name_of(e), size, kind_of(e), err) < 0)
            return -1;
    }
}

static int list_archive(lrc_source *s, lrc_err *err)
{
    struct archive *a = NULL;
    if (open_archive(s, &a, err) < 0)
        return -1;
    const int result = list_entries(s, a, err);
    archive_read_free(a);
    return result < 0 ? -1 : open_archive(s, &s->reader, err);
}

// Archives begin with a local file header, or are empty (APPNOTE 4.3.7, 4.3.16).
static bool looks_like_zip(const char *path)
{
    char head[4];
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && read(fd, head, sizeof head) == sizeof head &&
           (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
}

int lrc_source_open(const char *path, bool recursive, const lrc_source_limits *limits, lrc_source **ret, lrc_err *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    lrc_auto_source lrc_source *s = calloc(1, sizeof *s);
    if (!s || lrc_str_copy(&s->path, path, NULL) < 0)
        return lrc_fail_memory(err);
    s->limits = limits ? *limits : (lrc_source_limits)LRC_SOURCE_LIMITS_INIT;
    s->recursive = recursive;
    s->own_size = (uint64_t)st.st_size;
    if (S_ISDIR(st.st_mode)) {
        const lrc_fs_walk_options options = {.recursive = recursive};
        if (lrc_fs_walk(path, &options, list_file, s, err) < 0)
            return -1;
    } else if (S_ISREG(st.st_mode) && looks_like_zip(path)) {
        s->is_archive = true;
        if (list_archive(s, err) < 0)
            return -1;
    } else {
        return lrc_fail(err, LRC_ERR_MEDIA_TYPE, "'%s' is neither a folder nor a zip archive", path);
    }
    *ret = lrc_take(s);
    return 0;
}

// ---- Reading ---------------------------------------------------------------------------------------------------------

int lrc_source_next(lrc_source *s, size_t *ret_index, lrc_err *err)
{
    if (s->next == s->count)
        return 0;
    if (s->is_archive) {
        struct archive_entry *e;
        const int step = next_header(s, s->reader, &e, err);
        if (step < 0)
            return -1;
        if (step == 0 || strcmp(name_of(e), s->entry[s->next].name) != 0)
            return lrc_fail(err, LRC_ERR_CONFLICT, "'%s' was changed while it was read", s->path);
    }
    *ret_index = s->next++;
    return 1;
}

static int copy_file(const lrc_source *s, const lrc_source_entry *e, int fd, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (lrc_path_join(&path, s->path, e->name, err) < 0)
        return -1;
    lrc_auto_close int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
#ifdef FICLONE
    if (ioctl(fd, FICLONE, in) == 0) // one file system that can share blocks: no bytes move
        return 0;
#endif
    for (;;) {
        const ssize_t n = sendfile(fd, in, NULL, COPY_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lrc_fail_errno(err, "cannot copy '%s'", path);
        if (n == 0)
            return 0;
    }
}

static int copy_entry(lrc_source *s, const lrc_source_entry *e, int fd, lrc_err *err)
{
    uint64_t length = 0;
    for (;;) {
        const void *bytes;
        size_t n;
        la_int64_t offset;
        const int result = archive_read_data_block(s->reader, &bytes, &n, &offset);
        if (result == ARCHIVE_EOF)
            break;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return fail_archive(s, s->reader, err);
        length += n;
        s->taken += n;
        if (e->size && length > e->size)
            return lrc_fail(err, LRC_ERR_LIMIT, "'%s' is longer than the archive '%s' promises: refused", e->name,
                            s->path);
        if (check_total(s, s->taken, err) < 0 || lrc_fs_write_fd(fd, bytes, n, e->name, err) < 0)
            return -1;
    }
    if (e->size && length < e->size)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is cut short in the archive", e->name);
    return 0;
}

int lrc_source_copy(lrc_source *s, int fd, lrc_err *err)
{
    const lrc_source_entry *e = &s->entry[s->next - 1];
    return s->is_archive ? copy_entry(s, e, fd, err) : copy_file(s, e, fd, err);
}
