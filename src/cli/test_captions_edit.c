// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "caption/undo.h"
#include "support/cmocka.h"
#include "support/run.h"

static char *workspace(void)
{
    char *dir = lrc_test_folder();
    setenv("LORICA_WORKSPACE", dir, 1);
    lrc_test_put(dir, "datasets/cat/a.png", "x");
    lrc_test_put(dir, "datasets/cat/a.txt", "1girl, solo, red hair\n");
    lrc_test_put(dir, "datasets/cat/b.png", "x");
    lrc_test_put(dir, "datasets/cat/b.txt", "Solo,red hair,  smile");
    lrc_test_put(dir, "datasets/cat/c.png", "x");
    lrc_test_put(dir, "datasets/cat/orphan.txt", "solo");
    return dir;
}

static void every_command(void **state)
{
    (void)state;
    static const struct {
        const char *args[8]; // behind "captions"
        const char *a, *b, *c, *orphan;
    } cases[] = {
        {{"add-tags", "cat", "smile, 1girl"},
         "1girl, solo, red hair, smile\n",
         "Solo, red hair, smile, 1girl",
         "smile, 1girl",
         "solo"},
        {{"add-tags", "cat", "x", "--position", "start"},
         "x, 1girl, solo, red hair\n",
         "x, Solo, red hair, smile",
         "x",
         "solo"},
        {{"remove-tags", "cat", "SOLO", "smile"}, "1girl, red hair\n", "red hair", NULL, ""},
        {{"replace-tag", "cat", "red hair", "blue hair"},
         "1girl, solo, blue hair\n",
         "Solo, blue hair, smile",
         NULL,
         "solo"},
        {{"replace", "cat", "hair", "fur"}, "1girl, solo, red fur\n", "Solo,red fur,  smile", NULL, "solo"},
        {{"replace", "cat", "(\\w+) hair", "$1-haired", "--regex"},
         "1girl, solo, red-haired\n",
         "Solo,red-haired,  smile",
         NULL,
         "solo"},
        {{"replace", "cat", "^solo", "alone", "-e", "-i"},
         "1girl, solo, red hair\n",
         "alone,red hair,  smile",
         NULL,
         "alone"},
        {{"normalize", "cat", "--sort"}, "1girl, red hair, solo\n", "Solo, red hair, smile", NULL, "solo"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_temp char *dir = workspace();
        const char *args[9] = {"captions"};
        for (size_t k = 0; k < 7; k++)
            args[k + 1] = cases[i].args[k];
        lrc_auto_result lrc_test_result r = lrc_test_run_input(dir, NULL, args);
        lrc_test_expect_exit(&r, 0);
        lrc_test_expect(dir, "datasets/cat/a.txt", cases[i].a);
        lrc_test_expect(dir, "datasets/cat/b.txt", cases[i].b);
        lrc_test_expect(dir, "datasets/cat/c.txt", cases[i].c);
        lrc_test_expect(dir, "datasets/cat/orphan.txt", cases[i].orphan);
        lrc_auto_result lrc_test_result undo = lrc_test_run(dir, "captions", "undo", "cat");
        lrc_test_expect_exit(&undo, 0);
        lrc_test_expect(dir, "datasets/cat/a.txt", "1girl, solo, red hair\n");
        lrc_test_expect(dir, "datasets/cat/b.txt", "Solo,red hair,  smile");
        lrc_test_expect(dir, "datasets/cat/c.txt", NULL);
        lrc_test_expect(dir, "datasets/cat/orphan.txt", "solo");
        lrc_auto_result lrc_test_result redo = lrc_test_run(dir, "captions", "redo", "--json");
        lrc_test_expect_exit(&redo, 0);
        lrc_test_expect(dir, "datasets/cat/a.txt", cases[i].a);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *args[8];
        int exit;
        const char *message;
    } cases[] = {
        {{"captions", "replace", "cat", "", "x"}, 2, "empty"}, // KNX puts the x between all letters
        {{"captions", "replace", "cat", "(", "x", "--regex"}, 2, "wrong at character"},
        {{"captions", "remove-tags", "cat", " , "}, 2, "no tag"},
        {{"captions", "add-tags", "cat"}, 2, "needs NAME TAG"},
        {{"captions", "undo"}, 3, "nothing to undo"},
        {{"captions", "redo", "cat"}, 3, "nothing to redo in cat"},
        {{"captions", "undo", "dog"}, 3, "no dataset 'dog'"},
        {{"captions", "find", "cat", ""}, 2, "empty"},
    };
    lrc_auto_temp char *dir = workspace();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_result lrc_test_result r = lrc_test_run_input(dir, NULL, cases[i].args);
        lrc_test_expect_exit(&r, cases[i].exit);
        lrc_test_expect_in(r.err, cases[i].message);
    }
    lrc_test_expect(dir, "datasets/cat/a.txt", "1girl, solo, red hair\n");
}

static void find_and_history(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_auto_result lrc_test_result tag = lrc_test_run(dir, "captions", "find", "cat", "solo", "--tag");
    assert_string_equal(tag.out, "a.png: 1girl, solo, red hair / \nb.png: Solo,red hair,  smile\n");
    lrc_auto_result lrc_test_result text = lrc_test_run(dir, "captions", "find", "cat", "solo", "--json");
    lrc_test_expect_in(text.out, "\"found\":1,\"images\":3");
    lrc_auto_result lrc_test_result one = lrc_test_run(dir, "captions", "add-tags", "cat", "x");
    lrc_test_expect_exit(&one, 0);
    lrc_auto_result lrc_test_result two = lrc_test_run(dir, "captions", "add-trigger", "cat", "ohwx");
    lrc_test_expect_exit(&two, 0);
    lrc_auto_result lrc_test_result undo = lrc_test_run(dir, "captions", "undo");
    lrc_test_expect_in(undo.out, "taken back: add trigger word 'ohwx' at the start (3 captions of cat)");
    lrc_auto_result lrc_test_result history = lrc_test_run(dir, "captions", "history");
    lrc_test_expect_in(history.out, "taken back       3 captions of cat: add trigger word 'ohwx' at the start");
    lrc_test_expect_in(history.out, "done             3 captions of cat: add tags 'x'");
    lrc_test_put(dir, "datasets/cat/a.txt", "by hand");
    lrc_auto_result lrc_test_result refused = lrc_test_run(dir, "captions", "undo");
    lrc_test_expect_exit(&refused, 4);
    lrc_test_expect_in(refused.err, "it was changed since (a.txt)");
    lrc_test_expect(dir, "datasets/cat/a.txt", "by hand");
    lrc_test_expect(dir, "datasets/cat/b.txt", "Solo, red hair, smile, x");
}

static lrc_walk_next add_file(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    lrc_auto_free char *text = NULL;
    size_t n;
    assert_ok(lrc_fs_read(e->path, LRC_TEST_FILE_MAX, &text, &n, err), *err);
    assert_int_equal(lrc_strv_pushf(arg, err, "%s=%s", e->relative, text), 0);
    return LRC_WALK_ON;
}

// Killed at fifty moments: every caption is old or new, and the next start makes all of them old, or finds all new.
static void killed_at_fifty_moments(void **state)
{
    (void)state;
    enum { FILES = 400, KILLS = 50 };
    lrc_auto_temp char *dir = lrc_test_folder();
    setenv("LORICA_WORKSPACE", dir, 1);
    for (int i = 0; i < FILES; i++) {
        char name[64];
        snprintf(name, sizeof name, "datasets/cat/%03d.png", i);
        lrc_test_put(dir, name, "x");
        snprintf(name, sizeof name, "datasets/cat/%03d.txt", i);
        lrc_test_put(dir, name, "old");
    }
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_workspace_open(dir, false, &w, &err), err);
    lrc_auto_free char *dataset = lrc_test_join(dir, "datasets/cat");
    const char *const args[] = {"captions", "add-trigger", "cat", "new", "--quiet", NULL};
    const lrc_fs_walk_options options = {.hidden = false};
    size_t rolled_back = 0, finished = 0;
    for (int kills = 0; kills < KILLS; kills++) {
        const pid_t pid = lrc_test_start(dir, "run", NULL, args);
        lrc_clock_sleep_ms(1 + kills * 3 / 2);
        kill(pid, SIGKILL);
        lrc_test_wait(pid);
        lrc_auto_strv lrc_strv torn = {0}, after = {0};
        assert_ok(lrc_fs_walk(dataset, &options, add_file, &torn, &err), err);
        for (size_t i = 0; i < torn.count; i++) {
            const char *text = strchr(torn.item[i], '=') + 1;
            if (strcmp(text, "x") != 0 && strcmp(text, "old") != 0 && strcmp(text, "new, old") != 0)
                fail_msg("neither old nor new: %s", torn.item[i]);
        }
        lrc_auto_findings lrc_findings problems = {0};
        size_t count = 0;
        assert_ok(lrc_caption_recover(&w, &problems, &count, &err), err);
        assert_int_equal(problems.count, 0);
        rolled_back += count;
        assert_ok(lrc_fs_walk(dataset, &options, add_file, &after, &err), err);
        size_t new = 0;
        for (size_t i = 0; i < after.count; i++)
            new += strstr(after.item[i], "=new, old") != NULL;
        assert_true(new == 0 || new == FILES);
        if (new == 0)
            continue;
        finished++;
        lrc_auto_caption_undo_result lrc_caption_undo_result r = {0};
        assert_ok(lrc_caption_undo(&w, NULL, false, &r, &err), err);
        assert_int_equal(r.files, FILES);
    }
    print_message("%zu rolled back, %zu finished, %zu not begun\n", rolled_back, finished,
                  KILLS - rolled_back - finished);
    assert_int_equal(lrc_test_entries(dataset), 2 * FILES); // and nothing is left lying about
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command),
        cmocka_unit_test(refusals),
        cmocka_unit_test(find_and_history),
        cmocka_unit_test(killed_at_fifty_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
