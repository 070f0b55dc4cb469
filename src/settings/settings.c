// SPDX-License-Identifier: MIT
#include "settings/settings.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/utf8.h"
#include "json/json.h"

#define FILE_NAME    "user_config/user_settings.json"
#define LOCK_NAME    "locks/settings.lock"
#define FILE_MODE    0600
#define FILE_MAX     (1 << 20) // bytes; a settings file is a page or two
#define VALUE_MAX    4096      // bytes of one text
#define LOCK_WAIT_MS 10000
#define JSON_INDENT  2  // KNX's
#define MASK_MIN     12 // shorter secrets are not shown in part
#define MASK_ENDS    4  // characters shown at each end

struct value {
    lrc_setting_source source;
    char *text;    // INT in decimal, BOOL as "true" or "false"; unused by PATHS
    lrc_strv list; // PATHS
};

struct lrc_settings {
    lrc_workspace workspace; // own copies
    size_t count;
    struct value *value; // one per row of the table
};

// ---- Values ----------------------------------------------------------------------------------------------------------

static void value_done(struct value *v)
{
    free(v->text);
    lrc_strv_done(&v->list);
    *v = (struct value){0};
}
#define auto_value lrc_cleanup(value_done)

static int check_text(const lrc_setting *row, const char *text, lrc_err *err)
{
    const size_t n = strlen(text);
    if (n > VALUE_MAX)
        return lrc_fail_field(err, LRC_ERR_LIMIT, row->key, "'%s' is longer than %d bytes", row->key, VALUE_MAX);
    if (!lrc_utf8_valid(text, n))
        return lrc_fail_field(err, LRC_ERR_INVALID, row->key, "'%s' is not valid UTF-8", row->key);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return lrc_fail_field(err, LRC_ERR_INVALID, row->key, "'%s' holds a control character", row->key);
    return 0;
}

static int check_int(const lrc_setting *row, const char *text, lrc_err *err)
{
    int64_t number;
    if (!lrc_str_to_i64(text, &number) || number < row->min || number > row->max)
        return lrc_fail_field(err, LRC_ERR_INVALID, row->key,
                              "'%s' must be a whole number from %lld to %lld, not '%.60s'", row->key,
                              (long long)row->min, (long long)row->max, text);
    return 0;
}

// "true", "yes", "on", "1" and their opposites, in any ASCII case.
static const char *bool_word(const char *text)
{
    static const char *const words[][2] = {{"true", "false"}, {"yes", "no"}, {"on", "off"}, {"1", "0"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (lrc_ascii_same(text, words[i][0]))
            return "true";
        if (lrc_ascii_same(text, words[i][1]))
            return "false";
    }
    return NULL;
}

static int split_paths(const lrc_setting *row, const char *text, lrc_strv *ret, lrc_err *err)
{
    if (text[0] != '[')
        return lrc_strv_split(ret, text, ',', err);
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_json_parse(text, strlen(text), &doc, err) < 0)
        return -1;
    for (const lrc_json *item = lrc_json_root(doc)->first; item; item = item->next) {
        if (item->type != LRC_JSON_STRING || strlen(item->text) != item->len || item->len == 0)
            return lrc_fail_field(err, LRC_ERR_INVALID, row->key, "'%s' must be a list of paths, not of %s", row->key,
                                  lrc_json_type_name(item));
        if (lrc_strv_push(ret, item->text, err) < 0)
            return -1;
    }
    return 0;
}

// A value given as text, checked. `ret` is zeroed before; on failure it may hold something, which the caller releases.
static int value_from_text(const lrc_setting *row, const char *text, struct value *ret, lrc_err *err)
{
    const char *canonical = text;
    switch (row->kind) {
    case LRC_SETTING_INT:
        if (check_int(row, text, err) < 0)
            return -1;
        break;
    case LRC_SETTING_BOOL:
        canonical = bool_word(text);
        if (!canonical)
            return lrc_fail_field(err, LRC_ERR_INVALID, row->key, "'%s' must be true or false, not '%.60s'", row->key,
                                  text);
        break;
    case LRC_SETTING_PATHS:
        if (split_paths(row, text, &ret->list, err) < 0)
            return -1;
        for (size_t i = 0; i < ret->list.count; i++)
            if (check_text(row, ret->list.item[i], err) < 0)
                return -1;
        return 0;
    default:
        if (check_text(row, text, err) < 0)
            return -1;
    }
    return lrc_str_copy(&ret->text, canonical, err);
}

// The text that value_from_text() would take for this JSON value, into `text`; false when its type does not fit.
static bool json_as_text(const lrc_setting *row, const lrc_json *v, lrc_buf *text)
{
    lrc_json_out out;
    switch (row->kind) {
    case LRC_SETTING_BOOL: lrc_buf_adds(text, v->type == LRC_JSON_TRUE ? "true" : "false"); break;
    case LRC_SETTING_INT: lrc_buf_adds(text, v->text ? v->text : ""); break;
    case LRC_SETTING_PATHS:
        lrc_json_out_init(&out, text, 0);
        lrc_json_put_value(&out, v);
        return v->type == LRC_JSON_ARRAY;
    default: lrc_buf_adds(text, v->text ? v->text : ""); return v->type == LRC_JSON_STRING && strlen(v->text) == v->len;
    }
    return row->kind == LRC_SETTING_BOOL ? v->type == LRC_JSON_TRUE || v->type == LRC_JSON_FALSE
                                         : v->type == LRC_JSON_NUMBER;
}

static const char *wanted_json(lrc_setting_kind kind)
{
    return kind == LRC_SETTING_INT     ? "a number"
           : kind == LRC_SETTING_BOOL  ? "true or false"
           : kind == LRC_SETTING_PATHS ? "a list of texts"
                                       : "a text";
}

static int value_from_json(const lrc_setting *row, const lrc_json *v, const char *path, struct value *ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, FILE_MAX);
    if (!json_as_text(row, v, &text))
        return lrc_fail_field(err, LRC_ERR_INVALID, row->key,
                              "%s, line %u column %u: '%s' must be %s, not %s; correct it there or with "
                              "'lorica settings set|unset %s'",
                              path, v->line, v->column, row->file_key, wanted_json(row->kind), lrc_json_type_name(v),
                              row->key);
    if (lrc_buf_check(&text, row->key, err) < 0 || value_from_text(row, text.data, ret, err) < 0)
        return lrc_wrap(err, "%s, line %u column %u", path, v->line, v->column);
    return 0;
}

static bool is_path(const lrc_setting *row, const char *text)
{
    if (row->kind == LRC_SETTING_PROGRAM)
        return strchr(text, '/') != NULL;
    return (row->kind == LRC_SETTING_PATH || row->kind == LRC_SETTING_PATHS) && text[0];
}

static int make_absolute(const lrc_setting *row, const lrc_workspace *w, char **text, lrc_err *err)
{
    if (!*text || !is_path(row, *text))
        return 0;
    char *absolute = NULL;
    if (lrc_workspace_path(w, *text, &absolute, err) < 0)
        return -1;
    free(*text);
    *text = absolute;
    return 0;
}

// ---- Loading ---------------------------------------------------------------------------------------------------------

// *ret stays NULL when there is no file.
static int load_file(const char *path, lrc_json_doc **ret, lrc_err *err)
{
    lrc_err local = LRC_ERR_INIT;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_json_load(path, FILE_MAX, &doc, &local) < 0) {
        if (local.sys == ENOENT)
            return 0;
        if (err)
            *err = local;
        return lrc_wrap(err, "the settings cannot be read (the file was left as it is)");
    }
    const lrc_json *root = lrc_json_root(doc);
    if (root->type != LRC_JSON_OBJECT)
        return lrc_fail(err, LRC_ERR_INVALID, "%s, line %u column %u: the settings must be an object, not %s", path,
                        root->line, root->column, lrc_json_type_name(root));
    *ret = lrc_take(doc);
    return 0;
}

// KNX's own settings are not judged: what does not fit is as good as absent.
static bool is_kept(const lrc_setting *row)
{
    size_t rows;
    return row >= lrc_settings_kept(&rows);
}

// 1: there is a value, 0: there is none.
static int load_member(const lrc_setting *row, const lrc_json *object, const char *path, struct value *ret,
                       lrc_err *err)
{
    const lrc_json *member = lrc_json_get(object, row->file_key);
    if (!member || member->type == LRC_JSON_NULL)
        return 0;
    if (!is_kept(row))
        return value_from_json(row, member, path, ret, err) < 0 ? -1 : 1;
    if (value_from_json(row, member, path, ret, NULL) == 0)
        return 1;
    value_done(ret);
    return 0;
}

static int load_value(lrc_settings *s, const lrc_setting *row, const lrc_json *object, const char *path, lrc_err *err)
{
    auto_value struct value v = {0};
    int found = 0;
    const char *env = row->env ? getenv(row->env) : NULL;
    if (env && env[0]) {
        if (value_from_text(row, env, &v, err) < 0)
            return lrc_wrap(err, "environment variable %s", row->env);
        v.source = LRC_SETTING_FROM_ENV;
    } else if ((found = load_member(row, object, path, &v, err)) < 0) {
        return -1;
    } else if (found) {
        v.source = LRC_SETTING_FROM_FILE;
    } else if (value_from_text(row, row->initial, &v, err) < 0) {
        return -1;
    }
    if (make_absolute(row, &s->workspace, &v.text, err) < 0)
        return -1;
    for (size_t i = 0; i < v.list.count; i++)
        if (make_absolute(row, &s->workspace, &v.list.item[i], err) < 0)
            return -1;
    s->value[s->count++] = v;
    v = (struct value){0};
    return 0;
}

int lrc_settings_load(const lrc_workspace *w, lrc_settings **ret, lrc_err *err)
{
    size_t rows, kept;
    const lrc_setting *table = lrc_settings_table(&rows);
    lrc_settings_kept(&kept); // lie behind the others
    rows += kept;
    lrc_auto_settings lrc_settings *s = calloc(1, sizeof *s);
    if (!s || !(s->value = calloc(rows, sizeof *s->value)))
        return lrc_fail_memory(err);
    lrc_auto_free char *path = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_str_copy(&s->workspace.root, w->root, err) < 0 || lrc_str_copy(&s->workspace.state, w->state, err) < 0 ||
        lrc_workspace_path(w, FILE_NAME, &path, err) < 0 || load_file(path, &doc, err) < 0)
        return -1;
    const lrc_json *object = doc ? lrc_json_root(doc) : NULL;
    for (size_t i = 0; i < rows; i++)
        if (load_value(s, &table[i], object, path, err) < 0)
            return -1;
    *ret = lrc_take(s);
    return 0;
}

void lrc_settings_free(lrc_settings *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        value_done(&s->value[i]);
    free(s->value);
    lrc_workspace_done(&s->workspace);
    free(s);
}

// ---- Asking ----------------------------------------------------------------------------------------------------------

static const struct value *value_of(const lrc_settings *s, const char *key, const lrc_setting **ret_row)
{
    size_t rows;
    const lrc_setting *table = lrc_settings_table(&rows);
    const lrc_setting *row = lrc_settings_find(key);
    assert(row && (size_t)(row - table) < s->count);
    *ret_row = row;
    return &s->value[row - table];
}

const char *lrc_settings_text(const lrc_settings *s, const char *key)
{
    const lrc_setting *row;
    const struct value *v = value_of(s, key, &row);
    assert(row->kind == LRC_SETTING_TEXT || row->kind == LRC_SETTING_PATH || row->kind == LRC_SETTING_PROGRAM ||
           row->kind == LRC_SETTING_SECRET);
    return v->text;
}

int64_t lrc_settings_int(const lrc_settings *s, const char *key)
{
    const lrc_setting *row;
    const struct value *v = value_of(s, key, &row);
    int64_t number = 0;
    assert(row->kind == LRC_SETTING_INT);
    lrc_str_to_i64(v->text, &number); // checked when it was read
    return number;
}

bool lrc_settings_bool(const lrc_settings *s, const char *key)
{
    const lrc_setting *row;
    const struct value *v = value_of(s, key, &row);
    assert(row->kind == LRC_SETTING_BOOL);
    return strcmp(v->text, "true") == 0;
}

const lrc_strv *lrc_settings_paths(const lrc_settings *s, const char *key)
{
    const lrc_setting *row;
    const struct value *v = value_of(s, key, &row);
    assert(row->kind == LRC_SETTING_PATHS);
    return &v->list;
}

lrc_setting_source lrc_settings_source(const lrc_settings *s, const char *key)
{
    const lrc_setting *row;
    return value_of(s, key, &row)->source;
}

static int show_secret(const char *text, char **ret, lrc_err *err)
{
    const size_t n = strlen(text);
    if (n < MASK_MIN)
        return lrc_str_copy(ret, n ? "(set)" : "", err);
    const size_t head = lrc_utf8_cut(text, MASK_ENDS);
    const char *tail = text + n - MASK_ENDS;
    while (((unsigned char)*tail & 0xc0) == 0x80) // not into the middle of a character
        tail++;
    return lrc_str_format(ret, err, "%.*s...%s", (int)head, text, tail);
}

int lrc_settings_show(const lrc_settings *s, const char *key, char **ret, lrc_err *err)
{
    const lrc_setting *row;
    const struct value *v = value_of(s, key, &row);
    if (row->kind == LRC_SETTING_SECRET)
        return show_secret(v->text, ret, err);
    if (row->kind != LRC_SETTING_PATHS)
        return lrc_str_copy(ret, v->text, err);
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, FILE_MAX);
    for (size_t i = 0; i < v->list.count; i++)
        lrc_buf_addf(&text, "%s%s", i ? ", " : "", v->list.item[i]);
    return lrc_buf_take(&text, key, ret, NULL, err);
}

static void put_value(lrc_json_out *out, const lrc_setting *row, const struct value *v)
{
    switch (row->kind) {
    case LRC_SETTING_BOOL:
    case LRC_SETTING_INT: lrc_json_put_raw(out, v->text); break;
    case LRC_SETTING_PATHS:
        lrc_json_array_begin(out);
        for (size_t i = 0; i < v->list.count; i++)
            lrc_json_put_str(out, v->list.item[i]);
        lrc_json_array_end(out);
        break;
    default: lrc_json_put_str(out, v->text);
    }
}

void lrc_settings_put(lrc_json_out *out, const lrc_settings *s, const lrc_setting *row)
{
    const struct value *v = value_of(s, row->key, &row);
    lrc_auto_free char *shown = NULL;
    if (row->kind == LRC_SETTING_BOOL || row->kind == LRC_SETTING_INT || row->kind == LRC_SETTING_PATHS) {
        put_value(out, row, v);
        return;
    }
    if (lrc_settings_show(s, row->key, &shown, NULL) < 0)
        out->buf->failed = LRC_ERR_NO_MEMORY;
    lrc_json_put_str(out, shown && shown[0] ? shown : NULL);
}

// ---- Changing --------------------------------------------------------------------------------------------------------

// One member of the file that is to change. `remove`: it goes.
struct change {
    const lrc_setting *row;
    struct value value;
    bool remove, written;
};

static struct change *change_of(struct change *changes, size_t count, const char *file_key)
{
    size_t i = 0;
    while (i < count && strcmp(changes[i].row->file_key, file_key) != 0)
        i++;
    return i < count ? &changes[i] : NULL;
}

static void put_change(lrc_json_out *out, struct change *c)
{
    if (c->remove || c->written)
        return;
    lrc_json_key(out, c->row->file_key);
    put_value(out, c->row, &c->value);
    c->written = true;
}

// The file's object with these members replaced, added at the end, or left out.
static void render(lrc_buf *buf, const lrc_json *object, struct change *changes, size_t count)
{
    lrc_json_out out;
    lrc_json_out_init(&out, buf, JSON_INDENT);
    lrc_json_object_begin(&out);
    for (const lrc_json *m = object ? object->first : NULL; m; m = m->next) {
        struct change *c = change_of(changes, count, m->key);
        if (c) {
            put_change(&out, c);
            continue;
        }
        lrc_json_key(&out, m->key);
        lrc_json_put_value(&out, m);
    }
    for (size_t i = 0; i < count; i++)
        put_change(&out, &changes[i]);
    lrc_json_object_end(&out);
    lrc_buf_addc(buf, '\n');
}

static int write_changes(const lrc_workspace *w, struct change *changes, size_t count, lrc_err *err)
{
    lrc_auto_free char *path = NULL, *folder = NULL, *lock_path = NULL;
    lrc_auto_close int lock = -1;
    if (lrc_workspace_path(w, FILE_NAME, &path, err) < 0 || lrc_path_parent(&folder, path, err) < 0 ||
        lrc_workspace_state(w, LOCK_NAME, &lock_path, err) < 0 || lrc_fs_mkdirs(folder, err) < 0 ||
        lrc_lock_take(lock_path, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (load_file(path, &doc, err) < 0)
        return -1;
    bool adds = false;
    for (size_t i = 0; i < count; i++)
        adds = adds || !changes[i].remove;
    if (!doc && !adds)
        return 0;
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, FILE_MAX);
    render(&text, doc ? lrc_json_root(doc) : NULL, changes, count);
    if (lrc_buf_check(&text, path, err) < 0)
        return -1;
    return lrc_fs_write(path, text.data, text.len, FILE_MODE, err);
}

static int judge_change(const lrc_setting_change *given, struct change *ret, lrc_err *err)
{
    if (lrc_settings_find_or_fail(given->key, &ret->row, err) < 0)
        return -1;
    ret->remove = given->value[0] == '\0';
    return ret->remove ? 0 : value_from_text(ret->row, given->value, &ret->value, err);
}

int lrc_settings_write_all(const lrc_workspace *w, const lrc_setting_change *given, size_t count, lrc_err *err)
{
    struct change *changes = calloc(count + 1, sizeof *changes);
    if (!changes)
        return lrc_fail_memory(err);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = judge_change(&given[i], &changes[i], err);
    if (result == 0)
        result = write_changes(w, changes, count, err);
    for (size_t i = 0; i < count; i++)
        value_done(&changes[i].value);
    free(changes);
    return result;
}

int lrc_settings_write(const lrc_workspace *w, const char *key, const char *value, lrc_err *err)
{
    return lrc_settings_write_all(w, &(lrc_setting_change){key, value}, 1, err);
}

int lrc_settings_set(lrc_settings *s, const char *key, const char *value, lrc_err *err)
{
    lrc_auto_settings lrc_settings *fresh = NULL;
    if (lrc_settings_write(&s->workspace, key, value, err) < 0 || lrc_settings_load(&s->workspace, &fresh, err) < 0)
        return -1;
    const lrc_settings old = *s;
    *s = *fresh;
    *fresh = old;
    return 0;
}
