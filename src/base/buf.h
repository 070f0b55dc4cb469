// SPDX-License-Identifier: MIT
// buf.h - a growing byte buffer with a stated maximum.
//
// `data` is never NULL after init and always ends in a NUL that is not counted in `len`. Appending does not return an
// error: the first failure (out of memory, or more than `max` bytes) is kept, later appends do nothing, and the caller
// asks once at the end with lrc_buf_check() - or lets lrc_buf_take() ask. So writers of text read as plain sequences.
// Callers may read `data` and `len` and may shorten with lrc_buf_truncate(); nothing else is theirs to change.
// One owner thread. May use: err.
#ifndef LRC_BASE_BUF_H
#define LRC_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef struct lrc_buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;
    lrc_err_code failed; // LRC_OK, LRC_ERR_NO_MEMORY or LRC_ERR_LIMIT
} lrc_buf;

// Holds nothing yet; allocates at the first append.
void lrc_buf_init(lrc_buf *b, size_t max_bytes);
void lrc_buf_done(lrc_buf *b); // releases; harmless on a zeroed or finished buffer
#define lrc_auto_buf lrc_cleanup(lrc_buf_done)

void lrc_buf_add(lrc_buf *b, const void *bytes, size_t n);
void lrc_buf_adds(lrc_buf *b, const char *text);
void lrc_buf_addc(lrc_buf *b, char c);
void lrc_buf_addf(lrc_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Room for `n` more bytes at data + len, or NULL (failure kept). The caller fills them and adds to `len` with
// lrc_buf_grew().
char *lrc_buf_room(lrc_buf *b, size_t n);
void lrc_buf_grew(lrc_buf *b, size_t n);

void lrc_buf_truncate(lrc_buf *b, size_t len); // no effect when longer than now
void lrc_buf_consume(lrc_buf *b, size_t n);    // drop the first n bytes

// 0, or -1 with the kept failure; `what` names the thing in the message.
int lrc_buf_check(const lrc_buf *b, const char *what, lrc_err *err);

// Hand the bytes on (the caller frees); the buffer is empty afterwards and may be used again. -1 as lrc_buf_check().
int lrc_buf_take(lrc_buf *b, const char *what, char **ret, size_t *ret_len, lrc_err *err);

#endif
