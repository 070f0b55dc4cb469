// SPDX-License-Identifier: MIT
// The two doors: which back end runs a layer is decided once, when the layer is made.
#include "engine/backend.h"

#include <cblas.h>
#include <string.h>

#include "engine/dnn.h"
#include "engine/ops.h"
#include "engine/ref.h"

const char *eng_backend_name(void)
{
    return eng_dnn_name();
}

void eng_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda, const float *b,
              size_t ldb, float beta, float *c, size_t ldc)
{
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k,
                alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

// ---- Linear ----------------------------------------------------------------------------------------------------------

struct eng_linear {
    size_t rows, in, out;
    const float *weight, *bias; // the caller's, for the reference and the bias
    eng_dnn *forward, *backward, *backward_add;
};

int eng_linear_new(eng_backend backend, size_t rows, size_t in, size_t out, const float *weight, const float *bias,
                   bool backward, eng_linear **ret, lrc_err *err)
{
    eng_linear *l = calloc(1, sizeof *l);
    if (!l)
        return lrc_fail_memory(err);
    *l = (eng_linear){.rows = rows, .in = in, .out = out, .weight = weight, .bias = bias};
    if (backend == ENG_BACKEND_BEST) {
        l->forward = eng_dnn_linear(rows, in, out, weight, true, bias != NULL, false);
        if (backward) {
            l->backward = eng_dnn_linear(rows, out, in, weight, false, false, false);
            l->backward_add = eng_dnn_linear(rows, out, in, weight, false, false, true);
        }
    }
    *ret = l;
    return 0;
}

void eng_linear_free(eng_linear *l)
{
    if (!l)
        return;
    eng_dnn_free(l->forward);
    eng_dnn_free(l->backward);
    eng_dnn_free(l->backward_add);
    free(l);
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_of(const eng_dnn *k)
{
    return k ? eng_dnn_scratch(k) : 0;
}

size_t eng_linear_scratch(const eng_linear *l)
{
    return most(scratch_of(l->forward), most(scratch_of(l->backward), scratch_of(l->backward_add)));
}

bool eng_linear_forward(const eng_linear *l, const float *x, float *y, float *scratch)
{
    if (l->forward)
        return eng_dnn_linear_run(l->forward, x, l->bias, y, scratch);
    if (l->bias)
        eng_op_fill_rows(y, l->rows, l->out, l->bias);
    eng_gemm(false, true, l->rows, l->out, l->in, 1, x, l->in, l->weight, l->in, l->bias ? 1 : 0, y, l->out);
    return true;
}

bool eng_linear_backward(const eng_linear *l, const float *dy, float *dx, bool add, float *scratch)
{
    const eng_dnn *k = add ? l->backward_add : l->backward;
    if (k)
        return eng_dnn_linear_run(k, dy, NULL, dx, scratch);
    eng_gemm(false, false, l->rows, l->in, l->out, 1, dy, l->out, l->weight, l->in, add ? 1 : 0, dx, l->in);
    return true;
}

// ---- Convolution -----------------------------------------------------------------------------------------------------

struct eng_conv {
    eng_conv_shape shape;
    bool bias;
    eng_dnn *forward, *backward, *weights;
    float *packed; // for the reference
};

static bool pass_missing(const eng_conv *c, eng_conv_use use)
{
    return !c->forward || (use.backward && !c->backward) || (use.weights && !c->weights);
}

int eng_conv_new(eng_backend backend, const eng_conv_shape *shape, bool bias, eng_conv_use use, eng_conv **ret,
                 lrc_err *err)
{
    eng_conv *c = calloc(1, sizeof *c);
    if (!c)
        return lrc_fail_memory(err);
    c->shape = *shape;
    c->bias = bias;
    if (backend == ENG_BACKEND_BEST) {
        c->forward = eng_dnn_conv(shape, bias, ENG_DNN_FORWARD);
        c->backward = use.backward ? eng_dnn_conv(shape, bias, ENG_DNN_BACKWARD) : NULL;
        c->weights = use.weights ? eng_dnn_conv(shape, bias, ENG_DNN_WEIGHTS) : NULL;
    }
    if (pass_missing(c, use)) {
        c->packed = calloc(shape->out * shape->in * shape->kernel * shape->kernel, sizeof *c->packed);
        if (!c->packed) {
            eng_conv_free(c);
            return lrc_fail_memory(err);
        }
    }
    *ret = c;
    return 0;
}

void eng_conv_free(eng_conv *c)
{
    if (!c)
        return;
    eng_dnn_free(c->forward);
    eng_dnn_free(c->backward);
    eng_dnn_free(c->weights);
    free(c->packed);
    free(c);
}

bool eng_conv_pack(eng_conv *c, const float *weight)
{
    if (c->packed)
        eng_ref_pack(&c->shape, weight, c->packed);
    return (!c->forward || eng_dnn_conv_pack(c->forward, weight)) &&
           (!c->backward || eng_dnn_conv_pack(c->backward, weight));
}

static size_t input_floats(const eng_conv_shape *s)
{
    return s->batch * s->height * s->width * s->in;
}

static size_t weight_floats(const eng_conv_shape *s)
{
    return s->out * s->in * s->kernel * s->kernel;
}

// Behind the kernel's own scratch: an input gradient that is to be added, or a weight gradient with its bias.
size_t eng_conv_scratch(const eng_conv *c)
{
    size_t n = scratch_of(c->forward);
    if (c->packed)
        n = most(n, eng_ref_scratch(&c->shape));
    if (c->backward)
        n = most(n, scratch_of(c->backward) + input_floats(&c->shape));
    if (c->weights)
        n = most(n, scratch_of(c->weights) + weight_floats(&c->shape) + c->shape.out);
    return n;
}

bool eng_conv_forward(const eng_conv *c, const float *x, const float *bias, float *y, float *scratch)
{
    if (c->forward)
        return eng_dnn_conv_forward(c->forward, x, bias, y, scratch);
    eng_ref_forward(&c->shape, x, c->packed, bias, y, scratch);
    return true;
}

bool eng_conv_backward(const eng_conv *c, const float *dy, float *dx, bool add, float *scratch)
{
    if (!c->backward) {
        eng_ref_backward(&c->shape, dy, c->packed, dx, add, scratch);
        return true;
    }
    float *out = add ? scratch + scratch_of(c->backward) : dx;
    if (!eng_dnn_conv_backward(c->backward, dy, out, scratch))
        return false;
    if (add)
        eng_op_add(dx, out, input_floats(&c->shape));
    return true;
}

bool eng_conv_weights(const eng_conv *c, const float *x, const float *dy, float *dweight, float *dbias, float *scratch)
{
    if (!c->weights) {
        eng_ref_weights(&c->shape, x, dy, dweight, dbias, scratch);
        return true;
    }
    float *w = scratch + scratch_of(c->weights), *b = w + weight_floats(&c->shape);
    if (!eng_dnn_conv_weights(c->weights, x, dy, w, b, scratch))
        return false;
    eng_op_add(dweight, w, weight_floats(&c->shape));
    if (dbias)
        eng_op_add(dbias, b, c->shape.out);
    return true;
}
