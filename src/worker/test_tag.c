// SPDX-License-Identifier: MIT
// `lorica tag` as a person calls it: both programs, the demo tagger, a small workspace.
#include "support/cmocka.h"
#include "support/pictures.h"
#include "support/run.h"
#include "json/json.h"

// Exit codes of base/err.h.
enum { OK = 0, FAILED = 1, WRONG = 2, MISSING = 3, CONFLICT = 4 };

static bool have_runtime(const char *dir)
{
    lrc_auto_result lrc_test_result r = lrc_test_run(dir, "doctor", "--json");
    return r.out && !strstr(r.out, "ONNX Runtime was not found") && !strstr(r.out, "has no ONNX Runtime");
}

#define NEED_RUNTIME(dir)                                                                                              \
    do {                                                                                                               \
        if (!have_runtime(dir))                                                                                        \
            skip();                                                                                                    \
    } while (0)

// A workspace with the dataset "flowers": two pictures, one file that is none, one picture in a sub-folder.
static char *workspace(void)
{
    char *dir = lrc_test_folder();
    lrc_test_put_png(dir, "datasets/flowers/a.png", 1);
    lrc_test_put_png(dir, "datasets/flowers/b.png", 2);
    lrc_test_put(dir, "datasets/flowers/broken.jpg", "no picture at all");
    lrc_test_put_png(dir, "datasets/flowers/more/c.png", 3);
    setenv("LORICA_WORKSPACE", dir, 1);
    return dir;
}

static void test_no_model(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_auto_result lrc_test_result none = lrc_test_run(dir, "tag", "flowers");
    lrc_test_expect_exit(&none, CONFLICT);
    lrc_test_expect_in(none.err, "tagger_models");
    lrc_test_expect_in(none.err, "selected_tags.csv");
    lrc_test_expect_in(none.err, "--model demo");
    lrc_auto_result lrc_test_result wrong = lrc_test_run(dir, "tag", "flowers", "--model", "wd-vit", "--json");
    lrc_test_expect_exit(&wrong, CONFLICT);
    lrc_test_expect_in(wrong.out, "\"code\":\"model_missing\"");
    lrc_test_expect_in(wrong.out, "tagger_models/wd-vit");
    lrc_test_put(dir, "tagger_models/half/selected_tags.csv", "tag_id,name,category,count\n1,a,0,0\n");
    lrc_auto_result lrc_test_result half = lrc_test_run(dir, "tag", "flowers", "--model", "half");
    lrc_test_expect_exit(&half, CONFLICT);
    lrc_test_expect_in(half.err, "model.onnx");
}

static void test_dataset(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    NEED_RUNTIME(dir);
    lrc_auto_result lrc_test_result set = lrc_test_run(dir, "settings", "set", "tagger.default", "demo");
    lrc_test_expect_exit(&set, OK);
    lrc_auto_result lrc_test_result r = lrc_test_run(dir, "tag", "flowers");
    lrc_test_expect_exit(&r, OK);
    lrc_test_expect_in(r.err, "tagging: 1/3 ");
    lrc_test_expect_in(r.err, "/datasets/flowers/a.png\n");
    lrc_test_expect_in(r.err, "tagging: 3/3 ");
    lrc_test_expect_in(r.out, "tagged 2 of 3 images with demo on the CPU");
    lrc_test_expect_in(r.out, "1 images in sub-folders were left out");
    lrc_test_expect_in(r.out, "broken.jpg");
    lrc_test_expect(dir, "datasets/flowers/a.txt", "square\n");
    lrc_test_expect(dir, "datasets/flowers/b.txt", "square\n");
    lrc_test_expect(dir, "datasets/flowers/broken.txt", NULL);
    lrc_test_expect(dir, "datasets/flowers/more/c.txt", NULL);
    lrc_auto_result lrc_test_result all = lrc_test_run(dir, "tag", "datasets/flowers", "-r", "-q", "-e", ".caption");
    lrc_test_expect_exit(&all, OK);
    lrc_test_expect(dir, "datasets/flowers/more/c.caption", "square\n");
}

static void test_json(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    NEED_RUNTIME(dir);
    lrc_auto_result lrc_test_result r =
        lrc_test_run(dir, "tag", "flowers", "--model", "demo", "--json", "--frequency-tags", "--recursive");
    lrc_test_expect_exit(&r, OK);
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_err err = LRC_ERR_INIT;
    int64_t tagged = 0, images = 0;
    const lrc_json *failed = NULL, *counts = NULL;
    assert_ok(lrc_json_parse(r.out, strlen(r.out), &doc, &err), err);
    const lrc_json *root = lrc_json_root(doc);
    assert_ok(lrc_json_int(root, "tagged", true, &tagged, &err), err);
    assert_ok(lrc_json_int(root, "images", true, &images, &err), err);
    assert_ok(lrc_json_array(root, "failed", true, &failed, &err), err);
    assert_ok(lrc_json_array(root, "tag_frequency", true, &counts, &err), err);
    assert_int_equal(tagged, 3);
    assert_int_equal(images, 4);
    assert_int_equal(failed->len, 1);
    assert_true(counts->len >= 1);
    lrc_test_expect_in(r.out, "\"provider\":\"CPU\"");
}

static void test_files_and_dry_run(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    NEED_RUNTIME(dir);
    lrc_auto_free char *picture = lrc_test_join(dir, "datasets/flowers/a.png");
    lrc_auto_result lrc_test_result dry = lrc_test_run(dir, "tag", picture, "-m", "demo", "--dry-run");
    lrc_test_expect_exit(&dry, OK);
    lrc_test_expect_in(dry.out, "a.png: square\n");
    assert_false(lrc_test_has(dir, "datasets/flowers/a.txt"));

    lrc_auto_free char *captions = lrc_test_join(dir, "all.jsonl"), *scores = lrc_test_join(dir, "scores.jsonl");
    lrc_auto_result lrc_test_result files =
        lrc_test_run(dir, "tag", "flowers", "-m", "demo", "--output-path", captions, "--scores", scores);
    lrc_test_expect_exit(&files, OK);
    lrc_auto_free char *lines = lrc_test_get(dir, "all.jsonl"), *probabilities = lrc_test_get(dir, "scores.jsonl");
    lrc_test_expect_in(lines, "\"image_size\":[8,8]}\n");
    lrc_test_expect_in(probabilities, "\"landscape\":");
    assert_false(lrc_test_has(dir, "datasets/flowers/a.txt")); // captions go into the one file instead
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    NEED_RUNTIME(dir);
    lrc_test_put(dir, "datasets/empty/readme.md", "x");
    lrc_test_put_png(dir, "datasets/deep/below/x.png", 1);
    lrc_test_put(dir, "datasets/bad/x.png", "x");
    lrc_auto_result lrc_test_result unknown = lrc_test_run(dir, "tag", "nobody", "-m", "demo");
    lrc_test_expect_exit(&unknown, MISSING);
    lrc_test_expect_in(unknown.err, "'nobody'");
    lrc_auto_result lrc_test_result empty = lrc_test_run(dir, "tag", "empty", "-m", "demo");
    lrc_test_expect_exit(&empty, MISSING);
    lrc_auto_result lrc_test_result deep = lrc_test_run(dir, "tag", "deep", "-m", "demo");
    lrc_test_expect_exit(&deep, MISSING);
    lrc_test_expect_in(deep.err, "--recursive");
    lrc_auto_result lrc_test_result bad = lrc_test_run(dir, "tag", "bad", "-m", "demo");
    lrc_test_expect_exit(&bad, FAILED);
    lrc_test_expect_in(bad.out, "1 could not be tagged");
    lrc_auto_result lrc_test_result option = lrc_test_run(dir, "tag", "bad", "--tag-replacement", "a", "-m", "demo");
    lrc_test_expect_exit(&option, WRONG);
}

static void test_without_runtime(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    const char *before = getenv("LORICA_ORT");
    lrc_auto_free char *kept = before ? strdup(before) : NULL;
    setenv("LORICA_ORT", dir, 1);
    lrc_auto_result lrc_test_result r = lrc_test_run(dir, "tag", "flowers", "-m", "demo");
    if (kept)
        setenv("LORICA_ORT", kept, 1);
    else
        unsetenv("LORICA_ORT");
    assert_int_not_equal(r.exit, OK);
    lrc_test_expect_in(r.err, "./dev setup");
}

static void test_help(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = workspace();
    lrc_auto_result lrc_test_result r = lrc_test_run(dir, "tag", "--help");
    lrc_test_expect_exit(&r, OK);
    lrc_test_expect_in(r.out, "Usage: lorica tag");
    lrc_test_expect_in(r.out, "--undesired-tags");
    lrc_auto_result lrc_test_result list = lrc_test_run(dir, "help");
    lrc_test_expect_in(list.out, "  tag ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_model),          cmocka_unit_test(test_dataset),       cmocka_unit_test(test_json),
        cmocka_unit_test(test_files_and_dry_run), cmocka_unit_test(test_nothing_to_do), cmocka_unit_test(test_help),
        cmocka_unit_test(test_without_runtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
