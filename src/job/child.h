// SPDX-License-Identifier: MIT
// child.h - from a job's spec to its process, up to the point where it waits to be released. Inside of job/ only.
//
// One thread (the runner's). May use: base, proc, settings, job.
#ifndef LRC_JOB_CHILD_H
#define LRC_JOB_CHILD_H

#include "job/folder.h"
#include "job/kinds.h"
#include "proc/spawn.h"

// The environment: what the request says, what the kind's and the common rules let through of this process's, the
// secrets from the settings, and LORICA_JOB, the mark that all its descendants carry.
int lrc_job_child_env(const char *folder, const lrc_job_spec *spec, const lrc_job_kind *kind, lrc_strv *ret,
                      lrc_err *err);

// Make the process: its stdin is /dev/null, stdout and stderr are the log, its process group and (where that can be had)
// its control group are its own, and it is held. *ret_cgroup "" when there is none; the caller frees.
int lrc_job_child_fork(const char *folder, const lrc_job_spec *spec, const lrc_job_kind *kind, lrc_proc *ret,
                       char **ret_cgroup, lrc_err *err);

#endif
