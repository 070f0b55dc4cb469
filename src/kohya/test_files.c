// SPDX-License-Identifier: MIT
#include <string.h>

#include "kohya/files.h"
#include "support/cmocka.h"

static void the_trainers_rule(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool bare, with_plugins;
    } cases[] = {
        {"a.png", true, true},           {"a.PNG", true, true},       {"a.Png", false, false},
        {"a.jpeg", true, true},          {"d.x/a.JPEG", true, true},  {"a.jPEG", false, false},
        {"a.webp", true, true},          {"a.bmp", true, true},       {"a.jfif", false, false},
        {"a.gif", false, false},         {"a.tif", false, false},     {"a.heic", false, false},
        {"a.avif", false, true},         {"a.AVIF", false, true},     {"a.jxl", false, true},
        {"a.Jxl", false, false},         {".a.png", false, false},    {".png", false, false},
        {"d/.hidden.jpg", false, false}, {"a.png.txt", false, false}, {"a", false, false},
        {"a.txt", false, false},         {"png", false, false},       {"a.b.webp", true, true},
    };
    const lrc_kohya_plugins plugins = {true, true};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        if (lrc_kohya_sees(cases[i].path, NULL) != cases[i].bare ||
            lrc_kohya_sees(cases[i].path, &plugins) != cases[i].with_plugins)
            fail_msg("%s", cases[i].path);
    }
    assert_false(lrc_kohya_sees("a.avif", &(lrc_kohya_plugins){.jxl = true}));
}

static void types(void **state)
{
    (void)state;
    size_t n;
    const lrc_kohya_type *table = lrc_kohya_types(&n);
    assert_true(n >= 14);
    for (size_t i = 0; i < n; i++) {
        char name[32] = "x";
        memcpy(name + 1, table[i].suffix, strlen(table[i].suffix) + 1);
        assert_ptr_equal(lrc_kohya_type_of(name), &table[i]);
        assert_non_null(lrc_kohya_type_of_format(table[i].format));
        // What an import keeps, the trainer sees.
        if (table[i].import_as) {
            memcpy(name + 1, table[i].import_as, strlen(table[i].import_as) + 1);
            assert_true(lrc_kohya_sees(name, NULL));
        }
    }
    assert_string_equal(lrc_kohya_type_of("p/q.JfIf")->import_as, ".jpg");
    assert_null(lrc_kohya_type_of("q.GIF")->import_as);
    assert_null(lrc_kohya_type_of("q.svg"));
    assert_null(lrc_kohya_type_of("q"));
    assert_null(lrc_kohya_type_of_format("svg"));
}

static void folder_repeats(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int repeats;
        const char *rest;
    } cases[] = {
        {"10_ohwx girl", 10, "ohwx girl"},
        {"1_a_b", 1, "a_b"},
        {"0_reg", 0, "reg"},
        {"007_x", 7, "x"},
        {"10_", 0, "10_"},
        {"10", 0, "10"},
        {"_x", 0, "_x"},
        {"x_10", 0, "x_10"},
        {"-1_x", 0, "-1_x"},
        {" 1_x", 0, " 1_x"},
        {"1 _x", 0, "1 _x"},
        {"99999999999_x", 0, "99999999999_x"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *rest = NULL;
        if (lrc_kohya_folder_repeats(cases[i].name, &rest) != cases[i].repeats || strcmp(rest, cases[i].rest) != 0)
            fail_msg("%s: rest %s", cases[i].name, rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trainers_rule),
        cmocka_unit_test(types),
        cmocka_unit_test(folder_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
