// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/folder.h"
#include "json/json.h"

static lrc_json_doc *doc_of(const char *text)
{
    lrc_json_doc *doc = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_json_parse(text, strlen(text), &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

static void children_in_order(void **state)
{
    (void)state;
    lrc_auto_json_doc lrc_json_doc *doc = doc_of("{\"b\":1,\n\"a\":[2,\"x\",null],\"b\":3}");
    const lrc_json *root = lrc_json_root(doc);
    assert_int_equal(root->len, 3);
    assert_string_equal(root->first->key, "b");
    assert_string_equal(root->first->next->key, "a");
    const lrc_json *list = lrc_json_get(root, "a");
    assert_int_equal(list->len, 3);
    assert_int_equal(list->line, 2);
    assert_int_equal(list->column, 5);
    assert_null(list->first->key);
    assert_string_equal(list->first->next->text, "x");
    assert_null(list->first->next->next->next);
    assert_string_equal(lrc_json_get(root, "b")->text, "3"); // the last one of this name
    assert_null(lrc_json_get(root, "c"));
    assert_null(lrc_json_get(list, "a"));
    assert_null(lrc_json_get(NULL, "a"));
    assert_string_equal(lrc_json_type_name(list), "a list");
    assert_string_equal(lrc_json_type_name(NULL), "missing");
}

static void typed_members(void **state)
{
    (void)state;
    lrc_auto_json_doc lrc_json_doc *doc = doc_of(
        "{\"s\":\"x\",\"z\":\"a\\u0000\",\"i\":-7,\"f\":3.0,\"h\":2.5,\"big\":1e400,\"long\":9223372036854775807,"
        "\"longer\":9223372036854775808,\"t\":true,\"n\":null,\"o\":{},\"l\":[]}");
    const lrc_json *o = lrc_json_root(doc);
    lrc_err err = LRC_ERR_INIT;
    const char *s = "kept";
    int64_t i = 99;
    double d = 99;
    bool b = false;
    const lrc_json *v = NULL;
    assert_int_equal(lrc_json_str(o, "s", true, &s, &err), 0);
    assert_string_equal(s, "x");
    assert_int_equal(lrc_json_str(o, "n", false, &s, &err), 0);
    assert_int_equal(lrc_json_str(o, "none", false, &s, &err), 0);
    assert_string_equal(s, "x"); // as it was
    assert_int_equal(lrc_json_int(o, "i", true, &i, &err), 0);
    assert_int_equal(i, -7);
    assert_int_equal(lrc_json_int(o, "f", true, &i, &err), 0);
    assert_int_equal(i, 3);
    assert_int_equal(lrc_json_int(o, "long", true, &i, &err), 0);
    assert_true(i == INT64_MAX);
    assert_int_equal(lrc_json_double(o, "h", true, &d, &err), 0);
    assert_true(d == 2.5);
    assert_int_equal(lrc_json_double(o, "i", true, &d, &err), 0);
    assert_true(d == -7);
    assert_int_equal(lrc_json_bool(o, "t", true, &b, &err), 0);
    assert_true(b);
    assert_int_equal(lrc_json_object(o, "o", true, &v, &err), 0);
    assert_int_equal(lrc_json_array(o, "l", true, &v, &err), 0);
    static const struct {
        const char *key;
        char kind;
        const char *message;
    } row[] = {
        {"none", 's', "'none' is missing"},
        {"n", 'i', "'n' is missing"},
        {"i", 's', "'i' (line 1) must be a string, not a number"},
        {"z", 's', "'z' (line 1) holds a NUL character"},
        {"s", 'i', "'s' (line 1) must be a whole number, not a string"},
        {"h", 'i', "'h' (line 1) must be a whole number, not 2.5"},
        {"big", 'i', "'big' (line 1) must be a whole number, not 1e400"},
        {"longer", 'i', "'longer' (line 1) must be a whole number, not 9223372036854775808"},
        {"big", 'd', "'big' (line 1) is too large"},
        {"t", 'd', "'t' (line 1) must be a number, not true"},
        {"i", 'b', "'i' (line 1) must be true or false, not a number"},
        {"l", 'o', "'l' (line 1) must be an object, not a list"},
        {"o", 'a', "'o' (line 1) must be a list, not an object"},
    };
    for (size_t n = 0; n < LENGTH(row); n++) {
        const char *k = row[n].key;
        const int result = row[n].kind == 's'   ? lrc_json_str(o, k, true, &s, &err)
                           : row[n].kind == 'i' ? lrc_json_int(o, k, true, &i, &err)
                           : row[n].kind == 'd' ? lrc_json_double(o, k, true, &d, &err)
                           : row[n].kind == 'b' ? lrc_json_bool(o, k, true, &b, &err)
                           : row[n].kind == 'o' ? lrc_json_object(o, k, true, &v, &err)
                                                : lrc_json_array(o, k, true, &v, &err);
        assert_int_equal(result, -1);
        assert_string_equal(err.msg, row[n].message);
        assert_string_equal(err.field, k);
    }
}

static void large_trees(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, 64 << 20);
    lrc_buf_addc(&b, '[');
    for (int i = 0; i < 300000; i++) // one line: its columns are counted once
        lrc_buf_addf(&b, "%s{\"k%d\":\"%*s\"}", i ? "," : "", i, i % 50, "");
    lrc_buf_addc(&b, ']');
    assert_int_equal(lrc_buf_check(&b, "text", NULL), 0);
    lrc_auto_json_doc lrc_json_doc *doc = doc_of(b.data);
    assert_int_equal(lrc_json_root(doc)->len, 300000);
    const lrc_json *last = lrc_json_root(doc)->first;
    while (last->next)
        last = last->next;
    assert_int_equal(last->column, b.len - strlen("{\"k299999\":\"\"}") - 49);
}

static void loading(void **state)
{
    (void)state;
    char *root = lrc_test_folder();
    lrc_test_put(root, "good.json", "{\"a\":1}\n");
    lrc_test_put(root, "bad.json", "{\"a\":}");
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    assert_int_equal(lrc_json_load(lrc_test_path(root, "good.json"), 100, &doc, &err), 0);
    lrc_json_doc *none = NULL;
    assert_int_equal(lrc_json_load(lrc_test_path(root, "good.json"), 5, &none, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    assert_int_equal(lrc_json_load(lrc_test_path(root, "bad.json"), 100, &none, &err), -1);
    assert_non_null(strstr(err.msg, "/bad.json: JSON line 1 column 6, at a: this is not a value"));
    assert_int_equal(lrc_json_load(lrc_test_path(root, "none.json"), 100, &none, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    assert_null(none);
    lrc_test_folder_done(root);
}

static void write_sample(lrc_json_out *o)
{
    lrc_json_object_begin(o);
    lrc_json_kstr(o, "text", "a\"\\\b\f\n\r\t\x01\x7f\xc3\xa9");
    lrc_json_kstr(o, "none", NULL);
    lrc_json_key(o, "list");
    lrc_json_array_begin(o);
    lrc_json_put_int(o, INT64_MIN);
    lrc_json_put_double(o, 0.1);
    lrc_json_put_double(o, NAN);
    lrc_json_put_double(o, -INFINITY);
    lrc_json_array_begin(o);
    lrc_json_array_end(o);
    lrc_json_array_end(o);
    lrc_json_kbool(o, "yes", true);
    lrc_json_key(o, "raw");
    lrc_json_put_raw(o, "[1, 2]");
    lrc_json_kint(o, "n", 3);
    lrc_json_kdouble(o, "d", 2);
    lrc_json_object_end(o);
}

static void writing(void **state)
{
    (void)state;
    static const struct {
        int indent;
        const char *text;
    } row[] = {
        {0, "{\"text\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\xc3\xa9\",\"none\":null,"
            "\"list\":[-9223372036854775808,0.1,null,null,[]],\"yes\":true,\"raw\":[1, 2],\"n\":3,\"d\":2}"},
        {2, "{\n  \"text\": \"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\xc3\xa9\",\n  \"none\": null,\n  \"list\": [\n"
            "    -9223372036854775808,\n    0.1,\n    null,\n    null,\n    []\n  ],\n  \"yes\": true,\n"
            "  \"raw\": [1, 2],\n  \"n\": 3,\n  \"d\": 2\n}"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_buf lrc_buf b;
        lrc_json_out o;
        lrc_buf_init(&b, 10000);
        lrc_json_out_init(&o, &b, row[i].indent);
        write_sample(&o);
        assert_int_equal(lrc_buf_check(&b, "text", NULL), 0);
        assert_string_equal(b.data, row[i].text);
        lrc_json_doc_free(doc_of(b.data));
    }
}

static void broken_bytes_become_valid(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf b;
    lrc_json_out o;
    lrc_buf_init(&b, 10000);
    lrc_json_out_init(&o, &b, 0);
    lrc_json_put_strn(&o, "a\0\xff\xe2\x82z", 6);
    assert_string_equal(b.data, "\"a\\u0000\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
    lrc_json_doc_free(doc_of(b.data));
}

static void trees_are_written_as_they_were(void **state)
{
    (void)state;
    const char *text = "{\"n\":[1.0,1e9999,-0,123456789012345678901234567890],\"s\":\"\\u0000x\",\"o\":{\"\":null},"
                       "\"t\":true,\"f\":false,\"e\":[],\"eo\":{}}";
    lrc_auto_json_doc lrc_json_doc *doc = doc_of(text);
    lrc_auto_buf lrc_buf b;
    lrc_json_out o;
    lrc_buf_init(&b, 10000);
    lrc_json_out_init(&o, &b, 0);
    lrc_json_put_value(&o, lrc_json_root(doc));
    assert_string_equal(b.data, text);
}

static void errors_and_findings(void **state)
{
    (void)state;
    lrc_auto_findings lrc_findings f = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_fail_field(&err, LRC_ERR_NOT_FOUND, "name", "no \"x\"");
    assert_int_equal(lrc_findings_add(&f, LRC_FINDING_ERROR, "missing_path", "vae", "/a", "put it there", NULL, "gone"),
                     0);
    assert_int_equal(lrc_findings_add(&f, LRC_FINDING_INFO, "note", NULL, NULL, NULL, NULL, "%d images", 3), 0);
    lrc_auto_buf lrc_buf b;
    lrc_json_out o;
    lrc_buf_init(&b, 10000);
    lrc_json_out_init(&o, &b, 0);
    lrc_json_array_begin(&o);
    lrc_json_put_error(&o, &err);
    lrc_json_put_findings(&o, &f);
    lrc_json_array_end(&o);
    assert_string_equal(
        b.data, "[{\"success\":false,\"error\":\"no \\\"x\\\"\",\"detail\":\"no \\\"x\\\"\",\"code\":\"not_found\","
                "\"field\":\"name\"},[{\"severity\":\"error\",\"code\":\"missing_path\",\"field\":\"vae\","
                "\"file\":\"/a\",\"message\":\"gone\",\"remedy\":\"put it there\"},{\"severity\":\"info\","
                "\"code\":\"note\",\"message\":\"3 images\"}]]");
}

static int parse_and_write(void *arg, lrc_err *err)
{
    const char *text = arg;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_json_parse(text, strlen(text), &doc, err) < 0)
        return -1;
    lrc_auto_buf lrc_buf b;
    lrc_json_out o;
    lrc_buf_init(&b, 1 << 20);
    lrc_json_out_init(&o, &b, 2);
    lrc_json_put_value(&o, lrc_json_root(doc));
    return lrc_buf_check(&b, "text", err);
}

static void out_of_memory(void **state)
{
    (void)state;
    char text[] = "{\"a long name that has to grow\":[1,2,{\"b\":\"a long text that has to grow, too, beyond the first "
                  "allocation of the buffer\"}],\"c\":[[[{\"d\":null}]]]}";
    assert_int_equal(lrc_test_each_allocation(parse_and_write, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_in_order),
        cmocka_unit_test(typed_members),
        cmocka_unit_test(large_trees),
        cmocka_unit_test(loading),
        cmocka_unit_test(writing),
        cmocka_unit_test(broken_bytes_become_valid),
        cmocka_unit_test(trees_are_written_as_they_were),
        cmocka_unit_test(errors_and_findings),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
