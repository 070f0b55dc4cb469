// SPDX-License-Identifier: MIT
#include "settings/settings.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"

#define FILE_NAME "user_config/user_settings.json"

static void clear_environment(void)
{
    size_t rows;
    const lrc_setting *table = lrc_settings_table(&rows);
    for (size_t i = 0; i < rows; i++)
        if (table[i].env)
            unsetenv(table[i].env);
}

static lrc_workspace open_workspace(const char *dir)
{
    lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    clear_environment();
    assert_ok(lrc_workspace_open(dir, true, &w, &err), err);
    return w;
}

static lrc_settings *load(const lrc_workspace *w)
{
    lrc_settings *s = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_settings_load(w, &s, &err), err);
    return s;
}

static void table_is_sound(void **state)
{
    (void)state;
    size_t rows;
    const lrc_setting *table = lrc_settings_table(&rows);
    for (size_t i = 0; i < rows; i++) {
        assert_ptr_equal(lrc_settings_find(table[i].key), &table[i]);
        assert_ptr_equal(lrc_settings_find(table[i].file_key), &table[i]);
        assert_true(table[i].help && table[i].help[0]);
        assert_true(table[i].kind != LRC_SETTING_INT || table[i].min < table[i].max);
    }
}

static void missing_file_gives_defaults(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_settings lrc_settings *s = load(&w);
    lrc_auto_free char *scripts = lrc_test_join(w.root, "trainer/derrian_backend/sd_scripts");
    assert_string_equal(lrc_settings_text(s, "trainer.sd_scripts"), scripts); // relative default, given out absolute
    assert_string_equal(lrc_settings_text(s, "trainer.python"), "python3");   // a name for $PATH stays a name
    assert_string_equal(lrc_settings_text(s, "huggingface.token"), "");
    assert_int_equal(lrc_settings_int(s, "job.grace_seconds"), 10);
    assert_int_equal(lrc_settings_paths(s, "roots")->count, 0);
    assert_false(lrc_settings_is_set(s, "tagger.default"));
    assert_false(lrc_test_has(dir, FILE_NAME)); // reading writes nothing
}

static void foreign_keys_and_order_stay(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(dir, FILE_NAME,
                 "{\"comfyui_url\":\"http://x\",\"huggingface_token\":\"hf_abcdefghijklmnop\","
                 "\"extra_model_dirs\":[\"/m\",\"/n\"],\"odd\":1.0,\"big\":1e9999,\"nothing\":null}");
    assert_ok(lrc_settings_write(&w, "job.grace_seconds", "25", &err), err);
    assert_ok(lrc_settings_write(&w, "huggingface.token", "hf_new_new_new_new", &err), err);
    lrc_test_expect(dir, FILE_NAME,
                    "{\n  \"comfyui_url\": \"http://x\",\n  \"huggingface_token\": \"hf_new_new_new_new\",\n"
                    "  \"extra_model_dirs\": [\n    \"/m\",\n    \"/n\"\n  ],\n  \"odd\": 1.0,\n  \"big\": 1e9999,\n"
                    "  \"nothing\": null,\n  \"job.grace_seconds\": 25\n}\n");
    assert_ok(lrc_settings_write(&w, "huggingface.token", "", &err), err);
    lrc_auto_settings lrc_settings *s = load(&w);
    assert_false(lrc_settings_is_set(s, "huggingface.token"));
    assert_int_equal(lrc_settings_int(s, "job.grace_seconds"), 25);
}

static void file_is_private(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_err err = LRC_ERR_INIT;
    struct stat st;
    lrc_test_put(dir, FILE_NAME, "{}");
    lrc_auto_free char *path = lrc_test_join(dir, FILE_NAME);
    assert_int_equal(chmod(path, 0644), 0); // as KNX leaves it
    assert_ok(lrc_settings_write(&w, "civitai.key", "0123456789abcdef", &err), err);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

// A file that is not understood is reported with its place and is never overwritten.
static void corrupt_file_stays(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        bool write_refused; // a wrong type can be replaced, broken JSON cannot
    } cases[] = {
        {"{\"huggingface_token\": \"hf_x\",\n  oops}", "line 2 column 3", true},
        {"", "line 1 column 1", true},
        {"[1, 2]", "must be an object", true},
        {"{\"huggingface_token\":\n 12345}", "line 2 column 2: 'huggingface_token' must be a text, not a number",
         false},
        {"{\"roots\": \"/x\"}", "must be a list of texts", false},
        {"{\"roots\": [\"/x\", 3]}", "must be a list of paths", false},
        {"{\"job.grace_seconds\": \"5\"}", "must be a number", false},
        {"{\"job.grace_seconds\": -1}", "from 0 to 3600", false},
        {"{\"tagger.default\": \"a\\u0000b\"}", "must be a text", false},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_temp char *dir = lrc_test_folder();
        lrc_auto_workspace lrc_workspace w = open_workspace(dir);
        lrc_auto_settings lrc_settings *s = NULL;
        lrc_err err = LRC_ERR_INIT;
        lrc_test_put(dir, FILE_NAME, cases[i].text);
        assert_int_equal(lrc_settings_load(&w, &s, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        if (!strstr(err.msg, cases[i].message) || !strstr(err.msg, FILE_NAME))
            fail_msg("case %zu: %s", i, err.msg);
        if (!cases[i].write_refused)
            continue;
        assert_int_equal(lrc_settings_write(&w, "tagger.default", "demo", &err), -1);
        assert_int_equal(lrc_settings_write(&w, "tagger.default", "", &err), -1);
        lrc_test_expect(dir, FILE_NAME, cases[i].text);
    }
}

static void wrong_type_can_be_replaced(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(dir, FILE_NAME, "{\"huggingface_token\": 12345, \"a\": 1}");
    assert_ok(lrc_settings_write(&w, "huggingface.token", "", &err), err);
    lrc_test_expect(dir, FILE_NAME, "{\n  \"a\": 1\n}\n");
}

static void environment_wins(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(dir, FILE_NAME, "{\"huggingface_token\": \"from_the_file\"}");
    setenv("HF_TOKEN", "from_the_environment", 1);
    lrc_auto_settings lrc_settings *s = load(&w);
    assert_string_equal(lrc_settings_text(s, "huggingface.token"), "from_the_environment");
    assert_int_equal(lrc_settings_source(s, "huggingface.token"), LRC_SETTING_FROM_ENV);
    setenv("HF_TOKEN", "bad\nline", 1);
    lrc_auto_settings lrc_settings *refused = NULL;
    assert_int_equal(lrc_settings_load(&w, &refused, &err), -1);
    assert_non_null(strstr(err.msg, "HF_TOKEN"));
    setenv("HF_TOKEN", "", 1); // empty counts as absent
    lrc_auto_settings lrc_settings *again = load(&w);
    assert_int_equal(lrc_settings_source(again, "huggingface.token"), LRC_SETTING_FROM_FILE);
    clear_environment();
}

static void values_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        lrc_err_code code; // LRC_OK: taken
    } cases[] = {
        {"job.grace_seconds", "0", LRC_OK},
        {"job.grace_seconds", "3601", LRC_ERR_INVALID},
        {"job.grace_seconds", "ten", LRC_ERR_INVALID},
        {"job.grace_seconds", "1.5", LRC_ERR_INVALID},
        {"tagger.default", "Modèle été", LRC_OK},
        {"tagger.default", "\xff", LRC_ERR_INVALID},
        {"tagger.default", "a\tb", LRC_ERR_INVALID},
        {"roots", "[1]", LRC_ERR_INVALID},
        {"roots", "[\"/a\"", LRC_ERR_INVALID},
        {"roots", "[\"/a,b\"]", LRC_OK},
        {"huggingface_token", "the name in the file is taken too", LRC_OK},
        {"no.such.key", "1", LRC_ERR_NOT_FOUND},
    };
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        const int result = lrc_settings_write(&w, cases[i].key, cases[i].value, &err);
        if ((result < 0 ? err.code : LRC_OK) != cases[i].code)
            fail_msg("%s = %s: %s %s", cases[i].key, cases[i].value, lrc_err_word(err.code), err.msg);
    }
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_settings_write(&w, "tagger.defualt", "x", &err), -1);
    assert_non_null(strstr(err.msg, "did you mean 'tagger.default'?"));
    assert_int_equal(lrc_settings_write(&w, "qqqqqqqqqqqqqq", "x", &err), -1);
    assert_non_null(strstr(err.msg, "settings list"));
}

static void set_reloads(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_settings lrc_settings *s = load(&w);
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_settings_set(s, "roots", "models , /big/disk", &err), err);
    const lrc_strv *roots = lrc_settings_paths(s, "roots");
    lrc_auto_free char *models = lrc_test_join(w.root, "models");
    assert_int_equal(roots->count, 2);
    assert_string_equal(roots->item[0], models);
    assert_string_equal(roots->item[1], "/big/disk");
    assert_int_equal(lrc_settings_set(s, "job.grace_seconds", "-5", &err), -1);
    assert_int_equal(lrc_settings_paths(s, "roots")->count, 2); // failure leaves it as it was
    assert_ok(lrc_settings_set(s, "roots", "", &err), err);
    assert_int_equal(lrc_settings_paths(s, "roots")->count, 0);
}

static void secrets_are_masked(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"hf_abcdefghijklmnop", "hf_a...mnop"},
        {"short", "(set)"},
        {"01234567890", "(set)"},
        {"012345678901", "0123...8901"},
        {"ééééééééééé", "éé...éé"},
        {"abc\u20ac1234567\u20acx", "abc...\u20acx"},
    };
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_settings lrc_settings *s = load(&w);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_free char *shown = NULL;
        assert_ok(lrc_settings_set(s, "wandb.key", cases[i][0], &err), err);
        assert_ok(lrc_settings_show(s, "wandb.key", &shown, &err), err);
        assert_string_equal(shown, cases[i][1]);
        assert_string_equal(lrc_settings_text(s, "wandb.key"), cases[i][0]);
    }
}

static void several_at_once(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(dir, FILE_NAME, "{\"foreign\":1,\"tagger.default\":\"x\"}");
    const lrc_setting_change good[] = {{"tagger.default", ""}, {"job.grace_seconds", "5"}, {"comfyui_url", "http://c"}};
    const lrc_setting_change bad[] = {{"tagger.default", "y"}, {"job.grace_seconds", "five"}};
    assert_ok(lrc_settings_write_all(&w, good, LENGTH(good), &err), err);
    static const char after[] =
        "{\n  \"foreign\": 1,\n  \"job.grace_seconds\": 5,\n  \"comfyui_url\": \"http://c\"\n}\n";
    lrc_test_expect(dir, FILE_NAME, after);
    assert_int_equal(lrc_settings_write_all(&w, bad, LENGTH(bad), &err), -1);
    lrc_test_expect(dir, FILE_NAME, after);
}

static void those_of_knx_are_not_judged(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    size_t own, kept;
    const lrc_setting *table = lrc_settings_table(&own);
    assert_ptr_equal(lrc_settings_kept(&kept), table + own);
    assert_string_equal(lrc_settings_kept(&kept)->key, "extra_model_dirs"); // the first of them
    lrc_test_put(dir, FILE_NAME,
                 "{\"comfyui_url\": 5, \"extra_model_dirs\": [\"/m\", 3], \"extra_vae_dirs\": [\"/v\"]}");
    lrc_auto_settings lrc_settings *s = load(&w);
    assert_string_equal(lrc_settings_text(s, "comfyui_url"), "http://localhost:8188");
    assert_int_equal(lrc_settings_paths(s, "extra_model_dirs")->count, 0);
    assert_string_equal(lrc_settings_paths(s, "extra_vae_dirs")->item[0], "/v");
}

static int write_and_load(void *arg, lrc_err *err)
{
    const lrc_workspace *w = arg;
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_free char *shown = NULL;
    if (lrc_settings_write(w, "roots", "/a, b", err) < 0 || lrc_settings_load(w, &s, err) < 0)
        return -1;
    return lrc_settings_show(s, "roots", &shown, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_test_put(dir, FILE_NAME, "{\"huggingface_token\": \"x\", \"foreign\": [1, {}]}");
    assert_int_equal(lrc_test_each_allocation(write_and_load, &w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(missing_file_gives_defaults),
        cmocka_unit_test(foreign_keys_and_order_stay),
        cmocka_unit_test(file_is_private),
        cmocka_unit_test(corrupt_file_stays),
        cmocka_unit_test(wrong_type_can_be_replaced),
        cmocka_unit_test(environment_wins),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(set_reloads),
        cmocka_unit_test(secrets_are_masked),
        cmocka_unit_test(several_at_once),
        cmocka_unit_test(those_of_knx_are_not_judged),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
