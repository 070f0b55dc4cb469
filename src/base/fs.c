// SPDX-License-Identifier: MIT
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/rand.h"

#define COPY_CHUNK  (1 << 20)
#define TEMP_PREFIX ".lorica-" // of temporary files: prefix, hex digits, suffix
#define TEMP_RANDOM 16
#define TEMP_SUFFIX ".tmp"

int lrc_fs_read(const char *path, size_t max_bytes, char **ret, size_t *ret_len, lrc_err *err)
{
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    return lrc_fs_read_fd(fd, path, max_bytes, ret, ret_len, err);
}

int lrc_fs_read_fd(int fd, const char *path, size_t max_bytes, char **ret, size_t *ret_len, lrc_err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    if (S_ISDIR(st.st_mode))
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is a folder, not a file", path);
    lrc_auto_buf lrc_buf buf;
    lrc_buf_init(&buf, max_bytes);
    size_t chunk = st.st_size > 0 && (size_t)st.st_size < max_bytes ? (size_t)st.st_size : 4096;
    for (;;) {
        if (buf.len >= max_bytes) { // is there more than may be?
            char more;
            const ssize_t n = read(fd, &more, 1);
            if (n == 0)
                break;
            if (n > 0)
                return lrc_fail(err, LRC_ERR_LIMIT, "'%s' is larger than the limit of %zu bytes", path, max_bytes);
            chunk = 0;
        }
        if (chunk > max_bytes - buf.len)
            chunk = max_bytes - buf.len;
        char *room = lrc_buf_room(&buf, chunk);
        if (!room)
            return lrc_buf_check(&buf, path, err);
        const ssize_t n = read(fd, room, chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lrc_fail_errno(err, "cannot read '%s'", path);
        if (n == 0)
            break;
        lrc_buf_grew(&buf, (size_t)n);
        chunk = 4096 > buf.len ? 4096 : buf.len;
    }
    if (!ret_len && strlen(buf.data) != buf.len)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' holds a NUL byte: it is not a text file", path);
    return lrc_buf_take(&buf, path, ret, ret_len, err);
}

int lrc_fs_write_fd(int fd, const void *bytes, size_t n, const char *what, lrc_err *err)
{
    const char *p = bytes;
    while (n > 0) {
        const ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return lrc_fail_errno(err, "cannot write '%s'", what);
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

static int dir_of(const lrc_fs_out *out)
{
    return out->dir ? out->dir : AT_FDCWD;
}

// What the target is called as seen from there.
static const char *target_name(const lrc_fs_out *out)
{
    return out->dir ? lrc_path_name(out->target) : out->target;
}

static int stat_folder(const lrc_fs_out *out, struct stat *ret)
{
    lrc_auto_free char *parent = NULL;
    if (out->dir)
        return fstatat(out->dir, ".", ret, 0);
    return lrc_path_parent(&parent, out->target, NULL) < 0 ? -1 : stat(parent, ret);
}

// Mode and owner that the new file is to have; see the header. out->mode stays 0 where the umask decides.
static void plan_owner(lrc_fs_out *out, mode_t mode)
{
    struct stat st;
    out->uid = (uid_t)-1;
    out->gid = (gid_t)-1;
    if (fstatat(dir_of(out), target_name(out), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
        out->cloned = 1;
        out->mode = st.st_mode & 07777;
        out->uid = st.st_uid;
        out->gid = st.st_gid;
    } else if (geteuid() == 0 && stat_folder(out, &st) == 0) {
        out->uid = st.st_uid;
        out->gid = st.st_gid;
    }
    if (mode)
        out->mode = mode;
}

bool lrc_fs_is_temp(const char *name)
{
    return lrc_str_starts(name, TEMP_PREFIX) && lrc_str_ends(name, TEMP_SUFFIX) &&
           strlen(name) == strlen(TEMP_PREFIX TEMP_SUFFIX) + TEMP_RANDOM;
}

static int open_temp(lrc_fs_out *out, lrc_err *err)
{
    lrc_auto_free char *parent = NULL;
    char suffix[TEMP_RANDOM + 1];
    if (lrc_rand_hex(suffix, TEMP_RANDOM, err) < 0 || lrc_path_parent(&parent, target_name(out), err) < 0 ||
        lrc_str_format(&out->temp, err, "%s/" TEMP_PREFIX "%s" TEMP_SUFFIX, parent, suffix) < 0)
        return -1;
    out->fd =
        openat(dir_of(out), out->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, out->mode ? 0600 : 0666);
    if (out->fd < 0) {
        lrc_fail_errno_(err, "cannot write into the folder of '%s'", out->target);
        free(lrc_take(out->temp));
        return -1;
    }
    return 0;
}

// The target is known.
static int begin(lrc_fs_out *out, mode_t mode, lrc_err *err)
{
    struct stat st;
    int result = 0;
    if (fstatat(dir_of(out), target_name(out), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        result = lrc_fail(err, LRC_ERR_CONFLICT, "'%s' is a folder", out->target);
    if (result == 0) {
        plan_owner(out, mode);
        result = open_temp(out, err);
    }
    if (result < 0)
        lrc_fs_out_done(out);
    return result;
}

int lrc_fs_out_begin(lrc_fs_out *out, const char *path, mode_t mode, lrc_err *err)
{
    *out = (lrc_fs_out)LRC_FS_OUT_INIT;
    struct stat st;
    const bool is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    if ((is_link ? lrc_path_real(&out->target, NULL, path, err) : lrc_str_copy(&out->target, path, err)) < 0)
        return -1;
    return begin(out, mode, err);
}

int lrc_fs_out_begin_at(lrc_fs_out *out, int dir, const char *shown, mode_t mode, lrc_err *err)
{
    *out = (lrc_fs_out)LRC_FS_OUT_INIT;
    if (lrc_str_copy(&out->target, shown, err) < 0)
        return -1;
    out->dir = fcntl(dir, F_DUPFD_CLOEXEC, 1);
    if (out->dir < 0) {
        out->dir = 0;
        lrc_fail_errno_(err, "cannot write '%s'", shown);
        lrc_fs_out_done(out);
        return -1;
    }
    return begin(out, mode, err);
}

int lrc_fs_out_write(lrc_fs_out *out, const void *bytes, size_t n, lrc_err *err)
{
    return lrc_fs_write_fd(out->fd, bytes, n, out->target, err);
}

static int sync_fd(int fd, const char *path, lrc_err *err)
{
    if (fd < 0)
        return lrc_fail_errno(err, "cannot open the folder '%s'", path);
    if (fsync(fd) < 0 && errno != EINVAL && errno != ENOTSUP) // some network mounts cannot sync a folder
        return lrc_fail_errno(err, "cannot sync the folder '%s'", path);
    return 0;
}

static int sync_folder(const lrc_fs_out *out, lrc_err *err)
{
    lrc_auto_free char *parent = NULL;
    if (lrc_path_parent(&parent, out->target, err) < 0)
        return -1;
    if (!out->dir)
        return lrc_fs_sync_dir(parent, err);
    lrc_auto_close int fd = openat(out->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return sync_fd(fd, parent, err);
}

static int seal(lrc_fs_out *out, bool sync, lrc_err *err)
{
    if (geteuid() == 0 && out->uid != (uid_t)-1 && fchown(out->fd, out->uid, out->gid) < 0 && errno != EPERM)
        return lrc_fail_errno(err, "cannot set the owner of '%s'", out->target);
    if (out->mode && fchmod(out->fd, out->mode) < 0 && errno != EPERM) // some mounts have no modes
        return lrc_fail_errno(err, "cannot set the mode of '%s'", out->target);
    if (sync && fsync(out->fd) < 0)
        return lrc_fail_errno(err, "cannot sync '%s'", out->target);
    if (close(lrc_take_fd(out->fd)) < 0)
        return lrc_fail_errno(err, "cannot finish '%s'", out->target);
    return 0;
}

static int commit(lrc_fs_out *out, bool sync, lrc_err *err)
{
    if (seal(out, sync, err) < 0)
        return -1;
    if (renameat(dir_of(out), out->temp, dir_of(out), target_name(out)) < 0)
        return lrc_fail_errno(err, "cannot put '%s' in place", out->target);
    free(lrc_take(out->temp));
    return sync ? sync_folder(out, err) : 0;
}

int lrc_fs_out_commit(lrc_fs_out *out, lrc_err *err)
{
    return commit(out, true, err);
}

int lrc_fs_out_commit_new(lrc_fs_out *out, lrc_err *err)
{
    if (seal(out, true, err) < 0 ||
        lrc_fs_rename_new_at(dir_of(out), out->temp, dir_of(out), target_name(out), err) < 0)
        return -1;
    free(lrc_take(out->temp));
    return sync_folder(out, err);
}

void lrc_fs_out_done(lrc_fs_out *out)
{
    if (out->fd >= 0)
        close(lrc_take_fd(out->fd));
    if (out->temp)
        unlinkat(dir_of(out), out->temp, 0);
    if (out->dir)
        close(out->dir);
    out->dir = 0;
    free(lrc_take(out->temp));
    free(lrc_take(out->target));
}

static int write_file(const char *path, const void *bytes, size_t n, mode_t mode, bool sync, lrc_err *err)
{
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    if (lrc_fs_out_begin(&out, path, mode, err) < 0 || lrc_fs_out_write(&out, bytes, n, err) < 0)
        return -1;
    return commit(&out, sync, err);
}

int lrc_fs_write(const char *path, const void *bytes, size_t n, mode_t mode, lrc_err *err)
{
    return write_file(path, bytes, n, mode, true, err);
}

int lrc_fs_write_unsynced(const char *path, const void *bytes, size_t n, lrc_err *err)
{
    return write_file(path, bytes, n, 0, false, err);
}

bool lrc_fs_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool lrc_fs_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool lrc_fs_is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

// As root, what was just made belongs to whom its folder belongs to; where that cannot be, it stays root's.
static void adopt(const char *path)
{
    lrc_auto_free char *parent = NULL;
    struct stat st;
    if (geteuid() == 0 && lrc_path_parent(&parent, path, NULL) == 0 && stat(parent, &st) == 0 &&
        lchown(path, st.st_uid, st.st_gid) < 0)
        errno = 0; // a mount without owners
}

int lrc_fs_mkdir_new(const char *path, lrc_err *err)
{
    if (mkdir(path, 0777) < 0)
        return lrc_fail_errno(err, "cannot make the folder '%s'", path);
    adopt(path);
    return 0;
}

int lrc_fs_mkdir_new_at(int dir, const char *shown, lrc_err *err)
{
    const char *name = lrc_path_name(shown);
    struct stat st;
    if (mkdirat(dir, name, 0777) < 0)
        return lrc_fail_errno(err, "cannot make the folder '%s'", shown);
    if (geteuid() == 0 && fstatat(dir, ".", &st, 0) == 0 &&
        fchownat(dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        errno = 0; // a mount without owners
    return 0;
}

int lrc_fs_create_new(const char *path, int *ret_fd, lrc_err *err)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot make the file '%s'", path);
    adopt(path);
    *ret_fd = fd;
    return 0;
}

int lrc_fs_sync_all(const char *path, lrc_err *err)
{
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) < 0)
        return lrc_fail_errno(err, "cannot sync the disk of '%s'", path);
    return 0;
}

int lrc_fs_mkdirs(const char *path, lrc_err *err)
{
    lrc_auto_free char *copy = NULL;
    if (lrc_str_copy(&copy, path, err) < 0)
        return -1;
    for (char *p = copy + (copy[0] == '/');; p++) {
        if (*p && *p != '/')
            continue;
        const char kept = *p;
        *p = '\0';
        if (copy[0] && mkdir(copy, 0777) == 0)
            adopt(copy);
        else if (copy[0] && errno != EEXIST && !lrc_fs_is_dir(copy))
            return lrc_fail_errno(err, "cannot make the folder '%s'", copy);
        *p = kept;
        if (!kept)
            break;
    }
    if (!lrc_fs_is_dir(path))
        return lrc_fail(err, LRC_ERR_CONFLICT, "'%s' is not a folder", path);
    return 0;
}

int lrc_fs_sync_dir(const char *path, lrc_err *err)
{
    lrc_auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return sync_fd(fd, path, err);
}

// What sendfile cannot do on this file system.
static int copy_by_hand(int in, lrc_fs_out *out, const char *from, lrc_err *err)
{
    lrc_auto_free char *chunk = malloc(COPY_CHUNK);
    if (!chunk)
        return lrc_fail_memory(err);
    for (;;) {
        const ssize_t n = read(in, chunk, COPY_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lrc_fail_errno(err, "cannot read '%s'", from);
        if (n == 0)
            return 0;
        if (lrc_fs_out_write(out, chunk, (size_t)n, err) < 0)
            return -1;
    }
}

static int copy_bytes(int in, lrc_fs_out *out, const char *from, lrc_err *err)
{
    for (;;) {
        const ssize_t n = sendfile(out->fd, in, NULL, COPY_CHUNK);
        if (n == 0)
            return 0;
        if (n > 0 || errno == EINTR)
            continue;
        if (errno == EINVAL || errno == ENOSYS)
            return copy_by_hand(in, out, from, err);
        return lrc_fail_errno(err, "cannot copy '%s' to '%s'", from, out->target);
    }
}

int lrc_fs_copy(const char *from, const char *to, lrc_err *err)
{
    lrc_auto_close int in = open(from, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (in < 0 || fstat(in, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", from);
    if (!S_ISREG(st.st_mode))
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is not a file", from);
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    if (lrc_fs_out_begin(&out, to, st.st_mode & 0777, err) < 0 || copy_bytes(in, &out, from, err) < 0)
        return -1;
    return lrc_fs_out_commit(&out, err);
}

int lrc_fs_rename_new_at(int from_dir, const char *from, int to_dir, const char *to, lrc_err *err)
{
    if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EEXIST)
        return lrc_fail(err, LRC_ERR_CONFLICT, "'%s' exists already", to);
    if (errno != EINVAL && errno != ENOSYS)
        return lrc_fail_errno(err, "cannot move '%s' to '%s'", from, to);
    // A file system without RENAME_NOREPLACE: the best that is left.
    struct stat st;
    if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return lrc_fail(err, LRC_ERR_CONFLICT, "'%s' exists already", to);
    if (renameat(from_dir, from, to_dir, to) < 0)
        return lrc_fail_errno(err, "cannot move '%s' to '%s'", from, to);
    return 0;
}

int lrc_fs_rename_new(const char *from, const char *to, lrc_err *err)
{
    return lrc_fs_rename_new_at(AT_FDCWD, from, AT_FDCWD, to, err);
}

int lrc_fs_remove(const char *path, lrc_err *err)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return lrc_fail_errno(err, "cannot remove '%s'", path);
    return 0;
}

static int remove_content(int dirfd, const char *path, lrc_err *err);

// Removes `name` below the open folder; `path` is only for messages.
static int remove_entry(int dirfd, const char *name, const char *path, lrc_err *err)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return lrc_fail_errno(err, "cannot remove '%s/%s'", path, name);
    lrc_auto_free char *below = NULL;
    if (lrc_path_join(&below, path, name, err) < 0)
        return -1;
    const int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot remove '%s'", below);
    if (remove_content(fd, below, err) < 0)
        return -1;
    if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return lrc_fail_errno(err, "cannot remove '%s'", below);
    return 0;
}

// Takes the descriptor.
static int remove_content(int dirfd, const char *path, lrc_err *err)
{
    lrc_auto_dir DIR *dir = fdopendir(dirfd);
    if (!dir) {
        close(dirfd);
        return lrc_fail_errno(err, "cannot list '%s'", path);
    }
    const struct dirent *e;
    for (errno = 0; (e = readdir(dir)); errno = 0)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            remove_entry(dirfd, e->d_name, path, err) < 0)
            return -1;
    return errno ? lrc_fail_errno(err, "cannot list '%s'", path) : 0;
}

int lrc_fs_remove_tree(const char *path, lrc_err *err)
{
    return remove_entry(AT_FDCWD, path, ".", err);
}

int lrc_fs_remove_tree_at(int dir, const char *name, const char *shown_dir, lrc_err *err)
{
    return remove_entry(dir, name, shown_dir, err);
}

uint64_t lrc_fs_free_bytes(const char *path)
{
    struct statvfs v;
    return statvfs(path, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;
}

struct walker {
    const lrc_fs_walk_options *options;
    lrc_walk_next (*fn)(void *, const lrc_fs_entry *, lrc_err *);
    void *arg;
    size_t root_len;
};

static int read_names(const char *path, bool hidden, lrc_strv *ret, lrc_err *err)
{
    lrc_auto_dir DIR *dir = opendir(path);
    if (!dir)
        return lrc_fail_errno(err, "cannot list the folder '%s'", path);
    const struct dirent *e;
    for (errno = 0; (e = readdir(dir)); errno = 0) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || (!hidden && e->d_name[0] == '.'))
            continue;
        if (lrc_strv_push(ret, e->d_name, err) < 0)
            return -1;
    }
    if (errno)
        return lrc_fail_errno(err, "cannot list the folder '%s'", path);
    lrc_strv_sort(ret);
    return 0;
}

static int walk_folder(const struct walker *w, const char *path, unsigned depth, lrc_err *err)
{
    lrc_auto_strv lrc_strv names = {0};
    if (read_names(path, w->options->hidden, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        lrc_auto_free char *full = NULL;
        if (lrc_path_join(&full, path, names.item[i], err) < 0)
            return -1;
        struct stat st;
        if (lstat(full, &st) < 0)
            continue; // gone since the listing
        const bool is_link = S_ISLNK(st.st_mode);
        if (is_link && stat(full, &st) < 0)
            continue;
        const lrc_fs_entry entry = {full, full + w->root_len, names.item[i], &st, is_link, depth};
        const lrc_walk_next next = w->fn(w->arg, &entry, err);
        if (next == LRC_WALK_FAIL)
            return -1;
        if (S_ISDIR(st.st_mode) && !is_link && w->options->recursive && next != LRC_WALK_SKIP &&
            walk_folder(w, full, depth + 1, err) < 0)
            return -1;
    }
    return 0;
}

int lrc_fs_walk(const char *root, const lrc_fs_walk_options *options,
                lrc_walk_next (*fn)(void *, const lrc_fs_entry *, lrc_err *), void *arg, lrc_err *err)
{
    const struct walker w = {options, fn, arg, strlen(root) + (lrc_str_ends(root, "/") ? 0 : 1)};
    return walk_folder(&w, root, 0, err);
}
