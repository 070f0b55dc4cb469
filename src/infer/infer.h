// SPDX-License-Identifier: MIT
// infer.h - run a model: ONNX Runtime, loaded when it is first needed, behind three calls.
//
// The library is not linked. It is looked for in $LORICA_ORT (a file or a folder), in ../lib/lorica beside the program
// (where setup and packages put it), and among the system's libraries; at least version 1.21. Without it, or in a build
// without its header, everything here fails with LRC_ERR_NOT_BUILT and says where it looked; nothing else suffers.
// One runtime per process, never unloaded. A session may run in several threads at once, with one intra-op thread each:
// on a CPU that is faster than batches. Providers are chosen by name, never by accident: DNNL, which Debian's build has
// on board, returns wrong scores and is never used. Telemetry is off. May use: base.
#ifndef LRC_INFER_INFER_H
#define LRC_INFER_INFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

// ---- The runtime -------------------------------------------------------------------------------------------------------

typedef struct lrc_infer_info {
    char *path;         // file that was loaded
    char *version;      // "1.21.0"
    lrc_strv providers; // "CPUExecutionProvider", "CUDAExecutionProvider", … that it knows of
} lrc_infer_info;

// Load the runtime and describe it.
int lrc_infer_describe(lrc_infer_info *ret, lrc_err *err);
void lrc_infer_info_done(lrc_infer_info *info);
#define lrc_auto_infer_info lrc_cleanup(lrc_infer_info_done)

// Each place where the library was looked for, with what was wrong there; empty before the first attempt and after a
// successful first place. Copied.
int lrc_infer_looked(lrc_strv *ret, lrc_err *err);

// ---- Sessions ----------------------------------------------------------------------------------------------------------

typedef enum {
    LRC_INFER_CPU,
    LRC_INFER_CUDA, // falls back to the CPU, and lrc_session_note() says why
    LRC_INFER_AUTO, // CUDA where its library lies beside the runtime's, else the CPU
} lrc_infer_provider;

typedef struct lrc_infer_options {
    lrc_infer_provider provider;
    int threads; // of one run; 0 means 1. More only when there are fewer inputs than cores.
} lrc_infer_options;

#define LRC_TENSOR_MAX_RANK 8

typedef enum { LRC_TENSOR_F32, LRC_TENSOR_OTHER } lrc_tensor_type;

typedef struct lrc_tensor_info {
    const char *name; // borrowed from the session
    lrc_tensor_type type;
    size_t rank;
    int64_t dim[LRC_TENSOR_MAX_RANK]; // -1: any
} lrc_tensor_info;

typedef struct lrc_session lrc_session;

// Load a model file (with its external weights beside it). Errors name it. LRC_ERR_NOT_FOUND when it is not there,
// LRC_ERR_INVALID when the runtime refuses it.
int lrc_session_open(const char *model_path, const lrc_infer_options *options, lrc_session **ret, lrc_err *err);
void lrc_session_free(lrc_session *s);
LRC_DEFINE_FREEP(lrc_session)
#define lrc_auto_session lrc_cleanup(lrc_session_freep)

size_t lrc_session_input_count(const lrc_session *s);
size_t lrc_session_output_count(const lrc_session *s);
const lrc_tensor_info *lrc_session_input(const lrc_session *s, size_t i);  // borrowed
const lrc_tensor_info *lrc_session_output(const lrc_session *s, size_t i); // borrowed

const char *lrc_session_provider(const lrc_session *s); // "CPU" or "CUDA": what really runs
const char *lrc_session_note(const lrc_session *s);     // one sentence about a fall-back; NULL when all is as asked

// Run the model's first input, float32 of this shape, to its output number `output`, float32, which must have exactly
// out_len values. Any number of threads at once. LRC_ERR_INVALID names the model.
int lrc_session_run(lrc_session *s, const float *in, const int64_t *shape, size_t rank, size_t output, float *out,
                    size_t out_len, lrc_err *err);

#endif
