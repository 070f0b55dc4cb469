// SPDX-License-Identifier: MIT
#include "http/mime.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"

// `runs`: a browser that opens it runs what is inside.
static const struct {
    const char *suffix;
    const char *type;
    bool runs;
} table[] = {
    {".html", "text/html; charset=utf-8", true},
    {".htm", "text/html; charset=utf-8", true},
    {".js", "text/javascript; charset=utf-8", true},
    {".mjs", "text/javascript; charset=utf-8", true},
    {".xml", "text/xml; charset=utf-8", true},
    {".xhtml", "application/xhtml+xml; charset=utf-8", true},
    {".css", "text/css; charset=utf-8", false},
    {".json", "application/json", false},
    {".map", "application/json", false},
    {".webmanifest", "application/manifest+json", false},
    {".txt", "text/plain; charset=utf-8", false},
    {".caption", "text/plain; charset=utf-8", false},
    {".cap", "text/plain; charset=utf-8", false},
    {".log", "text/plain; charset=utf-8", false},
    {".md", "text/plain; charset=utf-8", false},
    {".toml", "text/plain; charset=utf-8", false},
    {".yaml", "text/plain; charset=utf-8", false},
    {".csv", "text/csv; charset=utf-8", false},
    {".png", "image/png", false},
    {".jpg", "image/jpeg", false},
    {".jpeg", "image/jpeg", false},
    {".jfif", "image/jpeg", false},
    {".gif", "image/gif", false},
    {".webp", "image/webp", false},
    {".avif", "image/avif", false},
    {".jxl", "image/jxl", false},
    {".bmp", "image/bmp", false},
    {".tif", "image/tiff", false},
    {".tiff", "image/tiff", false},
    {".ico", "image/x-icon", false},
    {".svg", "image/svg+xml", false}, // answered under a policy that lets nothing run
    {".woff2", "font/woff2", false},
    {".pdf", "application/pdf", false},
    {".zip", "application/zip", false},
    {".wasm", "application/wasm", false},
};

static size_t find(const char *path)
{
    const char *suffix = lrc_path_suffix(path);
    size_t i = 0;
    while (i < sizeof table / sizeof table[0] && !lrc_ascii_same(table[i].suffix, suffix))
        i++;
    return i;
}

const char *lrc_mime_of_asset(const char *path)
{
    const size_t i = find(path);
    return i < sizeof table / sizeof table[0] ? table[i].type : "application/octet-stream";
}

const char *lrc_mime_of_file(const char *path)
{
    const size_t i = find(path);
    if (i == sizeof table / sizeof table[0])
        return "application/octet-stream";
    return table[i].runs ? "text/plain; charset=utf-8" : table[i].type;
}

bool lrc_mime_is_text(const char *type)
{
    return lrc_str_starts(type, "text/") || lrc_str_starts(type, "application/json") ||
           lrc_str_starts(type, "application/manifest+json") || lrc_str_starts(type, "application/toml") ||
           lrc_str_starts(type, "application/yaml") || lrc_str_starts(type, "image/svg+xml");
}

static const char *const day_name[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const month_name[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void lrc_http_date(int64_t seconds, char out[static LRC_HTTP_DATE_SIZE])
{
    const int64_t last = 253402300799; // 9999-12-31: later years have no such form
    const time_t t = (time_t)(seconds < 0 ? 0 : seconds > last ? last : seconds);
    struct tm tm;
    gmtime_r(&t, &tm);
    snprintf(out, LRC_HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", day_name[tm.tm_wday],
             (unsigned)tm.tm_mday % 100, month_name[tm.tm_mon], (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

bool lrc_http_date_parse(const char *s, int64_t *ret)
{
    struct tm tm = {0};
    char month[4];
    int end = 0;
    if (strlen(s) != LRC_HTTP_DATE_SIZE - 1 ||
        sscanf(s, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec, &end) != 6 ||
        end != LRC_HTTP_DATE_SIZE - 1)
        return false;
    tm.tm_year -= 1900;
    for (tm.tm_mon = 0; tm.tm_mon < 12 && strcmp(month_name[tm.tm_mon], month) != 0; tm.tm_mon++)
        continue;
    if (tm.tm_mon == 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    *ret = (int64_t)timegm(&tm);
    return true;
}
