// SPDX-License-Identifier: MIT
// Saved configurations: what is written comes back, and TOML that others wrote is shown.
#include <string.h>

#include "base/str.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"
#include "train/saved.h"

#define MAX (1 << 20)

static int save(const char *json, lrc_buf *toml, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_buf_init(toml, MAX);
    if (lrc_json_parse(json, strlen(json), &doc, err) < 0)
        return -1;
    return lrc_train_save_toml(lrc_json_root(doc), toml, err);
}

static void show(const char *toml, size_t n, lrc_buf *json)
{
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_err err = LRC_ERR_INIT;
    lrc_json_out out;
    lrc_buf_init(json, MAX);
    if (lrc_toml_parse(toml, n, &doc, &err) < 0)
        fail_msg("%s\n%s", err.msg, toml);
    lrc_json_out_init(&out, json, 0);
    lrc_train_put_toml(lrc_toml_root(doc), &out);
}

static void comes_back(void **state)
{
    (void)state;
    static const struct {
        const char *json, *toml, *again; // again: NULL when it is json
    } row[] = {
        {"{}", "", NULL},
        {"{\"a\":1,\"b\":1.0,\"c\":1e-05,\"d\":-0.0,\"e\":123456789012345678901234567890,\"f\":1E5,\"g\":1e9999}",
         "a = 1\nb = 1.0\nc = 1e-05\nd = -0.0\ne = 123456789012345678901234567890\nf = 1e5\ng = 1e9999\n",
         "{\"a\":1,\"b\":1.0,\"c\":1e-05,\"d\":-0.0,\"e\":123456789012345678901234567890,\"f\":1e5,\"g\":1e9999}"},
        {"{\"a\":-0}", "a = 0\n", "{\"a\":0}"},
        {"{\"a\":true,\"b\":false,\"c\":\"\",\"d\":\"q\\\"\\\\ \\u001b\\n\xc3\xa9\"}",
         "a = true\nb = false\nc = \"\"\nd = \"q\\\"\\\\ \\u001b\\n\xc3\xa9\"\n", NULL},
        {"{\"n\":null,\"wandb_key\":\"secret\",\"a b\":1,\"\":2,\"c.d\":{\"n\":null}}",
         "\"a b\" = 1\n\"\" = 2\n\n[\"c.d\"]\n", "{\"a b\":1,\"\":2,\"c.d\":{}}"},
        {"{\"subsets\":[{\"image_dir\":\"x\",\"num_repeats\":3},{\"image_dir\":\"y\"}],\"seed\":4}",
         "seed = 4\n\n[[subsets]]\nimage_dir = \"x\"\nnum_repeats = 3\n\n[[subsets]]\nimage_dir = \"y\"\n",
         "{\"seed\":4,\"subsets\":[{\"image_dir\":\"x\",\"num_repeats\":3},{\"image_dir\":\"y\"}]}"},
        {"{\"a\":[],\"b\":[1,[2,\"x\"],{\"y\":1,\"z\":null}],\"c\":{\"d\":[{\"e\":{\"f\":1}}]}}",
         "a = []\nb = [1, [2, \"x\"], {y = 1}]\n\n[c]\n\n[[c.d]]\n\n[c.d.e]\nf = 1\n",
         "{\"a\":[],\"b\":[1,[2,\"x\"],{\"y\":1}],\"c\":{\"d\":[{\"e\":{\"f\":1}}]}}"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_buf lrc_buf toml;
        lrc_auto_buf lrc_buf json;
        lrc_err err = LRC_ERR_INIT;
        assert_ok(save(row[i].json, &toml, &err), err);
        assert_string_equal(toml.data, row[i].toml);
        show(toml.data, toml.len, &json);
        lrc_auto_json_doc lrc_json_doc *doc = NULL; // as our writer spells it
        lrc_auto_buf lrc_buf want;
        lrc_json_out out;
        const char *text = row[i].again ? row[i].again : row[i].json;
        assert_ok(lrc_json_parse(text, strlen(text), &doc, &err), err);
        lrc_buf_init(&want, MAX);
        lrc_json_out_init(&out, &want, 0);
        lrc_json_put_value(&out, lrc_json_root(doc));
        assert_string_equal(json.data, want.data);
    }
}

static void refuses_what_toml_cannot_hold(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field, *says;
    } row[] = {
        {"[]", "", "must be a JSON object"},
        {"{\"a\":[1,null]}", "a", "a list cannot hold null"},
        {"{\"a\":1,\"a\":2}", "a", "given twice"},
        {"{\"a\":[{}],\"b\":1,\"a\":[{}]}", "a", "given twice"},
        {"{\"l\":[[{\"a\":1,\"a\":2}]]}", "", "could not be read again"},
        {"{\"a\":{\"b\":{\"c\":[[null]]}}}", "c", "a list cannot hold null"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_buf lrc_buf toml;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(save(row[i].json, &toml, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        assert_string_equal(err.field, row[i].field);
        if (!strstr(err.msg, row[i].says))
            fail_msg("%s", err.msg);
        assert_int_equal(toml.len, 0);
    }
}

static void shows_what_others_wrote(void **state)
{
    (void)state;
    static const char toml[] =
        "a = +1_0\nb = 0x1F\nc = [inf, -nan, 1.5e+06]\nd = 1979-05-27 07:32:00Z\n[t]\ne = 07:32:00\n";
    lrc_auto_buf lrc_buf json;
    show(toml, strlen(toml), &json);
    assert_string_equal(json.data, "{\"a\":10,\"b\":31,\"c\":[\"inf\",\"-nan\",1.5e+06],\"d\":\"1979-05-27 07:32:00Z\","
                                   "\"t\":{\"e\":\"07:32:00\"}}");
}

static int save_some(void *arg, lrc_err *err)
{
    (void)arg;
    lrc_auto_buf lrc_buf toml;
    return save("{\"a\":[1,{\"b\":2}],\"c\":{\"d\":[{\"e\":\"f\"}]}}", &toml, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    lrc_test_each_allocation(save_some, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(refuses_what_toml_cannot_hold),
        cmocka_unit_test(shows_what_others_wrote),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
