// SPDX-License-Identifier: MIT
#include "base/utf8.h"

static bool continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

// Lead byte -> length and the least code point of that length; 0 when no character starts so.
static size_t lead_length(unsigned char c, uint32_t *ret_least)
{
    if (c < 0x80) {
        *ret_least = 0;
        return 1;
    }
    if (c >= 0xc2 && c <= 0xdf) {
        *ret_least = 0x80;
        return 2;
    }
    if (c >= 0xe0 && c <= 0xef) {
        *ret_least = 0x800;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        *ret_least = 0x10000;
        return 4;
    }
    return 0;
}

size_t lrc_utf8_decode(const char *s, size_t n, uint32_t *ret_cp)
{
    if (n == 0)
        return 0;
    uint32_t least;
    const size_t len = lead_length((unsigned char)s[0], &least);
    if (len == 0 || len > n)
        return 0;
    uint32_t cp = len == 1 ? (unsigned char)s[0] : (unsigned char)s[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (!continuation((unsigned char)s[i]))
            return 0;
        cp = cp << 6 | ((unsigned char)s[i] & 0x3f);
    }
    if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        return 0;
    if (ret_cp)
        *ret_cp = cp;
    return len;
}

size_t lrc_utf8_encode(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        if (cp >= 0xd800 && cp <= 0xdfff)
            return 0;
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    if (cp > 0x10ffff)
        return 0;
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

size_t lrc_utf8_valid_prefix(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        const size_t len = lrc_utf8_decode(s + i, n - i, NULL);
        if (len == 0)
            return i;
        i += len;
    }
    return n;
}

size_t lrc_utf8_cut(const char *s, size_t n)
{
    size_t i = n;
    for (size_t back = 0; i > 0 && back < LRC_UTF8_MAX; back++, i--) {
        const unsigned char c = (unsigned char)s[i - 1];
        if (continuation(c))
            continue;
        uint32_t least;
        const size_t want = lead_length(c, &least);
        return want > n - (i - 1) ? i - 1 : n;
    }
    return n; // no lead byte near the end: not UTF-8, nothing to mend
}

size_t lrc_utf8_count(const char *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; count++) {
        const size_t len = lrc_utf8_decode(s + i, n - i, NULL);
        i += len ? len : 1;
    }
    return count;
}
