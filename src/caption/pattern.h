// SPDX-License-Identifier: MIT
// pattern.h - finding and replacing text in captions: literally, or by regular expression.
//
// Expressions are Perl's (PCRE2) with what ECMAScript has otherwise: "$" is only the end of the text (or with `multiline`
// of a line), "\uXXXX", a back reference to an unset group is empty. Characters are Unicode. A replacement knows $$, $&,
// $`, $', $1 … $99 and $<name>, as ECMAScript does; a group that does not exist is left as text. Steps, depth and memory
// of a match are limited, so no expression can hang or exhaust the program.
// A compiled pattern may be used by one thread at a time. May use: base; PCRE2.
#ifndef LRC_CAPTION_PATTERN_H
#define LRC_CAPTION_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

#define LRC_PATTERN_MAX 4096 // bytes of a pattern or a replacement

typedef struct lrc_pattern lrc_pattern;

typedef struct lrc_pattern_options {
    bool regex;       // else the text stands for itself, and so does the replacement
    bool ignore_case; // Unicode
    bool multiline;   // regex: ^ and $ match at lines too
} lrc_pattern_options;

// LRC_ERR_INVALID when `text` is empty, no UTF-8 or (with its place) no expression; LRC_ERR_LIMIT when too long.
int lrc_pattern_compile(const char *text, const lrc_pattern_options *options, lrc_pattern **ret, lrc_err *err);
void lrc_pattern_free(lrc_pattern *p);
LRC_DEFINE_FREEP(lrc_pattern)
#define lrc_auto_pattern lrc_cleanup(lrc_pattern_freep)

// The first match at or behind `from`: 1 and its bytes [*ret_start, *ret_end), 0 when there is none. LRC_ERR_LIMIT when
// it takes too many steps.
int lrc_pattern_find(lrc_pattern *p, const char *text, size_t from, size_t *ret_start, size_t *ret_end, lrc_err *err);

// Replace all matches. *ret is the new text, which the caller frees, or NULL when nothing changes.
int lrc_pattern_replace(lrc_pattern *p, const char *text, const char *replacement, char **ret, lrc_err *err);

#endif
