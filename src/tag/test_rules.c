// SPDX-License-Identifier: MIT
// From scores to captions: what the golden cases (worker/test_tag_options.c) do not show.
#include <math.h>

#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"
#include "tag/rules.h"

static lrc_tag_label items[] = {
    {(char[]){"safe"}, LRC_TAG_RATING},        {(char[]){"explicit"}, LRC_TAG_RATING},
    {(char[]){"best"}, LRC_TAG_QUALITY},       {(char[]){"worst"}, LRC_TAG_QUALITY},
    {(char[]){"long_hair"}, LRC_TAG_GENERAL},  {(char[]){"^_^"}, LRC_TAG_GENERAL},
    {(char[]){"a_b"}, LRC_TAG_GENERAL},        {(char[]){"saber_(fate)"}, LRC_TAG_CHARACTER},
    {(char[]){"miku"}, LRC_TAG_CHARACTER},     {(char[]){"fate"}, LRC_TAG_COPYRIGHT},
    {(char[]){"some_artist"}, LRC_TAG_ARTIST}, {(char[]){"日_本"}, LRC_TAG_META},
};
static const lrc_tag_labels labels = {items, LENGTH(items)};
static const float scores[] = {.4f, .6f, .9f, .1f, .8f, .7f, .5f, .9f, .36f, .45f, .5f, .5f};

static char *caption_of(const lrc_tag_options *o, const char *existing)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_tag_rules lrc_tag_rules *rules = NULL;
    lrc_auto_strv lrc_strv tags = {0};
    char *text = NULL;
    assert_ok(lrc_tag_rules_new(&labels, o, &rules, &err), err);
    assert_ok(lrc_tag_pick(rules, scores, &tags, &err), err);
    assert_ok(lrc_tag_text(rules, &tags, existing, &text, &err), err);
    return text;
}

static lrc_tag_options defaults(void)
{
    lrc_tag_options o;
    assert_int_equal(lrc_tag_options_init(&o, NULL, NULL), 0);
    return o;
}

static void expect(const lrc_tag_options *o, const char *existing, const char *expected)
{
    lrc_auto_free char *got = caption_of(o, existing);
    assert_string_equal(got, expected);
}

#define ALL "long hair, ^_^, a b, saber (fate), miku, fate, some artist, 日 本"

static void test_categories(void **state)
{
    (void)state;
    lrc_tag_options o = defaults();
    expect(&o, NULL, ALL "\n"); // ratings and qualities only when asked for
    o.rating = LRC_PUT_FIRST;
    o.quality = LRC_PUT_FIRST;
    expect(&o, NULL, "explicit, best, " ALL "\n");
    o.rating = o.quality = LRC_PUT_LAST;
    expect(&o, NULL, ALL ", best, explicit\n");
    o.undesired = "explicit, best";
    expect(&o, NULL, ALL "\n"); // the next one does not move up
    o = defaults();
    o.thresholds[LRC_TAG_CHARACTER] = 1.1;
    o.thresholds[LRC_TAG_COPYRIGHT] = 0.46;
    o.thresholds[LRC_TAG_META] = 0.51;
    expect(&o, NULL, "long hair, ^_^, a b, some artist\n");
}

static void test_order(void **state)
{
    (void)state;
    lrc_tag_options o = defaults();
    o.by_score = true;
    expect(&o, NULL, "saber (fate), long hair, ^_^, a b, some artist, 日 本, fate, miku\n"); // equals keep their order
    o.character_first = true;
    expect(&o, NULL, "saber (fate), miku, long hair, ^_^, a b, some artist, 日 本, fate\n");
    o.by_score = false;
    expect(&o, NULL, "miku, saber (fate), long hair, ^_^, a b, fate, some artist, 日 本\n");
}

static void test_first(void **state)
{
    (void)state;
    lrc_tag_options o = defaults();
    o.thresholds[LRC_TAG_CHARACTER] = o.thresholds[LRC_TAG_COPYRIGHT] = 2;
    o.thresholds[LRC_TAG_ARTIST] = o.thresholds[LRC_TAG_META] = 2;
    o.first = "a b, absent,^_^, a b";
    expect(&o, NULL, "a b, ^_^, long hair\n");
    o.first_rule = LRC_FIRST_ALWAYS;
    expect(&o, NULL, "a b, absent, ^_^, long hair\n");
    o.first_rule = LRC_FIRST_KNX;
    expect(&o, NULL, "a b, absent, ^_^, long hair");
    o.first_rule = LRC_FIRST_KOHYA;
    expect(&o, NULL, "^_^, a b, long hair\n"); // " absent" and " a b" with their blanks are nobody's names
}

static void test_mcut(void **state)
{
    (void)state;
    lrc_tag_options o = defaults();
    o.mcut[LRC_TAG_GENERAL] = o.mcut[LRC_TAG_CHARACTER] = o.mcut[LRC_TAG_COPYRIGHT] = true;
    o.thresholds[LRC_TAG_ARTIST] = o.thresholds[LRC_TAG_META] = 2;
    // General .8 .7 .5: the largest gap lies above .5. Characters .9 .36: between them. One copyright: its own score.
    expect(&o, NULL, "long hair, ^_^, saber (fate), fate\n");
}

static void test_threshold_edge(void **state)
{
    (void)state;
    lrc_tag_options o = defaults();
    o.threshold = 0.9;
    expect(&o, NULL, "saber (fate)\n"); // 0.9 as float32 is below 0.9: still equal in float32
    o.above = true;
    expect(&o, NULL, "\n");
}

static void test_existing(void **state)
{
    (void)state;
    lrc_tag_options o = defaults();
    o.threshold = 0.75;
    expect(&o, "ohwx girl,  long hair ,,a.b\n", "ohwx girl, long hair, a.b, saber (fate)\n");
    expect(&o, "", "long hair, saber (fate)\n");
    o.separator = " ";
    expect(&o, "x,y", "x y long hair saber (fate)\n"); // a separator of blanks splits at commas
}

static void test_rename(void **state)
{
    (void)state;
    lrc_tag_options o = defaults();
    o.threshold = 0.75;
    o.replacement = "long hair,very \\, long;nobody,x;saber (fate),\\;";
    expect(&o, NULL, "very , long, ;\n");
    o.character_expand = true;
    o.replacement = "";
    expect(&o, NULL, "long hair, saber, fate\n");
    o.escape = true;
    o.character_expand = false;
    expect(&o, NULL, "long hair, saber \\(fate\\)\n");
    static const char *const bad[] = {"a", "a,b;", "a,b,c", ";", "a;b"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_tag_rules *rules = NULL;
        o.replacement = bad[i];
        assert_int_equal(lrc_tag_rules_new(&labels, &o, &rules, &err), -1);
        assert_string_equal(err.field, "tag_replacement");
    }
}

static void test_bad_options(void **state)
{
    (void)state;
    lrc_tag_options o = defaults();
    lrc_err err = LRC_ERR_INIT;
    lrc_tag_rules *rules = NULL;
    assert_int_equal(lrc_tag_options_init(&o, "nobody", &err), -1);
    assert_string_equal(err.field, "compat");
    o.separator = "a\nb";
    assert_int_equal(lrc_tag_rules_new(&labels, &o, &rules, &err), -1);
    assert_string_equal(err.field, "caption_separator");
}

static int whole_way(void *arg, lrc_err *err)
{
    (void)arg;
    lrc_tag_options o;
    lrc_auto_tag_rules lrc_tag_rules *rules = NULL;
    lrc_auto_strv lrc_strv tags = {0};
    lrc_auto_free char *text = NULL;
    if (lrc_tag_options_init(&o, NULL, err) < 0)
        return -1;
    o.first = "miku, absent";
    o.undesired = "^_^";
    o.replacement = "long hair,hair";
    o.character_expand = o.by_score = true;
    o.mcut[LRC_TAG_GENERAL] = true;
    if (lrc_tag_rules_new(&labels, &o, &rules, err) < 0 || lrc_tag_pick(rules, scores, &tags, err) < 0)
        return -1;
    return lrc_tag_text(rules, &tags, "x, y", &text, err);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    assert_int_equal(lrc_test_each_allocation(whole_way, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_categories),     cmocka_unit_test(test_order),       cmocka_unit_test(test_first),
        cmocka_unit_test(test_mcut),           cmocka_unit_test(test_existing),    cmocka_unit_test(test_rename),
        cmocka_unit_test(test_threshold_edge), cmocka_unit_test(test_bad_options), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
