// SPDX-License-Identifier: MIT
#include "base/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"

#define LINKS_MAX 40  // as the kernel has it
#define DEPTH_MAX 256 // folders below a root

struct root {
    char *path; // absolute, no links
    unsigned flags;
};

// What is declared at one time. Copied on change, so that a walk needs no lock.
struct set {
    size_t refs; // roots.lock
    size_t count;
    struct root *root;
    lrc_strv denied;
};

struct lrc_roots {
    pthread_mutex_t lock;
    struct set *set;
};

// ---- Declaring -----------------------------------------------------------------------------------------------------------

static void set_free(struct set *s)
{
    for (size_t i = 0; s && i < s->count; i++)
        free(s->root[i].path);
    if (s) {
        free(s->root);
        lrc_strv_done(&s->denied);
    }
    free(s);
}

int lrc_roots_new(lrc_roots **ret, lrc_err *err)
{
    lrc_roots *r = calloc(1, sizeof *r);
    struct set *s = calloc(1, sizeof *s);
    if (!r || !s) {
        free(r);
        free(s);
        return lrc_fail_memory(err);
    }
    pthread_mutex_init(&r->lock, NULL);
    s->refs = 1;
    r->set = s;
    *ret = r;
    return 0;
}

void lrc_roots_free(lrc_roots *r)
{
    if (!r)
        return;
    set_free(r->set);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct set *hold(lrc_roots *r)
{
    pthread_mutex_lock(&r->lock);
    struct set *s = r->set;
    s->refs++;
    pthread_mutex_unlock(&r->lock);
    return s;
}

static void release(lrc_roots *r, struct set *s)
{
    pthread_mutex_lock(&r->lock);
    const bool last = --s->refs == 0;
    pthread_mutex_unlock(&r->lock);
    if (last)
        set_free(s);
}

static struct set *set_copy(const struct set *from, lrc_err *err)
{
    struct set *s = calloc(1, sizeof *s);
    if (s)
        s->root = calloc(from->count + 1, sizeof *s->root); // room for one more
    if (!s || !s->root) {
        set_free(s);
        lrc_fail_memory_(err);
        return NULL;
    }
    s->refs = 1;
    int result = 0;
    for (size_t i = 0; i < from->count && result == 0; i++) {
        s->root[i].flags = from->root[i].flags;
        result = lrc_str_copy(&s->root[i].path, from->root[i].path, err);
        s->count += result == 0;
    }
    for (size_t i = 0; i < from->denied.count && result == 0; i++)
        result = lrc_strv_push(&s->denied, from->denied.item[i], err);
    if (result < 0) {
        set_free(s);
        return NULL;
    }
    return s;
}

// The new set takes the old one's place.
static void put_in_place(lrc_roots *r, struct set *s)
{
    pthread_mutex_lock(&r->lock);
    struct set *old = r->set;
    r->set = s;
    pthread_mutex_unlock(&r->lock);
    release(r, old);
}

int lrc_roots_add(lrc_roots *r, const char *path, unsigned flags, lrc_err *err)
{
    lrc_auto_free char *real = NULL;
    if (lrc_path_real(&real, NULL, path, err) < 0)
        return -1;
    if (!lrc_fs_exists(real))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no folder '%s'", path);
    if (!lrc_fs_is_dir(real) || strcmp(real, "/") == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is not a folder that can be given to requests", path);
    struct set *held = hold(r);
    struct set *s = set_copy(held, err);
    release(r, held);
    if (!s)
        return -1;
    s->root[s->count++] = (struct root){lrc_take(real), flags};
    put_in_place(r, s);
    return 0;
}

int lrc_roots_deny(lrc_roots *r, const char *path, lrc_err *err)
{
    lrc_auto_free char *real = NULL;
    if (lrc_path_real(&real, NULL, path, err) < 0)
        return -1;
    struct set *held = hold(r);
    struct set *s = set_copy(held, err);
    release(r, held);
    if (!s)
        return -1;
    if (lrc_strv_give(&s->denied, lrc_take(real), err) < 0) {
        set_free(s);
        return -1;
    }
    put_in_place(r, s);
    return 0;
}

void lrc_roots_replace(lrc_roots *r, lrc_roots *next)
{
    put_in_place(r, lrc_take(next->set));
    lrc_roots_free(next);
}

int lrc_roots_list(lrc_roots *r, lrc_strv *ret, lrc_err *err)
{
    struct set *s = hold(r);
    int result = 0;
    for (size_t i = 0; i < s->count && result == 0; i++)
        result = lrc_strv_push(ret, s->root[i].path, err);
    release(r, s);
    return result;
}

// ---- What may be reached (text) --------------------------------------------------------------------------------------------

// The innermost root that holds `path`; NULL when none does.
static const struct root *root_of(const struct set *s, const char *path)
{
    const struct root *found = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (lrc_path_inside(path, s->root[i].path) && (!found || strlen(s->root[i].path) > strlen(found->path)))
            found = &s->root[i];
    return found;
}

static bool is_denied(const struct set *s, const char *path)
{
    for (size_t i = 0; i < s->denied.count; i++)
        if (lrc_path_inside(path, s->denied.item[i]))
            return true;
    return false;
}

static bool leads_to_root(const struct set *s, const char *path)
{
    for (size_t i = 0; i < s->count; i++)
        if (lrc_path_inside(s->root[i].path, path))
            return true;
    return false;
}

static int outside(const char *text, lrc_err *err)
{
    return lrc_fail(err, LRC_ERR_DENIED, "'%s' is outside the folders that requests may reach", text);
}

// base + text without "." and "//", or LRC_ERR_DENIED for "..".
static int plain_text(const char *base, const char *text, char **ret, lrc_err *err)
{
    lrc_auto_free char *whole = NULL;
    if (!text[0])
        return lrc_fail(err, LRC_ERR_INVALID, "the path is empty");
    if (lrc_path_join(&whole, base, text, err) < 0)
        return -1;
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, PATH_MAX - 1);
    for (const char *p = whole; *p;) {
        p += strspn(p, "/");
        const size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.')
            return outside(text, err);
        if (n > NAME_MAX)
            return lrc_fail(err, LRC_ERR_INVALID, "a name in the path is longer than %d bytes", NAME_MAX);
        if (n > 0 && !(n == 1 && p[0] == '.')) {
            lrc_buf_addc(&out, '/');
            lrc_buf_add(&out, p, n);
        }
        p += n;
    }
    if (out.len == 0)
        lrc_buf_addc(&out, '/');
    if (out.failed == LRC_ERR_LIMIT)
        return lrc_fail(err, LRC_ERR_INVALID, "the path is longer than %d bytes", PATH_MAX - 1);
    return lrc_buf_take(&out, "path", ret, NULL, err);
}

// ---- The walk --------------------------------------------------------------------------------------------------------------

struct walk {
    const struct set *set;
    const char *text; // as asked for, for messages
    unsigned flags;
    lrc_buf done;      // where we are: absolute, no links; "" is the top
    char *todo;        // what is still to be walked
    int fd[DEPTH_MAX]; // the folders of `done` from the root on
    size_t depth;      // 0: not inside a root
    unsigned links;
    bool missing; // the last name of `done` does not exist; fd[depth - 1] is its folder
    bool leaf;    // the last name is no folder, or a link that is meant
};

static void walk_done(struct walk *w)
{
    while (w->depth > 0)
        close(w->fd[--w->depth]);
    lrc_buf_done(&w->done);
    free(w->todo);
}

static int push_fd(struct walk *w, int fd, lrc_err *err)
{
    if (fd < 0)
        return lrc_fail_errno(err, "cannot open '%s'", w->done.data);
    if (w->depth == DEPTH_MAX) {
        close(fd);
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' lies more than %d folders deep", w->text, DEPTH_MAX);
    }
    w->fd[w->depth++] = fd;
    return 0;
}

static void go_up(struct walk *w)
{
    const char *slash = strrchr(w->done.data, '/');
    lrc_buf_truncate(&w->done, slash ? (size_t)(slash - w->done.data) : 0);
    if (w->depth > 0)
        close(w->fd[--w->depth]);
}

// The link at `name`, already opened as `fd`, in place of it: its target goes in front of what is to be walked.
static int follow_link(struct walk *w, int fd, lrc_err *err)
{
    char target[PATH_MAX];
    const ssize_t n = readlinkat(fd, "", target, sizeof target - 1);
    if (n < 0)
        return lrc_fail_errno(err, "cannot read the link '%s'", w->done.data);
    if (++w->links > LINKS_MAX)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is a loop of links", w->text);
    target[n] = '\0';
    char *todo = NULL;
    if (lrc_str_format(&todo, err, "%s/%s", target, w->todo) < 0)
        return -1;
    free(w->todo);
    w->todo = todo;
    // `done` names the link: back to its folder, or to the top.
    const char *slash = strrchr(w->done.data, '/');
    lrc_buf_truncate(&w->done, slash ? (size_t)(slash - w->done.data) : 0);
    while (target[0] == '/' && w->depth > 0)
        close(w->fd[--w->depth]);
    if (target[0] == '/')
        lrc_buf_truncate(&w->done, 0);
    return 0;
}

// A name that is not there: an error, the end of the walk, or a folder to be made.
static int meet_nothing(struct walk *w, const char *name, bool last, lrc_err *err)
{
    if (last && w->flags & (LRC_ROOTED_NEW | LRC_ROOTED_PARENTS)) {
        w->missing = true;
        return 0;
    }
    if (last || !(w->flags & LRC_ROOTED_PARENTS))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no '%s'", w->text);
    const int dir = w->fd[w->depth - 1];
    lrc_err why = LRC_ERR_INIT;
    if (lrc_fs_mkdir_new_at(dir, w->done.data, &why) < 0 && why.code != LRC_ERR_CONFLICT) { // somebody was quicker
        if (err)
            *err = why;
        return -1;
    }
    return push_fd(w, openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), err);
}

// One step inside a root; `done` has `name` at its end already.
static int step_inside(struct walk *w, const char *name, bool last, lrc_err *err)
{
    lrc_auto_close int fd = openat(w->fd[w->depth - 1], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 && errno == ENOENT)
        return meet_nothing(w, name, last, err);
    if (fd < 0 || fstat(fd, &st) < 0)
        return lrc_fail_errno(err, "cannot open '%s'", w->text);
    if (S_ISLNK(st.st_mode) && !(last && w->flags & LRC_ROOTED_LINK))
        return follow_link(w, fd, err);
    if (S_ISDIR(st.st_mode))
        return push_fd(w, lrc_take_fd(fd), err);
    if (!last)
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no '%s': a part of it is a file", w->text);
    w->leaf = true;
    return 0;
}

static int step(struct walk *w, const char *name, bool last, lrc_err *err)
{
    if (strcmp(name, "..") == 0) { // only out of links
        go_up(w);
        return 0;
    }
    lrc_buf_addf(&w->done, "/%s", name);
    if (lrc_buf_check(&w->done, "the path", err) < 0)
        return -1;
    if (is_denied(w->set, w->done.data))
        return outside(w->text, err);
    if (w->depth > 0)
        return step_inside(w, name, last, err);
    const struct root *r = root_of(w->set, w->done.data);
    if (r) // the root itself: whatever lies inside one is reached through it
        return push_fd(w, open(r->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), err);
    return leads_to_root(w->set, w->done.data) ? 0 : outside(w->text, err);
}

// Only "." and slashes?
static bool is_end(const char *todo)
{
    while (*todo) {
        todo += strspn(todo, "/");
        const size_t n = strcspn(todo, "/");
        if (n > 1 || (n == 1 && *todo != '.'))
            return false;
        todo += n;
    }
    return true;
}

static int walk_all(struct walk *w, lrc_err *err)
{
    for (;;) {
        char *part = w->todo + strspn(w->todo, "/");
        if (!*part)
            break;
        const size_t n = strcspn(part, "/");
        lrc_auto_free char *name = NULL;
        if (lrc_str_copy_n(&name, part, n, err) < 0)
            return -1;
        const char *rest = part + n;
        memmove(w->todo, rest, strlen(rest) + 1);
        if (strcmp(name, ".") != 0 && step(w, name, is_end(w->todo), err) < 0)
            return -1;
    }
    return w->depth > 0 ? 0 : outside(w->text, err);
}

// ---- Finding ---------------------------------------------------------------------------------------------------------------

static int kernel_open(int dir, const char *path)
{
    const struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

// In two system calls where no link is on the way. 1: found; 0: to be walked.
static int find_at_once(const struct set *s, const char *path, unsigned flags, lrc_rooted *ret)
{
    const struct root *r = root_of(s, path);
    const char *name = lrc_path_name(path);
    if (!r || strcmp(r->path, path) == 0 || is_denied(s, path))
        return 0;
    lrc_auto_close int top = open(r->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    lrc_auto_free char *folder = NULL;
    lrc_auto_free char *relative = NULL;
    if (top < 0 || lrc_path_parent(&folder, path, NULL) < 0 || lrc_path_relative(&relative, folder, r->path, NULL) < 0)
        return 0;
    lrc_auto_close int dir = kernel_open(top, relative);
    struct stat st = {0};
    if (dir < 0)
        return 0;
    const bool there = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && (errno != ENOENT || !(flags & (LRC_ROOTED_NEW | LRC_ROOTED_PARENTS))))
        return 0;
    if (there && S_ISLNK(st.st_mode) && !(flags & LRC_ROOTED_LINK))
        return 0;
    ret->dir = lrc_take_fd(dir);
    ret->exists = there;
    ret->st = st;
    return 1;
}

// What the walk ended at, as an lrc_rooted. A folder was entered: what holds it is a step back, unless it is a root.
static int settle(const struct walk *w, lrc_rooted *ret, lrc_err *err)
{
    const bool entered = !w->missing && !w->leaf;
    const bool top = entered && w->depth == 1;
    const int dir = w->fd[entered && !top ? w->depth - 2 : w->depth - 1];
    ret->name = top ? "." : NULL;
    ret->exists = !w->missing;
    if (ret->exists && fstatat(dir, top ? "." : lrc_path_name(w->done.data), &ret->st, AT_SYMLINK_NOFOLLOW) < 0)
        return lrc_fail_errno(err, "cannot look at '%s'", w->text);
    ret->dir = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    return ret->dir < 0 ? lrc_fail_errno(err, "cannot open '%s'", w->text) : 0;
}

static int find_by_walk(const struct set *s, const char *path, const char *text, unsigned flags, lrc_rooted *ret,
                        lrc_err *err)
{
    struct walk w = {.set = s, .text = text, .flags = flags};
    lrc_buf_init(&w.done, PATH_MAX - 1);
    int result = lrc_str_copy(&w.todo, path, err);
    if (result == 0)
        result = walk_all(&w, err);
    if (result == 0)
        result = settle(&w, ret, err);
    if (result == 0)
        result = lrc_buf_take(&w.done, "the path", &ret->path, NULL, err);
    walk_done(&w);
    return result;
}

int lrc_rooted_find(lrc_roots *roots, const char *base, const char *text, unsigned flags, lrc_rooted *ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
    if (plain_text(base, text, &path, err) < 0)
        return -1;
    struct set *s = hold(roots);
    int result = 0;
    if (find_at_once(s, path, flags, &r))
        r.path = lrc_take(path);
    else
        result = find_by_walk(s, path, text, flags, &r, err);
    if (result == 0) {
        const struct root *in = root_of(s, r.path);
        r.read_only = in && in->flags & LRC_ROOT_READ_ONLY;
        r.is_root = in && strcmp(in->path, r.path) == 0;
        if (!r.name)
            r.name = lrc_path_name(r.path);
    }
    release(roots, s);
    if (result < 0)
        return -1;
    *ret = r;
    r = (lrc_rooted)LRC_ROOTED_INIT;
    return 0;
}

void lrc_rooted_done(lrc_rooted *r)
{
    lrc_closep_(&r->dir);
    free(r->path);
    *r = (lrc_rooted)LRC_ROOTED_INIT;
}

// ---- Doing -----------------------------------------------------------------------------------------------------------------

int lrc_rooted_open(const lrc_rooted *r, int *ret_fd, lrc_err *err)
{
    // O_NONBLOCK: opening a FIFO must not wait for its other end.
    lrc_auto_close int fd = openat(r->dir, r->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 && errno == ELOOP)
        return lrc_fail(err, LRC_ERR_DENIED, "'%s' became a link", r->path);
    if (fd < 0 || fstat(fd, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", r->path);
    if (!S_ISREG(st.st_mode))
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is not a file", r->path);
    *ret_fd = lrc_take_fd(fd);
    return 0;
}

static int read_names(const lrc_rooted *r, lrc_strv *ret, lrc_err *err)
{
    const int fd = openat(r->dir, r->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is not a folder", r->path);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot list '%s'", r->path);
    lrc_auto_dir DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return lrc_fail_errno(err, "cannot list '%s'", r->path);
    }
    errno = 0;
    for (const struct dirent *e; (e = readdir(dir)); errno = 0)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && lrc_strv_push(ret, e->d_name, err) < 0)
            return -1;
    if (errno)
        return lrc_fail_errno(err, "cannot list '%s'", r->path);
    lrc_strv_sort(ret);
    return 0;
}

int lrc_rooted_list(lrc_roots *roots, const lrc_rooted *r,
                    int (*fn)(void *arg, const lrc_rooted_entry *e, lrc_err *err), void *arg, lrc_err *err)
{
    lrc_auto_strv lrc_strv names = {0};
    if (read_names(r, &names, err) < 0)
        return -1;
    lrc_auto_close int dir = openat(r->dir, r->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return lrc_fail_errno(err, "cannot list '%s'", r->path);
    for (size_t i = 0; i < names.count; i++) {
        lrc_rooted_entry e = {.name = names.item[i]};
        if (fstatat(dir, e.name, &e.st, AT_SYMLINK_NOFOLLOW) < 0)
            continue; // gone since the listing
        e.is_link = S_ISLNK(e.st.st_mode);
        lrc_auto_rooted lrc_rooted target = LRC_ROOTED_INIT;
        if (e.is_link && lrc_rooted_find(roots, r->path, e.name, 0, &target, NULL) == 0)
            e.st = target.st;
        else
            e.outside = e.is_link;
        if (fn(arg, &e, err) < 0)
            return -1;
    }
    return 0;
}

static int check_change(const lrc_rooted *r, lrc_err *err)
{
    if (r->is_root)
        return lrc_fail(err, LRC_ERR_DENIED, "'%s' itself cannot be changed, only what lies in it", r->path);
    if (r->read_only)
        return lrc_fail(err, LRC_ERR_DENIED, "'%s' lies in a folder that is only read", r->path);
    return 0;
}

int lrc_rooted_create(const lrc_rooted *r, mode_t mode, lrc_fs_out *ret, lrc_err *err)
{
    return check_change(r, err) < 0 ? -1 : lrc_fs_out_begin_at(ret, r->dir, r->path, mode, err);
}

int lrc_rooted_mkdir(const lrc_rooted *r, lrc_err *err)
{
    return check_change(r, err) < 0 ? -1 : lrc_fs_mkdir_new_at(r->dir, r->path, err);
}

int lrc_rooted_remove(const lrc_rooted *r, lrc_err *err)
{
    if (check_change(r, err) < 0)
        return -1;
    return unlinkat(r->dir, r->name, 0) < 0 ? lrc_fail_errno(err, "cannot remove '%s'", r->path) : 0;
}

int lrc_rooted_remove_tree(const lrc_rooted *r, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    if (check_change(r, err) < 0 || lrc_path_parent(&folder, r->path, err) < 0)
        return -1;
    return lrc_fs_remove_tree_at(r->dir, r->name, folder, err);
}

int lrc_rooted_rename(const lrc_rooted *from, const lrc_rooted *to, lrc_err *err)
{
    if (check_change(from, err) < 0 || check_change(to, err) < 0)
        return -1;
    return lrc_fs_rename_new_at(from->dir, from->name, to->dir, to->name, err);
}
