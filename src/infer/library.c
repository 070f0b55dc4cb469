// SPDX-License-Identifier: MIT
#include "infer/library.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"

#define LIBRARY "libonnxruntime.so"
#define ENTRY   "OrtGetApiBase"

struct search {
    lrc_strv *looked;
    void *entry; // not NULL: found
    char *path;
};

// The file that a handle came from, as the dynamic linker knows it.
static int path_of(void *handle, const char *asked, char **ret, lrc_err *err)
{
    struct link_map *map = NULL;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map && map->l_name[0])
        return lrc_path_real(ret, NULL, map->l_name, err);
    return lrc_str_copy(ret, asked, err);
}

// `name` with a '/' is that file, without one the dynamic linker looks for it.
static int try_file(struct search *s, const char *name, lrc_err *err)
{
    if (s->entry)
        return 0;
    if (strchr(name, '/') && !lrc_fs_exists(name))
        return lrc_strv_pushf(s->looked, err, "%s: not there", name);
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *why = dlerror();
        return lrc_strv_pushf(s->looked, err, "%s: %s", name, why ? why : "cannot be loaded");
    }
    void *entry = dlsym(handle, ENTRY);
    if (!entry) {
        dlclose(handle);
        return lrc_strv_pushf(s->looked, err, "%s: is not ONNX Runtime (no %s)", name, ENTRY);
    }
    if (path_of(handle, name, &s->path, err) < 0) {
        dlclose(handle);
        return -1;
    }
    s->entry = entry; // the handle stays open for ever
    return 0;
}

struct names {
    lrc_strv *list;
};

static lrc_walk_next collect(void *arg, const lrc_fs_entry *entry, lrc_err *err)
{
    const struct names *names = arg;
    if (lrc_str_starts(entry->name, LIBRARY) && S_ISREG(entry->st->st_mode) &&
        lrc_strv_push(names->list, entry->path, err) < 0)
        return LRC_WALK_FAIL;
    return LRC_WALK_ON;
}

// libonnxruntime.so, .so.1, .so.1.21 … in this folder, the longest name first.
static int try_folder(struct search *s, const char *folder, lrc_err *err)
{
    if (s->entry)
        return 0;
    lrc_auto_strv lrc_strv found = {0};
    struct names names = {&found};
    if (lrc_fs_is_dir(folder) && lrc_fs_walk(folder, &(lrc_fs_walk_options){0}, collect, &names, err) < 0)
        return -1;
    if (found.count == 0)
        return lrc_strv_pushf(s->looked, err, "%s: holds no %s", folder, LIBRARY);
    for (size_t i = found.count; i-- > 0;)
        if (try_file(s, found.item[i], err) < 0)
            return -1;
    return 0;
}

static int try_below(struct search *s, const char *folder, const char *below, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    return lrc_path_join(&path, folder, below, err) < 0 ? -1 : try_folder(s, path, err);
}

// What a person names is meant: nothing else is tried then.
static int try_chosen(struct search *s, const char *chosen, lrc_err *err)
{
    if (!lrc_fs_is_dir(chosen))
        return try_file(s, chosen, err);
    return try_folder(s, chosen, err) < 0 ? -1 : try_below(s, chosen, "lib", err);
}

static int try_all(struct search *s, lrc_err *err)
{
    static const char *const folders[] = {"/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                                          "/usr/lib64", "/usr/lib"};
    lrc_auto_free char *self = NULL, *bin = NULL;
    if (lrc_path_real(&self, NULL, "/proc/self/exe", err) < 0 || lrc_path_parent(&bin, self, err) < 0 ||
        try_below(s, bin, "../lib/lorica", err) < 0)
        return -1;
    if (try_file(s, LIBRARY ".1", err) < 0 || try_file(s, LIBRARY, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (lrc_fs_is_dir(folders[i]) && try_folder(s, folders[i], err) < 0)
            return -1;
    return 0;
}

int lrc_ort_library_load(void **ret_entry, char **ret_path, lrc_strv *looked, lrc_err *err)
{
    struct search s = {.looked = looked};
    const char *chosen = getenv("LORICA_ORT");
    const bool is_chosen = chosen && chosen[0];
    if ((is_chosen ? try_chosen(&s, chosen, err) : try_all(&s, err)) < 0) {
        free(s.path);
        return -1;
    }
    if (!s.entry)
        return lrc_fail(err, LRC_ERR_NOT_BUILT,
                        "ONNX Runtime was not found%s (%s). Run './dev setup', or set LORICA_ORT to %s or its folder",
                        is_chosen ? " where LORICA_ORT points" : "", looked->count ? looked->item[0] : "nowhere",
                        LIBRARY);
    *ret_entry = s.entry;
    *ret_path = s.path;
    return 0;
}
