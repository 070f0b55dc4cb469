// SPDX-License-Identifier: MIT
// marks.h - log.idx: when which part of a log was written, and where its lines can be counted from.
//
// While a job runs its runner appends a mark now and then (decision 9): "at `ms` everything up to `offset` was there".
// All lines that ended between two marks share the later one's time; times rise strictly from mark to mark. A mark also
// tells where reading may begin with right line numbers, so that line 1,000,000 is found without reading the log.
// On disk a mark is four little-endian 64-bit integers (offset, start, line, ms), 32 bytes; a torn tail is ignored. What
// the log grew by without a runner has no marks: the reader gives it the time at which he sees it.
// One owner thread per object. May use: base, lines.h.
#ifndef LRC_JOB_MARKS_H
#define LRC_JOB_MARKS_H

#include "job/lines.h"

typedef struct lrc_mark {
    uint64_t offset; // lines that end at or before this byte are covered
    uint64_t start;  // where line number `line` begins: at offset, or before it when that line is a bar still rewritten
    uint64_t line;
    int64_t ms; // since 1970
} lrc_mark;

// ---- Writing, by the runner ------------------------------------------------------------------------------------------

typedef struct lrc_marker {
    int log_fd, idx_fd;
    lrc_lines lines;
    lrc_mark last;
} lrc_marker;

#define LRC_MARKER_INIT {.log_fd = -1, .idx_fd = -1}

// `log` exists. Goes on after marks that are there already.
int lrc_marker_open(lrc_marker *m, const char *log, const char *idx, lrc_err *err);
// Read what the log grew by and append a mark when whole segments came. *ret_more: it was much, call again at once.
int lrc_marker_advance(lrc_marker *m, int64_t now_ms, bool *ret_more, lrc_err *err);
void lrc_marker_close(lrc_marker *m); // harmless on LRC_MARKER_INIT

// ---- Reading ---------------------------------------------------------------------------------------------------------

typedef struct lrc_marks {
    lrc_mark *item;
    size_t count;
} lrc_marks;

// A missing file has no marks.
int lrc_marks_load(const char *idx, lrc_marks *ret, lrc_err *err);
void lrc_marks_done(lrc_marks *m);
#define lrc_auto_marks lrc_cleanup(lrc_marks_done)

// Time of the line that ends at raw byte `end`; `otherwise` when no mark covers it, but never before the last mark.
int64_t lrc_marks_time(const lrc_marks *m, uint64_t end, int64_t otherwise);

// The last place at or before line `number` (or the first byte of the log) from which lines can be read.
void lrc_marks_seek_line(const lrc_marks *m, uint64_t number, uint64_t *ret_offset, uint64_t *ret_line);
// The same for the line that holds raw byte `offset`.
void lrc_marks_seek_offset(const lrc_marks *m, uint64_t offset, uint64_t *ret_offset, uint64_t *ret_line);
// The same for the first line written after `ms`.
void lrc_marks_seek_time(const lrc_marks *m, int64_t ms, uint64_t *ret_offset, uint64_t *ret_line);

#endif
