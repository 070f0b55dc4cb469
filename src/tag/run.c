// SPDX-License-Identifier: MIT
#include "tag/run.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/fs.h"
#include "caption/file.h"
#include "image/info.h"

#define WINDOW_PER_THREAD 4 // pictures that the threads may be ahead of the writer
#define THREADS_MAX       256

struct slot {
    bool ready;
    lrc_tag_outcome outcome;
    float *scores;
    uint32_t width, height;
    lrc_err why;
};

struct run {
    const lrc_tag_job *job;
    char **captions;    // path of each image's caption file
    struct slot *slots; // image i lies in slot i % window
    size_t window;

    pthread_mutex_t lock; // guards all below, and `ready` of the slots
    pthread_cond_t changed;
    size_t next;    // image that the next free thread takes
    size_t written; // images that the writer has finished
    bool ending;
};

unsigned lrc_tag_cores(void)
{
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? (unsigned)n : 1;
}

// ---- Threads -----------------------------------------------------------------------------------------------------------

static bool is_stopped(const struct run *r)
{
    return r->job->stop && atomic_load(r->job->stop);
}

// The next image to look at; false when there is none or the run ends.
static bool take(struct run *r, size_t *ret)
{
    pthread_mutex_lock(&r->lock);
    while (!r->ending && r->next < r->job->images->count && r->next >= r->written + r->window)
        pthread_cond_wait(&r->changed, &r->lock);
    const bool more = !r->ending && !is_stopped(r) && r->next < r->job->images->count;
    if (more)
        *ret = r->next++;
    pthread_mutex_unlock(&r->lock);
    return more;
}

static void *work(void *arg)
{
    struct run *r = arg;
    const lrc_tag_job *job = r->job;
    size_t i;
    while (take(r, &i)) {
        struct slot *slot = &r->slots[i % r->window];
        slot->why = (lrc_err){0};
        if (job->existing == LRC_TAG_IGNORE && lrc_fs_exists(r->captions[i]))
            slot->outcome = LRC_TAG_SKIPPED;
        else if (lrc_tagger_scores(job->tagger, job->images->item[i], job->profile, slot->scores, &slot->width,
                                   &slot->height, &slot->why) < 0)
            slot->outcome = LRC_TAG_FAILED;
        else
            slot->outcome = LRC_TAG_DONE;
        pthread_mutex_lock(&r->lock);
        slot->ready = true;
        pthread_cond_broadcast(&r->changed);
        pthread_mutex_unlock(&r->lock);
    }
    // The writer may be waiting for an image that nobody will take any more.
    pthread_mutex_lock(&r->lock);
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    lrc_image_thread_end();
    return NULL;
}

// ---- The writer --------------------------------------------------------------------------------------------------------

// true when image `i` is ready; false when it never will be.
static bool wait_for(struct run *r, size_t i)
{
    struct slot *slot = &r->slots[i % r->window];
    pthread_mutex_lock(&r->lock);
    while (!slot->ready && !(is_stopped(r) && r->next <= i))
        pthread_cond_wait(&r->changed, &r->lock);
    const bool ready = slot->ready;
    pthread_mutex_unlock(&r->lock);
    return ready;
}

static void hand_back(struct run *r, size_t i)
{
    pthread_mutex_lock(&r->lock);
    r->slots[i % r->window].ready = false;
    r->written = i + 1;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

// Make the caption, and write it under the dataset's lock. *ret_text is the caller's to free.
static int make_caption(const struct run *r, size_t i, const lrc_strv *tags, char **ret_text, lrc_err *err)
{
    const lrc_tag_job *job = r->job;
    lrc_auto_close int lock = -1;
    lrc_auto_caption_file lrc_caption_file old = {0};
    if (job->write && job->lock && job->lock(job->arg, job->images->item[i], &lock, err) < 0)
        return -1;
    if (job->existing == LRC_TAG_APPEND && lrc_caption_read(r->captions[i], &old, err) < 0)
        return -1;
    lrc_auto_free char *text = NULL;
    if (lrc_tag_text(job->rules, tags, old.exists ? old.text : NULL, &text, err) < 0 ||
        (job->write && lrc_caption_write(r->captions[i], text, err) < 0))
        return -1;
    *ret_text = lrc_take(text);
    return 0;
}

// Errors that the next image would meet as well.
static bool ends_the_run(lrc_err_code code)
{
    return code == LRC_ERR_DISK_FULL || code == LRC_ERR_NO_MEMORY;
}

static int finish(const struct run *r, size_t i, lrc_tag_totals *totals, lrc_err *err)
{
    const lrc_tag_job *job = r->job;
    struct slot *slot = &r->slots[i % r->window];
    lrc_auto_strv lrc_strv tags = {0};
    lrc_auto_free char *text = NULL;
    if (slot->outcome == LRC_TAG_DONE && (lrc_tag_pick(job->rules, slot->scores, &tags, &slot->why) < 0 ||
                                          make_caption(r, i, &tags, &text, &slot->why) < 0))
        slot->outcome = LRC_TAG_FAILED;
    if (slot->outcome == LRC_TAG_FAILED && ends_the_run(slot->why.code)) {
        if (err)
            *err = slot->why;
        return -1;
    }
    size_t *counter[] = {&totals->done, &totals->skipped, &totals->failed};
    ++*counter[slot->outcome];
    const bool done = slot->outcome == LRC_TAG_DONE;
    const lrc_tag_result result = {.index = i,
                                   .image = job->images->item[i],
                                   .caption = r->captions[i],
                                   .outcome = slot->outcome,
                                   .tags = done ? &tags : NULL,
                                   .text = text,
                                   .scores = done ? slot->scores : NULL,
                                   .width = slot->width,
                                   .height = slot->height,
                                   .why = slot->outcome == LRC_TAG_FAILED ? &slot->why : NULL};
    return job->on_result ? job->on_result(job->arg, &result, err) : 0;
}

static int write_all(struct run *r, lrc_tag_totals *totals, lrc_err *err)
{
    for (size_t i = 0; i < r->job->images->count; i++) {
        if (!wait_for(r, i))
            return lrc_fail(err, LRC_ERR_CANCELLED, "stopped after %zu of %zu images", i, r->job->images->count);
        if (finish(r, i, totals, err) < 0)
            return -1;
        hand_back(r, i);
    }
    return 0;
}

// ---- Set up ------------------------------------------------------------------------------------------------------------

static void run_done(struct run *r)
{
    for (size_t i = 0; r->captions && i < r->job->images->count; i++)
        free(r->captions[i]);
    free(r->captions);
    for (size_t i = 0; r->slots && i < r->window; i++)
        free(r->slots[i].scores);
    free(r->slots);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->changed);
}

static int set_up(struct run *r, unsigned threads, lrc_err *err)
{
    const lrc_strv *images = r->job->images;
    r->captions = calloc(images->count + 1, sizeof *r->captions);
    r->window = (size_t)threads * WINDOW_PER_THREAD;
    r->slots = calloc(r->window, sizeof *r->slots);
    if (!r->captions || !r->slots)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < r->window; i++) {
        r->slots[i].scores = calloc(lrc_tagger_labels(r->job->tagger)->count, sizeof(float));
        if (!r->slots[i].scores)
            return lrc_fail_memory(err);
    }
    for (size_t i = 0; i < images->count; i++)
        if (lrc_caption_path(images->item[i], r->job->extension, &r->captions[i], err) < 0)
            return -1;
    return 0;
}

int lrc_tag_run(const lrc_tag_job *job, lrc_tag_totals *ret_totals, lrc_err *err)
{
    unsigned threads = job->threads ? job->threads : lrc_tag_cores();
    if (threads > job->images->count)
        threads = job->images->count ? (unsigned)job->images->count : 1;
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    *ret_totals = (lrc_tag_totals){0};
    lrc_cleanup(run_done) struct run r = {
        .job = job, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    if (set_up(&r, threads, err) < 0)
        return -1;
    pthread_t id[THREADS_MAX];
    unsigned started = 0;
    while (started < threads && pthread_create(&id[started], NULL, work, &r) == 0)
        started++;
    const int result =
        started > 0 ? write_all(&r, ret_totals, err) : lrc_fail(err, LRC_ERR_NO_MEMORY, "no thread could be started");
    pthread_mutex_lock(&r.lock);
    r.ending = true;
    pthread_cond_broadcast(&r.changed);
    pthread_mutex_unlock(&r.lock);
    for (unsigned i = 0; i < started; i++)
        pthread_join(id[i], NULL);
    return result;
}
