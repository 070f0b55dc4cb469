// SPDX-License-Identifier: MIT
#include "job/show_metrics.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "job/resources.h"
#include "job/tfevents.h"

#define EVENTS_LABEL    "events="
#define EVENTS_MAX      (256 << 20) // bytes of one event file
#define EVENTS_EARLY_MS 2000        // file times may be coarser than ours
#define TAGS_MAX        64
#define TAG_LEN         128

static void put_known(lrc_json_out *out, const char *key, int64_t n)
{
    lrc_json_key(out, key);
    if (n >= 0)
        lrc_json_put_int(out, n);
    else
        lrc_json_put_null(out);
}

static int load_marks(const lrc_job *job, lrc_marks *ret, lrc_err *err)
{
    lrc_auto_free char *idx = NULL;
    return lrc_path_join(&idx, job->folder, "log.idx", err) < 0 ? -1 : lrc_marks_load(idx, ret, err);
}

// ---- From the log ----------------------------------------------------------------------------------------------------

static void put_points(const lrc_series *s, const lrc_marks *marks, size_t points, lrc_json_out *out)
{
    const int64_t now = lrc_clock_now_ms();
    const size_t buckets = s->count < points ? s->count : points;
    lrc_json_key(out, "points");
    lrc_json_array_begin(out);
    for (size_t i = 0; i < buckets; i++) {
        const lrc_bucket b = lrc_series_bucket(s, i, buckets);
        lrc_json_object_begin(out);
        lrc_json_kint(out, "step", b.last.step);
        put_known(out, "epoch", b.last.epoch);
        lrc_json_kdouble(out, "loss", b.loss);
        lrc_json_kdouble(out, "loss_min", b.loss_min);
        lrc_json_kdouble(out, "loss_max", b.loss_max);
        lrc_json_kdouble(out, "lr", b.last.lr);
        lrc_json_kdouble(out, "steps_per_second", b.last.rate);
        lrc_json_kint(out, "time", lrc_marks_time(marks, b.last.offset, now));
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
    lrc_json_kint(out, "total_points", (int64_t)s->count);
    lrc_json_kint(out, "stride", s->stride);
}

static void put_phases(const lrc_series *s, const lrc_marks *marks, const lrc_job *job, lrc_json_out *out)
{
    const int64_t now = lrc_clock_now_ms();
    lrc_json_key(out, "phases");
    lrc_json_array_begin(out);
    for (size_t i = 0; i < s->phase_count; i++) {
        const lrc_phase_span *p = &s->phase[i];
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "phase", lrc_job_phase_name(p->phase));
        lrc_json_kint(out, "started_at", lrc_marks_time(marks, p->offset, now));
        if (i + 1 < s->phase_count)
            lrc_json_kint(out, "ended_at", lrc_marks_time(marks, p[1].offset, now));
        else if (job->status.ended_ms)
            lrc_json_kint(out, "ended_at", job->status.ended_ms);
        put_known(out, "done", p->done);
        put_known(out, "total", p->total);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
}

// ---- From TensorBoard ------------------------------------------------------------------------------------------------

// One curve: a series whose points hold the value as loss and the time as offset.
struct curve {
    char tag[TAG_LEN];
    lrc_series series;
};

struct curves {
    struct curve *item; // TAGS_MAX of them
    size_t count;
};

static int take_scalar(void *arg, const lrc_tfevents_scalar *s, lrc_err *err)
{
    struct curves *all = arg;
    size_t i = 0;
    if (s->tag_len == 0 || s->tag_len >= TAG_LEN)
        return 0;
    while (i < all->count &&
           (strlen(all->item[i].tag) != s->tag_len || memcmp(all->item[i].tag, s->tag, s->tag_len) != 0))
        i++;
    if (i == TAGS_MAX)
        return 0;
    if (i == all->count) {
        memcpy(all->item[i].tag, s->tag, s->tag_len);
        all->count++;
    }
    const bool finite = isfinite(s->value);
    const lrc_job_progress p = {.step = s->step,
                                .epoch = -1,
                                .loss = finite ? s->value : (double)NAN,
                                .loss_is_nan = !finite,
                                .offset = s->wall_s > 0 && s->wall_s < 1e11 ? (uint64_t)(s->wall_s * 1000) : 0};
    return lrc_series_note(&all->item[i].series, &p, err);
}

// All event files of the job. A damaged or unreadable one counts as far as it goes.
static int read_events(const lrc_job *job, struct curves *all, lrc_err *err)
{
    lrc_auto_strv lrc_strv files = {0};
    for (size_t i = 0; i < job->spec.labels.count; i++) {
        const char *label = job->spec.labels.item[i];
        if (lrc_str_starts(label, EVENTS_LABEL) && job->status.started_ms && files.count == 0 &&
            lrc_tfevents_find(label + strlen(EVENTS_LABEL), job->status.started_ms - EVENTS_EARLY_MS, &files, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < files.count; i++) {
        lrc_auto_free char *bytes = NULL;
        size_t n = 0, used = 0;
        lrc_err why = LRC_ERR_INIT;
        if (lrc_fs_read(files.item[i], EVENTS_MAX, &bytes, &n, NULL) == 0 &&
            lrc_tfevents_read(bytes, n, take_scalar, all, &used, &why) < 0 && why.code == LRC_ERR_NO_MEMORY) {
            if (err)
                *err = why;
            return -1;
        }
    }
    return 0;
}

static void put_curve(const struct curve *c, size_t points, lrc_json_out *out)
{
    const size_t buckets = c->series.count < points ? c->series.count : points;
    lrc_json_key(out, c->tag);
    lrc_json_array_begin(out);
    for (size_t i = 0; i < buckets; i++) {
        const lrc_bucket b = lrc_series_bucket(&c->series, i, buckets);
        lrc_json_array_begin(out);
        lrc_json_put_int(out, b.last.step);
        lrc_json_put_double(out, b.loss);
        lrc_json_put_int(out, (int64_t)b.last.offset);
        lrc_json_array_end(out);
    }
    lrc_json_array_end(out);
}

static int put_scalars(const lrc_job *job, size_t points, lrc_json_out *out, lrc_err *err)
{
    struct curves all = {.item = calloc(TAGS_MAX, sizeof *all.item)};
    if (!all.item)
        return lrc_fail_memory(err);
    const int result = read_events(job, &all, err);
    if (result == 0) {
        lrc_json_key(out, "scalars");
        lrc_json_object_begin(out);
        for (size_t i = 0; i < all.count; i++)
            put_curve(&all.item[i], points, out);
        lrc_json_object_end(out);
    }
    for (size_t i = 0; i < all.count; i++)
        lrc_series_done(&all.item[i].series);
    free(all.item);
    return result;
}

// ---- The whole -------------------------------------------------------------------------------------------------------

int lrc_job_put_metrics(const lrc_job *job, lrc_readings *readings, size_t points, lrc_json_out *out, lrc_err *err)
{
    lrc_auto_series lrc_series series = {0};
    lrc_auto_marks lrc_marks marks = {0};
    if (lrc_readings_series(readings, job, &series, err) < 0 || load_marks(job, &marks, err) < 0)
        return -1;
    put_points(&series, &marks, points, out);
    put_phases(&series, &marks, job, out);
    if (put_scalars(job, points, out, err) < 0)
        return -1;
    lrc_json_key(out, "resources");
    return lrc_resources_put(job, points, out, err);
}

static void csv_number(lrc_buf *out, double v)
{
    char text[LRC_NUM_TEXT];
    if (isfinite(v)) {
        lrc_num_short(v, text);
        lrc_buf_adds(out, text);
    }
    lrc_buf_addc(out, ',');
}

int lrc_job_metrics_csv(const lrc_job *job, lrc_readings *readings, lrc_buf *out, lrc_err *err)
{
    lrc_auto_series lrc_series series = {0};
    lrc_auto_marks lrc_marks marks = {0};
    const int64_t now = lrc_clock_now_ms();
    if (lrc_readings_series(readings, job, &series, err) < 0 || load_marks(job, &marks, err) < 0)
        return -1;
    lrc_buf_adds(out, "step,epoch,loss,lr,steps_per_second,time\n");
    for (size_t i = 0; i < series.count; i++) {
        const lrc_point *p = &series.point[i];
        char when[32];
        lrc_buf_addf(out, "%lld,", (long long)p->step);
        csv_number(out, p->epoch >= 0 ? (double)p->epoch : (double)NAN);
        csv_number(out, p->loss);
        csv_number(out, p->lr);
        csv_number(out, p->rate);
        lrc_clock_iso(lrc_marks_time(&marks, p->offset, now), when);
        lrc_buf_addf(out, "%s\n", when);
    }
    return lrc_buf_check(out, "the metrics", err);
}
