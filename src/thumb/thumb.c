// SPDX-License-Identifier: MIT
#include "thumb/thumb.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "thumb/keep.h"

#define RECIPE       1  // raise it when small pictures are made in another way: kept ones are not used any more
#define KEY_BYTES    16 // of the hash
#define KEY_SIZE     (2 * KEY_BYTES + 1)
#define LOOK_MS      200   // how often a call that waits asks whether anybody still wants its answer
#define FAILED_MS    60000 // how long an unreadable picture is not tried again
#define FAILED_COUNT 32

_Static_assert(KEY_SIZE <= LRC_THUMB_TAG_MAX, "a key is a tag");

// A picture that is being made. Lives as long as somebody looks at it.
struct flight {
    char key[KEY_SIZE];
    unsigned refs;
    bool done;
    bool left; // whoever made it gave up before the decoder began: somebody else may
    lrc_err why;
    struct flight *next;
};

// A picture that could not be read.
struct failure {
    char key[KEY_SIZE];
    int64_t until; // monotonic ms
    lrc_err why;
};

struct lrc_thumbs {
    lrc_keep keep;
    unsigned queue;
    unsigned count;
    lrc_decoder *decoder[LRC_THUMBS_DECODERS];

    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t news;   // a decoder is free, or a flight is over
    bool busy[LRC_THUMBS_DECODERS];
    unsigned queued;
    struct flight *flights;
    struct failure failed[FAILED_COUNT];
    unsigned next_failed;
    lrc_thumbs_stats stats;
};

static unsigned cores(void)
{
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > LRC_THUMBS_DECODERS ? LRC_THUMBS_DECODERS : (unsigned)n;
}

int lrc_thumbs_new(const lrc_thumbs_options *o, lrc_thumbs **ret, lrc_err *err)
{
    lrc_auto_thumbs lrc_thumbs *t = calloc(1, sizeof *t);
    pthread_condattr_t attr;
    if (!t)
        return lrc_fail_memory(err);
    pthread_mutex_init(&t->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->news, &attr);
    pthread_condattr_destroy(&attr);
    t->queue = o->queue ? o->queue : LRC_THUMBS_QUEUE;
    const unsigned count = o->decoders ? o->decoders : cores();
    const lrc_decoder_options each = {
        .program = o->program, .processes = 1, .timeout_ms = o->timeout_ms ? o->timeout_ms : LRC_THUMBS_TIMEOUT_MS};
    if (lrc_keep_init(&t->keep, o->folder, o->max_bytes ? o->max_bytes : LRC_THUMBS_BYTES, err) < 0)
        return -1;
    for (; t->count < count && t->count < LRC_THUMBS_DECODERS; t->count++)
        if (lrc_decoder_new(&each, &t->decoder[t->count], err) < 0)
            return -1;
    *ret = lrc_take(t);
    return 0;
}

void lrc_thumbs_free(lrc_thumbs *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->count; i++)
        lrc_decoder_free(t->decoder[i]);
    pthread_cond_destroy(&t->news);
    pthread_mutex_destroy(&t->mutex);
    lrc_keep_done(&t->keep);
    free(t);
}

// ---- Waiting and decoders; all under the mutex -----------------------------------------------------------------------

// Until there may be news. LRC_ERR_CANCELLED when nobody wants the answer any more.
static int wait_for_news(lrc_thumbs *t, const lrc_thumb_source *s, lrc_err *err)
{
    const int64_t until = lrc_clock_mono_ms() + LOOK_MS;
    const struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    t->stats.waiting++;
    pthread_cond_timedwait(&t->news, &t->mutex, &at);
    t->stats.waiting--;
    if (s->gone && s->gone(s->asks))
        return lrc_fail(err, LRC_ERR_CANCELLED, "nobody waits for '%s' any more", s->name);
    return 0;
}

static int free_decoder(const lrc_thumbs *t)
{
    for (unsigned i = 0; i < t->count; i++)
        if (!t->busy[i])
            return (int)i;
    return -1;
}

static int take_decoder(lrc_thumbs *t, const lrc_thumb_source *s, int *ret, lrc_err *err)
{
    int found = free_decoder(t);
    if (found < 0 && t->queued >= t->queue)
        return lrc_fail(err, LRC_ERR_BUSY, "%u pictures wait for the image decoder already; ask again", t->queued);
    t->queued++;
    int result = 0;
    while (found < 0 && result == 0) {
        result = wait_for_news(t, s, err);
        found = free_decoder(t);
    }
    t->queued--;
    if (result < 0)
        return -1;
    t->busy[found] = true;
    *ret = found;
    return 0;
}

// Give the question to a decoder when one is free; without the mutex while it works. -1 with *started false when it
// never came to that.
static int decode(lrc_thumbs *t, const lrc_thumb_source *s, lrc_decode_task *task, bool *started, lrc_err *err)
{
    int which;
    *started = false;
    if (take_decoder(t, s, &which, err) < 0)
        return -1;
    *started = true;
    t->stats.decoded++;
    pthread_mutex_unlock(&t->mutex);
    lrc_err why = LRC_ERR_INIT;
    int result = lrc_decoder_run(t->decoder[which], task, 1, NULL, NULL, &why);
    if (result == 0 && !task->ok) {
        why = task->why;
        result = -1;
    }
    pthread_mutex_lock(&t->mutex);
    t->busy[which] = false;
    pthread_cond_broadcast(&t->news);
    if (result < 0 && err)
        *err = why;
    return result;
}

// ---- What is known of a picture; under the mutex -----------------------------------------------------------------------

static bool is_of_the_file(lrc_err_code code)
{
    return code == LRC_ERR_INVALID || code == LRC_ERR_MEDIA_TYPE || code == LRC_ERR_LIMIT;
}

static const struct failure *find_failure(const lrc_thumbs *t, const char *key)
{
    const int64_t now = lrc_clock_mono_ms();
    for (size_t i = 0; i < FAILED_COUNT; i++)
        if (strcmp(t->failed[i].key, key) == 0 && now < t->failed[i].until)
            return &t->failed[i];
    return NULL;
}

static void remember_failure(lrc_thumbs *t, const char *key, const lrc_err *why)
{
    struct failure *f = &t->failed[t->next_failed++ % FAILED_COUNT];
    *f = (struct failure){.until = lrc_clock_mono_ms() + FAILED_MS, .why = *why};
    memcpy(f->key, key, sizeof f->key);
}

static struct flight *find_flight(const lrc_thumbs *t, const char *key)
{
    for (struct flight *f = t->flights; f; f = f->next)
        if (strcmp(f->key, key) == 0)
            return f;
    return NULL;
}

static int begin_flight(lrc_thumbs *t, const char *key, struct flight **ret, lrc_err *err)
{
    struct flight *f = calloc(1, sizeof *f);
    if (!f)
        return lrc_fail_memory(err);
    memcpy(f->key, key, sizeof f->key);
    f->refs = 1;
    f->next = t->flights;
    t->flights = f;
    *ret = f;
    return 0;
}

static void drop_flight(struct flight *f)
{
    if (--f->refs == 0)
        free(f);
}

// Nobody finds it any more; those who look at it are told.
static void end_flight(lrc_thumbs *t, struct flight *f)
{
    for (struct flight **at = &t->flights; *at; at = &(*at)->next)
        if (*at == f) {
            *at = f->next;
            break;
        }
    f->done = true;
    pthread_cond_broadcast(&t->news);
    drop_flight(f);
}

// ---- One small picture -----------------------------------------------------------------------------------------------

static int make_key(const lrc_thumb_source *s, int size, char ret[KEY_SIZE], lrc_err *err)
{
    struct stat st;
    unsigned char hash[EVP_MAX_MD_SIZE] = {0};
    if (fstat(s->fd, &st) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", s->name);
    const uint64_t facts[] = {RECIPE,
                              (uint64_t)st.st_dev,
                              (uint64_t)st.st_ino,
                              (uint64_t)st.st_size,
                              (uint64_t)st.st_mtim.tv_sec,
                              (uint64_t)st.st_mtim.tv_nsec,
                              (uint64_t)st.st_ctim.tv_sec,
                              (uint64_t)st.st_ctim.tv_nsec,
                              (uint64_t)size};
    if (EVP_Digest(facts, sizeof facts, hash, NULL, EVP_sha256(), NULL) != 1)
        return lrc_fail_memory(err);
    for (int i = 0; i < KEY_BYTES; i++)
        snprintf(ret + 2 * (size_t)i, 3, "%02x", hash[i]);
    return 0;
}

static int round_up(int size)
{
    static const int sizes[] = {LRC_THUMB_SIZES};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (size_t i = 0; i < COUNT; i++)
        if (sizes[i] >= size)
            return sizes[i];
    return sizes[COUNT - 1];
}

// Make the picture that `f` stands for. Under the mutex, but for the work itself.
static int make(lrc_thumbs *t, const lrc_thumb_source *s, int size, struct flight *f, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_err why = LRC_ERR_INIT;
    bool started = true;
    int result = lrc_keep_place(&t->keep, f->key, &path, &why);
    lrc_decode_task task = {.op = LRC_DECODE_THUMBNAIL, .path = s->name, .fd = s->fd, .out = path, .size = size};
    if (result == 0)
        result = decode(t, s, &task, &started, &why);
    if (result < 0 && is_of_the_file(why.code))
        remember_failure(t, f->key, &why);
    f->left = !started && why.code == LRC_ERR_CANCELLED;
    f->why = why;
    end_flight(t, f);
    if (result < 0 && err)
        *err = why;
    return result;
}

// Wait for somebody else's. *again: it was left, look from the start.
static int share(lrc_thumbs *t, const lrc_thumb_source *s, struct flight *f, bool *again, lrc_err *err)
{
    int result = 0;
    f->refs++;
    while (!f->done && result == 0)
        result = wait_for_news(t, s, err);
    *again = result == 0 && f->left;
    if (result == 0 && !f->left && f->why.code != LRC_OK) {
        result = -1;
        if (err)
            *err = f->why;
    }
    drop_flight(f);
    return result;
}

// See to it that the picture is in the folder. *made: by us. Under the mutex.
static int provide(lrc_thumbs *t, const lrc_thumb_source *s, const char *key, int size, bool *made, lrc_err *err)
{
    for (;;) {
        const struct failure *bad = find_failure(t, key);
        bool again = false;
        struct flight *f = find_flight(t, key);
        if (bad) {
            if (err)
                *err = bad->why;
            return -1;
        }
        if (!f && lrc_keep_has(&t->keep, key)) // somebody's was ready in this very moment
            return 0;
        if (!f) {
            *made = true;
            return begin_flight(t, key, &f, err) < 0 ? -1 : make(t, s, size, f, err);
        }
        const int result = share(t, s, f, &again, err);
        if (!again)
            return result;
    }
}

int lrc_thumbs_get(lrc_thumbs *t, const lrc_thumb_source *s, int size, lrc_thumb *ret, lrc_err *err)
{
    char key[KEY_SIZE];
    lrc_auto_close int fd = -1;
    lrc_err missing = LRC_ERR_INIT;
    bool made = false;
    size = round_up(size);
    if (make_key(s, size, key, err) < 0)
        return -1;
    const bool found = lrc_keep_open(&t->keep, key, &fd, &missing) == 0;
    pthread_mutex_lock(&t->mutex);
    t->stats.asked++;
    t->stats.found += found;
    const int result = found ? 0 : provide(t, s, key, size, &made, err);
    pthread_mutex_unlock(&t->mutex);
    if (result < 0 || (!found && lrc_keep_open(&t->keep, key, &fd, err) < 0))
        return -1;
    if (made)
        lrc_keep_added(&t->keep, fd);
    snprintf(ret->tag, sizeof ret->tag, "%s", key);
    ret->fd = lrc_take_fd(fd);
    return 0;
}

int lrc_thumbs_facts(lrc_thumbs *t, const lrc_thumb_source *s, lrc_decode_facts *ret, lrc_err *err)
{
    lrc_decode_task task = {.op = LRC_DECODE_PROBE, .path = s->name, .fd = s->fd};
    bool started;
    pthread_mutex_lock(&t->mutex);
    const int result = decode(t, s, &task, &started, err);
    pthread_mutex_unlock(&t->mutex);
    if (result == 0)
        *ret = task.facts;
    return result;
}

void lrc_thumbs_get_stats(lrc_thumbs *t, lrc_thumbs_stats *ret)
{
    pthread_mutex_lock(&t->mutex);
    *ret = t->stats;
    pthread_mutex_unlock(&t->mutex);
}
