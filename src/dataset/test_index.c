// SPDX-License-Identifier: MIT
// The images of a folder and the table that remembers them; files that lost their end.
#include "dataset/ends.h"
#include "dataset/index.h"
#include "store/images.h"
#include "support/cmocka.h"
#include "support/pictures.h"
#include "support/temp.h"

struct setting {
    char *dir, *db;
    lrc_store *store;
    lrc_decoder *decoder;
};

static int open_all(void **state)
{
    struct setting *s = calloc(1, sizeof *s);
    lrc_err err = LRC_ERR_INIT;
    const lrc_decoder_options options = {.program = LORICA_BIN "/lorica-worker", .processes = 1};
    assert_non_null(s);
    s->dir = lrc_test_folder();
    lrc_auto_free char *sub = lrc_test_join(s->dir, "set");
    assert_ok(lrc_fs_mkdirs(sub, &err), err);
    s->db = lrc_test_join(s->dir, "studio.db");
    assert_ok(lrc_store_open(s->db, &s->store, &err), err);
    assert_ok(lrc_decoder_new(&options, &s->decoder, &err), err);
    *state = s;
    return 0;
}

static int close_all(void **state)
{
    struct setting *s = *state;
    lrc_decoder_free(s->decoder);
    lrc_store_free(s->store);
    lrc_test_folder_done(s->dir);
    free(s->db);
    free(s);
    return 0;
}

static void read_index(const struct setting *s, bool recursive, bool deep, lrc_dataset_index *ret)
{
    lrc_auto_free char *set = lrc_test_join(s->dir, "set");
    lrc_err err = LRC_ERR_INIT;
    const lrc_dataset_index_options o = {
        .recursive = recursive, .deep = deep, .store = s->store, .decoder = s->decoder};
    assert_ok(lrc_dataset_index_read(set, &o, ret, &err), err);
}

// A copy of a fixture without its last `cut` bytes, or with `more` behind it.
static void put_changed(const struct setting *s, const char *name, const char *fixture, size_t cut, const char *more)
{
    char *bytes = lrc_test_get(LORICA_TEST_DATA "/fixtures/pictures", fixture);
    lrc_auto_free char *path = lrc_test_join(LORICA_TEST_DATA "/fixtures/pictures", fixture);
    struct stat st;
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, 1 << 20);
    assert_int_equal(stat(path, &st), 0);
    lrc_buf_add(&out, bytes, (size_t)st.st_size - cut);
    lrc_buf_adds(&out, more);
    lrc_test_put_bytes(s->dir, name, out.data, out.len);
    free(bytes);
}

static void second_look_asks_nothing(void **state)
{
    const struct setting *s = *state;
    lrc_test_put_png(s->dir, "set/b.png", 1);
    lrc_test_put_fixture(s->dir, "set/a.jpg", "plain.jpg");
    lrc_test_put_fixture(s->dir, "set/turned.JPG", "turned.jpg");
    lrc_test_put(s->dir, "set/broken.png", "no picture");
    lrc_test_put(s->dir, "set/a.txt", "no image");
    lrc_test_put_png(s->dir, "set/.hidden.png", 2);
    lrc_test_put_png(s->dir, "set/sub/c.png", 3);
    for (int pass = 0; pass < 2; pass++) {
        lrc_auto_dataset_index lrc_dataset_index x = {0};
        read_index(s, false, false, &x);
        assert_int_equal(x.count, 4);
        assert_int_equal(x.asked, pass ? 0 : 4);
        assert_string_equal(x.image[0].relative, "a.jpg");
        assert_string_equal(x.image[0].format, "JPEG");
        assert_true(x.image[0].width > 0 && x.image[0].fault == LRC_IMAGE_FINE);
        assert_int_equal(x.image[1].width, 8);
        assert_int_equal(x.image[1].height, 8);
        assert_int_equal(x.image[2].fault, LRC_IMAGE_UNREADABLE);
        assert_true(x.image[2].about && x.image[2].about[0]);
        assert_true(x.image[3].orientation > 1);
    }
    lrc_auto_dataset_index lrc_dataset_index all = {0};
    read_index(s, true, false, &all);
    assert_int_equal(all.count, 5);
    assert_int_equal(all.asked, 1);
    lrc_auto_dataset_index lrc_dataset_index deep = {0};
    read_index(s, true, true, &deep);
    assert_int_equal(deep.asked, 5);
    assert_true(deep.image[0].deep);
    lrc_auto_dataset_index lrc_dataset_index after = {0};
    read_index(s, true, false, &after); // a deep look is as good as a shallow one
    assert_int_equal(after.asked, 0);
}

static int count_row(void *arg, const lrc_store_image *row, lrc_err *err)
{
    (void)row, (void)err;
    ++*(size_t *)arg;
    return 0;
}

static void changed_and_gone_files(void **state)
{
    const struct setting *s = *state;
    lrc_test_put_png(s->dir, "set/a.png", 1);
    lrc_test_put_png(s->dir, "set/b.png", 1);
    lrc_test_put_png(s->dir, "set0/c.png", 1); // the next folder's name begins like this one's rows end
    {
        lrc_auto_dataset_index lrc_dataset_index x = {0};
        read_index(s, false, false, &x);
    }
    lrc_auto_buf lrc_buf png = lrc_test_png(16, 4, 2);
    lrc_test_put_bytes(s->dir, "set/a.png", png.data, png.len);
    assert_int_equal(unlink(lrc_test_path(s->dir, "set/b.png")), 0);
    lrc_auto_dataset_index lrc_dataset_index x = {0};
    read_index(s, false, false, &x);
    assert_int_equal(x.count, 1);
    assert_int_equal(x.asked, 1);
    assert_int_equal(x.image[0].width, 16);
    size_t rows = 0;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_store_images_below(s->store, lrc_test_path(s->dir, "set"), count_row, &rows, &err), err);
    assert_int_equal(rows, 1);
}

static void works_without_a_table(void **state)
{
    const struct setting *s = *state;
    lrc_test_put_png(s->dir, "set/a.png", 1);
    const lrc_dataset_index_options o = {.decoder = s->decoder};
    lrc_err err = LRC_ERR_INIT;
    for (int pass = 0; pass < 2; pass++) {
        lrc_auto_dataset_index lrc_dataset_index x = {0};
        assert_ok(lrc_dataset_index_read(lrc_test_path(s->dir, "set"), &o, &x, &err), err);
        assert_int_equal(x.asked, 1);
    }
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

static void can_be_stopped(void **state)
{
    const struct setting *s = *state;
    lrc_test_put_png(s->dir, "set/a.png", 1);
    const lrc_dataset_index_options o = {.decoder = s->decoder, .cancelled = always};
    lrc_err err = LRC_ERR_INIT;
    lrc_dataset_index x = {0};
    assert_int_equal(lrc_dataset_index_read(lrc_test_path(s->dir, "set"), &o, &x, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CANCELLED);
}

static void ends(void **state)
{
    const struct setting *s = *state;
    static const struct {
        const char *name, *fixture, *format;
        size_t cut;
        const char *more;
        int whole;
    } row[] = {
        {"a.jpg", "plain.jpg", "JPEG", 0, "", 1},    {"b.jpg", "plain.jpg", "JPEG", 2, "", 0},
        {"c.jpg", "plain.jpg", "JPEG", 30, "", 0},   {"d.jpg", "plain.jpg", "JPEG", 0, "behind the end", 1},
        {"e.jpg", "turned.jpg", "JPEG", 0, "\n", 1}, {"f.webp", "plain.webp", "WebP", 0, "", 1},
        {"g.webp", "plain.webp", "WebP", 1, "", 0},  {"h.webp", "plain.webp", "WebP", 0, "more", 1},
        {"i.tif", "plain.tif", "TIFF", 20, "", 1}, // not judged
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        put_changed(s, row[i].name, row[i].fixture, row[i].cut, row[i].more);
        lrc_err err = LRC_ERR_INIT;
        if (lrc_image_has_end(lrc_test_path(s->dir, row[i].name), row[i].format, &err) != row[i].whole)
            fail_msg("%s", row[i].name);
    }
    lrc_auto_buf lrc_buf png = lrc_test_png(8, 8, 1);
    lrc_err err = LRC_ERR_INIT;
    for (size_t n = 8; n <= png.len; n++) { // every length
        lrc_test_put_bytes(s->dir, "cut.png", png.data, n);
        assert_int_equal(lrc_image_has_end(lrc_test_path(s->dir, "cut.png"), "PNG", &err), n == png.len);
    }
    lrc_buf_adds(&png, "behind the end");
    lrc_test_put_bytes(s->dir, "cut.png", png.data, png.len);
    assert_int_equal(lrc_image_has_end(lrc_test_path(s->dir, "cut.png"), "PNG", &err), 1);
    static const uint8_t bmp[62] = {'B', 'M', 62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40,
                                    0,   0,   0,  1, 0, 0, 0, 2, 0, 0, 0,  1, 0, 24};
    lrc_test_put_bytes(s->dir, "a.bmp", bmp, sizeof bmp);
    assert_int_equal(lrc_image_has_end(lrc_test_path(s->dir, "a.bmp"), "BMP", &err), 1);
    lrc_test_put_bytes(s->dir, "a.bmp", bmp, sizeof bmp - 1);
    assert_int_equal(lrc_image_has_end(lrc_test_path(s->dir, "a.bmp"), "BMP", &err), 0);
    assert_int_equal(lrc_image_has_end(lrc_test_path(s->dir, "none.bmp"), "BMP", &err), -1);
}

#define with_all(test) cmocka_unit_test_setup_teardown(test, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_all(second_look_asks_nothing),
        with_all(changed_and_gone_files),
        with_all(works_without_a_table),
        with_all(can_be_stopped),
        with_all(ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
