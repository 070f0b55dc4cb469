// SPDX-License-Identifier: MIT
#include "job/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256

void lrc_series_done(lrc_series *s)
{
    free(s->point);
    *s = (lrc_series){0};
}

static void note_phase(lrc_series *s, const lrc_job_progress *now)
{
    if (s->phase_count == 0 || s->phase[s->phase_count - 1].phase != now->phase) {
        if (s->phase_count == LRC_SERIES_PHASES)
            return;
        s->phase[s->phase_count++] =
            (lrc_phase_span){.phase = now->phase, .offset = now->offset, .done = -1, .total = -1};
    }
    lrc_phase_span *last = &s->phase[s->phase_count - 1];
    last->done = now->phase == LRC_PHASE_WORKING ? now->step : now->phase_done;
    last->total = now->phase == LRC_PHASE_WORKING ? now->total_steps : now->phase_total;
}

// Keep every second step from now on.
static void thin_out(lrc_series *s)
{
    size_t kept = 0;
    s->stride *= 2;
    for (size_t i = 0; i < s->count; i++)
        if (s->point[i].step % s->stride == 0)
            s->point[kept++] = s->point[i];
    if (kept > s->count / 2 + 1 || kept == 0) { // steps of an odd numbering: by their places then
        kept = 0;
        for (size_t i = 0; i < s->count; i += 2)
            s->point[kept++] = s->point[i];
    }
    s->count = kept;
}

static int make_room(lrc_series *s, lrc_err *err)
{
    if (s->count == LRC_SERIES_POINTS)
        thin_out(s);
    if (s->count < s->cap)
        return 0;
    const size_t cap = s->cap ? s->cap * 2 : FIRST_CAP;
    lrc_point *grown = realloc(s->point, cap * sizeof *grown);
    if (!grown)
        return lrc_fail_memory(err);
    s->point = grown;
    s->cap = cap;
    return 0;
}

int lrc_series_note(lrc_series *s, const lrc_job_progress *now, lrc_err *err)
{
    if (s->stride == 0)
        s->stride = 1;
    note_phase(s, now);
    if (now->step < 0 || (isnan(now->loss) && !now->loss_is_nan))
        return 0;
    const lrc_point point = {.step = now->step,
                             .epoch = now->epoch,
                             .loss = now->loss_is_nan ? (double)NAN : now->loss,
                             .lr = now->lr,
                             .rate = now->rate,
                             .offset = now->offset};
    // The last point stands until a later one is far enough from the one before it.
    if (s->count > 0 && now->step <= s->point[s->count - 1].step) {
        if (now->step == s->point[s->count - 1].step)
            s->point[s->count - 1] = point;
        return 0;
    }
    if (s->count > 1 && s->point[s->count - 1].step - s->point[s->count - 2].step < s->stride) {
        s->point[s->count - 1] = point;
        return 0;
    }
    if (make_room(s, err) < 0)
        return -1;
    s->point[s->count++] = point;
    return 0;
}

int lrc_series_copy(lrc_series *to, const lrc_series *from, lrc_err *err)
{
    lrc_series copy = *from;
    copy.cap = from->count;
    copy.point = NULL;
    if (from->count > 0) {
        copy.point = malloc(from->count * sizeof *copy.point);
        if (!copy.point)
            return lrc_fail_memory(err);
        memcpy(copy.point, from->point, from->count * sizeof *copy.point);
    }
    *to = copy;
    return 0;
}

lrc_bucket lrc_series_bucket(const lrc_series *s, size_t i, size_t buckets)
{
    const size_t first = s->count * i / buckets, end = s->count * (i + 1) / buckets;
    lrc_bucket b = {.loss = (double)NAN, .loss_min = (double)NAN, .loss_max = (double)NAN};
    double sum = 0;
    size_t known = 0;
    for (size_t k = first; k < end; k++) {
        const lrc_point *p = &s->point[k];
        b.last = *p;
        if (isnan(p->loss))
            continue;
        sum += p->loss;
        b.loss_min = known == 0 || p->loss < b.loss_min ? p->loss : b.loss_min;
        b.loss_max = known == 0 || p->loss > b.loss_max ? p->loss : b.loss_max;
        known++;
    }
    if (known > 0)
        b.loss = sum / (double)known;
    return b;
}
