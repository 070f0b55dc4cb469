// SPDX-License-Identifier: MIT
// failure.h - why a job failed: a cause, the line that shows it, and what to do about it.
//
// A table of signatures (failure_rows.h) is held against the end of the log and against what is known of the exit
// (signal, memory, the engine's own reason). A signature is a text that programs print, so a new cause is a few rows of
// that table. Nothing is guessed: what fits no row has no diagnosis, and the error line of progress.h stands alone.
// A job that was stopped is not ill. One that runs or has completed is only asked for what can be wrong in it all the
// same (a loss that is not a number). Pure function of log and facts, any thread. May use: base, lines.h, marks.h.
#ifndef LRC_JOB_FAILURE_H
#define LRC_JOB_FAILURE_H

#include <stdint.h>

#include "job/job.h"

#define LRC_FAILURE_TEXT_MAX 500 // bytes with the NUL
#define LRC_FAILURES_MAX     3   // causes that are told of one job

typedef struct lrc_failure {
    const char *cause;                   // a word for programs, e.g. "cuda_out_of_memory"
    const char *remedy;                  // what to do; one or two sentences
    char said[LRC_FAILURE_TEXT_MAX];     // what happened, in our words, with the numbers and names of the line
    char evidence[LRC_FAILURE_TEXT_MAX]; // that line; "" when the exit alone shows it
    bool in_log;                         // the evidence is a line of the log:
    uint64_t line, offset;               // its number, its first byte
} lrc_failure;

typedef struct lrc_failures {
    lrc_failure item[LRC_FAILURES_MAX]; // the likeliest first
    size_t count;
} lrc_failures;

// What is known of the job besides its log. The texts are borrowed for the call.
typedef struct lrc_failure_facts {
    lrc_job_state state;
    const char *reason; // of lrc_job_status
    bool exited;
    int exit_code, exit_signal;
    bool oom_kill;
} lrc_failure_facts;

// `log` and `idx`: paths; either may be missing. Reads at most the last LRC_FAILURE_TAIL bytes.
int lrc_failure_find(const char *log, const char *idx, const lrc_failure_facts *facts, lrc_failures *ret, lrc_err *err);
#define LRC_FAILURE_TAIL (1 << 20)

// The same for a loaded job.
int lrc_job_diagnose(const lrc_job *job, lrc_failures *ret, lrc_err *err);

// ---- For tests and documentation -------------------------------------------------------------------------------------

// Names of all causes, in the order of the table; NULL past the end.
const char *lrc_failure_cause_name(size_t i);

// Does `pattern` fit in `line`? "*" is any text, kept as one of at most 9 captures (pointer and length each); "^" in front
// means at the beginning of the line, blanks and "[rank0]: " not counted, "$" at the end of it. ASCII case does not matter.
#define LRC_FAILURE_CAPTURES 9
typedef struct lrc_capture {
    const char *text;
    size_t len;
} lrc_capture;
bool lrc_failure_match(const char *pattern, const char *line, size_t n, lrc_capture ret[static LRC_FAILURE_CAPTURES]);

#endif
