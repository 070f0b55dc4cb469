// SPDX-License-Identifier: MIT
#include "dataset/check.h"
#include "dataset/scan.h"
#include "support/cmocka.h"
#include "support/pictures.h"

static bool found(const lrc_findings *f, const char *code, const char *file)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->item[i].code, code) == 0 && strcmp(f->item[i].file, file) == 0)
            return true;
    return false;
}

static char *dataset(const char *dir)
{
    static const char *const files[] = {
        "d/a.png",          "d/a.txt",
        "d/b.Jpg",          "d/c.gif",
        "d/e.png",          "d/e.webp",
        "d/e.txt",          "d/orphan.txt",
        "d/10_girl/f.JPEG", "d/x/y/g.png",
        "d/x/y/g.txt",      "d/notes",
        "d/.hidden.png",    "d/.originals/c.png",
    };
    for (size_t i = 0; i < LENGTH(files); i++)
        lrc_test_put(dir, files[i], "12345");
    return lrc_test_join(dir, "d");
}

static void counts(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = dataset(dir);
    lrc_auto_dataset lrc_dataset d = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_dataset_scan(path, NULL, &d, &err), err);
    assert_string_equal(d.name, "d");
    assert_int_equal(d.images, 7);
    assert_int_equal(d.seen, 5);
    assert_int_equal(d.captions, 4);
    assert_int_equal(d.bytes, 14 * 5);
    assert_true(d.modified_ms > 0);
    static const struct {
        const char *relative;
        int repeats;
        size_t images, seen, captions;
    } folders[] = {{"", 0, 5, 3, 3}, {"10_girl", 10, 1, 1, 0}, {"x/y", 0, 1, 1, 1}};
    assert_int_equal(d.folders, LENGTH(folders));
    for (size_t i = 0; i < LENGTH(folders); i++) {
        assert_string_equal(d.folder[i].relative, folders[i].relative);
        assert_int_equal(d.folder[i].repeats, folders[i].repeats);
        assert_int_equal(d.folder[i].images, folders[i].images);
        assert_int_equal(d.folder[i].seen, folders[i].seen);
        assert_int_equal(d.folder[i].captions, folders[i].captions);
    }
    assert_int_equal(d.findings.count, 4);
    assert_true(found(&d.findings, "unseen", "b.Jpg"));
    assert_true(found(&d.findings, "unseen", "c.gif"));
    assert_true(found(&d.findings, "shared_name", "e.webp"));
    assert_true(found(&d.findings, "orphan_caption", "orphan.txt"));
}

static void checks(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_put_png(dir, "d/good.png", 1);
    lrc_test_put(dir, "d/good.txt", "one");
    lrc_test_put(dir, "d/broken.png", "no picture");
    lrc_test_put_fixture(dir, "d/sub/phone.jpg", "plain.heic");
    lrc_test_put(dir, "d/sub/phone.txt", "\xff");
    lrc_test_put_png(dir, "d/marked.png", 2);
    lrc_test_put(dir, "d/marked.txt", "\xef\xbb\xbfone");
    lrc_auto_free char *path = lrc_test_join(dir, "d");
    lrc_auto_decoder lrc_decoder *decoder = NULL;
    lrc_auto_dataset lrc_dataset d = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_decoder_new(&(lrc_decoder_options){.program = LORICA_BIN "/lorica-worker"}, &decoder, &err), err);
    assert_ok(lrc_dataset_check(path, &(lrc_dataset_check_options){.decoder = decoder}, &d, &err), err);
    assert_int_equal(d.findings.count, 4);
    assert_int_equal(lrc_findings_errors(&d.findings), 3);
    assert_true(found(&d.findings, "unreadable", "broken.png"));
    assert_true(found(&d.findings, "content", "sub/phone.jpg"));
    assert_true(found(&d.findings, "caption", "sub/phone.txt"));
    assert_true(found(&d.findings, "caption", "marked.txt"));
}

static void lists(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_dataset_list lrc_dataset_list list = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *elsewhere = lrc_test_join(dir, "elsewhere"), *link = lrc_test_join(dir, "datasets/linked");
    assert_ok(lrc_workspace_open(dir, true, &w, &err), err);
    lrc_test_put(dir, "datasets/b/a.png", "x");
    lrc_test_put(dir, "elsewhere/a.png", "x");
    lrc_test_put(dir, "datasets/file.zip", "x");
    lrc_test_put(dir, "datasets/.import-x/new/a.png", "x");
    assert_int_equal(symlink(elsewhere, link), 0);
    assert_ok(lrc_dataset_create(&w, "a new one", NULL, &err), err);
    assert_int_equal(lrc_dataset_create(&w, "a new one", NULL, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_int_equal(lrc_dataset_create(&w, "..", NULL, &err), -1);
    assert_ok(lrc_dataset_list_read(&w, &list, &err), err);
    static const struct {
        const char *name;
        size_t images;
    } expected[] = {{"a new one", 0}, {"b", 1}, {"linked", 1}};
    assert_int_equal(list.count, LENGTH(expected));
    for (size_t i = 0; i < list.count; i++) {
        assert_string_equal(list.item[i].name, expected[i].name);
        assert_int_equal(list.item[i].images, expected[i].images);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(checks), cmocka_unit_test(lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
