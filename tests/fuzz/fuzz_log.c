// SPDX-License-Identifier: MIT
// module: job
// Any bytes as a log: its lines and its progress do not depend on how it is cut, reading can begin again at any place,
// texts are valid, places rise, and progress never falls.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "job/lines.h"
#include "job/progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

// What was said about the lines so far, as a sum that the next line is mixed into.
struct seen {
    uint64_t number, end, sum;
};

static void mix(struct seen *s, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        s->sum = (s->sum ^ p[i]) * UINT64_C(1099511628211);
}

static int take(void *arg, const lrc_line *line, lrc_err *err)
{
    (void)err;
    struct seen *s = arg;
    must(line->number == s->number && line->offset >= s->end && line->end > line->offset);
    must(lrc_utf8_valid(line->text, line->len) && !line->open && line->len <= 3 * LRC_LINE_MAX + 256);
    must(!memchr(line->text, '\n', line->len) && !memchr(line->text, '\r', line->len));
    char *message = NULL;
    lrc_level level;
    must(lrc_line_level(line, &level, &message, NULL) == 0 && level < LRC_LEVEL_MAX_);
    free(message);
    s->end = line->end;
    s->number++;
    mix(s, &line->offset, sizeof line->offset);
    mix(s, &line->end, sizeof line->end);
    mix(s, line->text, line->len);
    return 0;
}

static void read_all(const char *bytes, size_t n, size_t step, uint64_t offset, uint64_t number, struct seen *s)
{
    lrc_lines l;
    lrc_line open;
    lrc_lines_init(&l, offset, number);
    s->number = number;
    s->end = offset;
    for (size_t i = 0; i < n; i += step) {
        must(lrc_lines_feed(&l, bytes + i, n - i < step ? n - i : step, take, s, NULL) == 0);
        uint64_t place, start, line;
        lrc_lines_place(&l, &place, &start, &line);
        must(start <= place && place <= l.offset && line == s->number);
        if (lrc_lines_peek(&l, &open))
            must(open.open && open.end <= l.offset && open.number <= line + 1 && lrc_utf8_valid(open.text, open.len));
    }
    must(lrc_lines_finish(&l, take, s, NULL) == 0);
    lrc_lines_done(&l);
}

static int count(void *arg, const lrc_line *line, lrc_err *err)
{
    (void)line;
    (void)err;
    ++*(size_t *)arg;
    return 0;
}

// Stop after `cut` bytes and begin again at the place that is told then: the numbers go on as they would have.
static void begin_again(const char *bytes, size_t n, size_t cut, uint64_t lines)
{
    lrc_lines l;
    size_t before = 0;
    uint64_t place, start, number;
    lrc_lines_init(&l, 0, 0);
    must(lrc_lines_feed(&l, bytes, cut, count, &before, NULL) == 0);
    lrc_lines_place(&l, &place, &start, &number);
    lrc_lines_done(&l);
    must(number == before);
    struct seen rest = {0};
    read_all(bytes + start, n - start, 1000, start, number, &rest);
    must(rest.number == lines);
}

static bool same_real(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static lrc_job_progress measure(const char *bytes, size_t n, size_t step, lrc_job_progress_style style)
{
    lrc_job_meter m;
    double percent = -1;
    lrc_job_meter_init(&m, style);
    for (size_t i = 0; i < n; i += step) {
        must(lrc_job_meter_feed(&m, bytes + i, n - i < step ? n - i : step, NULL) == 0);
        const lrc_job_progress *p = lrc_job_meter_look(&m);
        must(p->percent >= percent && p->percent <= 100 && p->phase < LRC_PHASE_MAX_);
        must(lrc_utf8_valid(p->item, strlen(p->item)) && lrc_utf8_valid(p->error, strlen(p->error)));
        percent = p->percent;
    }
    must(lrc_job_meter_feed(&m, "\n", 1, NULL) ==
         0); // an unfinished line may be taken early; in the end it is the same
    const lrc_job_progress found = *lrc_job_meter_look(&m);
    lrc_job_meter_done(&m);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const size_t step = 1 + data[0] % 37, cut = (data[0] * 256u + data[1]) % (size - 1);
    const char *bytes = (const char *)data + 2;
    const size_t n = size - 2;
    struct seen whole = {0}, parts = {0};
    read_all(bytes, n, n + 1, 0, 0, &whole);
    read_all(bytes, n, step, 0, 0, &parts);
    must(whole.number == parts.number && whole.sum == parts.sum);
    begin_again(bytes, n, cut <= n ? cut : n, whole.number);
    for (int style = 0; style < 2; style++) {
        const lrc_job_progress a = measure(bytes, n, n + 1, (lrc_job_progress_style)style);
        const lrc_job_progress b = measure(bytes, n, step, (lrc_job_progress_style)style);
        must(a.step == b.step && a.total_steps == b.total_steps && a.epoch == b.epoch && a.phase == b.phase);
        must(a.eta_s == b.eta_s && a.offset == b.offset && same_real(a.percent, b.percent));
        must(same_real(a.loss, b.loss) && same_real(a.rate, b.rate) && strcmp(a.error, b.error) == 0);
    }
    return 0;
}
