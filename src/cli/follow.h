// SPDX-License-Identifier: MIT
// follow.h - a job on the terminal: its lines as they come, until it has ended or the person goes away.
//
// Used by every command that starts a job in the foreground and by `lorica job logs -f`. Nothing here is needed by the
// job: killing the command that follows leaves the job as it is. One thread. May use: base, cmdline, job.
#ifndef LRC_CLI_FOLLOW_H
#define LRC_CLI_FOLLOW_H

#include <stdio.h>

#include "cmdline/cmdline.h"
#include "job/job.h"

typedef struct lrc_cli_follow_options {
    FILE *out;           // where the lines go; NULL: nowhere (with --json or --quiet)
    uint64_t offset;     // byte of the log to begin with
    const char *grep;    // only lines that hold this text; NULL: all
    bool raw;            // bytes as they are, nothing else
    bool json;           // one JSON object a line
    bool stays;          // wait for more; else only what is there now
    bool schedules;      // be the scheduler meanwhile, when there is no other
    bool stop_on_ctrl_c; // Ctrl-C stops the job, again: sooner, a third time: at once. Else it only ends the following
} lrc_cli_follow_options;

// Follow job `id`. *ret_over: the job has ended (else the person went away, or `stays` is false). On a terminal a
// progress bar is rewritten in place; elsewhere it comes as a line when it is finished, and twice a minute.
int lrc_cli_follow(const lrc_workspace *ws, const char *id, const lrc_cli_follow_options *options, bool *ret_over,
                   lrc_err *err);

// The exit code that a job's end means: 0 completed, 1 failed, 130 cancelled.
int lrc_cli_job_exit_code(lrc_job_state state);

// One line for people about how it ended, to stderr: "training_1_1 failed after 3m 07s: exit code 1" and what to do.
void lrc_cli_job_say_end(const lrc_job *job);

// Text as a terminal may get it: colours pass, other control characters (cursor movements, bells, NULs) do not. At most
// `columns` characters, 0: all.
void lrc_cli_put_clean(FILE *out, const char *text, size_t n, int columns);

#endif
