// SPDX-License-Identifier: MIT
// lorica toml, as people and programs call it.
#include "support/train_fixture.h"
#include "json/json.h"

#include "support/run.h"

#define GOOD                                                                                                           \
    "{\"project_name\":\"p/q\",\"model_type\":\"SDXL\",\"resolution\":1024,\"output_dir\":\"output\","                 \
    "\"pretrained_model_name_or_path\":\"pretrained_model/sdxl.safetensors\",\"train_data_dir\":\"datasets/mychar\"}"

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

static lrc_json_doc *parse(const char *text)
{
    lrc_json_doc *doc = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_json_parse(text, strlen(text), &doc, &err) < 0)
        fail_msg("%s in: %s", err.msg, text);
    return doc;
}

static void both_profiles_write_a_pair(void **state)
{
    (void)state;
    static const char *const profile[] = {"reference", "studio"};
    for (size_t i = 0; i < LENGTH(profile); i++) {
        lrc_auto_temp char *dir = lrc_test_folder();
        lrc_test_put(dir, "r.json", GOOD);
        lrc_auto_free char *request = lrc_test_join(dir, "r.json"), *out = lrc_test_join(dir, "out");
        lrc_auto_result lrc_test_result r =
            lrc_test_run(dir, "toml", request, "--out", out, "--root", tree.root, "--profile", profile[i]);
        lrc_test_expect_exit(&r, 0);
        lrc_test_expect_in(r.out, "/out/p_q_dataset.toml\n");
        lrc_test_expect_in(r.out, "/out/p_q_config.toml\n");
        lrc_auto_free char *config = lrc_test_get(dir, "out/p_q_config.toml");
        lrc_test_expect_in(config, i == 0 ? "optimizer_type = [ \"A\", \"d\"," : "optimizer_type = \"AdamW8bit\"\n");
    }
}

static void json_says_what_was_made(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_put(dir, "r.json", GOOD);
    lrc_auto_free char *request = lrc_test_join(dir, "r.json"), *out = lrc_test_join(dir, "out");
    lrc_auto_result lrc_test_result r = lrc_test_run(dir, "toml", request, "--out", out, "--root", tree.root, "--json");
    lrc_test_expect_exit(&r, 0);
    lrc_auto_json_doc lrc_json_doc *doc = parse(r.out);
    const lrc_json *root = lrc_json_root(doc);
    assert_int_equal(lrc_json_get(root, "success")->type, LRC_JSON_TRUE);
    assert_true(lrc_fs_is_file(lrc_json_get(root, "dataset")->text));
    assert_true(lrc_fs_is_file(lrc_json_get(root, "config")->text));
    assert_int_equal(lrc_json_get(root, "findings")->len, 0);
    assert_int_equal(lrc_json_get(root, "corrections")->type, LRC_JSON_ARRAY);
}

static void refusals_list_everything_and_write_nothing(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_put(dir, "r.json", "{\"project_name\":1,\"model_type\":\"SDXL\",\"resolution\":1}");
    lrc_auto_free char *request = lrc_test_join(dir, "r.json"), *out = lrc_test_join(dir, "out");
    lrc_auto_result lrc_test_result text = lrc_test_run(dir, "toml", request, "--out", out, "--root", tree.root);
    lrc_test_expect_exit(&text, 2);
    lrc_test_expect_in(text.err, "error: project_name: must be text, not 1\n");
    lrc_test_expect_in(text.err, "error: train_data_dir: is required\n");
    lrc_test_expect_in(text.err, "error: resolution: must be >= 64, <= 4096, not 1\n");
    lrc_test_expect_in(text.err, "lorica: 5 errors: the training request is not valid: project_name must be text");
    lrc_auto_result lrc_test_result json =
        lrc_test_run(dir, "toml", request, "--out", out, "--root", tree.root, "--json");
    lrc_test_expect_exit(&json, 2);
    lrc_auto_json_doc lrc_json_doc *doc = parse(json.out);
    const lrc_json *root = lrc_json_root(doc);
    assert_int_equal(lrc_json_get(root, "success")->type, LRC_JSON_FALSE);
    assert_string_equal(lrc_json_get(root, "code")->text, "schema");
    assert_int_equal(lrc_json_get(root, "findings")->len, 5);
    assert_false(lrc_fs_exists(out));
}

static void missing_paths(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_put(dir, "r.json", GOOD);
    lrc_auto_free char *request = lrc_test_join(dir, "r.json"), *out = lrc_test_join(dir, "out");
    lrc_auto_result lrc_test_result strict =
        lrc_test_run(dir, "toml", request, "--out", out, "--root", dir, "--profile", "reference");
    lrc_test_expect_exit(&strict, 2);
    lrc_test_expect_in(strict.err, "error: train_data_dir: this folder does not exist");
    assert_false(lrc_fs_exists(out));
    lrc_auto_result lrc_test_result studio = lrc_test_run(dir, "toml", request, "--out", out, "--root", dir);
    lrc_test_expect_exit(&studio, 0);
    lrc_test_expect_in(studio.err, "error: train_data_dir: this folder does not exist");
    lrc_test_expect_in(studio.err, "    -> ");
    assert_true(lrc_fs_exists(out));
}

static void wrong_use(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_put(dir, "r.json", "{\"a\": }");
    lrc_auto_result lrc_test_result nothing = lrc_test_run(dir, "toml", "--out", dir);
    lrc_test_expect_exit(&nothing, 2);
    lrc_auto_result lrc_test_result no_out = lrc_test_run(dir, "toml", "r.json", "--root", dir);
    lrc_test_expect_exit(&no_out, 2);
    lrc_test_expect_in(no_out.err, "--out DIR");
    lrc_auto_result lrc_test_result no_json = lrc_test_run(dir, "toml", "r.json", "--root", dir, "--out", dir);
    lrc_auto_free char *request = lrc_test_join(dir, "r.json");
    lrc_auto_result lrc_test_result bad_json = lrc_test_run(dir, "toml", request, "--root", dir, "--out", dir);
    lrc_test_expect_exit(&no_json, 3);
    lrc_test_expect_exit(&bad_json, 2);
    lrc_test_expect_in(bad_json.err, "line 1 column 7");
}

static void every_field_is_explained(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_result lrc_test_result text = lrc_test_run(dir, "toml", "--help-fields");
    lrc_test_expect_exit(&text, 0);
    lrc_test_expect_in(text.out, "- `unet_lr` (float > 0; default 0.0001)\n");
    lrc_test_expect_in(text.out, "  Goes to config.toml `unet_lr`.\n");
    lrc_auto_result lrc_test_result json = lrc_test_run(dir, "toml", "--help-fields", "--json");
    lrc_auto_json_doc lrc_json_doc *doc = parse(json.out);
    assert_int_equal(lrc_json_get(lrc_json_root(doc), "fields")->len, 161);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_profiles_write_a_pair),
        cmocka_unit_test(json_says_what_was_made),
        cmocka_unit_test(refusals_list_everything_and_write_nothing),
        cmocka_unit_test(missing_paths),
        cmocka_unit_test(wrong_use),
        cmocka_unit_test(every_field_is_explained),
    };
    return cmocka_run_group_tests(tests, open_tree, close_tree);
}
