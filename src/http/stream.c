// SPDX-License-Identifier: MIT
// Long answers that a worker writes to the socket itself. The connection is suspended (phase TAKEN), so that the library
// leaves the socket alone; afterwards it is resumed only to be closed.
#include "http/internal.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/mime.h"

#define LOOK_MS 250 // how often a blocked writer looks whether the server stops

void lrc_http_head_text(const lrc_http_req *q, const lrc_http_reply *r, lrc_buf *out)
{
    char date[LRC_HTTP_DATE_SIZE];
    lrc_http_date(lrc_clock_now_ms() / 1000, date);
    lrc_buf_addf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", r->status, r->status < 300 ? "OK" : "",
                 date);
    for (size_t i = 0; lrc_http_fixed_headers[i]; i += 2)
        lrc_buf_addf(out, "%s: %s\r\n", lrc_http_fixed_headers[i], lrc_http_fixed_headers[i + 1]);
    for (size_t i = 0; i + 1 < r->headers.count; i += 2)
        lrc_buf_addf(out, "%s: %s\r\n", r->headers.item[i], r->headers.item[i + 1]);
    lrc_buf_adds(out, q->old ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
}

static bool hurry(lrc_http_server *s)
{
    pthread_mutex_lock(&s->lock);
    const bool h = s->hurry;
    pthread_mutex_unlock(&s->lock);
    return h;
}

// `more`: something follows at once, so the kernel need not send a packet yet.
static int send_all(lrc_http_req *q, const char *bytes, size_t n, bool more, lrc_err *err)
{
    int64_t moved_ms = lrc_clock_mono_ms();
    while (n > 0) {
        const ssize_t done = send(q->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
            moved_ms = lrc_clock_mono_ms();
            continue;
        }
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno != EAGAIN)
            return lrc_fail(err, LRC_ERR_CANCELLED, "the client went away");
        if (lrc_clock_mono_ms() - moved_ms > q->s->o.feed_stall_ms)
            return lrc_fail(err, LRC_ERR_CANCELLED, "the client takes nothing any more");
        if (hurry(q->s))
            return lrc_fail(err, LRC_ERR_CANCELLED, "the server is stopping");
        struct pollfd p = {.fd = q->fd, .events = POLLOUT};
        poll(&p, 1, LOOK_MS);
    }
    return 0;
}

int lrc_http_stream_begin(lrc_http_req *q, int status, const char *type, lrc_err *err)
{
    const unsigned flags = q->match.route->flags;
    assert(q->reply.kind == LRC_REPLY_NONE && !(flags & (LRC_HTTP_INLINE | LRC_HTTP_STREAMED)));
    (void)flags;
    if (lrc_http_set_header(q, "Content-Type", type, err) < 0)
        return -1;
    if (lrc_http_take(q) < 0)
        return lrc_fail(err, LRC_ERR_CANCELLED, "nobody waits for this answer any more");
    q->reply.kind = LRC_REPLY_STREAM;
    q->reply.status = status;
    const int on = 1;
    setsockopt(q->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    lrc_auto_buf lrc_buf head;
    lrc_buf_init(&head, 64 << 10);
    lrc_http_head_text(q, &q->reply, &head);
    if (lrc_buf_check(&head, "the answer's headers", err) < 0)
        return -1;
    return send_all(q, head.data, head.len, true, err);
}

int lrc_http_stream_write(lrc_http_req *q, const void *bytes, size_t n, lrc_err *err)
{
    char size[24];
    assert(q->reply.kind == LRC_REPLY_STREAM);
    if (n == 0 || q->verb == LRC_METHOD_HEAD)
        return 0;
    if (q->old)
        return send_all(q, bytes, n, false, err);
    const int len = snprintf(size, sizeof size, "%zx\r\n", n);
    if (send_all(q, size, (size_t)len, true, err) < 0 || send_all(q, bytes, n, true, err) < 0)
        return -1;
    return send_all(q, "\r\n", 2, false, err);
}

void lrc_http_stream_end(lrc_http_req *q)
{
    // Without the last chunk the client knows that something is missing.
    if (!q->failed && !q->old && q->verb != LRC_METHOD_HEAD && send_all(q, "0\r\n\r\n", 5, false, NULL) < 0)
        q->failed = true;
    if (q->failed) { // a reset: HTTP/1.0 has no other way to say "torn"
        const struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(q->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
}
