// SPDX-License-Identifier: MIT
// datasets.c - datasets: list, create, show, remove; their pictures with tags; the trash.
#include <string.h>

#include "api/api.h"
#include "base/map.h"
#include "base/path.h"
#include "caption/caption.h"
#include "caption/file.h"
#include "dataset/name.h"
#include "dataset/remove.h"
#include "dataset/scan.h"
#include "dataset/trash.h"
#include "http/uri.h"
#include "kohya/files.h"

#define LOCK_WAIT_MS 60000 // others hold a dataset's lock for less than a second each

static int64_t ms_of(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

// ---- list, create ----------------------------------------------------------------------------------------------------

static void put_dataset(lrc_json_out *out, const lrc_dataset *d)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "name", d->name);
    lrc_json_kstr(out, "path", d->path);
    lrc_json_kint(out, "image_count", (int64_t)d->images);
    lrc_json_kint(out, "caption_count", (int64_t)d->captions);
    lrc_json_kbool(out, "tags_present", d->captions > 0);
    lrc_json_kint(out, "total_size", (int64_t)d->bytes);
    lrc_json_kint(out, "modified_at", d->modified_ms);
    lrc_json_kint(out, "seen_by_trainer", (int64_t)d->seen);
    lrc_api_put_texts(out, "covers", &d->covers);
    lrc_json_object_end(out);
}

struct listing {
    lrc_app *app;
    const char *folder; // datasets/
    lrc_json_out *out;
    lrc_strv errors;
    int64_t total;
};

static int list_one(void *arg, const lrc_rooted_entry *e, lrc_err *err)
{
    struct listing *l = arg;
    lrc_auto_free char *path = NULL;
    lrc_auto_rooted lrc_rooted found = LRC_ROOTED_INIT;
    lrc_auto_dataset lrc_dataset d = {0};
    lrc_err why = LRC_ERR_INIT;
    if (e->name[0] == '.' || !(S_ISDIR(e->st.st_mode) || e->outside))
        return 0;
    if (lrc_path_join(&path, l->folder, e->name, err) < 0)
        return -1;
    // Asked for again: a link may lead to what is no dataset, and a name of a dataset stays that of the link.
    if (lrc_rooted_find(lrc_app_roots(l->app), l->folder, e->name, 0, &found, &why) < 0 ||
        lrc_api_check_place(l->app, found.path, &why) < 0 || lrc_dataset_scan(path, NULL, &d, &why) < 0)
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err)
                                             : lrc_strv_pushf(&l->errors, err, "%s: %s", e->name, why.msg);
    put_dataset(l->out, &d);
    l->total++;
    return 0;
}

static int get_list(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_free char *folder = NULL;
    lrc_auto_rooted lrc_rooted datasets = LRC_ROOTED_INIT;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    struct listing l = {.app = app, .out = &out};
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "datasets");
    lrc_json_array_begin(&out);
    if (lrc_workspace_path(lrc_app_workspace(app), "datasets", &folder, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), folder, ".", 0, &datasets, err) < 0)
        return -1;
    l.folder = folder;
    int result = lrc_rooted_list(lrc_app_roots(app), &datasets, list_one, &l, err);
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "total", l.total);
    lrc_api_put_texts(&out, "errors", &l.errors);
    lrc_json_object_end(&out);
    lrc_strv_done(&l.errors);
    return result < 0 ? -1 : lrc_http_answer_json(q, 200, &buf, err);
}

static int post_create(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_free char *name = NULL, *path = NULL, *message = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    const char *given = NULL;
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "name", true, &given, err) < 0 ||
        lrc_dataset_mend_name(given, &name, err) < 0)
        return -1;
    if (lrc_dataset_find(lrc_app_workspace(lrc_api_app(q)), name, &path, NULL) == 0)
        return lrc_fail_field(err, LRC_ERR_CONFLICT, "name", "a dataset named '%s' exists already", name);
    if (lrc_dataset_create(lrc_app_workspace(lrc_api_app(q)), name, &path, err) < 0 ||
        lrc_str_format(&message, err, "Dataset '%s' created", name) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "name", lrc_path_name(path));
    lrc_json_kstr(&out, "path", path);
    lrc_json_kstr(&out, "message", message);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- One -------------------------------------------------------------------------------------------------------------

// {name} of the path: one plain name, and nothing else, of something in datasets/ (W2).
static int named(lrc_http_req *q, char **ret, lrc_err *err)
{
    const char *name = lrc_http_param(q, "name");
    return lrc_path_check_name(name, "name", err) < 0 ? -1 : lrc_api_dataset(lrc_api_app(q), name, ret, err);
}

static int get_one(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_dataset lrc_dataset d = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (named(q, &path, err) < 0 || lrc_dataset_scan(path, NULL, &d, err) < 0)
        return -1;
    put_dataset(&out, &d);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int delete_one(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    const char *name = lrc_http_param(q, "name");
    lrc_auto_free char *folder = NULL, *message = NULL;
    lrc_auto_rooted lrc_rooted datasets = LRC_ROOTED_INIT, found = LRC_ROOTED_INIT;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    char id[LRC_ID_MAX + 1] = "";
    lrc_api_begin(&buf, &out);
    // A link itself goes, not what it leads to.
    if (lrc_path_check_name(name, "name", err) < 0 ||
        lrc_workspace_path(lrc_app_workspace(app), "datasets", &folder, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), folder, ".", 0, &datasets, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), datasets.path, name, LRC_ROOTED_LINK, &found, err) < 0)
        return -1;
    if (name[0] == '.' || (!S_ISDIR(found.st.st_mode) && !S_ISLNK(found.st.st_mode)))
        return lrc_fail_field(err, LRC_ERR_INVALID, "name", "'%s' is not a dataset", name);
    if (lrc_dataset_remove(lrc_app_workspace(app), datasets.path, name, id, err) < 0 ||
        lrc_str_format(&message, err, "Dataset '%s' moved to the trash", name) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", message);
    lrc_json_kstr(&out, "deleted_path", found.path);
    lrc_json_kstr(&out, "trash_id", id);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// The folders directly below with the images in and below each.
static int count_subfolders(const lrc_dataset *d, lrc_map *ret, lrc_err *err)
{
    for (size_t i = 0; i < d->folders; i++) {
        lrc_auto_free char *top = NULL;
        const char *relative = d->folder[i].relative;
        if (!relative[0])
            continue;
        if (lrc_str_copy_n(&top, relative, strcspn(relative, "/"), err) < 0)
            return -1;
        uint64_t *count = lrc_map_put(ret, top, err);
        if (!count)
            return -1;
        *count += d->folder[i].images;
    }
    return 0;
}

static int get_subfolders(lrc_http_req *q, lrc_err *err)
{
    const char *given = NULL;
    lrc_auto_free char *path = NULL;
    lrc_auto_dataset lrc_dataset d = {0};
    lrc_auto_map lrc_map count = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_http_query_need(q, "path", &given, err) < 0 || lrc_api_dataset(lrc_api_app(q), given, &path, err) < 0 ||
        lrc_dataset_scan(path, NULL, &d, err) < 0 || count_subfolders(&d, &count, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "subfolders");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < count.count; i++) {
        lrc_auto_free char *below = NULL;
        if (lrc_path_join(&below, d.path, count.entry[i].key, err) < 0)
            return -1;
        lrc_json_object_begin(&out);
        lrc_json_kstr(&out, "name", count.entry[i].key);
        lrc_json_kstr(&out, "path", below);
        lrc_json_kint(&out, "image_count", (int64_t)count.entry[i].value);
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- Pictures with tags ----------------------------------------------------------------------------------------------

struct pictures {
    const char *dir;
    const char *shown; // how GET /api/files/image names the folder, encoded
    lrc_map captions;  // names of caption files that may be read
    lrc_strv images;   // names
    lrc_map modified;  // name of an image -> ms
};

static int note_entry(void *arg, const lrc_rooted_entry *e, lrc_err *err)
{
    struct pictures *p = arg;
    if (!S_ISREG(e->st.st_mode) || e->outside || e->name[0] == '.')
        return 0;
    if (strcmp(lrc_path_suffix(e->name), LRC_CAPTION_EXTENSION) == 0)
        return lrc_map_put(&p->captions, e->name, err) ? 0 : -1;
    if (!lrc_kohya_type_of(e->name))
        return 0;
    uint64_t *ms = lrc_map_put(&p->modified, e->name, err);
    if (!ms || lrc_strv_push(&p->images, e->name, err) < 0)
        return -1;
    *ms = (uint64_t)ms_of(&e->st);
    return 0;
}

// The tags of all its lines; none when it cannot be read: then `problem` says why.
static int read_tags(const struct pictures *p, const char *image, lrc_strv *ret, lrc_err *problem, lrc_err *err)
{
    lrc_auto_free char *name = NULL, *path = NULL;
    lrc_auto_caption_file lrc_caption_file file = {0};
    lrc_auto_strv lrc_strv lines = {0};
    if (lrc_caption_path(image, LRC_CAPTION_EXTENSION, &name, err) < 0)
        return -1;
    if (!lrc_map_get(&p->captions, name))
        return 0;
    if (lrc_path_join(&path, p->dir, name, err) < 0)
        return -1;
    if (lrc_caption_read(path, &file, problem) < 0)
        return 0;
    if (lrc_strv_split(&lines, file.text, '\n', err) < 0)
        return -1;
    for (size_t i = 0; i < lines.count; i++)
        if (lrc_caption_split(lines.item[i], LRC_CAPTION_SEPARATOR, ret, err) < 0)
            return -1;
    return 0;
}

static int put_picture(lrc_json_out *out, const struct pictures *p, const char *name, lrc_strv *problems, lrc_err *err)
{
    lrc_auto_strv lrc_strv tags = {0};
    lrc_auto_free char *path = NULL, *encoded = malloc(3 * strlen(name) + 1), *url = NULL;
    lrc_err problem = LRC_ERR_INIT;
    if (!encoded)
        return lrc_fail_memory(err);
    lrc_uri_encode(name, encoded);
    const long long modified = (long long)*lrc_map_get(&p->modified, name);
    if (read_tags(p, name, &tags, &problem, err) < 0 || lrc_path_join(&path, p->dir, name, err) < 0 ||
        lrc_str_format(&url, err, "/api/files/image/%s/%s?v=%lld", p->shown, encoded, modified) < 0)
        return -1;
    if (problem.code != LRC_OK && lrc_strv_pushf(problems, err, "%s: %s", name, problem.msg) < 0)
        return -1;
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "image_path", path);
    lrc_json_kstr(out, "image_name", name);
    lrc_api_put_texts(out, "tags", &tags);
    lrc_json_kbool(out, "has_tags", tags.count > 0);
    lrc_json_kint(out, "modified", modified);
    lrc_json_kstr(out, "url", url);
    lrc_json_object_end(out);
    return 0;
}

// The folder in a URL: below datasets/ its relative path, else the absolute one; each part encoded.
static int shown_folder(const lrc_app *app, const char *dir, char **ret, lrc_err *err)
{
    lrc_auto_free char *named_datasets = NULL, *datasets = NULL, *relative = NULL;
    if (lrc_workspace_path(lrc_app_workspace(app), "datasets", &named_datasets, err) < 0 ||
        lrc_path_real(&datasets, NULL, named_datasets, err) < 0)
        return -1;
    if (lrc_path_inside(dir, datasets) && lrc_path_relative(&relative, dir, datasets, err) < 0)
        return -1;
    const char *shown = relative ? relative : dir;
    lrc_auto_free char *whole = malloc(3 * strlen(shown) + 1);
    if (!whole)
        return lrc_fail_memory(err);
    char *out = whole;
    for (const char *p = shown; *p;) {
        lrc_auto_free char *part = NULL;
        const size_t n = strcspn(p, "/");
        if (n == 0) {
            *out++ = *p++;
            continue;
        }
        if (lrc_str_copy_n(&part, p, n, err) < 0)
            return -1;
        lrc_uri_encode(part, out);
        out += strlen(out);
        p += n;
    }
    *out = '\0';
    *ret = lrc_take(whole);
    return 0;
}

static int put_pictures(lrc_json_out *out, const struct pictures *p, lrc_err *err)
{
    lrc_auto_strv lrc_strv problems = {0};
    lrc_json_object_begin(out);
    lrc_json_key(out, "images");
    lrc_json_array_begin(out);
    for (size_t i = 0; i < p->images.count; i++)
        if (put_picture(out, p, p->images.item[i], &problems, err) < 0)
            return -1;
    lrc_json_array_end(out);
    lrc_json_kint(out, "total", (int64_t)p->images.count);
    lrc_api_put_texts(out, "errors", &problems);
    lrc_json_object_end(out);
    return 0;
}

static int get_images(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    const char *given = NULL;
    lrc_auto_free char *dir = NULL, *shown = NULL;
    lrc_auto_rooted lrc_rooted folder = LRC_ROOTED_INIT;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    struct pictures p = {0};
    lrc_api_begin(&buf, &out);
    if (lrc_http_query_need(q, "dataset_path", &given, err) < 0 || lrc_api_dataset(app, given, &dir, err) < 0 ||
        shown_folder(app, dir, &shown, err) < 0 || lrc_rooted_find(lrc_app_roots(app), dir, ".", 0, &folder, err) < 0)
        return -1;
    p.dir = dir;
    p.shown = shown;
    int result = lrc_rooted_list(lrc_app_roots(app), &folder, note_entry, &p, err);
    if (result == 0)
        result = put_pictures(&out, &p, err);
    lrc_map_done(&p.captions);
    lrc_map_done(&p.modified);
    lrc_strv_done(&p.images);
    return result < 0 ? -1 : lrc_http_answer_json(q, 200, &buf, err);
}

// ---- update-tags -----------------------------------------------------------------------------------------------------

// The caption's new text. A tag of several lines would be several captions.
static int join_tags(const lrc_json *body, size_t *ret_count, char **ret, lrc_err *err)
{
    lrc_auto_strv lrc_strv given = {0}, tags = {0};
    if (lrc_api_texts(body, "tags", true, &given, err) < 0)
        return -1;
    for (size_t i = 0; i < given.count; i++) {
        for (const char *p = given.item[i]; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                return lrc_fail_field(err, LRC_ERR_INVALID, "tags", "tag %zu holds a control character", i + 1);
        if (lrc_caption_split(given.item[i], LRC_CAPTION_SEPARATOR, &tags, err) < 0)
            return -1;
    }
    *ret_count = tags.count;
    return lrc_caption_join(&tags, LRC_CAPTION_SEPARATOR, ret, err);
}

static int post_update_tags(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_api_picture lrc_api_picture p = {0};
    lrc_auto_free char *text = NULL, *folder = NULL, *message = NULL;
    lrc_auto_close int lock = -1;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    const char *given = NULL;
    size_t count = 0;
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "image_path", true, &given, err) < 0 ||
        join_tags(lrc_json_root(doc), &count, &text, err) < 0 ||
        lrc_api_picture_find(app, given, LRC_CAPTION_EXTENSION, &p, err) < 0)
        return -1;
    if (!p.exists)
        return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "image_path", "there is no image '%s'", given);
    if (lrc_path_parent(&folder, p.image, err) < 0 ||
        lrc_workspace_lock_dataset(lrc_app_workspace(app), folder, LOCK_WAIT_MS, &lock, err) < 0 ||
        lrc_caption_write(p.caption, text, err) < 0 ||
        lrc_str_format(&message, err, "Tags of %s updated", lrc_path_name(p.image)) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", message);
    lrc_json_kstr(&out, "image_path", p.image);
    lrc_json_kstr(&out, "caption_path", p.caption);
    lrc_json_kint(&out, "tags_count", (int64_t)count);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- delete-image and the trash --------------------------------------------------------------------------------------

static int post_delete_image(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_free char *dir = NULL;
    lrc_auto_strv lrc_strv files = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    const char *given = NULL, *image = NULL;
    char id[LRC_ID_MAX + 1] = "";
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "dataset_path", true, &given, err) < 0 ||
        lrc_json_str(lrc_json_root(doc), "image_name", true, &image, err) < 0 ||
        lrc_api_dataset(app, given, &dir, err) < 0 ||
        lrc_dataset_remove_image(lrc_app_workspace(app), dir, image, &files, id, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "deleted", image);
    lrc_api_put_texts(&out, "files", &files);
    lrc_json_kstr(&out, "trash_id", id);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int get_trash(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_trash_list lrc_trash_list list = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_trash_list_read(lrc_app_workspace(lrc_api_app(q)), &list, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "entries");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < list.count; i++) {
        const lrc_trash_entry *e = &list.item[i];
        lrc_json_object_begin(&out);
        lrc_json_kstr(&out, "trash_id", e->id);
        lrc_json_kstr(&out, "summary", e->summary);
        lrc_json_kstr(&out, "path", e->dir);
        lrc_api_put_texts(&out, "files", &e->files);
        lrc_json_kint(&out, "deleted_at", e->time_ms);
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "total", (int64_t)list.count);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int post_restore(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_trash_entry lrc_trash_entry e = {0};
    lrc_auto_rooted lrc_rooted folder = LRC_ROOTED_INIT;
    lrc_auto_free char *message = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    const char *id = NULL;
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "trash_id", true, &id, err) < 0 ||
        lrc_trash_load(lrc_app_workspace(app), id, &e, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), e.dir, ".", 0, &folder, err) < 0 || // may still be reached
        lrc_dataset_restore(lrc_app_workspace(app), id, err) < 0 ||
        lrc_str_format(&message, err, "Restored %s", e.summary) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", message);
    lrc_json_kstr(&out, "path", e.dir);
    lrc_api_put_texts(&out, "files", &e.files);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_datasets_routes[] = {
    {"GET", "/api/dataset/list", get_list, .summary = "All datasets, with counts and covers"},
    {"POST", "/api/dataset/create", post_create, .summary = "Make an empty dataset"},
    {"GET", "/api/dataset/images-with-tags", get_images, .summary = "Pictures of a dataset with their tags"},
    {"GET", "/api/dataset/subfolders", get_subfolders, .summary = "Folders with images inside a dataset"},
    {"POST", "/api/dataset/update-tags", post_update_tags, .summary = "Write the tags of one picture"},
    {"POST", "/api/dataset/delete-image", post_delete_image, .summary = "Move a picture and its captions to the trash"},
    {"GET", "/api/dataset/{name}", get_one, .summary = "One dataset, with counts"},
    {"DELETE", "/api/dataset/{name}", delete_one, .summary = "Move a dataset to the trash"},
    {"GET", "/api/trash", get_trash, .summary = "What was deleted or replaced, newest first"},
    {"POST", "/api/trash/restore", post_restore, .summary = "Put something from the trash back"},
    {0},
};
