// SPDX-License-Identifier: MIT
// runtime.h - the one ONNX Runtime of the process. Private to infer/. May use: base, library.
#ifndef LRC_INFER_RUNTIME_H
#define LRC_INFER_RUNTIME_H

#include <onnxruntime_c_api.h>

#include "base/err.h"

typedef struct lrc_ort {
    const OrtApi *api;
    OrtEnv *env;
    char *path;          // file of the library
    const char *version; // "1.21.0"
} lrc_ort;

// Load it at the first call; afterwards the same result, or the same error. Borrowed for ever. Any thread.
int lrc_ort_get(const lrc_ort **ret, lrc_err *err);

// 0 when `status` is NULL; else fill *err with its words after "what: ", release it and return -1.
int lrc_ort_check(const lrc_ort *ort, OrtStatus *status, const char *what, lrc_err *err);

#endif
