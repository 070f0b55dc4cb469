// SPDX-License-Identifier: MIT
// uri.h - request targets: percent-decoding, exactly once, and the query string.
//
// Refused everywhere: a '%' without two hex digits, a decoded NUL, decoded bytes that are not UTF-8. Pure functions, any
// thread. May use: base.
#ifndef LRC_HTTP_URI_H
#define LRC_HTTP_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

#define LRC_URI_QUERY_MAX 64 // name=value pairs

// Decode s[0..n) into `out` (at least n + 1 bytes), with '+' as a blank where `plus`. *ret_len without the NUL.
int lrc_uri_decode(const char *s, size_t n, bool plus, char *out, size_t *ret_len, lrc_err *err);

typedef struct lrc_uri_pair {
    const char *name;
    const char *value;
} lrc_uri_pair;

typedef struct lrc_uri_query {
    lrc_uri_pair *item; // one allocation, the texts behind the pairs
    size_t count;
} lrc_uri_query;

// `s` is what follows the '?'. Names and values are decoded; "a" is a = "". LRC_ERR_INVALID, also above the maximum.
int lrc_uri_query_parse(const char *s, lrc_uri_query *ret, lrc_err *err);
void lrc_uri_query_done(lrc_uri_query *q);
const char *lrc_uri_query_get(const lrc_uri_query *q, const char *name); // the first; NULL when absent

// RFC 5987 form of `s` for "filename*=UTF-8''…": out needs 3 * strlen(s) + 1 bytes.
void lrc_uri_encode(const char *s, char *out);

#endif
