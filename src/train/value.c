// SPDX-License-Identifier: MIT
#include "train/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#define TEXT_MAX 65536 // bytes of a text that the program puts together itself

lrc_train_value lrc_value_bool(bool v)
{
    return (lrc_train_value){.type = LRC_VALUE_BOOL, .flag = v};
}

lrc_train_value lrc_value_float(double v)
{
    return (lrc_train_value){.type = LRC_VALUE_FLOAT, .number = v};
}

static int set_text(lrc_arena *a, lrc_value_type type, const char *s, size_t n, lrc_train_value *ret, lrc_err *err)
{
    const char *copy = lrc_arena_copy(a, s, n);
    if (!copy)
        return lrc_fail_memory(err);
    *ret = (lrc_train_value){.type = type, .text = copy, .len = n};
    return 0;
}

int lrc_value_int(lrc_arena *a, int64_t v, lrc_train_value *ret, lrc_err *err)
{
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%" PRId64, v);
    return set_text(a, LRC_VALUE_INT, digits, (size_t)n, ret, err);
}

int lrc_value_text(lrc_arena *a, const char *s, size_t n, lrc_train_value *ret, lrc_err *err)
{
    return set_text(a, LRC_VALUE_TEXT, s, n, ret, err);
}

int lrc_value_textf(lrc_arena *a, lrc_train_value *ret, lrc_err *err, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text)
        return lrc_fail(err, LRC_ERR_LIMIT, "a value is longer than %d bytes", TEXT_MAX);
    return set_text(a, LRC_VALUE_TEXT, text, (size_t)n, ret, err);
}

int lrc_value_push(lrc_arena *a, lrc_train_value *list, const lrc_train_value *item, lrc_err *err)
{
    // Room doubles at 4, 8, 16 …; the old array stays in the arena.
    const size_t n = list->type == LRC_VALUE_LIST ? list->count : 0;
    if (n == 0 || (n >= 4 && (n & (n - 1)) == 0)) {
        lrc_train_value *grown = lrc_arena_array(a, n ? n * 2 : 4, sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        if (n > 0)
            memcpy(grown, list->item, n * sizeof *grown);
        list->item = grown;
    }
    list->item[n] = *item;
    list->count = n + 1;
    list->type = LRC_VALUE_LIST;
    return 0;
}

bool lrc_value_same(const lrc_train_value *a, const lrc_train_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case LRC_VALUE_NULL: return true;
    case LRC_VALUE_BOOL: return a->flag == b->flag;
    case LRC_VALUE_FLOAT:
        return isnan(a->number) ? isnan(b->number) : a->number == b->number && signbit(a->number) == signbit(b->number);
    case LRC_VALUE_INT:
    case LRC_VALUE_TEXT: return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
    case LRC_VALUE_LIST: break;
    }
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!lrc_value_same(&a->item[i], &b->item[i]))
            return false;
    return true;
}

bool lrc_value_filled(const lrc_train_value *v)
{
    return v->type == LRC_VALUE_TEXT && v->len > 0;
}

bool lrc_value_is(const lrc_train_value *v, const char *text)
{
    return v->type == LRC_VALUE_TEXT && v->len == strlen(text) && memcmp(v->text, text, v->len) == 0;
}

int64_t lrc_value_to_i64(const lrc_train_value *v)
{
    return v->type == LRC_VALUE_INT ? strtoll(v->text, NULL, 10) : 0;
}
