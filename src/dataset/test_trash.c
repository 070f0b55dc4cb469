// SPDX-License-Identifier: MIT
#include "dataset/trash.h"

#include "base/clock.h"
#include "dataset/remove.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"

static lrc_workspace open_workspace(const char *dir)
{
    lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_workspace_open(dir, true, &w, &err), err);
    return w;
}

static void put_and_restore(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_strv lrc_strv files = {0};
    lrc_err err = LRC_ERR_INIT;
    char id[LRC_ID_MAX + 1];
    lrc_test_put(dir, "datasets/cat/a.png", "A");
    lrc_test_put(dir, "datasets/cat/a.txt", "red");
    lrc_test_put(dir, "datasets/cat/a.b.txt", "of another image");
    lrc_auto_free char *cat = lrc_test_join(w.root, "datasets/cat");
    assert_ok(lrc_dataset_remove_image(&w, cat, "a.png", &files, id, &err), err);
    assert_int_equal(files.count, 2);
    lrc_test_expect(dir, "datasets/cat/a.png", NULL);
    lrc_test_expect(dir, "datasets/cat/a.txt", NULL);
    lrc_test_expect(dir, "datasets/cat/a.b.txt", "of another image");

    lrc_auto_trash_list lrc_trash_list list = {0};
    assert_ok(lrc_trash_list_read(&w, &list, &err), err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.item[0].id, id);
    assert_string_equal(list.item[0].dir, cat);
    assert_string_equal(list.item[0].summary, "a.png of cat");

    lrc_test_put(dir, "datasets/cat/a.txt", "in the way");
    assert_int_equal(lrc_dataset_restore(&w, id, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    lrc_test_expect(dir, "datasets/cat/a.png", NULL);
    lrc_auto_free char *way = lrc_test_join(dir, "datasets/cat/a.txt");
    assert_ok(lrc_fs_remove(way, &err), err);
    assert_ok(lrc_dataset_restore(&w, id, &err), err);
    lrc_test_expect(dir, "datasets/cat/a.png", "A");
    lrc_test_expect(dir, "datasets/cat/a.txt", "red");
    assert_int_equal(lrc_dataset_restore(&w, id, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
}

static void names_that_are_no_image(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        lrc_err_code code;
    } cases[] = {
        {"", LRC_ERR_INVALID},
        {".", LRC_ERR_INVALID},
        {"..", LRC_ERR_INVALID},
        {"../x.png", LRC_ERR_INVALID},
        {"/x.png", LRC_ERR_INVALID},
        {"a/b.png", LRC_ERR_INVALID},
        {"a\\b.png", LRC_ERR_INVALID},
        {"a.txt", LRC_ERR_INVALID},
        {"a", LRC_ERR_INVALID},
        {"a\n.png", LRC_ERR_INVALID},
        {"\xff.png", LRC_ERR_INVALID},
        {"none.png", LRC_ERR_NOT_FOUND},
        {"folder.png", LRC_ERR_NOT_FOUND},
    };
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_test_put(dir, "datasets/cat/a.txt", "x");
    lrc_test_put(dir, "datasets/cat/folder.png/x", "x");
    lrc_test_put(dir, "datasets/x.png", "outside");
    lrc_auto_free char *cat = lrc_test_join(w.root, "datasets/cat");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_strv lrc_strv files = {0};
        lrc_err err = LRC_ERR_INIT;
        char id[LRC_ID_MAX + 1];
        if (lrc_dataset_remove_image(&w, cat, cases[i].name, &files, id, &err) == 0 || err.code != cases[i].code)
            fail_msg("'%s': %s %s", cases[i].name, lrc_err_word(err.code), err.msg);
    }
    lrc_test_expect(dir, "datasets/x.png", "outside");
}

static void a_link_goes_not_its_target(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_err err = LRC_ERR_INIT;
    char id[LRC_ID_MAX + 1];
    lrc_test_put(dir, "disk/a.png", "A");
    lrc_auto_free char *disk = lrc_test_join(dir, "disk"), *link = lrc_test_join(dir, "datasets/link"),
                       *datasets = lrc_test_join(w.root, "datasets");
    assert_int_equal(symlink(disk, link), 0);
    assert_ok(lrc_dataset_remove(&w, datasets, "link", id, &err), err);
    assert_false(lrc_test_has(dir, "datasets/link"));
    lrc_test_expect(dir, "disk/a.png", "A");
    assert_ok(lrc_dataset_restore(&w, id, &err), err);
    lrc_test_expect(dir, "datasets/link/a.png", "A");
}

static void old_and_damaged_entries(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_strv lrc_strv names = {0};
    lrc_err err = LRC_ERR_INIT;
    char id[LRC_ID_MAX + 1], young[128];
    lrc_test_put(dir, ".lorica/trash/trash_1000_1/files/a.png", "old");
    snprintf(young, sizeof young, ".lorica/trash/trash_%lld_7/files/a.png", (long long)lrc_clock_now_ms());
    lrc_test_put(dir, young, "young, without entry.json");
    lrc_test_put(dir, ".lorica/trash/other/x", "not ours");
    lrc_test_put(dir, ".lorica/trash/trash_x_1/entry.json", "{\"dir\": 5}");
    lrc_test_put(dir, ".lorica/trash/trash_y_1/entry.json",
                 "{\"dir\":\"/tmp\",\"summary\":\"\",\"time\":1,\"files\":[\"../../x\"]}");
    lrc_test_put(dir, "datasets/cat/a.png", "A");
    lrc_auto_free char *cat = lrc_test_join(w.root, "datasets/cat");
    assert_ok(lrc_strv_push(&names, "a.png", &err), err);
    assert_ok(lrc_strv_push(&names, "gone.png", &err), err); // passed over
    assert_ok(lrc_trash_put(&w, cat, &names, "x", id, &err), err);
    assert_false(lrc_test_has(dir, ".lorica/trash/trash_1000_1"));
    assert_true(lrc_test_has(dir, young));
    assert_true(lrc_test_has(dir, ".lorica/trash/other/x"));
    lrc_auto_trash_list lrc_trash_list list = {0};
    assert_ok(lrc_trash_list_read(&w, &list, &err), err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.item[0].id, id);
    static const char *const bad[] = {"", ".", "..", "../jobs", "a/b", "trash_y_1", "trash_x_1"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        lrc_auto_trash_entry lrc_trash_entry e = {0};
        assert_int_equal(lrc_trash_load(&w, bad[i], &e, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
    }
}

static int there_and_back(void *arg, lrc_err *err)
{
    const lrc_workspace *w = arg;
    lrc_auto_strv lrc_strv names = {0};
    lrc_auto_free char *cat = NULL, *trash = NULL;
    char id[LRC_ID_MAX + 1] = "";
    // What earlier runs have left would make each run longer than the one before.
    if (lrc_workspace_state(w, "trash", &trash, err) < 0 || lrc_fs_remove_tree(trash, err) < 0 ||
        lrc_workspace_path(w, "datasets/cat", &cat, err) < 0 || lrc_strv_push(&names, "a.png", err) < 0)
        return -1;
    const int result = lrc_trash_put(w, cat, &names, "x", id, err);
    lrc_auto_trash_list lrc_trash_list list = {0};
    return result < 0 || lrc_trash_list_read(w, &list, err) < 0 ? -1 : lrc_trash_restore(w, id, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_test_put(dir, "datasets/cat/b.png", "stays");
    assert_int_equal(lrc_test_each_allocation(there_and_back, &w), 0);
    lrc_test_expect(dir, "datasets/cat/b.png", "stays");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_and_restore),
        cmocka_unit_test(names_that_are_no_image),
        cmocka_unit_test(a_link_goes_not_its_target),
        cmocka_unit_test(old_and_damaged_entries),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
