// SPDX-License-Identifier: MIT
// config.c - /api/config: the schema of a training request, forms and configurations kept in the workspace, and both TOML
// files of a request written for a trainer that is started by hand.
//
// Where KNX went wrong (W4, W18, W28): a name is one plain file name, whatever is listed can be loaded, each project has
// its own pair of files, and a pair is complete before the first of them takes its name.
#include <string.h>

#include "api/api.h"
#include "base/findings.h"
#include "base/fs.h"
#include "base/path.h"
#include "toml/toml.h"
#include "train/saved.h"
#include "train/schema.h"
#include "train/snapshot.h"
#include "train/start.h"

#define FORM_FILE      "config/last_training_form.json"
#define FORM_MAX       (1 << 20) // bytes; a form with every field filled has about 10,000
#define SAVED_FOLDER   "training_config"
#define LISTED_MAX     10000 // files of one list
#define HEAD_OF_FILE   200   // bytes of a description
#define NO_DESCRIPTION "No description"

// Folders of the workspace that configurations are loaded from.
static const char *const loadable[] = {SAVED_FOLDER, "example_configs", "config", "presets", "trainer/runtime_store"};

// A file of the workspace; with LRC_ROOTED_PARENTS the folders on the way are made.
static int find(const lrc_http_req *q, const char *relative, unsigned flags, lrc_rooted *ret, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    return lrc_rooted_find(lrc_app_roots(app), lrc_app_workspace(app)->root, relative, flags, ret, err);
}

static int read_text(const lrc_rooted *file, size_t max, char **ret, size_t *ret_len, lrc_err *err)
{
    lrc_auto_close int fd = -1;
    return lrc_rooted_open(file, &fd, err) < 0 ? -1 : lrc_fs_read_fd(fd, file->path, max, ret, ret_len, err);
}

static int write_text(const lrc_rooted *file, const lrc_buf *text, bool replace, lrc_err *err)
{
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    if (lrc_rooted_create(file, 0, &out, err) < 0 || lrc_fs_out_write(&out, text->data, text->len, err) < 0)
        return -1;
    return replace ? lrc_fs_out_commit(&out, err) : lrc_fs_out_commit_new(&out, err);
}

// ---- Schema ----------------------------------------------------------------------------------------------------------

static int get_schema(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_train_put_schema(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int get_defaults(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "config");
    lrc_train_put_defaults(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- Saved configurations --------------------------------------------------------------------------------------------

struct listing {
    const char *folder;
    lrc_json_out *out;
    size_t count;
};

// The first line of a file, when it is a comment.
static void put_description(lrc_json_out *out, const char *text)
{
    char line[HEAD_OF_FILE + 1] = "";
    const char *p = text + strspn(text, "# \t");
    const size_t n = strcspn(p, "\r\n");
    if (text[0] == '#' && n > 0)
        snprintf(line, sizeof line, "%.*s", (int)n, p);
    lrc_json_kstr(out, "description", line[0] ? line : NO_DESCRIPTION);
}

// One file that is TOML; others are passed over.
static int put_listed(const struct listing *l, lrc_roots *roots, const lrc_rooted *dir, const lrc_rooted_entry *e,
                      lrc_err *err)
{
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_auto_free char *text = NULL, *name = NULL, *path = NULL;
    lrc_err why = LRC_ERR_INIT;
    size_t n = 0;
    if (lrc_rooted_find(roots, dir->path, e->name, 0, &file, &why) < 0 ||
        read_text(&file, LRC_TRAIN_SAVED_MAX, &text, &n, &why) < 0 || lrc_toml_parse(text, n, &doc, &why) < 0)
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err) : 0;
    if (lrc_path_with_suffix(&name, e->name, "", err) < 0 ||
        lrc_str_format(&path, err, "%s/%s", l->folder, e->name) < 0)
        return -1;
    lrc_json_object_begin(l->out);
    lrc_json_kstr(l->out, "name", name);
    lrc_json_kstr(l->out, "path", path);
    put_description(l->out, text);
    lrc_json_kint(l->out, "modified", (int64_t)e->st.st_mtim.tv_sec * 1000 + e->st.st_mtim.tv_nsec / 1000000);
    lrc_json_object_end(l->out);
    return 0;
}

struct listing_arg {
    struct listing *l;
    lrc_roots *roots;
    const lrc_rooted *dir;
};

static int list_one(void *arg, const lrc_rooted_entry *e, lrc_err *err)
{
    const struct listing_arg *a = arg;
    if (e->outside || !S_ISREG(e->st.st_mode) || e->name[0] == '.' || strcmp(lrc_path_suffix(e->name), ".toml") != 0)
        return 0;
    if (++a->l->count > LISTED_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "%s holds more than %d configurations", a->l->folder, LISTED_MAX);
    return put_listed(a->l, a->roots, a->dir, e, err);
}

// The TOML files of one folder; a folder that is not there has none.
static int put_folder(lrc_http_req *q, const char *key, const char *folder, lrc_json_out *out, lrc_err *err)
{
    struct listing l = {.folder = folder, .out = out};
    lrc_auto_rooted lrc_rooted dir = LRC_ROOTED_INIT;
    lrc_roots *roots = lrc_app_roots(lrc_api_app(q));
    lrc_err why = LRC_ERR_INIT;
    struct listing_arg arg = {&l, roots, &dir};
    lrc_json_key(out, key);
    lrc_json_array_begin(out);
    if (find(q, folder, 0, &dir, &why) == 0 && S_ISDIR(dir.st.st_mode)) {
        if (lrc_rooted_list(roots, &dir, list_one, &arg, err) < 0)
            return -1;
    } else if (why.code != LRC_OK && why.code != LRC_ERR_NOT_FOUND) {
        *err = why;
        return -1;
    }
    lrc_json_array_end(out);
    return 0;
}

static int get_templates(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    if (put_folder(q, "templates", "example_configs", &out, err) < 0 ||
        put_folder(q, "saved", SAVED_FOLDER, &out, err) < 0)
        return -1;
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// Does the file lie in one of the folders that configurations are loaded from? They may be links into another root.
static bool is_loadable(const lrc_http_req *q, const lrc_rooted *file)
{
    for (size_t i = 0; i < sizeof loadable / sizeof loadable[0]; i++) {
        lrc_auto_rooted lrc_rooted dir = LRC_ROOTED_INIT;
        lrc_err why = LRC_ERR_INIT;
        if (find(q, loadable[i], 0, &dir, &why) == 0 && lrc_path_inside(file->path, dir.path))
            return true;
    }
    return false;
}

static int get_load(lrc_http_req *q, lrc_err *err)
{
    const char *path = NULL;
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_auto_free char *text = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    size_t n = 0;
    lrc_api_begin(&buf, &out);
    if (lrc_http_query_need(q, "path", &path, err) < 0)
        return -1;
    if (find(q, path, 0, &file, err) < 0)
        return -1;
    if (!is_loadable(q, &file) || strcmp(lrc_path_suffix(file.path), ".toml") != 0)
        return lrc_fail_field(err, LRC_ERR_DENIED, "path",
                              "'%s' is no configuration: those are .toml files in " SAVED_FOLDER
                              ", example_configs, config, presets or trainer/runtime_store",
                              path);
    if (read_text(&file, LRC_TRAIN_SAVED_MAX, &text, &n, err) < 0)
        return -1;
    if (lrc_toml_parse(text, n, &doc, err) < 0)
        return lrc_wrap(err, "%s", path);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "config");
    lrc_train_put_toml(lrc_toml_root(doc), &out);
    lrc_json_kstr(&out, "path", path);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// {name, config, overwrite = true}: training_config/<name>.toml.
static int post_save(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_free char *file_name = NULL, *path = NULL;
    const lrc_json *config = NULL;
    const char *name = NULL;
    bool overwrite = true;
    lrc_auto_buf lrc_buf toml;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&toml, LRC_TRAIN_SAVED_MAX);
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "name", true, &name, err) < 0 ||
        lrc_json_object(lrc_json_root(doc), "config", true, &config, err) < 0 ||
        lrc_json_bool(lrc_json_root(doc), "overwrite", false, &overwrite, err) < 0 ||
        lrc_str_format(&file_name, err, "%s.toml", name) < 0 || lrc_path_check_name(name, "name", err) < 0 ||
        lrc_path_check_name(file_name, "name", err) < 0)
        return -1;
    if (name[0] == '.')
        return lrc_fail_field(err, LRC_ERR_INVALID, "name", "a name does not begin with a dot: '%s'", name);
    if (lrc_train_save_toml(config, &toml, err) < 0 || lrc_str_format(&path, err, SAVED_FOLDER "/%s", file_name) < 0 ||
        find(q, path, LRC_ROOTED_PARENTS, &file, err) < 0)
        return -1;
    if (!overwrite && file.exists)
        return lrc_fail_field(err, LRC_ERR_CONFLICT, "name", "there is a configuration '%s' already", name);
    if (write_text(&file, &toml, overwrite, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "path", path);
    lrc_json_kstr(&out, "message", "Configuration saved");
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- The last form ---------------------------------------------------------------------------------------------------

static int get_form(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_free char *text = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    size_t n = 0;
    lrc_api_begin(&buf, &out);
    if (find(q, FORM_FILE, 0, &file, err) < 0)
        return err->code == LRC_ERR_NOT_FOUND ? lrc_fail(err, LRC_ERR_NOT_FOUND, "no form was saved yet") : -1;
    if (read_text(&file, FORM_MAX, &text, &n, err) < 0)
        return -1;
    if (lrc_json_parse(text, n, &doc, err) < 0)
        return lrc_wrap(err, FORM_FILE);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "config");
    lrc_json_put_value(&out, lrc_json_root(doc));
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// Any JSON value; of an object all but its secrets.
static int post_form(lrc_http_req *q, lrc_err *err)
{
    static const char done[] = "{\"success\":true}";
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_free char *key = NULL;
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    size_t n;
    const char *body = lrc_http_body(q, &n);
    lrc_buf_init(&text, 2 * FORM_MAX);
    lrc_json_out_init(&out, &text, 2);
    if (lrc_json_parse(body, n, &doc, err) < 0)
        return -1;
    if (lrc_json_root(doc)->type != LRC_JSON_OBJECT)
        lrc_json_put_value(&out, lrc_json_root(doc));
    else if (lrc_train_without_secrets(lrc_json_root(doc), &text, &key, err) < 0)
        return -1;
    lrc_buf_addc(&text, '\n');
    if (lrc_buf_check(&text, "the form", err) < 0 || find(q, FORM_FILE, LRC_ROOTED_PARENTS, &file, err) < 0 ||
        write_text(&file, &text, true, err) < 0)
        return -1;
    return lrc_http_answer(q, 200, "application/json", done, strlen(done), err);
}

// ---- Requests --------------------------------------------------------------------------------------------------------

static int prepare(lrc_http_req *q, const char *json, size_t n, lrc_train_run *run, lrc_findings *f, lrc_err *err)
{
    const lrc_app *app = lrc_api_app(q);
    lrc_auto_settings lrc_settings *s = NULL;
    if (lrc_app_settings(app, &s, err) < 0)
        return -1;
    return lrc_train_prepare(lrc_app_workspace(app), s, json, n, run, f, err);
}

// Each thing that blocks, as "field: message".
static int put_errors(const lrc_findings *f, lrc_json_out *out, lrc_err *err)
{
    lrc_json_array_begin(out);
    for (size_t i = 0; i < f->count; i++) {
        const lrc_finding *one = &f->item[i];
        lrc_auto_free char *text = NULL;
        if (one->severity != LRC_FINDING_ERROR)
            continue;
        if (lrc_str_format(&text, err, "%s%s%s", one->field, one->field[0] ? ": " : "", one->message) < 0)
            return -1;
        lrc_json_put_str(out, text);
    }
    lrc_json_array_end(out);
    return 0;
}

// {config}: what is wrong with it, which is no error of this call.
static int post_validate(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_run lrc_train_run run = {0};
    lrc_auto_findings lrc_findings f = {0};
    const lrc_json *config = NULL;
    lrc_err why = LRC_ERR_INIT;
    lrc_auto_buf lrc_buf text;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&text, LRC_TRAIN_REQUEST_MAX);
    lrc_json_out_init(&out, &text, 0);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_object(lrc_json_root(doc), "config", true, &config, err) < 0)
        return -1;
    lrc_json_put_value(&out, config);
    if (lrc_buf_check(&text, "the configuration", err) < 0)
        return -1;
    if (prepare(q, text.data, text.len, &run, &f, &why) < 0 && lrc_findings_errors(&f) == 0) {
        *err = why;
        return -1;
    }
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kbool(&out, "valid", lrc_findings_errors(&f) == 0);
    lrc_json_key(&out, "errors");
    if (put_errors(&f, &out, err) < 0)
        return -1;
    lrc_json_key(&out, "findings");
    lrc_json_put_findings(&out, &f);
    lrc_json_key(&out, "corrections");
    lrc_train_put_corrections(&run.output, &out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int answer_pair(lrc_http_req *q, const lrc_train_output *made, const char *dataset, const char *config,
                       const lrc_findings *f, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", "Both files saved");
    lrc_json_key(&out, "files");
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "dataset", dataset);
    lrc_json_kstr(&out, "config", config);
    lrc_json_object_end(&out);
    lrc_json_key(&out, "corrections");
    lrc_train_put_corrections(made, &out);
    lrc_json_key(&out, "findings");
    lrc_json_put_findings(&out, f);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// config/<project>_{dataset,config}.toml, where a trainer that is started by hand finds them.
static int post_save_training(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_train_run lrc_train_run run = {0};
    lrc_auto_findings lrc_findings f = {0};
    lrc_auto_rooted lrc_rooted dir = LRC_ROOTED_INIT;
    lrc_auto_free char *dataset = NULL, *config = NULL;
    lrc_err why = LRC_ERR_INIT;
    size_t n;
    const char *body = lrc_http_body(q, &n);
    if (prepare(q, body, n, &run, &f, &why) < 0) {
        if (lrc_findings_errors(&f) > 0)
            return lrc_api_answer_findings(q, &why, &f, err);
        *err = why;
        return -1;
    }
    if (find(q, "config", 0, &dir, err) < 0 || lrc_train_write(&run.output, dir.path, &dataset, &config, err) < 0)
        return -1;
    return answer_pair(q, &run.output, dataset, config, &f, err);
}

const lrc_http_route lrc_api_config_routes[] = {
    {"GET", "/api/config/schema", get_schema, .summary = "All fields of a training request"},
    {"GET", "/api/config/defaults", get_defaults, .summary = "What a new training form begins with"},
    {"GET", "/api/config/templates", get_templates, .summary = "Example and saved configurations"},
    {"GET", "/api/config/load", get_load, .summary = "One of them as JSON (path)"},
    {"POST", "/api/config/save", post_save, .body_limit = LRC_TRAIN_REQUEST_MAX,
     .summary = "Keep a training form as a configuration (name, config)"},
    {"GET", "/api/config/form", get_form, .summary = "The training form as it was left"},
    {"POST", "/api/config/form", post_form, .body_limit = FORM_MAX, .summary = "Keep the training form"},
    {"POST", "/api/config/validate", post_validate, .body_limit = LRC_TRAIN_REQUEST_MAX,
     .summary = "What is wrong with a training form (config)"},
    {"POST", "/api/config/save-training", post_save_training, .body_limit = LRC_TRAIN_REQUEST_MAX,
     .summary = "Write both TOML files of a request into config/"},
    {0},
};
