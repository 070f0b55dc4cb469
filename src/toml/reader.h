// SPDX-License-Identifier: MIT
// reader.h - what the parts of the TOML reader share. Private to toml/.
#ifndef LRC_TOML_READER_H
#define LRC_TOML_READER_H

#include "base/arena.h"
#include "base/buf.h"
#include "toml/toml.h"

// How a table or array came to be; it decides what may still be added to it.
enum origin {
    ORIGIN_VALUE,    // inline table or array in the text: closed
    ORIGIN_IMPLICIT, // table made on the way to a [header]: may still get its own
    ORIGIN_HEADER,   // table with its own [header], or element of an array of tables
    ORIGIN_DOTTED,   // table made by a dotted key: open until its section ends
    ORIGIN_HEADERS,  // array made by [[headers]]: may get more elements
};

struct lrc_toml_doc {
    lrc_arena arena;
    lrc_toml *root;
    size_t nodes;
    // All members of all tables by (table, key), so that a long table is not searched from its start for each new key.
    struct toml_slot {
        const lrc_toml *table;
        lrc_toml *member;
    } *slot;
    size_t slot_count, slot_used;
};

typedef struct toml_reader {
    const char *text;
    size_t n;
    size_t at; // next byte
    lrc_toml_doc *doc;
    lrc_toml *table;  // where key/value lines go: the current header's
    unsigned section; // counts headers
    int depth;        // of nested values
    lrc_buf scratch;  // decoded string
    size_t counted, line, line_start;
} toml_reader;

// One name with its place in the text; the bytes lie in the document.
struct toml_name {
    const char *text;
    size_t len;
    size_t offset;
};

// Fail with LRC_ERR_INVALID, naming line and column of `offset`.
int toml_bad(toml_reader *r, size_t offset, lrc_err *err, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static inline bool toml_at(const toml_reader *r, char c)
{
    return r->at < r->n && r->text[r->at] == c;
}

void toml_skip_blank(toml_reader *r);             // blanks and tabs
size_t toml_newline(const toml_reader *r);        // length of the line end here, 0 when there is none
int toml_skip_comment(toml_reader *r, lrc_err *); // a comment, if there is one, up to the line end

// scalar.c: a string into r->scratch; a boolean, number, date or time into a new node.
int toml_read_string(toml_reader *r, bool multi_line_allowed, lrc_err *err);
int toml_read_word(toml_reader *r, lrc_toml **ret, lrc_err *err);

// value.c: any value, as a node that is in no table yet.
int toml_read_value(toml_reader *r, lrc_toml **ret, lrc_err *err);

// key.c: dotted names; and the rules of what may be opened and extended.
int toml_read_names(toml_reader *r, struct toml_name name[static LRC_TOML_MAX_DEPTH], size_t *ret_count, lrc_err *err);
// Member `name` of the table that the other names lead to, starting at `table`, for a key/value pair. `in_line`: inside
// an inline table.
int toml_put_pair(toml_reader *r, lrc_toml *table, bool in_line, const struct toml_name *name, size_t count,
                  lrc_toml *value, lrc_err *err);
int toml_open_table(toml_reader *r, const struct toml_name *name, size_t count, lrc_err *err); // [header]
int toml_open_array(toml_reader *r, const struct toml_name *name, size_t count, lrc_err *err); // [[header]]

// tree.c
lrc_toml *toml_new_node(toml_reader *r, lrc_toml_type type, size_t offset, lrc_err *err);
lrc_toml *toml_find(const lrc_toml_doc *doc, const lrc_toml *table, const char *key, size_t len);
int toml_add_member(toml_reader *r, lrc_toml *table, const struct toml_name *name, lrc_toml *value, lrc_err *err);
void toml_add_element(lrc_toml *array, lrc_toml *value);

#endif
