// SPDX-License-Identifier: MIT
// The server object: options and their defaults, what it owns, what it tells.
#include "http/internal.h"

#include <string.h>

#include "base/clock.h"

static unsigned or_unsigned(unsigned given, unsigned initial)
{
    return given ? given : initial;
}

static int or_int(int given, int initial)
{
    return given ? given : initial;
}

static int copy_list(const lrc_strv *from, const lrc_strv **ret, lrc_err *err)
{
    lrc_strv *list = calloc(1, sizeof *list);
    if (!list)
        return lrc_fail_memory(err);
    *ret = list;
    for (size_t i = 0; from && i < from->count; i++)
        if (lrc_strv_push(list, from->item[i], err) < 0)
            return -1;
    return 0;
}

static void free_list(const lrc_strv *list)
{
    lrc_strv *own = (lrc_strv *)(uintptr_t)list;
    if (own)
        lrc_strv_done(own);
    free(own);
}

// Texts become copies; zeros become the defaults of server.h.
static int copy_options(const lrc_http_options *o, lrc_http_options *ret, lrc_err *err)
{
    char *host = NULL, *token = NULL;
    *ret = *o;
    ret->host = ret->token = ret->sessions = NULL;
    ret->allowed_hosts = ret->allowed_origins = NULL;
    ret->workers_max = or_unsigned(o->workers_max, LRC_HTTP_WORKERS);
    if (ret->workers_max > LRC_HTTP_WORKERS)
        ret->workers_max = LRC_HTTP_WORKERS;
    ret->queue_max = or_unsigned(o->queue_max, 512);
    ret->feeds_max = or_unsigned(o->feeds_max, 1024);
    ret->plain_max = or_unsigned(o->plain_max, 1024);
    ret->timeout_ms = or_int(o->timeout_ms, 30000);
    ret->idle_timeout_s = or_int(o->idle_timeout_s, 60);
    ret->stop_grace_ms = or_int(o->stop_grace_ms, 5000);
    ret->feed_idle_ms = or_int(o->feed_idle_ms, 15000);
    ret->feed_stall_ms = or_int(o->feed_stall_ms, 20000);
    if (lrc_str_copy(&host, o->host ? o->host : "127.0.0.1", err) < 0)
        return -1;
    ret->host = host;
    if (o->token && lrc_str_copy(&token, o->token, err) < 0)
        return -1;
    ret->token = token;
    if (copy_list(o->allowed_hosts, &ret->allowed_hosts, err) < 0)
        return -1;
    return copy_list(o->allowed_origins, &ret->allowed_origins, err);
}

// A feed's handler runs on a worker, and a row is one kind of thing.
static int check_routes(const lrc_http_options *o, lrc_err *err)
{
    for (size_t i = 0; i < o->route_count; i++) {
        const lrc_http_route *r = &o->routes[i];
        const unsigned kinds = LRC_HTTP_INLINE | LRC_HTTP_STREAMED | LRC_HTTP_SOCKET | LRC_HTTP_EVENTS;
        const unsigned kind = r->flags & kinds;
        if (r->flags & ~kinds || (kind & (kind - 1)))
            return lrc_fail(err, LRC_ERR_INVALID, "route %s %s: flags that do not go together", r->method, r->path);
    }
    return 0;
}

int lrc_http_server_new(const lrc_http_options *options, lrc_http_server **ret, lrc_err *err)
{
    lrc_http_server *s = calloc(1, sizeof *s);
    if (!s)
        return lrc_fail_memory(err);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    pthread_cond_init(&s->calm, NULL);
    atomic_init(&s->live, 0);
    atomic_init(&s->requests, 0);
    s->listen_fd = options->listen_fd > 0 ? options->listen_fd : -1;
    if (copy_options(options, &s->o, err) < 0 || check_routes(&s->o, err) < 0 ||
        lrc_http_router_new(s->o.routes, s->o.route_count, &s->router, err) < 0 ||
        lrc_http_gate_new(s->o.token, options->sessions, lrc_clock_now_ms(), &s->gate, err) < 0) {
        lrc_http_server_free(s);
        return -1;
    }
    s->kept = calloc(2 * s->o.asset_count + 1, sizeof *s->kept);
    if (!s->kept) {
        lrc_http_server_free(s);
        return lrc_fail_memory(err);
    }
    s->door = (lrc_http_door){.bind_host = s->o.host,
                              .token_mode = s->o.token != NULL,
                              .hosts = s->o.allowed_hosts,
                              .origins = s->o.allowed_origins};
    *ret = s;
    return 0;
}

void lrc_http_server_free(lrc_http_server *s)
{
    if (s->feeds)
        lrc_http_feeds_free(s->feeds);
    lrc_closep_(&s->listen_fd);
    lrc_http_router_free(s->router);
    lrc_http_gate_free(s->gate);
    free((char *)(uintptr_t)s->o.host);
    free((char *)(uintptr_t)s->o.token);
    free(s->kept);
    free_list(s->o.allowed_hosts);
    free_list(s->o.allowed_origins);
    pthread_cond_destroy(&s->calm);
    pthread_cond_destroy(&s->work);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

uint16_t lrc_http_port(const lrc_http_server *s)
{
    return s->port;
}

const char *lrc_http_host(const lrc_http_server *s)
{
    return s->o.host;
}

void lrc_http_get_stats(lrc_http_server *s, lrc_http_stats *ret)
{
    pthread_mutex_lock(&s->lock);
    *ret = (lrc_http_stats){.requests = atomic_load(&s->requests),
                            .live = atomic_load(&s->live),
                            .waiting = s->waiting,
                            .workers = s->threads,
                            .feeds = s->feed_count};
    pthread_mutex_unlock(&s->lock);
}
