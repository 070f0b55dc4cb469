// SPDX-License-Identifier: MIT
#include "kohya/steps.h"

#include <string.h>

void lrc_kohya_tally_done(lrc_kohya_tally *t)
{
    free(t->bucket);
    *t = (lrc_kohya_tally){0};
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

static int compare(lrc_kohya_size a, lrc_kohya_size b)
{
    if (a.width != b.width)
        return a.width < b.width ? -1 : 1;
    return (a.height > b.height) - (a.height < b.height);
}

// Index of the bucket, or of the one that it would stand before.
static size_t place_of(const lrc_kohya_tally *t, lrc_kohya_size size)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(t->bucket[middle].size, size) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int insert(lrc_kohya_tally *t, size_t at, lrc_kohya_size size, lrc_err *err)
{
    if (t->count == t->cap) {
        const size_t cap = t->cap ? t->cap * 2 : 32;
        lrc_kohya_bucket *grown = reallocarray(t->bucket, cap, sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        t->bucket = grown;
        t->cap = cap;
    }
    memmove(&t->bucket[at + 1], &t->bucket[at], (t->count - at) * sizeof *t->bucket);
    t->bucket[at] = (lrc_kohya_bucket){.size = size};
    t->count++;
    return 0;
}

int lrc_kohya_tally_add(lrc_kohya_tally *t, lrc_kohya_size bucket, uint64_t repeats, lrc_err *err)
{
    const size_t at = place_of(t, bucket);
    if ((at == t->count || compare(t->bucket[at].size, bucket) != 0) && insert(t, at, bucket, err) < 0)
        return -1;
    t->bucket[at].pictures++;
    t->bucket[at].samples = add(t->bucket[at].samples, repeats);
    if (t->bucket[at].samples > LRC_KOHYA_SAMPLES_MAX)
        t->bucket[at].samples = LRC_KOHYA_SAMPLES_MAX;
    return 0;
}

void lrc_kohya_tally_batches(lrc_kohya_tally *t, uint64_t batch_size)
{
    t->pictures = t->samples = t->batches = 0;
    for (size_t i = 0; i < t->count; i++) {
        lrc_kohya_bucket *b = &t->bucket[i];
        b->batches = divide_up(b->samples, batch_size);
        b->last = b->samples ? b->samples - (b->batches - 1) * batch_size : 0;
        t->pictures += b->pictures;
        t->samples = add(t->samples, b->samples);
        t->batches = add(t->batches, b->batches);
    }
}

lrc_kohya_length lrc_kohya_length_of(const lrc_kohya_tally *t, uint64_t batch_size, uint64_t accumulation,
                                     uint64_t max_epochs, uint64_t max_steps)
{
    lrc_kohya_length l = {.batches = t->batches};
    if (l.batches == 0)
        return l;
    l.steps_per_epoch = divide_up(l.batches, accumulation);
    l.steps = max_steps ? max_steps : multiply(max_epochs, l.steps_per_epoch);
    l.epochs = max_steps ? divide_up(max_steps, l.steps_per_epoch) : max_epochs;
    l.samples = multiply(l.steps / l.steps_per_epoch, t->samples);
    const uint64_t rest = multiply(multiply(l.steps % l.steps_per_epoch, accumulation), batch_size);
    l.samples = add(l.samples, rest < t->samples ? rest : t->samples);
    return l;
}
