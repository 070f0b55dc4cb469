// SPDX-License-Identifier: MIT
// Names, and the rules of TOML 1.0 about what a header or a dotted key may open, extend or define again.
#include <string.h>

#include "base/ascii.h"
#include "toml/reader.h"

static bool is_bare(char c)
{
    return lrc_ascii_alnum(c) || c == '_' || c == '-';
}

static int read_name(toml_reader *r, struct toml_name *ret, lrc_err *err)
{
    const size_t start = r->at;
    const char *bytes = r->text + start;
    size_t n = 0;
    if (toml_at(r, '"') || toml_at(r, '\'')) {
        if (toml_read_string(r, false, err) < 0)
            return -1;
        bytes = r->scratch.data;
        n = r->scratch.len;
    } else {
        while (r->at < r->n && is_bare(r->text[r->at]))
            r->at++;
        n = r->at - start;
        if (n == 0)
            return toml_bad(r, start, err, "a key is expected here: letters, digits, '_' and '-', or a quoted string");
    }
    ret->text = lrc_arena_copy(&r->doc->arena, bytes, n);
    ret->len = n;
    ret->offset = start;
    return ret->text ? 0 : lrc_fail_memory(err);
}

int toml_read_names(toml_reader *r, struct toml_name name[static LRC_TOML_MAX_DEPTH], size_t *ret_count, lrc_err *err)
{
    for (size_t count = 0;;) {
        if (count == LRC_TOML_MAX_DEPTH)
            return toml_bad(r, r->at, err, "this key has more than %d parts", LRC_TOML_MAX_DEPTH);
        if (read_name(r, &name[count++], err) < 0)
            return -1;
        toml_skip_blank(r);
        if (!toml_at(r, '.')) {
            *ret_count = count;
            return 0;
        }
        r->at++;
        toml_skip_blank(r);
    }
}

// "name" cut to what fits a message.
#define SHOWN(name) (int)((name)->len < 60 ? (name)->len : 60), (name)->text

static lrc_toml *new_table(toml_reader *r, lrc_toml *parent, const struct toml_name *name, enum origin origin,
                           lrc_err *err)
{
    lrc_toml *t = toml_new_node(r, LRC_TOML_TABLE, name->offset, err);
    if (!t || toml_add_member(r, parent, name, t, err) < 0)
        return NULL;
    t->origin = (unsigned char)origin;
    t->section = r->section;
    return t;
}

// May a dotted key of this section go through `t`? A table with its own header is defined there and nowhere else; one
// that dotted keys made belongs to their section.
static bool dotted_may_enter(const toml_reader *r, const lrc_toml *t, bool in_line)
{
    if (t->type != LRC_TOML_TABLE || t->origin == ORIGIN_VALUE)
        return false;
    return in_line || t->origin == ORIGIN_IMPLICIT || (t->origin == ORIGIN_DOTTED && t->section == r->section);
}

int toml_put_pair(toml_reader *r, lrc_toml *table, bool in_line, const struct toml_name *name, size_t count,
                  lrc_toml *value, lrc_err *err)
{
    for (size_t i = 0; i + 1 < count; i++) {
        lrc_toml *t = toml_find(r->doc, table, name[i].text, name[i].len);
        if (!t)
            t = new_table(r, table, &name[i], ORIGIN_DOTTED, err);
        else if (!dotted_may_enter(r, t, in_line))
            return toml_bad(r, name[i].offset, err, "'%.*s' is defined on line %u and cannot be extended here",
                            SHOWN(&name[i]), t->line);
        if (!t)
            return -1;
        if (t->origin == ORIGIN_IMPLICIT) {
            t->origin = ORIGIN_DOTTED;
            t->section = r->section;
        }
        table = t;
    }
    const struct toml_name *own = &name[count - 1];
    const lrc_toml *before = toml_find(r->doc, table, own->text, own->len);
    if (before)
        return toml_bad(r, own->offset, err, "'%.*s' is already defined on line %u", SHOWN(own), before->line);
    return toml_add_member(r, table, own, value, err);
}

// The table that all names but the last of a header lead to; tables on the way are made.
static lrc_toml *header_parent(toml_reader *r, const struct toml_name *name, size_t count, lrc_err *err)
{
    lrc_toml *table = r->doc->root;
    for (size_t i = 0; i + 1 < count; i++) {
        lrc_toml *t = toml_find(r->doc, table, name[i].text, name[i].len);
        if (!t) {
            t = new_table(r, table, &name[i], ORIGIN_IMPLICIT, err);
        } else if (t->origin == ORIGIN_VALUE) {
            toml_bad(r, name[i].offset, err, "'%.*s' has a value from line %u and cannot be extended", SHOWN(&name[i]),
                     t->line);
            return NULL;
        } else if (t->type == LRC_TOML_ARRAY) {
            t = t->last; // of an array of tables always the newest
        }
        if (!t)
            return NULL;
        table = t;
    }
    return table;
}

int toml_open_table(toml_reader *r, const struct toml_name *name, size_t count, lrc_err *err)
{
    lrc_toml *parent = header_parent(r, name, count, err);
    if (!parent)
        return -1;
    const struct toml_name *own = &name[count - 1];
    lrc_toml *t = toml_find(r->doc, parent, own->text, own->len);
    if (!t)
        t = new_table(r, parent, own, ORIGIN_HEADER, err);
    else if (t->type != LRC_TOML_TABLE || t->origin != ORIGIN_IMPLICIT)
        return toml_bad(r, own->offset, err, "'%.*s' is already defined on line %u", SHOWN(own), t->line);
    if (!t)
        return -1;
    t->origin = ORIGIN_HEADER;
    r->table = t;
    return 0;
}

int toml_open_array(toml_reader *r, const struct toml_name *name, size_t count, lrc_err *err)
{
    lrc_toml *parent = header_parent(r, name, count, err);
    if (!parent)
        return -1;
    const struct toml_name *own = &name[count - 1];
    lrc_toml *array = toml_find(r->doc, parent, own->text, own->len);
    if (!array) {
        array = toml_new_node(r, LRC_TOML_ARRAY, own->offset, err);
        if (!array || toml_add_member(r, parent, own, array, err) < 0)
            return -1;
        array->origin = ORIGIN_HEADERS;
    } else if (array->origin != ORIGIN_HEADERS) {
        return toml_bad(r, own->offset, err, "'%.*s' is already defined on line %u and is no array of tables",
                        SHOWN(own), array->line);
    }
    lrc_toml *t = toml_new_node(r, LRC_TOML_TABLE, own->offset, err);
    if (!t)
        return -1;
    t->origin = ORIGIN_HEADER;
    toml_add_element(array, t);
    r->table = t;
    return 0;
}
