// SPDX-License-Identifier: MIT
#include "settings/workspace.h"

#include <string.h>

#include "base/fs.h"
#include "base/path.h"

// In the order in which they are made: the last one is there when all of them are.
static const char *const folders[] = {
    "datasets",        "output",          "pretrained_model", "vae",
    "tagger_models",   "config",          "presets",          "logs",
    "user_config",     "training_config", ".lorica/jobs",     ".lorica/locks",
    ".lorica/journal", ".lorica/thumbs",  ".lorica/cache",
};

#define COUNT (sizeof folders / sizeof folders[0])

static int make_folders(const lrc_workspace *w, lrc_err *err)
{
    for (size_t i = 0; i < COUNT; i++) {
        lrc_auto_free char *path = NULL;
        if (lrc_workspace_path(w, folders[i], &path, err) < 0 || lrc_fs_mkdirs(path, err) < 0)
            return lrc_wrap(err, "cannot set up the workspace '%s'", w->root);
    }
    return 0;
}

int lrc_workspace_locate(const char *given, lrc_workspace *ret, lrc_err *err)
{
    const char *name = given ? given : getenv("LORICA_WORKSPACE");
    if (!name || !name[0])
        name = "workspace";
    lrc_workspace w = {0};
    if (lrc_path_real(&w.root, NULL, name, err) < 0 || lrc_path_join(&w.state, w.root, ".lorica", err) < 0) {
        lrc_workspace_done(&w);
        return -1;
    }
    *ret = w;
    return 0;
}

bool lrc_workspace_exists(const lrc_workspace *w)
{
    lrc_auto_free char *datasets = NULL;
    return lrc_workspace_path(w, "datasets", &datasets, NULL) == 0 && lrc_fs_is_dir(datasets);
}

// Folders that are not there: all of a new workspace's, or our own state beside the files of a KNX folder.
static int complete(const lrc_workspace *w, bool create, lrc_err *err)
{
    if (!create && !lrc_workspace_exists(w))
        return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "workspace",
                              "'%s' is not a workspace (it has no datasets/ folder); name one with --workspace DIR, or "
                              "make one with 'lorica dataset import' or 'lorica demo'",
                              w->root);
    lrc_auto_free char *last = NULL;
    if (lrc_workspace_path(w, folders[COUNT - 1], &last, err) < 0)
        return -1;
    return lrc_fs_is_dir(last) && !create ? 0 : make_folders(w, err);
}

int lrc_workspace_open(const char *given, bool create, lrc_workspace *ret, lrc_err *err)
{
    lrc_workspace w = {0};
    if (lrc_workspace_locate(given, &w, err) < 0)
        return -1;
    if (complete(&w, create, err) < 0) {
        lrc_workspace_done(&w);
        return -1;
    }
    *ret = w;
    return 0;
}

void lrc_workspace_done(lrc_workspace *w)
{
    free(w->root);
    free(w->state);
    *w = (lrc_workspace){0};
}

int lrc_workspace_path(const lrc_workspace *w, const char *relative, char **ret, lrc_err *err)
{
    return lrc_path_join(ret, w->root, relative, err);
}

int lrc_workspace_state(const lrc_workspace *w, const char *relative, char **ret, lrc_err *err)
{
    return lrc_path_join(ret, w->state, relative, err);
}

int lrc_workspace_dataset(const lrc_workspace *w, const char *given, char **ret, lrc_err *err)
{
    if (given[0] == '/')
        return lrc_str_copy(ret, given, err);
    lrc_auto_free char *direct = NULL;
    if (lrc_workspace_path(w, given, &direct, err) < 0)
        return -1;
    if (strchr(given, '/') && lrc_fs_is_dir(direct)) {
        *ret = lrc_take(direct);
        return 0;
    }
    const char *name = given;
    if (lrc_str_starts(name, "./"))
        name += 2;
    if (lrc_str_starts(name, "datasets/"))
        name += strlen("datasets/");
    else if (lrc_str_starts(name, "dataset/"))
        name += strlen("dataset/");
    lrc_auto_free char *below = NULL;
    if (lrc_path_join(&below, "datasets", name, err) < 0)
        return -1;
    return lrc_workspace_path(w, below, ret, err);
}
