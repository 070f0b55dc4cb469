// SPDX-License-Identifier: MIT
#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/utf8.h"

#define MAX_LINKS 64 // more links than this in one path are a loop

int lrc_path_join(char **ret, const char *base, const char *name, lrc_err *err)
{
    if (name[0] == '/' || base[0] == '\0')
        return lrc_str_copy(ret, name, err);
    const char *slash = lrc_str_ends(base, "/") ? "" : "/";
    return lrc_str_format(ret, err, "%s%s%s", base, slash, name);
}

const char *lrc_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *lrc_path_suffix(const char *path)
{
    const char *name = lrc_path_name(path);
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name || dot[1] == '\0')
        return "";
    return dot;
}

int lrc_path_parent(char **ret, const char *path, lrc_err *err)
{
    const char *name = lrc_path_name(path);
    if (name == path)
        return lrc_str_copy(ret, ".", err);
    size_t n = (size_t)(name - path) - 1;
    return n == 0 ? lrc_str_copy(ret, "/", err) : lrc_str_copy_n(ret, path, n, err);
}

int lrc_path_with_suffix(char **ret, const char *path, const char *suffix, lrc_err *err)
{
    const size_t stem = strlen(path) - strlen(lrc_path_suffix(path));
    return lrc_str_format(ret, err, "%.*s%s", (int)stem, path, suffix);
}

// The state of a resolution: `done` is absolute and free of links, `todo` holds what is still to be walked.
struct walk {
    lrc_buf done;
    char *todo;
    unsigned links;
};

static void pop_component(lrc_buf *done)
{
    const char *slash = strrchr(done->data, '/');
    lrc_buf_truncate(done, slash ? (size_t)(slash - done->data) : 0);
}

// When `done` is a link, put its target in front of `todo` and return 1; 0 when it is not; -1 on failure.
static int follow_link(struct walk *w, lrc_err *err)
{
    char target[LRC_PATH_MAX];
    const ssize_t n = readlink(w->done.data, target, sizeof target - 1);
    if (n < 0 || w->links >= MAX_LINKS)
        return 0;
    target[n] = '\0';
    w->links++;
    char *joined = NULL;
    if (lrc_str_format(&joined, err, "%s/%s", target, w->todo) < 0)
        return -1;
    free(w->todo);
    w->todo = joined;
    if (target[0] == '/')
        lrc_buf_truncate(&w->done, 0);
    else
        pop_component(&w->done);
    return 1;
}

static int walk_all(struct walk *w, lrc_err *err)
{
    while (w->todo[0]) {
        const size_t n = strcspn(w->todo, "/");
        lrc_auto_free char *part = NULL;
        if (lrc_str_copy_n(&part, w->todo, n, err) < 0)
            return -1;
        const char *rest = w->todo + n;
        rest += strspn(rest, "/");
        memmove(w->todo, rest, strlen(rest) + 1);
        if (n == 0 || strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            pop_component(&w->done);
            continue;
        }
        lrc_buf_addf(&w->done, "/%s", part);
        if (lrc_buf_check(&w->done, "path", err) < 0 || follow_link(w, err) < 0)
            return -1;
    }
    return 0;
}

static int absolute(char **ret, const char *base, const char *path, lrc_err *err)
{
    if (path[0] == '/')
        return lrc_str_copy(ret, path, err);
    char cwd[LRC_PATH_MAX];
    if (!base || base[0] != '/') {
        if (!getcwd(cwd, sizeof cwd))
            return lrc_fail_errno(err, "cannot tell the working directory");
        if (!base)
            base = cwd;
        else
            return lrc_str_format(ret, err, "%s/%s/%s", cwd, base, path);
    }
    return lrc_str_format(ret, err, "%s/%s", base, path);
}

int lrc_path_real(char **ret, const char *base, const char *path, lrc_err *err)
{
    struct walk w = {0};
    lrc_buf_init(&w.done, LRC_PATH_MAX * 2);
    int result = absolute(&w.todo, base, path, err);
    if (result == 0)
        result = walk_all(&w, err);
    if (result == 0 && w.done.len == 0)
        lrc_buf_addc(&w.done, '/');
    if (result == 0)
        result = lrc_buf_take(&w.done, "path", ret, NULL, err);
    lrc_buf_done(&w.done);
    free(w.todo);
    return result;
}

int lrc_path_relative(char **ret, const char *path, const char *from, lrc_err *err)
{
    size_t common = 0; // length of the shared part, at a component boundary
    size_t i = 0;
    for (; path[i] && path[i] == from[i]; i++)
        if (path[i] == '/')
            common = i;
    const bool path_ends = path[i] == '\0' || path[i] == '/';
    const bool from_ends = from[i] == '\0' || from[i] == '/';
    if (path_ends && from_ends)
        common = i;
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, LRC_PATH_MAX * 2);
    for (const char *p = from + common; *p; p++)
        if (*p == '/' && p[1])
            lrc_buf_adds(&out, out.len ? "/.." : "..");
    const char *rest = path + common;
    rest += strspn(rest, "/");
    if (*rest)
        lrc_buf_addf(&out, "%s%s", out.len ? "/" : "", rest);
    if (out.len == 0)
        lrc_buf_addc(&out, '.');
    return lrc_buf_take(&out, "path", ret, NULL, err);
}

bool lrc_path_inside(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    while (n > 0 && dir[n - 1] == '/')
        n--;
    return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

int lrc_path_check_name(const char *name, const char *field, lrc_err *err)
{
    const size_t n = strlen(name);
    if (n == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, field, "%s is empty", field);
    if (n > NAME_MAX)
        return lrc_fail_field(err, LRC_ERR_INVALID, field, "%s is longer than %d bytes", field, NAME_MAX);
    if (!lrc_utf8_valid(name, n))
        return lrc_fail_field(err, LRC_ERR_INVALID, field, "%s is not valid UTF-8", field);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strpbrk(name, "/\\"))
        return lrc_fail_field(err, LRC_ERR_INVALID, field, "%s '%s' must be one name without slashes", field, name);
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return lrc_fail_field(err, LRC_ERR_INVALID, field, "%s holds a control character", field);
    if (name[0] == ' ' || name[n - 1] == ' ')
        return lrc_fail_field(err, LRC_ERR_INVALID, field, "%s '%s' begins or ends with a blank", field, name);
    return 0;
}
