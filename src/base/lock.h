// SPDX-License-Identifier: MIT
// lock.h - advisory locks between processes: flock(2) on a file made for it.
//
// The kernel releases a lock when its last descriptor closes, kill -9 included, so "is the holder alive" is one
// non-blocking attempt. The descriptor is O_CLOEXEC. A lock belongs to the open file, not to a thread. May use: fs.
#ifndef LRC_BASE_LOCK_H
#define LRC_BASE_LOCK_H

#include "base/cleanup.h"
#include "base/err.h"

// Open (create, 0666 & ~umask) and lock `path`; *ret is the descriptor, closing it releases. LRC_ERR_BUSY when another
// process holds it after `wait_ms` (0: try once, -1: for ever).
int lrc_lock_take(const char *path, int wait_ms, int *ret, lrc_err *err);

// 1 when somebody holds it, 0 when not (or no such file), -1 on failure.
int lrc_lock_is_held(const char *path, lrc_err *err);

#endif
