// SPDX-License-Identifier: MIT
// http.h - what a handler sees: routes as a table, the request, its body, the answer.
//
// A route is one row: method, path, handler, and how it runs. The server has judged framing, door (Host, Origin) and
// token, decoded the path once and read the body (up to the row's limit) before the handler runs. The handler parses,
// calls one service and answers; on failure it returns -1 with *err and the server renders the error in the one shape.
//
//     static int get_job(lrc_http_req *q, lrc_err *err)
//     {
//         struct app *app = lrc_http_app(q);
//         int64_t limit = 500;
//         lrc_auto_buf lrc_buf text;
//         lrc_buf_init(&text, LRC_HTTP_JSON_MAX);
//         if (lrc_http_query_int(q, "limit", 0, 10000, &limit, err) < 0 ||
//             job_to_json(app->jobs, lrc_http_param(q, "id"), limit, &text, err) < 0)
//             return -1;
//         return lrc_http_answer_json(q, 200, &text, err);
//     }
//     static const lrc_http_route routes[] = {
//         {"GET", "/api/jobs/{id}", get_job, .summary = "One job"},
//         {"GET", "/api/health", get_health, .auth = LRC_HTTP_OPEN, .flags = LRC_HTTP_INLINE, .summary = "Alive?"},
//         {"PUT", "/api/upload/{name}", put_file, .flags = LRC_HTTP_STREAMED, .body_limit = 1 << 30, .summary = "…"},
//         {"GET", "/ws/jobs/{id}/logs", follow, .flags = LRC_HTTP_SOCKET, .summary = "Log lines (feed.h)"},
//     };
//
// Data rules: everything a query function returns is borrowed until the handler returns. A handler answers exactly once.
// Thread rule: a request belongs to the one thread that runs its handler (a worker, or with LRC_HTTP_INLINE the network
// thread, which must never block). Several handlers run at the same time. May use: base.
#ifndef LRC_HTTP_HTTP_H
#define LRC_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/asset.h"

#define LRC_HTTP_BODY_DEFAULT ((size_t)1 << 20)  // body_limit 0 means this
#define LRC_HTTP_JSON_MAX     ((size_t)64 << 20) // a good maximum for a buffer that becomes an answer
#define LRC_HTTP_PARAMS_MAX   8                  // {names} in one path

typedef struct lrc_http_server lrc_http_server;
typedef struct lrc_http_req lrc_http_req;

// ---- Routes ----------------------------------------------------------------------------------------------------------

// Returns 0 after exactly one lrc_http_answer…(), or -1 with *err.
typedef int lrc_http_handler(lrc_http_req *q, lrc_err *err);

typedef enum {
    LRC_HTTP_TOKEN, // needs the token or a session where the server asks for one
    LRC_HTTP_OPEN,  // never needs one: health, login
} lrc_http_auth;

enum {
    LRC_HTTP_INLINE = 1 << 0,   // answers from memory within microseconds: no worker, no blocking call
    LRC_HTTP_STREAMED = 1 << 1, // starts at once; the handler pulls the body with lrc_http_body_read()
    LRC_HTTP_SOCKET = 1 << 2,   // a WebSocket: answers with lrc_http_answer_feed() only
    LRC_HTTP_EVENTS = 1 << 3,   // server-sent events: answers with lrc_http_answer_feed() only
};

typedef struct lrc_http_route {
    const char *method; // GET POST PUT PATCH DELETE; GET answers HEAD too, OPTIONS and 405 come by themselves
    const char *path;   // "/api/jobs/{id}/logs"; a last "{path...}" takes the rest, slashes included
    lrc_http_handler *handle;
    lrc_http_auth auth;
    unsigned flags;
    size_t body_limit;   // bytes; 0 is LRC_HTTP_BODY_DEFAULT; more is 413 before the handler runs
    int timeout_ms;      // 0: the server's; -1: none. Work that takes longer belongs into a job
    const char *summary; // one line, for GET /api/endpoints
} lrc_http_route;

// The table that the server was started with.
const lrc_http_route *lrc_http_routes(const lrc_http_server *s, size_t *ret_count);

// ---- Request ---------------------------------------------------------------------------------------------------------

void *lrc_http_app(const lrc_http_req *q); // options.app
lrc_http_server *lrc_http_server_of(const lrc_http_req *q);
const lrc_http_route *lrc_http_route_of(const lrc_http_req *q);
const char *lrc_http_method(const lrc_http_req *q); // "GET" also for HEAD
const char *lrc_http_path(const lrc_http_req *q);   // decoded once; valid UTF-8 without NUL

// Value of {name} in the path, decoded once: it may hold '/' and "..": check it (lrc_path_check_name, base/root.h). A name
// that the route does not have is our own mistake (assert).
const char *lrc_http_param(const lrc_http_req *q, const char *name);

// First value of `name` in the query, decoded; NULL when absent, "" for "?name" and "?name=".
const char *lrc_http_query(const lrc_http_req *q, const char *name);
// Absent leaves *ret as it is; what is no whole number within [min, max] is LRC_ERR_INVALID with the field.
int lrc_http_query_int(const lrc_http_req *q, const char *name, int64_t min, int64_t max, int64_t *ret, lrc_err *err);
int lrc_http_query_bool(const lrc_http_req *q, const char *name, bool *ret, lrc_err *err);        // true|false|1|0
int lrc_http_query_need(const lrc_http_req *q, const char *name, const char **ret, lrc_err *err); // present, not ""

// First header of this name (any case), NULL when absent. Obsolete line folding is undone by the library.
const char *lrc_http_header(const lrc_http_req *q, const char *name);

// true when the comma-separated Accept header names `type` ("text/event-stream"); parameters and order are not judged.
bool lrc_http_accepts(const lrc_http_req *q, const char *type);

// true once nobody waits for the answer: client gone, deadline over, server stopping. Long loops ask and return
// LRC_ERR_CANCELLED. Any thread.
bool lrc_http_cancelled(const lrc_http_req *q);

// ---- Body ------------------------------------------------------------------------------------------------------------

// The whole body: *ret_len bytes and a NUL that is not counted. Not on a LRC_HTTP_STREAMED route (assert).
const char *lrc_http_body(const lrc_http_req *q, size_t *ret_len);

// Content-Length; -1 when the client does not say (chunked).
int64_t lrc_http_body_length(const lrc_http_req *q);

// Up to `n` bytes into `out`; *ret 0 is the end. Waits for the client, which is held back when we are slower. Fails with
// LRC_ERR_CANCELLED when the client is gone, LRC_ERR_LIMIT beyond the route's limit. Works on every route.
int lrc_http_body_read(lrc_http_req *q, void *out, size_t n, size_t *ret, lrc_err *err);

// ---- Answer ----------------------------------------------------------------------------------------------------------

// `bytes` are copied. Texts and JSON are sent gzipped when that is shorter and the client takes it.
int lrc_http_answer(lrc_http_req *q, int status, const char *type, const void *bytes, size_t n, lrc_err *err);

// As above, taking what the buffer holds; a failure kept in the buffer is reported.
int lrc_http_answer_buf(lrc_http_req *q, int status, const char *type, lrc_buf *bytes, lrc_err *err);
int lrc_http_answer_json(lrc_http_req *q, int status, lrc_buf *json, lrc_err *err);

int lrc_http_answer_empty(lrc_http_req *q, int status, lrc_err *err);
int lrc_http_answer_redirect(lrc_http_req *q, int status, const char *location, lrc_err *err);

// A file that lies inside the program, as the page's are answered: packed where the client takes it, 304 where it has it.
int lrc_http_answer_asset(lrc_http_req *q, const lrc_http_asset *asset, lrc_err *err);

typedef struct lrc_http_file {
    const char *type;    // NULL: by the suffix of `name`; what could run as a page becomes text/plain
    const char *name;    // for the type and the download name
    bool download;       // Content-Disposition: attachment
    const char *caching; // Cache-Control; NULL is "private, no-cache": kept, asked about every time
    const char *tag;     // ETag without quotes; NULL: from size and mtime
} lrc_http_file;

// A regular file, sent by the kernel. Takes `fd`, also on failure. Range (one), If-Range, If-None-Match and
// If-Modified-Since are honoured; the length is that of this moment (a growing log ends there).
int lrc_http_answer_file(lrc_http_req *q, int fd, const lrc_http_file *file, lrc_err *err);

// A long answer made piece by piece (a zip, an export), on a worker: begin, write …, then return 0 from the handler;
// returning -1 cuts the connection, so that the client sees a torn answer and not a short one. A write waits for the
// client and fails with LRC_ERR_CANCELLED when it is gone or takes nothing for a while. The connection closes at the end.
int lrc_http_stream_begin(lrc_http_req *q, int status, const char *type, lrc_err *err);
int lrc_http_stream_write(lrc_http_req *q, const void *bytes, size_t n, lrc_err *err);

// Another header for the answer, before or after lrc_http_answer…(), also for errors. Copies. LRC_ERR_INVALID for a
// control character in the value; for file names use lrc_http_set_download().
int lrc_http_set_header(lrc_http_req *q, const char *name, const char *value, lrc_err *err);
int lrc_http_set_download(lrc_http_req *q, const char *file_name, lrc_err *err); // attachment; ASCII and UTF-8 names

// ---- Login (token mode) ------------------------------------------------------------------------------------------------

// Compare the token in constant time; right: a session is made and its cookie (HttpOnly, SameSite=Strict, 30 days) goes
// with the answer. LRC_ERR_AUTH, or LRC_ERR_RATE after too many failures. Without token mode every token is right.
int lrc_http_login(lrc_http_req *q, const char *token, lrc_err *err);
// Revoke this request's session, if there is one, and expire its cookie.
int lrc_http_logout(lrc_http_req *q, lrc_err *err);
bool lrc_http_needs_token(const lrc_http_req *q); // the server is in token mode

#endif
