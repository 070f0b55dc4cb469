// SPDX-License-Identifier: MIT
// ws.h - the WebSocket protocol (RFC 6455, server side) between two buffers; whoever has the socket moves the bytes.
//
// Frames, masks, fragments, UTF-8 and close handshake are libwslay's; this is the only file that knows it. Pings are
// answered by themselves. No extensions, no subprotocols. One owner thread. May use: base.
#ifndef LRC_HTTP_WS_H
#define LRC_HTTP_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"

typedef struct lrc_ws lrc_ws;

typedef void lrc_ws_on_text(void *arg, const char *text, size_t n); // a whole message, valid UTF-8, no NUL at its end

// What is to be sent is added to `out` (borrowed); when it does not fit, the connection cannot go on. NULL without memory.
lrc_ws *lrc_ws_new(lrc_buf *out, lrc_ws_on_text *on_text, void *arg);
void lrc_ws_free(lrc_ws *w);
LRC_DEFINE_FREEP(lrc_ws)
#define lrc_auto_ws lrc_cleanup(lrc_ws_freep)

// Bytes from the client. -1: the connection is beyond repair (what is in `out`, a close frame, may still be sent).
int lrc_ws_input(lrc_ws *w, const void *bytes, size_t n);

int lrc_ws_put(lrc_ws *w, const char *text, size_t n); // one text frame; -1: closed or no memory
int lrc_ws_ping(lrc_ws *w);
void lrc_ws_close(lrc_ws *w, uint16_t code, const char *reason); // `reason` at most 120 bytes

bool lrc_ws_says_goodbye(const lrc_ws *w); // our close frame is in `out` or gone: nothing more can be put
bool lrc_ws_is_deaf(const lrc_ws *w);      // reads no more: the client has closed, or broke the rules
bool lrc_ws_is_over(const lrc_ws *w);      // both sides have closed

// Sec-WebSocket-Accept for a client's key.
#define LRC_WS_ACCEPT_SIZE 29
void lrc_ws_accept(const char *key, char out[static LRC_WS_ACCEPT_SIZE]);

#endif
