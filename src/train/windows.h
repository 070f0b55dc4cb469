// SPDX-License-Identifier: MIT
// windows.h - Windows paths in a request that was made on another machine: mapped to folders here. Private to train/.
//
// Pure functions on text, any thread. May use: base.
#ifndef LRC_TRAIN_WINDOWS_H
#define LRC_TRAIN_WINDOWS_H

#include <stdbool.h>

#include "base/err.h"

// "C:\\x", "c:/x", "\\\\server\\share".
bool lrc_windows_is_path(const char *path);

// `path` with the longest matching folder of `map` replaced and '/' for each '\\'. The map is "FOLDER=HERE; FOLDER=HERE";
// folders match without regard to ASCII case and to which slash is used. *ret is NULL when none matches.
int lrc_windows_map(const char *path, const char *map, char **ret, lrc_err *err);

#endif
