// SPDX-License-Identifier: MIT
// /api/config/presets: settings with a name. KNX's routes and names, and beside them ours: what a preset's source is,
// import with every key that has no field, comparison with a request. Shipped presets stay as they are (W28).
#include <string.h>

#include "api/api.h"
#include "base/path.h"
#include "preset/import.h"
#include "preset/preset.h"

static const lrc_workspace *workspace_of(const lrc_http_req *q)
{
    return lrc_app_workspace(lrc_api_app(q));
}

// The preset of the path's {id}; a file of W/presets must lie in a declared folder, links and all.
static int find(lrc_http_req *q, lrc_preset *ret, lrc_err *err)
{
    lrc_auto_preset lrc_preset p = {0};
    lrc_auto_rooted lrc_rooted found = LRC_ROOTED_INIT;
    lrc_auto_free char *name = NULL;
    const char *id = lrc_http_param(q, "id");
    if (strpbrk(id, "/\\") || strstr(id, ".."))
        return lrc_fail_field(err, LRC_ERR_DENIED, "id", "'%s' is no preset's id", id);
    if (lrc_str_format(&name, err, "presets/%s.json", id) < 0 ||
        lrc_rooted_find(lrc_app_roots(lrc_api_app(q)), workspace_of(q)->root, name, LRC_ROOTED_NEW, &found, err) < 0 ||
        lrc_preset_load(workspace_of(q), id, &p, err) < 0)
        return -1;
    *ret = p;
    p = (lrc_preset){0};
    return 0;
}

static int get_presets(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_preset_list lrc_preset_list all = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_preset_list_read(workspace_of(q), &all, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "presets");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < all.count; i++) {
        lrc_json_object_begin(&out);
        lrc_preset_put_head(&all.item[i], &out);
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_key(&out, "findings");
    lrc_json_put_findings(&out, &all.problems);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int answer_done(lrc_http_req *q, const char *id, const char *message, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "id", id);
    lrc_json_kstr(&out, "message", message);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// {"name","config","description"?,"model_type"?,"training_type"?,"overwrite"?: true}
static int post_preset(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_preset_new p = {0};
    bool overwrite = true; // KNX's page saves again under the same name
    char id[LRC_PRESET_ID_MAX + 1];
    if (lrc_api_body(q, &doc, err) < 0)
        return -1;
    const lrc_json *body = lrc_json_root(doc);
    if (lrc_json_str(body, "name", true, &p.name, err) < 0 ||
        lrc_json_object(body, "config", true, &p.config, err) < 0 ||
        lrc_json_str(body, "description", false, &p.description, err) < 0 ||
        lrc_json_str(body, "model_type", false, &p.model_type, err) < 0 ||
        lrc_json_str(body, "training_type", false, &p.training_type, err) < 0 ||
        lrc_json_bool(body, "overwrite", false, &overwrite, err) < 0)
        return -1;
    p.keep_existing = !overwrite;
    return lrc_preset_save(workspace_of(q), &p, id, err) < 0 ? -1 : answer_done(q, id, "Preset saved", err);
}

static int get_preset(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_preset lrc_preset p = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (find(q, &p, err) < 0)
        return -1;
    lrc_preset_put(&p, true, &out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int delete_preset(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_preset lrc_preset p = {0};
    if (find(q, &p, err) < 0 || lrc_preset_delete(workspace_of(q), p.id, err) < 0)
        return -1;
    return answer_done(q, p.id, "Preset deleted", err);
}

// {"text","name"?,"save"?: false}: what the text of a file gives; with save it becomes a preset.
static int post_import(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_preset_import lrc_preset_import i = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    const char *text = NULL, *name = "imported";
    bool save = false;
    char id[LRC_PRESET_ID_MAX + 1] = "";
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "text", true, &text, err) < 0 ||
        lrc_json_str(lrc_json_root(doc), "name", false, &name, err) < 0 ||
        lrc_json_bool(lrc_json_root(doc), "save", false, &save, err) < 0 ||
        lrc_preset_import_read(text, strlen(text), &i, err) < 0)
        return -1;
    const lrc_preset_new p = {.name = name,
                              .source = lrc_preset_format_name(i.format),
                              .config = i.fields,
                              .unmapped = lrc_json_root(i.unmapped_doc),
                              .keep_existing = true};
    if (save && lrc_preset_save(workspace_of(q), &p, id, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "id", save ? id : NULL);
    lrc_preset_import_put(&i, &out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// The body is a request; the answer where it differs from the preset.
static int post_diff(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_preset lrc_preset p = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    size_t count;
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || find(q, &p, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "id", p.id);
    lrc_json_key(&out, "differences");
    if (lrc_preset_compare(&p, lrc_json_root(doc), &out, &count, err) < 0)
        return -1;
    lrc_json_kint(&out, "count", (int64_t)count);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_presets_routes[] = {
    {"GET", "/api/config/presets", get_presets, .summary = "Presets that come with Lorica, and your own"},
    {"POST", "/api/config/presets", post_preset, .body_limit = LRC_PRESET_MAX, .summary = "Save settings under a name"},
    {"POST", "/api/config/presets/import", post_import, .body_limit = 2 * LRC_PRESET_MAX,
     .summary = "Read settings of KNX, kohya_ss or sd-scripts; every key without a field is listed"},
    {"GET", "/api/config/presets/{id}", get_preset, .summary = "A preset with all its settings"},
    {"DELETE", "/api/config/presets/{id}", delete_preset, .summary = "Remove a preset of your own"},
    {"POST", "/api/config/presets/{id}/diff", post_diff, .body_limit = LRC_PRESET_MAX,
     .summary = "Where a request differs from a preset"},
    {0},
};
