// SPDX-License-Identifier: MIT
#include "http/guard.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/str.h"

const char *lrc_http_headers_get(const lrc_http_headers *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++)
        if (lrc_ascii_same(h->item[i].name, name))
            return h->item[i].value;
    return NULL;
}

static bool same_n(const char *s, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (lrc_ascii_lower(s[i]) != lrc_ascii_lower(word[i])) // also at the word's NUL
            return false;
    return word[n] == '\0';
}

// "q=0", "q=0.0", "q=0.000": the client does not want it.
static bool unwanted(const char *s, size_t n)
{
    const char *q = memmem(s, n, "q=", 2);
    if (!q)
        return false;
    for (const char *p = q + 2; p < s + n && *p != ';' && !lrc_ascii_space(*p); p++)
        if (*p != '0' && *p != '.')
            return false;
    return true;
}

bool lrc_http_list_has(const char *value, const char *token)
{
    while (value && *value) {
        value += strspn(value, ", \t");
        const size_t item = strcspn(value, ",");
        size_t word = 0;
        while (word < item && value[word] != ';' && !lrc_ascii_space(value[word]))
            word++;
        if (same_n(value, word, token))
            return !unwanted(value + word, item - word);
        value += item;
    }
    return false;
}

static bool is_token(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if (!lrc_ascii_alnum(*s) && !strchr("!#$%&'*+-.^_`|~", *s))
            return false;
    return true;
}

static bool has_control(const char *s)
{
    for (; *s; s++)
        if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
            return true;
    return false;
}

static size_t times(const lrc_http_headers *h, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++)
        n += lrc_ascii_same(h->item[i].name, name);
    return n;
}

static int check_target(const char *target, lrc_err *err)
{
    if (target[0] != '/' && strcmp(target, "*") != 0)
        return lrc_fail(err, LRC_ERR_INVALID, "the request's address must be a path");
    for (const char *p = target; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '#')
            return lrc_fail(err, LRC_ERR_INVALID, "the request's address holds a blank, a '#' or a control character");
    return 0;
}

static int check_host(const lrc_http_headers *h, lrc_err *err)
{
    const size_t n = times(h, "Host");
    if (n != 1)
        return lrc_fail(err, LRC_ERR_INVALID, "a request needs exactly one Host header, this one has %zu", n);
    const char *host = lrc_http_headers_get(h, "Host");
    for (const char *p = host; *p; p++)
        if (!lrc_ascii_alnum(*p) && !strchr("-._~:[]", *p))
            return lrc_fail(err, LRC_ERR_INVALID, "the Host header is not a host name");
    return *host ? 0 : lrc_fail(err, LRC_ERR_INVALID, "the Host header is empty");
}

static int check_length(const char *version, const lrc_http_headers *h, int64_t *ret, lrc_err *err)
{
    const size_t lengths = times(h, "Content-Length");
    const size_t encodings = times(h, "Transfer-Encoding");
    if (lengths > 1)
        return lrc_fail(err, LRC_ERR_INVALID, "the request has two Content-Length headers");
    if (lengths && encodings)
        return lrc_fail(err, LRC_ERR_INVALID, "the request has both Content-Length and Transfer-Encoding");
    if (encodings) {
        if (encodings > 1 || !lrc_ascii_same(lrc_http_headers_get(h, "Transfer-Encoding"), "chunked"))
            return lrc_fail(err, LRC_ERR_INVALID, "the only Transfer-Encoding taken here is one 'chunked'");
        if (strcmp(version, "HTTP/1.0") == 0)
            return lrc_fail(err, LRC_ERR_INVALID, "HTTP/1.0 has no Transfer-Encoding");
        *ret = -1;
        return 0;
    }
    *ret = 0;
    if (!lengths)
        return 0;
    const char *value = lrc_http_headers_get(h, "Content-Length");
    if (!lrc_ascii_digit(value[0]) || !lrc_str_to_i64(value, ret))
        return lrc_fail(err, LRC_ERR_INVALID, "Content-Length is not a number");
    return 0;
}

int lrc_http_guard(const char *version, const char *target, const lrc_http_headers *h, lrc_http_framing *ret,
                   lrc_err *err)
{
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return lrc_fail(err, LRC_ERR_INVALID, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (check_target(target, err) < 0)
        return -1;
    for (size_t i = 0; i < h->count; i++) {
        if (!is_token(h->item[i].name))
            return lrc_fail(err, LRC_ERR_INVALID, "a header name holds a blank or another character it may not have");
        if (has_control(h->item[i].value))
            return lrc_fail(err, LRC_ERR_INVALID, "the header %s holds a control character", h->item[i].name);
    }
    int64_t length;
    if (check_host(h, err) < 0 || check_length(version, h, &length, err) < 0)
        return -1;
    ret->length = length;
    return 0;
}
