// SPDX-License-Identifier: MIT
// arena.h - memory that is released all at once: for trees and plans whose parts live as long as the whole.
//
// Pieces are aligned for any type, are never moved and cannot be freed one by one. NULL means out of memory; the caller
// reports it (lrc_fail_memory). One owner thread. May use: libc.
#ifndef LRC_BASE_ARENA_H
#define LRC_BASE_ARENA_H

#include <stddef.h>

#include "base/cleanup.h"

typedef struct lrc_arena {
    struct lrc_arena_block *last; // NULL: holds nothing
} lrc_arena;

void *lrc_arena_take(lrc_arena *a, size_t n);                       // zeroed
char *lrc_arena_copy(lrc_arena *a, const char *s, size_t n);        // n bytes and a NUL
void *lrc_arena_array(lrc_arena *a, size_t count, size_t one_size); // zeroed; NULL on overflow too
void lrc_arena_done(lrc_arena *a);                                  // harmless on a zeroed or finished arena
#define lrc_auto_arena lrc_cleanup(lrc_arena_done)

#endif
