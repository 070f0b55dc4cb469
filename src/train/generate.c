// SPDX-License-Identifier: MIT
#include "train/generate.h"

#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "train/plan.h"

#define FILE_MAX (64 << 20) // bytes of one of the two files

void lrc_train_output_done(lrc_train_output *o)
{
    free(o->name);
    free(o->saved_file);
    free(o->output_dir);
    lrc_strv_done(&o->image_dirs);
    free(o->dataset_toml);
    free(o->config_toml);
    free(o->cwd);
    lrc_strv_done(&o->argv);
    for (size_t i = 0; i < o->correction_count; i++) {
        free(o->correction[i].was);
        free(o->correction[i].now);
    }
    free(o->correction);
    for (size_t i = 0; i < o->env_count; i++)
        free(o->env[i].value);
    *o = (lrc_train_output){0};
}

// The reference stops at any missing path.
static int refuse_missing(const train_plan *p, size_t before, lrc_err *err)
{
    if (p->studio || p->findings->count == before)
        return 0;
    const lrc_finding *first = &p->findings->item[before];
    const size_t count = p->findings->count - before;
    lrc_fail_field(err, LRC_ERR_INVALID, first->field, "%s: %s", first->field, first->message);
    return count > 1 ? lrc_wrap(err, "%zu paths are missing", count) : -1;
}

static int render(train_plan *p, lrc_train_output *out, lrc_err *err)
{
    lrc_auto_buf lrc_buf dataset;
    lrc_auto_buf lrc_buf config;
    lrc_buf_init(&dataset, FILE_MAX);
    lrc_buf_init(&config, FILE_MAX);
    if (train_render_dataset(p, &dataset, err) < 0 || train_render_config(p, &config, err) < 0)
        return -1;
    if (lrc_buf_take(&dataset, "dataset.toml", &out->dataset_toml, &out->dataset_len, err) < 0)
        return -1;
    return lrc_buf_take(&config, "config.toml", &out->config_toml, &out->config_len, err);
}

// The project's name for the two files; what is saved has that name too, but for studio where output_name says otherwise.
static int name_files(train_plan *p, lrc_train_output *out, lrc_err *err)
{
    const lrc_train_value *saved = lrc_train_get(p->request, LRC_FIELD_output_name);
    const char *initial = lrc_train_field_get(LRC_FIELD_output_name)->initial;
    if (lrc_train_file_name(lrc_train_get(p->request, LRC_FIELD_project_name), false, &out->name, err) < 0)
        return -1;
    p->saved_name = out->name;
    if (!p->studio || saved->len == 0 || lrc_value_is(saved, initial))
        return 0;
    lrc_auto_free char *name = NULL;
    return lrc_train_file_name(saved, true, &name, err) < 0 ? -1 : train_path_copy(p, name, &p->saved_name, err);
}

static int generate(train_plan *p, lrc_train_output *out, lrc_err *err)
{
    const size_t before = p->findings->count;
    if (name_files(p, out, err) < 0 || train_paths_resolve(p, err) < 0 || refuse_missing(p, before, err) < 0)
        return -1;
    if ((p->studio && train_find_conflicts(p, err) < 0) || train_plan_fill(p, err) < 0 ||
        (p->studio && (train_correct(p, err) < 0 || train_paths_check_files(p, err) < 0)))
        return -1;
    train_plan_sort(p);
    for (size_t i = 0; i < p->subset_count; i++)
        if (lrc_strv_push(&out->image_dirs, p->subset_dir[i], err) < 0)
            return -1;
    const train_entry *format = train_plan_find(p, "save_model_as");
    const char *suffix = format->value.type == LRC_VALUE_TEXT ? format->value.text : "safetensors";
    if (lrc_str_copy(&out->output_dir, p->output, err) < 0 ||
        lrc_str_format(&out->saved_file, err, "%s.%s", p->saved_name, suffix) < 0 || render(p, out, err) < 0)
        return -1;
    return train_launch(p, out, err);
}

// The reference knows no native family: refused with the code of an unknown name.
static int refuse_native(const train_plan *p, lrc_err *err)
{
    if (lrc_findings_add(p->findings, LRC_FINDING_ERROR, "enum", "model_type", NULL, "choose the profile studio", err,
                         "the reference has no family '%s'", p->family->name) < 0)
        return -1;
    return lrc_fail_field(err, LRC_ERR_SCHEMA, "model_type",
                          "the training request is not valid: model_type: the reference has no family '%s'",
                          p->family->name);
}

int lrc_train_generate(const lrc_train_request *request, const lrc_train_options *options, lrc_train_output *ret,
                       lrc_findings *findings, lrc_err *err)
{
    lrc_auto_train_output lrc_train_output out = {0};
    train_plan p = {.request = request, .options = options, .findings = findings, .out = &out};
    p.studio = options->profile == LRC_PROFILE_STUDIO;
    p.family = lrc_family_get(lrc_train_family(request));
    p.mode = lrc_train_mode_of(request);
    p.script = p.studio ? lrc_family_script(lrc_train_family(request), p.mode) : p.family->script[p.mode];
    const int result = p.family->native && !p.studio ? refuse_native(&p, err) : generate(&p, &out, err);
    lrc_arena_done(&p.arena);
    if (result == 0) {
        *ret = out;
        out = (lrc_train_output){0};
    }
    return result;
}

// ---- Writing ---------------------------------------------------------------------------------------------------------

static int begin_file(lrc_fs_out *file, const char *path, const char *text, size_t n, lrc_err *err)
{
    if (lrc_fs_out_begin(file, path, 0, err) < 0 || lrc_fs_out_write(file, text, n, err) < 0)
        return -1;
    return fsync(file->fd) < 0 ? lrc_fail_errno(err, "cannot write '%s'", path) : 0;
}

int lrc_train_write(const lrc_train_output *o, const char *dir, char **ret_dataset_path, char **ret_config_path,
                    lrc_err *err)
{
    lrc_auto_fs_out lrc_fs_out dataset = LRC_FS_OUT_INIT;
    lrc_auto_fs_out lrc_fs_out config = LRC_FS_OUT_INIT;
    lrc_auto_free char *dataset_path = NULL, *config_path = NULL;
    if (lrc_fs_mkdirs(dir, err) < 0 || lrc_str_format(&dataset_path, err, "%s/%s_dataset.toml", dir, o->name) < 0 ||
        lrc_str_format(&config_path, err, "%s/%s_config.toml", dir, o->name) < 0)
        return -1;
    if (begin_file(&dataset, dataset_path, o->dataset_toml, o->dataset_len, err) < 0 ||
        begin_file(&config, config_path, o->config_toml, o->config_len, err) < 0 ||
        lrc_fs_out_commit(&dataset, err) < 0 || lrc_fs_out_commit(&config, err) < 0)
        return -1;
    if (ret_dataset_path)
        *ret_dataset_path = lrc_take(dataset_path);
    if (ret_config_path)
        *ret_config_path = lrc_take(config_path);
    return 0;
}

void lrc_train_put_corrections(const lrc_train_output *made, lrc_json_out *o)
{
    lrc_json_array_begin(o);
    for (size_t i = 0; i < made->correction_count; i++) {
        const lrc_train_correction *c = &made->correction[i];
        lrc_json_object_begin(o);
        lrc_json_kstr(o, "id", c->id);
        lrc_json_kstr(o, "field", c->field);
        lrc_json_kstr(o, "key", c->key);
        lrc_json_kstr(o, "was", c->was);
        lrc_json_kstr(o, "now", c->now);
        lrc_json_kstr(o, "why", c->why);
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
}
