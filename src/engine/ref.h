// SPDX-License-Identifier: MIT
// ref.h - the convolution on BLAS: patches in a matrix (im2col), one product. Reference and fallback of conv.c.
#ifndef LRC_ENGINE_REF_H
#define LRC_ENGINE_REF_H

#include "engine/backend.h"

// The weight as [out, kernel, kernel, in], the order of a patch.
void eng_ref_pack(const eng_conv_shape *s, const float *weight, float *packed);
size_t eng_ref_scratch(const eng_conv_shape *s); // floats
void eng_ref_forward(const eng_conv_shape *s, const float *x, const float *packed, const float *bias, float *y,
                     float *scratch);
void eng_ref_backward(const eng_conv_shape *s, const float *dy, const float *packed, float *dx, bool add,
                      float *scratch);
void eng_ref_weights(const eng_conv_shape *s, const float *x, const float *dy, float *dweight, float *dbias,
                     float *scratch);

#endif
