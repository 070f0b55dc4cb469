// SPDX-License-Identifier: MIT
// pydantic 2's rules for reading a JSON value as a number, truth value, text or choice. Found by asking pydantic 2.13.
#include "train/coerce.h"

#include <math.h>
#include <string.h>

#include "base/ascii.h"
#include "train/space.h"

#define MAX_INT_DIGITS 4300                  // of a number in a text; Python's own limit
#define INT64_END      9223372036854775808.0 // 2^63

static bool is_float_text(const char *number)
{
    return strpbrk(number, ".eE") != NULL;
}

static bool fits_int64(double d)
{
    return d > -INT64_END && d < INT64_END;
}

static int set_int(lrc_arena *a, const char *digits, size_t n, lrc_train_value *ret, lrc_err *err)
{
    lrc_train_value v;
    if (lrc_value_text(a, digits, n, &v, err) < 0)
        return -1;
    v.type = LRC_VALUE_INT;
    if (strcmp(v.text, "-0") == 0) {
        v.text++;
        v.len--;
    }
    *ret = v;
    return 0;
}

static int int_of_float(lrc_arena *a, double d, lrc_train_value *ret, const char **ret_fault, lrc_err *err)
{
    if (!isfinite(d))
        *ret_fault = "finite_number";
    else if (d != trunc(d))
        *ret_fault = "int_from_float";
    else if (!fits_int64(d))
        *ret_fault = "int_parsing_size";
    else
        return lrc_value_int(a, (int64_t)d, ret, err);
    return 0;
}

// [+-] digits with single '_' between them, then possibly a point and zeros. Leading zeros are dropped.
static int int_of_text(lrc_arena *a, const char *s, size_t n, lrc_train_value *ret, const char **ret_fault,
                       lrc_err *err)
{
    *ret_fault = "int_parsing";
    lrc_space_trim(&s, &n, lrc_space_unicode);
    const char *end = s + n;
    char *digits = lrc_arena_take(a, n + 2);
    if (!digits)
        return lrc_fail_memory(err);
    size_t used = 0;
    if (s < end && *s == '-')
        digits[used++] = '-';
    const size_t sign = used;
    s += s < end && (*s == '-' || *s == '+');
    for (bool after_digit = false; s < end && *s != '.'; s++) {
        if (*s == '_' && after_digit && s + 1 < end && lrc_ascii_digit(s[1])) {
            after_digit = false;
            continue;
        }
        if (!lrc_ascii_digit(*s))
            return 0;
        after_digit = true;
        if (used == sign + 1 && digits[sign] == '0')
            used = sign;
        digits[used++] = *s;
    }
    if (used == sign || (s < end && s + 1 == end))
        return 0;
    for (s += s < end; s < end; s++)
        if (*s != '0')
            return 0;
    *ret_fault = used - sign > MAX_INT_DIGITS ? "int_parsing_size" : NULL;
    return *ret_fault ? 0 : set_int(a, digits, used, ret, err);
}

static int read_int(lrc_arena *a, const lrc_json *v, lrc_train_value *ret, const char **ret_fault, lrc_err *err)
{
    switch (v->type) {
    case LRC_JSON_TRUE: return lrc_value_int(a, 1, ret, err);
    case LRC_JSON_FALSE: return lrc_value_int(a, 0, ret, err);
    case LRC_JSON_NUMBER:
        if (is_float_text(v->text))
            return int_of_float(a, strtod(v->text, NULL), ret, ret_fault, err);
        return set_int(a, v->text, v->len, ret, err);
    case LRC_JSON_STRING: return int_of_text(a, v->text, v->len, ret, ret_fault, err);
    default: *ret_fault = "int_type"; return 0;
    }
}

static size_t digits_at(const char *s)
{
    size_t n = 0;
    while (lrc_ascii_digit(s[n]))
        n++;
    return n;
}

// Rust's grammar of a float: [+-] (inf | infinity | nan | digits [. digits] [e [+-] digits]), without regard to case.
static bool is_float(const char *s)
{
    s += *s == '+' || *s == '-';
    if (lrc_ascii_same(s, "inf") || lrc_ascii_same(s, "infinity") || lrc_ascii_same(s, "nan"))
        return true;
    size_t digits = digits_at(s);
    s += digits;
    if (*s == '.') {
        const size_t fraction = digits_at(++s);
        s += fraction;
        digits += fraction;
    }
    if (digits == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-';
        const size_t exponent = digits_at(s);
        s += exponent;
        if (exponent == 0)
            return false;
    }
    return *s == '\0';
}

// '_' may stand anywhere inside, but not twice in a row and not at an end. false when that is broken or there is none.
static bool strip_underscores(const char *s, size_t n, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '_')
            out[used++] = s[i];
        else if (i == 0 || i + 1 == n || s[i + 1] == '_')
            return false;
    }
    out[used] = '\0';
    return used < n;
}

static int float_of_text(lrc_arena *a, const char *s, size_t n, lrc_train_value *ret, const char **ret_fault,
                         lrc_err *err)
{
    const char *trimmed = s;
    size_t trimmed_n = n;
    lrc_space_trim(&trimmed, &trimmed_n, lrc_space_unicode);
    char *number = lrc_arena_copy(a, trimmed, trimmed_n);
    char *plain = lrc_arena_take(a, n + 1);
    if (!number || !plain)
        return lrc_fail_memory(err);
    *ret_fault = NULL;
    if (strlen(number) == trimmed_n && is_float(number))
        *ret = lrc_value_float(strtod(number, NULL));
    else if (strlen(s) == n && strip_underscores(s, n, plain) && is_float(plain)) // here without trimming
        *ret = lrc_value_float(strtod(plain, NULL));
    else
        *ret_fault = "float_parsing";
    return 0;
}

static int read_float(lrc_arena *a, const lrc_json *v, lrc_train_value *ret, const char **ret_fault, lrc_err *err)
{
    switch (v->type) {
    case LRC_JSON_TRUE: *ret = lrc_value_float(1); return 0;
    case LRC_JSON_FALSE: *ret = lrc_value_float(0); return 0;
    case LRC_JSON_NUMBER: {
        const double d = strtod(v->text, NULL);
        if (isinf(d) && !is_float_text(v->text)) // an integer too wide for a float
            *ret_fault = "float_type";
        else // the integer -0 has no sign
            *ret = lrc_value_float(strcmp(v->text, "-0") == 0 ? 0 : d);
        return 0;
    }
    case LRC_JSON_STRING: return float_of_text(a, v->text, v->len, ret, ret_fault, err);
    default: *ret_fault = "float_type"; return 0;
    }
}

static const char *read_bool_number(const char *text, lrc_train_value *ret)
{
    const double d = strtod(text, NULL);
    if (d == 0 || d == 1) {
        *ret = lrc_value_bool(d == 1);
        return NULL;
    }
    return d == trunc(d) && fits_int64(d) ? "bool_parsing" : "bool_type";
}

static const char *read_bool_text(const char *s, size_t n, lrc_train_value *ret)
{
    static const char *const word[2][6] = {{"0", "off", "f", "false", "n", "no"}, {"1", "on", "t", "true", "y", "yes"}};
    for (int truth = 0; truth < 2 && strlen(s) == n; truth++)
        for (int i = 0; i < 6; i++)
            if (lrc_ascii_same(s, word[truth][i])) {
                *ret = lrc_value_bool(truth);
                return NULL;
            }
    return "bool_parsing";
}

static const char *read_bool(const lrc_json *v, lrc_train_value *ret)
{
    switch (v->type) {
    case LRC_JSON_TRUE:
    case LRC_JSON_FALSE: *ret = lrc_value_bool(v->type == LRC_JSON_TRUE); return NULL;
    case LRC_JSON_NUMBER: return read_bool_number(v->text, ret);
    case LRC_JSON_STRING: return read_bool_text(v->text, v->len, ret);
    default: return "bool_type";
    }
}

static int read_choice(lrc_arena *a, const lrc_train_field *f, const lrc_json *v, lrc_train_value *ret,
                       const char **ret_fault, lrc_err *err)
{
    lrc_family_id family;
    if (v->type == LRC_JSON_STRING && f->choices == LRC_CHOICES_FAMILIES && lrc_family_find(v->text, v->len, &family)) {
        const char *name = lrc_family_get(family)->name;
        return lrc_value_text(a, name, strlen(name), ret, err);
    }
    if (v->type == LRC_JSON_STRING && lrc_choices_find(f->choices, v->text, v->len))
        return lrc_value_text(a, v->text, v->len, ret, err);
    *ret_fault = "enum";
    return 0;
}

static const char *check_limits(const lrc_train_field *f, const lrc_train_value *v)
{
    const double d = v->type == LRC_VALUE_INT ? strtod(v->text, NULL) : v->number;
    if (f->limits & LRC_LIMIT_MAX && !(d <= f->max)) // first, which matters for nan
        return "less_than_equal";
    if (f->limits & LRC_LIMIT_ABOVE && !(d > f->min))
        return "greater_than";
    if (f->limits & LRC_LIMIT_MIN && !(d >= f->min))
        return "greater_than_equal";
    return NULL;
}

int lrc_coerce(lrc_arena *a, const lrc_train_field *f, const lrc_json *v, lrc_train_value *ret, const char **ret_fault,
               lrc_err *err)
{
    int result = 0;
    *ret_fault = NULL;
    if (v->type == LRC_JSON_NULL && f->nullable) {
        *ret = (lrc_train_value){.type = LRC_VALUE_NULL};
        return 0;
    }
    switch (f->kind) {
    case LRC_KIND_TEXT:
    case LRC_KIND_PATH:
        if (v->type == LRC_JSON_STRING)
            return lrc_value_text(a, v->text, v->len, ret, err);
        *ret_fault = "string_type";
        return 0;
    case LRC_KIND_INT: result = read_int(a, v, ret, ret_fault, err); break;
    case LRC_KIND_FLOAT: result = read_float(a, v, ret, ret_fault, err); break;
    case LRC_KIND_BOOL: *ret_fault = read_bool(v, ret); return 0;
    case LRC_KIND_CHOICE: return read_choice(a, f, v, ret, ret_fault, err);
    case LRC_KIND_SUBSETS: break;
    }
    if (result == 0 && !*ret_fault)
        *ret_fault = check_limits(f, ret);
    return result;
}

lrc_train_value lrc_coerce_default(const lrc_train_field *f)
{
    lrc_train_value v = {.type = LRC_VALUE_NULL};
    if (f->initial && f->kind == LRC_KIND_FLOAT)
        v = lrc_value_float(strtod(f->initial, NULL));
    else if (f->initial && f->kind == LRC_KIND_BOOL)
        v = lrc_value_bool(strcmp(f->initial, "true") == 0);
    else if (f->initial)
        v = (lrc_train_value){.type = f->kind == LRC_KIND_INT ? LRC_VALUE_INT : LRC_VALUE_TEXT,
                              .text = f->initial,
                              .len = strlen(f->initial)};
    v.omitted = true;
    return v;
}
