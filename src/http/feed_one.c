// SPDX-License-Identifier: MIT
#include "http/feed_one.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define CONTROL_BYTES ((size_t)4096) // pongs and the close frame, beside messages
#define GOODBYE_MS    2000           // for the client's side of the close
#define DEAD_LOOKS    4              // a client that answers no ping for so many idle times is gone

static void on_text(void *arg, const char *text, size_t n)
{
    lrc_http_feed *f = arg;
    if (f->cls->text && !f->ended)
        f->cls->text(f->self, f, text, n);
}

static int open_dialect(lrc_http_feed *f)
{
    lrc_buf_init(&f->out, LRC_FEED_ROOM + 2 * LRC_FEED_MESSAGE_MAX + CONTROL_BYTES);
    if (f->handle) {
        f->ws = lrc_ws_new(&f->out, on_text, f);
        return f->ws ? 0 : -1;
    }
    lrc_http_reply *r = &f->q->reply;
    if (lrc_http_reply_header(r, "Content-Type", "text/event-stream", NULL) < 0 ||
        lrc_http_reply_header(r, "Cache-Control", "no-cache, no-transform", NULL) < 0 ||
        lrc_http_reply_header(r, "X-Accel-Buffering", "no", NULL) < 0)
        return -1;
    lrc_http_head_text(f->q, r, &f->out);
    return lrc_buf_check(&f->out, "headers", NULL);
}

lrc_http_feed *lrc_feed_new(lrc_http_req *q, int fd, void *handle)
{
    lrc_http_feed *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->feeds = q->s->feeds;
    f->q = q;
    f->fd = fd;
    f->handle = handle;
    f->more = true;
    f->code = 1000;
    f->moved_ms = f->heard_ms = f->said_ms = f->filled_ms = lrc_clock_mono_ms();
    if (open_dialect(f) < 0) {
        lrc_ws_free(f->ws);
        lrc_buf_done(&f->out);
        free(f);
        return NULL;
    }
    f->cls = q->reply.feed;
    f->self = lrc_take(q->reply.feed_self);
    f->bell = lrc_take(q->reply.bell);
    q->reply.feed = NULL;
    return f;
}

void lrc_feed_free(lrc_http_feed *f)
{
    f->cls->free(f->self);
    lrc_ws_free(f->ws);
    lrc_buf_done(&f->extra);
    lrc_buf_done(&f->out);
    free(f);
}

// ---- What callbacks do ---------------------------------------------------------------------------------------------------

size_t lrc_feed_room(const lrc_http_feed *f)
{
    const size_t waiting = f->out.len - f->sent;
    return f->ended || f->broken || waiting >= LRC_FEED_ROOM ? 0 : LRC_FEED_ROOM - waiting;
}

// "name: value" up to the value's first line break, which would begin another field.
static void add_field(lrc_buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    lrc_buf_addf(b, "%s: %.*s\n", name, (int)strcspn(value, "\r\n"), value);
}

// WHATWG HTML, "Server-sent events": one "data:" per line, whatever ends the line.
static void add_event(lrc_buf *b, const char *id, const char *event, const char *data, size_t n)
{
    add_field(b, "id", id);
    add_field(b, "event", event);
    for (size_t at = 0;;) {
        size_t end = at;
        while (end < n && data[end] != '\n' && data[end] != '\r')
            end++;
        lrc_buf_adds(b, "data: ");
        lrc_buf_add(b, data + at, end - at);
        lrc_buf_addc(b, '\n');
        if (end == n)
            break;
        at = end + (data[end] == '\r' && end + 1 < n && data[end + 1] == '\n' ? 2 : 1);
    }
    lrc_buf_addc(b, '\n');
}

static void add_chunk(lrc_http_feed *f, const lrc_buf *text)
{
    if (!f->q->old)
        lrc_buf_addf(&f->out, "%zx\r\n", text->len);
    lrc_buf_add(&f->out, text->data, text->len);
    if (!f->q->old)
        lrc_buf_adds(&f->out, "\r\n");
}

void lrc_feed_put(lrc_http_feed *f, const char *id, const char *event, const char *data, size_t n)
{
    if (f->ended || f->broken)
        return;
    f->said = true;
    bool failed = n > LRC_FEED_MESSAGE_MAX;
    if (!failed && f->ws) {
        failed = lrc_ws_put(f->ws, data, n) < 0;
    } else if (!failed) {
        lrc_auto_buf lrc_buf text;
        lrc_buf_init(&text, 2 * LRC_FEED_MESSAGE_MAX);
        add_event(&text, id, event, data, n);
        failed = text.failed;
        if (!failed)
            add_chunk(f, &text);
    }
    if (f->out.failed)
        f->broken = true; // half a message may lie there: nothing more can follow
    else if (failed)
        lrc_feed_close(f, 1011, "a message is too long");
}

void lrc_feed_close(lrc_http_feed *f, uint16_t code, const char *reason)
{
    if (f->ended)
        return;
    f->ended = true;
    f->code = code;
    snprintf(f->reason, sizeof f->reason, "%s", reason);
}

// ---- What the thread does ------------------------------------------------------------------------------------------------

// The end of the dialect, once: a close frame, or the last chunk.
static void say_end(lrc_http_feed *f, int64_t now)
{
    if (f->ended_ms)
        return;
    f->ended_ms = now;
    if (f->ws)
        lrc_ws_close(f->ws, f->code, f->reason);
    else if (!f->q->old)
        lrc_buf_adds(&f->out, "0\r\n\r\n");
}

static void send_out(lrc_http_feed *f, int64_t now)
{
    while (f->sent < f->out.len) {
        const ssize_t n = send(f->fd, f->out.data + f->sent, f->out.len - f->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            f->broken = true;
        if (n <= 0)
            return;
        f->sent += (size_t)n;
        f->moved_ms = now;
    }
    f->moved_ms = now;
    f->sent = 0;
    lrc_buf_done(&f->out); // an idle feed holds no buffer
    // An event stream ends with our side of the connection, and so does a socket whose client broke the rules; else the
    // client's close frame is waited for.
    if (f->ended_ms && !f->shut && (!f->ws || lrc_ws_is_deaf(f->ws))) {
        shutdown(f->fd, SHUT_WR);
        f->shut = true;
    }
}

void lrc_feed_pump(lrc_http_feed *f, int64_t now)
{
    if (f->more && lrc_feed_room(f) > 0) {
        f->filled_ms = now;
        const lrc_feed_next next = f->cls->fill(f->self, f);
        f->more = next == LRC_FEED_MORE;
        if (next == LRC_FEED_END)
            lrc_feed_close(f, 1000, "");
    }
    if (f->said)
        f->said_ms = now;
    f->said = false;
    if (f->ended)
        say_end(f, now);
    send_out(f, now);
}

void lrc_feed_hear(lrc_http_feed *f, const char *bytes, size_t n)
{
    f->heard_ms = lrc_clock_mono_ms();
    if (f->ws && lrc_ws_input(f->ws, bytes, n) < 0)
        f->broken = true;
    if (f->ws && lrc_ws_says_goodbye(f->ws) && !f->ended_ms) { // the client closed, or broke the rules
        f->ended = true;
        f->ended_ms = f->heard_ms;
    }
}

void lrc_feed_look(lrc_http_feed *f, int64_t now)
{
    const lrc_http_options *o = &f->q->s->o;
    if (now - f->moved_ms > o->feed_stall_ms)
        f->broken = true;
    if (f->ws && now - f->heard_ms > (int64_t)DEAD_LOOKS * o->feed_idle_ms)
        f->broken = true;
    if (f->ended || f->broken)
        return;
    if (!f->bell && f->cls->look_ms && now - f->filled_ms >= f->cls->look_ms)
        f->more = true;
    if (now - f->said_ms < o->feed_idle_ms)
        return;
    f->said_ms = now;
    if (f->ws)
        lrc_ws_ping(f->ws);
    if (f->cls->idle) {
        f->cls->idle(f->self, f);
    } else if (!f->ws) {
        const lrc_buf comment = {.data = (char *)(uintptr_t)": \n\n", .len = 4};
        add_chunk(f, &comment);
    }
}

void lrc_feed_goodbye(lrc_http_feed *f, uint16_t code, const char *reason, int64_t now)
{
    lrc_feed_close(f, code, reason);
    lrc_feed_pump(f, now);
}

bool lrc_feed_is_over(const lrc_http_feed *f, int64_t now)
{
    if (f->broken)
        return true;
    if (!f->ended_ms)
        return false;
    const bool sent = f->sent == f->out.len;
    return (f->ws && sent && lrc_ws_is_over(f->ws)) || now - f->ended_ms > GOODBYE_MS;
}
