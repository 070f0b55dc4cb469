// SPDX-License-Identifier: MIT
// 1,000 random datasets and settings against tests/golden/kohya/model.py, a second statement of the trainer's rules;
// and captions as the trainer reads them.
#include <string.h>

#include "kohya/captions.h"
#include "kohya/files.h"
#include "kohya/steps.h"
#include "support/cmocka.h"
#include "support/golden.h"

#define PLANS 1000

struct plan {
    lrc_kohya_bucketing how;
    uint64_t batch, accumulation, epochs, max_steps;
    bool stops;
    lrc_kohya_buckets buckets;
    lrc_kohya_tally tally;
    uint64_t repeats;
    size_t next_bucket, files_seen, files_due; // files_due: "seen" and "thin" lines that must still come
};

// Decimal numbers at *p; what follows the last one's blank is left there.
static void numbers(const char **p, int64_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *end;
        out[i] = strtoll(*p, &end, 10);
        assert_ptr_not_equal(end, *p);
        *p = end + (*end == ' ');
    }
}

static void begin(struct plan *p, const char *rest)
{
    int64_t n[11];
    lrc_err err = LRC_ERR_INIT;
    numbers(&rest, n, 11);
    *p = (struct plan){.how = {n[0] != 0, {n[2], n[3]}, n[4], n[5], n[6], n[1] != 0},
                       .batch = (uint64_t)n[7],
                       .accumulation = (uint64_t)n[8],
                       .epochs = (uint64_t)n[9],
                       .max_steps = (uint64_t)n[10]};
    p->stops = lrc_kohya_buckets_make(&p->how, &p->buckets, &err) < 0;
}

struct file {
    char name[64];
    lrc_kohya_size size;
};

struct folder {
    struct file file[128];
    size_t count;
};

static lrc_kohya_size size_of(const struct folder *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->file[i].name, name) == 0)
            return f->file[i].size;
    fail_msg("no file '%s'", name);
    return (lrc_kohya_size){0, 0};
}

static void add_file(struct folder *f, const char *rest, struct plan *p)
{
    int64_t n[2];
    numbers(&rest, n, 2);
    assert_true(f->count < 128 && strlen(rest) < 64);
    struct file *file = &f->file[f->count++];
    snprintf(file->name, sizeof file->name, "%s", rest);
    file->size = (lrc_kohya_size){n[0], n[1]};
    p->files_due += lrc_kohya_sees(rest, NULL);
}

static void check_seen(struct plan *p, const struct folder *f, const char *rest)
{
    int64_t n[4];
    lrc_kohya_fit fit;
    lrc_err err = LRC_ERR_INIT;
    numbers(&rest, n, 4);
    assert_true(lrc_kohya_sees(rest, NULL));
    assert_int_equal(lrc_kohya_fit_image(&p->buckets, size_of(f, rest), &fit, &err), 0);
    assert_int_equal(fit.bucket.width, n[0]);
    assert_int_equal(fit.bucket.height, n[1]);
    assert_int_equal(fit.resized.width, n[2]);
    assert_int_equal(fit.resized.height, n[3]);
    assert_true(lrc_kohya_cropped(&fit) < 1);
    assert_int_equal(lrc_kohya_tally_add(&p->tally, fit.bucket, p->repeats, &err), 0);
    p->files_due--;
}

static void check_thin(struct plan *p, const struct folder *f, const char *name)
{
    lrc_kohya_fit fit;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_kohya_fit_image(&p->buckets, size_of(f, name), &fit, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    p->files_due--;
}

static void check_bucket(struct plan *p, const char *rest)
{
    int64_t n[5];
    numbers(&rest, n, 5);
    if (p->next_bucket == 0)
        lrc_kohya_tally_batches(&p->tally, p->batch);
    assert_true(p->next_bucket < p->tally.count);
    const lrc_kohya_bucket *b = &p->tally.bucket[p->next_bucket++];
    assert_int_equal(b->size.width, n[0]);
    assert_int_equal(b->size.height, n[1]);
    assert_int_equal(b->pictures, n[2]);
    assert_int_equal(b->samples, n[3]);
    assert_int_equal(b->batches, n[4]);
    assert_int_equal((b->batches - 1) * p->batch + b->last, b->samples);
}

static void end(struct plan *p, const char *rest)
{
    int64_t n[4];
    numbers(&rest, n, 4);
    assert_int_equal(p->files_due, 0); // nothing else is seen
    assert_int_equal(p->next_bucket, p->tally.count);
    const lrc_kohya_length l = lrc_kohya_length_of(&p->tally, p->batch, p->accumulation, p->epochs, p->max_steps);
    assert_int_equal(l.batches, n[0]);
    assert_int_equal(l.steps_per_epoch, n[1]);
    assert_int_equal(l.steps, n[2]);
    assert_int_equal(l.epochs, n[3]);
}

static void done(struct plan *p)
{
    lrc_kohya_buckets_done(&p->buckets);
    lrc_kohya_tally_done(&p->tally);
}

// One line of the file, parted into its word and the rest.
static void take_line(struct plan *p, struct folder *folder, const char *word, const char *rest, size_t *plans)
{
    if (strcmp(word, "plan") == 0) {
        done(p);
        begin(p, rest);
        ++*plans;
    } else if (strcmp(word, "stops") == 0) {
        lrc_err err = LRC_ERR_INIT;
        assert_true(p->stops);
        assert_int_equal(lrc_kohya_buckets_make(&p->how, &p->buckets, &err), -1);
        assert_string_equal(err.field, rest);
    } else if (strcmp(word, "dir") == 0) {
        assert_false(p->stops);
        folder->count = 0;
        p->repeats = strtoull(rest, NULL, 10);
    } else if (strcmp(word, "file") == 0) {
        add_file(folder, rest, p);
    } else if (strcmp(word, "seen") == 0) {
        check_seen(p, folder, rest);
    } else if (strcmp(word, "thin") == 0) {
        check_thin(p, folder, rest);
    } else if (strcmp(word, "bucket") == 0) {
        check_bucket(p, rest);
    } else {
        assert_string_equal(word, "end");
        end(p, rest);
    }
}

static void test_plans(void **state)
{
    (void)state;
    lrc_auto_strv lrc_strv lines = {0};
    struct plan p = {0};
    static struct folder folder;
    size_t plans = 0;
    golden_load("kohya/plans.txt", &lines);
    for (size_t i = 0; i < lines.count; i++) {
        char *rest = strchr(lines.item[i], ' ');
        assert_non_null(rest);
        *rest++ = '\0';
        take_line(&p, &folder, lines.item[i], rest, &plans);
    }
    done(&p);
    assert_int_equal(plans, PLANS);
}

static void test_extremes(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_kohya_tally lrc_kohya_tally t = {0};
    lrc_auto_kohya_buckets lrc_kohya_buckets b = {0};
    const lrc_kohya_bucketing huge = {true, {1024, 1024}, 256, INT64_MAX / 4, 64, false};
    const lrc_kohya_bucketing zero = {true, {1024, 1024}, 256, 2048, 0, false};
    assert_int_equal(lrc_kohya_buckets_make(&huge, &b, &err), -1);
    assert_int_equal(lrc_kohya_buckets_make(&zero, &b, &err), -1);
    assert_string_equal(err.field, "bucket_reso_steps");
    const lrc_kohya_length none = lrc_kohya_length_of(&t, 1, 1, 10, 0);
    assert_int_equal(none.steps, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(lrc_kohya_tally_add(&t, (lrc_kohya_size){64, 64}, UINT64_MAX, &err), 0);
    lrc_kohya_tally_batches(&t, 1);
    const lrc_kohya_length many = lrc_kohya_length_of(&t, 1, 1, UINT64_MAX, 0);
    assert_int_equal(many.steps, UINT64_MAX);
    assert_int_equal(many.samples, UINT64_MAX);
}

// ---- Captions --------------------------------------------------------------------------------------------------------

static void test_caption_names(void **state)
{
    (void)state;
    static const struct {
        const char *image, *extension, *first, *second;
    } row[] = {
        {"/d/a.png", ".txt", "/d/a.txt", NULL},
        {"/d/a.b.PNG", ".caption", "/d/a.b.caption", NULL},
        {"/d/x_1_2_3.png", ".txt", "/d/x_1_2_3.txt", NULL},
        {"/d/x_1_2_3_4.png", ".txt", "/d/x_1_2_3_4.txt", "/d/x.txt"},
        {"/d/my_x_1_2_3_4.png", ".txt", "/d/my_x_1_2_3_4.txt", "/d/my_x.txt"},
        {"/a_b_c_d/e_f/x.png", ".txt", "/a_b_c_d/e_f/x.txt", "/a.txt"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_free char *first = NULL, *second = NULL;
        assert_int_equal(lrc_kohya_caption_names(row[i].image, row[i].extension, &first, &second, NULL), 0);
        assert_string_equal(first, row[i].first);
        assert_true(lrc_str_same(second, row[i].second));
    }
}

static void test_caption_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
        bool wildcard;
        lrc_kohya_caption_state state;
    } row[] = {
        {"", "", false, LRC_CAPTION_NO_TEXT},
        {"1girl, solo\n", "1girl, solo", false, LRC_CAPTION_FINE},
        {"  1girl\t\r\n\r\n", "1girl", false, LRC_CAPTION_FINE},
        {"\u3000"
         "1girl\u00a0",
         "1girl", false, LRC_CAPTION_FINE},
        {"\n", "", false, LRC_CAPTION_BLANK},
        {"\n1girl\n", "", false, LRC_CAPTION_BLANK},
        {"\n1girl\n", "1girl", true, LRC_CAPTION_FINE},
        {"a\nlonger one\nb", "longer one", true, LRC_CAPTION_FINE},
        {"a\nb", "a", false, LRC_CAPTION_LEFT_OUT},
        {"a\rb", "a", false, LRC_CAPTION_LEFT_OUT},
        {"\xef\xbb\xbf"
         "1girl",
         "\xef\xbb\xbf"
         "1girl",
         false, LRC_CAPTION_MARK},
        {"1girl\xa0", NULL, false, LRC_CAPTION_NOT_UTF8},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        const lrc_kohya_caption c = lrc_kohya_caption_read(row[i].text, strlen(row[i].text), row[i].wildcard);
        assert_int_equal(c.state, row[i].state);
        if (!row[i].line)
            assert_int_equal(c.bad, 5);
        else if (c.len != strlen(row[i].line) || memcmp(c.line, row[i].line, c.len) != 0)
            fail_msg("row %zu: '%.*s'", i, (int)c.len, c.line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_caption_names),
        cmocka_unit_test(test_caption_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
