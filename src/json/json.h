// SPDX-License-Identifier: MIT
// json.h - JSON as RFC 8259 has it: a pull reader, a small tree on top of it, and a streaming writer.
//
// Strict: UTF-8 only (a byte order mark in front is passed over), no lone surrogates, no raw control characters, no NaN,
// nothing after the value, no NUL in the name of a member ("a\u0000b" must not pass for "a"). A number keeps its text
// (1e9999, 123456789012345678901234567890, 1.0), so nothing is lost that a caller may want to judge or to write again.
// Errors name line, column and field path ("subsets[2].num_repeats"). This is the only JSON code of the program.
// One owner thread per object. May use: base.
#ifndef LRC_JSON_JSON_H
#define LRC_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/findings.h"

#define LRC_JSON_MAX_DEPTH 128     // nesting; deeper is refused
#define LRC_JSON_MAX_NODES 8000000 // values in one tree

// ---- Pull reader -----------------------------------------------------------------------------------------------------

typedef enum {
    LRC_JSON_NULL,
    LRC_JSON_FALSE,
    LRC_JSON_TRUE,
    LRC_JSON_NUMBER, // text as written
    LRC_JSON_STRING, // text decoded
    LRC_JSON_ARRAY,  // begins
    LRC_JSON_OBJECT, // begins
    LRC_JSON_KEY,    // a member's name; its value follows
    LRC_JSON_ARRAY_END,
    LRC_JSON_OBJECT_END,
    LRC_JSON_END, // the whole text was read
} lrc_json_type;

typedef struct lrc_json_reader lrc_json_reader;

// `text` is borrowed until lrc_json_reader_free(). LRC_ERR_NO_MEMORY.
int lrc_json_reader_new(const char *text, size_t n, lrc_json_reader **ret, lrc_err *err);
void lrc_json_reader_free(lrc_json_reader *r);
LRC_DEFINE_FREEP(lrc_json_reader)
#define lrc_auto_json_reader lrc_cleanup(lrc_json_reader_freep)

// The next event; after LRC_JSON_END it is LRC_JSON_END again. LRC_ERR_INVALID with line, column and path.
int lrc_json_next(lrc_json_reader *r, lrc_json_type *ret, lrc_err *err);

// Text of the last KEY, STRING or NUMBER: borrowed until the next call; NUL-terminated, but a string may hold NULs.
const char *lrc_json_text(const lrc_json_reader *r, size_t *ret_len);

// After ARRAY, OBJECT or KEY: read past the whole value.
int lrc_json_skip(lrc_json_reader *r, lrc_err *err);

// Where the last event began: line and column (in code points) from 1, byte offset from 0.
void lrc_json_where(const lrc_json_reader *r, size_t *ret_line, size_t *ret_column, size_t *ret_offset);

// ---- Tree ------------------------------------------------------------------------------------------------------------

typedef struct lrc_json_doc lrc_json_doc; // owns all values below

typedef struct lrc_json {
    lrc_json_type type; // NULL … OBJECT
    unsigned line;      // where it began
    unsigned column;
    const char *key;               // name within its object; NULL elsewhere
    const char *text;              // STRING decoded, NUMBER as written; else NULL
    size_t len;                    // bytes of text; for ARRAY and OBJECT the number of children
    struct lrc_json *first, *next; // children in the order of the text
} lrc_json;

int lrc_json_parse(const char *text, size_t n, lrc_json_doc **ret, lrc_err *err);
// A file of at most max_bytes; errors begin with its path.
int lrc_json_load(const char *path, size_t max_bytes, lrc_json_doc **ret, lrc_err *err);
void lrc_json_doc_free(lrc_json_doc *doc);
LRC_DEFINE_FREEP(lrc_json_doc)
#define lrc_auto_json_doc lrc_cleanup(lrc_json_doc_freep)

const lrc_json *lrc_json_root(const lrc_json_doc *doc); // borrowed, never NULL

// Member of an object: the last one of this name, as Python has it. NULL when absent, or `v` is NULL or no object.
const lrc_json *lrc_json_get(const lrc_json *v, const char *key);
const char *lrc_json_type_name(const lrc_json *v); // "a string", "null", … for messages; "missing" for NULL

// Typed members. `need`: absent or null is LRC_ERR_INVALID with the field; else *ret stays as it is. A wrong type is an
// error in both cases. Strings are borrowed from the tree; a NUL inside one is refused.
int lrc_json_str(const lrc_json *obj, const char *key, bool need, const char **ret, lrc_err *err);
int lrc_json_int(const lrc_json *obj, const char *key, bool need, int64_t *ret, lrc_err *err); // also 3.0
int lrc_json_double(const lrc_json *obj, const char *key, bool need, double *ret, lrc_err *err);
int lrc_json_bool(const lrc_json *obj, const char *key, bool need, bool *ret, lrc_err *err);
int lrc_json_object(const lrc_json *obj, const char *key, bool need, const lrc_json **ret, lrc_err *err);
int lrc_json_array(const lrc_json *obj, const char *key, bool need, const lrc_json **ret, lrc_err *err);

// ---- Writer ----------------------------------------------------------------------------------------------------------

// Writes into a buffer, commas and indentation by itself. Failures stay in the buffer (lrc_buf_check). Bytes that are
// not UTF-8 come out as U+FFFD, so the result is always valid JSON.
typedef struct lrc_json_out {
    lrc_buf *buf; // borrowed
    int indent;   // blanks per level; 0 writes one line
    int depth;
    bool first[LRC_JSON_MAX_DEPTH + 1];
    bool after_key;
} lrc_json_out;

void lrc_json_out_init(lrc_json_out *o, lrc_buf *buf, int indent);

void lrc_json_object_begin(lrc_json_out *o);
void lrc_json_object_end(lrc_json_out *o);
void lrc_json_array_begin(lrc_json_out *o);
void lrc_json_array_end(lrc_json_out *o);
void lrc_json_key(lrc_json_out *o, const char *key);

void lrc_json_put_str(lrc_json_out *o, const char *s); // NULL writes null
void lrc_json_put_strn(lrc_json_out *o, const char *s, size_t n);
void lrc_json_put_int(lrc_json_out *o, int64_t v);
void lrc_json_put_double(lrc_json_out *o, double v); // shortest; what JSON has no word for becomes null
void lrc_json_put_bool(lrc_json_out *o, bool v);
void lrc_json_put_null(lrc_json_out *o);
void lrc_json_put_raw(lrc_json_out *o, const char *json);    // a whole value, as it is
void lrc_json_put_value(lrc_json_out *o, const lrc_json *v); // a tree; numbers keep their text

// key and value in one call.
void lrc_json_kstr(lrc_json_out *o, const char *key, const char *s);
void lrc_json_kint(lrc_json_out *o, const char *key, int64_t v);
void lrc_json_kdouble(lrc_json_out *o, const char *key, double v);
void lrc_json_kbool(lrc_json_out *o, const char *key, bool v);

// The one shape of an error: {"success":false,"error":…,"detail":…,"code":…,"field"?:…}, as one value.
void lrc_json_put_error(lrc_json_out *o, const lrc_err *e);
// The same with a member "findings": everything that is wrong, where `e` is the summary. `f` may be NULL.
void lrc_json_put_error_findings(lrc_json_out *o, const lrc_err *e, const lrc_findings *f);
// [{"severity","code","field"?,"file"?,"message","remedy"?}, …]
void lrc_json_put_findings(lrc_json_out *o, const lrc_findings *f);

#endif
