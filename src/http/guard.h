// SPDX-License-Identifier: MIT
// guard.h - is this request framed so that everybody between the client and us reads it the same way?
//
// Judged before any handler: two readings of where a request ends are how requests are smuggled past a proxy. NUL bytes,
// bare line feeds and folded header lines are not visible here (the library has already read them): a proxy in front must
// be strict about those. Pure functions, any thread. May use: base.
#ifndef LRC_HTTP_GUARD_H
#define LRC_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LRC_HTTP_HEADERS_MAX 100

typedef struct lrc_http_field {
    const char *name;
    const char *value;
} lrc_http_field;

typedef struct lrc_http_headers {
    const lrc_http_field *item;
    size_t count;
} lrc_http_headers;

// First of this name in any ASCII case; NULL when absent.
const char *lrc_http_headers_get(const lrc_http_headers *h, const char *name);

// true when the comma-separated list `value` (may be NULL) has `token`, in any case; parameters after ';' are ignored,
// but an item with ";q=0" does not count.
bool lrc_http_list_has(const char *value, const char *token);

typedef struct lrc_http_framing {
    int64_t length; // of the body; -1: chunked; 0: none
} lrc_http_framing;

// LRC_ERR_INVALID, to be answered with 400 and Connection: close, for: a version other than 1.0 and 1.1; a target that is
// not a path; a header name that is not a token (a blank in it) or a control character in a value; no or two Host; two
// Content-Length, or one that is not a number; Transfer-Encoding other than one "chunked", with Content-Length, or in 1.0.
int lrc_http_guard(const char *version, const char *target, const lrc_http_headers *h, lrc_http_framing *ret,
                   lrc_err *err);

#endif
