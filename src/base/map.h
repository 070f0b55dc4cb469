// SPDX-License-Identifier: MIT
// map.h - texts to numbers, in the order of their first appearance: counting tags, finding names that collide.
//
// Open addressing over a dense array of entries, so that walking the map is walking an array. Keys are copied. Nothing
// is ever removed. One owner thread. May use: err, str.
#ifndef LRC_BASE_MAP_H
#define LRC_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef struct lrc_map_entry {
    char *key;
    uint64_t value;
} lrc_map_entry;

typedef struct lrc_map {
    lrc_map_entry *entry; // entry[0..count), oldest first; values may be changed by the caller, keys may not
    size_t count, cap;
    uint32_t *slot; // entry + 1, 0 when free; `slots` is a power of two
    size_t slots;
} lrc_map;

#define LRC_MAP_MAX 8000000 // entries; more is a mistake

void lrc_map_done(lrc_map *m); // harmless on a zeroed map
#define lrc_auto_map lrc_cleanup(lrc_map_done)

// The value of `key`, NULL when it is not there. Borrowed until the next lrc_map_put().
uint64_t *lrc_map_get(const lrc_map *m, const char *key);

// The value of `key`, made as 0 when it is not there yet. Borrowed until the next lrc_map_put(). NULL with
// LRC_ERR_NO_MEMORY or LRC_ERR_LIMIT.
uint64_t *lrc_map_put(lrc_map *m, const char *key, lrc_err *err);

// Sort by value, the largest first, equal ones by key; the map can only be walked afterwards, not searched.
void lrc_map_rank(lrc_map *m);

#endif
