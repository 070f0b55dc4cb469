// SPDX-License-Identifier: MIT
#include "http/door.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/ascii.h"
#include "http/guard.h"

#define NAME_SIZE 256

// "Name:80", "[::1]:3000", "name" -> lower-case name without brackets, and the port ("" when none). false: too long.
static bool split_host(const char *host, char name[static NAME_SIZE], const char **ret_port)
{
    const char *end = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
    if (host[0] == '[')
        host++;
    const size_t n = end ? (size_t)(end - host) : strlen(host);
    if (n >= NAME_SIZE)
        return false;
    for (size_t i = 0; i < n; i++)
        name[i] = lrc_ascii_lower(host[i]);
    name[n] = '\0';
    const char *colon = end ? strchr(end, ':') : NULL;
    *ret_port = colon ? colon + 1 : "";
    return true;
}

bool lrc_http_is_loopback(const char *host)
{
    struct in_addr four;
    if (lrc_ascii_same(host, "localhost") || strcmp(host, "::1") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

static bool host_listed(const lrc_strv *list, const char *host, const char *name)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (lrc_ascii_same(list->item[i], host) || lrc_ascii_same(list->item[i], name))
            return true;
    return false;
}

static int check_host(const lrc_http_door *door, const char *host, lrc_err *err)
{
    char name[NAME_SIZE], own[NAME_SIZE];
    const char *port;
    if (door->token_mode)
        return 0;
    if (!split_host(host, name, &port))
        return lrc_fail(err, LRC_ERR_DENIED, "the Host header is too long");
    const bool is_own = split_host(door->bind_host, own, &port) && strcmp(name, own) == 0;
    if (is_own || lrc_http_is_loopback(name) || host_listed(door->hosts, host, name))
        return 0;
    return lrc_fail(err, LRC_ERR_DENIED,
                    "this server is not called '%s'; if it should be, add that name to the setting allowed_hosts",
                    name);
}

bool lrc_http_door_origin_allowed(const lrc_http_door *door, const char *origin)
{
    for (size_t i = 0; door->origins && i < door->origins->count; i++)
        if (lrc_ascii_same(door->origins->item[i], origin))
            return true;
    return false;
}

// Origin's host:port is Host; the port that its scheme implies may be missing on either side.
static bool same_origin(const char *origin, const char *host)
{
    const char *sep = strstr(origin, "://");
    if (!sep)
        return false; // "null"
    const char *implied = lrc_str_starts(origin, "https:") ? "443" : "80";
    char a[NAME_SIZE], b[NAME_SIZE];
    const char *a_port, *b_port;
    if (!split_host(sep + 3, a, &a_port) || !split_host(host, b, &b_port) || strcmp(a, b) != 0)
        return false;
    return strcmp(*a_port ? a_port : implied, *b_port ? b_port : implied) == 0;
}

static int check_type(const lrc_http_caller *c, lrc_err *err)
{
    const char *type = c->content_type ? c->content_type : "";
    const bool json = lrc_http_list_has(type, "application/json");
    const bool upload = lrc_http_list_has(type, "application/octet-stream") ||
                        lrc_http_list_has(type, "application/zip") || lrc_http_list_has(type, "multipart/form-data") ||
                        lrc_str_starts(type, "image/");
    if (json || (c->streamed && upload))
        return 0;
    return lrc_fail(err, LRC_ERR_MEDIA_TYPE, "a web page may send %s here, not '%s'",
                    c->streamed ? "JSON or a file" : "application/json", type);
}

int lrc_http_door_check(const lrc_http_door *door, const lrc_http_caller *c, lrc_err *err)
{
    if (check_host(door, c->host, err) < 0)
        return -1;
    if (c->page)
        return 0;
    const bool allowed = c->origin && lrc_http_door_origin_allowed(door, c->origin);
    if (c->origin && !allowed && !same_origin(c->origin, c->host))
        return lrc_fail(
            err, LRC_ERR_DENIED,
            "a page from '%s' may not call this server; if it should, add it to the setting allowed_origins",
            c->origin);
    if (c->fetch_site && !allowed && strcmp(c->fetch_site, "same-origin") != 0 && strcmp(c->fetch_site, "none") != 0)
        return lrc_fail(err, LRC_ERR_DENIED, "a page from another site may not call this server");
    return c->origin && c->has_body ? check_type(c, err) : 0;
}
