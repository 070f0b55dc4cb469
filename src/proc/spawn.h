// SPDX-License-Identifier: MIT
// spawn.h - starting, waiting for and signalling children. The only place of the program that starts a process.
//
// A child begins clean whatever its parent is: signals at their defaults and none blocked, descriptors 0, 1 and 2 as
// asked for and no others, its own process group or session when asked for. Between fork and exec only
// async-signal-safe calls are made, so a process with threads may spawn. The caller learns at once when the child could
// not be executed, and which step failed.
// Any thread may spawn; one lrc_proc belongs to one thread. May use: base. Knows nothing of jobs.
#ifndef LRC_PROC_SPAWN_H
#define LRC_PROC_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/err.h"

#define LRC_PROC_NULL (-1) // for in, out, err: /dev/null

typedef enum {
    LRC_PROC_GROUP_SAME,  // Ctrl-C on our terminal reaches it too
    LRC_PROC_GROUP_OWN,   // setpgid: can be signalled as a whole
    LRC_PROC_SESSION_OWN, // setsid: without a terminal, leads its own group
} lrc_proc_group;

typedef struct lrc_proc_limit {
    int resource;  // RLIMIT_…
    uint64_t soft; // cut at the hard limit, which stays as it is
} lrc_proc_limit;

typedef struct lrc_proc_options {
    const char *exe;   // file to execute; NULL: argv[0], looked up in the child's PATH unless it holds a '/'
    char *const *argv; // ends in NULL, as lrc_strv.item does
    char *const *env;  // "NAME=VALUE"…, ends in NULL; NULL: this process's environment
    const char *cwd;   // NULL: this process's
    int in, out, err;  // descriptors of ours that become 0, 1, 2 (STDERR_FILENO shares ours), or LRC_PROC_NULL
    lrc_proc_group group;
    bool orphan; // init adopts it at once: it outlives us and is never ours to wait for
    bool held;   // do all but exec, until lrc_proc_release(); if we die before, it ends without having run
    const lrc_proc_limit *limits;
    size_t limit_count;
    int oom_score_adj; // 0: as ours; above: the kernel kills it before us when memory runs out
    int cgroup;        // open cgroup.procs of the group to enter, or -1
} lrc_proc_options;

#define LRC_PROC_OPTIONS_INIT {.in = LRC_PROC_NULL, .out = LRC_PROC_NULL, .err = LRC_PROC_NULL, .cgroup = -1}

typedef struct lrc_proc {
    pid_t pid;       // -1 when there is none (yet, or any more); also its process group when it has its own
    int pidfd;       // readable when it has ended; -1 for an orphan or where the kernel has none
    int hold_fd;     // of a held child
    int report_fd;   // of a held child
    const char *exe; // borrowed argv[0] for messages until released
} lrc_proc;

#define LRC_PROC_INIT {.pid = -1, .pidfd = -1, .hold_fd = -1, .report_fd = -1}

// How a process ended.
typedef struct lrc_proc_exit {
    int code;            // exit code, or -1 when a signal ended it
    int signal;          // that signal, or 0
    struct rusage usage; // of it and of the children that it waited for
} lrc_proc_exit;

// LRC_ERR_NOT_FOUND when there is no such program or working directory, LRC_ERR_DENIED when it may not be executed.
// On failure nothing runs.
int lrc_proc_spawn(const lrc_proc_options *o, lrc_proc *ret, lrc_err *err);

// Let a held child exec. Fails as lrc_proc_spawn() when it cannot; it is reaped then.
int lrc_proc_release(lrc_proc *p, lrc_err *err);

// Wait up to timeout_ms (-1: for ever, 0: only look). 1: ended and reaped, *ret filled (may be NULL), p->pid is -1;
// 0: still running; -1: failed. Not for orphans.
int lrc_proc_wait(lrc_proc *p, int timeout_ms, lrc_proc_exit *ret, lrc_err *err);

void lrc_proc_signal(const lrc_proc *p, int signal);       // the process; harmless when it has ended
void lrc_proc_signal_group(const lrc_proc *p, int signal); // its whole group; only for a child with a group of its own

// Close what belongs to p. A child that is still running goes on.
void lrc_proc_done(lrc_proc *p);
// As lrc_proc_done(), but a child that is still running is killed (its group too, when it leads one) and reaped.
void lrc_proc_kill(lrc_proc *p);
#define lrc_auto_proc lrc_cleanup(lrc_proc_kill)

// What a process that ended badly is said to have done: "exit code 2", "killed by SIGKILL". Into `out` (32 bytes).
void lrc_proc_exit_text(const lrc_proc_exit *e, char out[static 32]);

// Path of this program itself, to be started again even after the file was replaced: caller frees.
int lrc_proc_self(char **ret, lrc_err *err);

// Path of the program `name` that lies beside this one: caller frees. LRC_ERR_NOT_BUILT when there is none.
int lrc_proc_sibling(const char *name, char **ret, lrc_err *err);

// Raise this process's soft limit of open files to the hard one. Children do not inherit that: they get the old limit.
void lrc_proc_raise_nofile(void);

#endif
