// SPDX-License-Identifier: MIT
#include "http/ws.h"

#include <openssl/evp.h>
#include <string.h>
#include <wslay/wslay.h>

#include "http/feed.h"

struct lrc_ws {
    wslay_event_context_ptr ctx;
    lrc_buf *out;
    lrc_ws_on_text *on_text;
    void *arg;
    const uint8_t *in; // what lrc_ws_input() was given and wslay has not read yet
    size_t in_len;
    bool broken;
};

static ssize_t give(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags, void *user)
{
    (void)flags;
    lrc_ws *w = user;
    const size_t take = len < w->in_len ? len : w->in_len;
    if (take == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(buf, w->in, take);
    w->in += take;
    w->in_len -= take;
    return (ssize_t)take;
}

static ssize_t take(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags, void *user)
{
    (void)flags;
    lrc_ws *w = user;
    lrc_buf_add(w->out, data, len);
    if (!w->out->failed)
        return (ssize_t)len;
    wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static void message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *m, void *user)
{
    (void)ctx;
    lrc_ws *w = user;
    if (m->opcode == WSLAY_TEXT_FRAME && w->on_text)
        w->on_text(w->arg, (const char *)m->msg, m->msg_length);
}

lrc_ws *lrc_ws_new(lrc_buf *out, lrc_ws_on_text *on_text, void *arg)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = give, .send_callback = take, .on_msg_recv_callback = message};
    lrc_ws *w = calloc(1, sizeof *w);
    if (!w || wslay_event_context_server_init(&w->ctx, &callbacks, w) != 0) {
        free(w);
        return NULL;
    }
    w->out = out;
    w->on_text = on_text;
    w->arg = arg;
    wslay_event_config_set_max_recv_msg_length(w->ctx, LRC_FEED_MESSAGE_MAX);
    return w;
}

void lrc_ws_free(lrc_ws *w)
{
    if (!w)
        return;
    wslay_event_context_free(w->ctx);
    free(w);
}

// Everything that wslay wants to send goes to `out` at once.
static int drain(lrc_ws *w)
{
    if (!w->broken && wslay_event_want_write(w->ctx) && wslay_event_send(w->ctx) != 0)
        w->broken = true;
    return w->broken ? -1 : 0;
}

int lrc_ws_input(lrc_ws *w, const void *bytes, size_t n)
{
    w->in = bytes;
    w->in_len = n;
    // After a close frame nothing is read any more: the rest falls away.
    while (w->in_len > 0 && wslay_event_want_read(w->ctx))
        if (wslay_event_recv(w->ctx) != 0) {
            w->broken = true;
            return -1;
        }
    w->in = NULL;
    w->in_len = 0;
    return drain(w);
}

static int queue(lrc_ws *w, uint8_t opcode, const char *bytes, size_t n)
{
    const struct wslay_event_msg m = {.opcode = opcode, .msg = (const uint8_t *)bytes, .msg_length = n};
    if (w->broken || wslay_event_queue_msg(w->ctx, &m) != 0)
        return -1;
    return drain(w);
}

int lrc_ws_put(lrc_ws *w, const char *text, size_t n)
{
    return queue(w, WSLAY_TEXT_FRAME, text, n);
}

int lrc_ws_ping(lrc_ws *w)
{
    return queue(w, WSLAY_PING, NULL, 0);
}

void lrc_ws_close(lrc_ws *w, uint16_t code, const char *reason)
{
    if (!w->broken && wslay_event_queue_close(w->ctx, code, (const uint8_t *)reason, strlen(reason)) == 0)
        drain(w);
}

bool lrc_ws_says_goodbye(const lrc_ws *w)
{
    return w->broken || wslay_event_get_close_sent(w->ctx) || !wslay_event_get_write_enabled(w->ctx);
}

bool lrc_ws_is_deaf(const lrc_ws *w)
{
    return w->broken || !wslay_event_get_read_enabled(w->ctx);
}

bool lrc_ws_is_over(const lrc_ws *w)
{
    return w->broken || (wslay_event_get_close_sent(w->ctx) && wslay_event_get_close_received(w->ctx));
}

void lrc_ws_accept(const char *key, char out[static LRC_WS_ACCEPT_SIZE])
{
    static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
    char text[64];
    uint8_t digest[EVP_MAX_MD_SIZE] = {0};
    unsigned size = 0;
    const int n = snprintf(text, sizeof text, "%.24s%s", key, magic);
    EVP_Digest(text, (size_t)n, digest, &size, EVP_sha1(), NULL); // what the RFC asks for; it guards nothing
    EVP_EncodeBlock((unsigned char *)out, digest, 20);
}
