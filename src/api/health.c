// SPDX-License-Identifier: MIT
// health.c - is it alive, what can it do, who may come in.
#include <string.h>

#include "api/api.h"

static int get_health(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "status", "healthy");
    lrc_json_kstr(&out, "version", LORICA_VERSION);
    lrc_json_kbool(&out, "needs_token", lrc_http_needs_token(q));
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int get_endpoints(lrc_http_req *q, lrc_err *err)
{
    size_t count;
    const lrc_http_route *routes = lrc_http_routes(lrc_http_server_of(q), &count);
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "endpoints");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < count; i++) {
        lrc_json_object_begin(&out);
        lrc_json_kstr(&out, "method", routes[i].method);
        lrc_json_kstr(&out, "path", routes[i].path);
        lrc_json_kbool(&out, "open", routes[i].auth == LRC_HTTP_OPEN);
        lrc_json_kbool(&out, "websocket", routes[i].flags & LRC_HTTP_SOCKET);
        lrc_json_kstr(&out, "summary", routes[i].summary);
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int success(lrc_http_req *q, lrc_err *err)
{
    static const char body[] = "{\"success\":true}";
    return lrc_http_answer(q, 200, "application/json", body, strlen(body), err);
}

static int post_login(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const char *token = "";
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "token", true, &token, err) < 0 ||
        lrc_http_login(q, token, err) < 0)
        return -1;
    return success(q, err);
}

static int post_logout(lrc_http_req *q, lrc_err *err)
{
    return lrc_http_logout(q, err) < 0 ? -1 : success(q, err);
}

const lrc_http_route lrc_api_health_routes[] = {
    {"GET", "/api/health", get_health, .auth = LRC_HTTP_OPEN, .flags = LRC_HTTP_INLINE,
     .summary = "Is the server alive?"},
    {"GET", "/api/endpoints", get_endpoints, .summary = "Every route of this server"},
    {"POST", "/api/login", post_login, .auth = LRC_HTTP_OPEN, .summary = "Exchange the token for a session cookie"},
    {"POST", "/api/logout", post_logout, .summary = "End this session"},
    {0},
};
