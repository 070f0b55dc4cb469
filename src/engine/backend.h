// SPDX-License-Identifier: MIT
// backend.h - the heavy arithmetic behind two doors, eng_gemm and eng_conv, and the one thread pool.
//
// Two back ends: oneDNN (C API; 2.x and 3.x differ only inside dnn.c) and a plain one on a single-threaded BLAS, which
// is the reference in tests and the fallback where oneDNN has no kernel. Activations are float, rows of channels
// (pictures are NHWC), so a linear layer is a product of rows and a 1x1 convolution is a linear layer.
//
// Threads: the pool splits a *batch*: each worker runs whole networks on its share of the pictures, and inside a worker
// oneDNN's OpenMP and OpenBLAS are held to one thread (or to the workers' share when there are fewer pictures than
// threads). Two libraries that each start a pool per core would fight: measured 3.4 times slower.
// An eng_linear or eng_conv is shape, kernels and packed weights: shared, read-only while running, so any number of
// workers may run one at once with their own memory. Running answers false when memory runs out. May use: base.
#ifndef LRC_ENGINE_BACKEND_H
#define LRC_ENGINE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef enum { ENG_BACKEND_BEST, ENG_BACKEND_BLAS } eng_backend;

// ---- Threads ---------------------------------------------------------------------------------------------------------

typedef struct eng_pool eng_pool;

int eng_pool_new(int threads, eng_pool **ret, lrc_err *err); // threads >= 1; 0: the cores this process may use
void eng_pool_free(eng_pool *p);
LRC_DEFINE_FREEP(eng_pool)
#define eng_auto_pool lrc_cleanup(eng_pool_freep)
int eng_pool_threads(const eng_pool *p);

// Threads that each of n workers has for itself: one, or more when there are fewer workers than threads.
int eng_pool_inner(const eng_pool *p, int n);
// Hold the calling thread's libraries to so many threads: before kernels are made for them, as oneDNN splits a kernel's
// work when it is made.
void eng_pool_limit(int inner);

// fn(arg, i) for i in [0, n), n <= threads, each on its own thread (0 on the caller's); returns when all are done.
void eng_pool_run(eng_pool *p, int n, void (*fn)(void *arg, int i), void *arg);

// ---- Products --------------------------------------------------------------------------------------------------------

// c[m,n] = alpha * op(a) op(b) + beta * c, all row-major; op transposes when the flag is set. Single-threaded.
void eng_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda, const float *b,
              size_t ldb, float beta, float *c, size_t ldc);

// A linear layer whose weight [out, in] does not change: packed once in the order that the kernel likes.
typedef struct eng_linear eng_linear;

// `rows` is the number of rows of every later call. `backward`: also eng_linear_backward() will be called.
int eng_linear_new(eng_backend backend, size_t rows, size_t in, size_t out, const float *weight, const float *bias,
                   bool backward, eng_linear **ret, lrc_err *err);
void eng_linear_free(eng_linear *l);
size_t eng_linear_scratch(const eng_linear *l); // floats that a call needs
// y = x W^T + bias; x [rows, in], y [rows, out].
bool eng_linear_forward(const eng_linear *l, const float *x, float *y, float *scratch);
// dx (+)= dy W
bool eng_linear_backward(const eng_linear *l, const float *dy, float *dx, bool add, float *scratch);

// ---- Convolution -----------------------------------------------------------------------------------------------------

typedef struct eng_conv_shape {
    size_t batch, height, width, in, out; // of the input picture; channels
    size_t kernel, stride, pad;           // square, the same on all sides
} eng_conv_shape;

static inline size_t eng_conv_out(size_t size, const eng_conv_shape *s)
{
    return (size + 2 * s->pad - s->kernel) / s->stride + 1;
}

typedef struct eng_conv eng_conv;

typedef struct eng_conv_use {
    bool backward; // gradient of the input
    bool weights;  // gradient of weight and bias
} eng_conv_use;

// Weight [out, in, kernel, kernel] in PyTorch's order, not kept: call eng_conv_pack() before the first call and
// whenever it changed. Bias may be NULL.
int eng_conv_new(eng_backend backend, const eng_conv_shape *shape, bool bias, eng_conv_use use, eng_conv **ret,
                 lrc_err *err);
void eng_conv_free(eng_conv *c);
bool eng_conv_pack(eng_conv *c, const float *weight);
size_t eng_conv_scratch(const eng_conv *c); // floats that a call needs
bool eng_conv_forward(const eng_conv *c, const float *x, const float *bias, float *y, float *scratch);
bool eng_conv_backward(const eng_conv *c, const float *dy, float *dx, bool add, float *scratch);
// dweight += …, in PyTorch's order; dbias += … (may be NULL).
bool eng_conv_weights(const eng_conv *c, const float *x, const float *dy, float *dweight, float *dbias, float *scratch);

// Name and version of what ENG_BACKEND_BEST runs on, for logs: "oneDNN 2.6.3". Borrowed.
const char *eng_backend_name(void);

#endif
