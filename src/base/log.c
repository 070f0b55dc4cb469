// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

#define LINE_MAX_BYTES 2048

static atomic_int wanted = LRC_LOG_INFO;

void lrc_log_set_level(lrc_log_level level)
{
    atomic_store(&wanted, (int)level);
}

void lrc_log(lrc_log_level level, const char *fmt, ...)
{
    static const char *const word[LRC_LOG_MAX_] = {"error", "warn", "info", "debug"};
    if ((int)level > atomic_load(&wanted))
        return;
    char line[LINE_MAX_BYTES], when[32];
    lrc_clock_iso(lrc_clock_now_ms(), when);
    int used = snprintf(line, sizeof line, "%s %s ", when, word[level]);
    va_list ap;
    va_start(ap, fmt);
    const int more = vsnprintf(line + used, sizeof line - (size_t)used - 1, fmt, ap);
    va_end(ap);
    used += more < 0 ? 0 : more;
    if (used > (int)sizeof line - 2)
        used = (int)sizeof line - 2;
    used = (int)lrc_utf8_cut(line, (size_t)used);
    for (char *p = line; p < line + used; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    line[used++] = '\n';
    const ssize_t written = write(STDERR_FILENO, line, (size_t)used);
    (void)written; // nowhere left to report it
}
