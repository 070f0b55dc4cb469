// SPDX-License-Identifier: MIT
// Request bodies: buffered up to the route's limit, or through a ring that holds the client back.
//
// The network thread fills the ring and never waits; when bytes are left over it suspends the connection, and the worker
// resumes it when half of the ring is free. "Full?" and suspending are one step under ring.lock, and so are taking bytes
// and resuming.
#include "http/internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "http/multipart.h"

int lrc_http_ring_new(lrc_http_ring **ret, lrc_err *err)
{
    lrc_http_ring *r = malloc(sizeof *r);
    if (!r)
        return lrc_fail_memory(err);
    memset(r, 0, offsetof(lrc_http_ring, bytes)); // the bytes stay untouched, and so not resident, until they are used
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->news, NULL);
    *ret = r;
    return 0;
}

void lrc_http_ring_free(lrc_http_ring *r)
{
    if (!r)
        return;
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->news);
    free(r);
}

// ---- Network thread ----------------------------------------------------------------------------------------------------

static int swallow(size_t *swallowed, size_t *n)
{
    *swallowed += *n;
    *n = 0;
    return *swallowed > LRC_HTTP_SWALLOW ? -1 : 0;
}

static int take_buffered(lrc_http_req *q, const char *data, size_t *n)
{
    if (q->too_long)
        return swallow(&q->swallowed, n);
    if (q->body.len == 0 && q->framing.length > 0)
        lrc_buf_room(&q->body, (size_t)q->framing.length);
    lrc_buf_add(&q->body, data, *n);
    if (!q->body.failed) {
        *n = 0;
        return 0;
    }
    q->too_long = true; // chunked, so nobody knew: answered at the end of the body
    return swallow(&q->swallowed, n);
}

// As many bytes as there is room for, in at most two pieces.
static size_t ring_put(lrc_http_ring *r, const char *data, size_t n)
{
    const size_t take = n < LRC_HTTP_RING - r->len ? n : LRC_HTTP_RING - r->len;
    const size_t end = (r->at + r->len) % LRC_HTTP_RING;
    const size_t first = take < LRC_HTTP_RING - end ? take : LRC_HTTP_RING - end;
    memcpy(r->bytes + end, data, first);
    memcpy(r->bytes, data + first, take - first);
    r->len += take;
    return take;
}

static size_t ring_get(lrc_http_ring *r, char *out, size_t n)
{
    const size_t take = n < r->len ? n : r->len;
    const size_t first = take < LRC_HTTP_RING - r->at ? take : LRC_HTTP_RING - r->at;
    memcpy(out, r->bytes + r->at, first);
    memcpy(out + first, r->bytes, take - first);
    r->at = (r->at + take) % LRC_HTTP_RING;
    r->len -= take;
    return take;
}

static int take_ringed(lrc_http_req *q, const char *data, size_t *n)
{
    lrc_http_ring *r = q->ring;
    pthread_mutex_lock(&r->lock);
    int result = 0;
    if (r->deaf) {
        result = swallow(&q->swallowed, n);
    } else if (r->cut) {
        result = -1;
    } else {
        *n -= ring_put(r, data, *n);
        pthread_cond_signal(&r->news);
        if (*n > 0) { // bytes are left with the library: suspending is safe and needed
            r->suspended = lrc_http_ring_pause(q);
            result = r->suspended ? 0 : -1;
        }
    }
    pthread_mutex_unlock(&r->lock);
    return result;
}

int lrc_http_body_take(lrc_http_req *q, const char *data, size_t *n)
{
    return q->ring ? take_ringed(q, data, n) : take_buffered(q, data, n);
}

void lrc_http_body_end(lrc_http_req *q)
{
    lrc_http_ring *r = q->ring;
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->eof = true;
    pthread_cond_signal(&r->news);
    pthread_mutex_unlock(&r->lock);
}

void lrc_http_body_abort(lrc_http_req *q)
{
    lrc_http_ring *r = q->ring;
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->cut = !r->eof;
    pthread_cond_signal(&r->news);
    if (r->suspended) {
        r->suspended = false;
        lrc_http_ring_go_on(q);
    }
    pthread_mutex_unlock(&r->lock);
}

// ---- Worker ------------------------------------------------------------------------------------------------------------

// Lock held. A client's end may come without news, see lrc_http_nudge().
static void wait_news(lrc_http_req *q)
{
    lrc_http_ring *r = q->ring;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    if (pthread_cond_clockwait(&r->news, &r->lock, CLOCK_MONOTONIC, &until) == ETIMEDOUT)
        lrc_http_nudge(q);
}

static int read_ringed(lrc_http_req *q, char *out, size_t n, size_t *ret, lrc_err *err)
{
    lrc_http_ring *r = q->ring;
    pthread_mutex_lock(&r->lock);
    while (r->len == 0 && !r->eof && !r->cut)
        wait_news(q);
    const size_t got = ring_get(r, out, n);
    const bool gone = got == 0 && !r->eof;
    if (r->suspended && r->len <= LRC_HTTP_RING / 2) {
        r->suspended = false;
        lrc_http_ring_go_on(q);
    }
    pthread_mutex_unlock(&r->lock);
    if (gone && n > 0)
        return lrc_fail(err, LRC_ERR_CANCELLED, "the client went away in the middle of its upload");
    q->taken += got;
    if (q->taken > q->body.max) {
        char size[16];
        lrc_str_bytes(q->body.max, size);
        return lrc_fail(err, LRC_ERR_LIMIT, "the body is larger than the %s that are taken here", size);
    }
    *ret = got;
    return 0;
}

int lrc_http_body_read(lrc_http_req *q, void *out, size_t n, size_t *ret, lrc_err *err)
{
    if (q->ring && !q->opened && lrc_http_open_body(q) < 0)
        return lrc_fail(err, LRC_ERR_CANCELLED, "nobody waits for this upload any more");
    q->opened = true;
    if (q->ring)
        return read_ringed(q, out, n, ret, err);
    const size_t left = q->body.len - q->body_at;
    const size_t take = n < left ? n : left;
    memcpy(out, q->body.data + q->body_at, take);
    q->body_at += take;
    *ret = take;
    return 0;
}

void lrc_http_ring_close(lrc_http_req *q)
{
    lrc_http_ring *r = q->ring;
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->deaf = true;
    r->len = 0;
    if (r->suspended) {
        r->suspended = false;
        lrc_http_ring_go_on(q);
    }
    pthread_mutex_unlock(&r->lock);
}

static int from_request(void *arg, void *out, size_t n, size_t *ret, lrc_err *err)
{
    return lrc_http_body_read(arg, out, n, ret, err);
}

int lrc_http_multipart(lrc_http_req *q, lrc_multipart **ret, lrc_err *err)
{
    return lrc_multipart_new(lrc_http_header(q, "Content-Type"), from_request, q, ret, err);
}
