// SPDX-License-Identifier: MIT
#include "caption/caption.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"

static void split_and_join(void **state)
{
    (void)state;
    static const struct {
        const char *line, *separator, *joined;
        size_t count;
    } cases[] = {
        {"", ", ", "", 0},
        {" , ,, ", ", ", "", 0},
        {"1girl,solo ,  long hair,", ", ", "1girl, solo, long hair", 3},
        {"b, a, b", ", ", "b, a, b", 3}, // order and repetition are the person's
        {"a|b, c| d", "|", "a|b, c|d", 3},
        {"a | b", " | ", "a | b", 2},
        {"a b\tc", " ", "a b\tc", 2}, // of blanks only: splits at itself
        {"a;;b", ";;", "a;;b", 2},
        {"髪、青い、空", "、", "髪、青い、空", 3},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_strv lrc_strv tags = {0};
        lrc_auto_free char *joined = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_ok(lrc_caption_split(cases[i].line, cases[i].separator, &tags, &err), err);
        assert_ok(lrc_caption_join(&tags, cases[i].separator, &joined, &err), err);
        assert_int_equal(tags.count, cases[i].count);
        assert_string_equal(joined, cases[i].joined);
    }
}

static void separators(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "\n", ",\r\n", "\xff", "12345678901234567"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(lrc_caption_check_separator(bad[i], NULL), -1);
    assert_int_equal(lrc_caption_check_separator(" | ", NULL), 0);
}

static void sameness(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"Solo", "solo", true}, {"É", "é", true},        {"ЖЕНЩИНА", "женщина", true},
        {"a", "ab", false},     {"", "", true},          {"straße", "STRASSE", false},
        {"\xff", "\xff", true}, {"\xff", "\xfe", false}, {"a\xff", "A\xff", true},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        if (lrc_caption_same(cases[i].a, cases[i].b) != cases[i].same)
            fail_msg("'%s' and '%s'", cases[i].a, cases[i].b);
}

static void add_trigger(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
        bool at_end, repeat;
        const char *separator;
        const char *after; // NULL: unchanged
    } cases[] = {
        // as KNX
        {"", "ohwx", false, false, NULL, "ohwx"},
        {" \n\t", "ohwx", true, false, NULL, "ohwx"},
        {"1girl, solo", "ohwx", false, false, NULL, "ohwx, 1girl, solo"},
        {"1girl, solo", "ohwx", true, false, NULL, "1girl, solo, ohwx"},
        {"  1girl,solo \n", "ohwx", false, false, NULL, "ohwx, 1girl,solo"}, // the rest keeps its bytes
        // KNX repeats the word at every call; only when asked
        {"ohwx, solo", "ohwx", false, true, NULL, "ohwx, ohwx, solo"},
        {"ohwx, solo", "ohwx", false, false, NULL, NULL},
        {"ohwx, solo\n", "ohwx", false, false, NULL, NULL},
        {"ohwx", "ohwx", true, false, NULL, NULL},
        {"solo, ohwx", "ohwx", false, false, NULL, "ohwx, solo"}, // moved
        {"ohwx,solo", "ohwx", true, false, NULL, "solo, ohwx"},
        {"ohwx, solo, ohwx", "ohwx", false, false, NULL, "ohwx, solo"}, // once
        {"OHWX, solo", "ohwx", false, false, NULL, "ohwx, solo"},       // in this spelling
        {"ohwx girl, solo", "ohwx", false, false, NULL, "ohwx, ohwx girl, solo"},
        {"solo", "  ohwx ", false, false, NULL, "ohwx, solo"},
        // several tags, other separators
        {"solo, b", "a, b", false, false, NULL, "a, b, solo"},
        {"a, b, solo", "a, b", false, false, NULL, NULL},
        {"b, a, solo", "a, b", false, false, NULL, "a, b, solo"},
        {"x|y", "ohwx", false, false, "|", "ohwx|x|y"},
        {"x, y", "ohwx", false, false, "|", "ohwx|x, y"},
        // several captions in one file
        {"one, two\nthree\n\nfour, ohwx", "ohwx", false, false, NULL, "ohwx, one, two\nohwx, three\n\nohwx, four"},
        {"one\r\ntwo\r\n", "ohwx", true, false, NULL, "one, ohwx\ntwo, ohwx"},
        {"Ein Mädchen, 女の子", "żółw", false, false, NULL, "żółw, Ein Mädchen, 女の子"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const lrc_caption_trigger t = {cases[i].word, cases[i].at_end, cases[i].repeat, cases[i].separator};
        lrc_auto_free char *after = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_ok(lrc_caption_add_trigger(cases[i].text, &t, &after, &err), err);
        if (!lrc_str_same(after, cases[i].after))
            fail_msg("'%s' became '%s'", cases[i].text, after ? after : "(unchanged)");
        if (!after || t.repeat)
            continue;
        lrc_auto_free char *again = NULL;
        assert_ok(lrc_caption_add_trigger(after, &t, &again, &err), err);
        assert_null(again); // a second call changes nothing
    }
}

static void bad_triggers(void **state)
{
    (void)state;
    static const lrc_caption_trigger bad[] = {
        {.word = ""},
        {.word = "  "},
        {.word = ", ,"},
        {.word = "a\nb"},
        {.word = "a\x1b[2J"},
        {.word = "\xff"},
        {.word = "a", .separator = "\n"},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        char *after = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_caption_add_trigger("x", &bad[i], &after, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        assert_null(after);
    }
}

static void a_caption_has_a_limit(void **state)
{
    (void)state;
    lrc_auto_free char *big = malloc(LRC_CAPTION_MAX + 1);
    assert_non_null(big);
    memset(big, 'a', LRC_CAPTION_MAX);
    big[LRC_CAPTION_MAX] = '\0';
    char *after = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_caption_add_trigger(big, &(lrc_caption_trigger){.word = "ohwx"}, &after, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
}

static int edit_some(void *arg, lrc_err *err)
{
    const lrc_caption_trigger trigger = {.word = "a, b"};
    lrc_auto_free char *after = NULL;
    return lrc_caption_add_trigger(arg, &trigger, &after, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    char text[] = "one, A, two\nthree";
    assert_int_equal(lrc_test_each_allocation(edit_some, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_and_join),     cmocka_unit_test(separators),   cmocka_unit_test(sameness),
        cmocka_unit_test(add_trigger),        cmocka_unit_test(bad_triggers), cmocka_unit_test(a_caption_has_a_limit),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
