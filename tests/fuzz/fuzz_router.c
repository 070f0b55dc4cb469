// SPDX-License-Identifier: MIT
// module: http
// Any request target: the router and the query take it or refuse it, and what they give is valid UTF-8 without NUL.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "http/router.h"
#include "http/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int none(lrc_http_req *q, lrc_err *err)
{
    (void)q;
    (void)err;
    return 0;
}

static const lrc_http_route routes[] = {
    {"GET", "/", none},
    {"GET", "/api/jobs", none},
    {"POST", "/api/jobs", none},
    {"GET", "/api/jobs/{id}", none},
    {"GET", "/api/jobs/{id}/logs", none},
    {"GET", "/api/files/list", none},
    {"GET", "/api/files/{path...}", none},
    {"PUT", "/api/a/{b}/{c}/{d}", none},
};

static void check_text(const char *s)
{
    assert(lrc_utf8_valid(s, strlen(s)));
}

static void find(const lrc_http_router *router, const char *path)
{
    for (int verb = LRC_METHOD_GET; verb <= LRC_METHOD_OTHER; verb++) {
        lrc_http_match m;
        if (lrc_http_router_find(router, (lrc_http_verb)verb, path, &m, NULL) < 0)
            return;
        check_text(m.path);
        for (size_t i = 0; i < m.param_count; i++)
            check_text(m.param[i]);
        if (m.route && strchr(m.route->path, '{'))
            assert(m.param_count > 0);
        lrc_http_match_done(&m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static lrc_http_router *router;
    if (!router && lrc_http_router_new(routes, sizeof routes / sizeof routes[0], &router, NULL) < 0)
        abort();
    char *target = malloc(n + 1);
    if (!target)
        return 0;
    memcpy(target, data, n);
    target[n] = '\0';
    char *query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    find(router, target);
    lrc_uri_query q;
    if (query && lrc_uri_query_parse(query, &q, NULL) == 0) {
        for (size_t i = 0; i < q.count; i++) {
            check_text(q.item[i].name);
            check_text(q.item[i].value);
            assert(lrc_uri_query_get(&q, q.item[i].name));
        }
        lrc_uri_query_done(&q);
    }
    free(target);
    return 0;
}
