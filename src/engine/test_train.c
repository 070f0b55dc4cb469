// SPDX-License-Identifier: MIT
// A training of a few seconds on the shipped base, from pictures and TOML files to a LoRA: the loss on held-out pictures
// of the new shape falls, the file is kohya's, runs repeat, and what is wrong is said before anything starts.
#include "engine/testing.h"

#include "base/fs.h"
#include "base/str.h"
#include "engine/lora.h"
#include "engine/model.h"
#include "engine/tiny.h"
#include "engine/train.h"
#include "support/capture.h"
#include "support/folder.h"

#define BASE LORICA_SOURCE "/models/tiny/tiny.safetensors"

enum { HELD_OUT = 32, SIDE = ENG_TINY_SIZE / 2, FLOATS = SIDE * SIDE * ENG_HAAR_CHANNELS };

// Loss on pictures of stars that were in no training, at timesteps all over, with fixed noise.
static double held_out_loss(const char *lora)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_st_file lrc_st_file *f = NULL;
    eng_auto_model eng_model *m = NULL;
    eng_lora_options lo;
    size_t unused = 0;
    eng_model_options o = {.threads = 2, .zero_terminal_snr = -1};
    if (lora && (lrc_st_open(lora, &f, &err) < 0 || eng_lora_describe(f, &lo, &err) < 0))
        fail_msg("%s", err.msg);
    o.lora = lora ? &lo : NULL;
    if (eng_model_load(BASE, &o, &m, &err) < 0 ||
        (lora && eng_lora_load(eng_model_lora(m), eng_model_net(m), f, &unused, &err) < 0))
        fail_msg("%s", err.msg);
    assert_int_equal(unused, 0);
    static float latent[HELD_OUT * FLOATS], noise[HELD_OUT * FLOATS];
    static int32_t tokens[HELD_OUT * 16];
    int64_t timestep[HELD_OUT];
    eng_rng draw, normal;
    eng_rng_py_seed(&draw, 4711);
    eng_rng_seed(&normal, 4711);
    eng_rng_normal(&normal, noise, HELD_OUT * FLOATS);
    assert_int_equal(eng_model_arch(m)->text.tokens, 16);
    for (int i = 0; i < HELD_OUT; i++) {
        uint8_t rgb[ENG_TINY_SIZE * ENG_TINY_SIZE * 3];
        lrc_auto_buf lrc_buf caption;
        lrc_buf_init(&caption, 200);
        const eng_tiny_picture p = eng_tiny_random(&draw, eng_tiny_shape_of("star"));
        eng_tiny_draw(&p, ENG_TINY_SIZE, rgb);
        eng_haar_encode(rgb, ENG_TINY_SIZE, ENG_TINY_SIZE, latent + i * FLOATS);
        eng_tiny_caption(&p, "sks", &caption);
        eng_words_encode(eng_model_words(m), caption.data, tokens + i * 16, 16);
        timestep[i] = 31 * i;
    }
    const eng_batch b = {HELD_OUT, SIDE, SIDE, latent, noise, timestep, tokens, NULL};
    double loss;
    if (eng_model_loss(m, &b, NULL, &loss, &err) < 0)
        fail_msg("%s", err.msg);
    return loss;
}

// ---- A small run -----------------------------------------------------------------------------------------------------

static char *folder;

static const char config_format[] =
    "pretrained_model_name_or_path = \"" BASE "\"\noutput_dir = \"%s/out\"\noutput_name = \"star\"\nseed = 3\n"
    "unet_lr = 3e-3\ntext_encoder_lr = %s\nlr_scheduler = \"constant\"\noptimizer_type = \"AdamW\"\n"
    "network_module = \"networks.lora\"\nnetwork_dim = 8\nnetwork_alpha = 8\nsave_precision = \"fp16\"\n"
    "v_parameterization = true\nzero_terminal_snr = true\nmax_train_steps = %d\nsave_every_n_steps = %d\n"
    "save_last_n_steps = %d\nsample_prompts = \"%s/prompts.txt\"\nsample_every_n_epochs = 1\n";
static const char dataset_format[] =
    "[general]\nresolution = 32\nshuffle_caption = true\nkeep_tokens = 1\n\n[[datasets]]\nbatch_size = 8\n"
    "[[datasets.subsets]]\nimage_dir = \"%s/star\"\nnum_repeats = 20\ncaption_extension = \".txt\"\nflip_aug = true\n"
    "[[datasets.subsets]]\nimage_dir = \"%s/known\"\nis_reg = true\ncaption_extension = \".txt\"\n";

static int begin(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    folder = lrc_test_folder();
    char star[300], known[300];
    snprintf(star, sizeof star, "%s/star", folder);
    snprintf(known, sizeof known, "%s/known", folder);
    const lrc_engine_drawing
        a = {.dir = star, .shape = "star", .word = "sks", .count = 12, .size = 64, .seed = 77, .captions = true},
        b = {.dir = known, .known = true, .count = 24, .size = 32, .seed = 900, .captions = true};
    lrc_test_put(folder, "prompts.txt", "# comment\nsks, red, big, black background --d 7 --s 4 --n small --l 2\n");
    return lrc_engine_draw_images(&a, &err) < 0 || lrc_engine_draw_images(&b, &err) < 0;
}

static int end(void **state)
{
    (void)state;
    lrc_test_folder_done(folder);
    return 0;
}

struct wish {
    const char *text_lr;
    int steps, save_every, save_last;
    lrc_err err;
};

static int train(void *arg)
{
    struct wish *w = arg;
    char text[1500], config[300], dataset[300];
    snprintf(text, sizeof text, config_format, folder, w->text_lr, w->steps, w->save_every, w->save_last, folder);
    lrc_test_put(folder, "config.toml", text);
    snprintf(text, sizeof text, dataset_format, folder, folder);
    lrc_test_put(folder, "dataset.toml", text);
    snprintf(config, sizeof config, "%s/config.toml", folder);
    snprintf(dataset, sizeof dataset, "%s/dataset.toml", folder);
    const lrc_engine_train_options o = {.config_file = config, .dataset_config = dataset, .threads = 2};
    return lrc_engine_train(&o, &w->err);
}

static char *run(struct wish *w)
{
    lrc_auto_free char *out = NULL;
    char *err = NULL;
    if (lrc_test_capture(train, w, &out, &err) != 0)
        fail_msg("%s", w->err.msg);
    assert_non_null(strstr(out, "\nepoch 1/"));
    assert_non_null(strstr(out, "saving checkpoint: "));
    assert_non_null(strstr(out, "model saved."));
    assert_non_null(strstr(err, "\rsteps: 100%|##########| "));
    assert_non_null(strstr(err, "avr_loss=0."));
    return err;
}

static void learns_a_new_shape(void **state)
{
    (void)state;
    struct wish w = {"0.0", 70, 20, 2, LRC_ERR_INIT};
    const double before = held_out_loss(NULL);
    free(run(&w));
    const double after = held_out_loss(lrc_test_path(folder, "out/star.safetensors"));
    print_message("held-out loss of the new shape: %.4f before, %.4f after %d steps\n", before, after, w.steps);
    assert_true(after < before * 0.99);

    // Saved at 20, 40 and 60; the last two are kept. One epoch is 60 batches, so one was sampled.
    assert_false(lrc_fs_exists(lrc_test_path(folder, "out/star-step00000020.safetensors")));
    assert_true(lrc_fs_exists(lrc_test_path(folder, "out/star-step00000040.safetensors")));
    assert_true(lrc_fs_exists(lrc_test_path(folder, "out/star-step00000060.safetensors")));
    assert_true(lrc_test_entries(lrc_test_path(folder, "out/sample")) >= 1);
}

static void the_file_is_kohyas(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_st_file lrc_st_file *f = NULL;
    if (lrc_st_open(lrc_test_path(folder, "out/star.safetensors"), &f, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(lrc_st_count(f), 84 * 3);
    const lrc_st_tensor *t =
        lrc_st_find(f, "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight");
    assert_non_null(t);
    assert_true(t->dtype == LRC_ST_F16 && t->rank == 2 && t->shape[0] == 8 && t->shape[1] == 64);
    float alpha;
    t = lrc_st_find(f, "lora_unet_mid_block_attentions_0_proj_in.alpha");
    assert_true(t && t->rank == 0 && lrc_st_read_f32(f, t, &alpha, &err) == 0 && alpha == 8);
    assert_string_equal(lrc_st_meta_get(f, "ss_network_module"), "networks.lora");
    assert_string_equal(lrc_st_meta_get(f, "ss_network_dim"), "8");
    assert_string_equal(lrc_st_meta_get(f, "ss_steps"), "70");
    assert_string_equal(lrc_st_meta_get(f, "ss_num_train_images"), "240");
    assert_string_equal(lrc_st_meta_get(f, "ss_num_reg_images"), "240");
    assert_non_null(strstr(lrc_st_meta_get(f, "ss_tag_frequency"), "\"20_star\":{\"big\":"));
    assert_int_equal(strlen(lrc_st_meta_get(f, "sshs_model_hash")), 64);
    char base[LRC_ST_HASH_SIZE], old[LRC_ST_HASH_SIZE];
    assert_int_equal(lrc_st_file_hashes(BASE, base, old, &err), 0);
    assert_string_equal(lrc_st_meta_get(f, "ss_new_sd_model_hash"), base);
    assert_string_equal(lrc_st_meta_get(f, "ss_sd_model_hash"), old);
    assert_int_equal(strlen(lrc_st_meta_get(f, "sshs_legacy_hash")), 8);
}

static void with_the_text_encoder_and_again_the_same(void **state)
{
    (void)state;
    struct wish w = {"1e-3", 6, 0, 0, LRC_ERR_INIT};
    char *bytes[2];
    size_t n[2];
    for (int i = 0; i < 2; i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_st_file lrc_st_file *f = NULL;
        free(run(&w));
        assert_int_equal(lrc_st_open(lrc_test_path(folder, "out/star.safetensors"), &f, &err), 0);
        assert_int_equal(lrc_st_count(f), (84 + 12) * 3);
        assert_non_null(lrc_st_find(f, "lora_te_text_model_encoder_layers_1_mlp_fc2.lora_up.weight"));
        n[i] = lrc_st_data_bytes(f);
        bytes[i] = malloc(n[i]);
        assert_int_equal(lrc_st_read(f, 0, bytes[i], n[i], &err), 0);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]); // same seed, same threads: same bits
    free(bytes[0]);
    free(bytes[1]);
}

static void samples_carry_their_parameters(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *found = NULL;
    // The name ends in the seed: star_e000001_00_<time>_7.png
    const char *folder_of = lrc_test_path(folder, "out/sample");
    lrc_auto_dir DIR *d = opendir(folder_of);
    assert_non_null(d);
    for (const struct dirent *e; !found && (e = readdir(d));)
        if (lrc_str_starts(e->d_name, "star_e000001_00_") && lrc_str_ends(e->d_name, "_7.png"))
            assert_int_equal(lrc_str_format(&found, &err, "%s/%s", folder_of, e->d_name), 0);
    assert_non_null(found);
    lrc_auto_free char *png = NULL;
    size_t n;
    assert_int_equal(lrc_fs_read(found, 1 << 20, &png, &n, &err), 0);
    static const char expected[] = "parameters\0sks, red, big, black background\nNegative prompt: small\nSteps: 4, "
                                   "Sampler: DDIM, CFG scale: 2, Seed: 7, Size: 32x32";
    assert_non_null(memmem(png, n, expected, sizeof expected - 1));
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    const struct {
        const char *config, *dataset, *words;
        lrc_err_code code;
    } row[] = {
        {"pretrained_model_name_or_path = \"/nowhere.safetensors\"\n", "", "models/tiny", LRC_ERR_MODEL_MISSING},
        {"pretrained_model_name_or_path = \"" BASE "\"\nzero_terminal_snr = true\n", "", "v_parameterization = true",
         LRC_ERR_INVALID},
        {"pretrained_model_name_or_path = \"" BASE "\"\nv_parameterization = true\n", "", "zero_terminal_snr = true",
         LRC_ERR_INVALID},
        {"pretrained_model_name_or_path = \"" BASE "\"\nv_parameterization = true\nzero_terminal_snr = true\n",
         "resolution = 30\n", "8 divides", LRC_ERR_INVALID},
        {"pretrained_model_name_or_path = \"" BASE "\"\nv_parameterization = true\nzero_terminal_snr = true\n",
         "[[datasets.subsets]]\nimage_dir = \"/sys\"\n", "no pictures in '/sys'", LRC_ERR_INVALID},
        {"optimizer_type = \"CAME\"\n", "", "no optimizer CAME", LRC_ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char dataset[600], a[300], b[300], c[300];
        snprintf(dataset, sizeof dataset,
                 "[[datasets]]\nresolution = 32\n[[datasets.subsets]]\nimage_dir = \"%s/star\"\n%s", folder,
                 row[i].dataset);
        lrc_test_put(folder, "bad.toml", row[i].config);
        lrc_test_put(folder, "data.toml", dataset);
        snprintf(a, sizeof a, "%s/bad.toml", folder);
        snprintf(b, sizeof b, "%s/data.toml", folder);
        snprintf(c, sizeof c, "%s/out2", folder);
        const lrc_engine_train_options o = {
            .config_file = a, .dataset_config = b, .output_dir = c, .output_name = "x", .threads = 1};
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_engine_train(&o, &err), -1);
        if (err.code != row[i].code || !strstr(err.msg, row[i].words))
            fail_msg("row %zu: %s", i, err.msg);
        assert_false(lrc_fs_exists(lrc_test_path(folder, "out2/x.safetensors")));
        // The check says the same without beginning.
        lrc_auto_findings lrc_findings findings = {0};
        assert_int_equal(lrc_engine_check(&o, &findings, &err), 0);
        bool said = false;
        for (size_t k = 0; k < findings.count; k++)
            said = said || (findings.item[k].severity == LRC_FINDING_ERROR && *findings.item[k].field &&
                            (strstr(findings.item[k].message, row[i].words)));
        if (!said)
            fail_msg("row %zu: the check lets it pass", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_a_new_shape),
        cmocka_unit_test(the_file_is_kohyas),
        cmocka_unit_test(with_the_text_encoder_and_again_the_same),
        cmocka_unit_test(samples_carry_their_parameters),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests_name("engine/train", tests, begin, end);
}
