// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>

#include "decoder/decoder.h"
#include "support/cmocka.h"
#include "support/pictures.h"

#define WORKER  LORICA_BIN "/lorica-worker"
#define FIXTURE LORICA_TEST_DATA "/fixtures/pictures/"

static lrc_decoder *make(const char *program, unsigned processes, int timeout_ms)
{
    lrc_decoder *d = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_decoder_new(&(lrc_decoder_options){program, processes, timeout_ms}, &d, &err), err);
    return d;
}

static lrc_decode_task ask(lrc_decoder *d, lrc_decode_task task)
{
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_decoder_run(d, &task, 1, NULL, NULL, &err), err);
    return task;
}

static void every_format(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        lrc_decode_facts facts;
    } cases[] = {
        {"plain.jpg", {16, 12, 1, 1, false, "JPEG"}},  {"turned.jpg", {16, 12, 1, 6, false, "JPEG"}},
        {"plain.webp", {16, 12, 1, 1, false, "WebP"}}, {"plain.tif", {16, 12, 1, 1, false, "TIFF"}},
        {"frames.gif", {16, 12, 2, 1, true, "GIF"}},   {"plain.avif", {16, 12, 1, 1, false, "AVIF"}},
        {"plain.heic", {16, 12, 1, 1, false, "HEIC"}}, {"plain.jxl", {16, 12, 1, 1, false, "JPEG XL"}},
    };
    lrc_auto_decoder lrc_decoder *d = make(WORKER, 2, 0);
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (lrc_decode_op op = LRC_DECODE_PROBE; op <= LRC_DECODE_CHECK; op++) {
            char path[512];
            snprintf(path, sizeof path, FIXTURE "%s", cases[i].name);
            const lrc_decode_task t = ask(d, (lrc_decode_task){.op = op, .path = path});
            if (!t.ok)
                fail_msg("%s: %s", cases[i].name, t.why.msg);
            assert_int_equal(t.facts.width, cases[i].facts.width);
            assert_int_equal(t.facts.height, cases[i].facts.height);
            assert_int_equal(t.facts.pages, cases[i].facts.pages);
            assert_int_equal(t.facts.orientation, cases[i].facts.orientation);
            assert_int_equal(t.facts.alpha, cases[i].facts.alpha);
            assert_string_equal(t.facts.format, cases[i].facts.format);
        }
}

static void unreadable_files(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_buf lrc_buf png = lrc_test_png(64, 64, 1);
    lrc_test_put_bytes(dir, "cut.png", png.data, png.len / 2);
    lrc_test_put_bytes(dir, "whole é.png", png.data, png.len);
    png.data[png.len / 2] ^= 0x55;
    lrc_test_put_bytes(dir, "damaged.png", png.data, png.len);
    lrc_test_put(dir, "text.png", "this is no picture");
    lrc_test_put(dir, "empty.png", "");
    lrc_test_put(dir, "folder.png/x", "x");
    lrc_test_put(dir, "bad\xff.png", "x");
    static const struct {
        const char *name;
        lrc_err_code code;
    } cases[] = {
        {"cut.png", LRC_ERR_INVALID},     {"damaged.png", LRC_ERR_INVALID}, {"text.png", LRC_ERR_MEDIA_TYPE},
        {"empty.png", LRC_ERR_INVALID},   {"folder.png", LRC_ERR_INVALID},  {"missing.png", LRC_ERR_NOT_FOUND},
        {"bad\xff.png", LRC_ERR_INVALID}, {"whole é.png", LRC_OK},
    };
    enum { COUNT = LENGTH(cases) };
    lrc_decode_task tasks[COUNT];
    char *paths[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        paths[i] = lrc_test_join(dir, cases[i].name);
        tasks[i] = (lrc_decode_task){.op = LRC_DECODE_CHECK, .path = paths[i]};
    }
    lrc_auto_decoder lrc_decoder *d = make(WORKER, 3, 0);
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_decoder_run(d, tasks, COUNT, NULL, NULL, &err), err);
    for (size_t i = 0; i < COUNT; i++) {
        if (tasks[i].why.code != cases[i].code || tasks[i].ok != (cases[i].code == LRC_OK))
            fail_msg("%s: %s: %s", cases[i].name, lrc_err_word(tasks[i].why.code), tasks[i].why.msg);
        free(paths[i]);
    }
}

static void conversions(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *format, *result;
        uint32_t width; // of the result
        bool alpha;
    } cases[] = {
        {"frames.gif", "a.png", "png", "PNG", 16, true},    {"plain.heic", "b.png", "png", "PNG", 16, false},
        {"plain.jxl", "c.webp", "webp", "WebP", 16, false}, {"frames.gif", "d.jpg", "jpeg", "JPEG", 16, false},
        {"turned.jpg", "e.png", "png", "PNG", 12, false}, // upright
    };
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_decoder lrc_decoder *d = make(WORKER, 1, 0);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_free char *from = lrc_test_join(FIXTURE, cases[i].from), *to = lrc_test_join(dir, cases[i].to);
        const lrc_decode_task t =
            ask(d, (lrc_decode_task){.op = LRC_DECODE_CONVERT, .path = from, .out = to, .format = cases[i].format});
        if (!t.ok)
            fail_msg("%s: %s", cases[i].from, t.why.msg);
        assert_int_equal(t.facts.width, 16); // of the source
        const lrc_decode_task made = ask(d, (lrc_decode_task){.op = LRC_DECODE_CHECK, .path = to});
        assert_true(made.ok);
        assert_string_equal(made.facts.format, cases[i].result);
        assert_int_equal(made.facts.width, cases[i].width);
        assert_int_equal(made.facts.alpha, cases[i].alpha);
        assert_int_equal(made.facts.orientation, 1);
    }
    lrc_auto_free char *from = lrc_test_join(FIXTURE, "plain.jpg"), *to = lrc_test_join(dir, "x.bmp");
    const lrc_decode_task bad =
        ask(d, (lrc_decode_task){.op = LRC_DECODE_CONVERT, .path = from, .out = to, .format = "bmp"});
    assert_false(bad.ok);
    assert_false(lrc_test_has(dir, "x.bmp"));
}

static void thumbnails(void **state)
{
    (void)state;
    static const char *const from[] = {"plain.jpg", "turned.jpg", "frames.gif", "plain.avif", "plain.tif"};
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *to = lrc_test_join(dir, "t.webp");
    lrc_auto_decoder lrc_decoder *d = make(WORKER, 1, 0);
    for (size_t i = 0; i < LENGTH(from); i++) {
        lrc_auto_free char *path = lrc_test_join(FIXTURE, from[i]);
        const lrc_decode_task t =
            ask(d, (lrc_decode_task){.op = LRC_DECODE_THUMBNAIL, .path = path, .out = to, .size = 32});
        if (!t.ok)
            fail_msg("%s: %s", from[i], t.why.msg);
        const lrc_decode_task made = ask(d, (lrc_decode_task){.op = LRC_DECODE_CHECK, .path = to});
        assert_true(made.ok);
        assert_int_equal(made.facts.width, 32);
        assert_int_equal(made.facts.height, 32);
    }
}

// The file that is open is read, whatever lies at its name by now; it may be gone.
static void open_files(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "a.jpg"), *to = lrc_test_join(dir, "t.webp");
    lrc_auto_decoder lrc_decoder *d = make(WORKER, 1, 0);
    lrc_test_put_fixture(dir, "a.jpg", "turned.jpg");
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd > 0);
    assert_int_equal(unlink(path), 0);
    lrc_test_put(dir, "a.jpg", "something else");
    for (int i = 0; i < 3; i++) { // the offset of the open file is of no account
        const lrc_decode_task probed = ask(d, (lrc_decode_task){.op = LRC_DECODE_PROBE, .path = path, .fd = fd});
        assert_true(probed.ok);
        assert_int_equal(probed.facts.width, 16);
        assert_int_equal(probed.facts.orientation, 6);
        const lrc_decode_task small =
            ask(d, (lrc_decode_task){.op = LRC_DECODE_THUMBNAIL, .path = path, .fd = fd, .out = to, .size = 32});
        if (!small.ok)
            fail_msg("%s", small.why.msg);
    }
    const lrc_decode_task named = ask(d, (lrc_decode_task){.op = LRC_DECODE_PROBE, .path = path});
    assert_false(named.ok);
    assert_int_equal(named.why.code, LRC_ERR_MEDIA_TYPE);
}

// A worker made of a few lines of shell, which does what a file's name says.
static char *nasty_worker(const char *dir)
{
    lrc_test_put(dir, "nasty",
                 "#!/bin/sh\n"
                 "echo '{\"ready\":true}'\n"
                 "while read -r line; do\n"
                 "  echo x >> \"$0.count\"\n"
                 "  id=${line#*\\\"id\\\":}; id=${id%%,*}\n"
                 "  case \"$line\" in\n"
                 "  *crash*) kill -SEGV $$ ;;\n"
                 "  *leave*) exit 3 ;;\n"
                 "  *hang*) while :; do sleep 1; done ;;\n"
                 "  *nonsense*) echo 'la la la' ;;\n"
                 "  *other*) echo '{\"id\":99999,\"ok\":false,\"code\":\"io\",\"error\":\"x\"}' ;;\n"
                 "  *flood*) while :; do printf 0123456789abcdef0123456789abcdef; done ;;\n"
                 "  *half*) printf '{\"id\":'; exit 0 ;;\n"
                 "  *once*) [ -e \"$0.once\" ] || { : > \"$0.once\"; kill -KILL $$; } ;;\n"
                 "  esac\n"
                 "  echo '{\"id\":'$id',\"ok\":true,\"width\":1,\"height\":1,\"format\":\"PNG\"}'\n"
                 "done\n");
    char *path = lrc_test_join(dir, "nasty");
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static void a_bad_file_costs_only_itself(void **state)
{
    (void)state;
    static const struct {
        const char *path, *message; // NULL: fine
    } cases[] = {
        {"good1", NULL},       {"crash", "SIGSEGV"}, {"good2", NULL},         {"leave", "exit code 3"},
        {"hang", "too long"},  {"good3", NULL},      {"nonsense", "gave up"}, {"other", "no question"},
        {"flood", "too much"}, {"good4", NULL},      {"half", "exit code 0"}, {"once", NULL}, // asked a second time
        {"good5", NULL},
    };
    enum { COUNT = LENGTH(cases) };
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *program = nasty_worker(dir);
    for (unsigned processes = 1; processes <= 3; processes += 2) {
        lrc_auto_decoder lrc_decoder *d = make(program, processes, 500);
        lrc_decode_task tasks[COUNT];
        lrc_err err = LRC_ERR_INIT;
        for (size_t i = 0; i < COUNT; i++)
            tasks[i] = (lrc_decode_task){.op = LRC_DECODE_CHECK, .path = cases[i].path};
        assert_ok(lrc_decoder_run(d, tasks, COUNT, NULL, NULL, &err), err);
        for (size_t i = 0; i < COUNT; i++) {
            if (tasks[i].ok != !cases[i].message)
                fail_msg("%s: %s", cases[i].path, tasks[i].why.msg);
            if (cases[i].message && !strstr(tasks[i].why.msg, cases[i].message))
                fail_msg("%s: %s", cases[i].path, tasks[i].why.msg);
            if (cases[i].message)
                assert_int_equal(tasks[i].why.code, LRC_ERR_INVALID);
        }
    }
}

static void no_worker(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_put(dir, "broken", "#!/bin/sh\nexit 9\n");
    lrc_auto_free char *broken = lrc_test_join(dir, "broken"), *missing = lrc_test_join(dir, "missing");
    assert_int_equal(chmod(broken, 0755), 0);
    const char *const programs[] = {broken, missing};
    for (size_t i = 0; i < 2; i++) {
        lrc_auto_decoder lrc_decoder *d = make(programs[i], 2, 0);
        lrc_decode_task tasks[3] = {{.path = "a"}, {.path = "b"}, {.path = "c"}};
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_decoder_run(d, tasks, 3, NULL, NULL, &err), -1);
        assert_int_equal(err.code, i == 0 ? LRC_ERR_NOT_BUILT : LRC_ERR_NOT_FOUND);
        for (size_t t = 0; t < 3; t++)
            assert_int_equal(tasks[t].why.code, err.code);
    }
    // Beside this test there is no worker.
    lrc_decoder *d = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_decoder_new(NULL, &d, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_BUILT);
}

static void count_progress(void *arg, size_t done, const lrc_decode_task *last)
{
    size_t *seen = arg;
    assert_int_equal(done, *seen + 1);
    assert_non_null(last);
    *seen = done;
}

static void many(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    static lrc_decode_task tasks[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        tasks[i] = (lrc_decode_task){.op = LRC_DECODE_CHECK, .path = i % 3 ? FIXTURE "plain.jpg" : FIXTURE "README.md"};
    lrc_auto_decoder lrc_decoder *d = make(WORKER, 0, 0);
    lrc_err err = LRC_ERR_INIT;
    size_t seen = 0;
    assert_ok(lrc_decoder_run(d, tasks, COUNT, count_progress, &seen, &err), err);
    assert_int_equal(seen, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(tasks[i].ok, i % 3 != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format), cmocka_unit_test(unreadable_files),
        cmocka_unit_test(conversions),  cmocka_unit_test(thumbnails),
        cmocka_unit_test(open_files),   cmocka_unit_test(a_bad_file_costs_only_itself),
        cmocka_unit_test(no_worker),    cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
