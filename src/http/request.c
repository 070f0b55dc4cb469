// SPDX-License-Identifier: MIT
// A request from its head to its handler: who may, which route, and what the handler can ask.
#include "http/internal.h"

#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/log.h"

lrc_http_req *lrc_http_req_new(lrc_http_server *s, const char *target)
{
    const size_t n = strlen(target) + 1;
    lrc_http_req *q = malloc(sizeof *q + n);
    if (!q)
        return NULL;
    memset(q, 0, sizeof *q);
    q->target = memcpy(q + 1, target, n);
    q->s = s;
    atomic_init(&q->refs, 1);
    atomic_init(&q->cancelled, false);
    q->reply.fd = -1;
    lrc_buf_init(&q->body, 0);
    return q;
}

void lrc_http_req_ref(lrc_http_req *q)
{
    atomic_fetch_add(&q->refs, 1);
}

void lrc_http_req_slim(lrc_http_req *q)
{
    free(lrc_take(q->head));
    q->headers = (lrc_http_headers){0};
    lrc_http_match_done(&q->match);
    lrc_uri_query_done(&q->query);
    lrc_buf_done(&q->body);
    lrc_http_reply_done(&q->reply);
}

void lrc_http_req_unref(lrc_http_req *q)
{
    if (!q || atomic_fetch_sub(&q->refs, 1) != 1)
        return;
    lrc_http_req_slim(q);
    lrc_http_ring_free(q->ring);
    free(q);
}

// ---- Admission ---------------------------------------------------------------------------------------------------------

static const char *header(const lrc_http_req *q, const char *name)
{
    return lrc_http_headers_get(&q->headers, name);
}

// The asset that a GET without a route means: its own, or the page for an address inside the page.
static const lrc_http_asset *find_asset(const lrc_http_req *q)
{
    const lrc_http_options *o = &q->s->o;
    const char *path = q->match.path;
    if ((q->verb != LRC_METHOD_GET && q->verb != LRC_METHOD_HEAD) || lrc_str_starts(path, "/api/") ||
        lrc_str_starts(path, "/ws/"))
        return NULL;
    const lrc_http_asset *found = lrc_http_asset_find(o->assets, o->asset_count, path);
    const char *accept = header(q, "Accept");
    if (!found && (strcmp(path, "/") == 0 || (accept && strstr(accept, "text/html"))))
        found = lrc_http_asset_find(o->assets, o->asset_count, "/index.html");
    return found;
}

static int check_token(lrc_http_req *q, lrc_err *err)
{
    const bool open = q->asset || (q->match.route && q->match.route->auth == LRC_HTTP_OPEN);
    if (!lrc_http_gate_needed(q->s->gate))
        return 0;
    // An open route does not ask, but logout wants to know which session this is.
    const int result =
        lrc_http_gate_check(q->s->gate, &q->peer, open ? NULL : header(q, "Authorization"), header(q, "Cookie"),
                            q->s->cookie_name, lrc_clock_now_ms(), &q->session, open ? NULL : err);
    return open ? 0 : result;
}

static int check_door(const lrc_http_req *q, lrc_err *err)
{
    const lrc_http_caller caller = {
        .page = q->asset,
        .has_body = q->framing.length != 0,
        .streamed = q->match.route && q->match.route->flags & LRC_HTTP_STREAMED,
        .host = header(q, "Host"),
        .origin = header(q, "Origin"),
        .fetch_site = header(q, "Sec-Fetch-Site"),
        .content_type = header(q, "Content-Type"),
    };
    return lrc_http_door_check(&q->s->door, &caller, err);
}

static int check_method(lrc_http_req *q, lrc_err *err)
{
    if (q->match.route || q->asset)
        return 0;
    if (!q->match.allow)
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is nothing at '%s'", q->match.path);
    char allow[LRC_HTTP_ALLOW_SIZE];
    lrc_http_allow_text(q->match.allow, allow);
    if (lrc_http_reply_header(&q->reply, "Allow", allow, err) < 0)
        return -1;
    if (q->verb == LRC_METHOD_OPTIONS)
        return 0;
    return lrc_fail(err, LRC_ERR_METHOD, "'%s' can be asked with %s only", q->match.path, allow);
}

// A page from an allowed origin may read what we answer; all others never get here with an Origin that is not ours.
static int allow_origin(lrc_http_req *q, lrc_err *err)
{
    const char *origin = header(q, "Origin");
    if (!origin || !lrc_http_door_origin_allowed(&q->s->door, origin))
        return 0;
    if (lrc_http_reply_header(&q->reply, "Access-Control-Allow-Origin", origin, err) < 0 ||
        lrc_http_reply_header(&q->reply, "Vary", "Origin", err) < 0)
        return -1;
    if (q->verb != LRC_METHOD_OPTIONS)
        return 0;
    const char *allow = lrc_http_reply_get_header(&q->reply, "Allow");
    const char *headers = "Authorization, Content-Type, Range, Last-Event-ID";
    if (allow && lrc_http_reply_header(&q->reply, "Access-Control-Allow-Methods", allow, err) < 0)
        return -1;
    return lrc_http_reply_header(&q->reply, "Access-Control-Allow-Headers", headers, err);
}

static int check_socket(lrc_http_req *q, lrc_err *err)
{
    if (!(q->match.route->flags & LRC_HTTP_SOCKET))
        return 0;
    const char *key = header(q, "Sec-WebSocket-Key");
    const char *version = header(q, "Sec-WebSocket-Version");
    if (q->old || q->verb != LRC_METHOD_GET || !lrc_http_list_has(header(q, "Upgrade"), "websocket") ||
        !lrc_http_list_has(header(q, "Connection"), "upgrade"))
        return lrc_fail(err, LRC_ERR_INVALID, "WebSocket upgrade required");
    if (!version || strcmp(version, "13") != 0) {
        if (lrc_http_reply_header(&q->reply, "Sec-WebSocket-Version", "13", err) < 0)
            return -1;
        return lrc_fail(err, LRC_ERR_INVALID, "only version 13 of WebSocket is spoken here");
    }
    if (!key || strlen(key) != 24)
        return lrc_fail(err, LRC_ERR_INVALID, "Sec-WebSocket-Key is missing or not 16 bytes of Base64");
    return 0;
}

static size_t body_limit(const lrc_http_req *q)
{
    const size_t limit = q->match.route ? q->match.route->body_limit : 0;
    return limit ? limit : LRC_HTTP_BODY_DEFAULT;
}

static int check_body(lrc_http_req *q, lrc_err *err)
{
    const char *expect = header(q, "Expect");
    if (expect && !lrc_ascii_same(expect, "100-continue"))
        return lrc_fail(err, LRC_ERR_INVALID, "Expect: %s is not understood", expect);
    const size_t limit = body_limit(q);
    if (q->framing.length > 0 && (uint64_t)q->framing.length > limit) {
        char size[16];
        lrc_str_bytes(limit, size);
        return lrc_fail(err, LRC_ERR_LIMIT, "the body is larger than the %s that are taken here", size);
    }
    lrc_buf_init(&q->body, limit);
    return 0;
}

int lrc_http_admit(lrc_http_req *q, lrc_err *err)
{
    char *query = strchr(q->target, '?');
    if (query)
        *query++ = '\0';
    if (lrc_http_router_find(q->s->router, q->verb, q->target, &q->match, err) < 0)
        return -1;
    if (!q->match.allow)
        q->asset = find_asset(q);
    // Who may not call learns nothing about what exists.
    if (check_door(q, err) < 0 || (q->verb != LRC_METHOD_OPTIONS && check_token(q, err) < 0) ||
        check_method(q, err) < 0 || allow_origin(q, err) < 0 || check_body(q, err) < 0)
        return -1;
    if (query && lrc_uri_query_parse(query, &q->query, err) < 0)
        return -1;
    return q->match.route ? check_socket(q, err) : 0;
}

void lrc_http_run(lrc_http_req *q)
{
    lrc_err err = LRC_ERR_INIT;
    if (q->match.route->handle(q, &err) < 0) {
        q->failed = true;
        if (lrc_err_http_status(err.code) >= 500 && err.code != LRC_ERR_BUSY && err.code != LRC_ERR_NOT_BUILT)
            lrc_log(LRC_LOG_WARN, "%s %s: %s", q->match.route->method, q->match.path, err.msg);
        if (q->reply.kind != LRC_REPLY_STREAM)
            lrc_http_reply_error(q->s, &q->reply, &err);
        return;
    }
    assert(q->reply.kind != LRC_REPLY_NONE); // a handler answers once
}

// ---- What a handler asks -----------------------------------------------------------------------------------------------

void *lrc_http_app(const lrc_http_req *q)
{
    return q->s->o.app;
}

lrc_http_server *lrc_http_server_of(const lrc_http_req *q)
{
    return q->s;
}

const lrc_http_route *lrc_http_route_of(const lrc_http_req *q)
{
    return q->match.route;
}

const lrc_http_route *lrc_http_routes(const lrc_http_server *s, size_t *ret_count)
{
    *ret_count = s->o.route_count;
    return s->o.routes;
}

const char *lrc_http_method(const lrc_http_req *q)
{
    return q->match.route->method;
}

const char *lrc_http_path(const lrc_http_req *q)
{
    return q->match.path;
}

const char *lrc_http_param(const lrc_http_req *q, const char *name)
{
    const char *value = lrc_http_match_param(&q->match, name);
    assert(value);
    return value;
}

const char *lrc_http_query(const lrc_http_req *q, const char *name)
{
    return lrc_uri_query_get(&q->query, name);
}

int lrc_http_query_int(const lrc_http_req *q, const char *name, int64_t min, int64_t max, int64_t *ret, lrc_err *err)
{
    const char *text = lrc_http_query(q, name);
    int64_t value;
    if (!text)
        return 0;
    if (!lrc_str_to_i64(text, &value) || value < min || value > max)
        return lrc_fail_field(err, LRC_ERR_INVALID, name, "%s must be a whole number from %lld to %lld", name,
                              (long long)min, (long long)max);
    *ret = value;
    return 0;
}

int lrc_http_query_bool(const lrc_http_req *q, const char *name, bool *ret, lrc_err *err)
{
    const char *text = lrc_http_query(q, name);
    if (!text)
        return 0;
    const bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, name, "%s must be true or false", name);
    *ret = yes;
    return 0;
}

int lrc_http_query_need(const lrc_http_req *q, const char *name, const char **ret, lrc_err *err)
{
    const char *text = lrc_http_query(q, name);
    if (!text || !*text)
        return lrc_fail_field(err, LRC_ERR_INVALID, name, "Missing %s parameter", name);
    *ret = text;
    return 0;
}

const char *lrc_http_header(const lrc_http_req *q, const char *name)
{
    return header(q, name);
}

bool lrc_http_accepts(const lrc_http_req *q, const char *type)
{
    return lrc_http_list_has(header(q, "Accept"), type);
}

bool lrc_http_cancelled(const lrc_http_req *q)
{
    return atomic_load_explicit(&q->cancelled, memory_order_relaxed);
}

const char *lrc_http_body(const lrc_http_req *q, size_t *ret_len)
{
    assert(!q->ring);
    *ret_len = q->body.len;
    return q->body.data;
}

int64_t lrc_http_body_length(const lrc_http_req *q)
{
    return q->framing.length;
}

// ---- Login -------------------------------------------------------------------------------------------------------------

bool lrc_http_needs_token(const lrc_http_req *q)
{
    return lrc_http_gate_needed(q->s->gate);
}

static int set_cookie(lrc_http_req *q, const char *value, int64_t age_s, lrc_err *err)
{
    char text[256];
    snprintf(text, sizeof text, "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict", q->s->cookie_name, value,
             (long long)age_s);
    return lrc_http_set_header(q, "Set-Cookie", text, err);
}

static void keep_sessions(lrc_http_req *q)
{
    const lrc_http_options *o = &q->s->o;
    if (!o->sessions_changed)
        return;
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, 1 << 20);
    lrc_http_gate_save(q->s->gate, &text);
    if (lrc_buf_check(&text, "sessions", NULL) == 0)
        o->sessions_changed(o->app, text.data);
}

int lrc_http_login(lrc_http_req *q, const char *token, lrc_err *err)
{
    char cookie[LRC_HTTP_COOKIE_SIZE];
    if (lrc_http_gate_login(q->s->gate, &q->peer, token, lrc_clock_now_ms(), cookie, err) < 0 ||
        set_cookie(q, cookie, LRC_HTTP_SESSION_MS / 1000, err) < 0)
        return -1;
    keep_sessions(q);
    return 0;
}

int lrc_http_logout(lrc_http_req *q, lrc_err *err)
{
    lrc_http_gate_revoke(q->s->gate, &q->session);
    if (set_cookie(q, "", 0, err) < 0)
        return -1;
    keep_sessions(q);
    return 0;
}
