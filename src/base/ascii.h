// SPDX-License-Identifier: MIT
// ascii.h - character tests that do not depend on the locale. Bytes above 0x7f are never space and never change case.
#ifndef LRC_BASE_ASCII_H
#define LRC_BASE_ASCII_H

#include <stdbool.h>

static inline bool lrc_ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool lrc_ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool lrc_ascii_alnum(char c)
{
    return lrc_ascii_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static inline char lrc_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// Equal but for ASCII case.
static inline bool lrc_ascii_same(const char *a, const char *b)
{
    while (*a && lrc_ascii_lower(*a) == lrc_ascii_lower(*b)) {
        a++;
        b++;
    }
    return lrc_ascii_lower(*a) == lrc_ascii_lower(*b);
}

#endif
