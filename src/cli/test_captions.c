// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "support/cmocka.h"
#include "support/run.h"

static char *workspace(void)
{
    char *dir = lrc_test_folder();
    setenv("LORICA_WORKSPACE", dir, 1);
    return dir;
}

static void add_trigger(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_test_put(dir, "datasets/cat/a.png", "x");
    lrc_test_put(dir, "datasets/cat/a.txt",
                 "\xef\xbb\xbf"
                 "1girl, solo\n");
    lrc_test_put(dir, "datasets/cat/b é.JPG", "x");
    lrc_test_put(dir, "datasets/cat/c.webp", "x");
    lrc_test_put(dir, "datasets/cat/c.txt", "ohwx, smile");
    lrc_test_put(dir, "datasets/cat/d.png", "x"); // shares its caption with the next
    lrc_test_put(dir, "datasets/cat/d.jpg", "x");
    lrc_test_put(dir, "datasets/cat/10_x/e.png", "x");
    lrc_test_put(dir, "datasets/cat/orphan.txt", "left alone");

    lrc_auto_result lrc_test_result dry = lrc_test_run(dir, "captions", "add-trigger", "cat", "ohwx", "--dry-run");
    lrc_test_expect_exit(&dry, 0);
    lrc_test_expect_in(dry.out, "would be: 3 of 4 captions changed, 2 of them new files");
    lrc_test_expect_in(dry.out, "- 1girl, solo");
    lrc_test_expect_in(dry.out, "+ ohwx, 1girl, solo");
    lrc_test_expect(dir, "datasets/cat/b é.txt", NULL);

    lrc_auto_result lrc_test_result wet = lrc_test_run(dir, "captions", "add-trigger", "cat", "ohwx");
    lrc_test_expect_exit(&wet, 0);
    lrc_test_expect_in(wet.out, "3 of 4 captions changed, 2 of them new files");
    lrc_test_expect_in(wet.err, "1 images in sub-folders");
    lrc_test_expect(dir, "datasets/cat/a.txt", "ohwx, 1girl, solo"); // the mark is gone
    lrc_test_expect(dir, "datasets/cat/b é.txt", "ohwx");
    lrc_test_expect(dir, "datasets/cat/c.txt", "ohwx, smile");
    lrc_test_expect(dir, "datasets/cat/d.txt", "ohwx");
    lrc_test_expect(dir, "datasets/cat/10_x/e.txt", NULL);
    lrc_test_expect(dir, "datasets/cat/orphan.txt", "left alone");

    lrc_auto_result lrc_test_result again =
        lrc_test_run(dir, "captions", "add-trigger", "dataset/cat", "ohwx", "--recursive", "--json");
    lrc_test_expect_exit(&again, 0);
    lrc_test_expect_in(again.out, "\"files_modified\":1,\"files_created\":1");
    lrc_auto_result lrc_test_result end = lrc_test_run(dir, "captions", "add-trigger", "cat", "zz", "--position", "end",
                                                       "--repeat", "--extension", ".caption");
    lrc_test_expect_exit(&end, 0);
    lrc_test_expect(dir, "datasets/cat/a.caption", "zz");
}

static void what_cannot_be_edited_is_named(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_test_put(dir, "datasets/cat/a.png", "x");
    lrc_test_put(dir, "datasets/cat/a.txt", "caf\xe9");
    lrc_test_put(dir, "datasets/cat/b\xff.png", "x");
    lrc_test_put(dir, "datasets/cat/c.png", "x");
    lrc_test_put(dir, "datasets/cat/d.png", "x");
    lrc_test_put(dir, "datasets/cat/d.txt/x", "a folder stands in the way");
    lrc_auto_result lrc_test_result r = lrc_test_run(dir, "captions", "add-trigger", "cat", "ohwx", "--json");
    lrc_test_expect_exit(&r, 1);
    lrc_test_expect_in(r.out, "\"files_modified\":1");
    lrc_test_expect_in(r.out, "not UTF-8: byte 0xe9 in line 1");
    lrc_test_expect_in(r.out, "b\xef\xbf\xbd.png"); // shown with U+FFFD
    lrc_test_expect_in(r.out, "d.txt");
    lrc_test_expect(dir, "datasets/cat/a.txt", "caf\xe9");
    lrc_test_expect(dir, "datasets/cat/c.txt", "ohwx");
    lrc_test_expect(dir, "datasets/cat/b\xff.txt", NULL);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *args[8];
        int exit;
        const char *message;
    } cases[] = {
        {{"captions", "add-trigger", "nope", "ohwx"}, 3, "no dataset 'nope'"},
        {{"captions", "add-trigger", "cat", ""}, 2, "trigger word is empty"},
        {{"captions", "add-trigger", "cat"}, 2, "needs NAME WORD"},
        {{"captions", "add-trigger", "cat", "x", "--position", "middle"}, 2, "start|end"},
        {{"captions", "add-trigger", "cat", "x", "--extension", "/../../pwn.txt"}, 2, "caption extension"},
        {{"captions", "add-trigger", "cat", "x", "--extension", ".png"}, 2, "would replace images"},
        {{"captions", "add-trigger", "cat", "x", "--separator", ""}, 2, "separator"},
        {{"captions", "show", "nope"}, 3, "no dataset 'nope'"},
        {{"captions", "show", "cat", "--extension", "txt"}, 2, "caption extension"},
    };
    lrc_auto_temp char *dir = workspace();
    lrc_test_put(dir, "datasets/cat/a.png", "image");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_result lrc_test_result r = lrc_test_run_input(dir, NULL, cases[i].args);
        lrc_test_expect_exit(&r, cases[i].exit);
        lrc_test_expect_in(r.err, cases[i].message);
    }
    lrc_test_expect(dir, "datasets/cat/a.png", "image");
    lrc_test_expect(dir, "datasets/cat/a.txt", NULL);
}

// W13: KNX lost a quarter of the words here.
static void ten_processes_lose_nothing(void **state)
{
    (void)state;
    enum { PROCESSES = 10, IMAGES = 200 };
    lrc_auto_temp char *dir = workspace();
    for (int i = 0; i < IMAGES; i++) {
        char name[64];
        snprintf(name, sizeof name, "datasets/cat/%03d.png", i);
        lrc_test_put(dir, name, "x");
    }
    pid_t pid[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        char word[] = {'w', (char)('0' + i), '\0'};
        const char *const args[] = {
            "captions", "add-trigger", "cat", word, i % 2 ? "--position=end" : "--position=start", NULL};
        pid[i] = lrc_test_start(dir, word, NULL, args);
    }
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(lrc_test_wait(pid[i]), 0);
    for (int i = 0; i < IMAGES; i++) {
        char name[64];
        snprintf(name, sizeof name, "datasets/cat/%03d.txt", i);
        lrc_auto_free char *text = lrc_test_get(dir, name);
        assert_non_null(text);
        assert_int_equal(strlen(text), PROCESSES * 4 - 2); // each word once
        for (int p = 0; p < PROCESSES; p++) {
            char word[] = {'w', (char)('0' + p), '\0'};
            lrc_test_expect_in(text, word);
        }
    }
}

static void show(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_test_put(dir, "datasets/cat/a.png", "x");
    lrc_test_put(dir, "datasets/cat/a.txt", "1girl, solo, solo");
    lrc_test_put(dir, "datasets/cat/b.png", "x");
    lrc_test_put(dir, "datasets/cat/b.txt", "1girl\nsecond \x1b[2J line");
    lrc_test_put(dir, "datasets/cat/c.png", "x");
    lrc_test_put(dir, "datasets/cat/d.png", "x");
    lrc_test_put(dir, "datasets/cat/d.txt", " \n");
    lrc_test_put(dir, "datasets/cat/e.png", "x");
    lrc_test_put(dir, "datasets/cat/e.txt", "\xff");
    lrc_auto_result lrc_test_result text = lrc_test_run(dir, "captions", "show", "cat/", "--stats", "--limit", "4");
    lrc_test_expect_exit(&text, 0);
    lrc_test_expect_in(text.out,
                       "a.png: 1girl, solo, solo\nb.png: 1girl / second \xef\xbf\xbd[2J line\nc.png: (no caption)\n");
    lrc_test_expect_in(text.out, "and 1 more");
    lrc_test_expect_in(text.out, "5 images, 2 with a caption");
    lrc_test_expect_in(text.out, "       2 1girl\n       1 second");
    lrc_test_expect_in(text.err, "not UTF-8");
    lrc_auto_result lrc_test_result json = lrc_test_run(dir, "captions", "show", "cat", "--stats", "--json", "-l", "0");
    lrc_test_expect_exit(&json, 0);
    lrc_test_expect_in(json.out, "{\"image\":\"c.png\",\"caption\":null}");
    lrc_test_expect_in(json.out, "\"captioned\":2,\"missing\":1,\"empty\":1,\"with_byte_order_mark\":0,"
                                 "\"with_several_lines\":1,\"with_repeated_tags\":1,\"tags\":5");
    lrc_test_expect_in(json.out, "{\"tag\":\"1girl\",\"count\":2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_trigger), cmocka_unit_test(what_cannot_be_edited_is_named),
        cmocka_unit_test(refusals),    cmocka_unit_test(ten_processes_lose_nothing),
        cmocka_unit_test(show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
