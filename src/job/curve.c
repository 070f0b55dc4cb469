// SPDX-License-Identifier: MIT
#include "job/curve.h"

#include <math.h>

#include "base/cleanup.h"
#include "job/progress.h"

// Twice as many points as are wanted are kept; when they are full, two become one. So a log of any length needs one
// pass and a fixed size, and every point stands for the same number of steps but for the last.
struct curve {
    lrc_job_point *point;
    size_t count, cap;
    int64_t each;     // steps that one point stands for
    int64_t in_last;  // steps that the last one stands for so far
    int64_t last;     // the newest step
    double last_loss; // its loss, which may still be said anew
};

// Two points become one; an odd one at the end stays.
static void halve(struct curve *c)
{
    const size_t pairs = c->count / 2;
    const bool odd = c->count % 2;
    for (size_t i = 0; i < pairs; i++) {
        const lrc_job_point *a = &c->point[2 * i], *b = a + 1;
        const int64_t newer = 2 * i + 2 == c->count ? c->in_last : c->each;
        const double loss = (a->loss * (double)c->each + b->loss * (double)newer) / (double)(c->each + newer);
        c->point[i] = *b;
        c->point[i].loss = loss;
    }
    if (odd)
        c->point[pairs] = c->point[c->count - 1];
    else
        c->in_last += c->each;
    c->count = pairs + odd;
    c->each *= 2;
}

static void add(struct curve *c, const lrc_job_progress *now)
{
    const bool joins = c->count > 0 && c->in_last < c->each;
    if (!joins && c->count == c->cap)
        halve(c);
    if (!joins)
        c->in_last = 0;
    c->count += !joins;
    lrc_job_point *p = &c->point[c->count - 1];
    const double sum = c->in_last ? p->loss * (double)c->in_last : 0;
    c->in_last++;
    *p = (lrc_job_point){now->step, now->epoch, (sum + now->loss) / (double)c->in_last, now->lr};
    c->last = now->step;
    c->last_loss = now->loss;
}

// A step is often told twice, first without its loss.
static void told(void *arg, const lrc_job_progress *now)
{
    struct curve *c = arg;
    if (now->step < 0 || !isfinite(now->loss) || now->loss_is_nan || now->step < c->last)
        return;
    if (now->step > c->last) {
        add(c, now);
        return;
    }
    c->point[c->count - 1].loss += (now->loss - c->last_loss) / (double)c->in_last;
    c->last_loss = now->loss;
}

int lrc_job_curve(const char *log, size_t most, lrc_job_point **ret, size_t *ret_count, lrc_err *err)
{
    lrc_auto_job_meter lrc_job_meter m;
    lrc_job_meter_init(&m, LRC_JOB_PROGRESS_TRAINING);
    lrc_auto_free lrc_job_point *point = calloc(2 * most, sizeof *point);
    if (!point)
        return lrc_fail_memory(err);
    struct curve c = {.point = point, .cap = 2 * most, .each = 1, .last = -1};
    m.told = told;
    m.arg = &c;
    if (lrc_job_meter_read(&m, log, err) < 0)
        return -1;
    (void)lrc_job_meter_look(&m); // the newest state of the bar
    if (c.count > most)
        halve(&c);
    *ret = lrc_take(point);
    *ret_count = c.count;
    return 0;
}
