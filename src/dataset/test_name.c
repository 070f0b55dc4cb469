// SPDX-License-Identifier: MIT
#include "dataset/name.h"
#include "support/cmocka.h"
#include "support/temp.h"

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } cases[] = {
        {"cat", true},
        {"10_ohwx girl", true},
        {"Été-2.b", true},
        {"猫", true},
        {"кот_1", true},
        {"หมา", true},
        /* Thai has marks */ {"", false},
        {".", false},
        {"..", false},
        {".hidden", false},
        {"a/b", false},
        {"a\\b", false},
        {"../x", false},
        {" a", false},
        {"a ", false},
        {"a:b", false},
        {"a*", false},
        {"a\nb", false},
        {"a\x7f", false},
        {"\xff", false},
        {"a\xe2\x80\xae"
         "b",
         false},
        /* turns the text around */ {"a🙂", false},
        {"a%2f", false},
        {"-rf", true},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        const int result = lrc_dataset_check_name(cases[i].name, &err);
        if ((result == 0) != cases[i].good)
            fail_msg("'%s': %s", cases[i].name, err.msg);
        if (result < 0)
            assert_string_equal(err.field, "dataset_name");
    }
}

static void mending(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {" cat ", "cat"}, {"10_ohwx girl", "10_ohwx girl"},
        {"../x", "_._x"}, {"..", "_."},
        {"/etc", "_etc"}, {"a\\b:c*", "a_b_c_"},
        {"a\nb", "a_b"},  {"Été 猫", "Été 猫"},
        {"\xff", "_"},    {"", NULL},
        {"  ", NULL},     {".hidden", "_hidden"},
        {"a🙂", "a_"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_free char *name = NULL;
        const int result = lrc_dataset_mend_name(cases[i][0], &name, &err);
        if (!lrc_str_same(name, cases[i][1]) || (result == 0) != (cases[i][1] != NULL))
            fail_msg("'%s' became '%s'", cases[i][0], name ? name : "(refused)");
        if (name)
            assert_ok(lrc_dataset_check_name(name, &err), err);
    }
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    lrc_auto_free char *name = NULL;
    assert_int_equal(lrc_dataset_mend_name(longest, &name, NULL), -1);
}

static void finding(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_workspace_open(dir, true, &w, &err), err);
    lrc_test_put(dir, "datasets/portraits/a.png", "x");
    lrc_test_put(dir, "datasets/e\xcc\x81t\xcc\xa7/a.png", "x"); // "éţ" as a Mac writes it
    lrc_auto_free char *exact = NULL, *prefixed = NULL, *composed = NULL, *none = NULL;
    assert_ok(lrc_dataset_find(&w, "portraits", &exact, &err), err);
    assert_ok(lrc_dataset_find(&w, "dataset/portraits/", &prefixed, &err), err);
    assert_string_equal(exact, prefixed);
    assert_ok(lrc_dataset_find(&w, "\xc3\xa9\xc5\xa3", &composed, &err), err);
    assert_true(lrc_str_ends(composed, "datasets/e\xcc\x81t\xcc\xa7"));
    assert_int_equal(lrc_dataset_find(&w, "potraits", &none, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "did you mean 'portraits'?"));
    assert_int_equal(lrc_dataset_find(&w, "something else", &none, &err), -1);
    assert_non_null(strstr(err.msg, "lorica dataset list"));
}

static void placing(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_workspace_open(dir, true, &w, &err), err);
    lrc_auto_free char *place = NULL;
    assert_ok(lrc_dataset_place(&w, "e\xcc\x81", &place, &err), err);
    assert_true(lrc_str_ends(place, "/datasets/\xc3\xa9"));
    assert_int_equal(lrc_dataset_place(&w, "../x", &place, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(mending), cmocka_unit_test(finding),
                                       cmocka_unit_test(placing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
