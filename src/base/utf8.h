// SPDX-License-Identifier: MIT
// utf8.h - UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
//
// Pure functions, any thread. May use: libc.
#ifndef LRC_BASE_UTF8_H
#define LRC_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LRC_UTF8_MAX 4 // bytes of one encoded code point

// Length in bytes of the valid character at `s` (of `n` bytes), its code point in *ret_cp (may be NULL); 0 when the
// bytes there are not a whole valid character.
size_t lrc_utf8_decode(const char *s, size_t n, uint32_t *ret_cp);

// Write `cp` to `out` (at least LRC_UTF8_MAX bytes, no NUL). Returns the length, 0 for what cannot be encoded.
size_t lrc_utf8_encode(uint32_t cp, char *out);

// Offset of the first invalid byte, or n when all of it is valid.
size_t lrc_utf8_valid_prefix(const char *s, size_t n);

static inline bool lrc_utf8_valid(const char *s, size_t n)
{
    return lrc_utf8_valid_prefix(s, n) == n;
}

// Largest length <= n at which `s` may be cut without leaving a started character at the end.
size_t lrc_utf8_cut(const char *s, size_t n);

// Number of code points; an invalid byte counts as one.
size_t lrc_utf8_count(const char *s, size_t n);

#endif
