// SPDX-License-Identifier: MIT
#include "caption/edit.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"

static void edits(void **state)
{
    (void)state;
    static const struct {
        lrc_tags_edit edit;
        const char *tags;         // separated by '/'
        const char *text, *after; // NULL: unchanged
    } cases[] = {
        {{.op = LRC_TAGS_ADD}, "x/y", "a, b", "a, b, x, y"},
        {{.op = LRC_TAGS_ADD}, "x/B", "a,b", "a, b, x"},
        {{.op = LRC_TAGS_ADD}, "A/b", "a,  b\n", NULL}, // all there: not a byte changes
        {{.op = LRC_TAGS_ADD}, "x/x", "a", "a, x"},
        {{.op = LRC_TAGS_ADD}, "x/y", " \n", "x, y"},
        {{.op = LRC_TAGS_ADD}, "x", "", "x"},
        {{.op = LRC_TAGS_ADD, .at_start = true}, "x/y/a", "a, b", "x, y, a, b"},
        {{.op = LRC_TAGS_ADD}, "x", "a\n\nb, x\n", "a, x\n\nb, x\n"}, // line by line
        {{.op = LRC_TAGS_REMOVE}, "SOLO", "1girl, solo, Solo, soloist", "1girl, soloist"},
        {{.op = LRC_TAGS_REMOVE}, "b", "a,b,,c", "a, c"}, // KNX leaves "a, , c"
        {{.op = LRC_TAGS_REMOVE}, "b", "a,,c", NULL},
        {{.op = LRC_TAGS_REMOVE}, "a", "a", ""},
        {{.op = LRC_TAGS_REMOVE}, "a", "", NULL},
        {{.op = LRC_TAGS_REMOVE, .separator = "|"}, "b c", "a|b c|d", "a|d"},
        {{.op = LRC_TAGS_REPLACE, .replacement = "x"}, "b", "a, b, c", "a, x, c"},
        {{.op = LRC_TAGS_REPLACE, .replacement = "x"}, "b/c", "a, b, c", "a, x"},
        {{.op = LRC_TAGS_REPLACE, .replacement = "x"}, "b", "a, b, X", "a, x"},
        {{.op = LRC_TAGS_REPLACE, .replacement = "x"}, "b", "x, x", NULL}, // not there: nothing happens
        {{.op = LRC_TAGS_REPLACE, .replacement = "B"}, "b", "a, b", "a, B"},
        {{.op = LRC_TAGS_REPLACE, .replacement = ""}, "b", "a, b", "a"},
        {{.op = LRC_TAGS_TIDY}, "", " a ,,b,a ", "a, b, a"},
        {{.op = LRC_TAGS_TIDY}, "", "a, b\nc", NULL},
        {{.op = LRC_TAGS_TIDY, .dedupe = true}, "", "a, A, b, a", "a, b"},
        {{.op = LRC_TAGS_TIDY, .sort = true}, "", "c, b, a", "a, b, c"},
        {{.op = LRC_TAGS_TIDY, .sort = true, .keep = 1}, "", "c, b, a", "c, a, b"},
        {{.op = LRC_TAGS_TIDY, .sort = true, .keep = 9}, "", "c, b, a", NULL},
        {{.op = LRC_TAGS_TIDY}, "", "  ", NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_strv lrc_strv tags = {0};
        lrc_auto_free char *after = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_ok(lrc_strv_split(&tags, cases[i].tags, '/', &err), err);
        lrc_tags_edit edit = cases[i].edit;
        edit.tags = &tags;
        assert_ok(lrc_tags_edit_text(cases[i].text, &edit, &after, &err), err);
        if (!lrc_str_same(after, cases[i].after))
            fail_msg("case %zu: '%s' became '%s'", i, cases[i].text, after ? after : "(unchanged)");
        if (!after)
            continue;
        lrc_auto_free char *again = NULL;
        assert_ok(lrc_tags_edit_text(after, &edit, &again, &err), err);
        if (again && cases[i].edit.op != LRC_TAGS_REPLACE)
            fail_msg("case %zu changes '%s' to '%s' at the second time", i, after, again);
    }
}

static void parsing(void **state)
{
    (void)state;
    char *given[] = {(char[]){" a , b"}, (char[]){"c"}};
    lrc_auto_strv lrc_strv tags = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_tags_parse(&(lrc_strv){.item = given, .count = 2}, ", ", &tags, &err), err);
    assert_int_equal(tags.count, 3);
    assert_string_equal(tags.item[0], "a");
    static const char *const bad[] = {"", " , ", "a\nb", "\xff", "a\x1b"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        char *one[] = {strdup(bad[i])};
        assert_int_equal(lrc_tags_parse(&(lrc_strv){.item = one, .count = 1}, ", ", &tags, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        free(one[0]);
    }
}

static int edit_some(void *arg, lrc_err *err)
{
    char *given[] = {(char[]){"x, b"}};
    lrc_auto_strv lrc_strv tags = {0};
    if (lrc_tags_parse(&(lrc_strv){.item = given, .count = 1}, ", ", &tags, err) < 0)
        return -1;
    for (lrc_tags_op op = LRC_TAGS_ADD; op <= LRC_TAGS_TIDY; op++) {
        const lrc_tags_edit edit = {.op = op, .tags = &tags, .replacement = "y", .sort = true, .dedupe = true};
        lrc_auto_free char *after = NULL;
        if (lrc_tags_edit_text(arg, &edit, &after, err) < 0)
            return -1;
    }
    return 0;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    char text[] = "c, b, a, a\nthree";
    assert_int_equal(lrc_test_each_allocation(edit_some, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(edits), cmocka_unit_test(parsing),
                                       cmocka_unit_test(memory_may_run_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
