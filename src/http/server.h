// SPDX-License-Identifier: MIT
// server.h - start and stop the HTTP server. Handlers need http.h and feed.h, not this.
//
// One network thread (libmicrohttpd, epoll), workers made when they are needed, one feed thread for WebSockets and event
// streams. The rules that make this sound are at the top of mhd.c. The caller blocks SIGINT and SIGTERM before start, so
// that no thread of ours gets them, raises RLIMIT_NOFILE, ignores SIGPIPE, and calls stop when it has waited for a signal.
//
// Knows no service: routes, assets, the shape of errors and the place where sessions are kept come in as options.
// Thread rule: start and stop from one thread; the queries from any. May use: base.
#ifndef LRC_HTTP_SERVER_H
#define LRC_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "http/asset.h"
#include "http/http.h"

typedef struct lrc_http_options {
    const char *host; // address to bind; NULL: "127.0.0.1". Any other than loopback needs a token
    uint16_t port;    // 0: a free one
    int listen_fd;    // an open listening socket instead of host and port (taken); 0: none

    const lrc_http_route *routes; // borrowed until stop
    size_t route_count;
    const lrc_http_asset *assets; // the page, borrowed until stop; may be NULL
    size_t asset_count;
    void *app; // for handlers and the callbacks below

    // Write the body of an error answer as JSON. NULL: {"success":false,"error":…}.
    void (*render_error)(void *app, const lrc_err *e, lrc_buf *out);

    const char *token;               // not NULL: token mode
    const lrc_strv *allowed_hosts;   // further names that Host may have; may be NULL
    const lrc_strv *allowed_origins; // origins ("https://x.y") that may call from another host; may be NULL
    const char *sessions;            // what sessions_changed was given last time; NULL: none
    void (*sessions_changed)(void *app, const char *text); // keep it (mode 0600); digests, not cookies

    unsigned workers_max; // 0: 64
    unsigned queue_max;   // requests waiting for a worker; 0: 512. More are 503
    unsigned feeds_max;   // 0: 1024. More are 503
    unsigned plain_max;   // connections beside feeds; 0: 1024
    int timeout_ms;       // a handler's time; 0: 30 s
    int idle_timeout_s;   // of a connection; 0: 60
    int stop_grace_ms;    // for running handlers at stop; 0: 5 s
    int feed_idle_ms;     // 0: 15 s
    int feed_stall_ms;    // a feed's or stream's client that takes nothing; 0: 20 s
} lrc_http_options;

// Copies the texts of the options. Fails with LRC_ERR_CONFLICT when the port is taken, LRC_ERR_INVALID for a route table
// with a mistake, a bad host, or a host that is not loopback without a token.
int lrc_http_start(const lrc_http_options *options, lrc_http_server **ret, lrc_err *err);

// No new connections; running handlers get their grace, then everything ends and is freed. NULL is allowed.
void lrc_http_stop(lrc_http_server *s);

uint16_t lrc_http_port(const lrc_http_server *s);
const char *lrc_http_host(const lrc_http_server *s);

typedef struct lrc_http_stats {
    uint64_t requests; // since the start
    unsigned live;     // requests that are not finished
    unsigned waiting;  // for a worker
    unsigned workers;  // threads that exist now
    unsigned feeds;    // WebSockets and event streams
} lrc_http_stats;

void lrc_http_get_stats(lrc_http_server *s, lrc_http_stats *ret);

#endif
