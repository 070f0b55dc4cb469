// SPDX-License-Identifier: MIT
#include "base/str.h"

#include <string.h>

#include "base/ascii.h"
#include "support/allocations.h"
#include "support/cmocka.h"

static void comparing(void **state)
{
    (void)state;
    assert_true(lrc_str_starts("abc", "ab") && lrc_str_starts("abc", "") && !lrc_str_starts("ab", "abc"));
    assert_true(lrc_str_ends("abc", "bc") && lrc_str_ends("abc", "") && !lrc_str_ends("bc", "abc"));
    assert_true(lrc_str_same(NULL, NULL) && lrc_str_same("a", "a"));
    assert_false(lrc_str_same(NULL, "") || lrc_str_same("a", NULL) || lrc_str_same("a", "b"));
    assert_true(lrc_ascii_same("Content-TYPE", "content-type"));
    assert_false(lrc_ascii_same("a", "ab") || lrc_ascii_same("\xc3\xa9", "\xc3\x89"));
}

static void trimming(void **state)
{
    (void)state;
    char text[] = " \t\r\n a b \v\f", blank[] = " \n", none[] = "", wide[] = "\xc2\xa0x\xc2\xa0";
    assert_string_equal(lrc_str_trim(text), "a b");
    assert_string_equal(lrc_str_trim(blank), "");
    assert_string_equal(lrc_str_trim(none), "");
    assert_string_equal(lrc_str_trim(wide), "\xc2\xa0x\xc2\xa0"); // only ASCII blanks
}

static void whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } row[] = {
        {"0", true, 0},
        {"-12", true, -12},
        {"+7", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x10", false, 0},
        {"1e3", false, 0},
        {"--1", false, 0},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        int64_t value = 99;
        assert_int_equal(lrc_str_to_i64(row[i].text, &value), row[i].ok);
        assert_true(value == (row[i].ok ? row[i].value : 99));
    }
}

static void real_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        double value;
    } row[] = {
        {"0.35", true, 0.35}, {"-1e-4", true, -1e-4}, {".5", true, 0.5},   {"5.", true, 5},   {"1e999", false, 0},
        {"inf", false, 0},    {"nan", false, 0},      {"0x1p3", false, 0}, {"", false, 0},    {" 1", false, 0},
        {"1,5", false, 0},    {"1e", false, 0},       {"1.2.3", false, 0}, {"--1", false, 0}, {"e5", false, 0},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        double value = 99;
        assert_int_equal(lrc_str_to_double(row[i].text, &value), row[i].ok);
        assert_true(value == (row[i].ok ? row[i].value : 99));
    }
}

static void sizes_for_people(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } row[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {1024 * 1024 - 1, "1.0 MiB"},
        {3435973837, "3.2 GiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        char out[16];
        lrc_str_bytes(row[i].bytes, out);
        assert_string_equal(out, row[i].text);
    }
}

static void lists(void **state)
{
    (void)state;
    lrc_auto_strv lrc_strv v = {0};
    assert_int_equal(lrc_strv_split(&v, " b, a ,,c  d, ", ',', NULL), 0);
    assert_int_equal(v.count, 3);
    assert_string_equal(v.item[2], "c  d");
    assert_null(v.item[3]);
    assert_int_equal(lrc_strv_push_n(&v, "Zebra", 1, NULL), 0);
    assert_int_equal(lrc_strv_pushf(&v, NULL, "%s%d", "\xc3\xa9", 1), 0);
    lrc_strv_sort(&v);
    static const char *const sorted[] = {"Z", "a", "b", "c  d", "\303\2511"};
    assert_int_equal(v.count, LENGTH(sorted));
    for (size_t i = 0; i < LENGTH(sorted); i++)
        assert_string_equal(v.item[i], sorted[i]);
    assert_true(lrc_strv_has(&v, "b"));
    assert_false(lrc_strv_has(&v, "B"));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(lrc_strv_pushf(&v, NULL, "%d", i), 0);
    assert_string_equal(v.item[v.count - 1], "999");
    lrc_strv_done(&v);
    lrc_strv_sort(&v);
    assert_int_equal(v.count, 0);
}

static int make_lists(void *arg, lrc_err *err)
{
    (void)arg;
    lrc_auto_strv lrc_strv v = {0};
    lrc_auto_free char *text = NULL;
    if (lrc_str_format(&text, err, "%s,%s", "one", "two") < 0 || lrc_strv_split(&v, text, ',', err) < 0)
        return -1;
    for (int i = 0; i < 20; i++)
        if (lrc_strv_pushf(&v, err, "%d", i) < 0)
            return -1;
    return 0;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_int_equal(lrc_test_each_allocation(make_lists, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing),     cmocka_unit_test(trimming),         cmocka_unit_test(whole_numbers),
        cmocka_unit_test(real_numbers),  cmocka_unit_test(sizes_for_people), cmocka_unit_test(lists),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
