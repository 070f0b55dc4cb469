// SPDX-License-Identifier: MIT
// tree.h - the processes that a child leaves behind: finding, signalling and reaping them.
//
// A child's children may outlive it, leave its group and its session. Three nets catch them, from strong to weak:
// a control group (cgroup v2) that they cannot leave; a subreaper, to which the kernel gives the orphans of everything
// below it; and a mark in their environment, which also a later process can look for. One thread. May use: base.
#ifndef LRC_PROC_TREE_H
#define LRC_PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

// Orphans among our descendants become our children. LRC_ERR_IO where the kernel cannot.
int lrc_proc_become_subreaper(lrc_err *err);

// Signal each child of this process but `except` (0: none). Returns how many there were, ended but unreaped included.
size_t lrc_proc_signal_children(pid_t except, int signal);

// Reap each child that has ended but `except`. Returns how many children are left besides it.
size_t lrc_proc_reap_children(pid_t except);

// Signal each running process whose environment has this "NAME=VALUE" and that we may look into, never this one.
// Returns how many. signal 0 only counts.
size_t lrc_proc_signal_marked(const char *mark, int signal);

// ---- Control groups --------------------------------------------------------------------------------------------------

// Make the group `name` below the one that this process is in. *ret is its folder, the caller frees; NULL when this
// machine or container does not let us, which is no error.
int lrc_proc_cgroup_make(const char *name, char **ret, lrc_err *err);
// Descriptor for lrc_proc_options.cgroup, -1 when `cgroup` is NULL or gone.
int lrc_proc_cgroup_door(const char *cgroup);
// Kill all that is in it; false when the kernel cannot (before 5.14).
bool lrc_proc_cgroup_kill(const char *cgroup);
bool lrc_proc_cgroup_empty(const char *cgroup);  // also when there is none
void lrc_proc_cgroup_remove(const char *cgroup); // NULL allowed; only succeeds when empty

// How many processes the kernel has killed for want of memory since boot (on this whole machine); 0 when unknown.
unsigned long long lrc_proc_oom_kills(void);

#endif
