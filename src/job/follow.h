// SPDX-License-Identifier: MIT
// follow.h - reading a log while it grows: bytes from an offset on, and waiting for more.
//
// A follower is nothing but an offset and a way to wait: inotify on the job's folder, and a slow look besides, because
// network file systems tell nothing. The log need not exist yet. One owner thread. May use: base, lines.h.
#ifndef LRC_JOB_FOLLOW_H
#define LRC_JOB_FOLLOW_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "job/lines.h"

typedef struct lrc_follow lrc_follow;

// `log`: path of the file. Begins at byte `offset`.
int lrc_follow_new(const char *log, uint64_t offset, lrc_follow **ret, lrc_err *err);
void lrc_follow_free(lrc_follow *f);
LRC_DEFINE_FREEP(lrc_follow)
#define lrc_auto_follow lrc_cleanup(lrc_follow_freep)

// The next bytes, at most 64 KiB, borrowed until the next call; *ret_n 0: nothing more at the moment. Never waits.
int lrc_follow_read(lrc_follow *f, const char **ret, size_t *ret_n, lrc_err *err);
uint64_t lrc_follow_offset(const lrc_follow *f); // of the next byte

// Wait until something in the job's folder changes, `other_fd` (-1: none) is readable, or timeout_ms are over; at most
// LRC_FOLLOW_LOOK_MS. Readable is whatever is asked next, so nothing is returned.
void lrc_follow_wait(lrc_follow *f, int other_fd, int timeout_ms);
#define LRC_FOLLOW_LOOK_MS 500

// The last `count` lines of a log, without line ends, into the empty list *ret, and the byte at which the first of them
// begins (may be NULL). A missing log has none. Reads only the end of a long log.
int lrc_log_tail(const char *log, size_t count, lrc_strv *ret, uint64_t *ret_offset, lrc_err *err);

#endif
