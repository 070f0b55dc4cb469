// SPDX-License-Identifier: MIT
#include "settings/workspace.h"

#include <string.h>

#include "base/fs.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/utf8.h"

#define LOCK_NAME_SHOWN 48 // bytes of a dataset's name that its lock file shows

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
    lrc_auto_free char *copy = NULL, *direct = NULL, *below = NULL;
    if (lrc_str_copy(&copy, given, err) < 0)
        return -1;
    for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    if (copy[0] == '/') {
        *ret = lrc_take(copy);
        return 0;
    }
    const char *name = copy;
    while (lrc_str_starts(name, "./"))
        name += 2;
    if (lrc_workspace_path(w, name, &direct, err) < 0)
        return -1;
    if (strchr(name, '/') && lrc_fs_is_dir(direct)) {
        *ret = lrc_take(direct);
        return 0;
    }
    if (lrc_str_starts(name, "datasets/"))
        name += strlen("datasets/");
    else if (lrc_str_starts(name, "dataset/"))
        name += strlen("dataset/");
    if (lrc_path_join(&below, "datasets", name, err) < 0)
        return -1;
    return lrc_workspace_path(w, below, ret, err);
}

// FNV-1a, 64 bits: tells the paths of one machine apart in the names of lock files.
static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

// Cut the path of something inside a dataset below `datasets` to the dataset itself.
static void cut_to_dataset(char *path, const char *datasets)
{
    const size_t n = strlen(datasets);
    if (!lrc_path_inside(path, datasets) || path[n] == '\0')
        return;
    char *slash = strchr(path + n + 1, '/');
    if (slash)
        *slash = '\0';
}

int lrc_workspace_lock_dataset(const lrc_workspace *w, const char *dir, int wait_ms, int *ret, lrc_err *err)
{
    lrc_auto_free char *named = NULL, *datasets = NULL, *real = NULL, *lock = NULL;
    if (lrc_workspace_path(w, "datasets", &named, err) < 0 || lrc_path_real(&datasets, NULL, named, err) < 0 ||
        lrc_path_real(&real, NULL, dir, err) < 0)
        return -1;
    cut_to_dataset(real, datasets);
    char shown[LOCK_NAME_SHOWN + 1];
    snprintf(shown, sizeof shown, "%s", lrc_path_name(real));
    shown[lrc_utf8_cut(shown, strlen(shown))] = '\0';
    if (lrc_str_format(&lock, err, "%s/locks/dataset-%s-%016llx.lock", w->state, shown,
                       (unsigned long long)hash_text(real)) < 0)
        return -1;
    if (lrc_lock_take(lock, wait_ms, ret, err) < 0)
        return lrc_wrap(err, "the dataset '%s'", real);
    return 0;
}
