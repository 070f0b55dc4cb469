// SPDX-License-Identifier: MIT
#include "job/failure.h"

#include "base/utf8.h"

#include "support/cmocka.h"
#include "support/temp.h"

#define CORPUS      LORICA_TEST_DATA "/golden/job/failures.txt"
#define CORPUS_MAX  (4 << 20)
#define HEAD        "=== "
#define MIN_CAUSES  25
#define MIN_LOGS    40
#define MIN_PERCENT 95

// ---- The corpus ------------------------------------------------------------------------------------------------------

struct one {
    char name[64], cause[64];
    lrc_failure_facts facts;
    char reason[200];
    const char *text; // borrowed
    size_t len;
};

// The line "=== name | cause | facts" at `at`.
static void read_head(const char *at, const char *end, struct one *ret)
{
    char head[400], facts[300] = "";
    snprintf(head, sizeof head, "%.*s", (int)(end - at), at);
    *ret = (struct one){.facts = {.state = LRC_JOB_FAILED}};
    if (sscanf(head, HEAD "%63[^ |] | %63[^ |] | %299[^\n]", ret->name, ret->cause, facts) < 3)
        fail_msg("a head of the corpus is wrong: %s", head);
    char *reason = strstr(facts, "reason=");
    if (reason) {
        snprintf(ret->reason, sizeof ret->reason, "%s", reason + strlen("reason="));
        *reason = '\0';
    }
    const char *state = strstr(facts, "state="), *code = strstr(facts, "exit="), *signal = strstr(facts, "signal=");
    for (int s = 0; state && s < LRC_JOB_STATE_MAX_; s++)
        if (lrc_str_starts(state + 6, lrc_job_state_name((lrc_job_state)s)))
            ret->facts.state = (lrc_job_state)s;
    ret->facts.exited = signal || (code && code[5] != '?');
    ret->facts.exit_code = signal ? -1 : code ? (int)strtol(code + 5, NULL, 10) : 0;
    ret->facts.exit_signal = signal ? (int)strtol(signal + 7, NULL, 10) : 0;
    ret->facts.oom_kill = strstr(facts, "oom ") != NULL;
}

// Call fn for each log of the corpus.
static size_t each(void (*fn)(void *arg, const struct one *one, const lrc_failures *found), void *arg)
{
    lrc_auto_free char *text = NULL, *dir = lrc_test_folder(), *log = lrc_test_join(dir, "log");
    lrc_auto_free char *idx = lrc_test_join(dir, "log.idx");
    size_t n, count = 0;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_fs_read(CORPUS, CORPUS_MAX, &text, &n, &err), err);
    const char *at = strstr(text, "\n" HEAD);
    while (at) {
        struct one one;
        const char *line = at + 1, *body = strchr(line, '\n') + 1;
        read_head(line, body - 1, &one);
        one.facts.reason = one.reason;
        at = strstr(body - 1, "\n" HEAD);
        one.text = body;
        one.len = at ? (size_t)(at - body + 1 > 0 ? at + 1 - body : 0) : strlen(body);
        lrc_failures found = {0};
        assert_ok(lrc_fs_write(log, one.text, one.len, 0, &err), err);
        assert_ok(lrc_failure_find(log, idx, &one.facts, &found, &err), err);
        fn(arg, &one, &found);
        count++;
    }
    lrc_test_temp_done(&dir);
    return count;
}

struct score {
    int right, wrong, missed, silent; // silent: rightly
    int later, later_right;
    char causes[128][64];
    size_t cause_count;
};

static void note_cause(struct score *s, const char *cause)
{
    for (size_t i = 0; i < s->cause_count; i++)
        if (strcmp(s->causes[i], cause) == 0)
            return;
    snprintf(s->causes[s->cause_count++], sizeof s->causes[0], "%s", cause);
}

static void judge(void *arg, const struct one *one, const lrc_failures *found)
{
    struct score *s = arg;
    const bool none = strcmp(one->cause, "-") == 0, later = lrc_str_starts(one->name, "later_");
    const char *said = found->count ? found->item[0].cause : "-";
    const bool right = strcmp(said, one->cause) == 0;
    if (!right)
        print_message("  %s is %s, not %s%s%s\n", one->name, one->cause, said, found->count ? ": " : "",
                      found->count ? found->item[0].evidence : "");
    s->right += right && !none;
    s->silent += right && none;
    s->wrong += !right && found->count > 0;
    s->missed += !right && found->count == 0;
    s->later += later;
    s->later_right += later && right;
    if (!none)
        note_cause(s, one->cause);
    for (size_t i = 0; i < found->count; i++) {
        const lrc_failure *f = &found->item[i];
        assert_true(f->said[0] && f->remedy[0]);
        assert_null(strchr(f->said, '{'));
        if (!f->in_log)
            continue;
        assert_true(f->offset < one->len && f->evidence[0]);
        assert_true(strstr(one->text + f->offset, "\n") == NULL || strlen(f->evidence) < LRC_FAILURE_TEXT_MAX);
    }
}

static void real_failures_are_named(void **state)
{
    (void)state;
    struct score s = {0};
    const size_t count = each(judge, &s);
    const double precision = 100.0 * s.right / (s.right + s.wrong),
                 recall = 100.0 * s.right / (s.right + s.wrong + s.missed);
    print_message("%zu logs, %zu causes: precision %.1f %%, recall %.1f %% (%d named, %d wrong, %d missed, %d rightly "
                  "without a cause); of %d that the table was not made for, %d right\n",
                  count, s.cause_count, precision, recall, s.right, s.wrong, s.missed, s.silent, s.later,
                  s.later_right);
    assert_true(count >= MIN_LOGS);
    assert_true(s.cause_count >= MIN_CAUSES);
    assert_true(precision >= MIN_PERCENT);
    assert_true(recall >= MIN_PERCENT);
}

// ---- Matching --------------------------------------------------------------------------------------------------------

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *line;
        bool fits;
        const char *first, *second;
    } rows[] = {
        {"abc", "xx ABC yy", true, NULL, NULL},
        {"abc", "ab c", false, NULL, NULL},
        {"^abc", "  abc", true, NULL, NULL},
        {"^abc", "[rank0]: abc", true, NULL, NULL},
        {"^abc", "x abc", false, NULL, NULL},
        {"^abc", "ab", false, NULL, NULL},
        {"a * b * c", "a 1 b 2 c", true, "1", "2"},
        {"a * b * c", "a 1 b 2", false, NULL, NULL},
        {"name '*'", "No name 'x y'", true, "x y", NULL},
        {"rest: *", "rest: of it", true, "of it", NULL},
        {"rest: *", "rest: ", true, "", NULL},
        {"* is no model", "owner/x is no model", true, "owner/x", NULL},
        {"aab", "aaab", true, NULL, NULL},
        {"abc", "", false, NULL, NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        lrc_capture c[LRC_FAILURE_CAPTURES] = {0};
        if (lrc_failure_match(rows[i].pattern, rows[i].line, strlen(rows[i].line), c) != rows[i].fits)
            fail_msg("'%s' in '%s'", rows[i].pattern, rows[i].line);
        const char *const wanted[] = {rows[i].first, rows[i].second};
        for (size_t k = 0; k < LENGTH(wanted); k++)
            if (wanted[k] && (c[k].len != strlen(wanted[k]) || memcmp(c[k].text, wanted[k], c[k].len) != 0))
                fail_msg("'%s' in '%s': capture %zu is '%.*s'", rows[i].pattern, rows[i].line, k, (int)c[k].len,
                         c[k].text);
    }
}

static void find_in(const char *text, size_t n, const lrc_failure_facts *facts, lrc_failures *ret)
{
    lrc_auto_free char *dir = lrc_test_folder(), *log = lrc_test_join(dir, "log"), *idx = lrc_test_join(dir, "idx");
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_fs_write(log, text, n, 0, &err), err);
    assert_ok(lrc_failure_find(log, idx, facts, ret, &err), err);
    lrc_test_temp_done(&dir);
}

static void numbers_names_and_places_are_told(void **state)
{
    (void)state;
    static const char log[] =
        "first\nRuntimeError: CUDA out of memory. Tried to allocate 146.00 MiB (GPU 0; 8.00 GiB total "
        "capacity; 7.21 GiB already allocated; 0 bytes free; 7.32 GiB reserved)\n"
        "OSError: [Errno 28] No space left on device: '/a/b'\nlast\n";
    const lrc_failure_facts facts = {.state = LRC_JOB_FAILED, .exited = true, .exit_code = 1};
    lrc_failures found = {0};
    find_in(log, sizeof log - 1, &facts, &found);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.item[0].said,
                        "the GPU ran out of memory: 146.00 MiB more were needed, 0 bytes of its 8.00 "
                        "GiB were free");
    assert_true(found.item[0].in_log);
    assert_int_equal(found.item[0].line, 1);
    assert_int_equal(found.item[0].offset, 6);
    assert_string_equal(found.item[1].cause, "disk_full");
    assert_string_equal(found.item[1].said, "the disk is full: '/a/b' could not be written");
}

// Signatures in binary junk, in huge lines and at every cut: nothing may break, and what is there is found.
static void any_bytes_will_do(void **state)
{
    (void)state;
    enum { HUGE_LINE = 3 << 20 };
    lrc_auto_free char *bytes = malloc(HUGE_LINE + 100);
    for (size_t i = 0; i < HUGE_LINE; i++)
        bytes[i] = (char)(i * 7919 % 251);
    const int n = snprintf(bytes + HUGE_LINE, 100, "\n\xff\xfe OSError: No space left on device \xff\n");
    const lrc_failure_facts facts = {.state = LRC_JOB_FAILED};
    lrc_failures found = {0};
    find_in(bytes, HUGE_LINE + (size_t)n, &facts, &found);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.item[0].cause, "disk_full");
    assert_true(lrc_utf8_valid(found.item[0].evidence, strlen(found.item[0].evidence)));
}

static void what_is_not_a_failure_has_no_cause(void **state)
{
    (void)state;
    static const char log[] = "RuntimeError: CUDA out of memory. Tried to allocate 1.00 GiB\n";
    for (int s = 0; s < LRC_JOB_STATE_MAX_; s++) {
        const lrc_failure_facts facts = {.state = (lrc_job_state)s};
        lrc_failures found = {0};
        find_in(log, sizeof log - 1, &facts, &found);
        assert_int_equal(found.count, s == LRC_JOB_FAILED);
    }
}

static void every_cause_has_its_words(void **state)
{
    (void)state;
    size_t n = 0;
    for (const char *name; (name = lrc_failure_cause_name(n)); n++)
        for (const char *p = name; *p; p++)
            assert_true((*p >= 'a' && *p <= 'z') || *p == '_');
    assert_true(n >= MIN_CAUSES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(numbers_names_and_places_are_told),
        cmocka_unit_test(what_is_not_a_failure_has_no_cause),
        cmocka_unit_test(any_bytes_will_do),
        cmocka_unit_test(every_cause_has_its_words),
        cmocka_unit_test(real_failures_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
