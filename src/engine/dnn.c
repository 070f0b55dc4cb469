// SPDX-License-Identifier: MIT
// One engine and one stream serve the process: a CPU stream holds nothing, and primitives are made with the scratchpad
// in the caller's hands, so running them from several threads at once is safe.
#include "engine/dnn.h"

#include <dnnl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define V3 (DNNL_VERSION_MAJOR >= 3)

typedef dnnl_memory_desc_t md; // a struct in 2.x, a handle in 3.x

struct eng_dnn {
    dnnl_primitive_t primitive;
    md src, weights, dst, scratch; // what the primitive wants
    md plain;                      // the weight in PyTorch's order
    dnnl_memory_t packed;
    size_t scratch_floats, weight_floats, plain_floats;
    bool bias;
    size_t bias_count;
};

static dnnl_engine_t engine;
static dnnl_stream_t stream;
static char name[32];

static void start(void)
{
    const dnnl_version_t *v = dnnl_version();
    snprintf(name, sizeof name, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) != dnnl_success)
        engine = NULL;
}

static bool ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
    return engine != NULL;
}

const char *eng_dnn_name(void)
{
    return ready() ? name : "no oneDNN";
}

// ---- What differs between the versions -------------------------------------------------------------------------------

#if V3
static bool make_md(md *out, int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(out, rank, dims, dnnl_f32, tag) == dnnl_success;
}

static void drop_md(md *d)
{
    if (*d)
        dnnl_memory_desc_destroy(*d);
    *d = NULL;
}

static void ask_md(const_dnnl_primitive_desc_t pd, dnnl_query_t what, md *out)
{
    const const_dnnl_memory_desc_t found = dnnl_primitive_desc_query_md(pd, what, 0);
    if (found)
        dnnl_memory_desc_clone(out, found);
}

static size_t md_bytes(const md *d)
{
    return *d ? dnnl_memory_desc_get_size(*d) : 0;
}

static bool make_memory(dnnl_memory_t *out, const md *d, void *data)
{
    return dnnl_memory_create(out, *d, engine, data) == dnnl_success;
}

static bool make_reorder(dnnl_primitive_desc_t *out, const md *from, const md *to)
{
    return dnnl_reorder_primitive_desc_create(out, *from, engine, *to, engine, NULL) == dnnl_success;
}

static bool make_matmul(dnnl_primitive_desc_t *out, const md *src, const md *weights, const md *bias, const md *dst,
                        const_dnnl_primitive_attr_t attr)
{
    return dnnl_matmul_primitive_desc_create(out, engine, *src, *weights, bias ? *bias : NULL, *dst, attr) ==
           dnnl_success;
}

static bool add_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0F, 0, dnnl_data_type_undef) == dnnl_success;
}

struct conv_desc {
    const md *src, *weights, *bias, *dst;
    dnnl_dims_t stride, pad;
};

static bool make_conv(dnnl_primitive_desc_t *out, const struct conv_desc *c, eng_dnn_pass pass,
                      const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint)
{
    const dnnl_dims_t dense = {0, 0};
    const md bias = c->bias ? *c->bias : NULL;
    switch (pass) {
    case ENG_DNN_FORWARD:
        return dnnl_convolution_forward_primitive_desc_create(
                   out, engine, dnnl_forward_training, dnnl_convolution_direct, *c->src, *c->weights, bias, *c->dst,
                   c->stride, dense, c->pad, c->pad, attr) == dnnl_success;
    case ENG_DNN_BACKWARD:
        return dnnl_convolution_backward_data_primitive_desc_create(out, engine, dnnl_convolution_direct, *c->src,
                                                                    *c->weights, *c->dst, c->stride, dense, c->pad,
                                                                    c->pad, hint, attr) == dnnl_success;
    default:
        return dnnl_convolution_backward_weights_primitive_desc_create(out, engine, dnnl_convolution_direct, *c->src,
                                                                       *c->weights, bias, *c->dst, c->stride, dense,
                                                                       c->pad, c->pad, hint, attr) == dnnl_success;
    }
}
#else
static bool make_md(md *out, int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_init_by_tag(out, rank, dims, dnnl_f32, tag) == dnnl_success;
}

static void drop_md(md *d)
{
    (void)d;
}

static void ask_md(const_dnnl_primitive_desc_t pd, dnnl_query_t what, md *out)
{
    const dnnl_memory_desc_t *found = dnnl_primitive_desc_query_md(pd, what, 0);
    if (found)
        *out = *found;
}

static size_t md_bytes(const md *d)
{
    return d->ndims ? dnnl_memory_desc_get_size(d) : 0;
}

static bool make_memory(dnnl_memory_t *out, const md *d, void *data)
{
    return dnnl_memory_create(out, d, engine, data) == dnnl_success;
}

static bool make_reorder(dnnl_primitive_desc_t *out, const md *from, const md *to)
{
    return dnnl_reorder_primitive_desc_create(out, from, engine, to, engine, NULL) == dnnl_success;
}

static bool make_matmul(dnnl_primitive_desc_t *out, const md *src, const md *weights, const md *bias, const md *dst,
                        const_dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t d;
    return dnnl_matmul_desc_init(&d, src, weights, bias, dst) == dnnl_success &&
           dnnl_primitive_desc_create(out, &d, attr, engine, NULL) == dnnl_success;
}

static bool add_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0F) == dnnl_success;
}

struct conv_desc {
    const md *src, *weights, *bias, *dst;
    dnnl_dims_t stride, pad;
};

static bool make_conv(dnnl_primitive_desc_t *out, const struct conv_desc *c, eng_dnn_pass pass,
                      const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint)
{
    dnnl_convolution_desc_t d;
    dnnl_status_t status;
    switch (pass) {
    case ENG_DNN_FORWARD:
        status = dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, dnnl_convolution_direct, c->src,
                                                    c->weights, c->bias, c->dst, c->stride, c->pad, c->pad);
        break;
    case ENG_DNN_BACKWARD:
        status = dnnl_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, c->src, c->weights, c->dst,
                                                          c->stride, c->pad, c->pad);
        break;
    default:
        status = dnnl_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, c->src, c->weights, c->bias,
                                                             c->dst, c->stride, c->pad, c->pad);
    }
    return status == dnnl_success && dnnl_primitive_desc_create(out, &d, attr, engine, hint) == dnnl_success;
}
#endif

// ---- Shared ----------------------------------------------------------------------------------------------------------

static bool make_attr(bool add, dnnl_primitive_attr_t *ret)
{
    dnnl_primitive_attr_t attr = NULL;
    if (dnnl_primitive_attr_create(&attr) != dnnl_success)
        return false;
    bool good = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) == dnnl_success;
    dnnl_post_ops_t ops = NULL;
    if (good && add)
        good = dnnl_post_ops_create(&ops) == dnnl_success && add_sum(ops) &&
               dnnl_primitive_attr_set_post_ops(attr, ops) == dnnl_success;
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (!good)
        dnnl_primitive_attr_destroy(attr);
    else
        *ret = attr;
    return good;
}

static size_t floats(size_t bytes)
{
    return (bytes + sizeof(float) - 1) / sizeof(float);
}

#define ALIGN_FLOATS 16 // oneDNN wants its scratchpad on a cache line

static size_t rounded(size_t n)
{
    return (n + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

void eng_dnn_free(eng_dnn *k)
{
    if (!k)
        return;
    if (k->primitive)
        dnnl_primitive_destroy(k->primitive);
    if (k->packed)
        dnnl_memory_destroy(k->packed);
    drop_md(&k->src);
    drop_md(&k->weights);
    drop_md(&k->dst);
    drop_md(&k->scratch);
    drop_md(&k->plain);
    free(k);
}

size_t eng_dnn_scratch(const eng_dnn *k)
{
    return rounded(k->scratch_floats) + rounded(k->weight_floats);
}

// The arguments of one execution; memory objects are small and made anew.
struct args {
    dnnl_exec_arg_t item[6];
    int count;
    int owned; // of them are ours to destroy
    bool failed;
};

static void add_arg(struct args *a, int what, const md *d, const void *data)
{
    dnnl_memory_t m;
    if (make_memory(&m, d, (void *)(uintptr_t)data))
        a->item[a->count++] = (dnnl_exec_arg_t){what, m};
    else
        a->failed = true;
}

static bool run(const eng_dnn *k, struct args *a, float *scratch, dnnl_memory_t packed)
{
    if (k->scratch_floats)
        add_arg(a, DNNL_ARG_SCRATCHPAD, &k->scratch, scratch);
    a->owned = a->count;
    if (packed)
        a->item[a->count++] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, packed};
    const bool good = !a->failed && dnnl_primitive_execute(k->primitive, stream, a->count, a->item) == dnnl_success &&
                      dnnl_stream_wait(stream) == dnnl_success;
    for (int i = 0; i < a->owned; i++)
        dnnl_memory_destroy(a->item[i].memory);
    return good;
}

static bool reorder(const md *from, const void *in, const md *to, void *out)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_memory_t a = NULL, b = NULL;
    bool good = make_reorder(&pd, from, to) && dnnl_primitive_create(&primitive, pd) == dnnl_success &&
                make_memory(&a, from, (void *)(uintptr_t)in) && make_memory(&b, to, out);
    if (good) {
        const dnnl_exec_arg_t arg[] = {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}};
        good = dnnl_primitive_execute(primitive, stream, 2, arg) == dnnl_success &&
               dnnl_stream_wait(stream) == dnnl_success;
    }
    if (a)
        dnnl_memory_destroy(a);
    if (b)
        dnnl_memory_destroy(b);
    if (primitive)
        dnnl_primitive_destroy(primitive);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return good;
}

// Takes the primitive out of its description and notes what it wants. `what` are the queries of src, weights, dst.
static bool settle(eng_dnn *k, dnnl_primitive_desc_t pd, const dnnl_query_t what[3])
{
    if (dnnl_primitive_create(&k->primitive, pd) != dnnl_success)
        return false;
    ask_md(pd, what[0], &k->src);
    ask_md(pd, what[1], &k->weights);
    ask_md(pd, what[2], &k->dst);
    ask_md(pd, dnnl_query_scratchpad_md, &k->scratch);
    k->scratch_floats = floats(md_bytes(&k->scratch));
    return true;
}

static bool pack(eng_dnn *k, const float *weight)
{
    void *to = NULL;
    return dnnl_memory_get_data_handle(k->packed, &to) == dnnl_success && reorder(&k->plain, weight, &k->weights, to);
}

static bool room_to_pack(eng_dnn *k)
{
    return make_memory(&k->packed, &k->weights, DNNL_MEMORY_ALLOCATE);
}

// A bias of n numbers as the kernels want it.
static void add_bias(struct args *a, int what, int rank, size_t n, const float *bias)
{
    const dnnl_dims_t dims = {rank == 2 ? 1 : (dnnl_dim_t)n, (dnnl_dim_t)n};
    md d;
    if (!make_md(&d, rank, dims, rank == 2 ? dnnl_ab : dnnl_a)) {
        a->failed = true;
        return;
    }
    add_arg(a, what, &d, bias);
    drop_md(&d);
}

// ---- Linear ----------------------------------------------------------------------------------------------------------

static bool build_linear(eng_dnn *k, size_t rows, size_t in, size_t out, bool transposed, bool bias, bool add)
{
    static const dnnl_query_t what[3] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};
    const dnnl_dims_t x = {(dnnl_dim_t)rows, (dnnl_dim_t)in}, w = {(dnnl_dim_t)in, (dnnl_dim_t)out},
                      y = {(dnnl_dim_t)rows, (dnnl_dim_t)out}, b = {1, (dnnl_dim_t)out};
    md src = {0}, any = {0}, bmd = {0}, dst = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    const bool good = make_md(&src, 2, x, dnnl_ab) && make_md(&any, 2, w, dnnl_format_tag_any) &&
                      make_md(&k->plain, 2, w, transposed ? dnnl_ba : dnnl_ab) && make_md(&bmd, 2, b, dnnl_ab) &&
                      make_md(&dst, 2, y, dnnl_ab) && make_attr(add, &attr) &&
                      make_matmul(&pd, &src, &any, bias ? &bmd : NULL, &dst, attr) && settle(k, pd, what);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    drop_md(&src);
    drop_md(&any);
    drop_md(&bmd);
    drop_md(&dst);
    k->bias = bias;
    k->bias_count = out;
    return good;
}

eng_dnn *eng_dnn_linear(size_t rows, size_t in, size_t out, const float *weight, bool transposed, bool bias, bool add)
{
    if (!ready())
        return NULL;
    eng_dnn *k = calloc(1, sizeof *k);
    if (k && build_linear(k, rows, in, out, transposed, bias, add) && room_to_pack(k) && pack(k, weight))
        return k;
    eng_dnn_free(k);
    return NULL;
}

bool eng_dnn_linear_run(const eng_dnn *k, const float *x, const float *bias, float *y, float *scratch)
{
    struct args a = {0};
    add_arg(&a, DNNL_ARG_SRC, &k->src, x);
    add_arg(&a, DNNL_ARG_DST, &k->dst, y);
    if (k->bias)
        add_bias(&a, DNNL_ARG_BIAS, 2, k->bias_count, bias);
    return run(k, &a, scratch, k->packed);
}

// ---- Convolution -----------------------------------------------------------------------------------------------------

static bool build_conv(eng_dnn *k, const eng_conv_shape *s, bool bias, eng_dnn_pass pass)
{
    static const dnnl_query_t what[][3] = {
        [ENG_DNN_FORWARD] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
        [ENG_DNN_BACKWARD] = {dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md},
        [ENG_DNN_WEIGHTS] = {dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md},
    };
    const dnnl_dim_t n = (dnnl_dim_t)s->batch, ci = (dnnl_dim_t)s->in, co = (dnnl_dim_t)s->out,
                     kernel = (dnnl_dim_t)s->kernel;
    const dnnl_dims_t x = {n, ci, (dnnl_dim_t)s->height, (dnnl_dim_t)s->width}, w = {co, ci, kernel, kernel},
                      y = {n, co, (dnnl_dim_t)eng_conv_out(s->height, s), (dnnl_dim_t)eng_conv_out(s->width, s)},
                      b = {co};
    md src = {0}, any = {0}, bmd = {0}, dst = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t hint = NULL, pd = NULL;
    bool good = make_md(&src, 4, x, dnnl_nhwc) && make_md(&any, 4, w, dnnl_format_tag_any) &&
                make_md(&k->plain, 4, w, dnnl_oihw) && make_md(&bmd, 1, b, dnnl_a) && make_md(&dst, 4, y, dnnl_nhwc) &&
                make_attr(false, &attr);
    if (good) {
        const dnnl_dim_t stride = (dnnl_dim_t)s->stride, pad = (dnnl_dim_t)s->pad;
        const struct conv_desc c = {&src, &any, bias ? &bmd : NULL, &dst, {stride, stride}, {pad, pad}};
        good = make_conv(&hint, &c, ENG_DNN_FORWARD, attr, NULL);
        if (good && pass != ENG_DNN_FORWARD)
            good = make_conv(&pd, &c, pass, attr, hint);
        good = good && settle(k, pd ? pd : hint, what[pass]);
    }
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    if (hint)
        dnnl_primitive_desc_destroy(hint);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    drop_md(&src);
    drop_md(&any);
    drop_md(&bmd);
    drop_md(&dst);
    return good;
}

eng_dnn *eng_dnn_conv(const eng_conv_shape *shape, bool bias, eng_dnn_pass pass)
{
    if (!ready())
        return NULL;
    eng_dnn *k = calloc(1, sizeof *k);
    if (!k || !build_conv(k, shape, bias, pass) || (pass != ENG_DNN_WEIGHTS && !room_to_pack(k))) {
        eng_dnn_free(k);
        return NULL;
    }
    k->bias = bias;
    k->bias_count = shape->out;
    if (pass == ENG_DNN_WEIGHTS)
        k->weight_floats = floats(md_bytes(&k->weights));
    return k;
}

bool eng_dnn_conv_pack(eng_dnn *k, const float *weight)
{
    return pack(k, weight);
}

bool eng_dnn_conv_forward(const eng_dnn *k, const float *x, const float *bias, float *y, float *scratch)
{
    struct args a = {0};
    add_arg(&a, DNNL_ARG_SRC, &k->src, x);
    add_arg(&a, DNNL_ARG_DST, &k->dst, y);
    if (k->bias)
        add_bias(&a, DNNL_ARG_BIAS, 1, k->bias_count, bias);
    return run(k, &a, scratch, k->packed);
}

bool eng_dnn_conv_backward(const eng_dnn *k, const float *dy, float *dx, float *scratch)
{
    struct args a = {0};
    add_arg(&a, DNNL_ARG_DIFF_DST, &k->dst, dy);
    add_arg(&a, DNNL_ARG_DIFF_SRC, &k->src, dx);
    return run(k, &a, scratch, k->packed);
}

bool eng_dnn_conv_weights(const eng_dnn *k, const float *x, const float *dy, float *dweight, float *dbias,
                          float *scratch)
{
    struct args a = {0};
    float *packed = scratch + rounded(k->scratch_floats);
    add_arg(&a, DNNL_ARG_SRC, &k->src, x);
    add_arg(&a, DNNL_ARG_DIFF_DST, &k->dst, dy);
    add_arg(&a, DNNL_ARG_DIFF_WEIGHTS, &k->weights, packed);
    if (k->bias)
        add_bias(&a, DNNL_ARG_DIFF_BIAS, 1, k->bias_count, dbias);
    return run(k, &a, scratch, NULL) && reorder(&k->weights, packed, &k->plain, dweight);
}
