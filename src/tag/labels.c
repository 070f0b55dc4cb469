// SPDX-License-Identifier: MIT
#include "tag/labels.h"

#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "tag/csv.h"
#include "json/json.h"

#define FILE_MAX (64 << 20) // bytes

// Names as the JSON files have them, and numbers as Danbooru counts them (selected_tags.csv). A number or name that is
// not here counts as general: nothing that a model knows is lost.
static const struct {
    const char *name;
    int number; // -1: none
} categories[LRC_TAG_CATEGORY_MAX_] = {
    [LRC_TAG_GENERAL] = {"general", 0},  [LRC_TAG_CHARACTER] = {"character", 4}, [LRC_TAG_COPYRIGHT] = {"copyright", 3},
    [LRC_TAG_ARTIST] = {"artist", 1},    [LRC_TAG_META] = {"meta", 5},           [LRC_TAG_MODEL] = {"model", -1},
    [LRC_TAG_QUALITY] = {"quality", -1}, [LRC_TAG_RATING] = {"rating", 9},
};

const char *lrc_tag_category_name(lrc_tag_category category)
{
    return categories[category].name;
}

static lrc_tag_category by_name(const char *name)
{
    for (int i = 0; i < LRC_TAG_CATEGORY_MAX_; i++)
        if (lrc_ascii_same(categories[i].name, name))
            return (lrc_tag_category)i;
    return LRC_TAG_GENERAL;
}

static lrc_tag_category by_number(int64_t number)
{
    for (int i = 0; i < LRC_TAG_CATEGORY_MAX_; i++)
        if (categories[i].number == number)
            return (lrc_tag_category)i;
    return LRC_TAG_GENERAL;
}

void lrc_tag_labels_done(lrc_tag_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++)
        free(labels->item[i].name);
    free(labels->item);
    *labels = (lrc_tag_labels){0};
}

struct growing {
    lrc_tag_labels *labels;
    size_t cap;
};

static int add(struct growing *g, const char *name, lrc_tag_category category, lrc_err *err)
{
    lrc_tag_labels *l = g->labels;
    if (l->count >= LRC_TAG_LABELS_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "more than %d tags", LRC_TAG_LABELS_MAX);
    if (l->count == g->cap) {
        const size_t cap = g->cap ? g->cap * 2 : 1024;
        lrc_tag_label *more = realloc(l->item, cap * sizeof *more);
        if (!more)
            return lrc_fail_memory(err);
        l->item = more;
        g->cap = cap;
    }
    lrc_tag_label label = {.category = category};
    if (lrc_str_copy(&label.name, name, err) < 0)
        return -1;
    l->item[l->count++] = label;
    return 0;
}

// ---- selected_tags.csv -------------------------------------------------------------------------------------------------

enum { COLUMN_NAME = 1, COLUMN_CATEGORY = 2, COLUMNS = 3 }; // the first is tag_id

static int check_header(const lrc_strv *header, lrc_err *err)
{
    static const char *const names[COLUMNS] = {"tag_id", "name", "category"};
    for (size_t i = 0; i < COLUMNS; i++)
        if (i >= header->count || strcmp(header->item[i], names[i]) != 0)
            return lrc_fail(err, LRC_ERR_INVALID, "line 1: the header must begin with tag_id,name,category");
    return 0;
}

static int parse_csv(const char *text, size_t n, lrc_tag_labels *ret, lrc_err *err)
{
    struct growing g = {.labels = ret};
    lrc_auto_strv lrc_strv row = {0};
    lrc_csv csv;
    bool more;
    if (lrc_csv_begin(&csv, text, n, err) < 0 || lrc_csv_next(&csv, &row, &more, err) < 0 ||
        check_header(&row, err) < 0)
        return -1;
    for (;;) {
        int64_t number;
        if (lrc_csv_next(&csv, &row, &more, err) < 0)
            return -1;
        if (!more)
            return 0;
        if (row.count < COLUMNS || !lrc_str_to_i64(row.item[COLUMN_CATEGORY], &number))
            return lrc_fail(err, LRC_ERR_INVALID, "line %zu: a row is an id, a name and a category number", csv.line);
        if (add(&g, row.item[COLUMN_NAME], by_number(number), err) < 0)
            return -1;
    }
}

// ---- JSON and lines ----------------------------------------------------------------------------------------------------

// Place of an object's member among the outputs: its key is the number, and all from 0 to count - 1 must be there once.
static int place_of(const lrc_json *member, size_t count, lrc_tag_labels *labels, lrc_tag_label **ret, lrc_err *err)
{
    int64_t at;
    if (!lrc_str_to_i64(member->key, &at) || at < 0 || (size_t)at >= count || labels->item[at].name)
        return lrc_fail(err, LRC_ERR_INVALID, "line %u: '%.40s' is no number of an output, or there twice",
                        member->line, member->key);
    *ret = &labels->item[at];
    return 0;
}

static int make_room(const lrc_json *object, lrc_tag_labels *ret, lrc_err *err)
{
    if (object->len == 0 || object->len > LRC_TAG_LABELS_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "%zu tags", object->len);
    ret->item = calloc(object->len, sizeof *ret->item);
    if (!ret->item)
        return lrc_fail_memory(err);
    ret->count = object->len;
    return 0;
}

static int parse_mapping(const lrc_json *root, lrc_tag_labels *ret, lrc_err *err)
{
    if (root->type != LRC_JSON_OBJECT)
        return lrc_fail(err, LRC_ERR_INVALID, "the file must hold an object");
    if (make_room(root, ret, err) < 0)
        return -1;
    for (const lrc_json *v = root->first; v; v = v->next) {
        const char *tag, *category;
        lrc_tag_label *label;
        if (lrc_json_str(v, "tag", true, &tag, err) < 0 || lrc_json_str(v, "category", true, &category, err) < 0 ||
            place_of(v, root->len, ret, &label, err) < 0 || lrc_str_copy(&label->name, tag, err) < 0)
            return -1;
        label->category = by_name(category);
    }
    return 0;
}

static int parse_metadata(const lrc_json *root, lrc_tag_labels *ret, lrc_err *err)
{
    const lrc_json *info, *mapping, *names, *kinds;
    if (lrc_json_object(root, "dataset_info", true, &info, err) < 0 ||
        lrc_json_object(info, "tag_mapping", true, &mapping, err) < 0 ||
        lrc_json_object(mapping, "idx_to_tag", true, &names, err) < 0 ||
        lrc_json_object(mapping, "tag_to_category", true, &kinds, err) < 0 || make_room(names, ret, err) < 0)
        return -1;
    // Both objects list the tags in the same order in the known files: look where we are before looking everywhere.
    const lrc_json *kind = kinds->first;
    for (const lrc_json *v = names->first; v; v = v->next) {
        lrc_tag_label *label;
        if (v->type != LRC_JSON_STRING)
            return lrc_fail(err, LRC_ERR_INVALID, "line %u: a tag must be a text", v->line);
        if (place_of(v, names->len, ret, &label, err) < 0 || lrc_str_copy(&label->name, v->text, err) < 0)
            return -1;
        const lrc_json *found = kind && strcmp(kind->key, v->text) == 0 ? kind : lrc_json_get(kinds, v->text);
        if (found && found->type == LRC_JSON_STRING)
            label->category = by_name(found->text);
        kind = found ? found->next : kind;
    }
    return 0;
}

static int parse_json(const char *text, size_t n, lrc_tag_label_file kind, lrc_tag_labels *ret, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_json_parse(text, n, &doc, err) < 0)
        return -1;
    return (kind == LRC_TAG_FILE_MAPPING ? parse_mapping : parse_metadata)(lrc_json_root(doc), ret, err);
}

static int parse_lines(const char *text, size_t n, lrc_tag_labels *ret, lrc_err *err)
{
    struct growing g = {.labels = ret};
    lrc_auto_strv lrc_strv lines = {0};
    lrc_auto_free char *copy = NULL;
    if (!lrc_utf8_valid(text, n) || memchr(text, '\0', n))
        return lrc_fail(err, LRC_ERR_INVALID, "this is no UTF-8 text");
    if (lrc_str_copy_n(&copy, text, n, err) < 0 || lrc_strv_split(&lines, copy, '\n', err) < 0)
        return -1;
    for (size_t i = 0; i < lines.count; i++)
        if (add(&g, lines.item[i], LRC_TAG_GENERAL, err) < 0)
            return -1;
    return 0;
}

int lrc_tag_labels_parse(const char *text, size_t n, lrc_tag_label_file kind, lrc_tag_labels *ret, lrc_err *err)
{
    lrc_auto_tag_labels lrc_tag_labels labels = {0};
    int result = -1;
    switch (kind) {
    case LRC_TAG_FILE_CSV: result = parse_csv(text, n, &labels, err); break;
    case LRC_TAG_FILE_MAPPING:
    case LRC_TAG_FILE_METADATA: result = parse_json(text, n, kind, &labels, err); break;
    case LRC_TAG_FILE_LINES: result = parse_lines(text, n, &labels, err); break;
    }
    if (result < 0)
        return -1;
    if (labels.count == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "there is no tag in it");
    *ret = labels;
    labels = (lrc_tag_labels){0};
    return 0;
}

int lrc_tag_labels_load(const char *path, lrc_tag_label_file kind, lrc_tag_labels *ret, lrc_err *err)
{
    lrc_auto_free char *text = NULL;
    size_t n;
    if (lrc_fs_read(path, FILE_MAX, &text, &n, err) < 0)
        return -1;
    return lrc_tag_labels_parse(text, n, kind, ret, err) < 0 ? lrc_wrap(err, "'%s'", path) : 0;
}
