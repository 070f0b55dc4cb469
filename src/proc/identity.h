// SPDX-License-Identifier: MIT
// identity.h - which process a number meant. Process numbers are used again; number + start time + boot are not.
//
// A record made with lrc_proc_id_of() can be kept in a file and judged later, after a restart of this program or of the
// machine. Start times are clock ticks since boot, as /proc/<pid>/stat field 22 has them (proc(5)).
// Pure functions of /proc; any thread. May use: base.
#ifndef LRC_PROC_IDENTITY_H
#define LRC_PROC_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define LRC_PROC_BOOT_ID 37 // bytes with the NUL

typedef struct lrc_proc_id {
    pid_t pid; // 0: none
    uint64_t start_time;
    char boot_id[LRC_PROC_BOOT_ID];
} lrc_proc_id;

// One word per boot of the machine, from /proc/sys/kernel/random/boot_id.
int lrc_proc_boot_id(char out[static LRC_PROC_BOOT_ID], lrc_err *err);

// LRC_ERR_NOT_FOUND when no such process runs (one that has ended and waits to be reaped does not run).
int lrc_proc_id_of(pid_t pid, lrc_proc_id *ret, lrc_err *err);

// Does that very process run (still, and in this boot)?
bool lrc_proc_id_alive(const lrc_proc_id *id);

// Signal that very process, or with `group` the process group that it leads. false when it does not run.
bool lrc_proc_id_signal(const lrc_proc_id *id, int signal, bool group);

// Parse the text of /proc/<pid>/stat: state letter, parent and start time. The name in it may hold anything.
int lrc_proc_parse_stat(const char *text, char *ret_state, pid_t *ret_parent, uint64_t *ret_start, lrc_err *err);

#endif
