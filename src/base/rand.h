// SPDX-License-Identifier: MIT
// rand.h - unpredictable bytes from the kernel, for names and tokens. Training noise is the engine's matter.
//
// Any thread. May use: err.
#ifndef LRC_BASE_RAND_H
#define LRC_BASE_RAND_H

#include <stddef.h>

#include "base/err.h"

int lrc_rand_bytes(void *out, size_t n, lrc_err *err);

// `n` lower-case hex digits and a NUL into `out` (n + 1 bytes).
int lrc_rand_hex(char *out, size_t n, lrc_err *err);

#endif
