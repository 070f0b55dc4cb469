// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include "job/follow.h"
#include "job/lines.h"
#include "job/marks.h"
#include "support/cmocka.h"
#include "support/temp.h"

// Lines as text, for comparing: "number offset-end flags text\n", flags b(ar) o(pen) c(ut).
static int print_line(void *arg, const lrc_line *line, lrc_err *err)
{
    (void)err;
    lrc_buf *out = arg;
    lrc_buf_addf(out, "%llu %llu-%llu %s%s%s|", (unsigned long long)line->number, (unsigned long long)line->offset,
                 (unsigned long long)line->end, line->bar ? "b" : "", line->open ? "o" : "", line->cut ? "c" : "");
    lrc_buf_add(out, line->text, line->len);
    lrc_buf_addc(out, '\n');
    return 0;
}

// All lines of these bytes, fed `step` at a time.
static char *lines_of(const char *bytes, size_t n, size_t step, bool rewrites, size_t *ret_n)
{
    lrc_auto_lines lrc_lines l;
    lrc_auto_buf lrc_buf out;
    char *text = NULL;
    lrc_lines_init(&l, 0, 0);
    lrc_buf_init(&out, 4 << 20);
    l.rewrites = rewrites;
    for (size_t i = 0; i < n; i += step)
        assert_int_equal(lrc_lines_feed(&l, bytes + i, n - i < step ? n - i : step, print_line, &out, NULL), 0);
    assert_int_equal(lrc_lines_finish(&l, print_line, &out, NULL), 0);
    assert_int_equal(lrc_buf_take(&out, "lines", &text, ret_n, NULL), 0);
    return text;
}

#define BAR(percent) "steps:  " percent "%|####      | 1/2 [00:01<00:02,  2.60it/s]"

static const struct {
    const char *name, *bytes;
    size_t n;
    const char *lines;
    size_t lines_n;
} cases[] = {
#define CASE(name, bytes, lines) {name, bytes, sizeof(bytes) - 1, lines, sizeof(lines) - 1}
    CASE("nothing", "", ""),
    CASE("three ends", "a\nb\r\nc\rd", "0 0-2 |a\n1 2-5 |b\n2 5-7 |c\n3 7-8 |d\n"),
    CASE("empty lines are lines", "\n\na\n\n", "0 0-1 |\n1 1-2 |\n2 2-4 |a\n3 4-5 |\n"),
    CASE("an empty rewrite is none", "\r\ra\n", "0 2-4 |a\n"),
    CASE("NUL", "a\0b\n", "0 0-4 |a\0b\n"),
    CASE("invalid UTF-8", "a\xff\xc3\n\xe2\x82\xac\xe2\x82\n",
         "0 0-4 |a\xef\xbf\xbd\xef\xbf\xbd\n1 4-10 |\xe2\x82\xac"
         "\xef\xbf\xbd\xef\xbf\xbd\n"),
    CASE("one bar", "\r" BAR("  0") "\r" BAR(" 50") "\r" BAR("100") "\nend\n",
         "0 1-163 b|" BAR("100") "\n1 163-167 |end\n"),
    CASE("a bar and what follows it", "\r" BAR(" 50") "\r" BAR(" 90") "\rplain\n",
         "0 1-109 b|" BAR(" 90") "\n1 109-115 |plain\n"),
    CASE("a bar that is wiped", "\r" BAR(" 50") "\r     \rnote\n", "0 1-61 b|" BAR(" 50") "\n1 61-66 |note\n"),
    CASE("two bars", "a: 10%|1\ra: 20%|2\rb: 10%|3\rb: 20%|4", "0 0-18 b|a: 20%|2\n1 18-35 b|b: 20%|4\n"),
    CASE("bars without a name", "\r 10%|x\r 20%|y\n\r 30%|z\n", "0 1-15 b| 20%|y\n1 16-23 b| 30%|z\n"),
    CASE("a count without a total", "\r3it [00:01]\r4it [00:02]\nx: 3it [0\n",
         "0 1-25 b|4it [00:02]\n1 25-35 b|x: 3it "
         "[0\n"),
    CASE("no bars", "50% done\r60% done\rit [\r1000%|\r",
         "0 0-9 |50% done\n1 9-18 |60% done\n2 18-23 |it [\n3 23-30 "
         "|1000%|\n"),
#undef CASE
};

static void lines_do_not_depend_on_the_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (size_t step = 1; step <= cases[i].n + 1; step++) {
            size_t n;
            lrc_auto_free char *found = lines_of(cases[i].bytes, cases[i].n, step, false, &n);
            if (n != cases[i].lines_n || memcmp(found, cases[i].lines, n) != 0)
                fail_msg("%s, %zu bytes at a time:\n%s\nnot:\n%s", cases[i].name, step, found, cases[i].lines);
        }
}

static void rewrites_are_reported_when_asked_for(void **state)
{
    (void)state;
    const char bytes[] = "\ra: 10%|1\ra: 20%|2\nend\n";
    lrc_auto_free char *found = lines_of(bytes, sizeof bytes - 1, 3, true, NULL);
    assert_string_equal(found, "0 1-10 bo|a: 10%|1\n0 1-19 bo|a: 20%|2\n0 1-19 b|a: 20%|2\n1 19-23 |end\n");
}

static void a_long_line_is_cut_with_its_size(void **state)
{
    (void)state;
    enum { N = (1 << 20) + 1 };
    lrc_auto_free char *bytes = malloc(N + 4);
    memset(bytes, 'x', N);
    memcpy(bytes + LRC_LINE_MAX - 1, "\xc3\xa4", 2); // a character across the limit
    memcpy(bytes + N, "\nab\n", 4);
    const size_t steps[] = {1000, 65536, 65537, N + 4};
    for (size_t i = 0; i < LENGTH(steps); i++) {
        lrc_auto_free char *found = lines_of(bytes, N + 4, steps[i], false, NULL);
        const char *end = strstr(found, "x [... 1048577 bytes in all, see the raw log]\n1 1048578-1048581 |ab\n");
        assert_non_null(end);
        assert_int_equal(end - found, strlen("0 0-1048578 c|") + LRC_LINE_MAX - 2);
    }
    lrc_auto_free char *exact = lines_of(bytes + N - LRC_LINE_MAX, LRC_LINE_MAX + 1, 4096, false, NULL);
    assert_int_equal(strlen(exact), strlen("0 0-65537 |\n") + LRC_LINE_MAX);
}

static void the_unfinished_line_can_be_seen(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *shown; // NULL: nothing
    } peeks[] = {
        {"", NULL},
        {"a\n", NULL},
        {"a\nbc", "1 2-4 o|bc"},
        {"\r" BAR(" 50"), "0 1-54 bo|" BAR(" 50")},
        {"\r" BAR(" 50") "\r", "0 1-55 bo|" BAR(" 50")},
        {"\r" BAR(" 50") "\r  ", "0 1-55 bo|" BAR(" 50")},
        {"\ra: 10%|1\ra: 20%|2", "0 1-18 bo|a: 20%|2"},
        {"\ra: 10%|1\rother", "1 10-15 o|other"},
    };
    for (size_t i = 0; i < LENGTH(peeks); i++) {
        lrc_auto_lines lrc_lines l;
        lrc_auto_buf lrc_buf out, ignored;
        lrc_line line;
        lrc_lines_init(&l, 0, 0);
        lrc_buf_init(&out, 4096);
        lrc_buf_init(&ignored, 4096);
        lrc_lines_feed(&l, peeks[i].bytes, strlen(peeks[i].bytes), print_line, &ignored, NULL);
        assert_int_equal(lrc_lines_peek(&l, &line), peeks[i].shown != NULL);
        if (!peeks[i].shown)
            continue;
        print_line(&out, &line, NULL);
        lrc_buf_truncate(&out, out.len - 1);
        assert_string_equal(out.data, peeks[i].shown);
    }
}

// Reading again from any place gives the same lines with the same numbers.
static void reading_can_begin_again_at_any_place(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf all;
    lrc_buf_init(&all, 1 << 16);
    for (size_t i = 0; i < LENGTH(cases); i++)
        lrc_buf_add(&all, cases[i].bytes, cases[i].n);
    size_t m;
    lrc_auto_free char *whole = lines_of(all.data, all.len, all.len, false, &m);
    for (size_t cut = 0; cut <= all.len; cut++) {
        lrc_auto_lines lrc_lines l, again;
        lrc_auto_buf lrc_buf ignored, rest;
        uint64_t offset, start, number;
        lrc_buf_init(&ignored, 1 << 20);
        lrc_buf_init(&rest, 1 << 20);
        lrc_lines_init(&l, 0, 0);
        lrc_lines_feed(&l, all.data, cut, print_line, &ignored, NULL);
        lrc_lines_place(&l, &offset, &start, &number);
        assert_true(start <= offset && offset <= cut);
        lrc_lines_init(&again, start, number);
        lrc_lines_feed(&again, all.data + start, all.len - start, print_line, &rest, NULL);
        lrc_lines_finish(&again, print_line, &rest, NULL);
        const size_t n = rest.len;
        if (n > m || memcmp(whole + m - n, rest.data, n) != 0)
            fail_msg("from %llu (line %llu), place after %zu bytes:\n%s", (unsigned long long)start,
                     (unsigned long long)number, cut, rest.data);
    }
}

static void levels(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lrc_level level;
        const char *message;
    } rows[] = {
        {"hello", LRC_LEVEL_INFO, "hello"},
        {"  [ERROR]   it broke ", LRC_LEVEL_ERROR, "it broke"},
        {"x [Warn] y", LRC_LEVEL_ERROR, "x y"},
        {"[debug] d", LRC_LEVEL_DEBUG, "d"},
        {"[INFO] i [ERROR] e", LRC_LEVEL_INFO, "i [ERROR] e"},
        {"[WARNING] w", LRC_LEVEL_INFO, "[WARNING] w"}, // KNX's rule knows [WARN] only
        {"[ERROR] at 50%", LRC_LEVEL_PROGRESS, "at 50%"},
        {"% of", LRC_LEVEL_INFO, "% of"},
        {"Epoch 2", LRC_LEVEL_PROGRESS, "Epoch 2"},
        {"a footstep", LRC_LEVEL_PROGRESS, "a footstep"},
        {"minibatch", LRC_LEVEL_PROGRESS, "minibatch"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const lrc_line line = {.text = rows[i].text, .len = strlen(rows[i].text)};
        lrc_auto_free char *message = NULL;
        lrc_level level;
        assert_int_equal(lrc_line_level(&line, &level, &message, NULL), 0);
        assert_string_equal(message, rows[i].message);
        assert_int_equal(level, rows[i].level);
    }
    const lrc_line nul = {.text = "a\0b", .len = 3};
    lrc_auto_free char *message = NULL;
    lrc_level level;
    assert_int_equal(lrc_line_level(&nul, &level, &message, NULL), 0);
    assert_string_equal(message, "a\xe2\x90\x80"
                                 "b");
    assert_string_equal(lrc_level_name(LRC_LEVEL_PROGRESS), "progress");
}

// ---- Marks -----------------------------------------------------------------------------------------------------------

static void append(const char *path, const void *bytes, size_t n)
{
    lrc_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, bytes, n), n);
}

static void marks_give_times_and_places(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *log = lrc_test_join(dir, "log"), *idx = lrc_test_join(dir, "log.idx");
    lrc_marker m = LRC_MARKER_INIT;
    lrc_auto_marks lrc_marks marks = {0};
    lrc_err err = LRC_ERR_INIT;
    bool more;
    append(log, "one\ntw", 6);
    assert_ok(lrc_marker_open(&m, log, idx, &err), err);
    assert_ok(lrc_marker_advance(&m, 1000, &more, &err), err); // one
    assert_ok(lrc_marker_advance(&m, 2000, &more, &err), err); // nothing ended: no mark
    append(log, "o\nthree\n", 8);
    assert_ok(lrc_marker_advance(&m, 900, &more, &err), err); // the clock went back
    append(log, "\ra: 10%|1\ra: 20%|2\r", 19);
    assert_ok(lrc_marker_advance(&m, 3000, &more, &err), err); // the last end is not sure yet
    append(log, "a: 30%|3\nfour\n", 14);
    assert_ok(lrc_marker_advance(&m, 4000, &more, &err), err);
    assert_false(more);
    lrc_marker_close(&m);
    assert_ok(lrc_marks_load(idx, &marks, &err), err);
    static const lrc_mark expected[] = {{4, 4, 1, 1000}, {14, 14, 3, 1001}, {24, 15, 3, 3000}, {47, 47, 5, 4000}};
    assert_int_equal(marks.count, 4);
    assert_memory_equal(marks.item, expected, sizeof expected);

    assert_int_equal(lrc_marks_time(&marks, 4, 9), 1000);
    assert_int_equal(lrc_marks_time(&marks, 5, 9), 1001);
    assert_int_equal(lrc_marks_time(&marks, 47, 9), 4000);
    assert_int_equal(lrc_marks_time(&marks, 48, 9), 4001); // later than all marks, whatever the reader's clock says
    assert_int_equal(lrc_marks_time(&marks, 48, 9000), 9000);
    static const struct {
        uint64_t line, offset, at;
    } seeks[] = {{0, 0, 0}, {1, 4, 1}, {2, 4, 1}, {3, 15, 3}, {4, 15, 3}, {5, 47, 5}, {99, 47, 5}};
    for (size_t i = 0; i < LENGTH(seeks); i++) {
        uint64_t offset, line;
        lrc_marks_seek_line(&marks, seeks[i].line, &offset, &line);
        assert_int_equal(offset, seeks[i].offset);
        assert_int_equal(line, seeks[i].at);
    }
    uint64_t offset, line;
    lrc_marks_seek_offset(&marks, 20, &offset, &line);
    assert_int_equal(offset, 15);
    lrc_marks_seek_time(&marks, 1001, &offset, &line);
    assert_int_equal(offset, 14);
    lrc_marks_seek_time(&marks, 999, &offset, &line);
    assert_int_equal(offset, 0);
}

static void marks_survive_a_torn_end(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *log = lrc_test_join(dir, "log"), *idx = lrc_test_join(dir, "log.idx");
    lrc_err err = LRC_ERR_INIT;
    bool more;
    append(log, "one\n", 4);
    lrc_marker m = LRC_MARKER_INIT;
    assert_ok(lrc_marker_open(&m, log, idx, &err), err);
    assert_ok(lrc_marker_advance(&m, 1000, &more, &err), err);
    lrc_marker_close(&m);
    append(idx, "torn", 4);
    append(log, "two\n", 4);
    m = (lrc_marker)LRC_MARKER_INIT;
    assert_ok(lrc_marker_open(&m, log, idx, &err), err); // goes on, in step
    assert_ok(lrc_marker_advance(&m, 2000, &more, &err), err);
    lrc_marker_close(&m);
    lrc_auto_marks lrc_marks marks = {0};
    assert_ok(lrc_marks_load(idx, &marks, &err), err);
    static const lrc_mark expected[] = {{4, 4, 1, 1000}, {8, 8, 2, 2000}};
    assert_int_equal(marks.count, 2);
    assert_memory_equal(marks.item, expected, sizeof expected);
    static const lrc_mark fallen = {7, 7, 2, 3000}; // the offset goes back
    append(idx, &fallen, sizeof fallen);
    lrc_auto_marks lrc_marks damaged = {0};
    assert_ok(lrc_marks_load(idx, &damaged, &err), err);
    assert_int_equal(damaged.count, 2);
}

// ---- Following -------------------------------------------------------------------------------------------------------

static void a_follower_sees_what_comes(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *log = lrc_test_join(dir, "log");
    lrc_auto_follow lrc_follow *f = NULL;
    lrc_err err = LRC_ERR_INIT;
    const char *bytes;
    size_t n;
    assert_ok(lrc_follow_new(log, 3, &f, &err), err);
    assert_ok(lrc_follow_read(f, &bytes, &n, &err), err); // not there yet
    assert_int_equal(n, 0);
    append(log, "abcdef", 6);
    lrc_follow_wait(f, -1, 10000);
    assert_ok(lrc_follow_read(f, &bytes, &n, &err), err);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "def", 3);
    append(log, "gh", 2);
    assert_ok(lrc_follow_read(f, &bytes, &n, &err), err);
    assert_int_equal(n, 2);
    assert_int_equal(lrc_follow_offset(f), 8);
}

static void tails(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *log = lrc_test_join(dir, "log");
    lrc_err err = LRC_ERR_INIT;
    uint64_t at = 99;
    lrc_auto_strv lrc_strv none = {0}, two = {0}, all = {0}, end = {0};
    assert_ok(lrc_log_tail(log, 5, &none, &at, &err), err);
    assert_int_equal(none.count, 0);
    append(log, "one\ntwo\n\ra: 10%|1\ra: 20%|2\nlast", 31);
    assert_ok(lrc_log_tail(log, 2, &two, &at, &err), err);
    assert_int_equal(two.count, 2);
    assert_string_equal(two.item[0], "a: 20%|2");
    assert_string_equal(two.item[1], "last");
    assert_int_equal(at, 9);
    assert_ok(lrc_log_tail(log, 50, &all, &at, &err), err);
    assert_int_equal(all.count, 4);
    assert_int_equal(at, 0);
    lrc_auto_free char *big = calloc(1, 2 << 20);
    memset(big, 'x', 2 << 20);
    append(log, big, 2 << 20);
    append(log, "\nthe end\n", 9);
    assert_ok(lrc_log_tail(log, 1, &end, &at, &err), err);
    assert_int_equal(end.count, 1);
    assert_string_equal(end.item[0], "the end");
    assert_int_equal(at, 31 + (2 << 20) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_do_not_depend_on_the_cuts),      cmocka_unit_test(rewrites_are_reported_when_asked_for),
        cmocka_unit_test(a_long_line_is_cut_with_its_size),     cmocka_unit_test(the_unfinished_line_can_be_seen),
        cmocka_unit_test(reading_can_begin_again_at_any_place), cmocka_unit_test(levels),
        cmocka_unit_test(marks_give_times_and_places),          cmocka_unit_test(marks_survive_a_torn_end),
        cmocka_unit_test(a_follower_sees_what_comes),           cmocka_unit_test(tails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
