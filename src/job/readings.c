// SPDX-License-Identifier: MIT
#include "job/readings.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "job/kinds.h"

#define CHUNK (256 << 10)

// What is known of one job. `mutex` guards all but id, users and used_at, which belong to the table's lock.
struct reading {
    char id[LRC_ID_MAX + 1];
    unsigned users; // who hold a pointer to it
    uint64_t used_at;
    pthread_mutex_t mutex;
    bool begun;
    lrc_job_meter meter;
    lrc_series series;
    bool whole; // the job had ended before the log was read to its end
    bool diagnosed;
    lrc_failures failures;
    uint64_t bytes;
};

struct lrc_readings {
    pthread_mutex_t mutex; // guards the table
    struct reading *item[LRC_READINGS_MAX];
    size_t count;
    uint64_t clock, forgotten_bytes;
};

// ---- One -------------------------------------------------------------------------------------------------------------

static int told(void *arg, const lrc_job_progress *now, lrc_err *err)
{
    return lrc_series_note(arg, now, err);
}

static void begin(struct reading *x, const lrc_job *job)
{
    const lrc_job_kind *kind = lrc_job_kind_find(job->spec.kind);
    lrc_job_meter_done(&x->meter);
    lrc_series_done(&x->series);
    lrc_job_meter_init(&x->meter, kind ? kind->progress : LRC_JOB_PROGRESS_COUNTER);
    x->meter.told = told;
    x->meter.told_arg = &x->series;
    x->begun = true;
}

static int read_on(struct reading *x, int fd, const char *log, lrc_err *err)
{
    lrc_auto_free char *chunk = malloc(CHUNK);
    if (!chunk)
        return lrc_fail_memory(err);
    for (;;) {
        const ssize_t n = pread(fd, chunk, CHUNK, (off_t)x->meter.lines.offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lrc_fail_errno(err, "cannot read the log '%s'", log);
        if (n == 0)
            return 0;
        x->bytes += (uint64_t)n;
        if (lrc_job_meter_feed(&x->meter, chunk, (size_t)n, err) < 0) {
            x->begun = false; // half-read: the next one begins anew
            return -1;
        }
    }
}

// Bring it up to date with the log. The caller holds its lock.
static int update(struct reading *x, const lrc_job *job, lrc_err *err)
{
    lrc_auto_free char *log = NULL;
    struct stat st;
    if (!x->begun)
        begin(x, job);
    if (x->whole)
        return 0;
    if (lrc_path_join(&log, job->folder, "log", err) < 0)
        return -1;
    lrc_auto_close int fd = open(log, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return lrc_fail_errno(err, "cannot read the log '%s'", log);
    if (fd >= 0 && fstat(fd, &st) == 0 && (uint64_t)st.st_size < x->meter.lines.offset)
        begin(x, job);
    if (fd >= 0 && read_on(x, fd, log, err) < 0)
        return -1;
    x->whole = lrc_job_state_final(job->status.state);
    return 0;
}

static void reading_free(struct reading *x)
{
    if (!x)
        return;
    lrc_job_meter_done(&x->meter);
    lrc_series_done(&x->series);
    pthread_mutex_destroy(&x->mutex);
    free(x);
}

static struct reading *reading_new(const char *id)
{
    struct reading *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    snprintf(x->id, sizeof x->id, "%s", id);
    pthread_mutex_init(&x->mutex, NULL);
    return x;
}

// ---- The table -------------------------------------------------------------------------------------------------------

int lrc_readings_new(lrc_readings **ret, lrc_err *err)
{
    lrc_readings *r = calloc(1, sizeof *r);
    if (!r)
        return lrc_fail_memory(err);
    pthread_mutex_init(&r->mutex, NULL);
    *ret = r;
    return 0;
}

void lrc_readings_free(lrc_readings *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        reading_free(r->item[i]);
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

// Make a free place; false when all are in use. The caller holds the table's lock.
static bool make_place(lrc_readings *r)
{
    size_t oldest = LRC_READINGS_MAX;
    if (r->count < LRC_READINGS_MAX)
        return true;
    for (size_t i = 0; i < r->count; i++)
        if (r->item[i]->users == 0 && (oldest == LRC_READINGS_MAX || r->item[i]->used_at < r->item[oldest]->used_at))
            oldest = i;
    if (oldest == LRC_READINGS_MAX)
        return false;
    r->forgotten_bytes += r->item[oldest]->bytes;
    reading_free(r->item[oldest]);
    r->item[oldest] = r->item[--r->count];
    return true;
}

// The job's reading, locked; one of its own when there is no table or no place. NULL: out of memory.
static struct reading *hold(lrc_readings *r, const char *id)
{
    struct reading *x = NULL;
    if (r)
        pthread_mutex_lock(&r->mutex);
    for (size_t i = 0; r && i < r->count; i++)
        if (strcmp(r->item[i]->id, id) == 0)
            x = r->item[i];
    if (!x) {
        x = reading_new(id);
        if (x && r && make_place(r))
            r->item[r->count++] = x;
    }
    if (x && r) {
        x->users++;
        x->used_at = ++r->clock;
    }
    if (r)
        pthread_mutex_unlock(&r->mutex);
    if (x)
        pthread_mutex_lock(&x->mutex);
    return x;
}

static void let_go(lrc_readings *r, struct reading *x)
{
    bool ours = true;
    pthread_mutex_unlock(&x->mutex);
    if (r)
        pthread_mutex_lock(&r->mutex);
    for (size_t i = 0; r && i < r->count; i++)
        ours = ours && r->item[i] != x;
    if (r)
        x->users--;
    if (r)
        pthread_mutex_unlock(&r->mutex);
    if (ours)
        reading_free(x);
}

uint64_t lrc_readings_bytes(lrc_readings *r)
{
    pthread_mutex_lock(&r->mutex);
    uint64_t sum = r->forgotten_bytes;
    for (size_t i = 0; i < r->count; i++) {
        pthread_mutex_lock(&r->item[i]->mutex);
        sum += r->item[i]->bytes;
        pthread_mutex_unlock(&r->item[i]->mutex);
    }
    pthread_mutex_unlock(&r->mutex);
    return sum;
}

// ---- Asking ----------------------------------------------------------------------------------------------------------

int lrc_readings_progress(lrc_readings *r, const lrc_job *job, lrc_job_progress *ret, lrc_err *err)
{
    struct reading *x = hold(r, job->id);
    if (!x)
        return lrc_fail_memory(err);
    const int result = update(x, job, err);
    if (result == 0)
        *ret = *lrc_job_meter_look(&x->meter);
    let_go(r, x);
    return result;
}

int lrc_readings_series(lrc_readings *r, const lrc_job *job, lrc_series *ret, lrc_err *err)
{
    struct reading *x = hold(r, job->id);
    if (!x)
        return lrc_fail_memory(err);
    int result = update(x, job, err);
    if (result == 0) // with the state of a bar that is not rewritten yet
        result = lrc_series_note(&x->series, lrc_job_meter_look(&x->meter), err);
    if (result == 0)
        result = lrc_series_copy(ret, &x->series, err);
    let_go(r, x);
    return result;
}

int lrc_readings_failures(lrc_readings *r, const lrc_job *job, lrc_failures *ret, lrc_err *err)
{
    struct reading *x = hold(r, job->id);
    if (!x)
        return lrc_fail_memory(err);
    int result = 0;
    if (lrc_job_state_final(job->status.state)) {
        if (!x->diagnosed)
            result = lrc_job_diagnose(job, &x->failures, err);
        x->diagnosed = result == 0;
        if (result == 0)
            *ret = x->failures;
    } else {
        // What can be wrong while it runs is in the numbers: the log need not be read again for it.
        lrc_failures none = {0};
        result = update(x, job, err);
        if (result == 0 && lrc_job_meter_look(&x->meter)->loss_is_nan)
            result = lrc_job_diagnose(job, &none, err);
        if (result == 0)
            *ret = none;
    }
    let_go(r, x);
    return result;
}
