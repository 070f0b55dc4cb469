// SPDX-License-Identifier: MIT
// The document: nodes in one arena, members of tables in one hash index.
#include <string.h>

#include "base/fs.h"
#include "toml/reader.h"

#define FIRST_SLOTS 64 // a power of two

void lrc_toml_doc_free(lrc_toml_doc *doc)
{
    if (!doc)
        return;
    lrc_arena_done(&doc->arena);
    free(doc->slot);
    free(doc);
}

const lrc_toml *lrc_toml_root(const lrc_toml_doc *doc)
{
    return doc->root;
}

const lrc_toml *lrc_toml_get(const lrc_toml *v, const char *key)
{
    const size_t n = strlen(key);
    if (v && v->type == LRC_TOML_TABLE)
        for (const lrc_toml *m = v->first; m; m = m->next)
            if (m->key_len == n && memcmp(m->key, key, n) == 0)
                return m;
    return NULL;
}

const char *lrc_toml_type_name(const lrc_toml *v)
{
    static const char *const name[LRC_TOML_TYPE_MAX_] = {
        [LRC_TOML_STRING] = "a string",
        [LRC_TOML_INTEGER] = "an integer",
        [LRC_TOML_FLOAT] = "a float",
        [LRC_TOML_BOOLEAN] = "a boolean",
        [LRC_TOML_DATETIME] = "a date and time",
        [LRC_TOML_LOCAL_DATETIME] = "a local date and time",
        [LRC_TOML_LOCAL_DATE] = "a date",
        [LRC_TOML_LOCAL_TIME] = "a time",
        [LRC_TOML_ARRAY] = "a list",
        [LRC_TOML_TABLE] = "a table",
    };
    return v ? name[v->type] : "missing";
}

int lrc_toml_load(const char *path, size_t max_bytes, lrc_toml_doc **ret, lrc_err *err)
{
    lrc_auto_free char *text = NULL;
    size_t n;
    if (lrc_fs_read(path, max_bytes, &text, &n, err) < 0)
        return -1;
    if (lrc_toml_parse(text, n, ret, err) < 0)
        return lrc_wrap(err, "%s", path);
    return 0;
}

static size_t hash_of(const lrc_toml *table, const char *key, size_t len)
{
    uint64_t h = (uintptr_t)table * 0x9e3779b97f4a7c15u; // FNV-1a, started from the table
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)key[i]) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32);
}

// The slot that holds this member, or the free one where it belongs.
static struct toml_slot *slot_of(const lrc_toml_doc *doc, const lrc_toml *table, const char *key, size_t len)
{
    for (size_t i = hash_of(table, key, len);; i++) {
        struct toml_slot *s = &doc->slot[i & (doc->slot_count - 1)];
        if (!s->member || (s->table == table && s->member->key_len == len && memcmp(s->member->key, key, len) == 0))
            return s;
    }
}

static int grow_index(lrc_toml_doc *doc, lrc_err *err)
{
    lrc_toml_doc grown = {.slot_count = doc->slot_count ? doc->slot_count * 2 : FIRST_SLOTS};
    grown.slot = calloc(grown.slot_count, sizeof *grown.slot);
    if (!grown.slot)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < doc->slot_count; i++) {
        const struct toml_slot *old = &doc->slot[i];
        if (old->member)
            *slot_of(&grown, old->table, old->member->key, old->member->key_len) = *old;
    }
    free(doc->slot);
    doc->slot = grown.slot;
    doc->slot_count = grown.slot_count;
    return 0;
}

lrc_toml *toml_find(const lrc_toml_doc *doc, const lrc_toml *table, const char *key, size_t len)
{
    return doc->slot_count ? slot_of(doc, table, key, len)->member : NULL;
}

lrc_toml *toml_new_node(toml_reader *r, lrc_toml_type type, size_t offset, lrc_err *err)
{
    if (++r->doc->nodes > LRC_TOML_MAX_NODES) {
        lrc_fail(err, LRC_ERR_LIMIT, "the TOML text holds more than %d values", LRC_TOML_MAX_NODES);
        return NULL;
    }
    lrc_toml *v = lrc_arena_take(&r->doc->arena, sizeof *v);
    if (!v) {
        lrc_fail_memory(err);
        return NULL;
    }
    for (; r->counted < offset; r->counted++)
        if (r->text[r->counted] == '\n') {
            r->line++;
            r->line_start = r->counted + 1;
        }
    v->type = type;
    v->line = (unsigned)r->line;
    v->column = (unsigned)(offset - r->line_start + 1);
    return v;
}

void toml_add_element(lrc_toml *array, lrc_toml *value)
{
    *(array->last ? &array->last->next : &array->first) = value;
    array->last = value;
    array->len++;
}

int toml_add_member(toml_reader *r, lrc_toml *table, const struct toml_name *name, lrc_toml *value, lrc_err *err)
{
    lrc_toml_doc *doc = r->doc;
    if (doc->slot_used * 2 >= doc->slot_count && grow_index(doc, err) < 0)
        return -1;
    value->key = name->text;
    value->key_len = name->len;
    *slot_of(doc, table, name->text, name->len) = (struct toml_slot){table, value};
    doc->slot_used++;
    toml_add_element(table, value);
    return 0;
}
