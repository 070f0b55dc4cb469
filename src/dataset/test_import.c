// SPDX-License-Identifier: MIT
#include <locale.h>

#include "base/lock.h"
#include "dataset/import.h"
#include "support/cmocka.h"
#include "support/pictures.h"
#include "support/zip.h"

struct place {
    char *dir; // holds workspace/ and source/
    lrc_workspace w;
    lrc_decoder *decoder;
};

static int set_up(void **state)
{
    static struct place p;
    lrc_err err = LRC_ERR_INIT;
    p = (struct place){.dir = lrc_test_folder()};
    lrc_auto_free char *root = lrc_test_join(p.dir, "workspace");
    assert_ok(lrc_workspace_open(root, true, &p.w, &err), err);
    assert_ok(lrc_decoder_new(&(lrc_decoder_options){LORICA_BIN "/lorica-worker", 2, 0}, &p.decoder, &err), err);
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    lrc_decoder_free(p->decoder);
    lrc_workspace_done(&p->w);
    lrc_test_folder_done(p->dir);
    return 0;
}

// Import source/ (or that file of `dir`) as dataset "x".
static int import(struct place *p, lrc_import_options o, lrc_import_report *report, lrc_err *err)
{
    lrc_auto_free char *path = NULL, *source = lrc_test_join(p->dir, o.source ? o.source : "source");
    o.workspace = &p->w;
    o.decoder = p->decoder;
    o.name = o.name ? o.name : "x";
    o.source = source;
    return lrc_dataset_import(&o, &path, report, err);
}

static void expect_clean(const struct place *p)
{
    lrc_auto_free char *datasets = lrc_test_join(p->w.root, "datasets");
    DIR *dir = opendir(datasets);
    const struct dirent *e;
    while ((e = readdir(dir)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && e->d_name[0] == '.')
            fail_msg("%s was left behind", e->d_name);
    closedir(dir);
}

static const lrc_import_note *note_of(const lrc_import_report *r, lrc_import_kind kind, const char *source)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->note[i].kind == kind && strcmp(r->note[i].source, source) == 0)
            return &r->note[i];
    fail_msg("no note %s %s", lrc_import_kind_name(kind), source);
    return NULL;
}

static void a_folder_of_everything(void **state)
{
    struct place *p = *state;
    lrc_test_put_png(p->dir, "source/a.PNG", 1);
    lrc_test_put(p->dir, "source/a.txt", "one, two\n");
    lrc_test_put_fixture(p->dir, "source/b.jfif", "plain.jpg");
    lrc_test_put(p->dir, "source/b.caption", "\xef\xbb\xbfthree");
    lrc_test_put_fixture(p->dir, "source/c.gif", "frames.gif");
    lrc_test_put_bytes(p->dir, "source/c.txt",
                       "\xff\xfe"
                       "f\0o\0u\0r\0=\xd8\x00\xde",
                       14);
    lrc_test_put_fixture(p->dir, "source/d.jpg", "plain.heic"); // a phone's, with a wrong suffix
    lrc_test_put(p->dir, "source/d.txt", "caf\xe9");
    lrc_test_put_png(p->dir, "source/e.gif", 2); // a PNG
    lrc_test_put_png(p->dir, "source/é 猫.png", 3);
    lrc_test_put_png(p->dir, "source/bytes\xff.png", 4);
    lrc_test_put(p->dir, "source/bytes\xff.txt", "five");
    lrc_test_put(p->dir, "source/broken.png", "no picture");
    lrc_test_put(p->dir, "source/broken.txt", "its caption");
    lrc_test_put(p->dir, "source/notes.md", "x");
    lrc_test_put(p->dir, "source/.DS_Store", "x");
    lrc_test_put_png(p->dir, "source/10_sub/f.png", 5);

    lrc_auto_import_report lrc_import_report r = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(import(p, (lrc_import_options){0}, &r, &err), err);
    assert_int_equal(r.images, 7);
    assert_int_equal(r.captions, 5);
    assert_int_equal(r.below, 1);
    lrc_test_expect(p->w.root, "datasets/x/a.txt", "one, two\n");
    assert_true(lrc_test_has(p->w.root, "datasets/x/a.png"));
    assert_true(lrc_test_has(p->w.root, "datasets/x/b.jpg"));
    lrc_test_expect(p->w.root, "datasets/x/b.caption", "three");
    lrc_test_expect(p->w.root, "datasets/x/c.txt", "four😀");
    lrc_test_expect(p->w.root, "datasets/x/d.txt", "caf\xe9"); // as it is, with a warning
    assert_non_null(strstr(note_of(&r, LRC_IMPORT_WARNING, "d.txt")->reason, "not UTF-8"));
    assert_string_equal(note_of(&r, LRC_IMPORT_CONVERTED, "c.gif")->target, "c.png");
    assert_non_null(strstr(note_of(&r, LRC_IMPORT_CONVERTED, "c.gif")->reason, "2 frames"));
    assert_string_equal(note_of(&r, LRC_IMPORT_CONVERTED, "d.jpg")->target, "d.png");
    assert_string_equal(note_of(&r, LRC_IMPORT_RENAMED, "e.gif")->target, "e.png");
    assert_string_equal(note_of(&r, LRC_IMPORT_RENAMED, "bytes\xff.png")->target, "bytes_.png");
    lrc_test_expect(p->w.root, "datasets/x/bytes_.txt", "five");
    static const char *const there[] = {"c.png", "d.png", "e.png", "é 猫.png", ".originals/c.gif", ".originals/d.jpg"};
    static const char *const absent[] = {"c.gif", "d.jpg", "broken.png", "broken.txt", "notes.md", ".originals/e.gif"};
    for (size_t i = 0; i < LENGTH(there); i++) {
        lrc_auto_free char *name = lrc_test_join("datasets/x", there[i]);
        if (!lrc_test_has(p->w.root, name))
            fail_msg("%s is missing", name);
    }
    for (size_t i = 0; i < LENGTH(absent); i++) {
        lrc_auto_free char *name = lrc_test_join("datasets/x", absent[i]);
        if (lrc_test_has(p->w.root, name))
            fail_msg("%s is there", name);
    }
    const char *reason = note_of(&r, LRC_IMPORT_UNREADABLE, "broken.png")->reason;
    assert_string_equal(reason, "it is not an image of a known format"); // not the path of the stage
    note_of(&r, LRC_IMPORT_SKIPPED, "notes.md");
    assert_true(lrc_test_has(p->dir, "source/c.gif")); // the source stays as it is
    expect_clean(p);
}

static void sub_folders(void **state)
{
    struct place *p = *state;
    lrc_test_put_png(p->dir, "source/10_ohwx girl/a.png", 1);
    lrc_test_put(p->dir, "source/10_ohwx girl/a.txt", "one");
    lrc_test_put_fixture(p->dir, "source/5_reg/x/b.tif", "plain.tif");
    lrc_auto_import_report lrc_import_report r = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(import(p, (lrc_import_options){0}, &r, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_non_null(strstr(err.msg, "--recursive"));
    assert_false(lrc_test_has(p->w.root, "datasets/x"));
    assert_ok(import(p, (lrc_import_options){.recursive = true, .convert_to = "webp"}, &r, &err), err);
    lrc_test_expect(p->w.root, "datasets/x/10_ohwx girl/a.txt", "one");
    assert_true(lrc_test_has(p->w.root, "datasets/x/5_reg/x/b.webp"));
    assert_true(lrc_test_has(p->w.root, "datasets/x/.originals/5_reg/x/b.tif"));
}

static void only_when_asked_to_add(void **state)
{
    struct place *p = *state;
    lrc_auto_import_report lrc_import_report first = {0}, second = {0}, third = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put_png(p->dir, "source/a.png", 1);
    lrc_test_put_fixture(p->dir, "source/g.gif", "frames.gif");
    assert_ok(import(p, (lrc_import_options){0}, &first, &err), err);
    assert_int_equal(import(p, (lrc_import_options){0}, &first, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);

    lrc_test_put(p->w.root, "datasets/x/g.txt", "written by hand");
    lrc_test_put(p->dir, "source/a.txt", "a new caption for what is there");
    lrc_test_put(p->dir, "source/g.txt", "not this one");
    lrc_test_put_png(p->dir, "source/b.png", 2);
    lrc_test_put_png(p->dir, "source/copy of a.png", 1);
    lrc_test_put_png(p->dir, "source/a.jpg", 3); // another picture called a
    assert_ok(import(p, (lrc_import_options){.add = true}, &second, &err), err);
    assert_int_equal(second.images, 2);
    assert_int_equal(second.kinds[LRC_IMPORT_IDENTICAL], 3);
    lrc_test_expect(p->w.root, "datasets/x/a.txt", "a new caption for what is there");
    lrc_test_expect(p->w.root, "datasets/x/g.txt", "written by hand");
    assert_true(lrc_test_has(p->w.root, "datasets/x/b.png"));
    assert_true(lrc_test_has(p->w.root, "datasets/x/a_2.jpg"));
    assert_false(lrc_test_has(p->w.root, "datasets/x/copy of a.png"));

    assert_ok(import(p, (lrc_import_options){.add = true}, &third, &err), err);
    assert_int_equal(third.images, 0);
    assert_int_equal(third.kinds[LRC_IMPORT_IDENTICAL], 5);
    lrc_auto_free char *dataset = lrc_test_join(p->w.root, "datasets/x");
    assert_int_equal(lrc_test_entries(dataset), 8); // a.png a.txt a_2.jpg a_2.txt b.png g.png g.txt .originals
    expect_clean(p);
}

static void an_empty_dataset_needs_no_permission(void **state)
{
    struct place *p = *state;
    lrc_auto_import_report lrc_import_report r = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *dataset = lrc_test_join(p->w.root, "datasets/x"), *elsewhere = lrc_test_join(p->dir, "disk");
    lrc_test_put_png(p->dir, "source/a.png", 1);
    assert_int_equal(mkdir(elsewhere, 0777), 0); // a dataset may lie elsewhere
    assert_int_equal(symlink(elsewhere, dataset), 0);
    assert_ok(import(p, (lrc_import_options){0}, &r, &err), err);
    assert_true(lrc_test_has(p->dir, "disk/a.png"));
    assert_int_equal(lrc_test_entries(elsewhere), 1);
}

static void an_archive(void **state)
{
    struct place *p = *state;
    lrc_auto_buf lrc_buf png = lrc_test_png(8, 8, 1);
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    const lrc_test_zip_entry picture = {.bytes = png.data, .n = png.len, .flags = 0x800};
    static const char *const names[] = {"cats/a.png",        "../../escape.png",
                                        "/etc/cron.d/x.png", "__MACOSX/cats/._a.png",
                                        "cats/é.png",        "cats/..\\..\\win.png"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        lrc_test_zip_entry e = picture;
        e.name = names[i];
        lrc_test_zip_put(&z, &e);
    }
    lrc_test_zip_text(&z, "cats/a.txt", "one");
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "cats/l.png", .bytes = "/etc/passwd", .n = 11, .mode = 0120777});
    free(lrc_test_zip_save(&z, p->dir, "cats.zip"));
    lrc_auto_import_report lrc_import_report r = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(import(p, (lrc_import_options){.source = "cats.zip"}, &r, &err), err);
    assert_int_equal(r.images, 2);
    assert_int_equal(r.captions, 1);
    assert_int_equal(r.hidden, 1);
    assert_int_equal(r.kinds[LRC_IMPORT_REFUSED], 4);
    lrc_test_expect(p->w.root, "datasets/x/a.txt", "one");
    assert_true(lrc_test_has(p->w.root, "datasets/x/é.png"));
    assert_false(lrc_test_has(p->dir, "escape.png"));
    assert_false(lrc_test_has(p->w.root, "escape.png"));
    assert_false(lrc_test_has(p->dir, "win.png"));
    lrc_auto_free char *dataset = lrc_test_join(p->w.root, "datasets/x");
    assert_int_equal(lrc_test_entries(dataset), 3);
}

// One entry of an archive is damaged: it is listed, the others come in.
static void a_damaged_entry(void **state)
{
    struct place *p = *state;
    lrc_auto_buf lrc_buf png = lrc_test_png(8, 8, 1);
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "a.png", .bytes = png.data, .n = png.len});
    z.out.data[60] ^= 0x55; // its checksum is wrong now
    lrc_test_zip_text(&z, "a.txt", "widowed");
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "b.png", .bytes = png.data, .n = png.len});
    free(lrc_test_zip_save(&z, p->dir, "d.zip"));
    lrc_auto_import_report lrc_import_report r = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(import(p, (lrc_import_options){.source = "d.zip"}, &r, &err), err);
    assert_int_equal(r.images, 1);
    assert_int_equal(r.captions, 0);
    note_of(&r, LRC_IMPORT_UNREADABLE, "a.png");
    assert_true(lrc_test_has(p->w.root, "datasets/x/b.png"));
    assert_false(lrc_test_has(p->w.root, "datasets/x/a.txt"));
}

static void refusals_leave_nothing(void **state)
{
    struct place *p = *state;
    lrc_test_put(p->dir, "source/a.png", "no picture");
    lrc_test_put(p->dir, "nothing/readme", "x");
    char bytes[2000] = "x";
    lrc_test_zip z;
    lrc_test_zip_init(&z);
    lrc_test_zip_put(&z, &(lrc_test_zip_entry){.name = "a.png", .bytes = bytes, .n = sizeof bytes, .claimed = 3});
    free(lrc_test_zip_save(&z, p->dir, "liar.zip"));
    static const struct {
        const char *name, *source;
        lrc_err_code code;
    } cases[] = {
        {"x", "source", LRC_ERR_INVALID},     {"x", "nothing", LRC_ERR_INVALID},
        {"x", "missing", LRC_ERR_NOT_FOUND},  {"x", "source/a.png", LRC_ERR_MEDIA_TYPE},
        {"../x", "source", LRC_ERR_INVALID},  {".x", "source", LRC_ERR_INVALID},
        {"a/b", "source", LRC_ERR_INVALID},   {"", "source", LRC_ERR_INVALID},
        {"x\xff", "source", LRC_ERR_INVALID}, {"liar", "liar.zip", LRC_ERR_LIMIT},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_import_report lrc_import_report r = {0};
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(import(p, (lrc_import_options){.name = cases[i].name, .source = cases[i].source}, &r, &err),
                         -1);
        if (err.code != cases[i].code)
            fail_msg("%s %s: %s", cases[i].name, cases[i].source, err.msg);
        expect_clean(p);
    }
    lrc_auto_free char *datasets = lrc_test_join(p->w.root, "datasets");
    assert_int_equal(lrc_test_entries(datasets), 0);
}

// What a killed import left is removed by the next one; what a living one has is not.
static void dead_stages_are_swept(void **state)
{
    struct place *p = *state;
    lrc_auto_import_report lrc_import_report r = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(p->w.root, "datasets/.import-0123456789ab/new/half.png", "x");
    lrc_test_put(p->w.root, "datasets/.import-0123456789ab/lock", "");
    lrc_test_put(p->w.root, "datasets/.import-ba9876543210/new/half.png", "x");
    lrc_auto_free char *lock = lrc_test_join(p->w.root, "datasets/.import-ba9876543210/lock");
    lrc_auto_close int alive = -1;
    assert_ok(lrc_lock_take(lock, 0, &alive, &err), err);
    lrc_test_put_png(p->dir, "source/a.png", 1);
    assert_ok(import(p, (lrc_import_options){0}, &r, &err), err);
    assert_false(lrc_test_has(p->w.root, "datasets/.import-0123456789ab"));
    assert_true(lrc_test_has(p->w.root, "datasets/.import-ba9876543210/new/half.png"));
}

static void no_decoder_no_import(void **state)
{
    struct place *p = *state;
    lrc_auto_import_report lrc_import_report r = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_decoder_free(p->decoder);
    assert_ok(lrc_decoder_new(&(lrc_decoder_options){"/bin/false", 1, 0}, &p->decoder, &err), err);
    lrc_test_put_png(p->dir, "source/a.png", 1);
    assert_int_equal(import(p, (lrc_import_options){0}, &r, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_BUILT);
    assert_false(lrc_test_has(p->w.root, "datasets/x"));
    expect_clean(p);
}

static void many(void **state)
{
    struct place *p = *state;
    enum { COUNT = 600 }; // more than two chunks
    for (unsigned i = 0; i < COUNT; i++) {
        char name[64];
        snprintf(name, sizeof name, "source/%04u.png", i);
        if (i % 50 == 0)
            lrc_test_put(p->dir, name, "no picture");
        else
            lrc_test_put_png(p->dir, name, i);
        snprintf(name, sizeof name, "source/%04u.txt", i);
        lrc_test_put(p->dir, name, name);
    }
    lrc_auto_import_report lrc_import_report r = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(import(p, (lrc_import_options){0}, &r, &err), err);
    assert_int_equal(r.images, COUNT - COUNT / 50);
    assert_int_equal(r.captions, COUNT - COUNT / 50);
    assert_int_equal(r.kinds[LRC_IMPORT_UNREADABLE], COUNT / 50);
    lrc_auto_free char *dataset = lrc_test_join(p->w.root, "datasets/x");
    assert_int_equal(lrc_test_entries(dataset), 2 * (COUNT - COUNT / 50));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        TEST(a_folder_of_everything),
        TEST(sub_folders),
        TEST(only_when_asked_to_add),
        TEST(an_empty_dataset_needs_no_permission),
        TEST(an_archive),
        TEST(a_damaged_entry),
        TEST(refusals_leave_nothing),
        TEST(dead_stages_are_swept),
        TEST(no_decoder_no_import),
        TEST(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
