// SPDX-License-Identifier: MIT
// digits.h - whole numbers >= 0 of any size as decimal digits: the step counts of requests whose numbers are.
//
// Arguments are digits without leading zeros ("0" is zero). Results are appended to a buffer; failures stay in it.
// Pure functions, any thread. May use: base.
#ifndef LRC_TRAIN_DIGITS_H
#define LRC_TRAIN_DIGITS_H

#include "base/buf.h"

int lrc_digits_compare(const char *a, const char *b);                 // < 0, 0, > 0
void lrc_digits_add(lrc_buf *out, const char *a, const char *b);      // a + b
void lrc_digits_multiply(lrc_buf *out, const char *a, const char *b); // a * b
void lrc_digits_divide(lrc_buf *out, const char *a, const char *b);   // a / b, rounded down; b is not "0"

#endif
