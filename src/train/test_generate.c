// SPDX-License-Identifier: MIT
// What the recorded requests do not show: launch plan, studio's treatment of paths, writing of the pair, failures.
#include "train/generate.h"

#include <sys/stat.h>

#include "support/allocations.h"
#include "support/train_fixture.h"
#include "toml/toml.h"
#include "train/plan.h"

static struct fixture tree;

static int open_tree(void **state)
{
    (void)state;
    fixture_open(&tree);
    return 0;
}

static int close_tree(void **state)
{
    (void)state;
    fixture_close(&tree);
    return 0;
}

#define MODEL  "\"pretrained_model_name_or_path\":\"pretrained_model/sdxl.safetensors\","
#define REST   "\"project_name\":\"my name\",\"output_dir\":\"output\",\"resolution\":1024"
#define SDXL   "\"model_type\":\"SDXL\","
#define MYCHAR "\"train_data_dir\":\"datasets/mychar\","

static int generate(const char *text, const lrc_train_options *options, lrc_train_output *out, lrc_findings *findings,
                    lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_request lrc_train_request *request = NULL;
    if (lrc_json_parse(text, strlen(text), &doc, err) < 0 ||
        lrc_train_request_parse(lrc_json_root(doc), &request, findings, err) < 0)
        return -1;
    return lrc_train_generate(request, options, out, findings, err);
}

static const char *env_of(const lrc_train_output *out, const char *name)
{
    for (size_t i = 0; i < out->env_count; i++)
        if (strcmp(out->env[i].name, name) == 0)
            return out->env[i].value;
    return NULL;
}

static void the_launch_plan(void **state)
{
    (void)state;
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    const lrc_train_options options = {.profile = LRC_PROFILE_REFERENCE,
                                       .root = tree.root,
                                       .sd_scripts = "/opt/kohya/sd_scripts",
                                       .python = "/opt/venv/bin/python",
                                       .python_path = "/old",
                                       .python_warnings = "error"};
    assert_ok(generate("{" MODEL REST "," MYCHAR "\"model_type\":\"Chroma\",\"wandb_key\":\"secret-key\"}", &options,
                       &out, &findings, &err),
              err);
    assert_true(out.launchable);
    assert_string_equal(out.name, "my_name");
    assert_string_equal(out.cwd, "/opt/kohya/sd_scripts");
    assert_string_equal(out.argv.item[0], "/opt/venv/bin/python");
    assert_string_equal(out.argv.item[2], "/opt/kohya/sd_scripts/flux_train_network.py");
    assert_string_equal(out.argv.item[out.argv.count - 1], "chroma");
    assert_string_equal(env_of(&out, "PYTHONUNBUFFERED"), "1");
    assert_string_equal(env_of(&out, "PYTHONPATH"), "/opt/kohya:/opt/kohya/custom_scheduler:/old");
    assert_string_equal(env_of(&out, "PYTHONWARNINGS"), "ignore::SyntaxWarning,error");
    assert_string_equal(out.env[out.env_count - 1].name, "WANDB_API_KEY");
    assert_string_equal(out.env[out.env_count - 1].secret, "wandb_key");
    assert_null(out.env[out.env_count - 1].value);
    for (size_t i = 0; i < out.argv.count; i++)
        assert_null(strstr(out.argv.item[i], "secret-key"));
    assert_null(strstr(out.config_toml, "secret-key"));
}

static void studio_goes_on_where_paths_are_missing(void **state)
{
    (void)state;
    static const char request[] = "{" REST "," SDXL "\"pretrained_model_name_or_path\":\"nowhere.safetensors\","
                                  "\"train_data_dir\":\"datasets/multi\",\"output_dir\":\"no/where\","
                                  "\"subsets\":[{\"image_dir\":\"bg\"},{\"image_dir\":\"gone\"}]}";
    static const char *const field[] = {"pretrained_model_name_or_path", "output_dir", "subsets.1.image_dir"};
    lrc_auto_findings lrc_findings studio = {0}, reference = {0};
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_err err = LRC_ERR_INIT;
    const lrc_train_options options = {.profile = LRC_PROFILE_STUDIO, .root = tree.root};
    assert_ok(generate(request, &options, &out, &studio, &err), err);
    assert_int_equal(lrc_findings_errors(&studio), LENGTH(field));
    for (size_t i = 0; i < LENGTH(field); i++)
        assert_string_equal(studio.item[i].field, field[i]);
    assert_true(strlen(studio.item[0].remedy) > 0 && strstr(studio.item[0].file, "nowhere.safetensors"));
    const lrc_train_options strict = {.profile = LRC_PROFILE_REFERENCE, .root = tree.root};
    lrc_train_output none = {0};
    assert_int_equal(generate(request, &strict, &none, &reference, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_true(lrc_str_starts(err.msg, "3 paths are missing: pretrained_model_name_or_path: "));
    assert_null(none.config_toml);
    lrc_findings_done(&reference);
}

static void studio_writes_absolute_folders(void **state)
{
    (void)state;
    static const char *const given[] = {"datasets/mychar", "dataset/mychar", "mychar"};
    const lrc_train_options options = {.profile = LRC_PROFILE_STUDIO, .root = tree.root};
    lrc_auto_free char *want = lrc_test_join(tree.root, "datasets/mychar");
    for (size_t i = 0; i < LENGTH(given); i++) {
        lrc_auto_train_output lrc_train_output out = {0};
        lrc_auto_findings lrc_findings findings = {0};
        lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
        lrc_auto_free char *text = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_ok(lrc_str_format(&text, &err, "{" MODEL REST "," SDXL "\"train_data_dir\":\"%s\"}", given[i]), err);
        assert_ok(generate(text, &options, &out, &findings, &err), err);
        assert_int_equal(findings.count, 0);
        assert_ok(lrc_toml_parse(out.dataset_toml, out.dataset_len, &doc, &err), err);
        const lrc_toml *subsets = lrc_toml_get(lrc_toml_get(lrc_toml_root(doc), "datasets")->first, "subsets");
        assert_string_equal(lrc_toml_get(subsets->first, "image_dir")->text, want);
    }
}

#define TINY "\"model_type\":\"tiny\",\"project_name\":\"t\",\"output_dir\":\"output\",\"enable_bucket\":false,"

static void tiny_is_trained_by_our_worker(void **state)
{
    (void)state;
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    const lrc_train_options options = {
        .profile = LRC_PROFILE_STUDIO, .root = tree.root, .worker = "/opt/lorica-worker"};
    assert_ok(generate("{" MODEL TINY MYCHAR "\"resolution\":32,\"v_parameterization\":true}", &options, &out,
                       &findings, &err),
              err);
    assert_true(out.launchable);
    assert_string_equal(out.argv.item[0], "/opt/lorica-worker");
    assert_string_equal(out.argv.item[1], "train-native");
    assert_string_equal(out.argv.item[2], "--config_file");
    assert_int_equal(out.env_count, 0);
    assert_int_equal(out.cwd[0], '/');
    assert_null(strstr(out.cwd, "sd_scripts"));
    assert_non_null(strstr(out.config_toml, "v_parameterization = true\n"));
    assert_non_null(strstr(out.config_toml, "network_module = \"networks.lora\"\n"));
    assert_non_null(strstr(out.dataset_toml, "resolution = 32\n"));
}

static void tiny_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *request, *field;
        lrc_train_profile profile;
    } row[] = {
        {"{" MODEL TINY MYCHAR "\"resolution\":1024}", "model_type", LRC_PROFILE_REFERENCE},
        {"{" MODEL TINY MYCHAR "\"resolution\":31}", "resolution", LRC_PROFILE_STUDIO},
        {"{" MODEL TINY MYCHAR "\"resolution\":32,\"training_mode\":\"checkpoint\"}", "training_mode",
         LRC_PROFILE_STUDIO},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        lrc_auto_train_output lrc_train_output out = {0};
        lrc_auto_findings lrc_findings findings = {0};
        lrc_err err = LRC_ERR_INIT;
        const lrc_train_options options = {.profile = row[i].profile, .root = tree.root};
        assert_int_equal(generate(row[i].request, &options, &out, &findings, &err), -1);
        assert_string_equal(findings.item[0].field, row[i].field);
        assert_int_equal(err.code, i < 2 ? LRC_ERR_SCHEMA : LRC_ERR_INVALID);
    }
}

static void the_pair_is_written(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_auto_free char *deep = lrc_test_join(dir, "a/b"), *dataset = NULL, *config = NULL, *blocked = NULL;
    lrc_err err = LRC_ERR_INIT;
    const lrc_train_options options = {.profile = LRC_PROFILE_REFERENCE, .root = tree.root};
    assert_ok(generate("{" MODEL REST "," SDXL MYCHAR "\"seed\":1}", &options, &out, &findings, &err), err);
    assert_ok(lrc_train_write(&out, deep, &dataset, &config, &err), err);
    assert_true(lrc_str_ends(dataset, "/a/b/my_name_dataset.toml") && lrc_str_ends(config, "/a/b/my_name_config.toml"));
    lrc_test_expect(dir, "a/b/my_name_dataset.toml", out.dataset_toml);
    lrc_test_expect(dir, "a/b/my_name_config.toml", out.config_toml);
    // A folder in the place of the second file: the first is not written either.
    blocked = lrc_test_join(dir, "c/my_name_config.toml");
    assert_ok(lrc_fs_mkdirs(blocked, &err), err);
    lrc_auto_free char *other = lrc_test_join(dir, "c"), *first = lrc_test_join(dir, "c/my_name_dataset.toml");
    assert_int_equal(lrc_train_write(&out, other, NULL, NULL, &err), -1);
    assert_false(lrc_fs_exists(first));
}

static void pictures_count_as_in_the_reference(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        int64_t images;
    } row[] = {{"datasets/mychar", 12}, {"datasets/big", 37},   {"datasets/style_ds", 10}, {"datasets/empty", 0},
               {"datasets/gone", 0},    {"datasets/mixed", 21}, {"datasets/onlytext", 0}};
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_free char *path = lrc_test_join(tree.root, row[i].folder);
        if (train_count_images(path) != row[i].images)
            fail_msg("%s: %d", row[i].folder, (int)train_count_images(path));
    }
}

static void checkpoint_of_hunyuan_has_no_script(void **state)
{
    (void)state;
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    const lrc_train_options options = {.profile = LRC_PROFILE_REFERENCE, .root = tree.root};
    assert_ok(generate("{" MODEL REST "," MYCHAR "\"model_type\":\"HunyuanImage\",\"training_mode\":\"checkpoint\"}",
                       &options, &out, &findings, &err),
              err);
    assert_false(out.launchable);
    assert_int_equal(out.argv.count, 0);
}

static int generate_once(void *arg, lrc_err *err)
{
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    return generate(arg, &(lrc_train_options){.root = tree.root, .profile = LRC_PROFILE_STUDIO}, &out, &findings, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    char request[] = "{" MODEL REST "," SDXL "\"train_data_dir\":\"datasets/multi\",\"lr_scheduler\":\"rex\","
                     "\"optimizer_type\":\"CAME\",\"optimizer_args\":\"a=1 b=2,3\",\"lora_type\":\"DoRA\","
                     "\"subsets\":[{\"image_dir\":\"bg\"},{\"image_dir\":\"10_face\"}]}";
    assert_int_equal(lrc_test_each_allocation(generate_once, request), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_launch_plan),
        cmocka_unit_test(studio_goes_on_where_paths_are_missing),
        cmocka_unit_test(studio_writes_absolute_folders),
        cmocka_unit_test(tiny_is_trained_by_our_worker),
        cmocka_unit_test(tiny_is_refused),
        cmocka_unit_test(the_pair_is_written),
        cmocka_unit_test(pictures_count_as_in_the_reference),
        cmocka_unit_test(checkpoint_of_hunyuan_has_no_script),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, open_tree, close_tree);
}
