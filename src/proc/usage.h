// SPDX-License-Identifier: MIT
// usage.h - what a process group and this machine use right now, as /proc tells (proc(5)).
//
// Numbers only; what they mean over time is the caller's matter. Any thread. May use: base.
#ifndef LRC_PROC_USAGE_H
#define LRC_PROC_USAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

typedef struct lrc_proc_usage {
    int processes;      // of the group, running now
    uint64_t cpu_ms;    // that they used since they began; processes that have ended are missing
    uint64_t rss_bytes; // resident memory; pages that several share are counted for each
} lrc_proc_usage;

// Of the process group that `leader` leads. No such group: all zero.
int lrc_proc_group_usage(pid_t leader, lrc_proc_usage *ret, lrc_err *err);

typedef struct lrc_machine_usage {
    uint64_t cpu_busy_ms, cpu_total_ms;       // of all processors since boot
    uint64_t memory_bytes, memory_free_bytes; // free: what programs could still get
    int processors;
} lrc_machine_usage;

int lrc_machine_usage_read(lrc_machine_usage *ret, lrc_err *err);

#endif
