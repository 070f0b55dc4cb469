// SPDX-License-Identifier: MIT
// dnn.h - oneDNN behind plain functions. Only dnn.c includes its header, and only there its versions 2 and 3 differ.
//
// A kernel is a compiled primitive with its packed constant operand, if it has one; immutable once packed, so several
// threads may run it, each with its own scratch memory; running answers false when memory runs out. Where oneDNN has no kernel for a shape the functions that make
// one give NULL and the caller uses the reference. May use: backend.h's types.
#ifndef LRC_ENGINE_DNN_H
#define LRC_ENGINE_DNN_H

#include "engine/backend.h"

typedef struct eng_dnn eng_dnn;

void eng_dnn_free(eng_dnn *k);
size_t eng_dnn_scratch(const eng_dnn *k); // floats

// y[rows, out] = x[rows, in] W + bias with W [in, out], or [out, in] when `transposed`; `add` adds to y instead
// (then without bias). Packed at once.
eng_dnn *eng_dnn_linear(size_t rows, size_t in, size_t out, const float *weight, bool transposed, bool bias, bool add);
bool eng_dnn_linear_run(const eng_dnn *k, const float *x, const float *bias, float *y, float *scratch);

typedef enum { ENG_DNN_FORWARD, ENG_DNN_BACKWARD, ENG_DNN_WEIGHTS } eng_dnn_pass;

eng_dnn *eng_dnn_conv(const eng_conv_shape *shape, bool bias, eng_dnn_pass pass);
bool eng_dnn_conv_pack(eng_dnn *k, const float *weight); // of FORWARD and BACKWARD; [out, in, k, k]
bool eng_dnn_conv_forward(const eng_dnn *k, const float *x, const float *bias, float *y, float *scratch);
bool eng_dnn_conv_backward(const eng_dnn *k, const float *dy, float *dx, float *scratch);
// Overwrites dweight [out, in, k, k] and dbias (NULL without).
bool eng_dnn_conv_weights(const eng_dnn *k, const float *x, const float *dy, float *dweight, float *dbias,
                          float *scratch);

const char *eng_dnn_name(void);

#endif
