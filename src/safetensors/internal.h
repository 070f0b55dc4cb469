// SPDX-License-Identifier: MIT
// What the files of this module share.
#ifndef LRC_SAFETENSORS_INTERNAL_H
#define LRC_SAFETENSORS_INTERNAL_H

#include <stdbool.h>

#include "safetensors/safetensors.h"

bool lrc_st_dtype_of(const char *name, lrc_st_dtype *ret); // exact upper-case word
bool lrc_st_has_float(lrc_st_dtype dtype);                 // lrc_st_to_f32() can read it
void lrc_st_to_f32(lrc_st_dtype dtype, const void *in, size_t count, float *out);

// Product of the shape and its bytes, multiplied left to right. Returns the rule that fails, NULL when none.
const char *lrc_st_size_of(lrc_st_dtype dtype, size_t rank, const uint64_t *shape, uint64_t *ret_count,
                           uint64_t *ret_bytes);

#endif
