// SPDX-License-Identifier: MIT
// space.h - what counts as a blank, in the two ways that matter for reading a request like the reference does.
//
// Pure functions, any thread. May use: base.
#ifndef LRC_TRAIN_SPACE_H
#define LRC_TRAIN_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool lrc_space_unicode(uint32_t cp); // Unicode's property White_Space: what pydantic trims from numbers
bool lrc_space_python(uint32_t cp);  // str.isspace(): the same and U+001C to U+001F

// Drop such characters at both ends of UTF-8 text.
void lrc_space_trim(const char **s, size_t *n, bool (*is_space)(uint32_t cp));

#endif
