// SPDX-License-Identifier: MIT
// search.h - lines of a log that hold a text.
//
// The text is literal; ASCII case does not matter. The log is read once, in pieces, whatever its length; lines have the
// numbers and places that every other view gives them. May use: json, job.
#ifndef LRC_JOB_SEARCH_H
#define LRC_JOB_SEARCH_H

#include "job/job.h"
#include "json/json.h"

typedef struct lrc_log_search {
    const char *text; // not empty
    uint64_t since;   // only lines that end after this byte
    size_t limit;     // at least 1: so many lines are written, the first ones
    bool only_errors; // only lines of level error
} lrc_log_search;

typedef struct lrc_log_found {
    uint64_t matches;     // all that fit, also those beyond the limit
    uint64_t next_offset; // `since` for the next page; 0 when all are written
} lrc_log_found;

// Write the lines as values of an open JSON array, as lrc_job_put_line() does.
int lrc_job_search_log(const lrc_job *job, const lrc_log_search *search, lrc_json_out *out, lrc_log_found *ret,
                       lrc_err *err);

// Does a line hold the text?
bool lrc_log_holds(const char *line, size_t n, const char *text);

#endif
