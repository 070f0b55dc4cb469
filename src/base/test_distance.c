// SPDX-License-Identifier: MIT
#include "base/str.h"
#include "support/cmocka.h"

static void distances(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        {"", "", 0},       {"abc", "abc", 0},        {"", "abc", 3},           {"abc", "", 3},
        {"abc", "abd", 1}, {"abc", "ac", 1},         {"abc", "xabc", 1},       {"defualt", "default", 1},
        {"ab", "ba", 1},   {"kitten", "sitting", 3}, {"trainer", "tagger", 3}, {"a", "b", 1},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(lrc_str_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(lrc_str_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
    char longest[66];
    for (size_t i = 0; i < 65; i++)
        longest[i] = 'a';
    longest[65] = '\0';
    assert_true(lrc_str_distance(longest, "a") == SIZE_MAX);
    longest[64] = '\0';
    assert_int_equal(lrc_str_distance(longest, "a"), 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(distances)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
