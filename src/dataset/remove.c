// SPDX-License-Identifier: MIT
#include "dataset/remove.h"

#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "caption/file.h"
#include "dataset/trash.h"
#include "kohya/files.h"

#define LOCK_WAIT_MS 60000 // others hold a dataset's lock for less than a second each

struct shared {
    const char *image; // name
    bool found;        // another image of its stem
};

static bool same_stem(const char *a, const char *b)
{
    const size_t n = strlen(a) - strlen(lrc_path_suffix(a));
    return n == strlen(b) - strlen(lrc_path_suffix(b)) && memcmp(a, b, n) == 0;
}

static lrc_walk_next look_for_other(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    struct shared *s = arg;
    (void)err;
    if (S_ISREG(e->st->st_mode) && lrc_kohya_type_of(e->name) && strcmp(e->name, s->image) != 0 &&
        same_stem(e->name, s->image))
        s->found = true;
    return LRC_WALK_ON;
}

static int add_captions(const char *dir, const char *image, lrc_strv *names, lrc_err *err)
{
    for (size_t i = 0; lrc_caption_extensions[i]; i++) {
        lrc_auto_free char *name = NULL, *path = NULL;
        struct stat st;
        if (lrc_caption_path(image, lrc_caption_extensions[i], &name, err) < 0 ||
            lrc_path_join(&path, dir, name, err) < 0)
            return -1;
        if (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) && lrc_strv_push(names, name, err) < 0)
            return -1;
    }
    return 0;
}

int lrc_dataset_remove_image(const lrc_workspace *w, const char *dir, const char *image, lrc_strv *ret_files,
                             char ret_id[static LRC_ID_MAX + 1], lrc_err *err)
{
    lrc_auto_free char *path = NULL, *summary = NULL;
    lrc_auto_close int lock = -1;
    struct shared shared = {.image = image};
    const lrc_fs_walk_options options = {0};
    struct stat st;
    if (lrc_path_check_name(image, "image_name", err) < 0)
        return -1;
    if (!lrc_kohya_type_of(image))
        return lrc_fail_field(err, LRC_ERR_INVALID, "image_name", "'%s' is not an image", image);
    if (lrc_path_join(&path, dir, image, err) < 0 ||
        lrc_str_format(&summary, err, "%s of %s", image, lrc_path_name(dir)) < 0 ||
        lrc_workspace_lock_dataset(w, dir, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    if (lstat(path, &st) < 0 || S_ISDIR(st.st_mode))
        return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "image_name", "there is no image '%s' in %s", image,
                              lrc_path_name(dir));
    if (lrc_fs_walk(dir, &options, look_for_other, &shared, err) < 0 || lrc_strv_push(ret_files, image, err) < 0 ||
        (!shared.found && add_captions(dir, image, ret_files, err) < 0))
        return -1;
    return lrc_trash_put(w, dir, ret_files, summary, ret_id, err);
}

int lrc_dataset_remove(const lrc_workspace *w, const char *parent, const char *name, char ret_id[static LRC_ID_MAX + 1],
                       lrc_err *err)
{
    lrc_auto_free char *path = NULL, *summary = NULL;
    lrc_auto_close int lock = -1;
    lrc_auto_strv lrc_strv names = {0};
    if (lrc_path_join(&path, parent, name, err) < 0 || lrc_strv_push(&names, name, err) < 0 ||
        lrc_str_format(&summary, err, "the dataset %s", name) < 0 ||
        lrc_workspace_lock_dataset(w, path, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    return lrc_trash_put(w, parent, &names, summary, ret_id, err);
}

int lrc_dataset_restore(const lrc_workspace *w, const char *id, lrc_err *err)
{
    lrc_auto_trash_entry lrc_trash_entry e = {0};
    lrc_auto_close int lock = -1;
    if (lrc_trash_load(w, id, &e, err) < 0 || lrc_workspace_lock_dataset(w, e.dir, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    return lrc_trash_restore(w, id, err);
}
