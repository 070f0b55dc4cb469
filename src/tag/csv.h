// SPDX-License-Identifier: MIT
// csv.h - comma separated values as RFC 4180 has them: quoted fields may hold commas, quotes (doubled) and line breaks.
//
// Line ends are LF, CRLF or CR; a byte order mark is passed over; empty lines are no records. Strict otherwise: a quote
// in the middle of a bare field, text behind a closing quote, an unclosed quote or bytes that are not UTF-8 are errors
// with the line. Any thread. May use: base.
#ifndef LRC_TAG_CSV_H
#define LRC_TAG_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

#define LRC_CSV_MAX_FIELDS 256 // in one record

typedef struct lrc_csv {
    const char *text; // borrowed
    size_t n, at;
    size_t line; // of the record read last, from 1
    size_t next_line;
} lrc_csv;

// LRC_ERR_INVALID when the text is not UTF-8 or holds a NUL.
int lrc_csv_begin(lrc_csv *csv, const char *text, size_t n, lrc_err *err);

// The next record's fields into *ret, which is emptied first; *ret_more is false at the end of the text.
int lrc_csv_next(lrc_csv *csv, lrc_strv *ret, bool *ret_more, lrc_err *err);

#endif
