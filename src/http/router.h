// SPDX-License-Identifier: MIT
// router.h - from method and raw path to a row of the route table.
//
// The path is split at its raw slashes first and each part is decoded once afterwards, so an encoded slash never makes a
// new part: it ends up inside a {name}. Words win over {names}, {names} over a last {rest...}; a {name} is never empty; one
// slash at the end is overlooked. Built once, then read-only: any thread. May use: base, uri.
#ifndef LRC_HTTP_ROUTER_H
#define LRC_HTTP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "http/http.h"

typedef enum {
    LRC_METHOD_GET,
    LRC_METHOD_HEAD,
    LRC_METHOD_POST,
    LRC_METHOD_PUT,
    LRC_METHOD_PATCH,
    LRC_METHOD_DELETE,
    LRC_METHOD_OPTIONS,
    LRC_METHOD_OTHER,
} lrc_http_verb;

lrc_http_verb lrc_http_verb_of(const char *method); // case-sensitive, as methods are

typedef struct lrc_http_router lrc_http_router;

// `routes` is borrowed. LRC_ERR_INVALID names the row: a method we do not know, a path without '/', a {rest...} that is not
// last, too many {names}, two rows for one method and path, a row without a handler.
int lrc_http_router_new(const lrc_http_route *routes, size_t count, lrc_http_router **ret, lrc_err *err);
void lrc_http_router_free(lrc_http_router *r);
LRC_DEFINE_FREEP(lrc_http_router)
#define lrc_auto_http_router lrc_cleanup(lrc_http_router_freep)

typedef struct lrc_http_match {
    const lrc_http_route *route; // NULL: no such path, or not with this method
    unsigned allow;              // bits 1 << verb of the methods this path has; 0: no such path
    char *text;                  // owns what follows
    const char *path;            // the whole path, decoded
    size_t param_count;
    const char *param[LRC_HTTP_PARAMS_MAX]; // values, in the order of the path
} lrc_http_match;

// `path` is the raw path without the query. HEAD finds GET's row where it has none of its own. LRC_ERR_INVALID when the
// path does not decode; not finding a route is not a failure.
int lrc_http_router_find(const lrc_http_router *r, lrc_http_verb verb, const char *path, lrc_http_match *ret,
                         lrc_err *err);
void lrc_http_match_done(lrc_http_match *m);
const char *lrc_http_match_param(const lrc_http_match *m, const char *name); // NULL when the route has no such {name}

// "GET, HEAD, OPTIONS" for the Allow header, of the bits in `allow`.
#define LRC_HTTP_ALLOW_SIZE 64
void lrc_http_allow_text(unsigned allow, char out[static LRC_HTTP_ALLOW_SIZE]);

#endif
