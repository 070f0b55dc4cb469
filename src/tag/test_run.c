// SPDX-License-Identifier: MIT
// The whole way from pictures to captions, with the demo tagger on pictures whose content is known.
#include <math.h>

#include "base/buf.h"
#include "base/clock.h"
#include "image/info.h"
#include "support/cmocka.h"
#include "support/temp.h"
#include "tag/output.h"
#include "tag/run.h"

#define DEMO LORICA_SOURCE "/models/demo"

static lrc_tagger *demo; // NULL: no ONNX Runtime here

static int group_setup(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_image_init(&err) < 0)
        return -1;
    if (lrc_tagger_open(DEMO, NULL, &demo, &err) < 0 && err.code != LRC_ERR_NOT_BUILT) {
        print_error("%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    lrc_tagger_free(demo);
    lrc_image_thread_end();
    return 0;
}

#define NEED_RUNTIME()                                                                                                 \
    do {                                                                                                               \
        if (!demo)                                                                                                     \
            skip();                                                                                                    \
    } while (0)

// ---- Pictures ----------------------------------------------------------------------------------------------------------

// A BMP of 24 bits whose pixels a function gives.
static void put_picture(const char *dir, const char *name, uint32_t width, uint32_t height,
                        void (*pixel)(uint32_t x, uint32_t y, uint8_t rgb[3]))
{
    const size_t stride = ((size_t)width * 3 + 3) / 4 * 4, n = 54 + stride * height;
    lrc_auto_free uint8_t *bmp = calloc(1, n);
    const uint32_t header[] = {(uint32_t)n, 0, 54, 40, width, height, 1 | 24 << 16};
    memcpy(bmp, "BM", 2);
    memcpy(bmp + 2, header, sizeof header);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint8_t rgb[3];
            uint8_t *to = bmp + 54 + (height - 1 - y) * stride + 3 * (size_t)x;
            pixel(x, y, rgb);
            for (int c = 0; c < 3; c++)
                to[c] = rgb[2 - c];
        }
    lrc_test_put_bytes(dir, name, bmp, n);
}

#define FLAT(name, r, g, b)                                                                                            \
    static void name(uint32_t x, uint32_t y, uint8_t rgb[3])                                                           \
    {                                                                                                                  \
        (void)x;                                                                                                       \
        (void)y;                                                                                                       \
        rgb[0] = r;                                                                                                    \
        rgb[1] = g;                                                                                                    \
        rgb[2] = b;                                                                                                    \
    }
FLAT(red, 230, 20, 30)
FLAT(orange, 250, 140, 20)
FLAT(yellow, 190, 170, 10)
FLAT(green, 20, 160, 50)
FLAT(aqua, 20, 190, 190)
FLAT(blue, 40, 80, 220)
FLAT(purple, 150, 60, 230)
FLAT(pink, 240, 90, 190)
FLAT(black, 5, 5, 5)
FLAT(white, 255, 255, 255)
FLAT(light_grey, 230, 230, 230)
FLAT(grey, 128, 128, 128)

static void checks(uint32_t x, uint32_t y, uint8_t rgb[3])
{
    memset(rgb, (x / 40 + y / 40) % 2 ? 250 : 5, 3);
}

// Each colour of the wheel for as many pixels, so that no theme has half of it.
static void rainbow(uint32_t x, uint32_t y, uint8_t rgb[3])
{
    static const uint8_t wheel[6][3] = {{200, 0, 0},   {200, 200, 0}, {0, 200, 0},
                                        {0, 200, 200}, {0, 0, 200},   {200, 0, 200}};
    (void)y;
    memcpy(rgb, wheel[x / 10 % 6], 3);
}

// Yellow, but for a small corner of blue.
static void mostly_yellow(uint32_t x, uint32_t y, uint8_t rgb[3])
{
    if (x < 60 && y < 60)
        blue(x, y, rgb);
    else
        yellow(x, y, rgb);
}

static const struct {
    const char *name;
    uint32_t width, height;
    void (*pixel)(uint32_t, uint32_t, uint8_t[3]);
    const char *expected;
} pictures[] = {
    {"red.bmp", 300, 200, red, "monochrome, red theme, landscape\n"},
    {"orange.bmp", 200, 300, orange, "monochrome, orange theme, portrait\n"},
    {"yellow.bmp", 256, 256, yellow, "monochrome, yellow theme, square\n"},
    {"green.bmp", 400, 130, green, "monochrome, green theme, landscape\n"},
    {"aqua.bmp", 300, 310, aqua, "monochrome, aqua theme, square\n"},
    {"blue.bmp", 90, 60, blue, "monochrome, blue theme, landscape\n"}, // smaller than the tagger's input
    {"purple.bmp", 150, 500, purple, "monochrome, purple theme, portrait\n"},
    {"pink.bmp", 300, 200, pink, "monochrome, pink theme, landscape\n"},
    {"black.bmp", 300, 200, black, "monochrome, greyscale, dark, landscape\n"},
    {"light.bmp", 200, 300, light_grey, "monochrome, greyscale, bright, portrait\n"},
    {"grey.bmp", 300, 300, grey, "monochrome, greyscale, square\n"},
    {"checks.bmp", 400, 400, checks, "monochrome, greyscale, high contrast, square\n"},
    {"rainbow.bmp", 600, 400, rainbow, "landscape\n"},
    {"corner.bmp", 300, 200, mostly_yellow, "yellow theme, landscape\n"},
    {"white.bmp", 300, 300, white, "monochrome, greyscale, bright, square\n"},
};

// ---- Running -----------------------------------------------------------------------------------------------------------

struct seen {
    size_t count;
    bool in_order;
    lrc_tag_outcome outcome[64];
    char why[512];
    atomic_bool stop;
    size_t stop_after; // 0: never
    int fail_at;       // call that fails, from 1
};

static int see(void *arg, const lrc_tag_result *r, lrc_err *err)
{
    struct seen *s = arg;
    s->in_order = (s->count == 0 || s->in_order) && r->index == s->count;
    s->outcome[s->count++] = r->outcome;
    if (r->why)
        snprintf(s->why, sizeof s->why, "%s", r->why->msg);
    if (s->stop_after && s->count == s->stop_after)
        atomic_store(&s->stop, true);
    return s->fail_at && s->count == (size_t)s->fail_at ? lrc_fail(err, LRC_ERR_INTERNAL, "as asked") : 0;
}

struct bench {
    lrc_strv images;
    lrc_tag_rules *rules;
    lrc_tag_job job;
    struct seen seen;
    lrc_tag_totals totals;
};

static void set_up(struct bench *b, const char *dir, const char *const *names)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_tag_options options;
    *b = (struct bench){0};
    for (; *names; names++) {
        lrc_auto_free char *path = lrc_test_join(dir, *names);
        assert_ok(lrc_strv_push(&b->images, path, &err), err);
    }
    assert_ok(lrc_tag_options_init(&options, NULL, &err), err);
    assert_ok(lrc_tag_rules_new(lrc_tagger_labels(demo), &options, &b->rules, &err), err);
    b->job = (lrc_tag_job){.tagger = demo,
                           .rules = b->rules,
                           .profile = lrc_prep_profile_at(0),
                           .images = &b->images,
                           .extension = ".txt",
                           .write = true,
                           .threads = 3,
                           .stop = &b->seen.stop,
                           .on_result = see,
                           .arg = &b->seen};
}

static void tear_down(struct bench *b)
{
    lrc_strv_done(&b->images);
    lrc_tag_rules_free(b->rules);
}

static void test_known_pictures(void **state)
{
    (void)state;
    NEED_RUNTIME();
    lrc_auto_temp char *dir = lrc_test_folder();
    const char *names[LENGTH(pictures) + 1] = {0};
    for (size_t i = 0; i < LENGTH(pictures); i++) {
        names[i] = pictures[i].name;
        put_picture(dir, names[i], pictures[i].width, pictures[i].height, pictures[i].pixel);
    }
    lrc_cleanup(tear_down) struct bench b;
    lrc_err err = LRC_ERR_INIT;
    set_up(&b, dir, names);
    assert_ok(lrc_tag_run(&b.job, &b.totals, &err), err);
    assert_int_equal(b.totals.done, LENGTH(pictures));
    assert_true(b.seen.in_order);
    for (size_t i = 0; i < LENGTH(pictures); i++) {
        lrc_auto_free char *caption = NULL;
        assert_int_equal(lrc_path_with_suffix(&caption, pictures[i].name, ".txt", NULL), 0);
        lrc_test_expect(dir, caption, pictures[i].expected);
    }
}

static void test_bad_images_are_passed_over(void **state)
{
    (void)state;
    NEED_RUNTIME();
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_cleanup(tear_down) struct bench b;
    lrc_err err = LRC_ERR_INIT;
    put_picture(dir, "a.bmp", 60, 40, red);
    lrc_test_put(dir, "b.png", "no picture");
    put_picture(dir, "d.bmp", 60, 40, blue);
    set_up(&b, dir, (const char *const[]){"a.bmp", "b.png", "c.png", "d.bmp", NULL});
    assert_ok(lrc_tag_run(&b.job, &b.totals, &err), err);
    assert_int_equal(b.totals.done, 2);
    assert_int_equal(b.totals.failed, 2);
    assert_int_equal(b.seen.outcome[1], LRC_TAG_FAILED);
    assert_int_equal(b.seen.outcome[2], LRC_TAG_FAILED);
    assert_non_null(strstr(b.seen.why, "c.png"));
    lrc_test_expect(dir, "a.txt", "monochrome, red theme, landscape\n");
    lrc_test_expect(dir, "b.txt", NULL);
    lrc_test_expect(dir, "d.txt", "monochrome, blue theme, landscape\n");
}

static void test_existing_captions(void **state)
{
    (void)state;
    NEED_RUNTIME();
    static const struct {
        lrc_tag_existing mode;
        bool write;
        const char *before, *after;
    } cases[] = {
        {LRC_TAG_OVERWRITE, true, "mine\n", "monochrome, red theme, landscape\n"},
        {LRC_TAG_OVERWRITE, false, "mine\n", "mine\n"},
        {LRC_TAG_OVERWRITE, false, NULL, NULL},
        {LRC_TAG_APPEND, true, "mine, red theme", "mine, red theme, monochrome, landscape\n"},
        {LRC_TAG_APPEND, true, NULL, "monochrome, red theme, landscape\n"},
        {LRC_TAG_APPEND, true, "caf\xe9", "caf\xe9"}, // not UTF-8: left alone
        {LRC_TAG_IGNORE, true, "", ""},
        {LRC_TAG_IGNORE, true, NULL, "monochrome, red theme, landscape\n"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_temp char *dir = lrc_test_folder();
        lrc_cleanup(tear_down) struct bench b;
        lrc_err err = LRC_ERR_INIT;
        put_picture(dir, "a.bmp", 60, 40, red);
        if (cases[i].before)
            lrc_test_put(dir, "a.txt", cases[i].before);
        set_up(&b, dir, (const char *const[]){"a.bmp", NULL});
        b.job.existing = cases[i].mode;
        b.job.write = cases[i].write;
        assert_ok(lrc_tag_run(&b.job, &b.totals, &err), err);
        lrc_test_expect(dir, "a.txt", cases[i].after);
    }
}

// Two images, one caption file: the later one counts, whichever thread was faster.
static void test_shared_caption(void **state)
{
    (void)state;
    NEED_RUNTIME();
    lrc_auto_temp char *dir = lrc_test_folder();
    put_picture(dir, "a.bmp", 1500, 1500, red);
    put_picture(dir, "a.png", 20, 20, blue);
    for (int round = 0; round < 5; round++) {
        lrc_cleanup(tear_down) struct bench b;
        lrc_err err = LRC_ERR_INIT;
        set_up(&b, dir, (const char *const[]){"a.png", "a.bmp", NULL});
        assert_ok(lrc_tag_run(&b.job, &b.totals, &err), err);
        lrc_test_expect(dir, "a.txt", "monochrome, red theme, square\n");
    }
}

static void test_stop_and_failing_callback(void **state)
{
    (void)state;
    NEED_RUNTIME();
    lrc_auto_temp char *dir = lrc_test_folder();
    const char *names[41] = {0};
    char text[40][16];
    for (int i = 0; i < 40; i++) {
        snprintf(text[i], sizeof text[i], "%02d.bmp", i);
        names[i] = text[i];
        put_picture(dir, names[i], 40, 40, green);
    }
    for (int round = 0; round < 6; round++) {
        lrc_cleanup(tear_down) struct bench b;
        lrc_err err = LRC_ERR_INIT;
        set_up(&b, dir, names);
        b.job.threads = 1 + (unsigned)round % 3;
        if (round % 2)
            b.seen.fail_at = 7;
        else
            b.seen.stop_after = 7;
        assert_int_equal(lrc_tag_run(&b.job, &b.totals, &err), -1);
        assert_int_equal(err.code, round % 2 ? LRC_ERR_INTERNAL : LRC_ERR_CANCELLED);
        assert_true(b.seen.count >= 7 && b.seen.count < 40 && b.seen.in_order);
        assert_int_equal(b.totals.done, b.seen.count); // what was begun was finished
    }
}

static int refuse(void *arg, const char *image, int *ret, lrc_err *err)
{
    (void)arg;
    (void)ret;
    return lrc_fail(err, LRC_ERR_BUSY, "'%s' is locked", image);
}

static void test_lock_is_asked(void **state)
{
    (void)state;
    NEED_RUNTIME();
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_cleanup(tear_down) struct bench b;
    lrc_err err = LRC_ERR_INIT;
    put_picture(dir, "a.bmp", 40, 40, green);
    set_up(&b, dir, (const char *const[]){"a.bmp", NULL});
    b.job.lock = refuse;
    assert_ok(lrc_tag_run(&b.job, &b.totals, &err), err);
    assert_int_equal(b.totals.failed, 1);
    assert_non_null(strstr(b.seen.why, "is locked"));
    assert_false(lrc_test_has(dir, "a.txt"));
}

// ---- Files of results --------------------------------------------------------------------------------------------------

static void write_output(const char *dir, const char *name, lrc_tag_output_kind kind)
{
    lrc_auto_tag_output lrc_tag_output out = LRC_TAG_OUTPUT_INIT;
    lrc_auto_free char *path = lrc_test_join(dir, name);
    lrc_auto_free float *scores = calloc(lrc_tagger_labels(demo)->count, sizeof *scores);
    lrc_err err = LRC_ERR_INIT;
    scores[0] = 0.35f;
    scores[1] = NAN;
    assert_ok(lrc_tag_output_begin(&out, path, kind, &err), err);
    const lrc_tag_result results[] = {
        {.image = "d/a.png", .outcome = LRC_TAG_DONE, .text = "x, \"y\"\n", .scores = scores, .width = 3, .height = 4},
        {.image = "d/bad.png", .outcome = LRC_TAG_FAILED},
        {.image = "d/é𝄞.png", .outcome = LRC_TAG_DONE, .text = "", .scores = scores, .width = 5, .height = 6},
    };
    for (size_t i = 0; i < LENGTH(results); i++)
        assert_ok(lrc_tag_output_add(&out, demo, &results[i], &err), err);
    assert_false(lrc_test_has(dir, name)); // nothing half-written
    assert_ok(lrc_tag_output_commit(&out, &err), err);
}

static void test_outputs(void **state)
{
    (void)state;
    NEED_RUNTIME();
    lrc_auto_temp char *dir = lrc_test_folder();
    assert_int_equal(lrc_tag_output_kind_of("a.jsonl"), LRC_TAG_FILE_OF_LINES);
    assert_int_equal(lrc_tag_output_kind_of("a.json"), LRC_TAG_FILE_OF_OBJECT);
    write_output(dir, "lines.jsonl", LRC_TAG_FILE_OF_LINES);
    lrc_test_expect(dir, "lines.jsonl",
                    "{\"image_path\":\"d/a.png\",\"caption\":\"x, \\\"y\\\"\",\"image_size\":[3,4]}\n"
                    "{\"image_path\":\"d/\\u00e9\\ud834\\udd1e.png\",\"caption\":\"\",\"image_size\":[5,6]}\n");
    write_output(dir, "object.json", LRC_TAG_FILE_OF_OBJECT);
    lrc_test_expect(dir, "object.json",
                    "{\n    \"d/a.png\": {\n        \"tags\": \"x, \\\"y\\\"\",\n        \"image_size\": [\n"
                    "            3,\n            4\n        ]\n    },\n"
                    "    \"d/é𝄞.png\": {\n        \"tags\": \"\",\n        \"image_size\": [\n"
                    "            5,\n            6\n        ]\n    }\n}\n");
    write_output(dir, "scores.jsonl", LRC_TAG_FILE_OF_SCORES);
    lrc_auto_free char *text = lrc_test_get(dir, "scores.jsonl");
    assert_true(lrc_str_starts(text, "{\"image\":\"d/a.png\",\"scores\":{\"monochrome\":0.35,\"greyscale\":null,"));
}

static void test_frequency(void **state)
{
    (void)state;
    lrc_auto_map lrc_map counts = {0};
    lrc_auto_free size_t *order = NULL;
    static const char *const tags[] = {"b", "a", "c", "a", "c", "d"};
    for (size_t i = 0; i < LENGTH(tags); i++)
        ++*lrc_map_put(&counts, tags[i], NULL);
    assert_int_equal(lrc_tag_frequency_order(&counts, &order, NULL), 0);
    static const char *const expected[] = {"a", "c", "b", "d"}; // equal ones as first seen
    for (size_t i = 0; i < LENGTH(expected); i++)
        assert_string_equal(counts.entry[order[i]].key, expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_pictures),
        cmocka_unit_test(test_bad_images_are_passed_over),
        cmocka_unit_test(test_existing_captions),
        cmocka_unit_test(test_shared_caption),
        cmocka_unit_test(test_stop_and_failing_callback),
        cmocka_unit_test(test_lock_is_asked),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_frequency),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
