// SPDX-License-Identifier: MIT
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#define BLOCK_BYTES (16 * 1024)
#define ALIGNMENT   _Alignof(max_align_t)

struct lrc_arena_block {
    struct lrc_arena_block *before;
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
};

static struct lrc_arena_block *new_block(lrc_arena *a, size_t n)
{
    // Blocks grow with what is held, so that a large tree takes few of them.
    size_t size = a->last ? a->last->size * 2 : BLOCK_BYTES;
    if (size > BLOCK_BYTES * 16)
        size = BLOCK_BYTES * 16;
    if (size < n)
        size = n;
    struct lrc_arena_block *b = malloc(sizeof *b + size);
    if (!b)
        return NULL;
    b->before = a->last;
    b->used = 0;
    b->size = size;
    a->last = b;
    return b;
}

void *lrc_arena_take(lrc_arena *a, size_t n)
{
    if (n > PTRDIFF_MAX / 2)
        return NULL;
    n = (n + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    struct lrc_arena_block *b = a->last;
    if (!b || b->size - b->used < n)
        b = new_block(a, n);
    if (!b)
        return NULL;
    void *piece = b->bytes + b->used;
    b->used += n;
    return memset(piece, 0, n);
}

void *lrc_arena_array(lrc_arena *a, size_t count, size_t one_size)
{
    size_t n;
    return __builtin_mul_overflow(count, one_size, &n) ? NULL : lrc_arena_take(a, n);
}

char *lrc_arena_copy(lrc_arena *a, const char *s, size_t n)
{
    char *copy = n < PTRDIFF_MAX / 2 ? lrc_arena_take(a, n + 1) : NULL;
    if (copy && n > 0)
        memcpy(copy, s, n);
    return copy;
}

void lrc_arena_done(lrc_arena *a)
{
    while (a->last) {
        struct lrc_arena_block *before = a->last->before;
        free(a->last);
        a->last = before;
    }
}
