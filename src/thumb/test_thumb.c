// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "support/cmocka.h"
#include "support/pictures.h"
#include "thumb/keep.h"
#include "thumb/thumb.h"

#define WORKER   LORICA_BIN "/lorica-worker"
#define PATIENCE 60000 // ms; a limit for what hangs, not an expectation
#define THREADS  12

static lrc_thumbs *make(lrc_thumbs_options o)
{
    lrc_thumbs *t = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_thumbs_new(&o, &t, &err), err);
    return t;
}

static int open_in(const char *dir, const char *name)
{
    lrc_auto_free char *path = lrc_test_join(dir, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd > 0);
    return fd;
}

// The tag of dir/name's small picture, "" when it has none: then *err says why.
static const char *tag_of(lrc_thumbs *t, const char *dir, const char *name, int size, lrc_err *err)
{
    static char tag[LRC_THUMB_TAG_MAX];
    lrc_auto_close int fd = open_in(dir, name);
    lrc_thumb small = {.fd = -1};
    *err = (lrc_err)LRC_ERR_INIT;
    tag[0] = '\0';
    if (lrc_thumbs_get(t, &(lrc_thumb_source){.fd = fd, .name = name}, size, &small, err) < 0)
        return tag;
    struct stat st;
    assert_int_equal(fstat(small.fd, &st), 0);
    assert_true(st.st_size > 0);
    close(small.fd);
    memcpy(tag, small.tag, sizeof tag);
    return tag;
}

static lrc_thumbs_stats stats_of(lrc_thumbs *t)
{
    lrc_thumbs_stats s;
    lrc_thumbs_get_stats(t, &s);
    return s;
}

static void made_once_and_found_again(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder(), *keep = lrc_test_folder();
    lrc_err err;
    char first[LRC_THUMB_TAG_MAX];
    lrc_test_put_fixture(dir, "a.jpg", "plain.jpg");
    lrc_test_put_fixture(dir, "b.jpg", "plain.jpg");
    lrc_auto_thumbs lrc_thumbs *t = make((lrc_thumbs_options){.folder = keep, .program = WORKER});
    snprintf(first, sizeof first, "%s", tag_of(t, dir, "a.jpg", 200, &err));
    assert_int_equal(strlen(first), 32);
    assert_string_equal(tag_of(t, dir, "a.jpg", 240, &err), first); // the same step
    assert_string_equal(tag_of(t, dir, "a.jpg", 161, &err), first);
    assert_int_equal(stats_of(t).decoded, 1);
    assert_int_equal(stats_of(t).found, 2);
    assert_string_not_equal(tag_of(t, dir, "a.jpg", 160, &err), first);  // another size
    assert_string_not_equal(tag_of(t, dir, "a.jpg", 9999, &err), first); // as large as there is
    assert_string_not_equal(tag_of(t, dir, "b.jpg", 200, &err), first);  // another file
    assert_int_equal(stats_of(t).decoded, 4);

    lrc_test_put_fixture(dir, "a.jpg", "turned.jpg"); // changed
    assert_string_not_equal(tag_of(t, dir, "a.jpg", 200, &err), first);
    assert_int_equal(stats_of(t).decoded, 5);

    // Whoever comes later, with the same folder, finds it; also when the folder above it was renamed.
    lrc_test_put_fixture(dir, "elsewhere/c.jpg", "plain.jpg");
    char second[LRC_THUMB_TAG_MAX];
    snprintf(second, sizeof second, "%s", tag_of(t, dir, "elsewhere/c.jpg", 200, &err));
    lrc_auto_free char *old = lrc_test_join(dir, "elsewhere"), *new = lrc_test_join(dir, "moved");
    assert_int_equal(rename(old, new), 0);
    lrc_auto_thumbs lrc_thumbs *later = make((lrc_thumbs_options){.folder = keep, .program = WORKER});
    assert_string_equal(tag_of(later, dir, "moved/c.jpg", 200, &err), second);
    assert_int_equal(stats_of(later).decoded, 0);
}

static void upright_and_square(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder(), *keep = lrc_test_folder();
    lrc_test_put_fixture(dir, "turned.jpg", "turned.jpg");
    lrc_auto_thumbs lrc_thumbs *t = make((lrc_thumbs_options){.folder = keep, .program = WORKER});
    lrc_auto_close int fd = open_in(dir, "turned.jpg");
    const lrc_thumb_source s = {.fd = fd, .name = "turned.jpg"};
    lrc_err err = LRC_ERR_INIT;
    lrc_decode_facts facts;
    assert_ok(lrc_thumbs_facts(t, &s, &facts, &err), err);
    assert_int_equal(facts.width, 16);
    assert_int_equal(facts.orientation, 6);
    lrc_thumb small;
    assert_ok(lrc_thumbs_get(t, &s, 160, &small, &err), err);
    lrc_auto_close int webp = small.fd;
    assert_ok(lrc_thumbs_facts(t, &(lrc_thumb_source){.fd = webp, .name = "small"}, &facts, &err), err);
    assert_string_equal(facts.format, "WebP");
    assert_int_equal(facts.width, 160);
    assert_int_equal(facts.height, 160);
    assert_int_equal(facts.orientation, 1);
}

// What is no picture is said once and remembered, and costs nobody else anything.
static void unreadable(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder(), *keep = lrc_test_folder();
    lrc_auto_buf lrc_buf png = lrc_test_png(64, 64, 1);
    lrc_test_put_png(dir, "good.png", 7);
    lrc_test_put(dir, "text.png", "no picture");
    lrc_test_put(dir, "empty.png", "");
    lrc_test_put_bytes(dir, "head.png", png.data, 20);
    lrc_auto_thumbs lrc_thumbs *t = make((lrc_thumbs_options){.folder = keep, .program = WORKER});
    static const struct {
        const char *name;
        lrc_err_code code;
    } cases[] = {{"text.png", LRC_ERR_MEDIA_TYPE}, {"empty.png", LRC_ERR_INVALID}, {"head.png", LRC_ERR_INVALID}};
    lrc_err err;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < LENGTH(cases); i++) {
            assert_string_equal(tag_of(t, dir, cases[i].name, 160, &err), "");
            assert_int_equal(err.code, cases[i].code);
            assert_non_null(strstr(err.msg, cases[i].name));
        }
        assert_int_equal(stats_of(t).decoded, LENGTH(cases) + (unsigned)round);
        assert_string_not_equal(tag_of(t, dir, "good.png", 160, &err), "");
    }
    lrc_test_put_png(dir, "text.png", 9); // mended
    assert_string_not_equal(tag_of(t, dir, "text.png", 160, &err), "");
}

// A worker of a few lines of shell. It counts its questions, waits until the file "go" is there, and does what the
// picture's name says; else it writes a file of the form of a WebP.
static char *odd_worker(const char *dir)
{
    lrc_test_put(
        dir, "odd",
        "#!/bin/sh\n"
        "here=${0%/*}\n"
        "echo '{\"ready\":true}'\n"
        "while read -r line; do\n"
        "  echo x >> \"$here/count\"\n"
        "  while [ ! -e \"$here/go\" ]; do sleep 0.02; done\n"
        "  id=${line#*\\\"id\\\":}; id=${id%%,*}\n"
        "  out=${line#*\\\"out\\\":\\\"}; out=${out%%\\\"*}\n"
        "  case \"$line\" in\n"
        "  *crash*) kill -SEGV $$ ;;\n"
        "  *hang*) while :; do sleep 1; done ;;\n"
        "  *full*) echo '{\"id\":'$id',\"ok\":false,\"code\":\"disk_full\",\"error\":\"no space\"}'; continue ;;\n"
        "  esac\n"
        "  printf 'RIFF\\374\\003\\000\\000WEBP%01016d' 0 > \"$out\"\n"
        "  echo '{\"id\":'$id',\"ok\":true,\"width\":1,\"height\":1,\"format\":\"PNG\"}'\n"
        "done\n");
    char *path = lrc_test_join(dir, "odd");
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static unsigned count_questions(const char *dir)
{
    lrc_auto_free char *text = lrc_test_get(dir, "count");
    return text ? (unsigned)strlen(text) / 2 : 0;
}

struct caller {
    pthread_t thread;
    lrc_thumbs *t;
    const char *dir, *name;
    atomic_bool leave;
    lrc_err err;
    bool ok;
};

static bool leaves(const void *arg)
{
    const struct caller *c = arg;
    return c->leave;
}

static void *call(void *arg)
{
    struct caller *c = arg;
    lrc_auto_free char *path = lrc_test_join(c->dir, c->name);
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    lrc_thumb small;
    const lrc_thumb_source s = {.fd = fd, .name = c->name, .gone = leaves, .asks = c};
    c->ok = lrc_thumbs_get(c->t, &s, 160, &small, &c->err) == 0;
    if (c->ok)
        close(small.fd);
    return NULL;
}

static void start(struct caller *c, lrc_thumbs *t, const char *dir, const char *name)
{
    *c = (struct caller){.t = t, .dir = dir, .name = name};
    assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

// Wait until `n` calls of lrc_thumbs_get() have come, and all but one at each decoder wait for something.
static void wait_for(lrc_thumbs *t, uint64_t asked, unsigned waiting)
{
    const int64_t end = lrc_clock_mono_ms() + PATIENCE;
    while (stats_of(t).asked < asked || stats_of(t).waiting < waiting) {
        if (lrc_clock_mono_ms() > end)
            fail_msg("%u of %u wait", stats_of(t).waiting, waiting);
        lrc_clock_sleep_ms(5);
    }
}

static void equal_requests_are_one_decode(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder(), *keep = lrc_test_folder();
    lrc_auto_free char *program = odd_worker(dir);
    lrc_test_put_png(dir, "a.png", 1);
    lrc_auto_thumbs lrc_thumbs *t =
        make((lrc_thumbs_options){.folder = keep, .program = program, .decoders = 2, .timeout_ms = PATIENCE});
    struct caller c[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        start(&c[i], t, dir, "a.png");
    wait_for(t, THREADS, THREADS - 1);
    lrc_test_put(dir, "go", "");
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(c[i].thread, NULL);
        if (!c[i].ok)
            fail_msg("%s", c[i].err.msg);
    }
    assert_int_equal(count_questions(dir), 1);
    assert_int_equal(stats_of(t).decoded, 1);
}

// All share a failure; one that is not the file's fault is not remembered.
static void a_failure_is_shared(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder(), *keep = lrc_test_folder();
    lrc_auto_free char *program = odd_worker(dir);
    lrc_test_put_png(dir, "full.png", 1);
    lrc_auto_thumbs lrc_thumbs *t =
        make((lrc_thumbs_options){.folder = keep, .program = program, .decoders = 1, .timeout_ms = PATIENCE});
    struct caller c[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        start(&c[i], t, dir, "full.png");
    wait_for(t, THREADS, THREADS - 1);
    lrc_test_put(dir, "go", "");
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(c[i].thread, NULL);
        assert_false(c[i].ok);
        assert_int_equal(c[i].err.code, LRC_ERR_DISK_FULL);
    }
    assert_int_equal(count_questions(dir), 1);
    lrc_err err;
    assert_string_equal(tag_of(t, dir, "full.png", 160, &err), "");
    assert_int_equal(count_questions(dir), 2);
}

static void those_who_leave_and_those_who_are_too_many(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder(), *keep = lrc_test_folder();
    lrc_auto_free char *program = odd_worker(dir);
    lrc_test_put_png(dir, "a.png", 1);
    lrc_test_put_png(dir, "b.png", 2);
    lrc_test_put_png(dir, "c.png", 3);
    lrc_auto_thumbs lrc_thumbs *t = make(
        (lrc_thumbs_options){.folder = keep, .program = program, .decoders = 1, .timeout_ms = PATIENCE, .queue = 1});
    struct caller at_work, first, second, refused;
    start(&at_work, t, dir, "a.png");
    wait_for(t, 1, 0);
    while (count_questions(dir) == 0)
        lrc_clock_sleep_ms(5);
    start(&first, t, dir, "b.png"); // waits for the decoder
    wait_for(t, 2, 1);
    start(&second, t, dir, "b.png"); // waits for first
    wait_for(t, 3, 2);
    start(&refused, t, dir, "c.png");
    pthread_join(refused.thread, NULL);
    assert_false(refused.ok);
    assert_int_equal(refused.err.code, LRC_ERR_BUSY);
    first.leave = true; // then second makes it itself
    pthread_join(first.thread, NULL);
    assert_false(first.ok);
    assert_int_equal(first.err.code, LRC_ERR_CANCELLED);
    lrc_test_put(dir, "go", "");
    pthread_join(second.thread, NULL);
    pthread_join(at_work.thread, NULL);
    assert_true(second.ok);
    assert_true(at_work.ok);
    assert_int_equal(count_questions(dir), 2);
}

static void a_hostile_file_costs_one_error(void **state)
{
    (void)state;
    static const struct {
        const char *name, *message;
        unsigned questions; // a crash is tried twice: it may have been somebody else's
    } cases[] = {{"crash.png", "SIGSEGV", 2}, {"hang.png", "too long", 1}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_temp char *dir = lrc_test_folder(), *keep = lrc_test_folder();
        lrc_auto_free char *program = odd_worker(dir);
        lrc_test_put(dir, "go", "");
        lrc_test_put_png(dir, cases[i].name, 1);
        lrc_test_put_png(dir, "good.png", 2);
        lrc_auto_thumbs lrc_thumbs *t =
            make((lrc_thumbs_options){.folder = keep, .program = program, .decoders = 1, .timeout_ms = 2000});
        lrc_err err;
        for (int round = 0; round < 3; round++) {
            assert_string_equal(tag_of(t, dir, cases[i].name, 160, &err), "");
            assert_int_equal(err.code, LRC_ERR_INVALID);
            assert_non_null(strstr(err.msg, cases[i].message));
        }
        assert_int_equal(count_questions(dir), cases[i].questions);
        assert_string_not_equal(tag_of(t, dir, "good.png", 160, &err), "");
    }
}

// ---- The folder --------------------------------------------------------------------------------------------------------

static void put_kept(lrc_keep *k, const char *key, size_t size, int64_t used)
{
    lrc_auto_free char *path = NULL;
    lrc_err err = LRC_ERR_INIT;
    char bytes[2000] = "RIFF\0\0\0\0WEBP";
    const uint32_t length = (uint32_t)size - 8;
    for (int i = 0; i < 4; i++)
        bytes[4 + i] = (char)(length >> (8 * i));
    assert_ok(lrc_keep_place(k, key, &path, &err), err);
    assert_ok(lrc_fs_write(path, bytes, size, 0, &err), err);
    const struct timespec times[2] = {{used, 0}, {used, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    lrc_keep_added(k, fd);
}

static void the_folder_has_a_bound(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_keep k;
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(dir, "aa/.tmp-not-ours", "stays");
    const int64_t now = lrc_clock_now_ms() / 1000;
    const char *const keys[] = {"aa01", "bb02", "aa03", "cc04", "aa05"};
    assert_ok(lrc_keep_init(&k, dir, 4100, &err), err);
    for (size_t i = 0; i < 4; i++)
        put_kept(&k, keys[i], 1000, now - 100 + (int64_t)i);
    for (size_t i = 0; i < 4; i++)
        assert_true(lrc_keep_has(&k, keys[i]));
    put_kept(&k, keys[4], 1000, now); // too much: the two longest unused go, three quarters stay
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(lrc_keep_has(&k, keys[i]), i >= 2);
    // Somebody else's additions are counted when it is tidied up again.
    lrc_keep other;
    assert_ok(lrc_keep_init(&other, dir, 1 << 20, &err), err);
    put_kept(&other, "dd06", 1000, now + 1);
    put_kept(&other, "dd07", 1000, now + 2);
    put_kept(&k, "dd08", 1000, now + 3);
    put_kept(&k, "dd09", 1000, now + 4);
    assert_false(lrc_keep_has(&k, "aa05"));
    assert_true(lrc_keep_has(&k, "dd07"));
    assert_true(lrc_keep_has(&k, "dd09"));
    lrc_keep_done(&k);
    lrc_keep_done(&other);
}

static void cut_files_are_missing(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_keep k;
    lrc_err err = LRC_ERR_INIT;
    int fd;
    assert_ok(lrc_keep_init(&k, dir, 1 << 20, &err), err);
    put_kept(&k, "aa01", 500, 1000);
    assert_true(lrc_keep_has(&k, "aa01"));
    lrc_auto_free char *path = lrc_test_join(dir, "aa/aa01.webp");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_mtim.tv_sec > 1000); // it was used just now
    for (off_t size = 499; size >= 0; size -= 499) {
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(lrc_keep_open(&k, "aa01", &fd, &err), -1);
        assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    }
    lrc_test_put(dir, "bb/bb01.webp/x", "a folder");
    assert_false(lrc_keep_has(&k, "bb01"));
    lrc_keep_done(&k);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_once_and_found_again),
        cmocka_unit_test(upright_and_square),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(equal_requests_are_one_decode),
        cmocka_unit_test(a_failure_is_shared),
        cmocka_unit_test(those_who_leave_and_those_who_are_too_many),
        cmocka_unit_test(a_hostile_file_costs_one_error),
        cmocka_unit_test(the_folder_has_a_bound),
        cmocka_unit_test(cut_files_are_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
