// SPDX-License-Identifier: MIT
// findings.h - several things to say about one input: what is wrong, where, and what to do about it.
//
// A check that looks at a whole request or dataset returns findings instead of stopping at the first. Only
// LRC_FINDING_ERROR blocks. Strings are copied. One owner thread. May use: err, str.
#ifndef LRC_BASE_FINDINGS_H
#define LRC_BASE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef enum { LRC_FINDING_ERROR, LRC_FINDING_WARNING, LRC_FINDING_INFO, LRC_FINDING_MAX_ } lrc_finding_severity;

typedef struct lrc_finding {
    lrc_finding_severity severity;
    char *code;    // a word for programs, e.g. "missing_path"
    char *field;   // request field; "" when none
    char *file;    // path; "" when none
    char *message; // one sentence
    char *remedy;  // what to do; "" when the message says it
} lrc_finding;

typedef struct lrc_findings {
    lrc_finding *item;
    size_t count;
    size_t cap;
} lrc_findings;

#define LRC_FINDINGS_MAX 100000

// Copies all strings; NULL means "". `message` is formatted. Fails with LRC_ERR_NO_MEMORY or LRC_ERR_LIMIT.
int lrc_findings_add(lrc_findings *f, lrc_finding_severity severity, const char *code, const char *field,
                     const char *file, const char *remedy, lrc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 8, 9)));
size_t lrc_findings_errors(const lrc_findings *f);             // how many block
const char *lrc_finding_severity_name(lrc_finding_severity s); // "error", "warning", "info"
void lrc_findings_done(lrc_findings *f);
#define lrc_auto_findings lrc_cleanup(lrc_findings_done)

#endif
