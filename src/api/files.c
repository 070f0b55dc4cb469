// SPDX-License-Identifier: MIT
// files.c - looking into the workspace: listings, texts, pictures, downloads. Nothing here writes.
//
// user_config/ (secrets) and .lorica/ (our state) are no part of what requests see: they are left out of listings and
// denied when named.
#include <string.h>

#include "api/api.h"
#include "base/ascii.h"
#include "base/path.h"
#include "http/mime.h"
#include "kohya/files.h"

#define READ_MAX (8 << 20) // bytes of a text that is answered as JSON

static int find_path(lrc_http_req *q, const char *base, const char *given, lrc_rooted *ret, lrc_err *err)
{
    lrc_err why = LRC_ERR_INIT;
    if (lrc_rooted_find(lrc_app_roots(lrc_api_app(q)), base, given, 0, ret, &why) == 0)
        return 0;
    return lrc_fail_field(err, why.code, "path", "%s", why.msg);
}

static const char *root_of(lrc_http_req *q)
{
    return lrc_app_workspace(lrc_api_app(q))->root;
}

// ---- workspace, list ---------------------------------------------------------------------------------------------------

static int get_workspace(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_strv lrc_strv roots = {0}, shown = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_roots_list(lrc_app_roots(lrc_api_app(q)), &roots, err) < 0)
        return -1;
    for (size_t i = 0; i < roots.count; i++) { // those inside another one say nothing new
        size_t k = 0;
        while (k < roots.count && (k == i || !lrc_path_inside(roots.item[i], roots.item[k]) ||
                                   (strcmp(roots.item[i], roots.item[k]) == 0 && i < k)))
            k++;
        if (k == roots.count && lrc_strv_push(&shown, roots.item[i], err) < 0)
            return -1;
    }
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "path", root_of(q));
    lrc_api_put_texts(&out, "allowed_dirs", &shown);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

struct entry {
    char *name;
    bool is_dir;
    uint64_t size;
    double modified_ms;
};

struct listing {
    lrc_roots *roots;
    const char *folder;
    struct entry *item;
    size_t count, cap;
};

static void listing_done(struct listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->item[i].name);
    free(l->item);
}
#define auto_listing lrc_cleanup(listing_done)

static int take_entry(void *arg, const lrc_rooted_entry *e, lrc_err *err)
{
    struct listing *l = arg;
    const bool is_dir = S_ISDIR(e->st.st_mode);
    lrc_auto_rooted lrc_rooted dir = LRC_ROOTED_INIT;
    lrc_auto_free char *name = NULL;
    if (e->outside || (!is_dir && !S_ISREG(e->st.st_mode)))
        return 0;
    if (is_dir && lrc_rooted_find(l->roots, l->folder, e->name, 0, &dir, NULL) < 0) // denied: user_config/, .lorica/
        return 0;
    if (l->count == l->cap) {
        const size_t cap = l->cap ? l->cap * 2 : 64;
        struct entry *grown = realloc(l->item, cap * sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        l->item = grown;
        l->cap = cap;
    }
    if (lrc_str_copy(&name, e->name, err) < 0)
        return -1;
    const double ms = (double)e->st.st_mtim.tv_sec * 1000 + (double)e->st.st_mtim.tv_nsec / 1000000;
    l->item[l->count++] = (struct entry){lrc_take(name), is_dir, is_dir ? 0 : (uint64_t)e->st.st_size, ms};
    return 0;
}

static int compare_folded(const char *a, const char *b)
{
    while (*a && lrc_ascii_lower(*a) == lrc_ascii_lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)lrc_ascii_lower(*a) - (unsigned char)lrc_ascii_lower(*b);
}

static int dirs_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->is_dir != y->is_dir)
        return x->is_dir ? -1 : 1;
    const int folded = compare_folded(x->name, y->name);
    return folded ? folded : strcmp(x->name, y->name);
}

static int put_entry(lrc_json_out *out, const char *folder, const struct entry *e, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (lrc_path_join(&path, folder, e->name, err) < 0)
        return -1;
    const lrc_kohya_type *image = e->is_dir ? NULL : lrc_kohya_type_of(e->name);
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "name", e->name);
    lrc_json_kstr(out, "path", path);
    lrc_json_kstr(out, "type", e->is_dir ? "dir" : "file");
    lrc_json_kint(out, "size", (int64_t)e->size);
    lrc_json_kdouble(out, "modified", e->modified_ms);
    lrc_json_kbool(out, "is_image", image != NULL);
    if (!e->is_dir)
        lrc_json_kstr(out, "mime_type", image ? image->mime : lrc_mime_of_file(e->name));
    lrc_json_object_end(out);
    return 0;
}

// The folder above, where requests may go there too.
static int put_parent(lrc_json_out *out, lrc_http_req *q, const char *path, lrc_err *err)
{
    lrc_auto_free char *parent = NULL;
    lrc_auto_rooted lrc_rooted found = LRC_ROOTED_INIT;
    if (lrc_path_parent(&parent, path, err) < 0)
        return -1;
    const bool open = lrc_rooted_find(lrc_app_roots(lrc_api_app(q)), root_of(q), parent, 0, &found, NULL) == 0;
    lrc_json_kstr(out, "parent", open ? parent : NULL);
    return 0;
}

static int get_list(lrc_http_req *q, lrc_err *err)
{
    const char *given = lrc_http_query(q, "path");
    lrc_auto_rooted lrc_rooted folder = LRC_ROOTED_INIT;
    lrc_roots *roots = lrc_app_roots(lrc_api_app(q));
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (find_path(q, root_of(q), given && given[0] ? given : ".", &folder, err) < 0)
        return -1;
    if (!S_ISDIR(folder.st.st_mode))
        return lrc_fail_field(err, LRC_ERR_INVALID, "path", "'%s' is not a folder", given);
    auto_listing struct listing l = {.roots = roots, .folder = folder.path};
    if (lrc_rooted_list(roots, &folder, take_entry, &l, err) < 0)
        return -1;
    if (l.count > 1)
        qsort(l.item, l.count, sizeof *l.item, dirs_first);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "path", folder.path);
    if (put_parent(&out, q, folder.path, err) < 0)
        return -1;
    lrc_json_key(&out, "files");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < l.count; i++)
        if (put_entry(&out, folder.path, &l.item[i], err) < 0)
            return -1;
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- read --------------------------------------------------------------------------------------------------------------

static int read_text(int fd, const char *path, lrc_buf *ret, lrc_err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", path);
    if (st.st_size > READ_MAX)
        return lrc_fail_field(err, LRC_ERR_LIMIT, "path", "'%s' is longer than %d MB: download it instead", path,
                              READ_MAX >> 20);
    for (;;) {
        char *room = lrc_buf_room(ret, 1 << 16);
        if (!room)
            return lrc_buf_check(ret, path, err);
        const ssize_t n = read(fd, room, 1 << 16);
        if (n < 0)
            return lrc_fail_errno(err, "cannot read '%s'", path);
        if (n == 0)
            return 0;
        lrc_buf_grew(ret, (size_t)n);
    }
}

static int get_read(lrc_http_req *q, lrc_err *err)
{
    const char *given = NULL;
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_close int fd = -1;
    lrc_auto_buf lrc_buf text, buf;
    lrc_json_out out;
    lrc_buf_init(&text, READ_MAX + (1 << 17)); // it may grow while it is read
    lrc_api_begin(&buf, &out);
    if (lrc_http_query_need(q, "path", &given, err) < 0 || find_path(q, root_of(q), given, &file, err) < 0 ||
        lrc_rooted_open(&file, &fd, err) < 0 || read_text(fd, file.path, &text, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "path", file.path);
    lrc_json_key(&out, "content");
    lrc_json_put_strn(&out, text.data, text.len);
    lrc_json_kint(&out, "size", (int64_t)text.len);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- The bytes ---------------------------------------------------------------------------------------------------------

// Named as datasets are: "cats/a.png", "datasets/cats/a.png", or absolute after a second slash.
static int get_image(lrc_http_req *q, lrc_err *err)
{
    const char *given = lrc_http_param(q, "path");
    const lrc_kohya_type *type = lrc_kohya_type_of(given);
    lrc_auto_free char *path = NULL;
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_close int fd = -1;
    if (!type)
        return lrc_fail_field(err, LRC_ERR_INVALID, "path", "Not an image file: '%s'", lrc_path_name(given));
    if (lrc_workspace_dataset(lrc_app_workspace(lrc_api_app(q)), given, &path, err) < 0 ||
        find_path(q, root_of(q), path, &file, err) < 0)
        return -1;
    if (!lrc_kohya_type_of(file.path)) // a link in an image's clothes
        return lrc_fail_field(err, LRC_ERR_INVALID, "path", "Not an image file: '%s'", lrc_path_name(given));
    if (lrc_rooted_open(&file, &fd, err) < 0)
        return -1;
    return lrc_http_answer_file(q, lrc_take_fd(fd), &(lrc_http_file){.type = type->mime, .name = file.name}, err);
}

static int get_download(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_close int fd = -1;
    if (find_path(q, root_of(q), lrc_http_param(q, "path"), &file, err) < 0 || lrc_rooted_open(&file, &fd, err) < 0)
        return -1;
    const lrc_http_file how = {.type = "application/octet-stream", .name = file.name, .download = true};
    return lrc_http_answer_file(q, lrc_take_fd(fd), &how, err);
}

const lrc_http_route lrc_api_files_routes[] = {
    {"GET", "/api/files/workspace", get_workspace, .summary = "The workspace, and the folders that requests may reach"},
    {"GET", "/api/files/list", get_list, .summary = "A folder (path; without it the workspace)"},
    {"GET", "/api/files/read", get_read, .summary = "A text file as JSON (path)"},
    {"GET", "/api/files/image/{path...}", get_image, .summary = "A picture, below datasets/ or absolute"},
    {"GET", "/api/files/download/{path...}", get_download, .summary = "Any file, as a download"},
    {0},
};
