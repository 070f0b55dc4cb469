// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "caption/bulk.h"
#include "caption/caption.h"
#include "caption/edit.h"
#include "caption/undo.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"

#define FILES 12

struct place {
    char *root, *dir;
    lrc_workspace w;
};

static int set_up(void **state)
{
    static struct place p;
    lrc_err err = LRC_ERR_INIT;
    p = (struct place){.root = lrc_test_folder()};
    assert_ok(lrc_workspace_open(p.root, true, &p.w, &err), err);
    for (int i = 0; i < FILES; i++) {
        char name[64], text[64];
        snprintf(name, sizeof name, "datasets/cat/%02d.png", i);
        lrc_test_put(p.root, name, "x");
        if (i % 4 == 3)
            continue; // no caption
        snprintf(name, sizeof name, "datasets/cat/%02d.txt", i);
        snprintf(text, sizeof text, "%sone, tag %d%s", i == 1 ? "\xef\xbb\xbf" : "", i, i % 2 ? "\n" : "");
        lrc_test_put(p.root, name, text);
    }
    p.dir = lrc_test_join(p.root, "datasets/cat");
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    lrc_workspace_done(&p->w);
    free(p->dir);
    lrc_test_folder_done(p->root);
    return 0;
}

static lrc_walk_next add_file(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    lrc_auto_free char *text = NULL;
    size_t n;
    if (!S_ISREG(e->st->st_mode))
        return LRC_WALK_ON;
    assert_ok(lrc_fs_read(e->path, LRC_TEST_FILE_MAX, &text, &n, err), *err);
    assert_int_equal(lrc_strv_pushf(arg, err, "%s=%s", e->relative, text), 0);
    return LRC_WALK_ON;
}

// All files of the dataset with their content, as one text.
static char *tree(const struct place *p)
{
    lrc_auto_strv lrc_strv list = {0};
    char *text = NULL;
    lrc_err err = LRC_ERR_INIT;
    const lrc_fs_walk_options options = {.recursive = true, .hidden = true};
    assert_ok(lrc_fs_walk(p->dir, &options, add_file, &list, &err), err);
    assert_ok(lrc_caption_join(&list, ";", &text, &err), err);
    return text;
}

static void expect_tree(const struct place *p, const char *expected)
{
    lrc_auto_free char *now = tree(p);
    if (strcmp(now, expected) != 0)
        fail_msg("the files are\n%s\nnot\n%s", now, expected);
}

static int trigger_edit(void *arg, const char *text, char **ret, lrc_err *err)
{
    return lrc_caption_add_trigger(text, &(lrc_caption_trigger){.word = arg}, ret, err);
}

static size_t add_trigger(const struct place *p, const char *word)
{
    lrc_auto_free char *copy = strdup(word);
    const lrc_caption_bulk bulk = {.workspace = &p->w,
                                   .dir = p->dir,
                                   .operation = "add-trigger",
                                   .summary = word,
                                   .edit = trigger_edit,
                                   .arg = copy};
    lrc_auto_caption_bulk_result lrc_caption_bulk_result r = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_caption_bulk_run(&bulk, &r, &err), err);
    return r.changed;
}

// What was undone, or the error code as text.
static char *undo(const struct place *p, const char *dir, bool redo)
{
    lrc_auto_caption_undo_result lrc_caption_undo_result r = {0};
    lrc_err err = LRC_ERR_INIT;
    return strdup(lrc_caption_undo(&p->w, dir, redo, &r, &err) == 0 ? r.undone.summary : lrc_err_word(err.code));
}

static void expect_undo(const struct place *p, bool redo, const char *expected)
{
    lrc_auto_free char *got = undo(p, p->dir, redo);
    assert_string_equal(got, expected);
}

static void there_and_back(void **state)
{
    const struct place *p = *state;
    lrc_auto_free char *before = tree(p);
    assert_int_equal(add_trigger(p, "ohwx"), FILES);
    lrc_auto_free char *after = tree(p);
    assert_string_not_equal(before, after);
    assert_int_equal(add_trigger(p, "ohwx"), 0); // nothing to do leaves no journal
    expect_undo(p, false, "ohwx");
    expect_tree(p, before); // byte for byte: the mark is back, the new files are gone
    expect_undo(p, false, "not_found");
    expect_undo(p, true, "ohwx");
    expect_tree(p, after);
    expect_undo(p, true, "not_found");
    expect_undo(p, false, "ohwx");
    expect_tree(p, before);
}

static void a_stack_of_edits(void **state)
{
    const struct place *p = *state;
    char *trees[4];
    static const char *const words[] = {"a1", "b2", "c3"};
    trees[0] = tree(p);
    for (size_t i = 0; i < 3; i++) {
        add_trigger(p, words[i]);
        trees[i + 1] = tree(p);
    }
    expect_undo(p, false, "c3");
    expect_undo(p, false, "b2");
    expect_tree(p, trees[1]);
    expect_undo(p, true, "b2");
    expect_tree(p, trees[2]);
    expect_undo(p, true, "c3");
    expect_tree(p, trees[3]);
    expect_undo(p, true, "not_found");
    expect_undo(p, false, "c3");
    expect_undo(p, false, "b2");
    expect_undo(p, false, "a1");
    expect_tree(p, trees[0]);
    expect_undo(p, true, "a1");
    add_trigger(p, "d4"); // what was taken back cannot be done again now
    expect_undo(p, true, "not_found");
    expect_undo(p, false, "d4");
    expect_tree(p, trees[1]);
    expect_undo(p, true, "d4");
    for (size_t i = 0; i < 4; i++)
        free(trees[i]);
}

static void datasets_are_apart(void **state)
{
    const struct place *p = *state;
    lrc_test_put(p->root, "datasets/dog/a.png", "x");
    lrc_auto_free char *dog = lrc_test_join(p->root, "datasets/dog");
    struct place other = {.root = p->root, .dir = dog, .w = p->w};
    add_trigger(p, "cat word");
    add_trigger(&other, "dog word");
    expect_undo(p, false, "cat word");
    lrc_auto_free char *any = undo(p, NULL, false);
    assert_string_equal(any, "dog word");
    lrc_test_expect(p->root, "datasets/dog/a.txt", NULL);
}

// A caption that somebody changed since stands in the way of all.
static void changed_since(void **state)
{
    const struct place *p = *state;
    add_trigger(p, "ohwx");
    lrc_test_put(p->root, "datasets/cat/02.txt", "by hand");
    lrc_auto_free char *before = tree(p);
    lrc_auto_caption_undo_result lrc_caption_undo_result r = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_caption_undo(&p->w, p->dir, false, &r, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_int_equal(r.problems.count, 1);
    assert_string_equal(r.problems.item[0].file, "02.txt");
    expect_tree(p, before);
}

// An operation that a crash cut off, made by hand: `made` of its changes have reached the files.
static void crash(const struct place *p, int made)
{
    lrc_err err = LRC_ERR_INIT;
    const lrc_journal_head head = {.operation = (char[]){"x"}, .summary = (char[]){"crashed"}, .dir = p->dir};
    lrc_journal *j = NULL;
    assert_ok(lrc_journal_begin(&p->w, &head, &j, &err), err);
    for (int i = 0; i < FILES; i++) {
        char name[64], path[64], after[64];
        snprintf(name, sizeof name, "%02d.txt", i);
        snprintf(path, sizeof path, "datasets/cat/%02d.txt", i);
        snprintf(after, sizeof after, "after %d", i);
        lrc_auto_free char *before = lrc_test_get(p->root, path);
        assert_ok(lrc_journal_add(j, name, before, after, &err), err);
        if (i < made)
            lrc_test_put(p->root, path, after);
    }
    assert_ok(lrc_journal_sync(j, &err), err);
    lrc_journal_free(j); // without an end
}

static size_t recover(const struct place *p, size_t *ret_problems)
{
    lrc_auto_findings lrc_findings problems = {0};
    lrc_err err = LRC_ERR_INIT;
    size_t count = 0;
    assert_ok(lrc_caption_recover(&p->w, &problems, &count, &err), err);
    if (ret_problems)
        *ret_problems = problems.count;
    return count;
}

static void crashes_are_rolled_back(void **state)
{
    const struct place *p = *state;
    lrc_auto_free char *before = tree(p);
    for (int made = 0; made <= FILES; made += 3) {
        size_t problems = 0;
        crash(p, made);
        assert_int_equal(recover(p, &problems), 1);
        assert_int_equal(problems, 0);
        expect_tree(p, before);
        assert_int_equal(recover(p, NULL), 0);
    }
    expect_undo(p, false, "not_found"); // a rolled back operation cannot be undone
    crash(p, FILES);
    assert_int_equal(add_trigger(p, "ohwx"), FILES); // every edit recovers first
    expect_undo(p, false, "ohwx");
    expect_tree(p, before);
}

static void after_a_crash_strangers_are_left_alone(void **state)
{
    const struct place *p = *state;
    size_t problems = 0;
    crash(p, FILES);
    lrc_test_put(p->root, "datasets/cat/02.txt", "by hand");
    lrc_test_put(p->root, "datasets/cat/04.txt", ""); // torn by a power failure
    assert_int_equal(recover(p, &problems), 1);
    assert_int_equal(problems, 1);
    lrc_test_expect(p->root, "datasets/cat/02.txt", "by hand");
    lrc_test_expect(p->root, "datasets/cat/04.txt", "one, tag 4");
    lrc_test_expect(p->root, "datasets/cat/03.txt", NULL);
}

// A journal whose last line was cut off: what that line would have said had not been done yet.
static void a_cut_journal(void **state)
{
    const struct place *p = *state;
    lrc_auto_free char *before = tree(p), *path = lrc_test_join(p->root, ".lorica/journal/1.jsonl");
    crash(p, FILES - 1);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 20), 0);
    assert_int_equal(recover(p, NULL), 1);
    expect_tree(p, before);
    lrc_test_put(p->root, ".lorica/journal/7.jsonl", "no journal\n");
    lrc_test_put(p->root, ".lorica/journal/x.jsonl", "");
    assert_int_equal(recover(p, NULL), 0);
    add_trigger(p, "ohwx");
    assert_true(lrc_test_has(p->root, ".lorica/journal/8.jsonl"));
}

// A journal that is damaged in its middle: what can be read is taken back, the rest is said and kept.
static void a_damaged_journal(void **state)
{
    const struct place *p = *state;
    lrc_auto_free char *before = tree(p);
    size_t problems = 0;
    crash(p, FILES);
    lrc_auto_free char *text = lrc_test_get(p->root, ".lorica/journal/1.jsonl");
    assert_non_null(text);
    char *line = text;
    for (int i = 0; i < 5; i++)
        line = strchr(line, '\n') + 1;
    *line = '#';
    lrc_test_put(p->root, ".lorica/journal/1.jsonl", text);
    assert_int_equal(recover(p, &problems), 1);
    assert_int_equal(problems, 1);
    lrc_test_expect(p->root, "datasets/cat/02.txt", "one, tag 2");
    lrc_test_expect(p->root, "datasets/cat/10.txt", "after 10");
    assert_true(lrc_test_has(p->root, ".lorica/journal/1.jsonl.damaged"));
    assert_int_equal(recover(p, NULL), 0);
    lrc_auto_free char *now = tree(p);
    assert_string_not_equal(now, before);
}

static void a_running_operation_is_left_alone(void **state)
{
    const struct place *p = *state;
    lrc_err err = LRC_ERR_INIT;
    const lrc_journal_head head = {.operation = (char[]){"x"}, .summary = (char[]){"runs"}, .dir = p->dir};
    lrc_auto_journal lrc_journal *j = NULL;
    assert_ok(lrc_journal_begin(&p->w, &head, &j, &err), err);
    assert_ok(lrc_journal_add(j, "00.txt", "a", "b", &err), err);
    assert_ok(lrc_journal_sync(j, &err), err);
    assert_int_equal(recover(p, NULL), 0);
    assert_true(lrc_test_has(p->root, ".lorica/journal/1.jsonl"));
    lrc_journal_drop(lrc_take(j));
    assert_false(lrc_test_has(p->root, ".lorica/journal/1.jsonl"));
}

static void only_so_many_are_kept(void **state)
{
    const struct place *p = *state;
    lrc_err err = LRC_ERR_INIT;
    for (int i = 0; i < LRC_JOURNAL_KEPT + 5; i++) {
        const lrc_journal_head head = {.operation = (char[]){"x"}, .summary = (char[]){"one"}, .dir = p->dir};
        lrc_auto_journal lrc_journal *j = NULL;
        assert_ok(lrc_journal_begin(&p->w, &head, &j, &err), err);
        assert_ok(lrc_journal_add(j, "00.txt", "a", "a", &err), err);
        assert_ok(lrc_journal_finish(j, &err), err);
    }
    lrc_auto_journal_list lrc_journal_list list = {0};
    assert_ok(lrc_journal_list_read(&p->w, &list, &err), err);
    assert_int_equal(list.count, LRC_JOURNAL_KEPT);
    assert_int_equal(list.item[0].head.number, 6);
    assert_true(list.item[0].done);
    assert_int_equal(list.item[0].files, 1);
}

// Any sequence of edits, then as many undos: the tree is what it was.
static void random_operations(void **state)
{
    const struct place *p = *state;
    lrc_auto_free char *before = tree(p);
    uint32_t seed = 12345;
    size_t edits = 0;
    for (int i = 0; i < 40; i++) {
        char word[16];
        seed = seed * 1664525u + 1013904223u;
        if (seed >> 30 == 0 && edits > 0) {
            free(undo(p, p->dir, false));
            edits--;
        } else if (seed >> 30 == 1) {
            lrc_auto_free char *got = undo(p, p->dir, true);
            edits += strcmp(got, "not_found") != 0;
        } else {
            snprintf(word, sizeof word, "w%u", seed >> 16 & 7);
            edits += add_trigger(p, word) > 0;
        }
    }
    for (; edits > 0; edits--) {
        lrc_auto_free char *got = undo(p, p->dir, false);
        assert_string_not_equal(got, "not_found");
    }
    expect_tree(p, before);
}

static int edit_and_undo(void *arg, lrc_err *err)
{
    const struct place *p = arg;
    char word[] = "ohwx";
    const lrc_caption_bulk bulk = {.workspace = &p->w,
                                   .dir = p->dir,
                                   .operation = "add-trigger",
                                   .summary = word,
                                   .edit = trigger_edit,
                                   .arg = word};
    lrc_auto_caption_bulk_result lrc_caption_bulk_result r = {0};
    lrc_auto_caption_undo_result lrc_caption_undo_result u = {0};
    if (lrc_caption_bulk_run(&bulk, &r, err) < 0)
        return -1;
    return lrc_caption_undo(&p->w, p->dir, false, &u, err);
}

// Whichever allocation fails: the captions are all old, or all new and the edit can be undone.
static void memory_may_run_out(void **state)
{
    const struct place *p = *state;
    lrc_auto_free char *before = tree(p), *now = NULL, *journals = lrc_test_join(p->root, ".lorica/journal");
    unsigned nth = 0, asked;
    do {
        nth++;
        lrc_err err = LRC_ERR_INIT;
        lrc_test_fail_allocation(nth);
        const int result = edit_and_undo((void *)(uintptr_t)p, &err);
        asked = lrc_test_allocations();
        lrc_test_fail_allocation(0);
        if (result < 0 && err.code != LRC_ERR_NO_MEMORY)
            fail_msg("allocation %u failed: %s", nth, err.msg);
        recover(p, NULL);
        free(now);
        now = tree(p);
        if (strcmp(now, before) != 0)
            expect_undo(p, false, "ohwx");
        expect_tree(p, before);
        lrc_fs_remove_tree(journals, NULL); // else each run reads those of all runs before it
    } while (asked >= nth);
    assert_true(nth > 100); // an edit of twelve captions and its undo ask for more than that
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1); // thousands of syncs
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),        TEST(a_stack_of_edits),        TEST(datasets_are_apart),
        TEST(changed_since),         TEST(crashes_are_rolled_back), TEST(after_a_crash_strangers_are_left_alone),
        TEST(a_cut_journal),         TEST(a_damaged_journal),       TEST(a_running_operation_is_left_alone),
        TEST(only_so_many_are_kept), TEST(random_operations),       TEST(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
