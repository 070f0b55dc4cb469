// SPDX-License-Identifier: MIT
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>

#include "dataset/source.h"
#include "support/cmocka.h"
#include "support/zip.h"

static lrc_source *open_source(const char *path)
{
    lrc_source *s = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_source_open(path, true, NULL, &s, &err), err);
    return s;
}

// Read everything; the content of entry `index` is compared.
static void expect_content(lrc_source *s, size_t wanted, const char *text)
{
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "out");
    size_t index = 0;
    lrc_err err = LRC_ERR_INIT;
    int step;
    while ((step = lrc_source_next(s, &index, &err)) > 0) {
        if (index != wanted)
            continue;
        lrc_auto_close int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        assert_true(fd >= 0);
        assert_ok(lrc_source_copy(s, fd, &err), err);
    }
    assert_ok(step, err);
    lrc_test_expect(dir, "out", text);
}

static void a_folder(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder(), *other = lrc_test_folder();
    lrc_test_put(dir, "b.txt", "bee");
    lrc_test_put(dir, "a/x.png", "picture");
    lrc_test_put(dir, ".hidden", "x");
    lrc_test_put(other, "linked.txt", "far");
    lrc_auto_free char *target = lrc_test_join(other, "linked.txt"), *link = lrc_test_join(dir, "c.txt"),
                       *dir_link = lrc_test_join(dir, "d"), *pipe = lrc_test_join(dir, "e.png");
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(symlink(other, dir_link), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    size_t count;
    lrc_auto_source lrc_source *s = open_source(dir);
    const lrc_source_entry *e = lrc_source_entries(s, &count);
    assert_int_equal(count, 4);
    assert_string_equal(e[0].name, "a/x.png");
    assert_string_equal(e[1].name, "b.txt");
    assert_int_equal(e[1].size, 3);
    assert_string_equal(e[2].name, "c.txt"); // a link to a file is followed, one to a folder is not
    assert_int_equal(e[3].kind, LRC_SOURCE_OTHER);
    assert_int_equal(lrc_source_folders_left_out(s), 1);
    expect_content(s, 2, "far");
    lrc_auto_source lrc_source *flat = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_source_open(dir, false, NULL, &flat, &err), err);
    lrc_source_entries(flat, &count);
    assert_int_equal(count, 3);
    assert_int_equal(lrc_source_folders_left_out(flat), 2);
}

static void an_archive(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    lrc_test_zip_text(&z, "cats/a é.png", "picture");
    lrc_test_zip_text(&z, "cats/", "");
    lrc_test_zip_text(&z, "../a.txt", "caption");
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "link", .bytes = "/etc/passwd", .n = 11, .mode = 0120777});
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "secret.png", .bytes = "0123456789abcdef", .n = 16, .flags = 1});
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "caf\x82.png", .bytes = "x", .n = 1}); // code page 437
    lrc_auto_free char *path = lrc_test_zip_save(&z, dir, "a.zip");
    size_t count;
    lrc_auto_source lrc_source *s = open_source(path);
    const lrc_source_entry *e = lrc_source_entries(s, &count);
    assert_int_equal(count, 5);
    assert_true(lrc_source_is_archive(s));
    assert_string_equal(e[0].name, "cats/a é.png");
    assert_int_equal(e[0].size, 7);
    assert_string_equal(e[1].name, "../a.txt"); // as it is; what to make of it is the plan's matter
    assert_int_equal(e[2].kind, LRC_SOURCE_LINK);
    assert_int_equal(e[3].kind, LRC_SOURCE_LOCKED);
    assert_string_equal(e[4].name, "caf\x82.png");
    expect_content(s, 1, "caption");
}

static void what_is_no_source(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_put(dir, "text", "no archive");
    lrc_test_put(dir, "empty", "");
    lrc_test_put_bytes(dir, "damaged.zip", "PK\3\4 and nothing that follows from that", 40);
    static const struct {
        const char *name;
        lrc_err_code code;
    } cases[] = {{"text", LRC_ERR_MEDIA_TYPE},
                 {"empty", LRC_ERR_MEDIA_TYPE},
                 {"missing", LRC_ERR_NOT_FOUND},
                 {"damaged.zip", LRC_ERR_INVALID}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_free char *path = lrc_test_join(dir, cases[i].name);
        lrc_source *s = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_source_open(path, false, NULL, &s, &err), -1);
        if (err.code != cases[i].code)
            fail_msg("%s: %s", cases[i].name, err.msg);
    }
}

// An upload that stopped in the middle: the list at the end is missing.
static void cut_archives(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    char big[5000] = "picture";
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "a.png", .bytes = big, .n = sizeof big});
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "b.png", .bytes = big, .n = sizeof big});
    const size_t whole = z.out.len;
    lrc_auto_free char *path = lrc_test_zip_save(&z, dir, "a.zip");
    const off_t cuts[] = {40, 3000, 7000, (off_t)whole - 1, (off_t)whole + 10};
    for (size_t i = LENGTH(cuts); i-- > 0;) {
        lrc_source *s = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(truncate(path, cuts[i]), 0);
        if (lrc_source_open(path, false, NULL, &s, &err) == 0) { // its entries could be read one by one
            size_t count, index;
            lrc_source_entries(s, &count);
            int step = 1, copied = 0;
            while (copied == 0 && (step = lrc_source_next(s, &index, &err)) > 0) {
                lrc_auto_close int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
                copied = lrc_source_copy(s, fd, &err);
            }
            if (step == 0 && cuts[i] < (off_t)whole)
                fail_msg("cut at %ld: nothing was noticed, %zu entries", (long)cuts[i], count);
            lrc_source_free(s);
        }
        if (err.code != LRC_OK)
            assert_true(err.code == LRC_ERR_INVALID || err.code == LRC_ERR_LIMIT);
    }
}

static int try_open(const char *path, const lrc_source_limits *limits, lrc_err *err)
{
    lrc_auto_source lrc_source *s = NULL;
    return lrc_source_open(path, false, limits, &s, err);
}

// Zeros, deflated: 1000 to 1.
static char *deflated_zeros(const char *dir, size_t bytes)
{
    char *path = lrc_test_join(dir, "zeros.zip");
    struct archive *a = archive_write_new();
    assert_int_equal(archive_write_set_format_zip(a), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, "zeros.png");
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_size(e, (la_int64_t)bytes);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    static const char zeros[1 << 16];
    for (size_t done = 0; done < bytes; done += sizeof zeros)
        assert_int_equal(archive_write_data(a, zeros, sizeof zeros), sizeof zeros);
    archive_entry_free(e);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return path;
}

static void bombs(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_err err = LRC_ERR_INIT;
    // Deflate.
    lrc_auto_free char *zeros = deflated_zeros(dir, (size_t)(LRC_SOURCE_RATIO_FREE + (1 << 20)));
    assert_int_equal(try_open(zeros, NULL, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    assert_non_null(strstr(err.msg, "bomb"));
    // One piece of data under many names: libarchive gives it once.
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    lrc_auto_free char *big = calloc(1, 1 << 20);
    const lrc_test_zip_entry e = {.name = "a.png", .bytes = big, .n = 1 << 20};
    lrc_test_zip_put(&z, &e);
    for (int i = 0; i < 300; i++)
        lrc_test_zip_list(&z, &e, 0);
    lrc_auto_free char *overlapping = lrc_test_zip_save(&z, dir, "overlap.zip");
    lrc_auto_source lrc_source *once = open_source(overlapping);
    size_t count;
    lrc_source_entries(once, &count);
    assert_int_equal(count, 1);
    // A claim of 4 GB for a few bytes.
    lrc_test_zip_init(&z);
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "a.png", .bytes = "x", .n = 1, .claimed = 0xfffffff0});
    lrc_auto_free char *boaster = lrc_test_zip_save(&z, dir, "boast.zip");
    assert_int_equal(try_open(boaster, NULL, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    // Too many, too much.
    lrc_test_zip_init(&z);
    for (int i = 0; i < 5; i++)
        lrc_test_zip_text(&z, "a.png", "0123456789");
    lrc_auto_free char *five = lrc_test_zip_save(&z, dir, "five.zip");
    assert_int_equal(try_open(five, &(lrc_source_limits){4, 1000, 100}, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    assert_int_equal(try_open(five, &(lrc_source_limits){10, 49, 100}, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    assert_int_equal(try_open(five, &(lrc_source_limits){5, 50, 100}, &err), 0);
}

// The list says 3 bytes, the data are 1000: stopped when they flow.
static void a_lying_list(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    char bytes[1000] = "x";
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "a.png", .bytes = bytes, .n = sizeof bytes, .claimed = 3});
    lrc_auto_free char *path = lrc_test_zip_save(&z, dir, "a.zip");
    lrc_auto_source lrc_source *s = open_source(path);
    lrc_auto_close int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    size_t index;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_source_next(s, &index, &err), 1);
    assert_int_equal(lrc_source_copy(s, fd, &err), -1);
}

static void the_end_stays_the_end(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    lrc_test_zip_text(&z, "a.png", "1");
    lrc_auto_free char *path = lrc_test_zip_save(&z, dir, "a.zip");
    lrc_auto_source lrc_source *s = open_source(path);
    expect_content(s, 0, "1");
    size_t index;
    assert_int_equal(lrc_source_next(s, &index, NULL), 0);
    assert_int_equal(lrc_source_next(s, &index, NULL), 0);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8"); // as main() does: libarchive needs it for names
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder),
        cmocka_unit_test(an_archive),
        cmocka_unit_test(what_is_no_source),
        cmocka_unit_test(cut_archives),
        cmocka_unit_test(bombs),
        cmocka_unit_test(a_lying_list),
        cmocka_unit_test(the_end_stays_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
