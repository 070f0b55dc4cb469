// SPDX-License-Identifier: MIT
// gpu.h - the NVIDIA GPUs of this machine, asked through NVML (libnvidia-ml.so.1, loaded when asked).
//
// A machine without the library has no GPUs; that is no error. Any thread. May use: base.
#ifndef LRC_GPU_GPU_H
#define LRC_GPU_GPU_H

#include <stdint.h>

#include "base/err.h"

#define LRC_GPU_MAX 64

typedef struct lrc_gpu {
    char name[96];
    char uuid[96];        // "GPU-…", usable in CUDA_VISIBLE_DEVICES
    uint64_t total_bytes; // memory
    uint64_t used_bytes;  // by all processes
    int utilization;      // percent of the last sample period, -1 when unknown
} lrc_gpu;

typedef struct lrc_gpu_list {
    lrc_gpu gpu[LRC_GPU_MAX];
    int count;
    char driver[80]; // version; "" without a driver
    char why[160];   // why there are none, one sentence; "" when there are some
} lrc_gpu_list;

// Fills *ret. Fails only when the driver is there and answers with an error.
int lrc_gpu_list_read(lrc_gpu_list *ret, lrc_err *err);

#endif
