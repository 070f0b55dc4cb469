// SPDX-License-Identifier: MIT
// value.h - one value of a training request or of a configuration file.
//
// Integers keep their decimal digits, so that a seed of any size passes through; texts may hold NULs. The bytes belong
// to an arena that lives as long as the request or the output does. Plain data: any thread may read. May use: base.
#ifndef LRC_TRAIN_VALUE_H
#define LRC_TRAIN_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

typedef enum {
    LRC_VALUE_NULL,
    LRC_VALUE_BOOL,
    LRC_VALUE_INT,   // text: "-12", no sign for +, no leading zeros
    LRC_VALUE_FLOAT, // number
    LRC_VALUE_TEXT,
    LRC_VALUE_LIST, // item[0..count): all INT or all TEXT
} lrc_value_type;

typedef struct lrc_train_value {
    lrc_value_type type;
    bool flag;        // BOOL
    bool omitted;     // of a request: the field was not given, this is its default
    double number;    // FLOAT
    const char *text; // INT, TEXT; NUL-terminated
    size_t len;       // bytes of text
    struct lrc_train_value *item;
    size_t count;
} lrc_train_value;

lrc_train_value lrc_value_bool(bool v);
lrc_train_value lrc_value_float(double v);
// Copies into the arena. LRC_ERR_NO_MEMORY.
int lrc_value_int(lrc_arena *a, int64_t v, lrc_train_value *ret, lrc_err *err);
int lrc_value_text(lrc_arena *a, const char *s, size_t n, lrc_train_value *ret, lrc_err *err);
int lrc_value_textf(lrc_arena *a, lrc_train_value *ret, lrc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// Append to a LIST (or turn a NULL into one).
int lrc_value_push(lrc_arena *a, lrc_train_value *list, const lrc_train_value *item, lrc_err *err);

bool lrc_value_same(const lrc_train_value *a, const lrc_train_value *b); // -0.0 and 0.0 differ; nan is nan
bool lrc_value_filled(const lrc_train_value *v);                         // a text that is not empty
bool lrc_value_is(const lrc_train_value *v, const char *text);           // this very text
// INT as a number, cut to the nearest end of the range; 0 for anything else.
int64_t lrc_value_to_i64(const lrc_train_value *v);

#endif
