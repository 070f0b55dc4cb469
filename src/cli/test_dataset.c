// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "support/cmocka.h"
#include "support/pictures.h"
#include "support/run.h"
#include "support/zip.h"

static char *folder(void)
{
    char *dir = lrc_test_folder();
    lrc_auto_free char *workspace = lrc_test_join(dir, "workspace");
    setenv("LORICA_WORKSPACE", workspace, 1);
    return dir;
}

static char *in(const char *dir, const char *name)
{
    return lrc_test_join(dir, name);
}

static void import_show_list(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = folder();
    lrc_auto_free char *source = in(dir, "my pictures");
    lrc_test_put_png(dir, "my pictures/a.PNG", 1);
    lrc_test_put(dir, "my pictures/a.txt", "one, two");
    lrc_test_put_fixture(dir, "my pictures/b.gif", "frames.gif");
    lrc_test_put(dir, "my pictures/broken.jpg", "no picture");
    lrc_test_put(dir, "my pictures/x\x1b[31m\xff.md", "x");
    lrc_test_put_png(dir, "my pictures/10_sub/c.png", 2);

    lrc_auto_result lrc_test_result import = lrc_test_run(dir, "dataset", "import", "cat", source, "--recursive");
    lrc_test_expect_exit(&import, 0);
    lrc_test_expect_in(import.out, "imported 3 images and 1 captions");
    lrc_test_expect_in(import.out, "b.gif -> b.png: from GIF");
    lrc_test_expect_in(import.out, "broken.jpg: it is not an image");
    lrc_test_expect_in(import.out, "x\xef\xbf\xbd[31m\xef\xbf\xbd.md"); // harmless on a terminal
    lrc_test_expect(dir, "workspace/datasets/cat/a.txt", "one, two");
    assert_true(lrc_test_has(dir, "workspace/.lorica/locks")); // the workspace was made

    lrc_auto_result lrc_test_result again = lrc_test_run(dir, "dataset", "import", "cat", source);
    lrc_test_expect_exit(&again, 4);
    lrc_test_expect_in(again.err, "--add");
    lrc_auto_result lrc_test_result add =
        lrc_test_run(dir, "dataset", "import", "cat", source, "--recursive", "--add", "--json");
    lrc_test_expect_exit(&add, 0);
    lrc_test_expect_in(add.out, "\"imported\":0,\"captions\":0");
    lrc_test_expect_in(add.out, "\"identical\":[{\"source\":\"10_sub/c.png\"");

    lrc_auto_result lrc_test_result list = lrc_test_run(dir, "dataset", "list");
    lrc_test_expect_in(list.out, "       3        1");
    lrc_auto_result lrc_test_result show = lrc_test_run(dir, "dataset", "show", "cat", "--json");
    lrc_test_expect_in(show.out, "{\"name\":\"10_sub\",\"repeats\":10,\"image_count\":1,\"seen_by_trainer\":1");
    lrc_auto_result lrc_test_result check = lrc_test_run(dir, "dataset", "check", "cat");
    lrc_test_expect_exit(&check, 0);
    lrc_test_put(dir, "workspace/datasets/cat/d.png", "no picture");
    lrc_auto_result lrc_test_result bad = lrc_test_run(dir, "dataset", "check", "cat");
    lrc_test_expect_exit(&bad, 1);
    lrc_test_expect_in(bad.err, "d.png");
}

static void create_and_refusals(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = folder();
    lrc_auto_result lrc_test_result early = lrc_test_run(dir, "dataset", "create", "cat");
    lrc_test_expect_exit(&early, 3); // only an import makes a workspace
    lrc_test_put(dir, "workspace/datasets/old/a.png", "x");
    lrc_auto_result lrc_test_result made = lrc_test_run(dir, "dataset", "create", "cat");
    lrc_test_expect_exit(&made, 0);
    assert_true(lrc_test_has(dir, "workspace/datasets/cat"));
    static const struct {
        const char *args[6];
        int exit;
        const char *message;
    } cases[] = {
        {{"dataset", "create", "cat"}, 4, "exists"},
        {{"dataset", "create", "../x"}, 2, "slashes"},
        {{"dataset", "show", "dog"}, 3, "no dataset 'dog'"},
        {{"dataset", "import", "cat", "/nonexistent"}, 3, "/nonexistent"},
        {{"dataset", "import", "..", "/tmp"}, 2, "slashes"},
        {{"dataset", "import", "x"}, 2, "NAME DIR|ZIP"},
        {{"dataset", "import", "x", "/etc/hostname"}, 2, "neither a folder nor a zip"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_result lrc_test_result r = lrc_test_run_input(dir, NULL, cases[i].args);
        lrc_test_expect_exit(&r, cases[i].exit);
        lrc_test_expect_in(r.err, cases[i].message);
    }
}

static void from_a_zip(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = folder();
    lrc_auto_buf lrc_buf png = lrc_test_png(8, 8, 1);
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "top/é.png", .bytes = png.data, .n = png.len, .flags = 0x800});
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "../../../up.png", .bytes = png.data, .n = png.len});
    lrc_test_zip_text(&z, "top/é.txt", "one");
    lrc_auto_free char *path = lrc_test_zip_save(&z, dir, "a.zip");
    lrc_auto_result lrc_test_result r = lrc_test_run(dir, "dataset", "import", "Éclair 2", path, "--json");
    lrc_test_expect_exit(&r, 0);
    lrc_test_expect_in(r.out, "\"imported\":1,\"captions\":1");
    lrc_test_expect_in(r.out, "\"refused\":[{\"source\":\"../../../up.png\"");
    lrc_test_expect(dir, "workspace/datasets/Éclair 2/é.txt", "one");
}

static size_t entries_of_datasets(const char *dir)
{
    lrc_auto_free char *datasets = in(dir, "workspace/datasets");
    return lrc_fs_is_dir(datasets) ? lrc_test_entries(datasets) : 0;
}

// Killed at many moments: there is the whole dataset or none, and the next import cleans up.
static void killed_imports_leave_nothing_half(void **state)
{
    (void)state;
    enum { IMAGES = 150, KILLS = 12 };
    lrc_auto_temp char *dir = folder();
    lrc_auto_free char *source = in(dir, "source");
    for (unsigned i = 0; i < IMAGES; i++) {
        char name[64];
        snprintf(name, sizeof name, "source/%03u.png", i);
        lrc_test_put_png(dir, name, i);
    }
    const char *const args[] = {"dataset", "import", "cat", source, "--quiet", NULL};
    for (int kill_ms = 1; kill_ms <= KILLS; kill_ms++) {
        const pid_t pid = lrc_test_start(dir, "killed", NULL, args);
        lrc_clock_sleep_ms(kill_ms * 4);
        kill(pid, SIGKILL);
        lrc_test_wait(pid);
        lrc_auto_free char *dataset = in(dir, "workspace/datasets/cat");
        if (lrc_fs_is_dir(dataset)) {
            assert_int_equal(lrc_test_entries(dataset), IMAGES);
            lrc_fs_remove_tree(dataset, NULL);
        }
    }
    lrc_auto_result lrc_test_result last = lrc_test_run_input(dir, NULL, args);
    lrc_test_expect_exit(&last, 0);
    assert_int_equal(entries_of_datasets(dir), 1);
}

// Two imports of one name: one wins, the other says so.
static void two_at_once(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = folder();
    lrc_auto_free char *source = in(dir, "source");
    for (unsigned i = 0; i < 20; i++) {
        char name[64];
        snprintf(name, sizeof name, "source/%03u.png", i);
        lrc_test_put_png(dir, name, i);
    }
    const char *const args[] = {"dataset", "import", "cat", source, NULL};
    const pid_t a = lrc_test_start(dir, "a", NULL, args), b = lrc_test_start(dir, "b", NULL, args);
    const int x = lrc_test_wait(a), y = lrc_test_wait(b);
    assert_true((x == 0 && y == 4) || (x == 4 && y == 0));
    lrc_auto_free char *dataset = in(dir, "workspace/datasets/cat");
    assert_int_equal(lrc_test_entries(dataset), 20);
    assert_int_equal(entries_of_datasets(dir), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(import_show_list), cmocka_unit_test(create_and_refusals),
        cmocka_unit_test(from_a_zip),       cmocka_unit_test(killed_imports_leave_nothing_half),
        cmocka_unit_test(two_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
