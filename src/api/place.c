// SPDX-License-Identifier: MIT
// place.c - datasets, pictures and captions as requests name them, and where they may lie.
#include <string.h>

#include "api/api.h"
#include "base/path.h"
#include "caption/file.h"
#include "dataset/name.h"
#include "kohya/files.h"

// Pictures and captions lie in datasets/ (KNX also had dataset/), or in a declared folder outside the workspace: what is
// done to all captions of a folder must not reach models, settings and jobs.
int lrc_api_check_place(const lrc_app *app, const char *path, lrc_err *err)
{
    static const char *const folders[] = {"datasets", "dataset"};
    const char *root = lrc_app_workspace(app)->root;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        lrc_auto_free char *named = NULL, *real = NULL;
        if (lrc_workspace_path(lrc_app_workspace(app), folders[i], &named, err) < 0 ||
            lrc_path_real(&real, NULL, named, err) < 0)
            return -1;
        if (strcmp(path, real) == 0)
            return lrc_fail_field(err, LRC_ERR_INVALID, "dataset", "'%s' holds all datasets: name one of them", path);
        if (lrc_path_inside(path, real))
            return 0;
    }
    if (lrc_path_inside(path, root) || lrc_path_inside(root, path))
        return lrc_fail_field(err, LRC_ERR_DENIED, "dataset", "'%s' lies in no dataset", path);
    return 0;
}

static int find_dataset(const lrc_app *app, const char *given, lrc_rooted *ret, lrc_err *err)
{
    const lrc_workspace *w = lrc_app_workspace(app);
    lrc_auto_free char *path = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (lrc_workspace_dataset(w, given, &path, err) < 0)
        return -1;
    if (lrc_rooted_find(lrc_app_roots(app), w->root, path, 0, ret, &why) == 0)
        return 0;
    if (why.code != LRC_ERR_NOT_FOUND || strchr(given, '/'))
        return lrc_fail_field(err, why.code, "dataset", "dataset '%s': %s", given, why.msg);
    free(lrc_take(path)); // a name in another Unicode form, or a typing error: the service knows
    return lrc_dataset_find(w, given, &path, err) < 0 ? -1
                                                      : lrc_rooted_find(lrc_app_roots(app), w->root, path, 0, ret, err);
}

int lrc_api_dataset(const lrc_app *app, const char *given, char **ret, lrc_err *err)
{
    lrc_auto_rooted lrc_rooted found = LRC_ROOTED_INIT;
    if (!given[0])
        return lrc_fail_field(err, LRC_ERR_INVALID, "dataset", "the name of the dataset is empty");
    if (find_dataset(app, given, &found, err) < 0)
        return -1;
    if (!S_ISDIR(found.st.st_mode))
        return lrc_fail_field(err, LRC_ERR_INVALID, "dataset", "'%s' is not a folder", given);
    if (lrc_api_check_place(app, found.path, err) < 0)
        return -1;
    return lrc_str_copy(ret, found.path, err);
}

void lrc_api_picture_done(lrc_api_picture *p)
{
    free(p->image);
    free(p->caption);
    *p = (lrc_api_picture){0};
}

int lrc_api_picture_find(const lrc_app *app, const char *given, const char *extension, lrc_api_picture *ret,
                         lrc_err *err)
{
    const lrc_workspace *w = lrc_app_workspace(app);
    lrc_auto_free char *path = NULL, *folder = NULL, *beside = NULL;
    lrc_auto_rooted lrc_rooted image = LRC_ROOTED_INIT, caption = LRC_ROOTED_INIT;
    if (!given[0] || !lrc_kohya_type_of(given))
        return lrc_fail_field(err, LRC_ERR_INVALID, "image_path", "'%s' is not the path of an image", given);
    // A link is not followed: the caption lies beside it, where the trainer looks.
    if (lrc_workspace_dataset(w, given, &path, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), w->root, path, LRC_ROOTED_NEW | LRC_ROOTED_LINK, &image, err) < 0 ||
        lrc_path_parent(&folder, image.path, err) < 0 || lrc_api_check_place(app, folder, err) < 0 ||
        lrc_caption_path(image.path, extension, &beside, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), w->root, beside, LRC_ROOTED_NEW, &caption, err) < 0)
        return -1;
    ret->exists = image.exists && !S_ISDIR(image.st.st_mode);
    ret->image = lrc_take(image.path);
    ret->caption = lrc_take(caption.path);
    return 0;
}

int lrc_api_texts(const lrc_json *obj, const char *key, bool need, lrc_strv *ret, lrc_err *err)
{
    const lrc_json *list = NULL;
    if (lrc_json_array(obj, key, need, &list, err) < 0)
        return -1;
    for (const lrc_json *item = list ? list->first : NULL; item; item = item->next) {
        if (item->type != LRC_JSON_STRING || strlen(item->text) != item->len)
            return lrc_fail_field(err, LRC_ERR_INVALID, key, "%s must be a list of texts, not of %s", key,
                                  item->type == LRC_JSON_STRING ? "texts with NULs" : lrc_json_type_name(item));
        if (lrc_strv_push(ret, item->text, err) < 0)
            return -1;
    }
    return 0;
}

void lrc_api_put_errors(lrc_json_out *out, const lrc_findings *f)
{
    lrc_json_key(out, "errors");
    lrc_json_array_begin(out);
    for (size_t i = 0; i < f->count; i++) {
        lrc_auto_free char *text = NULL;
        const char *name = lrc_path_name(f->item[i].file);
        if (lrc_str_format(&text, NULL, "%s: %s", name[0] ? name : f->item[i].code, f->item[i].message) < 0)
            out->buf->failed = LRC_ERR_NO_MEMORY;
        lrc_json_put_str(out, text);
    }
    lrc_json_array_end(out);
}

void lrc_api_put_texts(lrc_json_out *out, const char *key, const lrc_strv *texts)
{
    lrc_json_key(out, key);
    lrc_json_array_begin(out);
    for (size_t i = 0; i < texts->count; i++)
        lrc_json_put_str(out, texts->item[i]);
    lrc_json_array_end(out);
}
