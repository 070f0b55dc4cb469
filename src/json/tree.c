// SPDX-License-Identifier: MIT
// The tree: nodes and texts lie in one arena.
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/fs.h"
#include "base/str.h"
#include "json/json.h"

struct lrc_json_doc {
    lrc_arena arena;
    lrc_json *root;
    size_t nodes;
};

void lrc_json_doc_free(lrc_json_doc *doc)
{
    if (!doc)
        return;
    lrc_arena_done(&doc->arena);
    free(doc);
}

static const char *keep_text(lrc_json_doc *doc, const lrc_json_reader *r, size_t *ret_len)
{
    size_t n;
    const char *text = lrc_json_text(r, &n);
    if (ret_len)
        *ret_len = n;
    return lrc_arena_copy(&doc->arena, text, n);
}

static lrc_json *new_node(lrc_json_doc *doc, const lrc_json_reader *r, lrc_json_type type, lrc_err *err)
{
    if (++doc->nodes > LRC_JSON_MAX_NODES) {
        lrc_fail(err, LRC_ERR_LIMIT, "the JSON text holds more than %d values", LRC_JSON_MAX_NODES);
        return NULL;
    }
    lrc_json *v = lrc_arena_take(&doc->arena, sizeof *v);
    if (!v) {
        lrc_fail_memory(err);
        return NULL;
    }
    size_t line, column;
    lrc_json_where(r, &line, &column, NULL);
    *v = (lrc_json){.type = type, .line = (unsigned)line, .column = (unsigned)column};
    if (type == LRC_JSON_STRING || type == LRC_JSON_NUMBER) {
        v->text = keep_text(doc, r, &v->len);
        if (!v->text) {
            lrc_fail_memory(err);
            return NULL;
        }
    }
    return v;
}

// Reads events into nodes without recursion: parent[] are the open values, tail[] their last children.
static int build(lrc_json_doc *doc, lrc_json_reader *r, lrc_err *err)
{
    lrc_json *parent[LRC_JSON_MAX_DEPTH], *tail[LRC_JSON_MAX_DEPTH] = {0};
    int depth = 0;
    const char *key = NULL;
    for (;;) {
        lrc_json_type type;
        if (lrc_json_next(r, &type, err) < 0)
            return -1;
        if (type == LRC_JSON_END)
            return 0;
        if (type == LRC_JSON_KEY) {
            key = keep_text(doc, r, NULL);
            if (!key)
                return lrc_fail_memory(err);
            continue;
        }
        if (type == LRC_JSON_ARRAY_END || type == LRC_JSON_OBJECT_END) {
            depth--;
            continue;
        }
        lrc_json *v = new_node(doc, r, type, err);
        if (!v)
            return -1;
        v->key = lrc_take(key);
        if (depth == 0) {
            doc->root = v;
        } else {
            *(tail[depth - 1] ? &tail[depth - 1]->next : &parent[depth - 1]->first) = v;
            tail[depth - 1] = v;
            parent[depth - 1]->len++;
        }
        if (type == LRC_JSON_ARRAY || type == LRC_JSON_OBJECT) {
            parent[depth] = v;
            tail[depth++] = NULL;
        }
    }
}

int lrc_json_parse(const char *text, size_t n, lrc_json_doc **ret, lrc_err *err)
{
    lrc_auto_json_reader lrc_json_reader *r = NULL;
    if (lrc_json_reader_new(text, n, &r, err) < 0)
        return -1;
    lrc_auto_json_doc lrc_json_doc *doc = calloc(1, sizeof *doc);
    if (!doc)
        return lrc_fail_memory(err);
    if (build(doc, r, err) < 0)
        return -1;
    *ret = lrc_take(doc);
    return 0;
}

int lrc_json_load(const char *path, size_t max_bytes, lrc_json_doc **ret, lrc_err *err)
{
    lrc_auto_free char *text = NULL;
    size_t n;
    if (lrc_fs_read(path, max_bytes, &text, &n, err) < 0)
        return -1;
    if (lrc_json_parse(text, n, ret, err) < 0)
        return lrc_wrap(err, "%s", path);
    return 0;
}

const lrc_json *lrc_json_root(const lrc_json_doc *doc)
{
    return doc->root;
}

const lrc_json *lrc_json_get(const lrc_json *v, const char *key)
{
    const lrc_json *found = NULL;
    if (v && v->type == LRC_JSON_OBJECT)
        for (const lrc_json *m = v->first; m; m = m->next)
            if (strcmp(m->key, key) == 0)
                found = m;
    return found;
}

const char *lrc_json_type_name(const lrc_json *v)
{
    static const char *const name[] = {"null", "false", "true", "a number", "a string", "a list", "an object"};
    return v && v->type <= LRC_JSON_OBJECT ? name[v->type] : "missing";
}

// The member, or NULL in *ret when it may be absent and is.
static int member(const lrc_json *obj, const char *key, bool need, const lrc_json **ret, lrc_err *err)
{
    const lrc_json *v = lrc_json_get(obj, key);
    if (v && v->type == LRC_JSON_NULL)
        v = NULL;
    if (!v && need)
        return lrc_fail_field(err, LRC_ERR_INVALID, key, "'%s' is missing", key);
    *ret = v;
    return 0;
}

static int wrong_type(const lrc_json *v, const char *key, const char *wanted, lrc_err *err)
{
    return lrc_fail_field(err, LRC_ERR_INVALID, key, "'%s' (line %u) must be %s, not %s", key, v->line, wanted,
                          lrc_json_type_name(v));
}

int lrc_json_str(const lrc_json *obj, const char *key, bool need, const char **ret, lrc_err *err)
{
    const lrc_json *v;
    if (member(obj, key, need, &v, err) < 0)
        return -1;
    if (!v)
        return 0;
    if (v->type != LRC_JSON_STRING)
        return wrong_type(v, key, "a string", err);
    if (strlen(v->text) != v->len)
        return lrc_fail_field(err, LRC_ERR_INVALID, key, "'%s' (line %u) holds a NUL character", key, v->line);
    *ret = v->text;
    return 0;
}

int lrc_json_double(const lrc_json *obj, const char *key, bool need, double *ret, lrc_err *err)
{
    const lrc_json *v;
    if (member(obj, key, need, &v, err) < 0)
        return -1;
    if (!v)
        return 0;
    if (v->type != LRC_JSON_NUMBER)
        return wrong_type(v, key, "a number", err);
    const double value = strtod(v->text, NULL);
    if (!isfinite(value))
        return lrc_fail_field(err, LRC_ERR_INVALID, key, "'%s' (line %u) is too large", key, v->line);
    *ret = value;
    return 0;
}

int lrc_json_int(const lrc_json *obj, const char *key, bool need, int64_t *ret, lrc_err *err)
{
    const lrc_json *v;
    if (member(obj, key, need, &v, err) < 0)
        return -1;
    if (!v)
        return 0;
    if (v->type != LRC_JSON_NUMBER)
        return wrong_type(v, key, "a whole number", err);
    if (lrc_str_to_i64(v->text, ret))
        return 0;
    const double value = strtod(v->text, NULL);
    if (value != floor(value) || fabs(value) > 9007199254740992.0)
        return lrc_fail_field(err, LRC_ERR_INVALID, key, "'%s' (line %u) must be a whole number, not %.60s", key,
                              v->line, v->text);
    *ret = (int64_t)value;
    return 0;
}

int lrc_json_bool(const lrc_json *obj, const char *key, bool need, bool *ret, lrc_err *err)
{
    const lrc_json *v;
    if (member(obj, key, need, &v, err) < 0)
        return -1;
    if (!v)
        return 0;
    if (v->type != LRC_JSON_TRUE && v->type != LRC_JSON_FALSE)
        return wrong_type(v, key, "true or false", err);
    *ret = v->type == LRC_JSON_TRUE;
    return 0;
}

static int container(const lrc_json *obj, const char *key, bool need, lrc_json_type type, const char *wanted,
                     const lrc_json **ret, lrc_err *err)
{
    const lrc_json *v;
    if (member(obj, key, need, &v, err) < 0)
        return -1;
    if (!v)
        return 0;
    if (v->type != type)
        return wrong_type(v, key, wanted, err);
    *ret = v;
    return 0;
}

int lrc_json_object(const lrc_json *obj, const char *key, bool need, const lrc_json **ret, lrc_err *err)
{
    return container(obj, key, need, LRC_JSON_OBJECT, "an object", ret, err);
}

int lrc_json_array(const lrc_json *obj, const char *key, bool need, const lrc_json **ret, lrc_err *err)
{
    return container(obj, key, need, LRC_JSON_ARRAY, "a list", ret, err);
}
