// SPDX-License-Identifier: MIT
// door.h - who may call: the rule that lets plain curl in and keeps a foreign web page out.
//
// One function for requests and for WebSocket upgrades.
//   Host       a loopback name, the bind address or an allowed host; with a token any (the token judges then). Port aside.
//              This is what stops DNS rebinding.
//   the page   GET and HEAD of the page and its assets are judged by Host alone, so that links from elsewhere work.
//   Origin     if present, its host:port equals Host (scheme aside: TLS may end at a proxy), or it is an allowed origin.
//   Sec-Fetch-Site  if present, "same-origin" or "none", unless the Origin is an allowed one.
//   Content-Type    of a body, judged only where an Origin is present: JSON or an upload type, never what an HTML form or a
//              "simple" cross-site request could send by itself. multipart/form-data only on routes that stream.
// With neither Origin nor Sec-Fetch-Site it is not a browser: allowed. Pure function, any thread. May use: base.
#ifndef LRC_HTTP_DOOR_H
#define LRC_HTTP_DOOR_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

typedef struct lrc_http_door {
    const char *bind_host;
    bool token_mode;
    const lrc_strv *hosts;   // "name" or "name:port"; may be NULL
    const lrc_strv *origins; // "https://name[:port]"; may be NULL
} lrc_http_door;

typedef struct lrc_http_caller {
    bool page;     // GET or HEAD of the page or an asset
    bool has_body; // with at least one byte
    bool streamed; // the route takes uploads
    const char *host;
    const char *origin;     // NULL: absent, as below
    const char *fetch_site; // Sec-Fetch-Site
    const char *content_type;
} lrc_http_caller;

// LRC_ERR_DENIED or LRC_ERR_MEDIA_TYPE.
int lrc_http_door_check(const lrc_http_door *door, const lrc_http_caller *caller, lrc_err *err);

bool lrc_http_door_origin_allowed(const lrc_http_door *door, const char *origin); // one of door->origins
bool lrc_http_is_loopback(const char *host); // "localhost", 127.0.0.0/8, "::1" (also in brackets); no port

#endif
