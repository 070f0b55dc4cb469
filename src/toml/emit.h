// SPDX-License-Identifier: MIT
// emit.h - values written as two Python libraries write them, byte for byte.
//
// KNX's dataset.toml comes from tomlkit, its config.toml from toml 0.10.2; the two differ in floats, strings and lists.
// The second has faults that are kept on purpose: text with control characters or with a backslash before an x comes
// out wrong, or as invalid TOML. A caller that needs right text writes it in the tomlkit form, which every reader takes.
// Failures stay in the buffer (lrc_buf_check). Any thread. May use: base.
#ifndef LRC_TOML_EMIT_H
#define LRC_TOML_EMIT_H

#include <stdbool.h>

#include "base/buf.h"

typedef enum {
    LRC_TOML_KIT, // tomlkit:     [1, 2]    1e-05   "\u001b"
    LRC_TOML_PY,  // toml 0.10.2: [ 1, 2,]  1e-5    "x1b"
} lrc_toml_form;

void lrc_toml_put_bool(lrc_buf *b, bool v);
void lrc_toml_put_float(lrc_buf *b, lrc_toml_form form, double v);

// `s` is UTF-8 and may hold NULs. false when the library itself dies on this text (LRC_TOML_PY only): nothing is added.
bool lrc_toml_put_str(lrc_buf *b, lrc_toml_form form, const char *s, size_t n);

// A list: begin, then item before each value, then end.
void lrc_toml_list_begin(lrc_buf *b);
void lrc_toml_list_item(lrc_buf *b, lrc_toml_form form, bool first);
void lrc_toml_list_end(lrc_buf *b, lrc_toml_form form, bool empty);

// Would Python's repr() show this code point as it is? (Unicode 14.0, as CPython 3.11 has it.)
bool lrc_toml_is_printable(uint32_t cp);

#endif
