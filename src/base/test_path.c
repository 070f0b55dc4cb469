// SPDX-License-Identifier: MIT
#include "base/path.h"

#include <string.h>

#include "base/fs.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/folder.h"

static void names_and_suffixes(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name, *suffix, *parent, *with_txt;
    } row[] = {
        {"a/b.png", "b.png", ".png", "a", "a/b.txt"},
        {"/a", "a", "", "/", "/a.txt"},
        {"a", "a", "", ".", "a.txt"},
        {"d.x/a.b.png", "a.b.png", ".png", "d.x", "d.x/a.b.txt"},
        {"d.x/a", "a", "", "d.x", "d.x/a.txt"},
        {".png", ".png", "", ".", ".png.txt"},
        {"x.png.", "x.png.", "", ".", "x.png..txt"},
        {"..png", "..png", ".png", ".", "..txt"},
        {"a/..", "..", "", "a", "a/...txt"},
        {"/", "", "", "/", "/.txt"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_free char *parent = NULL, *with = NULL;
        assert_string_equal(lrc_path_name(row[i].path), row[i].name);
        assert_string_equal(lrc_path_suffix(row[i].path), row[i].suffix);
        assert_int_equal(lrc_path_parent(&parent, row[i].path, NULL), 0);
        assert_string_equal(parent, row[i].parent);
        assert_int_equal(lrc_path_with_suffix(&with, row[i].path, ".txt", NULL), 0);
        assert_string_equal(with, row[i].with_txt);
    }
}

static void joining(void **state)
{
    (void)state;
    static const struct {
        const char *base, *name, *path;
    } row[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"a", "/b", "/b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_free char *path = NULL;
        assert_int_equal(lrc_path_join(&path, row[i].base, row[i].name, NULL), 0);
        assert_string_equal(path, row[i].path);
    }
}

static void relative_as_python_has_it(void **state)
{
    (void)state;
    static const struct {
        const char *path, *from, *result;
    } row[] = {
        {"/a/b", "/a", "b"},
        {"/a", "/a/b", ".."},
        {"/a", "/a", "."},
        {"/a/b", "/a/c", "../b"},
        {"/a/bc", "/a/b", "../bc"},
        {"/ab", "/a", "../ab"},
        {"/a", "/", "a"},
        {"/", "/a/b", "../.."},
        {"/", "/", "."},
        {"/x/y/z", "/a/b", "../../x/y/z"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_free char *result = NULL;
        assert_int_equal(lrc_path_relative(&result, row[i].path, row[i].from, NULL), 0);
        assert_string_equal(result, row[i].result);
    }
}

static void inside(void **state)
{
    (void)state;
    assert_true(lrc_path_inside("/a/b", "/a") && lrc_path_inside("/a", "/a") && lrc_path_inside("/a/b", "/a/"));
    assert_true(lrc_path_inside("/a", "/"));
    assert_false(lrc_path_inside("/ab", "/a") || lrc_path_inside("/", "/a") || lrc_path_inside("/b/a", "/a"));
}

static void resolving(void **state)
{
    (void)state;
    char *root = lrc_test_folder();
    lrc_test_put(root, "real/deep/file", "x");
    assert_int_equal(symlink("real", lrc_test_path(root, "link")), 0);
    assert_int_equal(symlink("deep/..", lrc_test_path(root, "real/up")), 0);
    assert_int_equal(symlink(lrc_test_path(root, "real/deep"), lrc_test_path(root, "absolute")), 0);
    assert_int_equal(symlink("nowhere/else", lrc_test_path(root, "dangling")), 0);
    assert_int_equal(symlink("loop", lrc_test_path(root, "loop")), 0);
    static const struct {
        const char *given, *result; // below root
    } row[] = {
        {"link/deep/file", "real/deep/file"},
        {"link/up/deep", "real/deep"},
        {"absolute/../x", "real/x"}, // ".." after the link is followed
        {"absolute/file", "real/deep/file"},
        {"./real//deep/./", "real/deep"},
        {"real/../none/../other/", "other"},
        {"dangling/x", "nowhere/else/x"},
        {"loop", "loop"},
        {"real/deep/file/below", "real/deep/file/below"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_free char *one = NULL, *two = NULL;
        assert_int_equal(lrc_path_real(&one, NULL, lrc_test_path(root, row[i].given), NULL), 0);
        assert_string_equal(one, lrc_test_path(root, row[i].result));
        assert_int_equal(lrc_path_real(&two, root, row[i].given, NULL), 0);
        assert_string_equal(two, one);
    }
    lrc_auto_free char *top = NULL, *above = NULL, *cwd = NULL, *here = getcwd(NULL, 0);
    assert_int_equal(lrc_path_real(&top, NULL, "/", NULL), 0);
    assert_string_equal(top, "/");
    assert_int_equal(lrc_path_real(&above, NULL, "/../..", NULL), 0);
    assert_string_equal(above, "/");
    assert_int_equal(lrc_path_real(&cwd, NULL, "", NULL), 0);
    assert_string_equal(cwd, here);
    lrc_test_folder_done(root);
}

static void names_that_people_may_give(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "\xc3\xa9t\xc3\xa9 2", "..a", "a.", "-x", "...", "a:b"};
    static const char *const bad[] = {"", ".", "..", "a/b", "a\\b", "a\nb", "a\x7f", " a", "a ", "\xff"};
    for (size_t i = 0; i < LENGTH(good); i++)
        assert_int_equal(lrc_path_check_name(good[i], "name", NULL), 0);
    for (size_t i = 0; i < LENGTH(bad); i++) {
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_path_check_name(bad[i], "name", &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        assert_string_equal(err.field, "name");
    }
    char longest[257];
    memset(longest, 'a', 256);
    longest[256] = '\0';
    assert_int_equal(lrc_path_check_name(longest, "name", NULL), -1);
    assert_int_equal(lrc_path_check_name(longest + 1, "name", NULL), 0);
}

static int resolve(void *arg, lrc_err *err)
{
    lrc_auto_free char *one = NULL, *two = NULL;
    if (lrc_path_real(&one, NULL, arg, err) < 0)
        return -1;
    return lrc_path_relative(&two, one, "/somewhere/else", err);
}

static void out_of_memory(void **state)
{
    (void)state;
    char *root = lrc_test_folder();
    lrc_test_put(root, "real/deep/file", "x");
    assert_int_equal(symlink("real", lrc_test_path(root, "link")), 0);
    lrc_auto_free char *path = strdup(lrc_test_path(root, "link/deep/../deep/file"));
    assert_int_equal(lrc_test_each_allocation(resolve, path), 0);
    lrc_test_folder_done(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_suffixes),
        cmocka_unit_test(joining),
        cmocka_unit_test(relative_as_python_has_it),
        cmocka_unit_test(inside),
        cmocka_unit_test(resolving),
        cmocka_unit_test(names_that_people_may_give),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
