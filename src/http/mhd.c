// SPDX-License-Identifier: MIT
// The one file that knows libmicrohttpd (0.9.75 in Debian 12, 1.0.x in Debian 13).
//
// One network thread (epoll), suspended connections, workers elsewhere. Sound by these rules, each of them measured or read
// in the library's source:
//   - Other threads call nothing but MHD_resume_connection(), as their last touch of the connection. Answers are queued by
//     the handler, which the library calls again on its own thread.
//   - A request is queued for a worker in the same critical section that suspends it; a connection is suspended by its own
//     handler only.
//   - The phase of a request is our own; "no upload data" does not mean "end of body" after a suspend in the first call.
//   - Never consume a whole piece of body and suspend: with chunked bodies the library would call again. The ring suspends
//     only when bytes are left over.
//   - An answer can be queued in the first call (the connection closes then) or when the body is complete, not between.
//   - The library does not tell that a client of a suspended connection went away, and runs no timeouts there: the watch
//     of pool.c does.
//   - Stopping with a suspended connection aborts the process: lrc_http_stop() resumes all of them before.
//   - A socket is ours while its connection is suspended: event streams and long answers write to it directly and resume
//     the connection only to have it closed.
#include "http/internal.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/ws.h"

#define CONNECTION_BYTES ((size_t)16 << 10) // request head and one piece of body
#define BACKLOG          1024
#define QUIET_MS         1000 // how long stop waits for answers that are being sent
#define LOOK_MS          5

// ---- For the other files -------------------------------------------------------------------------------------------------

void lrc_mhd_suspend(lrc_http_req *q)
{
    MHD_suspend_connection(q->conn);
}

void lrc_mhd_resume(lrc_http_req *q)
{
    MHD_resume_connection(q->conn);
}

void lrc_mhd_close_upgraded(void *handle)
{
    MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}

// ---- Sending an answer ---------------------------------------------------------------------------------------------------

static void on_upgrade(void *cls, struct MHD_Connection *conn, void *slot, const char *extra, size_t n, MHD_socket fd,
                       struct MHD_UpgradeResponseHandle *handle)
{
    (void)conn;
    (void)slot;
    lrc_http_req *q = cls;
    q->conn = NULL;
    lrc_http_feeds_adopt_socket(q, fd, handle, extra, n);
}

static struct MHD_Response *upgrade_response(lrc_http_req *q)
{
    char accept[LRC_WS_ACCEPT_SIZE];
    lrc_ws_accept(lrc_http_header(q, "Sec-WebSocket-Key"), accept);
    struct MHD_Response *r = MHD_create_response_for_upgrade(on_upgrade, q);
    if (r && MHD_add_response_header(r, MHD_HTTP_HEADER_UPGRADE, "websocket") == MHD_YES &&
        MHD_add_response_header(r, "Sec-WebSocket-Accept", accept) == MHD_YES)
        return r;
    if (r)
        MHD_destroy_response(r);
    return NULL;
}

// Bytes and descriptor go over to the library.
static struct MHD_Response *body_response(lrc_http_reply *r)
{
    struct MHD_Response *m;
    if (r->kind == LRC_REPLY_FILE) {
        m = MHD_create_response_from_fd_at_offset64(r->size, r->fd, r->offset);
        if (m)
            r->fd = -1;
        return m;
    }
    m = MHD_create_response_from_buffer(r->size, (void *)(uintptr_t)r->bytes,
                                        r->fixed ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    if (m)
        r->bytes = NULL;
    return m;
}

static bool add_headers(struct MHD_Response *m, const lrc_http_reply *r, bool close_after)
{
    bool ok = true;
    for (size_t i = 0; lrc_http_fixed_headers[i]; i += 2)
        ok = ok && MHD_add_response_header(m, lrc_http_fixed_headers[i], lrc_http_fixed_headers[i + 1]) == MHD_YES;
    for (size_t i = 0; i + 1 < r->headers.count; i += 2)
        ok = ok && MHD_add_response_header(m, r->headers.item[i], r->headers.item[i + 1]) == MHD_YES;
    return ok && (!close_after || MHD_add_response_header(m, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES);
}

static enum MHD_Result send_reply(lrc_http_req *q, lrc_http_reply *r, bool close_after)
{
    const bool socket = r->kind == LRC_REPLY_FEED && q->match.route->flags & LRC_HTTP_SOCKET;
    struct MHD_Response *m = socket ? upgrade_response(q) : body_response(r);
    if (!m)
        return MHD_NO;
    enum MHD_Result result = MHD_NO;
    if (socket)
        result = MHD_queue_response(q->conn, MHD_HTTP_SWITCHING_PROTOCOLS, m);
    else if (add_headers(m, r, close_after))
        result = MHD_queue_response(q->conn, (unsigned)r->status, m);
    MHD_destroy_response(m);
    return result;
}

// ---- The page ------------------------------------------------------------------------------------------------------------

// The response for the common case, made once and sent again and again. NULL without memory.
static struct MHD_Response *make_kept(lrc_http_reply *r)
{
    struct MHD_Response *m = body_response(r);
    if (m && add_headers(m, r, false))
        return m;
    if (m)
        MHD_destroy_response(m);
    return NULL;
}

static enum MHD_Result send_asset(lrc_http_req *q, bool stopping)
{
    lrc_http_server *s = q->s;
    const bool plain_case = !stopping && q->reply.headers.count == 0 && !lrc_http_header(q, "If-None-Match");
    struct MHD_Response **kept =
        (struct MHD_Response **)&s->kept[2 * (size_t)(q->asset - s->o.assets) + lrc_http_asset_packed(q, q->asset)];
    if (plain_case && *kept)
        return MHD_queue_response(q->conn, MHD_HTTP_OK, *kept);
    lrc_http_reply_asset(q, q->asset);
    if (plain_case && (*kept = make_kept(&q->reply)))
        return MHD_queue_response(q->conn, MHD_HTTP_OK, *kept);
    return send_reply(q, &q->reply, stopping);
}

// ---- The last call -------------------------------------------------------------------------------------------------------

// An answer of ours in place of the handler's, which may still be at work on its own.
static enum MHD_Result send_late(lrc_http_req *q)
{
    lrc_http_reply r = {.fd = -1};
    lrc_err err = LRC_ERR_INIT;
    lrc_fail(&err, q->late, "the answer took too long, or the server is stopping; what was asked may still happen");
    lrc_http_reply_error(q->s, &r, &err);
    const enum MHD_Result result = send_reply(q, &r, true);
    lrc_http_reply_done(&r);
    return result;
}

// The last call of a request: send what was answered. MHD_NO closes the connection.
static enum MHD_Result reply(lrc_http_req *q)
{
    lrc_http_server *s = q->s;
    pthread_mutex_lock(&s->lock);
    q->phase = LRC_PHASE_DONE;
    const bool drop = q->drop, late = q->late != LRC_OK, stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    if (drop)
        return MHD_NO;
    if (late)
        return send_late(q);
    if (q->asset && q->reply.kind == LRC_REPLY_NONE)
        return send_asset(q, stopping);
    if (q->reply.kind == LRC_REPLY_FEED && (stopping || !(q->match.route->flags & LRC_HTTP_SOCKET))) {
        if (q->verb == LRC_METHOD_HEAD && !stopping) {
            lrc_http_reply head = {.fd = -1, .kind = LRC_REPLY_BYTES, .status = 200, .fixed = true};
            lrc_http_reply_header(&head, "Content-Type", "text/event-stream", NULL);
            const enum MHD_Result result = send_reply(q, &head, true);
            lrc_http_reply_done(&head);
            return result;
        }
        q->late = LRC_ERR_BUSY;
        return send_late(q);
    }
    if (q->reply.kind != LRC_REPLY_BYTES && q->reply.kind != LRC_REPLY_FILE && q->reply.kind != LRC_REPLY_FEED)
        return MHD_NO; // nobody waited for it, or a worker has written it
    return send_reply(q, &q->reply, stopping);
}

static enum MHD_Result refuse(lrc_http_req *q, const lrc_err *err)
{
    lrc_http_reply_error(q->s, &q->reply, err);
    return reply(q);
}

// ---- A request's calls ---------------------------------------------------------------------------------------------------

struct heads {
    size_t count, bytes;
    lrc_http_field *item; // NULL while counting
    char *at;
};

static const char *keep(struct heads *h, const char *s, size_t n)
{
    const char *kept = h->at;
    memcpy(h->at, s, n);
    h->at[n] = '\0';
    h->at += n + 1;
    return kept;
}

static enum MHD_Result each_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct heads *h = cls;
    const size_t name_len = strlen(name), value_len = value ? strlen(value) : 0;
    if (h->item) {
        h->item[h->count].name = keep(h, name, name_len);
        h->item[h->count].value = keep(h, value ? value : "", value_len);
    }
    h->count++;
    h->bytes += name_len + value_len + 2;
    return MHD_YES;
}

// Headers are copied: a handler that outlives its request's deadline may still look at them.
static int copy_headers(lrc_http_req *q, struct MHD_Connection *conn, lrc_err *err)
{
    struct heads h = {0};
    MHD_get_connection_values(conn, MHD_HEADER_KIND, each_header, &h);
    if (h.count > LRC_HTTP_HEADERS_MAX)
        return lrc_fail(err, LRC_ERR_INVALID, "the request has more than %d headers", LRC_HTTP_HEADERS_MAX);
    q->head = malloc(h.count * sizeof *h.item + h.bytes + 1);
    if (!q->head)
        return lrc_fail_memory(err);
    h.item = (lrc_http_field *)(void *)q->head;
    h.at = q->head + h.count * sizeof *h.item;
    h.count = 0;
    MHD_get_connection_values(conn, MHD_HEADER_KIND, each_header, &h);
    q->headers = (lrc_http_headers){h.item, h.count};
    return 0;
}

// What the library points at is good until it is asked again.
static void know_connection(lrc_http_req *q, struct MHD_Connection *conn)
{
    q->conn = conn;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    q->fd = info ? info->connect_fd : -1;
    info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    q->peer = lrc_http_peer_of(info ? info->client_addr : NULL);
}

// What needs no handler is answered in the second call: an answer in the first would close the connection.
static int answer_without_handler(lrc_http_req *q, lrc_err *err)
{
    if (!q->asset && lrc_http_answer_empty(q, 204, err) < 0) // OPTIONS
        return -1;
    q->answered = true;
    return 0;
}

static int begin_streamed(lrc_http_req *q, lrc_err *err)
{
    return lrc_http_ring_new(&q->ring, err) < 0 ? -1 : lrc_http_dispatch(q, err);
}

// A refusal in the first call closes the connection with the body unread, and some clients then see a broken pipe instead
// of the answer. So a body of modest size is read and thrown away first, unless the client waits to be asked for it.
static bool worth_swallowing(const lrc_http_req *q)
{
    return q->framing.length <= LRC_HTTP_SWALLOW_FIRST && q->framing.length >= 0 && !lrc_http_header(q, "Expect");
}

static enum MHD_Result refuse_soon(lrc_http_req *q, const lrc_err *err)
{
    if (!worth_swallowing(q))
        return refuse(q, err);
    lrc_http_ring_free(lrc_take(q->ring));
    lrc_http_reply_error(q->s, &q->reply, err);
    q->answered = true;
    q->phase = LRC_PHASE_BODY;
    return MHD_YES;
}

static enum MHD_Result first_call(lrc_http_req *q, struct MHD_Connection *conn, const char *method, const char *version)
{
    lrc_err err = LRC_ERR_INIT;
    know_connection(q, conn);
    q->verb = lrc_http_verb_of(method);
    q->old = strcmp(version, "HTTP/1.0") == 0;
    if (copy_headers(q, conn, &err) < 0 || lrc_http_guard(version, q->target, &q->headers, &q->framing, &err) < 0)
        return refuse(q, &err);
    if (lrc_http_admit(q, &err) < 0 || (!q->match.route && answer_without_handler(q, &err) < 0))
        return refuse_soon(q, &err);
    if (q->match.route && q->match.route->flags & LRC_HTTP_STREAMED)
        return begin_streamed(q, &err) < 0 ? refuse_soon(q, &err) : MHD_YES;
    q->phase = LRC_PHASE_BODY;
    return MHD_YES;
}

static enum MHD_Result body_call(lrc_http_req *q, const char *data, size_t *n)
{
    if (!q->ring && q->answered) {
        *n = 0;
        return MHD_YES;
    }
    return lrc_http_body_take(q, data, n) < 0 ? MHD_NO : MHD_YES;
}

static enum MHD_Result end_call(lrc_http_req *q)
{
    lrc_err err = LRC_ERR_INIT;
    if (q->ring) {
        lrc_http_body_end(q);
        return lrc_http_await(q) ? MHD_YES : reply(q);
    }
    if (q->answered)
        return reply(q);
    if (q->too_long) {
        lrc_fail(&err, LRC_ERR_LIMIT, "the body is larger than the %zu bytes that are taken here", q->body.max);
        return refuse(q, &err);
    }
    if (q->match.route->flags & LRC_HTTP_INLINE) {
        lrc_http_run(q);
        return reply(q);
    }
    return lrc_http_dispatch(q, &err) < 0 ? refuse(q, &err) : MHD_YES;
}

// A worker is done.
static enum MHD_Result ready_call(lrc_http_req *q)
{
    if (!q->ring || q->opened || q->drop || q->late || !worth_swallowing(q))
        return reply(q);
    pthread_mutex_lock(&q->s->lock);
    q->phase = LRC_PHASE_BODY; // it refused without a look at the body
    pthread_mutex_unlock(&q->s->lock);
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url, const char *method,
                                  const char *version, const char *data, size_t *n, void **slot)
{
    (void)url;
    lrc_http_server *s = cls;
    lrc_http_req *q = *slot;
    if (!q)
        return MHD_NO; // out of memory, in on_uri
    pthread_mutex_lock(&s->lock);
    const lrc_http_phase phase = q->phase;
    const bool reentered = q->reentered;
    q->reentered = false;
    pthread_mutex_unlock(&s->lock);
    switch (phase) {
    case LRC_PHASE_HEAD: return first_call(q, conn, method, version);
    case LRC_PHASE_BODY:
        if (reentered)
            return MHD_YES;
        return *n > 0 ? body_call(q, data, n) : end_call(q);
    case LRC_PHASE_READY: return ready_call(q);
    case LRC_PHASE_WORKING:
    case LRC_PHASE_TAKEN:
    case LRC_PHASE_DONE: break;
    }
    return MHD_YES; // suspended or answered: nothing is consumed, nothing is done
}

// The raw target, before the library cuts and decodes it: where a request's life begins.
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *conn)
{
    (void)conn;
    lrc_http_server *s = cls;
    lrc_http_req *q = lrc_http_req_new(s, uri ? uri : "");
    if (q) {
        atomic_fetch_add(&s->live, 1);
        atomic_fetch_add(&s->requests, 1);
    }
    return q;
}

// Called with a lock of the library held for upgraded connections: ours must not be taken here.
static void on_completed(void *cls, struct MHD_Connection *conn, void **slot, enum MHD_RequestTerminationCode why)
{
    (void)conn;
    (void)why; // says "completed" for clients that are long gone
    lrc_http_server *s = cls;
    lrc_http_req *q = *slot;
    *slot = NULL;
    if (!q)
        return;
    if (q->ring) {
        pthread_mutex_lock(&s->lock);
        q->phase = LRC_PHASE_DONE;
        pthread_mutex_unlock(&s->lock);
        atomic_store(&q->cancelled, true);
        lrc_http_body_abort(q);
    }
    lrc_http_req_unref(q);
    atomic_fetch_sub(&s->live, 1);
}

static size_t keep_escaped(void *cls, struct MHD_Connection *conn, char *s)
{
    (void)cls;
    (void)conn;
    return strlen(s);
}

__attribute__((format(printf, 2, 0))) static void on_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    char text[512];
    vsnprintf(text, sizeof text, fmt, ap);
    lrc_log(LRC_LOG_DEBUG, "http: %s", text);
}

// ---- Start ---------------------------------------------------------------------------------------------------------------

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_UNIX)
        return true;
    char text[NI_MAXHOST];
    return getnameinfo(a, a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in), text,
                       sizeof text, NULL, 0, NI_NUMERICHOST) == 0 &&
           lrc_http_is_loopback(text);
}

static int check_address(const lrc_http_options *o, const struct sockaddr *a, lrc_err *err)
{
    if (o->token || is_loopback(a))
        return 0;
    return lrc_fail_field(err, LRC_ERR_INVALID, "host", "'%s' can be reached from other machines: that needs a token",
                          o->host);
}

static int bind_one(const struct addrinfo *a)
{
    lrc_auto_close int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
        return -1;
    return lrc_take_fd(fd);
}

static int open_listener(const lrc_http_options *o, int *ret, lrc_err *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    char port[8];
    struct addrinfo *found = NULL;
    snprintf(port, sizeof port, "%u", o->port);
    const int why = getaddrinfo(o->host, port, &hints, &found);
    if (why)
        return lrc_fail_field(err, LRC_ERR_INVALID, "host", "cannot listen on '%s': %s", o->host, gai_strerror(why));
    int result = check_address(o, found->ai_addr, err);
    const int fd = result < 0 ? -1 : bind_one(found);
    if (fd >= 0)
        *ret = fd;
    else if (result == 0 && errno == EADDRINUSE)
        result = lrc_fail_field(err, LRC_ERR_CONFLICT, "port", "port %s of %s is in use; choose another with --port",
                                port, o->host);
    else if (result == 0)
        result = lrc_fail_errno(err, "cannot listen on %s port %s", o->host, port);
    freeaddrinfo(found);
    return result;
}

// The port of the listener, which may have come from outside, and whether it may stand open like that.
static int look_at_listener(lrc_http_server *s, lrc_err *err)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    if (getsockname(s->listen_fd, (struct sockaddr *)&a, &n) < 0)
        return lrc_fail_errno(err, "cannot tell the port");
    const void *at = &a;
    if (a.ss_family == AF_INET6)
        s->port = ntohs(((const struct sockaddr_in6 *)at)->sin6_port);
    else if (a.ss_family == AF_INET)
        s->port = ntohs(((const struct sockaddr_in *)at)->sin_port);
    snprintf(s->cookie_name, sizeof s->cookie_name, "lorica_session_%u", s->port);
    return check_address(&s->o, at, err);
}

static int start_daemon(lrc_http_server *s, lrc_err *err)
{
    const lrc_http_options *o = &s->o;
    s->mhd = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, s->listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, o->plain_max + o->feeds_max, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)o->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_URI_LOG_CALLBACK,
        on_uri, s, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_END);
    return s->mhd ? 0 : lrc_fail(err, LRC_ERR_IO, "cannot start the HTTP server");
}

int lrc_http_start(const lrc_http_options *options, lrc_http_server **ret, lrc_err *err)
{
    lrc_http_server *s = NULL;
    if (lrc_http_server_new(options, &s, err) < 0)
        return -1;
    if ((s->listen_fd < 0 && open_listener(&s->o, &s->listen_fd, err) < 0) || look_at_listener(s, err) < 0 ||
        lrc_http_feeds_start(s, &s->feeds, err) < 0) {
        lrc_http_server_free(s);
        return -1;
    }
    if (start_daemon(s, err) < 0) {
        lrc_http_feeds_stop(s->feeds);
        lrc_http_server_free(s);
        return -1;
    }
    *ret = s;
    return 0;
}

// ---- Stop ----------------------------------------------------------------------------------------------------------------

// Until no connection is suspended, or the time is over. 0: none is.
static unsigned wait_calm(lrc_http_server *s, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&s->lock);
    int state = 0;
    while (s->suspended_count > 0 && state != ETIMEDOUT)
        state = pthread_cond_clockwait(&s->calm, &s->lock, CLOCK_MONOTONIC, &until);
    const unsigned left = s->suspended_count;
    pthread_mutex_unlock(&s->lock);
    return left;
}

void lrc_http_stop(lrc_http_server *s)
{
    if (!s)
        return;
    const MHD_socket listen_fd = MHD_quiesce_daemon(s->mhd);
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    lrc_http_pool_cancel_queued(s);
    lrc_http_feeds_end_all(s->feeds);
    if (wait_calm(s, s->o.stop_grace_ms) > 0) {
        pthread_mutex_lock(&s->lock);
        s->hurry = true;
        pthread_mutex_unlock(&s->lock);
        do
            lrc_http_pool_cancel_all(s);
        while (wait_calm(s, QUIET_MS) > 0);
    }
    lrc_http_feeds_stop(s->feeds);
    const int64_t until = lrc_clock_mono_ms() + QUIET_MS;
    while (atomic_load(&s->live) > 0 && lrc_clock_mono_ms() < until)
        lrc_clock_sleep_ms(LOOK_MS);
    MHD_stop_daemon(s->mhd);
    for (size_t i = 0; i < 2 * s->o.asset_count; i++)
        if (s->kept[i])
            MHD_destroy_response(s->kept[i]);
    if (listen_fd != MHD_INVALID_SOCKET)
        close(listen_fd);
    s->listen_fd = -1;
    lrc_http_pool_join(s);
    lrc_http_server_free(s);
}
