// SPDX-License-Identifier: MIT
// feed.h - long-lived one-way answers: a WebSocket and a server-sent event stream are the same feed in two dialects.
//
// A feed is pulled, never pushed: when the socket has room the feed thread asks the feed's object "what comes next from
// where you are?". The object keeps its own position (a byte offset of a log), so a slow client slows only itself, there
// is no queue that could overflow, and a broadcast is no more than ringing a bell: rung feeds are asked again. A client
// that takes nothing for a while is cut off and resumes at its offset.
//
//     static lrc_feed_next fill(void *self, lrc_http_feed *out)
//     {
//         struct tail *t = self;
//         while (lrc_feed_room(out) > 0) {
//             const char *frame;
//             size_t n;
//             switch (tail_next(t, &frame, &n)) {       // quick: a pread of what lies in the log
//             case TAIL_LINE: lrc_feed_put(out, t->offset_text, "log", frame, n); break;
//             case TAIL_NOTHING: return LRC_FEED_WAIT;  // until the bell rings
//             case TAIL_OVER: return LRC_FEED_END;      // close 1000
//             }
//         }
//         return LRC_FEED_MORE;                         // there is more: ask again when there is room
//     }
//     static const lrc_feed_class tail_feed = {.fill = fill, .free = tail_free, .idle = heartbeat};
//
//     // one handler for two routes, one with LRC_HTTP_SOCKET and one with LRC_HTTP_EVENTS
//     static int follow(lrc_http_req *q, lrc_err *err)
//     {
//         const char *from = lrc_http_header(q, "Last-Event-ID");
//         struct tail *t = NULL;
//         lrc_http_bell *bell = NULL;
//         if (tail_open(app, lrc_http_param(q, "id"), from, &t, &bell, err) < 0)
//             return -1;
//         return lrc_http_answer_feed(q, &tail_feed, t, bell, err);
//     }
//
// Thread rule: fill, idle and text run on the one feed thread, for all feeds of the server: they must be quick and must not
// wait for locks that are held over I/O. free runs there too, or elsewhere when the feed never began. Bells may be rung from any thread. May use: base.
#ifndef LRC_HTTP_FEED_H
#define LRC_HTTP_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "http/http.h"

#define LRC_FEED_MESSAGE_MAX ((size_t)1 << 20)  // bytes of one message, either way
#define LRC_FEED_ROOM        ((size_t)64 << 10) // what is kept for one slow client

typedef struct lrc_http_feed lrc_http_feed; // the way out, valid during a callback

typedef enum {
    LRC_FEED_WAIT, // nothing more until the bell rings (or the next look, where there is no bell)
    LRC_FEED_MORE, // there is no room for the rest: call again when there is. Else the thread would spin
    LRC_FEED_END,  // no more: close 1000, or as lrc_feed_close() said
} lrc_feed_next;

typedef struct lrc_feed_class {
    lrc_feed_next (*fill)(void *self, lrc_http_feed *out);
    void (*free)(void *self);
    void (*idle)(void *self, lrc_http_feed *out); // nothing was sent for a while; NULL: ping, or an SSE comment
    void (*text)(void *self, lrc_http_feed *out, const char *text, size_t n); // a client's message; NULL: ignored
    int look_ms; // without a bell: fill again after this time; 0: never
} lrc_feed_class;

// Bytes that may still be put; 0 when full. A message may overshoot.
size_t lrc_feed_room(const lrc_http_feed *out);

// One message of valid UTF-8. WebSocket: a text frame of `data`; SSE: id and event (both may be NULL) and `data`, its line
// breaks kept. Too long or out of memory: the feed is closed (1011), nothing is sent in part.
void lrc_feed_put(lrc_http_feed *out, const char *id, const char *event, const char *data, size_t n);

// Close when all put so far is sent. SSE has no codes: the stream just ends.
void lrc_feed_close(lrc_http_feed *out, uint16_t code, const char *reason);

// ---- Bells -------------------------------------------------------------------------------------------------------------

// "There is news": one per thing that feeds follow (a job). Ringing costs the same for 0 and 1,000 feeds and never waits.
typedef struct lrc_http_bell lrc_http_bell;

int lrc_http_bell_new(lrc_http_bell **ret, lrc_err *err); // any thread, also before the server starts
void lrc_http_bell_ring(lrc_http_bell *b);                // harmless after the server has stopped
void lrc_http_bell_free(lrc_http_bell *b);                // feeds that still hang on it keep it alive
LRC_DEFINE_FREEP(lrc_http_bell)
#define lrc_auto_http_bell lrc_cleanup(lrc_http_bell_freep)

// Answer with a feed; takes `self`, also on failure. `bell` is borrowed, NULL for none. LRC_ERR_BUSY when the server has
// its maximum of feeds. Only on routes with LRC_HTTP_SOCKET or LRC_HTTP_EVENTS (assert).
int lrc_http_answer_feed(lrc_http_req *q, const lrc_feed_class *cls, void *self, lrc_http_bell *bell, lrc_err *err);

#endif
