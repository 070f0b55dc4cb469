// SPDX-License-Identifier: MIT
#include "preset/preset.h"

#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/utf8.h"
#include "preset/internal.h"
#include "proc/spawn.h"
#include "train/fields.h"
#include "train/request.h"

#define FOLDER     "presets"
#define SUFFIX     ".json"
#define SHIPPED    "../share/lorica/presets" // beside the program's folder
#define NEAR       6                         // edits between an unknown id and the one that is suggested
#define CONFIG_MAX (8 << 20)

// Members of a preset's file that are not settings.
static const char *const head[] = {"id",         "name",       "description", "source",  "training_type",
                                   "created_at", "is_builtin", "config",      "unmapped"};

static bool is_head(const char *key)
{
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        if (strcmp(head[i], key) == 0)
            return true;
    return false;
}

bool preset_is_secret(const char *key)
{
    const lrc_field_id id = lrc_train_field_find(key);
    return id != LRC_FIELD_NONE && lrc_train_field_get(id)->secret;
}

void lrc_preset_done(lrc_preset *p)
{
    free(p->id);
    free(p->name);
    free(p->description);
    free(p->source);
    free(p->model_type);
    free(p->training_type);
    free(p->path);
    free(p->config);
    lrc_json_doc_free(p->doc);
    *p = (lrc_preset){0};
}

// ---- Reading ---------------------------------------------------------------------------------------------------------

// KNX wrote "LoRA_type" for a while.
static const char *field_name(const char *key)
{
    return strcmp(key, "LoRA_type") == 0 ? "lora_type" : key;
}

// The settings of a preset's file, from its "config" or from beside the name, as one object without secrets.
static int settings_of(const lrc_json *file, char **ret, lrc_err *err)
{
    const lrc_json *inner = lrc_json_get(file, "config");
    const bool flat = !inner || inner->type != LRC_JSON_OBJECT;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, CONFIG_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    for (const lrc_json *m = flat ? file->first : inner->first; m; m = m->next) {
        if ((flat && is_head(m->key)) || preset_is_secret(m->key) || lrc_json_get(flat ? file : inner, m->key) != m)
            continue;
        lrc_json_key(&out, field_name(m->key));
        lrc_json_put_value(&out, m);
    }
    lrc_json_object_end(&out);
    return lrc_buf_take(&buf, "a preset", ret, NULL, err);
}

static bool has_a_field(const lrc_json *fields)
{
    for (const lrc_json *m = fields->first; m; m = m->next)
        if (lrc_train_field_find(m->key) != LRC_FIELD_NONE)
            return true;
    return false;
}

static int copy_text(const lrc_json *file, const char *key, const char *otherwise, char **ret, lrc_err *err)
{
    const lrc_json *v = lrc_json_get(file, key);
    return lrc_str_copy(ret, v && v->type == LRC_JSON_STRING ? v->text : otherwise, err);
}

// 1: a preset, 0: some other JSON.
static int read_file(const char *path, const char *id, bool built_in, lrc_preset *ret, lrc_err *err)
{
    lrc_auto_preset lrc_preset p = {.built_in = built_in};
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_json_load(path, LRC_PRESET_MAX, &doc, err) < 0)
        return -1;
    const lrc_json *file = lrc_json_root(doc);
    if (file->type != LRC_JSON_OBJECT)
        return 0;
    if (settings_of(file, &p.config, err) < 0 || lrc_json_parse(p.config, strlen(p.config), &p.doc, err) < 0)
        return -1;
    p.fields = lrc_json_root(p.doc);
    if (!has_a_field(p.fields))
        return 0;
    const lrc_json *family = lrc_json_get(p.fields, "model_type"), *made = lrc_json_get(file, "created_at");
    int64_t when;
    if (made && made->type == LRC_JSON_NUMBER && lrc_str_to_i64(made->text, &when))
        p.created_ms = when;
    if (lrc_str_copy(&p.id, id, err) < 0 || lrc_str_copy(&p.path, path, err) < 0 ||
        copy_text(file, "name", id, &p.name, err) < 0 || copy_text(file, "description", "", &p.description, err) < 0 ||
        copy_text(file, "source", "", &p.source, err) < 0 ||
        copy_text(file, "model_type", family && family->type == LRC_JSON_STRING ? family->text : "", &p.model_type,
                  err) < 0 ||
        copy_text(file, "training_type", "lora", &p.training_type, err) < 0)
        return -1;
    *ret = p;
    p = (lrc_preset){0};
    return 1;
}

// Folder of the shipped presets: beside an installed program, else in the source tree.
static int shipped_folder(char **ret, lrc_err *err)
{
    lrc_auto_free char *program = NULL, *bin = NULL, *installed = NULL;
    if (lrc_proc_self(&program, err) < 0 || lrc_path_parent(&bin, program, err) < 0 ||
        lrc_path_join(&installed, bin, SHIPPED, err) < 0)
        return -1;
    return lrc_str_copy(ret, lrc_fs_is_dir(installed) ? installed : LORICA_SOURCE_PRESETS, err);
}

int lrc_preset_load(const lrc_workspace *w, const char *id, lrc_preset *ret, lrc_err *err)
{
    lrc_auto_free char *shipped = NULL, *own = NULL, *name = NULL, *path = NULL;
    if (strpbrk(id, "/\\") || strstr(id, ".."))
        return lrc_fail_field(err, LRC_ERR_DENIED, "id", "'%s' is no preset's id", id);
    if (shipped_folder(&shipped, err) < 0 || lrc_workspace_path(w, FOLDER, &own, err) < 0 ||
        lrc_str_format(&name, err, "%s" SUFFIX, id) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        free(lrc_take(path));
        if (lrc_path_join(&path, i == 0 ? shipped : own, name, err) < 0)
            return -1;
        if (!lrc_fs_is_file(path))
            continue;
        const int found = read_file(path, id, i == 0, ret, err);
        if (found != 0)
            return found < 0 ? -1 : 0;
    }
    lrc_auto_preset_list lrc_preset_list all = {0};
    const char *near = NULL;
    size_t best = NEAR + 1;
    if (lrc_preset_list_read(w, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < all.count; i++)
        if (lrc_str_distance(id, all.item[i].id) < best) {
            best = lrc_str_distance(id, all.item[i].id);
            near = all.item[i].id;
        }
    if (near)
        return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "id", "there is no preset '%s'; did you mean '%s'?", id, near);
    return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "id", "there is no preset '%s'", id);
}

// ---- Listing ---------------------------------------------------------------------------------------------------------

void lrc_preset_list_done(lrc_preset_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        lrc_preset_done(&l->item[i]);
    free(l->item);
    lrc_findings_done(&l->problems);
    *l = (lrc_preset_list){0};
}

struct lister {
    lrc_preset_list *list;
    bool built_in;
};

static bool is_taken(const lrc_preset_list *l, const char *id)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->item[i].id, id) == 0)
            return true;
    return false;
}

static lrc_walk_next list_one(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    const struct lister *l = arg;
    lrc_auto_free char *id = NULL;
    lrc_preset preset = {0};
    lrc_err why = LRC_ERR_INIT;
    if (!S_ISREG(e->st->st_mode) || !lrc_str_ends(e->name, SUFFIX))
        return LRC_WALK_ON;
    if (lrc_str_copy_n(&id, e->name, strlen(e->name) - strlen(SUFFIX), err) < 0)
        return LRC_WALK_FAIL;
    if (is_taken(l->list, id)) // a shipped one hides it
        return LRC_WALK_ON;
    const int found = read_file(e->path, id, l->built_in, &preset, &why);
    if (found < 0)
        return lrc_findings_add(&l->list->problems, LRC_FINDING_WARNING, lrc_err_word(why.code), NULL, e->path, NULL,
                                err, "%s", why.msg) < 0
                   ? LRC_WALK_FAIL
                   : LRC_WALK_ON;
    if (found == 0)
        return LRC_WALK_ON;
    if (l->list->count == l->list->cap) {
        const size_t cap = l->list->cap ? l->list->cap * 2 : 32;
        lrc_preset *grown = reallocarray(l->list->item, cap, sizeof *grown);
        if (!grown) {
            lrc_preset_done(&preset);
            lrc_fail_memory_(err);
            return LRC_WALK_FAIL;
        }
        l->list->item = grown;
        l->list->cap = cap;
    }
    l->list->item[l->list->count++] = preset;
    return LRC_WALK_ON;
}

int lrc_preset_list_read(const lrc_workspace *w, lrc_preset_list *ret, lrc_err *err)
{
    static const lrc_fs_walk_options options = {0};
    lrc_auto_preset_list lrc_preset_list l = {0};
    lrc_auto_free char *shipped = NULL, *own = NULL;
    if (shipped_folder(&shipped, err) < 0 || lrc_workspace_path(w, FOLDER, &own, err) < 0 ||
        lrc_fs_walk(shipped, &options, list_one, &(struct lister){&l, true}, err) < 0 ||
        (lrc_fs_is_dir(own) && lrc_fs_walk(own, &options, list_one, &(struct lister){&l, false}, err) < 0))
        return -1;
    *ret = l;
    l = (lrc_preset_list){0};
    return 0;
}

// ---- Writing ---------------------------------------------------------------------------------------------------------

int lrc_preset_id_of(const char *name, char ret[static LRC_PRESET_ID_MAX + 1], lrc_err *err)
{
    size_t n = 0;
    for (size_t i = 0, width; name[i]; i += width) {
        width = lrc_utf8_decode(name + i, strlen(name + i), NULL);
        const char c = lrc_ascii_lower(name[i]);
        if (n == LRC_PRESET_ID_MAX)
            return lrc_fail_field(err, LRC_ERR_INVALID, "name", "the name is too long");
        ret[n++] = width == 1 && (lrc_ascii_alnum(c) || c == '_' || c == '-') ? c : '_';
        width = width ? width : 1;
    }
    ret[n] = '\0';
    if (n == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "name", "give the preset a name");
    return 0;
}

static void put_members(const lrc_json *object, lrc_json_out *out)
{
    lrc_json_object_begin(out);
    for (const lrc_json *m = object->first; m; m = m->next)
        if (!preset_is_secret(m->key) && lrc_json_get(object, m->key) == m) {
            lrc_json_key(out, field_name(m->key));
            lrc_json_put_value(out, m);
        }
    lrc_json_object_end(out);
}

static const char *family_of(const lrc_preset_new *p)
{
    const lrc_json *v = lrc_json_get(p->config, "model_type");
    return p->model_type && p->model_type[0] ? p->model_type : v && v->type == LRC_JSON_STRING ? v->text : "";
}

int lrc_preset_save(const lrc_workspace *w, const lrc_preset_new *p, char ret_id[static LRC_PRESET_ID_MAX + 1],
                    lrc_err *err)
{
    char id[LRC_PRESET_ID_MAX + 1];
    lrc_auto_free char *shipped = NULL, *folder = NULL, *path = NULL, *theirs = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, LRC_PRESET_MAX);
    lrc_json_out_init(&out, &buf, 2);
    if (lrc_preset_id_of(p->name, id, err) < 0 || shipped_folder(&shipped, err) < 0 ||
        lrc_workspace_path(w, FOLDER, &folder, err) < 0 || lrc_str_format(&path, err, "%s/%s" SUFFIX, folder, id) < 0 ||
        lrc_str_format(&theirs, err, "%s/%s" SUFFIX, shipped, id) < 0)
        return -1;
    if (lrc_fs_exists(theirs))
        return lrc_fail_field(err, LRC_ERR_CONFLICT, "name",
                              "'%s' comes with Lorica and stays as it is: choose another name", p->name);
    if (p->keep_existing && lrc_fs_exists(path))
        return lrc_fail_field(err, LRC_ERR_CONFLICT, "name", "there is a preset '%s' already", id);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "name", p->name);
    lrc_json_kstr(&out, "description", p->description ? p->description : "");
    if (p->source)
        lrc_json_kstr(&out, "source", p->source);
    lrc_json_kstr(&out, "model_type", family_of(p));
    lrc_json_kstr(&out, "training_type", p->training_type && p->training_type[0] ? p->training_type : "lora");
    lrc_json_kint(&out, "created_at", lrc_clock_now_ms());
    lrc_json_key(&out, "config");
    put_members(p->config, &out);
    if (p->unmapped && p->unmapped->first) {
        lrc_json_key(&out, "unmapped");
        put_members(p->unmapped, &out);
    }
    lrc_json_object_end(&out);
    lrc_buf_addc(&buf, '\n');
    if (lrc_buf_check(&buf, "a preset", err) < 0 || lrc_fs_mkdirs(folder, err) < 0 ||
        lrc_fs_write(path, buf.data, buf.len, 0, err) < 0)
        return -1;
    memcpy(ret_id, id, sizeof id);
    return 0;
}

int lrc_preset_delete(const lrc_workspace *w, const char *id, lrc_err *err)
{
    lrc_auto_preset lrc_preset p = {0};
    if (lrc_preset_load(w, id, &p, err) < 0)
        return -1;
    if (p.built_in)
        return lrc_fail_field(err, LRC_ERR_DENIED, "id", "'%s' comes with Lorica and cannot be removed", id);
    return lrc_fs_remove(p.path, err);
}

// ---- Showing ---------------------------------------------------------------------------------------------------------

void lrc_preset_put_head(const lrc_preset *p, lrc_json_out *out)
{
    lrc_json_kstr(out, "id", p->id);
    lrc_json_kstr(out, "name", p->name);
    lrc_json_kstr(out, "description", p->description);
    lrc_json_kstr(out, "model_type", p->model_type);
    lrc_json_kstr(out, "training_type", p->training_type);
    lrc_json_kint(out, "created_at", p->created_ms);
    lrc_json_kbool(out, "is_builtin", p->built_in);
    lrc_json_kstr(out, "source", p->source);
}

void lrc_preset_put(const lrc_preset *p, bool flat, lrc_json_out *out)
{
    lrc_json_object_begin(out);
    lrc_preset_put_head(p, out);
    for (const lrc_json *m = p->fields->first; flat && m; m = m->next)
        if (!is_head(m->key) && strcmp(m->key, "model_type") != 0) {
            lrc_json_key(out, m->key);
            lrc_json_put_value(out, m);
        }
    lrc_json_key(out, "config");
    lrc_json_put_raw(out, p->config);
    lrc_json_object_end(out);
}
