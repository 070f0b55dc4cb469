// SPDX-License-Identifier: MIT
#include "caption/caption.h"
#include "caption/file.h"
#include "support/cmocka.h"
#include "support/temp.h"

// W3: KNX took any text as the extension and replaced its first occurrence in the whole path.
static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *image, *extension, *path; // NULL: refused
    } cases[] = {
        {"datasets/w.png_set/a.png", ".txt", "datasets/w.png_set/a.txt"},
        {"/d/a.b.webp", ".caption", "/d/a.b.caption"},
        {"a.PNG", ".my-cap_2", "a.my-cap_2"},
        {"a.png", "/../../../output/pwn.txt", NULL},
        {"a.png", ".", NULL},
        {"a.png", "", NULL},
        {"a.png", "txt", NULL},
        {"a.png", ".t/x", NULL},
        {"a.png", "..", NULL},
        {"a.png", ".tags.txt", NULL},
        {"a.png", ".tx\nt", NULL},
        {"a.png", ".é", NULL},
        {"a.png", ".aaaaaaaaaaaaaaaa", NULL},
        {"a.webp", ".png", NULL}, // would replace an image
        {"a.webp", ".JPG", NULL},
        {"d.x/a", ".txt", NULL}, // no suffix: no image
        {"d/.png", ".txt", NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_free char *path = NULL;
        lrc_err err = LRC_ERR_INIT;
        const int result = lrc_caption_path(cases[i].image, cases[i].extension, &path, &err);
        if (result < 0)
            assert_int_equal(err.code, LRC_ERR_INVALID);
        if (!lrc_str_same(path, cases[i].path))
            fail_msg("%s %s: %s", cases[i].image, cases[i].extension, path ? path : err.msg);
    }
}

static void reading(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n; // 0: strlen
        const char *text;
        bool bom;
        const char *message; // when refused
    } cases[] = {
        {"a, b\n", 0, "a, b\n", false, NULL},
        {"\xef\xbb\xbf"
         "a, b",
         0, "a, b", true, NULL},
        {"\xef\xbb\xbf", 0, "", true, NULL},
        {"a\nb\xa0", 0, NULL, false, "byte 0xa0 in line 2"},
        {"\xff\xfe"
         "a\0",
         4, NULL, false, "UTF-16"},
        {"a\0b", 3, NULL, false, "NUL byte in line 1"},
        {"caf\xc3", 0, NULL, false, "byte 0xc3"},
    };
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "a.txt");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_caption_file lrc_caption_file f = {0};
        lrc_err err = LRC_ERR_INIT;
        lrc_test_put_bytes(dir, "a.txt", cases[i].bytes, cases[i].n ? cases[i].n : strlen(cases[i].bytes));
        const int result = lrc_caption_read(path, &f, &err);
        if (cases[i].message) {
            assert_int_equal(result, -1);
            assert_non_null(strstr(err.msg, cases[i].message));
            continue;
        }
        assert_ok(result, err);
        assert_string_equal(f.text, cases[i].text);
        assert_true(f.exists);
        assert_int_equal(f.bom, cases[i].bom);
    }
}

static void missing_and_odd(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "a.txt");
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_caption_file lrc_caption_file f = {0};
    assert_ok(lrc_caption_read(path, &f, &err), err);
    assert_false(f.exists);
    assert_string_equal(f.text, "");
    lrc_caption_file refused = {0};
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(lrc_caption_read(path, &refused, &err), -1);
    assert_int_equal(lrc_caption_write(path, "x", &err), -1);
    lrc_auto_free char *big = malloc(LRC_CAPTION_MAX + 1);
    assert_non_null(big);
    memset(big, 'a', LRC_CAPTION_MAX + 1);
    lrc_test_put_bytes(dir, "big.txt", big, LRC_CAPTION_MAX + 1);
    lrc_auto_free char *big_path = lrc_test_join(dir, "big.txt");
    assert_int_equal(lrc_caption_read(big_path, &refused, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
}

static void writing(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *path = lrc_test_join(dir, "a.txt"), *link = lrc_test_join(dir, "link.txt");
    assert_ok(lrc_caption_write(path, "tag", &err), err);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink("a.txt", link), 0);
    assert_ok(lrc_caption_write(link, "über", &err), err); // at its target, mode kept
    lrc_test_expect(dir, "a.txt", "über");
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(lrc_caption_write(path, "\xff", &err), -1);
    lrc_test_expect(dir, "a.txt", "über");
}

static void image_lists(void **state)
{
    (void)state;
    static const char *const files[] = {"b.PNG",    "a.jpg",         "a.txt", "10_girl/c.webp", "10_girl/d.JFIF",
                                        ".hid.png", ".hidden/e.png", "f.gif", "noext"};
    lrc_auto_temp char *dir = lrc_test_folder();
    for (size_t i = 0; i < LENGTH(files); i++)
        lrc_test_put(dir, files[i], "x");
    lrc_err err = LRC_ERR_INIT;
    size_t below = 0;
    lrc_auto_strv lrc_strv flat = {0}, all = {0};
    assert_ok(lrc_caption_images(dir, false, &flat, &below, &err), err);
    assert_int_equal(flat.count, 3);
    assert_int_equal(below, 2);
    assert_string_equal(lrc_path_name(flat.item[0]), "a.jpg");
    assert_ok(lrc_caption_images(dir, true, &all, NULL, &err), err);
    assert_int_equal(all.count, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),   cmocka_unit_test(reading),     cmocka_unit_test(missing_and_odd),
        cmocka_unit_test(writing), cmocka_unit_test(image_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
