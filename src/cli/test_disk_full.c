// SPDX-License-Identifier: MIT
// What the commands do when the disk is full: they say so, and nothing is torn or lost.
#include "support/cmocka.h"
#include "support/pictures.h"
#include "support/run.h"
#include "support/small_disk.h"

static void captions_stop_cleanly(void **state)
{
    (void)state;
    if (!lrc_test_may_mount())
        skip();
    lrc_auto_temp char *outside = lrc_test_folder(), *disk = lrc_test_folder();
    lrc_test_small_disk(disk, 1024);
    setenv("LORICA_WORKSPACE", disk, 1);
    static const char *const folders[] = {"datasets", ".lorica/locks", ".lorica/cache"};
    for (size_t i = 0; i < LENGTH(folders); i++) {
        lrc_auto_free char *path = lrc_test_join(disk, folders[i]);
        assert_int_equal(lrc_fs_mkdirs(path, NULL), 0);
    }
    char big[20001];
    memset(big, 'b', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    lrc_test_put(disk, "datasets/cat/a.png", "");
    lrc_test_put(disk, "datasets/cat/a.txt", "short");
    lrc_test_put(disk, "datasets/cat/b.png", "");
    lrc_test_put(disk, "datasets/cat/b.txt", big);
    lrc_test_put(disk, "datasets/cat/c.png", "");
    lrc_test_put(disk, "datasets/cat/c.txt", "never reached");
    lrc_test_fill_disk(disk, 8192);

    lrc_auto_result lrc_test_result r = lrc_test_run(outside, "captions", "add-trigger", "cat", "ohwx");
    lrc_test_expect_exit(&r, 7);
    lrc_test_expect_in(r.err, "nothing was changed");
    lrc_test_expect(disk, "datasets/cat/a.txt", "short");
    lrc_test_expect(disk, "datasets/cat/b.txt", big);
    lrc_test_expect(disk, "datasets/cat/c.txt", "never reached");
    assert_int_equal(umount(disk), 0);
}

static void settings_survive(void **state)
{
    (void)state;
    if (!lrc_test_may_mount())
        skip();
    lrc_auto_temp char *outside = lrc_test_folder(), *disk = lrc_test_folder();
    lrc_test_small_disk(disk, 256);
    setenv("LORICA_WORKSPACE", disk, 1);
    lrc_test_put(disk, "datasets/x/a.txt", "x");
    lrc_auto_result lrc_test_result first = lrc_test_run(outside, "settings", "set", "tagger.default", "demo");
    lrc_test_expect_exit(&first, 0);
    lrc_test_fill_disk(disk, 0);
    lrc_auto_result lrc_test_result r = lrc_test_run(outside, "settings", "set", "tagger.default", "other");
    lrc_test_expect_exit(&r, 7);
    lrc_test_expect(disk, "user_config/user_settings.json", "{\n  \"tagger.default\": \"demo\"\n}\n");
    assert_int_equal(umount(disk), 0);
}

static void an_import_leaves_nothing(void **state)
{
    (void)state;
    if (!lrc_test_may_mount())
        skip();
    lrc_auto_temp char *outside = lrc_test_folder(), *disk = lrc_test_folder();
    lrc_test_small_disk(disk, 1024);
    setenv("LORICA_WORKSPACE", disk, 1);
    lrc_auto_free char *source = lrc_test_join(outside, "source");
    for (unsigned i = 0; i < 60; i++) {
        char name[64];
        snprintf(name, sizeof name, "source/%02u.png", i);
        lrc_auto_buf lrc_buf png = lrc_test_png(50, 40, i);
        lrc_test_put_bytes(outside, name, png.data, png.len);
    }
    lrc_test_put(disk, "datasets/old/a.txt", "x");
    lrc_test_fill_disk(disk, 100 << 10);
    lrc_auto_result lrc_test_result known = lrc_test_run(outside, "dataset", "import", "dog", source);
    lrc_test_expect_exit(&known, 7);
    lrc_test_expect_in(known.err, "the import needs 357.9 KiB");

    // Small files take whole blocks, and conversions more room: the disk is full while files come in, or later.
    lrc_auto_free char *gifs = lrc_test_join(outside, "gifs"), *datasets = lrc_test_join(disk, "datasets");
    for (unsigned i = 0; i < 60; i++) {
        char name[64];
        snprintf(name, sizeof name, "gifs/%02u.gif", i);
        lrc_test_put_fixture(outside, name, "frames.gif");
    }
    static const uint64_t left[] = {64 << 10, 300 << 10};
    for (size_t i = 0; i < LENGTH(left); i++) {
        lrc_test_fill_disk(disk, left[i]);
        lrc_auto_result lrc_test_result late = lrc_test_run(outside, "dataset", "import", "dog", gifs);
        lrc_test_expect_exit(&late, 7);
        lrc_test_expect_in(late.err, "nothing of it was kept");
        assert_int_equal(lrc_test_entries(datasets), 1);
    }
    assert_int_equal(umount(disk), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captions_stop_cleanly),
        cmocka_unit_test(settings_survive),
        cmocka_unit_test(an_import_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
