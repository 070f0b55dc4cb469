// SPDX-License-Identifier: MIT
#include "dataset/upload.h"

#include <fcntl.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/path.h"
#include "caption/caption.h"
#include "caption/file.h"
#include "dataset/trash.h"
#include "kohya/files.h"

#define PIECE        (64 * 1024)
#define LOCK_WAIT_MS 60000 // others hold a dataset's lock for less than a second each

int lrc_upload_begin(const lrc_workspace *w, const char *dir, uint64_t expected, lrc_upload *ret, lrc_err *err)
{
    lrc_auto_upload lrc_upload u = LRC_UPLOAD_INIT;
    lrc_auto_free char *parent = NULL;
    const bool exists = lrc_fs_is_dir(dir);
    u.workspace = w;
    if (lrc_str_copy(&u.dir, dir, err) < 0 || lrc_path_parent(&parent, dir, err) < 0)
        return -1;
    const char *beside = exists ? u.dir : parent;
    const uint64_t room = lrc_fs_free_bytes(beside);
    if (room && expected > room)
        return lrc_fail(err, LRC_ERR_DISK_FULL, "there is no room for these files on the disk of '%s'", beside);
    if (lrc_stage_open(w, beside, &u.stage, err) < 0)
        return -1;
    *ret = u;
    u = (lrc_upload)LRC_UPLOAD_INIT;
    return 0;
}

void lrc_upload_done(lrc_upload *u)
{
    lrc_stage_done(&u->stage);
    lrc_strv_done(&u->stored);
    lrc_strv_done(&u->problems);
    free(u->dir);
    *u = (lrc_upload)LRC_UPLOAD_INIT;
}

// ---- One file --------------------------------------------------------------------------------------------------------

static bool is_caption(const char *name)
{
    for (size_t i = 0; lrc_caption_extensions[i]; i++)
        if (lrc_ascii_same(lrc_path_suffix(name), lrc_caption_extensions[i]))
            return true;
    return false;
}

// The name that the file will have: that of a caption ends in small letters, which the trainer looks for.
static int final_name(const char *given, char **ret, lrc_err *err)
{
    if (lrc_path_check_name(given, "the name", err) < 0)
        return -1;
    if (given[0] == '.')
        return lrc_fail(err, LRC_ERR_INVALID, "the name begins with a dot");
    if (lrc_kohya_type_of(given))
        return lrc_str_copy(ret, given, err);
    if (!is_caption(given))
        return lrc_fail(err, LRC_ERR_INVALID, "it is neither an image nor a caption");
    lrc_auto_free char *suffix = NULL;
    if (lrc_str_copy(&suffix, lrc_path_suffix(given), err) < 0)
        return -1;
    for (char *p = suffix; *p; p++)
        *p = lrc_ascii_lower(*p);
    return lrc_path_with_suffix(ret, given, suffix, err);
}

// The source's failures are kept apart from those of the file.
struct input {
    lrc_upload_source *source;
    void *arg;
    lrc_err failed; // code LRC_OK: it has not failed
};

static int take(struct input *in, void *out, size_t n, size_t *ret)
{
    return in->source(in->arg, out, n, ret, &in->failed);
}

static int store_image(lrc_upload *u, const char *path, struct input *in, lrc_err *err)
{
    lrc_auto_close int fd = -1;
    lrc_auto_free char *piece = malloc(PIECE);
    uint64_t total = 0;
    size_t n = 0;
    if (!piece)
        return lrc_fail_memory(err);
    if (lrc_fs_create_new(path, &fd, err) < 0)
        return -1;
    do {
        if (take(in, piece, PIECE, &n) < 0 || lrc_fs_write_fd(fd, piece, n, path, err) < 0)
            return -1;
        total += n;
    } while (n > 0);
    if (total == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "the file is empty");
    u->bytes += total;
    return 0;
}

static int store_caption(lrc_upload *u, const char *path, const char *name, struct input *in, lrc_err *err)
{
    lrc_auto_buf lrc_buf bytes;
    lrc_auto_caption_file lrc_caption_file caption = {0};
    lrc_auto_close int fd = -1;
    size_t n = 0;
    lrc_buf_init(&bytes, LRC_CAPTION_MAX + PIECE);
    do {
        char *room = lrc_buf_room(&bytes, PIECE / 4);
        if (!room)
            return lrc_buf_check(&bytes, name, err);
        if (take(in, room, PIECE / 4, &n) < 0)
            return -1;
        lrc_buf_grew(&bytes, n);
    } while (n > 0 && bytes.len <= LRC_CAPTION_MAX);
    if (lrc_caption_decode(bytes.data, bytes.len, name, &caption, err) < 0 || lrc_fs_create_new(path, &fd, err) < 0)
        return -1;
    n = strlen(caption.text);
    u->bytes += n;
    return lrc_fs_write_fd(fd, caption.text, n, path, err);
}

static int store(lrc_upload *u, const char *name, struct input *in, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (lrc_path_join(&path, u->stage.new, name, err) < 0)
        return -1;
    if (lrc_fs_exists(path))
        return lrc_fail(err, LRC_ERR_INVALID, "a file of this name came before it in the same upload");
    const int result = lrc_kohya_type_of(name) ? store_image(u, path, in, err) : store_caption(u, path, name, in, err);
    if (result < 0)
        lrc_fs_remove(path, NULL);
    return result;
}

static bool is_fatal(lrc_err_code code)
{
    return code == LRC_ERR_DISK_FULL || code == LRC_ERR_NO_MEMORY || code == LRC_ERR_INTERNAL || code == LRC_ERR_IO;
}

int lrc_upload_file(lrc_upload *u, const char *name, lrc_upload_source *source, void *arg, lrc_err *err)
{
    struct input in = {.source = source, .arg = arg};
    lrc_auto_free char *final = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (final_name(name, &final, &why) == 0 && store(u, final, &in, &why) == 0)
        return lrc_strv_push(&u->stored, final, err);
    if (in.failed.code != LRC_OK)
        why = in.failed;
    else if (!is_fatal(why.code))
        return lrc_strv_pushf(&u->problems, err, "%s: %s", name, why.msg);
    if (err)
        *err = why;
    return -1;
}

// ---- Into place ------------------------------------------------------------------------------------------------------

static int read_full(int fd, char *out, size_t n)
{
    size_t done = 0;
    while (done < n) {
        const ssize_t got = read(fd, out + done, n - done);
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return (int)done;
}

// Do both files hold the same bytes? What cannot be read is not the same.
static int same_content(const char *a, const char *b, bool *ret, lrc_err *err)
{
    lrc_auto_close int x = open(a, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), y = open(b, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    lrc_auto_free char *piece = malloc(2 * (size_t)PIECE);
    struct stat s, t;
    if (!piece)
        return lrc_fail_memory(err);
    *ret = false;
    if (x < 0 || y < 0 || fstat(x, &s) < 0 || fstat(y, &t) < 0 || !S_ISREG(t.st_mode) || s.st_size != t.st_size)
        return 0;
    for (int n; (n = read_full(x, piece, PIECE)) > 0;)
        if (read_full(y, piece + PIECE, PIECE) != n || memcmp(piece, piece + PIECE, (size_t)n) != 0)
            return 0;
    *ret = true;
    return 0;
}

// Sort out one name that may be taken: the same file there already is done with, another one is to be replaced.
static int meet_old(lrc_upload *u, const char *name, lrc_strv *replaced, lrc_err *err)
{
    lrc_auto_free char *new = NULL, *old = NULL;
    struct stat st;
    bool same = false;
    if (lrc_path_join(&new, u->stage.new, name, err) < 0 || lrc_path_join(&old, u->dir, name, err) < 0)
        return -1;
    if (lstat(old, &st) < 0)
        return 0;
    if (S_ISREG(st.st_mode) && same_content(new, old, &same, err) < 0)
        return -1;
    return same ? lrc_fs_remove(new, err) : lrc_strv_push(replaced, name, err);
}

static int replace_old(lrc_upload *u, lrc_err *err)
{
    lrc_auto_strv lrc_strv replaced = {0};
    lrc_auto_free char *summary = NULL;
    for (size_t i = 0; i < u->stored.count; i++)
        if (meet_old(u, u->stored.item[i], &replaced, err) < 0)
            return -1;
    if (replaced.count == 0)
        return 0;
    if (lrc_str_format(&summary, err, "%zu files of %s that an upload replaced", replaced.count,
                       lrc_path_name(u->dir)) < 0)
        return -1;
    return lrc_trash_put(u->workspace, u->dir, &replaced, summary, u->replaced, err);
}

static int move_in(lrc_upload *u, const char *name, lrc_err *err)
{
    lrc_auto_free char *from = NULL, *to = NULL;
    if (lrc_path_join(&from, u->stage.new, name, err) < 0 || lrc_path_join(&to, u->dir, name, err) < 0)
        return -1;
    return lrc_fs_exists(from) ? lrc_fs_rename_new(from, to, err) : 0;
}

int lrc_upload_finish(lrc_upload *u, lrc_err *err)
{
    lrc_auto_close int lock = -1;
    lrc_err why = LRC_ERR_INIT;
    if (u->stored.count == 0)
        return 0;
    if (lrc_fs_sync_all(u->stage.new, err) < 0 ||
        lrc_workspace_lock_dataset(u->workspace, u->dir, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    if (lrc_fs_mkdir_new(u->dir, &why) < 0 && why.code != LRC_ERR_CONFLICT) {
        if (err)
            *err = why;
        return -1;
    }
    if (replace_old(u, err) < 0)
        return -1;
    for (int images = 0; images <= 1; images++)
        for (size_t i = 0; i < u->stored.count; i++)
            if ((lrc_kohya_type_of(u->stored.item[i]) != NULL) == (images == 1) &&
                move_in(u, u->stored.item[i], err) < 0)
                return -1;
    return lrc_fs_sync_dir(u->dir, err);
}
