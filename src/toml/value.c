// SPDX-License-Identifier: MIT
// Values: strings, arrays and inline tables here, all other scalars in scalar.c.
#include <string.h>

#include "toml/reader.h"

static int read_string_value(toml_reader *r, lrc_toml **ret, lrc_err *err)
{
    lrc_toml *v = toml_new_node(r, LRC_TOML_STRING, r->at, err);
    if (!v || toml_read_string(r, true, err) < 0)
        return -1;
    v->text = lrc_arena_copy(&r->doc->arena, r->scratch.data, r->scratch.len);
    v->len = r->scratch.len;
    *ret = v;
    return v->text ? 0 : lrc_fail_memory(err);
}

// Blanks, line ends and comments: what may stand between the elements of an array.
static int skip_lines(toml_reader *r, lrc_err *err)
{
    for (;;) {
        toml_skip_blank(r);
        if (toml_skip_comment(r, err) < 0)
            return -1;
        const size_t newline = toml_newline(r);
        if (newline == 0)
            return 0;
        r->at += newline;
    }
}

static int read_array(toml_reader *r, lrc_toml *array, lrc_err *err)
{
    const size_t start = r->at++;
    if (skip_lines(r, err) < 0)
        return -1;
    while (!toml_at(r, ']')) {
        lrc_toml *element = NULL;
        if (r->at >= r->n)
            return toml_bad(r, start, err, "this list has no closing ']'");
        if (toml_read_value(r, &element, err) < 0)
            return -1;
        toml_add_element(array, element);
        if (skip_lines(r, err) < 0)
            return -1;
        if (!toml_at(r, ',')) {
            if (toml_at(r, ']'))
                break;
            return toml_bad(r, r->at, err, "',' or ']' is expected in a list");
        }
        r->at++;
        if (skip_lines(r, err) < 0)
            return -1;
    }
    r->at++;
    return 0;
}

static int read_inline_table(toml_reader *r, lrc_toml *table, lrc_err *err)
{
    r->at++;
    toml_skip_blank(r);
    if (toml_at(r, '}')) {
        r->at++;
        return 0;
    }
    for (;;) {
        struct toml_name name[LRC_TOML_MAX_DEPTH];
        size_t count;
        lrc_toml *value = NULL;
        if (toml_read_names(r, name, &count, err) < 0)
            return -1;
        if (!toml_at(r, '='))
            return toml_bad(r, r->at, err, "'=' is expected after a key");
        r->at++;
        toml_skip_blank(r);
        if (toml_read_value(r, &value, err) < 0 || toml_put_pair(r, table, true, name, count, value, err) < 0)
            return -1;
        toml_skip_blank(r);
        if (!toml_at(r, ',') && !toml_at(r, '}'))
            return toml_bad(r, r->at, err, "',' or '}' is expected in an inline table, on the same line");
        if (r->text[r->at++] == '}')
            return 0;
        toml_skip_blank(r);
    }
}

static int read_nested(toml_reader *r, lrc_toml_type type, lrc_toml **ret, lrc_err *err)
{
    if (r->depth >= LRC_TOML_MAX_DEPTH)
        return toml_bad(r, r->at, err, "nested deeper than %d levels", LRC_TOML_MAX_DEPTH);
    lrc_toml *v = toml_new_node(r, type, r->at, err);
    if (!v)
        return -1;
    r->depth++;
    const int result = type == LRC_TOML_ARRAY ? read_array(r, v, err) : read_inline_table(r, v, err);
    r->depth--;
    *ret = v;
    return result;
}

int toml_read_value(toml_reader *r, lrc_toml **ret, lrc_err *err)
{
    if (r->at >= r->n || toml_newline(r) || toml_at(r, '#'))
        return toml_bad(r, r->at, err, "a value is expected here");
    switch (r->text[r->at]) {
    case '"':
    case '\'': return read_string_value(r, ret, err);
    case '[': return read_nested(r, LRC_TOML_ARRAY, ret, err);
    case '{': return read_nested(r, LRC_TOML_TABLE, ret, err);
    default: return toml_read_word(r, ret, err);
    }
}
