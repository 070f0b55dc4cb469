// SPDX-License-Identifier: MIT
// toml.h - TOML 1.0 read into a tree, in the order of the text.
//
// Strict: what the specification forbids is refused (a table or key defined twice, an inline table extended, control
// characters, bad UTF-8, dates that do not exist); errors name line, column and, where there is one, the key. Integers
// keep their decimal text, so that a number wider than 64 bits (a seed) is not lost; dates and times are kept as text.
// Accepts and refuses what Python's tomllib does, but for two limits of its own: nesting, and hex, octal and binary
// integers must fit into 64 bits.
// One owner thread per document. May use: base.
#ifndef LRC_TOML_TOML_H
#define LRC_TOML_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define LRC_TOML_MAX_DEPTH 100     // nested values, and parts of one dotted key
#define LRC_TOML_MAX_NODES 2000000 // values in one document

typedef enum {
    LRC_TOML_STRING,
    LRC_TOML_INTEGER,
    LRC_TOML_FLOAT,
    LRC_TOML_BOOLEAN,
    LRC_TOML_DATETIME, // with offset
    LRC_TOML_LOCAL_DATETIME,
    LRC_TOML_LOCAL_DATE,
    LRC_TOML_LOCAL_TIME,
    LRC_TOML_ARRAY, // also the array that [[headers]] make
    LRC_TOML_TABLE,
    LRC_TOML_TYPE_MAX_
} lrc_toml_type;

typedef struct lrc_toml {
    lrc_toml_type type;
    unsigned line, column; // where the value (of a table: its header or first key) began, from 1
    const char *key;       // name within its table; NULL in arrays and at the root. May hold NULs: key_len counts
    size_t key_len;
    const char *text; // STRING decoded; INTEGER as decimal digits; FLOAT and dates as written, without '_'; else NULL
    size_t len;       // bytes of text; for ARRAY and TABLE the number of children
    int64_t integer;  // INTEGER; cut to the nearest end of the range when it is wider than 64 bits
    double number;    // FLOAT
    bool boolean;     // BOOLEAN
    struct lrc_toml *first, *last, *next; // children in the order of the text
    unsigned section;                     // the reader's own: in which section dotted keys made this table
    unsigned char origin;                 // the reader's own: how this table or array came to be
} lrc_toml;

typedef struct lrc_toml_doc lrc_toml_doc; // owns all values below

// `text` is not needed afterwards. LRC_ERR_INVALID with line and column.
int lrc_toml_parse(const char *text, size_t n, lrc_toml_doc **ret, lrc_err *err);
// A file of at most max_bytes; errors begin with its path.
int lrc_toml_load(const char *path, size_t max_bytes, lrc_toml_doc **ret, lrc_err *err);
void lrc_toml_doc_free(lrc_toml_doc *doc);
LRC_DEFINE_FREEP(lrc_toml_doc)
#define lrc_auto_toml_doc lrc_cleanup(lrc_toml_doc_freep)

const lrc_toml *lrc_toml_root(const lrc_toml_doc *doc); // a table; borrowed, never NULL

// Member of a table, NULL when there is none or `v` is NULL or no table.
const lrc_toml *lrc_toml_get(const lrc_toml *v, const char *key);
const char *lrc_toml_type_name(const lrc_toml *v); // "a string", "a table", …; "missing" for NULL

#endif
