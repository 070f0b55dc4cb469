// SPDX-License-Identifier: MIT
#include "dataset/upload.h"

#include "caption/file.h"
#include "dataset/trash.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"

// A source of a text; it fails behind its end when `torn`.
struct text {
    const char *rest;
    bool torn;
};

static int read_text(void *arg, void *out, size_t n, size_t *ret, lrc_err *err)
{
    struct text *t = arg;
    const size_t have = strlen(t->rest), take = have < n ? have : n;
    if (take == 0 && t->torn)
        return lrc_fail(err, LRC_ERR_CANCELLED, "the client is gone");
    memcpy(out, t->rest, take);
    t->rest += take;
    *ret = take;
    return 0;
}

static int send(lrc_upload *u, const char *name, const char *text, lrc_err *err)
{
    struct text t = {.rest = text};
    return lrc_upload_file(u, name, read_text, &t, err);
}

static lrc_workspace open_workspace(const char *dir)
{
    lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_workspace_open(dir, true, &w, &err), err);
    return w;
}

static lrc_walk_next count_entry(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    (void)e;
    (void)err;
    ++*(size_t *)arg;
    return LRC_WALK_ON;
}

static void nothing_before_the_end_and_nothing_without(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_free char *cat = lrc_test_join(w.root, "datasets/cat");
    lrc_err err = LRC_ERR_INIT;
    for (int finish = 0; finish <= 1; finish++) {
        lrc_auto_upload lrc_upload u = LRC_UPLOAD_INIT;
        assert_ok(lrc_upload_begin(&w, cat, 0, &u, &err), err);
        assert_ok(send(&u, "a.png", "A", &err), err);
        assert_ok(send(&u, "a.TXT", LRC_CAPTION_BOM "red", &err), err);
        assert_false(lrc_test_has(dir, "datasets/cat"));
        if (finish)
            assert_ok(lrc_upload_finish(&u, &err), err);
        lrc_upload_done(&u);
        lrc_test_expect(dir, "datasets/cat/a.png", finish ? "A" : NULL);
        lrc_test_expect(dir, "datasets/cat/a.txt", finish ? "red" : NULL);
    }
    const lrc_fs_walk_options all = {.hidden = true};
    size_t left = 0;
    lrc_auto_free char *datasets = lrc_test_join(w.root, "datasets");
    assert_ok(lrc_fs_walk(datasets, &all, count_entry, &left, &err), err);
    assert_int_equal(left, 1); // no stage is left
}

static void what_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"../x.png", "/x.png", "a/b.png", "a\\b.png", "",      ".",
                                        "..",       ".x.png", "x.sh",    "x",        "x.svg", "\xff.png",
                                        "x\n.png",  " x.png", "x.png.",  "x.json"};
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_free char *cat = lrc_test_join(w.root, "datasets/cat");
    lrc_auto_upload lrc_upload u = LRC_UPLOAD_INIT;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_upload_begin(&w, cat, 0, &u, &err), err);
    for (size_t i = 0; i < LENGTH(names); i++) {
        assert_ok(send(&u, names[i], "x", &err), err);
        if (u.problems.count != i + 1)
            fail_msg("'%s' was taken", names[i]);
    }
    size_t n = u.problems.count;
    assert_ok(send(&u, "empty.png", "", &err), err);
    assert_ok(send(&u, "bad.txt", "\xff", &err), err);
    assert_ok(send(&u, "good.png", "1", &err), err);
    assert_ok(send(&u, "good.png", "2", &err), err); // the first one stays
    assert_int_equal(u.problems.count, n + 3);
    assert_int_equal(u.stored.count, 1);
    assert_ok(lrc_upload_finish(&u, &err), err);
    lrc_test_expect(dir, "datasets/cat/good.png", "1");
}

static void a_torn_source_and_a_full_disk_end_it(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_free char *cat = lrc_test_join(w.root, "datasets/cat");
    lrc_auto_upload lrc_upload u = LRC_UPLOAD_INIT;
    lrc_err err = LRC_ERR_INIT;
    static const char *const names[] = {"a.png", "a.txt"};
    assert_ok(lrc_upload_begin(&w, cat, 0, &u, &err), err);
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct text torn = {.rest = "half", .torn = true};
        assert_int_equal(lrc_upload_file(&u, names[i], read_text, &torn, &err), -1);
        assert_int_equal(err.code, LRC_ERR_CANCELLED);
    }
    assert_int_equal(u.stored.count + u.problems.count, 0);
    assert_ok(lrc_upload_finish(&u, &err), err);
    assert_false(lrc_test_has(dir, "datasets/cat")); // nothing came, nothing is made
    lrc_auto_upload lrc_upload big = LRC_UPLOAD_INIT;
    assert_int_equal(lrc_upload_begin(&w, cat, UINT64_MAX / 2, &big, &err), -1);
    assert_int_equal(err.code, LRC_ERR_DISK_FULL);
}

static void what_was_there_lies_in_the_trash(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_auto_free char *cat = lrc_test_join(w.root, "datasets/cat"), *link = lrc_test_join(dir, "datasets/cat/l.png"),
                       *target = lrc_test_join(dir, "target.png");
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(dir, "datasets/cat/same.png", "S");
    lrc_test_put(dir, "datasets/cat/other.png", "old");
    lrc_test_put(dir, "target.png", "T");
    assert_int_equal(symlink(target, link), 0);
    lrc_auto_upload lrc_upload u = LRC_UPLOAD_INIT;
    assert_ok(lrc_upload_begin(&w, cat, 0, &u, &err), err);
    assert_ok(send(&u, "same.png", "S", &err), err);
    assert_ok(send(&u, "other.png", "new", &err), err);
    assert_ok(send(&u, "l.png", "L", &err), err);
    assert_ok(lrc_upload_finish(&u, &err), err);
    lrc_test_expect(dir, "datasets/cat/other.png", "new");
    lrc_test_expect(dir, "datasets/cat/l.png", "L");
    lrc_test_expect(dir, "target.png", "T");
    lrc_auto_trash_entry lrc_trash_entry e = {0};
    assert_ok(lrc_trash_load(&w, u.replaced, &e, &err), err);
    assert_int_equal(e.files.count, 2);
    lrc_auto_free char *kept = NULL;
    assert_ok(lrc_str_format(&kept, &err, ".lorica/trash/%s/files/other.png", e.id), err);
    lrc_test_expect(dir, kept, "old");
}

static int upload_two(void *arg, lrc_err *err)
{
    const lrc_workspace *w = arg;
    lrc_auto_free char *cat = NULL;
    lrc_auto_upload lrc_upload u = LRC_UPLOAD_INIT;
    if (lrc_workspace_path(w, "datasets/cat", &cat, err) < 0 || lrc_upload_begin(w, cat, 0, &u, err) < 0 ||
        send(&u, "a.png", "A", err) < 0 || send(&u, "a.txt", "red", err) < 0)
        return -1;
    return lrc_upload_finish(&u, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_workspace lrc_workspace w = open_workspace(dir);
    lrc_test_put(dir, "datasets/cat/a.txt", "old");
    assert_int_equal(lrc_test_each_allocation(upload_two, &w), 0);
    lrc_test_expect(dir, "datasets/cat/a.png", "A");
    lrc_test_expect(dir, "datasets/cat/a.txt", "red");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_before_the_end_and_nothing_without),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(a_torn_source_and_a_full_disk_end_it),
        cmocka_unit_test(what_was_there_lies_in_the_trash),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
