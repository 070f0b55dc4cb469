// SPDX-License-Identifier: MIT
// exec.h - becoming another of our programs: the command line hands a command on to lorica-worker.
//
// The process stays the same (pid, terminal, descriptors 0 to 2), so Ctrl-C, exit code and output are those of the
// command itself. May use: base.
#ifndef LRC_PROC_EXEC_H
#define LRC_PROC_EXEC_H

#include "base/err.h"

// Execute the program `name` that lies beside this one, with argv (ends in NULL). Returns only on failure: -1,
// LRC_ERR_NOT_BUILT when there is no such program.
// Signals that are ignored stay so, which suits our own programs.
int lrc_proc_exec_sibling(const char *name, char *const *argv, lrc_err *err);

#endif
