// SPDX-License-Identifier: MIT
// clock.h - time. Stored and sent times are integer milliseconds since 1970 UTC; waits use the monotonic clock.
//
// Any thread. May use: libc.
#ifndef LRC_BASE_CLOCK_H
#define LRC_BASE_CLOCK_H

#include <stdint.h>

int64_t lrc_clock_now_ms(void);  // wall clock
int64_t lrc_clock_mono_ms(void); // never goes back
double lrc_clock_cpu_ms(void);   // CPU time of this process so far
void lrc_clock_sleep_ms(int ms); // whole time, also over signals

// "2026-11-24T21:56:40.123Z" into `out` (at least 32 bytes). Years 0000 to 9999; what lies outside becomes the nearest.
void lrc_clock_iso(int64_t ms, char out[static 32]);

// "1h 02m", "3m 07s", "42s" into `out` (at least 16 bytes).
void lrc_clock_span(int64_t seconds, char out[static 16]);

#endif
