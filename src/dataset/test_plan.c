// SPDX-License-Identifier: MIT
#include "base/buf.h"
#include "dataset/plan.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"

// Sources and what becomes of them, as text: "source -> target" per output, then the notes "kind source".
static char *plan_as_text(const char *const *names, const lrc_import_plan_options *options)
{
    lrc_source_entry entries[40];
    size_t count = 0;
    for (; names[count]; count++)
        entries[count] = (lrc_source_entry){.name = strdup(names[count]), .size = 1};
    lrc_auto_import_plan lrc_import_plan plan = {0};
    lrc_auto_import_report lrc_import_report report = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_import_plan_make(entries, count, options, &plan, &report, &err), err);
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, 1 << 16);
    for (size_t i = 0; i < plan.count; i++) {
        lrc_auto_free char *target = NULL;
        assert_ok(lrc_import_target(&plan.output[i], &target, &err), err);
        lrc_buf_addf(&text, "%s -> %s%s%s\n", names[plan.output[i].source], target,
                     plan.output[i].convert ? " convert" : "", plan.output[i].renamed ? " renamed" : "");
        if (i > 0)
            assert_true(plan.output[i - 1].source <= plan.output[i].source);
    }
    for (size_t i = 0; i < report.count; i++)
        lrc_buf_addf(&text, "%s %s\n", lrc_import_kind_name(report.note[i].kind), report.note[i].source);
    if (report.hidden)
        lrc_buf_addf(&text, "hidden %zu\n", report.hidden);
    if (report.below)
        lrc_buf_addf(&text, "below %zu\n", report.below);
    for (size_t i = 0; i < count; i++)
        free(entries[i].name);
    char *result = NULL;
    assert_ok(lrc_buf_take(&text, "text", &result, NULL, &err), err);
    return result;
}

static void expect(const char *const *names, const lrc_import_plan_options *options, const char *expected)
{
    lrc_auto_free char *got = plan_as_text(names, options);
    if (strcmp(got, expected) != 0)
        fail_msg("expected\n%s\ngot\n%s", expected, got);
}
#define EXPECT(options, expected, ...) expect((const char *const[]){__VA_ARGS__, NULL}, options, expected)

static const lrc_import_plan_options flat = {0};
static const lrc_import_plan_options deep = {.recursive = true};
static const lrc_import_plan_options zip = {.archive = true};
static const lrc_import_plan_options deep_zip = {.archive = true, .recursive = true};

static void suffixes_and_captions(void **state)
{
    (void)state;
    EXPECT(&flat,
           "A.PNG -> A.png renamed\nA.TXT -> A.txt\nb.jfif -> b.jpg renamed\nb.caption -> b.caption\nb.cap -> b.cap\n"
           "c.GIF -> c.gif convert renamed\nd.jpeg -> d.jpeg\nd.jpeg.txt -> d.txt\n"
           "skipped readme.md\nskipped lonely.txt\n",
           "A.PNG", "A.TXT", "b.jfif", "b.caption", "b.cap", "c.GIF", "d.jpeg", "d.jpeg.txt", "readme.md",
           "lonely.txt");
}

static void stems_are_unique(void **state)
{
    (void)state;
    // The later one is numbered, passing by what has that name by right; the caption goes to both.
    EXPECT(&flat,
           "a.jpg -> a.jpg\na.png -> a_3.png renamed\na.txt -> a.txt\na.txt -> a_3.txt\na_2.png -> a_2.png\n"
           "a_2.txt -> a_2.txt\n",
           "a.jpg", "a.png", "a.txt", "a_2.png", "a_2.txt");
    EXPECT(&deep, "x/a.png -> x/a.png\ny/a.png -> y/a.png\n", "x/a.png", "y/a.png");
    // One path twice, as archives may have it.
    EXPECT(&zip, "a.png -> a.png\na.png -> a_2.png renamed\n", "a.png", "a.png");
    EXPECT(&flat, "a.png -> a.png\na.TXT -> a.txt\nskipped a.txt\n", "a.png", "a.txt", "a.TXT");
}

static void what_is_taken_keeps_its_name(void **state)
{
    (void)state;
    lrc_auto_map lrc_map taken = {0};
    lrc_map_put(&taken, "a", NULL);
    lrc_map_put(&taken, "a_2", NULL);
    lrc_map_put(&taken, "10_x/b", NULL);
    const lrc_import_plan_options options = {.recursive = true, .taken = &taken};
    EXPECT(&options, "a.png -> a_3.png renamed\na.txt -> a_3.txt\nb.png -> b.png\n10_x/b.png -> 10_x/b_2.png renamed\n",
           "a.png", "a.txt", "b.png", "10_x/b.png");
}

static void folders(void **state)
{
    (void)state;
    EXPECT(&flat, "a.png -> a.png\nbelow 2\n", "a.png", "10_x/b.png", "y/c.png", "y/c.txt");
    EXPECT(&deep, "a.png -> a.png\n10_x/b.png -> 10_x/b.png\ny/z/c.txt -> y/z/c.txt\ny/z/c.png -> y/z/c.png\n", "a.png",
           "10_x/b.png", "y/z/c.txt", "y/z/c.png");
    // A caption belongs to the image of its own folder only.
    EXPECT(&deep, "x/a.png -> x/a.png\nskipped a.txt\n", "x/a.png", "a.txt");
    // An archive's only folder is the dataset, hidden rubbish beside it or not.
    EXPECT(&zip, "cats/a.png -> a.png\ncats/a.txt -> a.txt\nhidden 1\nbelow 1\n", "cats/a.png", "cats/a.txt",
           "cats/x/b.png", "__MACOSX/cats/._a.png");
    EXPECT(&zip, "10_x/a.png -> a.png\n", "10_x/a.png");
    EXPECT(&deep_zip, "10_x/a.png -> 10_x/a.png\n", "10_x/a.png");
    EXPECT(&deep_zip, "cats/10_x/a.png -> 10_x/a.png\n", "cats/10_x/a.png");
    EXPECT(&flat, "below 1\n", "cats/a.png"); // a folder's only folder is not
}

static void hidden_files(void **state)
{
    (void)state;
    EXPECT(&deep_zip, "a.png -> a.png\nhidden 6\n", "a.png", ".a.png", ".git/b.png", "__MACOSX/._a.png", "Thumbs.db",
           "x/desktop.ini", "x/@eaDir/y.png");
}

// What would leave the dataset is refused, whatever the way.
static void tricks(void **state)
{
    (void)state;
    EXPECT(&deep_zip,
           "ok.png -> ok.png\nrefused ../a.png\nrefused x/../../a.png\nrefused /etc/a.png\nrefused C:\\a.png\n"
           "refused ..\\a.png\nrefused x\\..\\..\\a.png\nrefused .git/../../a.png\nrefused ..\nrefused \n"
           "refused ./.\n",
           "../a.png", "x/../../a.png", "/etc/a.png", "C:\\a.png", "..\\a.png", "x\\..\\..\\a.png", ".git/../../a.png",
           "..", "", "./.", "ok.png");
    EXPECT(&deep_zip, "x\\y\\a.png -> y/a.png\n", "x\\y\\a.png"); // made on Windows; x is the top folder
}

static void names_are_mended(void **state)
{
    (void)state;
    EXPECT(&deep,
           "\xff\xfe.png -> __.png renamed\n\xff\xfe.txt -> __.txt\na\001b.png -> a_b.png renamed\n"
           " c .png -> c.png renamed\nd/ .. /e.png -> d/_./e.png renamed\n .f.png -> _f.png renamed\n"
           "g\\h.png -> g_h.png renamed\n .png -> _.png renamed\n",
           "\xff\xfe.png", "\xff\xfe.txt", "a\001b.png", " c .png", "d/ .. /e.png", " .f.png", "g\\h.png", " .png");
    EXPECT(&deep, "é.png -> é.png\n猫/ß.png -> 猫/ß.png\n", "é.png", "猫/ß.png");
}

static void sizes(void **state)
{
    (void)state;
    char longest[300];
    memset(longest, 'n', sizeof longest);
    memcpy(longest + 243, ".png", 5);
    lrc_auto_free char *fits = plan_as_text((const char *const[]){longest, NULL}, &flat);
    assert_null(strstr(fits, "refused"));
    memcpy(longest + 244, ".png", 5);
    lrc_auto_free char *does_not = plan_as_text((const char *const[]){longest, NULL}, &flat);
    assert_non_null(strstr(does_not, "refused"));
    EXPECT(&deep, "refused 1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/a.png\n", "1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/a.png");
}

static void kinds(void **state)
{
    (void)state;
    lrc_source_entry entries[] = {{(char[]){"a.png"}, 1, LRC_SOURCE_LINK},
                                  {(char[]){"b.png"}, 1, LRC_SOURCE_OTHER},
                                  {(char[]){"c.png"}, 1, LRC_SOURCE_LOCKED}};
    lrc_auto_import_plan lrc_import_plan plan = {0};
    lrc_auto_import_report lrc_import_report report = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_import_plan_make(entries, 3, &zip, &plan, &report, &err), err);
    assert_int_equal(plan.count, 0);
    assert_int_equal(report.kinds[LRC_IMPORT_REFUSED], 3);
}

static int plan_some(void *arg, lrc_err *err)
{
    (void)arg;
    lrc_source_entry entries[] = {{(char[]){"t/a.png"}, 1, LRC_SOURCE_FILE},
                                  {(char[]){"t/a.jpg"}, 1, LRC_SOURCE_FILE},
                                  {(char[]){"t/a.txt"}, 1, LRC_SOURCE_FILE},
                                  {(char[]){"t/x/b.gif"}, 1, LRC_SOURCE_FILE},
                                  {(char[]){"../c.png"}, 1, LRC_SOURCE_FILE}};
    lrc_auto_import_plan lrc_import_plan plan = {0};
    lrc_auto_import_report lrc_import_report report = {0};
    return lrc_import_plan_make(entries, LENGTH(entries), &deep_zip, &plan, &report, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_int_equal(lrc_test_each_allocation(plan_some, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suffixes_and_captions),
        cmocka_unit_test(stems_are_unique),
        cmocka_unit_test(what_is_taken_keeps_its_name),
        cmocka_unit_test(folders),
        cmocka_unit_test(hidden_files),
        cmocka_unit_test(tricks),
        cmocka_unit_test(names_are_mended),
        cmocka_unit_test(sizes),
        cmocka_unit_test(kinds),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
