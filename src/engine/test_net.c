// SPDX-License-Identifier: MIT
// A whole small model against PyTorch: forward, one LoRA step with every gradient, AdamW; the shapes of known models.
#include "engine/testing.h"

#include "engine/arch.h"
#include "engine/model.h"
#include "engine/optim.h"

#define TOLERANCE 1e-4
enum { BATCH = 3, SIZE = 8, CHANNELS = 4, PIXELS = SIZE * SIZE * CHANNELS, ALL = BATCH * PIXELS };

// As tools/golden-engine.py has it.
static const eng_arch small = {
    .latent = {.channels = CHANNELS, .down = 2, .haar = true},
    .unet = {.in = CHANNELS,
             .out = CHANNELS,
             .ch = 16,
             .levels = 2,
             .mult = {1, 2},
             .res = 1,
             .depth = {0, 1},
             .mid_depth = 1,
             .ctx = 16,
             .heads = 2,
             .ff_mult = 2,
             .groups = 4,
             .linear_proj = true,
             .res_eps = 1e-5F,
             .tr_eps = 1e-5F},
    .text = {.vocab = 12, .tokens = 6, .d = 16, .ff = 32, .layers = 1, .heads = 2, .act = ENG_ACT_QUICK_GELU},
    .objective =
        {.beta_start = 0.00085, .beta_end = 0.012, .steps = 1000, .predict = ENG_PREDICT_V, .zero_terminal_snr = true},
};
static const eng_lora_options adapters = {
    .rank = 4, .alpha = 2, .conv_rank = 2, .conv_alpha = 1, .text = true, .unet = true};
static const int32_t tokens[BATCH * 6] = {1, 3, 4, 2, 2, 2, 1, 7, 11, 5, 2, 2, 1, 9, 2, 2, 2, 2};
static const int64_t timesteps[BATCH] = {0, 481, 999};
static const float weights[BATCH] = {1, 0.5F, 2};

static uint32_t hash_of(const char *name)
{
    uint32_t h = 0x811c9dc5u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x01000193u;
    return h;
}

static void set_param(eng_param *p, bool norm)
{
    made_floats(hash_of(p->name), 1, p->data, p->count);
    double fan_in = 1;
    for (size_t i = 1; i < p->rank; i++)
        fan_in *= (double)p->shape[i];
    float scale = p->rank > 1 ? (float)(1.7 / sqrt(fan_in)) : 0.1F;
    if (strstr(p->name, "lora_up"))
        scale *= 0.5F;
    const bool gain = norm && strstr(p->name, "weight");
    for (size_t i = 0; i < p->count; i++)
        p->data[i] = gain ? 1 + 0.1F * p->data[i] : p->data[i] * scale;
}

static eng_model *model(eng_backend backend, int threads, const eng_lora_options *lora)
{
    lrc_err err = LRC_ERR_INIT;
    eng_auto_words eng_words *w = NULL;
    eng_model *m = NULL;
    const eng_model_options o = {.threads = threads, .backend = backend, .lora = lora, .zero_terminal_snr = -1};
    if (eng_words_parse("<unk> <s> </s> a b c d e f g h i", 12, &w, &err) < 0 ||
        eng_model_new(&small, w, &o, &m, &err) < 0)
        fail_msg("%s", err.msg);
    eng_net *n = eng_model_net(m);
    for (size_t i = 0; i < n->node_count; i++)
        for (int k = 0; k < ENG_PARAM_MAX; k++)
            if (n->node[i].param[k] != ENG_NONE)
                set_param(&n->param[n->node[i].param[k]],
                          n->node[i].op == ENG_GROUP_NORM || n->node[i].op == ENG_LAYER_NORM);
    eng_model_changed(m);
    return m;
}

static const lrc_st_file *goldens(void)
{
    static lrc_st_file *f;
    lrc_err err = LRC_ERR_INIT;
    if (!f && lrc_st_open(GOLDEN "net.safetensors", &f, &err) < 0)
        fail_msg("%s", err.msg);
    return f;
}

static void close_to(const char *name, const float *got, size_t n, double *worst)
{
    lrc_auto_free float *expected = golden(goldens(), name, n);
    const double r = relative(got, expected, n);
    if (!(r <= TOLERANCE))
        fail_msg("%s is off by %.2e (max|a-b|/max|b|)", name, r);
    *worst = r > *worst ? r : *worst;
}

static eng_batch batch(float *x, float *noise)
{
    made_floats(1, 1, x, ALL);
    made_floats(2, 1, noise, ALL);
    return (eng_batch){BATCH, SIZE, SIZE, x, noise, timesteps, tokens, weights};
}

static void check_module(const eng_net *n, const float *grads, int p, const char *module, const char *what,
                         double *worst)
{
    char name[200];
    const eng_param *param = &n->param[p];
    snprintf(name, sizeof name, "%s.%s.%s", module, what, grads ? "grad" : "weight");
    close_to(name, grads ? grads + param->at : param->data, param->count, &worst[grads ? 0 : 1]);
}

static void one_lora_step(eng_backend backend, int threads)
{
    eng_auto_model eng_model *m = model(backend, threads, &adapters);
    const eng_lora *lora = eng_model_lora(m);
    eng_net *n = eng_model_net(m);
    float x[ALL], noise[ALL], out[ALL];
    const eng_batch b = batch(x, noise);
    lrc_err err = LRC_ERR_INIT;
    double worst[2] = {0, 0}, worst_out = 0, worst_loss = 0;
    assert_int_equal(lora->count, 85);
    assert_int_equal(lora->text_count, 6);
    if (eng_model_predict(m, &b, out, &err) < 0)
        fail_msg("%s", err.msg);
    close_to("predict", out, ALL, &worst_out);

    lrc_auto_free float *grads = calloc(n->trainable_count, sizeof *grads);
    const eng_adamw_options options = ENG_ADAMW_DEFAULT;
    eng_adamw adamw;
    assert_int_equal(eng_adamw_init(&adamw, &options, n->trainable_count, &err), 0);
    const eng_group group = {0, n->trainable_count, 1e-3};
    for (int step = 0; step < 3; step++) {
        double loss;
        memset(grads, 0, n->trainable_count * sizeof *grads);
        if (eng_model_loss(m, &b, grads, &loss, &err) < 0)
            fail_msg("%s", err.msg);
        char name[16];
        snprintf(name, sizeof name, "loss.%d", step);
        close_to(name, &(float){(float)loss}, 1, &worst_loss);
        for (size_t i = 0; step == 0 && i < lora->count; i++) {
            check_module(n, grads, lora->module[i].down, lora->module[i].name, "lora_down", worst);
            check_module(n, grads, lora->module[i].up, lora->module[i].name, "lora_up", worst);
        }
        const double norm = eng_clip_norm(grads, n->trainable_count, 1.0);
        if (step == 0)
            close_to("norm", &(float){(float)norm}, 1, &worst_loss);
        eng_adamw_step(&adamw, n->trainable, grads, &group, 1);
        eng_model_changed(m);
        for (size_t i = 0; step == 0 && i < lora->count; i++) {
            check_module(n, NULL, lora->module[i].down, lora->module[i].name, "lora_down", worst);
            check_module(n, NULL, lora->module[i].up, lora->module[i].name, "lora_up", worst);
        }
    }
    eng_adamw_done(&adamw);
    print_message("%s, %d threads: output %.1e, loss %.1e, 170 gradients %.1e, 170 weights after the step %.1e\n",
                  backend == ENG_BACKEND_BEST ? eng_backend_name() : "BLAS", threads, worst_out, worst_loss, worst[0],
                  worst[1]);
}

static void lora_step_like_pytorch(void **state)
{
    (void)state;
    one_lora_step(ENG_BACKEND_BEST, 1);
    one_lora_step(ENG_BACKEND_BEST, 2);
    one_lora_step(ENG_BACKEND_BLAS, 3);
}

// The same bits whenever the number of threads is the same, also when plans were made in another order.
static void same_threads_same_bits(void **state)
{
    (void)state;
    float x[ALL], noise[ALL];
    eng_batch b = batch(x, noise);
    double loss[2];
    float *g[2];
    size_t count = 0;
    for (int i = 0; i < 2; i++) {
        eng_auto_model eng_model *m = model(ENG_BACKEND_BEST, 2, &adapters);
        lrc_err err = LRC_ERR_INIT;
        count = eng_model_net(m)->trainable_count;
        g[i] = calloc(count, sizeof *g[i]);
        assert_non_null(g[i]);
        double ignored;
        b.count = 1; // another shape first
        if (i == 1)
            assert_int_equal(eng_model_loss(m, &b, NULL, &ignored, &err), 0);
        b.count = BATCH;
        assert_int_equal(eng_model_loss(m, &b, g[i], &loss[i], &err), 0);
    }
    assert_memory_equal(&loss[0], &loss[1], sizeof loss[0]);
    assert_memory_equal(g[0], g[1], count * sizeof *g[0]);
    free(g[0]);
    free(g[1]);
}

// Gradients of all parameters, not only LoRA's: the loss along a direction against its difference.
static void full_training_gradient(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    eng_auto_words eng_words *w = NULL;
    eng_auto_model eng_model *m = NULL;
    const eng_model_options o = {.threads = 1, .train_all = true, .zero_terminal_snr = -1};
    assert_int_equal(eng_words_parse("<unk> <s> </s> a b c d e f g h i", 12, &w, &err), 0);
    assert_int_equal(eng_model_new(&small, w, &o, &m, &err), 0);
    eng_rng rng;
    eng_rng_seed(&rng, 5);
    eng_model_init(m, &rng);
    eng_net *n = eng_model_net(m);
    float x[ALL], noise[ALL];
    const eng_batch b = batch(x, noise);
    double loss, up, down;
    lrc_auto_free float *grads = calloc(n->trainable_count, sizeof *grads);
    assert_int_equal(eng_model_loss(m, &b, grads, &loss, &err), 0);
    for (size_t i = 0; i < n->param_count; i++) { // each parameter on its own
        const eng_param *p = &n->param[i];
        double norm = 0;
        for (size_t k = 0; k < p->count; k++)
            norm += (double)grads[p->at + k] * grads[p->at + k];
        norm = sqrt(norm);
        if (norm < 1e-4)
            continue;
        const double step = 2e-3 / norm;
        for (int sign = 1; sign >= -1; sign -= 2) {
            for (size_t k = 0; k < p->count; k++)
                p->data[k] += (float)(sign * step * grads[p->at + k]);
            eng_model_changed(m);
            assert_int_equal(eng_model_loss(m, &b, NULL, sign > 0 ? &up : &down, &err), 0);
            for (size_t k = 0; k < p->count; k++)
                p->data[k] -= (float)(sign * step * grads[p->at + k]);
        }
        const double slope = (up - down) / (2 * step), expected = norm * norm;
        if (fabs(slope - expected) > 0.03 * expected + 1e-5)
            fail_msg("%s: the loss changes by %.6g, its gradient says %.6g", p->name, slope, expected);
    }
}

// spec/engine.md, section 2: totals of published models, from the same builder.
static void sizes_of_known_models(void **state)
{
    (void)state;
    eng_arch sd15 = {
        .latent = {.channels = 4, .down = 8},
        .unet = {.in = 4,
                 .out = 4,
                 .ch = 320,
                 .levels = 4,
                 .mult = {1, 2, 4, 4},
                 .res = 2,
                 .depth = {1, 1, 1, 0},
                 .mid_depth = 1,
                 .ctx = 768,
                 .heads = 8,
                 .ff_mult = 4,
                 .groups = 32,
                 .res_eps = 1e-5F,
                 .tr_eps = 1e-6F},
        .text =
            {.vocab = 49408, .tokens = 77, .d = 768, .ff = 3072, .layers = 12, .heads = 12, .act = ENG_ACT_QUICK_GELU},
        .objective = {.beta_start = 0.00085, .beta_end = 0.012, .steps = 1000, .predict = ENG_PREDICT_EPS},
    };
    lrc_err err = LRC_ERR_INIT;
    eng_auto_net eng_net *n = NULL;
    assert_int_equal(eng_arch_build(&sd15, &n, &err), 0);
    assert_int_equal(eng_net_param_total(n), 859520964 + 123060480);
    assert_true(eng_net_find(n, "model.diffusion_model.output_blocks.5.2.conv.weight") != ENG_NONE);
    assert_true(eng_net_find(n, "model.diffusion_model.output_blocks.2.1.conv.weight") != ENG_NONE);
    eng_auto_lora eng_lora *lora = NULL;
    const eng_lora_options o = {.rank = 4, .text = true, .unet = true};
    assert_int_equal(eng_lora_attach(n, &o, &lora, &err), 0);
    assert_int_equal(lora->text_count, 72);
    assert_int_equal(lora->count - lora->text_count, 192);
    assert_string_equal(lora->module[0].name, "lora_te_text_model_encoder_layers_0_self_attn_q_proj");
    assert_string_equal(lora->module[72].name, "lora_unet_down_blocks_0_attentions_0_proj_in");
}

static void arch_survives_json(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_buf lrc_buf text, again;
    lrc_buf_init(&text, 10000);
    lrc_buf_init(&again, 10000);
    eng_arch_write(&eng_arch_tiny, &text);
    eng_arch back;
    if (eng_arch_parse(text.data, &back, &err) < 0)
        fail_msg("%s", err.msg);
    eng_arch_write(&back, &again);
    assert_string_equal(text.data, again.data);
    static const char *const broken[] = {"{}", "[]", "{\"latent\":{\"channels\":-1,\"down\":2,\"kind\":\"haar\"}}",
                                         "{\"latent\":{\"channels\":12,\"down\":2,\"kind\":\"magic\"}}"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_int_equal(eng_arch_parse(broken[i], &back, &err), -1);
}

static void memory_is_shared(void **state)
{
    (void)state;
    eng_auto_model eng_model *m = model(ENG_BACKEND_BEST, 1, &adapters);
    lrc_err err = LRC_ERR_INIT;
    const eng_shape shape = {4, SIZE, SIZE, 6}, odd = {4, 7, 8, 6};
    eng_auto_plan eng_plan *train = NULL, *look = NULL, *wrong = NULL;
    assert_int_equal(eng_plan_new(eng_model_net(m), &shape, true, ENG_BACKEND_BEST, &train, &err), 0);
    assert_int_equal(eng_plan_new(eng_model_net(m), &shape, false, ENG_BACKEND_BEST, &look, &err), 0);
    assert_true(eng_plan_arena(train) * 2 < eng_plan_arena_unshared(train));
    assert_true(eng_plan_arena(look) * 4 < eng_plan_arena_unshared(look));
    assert_int_equal(eng_plan_new(eng_model_net(m), &odd, true, ENG_BACKEND_BEST, &wrong, &err), -1);
    assert_non_null(strstr(err.msg, "halved"));
}

static int end(void **state)
{
    (void)state;
    lrc_st_file_free((lrc_st_file *)(uintptr_t)goldens());
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lora_step_like_pytorch), cmocka_unit_test(same_threads_same_bits),
        cmocka_unit_test(full_training_gradient), cmocka_unit_test(sizes_of_known_models),
        cmocka_unit_test(arch_survives_json),     cmocka_unit_test(memory_is_shared),
    };
    return cmocka_run_group_tests_name("engine/net", tests, NULL, end);
}
