// SPDX-License-Identifier: MIT
// num.h - floating point numbers as the shortest decimal text that reads back to the same double.
//
// Pure functions, any thread, independent of the locale (LC_NUMERIC stays C in this program). May use: libc.
#ifndef LRC_BASE_NUM_H
#define LRC_BASE_NUM_H

#include <stddef.h>

#define LRC_NUM_TEXT 40 // bytes that any of these texts fits into, NUL included

// Text as Python's repr(float) has it: exponent form when the decimal exponent is < -4 or >= 16, else ".0" at least;
// "inf", "-inf", "nan". Returns its length.
size_t lrc_num_repr(double value, char out[static LRC_NUM_TEXT]);

// As lrc_num_repr(), but a whole number has no ".0" (JSON, CSV).
size_t lrc_num_short(double value, char out[static LRC_NUM_TEXT]);

#endif
