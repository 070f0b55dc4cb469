// SPDX-License-Identifier: MIT
#include "support/cmocka.h"
#include "support/run.h"

#define FILE_NAME "user_config/user_settings.json"
#define SECRET    "hf_abcdefghijklmnop"

static char *workspace(void)
{
    static const char *const variables[] = {"LORICA_TAGGER", "LORICA_SD_SCRIPTS", "LORICA_PYTHON",
                                            "HF_TOKEN",      "CIVITAI_API_KEY",   "WANDB_API_KEY"};
    for (size_t i = 0; i < LENGTH(variables); i++)
        unsetenv(variables[i]);
    char *dir = lrc_test_folder();
    lrc_auto_free char *datasets = lrc_test_join(dir, "datasets");
    assert_int_equal(mkdir(datasets, 0777), 0);
    setenv("LORICA_WORKSPACE", dir, 1);
    return dir;
}

static void set_get_unset(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_auto_result lrc_test_result set = lrc_test_run(dir, "settings", "set", "tagger.default", "demo");
    lrc_test_expect_exit(&set, 0);
    lrc_auto_result lrc_test_result get = lrc_test_run(dir, "settings", "get", "tagger.default");
    assert_string_equal(get.out, "demo\n");
    lrc_auto_result lrc_test_result unset = lrc_test_run(dir, "settings", "unset", "tagger.default");
    lrc_test_expect_exit(&unset, 0);
    lrc_test_expect(dir, FILE_NAME, "{}\n");
    lrc_auto_result lrc_test_result json = lrc_test_run(dir, "settings", "get", "job.grace_seconds", "--json");
    lrc_test_expect_in(json.out, "\"value\":10,\"source\":\"default\"");
}

static void typed_paths_become_absolute(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_auto_result lrc_test_result set = lrc_test_run(dir, "settings", "set", "roots", "/a,/b", "here", "-w", dir);
    lrc_test_expect_exit(&set, 0);
    char cwd[LRC_PATH_MAX];
    assert_non_null(getcwd(cwd, sizeof cwd));
    lrc_auto_free char *expected = NULL;
    lrc_str_format(&expected, NULL, "/a, /b, %s/here\n", cwd);
    lrc_auto_result lrc_test_result get = lrc_test_run(dir, "settings", "get", "roots");
    assert_string_equal(get.out, expected);
    lrc_auto_result lrc_test_result two = lrc_test_run(dir, "settings", "set", "tagger.default", "a", "b");
    lrc_test_expect_exit(&two, 2);
}

static void secret_comes_by_stdin_and_is_never_shown(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_auto_result lrc_test_result set = lrc_test_run_input(
        dir, SECRET "\r\n", (const char *const[]){"settings", "set", "huggingface.token", "-", NULL});
    lrc_test_expect_exit(&set, 0);
    assert_string_equal(set.out, "huggingface.token = hf_a...mnop\n");
    lrc_test_expect(dir, FILE_NAME, "{\n  \"huggingface_token\": \"" SECRET "\"\n}\n");
    static const char *const ways[][4] = {{"settings", "list", NULL},
                                          {"settings", "list", "--json", NULL},
                                          {"settings", "get", "huggingface.token", NULL}};
    for (size_t i = 0; i < LENGTH(ways); i++) {
        lrc_auto_result lrc_test_result r = lrc_test_run_input(dir, NULL, ways[i]);
        lrc_test_expect_exit(&r, 0);
        lrc_test_expect_in(r.out, "hf_a...mnop");
        assert_null(strstr(r.out, SECRET));
    }
    lrc_auto_result lrc_test_result empty =
        lrc_test_run_input(dir, "", (const char *const[]){"settings", "set", "huggingface.token", "-", NULL});
    lrc_test_expect_exit(&empty, 2);
}

static void errors_name_what_to_do(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_auto_result lrc_test_result unknown = lrc_test_run(dir, "settings", "set", "trainer.pyhton", "x");
    lrc_test_expect_exit(&unknown, 3);
    lrc_test_expect_in(unknown.err, "did you mean 'trainer.python'?");
    lrc_test_put(dir, FILE_NAME, "{oops");
    lrc_auto_result lrc_test_result corrupt = lrc_test_run(dir, "settings", "set", "tagger.default", "x", "--json");
    lrc_test_expect_exit(&corrupt, 2);
    lrc_test_expect_in(corrupt.out, "line 1 column 2");
    lrc_test_expect_in(corrupt.out, "the file was left as it is");
    lrc_test_expect(dir, FILE_NAME, "{oops");
}

// Each process sets another key: none may be lost (W17).
static void parallel_sets_lose_nothing(void **state)
{
    (void)state;
    static const char *const sets[][4] = {
        {"settings", "set", "tagger.default", "t"}, {"settings", "set", "trainer.python", "p"},
        {"settings", "set", "wandb.key", "w"},      {"settings", "set", "civitai.key", "c"},
        {"settings", "set", "roots", "/r"},         {"settings", "set", "job.grace_seconds", "3"},
    };
    enum { COUNT = LENGTH(sets) };
    lrc_auto_temp char *dir = workspace();
    pid_t pid[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        const char *const args[] = {sets[i][0], sets[i][1], sets[i][2], sets[i][3], NULL};
        char tag[] = {(char)('a' + i), '\0'};
        pid[i] = lrc_test_start(dir, tag, NULL, args);
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(lrc_test_wait(pid[i]), 0);
    lrc_auto_free char *text = lrc_test_get(dir, FILE_NAME);
    static const char *const expected[] = {"\"tagger.default\": \"t\"",     "\"trainer.python\": \"p\"",
                                           "\"wandb_api_key\": \"w\"",      "\"civitai_api_key\": \"c\"",
                                           "\"roots\": [\n    \"/r\"\n  ]", "\"job.grace_seconds\": 3"};
    for (size_t i = 0; i < COUNT; i++)
        lrc_test_expect_in(text, expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_get_unset),
        cmocka_unit_test(typed_paths_become_absolute),
        cmocka_unit_test(secret_comes_by_stdin_and_is_never_shown),
        cmocka_unit_test(errors_name_what_to_do),
        cmocka_unit_test(parallel_sets_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
