// SPDX-License-Identifier: MIT
// The studio profile: what it writes is TOML, known to the script that reads it and of the right type; what it writes
// differently from the reference is reported; each correction does what its row says.
#include "support/train_fixture.h"
#include "toml/toml.h"
#include "train/corrections.h"
#include "train/generate.h"
#include "train/schema.h"

static struct fixture tree;
static lrc_json_doc *facts; // which script knows which option, and its type

static lrc_json_doc *load(const char *name)
{
    lrc_auto_free char *path = fixture_data_path(name);
    lrc_json_doc *doc = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_json_load(path, FIXTURE_MAX, &doc, &err), err);
    return doc;
}

static int open_all(void **state)
{
    (void)state;
    fixture_open(&tree);
    facts = load("golden/toml/sd_scripts_options.json");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    fixture_close(&tree);
    lrc_json_doc_free(facts);
    return 0;
}

// Both profiles of one request; false when studio refuses it.
struct made {
    lrc_train_output studio, reference;
    lrc_findings findings, reference_findings;
    lrc_script_id script;
    lrc_err err;
};

static void made_done(struct made *m)
{
    lrc_train_output_done(&m->studio);
    lrc_train_output_done(&m->reference);
    lrc_findings_done(&m->findings);
    lrc_findings_done(&m->reference_findings);
}
#define auto_made lrc_cleanup(made_done)

static bool make(const char *text, struct made *m)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_request lrc_train_request *r = NULL;
    lrc_train_options options = {.profile = LRC_PROFILE_STUDIO, .root = tree.root};
    if (lrc_json_parse(text, strlen(text), &doc, &m->err) < 0 ||
        lrc_train_request_parse(lrc_json_root(doc), &r, &m->findings, &m->err) < 0)
        return false;
    m->script = lrc_family_script(lrc_train_family(r), lrc_train_mode_of(r));
    if (lrc_train_generate(r, &options, &m->studio, &m->findings, &m->err) < 0)
        return false;
    options.profile = LRC_PROFILE_REFERENCE;
    lrc_train_generate(r, &options, &m->reference, &m->reference_findings, &m->err);
    return true;
}

// ---- What a script knows ---------------------------------------------------------------------------------------------

static bool is_of_type(const lrc_toml *v, const char *type)
{
    if (lrc_str_starts(type, "list of ")) {
        const char *one = type + strlen("list of ");
        for (const lrc_toml *item = v->first; v->type == LRC_TOML_ARRAY && item; item = item->next)
            if (!is_of_type(item, one))
                return false;
        return v->type == LRC_TOML_ARRAY || is_of_type(v, one); // the trainers take a single value too
    }
    if (strcmp(type, "flag") == 0)
        return v->type == LRC_TOML_BOOLEAN;
    if (strcmp(type, "int") == 0)
        return v->type == LRC_TOML_INTEGER;
    if (strcmp(type, "float") == 0 || strcmp(type, "int_or_float") == 0)
        return v->type == LRC_TOML_FLOAT || v->type == LRC_TOML_INTEGER;
    return v->type == LRC_TOML_STRING;
}

static bool is_a_choice(const lrc_toml *v, const lrc_json *choices)
{
    for (const lrc_json *c = choices ? choices->first : NULL; c; c = c->next)
        if (v->text && strcmp(c->text, v->text) == 0)
            return true;
    return !choices;
}

// NULL when the script knows this key and takes its value, else what is wrong.
static const char *judge(lrc_script_id script, const lrc_toml *v)
{
    for (const lrc_json *row = lrc_json_root(facts)->first; row; row = row->next) {
        if (strcmp(lrc_json_get(row, "option")->text, v->key) != 0 || lrc_json_get(row, "scripts")->text[script] != 'x')
            continue;
        if (!is_of_type(v, lrc_json_get(row, "type")->text))
            return "has the wrong type";
        return is_a_choice(v, lrc_json_get(row, "choices")) ? NULL : "is no choice";
    }
    return "is unknown";
}

// Arguments that the network modules and LyCORIS read.
static bool module_reads(const char *module, const char *arg)
{
    static const struct {
        const char *module, *args;
    } known[] = {
        {"networks.lora", "conv_dim conv_alpha rank_dropout module_dropout down_lr_weight mid_lr_weight up_lr_weight "
                          "block_lr_zero_threshold block_dims block_alphas conv_block_dims conv_block_alphas"},
        {"networks.lora_flux", "conv_dim conv_alpha rank_dropout module_dropout"},
        {"networks.lora_sd3", "conv_dim conv_alpha rank_dropout module_dropout"},
        {"networks.lora_lumina", "conv_dim conv_alpha rank_dropout module_dropout"},
        {"networks.lora_hunyuan_image", "conv_dim conv_alpha rank_dropout module_dropout"},
        {"networks.lora_anima", "rank_dropout module_dropout"},
        {"lycoris.kohya", "algo conv_dim conv_alpha rank_dropout module_dropout factor dora_wd"},
    };
    const size_t n = strcspn(arg, "=");
    for (size_t i = 0; i < LENGTH(known); i++)
        for (const char *p = known[i].args; strcmp(known[i].module, module) == 0 && *p;) {
            const size_t length = strcspn(p, " ");
            if (length == n && memcmp(p, arg, n) == 0)
                return true;
            p += length + (p[length] == ' ');
        }
    return false;
}

static void check_config(const char *request, const struct made *m)
{
    lrc_auto_toml_doc lrc_toml_doc *config = NULL, *dataset = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_toml_parse(m->studio.config_toml, m->studio.config_len, &config, &err) < 0 ||
        lrc_toml_parse(m->studio.dataset_toml, m->studio.dataset_len, &dataset, &err) < 0)
        fail_msg("%s\n%s", err.msg, request);
    const lrc_toml *root = lrc_toml_root(config), *module = lrc_toml_get(root, "network_module");
    for (const lrc_toml *v = root->first; v; v = v->next) {
        const char *fault = judge(m->script, v);
        if (fault)
            fail_msg("%s %s to %s\n%s", v->key, fault, lrc_script_file(m->script), request);
    }
    const lrc_toml *args = lrc_toml_get(root, "network_args");
    for (const lrc_toml *arg = args ? args->first : NULL; arg; arg = arg->next)
        if (!module_reads(module->text, arg->text))
            fail_msg("%s does not read %s\n%s", module->text, arg->text, request);
}

// ---- What is reported ------------------------------------------------------------------------------------------------

static bool is_reported(const lrc_train_output *out, const char *line, size_t n)
{
    for (size_t i = 0; i < out->correction_count; i++)
        if (strlen(out->correction[i].key) == n && memcmp(out->correction[i].key, line, n) == 0)
            return true;
    return false;
}

static bool has_line(const char *text, const char *line, size_t n)
{
    const char *end = text + strlen(text);
    for (const char *p = text; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const size_t length = (size_t)((stop ? stop : end) - p);
        if (length == n && memcmp(p, line, n) == 0)
            return true;
        p += length + 1;
    }
    return false;
}

// Every line that only one of the two has must be that of a reported key.
static void check_reported(const char *request, const lrc_train_output *out, const char *have, const char *other)
{
    for (const char *line = have; *line;) {
        const size_t n = strcspn(line, "\n");
        const char *equals = memmem(line, n, " = ", 3);
        if (equals && !has_line(other, line, n) && !is_reported(out, line, (size_t)(equals - line)))
            fail_msg("not reported: %.*s\n%s", (int)n, line, request);
        line += n + (line[n] == '\n');
    }
}

static void check_made(const char *request, const struct made *m)
{
    check_config(request, m);
    if (!m->reference.config_toml)
        return;
    check_reported(request, &m->studio, m->studio.config_toml, m->reference.config_toml);
    check_reported(request, &m->studio, m->reference.config_toml, m->studio.config_toml);
    check_reported(request, &m->studio, m->studio.dataset_toml, m->reference.dataset_toml);
    check_reported(request, &m->studio, m->reference.dataset_toml, m->studio.dataset_toml);
}

static void recorded_requests(void **state)
{
    (void)state;
    lrc_auto_free char *path = fixture_data_path("golden/toml/vectors.jsonl"), *text = NULL;
    assert_int_equal(lrc_fs_read(path, FIXTURE_MAX, &text, NULL, NULL), 0);
    size_t count = 0, refused = 0;
    for (char *line = text; *line; count++) {
        const size_t n = strcspn(line, "\n");
        lrc_auto_json_doc lrc_json_doc *doc = NULL;
        assert_int_equal(lrc_json_parse(line, n, &doc, NULL), 0);
        lrc_auto_free char *request = fixture_place(&tree, lrc_json_get(lrc_json_root(doc), "request")->text);
        auto_made struct made m = {.script = LRC_SCRIPT_NONE};
        if (make(request, &m))
            check_made(request, &m);
        else
            refused++;
        line += n + (line[n] == '\n');
    }
    assert_int_equal(count, 507);
    assert_in_range(refused, 74, 120); // 74 are not valid to begin with; the rest are conflicts
}

// ---- Every field x family x mode -------------------------------------------------------------------------------------

// A value that differs from the default, as JSON.
static void put_value(lrc_buf *b, const lrc_train_field *f, size_t variant)
{
    switch (f->kind) {
    case LRC_KIND_TEXT: lrc_buf_adds(b, "\"a=1\""); break;
    case LRC_KIND_PATH: lrc_buf_adds(b, "\"pretrained_model/sdxl.safetensors\""); break;
    case LRC_KIND_INT: lrc_buf_adds(b, f->limits & LRC_LIMIT_MIN && f->min > 3 ? "225" : "3"); break;
    case LRC_KIND_FLOAT: lrc_buf_adds(b, "0.5"); break;
    case LRC_KIND_BOOL: lrc_buf_adds(b, f->initial && strcmp(f->initial, "true") == 0 ? "false" : "true"); break;
    case LRC_KIND_CHOICE: lrc_buf_addf(b, "\"%s\"", lrc_choices_name(f->choices, variant)); break;
    case LRC_KIND_SUBSETS: lrc_buf_adds(b, "[{\"image_dir\":\".\",\"class_tokens\":\"x\"}]"); break;
    }
}

static bool try_field(const lrc_train_field *f, size_t variant, const char *family, const char *mode)
{
    lrc_auto_buf lrc_buf request;
    lrc_buf_init(&request, FIXTURE_MAX);
    lrc_buf_adds(&request,
                 "{\"project_name\":\"p\",\"output_dir\":\"output\",\"resolution\":1024,\"logging_dir\":\"logs\","
                 "\"pretrained_model_name_or_path\":\"pretrained_model/sdxl.safetensors\","
                 "\"train_data_dir\":\"datasets/mychar\",\"multinoise\":true,\"ip_noise_gamma_enabled\":true,"
                 "\"min_snr_gamma_enabled\":true,\"sample_every_n_epochs\":1,");
    lrc_buf_addf(&request, "\"model_type\":\"%s\",\"training_mode\":\"%s\",\"%s\":", family, mode, f->name);
    put_value(&request, f, variant);
    lrc_buf_addc(&request, '}');
    auto_made struct made m = {.script = LRC_SCRIPT_NONE};
    if (!make(request.data, &m)) {
        assert_int_equal(m.err.code, LRC_ERR_INVALID); // a conflict, never a schema error
        return false;
    }
    check_made(request.data, &m);
    return true;
}

static void every_field_family_and_mode(void **state)
{
    (void)state;
    size_t tried = 0, refused = 0;
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)i);
        const bool fixed = i == LRC_FIELD_model_type || i == LRC_FIELD_training_mode || i == LRC_FIELD_train_data_dir;
        const size_t variants = fixed ? 0 : f->kind == LRC_KIND_CHOICE ? lrc_choices_count(f->choices) : 1;
        for (size_t variant = 0; variant < variants; variant++)
            for (int family = 0; family < LRC_FAMILY_TINY; family++) // the reference has not the rest
                for (size_t mode = 0; mode < LRC_MODE_MAX_; mode++, tried++)
                    refused += !try_field(f, variant, lrc_family_get((lrc_family_id)family)->name,
                                          lrc_choices_name(LRC_CHOICES_MODES, mode));
    }
    assert_true(tried > 3500);
    assert_true(refused < tried / 10);
}

// ---- Each correction -------------------------------------------------------------------------------------------------

#define GIVEN                                                                                                          \
    "\"project_name\":\"p\",\"output_dir\":\"output\",\"resolution\":1024,\"train_data_dir\":\"datasets/style_ds\","

static const struct example {
    const char *id;
    const char *request; // beside GIVEN and, unless it has its own, the base model
    const char *with;    // a line of config.toml
    const char *without; // the beginning of a line that must not be there; NULL: none
} example[] = {
    {"B1", "\"model_type\":\"SDXL\"", "optimizer_args = [ \"weight_decay=0.01\",]", "weight_decay"},
    {"B1", "\"model_type\":\"SDXL\",\"weight_decay\":0", "optimizer_args = [ \"weight_decay=0.0\",]", "weight_decay"},
    {"B1", "\"model_type\":\"SDXL\",\"optimizer_args\":\"weight_decay=0.3\"",
     "optimizer_args = [ \"weight_decay=0.3\",]", "weight_decay"},
    {"B2", "\"model_type\":\"SDXL\",\"lora_type\":\"LoCon\",\"conv_dim\":8,\"conv_alpha\":4,\"rank_dropout\":0.1",
     "network_args = [ \"algo=locon\", \"conv_dim=8\", \"conv_alpha=4\", \"rank_dropout=0.1\",]", "conv_dim"},
    {"B2", "\"model_type\":\"Anima\",\"conv_dim\":8,\"module_dropout\":0.25",
     "network_args = [ \"module_dropout=0.25\",]", "conv_dim"},
    {"B3", "\"model_type\":\"SDXL\",\"lora_type\":\"LoKr\",\"factor\":8",
     "network_args = [ \"algo=lokr\", \"factor=8\",]", "factor"},
    {"B4", "\"model_type\":\"SDXL\",\"lora_type\":\"DoRA\"", "network_args = [ \"algo=lora\", \"dora_wd=True\",]",
     NULL},
    {"B5", "\"model_type\":\"SDXL\",\"block_dims\":\"1,2\",\"mid_lr_weight\":\"1\"",
     "network_args = [ \"mid_lr_weight=1\", \"block_dims=1,2\",]", "block_dims"},
    {"B5", "\"model_type\":\"Flux\",\"block_dims\":\"1,2\"", "network_dim = 32", "block_dims"},
    {"B6", "\"model_type\":\"SDXL\"", "seed = 42", "no_token_padding"},
    {"B7", "\"model_type\":\"SD1.5\",\"cache_text_encoder_outputs\":true", "seed = 42", "cache_text_encoder_outputs"},
    {"B8", "\"model_type\":\"SDXL\",\"training_mode\":\"checkpoint\",\"unet_lr\":1e-6", "learning_rate = 1e-6",
     "unet_lr"},
    {"B8", "\"model_type\":\"SDXL\",\"training_mode\":\"checkpoint\",\"text_encoder_lr\":1e-6",
     "learning_rate_te2 = 1e-6", "text_encoder_lr"},
    {"B8", "\"model_type\":\"SDXL\",\"training_mode\":\"checkpoint\",\"text_encoder_lr\":1e-6",
     "train_text_encoder = true", NULL},
    {"B8", "\"model_type\":\"SD1.5\",\"training_mode\":\"checkpoint\"", "stop_text_encoder_training = -1", NULL},
    {"B8", "\"model_type\":\"SDXL\",\"training_mode\":\"checkpoint\",\"save_model_as\":\"pt\"",
     "save_model_as = \"safetensors\"", NULL},
    {"B8", "\"model_type\":\"Flux\",\"training_mode\":\"checkpoint\"", "seed = 42", "no_half_vae"},
    {"B9", "\"model_type\":\"Flux\"", "network_module = \"networks.lora_flux\"", NULL},
    {"B9", "\"model_type\":\"SD3.5\"", "network_module = \"networks.lora_sd3\"", NULL},
    {"B9", "\"model_type\":\"Lumina\"", "network_module = \"networks.lora_lumina\"", NULL},
    {"B9", "\"model_type\":\"HunyuanImage\"", "network_module = \"networks.lora_hunyuan_image\"", NULL},
    {"B10", "\"model_type\":\"Anima\",\"ae_path\":\"/m/ae.safetensors\"", "vae = \"/m/ae.safetensors\"", NULL},
    {"B11", "\"model_type\":\"Chroma\"", "apply_t5_attn_mask = true", NULL},
    {"B12", "\"model_type\":\"Flux\",\"guidance_scale\":1", "guidance_scale = 1.0", NULL},
    {"B14", "\"model_type\":\"SD3\",\"blocks_to_swap\":4", "blocks_to_swap = 4", NULL},
    {"B14", "\"model_type\":\"Lumina\",\"discrete_flow_shift\":6", "discrete_flow_shift = 6.0", NULL},
    {"B15", "\"model_type\":\"SDXL\",\"max_token_length\":75", "seed = 42", "max_token_length"},
    {"B15", "\"model_type\":\"SDXL\",\"persistent_data_loader_workers\":1", "persistent_data_loader_workers = true",
     NULL},
    {"B16", "\"model_type\":\"SDXL\",\"multinoise\":true", "multires_noise_iterations = 6", "multires_noise_discount"},
    {"B17", "\"model_type\":\"SDXL\",\"pretrained_model_name_or_path\":\"owner/model-1.0\"",
     "pretrained_model_name_or_path = \"owner/model-1.0\"", NULL},
    {"B18", "\"model_type\":\"SDXL\"", "output_name = \"p\"", NULL},
    {"B19", "\"model_type\":\"SDXL\",\"log_prefix\":\"a\\\\xb\"", "log_prefix = \"a\\\\xb\"", NULL},
    {"B19", "\"model_type\":\"SDXL\",\"log_prefix\":\"\\u001b[0m\"", "log_prefix = \"\\u001b[0m\"", NULL},
    {"B19", "\"model_type\":\"SDXL\",\"log_prefix\":\"\\\"x\\\"\"", "log_prefix = '\"x\"'", NULL},
    {"B21", "\"model_type\":\"SDXL\"", "lr_scheduler = \"cosine_with_restarts\"", NULL},
    {"B22", "\"model_type\":\"SDXL\",\"optimizer_args\":\"a = {'k': 2} 'b=1' c='x y',d=1,2\"",
     "optimizer_args = [ \"a={'k':2}\", \"b=1\", \"c='x y'\", \"d=1,2\", \"weight_decay=0.01\",]", NULL},
    {"B24",
     "\"model_type\":\"SDXL\",\"training_mode\":\"checkpoint\",\"continue_from_lora\":\"loras/prev.safetensors\"",
     "seed = 42", "network_weights"},
    {"B25", "\"model_type\":\"Flux\",\"training_mode\":\"checkpoint\",\"vae_reflection_padding\":true", "seed = 42",
     "vae_reflection_padding"},
    {"B26", "\"model_type\":\"HunyuanImage\",\"vae_disable_cache\":true", "seed = 42", "vae_disable_cache"},
    {"B27", "\"model_type\":\"SD1.5\",\"cache_text_encoder_outputs_to_disk\":true", "seed = 42",
     "cache_text_encoder_outputs_to_disk"},
    {"B29", "\"model_type\":\"Flux\",\"training_mode\":\"checkpoint\"", "seed = 42", "text_encoder_lr"},
    {"B30", "\"model_type\":\"Flux\",\"training_mode\":\"checkpoint\"", "seed = 42", "no_metadata"},
    // 7 pictures in the folder itself (the 3 below it are not seen): 7 * 10 repeats * 10 epochs / 3 cycles
    {"B31", "\"model_type\":\"SDXL\",\"lr_scheduler\":\"rex\"",
     "lr_scheduler_args = [ \"gamma=1.0\", \"first_cycle_max_steps=233\",]", NULL},
    {"B32", "\"model_type\":\"SD1.5\",\"training_mode\":\"checkpoint\"", "learning_rate = 0.0001", NULL},
};

static void each_correction(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(example); i++) {
        const struct example *e = &example[i];
        lrc_auto_free char *request = NULL, *start = NULL;
        auto_made struct made m = {.script = LRC_SCRIPT_NONE};
        bool reported = false;
        const bool own = strstr(e->request, "pretrained_model_name_or_path") != NULL;
        assert_int_equal(
            lrc_str_format(&request, NULL, "{" GIVEN "%s%s}",
                           own ? "" : "\"pretrained_model_name_or_path\":\"pretrained_model/ae.safetensors\",",
                           e->request),
            0);
        if (!make(request, &m))
            fail_msg("%s: %s", e->id, m.err.msg);
        if (!has_line(m.studio.config_toml, e->with, strlen(e->with)))
            fail_msg("%s: no line %s in\n%s", e->id, e->with, m.studio.config_toml);
        assert_int_equal(lrc_str_format(&start, NULL, "\n%s = ", e->without ? e->without : "-"), 0);
        if (strstr(m.studio.config_toml, start))
            fail_msg("%s: %s is still in\n%s", e->id, e->without, m.studio.config_toml);
        for (size_t c = 0; c < m.studio.correction_count; c++)
            reported = reported || strcmp(m.studio.correction[c].id, e->id) == 0;
        if (!reported)
            fail_msg("%s is not reported", e->id);
        check_made(request, &m);
    }
}

static void the_saved_file_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *request, *file, *argument;
    } row[] = {
        {"\"output_name\":\"lora\"", "p.safetensors", "p"},
        {"\"output_name\":\"my v1.0\",\"save_model_as\":\"ckpt\"", "my_v1.0.ckpt", "my_v1.0"},
        {"\"training_mode\":\"checkpoint\",\"save_model_as\":\"pt\"", "p.safetensors", "p"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_free char *request = NULL;
        auto_made struct made m = {.script = LRC_SCRIPT_NONE};
        assert_int_equal(lrc_str_format(&request, NULL,
                                        "{" GIVEN "\"model_type\":\"SDXL\",\"pretrained_model_name_or_path\":"
                                        "\"pretrained_model/ae.safetensors\",%s}",
                                        row[i].request),
                         0);
        assert_true(make(request, &m));
        assert_string_equal(m.studio.saved_file, row[i].file);
        assert_string_equal(m.studio.argv.item[m.studio.argv.count - 1], row[i].argument);
        assert_int_equal(m.studio.image_dirs.count, 1);
        assert_true(lrc_str_ends(m.studio.image_dirs.item[0], "/datasets/style_ds"));
    }
}

static bool names_missing(const lrc_findings *findings, const char *field)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->item[i].field, field) == 0 && strcmp(findings->item[i].code, "not_found") == 0)
            return true;
    return false;
}

static void files_must_exist(void **state)
{
    (void)state;
    auto_made struct made m = {.script = LRC_SCRIPT_NONE};
    assert_true(
        make("{" GIVEN "\"model_type\":\"Flux\",\"pretrained_model_name_or_path\":\"pretrained_model/no.safetensors\","
             "\"ae_path\":\"pretrained_model/ae.safetensors\",\"clip_l_path\":\"gone/clip\","
             "\"logging_dir\":\"logs/new\",\"sample_prompts\":\"D:\\\\prompts.txt\",\"qwen3\":\"not/for/flux\"}",
             &m));
    assert_int_equal(m.findings.count, 3);
    assert_true(names_missing(&m.findings, "pretrained_model_name_or_path")); // no hub id: it has a file's suffix
    assert_true(names_missing(&m.findings, "clip_l_path"));
    assert_true(names_missing(&m.findings, "sample_prompts"));
    assert_non_null(strstr(m.findings.item[2].message, "Windows path"));
    assert_non_null(strstr(m.findings.item[2].remedy, "trainer.path_map"));
}

static void windows_paths_are_mapped(void **state)
{
    (void)state;
    lrc_auto_free char *map = NULL, *model = lrc_test_join(tree.root, "pretrained_model/ae.safetensors");
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_request lrc_train_request *r = NULL;
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    static const char text[] =
        "{\"project_name\":\"p\",\"model_type\":\"SDXL\",\"resolution\":1024,\"output_dir\":\"d:/out/x\","
        "\"train_data_dir\":\"D:\\\\Sets\\\\multi\",\"subsets\":[{\"image_dir\":\"bg\"}],"
        "\"pretrained_model_name_or_path\":\"C:\\\\Models\\\\ae.safetensors\"}";
    assert_ok(lrc_str_format(&map, &err,
                             "C:\\models = %s/pretrained_model; D:=/nowhere ;d:\\sets=%s/datasets; D:\\out=%s/output",
                             tree.root, tree.root, tree.root),
              err);
    assert_ok(lrc_json_parse(text, sizeof text - 1, &doc, &err), err);
    assert_ok(lrc_train_request_parse(lrc_json_root(doc), &r, &findings, &err), err);
    const lrc_train_options options = {.profile = LRC_PROFILE_STUDIO, .root = tree.root, .path_map = map};
    assert_ok(lrc_train_generate(r, &options, &out, &findings, &err), err);
    assert_int_equal(findings.count, 0);
    assert_true(lrc_str_ends(out.image_dirs.item[0], "/studio/datasets/multi/bg"));
    assert_non_null(strstr(out.config_toml, model));
    assert_true(is_reported(&out, "output_dir", strlen("output_dir")));
    assert_true(lrc_str_ends(out.output_dir, "/studio/output/x"));
    for (size_t i = 0; i + 1 < out.argv.count; i++)
        if (strcmp(out.argv.item[i], "--output_dir") == 0)
            assert_true(lrc_str_ends(out.argv.item[i + 1], "/studio/output/x"));
}

#define TINY   "\"model_type\":\"Tiny\",\"pretrained_model_name_or_path\":\"pretrained_model/ae.safetensors\""
#define CACHED "\"cache_text_encoder_outputs\":true,\"network_train_unet_only\":true,"

static void conflicts_are_refused_together(void **state)
{
    (void)state;
    static const struct {
        const char *request, *field;
    } row[] = {
        {"\"lr_scheduler\":\"constant\",\"lr_warmup_steps\":5", "lr_warmup_steps"},
        {"\"lr_scheduler\":\"rex\",\"lr_warmup_ratio\":0.1", "lr_warmup_ratio"},
        {"\"lr_scheduler\":\"cosine\",\"lr_warmup_ratio\":0.1", NULL},
        {"\"lr_scheduler\":\"constant\",\"lr_warmup_steps\":5,\"optimizer_type\":\"AdamWScheduleFree\"", NULL},
        {"\"lr_scheduler\":\"adafactor\"", "lr_scheduler"},
        {"\"lr_scheduler\":\"adafactor\",\"optimizer_type\":\"AdaFactor\"", NULL},
        {"\"lr_scheduler\":\"adafactor\",\"optimizer_type\":\"AdaFactor\",\"optimizer_args\":\"relative_step=False\"",
         "lr_scheduler"},
        {"\"lr_scheduler\":\"cosine\",\"optimizer_type\":\"AdaFactor\",\"lr_warmup_steps\":3", "lr_warmup_steps"},
        {"\"max_bucket_reso\":512", "max_bucket_reso"},
        {"\"max_bucket_reso\":512,\"enable_bucket\":false", NULL},
        {"\"min_bucket_reso\":2048", "min_bucket_reso"},
        {"\"log_with\":\"mlflow\"", "log_with"},
        {"\"log_with\":\"none\"", NULL},
        {"\"log_with\":\"all\"", "logging_dir"},
        {"\"max_token_length\":100", "max_token_length"},
        {"\"optimizer_args\":\"betas\"", "optimizer_args"},
        {"\"optimizer_args\":\"a=1=2\"", "optimizer_args"},
        {"\"optimizer_args\":\"a=\"", "optimizer_args"},
        {"\"optimizer_args\":\"a=(1\"", "optimizer_args"},
        {"\"optimizer_args\":\"a=\\\"it's\\\"\"", NULL},
        {"\"random_crop\":true", "random_crop"},
        {"\"color_aug\":true,\"cache_latents\":false,\"cache_latents_to_disk\":true", "color_aug"},
        {"\"random_crop\":true,\"cache_latents\":false", NULL},
        {"\"random_crop\":true," TINY, NULL}, // its trainer judges by itself
        {CACHED "\"shuffle_caption\":true", "shuffle_caption"},
        {CACHED "\"caption_dropout_rate\":0.1", "caption_dropout_rate"},
        {CACHED "\"caption_dropout_rate\":0.1,\"model_type\":\"Anima\"", NULL},
        {CACHED "\"caption_tag_dropout_rate\":0.1,\"model_type\":\"Anima\"", "caption_tag_dropout_rate"},
        {CACHED "\"shuffle_caption\":true,\"model_type\":\"SD1.5\"", NULL}, // it cannot keep them at all
        {CACHED "\"shuffle_caption\":true,\"model_type\":\"Lumina\"", NULL},
        {CACHED "\"shuffle_caption\":true,\"model_type\":\"Lumina\",\"training_mode\":\"checkpoint\"",
         "shuffle_caption"},
        {CACHED "\"network_train_unet_only\":false", "network_train_unet_only"},
        {CACHED "\"network_train_unet_only\":false,\"model_type\":\"Flux\"", NULL},
        {CACHED "\"weighted_captions\":true,\"training_mode\":\"checkpoint\"", "weighted_captions"},
        {"\"full_bf16\":true", "full_bf16"},
        {"\"full_bf16\":true,\"mixed_precision\":\"bf16\"", NULL},
        {"\"full_fp16\":true,\"mixed_precision\":\"no\"", "full_fp16"},
        {"\"v_pred_like_loss\":0.5,\"v_parameterization\":true", "v_pred_like_loss"},
        {"\"v_pred_like_loss\":0.5", NULL},
        {"\"scale_v_pred_loss_like_noise_pred\":true", "scale_v_pred_loss_like_noise_pred"},
        {"\"bucket_reso_steps\":32", NULL},
        {"\"bucket_reso_steps\":48", "bucket_reso_steps"},
        {"\"bucket_reso_steps\":48,\"enable_bucket\":false", NULL},
        {"\"bucket_reso_steps\":32,\"model_type\":\"Flux\"", "bucket_reso_steps"},
        {"\"bucket_reso_steps\":48,\"model_type\":\"Anima\"", NULL},
        {"\"unsloth_offload_checkpointing\":true,\"blocks_to_swap\":4,\"model_type\":\"Anima\"", "blocks_to_swap"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_free char *request = NULL;
        auto_made struct made m = {.script = LRC_SCRIPT_NONE};
        assert_int_equal(lrc_str_format(&request, NULL,
                                        "{" GIVEN "\"model_type\":\"SDXL\",\"pretrained_model_name_or_path\":"
                                        "\"pretrained_model/ae.safetensors\",%s}",
                                        row[i].request),
                         0);
        const bool accepted = make(request, &m);
        if (accepted != !row[i].field)
            fail_msg("%s: %s", row[i].request, accepted ? "accepted" : m.err.msg);
        if (accepted)
            continue;
        assert_int_equal(m.err.code, LRC_ERR_INVALID);
        assert_string_equal(m.findings.item[0].code, "conflict");
        assert_string_equal(m.findings.item[0].field, row[i].field);
        assert_true(strlen(m.findings.item[0].remedy) > 0);
    }
    auto_made struct made both = {.script = LRC_SCRIPT_NONE};
    assert_false(make("{" GIVEN
                      "\"model_type\":\"HunyuanImage\",\"pretrained_model_name_or_path\":\"pretrained_model\","
                      "\"training_mode\":\"checkpoint\",\"attn_mode\":\"fast\",\"max_token_length\":80}",
                      &both));
    assert_true(lrc_str_starts(both.err.msg, "the trainer would stop at 2 settings: training_mode: "));
}

// ---- Docs ------------------------------------------------------------------------------------------------------------

static void docs_hold_the_tables(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        void (*put)(lrc_buf *);
    } page[] = {{"training-fields.md", lrc_train_put_reference},
                {"training-corrections.md", lrc_train_explain_corrections}};
    for (size_t i = 0; i < LENGTH(page); i++) {
        lrc_auto_free char *path = NULL, *text = NULL;
        lrc_auto_buf lrc_buf made;
        lrc_buf_init(&made, FIXTURE_MAX);
        page[i].put(&made);
        assert_int_equal(lrc_str_format(&path, NULL, "%s/docs/%s", LORICA_SOURCE, page[i].file), 0);
        assert_int_equal(lrc_fs_read(path, FIXTURE_MAX, &text, NULL, NULL), 0);
        if (!lrc_str_ends(text, made.data))
            fail_msg("docs/%s is not what the table says; the head of that page tells how to make it", page[i].file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_requests),
        cmocka_unit_test(every_field_family_and_mode),
        cmocka_unit_test(each_correction),
        cmocka_unit_test(the_saved_file_is_named),
        cmocka_unit_test(files_must_exist),
        cmocka_unit_test(windows_paths_are_mapped),
        cmocka_unit_test(conflicts_are_refused_together),
        cmocka_unit_test(docs_hold_the_tables),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
