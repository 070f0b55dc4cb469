// SPDX-License-Identifier: MIT
// Random numbers against PyTorch's and Python's (rng.tsv), AdamW against the rule in double, schedules, words.
#include "engine/testing.h"

#include "base/fs.h"
#include "base/str.h"
#include "engine/noise.h"
#include "engine/optim.h"
#include "engine/rng.h"
#include "engine/words.h"

#define VALUES_MAX 64

// The rows of rng.tsv for one kind: check(seed, values, count) for each. Returns how many.
static int rows(const char *what, void (*check)(uint64_t seed, const double *v, size_t n))
{
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *text = NULL;
    if (lrc_fs_read(GOLDEN "rng.tsv", 1 << 20, &text, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    int seen = 0;
    for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        char *end;
        const uint64_t seed = strtoull(line, &end, 10);
        const size_t n = strlen(what);
        if (*line == '#' || strncmp(end + 1, what, n) != 0 || end[1 + n] != '\t')
            continue;
        double v[VALUES_MAX];
        size_t count = 0;
        for (char *p = end + 1 + n; *p && *p != '\n' && count < VALUES_MAX; p = end)
            v[count++] = strtod(p, &end);
        check(seed, v, count);
        seen++;
    }
    return seen;
}

// PyTorch's rows of one seed follow each other on one generator, so all are drawn in the order of the script.
static void torch_until(eng_rng *r, uint64_t seed, int stage)
{
    float f[48];
    int64_t i[8];
    eng_rng_seed(r, seed);
    if (stage > 0)
        eng_rng_uniform(r, -0.3F, 0.3F, f, 20);
    if (stage > 1)
        eng_rng_int(r, 0, 1000, i, 8);
    if (stage > 2)
        eng_rng_normal(r, f, 48);
    if (stage > 3)
        eng_rng_normal(r, f, 37);
}

static void near(const float *got, const double *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (fabs((double)got[k] - v[k]) > 5e-7)
            fail_msg("element %zu: %.9g, expected %.9g", k, (double)got[k], v[k]);
}

static void check_uniform(uint64_t seed, const double *v, size_t n)
{
    eng_rng r;
    float f[20];
    torch_until(&r, seed, 0);
    eng_rng_uniform(&r, -0.3F, 0.3F, f, 20);
    near(f, v, n);
}

static void check_int(uint64_t seed, const double *v, size_t n)
{
    eng_rng r;
    int64_t i[8];
    torch_until(&r, seed, 1);
    eng_rng_int(&r, 0, 1000, i, 8);
    for (size_t k = 0; k < n; k++)
        assert_int_equal(i[k], (int64_t)v[k]);
}

static void check_normal(uint64_t seed, const double *v, size_t n)
{
    eng_rng r;
    float f[48];
    torch_until(&r, seed, 2);
    eng_rng_normal(&r, f, 48);
    near(f, v, n);
}

static void check_tail(uint64_t seed, const double *v, size_t n)
{
    eng_rng r;
    float f[37];
    torch_until(&r, seed, 3);
    eng_rng_normal(&r, f, 37);
    near(f, v, n);
}

static void check_i63(uint64_t seed, const double *v, size_t n)
{
    eng_rng r;
    (void)n;
    torch_until(&r, seed, 4);
    assert_true((double)eng_rng_i63(&r) == v[0]);
}

static void check_permutation(uint64_t seed, const double *v, size_t n)
{
    size_t order[20];
    eng_rng_permutation(seed, order, 20);
    for (size_t k = 0; k < n; k++)
        assert_int_equal(order[k], (size_t)v[k]);
}

static void check_py_random(uint64_t seed, const double *v, size_t n)
{
    eng_rng r;
    eng_rng_py_seed(&r, seed);
    for (size_t k = 0; k < n; k++)
        assert_true(eng_rng_py_random(&r) == v[k]);
}

static void swap(void *list, size_t i, size_t j)
{
    size_t *x = list, kept = x[i];
    x[i] = x[j];
    x[j] = kept;
}

static void py_shuffled(eng_rng *r, uint64_t seed, size_t *list)
{
    eng_rng_py_seed(r, seed);
    for (int k = 0; k < 5; k++)
        (void)eng_rng_py_random(r);
    for (size_t k = 0; k < 30; k++)
        list[k] = k;
    eng_rng_py_shuffle(r, 30, swap, list);
}

static void check_py_shuffle(uint64_t seed, const double *v, size_t n)
{
    eng_rng r;
    size_t list[30];
    py_shuffled(&r, seed, list);
    for (size_t k = 0; k < n; k++)
        assert_int_equal(list[k], (size_t)v[k]);
}

static void check_py_below(uint64_t seed, const double *v, size_t n)
{
    eng_rng r;
    size_t list[30];
    py_shuffled(&r, seed, list);
    uint64_t limit = 10;
    for (size_t k = 0; k < n; k++, limit *= 10)
        assert_int_equal(eng_rng_py_below(&r, limit), (uint64_t)v[k]);
}

static void as_pytorch_and_python(void **state)
{
    (void)state;
    assert_int_equal(rows("uniform", check_uniform), 2);
    assert_int_equal(rows("randint", check_int), 2);
    assert_int_equal(rows("normal", check_normal), 2);
    assert_int_equal(rows("normal_tail", check_tail), 2);
    assert_int_equal(rows("i63", check_i63), 2);
    assert_int_equal(rows("permutation", check_permutation), 2);
    assert_int_equal(rows("py_random", check_py_random), 4);
    assert_int_equal(rows("py_shuffle", check_py_shuffle), 4);
    assert_int_equal(rows("py_below", check_py_below), 4);
}

// Loshchilov and Hutter 2019, in double, 100 steps on gradients of very different sizes.
static void adamw_against_double(void **state)
{
    (void)state;
    enum { N = 200, STEPS = 100 };
    const eng_adamw_options o = ENG_ADAMW_DEFAULT;
    const eng_group group[2] = {{0, N / 2, 1e-3}, {N / 2, N, 4e-4}};
    float p[N], g[N];
    double dp[N], m[N] = {0}, v[N] = {0};
    made_floats(1, 1, p, N);
    for (int i = 0; i < N; i++)
        dp[i] = p[i];
    eng_adamw a;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(eng_adamw_init(&a, &o, N, &err), 0);
    for (int t = 1; t <= STEPS; t++) {
        for (int i = 0; i < N; i++)
            g[i] = (float)(made_number((uint32_t)t + 10, (uint32_t)i) * pow(10, -(i % 7)));
        eng_adamw_step(&a, p, g, group, 2);
        for (int i = 0; i < N; i++) {
            const double lr = i < N / 2 ? 1e-3 : 4e-4;
            m[i] = 0.9 * m[i] + 0.1 * g[i];
            v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
            dp[i] -= lr * 0.01 * dp[i];
            dp[i] -= lr * (m[i] / (1 - pow(0.9, t))) / (sqrt(v[i] / (1 - pow(0.999, t))) + 1e-8);
        }
    }
    double worst = 0, top = 0;
    for (int i = 0; i < N; i++) {
        worst = fmax(worst, fabs(p[i] - dp[i]));
        top = fmax(top, fabs(dp[i]));
    }
    print_message("AdamW after %d steps: %.1e of the largest weight\n", STEPS, worst / top);
    assert_true(worst / top < 5e-6);
    eng_adamw_done(&a);
}

// Values of transformers' lambdas, worked out by hand from their definitions.
static void schedules(void **state)
{
    (void)state;
    static const struct {
        eng_lr s;
        uint64_t step;
        double factor;
    } row[] = {
        {{ENG_LR_CONSTANT, 0, 100, 0.5, 1}, 50, 1},
        {{ENG_LR_CONSTANT_WITH_WARMUP, 10, 100, 0.5, 1}, 0, 0},
        {{ENG_LR_CONSTANT_WITH_WARMUP, 10, 100, 0.5, 1}, 5, 0.5},
        {{ENG_LR_CONSTANT_WITH_WARMUP, 10, 100, 0.5, 1}, 99, 1},
        {{ENG_LR_LINEAR, 20, 100, 0.5, 1}, 60, 0.5},
        {{ENG_LR_COSINE, 0, 100, 0.5, 1}, 0, 1},
        {{ENG_LR_COSINE, 0, 100, 0.5, 1}, 50, 0.5},
        {{ENG_LR_COSINE, 0, 100, 0.5, 1}, 100, 0},
        {{ENG_LR_COSINE_WITH_RESTARTS, 0, 90, 3, 1}, 30, 1},
        {{ENG_LR_COSINE_WITH_RESTARTS, 0, 90, 3, 1}, 45, 0.5},
        {{ENG_LR_COSINE_WITH_RESTARTS, 0, 90, 3, 1}, 90, 0},
        {{ENG_LR_POLYNOMIAL, 0, 100, 0.5, 2}, 50, 0.25 + 0.75e-7 / 1e-3},
        {{ENG_LR_POLYNOMIAL, 0, 100, 0.5, 2}, 150, 1e-7 / 1e-3},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const double f = eng_lr_factor(&row[i].s, row[i].step, 1e-3);
        if (fabs(f - row[i].factor) > 1e-9)
            fail_msg("schedule row %zu: %.12g, expected %.12g", i, f, row[i].factor);
    }
    float g[3] = {3, 4, 0};
    assert_true(fabs(eng_clip_norm(g, 3, 1) - 5) < 1e-9 && fabsf(g[0] - 0.6F) < 1e-6F);
    assert_true(fabs(eng_clip_norm(g, 3, 0) - 1) < 1e-6 && fabsf(g[0] - 0.6F) < 1e-6F);
}

static void diffusion(void **state)
{
    (void)state;
    eng_noise s, z;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(eng_noise_init(&s, &eng_arch_tiny, false, &err), 0);
    assert_int_equal(eng_noise_init(&z, &eng_arch_tiny, true, &err), 0);
    assert_true(fabs(s.signal[0] - 0.99915) < 1e-6 && fabs(s.signal[999] - 0.0046600) < 1e-5); // known of SD
    assert_true(fabs(z.signal[0] - s.signal[0]) < 1e-12 && z.signal[999] == 0);
    // v-prediction's weights: min(snr,g)/(snr+1), snr/(snr+1), 1/(snr+1)
    const double snr = z.signal[300] / (1 - z.signal[300]);
    const eng_loss_options none = {0}, min = {.min_snr_gamma = 0.5}, like = {.scale_v_like_eps = true},
                           debiased = {.debiased = true};
    assert_true(eng_loss_weight(&z, &none, 300) == 1);
    assert_true(fabs(eng_loss_weight(&z, &min, 300) - fmin(snr, 0.5) / (snr + 1)) < 1e-12);
    assert_true(fabs(eng_loss_weight(&z, &like, 300) - snr / (snr + 1)) < 1e-12);
    assert_true(fabs(eng_loss_weight(&z, &debiased, 300) - 1 / (snr + 1)) < 1e-12);
}

static void words(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    eng_auto_words eng_words *w = NULL, *bad = NULL;
    assert_int_equal(eng_words_parse("<unk> <s> </s> star red big", 8, &w, &err), 0);
    int32_t id[6];
    assert_int_equal(eng_words_encode(w, "Red_STAR, big  star", id, 6), 0);
    assert_memory_equal(id, ((const int32_t[]){1, 4, 3, 5, 3, 2}), sizeof id);
    assert_int_equal(eng_words_encode(w, "blue", id, 6), 1);
    assert_memory_equal(id, ((const int32_t[]){1, 0, 2, 2, 2, 2}), sizeof id);
    assert_int_equal(eng_words_encode(w, "red red red red red red", id, 6), 2); // what does not fit is cut
    assert_int_equal(eng_words_encode(w, "", id, 6), 0);
    assert_int_equal(eng_words_parse("<s> </s> star", 8, &bad, &err), -1);
    assert_int_equal(eng_words_parse("<unk> <s> </s> a a", 8, &bad, &err), -1);
    assert_int_equal(eng_words_parse("<unk> <s> </s> a b c", 5, &bad, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_pytorch_and_python),
        cmocka_unit_test(adamw_against_double),
        cmocka_unit_test(schedules),
        cmocka_unit_test(diffusion),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests_name("engine/rng", tests, NULL, NULL);
}
