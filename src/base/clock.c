// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

// The years that are written with four digits: 0000-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z.
#define FIRST_MS (-62167219200000LL)
#define LAST_MS  253402300799999LL

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
    if (ms < FIRST_MS)
        ms = FIRST_MS;
    if (ms > LAST_MS)
        ms = LAST_MS;
    int64_t rest = ms % 1000;
    time_t seconds = (time_t)(ms / 1000);
    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100,
             tm.tm_mday % 100, tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100, (int)rest);
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
