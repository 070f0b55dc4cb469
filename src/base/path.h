// SPDX-License-Identifier: MIT
// path.h - path text and its resolution. '/' separates; a backslash is an ordinary character.
//
// Everything but lrc_path_real() works on text alone. Results are the caller's to free unless they are said to be
// borrowed. Paths are bytes; only lrc_path_check_name() asks for UTF-8. Any thread. May use: str.
#ifndef LRC_BASE_PATH_H
#define LRC_BASE_PATH_H

#include <stdbool.h>

#include "base/str.h"

#define LRC_PATH_MAX 4096 // bytes with the NUL, as the kernel has it

// base + "/" + name; `name` alone when it is absolute or `base` is "".
int lrc_path_join(char **ret, const char *base, const char *name, lrc_err *err);

// Borrowed from `path`: what follows the last '/'.
const char *lrc_path_name(const char *path);

// Borrowed: the suffix of the last component with its dot (".png"), "" when there is none. A leading dot is no suffix
// (".png" has none) and a trailing dot is none either ("x.png." has none): Python pathlib's rule.
const char *lrc_path_suffix(const char *path);

// The folder part: "a/b" -> "a", "/a" -> "/", "a" -> ".".
int lrc_path_parent(char **ret, const char *path, lrc_err *err);

// `path` with the suffix of its last component replaced ("d.x/a.b.png", ".txt" -> "d.x/a.b.txt").
int lrc_path_with_suffix(char **ret, const char *path, const char *suffix, lrc_err *err);

// Absolute form with symbolic links followed as far as components exist; what does not exist is kept as text ("..",
// "." and "//" applied after links, no trailing '/'). Relative paths start at `base` (NULL: the working directory).
// As Python's os.path.realpath(strict=False). A loop of links is left as it stands.
int lrc_path_real(char **ret, const char *base, const char *path, lrc_err *err);

// `path` as seen from the folder `from`; both absolute and normal. "." when equal. As Python's os.path.relpath.
int lrc_path_relative(char **ret, const char *path, const char *from, lrc_err *err);

// true when `path` is `dir` or below it; both absolute and normal.
bool lrc_path_inside(const char *path, const char *dir);

// Fail with LRC_ERR_INVALID and `field` unless `name` is one plain component: valid UTF-8, not empty, not "." or "..",
// no '/' or '\\', no control character, no leading or trailing blank, at most 255 bytes.
int lrc_path_check_name(const char *name, const char *field, lrc_err *err);

#endif
