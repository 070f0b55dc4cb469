// SPDX-License-Identifier: MIT
#include "dataset/scan.h"

#include <string.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "caption/file.h"
#include "dataset/name.h"
#include "kohya/files.h"

#define FINDINGS_MAX 10000 // kept; the numbers count all

static void folder_done(lrc_dataset_folder *f)
{
    free(f->relative);
}

void lrc_dataset_done(lrc_dataset *d)
{
    free(d->name);
    free(d->path);
    for (size_t i = 0; i < d->folders; i++)
        folder_done(&d->folder[i]);
    free(d->folder);
    lrc_strv_done(&d->covers);
    lrc_findings_done(&d->findings);
    *d = (lrc_dataset){0};
}

struct scanner {
    lrc_dataset *d;
    const char *extension;
    lrc_map files;    // relative path -> 1
    lrc_map folders;  // relative path of a folder with images -> 1 + index
    lrc_map captions; // relative path of the caption that an image has or would have -> 1 + index into images
    lrc_strv images;  // relative paths
};

static bool is_hidden(const char *relative)
{
    return relative[0] == '.' || strstr(relative, "/.");
}

static lrc_walk_next visit(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    struct scanner *s = arg;
    const int64_t modified = (int64_t)e->st->st_mtim.tv_sec * 1000 + e->st->st_mtim.tv_nsec / 1000000;
    s->d->modified_ms = modified > s->d->modified_ms ? modified : s->d->modified_ms;
    if (!S_ISREG(e->st->st_mode))
        return LRC_WALK_ON;
    s->d->bytes += (uint64_t)e->st->st_size;
    if (is_hidden(e->relative))
        return LRC_WALK_ON;
    uint64_t *file = lrc_map_put(&s->files, e->relative, err);
    if (!file || (lrc_kohya_type_of(e->name) && lrc_strv_push(&s->images, e->relative, err) < 0))
        return LRC_WALK_FAIL;
    *file = 1;
    return LRC_WALK_ON;
}

static int find(struct scanner *s, lrc_finding_severity severity, const char *code, const char *file,
                const char *remedy, lrc_err *err, const char *message)
{
    if (s->d->findings.count >= FINDINGS_MAX)
        return 0;
    return lrc_findings_add(&s->d->findings, severity, code, NULL, file, remedy, err, "%s", message);
}

// Row of the folder that this file lies in; NULL for want of memory. Borrowed until the next call.
static lrc_dataset_folder *folder_of(struct scanner *s, const char *relative, lrc_err *err)
{
    const char *name = lrc_path_name(relative);
    lrc_auto_free char *folder = NULL;
    if (lrc_str_copy_n(&folder, relative, name == relative ? 0 : (size_t)(name - relative) - 1, err) < 0)
        return NULL;
    uint64_t *index = lrc_map_put(&s->folders, folder, err);
    if (!index)
        return NULL;
    if (*index)
        return &s->d->folder[*index - 1];
    lrc_dataset_folder *grown = realloc(s->d->folder, (s->d->folders + 1) * sizeof *grown);
    if (!grown) {
        lrc_fail_memory_(err);
        return NULL;
    }
    const char *rest;
    s->d->folder = grown;
    grown[s->d->folders] = (lrc_dataset_folder){.repeats = lrc_kohya_folder_repeats(lrc_path_name(folder), &rest)};
    grown[s->d->folders].relative = lrc_take(folder);
    *index = ++s->d->folders;
    return &grown[s->d->folders - 1];
}

static int count_image(struct scanner *s, size_t i, lrc_err *err)
{
    const char *relative = s->images.item[i];
    lrc_auto_free char *caption = NULL;
    lrc_dataset_folder *folder = folder_of(s, relative, err);
    if (!folder || lrc_caption_path(relative, s->extension, &caption, err) < 0)
        return -1;
    const bool seen = lrc_kohya_sees(relative, NULL), captioned = lrc_map_get(&s->files, caption) != NULL;
    folder->images++;
    folder->seen += seen;
    folder->captions += captioned;
    s->d->images++;
    s->d->seen += seen;
    s->d->captions += captioned;
    if (!seen && find(s, LRC_FINDING_WARNING, "unseen", relative,
                      "import it again: 'lorica dataset import' brings it into a form that the trainer sees", err,
                      "the trainer does not see a file of this suffix") < 0)
        return -1;
    uint64_t *first = lrc_map_put(&s->captions, caption, err);
    if (!first)
        return -1;
    if (*first == 0) {
        *first = i + 1;
        return 0;
    }
    return find(s, LRC_FINDING_WARNING, "shared_name", relative, "rename one of them", err,
                "another image has this name: they share a caption, and the trainer's cache");
}

static int find_orphans(struct scanner *s, lrc_err *err)
{
    for (size_t i = 0; i < s->files.count; i++) {
        const char *relative = s->files.entry[i].key;
        if (strcmp(lrc_path_suffix(relative), s->extension) == 0 && !lrc_map_get(&s->captions, relative) &&
            find(s, LRC_FINDING_INFO, "orphan_caption", relative, NULL, err, "there is no image of this name") < 0)
            return -1;
    }
    return 0;
}

static int by_relative(const void *a, const void *b)
{
    return strcmp(((const lrc_dataset_folder *)a)->relative, ((const lrc_dataset_folder *)b)->relative);
}

static int scan(struct scanner *s, lrc_err *err)
{
    const lrc_fs_walk_options options = {.recursive = true, .hidden = true};
    struct stat st;
    if (stat(s->d->path, &st) < 0)
        return lrc_fail_errno(err, "cannot read the dataset '%s'", s->d->path);
    s->d->modified_ms = (int64_t)st.st_mtim.tv_sec * 1000;
    if (lrc_caption_check_extension(s->extension, err) < 0 || lrc_fs_walk(s->d->path, &options, visit, s, err) < 0)
        return -1;
    for (size_t i = 0; i < s->images.count; i++)
        if (count_image(s, i, err) < 0)
            return -1;
    for (size_t i = 0; i < s->images.count && i < LRC_DATASET_COVERS; i++)
        if (lrc_strv_pushf(&s->d->covers, err, "%s/%s", s->d->path, s->images.item[i]) < 0)
            return -1;
    if (s->d->folders > 1)
        qsort(s->d->folder, s->d->folders, sizeof *s->d->folder, by_relative);
    return find_orphans(s, err);
}

int lrc_dataset_scan(const char *path, const char *extension, lrc_dataset *ret, lrc_err *err)
{
    lrc_auto_dataset lrc_dataset d = {0};
    struct scanner s = {.d = &d, .extension = extension ? extension : LRC_CAPTION_EXTENSION};
    int result = lrc_str_copy(&d.path, path, err);
    if (result == 0)
        result = lrc_str_copy(&d.name, lrc_path_name(path), err);
    if (result == 0)
        result = scan(&s, err);
    lrc_map_done(&s.files);
    lrc_map_done(&s.folders);
    lrc_map_done(&s.captions);
    lrc_strv_done(&s.images);
    if (result < 0)
        return -1;
    *ret = d;
    d = (lrc_dataset){0};
    return 0;
}

int lrc_dataset_create(const lrc_workspace *w, const char *name, char **ret_path, lrc_err *err)
{
    lrc_auto_free char *path = NULL, *parent = NULL;
    if (lrc_dataset_place(w, name, &path, err) < 0 || lrc_path_parent(&parent, path, err) < 0 ||
        lrc_fs_mkdirs(parent, err) < 0)
        return -1;
    if (lrc_fs_mkdir_new(path, err) < 0)
        return lrc_wrap(err, "the dataset '%s' cannot be made", name);
    if (ret_path)
        *ret_path = lrc_take(path);
    return 0;
}

// ---- All of them -----------------------------------------------------------------------------------------------------

void lrc_dataset_list_done(lrc_dataset_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        lrc_dataset_done(&l->item[i]);
    free(l->item);
    lrc_findings_done(&l->problems);
    *l = (lrc_dataset_list){0};
}

static lrc_walk_next list_one(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    lrc_dataset_list *l = arg;
    lrc_err problem = LRC_ERR_INIT;
    if (!S_ISDIR(e->st->st_mode))
        return LRC_WALK_ON;
    if (l->count == l->cap) {
        const size_t cap = l->cap ? l->cap * 2 : 16;
        lrc_dataset *grown = realloc(l->item, cap * sizeof *grown);
        if (!grown) {
            lrc_fail_memory_(err);
            return LRC_WALK_FAIL;
        }
        l->item = grown;
        l->cap = cap;
    }
    if (lrc_dataset_scan(e->path, NULL, &l->item[l->count], &problem) == 0) {
        l->count++;
        return LRC_WALK_ON;
    }
    return lrc_findings_add(&l->problems, LRC_FINDING_ERROR, lrc_err_word(problem.code), NULL, e->path, NULL, err, "%s",
                            problem.msg) < 0
               ? LRC_WALK_FAIL
               : LRC_WALK_ON;
}

int lrc_dataset_list_read(const lrc_workspace *w, lrc_dataset_list *ret, lrc_err *err)
{
    lrc_auto_dataset_list lrc_dataset_list l = {0};
    lrc_auto_free char *datasets = NULL;
    const lrc_fs_walk_options options = {0};
    if (lrc_workspace_path(w, "datasets", &datasets, err) < 0 || lrc_fs_walk(datasets, &options, list_one, &l, err) < 0)
        return -1;
    *ret = l;
    l = (lrc_dataset_list){0};
    return 0;
}
