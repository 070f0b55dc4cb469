// SPDX-License-Identifier: MIT
#include <string.h>

#include "cmdline/cmdline.h"
#include "support/allocations.h"
#include "support/capture.h"
#include "support/cmocka.h"

// One command with an option of each kind, and what it was told.
struct told {
    bool force, recursive;
    const char *name, *profile;
    int64_t count;
    double threshold;
    lrc_strv tags;
    lrc_common common;
    lrc_strv args;
    lrc_err err;
};

static const lrc_cmd cmd = {"dataset import", "NAME DIR…", "Copy images.", "More of it.", 1, 3};

static int parse(struct told *t, int argc, char **argv)
{
    const lrc_opt opts[] = {
        {"force", 'f', LRC_OPT_FLAG, &t->force, NULL, "do it", 0, 0, NULL},
        {"no-recursive", 0, LRC_OPT_NOFLAG, &t->recursive, NULL, "only the top", 0, 0, NULL},
        {"name", 'n', LRC_OPT_STR, &t->name, "NAME", "its name", 0, 0, NULL},
        {"profile", 0, LRC_OPT_CHOICE, &t->profile, "WHICH", "the rules", 0, 0, "kohya|knx"},
        {"count", 'c', LRC_OPT_INT, &t->count, "N", "how many", 1, 100, NULL},
        {"threshold", 't', LRC_OPT_DOUBLE, &t->threshold, "P", "least score", 0, 1, NULL},
        {"tag", 0, LRC_OPT_LIST, &t->tags, "TAG", "again and again", 0, 0, NULL},
    };
    t->err = (lrc_err)LRC_ERR_INIT;
    return lrc_cmdline_parse(&cmd, opts, LENGTH(opts), argc, argv, &t->common, &t->args, &t->err);
}

static struct told fresh(void)
{
    return (struct told){.recursive = true, .profile = "kohya", .count = 5, .threshold = 0.35};
}

static void done(struct told *t)
{
    lrc_strv_done(&t->tags);
    lrc_strv_done(&t->args);
}

// "a|b|c" as an argument vector; at most 16 words, in `text` itself.
static int words(char *text, char **argv)
{
    int argc = 0;
    while (text) {
        argv[argc++] = text;
        text = strchr(text, '|');
        if (text)
            *text++ = '\0';
    }
    return argc;
}

static void everything_at_once(void **state)
{
    (void)state;
    char text[] =
        "one|-f|--no-recursive|--name=a=b|two|--profile|knx|-c|7|--threshold|1e-2|--tag|x|--tag=|-w|dir|--json|-q|"
        "--|--json";
    char *argv[24];
    struct told t = fresh();
    assert_int_equal(parse(&t, words(text, argv), argv), 0);
    assert_true(t.force && !t.recursive && t.common.json && t.common.quiet && !t.common.help);
    assert_string_equal(t.name, "a=b");
    assert_string_equal(t.profile, "knx");
    assert_int_equal(t.count, 7);
    assert_true(t.threshold == 0.01);
    assert_int_equal(t.tags.count, 2);
    assert_string_equal(t.tags.item[1], "");
    assert_string_equal(t.common.workspace, "dir");
    assert_int_equal(t.args.count, 3);
    assert_string_equal(t.args.item[2], "--json");
    done(&t);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words, *field, *message;
    } row[] = {
        {"a|--nmae|x", "--nmae", "unknown option --nmae; see 'lorica dataset import --help'"},
        {"a|-x", "-x", "unknown option -x; see 'lorica dataset import --help'"},
        {"a|-fn", "-fn", "unknown option -fn; see 'lorica dataset import --help'"},
        {"a|--nam=x", "--nam=x", "unknown option --nam=x; see 'lorica dataset import --help'"},
        {"a|--=x", "--=x", "unknown option --=x; see 'lorica dataset import --help'"},
        {"a|--name", "name", "--name needs a value: --name NAME"},
        {"a|--force=yes", "force", "--force takes no value"},
        {"a|--profile|koh", "profile", "--profile must be one of kohya|knx, not 'koh'"},
        {"a|--profile=", "profile", "--profile must be one of kohya|knx, not ''"},
        {"a|--count|2.5", "count", "--count needs a whole number, not '2.5'"},
        {"a|--count|0", "count", "--count must be between 1 and 100, not 0"},
        {"a|--threshold|nan", "threshold", "--threshold needs a number, not 'nan'"},
        {"a|--threshold|1.5", "threshold", "--threshold must be between 0 and 1, not 1.5"},
        {"-f", "", "'lorica dataset import' needs NAME DIR…; see 'lorica dataset import --help'"},
        {"a|b|c|d", "", "'d' is one argument too many; see 'lorica dataset import --help'"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        char text[100], *argv[16];
        snprintf(text, sizeof text, "%s", row[i].words);
        struct told t = fresh();
        const int result = parse(&t, words(text, argv), argv);
        assert_int_equal(result, row[i].message ? -1 : 0);
        if (row[i].message) {
            assert_int_equal(t.err.code, LRC_ERR_INVALID);
            assert_string_equal(t.err.field, row[i].field);
            assert_string_equal(t.err.msg, row[i].message);
        }
        done(&t);
    }
}

static void two_choices_at_once_are_none(void **state)
{
    (void)state;
    char a[] = "a", profile[] = "--profile", both[] = "kohya|knx", *argv[] = {a, profile, both};
    struct told t = fresh();
    assert_int_equal(parse(&t, 3, argv), -1);
    assert_string_equal(t.err.field, "profile");
    done(&t);
}

static void json_is_seen_behind_the_mistake(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        bool json;
    } row[] = {{"a|--bad|--json", true}, {"a|--bad", false}, {"a|--bad|--|--json", false}};
    for (size_t i = 0; i < LENGTH(row); i++) {
        char text[100], *argv[16];
        snprintf(text, sizeof text, "%s", row[i].words);
        struct told t = fresh();
        assert_int_equal(parse(&t, words(text, argv), argv), -1);
        assert_int_equal(t.common.json, row[i].json);
        done(&t);
    }
}

static int ask_for_help(void *arg)
{
    struct told *t = arg;
    char text[] = "--count|9|--bad|--help", *argv[16];
    return parse(t, words(text, argv), argv);
}

static void help_from_the_table(void **state)
{
    (void)state;
    struct told t = fresh();
    lrc_auto_free char *out = NULL, *err = NULL;
    assert_int_equal(lrc_test_capture(ask_for_help, &t, &out, &err), 0);
    assert_true(t.common.help);
    assert_int_equal(t.count, 5);
    assert_string_equal(err, "");
    static const char *const part[] = {
        "Usage: lorica dataset import [options] NAME DIR…\n\nCopy images.\n\nMore of it.\n\nOptions:\n",
        "  -f, --force                        do it\n",
        "      --profile WHICH                the rules (kohya|knx) [kohya]\n",
        "  -c, --count N                      how many [5]\n",
        "  -t, --threshold P                  least score [0.35]\n",
        "  -h, --help                         this text\n",
    };
    for (size_t i = 0; i < LENGTH(part); i++)
        if (!strstr(out, part[i]))
            fail_msg("no '%s' in:\n%s", part[i], out);
}

static int parse_some(void *arg, lrc_err *err)
{
    (void)arg;
    char text[] = "one|--tag|x|two|--name|n", *argv[16];
    struct told t = fresh();
    const int result = parse(&t, words(text, argv), argv);
    *err = t.err;
    done(&t);
    return result;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_int_equal(lrc_test_each_allocation(parse_some, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_at_once),           cmocka_unit_test(what_is_refused),
        cmocka_unit_test(two_choices_at_once_are_none), cmocka_unit_test(json_is_seen_behind_the_mistake),
        cmocka_unit_test(help_from_the_table),          cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
