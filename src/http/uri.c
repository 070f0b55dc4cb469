// SPDX-License-Identifier: MIT
#include "http/uri.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/str.h"
#include "base/utf8.h"

static int hex_digit(char c)
{
    if (lrc_ascii_digit(c))
        return c - '0';
    const char lower = lrc_ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int lrc_uri_decode(const char *s, size_t n, bool plus, char *out, size_t *ret_len, lrc_err *err)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '%') {
            out[len++] = plus && s[i] == '+' ? ' ' : s[i];
            continue;
        }
        const int high = i + 1 < n ? hex_digit(s[i + 1]) : -1;
        const int low = i + 2 < n ? hex_digit(s[i + 2]) : -1;
        if (high < 0 || low < 0)
            return lrc_fail(err, LRC_ERR_INVALID, "the address has a '%%' without two hex digits after it");
        if (high == 0 && low == 0)
            return lrc_fail(err, LRC_ERR_INVALID, "the address holds a NUL byte");
        out[len++] = (char)(high * 16 + low);
        i += 2;
    }
    out[len] = '\0';
    if (!lrc_utf8_valid(out, len))
        return lrc_fail(err, LRC_ERR_INVALID, "the address is not UTF-8 when decoded");
    *ret_len = len;
    return 0;
}

// Decodes one name or value behind `*at`, which moves on past the NUL.
static int decode_part(const char *s, size_t n, char **at, const char **ret, lrc_err *err)
{
    size_t len;
    if (lrc_uri_decode(s, n, true, *at, &len, err) < 0)
        return -1;
    *ret = *at;
    *at += len + 1;
    return 0;
}

static int parse_pair(const char *s, size_t n, char **at, lrc_uri_pair *ret, lrc_err *err)
{
    const char *equals = memchr(s, '=', n);
    const size_t name = equals ? (size_t)(equals - s) : n;
    if (decode_part(s, name, at, &ret->name, err) < 0)
        return -1;
    return decode_part(equals ? equals + 1 : "", equals ? n - name - 1 : 0, at, &ret->value, err);
}

int lrc_uri_query_parse(const char *s, lrc_uri_query *ret, lrc_err *err)
{
    size_t pairs = 1;
    for (const char *p = s; (p = strchr(p, '&')); p++)
        pairs++;
    if (pairs > LRC_URI_QUERY_MAX)
        return lrc_fail(err, LRC_ERR_INVALID, "the query has more than %d parts", LRC_URI_QUERY_MAX);
    // Decoding never grows; each name and value gets a NUL.
    lrc_uri_query q = {.item = malloc(pairs * sizeof *q.item + strlen(s) + 2 * pairs)};
    if (!q.item)
        return lrc_fail_memory(err);
    char *at = (char *)(q.item + pairs);
    while (*s) {
        const size_t n = strcspn(s, "&");
        if (n > 0 && parse_pair(s, n, &at, &q.item[q.count++], err) < 0) {
            lrc_uri_query_done(&q);
            return -1;
        }
        s += n + (s[n] == '&');
    }
    *ret = q;
    return 0;
}

void lrc_uri_query_done(lrc_uri_query *q)
{
    free(q->item);
    *q = (lrc_uri_query){.count = 0};
}

const char *lrc_uri_query_get(const lrc_uri_query *q, const char *name)
{
    for (size_t i = 0; i < q->count; i++)
        if (strcmp(q->item[i].name, name) == 0)
            return q->item[i].value;
    return NULL;
}

void lrc_uri_encode(const char *s, char *out)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *s; s++) {
        const unsigned char c = (unsigned char)*s;
        if (lrc_ascii_alnum(*s) || strchr("-._~", *s)) {
            *out++ = *s;
        } else {
            *out++ = '%';
            *out++ = hex[c >> 4];
            *out++ = hex[c & 15];
        }
    }
    *out = '\0';
}
