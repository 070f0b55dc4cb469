// SPDX-License-Identifier: MIT
// str.h - C strings and lists of them.
//
// Pure functions and plain values; a list has one owner thread. May use: err, buf, ascii.
#ifndef LRC_BASE_STR_H
#define LRC_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

bool lrc_str_starts(const char *s, const char *prefix);
bool lrc_str_ends(const char *s, const char *suffix);
bool lrc_str_same(const char *a, const char *b); // equal; two NULLs are equal

// Formatted copy in *ret, which the caller frees. Fails with LRC_ERR_NO_MEMORY.
int lrc_str_format(char **ret, lrc_err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int lrc_str_copy(char **ret, const char *s, lrc_err *err);
int lrc_str_copy_n(char **ret, const char *s, size_t n, lrc_err *err);

// Remove ASCII blanks at both ends, in place; returns the new start inside `s`.
char *lrc_str_trim(char *s);

// Whole-string numbers, locale-free. false (outputs untouched) on blanks, trailing text or overflow.
bool lrc_str_to_i64(const char *s, int64_t *ret);
bool lrc_str_to_double(const char *s, double *ret); // decimal or exponent form; not hex, not inf or nan

// Edits (insert, delete, replace, swap of neighbours; bytes) that make one of the other: for "did you mean". Texts longer
// than 64 bytes count as far apart (SIZE_MAX).
size_t lrc_str_distance(const char *a, const char *b);

// "512 B", "1.5 KiB", "3.2 GiB" into `out` (at least 16 bytes).
void lrc_str_bytes(uint64_t bytes, char out[static 16]);

// A list of owned strings.
typedef struct lrc_strv {
    char **item; // item[count] is NULL once something was pushed
    size_t count;
    size_t cap;
} lrc_strv;

#define LRC_STRV_MAX 4000000 // items; more is a mistake, not a data set

void lrc_strv_done(lrc_strv *v); // frees all; harmless on a zeroed list
#define lrc_auto_strv lrc_cleanup(lrc_strv_done)
int lrc_strv_push(lrc_strv *v, const char *s, lrc_err *err); // copies s
int lrc_strv_push_n(lrc_strv *v, const char *s, size_t n, lrc_err *err);
int lrc_strv_pushf(lrc_strv *v, lrc_err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int lrc_strv_give(lrc_strv *v, char *s, lrc_err *err); // takes s, also on failure
bool lrc_strv_has(const lrc_strv *v, const char *s);
void lrc_strv_sort(lrc_strv *v);                                              // bytewise
int lrc_strv_split(lrc_strv *v, const char *s, char separator, lrc_err *err); // trimmed, empty parts dropped

#endif
