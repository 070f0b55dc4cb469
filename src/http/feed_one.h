// SPDX-License-Identifier: MIT
// feed_one.h - one feed of the feed thread: its object, its dialect, what waits to be sent. Only for http/feed*.c.
#ifndef LRC_HTTP_FEED_ONE_H
#define LRC_HTTP_FEED_ONE_H

#include "http/internal.h"
#include "http/ws.h"

#define LRC_FEED_REASON_SIZE 121

struct lrc_http_feed {
    lrc_http_feeds *feeds;
    lrc_http_req *q; // a reference
    int fd;
    void *handle; // of the upgraded connection; NULL: an event stream, whose connection is suspended
    const lrc_feed_class *cls;
    void *self;
    lrc_http_bell *bell; // a reference
    lrc_ws *ws;          // NULL: an event stream

    lrc_buf extra; // came in together with the upgrade request
    lrc_buf out;   // bytes as they go over the wire; `sent` of them are gone
    size_t sent;
    bool more;   // fill is to be asked when there is room
    bool ended;  // fill is never asked again
    bool broken; // close at once
    bool said;   // something was put since the last look
    bool shut;   // our side is closed; waits for the client's end
    uint16_t code;
    char reason[LRC_FEED_REASON_SIZE];

    int64_t moved_ms; // the client took bytes, or had none to take
    int64_t heard_ms; // the client said something
    int64_t said_ms;
    int64_t filled_ms;
    int64_t ended_ms;
    uint32_t watched; // epoll events

    lrc_http_feed *prev, *next;           // all feeds
    lrc_http_feed *bell_prev, *bell_next; // those on the same bell
};

lrc_http_feed *lrc_feed_new(lrc_http_req *q, int fd, void *handle); // takes q's reference and its feed; NULL: no memory
void lrc_feed_free(lrc_http_feed *f);                               // not the bell, not the connection

void lrc_feed_pump(lrc_http_feed *f, int64_t now);                 // fill once, and send what can be sent
void lrc_feed_hear(lrc_http_feed *f, const char *bytes, size_t n); // bytes from the client
void lrc_feed_look(lrc_http_feed *f, int64_t now);                 // timers
void lrc_feed_goodbye(lrc_http_feed *f, uint16_t code, const char *reason, int64_t now);
bool lrc_feed_is_over(const lrc_http_feed *f, int64_t now);

#endif
