// SPDX-License-Identifier: MIT
// capture.h - run a short command to its end and keep what it says: for questions such as "which torch is there".
//
// Never hangs and never fills memory: a command that takes too long is killed with its whole group, and what it says
// beyond the limit is read and dropped. Any thread. May use: base, spawn.
#ifndef LRC_PROC_CAPTURE_H
#define LRC_PROC_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "proc/spawn.h"

typedef struct lrc_captured {
    char *out, *err; // stdout and stderr, each NUL-terminated and cut at max_bytes
    size_t out_len, err_len;
    bool cut;       // more was said
    bool timed_out; // killed by us
    lrc_proc_exit how;
} lrc_captured;

// argv and env end in NULL; env NULL: this process's. -1 when it cannot be started at all (as lrc_proc_spawn) or memory
// runs out; a command that fails or is timed out is a result. *ret is to be released with lrc_captured_done().
int lrc_proc_capture(char *const *argv, char *const *env, int timeout_ms, size_t max_bytes, lrc_captured *ret,
                     lrc_err *err);
void lrc_captured_done(lrc_captured *c); // harmless on a zeroed one
#define lrc_auto_captured lrc_cleanup(lrc_captured_done)

#endif
