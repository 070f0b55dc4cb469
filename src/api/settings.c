// SPDX-License-Identifier: MIT
// settings.c - /api/settings: the table of settings for the page, KNX's names for its page, and the disk.
#include <math.h>
#include <string.h>
#include <sys/statvfs.h>

#include "api/api.h"
#include "base/log.h"
#include "settings/settings.h"

#define CHANGES_MAX 64 // settings in one request
#define VALUE_MAX   65536

// ---- Reading -----------------------------------------------------------------------------------------------------------

static void put_row(lrc_json_out *out, const lrc_settings *s, const lrc_setting *row)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "key", row->key);
    lrc_json_kstr(out, "kind", lrc_setting_kind_name(row->kind));
    lrc_json_kstr(out, "help", row->help);
    lrc_json_key(out, "value");
    lrc_settings_put(out, s, row);
    lrc_json_kstr(out, "initial", row->initial);
    lrc_json_kstr(out, "source", lrc_setting_source_name(lrc_settings_source(s, row->key)));
    lrc_json_kstr(out, "env", row->env);
    if (row->kind == LRC_SETTING_INT) {
        lrc_json_kint(out, "min", row->min);
        lrc_json_kint(out, "max", row->max);
    }
    lrc_json_object_end(out);
}

// KNX masks a short secret with null, where we say "(set)".
static int put_knx_secret(lrc_json_out *out, const lrc_settings *s, const char *name, lrc_err *err)
{
    lrc_auto_free char *shown = NULL, *has = NULL;
    const bool set = lrc_settings_text(s, name)[0];
    if (lrc_settings_show(s, name, &shown, err) < 0 || lrc_str_format(&has, err, "has_%s", name) < 0)
        return -1;
    lrc_json_kstr(out, name, set && shown[0] != '(' ? shown : NULL);
    lrc_json_kbool(out, has, set);
    return 0;
}

static int get_user(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_settings lrc_settings *s = NULL;
    size_t rows;
    const lrc_setting *table = lrc_settings_table(&rows);
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_app_settings(lrc_api_app(q), &s, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "settings");
    lrc_json_object_begin(&out);
    if (put_knx_secret(&out, s, "huggingface_token", err) < 0 || put_knx_secret(&out, s, "civitai_api_key", err) < 0)
        return -1;
    size_t kept_rows;
    const lrc_setting *kept = lrc_settings_kept(&kept_rows);
    for (size_t i = 0; i < kept_rows; i++) {
        lrc_json_key(&out, kept[i].key);
        lrc_settings_put(&out, s, &kept[i]);
    }
    lrc_json_object_end(&out);
    lrc_json_key(&out, "table");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < rows; i++)
        put_row(&out, s, &table[i]);
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int get_key(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_settings lrc_settings *s = NULL;
    const lrc_setting *row = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_settings_find_or_fail(lrc_http_param(q, "key"), &row, err) < 0 ||
        lrc_app_settings(lrc_api_app(q), &s, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "key", lrc_http_param(q, "key"));
    lrc_json_kbool(&out, "isSet", lrc_settings_is_set(s, row->key));
    lrc_json_kstr(&out, "source", lrc_setting_source_name(lrc_settings_source(s, row->key)));
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- Writing -----------------------------------------------------------------------------------------------------------

// Only what fits the kind of the setting: a number in place of a token must not be stored (W17).
static bool fits(const lrc_setting *row, const lrc_json *v)
{
    switch (v->type) {
    case LRC_JSON_NULL: return true;
    case LRC_JSON_STRING: return strlen(v->text) == v->len;
    case LRC_JSON_NUMBER: return row->kind == LRC_SETTING_INT;
    case LRC_JSON_TRUE:
    case LRC_JSON_FALSE: return row->kind == LRC_SETTING_BOOL;
    case LRC_JSON_ARRAY: return row->kind == LRC_SETTING_PATHS;
    default: return false;
    }
}

// As lrc_settings_write() takes it; null and [] are "", which goes back to the default.
static int as_text(const lrc_setting *row, const lrc_json *v, char **ret, lrc_err *err)
{
    if (!fits(row, v))
        return lrc_fail_field(err, LRC_ERR_INVALID, v->key, "%s has kind %s and cannot be %s", v->key,
                              lrc_setting_kind_name(row->kind), lrc_json_type_name(v));
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, VALUE_MAX);
    lrc_json_out_init(&out, &text, 0);
    if (v->type == LRC_JSON_STRING)
        lrc_buf_add(&text, v->text, v->len);
    else if (v->type != LRC_JSON_NULL && (v->type != LRC_JSON_ARRAY || v->first))
        lrc_json_put_value(&out, v);
    return lrc_buf_take(&text, v->key, ret, NULL, err);
}

// A form that sends back the mask that it was shown must not make it the secret. Settings that cannot be read have none.
static bool is_mask(const lrc_settings *s, const lrc_setting *row, const char *value)
{
    lrc_auto_free char *shown = NULL;
    return s && row->kind == LRC_SETTING_SECRET && value[0] && lrc_settings_show(s, row->key, &shown, NULL) == 0 &&
           strcmp(shown, value) == 0;
}

struct changes {
    lrc_setting_change item[CHANGES_MAX];
    lrc_strv values;
    size_t count;
};

static int read_change(const lrc_settings *s, const lrc_json *v, struct changes *c, lrc_err *err)
{
    const lrc_setting *row = NULL;
    lrc_auto_free char *value = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (lrc_settings_find_or_fail(v->key, &row, &why) < 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, v->key, "%s", why.msg);
    if (c->count == CHANGES_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "more than %d settings in one request", CHANGES_MAX);
    for (size_t i = 0; i < c->count; i++)
        if (lrc_settings_find(c->item[i].key) == row)
            return lrc_fail_field(err, LRC_ERR_INVALID, v->key, "%s is set twice", v->key);
    if (as_text(row, v, &value, err) < 0)
        return -1;
    if (is_mask(s, row, value))
        return 0;
    c->item[c->count].key = row->key;
    if (lrc_strv_give(&c->values, lrc_take(value), err) < 0)
        return -1;
    c->item[c->count].value = c->values.item[c->count];
    c->count++;
    return 0;
}

static int write_changes(lrc_http_req *q, const struct changes *c, const char *message, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_err why = LRC_ERR_INIT;
    lrc_api_begin(&buf, &out);
    if (lrc_settings_write_all(lrc_app_workspace(app), c->item, c->count, err) < 0)
        return -1;
    if (lrc_app_reload_roots(app, &why) < 0) // the settings are written; what they cannot do yet is for the log
        lrc_log(LRC_LOG_WARN, "setting roots: %s", why.msg);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", message);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int post_user(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_settings lrc_settings *s = NULL;
    struct changes c = {0};
    if (lrc_api_body(q, &doc, err) < 0)
        return -1;
    lrc_app_settings(lrc_api_app(q), &s, NULL);
    int result = 0;
    for (const lrc_json *v = lrc_json_root(doc)->first; v && result == 0; v = v->next)
        result = read_change(s, v, &c, err);
    if (result == 0)
        result = write_changes(q, &c, "Settings updated successfully", err);
    lrc_strv_done(&c.values);
    return result;
}

// Everything back to its default. What the file holds beyond our rows and KNX's stays.
static int delete_user(lrc_http_req *q, lrc_err *err)
{
    struct changes c = {0};
    size_t own, kept;
    const lrc_setting *table[] = {lrc_settings_table(&own), lrc_settings_kept(&kept)};
    const size_t rows[] = {own, kept};
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < rows[t] && c.count < CHANGES_MAX; i++)
            c.item[c.count++] = (lrc_setting_change){table[t][i].key, ""};
    return write_changes(q, &c, "Settings removed", err);
}

static int delete_key(lrc_http_req *q, lrc_err *err)
{
    const lrc_setting *row = NULL;
    struct changes c = {.count = 1};
    lrc_auto_free char *message = NULL;
    if (lrc_settings_find_or_fail(lrc_http_param(q, "key"), &row, err) < 0 ||
        lrc_str_format(&message, err, "Removed %s", lrc_http_param(q, "key")) < 0)
        return -1;
    c.item[0] = (lrc_setting_change){row->key, ""};
    return write_changes(q, &c, message, err);
}

// ---- The disk ----------------------------------------------------------------------------------------------------------

static double rounded(double v, double steps)
{
    return floor(v * steps + 0.5) / steps;
}

static int get_storage(lrc_http_req *q, lrc_err *err)
{
    const char *root = lrc_app_workspace(lrc_api_app(q))->root;
    const double gb = 1 << 30;
    struct statvfs fs;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (statvfs(root, &fs) < 0)
        return lrc_fail_errno(err, "cannot ask the disk of '%s'", root);
    const uint64_t total = (uint64_t)fs.f_blocks * fs.f_frsize, room = (uint64_t)fs.f_bavail * fs.f_frsize;
    const uint64_t used = total - room; // what is reserved for root counts as used
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "storage");
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "path", root);
    lrc_json_kint(&out, "total_bytes", (int64_t)total);
    lrc_json_kint(&out, "used_bytes", (int64_t)used);
    lrc_json_kint(&out, "free_bytes", (int64_t)room);
    lrc_json_kdouble(&out, "total_gb", rounded((double)total / gb, 100));
    lrc_json_kdouble(&out, "used_gb", rounded((double)used / gb, 100));
    lrc_json_kdouble(&out, "free_gb", rounded((double)room / gb, 100));
    lrc_json_kdouble(&out, "used_percent", total ? rounded(100.0 * (double)used / (double)total, 10) : 0);
    lrc_json_object_end(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_settings_routes[] = {
    {"GET", "/api/settings/user", get_user, .summary = "Every setting; secrets masked"},
    {"POST", "/api/settings/user", post_user, .summary = "Change settings, all of the body or none"},
    {"DELETE", "/api/settings/user", delete_user, .summary = "Every setting back to its default"},
    {"GET", "/api/settings/user/{key}", get_key, .summary = "Is this setting set?"},
    {"DELETE", "/api/settings/user/{key}", delete_key, .summary = "One setting back to its default"},
    {"GET", "/api/settings/storage", get_storage, .summary = "Room on the workspace's disk"},
    {0},
};
