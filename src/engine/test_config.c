// SPDX-License-Identifier: MIT
// Reading the two files, refusing what cannot be obeyed; captions; the progress line.
#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "engine/bar.h"
#include "engine/config.h"
#include "engine/data.h"
#include "engine/train.h"
#include "support/folder.h"

static const char good_config[] = "pretrained_model_name_or_path = \"/m/tiny.safetensors\"\n"
                                  "output_dir = \"/out\"\noutput_name = \"star\"\nseed = 42\nunet_lr = 3e-3\n"
                                  "text_encoder_lr = 1e-5\nlr_scheduler = \"cosine_with_restarts\"\n"
                                  "lr_scheduler_num_cycles = 3\nlr_warmup_steps = 0.1\noptimizer_type = \"AdamW8bit\"\n"
                                  "optimizer_args = [ \"weight_decay=0.1\", \"betas=0.8,0.95\", \"eps=1e-7\",]\n"
                                  "network_module = \"networks.lora\"\nnetwork_dim = 8\nnetwork_alpha = 4\n"
                                  "network_args = [ \"conv_dim=4\", \"conv_alpha=2\",]\nsave_precision = \"fp16\"\n"
                                  "max_train_epochs = 5\nv_parameterization = true\nzero_terminal_snr = true\n"
                                  "gradient_checkpointing = true\nsdpa = true\nv2 = false\n";
static const char good_dataset[] = "[general]\nresolution = 32\nshuffle_caption = true\n\n[[datasets]]\n"
                                   "keep_tokens = 1\nresolution = [32, 64]\nbatch_size = 4\nenable_bucket = true\n"
                                   "\n[[datasets.subsets]]\nimage_dir = \"/a\"\nnum_repeats = 10\n"
                                   "caption_extension = \".txt\"\n\n[[datasets.subsets]]\nimage_dir = \"/b\"\n"
                                   "is_reg = true\nkeep_tokens = 2\n";

struct loaded {
    char *folder;
    eng_config c;
    lrc_findings findings;
};

static void load(struct loaded *l, const char *config, const char *dataset)
{
    lrc_err err = LRC_ERR_INIT;
    *l = (struct loaded){.folder = lrc_test_folder()};
    lrc_test_put(l->folder, "config.toml", config);
    lrc_test_put(l->folder, "dataset.toml", dataset);
    if (eng_config_load(lrc_test_path(l->folder, "config.toml"), lrc_test_path(l->folder, "dataset.toml"), &l->c,
                        &l->findings, &err) < 0)
        fail_msg("%s", err.msg);
}

static void loaded_done(struct loaded *l)
{
    eng_config_done(&l->c);
    lrc_findings_done(&l->findings);
    lrc_test_folder_done(l->folder);
}

static void reads_what_the_generator_writes(void **state)
{
    (void)state;
    struct loaded l;
    load(&l, good_config, good_dataset);
    const eng_config *c = &l.c;
    assert_int_equal(lrc_findings_errors(&l.findings), 0);
    assert_string_equal(c->base, "/m/tiny.safetensors");
    assert_int_equal(c->seed, 42);
    assert_true(c->unet_lr == 3e-3 && c->text_lr == 1e-5 && c->lora.unet && c->lora.text);
    assert_int_equal(c->lr.kind, ENG_LR_COSINE_WITH_RESTARTS);
    assert_true(c->lr.cycles == 3 && c->warmup == 0.1);
    assert_true(c->adamw.weight_decay == 0.1F && c->adamw.beta1 == 0.8F && c->adamw.beta2 == 0.95F);
    assert_true(c->lora.rank == 8 && c->lora.alpha == 4 && c->lora.conv_rank == 4 && c->lora.conv_alpha == 2);
    assert_int_equal(c->save_dtype, LRC_ST_F16);
    assert_int_equal(c->max_epochs, 5);
    assert_true(c->v_parameterization && c->zero_terminal_snr && c->buckets);
    assert_true(c->width == 32 && c->height == 64 && c->batch == 4);
    assert_int_equal(c->subset_count, 2);
    assert_int_equal(c->subset[0].num_repeats, 10);
    assert_int_equal(c->subset[0].keep_tokens, 1); // inherited
    assert_int_equal(c->subset[1].keep_tokens, 2);
    assert_true(c->subset[1].is_reg && c->subset[1].shuffle_caption && !c->subset[0].is_reg);
    assert_string_equal(c->subset[1].caption_extension, ".caption");
    loaded_done(&l);
}

static const lrc_finding *error_for(const lrc_findings *f, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->item[i].severity == LRC_FINDING_ERROR && strcmp(f->item[i].field, key) == 0)
            return &f->item[i];
    return NULL;
}

static void refuses_what_it_does_not_do(void **state)
{
    (void)state;
    static const struct {
        const char *key, *line;
        bool dataset;
    } row[] = {
        {"network_module", "network_module = \"lycoris.kohya\"\n", false},
        {"optimizer_type", "optimizer_type = \"Prodigy\"\n", false},
        {"optimizer_args", "optimizer_args = [\"d0=1e-5\"]\n", false},
        {"network_args", "network_args = [\"algo=loha\"]\n", false},
        {"lr_scheduler", "lr_scheduler = \"rex\"\n", false},
        {"lr_scheduler_type", "lr_scheduler_type = \"x.Y\"\n", false},
        {"save_model_as", "save_model_as = \"ckpt\"\n", false},
        {"save_precision", "save_precision = \"fp8\"\n", false},
        {"network_dropout", "network_dropout = 0.1\n", false},
        {"resume", "resume = \"/state\"\n", false},
        {"vae", "vae = \"/vae\"\n", false},
        {"weighted_captions", "weighted_captions = true\n", false},
        {"ip_noise_gamma", "ip_noise_gamma = 0.1\n", false},
        {"network_dim", "network_dim = 0\n", false},
        {"clip_skip", "clip_skip = 2\n", false},
        {"seed", "seed = \"x\"\n", false},
        {"gradient_accumulation_steps", "gradient_accumulation_steps = 0\n", false},
        {"no_such_key", "no_such_key = 1\n", false},
        {"pretrained_model_name_or_path", "", false},
        {"unet_lr", "unet_lr = 0\ntext_encoder_lr = 0\n", false},
        {"color_aug", "color_aug = true\n", true},
        {"enable_wildcard", "enable_wildcard = true\n", true},
        {"secondary_separator", "secondary_separator = \";\"\n", true},
        {"batch_size", "batch_size = 0\n", true},
        {"resolution", "resolution = \"big\"\n", true},
        {"no_such_key", "no_such_key = 1\n", true},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        char config[600], dataset[600];
        const bool no_base = row[i].line[0] == '\0';
        snprintf(config, sizeof config, "%s%s", no_base ? "" : "pretrained_model_name_or_path = \"/m\"\n",
                 row[i].dataset ? "" : row[i].line);
        snprintf(dataset, sizeof dataset, "[[datasets]]\n%s%s[[datasets.subsets]]\nimage_dir = \"/a\"\n",
                 strstr(row[i].line, "resolution") ? "" : "resolution = 32\n", row[i].dataset ? row[i].line : "");
        struct loaded l;
        load(&l, config, dataset);
        const lrc_finding *f = error_for(&l.findings, row[i].key);
        if (!f)
            fail_msg("%s is not refused", row[i].key);
        assert_non_null(strstr(f->file, row[i].dataset ? "dataset.toml" : "config.toml"));
        loaded_done(&l);
    }
}

// What is switched off is never in the way, and what makes no difference is said.
static void lets_pass_what_does_not_matter(void **state)
{
    (void)state;
    struct loaded l;
    load(&l,
         "pretrained_model_name_or_path = \"/m\"\nweighted_captions = false\nnetwork_dropout = 0.0\nvae = \"\"\n"
         "save_state = false\nclip_skip = 1\nmixed_precision = \"bf16\"\nxformers = false\n",
         good_dataset);
    assert_int_equal(lrc_findings_errors(&l.findings), 0);
    bool said = false;
    for (size_t i = 0; i < l.findings.count; i++)
        said = said || strcmp(l.findings.item[i].field, "mixed_precision") == 0;
    assert_true(said);
    loaded_done(&l);
}

static void the_table_is_whole(void **state)
{
    (void)state;
    lrc_engine_key k;
    size_t n = 0;
    for (; lrc_engine_key_at(n, &k); n++) {
        assert_true(*k.name && (strcmp(k.file, "config") == 0 || strcmp(k.file, "dataset") == 0));
        if (strcmp(k.use, "used") != 0)
            assert_true(*k.why);
    }
    assert_true(n > 100);
}

// ---- Captions --------------------------------------------------------------------------------------------------------

static void caption(const eng_subset *s, const char *in, size_t epoch, const char *expected)
{
    eng_rng py;
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, 1000);
    eng_rng_py_seed(&py, 7);
    eng_data_caption(s, in, epoch, &py, &out);
    assert_string_equal(out.data ? out.data : "", expected);
}

static void captions_as_sd_scripts_makes_them(void **state)
{
    (void)state;
    eng_subset s = {.num_repeats = 1};
    caption(&s, "a, b ,c", 1, "a, b ,c"); // untouched
    s.shuffle_caption = true;
    s.keep_tokens = 1;
    // python: random.seed(7); x = list("bcde"); random.shuffle(x)
    caption(&s, "a, b ,c,, d, e", 1, "a, e, c, b, d");
    s.keep_tokens_separator = (char[]){"|||"};
    caption(&s, "p, q ||| b, c, d, e", 1, "p, q, e, c, b, d");
    s.keep_tokens_separator = NULL;
    s.caption_prefix = (char[]){"pre,"};
    s.keep_tokens = 9;
    caption(&s, "a, b", 1, "pre, a, b");
    s.dropout_every_n_epochs = 2;
    caption(&s, "a", 2, "");
    caption(&s, "a", 3, "pre, a");
    s.dropout_rate = 1;
    caption(&s, "a", 3, "");
    eng_subset all = {.tag_dropout_rate = 1, .keep_tokens = 1};
    caption(&all, "a, b, c", 1, "a");
}

// ---- Progress --------------------------------------------------------------------------------------------------------

static void the_bar_of_tqdm(void **state)
{
    (void)state;
    char line[ENG_BAR_SIZE];
    const eng_bar b = {"steps", 2000, 0, 0};
    eng_bar_line(&b, 812, 312, ", avr_loss=0.084", line);
    assert_string_equal(line, "steps:  41%|####      | 812/2000 [05:12<07:36,  2.60it/s, avr_loss=0.084]");
    eng_bar_line(&b, 0, 0, "", line);
    assert_string_equal(line, "steps:   0%|          | 0/2000 [00:00<?, ?it/s]");
    eng_bar_line(&b, 2000, 7322, "", line);
    assert_string_equal(line, "steps: 100%|##########| 2000/2000 [2:02:02<00:00,  3.66s/it]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_generator_writes),   cmocka_unit_test(refuses_what_it_does_not_do),
        cmocka_unit_test(lets_pass_what_does_not_matter),    cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(captions_as_sd_scripts_makes_them), cmocka_unit_test(the_bar_of_tqdm),
    };
    return cmocka_run_group_tests_name("engine/config", tests, NULL, NULL);
}
