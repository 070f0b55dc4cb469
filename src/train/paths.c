// SPDX-License-Identifier: MIT
// Where the request's paths lead, and whether what must be there is there.
#include <dirent.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "base/path.h"
#include "settings/workspace.h"
#include "train/plan.h"
#include "train/windows.h"

#define DEFAULT_SD_SCRIPTS "trainer/derrian_backend/sd_scripts"

int train_path_copy(train_plan *p, const char *path, const char **ret, lrc_err *err)
{
    *ret = lrc_arena_copy(&p->arena, path, strlen(path));
    return *ret ? 0 : lrc_fail_memory(err);
}

static int real_path(train_plan *p, const char *base, const char *path, const char **ret, lrc_err *err)
{
    lrc_auto_free char *real = NULL;
    if (lrc_path_real(&real, base, path, err) < 0)
        return -1;
    return train_path_copy(p, real, ret, err);
}

static int check_nul(train_plan *p, const char *field, const lrc_train_value *v, lrc_err *err)
{
    if (strlen(v->text) == v->len)
        return 0;
    if (lrc_findings_add(p->findings, LRC_FINDING_ERROR, "embedded_null", field, NULL, NULL, err,
                         "holds a NUL character, which no path can have") < 0)
        return -1;
    return lrc_fail_field(err, LRC_ERR_INVALID, field, "%s holds a NUL character, which no path can have", field);
}

// The path as it is to be looked for: `v`, or what stands here for a Windows path.
static int given_path(train_plan *p, const lrc_train_value *v, char **ret, lrc_err *err)
{
    const char *map = p->options->path_map;
    if (p->studio && map && lrc_windows_is_path(v->text)) {
        char *mapped = NULL;
        if (lrc_windows_map(v->text, map, &mapped, err) < 0)
            return -1;
        if (mapped) {
            *ret = mapped;
            return 0;
        }
    }
    return lrc_str_copy(ret, v->text, err);
}

int train_path_here(train_plan *p, const char *field, const lrc_train_value *v, const char **ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (check_nul(p, field, v, err) < 0 || given_path(p, v, &path, err) < 0)
        return -1;
    return real_path(p, p->root, path, ret, err);
}

int train_path_absolute(train_plan *p, const char *field, const lrc_train_value *v, const char **ret, lrc_err *err)
{
    return check_nul(p, field, v, err) < 0 ? -1 : real_path(p, p->root, v->text, ret, err);
}

static int missing(train_plan *p, const char *code, const char *field, const char *path, const char *words,
                   const char *remedy, lrc_err *err)
{
    const char *named = lrc_str_starts(path, p->root) ? path + strlen(p->root) : path;
    named += strspn(named, "/");
    if (p->studio && lrc_windows_is_path(named)) {
        words = "no folder here stands for this Windows path";
        remedy = "name one: lorica settings set trainer.path_map 'C:=/folder/here'";
    }
    return lrc_findings_add(p->findings, LRC_FINDING_ERROR, code, field, path, remedy, err, "%s: '%s'", words, path);
}

static bool is_empty_folder(const char *path)
{
    lrc_auto_dir DIR *dir = opendir(path);
    if (!dir)
        return false; // not to be read is not empty
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            return false;
    return true;
}

// root/given as Python's pathlib writes it ("//", "." and a trailing '/' dropped, ".." kept). The reference looks for
// this path, not for what realpath makes of it: "gone/../x" is missing when "gone" is.
static int named_path(train_plan *p, const lrc_train_value *given, char **ret, lrc_err *err)
{
    lrc_auto_free char *joined = NULL;
    lrc_auto_buf lrc_buf plain;
    lrc_buf_init(&plain, LRC_PATH_MAX * 2);
    if (lrc_path_join(&joined, p->root, given->text, err) < 0)
        return -1;
    for (const char *part = joined; *part;) {
        const size_t n = strcspn(part, "/");
        if (n > 0 && !(n == 1 && part[0] == '.')) {
            lrc_buf_addc(&plain, '/');
            lrc_buf_add(&plain, part, n);
        }
        part += n + (part[n] == '/');
    }
    if (plain.len == 0)
        lrc_buf_addc(&plain, '/');
    return lrc_buf_take(&plain, "path", ret, NULL, err);
}

// 1 when the path of this field exists (`real`, or in the reference the path as it is named), 0 when not, -1 on failure.
static int exists(train_plan *p, lrc_field_id id, const char *real, lrc_err *err)
{
    if (p->studio)
        return lrc_fs_exists(real);
    lrc_auto_free char *path = NULL;
    if (named_path(p, lrc_train_get(p->request, id), &path, err) < 0)
        return -1;
    return lrc_fs_exists(path);
}

static int check_dataset(train_plan *p, lrc_err *err)
{
    const int there = exists(p, LRC_FIELD_train_data_dir, p->dataset, err);
    if (there < 0)
        return -1;
    if (there && lrc_fs_is_file(p->dataset))
        return missing(p, "not_found", "train_data_dir", p->dataset, "this is a file, not a folder",
                       "name the folder that the pictures lie in", err);
    if (!there || !lrc_fs_is_dir(p->dataset))
        return missing(p, "not_found", "train_data_dir", p->dataset, "this folder does not exist",
                       "create the data set, or name an existing one; relative paths start at the workspace", err);
    if (is_empty_folder(p->dataset))
        return missing(p, "empty", "train_data_dir", p->dataset, "this folder is empty", "put pictures into it", err);
    return 0;
}

// The folder that the output folder would be made in.
static int check_output_parent(train_plan *p, lrc_err *err)
{
    lrc_auto_free char *path = NULL, *parent = NULL;
    if (!p->studio && named_path(p, lrc_train_get(p->request, LRC_FIELD_output_dir), &path, err) < 0)
        return -1;
    if (lrc_path_parent(&parent, path ? path : p->output, err) < 0)
        return -1;
    if (lrc_fs_exists(parent))
        return 0;
    return missing(p, "parent_not_found", "output_dir", parent, "the folder to make it in does not exist",
                   "create that folder, or name another output_dir", err);
}

// Folders of subset `index`, and whether it is there.
static int resolve_subset(train_plan *p, size_t index, lrc_err *err)
{
    const lrc_train_value *dir = lrc_train_subset_get(p->request, index, LRC_SUBSET_image_dir);
    lrc_auto_free char *given = NULL;
    char field[64];
    snprintf(field, sizeof field, "subsets.%zu.image_dir", index);
    if (check_nul(p, field, dir, err) < 0 || given_path(p, dir, &given, err) < 0 ||
        real_path(p, p->dataset, given, &p->subset_dir[index], err) < 0)
        return -1;
    if (lrc_fs_exists(p->subset_dir[index]))
        return 0;
    return missing(p, "not_found", field, p->subset_dir[index], "this folder does not exist",
                   "a subset's folder is named as seen from train_data_dir", err);
}

static int resolve_subsets(train_plan *p, lrc_err *err)
{
    const size_t count = lrc_train_subset_count(p->request);
    p->subset_count = count ? count : 1;
    p->subset_dir = lrc_arena_array(&p->arena, p->subset_count, sizeof *p->subset_dir);
    if (!p->subset_dir)
        return lrc_fail_memory(err);
    p->subset_dir[0] = p->dataset;
    for (size_t i = 0; i < count; i++)
        if (resolve_subset(p, i, err) < 0)
            return -1;
    return 0;
}

// "owner/repository" of the Hugging Face hub; not a file's name, and not below a folder that is there ("pretrained_model/x"
// is a path with a typing error, and a download of that name would be a surprise).
static bool is_hub_id(const char *root, const char *s)
{
    static const char *const model_suffix[] = {".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf"};
    const char *slash = strchr(s, '/');
    if (!slash || slash == s || !slash[1] || strchr(slash + 1, '/') || s[0] == '.' || slash[1] == '.')
        return false;
    for (const char *c = s; *c; c++)
        if (!lrc_ascii_alnum(*c) && !strchr("/-_.", *c))
            return false;
    for (size_t i = 0; i < sizeof model_suffix / sizeof model_suffix[0]; i++)
        if (lrc_ascii_same(lrc_path_suffix(s), model_suffix[i]))
            return false;
    lrc_auto_free char *folder = NULL;
    return lrc_str_format(&folder, NULL, "%s/%.*s", root, (int)(slash - s), s) == 0 && !lrc_fs_is_dir(folder);
}

static int check_model(train_plan *p, lrc_err *err)
{
    const char *given = lrc_train_get(p->request, LRC_FIELD_pretrained_model_name_or_path)->text;
    const int there = exists(p, LRC_FIELD_pretrained_model_name_or_path, p->model, err);
    if (there != 0)
        return there < 0 ? -1 : 0;
    if (p->studio && p->family->takes_hub_ids && is_hub_id(p->root, given)) {
        p->hub_model = given;
        return 0;
    }
    return missing(p, "not_found", "pretrained_model_name_or_path", p->model, "there is no such file or folder",
                   "put the base model there, or name another path", err);
}

static int check_continued_lora(train_plan *p, lrc_err *err)
{
    const lrc_train_value *v = lrc_train_get(p->request, LRC_FIELD_continue_from_lora);
    const char *path = NULL;
    if (!lrc_value_filled(v))
        return 0;
    if (train_path_here(p, "continue_from_lora", v, &path, err) < 0)
        return -1;
    const int there = exists(p, LRC_FIELD_continue_from_lora, path, err);
    if (there != 0)
        return there < 0 ? -1 : 0;
    return missing(p, "not_found", "continue_from_lora", path, "there is no such file", "", err);
}

static int absolute_field(train_plan *p, lrc_field_id id, const char **ret, lrc_err *err)
{
    return train_path_here(p, lrc_train_field_get(id)->name, lrc_train_get(p->request, id), ret, err);
}

// Studio also takes a data set's name ("mychar") and `dataset/mychar`, when there is no such folder in the workspace.
static int resolve_dataset(train_plan *p, lrc_err *err)
{
    const lrc_train_value *v = lrc_train_get(p->request, LRC_FIELD_train_data_dir);
    if (absolute_field(p, LRC_FIELD_train_data_dir, &p->dataset, err) < 0)
        return -1;
    if (!p->studio || lrc_fs_exists(p->dataset) || v->len == 0)
        return 0;
    lrc_auto_free char *root = NULL, *found = NULL;
    if (lrc_str_copy(&root, p->root, err) < 0)
        return -1;
    const lrc_workspace workspace = {.root = root};
    if (lrc_workspace_dataset(&workspace, v->text, &found, err) < 0)
        return -1;
    return lrc_fs_is_dir(found) ? real_path(p, p->root, found, &p->dataset, err) : 0;
}

static int resolve_roots(train_plan *p, lrc_err *err)
{
    const lrc_train_options *o = p->options;
    if (real_path(p, NULL, o->root ? o->root : ".", &p->root, err) < 0)
        return -1;
    lrc_auto_free char *scripts = NULL;
    const char *given = o->sd_scripts && o->sd_scripts[0] ? o->sd_scripts : DEFAULT_SD_SCRIPTS;
    if (lrc_path_join(&scripts, p->root, given, err) < 0)
        return -1;
    return train_path_copy(p, scripts, &p->sd_scripts, err);
}

int train_paths_resolve(train_plan *p, lrc_err *err)
{
    if (resolve_roots(p, err) < 0 || absolute_field(p, LRC_FIELD_pretrained_model_name_or_path, &p->model, err) < 0 ||
        check_model(p, err) < 0 || resolve_dataset(p, err) < 0 || check_dataset(p, err) < 0 ||
        absolute_field(p, LRC_FIELD_output_dir, &p->output, err) < 0 || check_output_parent(p, err) < 0)
        return -1;
    return check_continued_lora(p, err) < 0 ? -1 : resolve_subsets(p, err);
}

int train_paths_check_files(train_plan *p, lrc_err *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const train_entry *e = &p->entry[i];
        const lrc_field_id id = lrc_train_field_find(e->field);
        const lrc_train_field *f = lrc_train_field_get(id);
        const bool checked = id == LRC_FIELD_pretrained_model_name_or_path || id == LRC_FIELD_continue_from_lora;
        if (e->in != LRC_IN_CONFIG || f->kind != LRC_KIND_PATH || f->made || checked || lrc_fs_exists(e->value.text))
            continue;
        if (missing(p, "not_found", e->field, e->value.text, "there is no such file or folder",
                    "relative paths start at the workspace", err) < 0)
            return -1;
    }
    return 0;
}
