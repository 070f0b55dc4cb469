// SPDX-License-Identifier: MIT
// Every operation, forward and backward, three ways: against a plain forward in double whose gradient is taken by
// central differences, against PyTorch's numbers (tools/golden-engine.py), and on both back ends.
#include "engine/testing.h"

#include "engine/backend.h"
#include "engine/ops.h"

#define IN_MAX    2000
#define TOLERANCE 1e-5
#define STEP      1e-5 // of the central differences
#define SCRATCH_  20000

// A case is a function of one vector (inputs and parameters one behind the other) to another. The gradient asked for is
// that of sum(g * y).
struct op_case {
    const char *name;
    size_t in, out;
    void (*reference)(const double *x, double *y);
    void (*engine)(eng_backend b, const float *x, float *y, const float *g, float *dx);
    bool both; // differs between the back ends
};

static float scratch[SCRATCH_];

// ---- Linear: x [3,5], w [4,5], b [4] ---------------------------------------------------------------------------------

static void linear_ref(const double *x, double *y)
{
    const double *w = x + 15, *b = w + 20;
    for (int r = 0; r < 3; r++)
        for (int o = 0; o < 4; o++) {
            y[r * 4 + o] = b[o];
            for (int i = 0; i < 5; i++)
                y[r * 4 + o] += x[r * 5 + i] * w[o * 5 + i];
        }
}

static void linear_eng(eng_backend backend, const float *x, float *y, const float *g, float *dx)
{
    lrc_err err = LRC_ERR_INIT;
    eng_linear *l = NULL;
    const float *w = x + 15, *b = w + 20;
    if (eng_linear_new(backend, 3, 5, 4, w, b, true, &l, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(eng_linear_scratch(l) <= SCRATCH_);
    assert_true(eng_linear_forward(l, x, y, scratch));
    assert_true(eng_linear_backward(l, g, dx, false, scratch));
    assert_true(eng_linear_backward(l, g, dx, true, scratch)); // twice the gradient
    for (int i = 0; i < 15; i++)
        dx[i] *= 0.5F;
    eng_gemm(true, false, 4, 5, 3, 1, g, 4, x, 5, 1, dx + 15, 5);
    eng_op_column_sums(g, 3, 4, dx + 35);
    eng_linear_free(l);
}

// ---- Convolutions: x [2,h,w,ci], w [co,ci,k,k], b [co] ---------------------------------------------------------------

static const eng_conv_shape conv1 = {2, 4, 6, 3, 5, 3, 1, 1}, conv2 = {2, 6, 4, 4, 4, 3, 2, 1};

static size_t conv_in(const eng_conv_shape *s)
{
    return s->batch * s->height * s->width * s->in;
}

static void conv_ref(const eng_conv_shape *s, const double *x, double *y)
{
    const double *w = x + conv_in(s), *b = w + s->out * s->in * s->kernel * s->kernel;
    const size_t oh = eng_conv_out(s->height, s), ow = eng_conv_out(s->width, s), k = s->kernel;
    for (size_t n = 0; n < s->batch; n++)
        for (size_t o = 0; o < oh * ow * s->out; o++) {
            const size_t c = o % s->out, ox = o / s->out % ow, oy = o / s->out / ow;
            double sum = b[c];
            for (size_t t = 0; t < k * k * s->in; t++) {
                const size_t i = t % s->in, kx = t / s->in % k, ky = t / s->in / k;
                const size_t iy = oy * s->stride + ky - s->pad, ix = ox * s->stride + kx - s->pad;
                if (iy < s->height && ix < s->width)
                    sum +=
                        x[((n * s->height + iy) * s->width + ix) * s->in + i] * w[((c * s->in + i) * k + ky) * k + kx];
            }
            y[n * oh * ow * s->out + o] = sum;
        }
}

static void conv_eng(const eng_conv_shape *s, eng_backend backend, const float *x, float *y, const float *g, float *dx)
{
    lrc_err err = LRC_ERR_INIT;
    eng_conv *c = NULL;
    const size_t n = conv_in(s), wn = s->out * s->in * s->kernel * s->kernel;
    if (eng_conv_new(backend, s, true, (eng_conv_use){true, true}, &c, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(eng_conv_scratch(c) <= SCRATCH_);
    assert_true(eng_conv_pack(c, x + n));
    assert_true(eng_conv_forward(c, x, x + n + wn, y, scratch));
    assert_true(eng_conv_backward(c, g, dx, false, scratch));
    assert_true(eng_conv_backward(c, g, dx, true, scratch)); // twice the gradient
    for (size_t i = 0; i < n; i++)
        dx[i] *= 0.5F;
    assert_true(eng_conv_weights(c, x, g, dx + n, dx + n + wn, scratch));
    eng_conv_free(c);
}

static void conv1_ref(const double *x, double *y)
{
    conv_ref(&conv1, x, y);
}

static void conv1_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    conv_eng(&conv1, b, x, y, g, dx);
}

static void conv2_ref(const double *x, double *y)
{
    conv_ref(&conv2, x, y);
}

static void conv2_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    conv_eng(&conv2, b, x, y, g, dx);
}

// ---- GroupNorm: x [2,6,8], gamma [8], beta [8], 4 groups -------------------------------------------------------------

enum { GN_B = 2, GN_R = 6, GN_C = 8, GN_G = 4, GN_X = GN_B * GN_R * GN_C };

static void group_norm_any(const double *x, double *y, bool silu)
{
    const double *gamma = x + GN_X, *beta = gamma + GN_C;
    const int run = GN_C / GN_G;
    for (int b = 0; b < GN_B; b++)
        for (int g = 0; g < GN_G; g++) {
            double mean = 0, square = 0;
            for (int i = 0; i < GN_R * run; i++)
                mean += x[(b * GN_R + i / run) * GN_C + g * run + i % run] / (GN_R * run);
            for (int i = 0; i < GN_R * run; i++) {
                const double d = x[(b * GN_R + i / run) * GN_C + g * run + i % run] - mean;
                square += d * d / (GN_R * run);
            }
            for (int i = 0; i < GN_R * run; i++) {
                const int at = (b * GN_R + i / run) * GN_C + g * run + i % run, c = g * run + i % run;
                const double z = (x[at] - mean) / sqrt(square + 1e-5) * gamma[c] + beta[c];
                y[at] = silu ? z / (1 + exp(-z)) : z;
            }
        }
}

static void group_norm_eng_any(const float *x, float *y, const float *g, float *dx, bool silu)
{
    const eng_group_norm n = {GN_B, GN_R, GN_C, GN_G, 1e-5F, silu};
    float stats[2 * GN_B * GN_G];
    assert_true(eng_op_group_norm_scratch(&n) <= SCRATCH_);
    eng_op_group_norm(&n, x, x + GN_X, x + GN_X + GN_C, y, stats, scratch);
    eng_op_group_norm_back(&n, x, x + GN_X, x + GN_X + GN_C, stats, g, dx, true, dx + GN_X, dx + GN_X + GN_C, scratch);
}

static void group_norm_ref(const double *x, double *y)
{
    group_norm_any(x, y, false);
}

static void group_norm_silu_ref(const double *x, double *y)
{
    group_norm_any(x, y, true);
}

static void group_norm_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    (void)b;
    group_norm_eng_any(x, y, g, dx, false);
}

static void group_norm_silu_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    (void)b;
    group_norm_eng_any(x, y, g, dx, true);
}

// ---- LayerNorm: x [5,12], gamma, beta --------------------------------------------------------------------------------

static void layer_norm_ref(const double *x, double *y)
{
    for (int r = 0; r < 5; r++) {
        double mean = 0, square = 0;
        for (int c = 0; c < 12; c++)
            mean += x[r * 12 + c] / 12;
        for (int c = 0; c < 12; c++)
            square += (x[r * 12 + c] - mean) * (x[r * 12 + c] - mean) / 12;
        for (int c = 0; c < 12; c++)
            y[r * 12 + c] = (x[r * 12 + c] - mean) / sqrt(square + 1e-5) * x[60 + c] + x[72 + c];
    }
}

static void layer_norm_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    (void)b;
    float stats[10];
    eng_op_layer_norm(5, 12, 1e-5F, x, x + 60, x + 72, y, stats);
    eng_op_layer_norm_back(5, 12, x, x + 60, stats, g, dx, true, dx + 60, dx + 72);
}

// ---- Activations: 40 numbers, spread over [-5, 5] --------------------------------------------------------------------

static double phi(double v)
{
    return 0.5 * (1 + erf(v * M_SQRT1_2));
}

#define ACT(name, act, expr)                                                                                           \
    static void name##_ref(const double *x, double *y)                                                                 \
    {                                                                                                                  \
        for (int i = 0; i < 40; i++) {                                                                                 \
            const double v = 5 * x[i];                                                                                 \
            y[i] = (expr);                                                                                             \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)                         \
    {                                                                                                                  \
        (void)b;                                                                                                       \
        float wide[40];                                                                                                \
        for (int i = 0; i < 40; i++)                                                                                   \
            wide[i] = 5 * x[i];                                                                                        \
        eng_op_act(act, wide, y, 40);                                                                                  \
        eng_op_act_back(act, wide, g, dx, 40, true);                                                                   \
        for (int i = 0; i < 40; i++)                                                                                   \
            dx[i] *= 5;                                                                                                \
    }

ACT(silu, ENG_ACT_SILU, v / (1 + exp(-v)))
ACT(gelu, ENG_ACT_GELU, v *phi(v))
ACT(quick_gelu, ENG_ACT_QUICK_GELU, v / (1 + exp(-1.702 * v)))

static void geglu_ref(const double *x, double *y) // [4, 2 * 6]
{
    for (int r = 0; r < 4; r++)
        for (int i = 0; i < 6; i++)
            y[r * 6 + i] = x[r * 12 + i] * x[r * 12 + 6 + i] * phi(x[r * 12 + 6 + i]);
}

static void geglu_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    (void)b;
    eng_op_geglu(x, y, 4, 6);
    eng_op_geglu_back(x, g, dx, 4, 6, true);
}

// ---- Attention -------------------------------------------------------------------------------------------------------

// Longer than a tile of queries, so that tiling shows; the keys of the cross case are few, as words are.
static const eng_attention self = {1, 2, 70, 70, 4, false}, cross = {2, 2, 5, 3, 4, false},
                           causal = {2, 3, 6, 6, 2, true};

static void attention_ref_any(const eng_attention *a, const double *x, double *y)
{
    const size_t c = a->heads * a->d, qn = a->batch * a->queries * c, kn = a->batch * a->keys * c;
    const double *q = x, *k = x + qn, *v = k + kn;
    double p[128];
    for (size_t b = 0; b < a->batch; b++)
        for (size_t h = 0; h < a->heads; h++)
            for (size_t i = 0; i < a->queries; i++) {
                const size_t seen = a->causal ? i + 1 : a->keys;
                double sum = 0;
                for (size_t j = 0; j < seen; j++) {
                    double dot = 0;
                    for (size_t e = 0; e < a->d; e++)
                        dot += q[(b * a->queries + i) * c + h * a->d + e] * k[(b * a->keys + j) * c + h * a->d + e];
                    p[j] = exp(dot / sqrt((double)a->d));
                    sum += p[j];
                }
                for (size_t e = 0; e < a->d; e++) {
                    double o = 0;
                    for (size_t j = 0; j < seen; j++)
                        o += p[j] / sum * v[(b * a->keys + j) * c + h * a->d + e];
                    y[(b * a->queries + i) * c + h * a->d + e] = o;
                }
            }
}

static void attention_eng_any(const eng_attention *a, const float *x, float *y, const float *g, float *dx)
{
    const size_t c = a->heads * a->d, qn = a->batch * a->queries * c, kn = a->batch * a->keys * c;
    float lse[256];
    assert_true(eng_op_attention_scratch(a) <= SCRATCH_);
    eng_op_attention(a, x, x + qn, x + qn + kn, y, lse, scratch);
    const eng_attention_grads out = {dx, dx + qn, dx + qn + kn, true, false, true};
    eng_op_attention_back(a, x, x + qn, x + qn + kn, y, lse, g, &out, scratch);
}

#define ATTENTION(name)                                                                                                \
    static void name##_ref(const double *x, double *y)                                                                 \
    {                                                                                                                  \
        attention_ref_any(&name, x, y);                                                                                \
    }                                                                                                                  \
    static void name##_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)                         \
    {                                                                                                                  \
        (void)b;                                                                                                       \
        attention_eng_any(&name, x, y, g, dx);                                                                         \
    }

ATTENTION(self)
ATTENTION(cross)
ATTENTION(causal)

// ---- Moving ----------------------------------------------------------------------------------------------------------

static void add_row_ref(const double *x, double *y) // y [2,3,4] += e [2,4]
{
    for (int i = 0; i < 24; i++)
        y[i] = x[i] + x[24 + i / 12 * 4 + i % 4];
}

static void add_row_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    (void)b;
    memcpy(y, x, 24 * sizeof *y);
    eng_op_add_row(y, x + 24, 2, 3, 4);
    eng_op_store(dx, g, 24, true);
    eng_op_add_row_back(g, 2, 3, 4, dx + 24, false);
}

static void concat_ref(const double *x, double *y) // a [4,3], b [4,2]
{
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 5; c++)
            y[r * 5 + c] = c < 3 ? x[r * 3 + c] : x[12 + r * 2 + c - 3];
}

static void concat_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    (void)b;
    eng_op_concat(x, 3, x + 12, 2, y, 4);
    eng_op_concat_back(g, 5, 0, dx, 3, 4, false);
    eng_op_concat_back(g, 5, 3, dx + 12, 2, 4, true);
}

static void upsample_ref(const double *x, double *y) // [2,2,3,2] -> [2,4,6,2]
{
    for (int i = 0; i < 96; i++) {
        const int c = i % 2, ox = i / 2 % 6, oy = i / 12 % 4, n = i / 48;
        y[i] = x[((n * 2 + oy / 2) * 3 + ox / 2) * 2 + c];
    }
}

static void upsample_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    (void)b;
    eng_op_upsample(x, y, 2, 2, 3, 2);
    eng_op_upsample_back(g, dx, 2, 2, 3, 2, true);
}

static const int32_t ids[6] = {2, 0, 2, 3, 3, 1};

static void embed_ref(const double *x, double *y) // table [4,5], positions [3,5], ids [2,3]
{
    for (int i = 0; i < 30; i++)
        y[i] = x[ids[i / 5] * 5 + i % 5] + x[20 + i / 5 % 3 * 5 + i % 5];
}

static void embed_eng(eng_backend b, const float *x, float *y, const float *g, float *dx)
{
    (void)b;
    eng_op_embed(ids, x, x + 20, y, 2, 3, 5);
    eng_op_embed_back(ids, g, dx, dx + 20, 2, 3, 5);
}

// ---- The harness -----------------------------------------------------------------------------------------------------

static const struct op_case cases[] = {
    {"linear", 15 + 20 + 4, 12, linear_ref, linear_eng, true},
    {"conv", 144 + 135 + 5, 240, conv1_ref, conv1_eng, true},
    {"conv_stride2", 192 + 144 + 4, 48, conv2_ref, conv2_eng, true},
    {"group_norm", GN_X + 2 * GN_C, GN_X, group_norm_ref, group_norm_eng, false},
    {"group_norm_silu", GN_X + 2 * GN_C, GN_X, group_norm_silu_ref, group_norm_silu_eng, false},
    {"layer_norm", 60 + 24, 60, layer_norm_ref, layer_norm_eng, false},
    {"silu", 40, 40, silu_ref, silu_eng, false},
    {"gelu", 40, 40, gelu_ref, gelu_eng, false},
    {"quick_gelu", 40, 40, quick_gelu_ref, quick_gelu_eng, false},
    {"geglu", 48, 24, geglu_ref, geglu_eng, false},
    {"attention_self", 3 * 560, 560, self_ref, self_eng, false},
    {"attention_cross", 80 + 2 * 48, 80, cross_ref, cross_eng, false},
    {"attention_causal", 3 * 72, 72, causal_ref, causal_eng, false},
    {"add_row", 24 + 8, 24, add_row_ref, add_row_eng, false},
    {"concat", 12 + 8, 20, concat_ref, concat_eng, false},
    {"upsample", 24, 96, upsample_ref, upsample_eng, false},
    {"embed", 20 + 15, 30, embed_ref, embed_eng, false},
};
#define CASES (sizeof cases / sizeof cases[0])

static void run_engine(size_t which, eng_backend backend, float *y, float *dx)
{
    static float x[IN_MAX], g[IN_MAX];
    made_floats((uint32_t)which * 2 + 1, 1, x, cases[which].in);
    made_floats((uint32_t)which * 2 + 2, 1, g, cases[which].out);
    memset(y, 0, IN_MAX * sizeof *y);
    memset(dx, 0, IN_MAX * sizeof *dx);
    cases[which].engine(backend, x, y, g, dx);
}

static void compare(size_t which, const char *what, const float *got, const float *expected, size_t n, double *worst)
{
    const double r = relative(got, expected, n);
    if (!(r <= TOLERANCE))
        fail_msg("%s: %s is off by %.2e (max|a-b|/max|b|)", cases[which].name, what, r);
    if (r > *worst)
        *worst = r;
}

// Gradient of sum(g * reference(x)) by central differences, in double.
static void differences(size_t which, float *ret_y, float *ret_dx)
{
    static double x[IN_MAX], y[IN_MAX];
    const struct op_case *c = &cases[which];
    for (size_t i = 0; i < c->in; i++)
        x[i] = (float)made_number((uint32_t)which * 2 + 1, (uint32_t)i);
    c->reference(x, y);
    for (size_t i = 0; i < c->out; i++)
        ret_y[i] = (float)y[i];
    for (size_t i = 0; i < c->in; i++) {
        double sum = 0;
        const double kept = x[i];
        for (int sign = 1; sign >= -1; sign -= 2) {
            x[i] = kept + sign * STEP;
            c->reference(x, y);
            for (size_t k = 0; k < c->out; k++)
                sum += sign * y[k] * (float)made_number((uint32_t)which * 2 + 2, (uint32_t)k);
        }
        x[i] = kept;
        ret_dx[i] = (float)(sum / (2 * STEP));
    }
}

static void finite_differences(void **state)
{
    (void)state;
    static float y[IN_MAX], dx[IN_MAX], y_ref[IN_MAX], dx_ref[IN_MAX];
    double worst = 0;
    for (size_t i = 0; i < CASES; i++) {
        differences(i, y_ref, dx_ref);
        for (int b = 0; b <= (cases[i].both ? 1 : 0); b++) {
            run_engine(i, b ? ENG_BACKEND_BLAS : ENG_BACKEND_BEST, y, dx);
            compare(i, "the result", y, y_ref, cases[i].out, &worst);
            compare(i, "the gradient", dx, dx_ref, cases[i].in, &worst);
        }
    }
    print_message("%zu operations against finite differences in double: worst %.1e\n", CASES, worst);
}

static void pytorch(void **state)
{
    (void)state;
    static float y[IN_MAX], dx[IN_MAX];
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_st_file lrc_st_file *f = NULL;
    if (lrc_st_open(GOLDEN "ops.safetensors", &f, &err) < 0)
        fail_msg("%s", err.msg);
    double worst = 0;
    for (size_t i = 0; i < CASES; i++)
        for (int b = 0; b <= (cases[i].both ? 1 : 0); b++) {
            char name[64];
            snprintf(name, sizeof name, "%s.y", cases[i].name);
            lrc_auto_free float *y_ref = golden(f, name, cases[i].out);
            snprintf(name, sizeof name, "%s.dx", cases[i].name);
            lrc_auto_free float *dx_ref = golden(f, name, cases[i].in);
            run_engine(i, b ? ENG_BACKEND_BLAS : ENG_BACKEND_BEST, y, dx);
            compare(i, "the result", y, y_ref, cases[i].out, &worst);
            compare(i, "the gradient", dx, dx_ref, cases[i].in, &worst);
        }
    print_message("%zu operations against PyTorch on %s and BLAS: worst %.1e\n", CASES, eng_backend_name(), worst);
}

static void timestep_sinusoids(void **state)
{
    (void)state;
    const float t[2] = {0, 999};
    float y[2 * 32];
    eng_op_timestep(t, y, 2, 32);
    for (int i = 0; i < 16; i++) {
        const double angle = 999 * pow(10000, -i / 16.0);
        assert_true(y[i] == 1 && y[16 + i] == 0);
        assert_true(fabs(y[32 + i] - cos(angle)) < 1e-4 && fabs(y[48 + i] - sin(angle)) < 1e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finite_differences),
        cmocka_unit_test(pytorch),
        cmocka_unit_test(timestep_sinusoids),
    };
    return cmocka_run_group_tests_name("engine/ops", tests, NULL, NULL);
}
