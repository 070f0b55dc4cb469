// SPDX-License-Identifier: MIT
#include "engine/bar.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"

#define WIDTH       10
#define INTERVAL_MS 100

static void span(double seconds, char out[static 24])
{
    const uint64_t s = seconds > 0 ? (uint64_t)seconds : 0;
    if (s >= 3600)
        snprintf(out, 24, "%u:%02u:%02u", (unsigned)(s / 3600), (unsigned)(s / 60 % 60), (unsigned)(s % 60));
    else
        snprintf(out, 24, "%02u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
}

void eng_bar_line(const eng_bar *b, uint64_t done, double seconds, const char *postfix, char out[static ENG_BAR_SIZE])
{
    static const char full[] = "##########", empty[] = "          ";
    char elapsed[24], left[24] = "?", rate[32] = "?it/s";
    const double share = b->total ? (double)done / (double)b->total : 0;
    const int filled = (int)(share * WIDTH);
    span(seconds, elapsed);
    if (done && seconds > 0) {
        const double per_second = (double)done / seconds;
        if (per_second >= 1)
            snprintf(rate, sizeof rate, "%5.2fit/s", per_second);
        else
            snprintf(rate, sizeof rate, "%5.2fs/it", 1 / per_second);
        span((double)(b->total - done) / per_second, left);
    }
    snprintf(out, ENG_BAR_SIZE, "%s: %3d%%|%.*s%.*s| %llu/%llu [%s<%s, %s%s]", b->what, (int)lrint(share * 100), filled,
             full, WIDTH - filled, empty, (unsigned long long)done, (unsigned long long)b->total, elapsed, left, rate,
             postfix);
}

static void draw(eng_bar *b, uint64_t done, const char *postfix)
{
    char line[ENG_BAR_SIZE];
    eng_bar_line(b, done, (double)(lrc_clock_mono_ms() - b->start_ms) / 1000, postfix, line);
    fprintf(stderr, "\r%s", line);
    fflush(stderr);
    b->drawn_ms = lrc_clock_mono_ms();
}

void eng_bar_begin(eng_bar *b, const char *what, uint64_t total)
{
    *b = (eng_bar){what, total, lrc_clock_mono_ms(), 0};
    draw(b, 0, "");
}

void eng_bar_step(eng_bar *b, uint64_t done, const char *postfix)
{
    if (done == b->total || lrc_clock_mono_ms() - b->drawn_ms >= INTERVAL_MS)
        draw(b, done, postfix);
}

void eng_bar_end(eng_bar *b)
{
    (void)b;
    fputc('\n', stderr);
    fflush(stderr);
}
