// SPDX-License-Identifier: MIT
// Workers, and the bookkeeping of suspended connections.
//
// A request is queued and its connection suspended in one step under server.lock: no worker sees a request whose
// connection is not suspended yet. Whoever moves a request out of WORKING (its worker, or the watch for deadlines and
// clients that went away) resumes it; the other finds the phase changed and lets go. Threads are started when a job finds
// none idle, and end after a while without work.
#include "http/internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

#define WORKER_REST_MS 10000 // an idle thread ends after this
#define STACK_BYTES    ((size_t)1 << 20)

// ---- Suspended connections (server.lock held, but for resume) ------------------------------------------------------------

static void list_add(lrc_http_server *s, lrc_http_req *q)
{
    q->prev = NULL;
    q->next = s->suspended;
    if (q->next)
        q->next->prev = q;
    s->suspended = q;
}

static void list_remove(lrc_http_server *s, lrc_http_req *q)
{
    if (q->prev)
        q->prev->next = q->next;
    else
        s->suspended = q->next;
    if (q->next)
        q->next->prev = q->prev;
    q->prev = q->next = NULL;
}

// The lock is not held while the library resumes: it has locks of its own. After that the request is the network
// thread's again; the count falls last, so that stop does not end the daemon before.
static void resume(lrc_http_server *s, lrc_http_req *q)
{
    lrc_mhd_resume(q);
    pthread_mutex_lock(&s->lock);
    s->suspended_count--;
    pthread_cond_broadcast(&s->calm);
    pthread_mutex_unlock(&s->lock);
}

bool lrc_http_ring_pause(lrc_http_req *q)
{
    lrc_http_server *s = q->s;
    pthread_mutex_lock(&s->lock);
    const bool go = !s->stopping;
    if (go) {
        s->suspended_count++;
        list_add(s, q);
        lrc_mhd_suspend(q);
    }
    pthread_mutex_unlock(&s->lock);
    return go;
}

void lrc_http_ring_go_on(lrc_http_req *q)
{
    pthread_mutex_lock(&q->s->lock);
    list_remove(q->s, q);
    pthread_mutex_unlock(&q->s->lock);
    resume(q->s, q);
}

// ---- Queue -------------------------------------------------------------------------------------------------------------

static void push_job(lrc_http_server *s, lrc_http_req *q)
{
    q->next_job = NULL;
    q->queued = true;
    if (s->jobs)
        s->jobs_tail->next_job = q;
    else
        s->jobs = q;
    s->jobs_tail = q;
    s->waiting++;
}

static void remove_job(lrc_http_server *s, lrc_http_req *q)
{
    lrc_http_req *before = NULL;
    for (lrc_http_req *at = s->jobs; at != q; at = at->next_job)
        before = at;
    if (before)
        before->next_job = q->next_job;
    else
        s->jobs = q->next_job;
    if (s->jobs_tail == q)
        s->jobs_tail = before;
    q->queued = false;
    s->waiting--;
}

static void *worker_main(void *arg);

// A thread for the queue when none is idle. That none can be made is not fatal while there are others.
static int want_worker(lrc_http_server *s, lrc_err *err)
{
    if (s->idle >= s->waiting + 1 || s->threads >= s->o.workers_max)
        return 0;
    lrc_http_worker *w = s->worker;
    while (w->state == LRC_WORKER_RUNS)
        w++; // threads < workers_max: there is one
    if (w->state == LRC_WORKER_ENDED)
        pthread_join(w->thread, NULL);
    w->state = LRC_WORKER_NONE;
    w->s = s;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    errno = pthread_create(&w->thread, &attr, worker_main, w);
    pthread_attr_destroy(&attr);
    if (errno)
        return s->threads ? 0 : lrc_fail_errno(err, "cannot start a thread");
    w->state = LRC_WORKER_RUNS;
    s->threads++;
    return 0;
}

// Lock held.
static void suspend(lrc_http_server *s, lrc_http_req *q)
{
    s->suspended_count++;
    q->phase = LRC_PHASE_WORKING;
    list_add(s, q);
    lrc_mhd_suspend(q);
}

int lrc_http_dispatch(lrc_http_req *q, lrc_err *err)
{
    lrc_http_server *s = q->s;
    const int own = q->match.route->timeout_ms;
    const int timeout_ms = own ? own : s->o.timeout_ms;
    int result = 0;
    pthread_mutex_lock(&s->lock);
    if (s->stopping)
        result = lrc_fail(err, LRC_ERR_BUSY, "the server is stopping");
    else if (s->waiting >= s->o.queue_max)
        result = lrc_fail(err, LRC_ERR_BUSY, "%u requests are waiting already; try again in a moment", s->waiting);
    else
        result = want_worker(s, err);
    if (result == 0) {
        lrc_http_req_ref(q);
        q->deadline_ms = timeout_ms > 0 ? lrc_clock_mono_ms() + timeout_ms : 0;
        suspend(s, q);
        push_job(s, q);
        pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
    return result;
}

bool lrc_http_await(lrc_http_req *q)
{
    lrc_http_server *s = q->s;
    pthread_mutex_lock(&s->lock);
    const bool wait = !q->answered;
    if (wait) {
        q->deadline_ms = 0; // the upload is here: its last write may take its time
        suspend(s, q);
    }
    pthread_mutex_unlock(&s->lock);
    return wait;
}

// ---- Ends --------------------------------------------------------------------------------------------------------------

void lrc_http_finish(lrc_http_req *q)
{
    lrc_http_server *s = q->s;
    lrc_http_ring_close(q);
    pthread_mutex_lock(&s->lock);
    const bool ours = q->phase == LRC_PHASE_WORKING || q->phase == LRC_PHASE_TAKEN;
    q->answered = true;
    if (q->phase == LRC_PHASE_TAKEN)
        q->drop = true;
    if (q->phase == LRC_PHASE_WORKING)
        list_remove(s, q);
    if (ours)
        q->phase = LRC_PHASE_READY;
    pthread_mutex_unlock(&s->lock);
    if (ours)
        resume(s, q);
    lrc_http_req_unref(q);
}

int lrc_http_open_body(lrc_http_req *q)
{
    lrc_http_server *s = q->s;
    pthread_mutex_lock(&s->lock);
    const bool ours = q->phase == LRC_PHASE_WORKING && !s->stopping;
    if (ours) {
        list_remove(s, q);
        q->phase = LRC_PHASE_BODY;
        q->reentered = true;
    }
    pthread_mutex_unlock(&s->lock);
    if (!ours)
        return -1;
    resume(s, q);
    return 0;
}

int lrc_http_take(lrc_http_req *q)
{
    lrc_http_server *s = q->s;
    pthread_mutex_lock(&s->lock);
    const bool ours = q->phase == LRC_PHASE_WORKING && !s->stopping;
    if (ours) {
        list_remove(s, q);
        q->phase = LRC_PHASE_TAKEN;
    }
    pthread_mutex_unlock(&s->lock);
    return ours ? 0 : -1;
}

// ---- Worker threads ----------------------------------------------------------------------------------------------------

static bool hung_up(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) == 1 && p.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

// libmicrohttpd watches edges and stops reading at a short read: bytes and the end of a connection that come together look
// like bytes alone, and the end is never seen. Closing our side of reading makes it look again; what lies in the socket
// can still be read. In BODY the socket is there: completion takes the phase to DONE, under the lock, before it closes it.
void lrc_http_nudge(lrc_http_req *q)
{
    lrc_http_server *s = q->s;
    pthread_mutex_lock(&s->lock);
    if (q->phase == LRC_PHASE_BODY && hung_up(q->fd))
        shutdown(q->fd, SHUT_RD);
    pthread_mutex_unlock(&s->lock);
}

static void run_job(lrc_http_req *q)
{
    if (!lrc_http_cancelled(q))
        lrc_http_run(q);
    const bool events = q->match.route->flags & LRC_HTTP_EVENTS;
    if (q->reply.kind == LRC_REPLY_STREAM)
        lrc_http_stream_end(q);
    else if (q->reply.kind == LRC_REPLY_FEED && events && q->verb == LRC_METHOD_GET && lrc_http_take(q) == 0) {
        lrc_http_feeds_adopt_events(q); // with our reference
        return;
    }
    lrc_http_finish(q);
}

// The next job, or NULL when this thread is to end. Lock held.
static lrc_http_req *next_job(lrc_http_server *s)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WORKER_REST_MS / 1000;
    s->idle++;
    int state = 0;
    while (!s->jobs && !s->closing && state != ETIMEDOUT)
        state = pthread_cond_clockwait(&s->work, &s->lock, CLOCK_MONOTONIC, &until);
    s->idle--;
    lrc_http_req *q = s->jobs;
    if (!q)
        return NULL;
    remove_job(s, q);
    // Nobody waits any more? Asked while the phase says that the socket is still there.
    if (q->phase == LRC_PHASE_WORKING && hung_up(q->fd))
        atomic_store(&q->cancelled, true);
    return q;
}

static void *worker_main(void *arg)
{
    lrc_http_worker *w = arg;
    lrc_http_server *s = w->s;
    pthread_setname_np(pthread_self(), "http-worker");
    pthread_mutex_lock(&s->lock);
    lrc_http_req *q;
    while ((q = next_job(s))) {
        pthread_mutex_unlock(&s->lock);
        run_job(q);
        pthread_mutex_lock(&s->lock);
    }
    w->state = LRC_WORKER_ENDED;
    s->threads--;
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

// ---- Watch -------------------------------------------------------------------------------------------------------------

#define WATCH_BATCH 256

// Answer for the handler: READY with `late`, or dropped. Lock held; the caller resumes.
static void expire(lrc_http_server *s, lrc_http_req *q, bool drop)
{
    list_remove(s, q);
    q->phase = LRC_PHASE_READY;
    q->late = LRC_ERR_BUSY;
    q->drop = drop;
    atomic_store(&q->cancelled, true);
}

// Resume what was expired; jobs that no worker has begun will not run.
static void resume_all(lrc_http_server *s, lrc_http_req **q, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pthread_mutex_lock(&s->lock);
        const bool queued = q[i]->queued;
        if (queued)
            remove_job(s, q[i]);
        pthread_mutex_unlock(&s->lock);
        resume(s, q[i]);
        if (queued)
            lrc_http_req_unref(q[i]);
        lrc_http_req_unref(q[i]);
    }
}

void lrc_http_watch(lrc_http_server *s)
{
    lrc_http_req *over[WATCH_BATCH];
    size_t n = 0;
    const int64_t now = lrc_clock_mono_ms();
    pthread_mutex_lock(&s->lock);
    for (lrc_http_req *q = s->suspended, *next; q && n < WATCH_BATCH; q = next) {
        next = q->next;
        if (q->phase != LRC_PHASE_WORKING)
            continue; // a full ring: its worker is about to read
        const bool late = q->deadline_ms && now > q->deadline_ms;
        const bool gone = hung_up(q->fd);
        if (!late && !gone)
            continue;
        lrc_http_req_ref(q);
        expire(s, q, gone);
        over[n++] = q;
    }
    pthread_mutex_unlock(&s->lock);
    resume_all(s, over, n);
}

// At stop: all that wait for a worker (`queued_only`), or all that wait for one to end, full rings included. Streams are
// told (server.hurry), not resumed: their worker has the socket.
static void cancel(lrc_http_server *s, bool queued_only)
{
    size_t n;
    do {
        lrc_http_req *over[WATCH_BATCH], *ringed[WATCH_BATCH];
        size_t rings = 0;
        n = 0;
        pthread_mutex_lock(&s->lock);
        for (lrc_http_req *q = s->suspended, *next; q && n + rings < WATCH_BATCH; q = next) {
            next = q->next;
            if (queued_only && !q->queued)
                continue;
            lrc_http_req_ref(q);
            if (q->phase == LRC_PHASE_BODY) {
                ringed[rings++] = q;
                continue;
            }
            expire(s, q, false);
            over[n++] = q;
        }
        pthread_mutex_unlock(&s->lock);
        resume_all(s, over, n);
        for (size_t i = 0; i < rings; i++) {
            lrc_http_body_abort(ringed[i]);
            lrc_http_req_unref(ringed[i]);
        }
        n += rings;
    } while (n == WATCH_BATCH);
}

void lrc_http_pool_cancel_queued(lrc_http_server *s)
{
    cancel(s, true);
}

void lrc_http_pool_cancel_all(lrc_http_server *s)
{
    cancel(s, false);
}

void lrc_http_pool_join(lrc_http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_cond_broadcast(&s->work);
    for (size_t i = 0; i < LRC_HTTP_WORKERS; i++) {
        if (s->worker[i].state == LRC_WORKER_NONE)
            continue;
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->worker[i].thread, NULL);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    while (s->jobs) { // no thread could be made for them
        lrc_http_req *q = s->jobs;
        remove_job(s, q);
        lrc_http_req_unref(q);
    }
}
