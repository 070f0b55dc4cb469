// SPDX-License-Identifier: MIT
// Label files and the CSV under them: quoting, what is refused and with which line.
#include "base/buf.h"
#include "support/cmocka.h"
#include "support/temp.h"
#include "tag/csv.h"
#include "tag/labels.h"

// Records joined by '/', fields by '|', or the error.
static char *flat(const char *text, size_t n)
{
    lrc_buf out;
    lrc_csv csv;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_strv lrc_strv row = {0};
    bool more = true;
    lrc_buf_init(&out, 1 << 16);
    int result = lrc_csv_begin(&csv, text, n, &err);
    while (result == 0 && (result = lrc_csv_next(&csv, &row, &more, &err)) == 0 && more) {
        for (size_t i = 0; i < row.count; i++)
            lrc_buf_addf(&out, "%s%s", i ? "|" : "", row.item[i]);
        lrc_buf_addc(&out, '/');
    }
    if (result < 0)
        lrc_buf_addf(&out, "! %s", err.msg);
    char *ret = NULL;
    assert_ok(lrc_buf_take(&out, "records", &ret, NULL, &err), err);
    return ret;
}

static void test_csv(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"a,b\nc,d\n", "a|b/c|d/"},
        {"a,b\r\nc,d", "a|b/c|d/"},
        {"a\rb\r", "a/b/"},
        {"\n\na\n\n\nb\n", "a/b/"},
        {"\xef\xbb\xbf"
         "a,b\n",
         "a|b/"},
        {"a,,b,\n", "a||b|/"},
        {",\n", "|/"},
        {"\"\"\n", "/"},
        {"1,\"tag,with_comma\",0\n", "1|tag,with_comma|0/"},
        {"\"\"\"quoted\"\"_tag\",x\n", "\"quoted\"_tag|x/"},
        {"\"two\nlines\",x\ny\n", "two\nlines|x/y/"},
        {" a , b \n", " a | b /"},
        {"a\"b\n", "! line 1: a quote inside a field that does not begin with one"},
        {"x\n\"a\"b\n", "x/! line 2: text behind a closing quote"},
        {"x\ny\n\"a\n\nb", "x/y/! line 3: a quote is not closed"},
        {"caf\xe9\n", "! this is no UTF-8 text"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_auto_free char *got = flat(cases[i].text, strlen(cases[i].text));
        assert_string_equal(got, cases[i].expected);
    }
    lrc_auto_free char *nul = flat("a\0b", 3);
    assert_string_equal(nul, "! this is no UTF-8 text");
}

static int parse(const char *text, lrc_tag_label_file kind, lrc_tag_labels *ret, lrc_err *err)
{
    return lrc_tag_labels_parse(text, strlen(text), kind, ret, err);
}

static void expect_label(const lrc_tag_labels *l, size_t i, const char *name, lrc_tag_category category)
{
    assert_true(i < l->count);
    assert_string_equal(l->item[i].name, name);
    assert_int_equal(l->item[i].category, category);
}

static void test_selected_tags(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_tag_labels lrc_tag_labels l = {0};
    assert_ok(parse("tag_id,name,category,count\n9999999,general,9,807858\n470575,1girl,0,4225150\n"
                    "1,\"a,b\",4,7\n2,some_artist,1,3\n3,odd,77,3\n",
                    LRC_TAG_FILE_CSV, &l, &err),
              err);
    assert_int_equal(l.count, 5);
    expect_label(&l, 0, "general", LRC_TAG_RATING);
    expect_label(&l, 1, "1girl", LRC_TAG_GENERAL);
    expect_label(&l, 2, "a,b", LRC_TAG_CHARACTER);
    expect_label(&l, 3, "some_artist", LRC_TAG_ARTIST);
    expect_label(&l, 4, "odd", LRC_TAG_GENERAL); // nothing that a model knows is lost
}

static void test_json_and_lines(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_tag_labels lrc_tag_labels mapping = {0}, metadata = {0}, lines = {0};
    assert_ok(
        parse("{\"1\":{\"tag\":\"solo\",\"category\":\"General\"},\"0\":{\"tag\":\"best\",\"category\":\"Quality\"},"
              "\"2\":{\"tag\":\"x\",\"category\":\"Model\"}}",
              LRC_TAG_FILE_MAPPING, &mapping, &err),
        err);
    expect_label(&mapping, 0, "best", LRC_TAG_QUALITY);
    expect_label(&mapping, 1, "solo", LRC_TAG_GENERAL);
    expect_label(&mapping, 2, "x", LRC_TAG_MODEL);
    assert_ok(parse("{\"dataset_info\":{\"tag_mapping\":{\"idx_to_tag\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"},"
                    "\"tag_to_category\":{\"c\":\"rating\",\"b\":\"character\",\"a\":\"general\"}}}}",
                    LRC_TAG_FILE_METADATA, &metadata, &err),
              err);
    expect_label(&metadata, 0, "a", LRC_TAG_GENERAL);
    expect_label(&metadata, 1, "b", LRC_TAG_CHARACTER);
    expect_label(&metadata, 2, "c", LRC_TAG_RATING);
    assert_ok(parse("1girl\r\nsolo\n\nlong hair\n", LRC_TAG_FILE_LINES, &lines, &err), err);
    assert_int_equal(lines.count, 3);
    expect_label(&lines, 2, "long hair", LRC_TAG_GENERAL);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        lrc_tag_label_file kind;
        const char *text, *says;
    } cases[] = {
        {LRC_TAG_FILE_CSV, "", "line 1: the header"},
        {LRC_TAG_FILE_CSV, "id,name,category\n1,a,0\n", "line 1: the header"},
        {LRC_TAG_FILE_CSV, "tag_id,name,category\n", "no tag"},
        {LRC_TAG_FILE_CSV, "tag_id,name,category\n1,a,0\n2,b\n", "line 3"},
        {LRC_TAG_FILE_CSV, "tag_id,name,category\n1,a,zero\n", "line 2"},
        {LRC_TAG_FILE_MAPPING, "[]", "an object"},
        {LRC_TAG_FILE_MAPPING, "{}", "0 tags"},
        {LRC_TAG_FILE_MAPPING, "{\"0\":3}", "tag"},
        {LRC_TAG_FILE_MAPPING, "{\"1\":{\"tag\":\"a\",\"category\":\"General\"}}", "no number of an output"},
        {LRC_TAG_FILE_MAPPING, "{\"0\":{\"tag\":\"a\",\"category\":\"x\"},\"0\":{\"tag\":\"b\",\"category\":\"x\"}}",
         "twice"},
        {LRC_TAG_FILE_METADATA, "{\"dataset_info\":{}}", "tag_mapping"},
        {LRC_TAG_FILE_METADATA,
         "{\"dataset_info\":{\"tag_mapping\":{\"idx_to_tag\":{\"0\":1},\"tag_to_category\":{}}}}", "must be a text"},
        {LRC_TAG_FILE_LINES, " \n\n", "no tag"},
        {LRC_TAG_FILE_LINES, "solo\ncaf\xe9", "no UTF-8"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_tag_labels l = {0};
        assert_int_equal(parse(cases[i].text, cases[i].kind, &l, &err), -1);
        if (!strstr(err.msg, cases[i].says))
            fail_msg("'%s' is not in '%s' for %s", cases[i].says, err.msg, cases[i].text);
        assert_null(l.item);
    }
}

static void test_a_file_is_named(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "selected_tags.csv");
    lrc_err err = LRC_ERR_INIT;
    lrc_tag_labels l = {0};
    assert_int_equal(lrc_tag_labels_load(path, LRC_TAG_FILE_CSV, &l, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    lrc_test_put(dir, "selected_tags.csv", "tag_id,name,category,count\n1,a\n");
    assert_int_equal(lrc_tag_labels_load(path, LRC_TAG_FILE_CSV, &l, &err), -1);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.msg, "line 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),     cmocka_unit_test(test_selected_tags),   cmocka_unit_test(test_json_and_lines),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_a_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
