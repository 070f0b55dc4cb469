// SPDX-License-Identifier: MIT
#include "settings/workspace.h"
#include "support/cmocka.h"
#include "support/temp.h"

static lrc_workspace make(const char *dir)
{
    lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_workspace_open(dir, true, &w, &err), err);
    return w;
}

static void opens_only_what_is_one(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_workspace_open(dir, false, &w, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    assert_false(lrc_test_has(dir, ".lorica"));
    lrc_test_put(dir, "datasets/knx/a.txt", "a"); // a KNX folder: our state comes to lie beside it
    assert_ok(lrc_workspace_open(dir, false, &w, &err), err);
    assert_true(lrc_test_has(dir, ".lorica/locks"));
    lrc_workspace_done(&w);
}

static void dataset_arguments(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = make(dir);
    lrc_test_put(dir, "datasets/cat/a.txt", "a");
    static const char *const cases[][2] = {
        {"cat", "datasets/cat"},         {"datasets/cat", "datasets/cat"},
        {"dataset/cat", "datasets/cat"}, {"./datasets/cat", "datasets/cat"},
        {"new one", "datasets/new one"}, {"dataset/new", "datasets/new"},
        {"cat/", "datasets/cat"},        {"./datasets/cat//", "datasets/cat"},
        {"./cat", "datasets/cat"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_free char *got = NULL, *expected = lrc_test_join(w.root, cases[i][1]);
        assert_ok(lrc_workspace_dataset(&w, cases[i][0], &got, &err), err);
        assert_string_equal(got, expected);
    }
}

static bool held(const lrc_workspace *w, const char *dir)
{
    lrc_auto_close int fd = -1;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_workspace_lock_dataset(w, dir, 0, &fd, &err) == 0)
        return false;
    assert_int_equal(err.code, LRC_ERR_BUSY);
    return true;
}

static void one_lock_per_dataset(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = make(dir);
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(dir, "datasets/cat/10_girl/a.txt", "a");
    lrc_test_put(dir, "datasets/dog/a.txt", "a");
    lrc_test_put(dir, "elsewhere/x/a.txt", "a");
    lrc_auto_free char *cat = lrc_test_join(dir, "datasets/cat"), *sub = lrc_test_join(dir, "datasets/cat/10_girl"),
                       *odd = lrc_test_join(dir, "datasets/../datasets/./cat/"), *link = lrc_test_join(dir, "link"),
                       *dog = lrc_test_join(dir, "datasets/dog"), *other = lrc_test_join(dir, "elsewhere/x");
    assert_int_equal(symlink(cat, link), 0);
    int fd = -1;
    assert_ok(lrc_workspace_lock_dataset(&w, sub, 0, &fd, &err), err);
    assert_true(held(&w, cat));
    assert_true(held(&w, odd));
    assert_true(held(&w, link));
    assert_false(held(&w, dog));
    assert_false(held(&w, other));
    close(fd);
    assert_false(held(&w, cat));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_only_what_is_one),
        cmocka_unit_test(dataset_arguments),
        cmocka_unit_test(one_lock_per_dataset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
