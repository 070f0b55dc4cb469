// SPDX-License-Identifier: MIT
// The command line of `lorica tag`, and through it the post-processing against the captions of the reference programs:
// tests/golden/tagger/post.json, whose options are given here as a person would give them.
#include <math.h>

#include "support/cmocka.h"
#include "support/temp.h"
#include "worker/tag_options.h"

#define GOLDEN   LORICA_TEST_DATA "/golden/tagger/"
#define MAX_ARGS 64

// ---- Golden captions ---------------------------------------------------------------------------------------------------

// How an option of post.json is written on the command line.
static const struct {
    const char *key;
    const char *option;
    const char *off;   // for a flag of ours that says the opposite, or a word for `false`
    const char *words; // "theirs=ours|theirs=ours", where the words differ
} mapping[] = {
    {"thresh", "threshold", NULL, NULL},
    {"general_threshold", "general-threshold", NULL, NULL},
    {"character_threshold", "character-threshold", NULL, NULL},
    {"remove_underscore", NULL, "keep-underscore", NULL},
    {"undesired_tags", "undesired-tags", NULL, NULL},
    {"caption_separator", "caption-separator", NULL, NULL},
    {"tag_replacement", "tag-replacement", NULL, NULL},
    {"character_tag_expand", "character-tag-expand", NULL, NULL},
    {"character_tags_first", "character-tags-first", NULL, NULL},
    {"always_first_tags", "always-first-tags", NULL, NULL},
    {"use_rating_tags", "use-rating-tags", NULL, NULL},
    {"use_rating_tags_as_last_tag", "use-rating-tags-as-last-tag", NULL, NULL},
    {"append_tags", "overwrite-mode=append", NULL, NULL},
    {"existing", NULL, NULL, NULL}, // what lies in the caption file
    {"newline", NULL, "no-newline", NULL},
    {"replace_mode", "compat", NULL, "fixed=|noop=kohya"},
    {"underscore_rule", "underscore-rule", NULL, "len3=len3|kaomoji=kaomoji"},
    {"mcut_general", "mcut-general", NULL, NULL},
    {"mcut_character", "mcut-character", NULL, NULL},
    {"compare", "threshold-rule", NULL, "ge=at|gt=above"},
    {"order", "order", NULL, "index=model|prob=score"},
    {"escape_parens", "escape-parentheses", NULL, NULL},
    {"always_first_rule", "always-first-rule", NULL, "kohya=kohya"},
};

// Our word for theirs, copied to `out`; "" when the option is to be left out.
static void translate(const char *words, const char *theirs, char out[static 32])
{
    const size_t n = strlen(theirs);
    for (const char *w = words; w; w = strchr(w, '|') ? strchr(w, '|') + 1 : NULL)
        if (strncmp(w, theirs, n) == 0 && w[n] == '=') {
            snprintf(out, 32, "%.*s", (int)strcspn(w + n + 1, "|"), w + n + 1);
            return;
        }
    fail_msg("no word of ours for '%s'", theirs);
}

static void add_argument(lrc_strv *args, const lrc_json *v)
{
    lrc_err err = LRC_ERR_INIT;
    size_t i = 0;
    while (i < sizeof mapping / sizeof mapping[0] && strcmp(mapping[i].key, v->key) != 0)
        i++;
    if (i == sizeof mapping / sizeof mapping[0])
        fail_msg("option '%s' of post.json is not known", v->key);
    char word[32] = "";
    if (v->type == LRC_JSON_FALSE && mapping[i].off)
        assert_ok(lrc_strv_pushf(args, &err, "--%s", mapping[i].off), err);
    if (!mapping[i].option || v->type == LRC_JSON_NULL || v->type == LRC_JSON_FALSE)
        return;
    if (v->type == LRC_JSON_TRUE) {
        assert_ok(lrc_strv_pushf(args, &err, "--%s", mapping[i].option), err);
    } else if (mapping[i].words) {
        translate(mapping[i].words, v->text, word);
        if (word[0])
            assert_ok(lrc_strv_pushf(args, &err, "--%s=%s", mapping[i].option, word), err);
    } else {
        assert_ok(lrc_strv_pushf(args, &err, "--%s=%s", mapping[i].option, v->text), err);
    }
}

static void check_case(const lrc_json *c, const lrc_tag_labels *labels, const float *scores)
{
    const char *name = NULL, *expected = NULL, *existing = NULL;
    const lrc_json *options = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_json_str(c, "name", true, &name, &err), err);
    assert_ok(lrc_json_str(c, "expected", true, &expected, &err), err);
    assert_ok(lrc_json_object(c, "options", true, &options, &err), err);
    assert_ok(lrc_json_str(options, "existing", false, &existing, &err), err);
    lrc_auto_strv lrc_strv args = {0}, rest = {0}, tags = {0};
    for (const lrc_json *v = options->first; v; v = v->next)
        add_argument(&args, v);
    assert_ok(lrc_strv_push(&args, "dataset", &err), err);
    lrc_tag_command command;
    lrc_common common = {0};
    assert_ok(lrc_worker_tag_parse((int)args.count, args.item, &command, &common, &rest, &err), err);
    assert_string_equal(rest.item[0], "dataset");

    lrc_auto_tag_rules lrc_tag_rules *rules = NULL;
    lrc_auto_free char *text = NULL;
    assert_ok(lrc_tag_rules_new(labels, &command.rules, &rules, &err), err);
    assert_ok(lrc_tag_pick(rules, scores, &tags, &err), err);
    assert_ok(lrc_tag_text(rules, &tags, command.existing == LRC_TAG_APPEND ? existing : NULL, &text, &err), err);
    if (strcmp(text, expected) != 0)
        fail_msg("%s:\n  %s  instead of\n  %s", name, text, expected);
}

static void test_golden(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_tag_labels lrc_tag_labels labels = {0};
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_free char *bytes = NULL;
    size_t n = 0;
    assert_ok(lrc_tag_labels_load(GOLDEN "tags.csv", LRC_TAG_FILE_CSV, &labels, &err), err);
    assert_ok(lrc_fs_read(GOLDEN "scores.f32", 1 << 20, &bytes, &n, &err), err);
    assert_int_equal(n, labels.count * sizeof(float));
    lrc_auto_free float *scores = malloc(n);
    memcpy(scores, bytes, n);
    assert_ok(lrc_json_load(GOLDEN "post.json", 1 << 20, &doc, &err), err);
    const lrc_json *cases = NULL;
    assert_ok(lrc_json_array(lrc_json_root(doc), "cases", true, &cases, &err), err);
    assert_int_equal(cases->len, 33);
    for (const lrc_json *c = cases->first; c; c = c->next)
        check_case(c, &labels, scores);
}

// ---- The command line itself -------------------------------------------------------------------------------------------

static int parse(lrc_tag_command *ret, lrc_err *err, const char *const *words)
{
    char *argv[MAX_ARGS];
    int argc = 0;
    lrc_common common = {0};
    lrc_auto_strv lrc_strv rest = {0};
    for (; words[argc]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    return lrc_worker_tag_parse(argc, argv, ret, &common, &rest, err);
}
#define PARSE(ret, err, ...) parse(ret, err, (const char *const[]){__VA_ARGS__, NULL})

static void test_defaults(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_tag_command c;
    assert_ok(PARSE(&c, &err, "x"), err);
    assert_null(c.model);
    assert_string_equal(c.profile.name, "kohya");
    assert_false(c.profile.exif);
    assert_true(c.rules.threshold == 0.35);
    assert_false(c.own_threshold);
    assert_true(isnan(c.rules.thresholds[LRC_TAG_CHARACTER]));
    assert_true(c.rules.remove_underscore);
    assert_int_equal(c.rules.underscore_rule, LRC_UNDERSCORE_KAOMOJI);
    assert_int_equal(c.rules.first_rule, LRC_FIRST_PRESENT);
    assert_int_equal(c.existing, LRC_TAG_OVERWRITE);
    assert_int_equal(c.provider, LRC_INFER_AUTO);
    assert_string_equal(c.extension, ".txt");
    assert_string_equal(c.rules.separator, ", ");
    assert_true(c.rules.newline);
}

static void test_compat_and_own_options(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_tag_command c;
    assert_ok(PARSE(&c, &err, "x", "--compat=kohya"), err);
    assert_int_equal(c.rules.underscore_rule, LRC_UNDERSCORE_LEN3);
    assert_int_equal(c.rules.first_rule, LRC_FIRST_KOHYA);
    assert_true(c.rules.ignore_replacement);
    assert_ok(PARSE(&c, &err, "--compat=kohya", "--underscore-rule=kaomoji", "x"), err);
    assert_int_equal(c.rules.underscore_rule, LRC_UNDERSCORE_KAOMOJI);
    assert_ok(PARSE(&c, &err, "x", "--compat=space"), err);
    assert_true(c.rules.above && c.rules.by_score && c.rules.escape && !c.rules.newline);
    assert_true(c.rules.thresholds[LRC_TAG_CHARACTER] == 0.85);
    assert_string_equal(c.profile.name, "kohya"); // how pictures are prepared is another matter
    assert_ok(PARSE(&c, &err, "x", "--compat=space", "-t", "0.5", "--threshold-rule=at"), err);
    assert_false(c.rules.above);
    assert_true(c.own_threshold && isnan(c.rules.thresholds[LRC_TAG_CHARACTER]));
    assert_ok(PARSE(&c, &err, "x", "--profile", "space", "--exif", "ignore"), err);
    assert_string_equal(c.profile.name, "space");
    assert_false(c.profile.exif);
    assert_ok(PARSE(&c, &err, "x", "--exif=apply", "--provider=cuda", "--overwrite-mode=ignore"), err);
    assert_true(c.profile.exif);
    assert_int_equal(c.provider, LRC_INFER_CUDA);
    assert_int_equal(c.existing, LRC_TAG_IGNORE);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"x", "--threshold", "1.5"},
        {"x", "--compat", "nobody"},
        {"x", "--caption-extension", "txt"},
        {"x", "--caption-extension", ".png"},
        {"x", "--overwrite-mode", "maybe"},
        {"x", "--thresh"},
        {"--dry-run", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_tag_command c;
        assert_int_equal(parse(&c, &err, cases[i]), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_compat_and_own_options),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
