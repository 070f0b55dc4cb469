// SPDX-License-Identifier: MIT
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/ascii.h"

bool lrc_str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool lrc_str_ends(const char *s, const char *suffix)
{
    const size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool lrc_str_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

__attribute__((format(printf, 2, 0))) static int format_va(char **ret, const char *fmt, va_list ap, lrc_err *err)
{
    char *made = NULL;
    if (vasprintf(&made, fmt, ap) < 0)
        return lrc_fail_memory(err);
    *ret = made;
    return 0;
}

int lrc_str_format(char **ret, lrc_err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const int result = format_va(ret, fmt, ap, err);
    va_end(ap);
    return result;
}

int lrc_str_copy(char **ret, const char *s, lrc_err *err)
{
    return lrc_str_copy_n(ret, s, strlen(s), err);
}

int lrc_str_copy_n(char **ret, const char *s, size_t n, lrc_err *err)
{
    char *copy = malloc(n + 1);
    if (!copy)
        return lrc_fail_memory(err);
    memcpy(copy, s, n);
    copy[n] = '\0';
    *ret = copy;
    return 0;
}

char *lrc_str_trim(char *s)
{
    while (lrc_ascii_space(*s))
        s++;
    size_t n = strlen(s);
    while (n > 0 && lrc_ascii_space(s[n - 1]))
        s[--n] = '\0';
    return s;
}

bool lrc_str_to_i64(const char *s, int64_t *ret)
{
    const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
    if (!lrc_ascii_digit(*digits))
        return false;
    char *end;
    errno = 0;
    const long long value = strtoll(s, &end, 10);
    if (errno || *end)
        return false;
    *ret = value;
    return true;
}

bool lrc_str_to_double(const char *s, double *ret)
{
    for (const char *p = s; *p; p++)
        if (!lrc_ascii_digit(*p) && !strchr("+-.eE", *p))
            return false;
    char *end;
    const double value = strtod(s, &end);
    if (end == s || *end || !isfinite(value))
        return false;
    *ret = value;
    return true;
}

// Optimal string alignment: the three last rows of the matrix are kept.
size_t lrc_str_distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    const size_t n = strlen(a), m = strlen(b);
    if (n > MAX || m > MAX)
        return SIZE_MAX;
    size_t rows[3][MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        size_t *const oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[m];
}

void lrc_str_bytes(uint64_t bytes, char out[static 16])
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t i = 0;
    while (value >= (i == 0 ? 1024 : 1023.95) && i + 1 < sizeof unit / sizeof unit[0]) {
        value /= 1024;
        i++;
    }
    snprintf(out, 16, i == 0 ? "%.0f %s" : "%.1f %s", value, unit[i]);
}

void lrc_strv_done(lrc_strv *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->item[i]);
    free(v->item);
    *v = (lrc_strv){0};
}

int lrc_strv_give(lrc_strv *v, char *s, lrc_err *err)
{
    lrc_auto_free char *owned = s;
    if (!s)
        return lrc_fail_memory(err);
    if (v->count >= LRC_STRV_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "a list has more than %d entries", LRC_STRV_MAX);
    if (v->count + 1 >= v->cap) {
        const size_t cap = v->cap ? v->cap * 2 : 8;
        char **grown = realloc(v->item, cap * sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        v->item = grown;
        v->cap = cap;
    }
    v->item[v->count++] = lrc_take(owned);
    v->item[v->count] = NULL;
    return 0;
}

int lrc_strv_push_n(lrc_strv *v, const char *s, size_t n, lrc_err *err)
{
    char *copy = NULL;
    if (lrc_str_copy_n(&copy, s, n, err) < 0)
        return -1;
    return lrc_strv_give(v, copy, err);
}

int lrc_strv_push(lrc_strv *v, const char *s, lrc_err *err)
{
    return lrc_strv_push_n(v, s, strlen(s), err);
}

int lrc_strv_pushf(lrc_strv *v, lrc_err *err, const char *fmt, ...)
{
    char *made = NULL;
    va_list ap;
    va_start(ap, fmt);
    const int result = format_va(&made, fmt, ap, err);
    va_end(ap);
    return result < 0 ? -1 : lrc_strv_give(v, made, err);
}

bool lrc_strv_has(const lrc_strv *v, const char *s)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->item[i], s) == 0)
            return true;
    return false;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void lrc_strv_sort(lrc_strv *v)
{
    if (v->count > 1)
        qsort(v->item, v->count, sizeof *v->item, by_bytes);
}

int lrc_strv_split(lrc_strv *v, const char *s, char separator, lrc_err *err)
{
    while (s) {
        const char *next = strchr(s, separator);
        const char *end = next ? next : s + strlen(s);
        const char *start = s;
        while (start < end && lrc_ascii_space(*start))
            start++;
        while (end > start && lrc_ascii_space(end[-1]))
            end--;
        if (end > start && lrc_strv_push_n(v, start, (size_t)(end - start), err) < 0)
            return -1;
        s = next ? next + 1 : NULL;
    }
    return 0;
}
