// SPDX-License-Identifier: MIT
#include "dataset/twins.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "kohya/files.h"

#define CHUNK 16384 // bytes on the stack, twice

void lrc_twins_done(lrc_twins *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->twin[i].relative);
    free(t->twin);
    free(t->dir);
    *t = (lrc_twins){0};
}

static lrc_walk_next add_twin(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    lrc_twins *t = arg;
    if (!S_ISREG(e->st->st_mode) || !lrc_kohya_type_of(e->name))
        return LRC_WALK_ON;
    if (t->count == t->cap) {
        const size_t cap = t->cap ? t->cap * 2 : 64;
        lrc_twin *grown = realloc(t->twin, cap * sizeof *grown);
        if (!grown) {
            lrc_fail_memory_(err);
            return LRC_WALK_FAIL;
        }
        t->twin = grown;
        t->cap = cap;
    }
    char *relative = NULL;
    if (lrc_str_copy(&relative, e->relative, err) < 0)
        return LRC_WALK_FAIL;
    t->twin[t->count++] = (lrc_twin){(uint64_t)e->st->st_size, relative};
    return LRC_WALK_ON;
}

static int by_size(const void *a, const void *b)
{
    const lrc_twin *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->relative, y->relative);
}

int lrc_twins_read(const char *dir, lrc_twins *ret, lrc_err *err)
{
    lrc_auto_twins lrc_twins t = {0};
    const lrc_fs_walk_options options = {.recursive = true, .hidden = true};
    if (lrc_str_copy(&t.dir, dir, err) < 0 || lrc_fs_walk(dir, &options, add_twin, &t, err) < 0)
        return -1;
    if (t.count > 1)
        qsort(t.twin, t.count, sizeof *t.twin, by_size);
    *ret = t;
    t = (lrc_twins){0};
    return 0;
}

// As many bytes as there are, up to n; -1 when the file cannot be read.
static ssize_t read_chunk(int fd, char *out, size_t n)
{
    size_t done = 0;
    while (done < n) {
        const ssize_t got = read(fd, out + done, n - done);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

// 1: same bytes. A file that cannot be read is not the same.
static int same_bytes(const char *a, const char *b)
{
    lrc_auto_close int x = open(a, O_RDONLY | O_CLOEXEC);
    lrc_auto_close int y = open(b, O_RDONLY | O_CLOEXEC);
    char p[CHUNK], q[CHUNK];
    while (x >= 0 && y >= 0) {
        const ssize_t n = read_chunk(x, p, CHUNK), m = read_chunk(y, q, CHUNK);
        if (n != m || n < 0 || memcmp(p, q, (size_t)n) != 0)
            return 0;
        if (n < CHUNK)
            return 1;
    }
    return 0;
}

int lrc_twins_find(const lrc_twins *t, const char *path, const char **ret, lrc_err *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    size_t low = 0, high = t->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (t->twin[middle].bytes < (uint64_t)st.st_size)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = NULL;
    for (; low < t->count && t->twin[low].bytes == (uint64_t)st.st_size; low++) {
        lrc_auto_free char *other = NULL;
        if (lrc_path_join(&other, t->dir, t->twin[low].relative, err) < 0)
            return -1;
        if (same_bytes(path, other)) {
            *ret = t->twin[low].relative;
            return 0;
        }
    }
    return 0;
}
