// SPDX-License-Identifier: MIT
#include "train/saved.h"

#include <string.h>

#include "base/ascii.h"
#include "base/map.h"
#include "toml/emit.h"
#include "train/fields.h"

#define PATH_MAX_BYTES (64 << 10) // of one table's dotted name

// ---- JSON to TOML ----------------------------------------------------------------------------------------------------

static bool is_bare(const char *key)
{
    for (const char *p = key; *p; p++)
        if (!lrc_ascii_alnum(*p) && *p != '_' && *p != '-')
            return false;
    return *key != '\0';
}

static void put_key(lrc_buf *b, const char *key)
{
    if (is_bare(key))
        lrc_buf_adds(b, key);
    else
        lrc_toml_put_str(b, LRC_TOML_KIT, key, strlen(key));
}

static bool is_secret(const char *key)
{
    const lrc_field_id id = lrc_train_field_find(key);
    return id != LRC_FIELD_NONE && lrc_train_field_get(id)->secret;
}

// A list of objects, and of nothing else, has headers of its own.
static bool is_list_of_tables(const lrc_json *v)
{
    if (v->type != LRC_JSON_ARRAY || !v->first)
        return false;
    for (const lrc_json *item = v->first; item; item = item->next)
        if (item->type != LRC_JSON_OBJECT)
            return false;
    return true;
}

static int put_value(const lrc_json *v, const char *field, lrc_buf *out, lrc_err *err);

static int put_list(const lrc_json *v, const char *field, lrc_buf *out, lrc_err *err)
{
    lrc_toml_list_begin(out);
    for (const lrc_json *item = v->first; item; item = item->next) {
        lrc_toml_list_item(out, LRC_TOML_KIT, item == v->first);
        if (put_value(item, field, out, err) < 0)
            return -1;
    }
    lrc_toml_list_end(out, LRC_TOML_KIT, v->first == NULL);
    return 0;
}

static int put_inline_table(const lrc_json *v, const char *field, lrc_buf *out, lrc_err *err)
{
    bool first = true;
    lrc_buf_addc(out, '{');
    for (const lrc_json *m = v->first; m; m = m->next) {
        if (m->type == LRC_JSON_NULL)
            continue;
        lrc_buf_adds(out, first ? "" : ", ");
        first = false;
        put_key(out, m->key);
        lrc_buf_adds(out, " = ");
        if (put_value(m, field, out, err) < 0)
            return -1;
    }
    lrc_buf_addc(out, '}');
    return 0;
}

static int put_value(const lrc_json *v, const char *field, lrc_buf *out, lrc_err *err)
{
    switch (v->type) {
    case LRC_JSON_FALSE:
    case LRC_JSON_TRUE: lrc_toml_put_bool(out, v->type == LRC_JSON_TRUE); return 0;
    case LRC_JSON_NUMBER:                                 // all that JSON has are TOML's, too
        if (v->len == 2 && memcmp(v->text, "-0", 2) == 0) // as it comes back: a whole number has no sign at zero
            return lrc_buf_addc(out, '0'), 0;
        for (size_t i = 0; i < v->len; i++)
            lrc_buf_addc(out, lrc_ascii_lower(v->text[i]));
        return 0;
    case LRC_JSON_STRING: lrc_toml_put_str(out, LRC_TOML_KIT, v->text, v->len); return 0;
    case LRC_JSON_ARRAY: return put_list(v, field, out, err);
    case LRC_JSON_OBJECT: return put_inline_table(v, field, out, err);
    default: return lrc_fail_field(err, LRC_ERR_INVALID, field, "%s: a list cannot hold null in TOML", field);
    }
}

static int put_table(const lrc_json *object, lrc_buf *path, lrc_buf *out, lrc_err *err);

// One [header] or [[header]] and what is below it.
static int put_headed(const lrc_json *object, const char *brackets, lrc_buf *path, lrc_buf *out, lrc_err *err)
{
    const size_t n = strlen(brackets) / 2;
    lrc_buf_addf(out, "%s%.*s", out->len ? "\n" : "", (int)n, brackets);
    lrc_buf_add(out, path->data, path->len);
    lrc_buf_addf(out, "%s\n", brackets + n);
    return put_table(object, path, out, err);
}

static int put_sub_tables(const lrc_json *m, lrc_buf *path, lrc_buf *out, lrc_err *err)
{
    const size_t outer = path->len;
    lrc_buf_adds(path, outer ? "." : "");
    put_key(path, m->key);
    int result = lrc_buf_check(path, "the name of a table", err);
    if (m->type == LRC_JSON_OBJECT && result == 0)
        result = put_headed(m, "[]", path, out, err);
    for (const lrc_json *item = m->first; m->type == LRC_JSON_ARRAY && item && result == 0; item = item->next)
        result = put_headed(item, "[[]]", path, out, err);
    lrc_buf_truncate(path, outer);
    return result;
}

// A list of tables given twice would become one list.
static int refuse_twins(const lrc_json *object, lrc_err *err)
{
    lrc_auto_map lrc_map seen = {0};
    for (const lrc_json *m = object->first; m; m = m->next) {
        uint64_t *times = lrc_map_put(&seen, m->key, err);
        if (!times)
            return -1;
        if ((*times)++ > 0)
            return lrc_fail_field(err, LRC_ERR_INVALID, m->key, "'%.100s' is given twice", m->key);
    }
    return 0;
}

static int put_table(const lrc_json *object, lrc_buf *path, lrc_buf *out, lrc_err *err)
{
    if (refuse_twins(object, err) < 0)
        return -1;
    for (const lrc_json *m = object->first; m; m = m->next) {
        if (m->type == LRC_JSON_NULL || m->type == LRC_JSON_OBJECT || is_list_of_tables(m) || is_secret(m->key))
            continue;
        put_key(out, m->key);
        lrc_buf_adds(out, " = ");
        if (put_value(m, m->key, out, err) < 0)
            return -1;
        lrc_buf_addc(out, '\n');
    }
    for (const lrc_json *m = object->first; m; m = m->next)
        if ((m->type == LRC_JSON_OBJECT || is_list_of_tables(m)) && put_sub_tables(m, path, out, err) < 0)
            return -1;
    return 0;
}

int lrc_train_save_toml(const lrc_json *object, lrc_buf *out, lrc_err *err)
{
    lrc_auto_buf lrc_buf path;
    lrc_auto_buf lrc_buf text;
    lrc_auto_toml_doc lrc_toml_doc *read = NULL;
    lrc_buf_init(&path, PATH_MAX_BYTES);
    lrc_buf_init(&text, LRC_TRAIN_SAVED_MAX);
    if (object->type != LRC_JSON_OBJECT)
        return lrc_fail(err, LRC_ERR_INVALID, "a configuration must be a JSON object, not %s",
                        lrc_json_type_name(object));
    if (put_table(object, &path, &text, err) < 0 || lrc_buf_check(&text, "the configuration", err) < 0)
        return -1;
    if (lrc_toml_parse(text.data, text.len, &read, err) < 0) // nesting without end, a member given twice inside a list
        return lrc_wrap(err, "this configuration could not be read again");
    lrc_buf_add(out, text.data, text.len);
    return lrc_buf_check(out, "the configuration", err);
}

// ---- TOML to JSON ----------------------------------------------------------------------------------------------------

void lrc_train_put_toml(const lrc_toml *v, lrc_json_out *out)
{
    switch (v->type) {
    case LRC_TOML_TABLE:
        lrc_json_object_begin(out);
        for (const lrc_toml *m = v->first; m; m = m->next) {
            lrc_json_key(out, m->key);
            lrc_train_put_toml(m, out);
        }
        lrc_json_object_end(out);
        break;
    case LRC_TOML_ARRAY:
        lrc_json_array_begin(out);
        for (const lrc_toml *item = v->first; item; item = item->next)
            lrc_train_put_toml(item, out);
        lrc_json_array_end(out);
        break;
    case LRC_TOML_BOOLEAN: lrc_json_put_bool(out, v->boolean); break;
    case LRC_TOML_INTEGER: lrc_json_put_raw(out, v->text); break;
    case LRC_TOML_FLOAT:
        if (lrc_ascii_digit(v->text[v->len - 1])) // neither inf nor nan, which JSON has no word for
            lrc_json_put_raw(out, v->text);
        else
            lrc_json_put_strn(out, v->text, v->len);
        break;
    default: lrc_json_put_strn(out, v->text, v->len); break;
    }
}
