// SPDX-License-Identifier: MIT
#include "train/plan.h"

#include <string.h>

#define ENTRIES_MAX 200000 // far above three keys for each of the most subsets that a request may have

int train_plan_add(train_plan *p, lrc_field_in in, size_t subset, int at, const char *key, const char *field,
                   const lrc_train_value *value, lrc_err *err)
{
    if (p->count == p->cap) {
        const size_t cap = p->cap ? p->cap * 2 : 128;
        train_entry *grown = cap <= ENTRIES_MAX ? lrc_arena_array(&p->arena, cap, sizeof *grown) : NULL;
        if (!grown)
            return lrc_fail_memory(err);
        if (p->count > 0)
            memcpy(grown, p->entry, p->count * sizeof *grown);
        p->entry = grown;
        p->cap = cap;
    }
    p->entry[p->count++] = (train_entry){in, subset, at, key, *value, field};
    return 0;
}

train_entry *train_plan_find(train_plan *p, const char *key)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->entry[i].in == LRC_IN_CONFIG && strcmp(p->entry[i].key, key) == 0)
            return &p->entry[i];
    return NULL;
}

void train_plan_drop(train_plan *p, train_entry *entry)
{
    const size_t index = (size_t)(entry - p->entry);
    p->count--;
    memmove(entry, entry + 1, (p->count - index) * sizeof *entry);
}

static int by_position(const void *a, const void *b)
{
    const train_entry *x = a, *y = b;
    if (x->in != y->in)
        return x->in < y->in ? -1 : 1;
    if (x->subset != y->subset)
        return x->subset < y->subset ? -1 : 1;
    return x->at - y->at;
}

void train_plan_sort(train_plan *p)
{
    if (p->count > 0)
        qsort(p->entry, p->count, sizeof *p->entry, by_position);
}

// ---- From the table --------------------------------------------------------------------------------------------------

static double number_of(const lrc_train_value *v)
{
    return v->type == LRC_VALUE_FLOAT ? v->number : v->type == LRC_VALUE_INT ? strtod(v->text, NULL) : 0;
}

static bool is_positive(const train_plan *p, lrc_field_id id)
{
    return number_of(lrc_train_get(p->request, id)) > 0;
}

static bool has_come(const train_plan *p, const lrc_train_field *f, lrc_field_when when, const lrc_train_value *v)
{
    switch (when) {
    case LRC_WHEN_ALWAYS: return true;
    case LRC_WHEN_SET: return v->type != LRC_VALUE_NULL;
    case LRC_WHEN_TRUE: return v->flag;
    case LRC_WHEN_FILLED: return lrc_value_filled(v);
    case LRC_WHEN_POSITIVE: return number_of(v) > 0;
    case LRC_WHEN_NOT_ZERO: return number_of(v) != 0;
    case LRC_WHEN_NOT_ONE: return number_of(v) != 1;
    case LRC_WHEN_CHANGED: return !lrc_value_is(v, f->initial);
    case LRC_WHEN_NOT_NONE: return lrc_value_filled(v) && !lrc_value_is(v, "none");
    case LRC_WHEN_NO_STEPS: return !is_positive(p, LRC_FIELD_max_train_steps);
    case LRC_WHEN_SAMPLES:
        return is_positive(p, LRC_FIELD_sample_every_n_epochs) || is_positive(p, LRC_FIELD_sample_every_n_steps);
    case LRC_WHEN_FLAT: return lrc_train_subset_count(p->request) == 0;
    }
    return false;
}

static bool is_written(const train_plan *p, const lrc_train_field *f, const lrc_field_place *place,
                       const lrc_train_value *v)
{
    if (place->families && !(place->families & 1u << lrc_train_family(p->request)))
        return false;
    if (place->modes && !(place->modes & 1u << p->mode))
        return false;
    if (place->guard && !lrc_train_get(p->request, (lrc_field_id)place->guard)->flag)
        return false;
    return has_come(p, f, place->when, v);
}

static bool is_file(lrc_field_in in)
{
    return in == LRC_IN_CONFIG || in == LRC_IN_GENERAL || in == LRC_IN_DATASET || in == LRC_IN_SUBSET;
}

// All places of one field that lie in a file; `only` limits them to one kind of section unless it is LRC_IN_NOWHERE.
static int fill_field(train_plan *p, const lrc_train_field *f, const lrc_train_value *v, lrc_field_in only,
                      size_t subset, lrc_err *err)
{
    for (int i = 0; i < LRC_FIELD_PLACES; i++) {
        const lrc_field_place *place = &f->place[i];
        const bool asked = only == LRC_IN_NOWHERE ? place->in != LRC_IN_SUBSET : place->in == only;
        if (is_file(place->in) && asked && is_written(p, f, place, v) && train_make(p, f, place, v, subset, err) < 0)
            return -1;
    }
    return 0;
}

static int fill_subset(train_plan *p, size_t index, lrc_err *err)
{
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++)
        if (fill_field(p, lrc_train_field_get((lrc_field_id)i), lrc_train_get(p->request, (lrc_field_id)i),
                       LRC_IN_SUBSET, index, err) < 0)
            return -1;
    if (lrc_train_subset_count(p->request) == 0)
        return 0;
    for (int i = LRC_SUBSET_NONE + 1; i < LRC_SUBSET_MAX_; i++)
        if (fill_field(p, lrc_train_subset_field_get((lrc_subset_field_id)i),
                       lrc_train_subset_get(p->request, index, (lrc_subset_field_id)i), LRC_IN_SUBSET, index, err) < 0)
            return -1;
    return 0;
}

int train_plan_fill(train_plan *p, lrc_err *err)
{
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++)
        if (fill_field(p, lrc_train_field_get((lrc_field_id)i), lrc_train_get(p->request, (lrc_field_id)i),
                       LRC_IN_NOWHERE, 0, err) < 0)
            return -1;
    for (size_t s = 0; s < p->subset_count; s++)
        if (fill_subset(p, s, err) < 0)
            return -1;
    return 0;
}
