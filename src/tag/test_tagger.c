// SPDX-License-Identifier: MIT
// Finding taggers, telling their families apart, and how each family is fed: with tiny models whose outputs are the means
// of their input's channels (tests/fixtures/taggers).
#include <math.h>

#include "image/info.h"
#include "support/cmocka.h"
#include "support/temp.h"
#include "tag/tagger.h"

#define CSV "tag_id,name,category,count\n1,a,0,0\n2,b,0,0\n3,c,4,0\n"
#define MAPPING                                                                                                        \
    "{\"0\":{\"tag\":\"a\",\"category\":\"General\"},\"1\":{\"tag\":\"b\",\"category\":\"General\"},"                  \
    "\"2\":{\"tag\":\"c\",\"category\":\"General\"}}"
#define METADATA                                                                                                       \
    "{\"dataset_info\":{\"tag_mapping\":{\"idx_to_tag\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"},"                        \
    "\"tag_to_category\":{}}}}"

static bool have_runtime;

static int group_setup(void **state)
{
    (void)state;
    lrc_auto_infer_info lrc_infer_info info = {0};
    have_runtime = lrc_infer_describe(&info, NULL) == 0;
    return lrc_image_init(NULL);
}

#define NEED_RUNTIME()                                                                                                 \
    do {                                                                                                               \
        if (!have_runtime)                                                                                             \
            skip();                                                                                                    \
    } while (0)

static void put_model(const char *dir, const char *folder, const char *fixture, const char *model_file,
                      const char *label_file, const char *labels)
{
    lrc_auto_free char *from = lrc_test_join(LORICA_TEST_DATA "/fixtures/taggers", fixture);
    lrc_auto_free char *to = lrc_test_join(dir, folder);
    lrc_auto_free char *model = lrc_test_join(to, model_file);
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_fs_mkdirs(to, &err), err);
    assert_ok(lrc_fs_copy(from, model, &err), err);
    if (label_file)
        lrc_test_put(to, label_file, labels);
}

// A PPM would be simpler, but nothing of ours reads it: an uncompressed BMP of one colour.
static void put_colour(const char *dir, const char *name, uint32_t width, uint32_t height, const uint8_t rgb[3])
{
    const size_t stride = ((size_t)width * 3 + 3) / 4 * 4, n = 54 + stride * height;
    lrc_auto_free uint8_t *bmp = calloc(1, n);
    const uint32_t header[] = {(uint32_t)n, 0, 54, 40, width, height, 1 | 24 << 16};
    memcpy(bmp, "BM", 2);
    memcpy(bmp + 2, header, sizeof header);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (size_t c = 0; c < 3; c++)
                bmp[54 + y * stride + 3 * x + c] = rgb[2 - c];
    lrc_test_put_bytes(dir, name, bmp, n);
}

// ---- How each family is fed --------------------------------------------------------------------------------------------

static float sigmoid(double x)
{
    return (float)(1 / (1 + exp(-x)));
}

static const uint8_t rgb[3] = {200, 100, 40};

static void test_families(void **state)
{
    (void)state;
    NEED_RUNTIME();
    static const struct {
        const char *folder, *fixture, *model_file, *label_file, *labels; // what lies there
        const char *family;
        bool bgr, logits;
        double scale, mean[3], std[3]; // R G B
    } cases[] = {
        {"wd-v3", "batch.onnx", "model.onnx", "selected_tags.csv", CSV, "wd", true, false, 1, {0}, {1, 1, 1}},
        {"wd-eva02-2026-Canary",
         "planar.onnx",
         "model.onnx",
         "selected_tags.csv",
         CSV,
         "wd-canary",
         false,
         false,
         1 / 255.0,
         {.5, .5, .5},
         {.5, .5, .5}},
        {"deepghs_PixAI-tagger-v0.9",
         "planar.onnx",
         "model.onnx",
         "selected_tags.csv",
         CSV,
         "pixai",
         false,
         false,
         1 / 255.0,
         {.5, .5, .5},
         {.5, .5, .5}},
        {"z3d", "batch.onnx", "model.onnx", "tags-selected.csv", CSV, "z3d", true, false, 1, {0}, {1, 1, 1}},
        {"cl_tagger",
         "planar.onnx",
         "model.onnx",
         "tag_mapping.json",
         MAPPING,
         "cl",
         true,
         true,
         1 / 255.0,
         {.5, .5, .5},
         {.5, .5, .5}},
        {"cl_1_02",
         "planar.onnx",
         "model_optimized.onnx",
         "tag_mapping.json",
         MAPPING,
         "cl-optimized",
         true,
         true,
         1 / 255.0,
         {.5, .5, .5},
         {.5, .5, .5}},
        {"camie",
         "second.onnx",
         "model.onnx",
         "metadata.json",
         METADATA,
         "camie",
         false,
         true,
         1 / 255.0,
         {.485, .456, .406},
         {.229, .224, .225}},
        {"joytag",
         "planar.onnx",
         "model.onnx",
         "top_tags.txt",
         "a\nb\nc\n",
         "joytag",
         false,
         true,
         1 / 255.0,
         {.48145466, .4578275, .40821073},
         {.26862954, .26130258, .27577711}},
    };
    lrc_auto_temp char *dir = lrc_test_folder();
    put_colour(dir, "square.bmp", 16, 16, rgb);
    lrc_auto_free char *picture = lrc_test_join(dir, "square.bmp");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_tagger lrc_tagger *t = NULL;
        lrc_auto_free char *folder = lrc_test_join(dir, cases[i].folder);
        float scores[3];
        uint32_t width, height;
        put_model(dir, cases[i].folder, cases[i].fixture, cases[i].model_file, cases[i].label_file, cases[i].labels);
        assert_ok(lrc_tagger_open(folder, NULL, &t, &err), err);
        assert_string_equal(lrc_tagger_family(t)->name, cases[i].family);
        assert_string_equal(lrc_tagger_name(t), cases[i].folder);
        assert_int_equal(lrc_tagger_side(t), 8);
        assert_ok(lrc_tagger_scores(t, picture, lrc_prep_profile_at(0), scores, &width, &height, &err), err);
        assert_int_equal(width, 16);
        for (int c = 0; c < 3; c++) {
            const int from = cases[i].bgr ? 2 - c : c;
            const double in = (rgb[from] * cases[i].scale - cases[i].mean[from]) / cases[i].std[from];
            const double want = cases[i].logits ? sigmoid(in) : in;
            if (fabs(scores[c] - want) > 1e-4 * (1 + fabs(want)))
                fail_msg("%s: output %d is %g, not %g", cases[i].folder, c, (double)scores[c], want);
        }
    }
}

// Wide pictures: padded with white, squashed, or padded in the model's own colour after resizing.
static void test_geometry(void **state)
{
    (void)state;
    NEED_RUNTIME();
    static const struct {
        const char *description; // lorica.json
        double mean;             // of the red channel of an 8 x 8 input, 0…255
    } cases[] = {
        {"{\"bgr\":false}", (200 + 255) / 2.0},
        {"{\"bgr\":false,\"fit\":\"squash\",\"filter\":\"bilinear\"}", 200},
        {"{\"bgr\":false,\"fit\":\"resize-pad\",\"filter\":\"bicubic\",\"fill\":[10,20,30]}", (200 + 10) / 2.0},
        {"{\"bgr\":true,\"fill\":[0,0,0]}", 40 / 2.0},
        {"{\"family\":\"wd\",\"scale\":2,\"mean\":[100,0,0],\"std\":[2,1,1],\"bgr\":false}",
         ((200 * 2 - 100) / 2.0 + (255 * 2 - 100) / 2.0) / 2},
    };
    lrc_auto_temp char *dir = lrc_test_folder();
    put_colour(dir, "wide.bmp", 16, 8, rgb);
    lrc_auto_free char *picture = lrc_test_join(dir, "wide.bmp"), *folder = lrc_test_join(dir, "m");
    put_model(dir, "m", "planar.onnx", "model.onnx", "selected_tags.csv", CSV);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_tagger lrc_tagger *t = NULL;
        float scores[3];
        lrc_test_put(folder, "lorica.json", cases[i].description);
        assert_ok(lrc_tagger_open(folder, NULL, &t, &err), err);
        assert_ok(lrc_tagger_scores(t, picture, lrc_prep_profile_at(0), scores, NULL, NULL, &err), err);
        if (fabs(scores[0] - cases[i].mean) > 0.02)
            fail_msg("%s: %g, not %g", cases[i].description, (double)scores[0], cases[i].mean);
    }
}

static void test_bad_descriptions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"[]", "an object"},
        {"{\"family\":\"nobody\"}", "'nobody' is not known"},
        {"{\"fit\":\"round\"}", "'round' is not known"},
        {"{\"label_format\":\"xml\"}", "'xml' is not known"},
        {"{\"model\":\"../../x.onnx\"}", "model"},
        {"{\"fill\":[0,0,256]}", "0 to 255"},
        {"{\"mean\":[1,2]}", "three numbers"},
        {"{\"std\":[1,2,\"3\"]}", "three numbers"},
        {"{\"output\":-1}", "from 0"},
        {"{\"scale\":\"big\"}", "scale"},
        {"{", "line 1"},
    };
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "lorica.json");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_tag_family f;
        lrc_test_put(dir, "lorica.json", cases[i].text);
        assert_int_equal(lrc_tag_family_load(path, &f, &err), -1);
        if (!strstr(err.msg, cases[i].says) || !strstr(err.msg, path))
            fail_msg("'%s' for %s", err.msg, cases[i].text);
    }
}

static void test_models_that_do_not_fit(void **state)
{
    (void)state;
    NEED_RUNTIME();
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_err err = LRC_ERR_INIT;
    lrc_tagger *t = NULL;
    put_model(dir, "many", "planar.onnx", "model.onnx", "selected_tags.csv", CSV "4,d,0,0\n");
    put_model(dir, "odd", "odd.onnx", "model.onnx", "selected_tags.csv", CSV);
    put_model(dir, "camie", "planar.onnx", "model.onnx", "metadata.json",
              METADATA); // one output, and the second counts
    static const struct {
        const char *folder, *says;
    } cases[] = {{"many", "names 4 tags"}, {"odd", "three channels"}, {"camie", "no output number 1"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_free char *folder = lrc_test_join(dir, cases[i].folder);
        assert_int_equal(lrc_tagger_open(folder, NULL, &t, &err), -1);
        if (!strstr(err.msg, cases[i].says) || !strstr(err.msg, folder))
            fail_msg("%s: %s", cases[i].folder, err.msg);
    }
}

// ---- Finding -----------------------------------------------------------------------------------------------------------

static void expect_found(const char *name, const lrc_tagger_places *places, const char *expected)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *found = NULL;
    if (expected) {
        assert_ok(lrc_tagger_find(name, places, &found, &err), err);
        assert_string_equal(found, expected);
        return;
    }
    assert_int_equal(lrc_tagger_find(name, places, &found, &err), -1);
    assert_int_equal(err.code, LRC_ERR_MODEL_MISSING);
    assert_non_null(strstr(err.msg, name));
}

static void test_find(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *models = lrc_test_join(dir, "tagger_models"), *hub = lrc_test_join(dir, "hub");
    lrc_auto_free char *plain = lrc_test_join(models, "wd-vit-tagger-v3");
    lrc_auto_free char *flat = lrc_test_join(models, "SmilingWolf_wd-swinv2-tagger-v3");
    lrc_auto_free char *snapshot = lrc_test_join(hub, "models--SmilingWolf--wd-moat-tagger-v2/snapshots/b");
    lrc_test_put(plain, "model.onnx", "");
    lrc_test_put(flat, "model.onnx", "");
    lrc_test_put(snapshot, "model.onnx", "");
    lrc_test_put(hub, "models--SmilingWolf--wd-moat-tagger-v2/snapshots/a/model.onnx", "");
    setenv("HF_HUB_CACHE", hub, 1);
    const lrc_tagger_places places = {.models_dir = models, .demo_dir = "/the/demo"};
    expect_found("demo", &places, "/the/demo");
    expect_found("wd-vit-tagger-v3", &places, plain);
    expect_found("SmilingWolf/wd-vit-tagger-v3", &places, plain);
    expect_found("SmilingWolf/wd-swinv2-tagger-v3", &places, flat);
    expect_found("SmilingWolf/wd-moat-tagger-v2", &places, snapshot);
    expect_found(plain, &places, plain);
    expect_found("wd-moat-tagger-v2", &places, NULL);
    expect_found("/nowhere/at/all", &places, NULL);
    expect_found("./nowhere", &places, NULL);
    expect_found("wd-vit-tagger-v3", &(lrc_tagger_places){.demo_dir = ""}, NULL);
    unsetenv("HF_HUB_CACHE");
}

static void test_demo_is_here(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *dir = NULL;
    lrc_tag_family f;
    assert_ok(lrc_tagger_demo_dir(&dir, &err), err);
    assert_ok(lrc_tag_family_find(dir, &f, &err), err);
    assert_string_equal(f.name, "wd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_geometry),
        cmocka_unit_test(test_bad_descriptions),
        cmocka_unit_test(test_models_that_do_not_fit),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_demo_is_here),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
