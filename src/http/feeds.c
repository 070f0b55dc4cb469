// SPDX-License-Identifier: MIT
// The feed thread: one epoll loop for all WebSockets and event streams, and the clock of the watch over suspended requests.
//
// New feeds and rung bells come in through lists under `lock` and an eventfd; everything else belongs to the thread. The
// object lives as long as a bell refers to it, so that ringing after the server's end is harmless.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/feed_one.h"

#define TICK_MS      100  // while something is open
#define REST_TICK_MS 1000 // while nothing is
#define EVENTS       64
#define READ_BYTES   4096
#define KERNEL_BYTES (256 << 10) // what the kernel may keep for a slow client; by itself it would take megabytes

struct lrc_http_bell {
    atomic_int refs;
    _Atomic(lrc_http_feeds *) feeds; // a reference; NULL until a feed hangs on it
    bool rung;                       // feeds.lock; it is in feeds.rung then, which holds a reference
    lrc_http_bell *next_rung;        // feeds.lock
    lrc_http_feed *first;            // the thread's
};

struct lrc_http_feeds {
    atomic_int refs;
    lrc_http_server *s; // not after the thread has ended
    pthread_t thread;
    int epoll, event; // -1 when closed

    pthread_mutex_t lock; // guards the next five
    bool ending, stopping;
    lrc_http_feed *incoming;
    lrc_http_bell *rung;

    lrc_http_feed *all; // the thread's
};

// ---- Life ----------------------------------------------------------------------------------------------------------------

static void feeds_unref(lrc_http_feeds *f)
{
    if (atomic_fetch_sub(&f->refs, 1) != 1)
        return;
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static void wake(lrc_http_feeds *f)
{
    const uint64_t one = 1;
    const ssize_t done = write(f->event, &one, sizeof one);
    (void)done; // a full counter wakes as well
}

int lrc_http_bell_new(lrc_http_bell **ret, lrc_err *err)
{
    lrc_http_bell *b = calloc(1, sizeof *b);
    if (!b)
        return lrc_fail_memory(err);
    atomic_init(&b->refs, 1);
    atomic_init(&b->feeds, NULL);
    *ret = b;
    return 0;
}

lrc_http_bell *lrc_http_bell_hang(lrc_http_bell *b, lrc_http_feeds *f)
{
    lrc_http_feeds *none = NULL;
    if (!b)
        return NULL;
    atomic_fetch_add(&b->refs, 1);
    atomic_fetch_add(&f->refs, 1);
    if (!atomic_compare_exchange_strong(&b->feeds, &none, f)) // hangs there already
        feeds_unref(f);
    return b;
}

void lrc_http_bell_free(lrc_http_bell *b)
{
    if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
        return;
    lrc_http_feeds *f = atomic_load(&b->feeds);
    if (f)
        feeds_unref(f);
    free(b);
}

void lrc_http_bell_ring(lrc_http_bell *b)
{
    lrc_http_feeds *f = atomic_load(&b->feeds);
    if (!f)
        return; // nobody to hear it
    pthread_mutex_lock(&f->lock);
    if (!b->rung && !f->stopping) {
        b->rung = true;
        b->next_rung = f->rung;
        f->rung = b;
        atomic_fetch_add(&b->refs, 1);
        wake(f);
    }
    pthread_mutex_unlock(&f->lock);
}

// ---- Feeds that come and go ------------------------------------------------------------------------------------------------

static void count(lrc_http_server *s, int by)
{
    pthread_mutex_lock(&s->lock);
    s->feed_count += (unsigned)by;
    pthread_cond_broadcast(&s->calm);
    pthread_mutex_unlock(&s->lock);
}

// The connection goes back to the library, which closes it.
static void let_go(lrc_http_req *q, void *handle)
{
    if (handle) {
        lrc_mhd_close_upgraded(handle);
        lrc_http_req_unref(q);
    } else {
        lrc_http_finish(q);
    }
}

// -1: the thread takes no more.
static int hand_over(lrc_http_feeds *f, lrc_http_feed *one)
{
    pthread_mutex_lock(&f->lock);
    const bool open = !f->ending;
    if (open) {
        one->next = f->incoming;
        f->incoming = one;
        wake(f);
    }
    pthread_mutex_unlock(&f->lock);
    return open ? 0 : -1;
}

static void adopt(lrc_http_req *q, int fd, void *handle, const char *extra, size_t n)
{
    lrc_http_server *s = q->s;
    const int on = 1, kernel_bytes = KERNEL_BYTES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kernel_bytes, sizeof kernel_bytes);
    lrc_http_feed *one = lrc_feed_new(q, fd, handle);
    if (!one) {
        let_go(q, handle);
        return;
    }
    lrc_buf_init(&one->extra, n); // a failure to copy shows as an unfinished message: the client's loss
    lrc_buf_add(&one->extra, extra, n);
    count(s, 1);
    if (hand_over(s->feeds, one) == 0)
        return;
    lrc_http_bell_free(one->bell);
    lrc_feed_free(one);
    count(s, -1);
    let_go(q, handle);
}

void lrc_http_feeds_adopt_events(lrc_http_req *q)
{
    adopt(q, q->fd, NULL, NULL, 0);
}

void lrc_http_feeds_adopt_socket(lrc_http_req *q, int fd, void *handle, const char *extra, size_t n)
{
    lrc_http_req_ref(q);
    adopt(q, fd, handle, extra, n);
}

static void admit(lrc_http_feeds *f, lrc_http_feed *one)
{
    one->prev = NULL;
    one->next = f->all;
    if (one->next)
        one->next->prev = one;
    f->all = one;
    lrc_http_bell *b = one->bell;
    if (b) {
        one->bell_next = b->first;
        if (b->first)
            b->first->bell_prev = one;
        b->first = one;
    }
    one->watched = EPOLLIN | EPOLLRDHUP;
    struct epoll_event e = {.events = one->watched, .data.ptr = one};
    if (epoll_ctl(f->epoll, EPOLL_CTL_ADD, one->fd, &e) < 0)
        one->broken = true;
    if (one->extra.len > 0)
        lrc_feed_hear(one, one->extra.data, one->extra.len);
    lrc_buf_done(&one->extra);
}

static void dismiss(lrc_http_feeds *f, lrc_http_feed *one)
{
    lrc_http_req *q = one->q;
    void *handle = one->handle;
    epoll_ctl(f->epoll, EPOLL_CTL_DEL, one->fd, NULL);
    if (one->prev)
        one->prev->next = one->next;
    else
        f->all = one->next;
    if (one->next)
        one->next->prev = one->prev;
    if (one->bell_prev)
        one->bell_prev->bell_next = one->bell_next;
    else if (one->bell)
        one->bell->first = one->bell_next;
    if (one->bell_next)
        one->bell_next->bell_prev = one->bell_prev;
    lrc_http_bell_free(one->bell);
    lrc_feed_free(one);
    count(f->s, -1);
    let_go(q, handle);
}

// ---- The loop --------------------------------------------------------------------------------------------------------------

// Read when there is room for answers (pongs), write when something waits.
static void watch_socket(lrc_http_feeds *f, lrc_http_feed *one)
{
    const size_t waiting = one->out.len - one->sent;
    const uint32_t want = EPOLLRDHUP | (waiting < LRC_FEED_ROOM ? EPOLLIN : 0u) | (waiting ? EPOLLOUT : 0u);
    if (want == one->watched)
        return;
    one->watched = want;
    struct epoll_event e = {.events = want, .data.ptr = one};
    epoll_ctl(f->epoll, EPOLL_CTL_MOD, one->fd, &e);
}

static void listen_to(lrc_http_feed *one)
{
    char bytes[READ_BYTES];
    const ssize_t n = recv(one->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0)
        lrc_feed_hear(one, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        one->broken = true; // gone; a half-closed client counts as gone too
}

// One turn of a feed; it may not exist afterwards. true: it wants another turn at once.
static bool turn(lrc_http_feeds *f, lrc_http_feed *one, int64_t now)
{
    if (!one->broken)
        lrc_feed_pump(one, now);
    if (lrc_feed_is_over(one, now)) {
        dismiss(f, one);
        return false;
    }
    watch_socket(f, one);
    return one->more && lrc_feed_room(one) > 0;
}

static void take_rung(lrc_http_feeds *f, lrc_http_bell *b)
{
    while (b) {
        lrc_http_bell *next = b->next_rung;
        pthread_mutex_lock(&f->lock);
        b->rung = false; // from here on another ring counts again
        pthread_mutex_unlock(&f->lock);
        for (lrc_http_feed *one = b->first; one; one = one->bell_next)
            one->more = true;
        lrc_http_bell_free(b);
        b = next;
    }
}

// What came in through the lists. Returns true while the thread is to go on.
static bool take_news(lrc_http_feeds *f, bool *ret_ending)
{
    uint64_t scrap;
    const ssize_t done = read(f->event, &scrap, sizeof scrap);
    (void)done;
    pthread_mutex_lock(&f->lock);
    lrc_http_feed *incoming = lrc_take(f->incoming);
    lrc_http_bell *rung = lrc_take(f->rung);
    const bool stopping = f->stopping;
    *ret_ending = f->ending;
    pthread_mutex_unlock(&f->lock);
    while (incoming) {
        lrc_http_feed *next = incoming->next;
        admit(f, incoming);
        incoming = next;
    }
    take_rung(f, rung);
    return !stopping;
}

// A turn for every feed that wants one. true: somebody wants another.
static bool turns(lrc_http_feeds *f, int64_t now)
{
    bool again = false;
    for (lrc_http_feed *one = f->all, *next; one; one = next) {
        next = one->next;
        if (one->broken || one->more || one->ended)
            again |= turn(f, one, now);
    }
    return again;
}

static void look_at_all(lrc_http_feeds *f, int64_t now)
{
    for (lrc_http_feed *one = f->all, *next; one; one = next) {
        next = one->next;
        lrc_feed_look(one, now);
        turn(f, one, now);
    }
    lrc_http_watch(f->s);
}

static int tick_ms(lrc_http_feeds *f)
{
    lrc_http_server *s = f->s;
    pthread_mutex_lock(&s->lock);
    const bool busy = s->suspended_count > 0;
    pthread_mutex_unlock(&s->lock);
    return busy || f->all ? TICK_MS : REST_TICK_MS;
}

static void *feeds_main(void *arg)
{
    lrc_http_feeds *f = arg;
    pthread_setname_np(pthread_self(), "http-feeds");
    int64_t looked = lrc_clock_mono_ms();
    bool again = false, ending = false, ended = false, go = true;
    while (go) {
        struct epoll_event event[EVENTS];
        const int tick = tick_ms(f);
        const int n = epoll_wait(f->epoll, event, EVENTS, again ? 0 : tick);
        const int64_t now = lrc_clock_mono_ms();
        for (int i = 0; i < n; i++) {
            lrc_http_feed *one = event[i].data.ptr;
            if (one && event[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                listen_to(one);
            if (one)
                turn(f, one, now);
        }
        go = take_news(f, &ending);
        if (ending && !ended)
            for (lrc_http_feed *one = f->all; one; one = one->next)
                lrc_feed_goodbye(one, 1001, "the server is stopping", now);
        ended = ending;
        again = turns(f, now);
        if (now - looked >= tick) {
            looked = now;
            look_at_all(f, now);
        }
    }
    while (f->all)
        dismiss(f, f->all);
    return NULL;
}

int lrc_http_feeds_start(lrc_http_server *s, lrc_http_feeds **ret, lrc_err *err)
{
    lrc_http_feeds *f = calloc(1, sizeof *f);
    if (!f)
        return lrc_fail_memory(err);
    atomic_init(&f->refs, 1);
    pthread_mutex_init(&f->lock, NULL);
    f->s = s;
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN};
    int result = 0;
    if (f->epoll < 0 || f->event < 0 || epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->event, &e) < 0)
        result = lrc_fail_errno(err, "cannot set up the feed thread");
    if (result == 0 && (errno = pthread_create(&f->thread, NULL, feeds_main, f)))
        result = lrc_fail_errno(err, "cannot start the feed thread");
    if (result < 0) {
        lrc_closep_(&f->epoll);
        lrc_closep_(&f->event);
        feeds_unref(f);
        return -1;
    }
    *ret = f;
    return 0;
}

void lrc_http_feeds_end_all(lrc_http_feeds *f)
{
    pthread_mutex_lock(&f->lock);
    f->ending = true;
    wake(f);
    pthread_mutex_unlock(&f->lock);
}

void lrc_http_feeds_stop(lrc_http_feeds *f)
{
    pthread_mutex_lock(&f->lock);
    f->ending = true;
    f->stopping = true;
    wake(f);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    pthread_mutex_lock(&f->lock);
    lrc_http_bell *rung = lrc_take(f->rung); // rung after the thread looked last
    close(lrc_take_fd(f->epoll));
    close(lrc_take_fd(f->event));
    pthread_mutex_unlock(&f->lock);
    while (rung) {
        lrc_http_bell *next = rung->next_rung;
        lrc_http_bell_free(rung);
        rung = next;
    }
}

void lrc_http_feeds_free(lrc_http_feeds *f)
{
    feeds_unref(f);
}
