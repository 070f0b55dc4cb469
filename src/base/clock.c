// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t lrc_clock_now_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t lrc_clock_mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

double lrc_clock_cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void lrc_clock_sleep_ms(int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        continue;
}

void lrc_clock_iso(int64_t ms, char out[static 32])
{
    int64_t rest = ms % 1000;
    time_t seconds = (time_t)(ms / 1000);
    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char date[24];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, 32, "%s.%03dZ", date, (int)rest);
}

void lrc_clock_span(int64_t seconds, char out[static 16])
{
    if (seconds < 0)
        seconds = 0;
    if (seconds >= 100 * 3600)
        snprintf(out, 16, "%dd %02dh", (int)(seconds / 86400 % 100000), (int)(seconds / 3600 % 24));
    else if (seconds >= 3600)
        snprintf(out, 16, "%dh %02dm", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    else if (seconds >= 60)
        snprintf(out, 16, "%dm %02ds", (int)(seconds / 60), (int)(seconds % 60));
    else
        snprintf(out, 16, "%ds", (int)seconds);
}
