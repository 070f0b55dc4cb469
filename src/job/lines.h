// SPDX-License-Identifier: MIT
// lines.h - the lines that a person sees in a log of raw bytes.
//
// Bytes are fed as they come, cut anywhere. A line ends with \n, \r\n or \r. The rewrites of one progress bar (tqdm
// writes "\rsteps:  41%|####      | 812/2000 [05:12<07:36,  2.60it/s]" again and again) are one line, with the bar's last
// state as its text. Bytes that are not UTF-8 come out as U+FFFD, one for each; of a line over LRC_LINE_MAX bytes only
// the beginning is shown, with a note of its true size. What was said stays in the raw log: each line tells which bytes
// it comes from. Numbers count from 0 and depend only on the bytes, not on how they were cut.
// Memory is bounded. One owner thread. May use: base.
#ifndef LRC_JOB_LINES_H
#define LRC_JOB_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define LRC_LINE_MAX (64 << 10) // raw bytes of a line that are shown

typedef enum { LRC_LEVEL_INFO, LRC_LEVEL_ERROR, LRC_LEVEL_DEBUG, LRC_LEVEL_PROGRESS, LRC_LEVEL_MAX_ } lrc_level;

typedef struct lrc_line {
    uint64_t number;      // of the line in the log
    uint64_t offset, end; // its raw bytes [offset, end), line ends included
    const char *text;     // UTF-8 without the line end; may hold NULs; borrowed until the next call
    size_t len;
    bool bar;  // a progress bar
    bool open; // not finished: a state of a bar that is rewritten, or the beginning of a line
    bool cut;  // longer than LRC_LINE_MAX
} lrc_line;

typedef struct lrc_lines {
    uint64_t offset; // of the next byte to be fed
    uint64_t number; // of the next line to be finished
    bool rewrites;   // also report each state of a bar, `open`, the last one included
    lrc_buf part;    // the segment that is not ended yet, at most LRC_LINE_MAX of it
    uint64_t part_start, part_len;
    bool after_cr; // its end was \r: a \n may follow
    lrc_buf bar;   // the bar that may be rewritten
    bool has_bar;
    uint64_t bar_start, bar_end;
    lrc_buf text; // of the line that is being reported
} lrc_lines;

// Called for each line, in order. Anything but 0 ends the feeding with -1; fill *err then.
typedef int lrc_lines_fn(void *arg, const lrc_line *line, lrc_err *err);

// Begin at a place where a line begins: (0, 0), or `start` and `line` of a mark (marks.h).
void lrc_lines_init(lrc_lines *l, uint64_t offset, uint64_t number);
void lrc_lines_done(lrc_lines *l);
#define lrc_auto_lines lrc_cleanup(lrc_lines_done)

int lrc_lines_feed(lrc_lines *l, const void *bytes, size_t n, lrc_lines_fn *fn, void *arg, lrc_err *err);
// The log has ended: what is left is a line too.
int lrc_lines_finish(lrc_lines *l, lrc_lines_fn *fn, void *arg, lrc_err *err);

// What a reader at the end of a growing log sees as its last, unfinished line. false when there is none.
bool lrc_lines_peek(lrc_lines *l, lrc_line *ret);

// Where reading can begin again with the same numbers: every line that ended before *ret_offset is reported, but for the
// one that begins at *ret_start and has the number *ret_line (a bar; else *ret_start is *ret_offset).
void lrc_lines_place(const lrc_lines *l, uint64_t *ret_offset, uint64_t *ret_start, uint64_t *ret_line);

// Does this text look like a tqdm bar? *ret_label: length of the description in front of its numbers.
bool lrc_line_is_bar(const char *text, size_t n, size_t *ret_label);

// Level by KNX's rule: the first [ERROR], [WARN], [INFO] or [DEBUG] in any case (ERROR and WARN are both errors), else
// info; then, above all, progress for a line with "<digits>%", "epoch", "step" or "batch". *ret_message (the caller
// frees; may be NULL) is the text without that tag and the blanks after it, trimmed, with its NULs as U+2400.
int lrc_line_level(const lrc_line *line, lrc_level *ret, char **ret_message, lrc_err *err);
const char *lrc_level_name(lrc_level level);

#endif
