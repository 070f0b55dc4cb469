// SPDX-License-Identifier: MIT
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define FIRST_SLOTS 64

void lrc_map_done(lrc_map *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->entry[i].key);
    free(m->entry);
    free(m->slot);
    *m = (lrc_map){0};
}

// FNV-1a, 64 bits, folded so that the low bits depend on all of it.
static size_t hash(const char *key)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 0x100000001b3u;
    return (size_t)(h ^ (h >> 29));
}

// The slot that holds `key`, or the free one where it belongs.
static size_t find_slot(const lrc_map *m, const char *key)
{
    size_t i = hash(key) & (m->slots - 1);
    while (m->slot[i] && strcmp(m->entry[m->slot[i] - 1].key, key) != 0)
        i = (i + 1) & (m->slots - 1);
    return i;
}

uint64_t *lrc_map_get(const lrc_map *m, const char *key)
{
    if (!m->slots)
        return NULL;
    const uint32_t found = m->slot[find_slot(m, key)];
    return found ? &m->entry[found - 1].value : NULL;
}

// Room for one more entry, with at most half of the slots in use.
static int grow(lrc_map *m, lrc_err *err)
{
    if (m->count >= LRC_MAP_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "a table has more than %d entries", LRC_MAP_MAX);
    if (m->count == m->cap) {
        const size_t cap = m->cap ? m->cap * 2 : FIRST_SLOTS / 2;
        lrc_map_entry *entry = realloc(m->entry, cap * sizeof *entry);
        if (!entry)
            return lrc_fail_memory(err);
        m->entry = entry;
        m->cap = cap;
    }
    if ((m->count + 1) * 2 <= m->slots)
        return 0;
    const size_t slots = m->slots ? m->slots * 2 : FIRST_SLOTS;
    uint32_t *slot = calloc(slots, sizeof *slot);
    if (!slot)
        return lrc_fail_memory(err);
    free(m->slot);
    m->slot = slot;
    m->slots = slots;
    for (size_t i = 0; i < m->count; i++)
        m->slot[find_slot(m, m->entry[i].key)] = (uint32_t)i + 1;
    return 0;
}

uint64_t *lrc_map_put(lrc_map *m, const char *key, lrc_err *err)
{
    uint64_t *found = lrc_map_get(m, key);
    if (found)
        return found;
    char *copy = NULL;
    if (grow(m, err) < 0 || lrc_str_copy(&copy, key, err) < 0)
        return NULL;
    m->slot[find_slot(m, key)] = (uint32_t)m->count + 1;
    m->entry[m->count] = (lrc_map_entry){copy, 0};
    return &m->entry[m->count++].value;
}

static int by_rank(const void *a, const void *b)
{
    const lrc_map_entry *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return strcmp(x->key, y->key);
}

void lrc_map_rank(lrc_map *m)
{
    if (m->count > 1)
        qsort(m->entry, m->count, sizeof *m->entry, by_rank);
    free(lrc_take(m->slot));
    m->slots = 0;
}
