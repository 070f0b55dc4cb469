// SPDX-License-Identifier: MIT
// library.h - finding and loading libonnxruntime.so; see infer.h for where. Private to infer/. May use: base.
#ifndef LRC_INFER_LIBRARY_H
#define LRC_INFER_LIBRARY_H

#include "base/err.h"
#include "base/str.h"

// Load it: *ret_entry is the address of its one exported function, OrtGetApiBase, *ret_path the file (caller frees).
// `looked` collects every place that failed, one sentence each. LRC_ERR_NOT_BUILT when there is none.
int lrc_ort_library_load(void **ret_entry, char **ret_path, lrc_strv *looked, lrc_err *err);

#endif
