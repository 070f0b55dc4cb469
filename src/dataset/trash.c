// SPDX-License-Identifier: MIT
#include "dataset/trash.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "json/json.h"

#define FOLDER      "trash"
#define KIND        "trash" // of an id
#define ENTRY_FILE  "entry.json"
#define FILES       "files"
#define ENTRY_MAX   (64 << 20) // bytes of an entry.json: a million names
#define DAY_MS      INT64_C(86400000)
#define LINK_LENGTH 4096

void lrc_trash_entry_done(lrc_trash_entry *e)
{
    free(e->dir);
    free(e->summary);
    lrc_strv_done(&e->files);
    *e = (lrc_trash_entry){0};
}

static int entry_path(const lrc_workspace *w, const char *id, const char *below, char **ret, lrc_err *err)
{
    return lrc_str_format(ret, err, "%s/" FOLDER "/%s%s%s", w->state, id, below[0] ? "/" : "", below);
}

// ---- Moving ----------------------------------------------------------------------------------------------------------

struct copy {
    const char *from, *to;
};

static lrc_walk_next copy_one(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    const struct copy *c = arg;
    lrc_auto_free char *to = NULL;
    if (lrc_path_join(&to, c->to, e->relative, err) < 0)
        return LRC_WALK_FAIL;
    if (S_ISDIR(e->st->st_mode))
        return lrc_fs_mkdirs(to, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
    return S_ISREG(e->st->st_mode) && lrc_fs_copy(e->path, to, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
}

static int copy_link(const char *from, const char *to, lrc_err *err)
{
    char target[LINK_LENGTH];
    const ssize_t n = readlink(from, target, sizeof target - 1);
    if (n >= 0)
        target[n] = '\0';
    return n < 0 || symlink(target, to) < 0 ? lrc_fail_errno(err, "cannot copy the link '%s'", from) : 0;
}

static int copy_all(const char *from, const char *to, lrc_err *err)
{
    struct copy c = {from, to};
    const lrc_fs_walk_options all = {.recursive = true, .hidden = true};
    struct stat st;
    if (lstat(from, &st) < 0)
        return lrc_fail_errno(err, "cannot move '%s'", from);
    if (S_ISLNK(st.st_mode))
        return copy_link(from, to, err);
    if (!S_ISDIR(st.st_mode))
        return lrc_fs_copy(from, to, err);
    return lrc_fs_mkdir_new(to, err) < 0 || lrc_fs_walk(from, &all, copy_one, &c, err) < 0 ? -1
                                                                                           : lrc_fs_sync_all(to, err);
}

// A missing `from` is no error.
static int move(const char *from, const char *to, lrc_err *err)
{
    lrc_err why = LRC_ERR_INIT;
    if (lrc_fs_rename_new(from, to, &why) == 0 || why.sys == ENOENT)
        return 0;
    if (why.sys == EXDEV) {
        if (copy_all(from, to, err) == 0)
            return lrc_fs_remove_tree(from, err);
        lrc_fs_remove_tree(to, NULL);
        return -1;
    }
    if (err)
        *err = why;
    return -1;
}

// ---- Entries ---------------------------------------------------------------------------------------------------------

static int write_entry(const char *path, const lrc_trash_entry *e, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, ENTRY_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "trash", 1);
    lrc_json_kstr(&out, "dir", e->dir);
    lrc_json_kint(&out, "time", e->time_ms);
    lrc_json_kstr(&out, "summary", e->summary);
    lrc_json_key(&out, "files");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < e->files.count; i++)
        lrc_json_put_str(&out, e->files.item[i]);
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    lrc_buf_addc(&buf, '\n');
    return lrc_buf_check(&buf, path, err) < 0 ? -1 : lrc_fs_write(path, buf.data, buf.len, 0, err);
}

static int parse_entry(const lrc_json *root, lrc_trash_entry *e, lrc_err *err)
{
    const char *dir = NULL, *summary = NULL;
    const lrc_json *files = NULL;
    if (lrc_json_str(root, "dir", true, &dir, err) < 0 || lrc_json_str(root, "summary", true, &summary, err) < 0 ||
        lrc_json_int(root, "time", true, &e->time_ms, err) < 0 ||
        lrc_json_array(root, "files", true, &files, err) < 0 || lrc_str_copy(&e->dir, dir, err) < 0 ||
        lrc_str_copy(&e->summary, summary, err) < 0)
        return -1;
    for (const lrc_json *f = files->first; f; f = f->next)
        if (f->type != LRC_JSON_STRING || lrc_path_check_name(f->text, "files", err) < 0)
            return lrc_fail(err, LRC_ERR_INVALID, "an entry of the trash is damaged");
        else if (lrc_strv_push(&e->files, f->text, err) < 0)
            return -1;
    return 0;
}

int lrc_trash_load(const lrc_workspace *w, const char *id, lrc_trash_entry *ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_trash_entry lrc_trash_entry e = {0};
    lrc_err why = LRC_ERR_INIT;
    if (!lrc_id_valid(id))
        return lrc_fail_field(err, LRC_ERR_INVALID, "id", "this is no name of something in the trash");
    if (entry_path(w, id, ENTRY_FILE, &path, err) < 0)
        return -1;
    if (lrc_json_load(path, ENTRY_MAX, &doc, &why) < 0) {
        if (why.code == LRC_ERR_NOT_FOUND)
            return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "id", "there is no '%s' in the trash", id);
        if (err)
            *err = why;
        return -1;
    }
    if (parse_entry(lrc_json_root(doc), &e, err) < 0)
        return lrc_wrap(err, "'%s'", path);
    snprintf(e.id, sizeof e.id, "%s", id);
    *ret = e;
    e = (lrc_trash_entry){0};
    return 0;
}

// ---- The whole trash -------------------------------------------------------------------------------------------------

void lrc_trash_list_done(lrc_trash_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        lrc_trash_entry_done(&l->item[i]);
    free(l->item);
    *l = (lrc_trash_list){0};
}

struct lister {
    const lrc_workspace *w;
    lrc_trash_list *list;
};

static lrc_walk_next list_one(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    const struct lister *s = arg;
    lrc_trash_list *l = s->list;
    lrc_auto_trash_entry lrc_trash_entry entry = {0};
    lrc_err damaged = LRC_ERR_INIT;
    if (!S_ISDIR(e->st->st_mode) || lrc_trash_load(s->w, e->name, &entry, &damaged) < 0)
        return damaged.code == LRC_ERR_NO_MEMORY ? (*err = damaged, LRC_WALK_FAIL) : LRC_WALK_ON;
    if (l->count == l->cap) {
        const size_t cap = l->cap ? l->cap * 2 : 16;
        lrc_trash_entry *grown = realloc(l->item, cap * sizeof *grown);
        if (!grown) {
            lrc_fail_memory_(err);
            return LRC_WALK_FAIL;
        }
        l->item = grown;
        l->cap = cap;
    }
    l->item[l->count++] = entry;
    entry = (lrc_trash_entry){0};
    return LRC_WALK_ON;
}

static int newest_first(const void *a, const void *b)
{
    const lrc_trash_entry *x = a, *y = b;
    return x->time_ms != y->time_ms ? (x->time_ms < y->time_ms ? 1 : -1) : strcmp(y->id, x->id);
}

int lrc_trash_list_read(const lrc_workspace *w, lrc_trash_list *ret, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    lrc_auto_trash_list lrc_trash_list l = {0};
    struct lister s = {w, &l};
    const lrc_fs_walk_options options = {0};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_workspace_state(w, FOLDER, &folder, err) < 0)
        return -1;
    if (lrc_fs_is_dir(folder) && lrc_fs_walk(folder, &options, list_one, &s, &why) < 0) {
        if (err)
            *err = why;
        return -1;
    }
    if (l.count > 1)
        qsort(l.item, l.count, sizeof *l.item, newest_first);
    *ret = l;
    l = (lrc_trash_list){0};
    return 0;
}

// By its name, which is quicker than reading it: there may be thousands.
static bool is_older(const char *id, int64_t than_ms)
{
    const size_t kind = strlen(KIND "_");
    char *end;
    if (!lrc_str_starts(id, KIND "_"))
        return false;
    const long long ms = strtoll(id + kind, &end, 10);
    return end != id + kind && *end == '_' && ms < than_ms;
}

static lrc_walk_next sweep_one(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    (void)err;
    if (S_ISDIR(e->st->st_mode) && !e->is_link && is_older(e->name, *(const int64_t *)arg))
        lrc_fs_remove_tree(e->path, NULL); // another time, if not now
    return LRC_WALK_SKIP;
}

// What is too old goes. Its failure is not that of who adds something.
static void sweep(const lrc_workspace *w)
{
    lrc_auto_free char *folder = NULL;
    const lrc_fs_walk_options options = {0};
    int64_t oldest = lrc_clock_now_ms() - LRC_TRASH_DAYS * DAY_MS;
    if (lrc_workspace_state(w, FOLDER, &folder, NULL) == 0 && lrc_fs_is_dir(folder))
        lrc_fs_walk(folder, &options, sweep_one, &oldest, NULL);
}

// ---- In and out ------------------------------------------------------------------------------------------------------

static int move_files(const lrc_trash_entry *e, const char *from, const char *to, lrc_err *err)
{
    for (size_t i = 0; i < e->files.count; i++) {
        lrc_auto_free char *old = NULL, *new = NULL;
        if (lrc_path_join(&old, from, e->files.item[i], err) < 0 ||
            lrc_path_join(&new, to, e->files.item[i], err) < 0 || move(old, new, err) < 0)
            return -1;
    }
    return 0;
}

int lrc_trash_put(const lrc_workspace *w, const char *dir, const lrc_strv *names, const char *summary,
                  char ret_id[static LRC_ID_MAX + 1], lrc_err *err)
{
    lrc_auto_trash_entry lrc_trash_entry e = {.time_ms = lrc_clock_now_ms()};
    lrc_auto_free char *folder = NULL, *files = NULL, *entry = NULL;
    lrc_id_make(KIND, e.id);
    sweep(w);
    if (lrc_str_copy(&e.dir, dir, err) < 0 || lrc_str_copy(&e.summary, summary, err) < 0)
        return -1;
    for (size_t i = 0; i < names->count; i++)
        if (lrc_path_check_name(names->item[i], "file", err) < 0 || lrc_strv_push(&e.files, names->item[i], err) < 0)
            return -1;
    if (entry_path(w, e.id, "", &folder, err) < 0 || entry_path(w, e.id, FILES, &files, err) < 0 ||
        entry_path(w, e.id, ENTRY_FILE, &entry, err) < 0 || lrc_fs_mkdirs(files, err) < 0 ||
        write_entry(entry, &e, err) < 0 || move_files(&e, dir, files, err) < 0)
        return lrc_wrap(err, "it cannot be moved into the trash");
    if (lrc_fs_sync_dir(files, err) < 0 || lrc_fs_sync_dir(dir, err) < 0)
        return -1;
    memcpy(ret_id, e.id, sizeof e.id);
    return 0;
}

static int check_places(const lrc_trash_entry *e, lrc_err *err)
{
    if (!lrc_fs_is_dir(e->dir))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "the folder '%s' is not there any more", e->dir);
    for (size_t i = 0; i < e->files.count; i++) {
        lrc_auto_free char *path = NULL;
        struct stat st;
        if (lrc_path_join(&path, e->dir, e->files.item[i], err) < 0)
            return -1;
        if (lstat(path, &st) == 0)
            return lrc_fail(err, LRC_ERR_CONFLICT, "'%s' exists again in '%s'", e->files.item[i], e->dir);
    }
    return 0;
}

int lrc_trash_restore(const lrc_workspace *w, const char *id, lrc_err *err)
{
    lrc_auto_trash_entry lrc_trash_entry e = {0};
    lrc_auto_free char *folder = NULL, *files = NULL;
    if (lrc_trash_load(w, id, &e, err) < 0 || check_places(&e, err) < 0 || entry_path(w, id, "", &folder, err) < 0 ||
        entry_path(w, id, FILES, &files, err) < 0 || move_files(&e, files, e.dir, err) < 0 ||
        lrc_fs_sync_dir(e.dir, err) < 0)
        return -1;
    return lrc_fs_remove_tree(folder, err);
}
