// SPDX-License-Identifier: MIT
// env.h - environments of children: built from nothing, with the variables that a table lets through.
//
// What is not in a table stays here, so that keys and tokens of the person's shell do not wander into every child.
// One owner thread. May use: base.
#ifndef LRC_PROC_ENV_H
#define LRC_PROC_ENV_H

#include "base/err.h"
#include "base/str.h"

typedef struct lrc_proc_env_rule {
    const char *name; // "PATH", or a beginning such as "CUDA_*"
    const char *why;  // why a child needs it
} lrc_proc_env_rule;

// Append the variables of this process that a rule lets through and that are not in `env` yet. Rules end in {NULL}.
int lrc_proc_env_inherit(lrc_strv *env, const lrc_proc_env_rule *rules, lrc_err *err);

// Set or replace one.
int lrc_proc_env_set(lrc_strv *env, const char *name, const char *value, lrc_err *err);

const char *lrc_proc_env_get(const lrc_strv *env, const char *name); // borrowed; NULL when absent

// [A-Za-z_][A-Za-z0-9_]*, as POSIX has it.
bool lrc_proc_env_name_ok(const char *name, size_t n);

#endif
