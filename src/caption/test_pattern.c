// SPDX-License-Identifier: MIT
#include "caption/pattern.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"

#define R  {.regex = true}
#define RI {.regex = true, .ignore_case = true}
#define RM {.regex = true, .multiline = true}
#define L  {0}
#define LI {.ignore_case = true}

// What an ECMAScript engine gives for text.replace(RegExp(find, flags), replacement), where it can be compared.
static void replacing(void **state)
{
    (void)state;
    static const struct {
        const char *find;
        lrc_pattern_options how;
        const char *text, *by, *after; // NULL: unchanged
    } cases[] = {
        {"a.b", L, "a.b axb a.b", "$&", "$& axb $&"}, // literally, the replacement too
        {"(", L, "f(x)", "[", "f[x)"},
        {"É", LI, "é É e", "x", "x x e"},
        {"zz", L, "abc", "x", NULL},
        {"b", L, "abc", "b", NULL},
        {"b", L, "abc", "", "ac"},
        {"(\\w+), (\\w+)", R, "one, two, three, four", "$2-$1", "two-one, four-three"},
        {"o", R, "foo", "$$", "f$$"},
        {"o", R, "foo", "[$&]", "f[o][o]"},
        {"b", R, "abc", "[$`|$']", "a[a|c]c"},
        {"(b)", R, "abc", "$1$2$3", "ab$2$3c"}, // groups that do not exist stay as text
        {"(b)", R, "abc", "$10", "ab0c"},       // $1 and a 0: there is no group 10
        {"(b)", R, "abc", "$01$00$0", "ab$00$0c"},
        {"(?<x>b)", R, "abc", "<$<x>$<y>$<>$<x", "a<b$<y>$<>$<xc"},
        {"b$", R, "ab\n", "X", NULL}, // "$" is the end of the text only
        {"b$", R, "ab", "X", "aX"},
        {"b$", RM, "ab\nb", "X", "aX\nX"},
        {"^", RM, "a\nb", "- ", "- a\n- b"},
        {"^", R, "a\nb", "- ", "- a\nb"},
        {"x*", R, "abc", "-", "-a-b-c-"}, // empty matches
        {"a*", R, "baac", "-", "-b--c-"},
        {"a.c", R, "a\nc", "x", NULL}, // a dot is no line break
        {"SOLO", RI, "solo, Solo", "x", "x, x"},
        {"ж", RI, "Ж", "x", "x"},
        {"\\p{L}+", R, "żółw 猫", "x", "x x"},
        {"\\u017c", R, "żółw", "z", "zółw"},
        {"(a)|b\\1", R, "b", "x", "x"}, // a reference to an unset group is empty
        {".", R, "é😀", "-", "--"},
        {"\\s*,\\s*", R, "a ,b,  c", ", ", "a, b, c"},
        {"(?=b)", R, "abab", "|", "a|ba|b"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_pattern lrc_pattern *p = NULL;
        lrc_auto_free char *after = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_ok(lrc_pattern_compile(cases[i].find, &cases[i].how, &p, &err), err);
        assert_ok(lrc_pattern_replace(p, cases[i].text, cases[i].by, &after, &err), err);
        if (!lrc_str_same(after, cases[i].after))
            fail_msg("'%s' in '%s' by '%s': '%s'", cases[i].find, cases[i].text, cases[i].by,
                     after ? after : "(unchanged)");
    }
}

static void bad_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *find;
        const char *message;
    } cases[] = {
        {"", "empty"},       {"a(b", "character 4"}, {"é[", "character 3"},       {"*a", "character"},
        {"\\", "character"}, {"\xff", "UTF-8"},      {"\\C", "pattern is wrong"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_pattern *p = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_pattern_compile(cases[i].find, &(lrc_pattern_options)R, &p, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        if (!strstr(err.msg, cases[i].message))
            fail_msg("%s: %s", cases[i].find, err.msg);
    }
}

// W10: this froze KNX's whole server.
static void no_pattern_hangs(void **state)
{
    (void)state;
    static const char *const patterns[] = {"(a+)+$", "(a|a)*$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$",
                                           "(?:(?:a*)*)*b"};
    char text[20001];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 2] = '!';
    text[sizeof text - 1] = '\0';
    const char *const texts[] = {text, text + sizeof text - 60};
    for (size_t i = 0; i < LENGTH(patterns); i++)
        for (size_t k = 0; k < LENGTH(texts); k++) {
            lrc_auto_pattern lrc_pattern *p = NULL;
            lrc_auto_free char *after = NULL;
            lrc_err err = LRC_ERR_INIT;
            assert_ok(lrc_pattern_compile(patterns[i], &(lrc_pattern_options)R, &p, &err), err);
            if (lrc_pattern_replace(p, texts[k], "x", &after, &err) < 0)
                assert_int_equal(err.code, LRC_ERR_LIMIT);
        }
    lrc_auto_pattern lrc_pattern *p = NULL;
    lrc_auto_free char *after = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_pattern_compile("(a+)+$", &(lrc_pattern_options)R, &p, &err), err);
    assert_int_equal(lrc_pattern_replace(p, text + sizeof text - 60, "x", &after, &err), -1);
    assert_non_null(strstr(err.msg, "too many steps"));
}

static void growth_is_limited(void **state)
{
    (void)state;
    char text[4001], by[4001];
    memset(text, 'a', 4000);
    memset(by, 'b', 4000);
    text[4000] = by[4000] = '\0';
    lrc_auto_pattern lrc_pattern *p = NULL;
    char *after = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_pattern_compile("a", &(lrc_pattern_options)L, &p, &err), err);
    assert_int_equal(lrc_pattern_replace(p, text, by, &after, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
}

static void finding(void **state)
{
    (void)state;
    lrc_auto_pattern lrc_pattern *p = NULL;
    size_t start, end;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_pattern_compile("b+", &(lrc_pattern_options)R, &p, &err), err);
    assert_int_equal(lrc_pattern_find(p, "abbab", 0, &start, &end, &err), 1);
    assert_int_equal(start, 1);
    assert_int_equal(end, 3);
    assert_int_equal(lrc_pattern_find(p, "abbab", 3, &start, &end, &err), 1);
    assert_int_equal(start, 4);
    assert_int_equal(lrc_pattern_find(p, "aaa", 0, &start, &end, &err), 0);
}

static int replace_some(void *arg, lrc_err *err)
{
    lrc_auto_pattern lrc_pattern *p = NULL;
    lrc_auto_free char *after = NULL;
    if (lrc_pattern_compile("(b)", &(lrc_pattern_options)R, &p, err) < 0)
        return -1;
    return lrc_pattern_replace(p, arg, "$1-$1", &after, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    char text[] = "abcabc";
    assert_int_equal(lrc_test_each_allocation(replace_some, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replacing),         cmocka_unit_test(bad_patterns), cmocka_unit_test(no_pattern_hangs),
        cmocka_unit_test(growth_is_limited), cmocka_unit_test(finding),      cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
