// SPDX-License-Identifier: MIT
#include "base/num.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DIGITS 17 // always enough for a double

// Significant digits (no point, no trailing zeros) and the exponent of the first one.
struct decimal {
    char digit[MAX_DIGITS + 1];
    int count;
    int exponent;
};

static void read_e_form(const char *text, struct decimal *d)
{
    const char *e = strchr(text, 'e');
    d->count = 0;
    for (const char *p = text; p < e; p++)
        if (*p != '.')
            d->digit[d->count++] = *p;
    d->exponent = (int)strtol(e + 1, NULL, 10);
    d->digit[d->count] = '\0';
}

static void drop_trailing_zeros(struct decimal *d)
{
    while (d->count > 1 && d->digit[d->count - 1] == '0')
        d->count--;
    d->digit[d->count] = '\0';
}

static double value_of(const struct decimal *d)
{
    char text[LRC_NUM_TEXT];
    snprintf(text, sizeof text, "%c.%se%d", d->digit[0], d->digit + 1, d->exponent);
    return strtod(text, NULL);
}

// Below a power of two the gap between doubles halves, so the shortest text may be one that "%.*e" does not give: one
// digit fewer, the last digit one more (46 such doubles, 4 of which end in 0 before; none ends in 9).
static bool rounded_up_fits(double value, const char *text, struct decimal *d)
{
    int exponent;
    if (frexp(value, &exponent) != 0.5)
        return false;
    struct decimal up;
    read_e_form(text, &up);
    if (up.digit[up.count - 1] == '9')
        return false;
    up.digit[up.count - 1]++;
    if (value_of(&up) != value)
        return false;
    *d = up;
    return true;
}

// `value` is finite and > 0.
static void shortest(double value, struct decimal *d)
{
    for (int digits = 1; digits <= MAX_DIGITS; digits++) {
        char text[LRC_NUM_TEXT];
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value) {
            read_e_form(text, d);
            drop_trailing_zeros(d);
            return;
        }
        if (rounded_up_fits(value, text, d))
            return;
    }
}

static size_t write_decimal(const struct decimal *d, bool negative, bool keep_point, char *out)
{
    char *p = out;
    if (negative)
        *p++ = '-';
    if (d->exponent < -4 || d->exponent >= 16) {
        *p++ = d->digit[0];
        if (d->count > 1)
            p += snprintf(p, 32, ".%s", d->digit + 1);
        p += snprintf(p, 32, "e%c%02d", d->exponent < 0 ? '-' : '+', abs(d->exponent));
    } else if (d->exponent < 0) {
        p += snprintf(p, 32, "0.%.*s%s", -d->exponent - 1, "0000", d->digit);
    } else {
        for (int i = 0; i <= d->exponent; i++)
            *p++ = i < d->count ? d->digit[i] : '0';
        if (d->count > d->exponent + 1)
            p += snprintf(p, 32, ".%s", d->digit + d->exponent + 1);
        else if (keep_point)
            p += snprintf(p, 32, ".0");
        *p = '\0';
    }
    return (size_t)(p - out);
}

static size_t write_number(double value, bool keep_point, char *out)
{
    if (isnan(value))
        return (size_t)snprintf(out, LRC_NUM_TEXT, "nan");
    if (isinf(value))
        return (size_t)snprintf(out, LRC_NUM_TEXT, value < 0 ? "-inf" : "inf");
    if (value == 0)
        return (size_t)snprintf(out, LRC_NUM_TEXT, "%s0%s", signbit(value) ? "-" : "", keep_point ? ".0" : "");
    struct decimal d = {.count = 0};
    shortest(fabs(value), &d);
    return write_decimal(&d, value < 0, keep_point, out);
}

size_t lrc_num_repr(double value, char out[static LRC_NUM_TEXT])
{
    return write_number(value, true, out);
}

size_t lrc_num_short(double value, char out[static LRC_NUM_TEXT])
{
    return write_number(value, false, out);
}
