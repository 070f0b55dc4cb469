// SPDX-License-Identifier: MIT
// internal.h - what the files of http/ share. Nobody outside this folder includes it.
//
// Life of a request (struct lrc_http_req; phases under server.lock):
//
//   HEAD --first call--> BODY --body complete--> WORKING --worker done--> READY --next call--> DONE
//                          |                        |
//                          +-- inline: answered     +-- feed or stream: TAKEN (the socket is ours) --> READY
//
// A streamed route's worker begins before the body: HEAD -> WORKING, where a refusal can still be answered at once; its
// first read goes on to BODY, and at the body's end WORKING waits for it.
//
// In WORKING and TAKEN the connection is suspended: libmicrohttpd touches neither it nor its socket until it is resumed.
// Only the network thread calls libmicrohttpd about a request; others do no more than resume it (mhd.c has the rules).
// A request is counted: one reference is the network thread's (until completion), one the worker's or the feed thread's.
//
// Locks, in this order: ring.lock, server.lock. libmicrohttpd's own come last. server.lock is held for a few instructions.
#ifndef LRC_HTTP_INTERNAL_H
#define LRC_HTTP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/str.h"
#include "http/door.h"
#include "http/feed.h"
#include "http/gate.h"
#include "http/guard.h"
#include "http/http.h"
#include "http/router.h"
#include "http/server.h"
#include "http/uri.h"

#define LRC_HTTP_RING          ((size_t)256 << 10) // of one streamed upload
#define LRC_HTTP_SWALLOW       ((size_t)64 << 20)  // of a refused upload, so that the client reads the refusal
#define LRC_HTTP_SWALLOW_FIRST ((int64_t)8 << 20)  // the same, of one that is refused before it comes
#define LRC_HTTP_WORKERS       64                  // slots for threads

// ---- The answer --------------------------------------------------------------------------------------------------------

typedef enum {
    LRC_REPLY_NONE,
    LRC_REPLY_BYTES,
    LRC_REPLY_FILE,
    LRC_REPLY_FEED,
    LRC_REPLY_STREAM, // a worker has written it to the socket itself
} lrc_http_reply_kind;

typedef struct lrc_http_reply {
    lrc_http_reply_kind kind;
    int status;
    lrc_strv headers;  // name, value, name, value, …
    const char *bytes; // BYTES: allocated, or borrowed for ever when `fixed`
    size_t size;       // also FILE
    bool fixed;
    int fd; // FILE; -1
    uint64_t offset;
    const lrc_feed_class *feed; // FEED
    void *feed_self;
    lrc_http_bell *bell; // a reference
} lrc_http_reply;

void lrc_http_reply_done(lrc_http_reply *r);
// For the network thread: the fixed headers of every answer (policy, nosniff, …) as name, value pairs; NULL ends.
extern const char *const lrc_http_fixed_headers[];
void lrc_http_reply_error(lrc_http_server *s, lrc_http_reply *r, const lrc_err *e); // keeps headers, replaces the rest
void lrc_http_reply_asset(lrc_http_req *q, const lrc_http_asset *a);                // GET or HEAD
bool lrc_http_asset_packed(const lrc_http_req *q, const lrc_http_asset *a);         // gzipped for this client
// Sets a header; what is there already is replaced, Vary is added to.
int lrc_http_reply_header(lrc_http_reply *r, const char *name, const char *value, lrc_err *err);
const char *lrc_http_reply_get_header(const lrc_http_reply *r, const char *name);

// ---- The request -------------------------------------------------------------------------------------------------------

typedef enum {
    LRC_PHASE_HEAD,
    LRC_PHASE_BODY,
    LRC_PHASE_WORKING,
    LRC_PHASE_TAKEN,
    LRC_PHASE_READY,
    LRC_PHASE_DONE,
} lrc_http_phase;

typedef struct lrc_http_ring {
    pthread_mutex_t lock;
    pthread_cond_t news; // for the worker: bytes, end or abort
    size_t at, len;      // unread bytes
    bool eof;            // the body is complete
    bool cut;            // it never will be
    bool deaf;           // the worker reads no more: swallow the rest
    bool suspended;      // full: the connection waits for room
    uint64_t swallowed;
    char bytes[LRC_HTTP_RING];
} lrc_http_ring;

struct lrc_http_req {
    lrc_http_server *s;
    atomic_int refs;
    void *conn; // libmicrohttpd's connection; only mhd.c looks into it
    int fd;     // its socket, valid while the request is not DONE

    // Set by the network thread before a handler sees the request, then read only.
    char *target; // raw; lies behind this struct
    char *head;   // headers, and their texts
    lrc_http_headers headers;
    lrc_http_framing framing;
    lrc_http_verb verb;
    bool old; // HTTP/1.0
    lrc_http_match match;
    lrc_uri_query query;
    lrc_http_peer peer;
    lrc_http_session_id session; // of the cookie; .set when it is a valid one
    const lrc_http_asset *asset; // instead of a route

    // server.lock
    lrc_http_phase phase;
    lrc_http_req *prev, *next; // in server.suspended
    lrc_http_req *next_job;    // in server.jobs
    bool queued;               // in server.jobs
    bool reentered;            // the next call repeats the first one: resumed before the body
    bool answered;             // a streamed route's handler was done before the body was
    bool drop;                 // close without an answer
    lrc_err_code late;         // answered for the handler: LRC_ERR_BUSY
    int64_t deadline_ms;       // 0: none
    atomic_bool cancelled;

    lrc_buf body;
    size_t body_at; // what lrc_http_body_read() has given
    bool too_long;
    size_t swallowed;
    lrc_http_ring *ring; // streamed routes
    bool opened;         // the worker has asked for the body
    uint64_t taken;      // bytes that went through the ring

    // The handler's, until READY.
    bool failed;
    lrc_http_reply reply;
};

lrc_http_req *lrc_http_req_new(lrc_http_server *s, const char *target);
void lrc_http_req_ref(lrc_http_req *q);
void lrc_http_req_unref(lrc_http_req *q);
void lrc_http_req_slim(lrc_http_req *q); // an upgraded connection needs no headers and body any more

// Judge door, token, method and length of a request whose head is complete. 0, or -1 with what to answer.
int lrc_http_admit(lrc_http_req *q, lrc_err *err);
void lrc_http_run(lrc_http_req *q); // the handler, and its failure as an answer

// ---- Bodies (body.c), network thread -----------------------------------------------------------------------------------

// Take bytes; *n is what is left. -1: drop the connection.
int lrc_http_body_take(lrc_http_req *q, const char *data, size_t *n);
void lrc_http_body_end(lrc_http_req *q);
void lrc_http_body_abort(lrc_http_req *q); // any thread
int lrc_http_ring_new(lrc_http_ring **ret, lrc_err *err);
void lrc_http_ring_free(lrc_http_ring *r);
void lrc_http_ring_close(lrc_http_req *q); // worker: no more reads

// ---- The server --------------------------------------------------------------------------------------------------------

typedef struct lrc_http_worker {
    lrc_http_server *s;
    pthread_t thread;
    enum { LRC_WORKER_NONE, LRC_WORKER_RUNS, LRC_WORKER_ENDED } state;
} lrc_http_worker;

struct lrc_http_server {
    lrc_http_options o; // texts are copies
    lrc_http_router *router;
    lrc_http_door door;
    lrc_http_gate *gate;
    struct lrc_http_feeds *feeds;
    void *mhd;
    void **kept; // responses of the assets, plain and gzipped, made when they are first asked for; the network thread's
    int listen_fd;
    uint16_t port;
    char cookie_name[32]; // with the port: cookies do not tell ports apart

    pthread_mutex_t lock;
    pthread_cond_t work; // for workers
    pthread_cond_t calm; // for stop: suspended_count fell
    bool stopping;       // no new work
    bool hurry;          // the grace is over: streams end
    bool closing;        // workers are to end
    lrc_http_req *suspended;
    unsigned suspended_count; // the spec's in-flight count: rings included
    lrc_http_req *jobs, *jobs_tail;
    unsigned waiting;
    unsigned idle, threads;
    lrc_http_worker worker[LRC_HTTP_WORKERS];
    unsigned feed_count;
    atomic_uint live; // requests begun and not completed; no lock: counted while the library holds its own
    atomic_ullong requests;
};

// server.c
int lrc_http_server_new(const lrc_http_options *options, lrc_http_server **ret, lrc_err *err);
void lrc_http_server_free(lrc_http_server *s);

// pool.c
int lrc_http_dispatch(lrc_http_req *q, lrc_err *err); // network thread: suspend and queue; LRC_ERR_BUSY
bool lrc_http_await(lrc_http_req *q);                 // network thread: suspend until the worker is done; false: it is
void lrc_http_finish(lrc_http_req *q);                // WORKING or TAKEN -> READY; drops the caller's reference
int lrc_http_take(lrc_http_req *q);                   // worker: WORKING -> TAKEN; -1: too late
int lrc_http_open_body(lrc_http_req *q);              // worker: WORKING -> BODY; -1: too late
bool lrc_http_ring_pause(lrc_http_req *q);            // network thread: suspend; false: stopping
void lrc_http_ring_go_on(lrc_http_req *q);            // worker: resume
void lrc_http_nudge(lrc_http_req *q);                 // worker: has the client of an upload gone unnoticed?
void lrc_http_watch(lrc_http_server *s);              // deadlines and clients that went away
void lrc_http_pool_cancel_queued(lrc_http_server *s);
void lrc_http_pool_cancel_all(lrc_http_server *s);
void lrc_http_pool_join(lrc_http_server *s);

// mhd.c
void lrc_mhd_suspend(lrc_http_req *q);
void lrc_mhd_resume(lrc_http_req *q);
void lrc_mhd_close_upgraded(void *handle);

// feeds.c: the feed thread
typedef struct lrc_http_feeds lrc_http_feeds;
int lrc_http_feeds_start(lrc_http_server *s, lrc_http_feeds **ret, lrc_err *err);
void lrc_http_feeds_end_all(lrc_http_feeds *f); // say goodbye to every client; returns at once
void lrc_http_feeds_stop(lrc_http_feeds *f);    // join; closes what is left, takes nothing any more
void lrc_http_feeds_free(lrc_http_feeds *f);
void lrc_http_feeds_adopt_events(lrc_http_req *q); // TAKEN; takes the caller's reference
// A new reference for a feed of this server; NULL stays NULL. A bell belongs to one server.
lrc_http_bell *lrc_http_bell_hang(lrc_http_bell *b, lrc_http_feeds *f);
// An upgraded socket. `extra` are bytes that came with the request. Closes at once when the thread is stopping.
void lrc_http_feeds_adopt_socket(lrc_http_req *q, int fd, void *handle, const char *extra, size_t n);

// stream.c
void lrc_http_stream_end(lrc_http_req *q);
// The status line and headers of an answer that we write ourselves.
void lrc_http_head_text(const lrc_http_req *q, const lrc_http_reply *r, lrc_buf *out);

#endif
