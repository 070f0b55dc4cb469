// SPDX-License-Identifier: MIT
// Reading of single values as pydantic 2.13 reads them (each row was tried there), and of whole requests.
#include <string.h>

#include "base/num.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/temp.h"
#include "train/coerce.h"
#include "train/request.h"

struct reading {
    const char *json;
    const char *want; // the value, or "!" and pydantic's word
};

static void show(const lrc_train_value *v, lrc_buf *b)
{
    char number[LRC_NUM_TEXT];
    switch (v->type) {
    case LRC_VALUE_NULL: lrc_buf_adds(b, "null"); break;
    case LRC_VALUE_BOOL: lrc_buf_adds(b, v->flag ? "true" : "false"); break;
    case LRC_VALUE_FLOAT:
        lrc_num_repr(v->number, number);
        lrc_buf_adds(b, number);
        break;
    case LRC_VALUE_INT:
    case LRC_VALUE_TEXT: lrc_buf_add(b, v->text, v->len); break;
    case LRC_VALUE_LIST: fail_msg("a list");
    }
}

static void check_reading(lrc_field_id id, const struct reading *r)
{
    lrc_auto_arena lrc_arena arena = {0};
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_buf lrc_buf got;
    lrc_train_value v = {.type = LRC_VALUE_NULL};
    const char *fault = NULL;
    lrc_err err = LRC_ERR_INIT;
    lrc_buf_init(&got, 10000);
    assert_ok(lrc_json_parse(r->json, strlen(r->json), &doc, &err), err);
    assert_ok(lrc_coerce(&arena, lrc_train_field_get(id), lrc_json_root(doc), &v, &fault, &err), err);
    if (fault)
        lrc_buf_addf(&got, "!%s", fault);
    else
        show(&v, &got);
    if (strcmp(got.data, r->want) != 0)
        fail_msg("%s: %s was read as %s, not %s", lrc_train_field_get(id)->name, r->json, got.data, r->want);
}

static void integers(void **state)
{
    (void)state;
    static const struct reading row[] = {
        {"12", "12"},
        {"-0", "0"},
        {"1.0", "1"},
        {"-0.0", "0"},
        {"1e3", "1000"},
        {"1.5", "!int_from_float"},
        {"9.2e18", "9200000000000000000"},
        {"9.3e18", "!int_parsing_size"},
        {"-9223372036854775808.0", "!int_parsing_size"},
        {"1e9999", "!finite_number"},
        {"-9223372036854775809", "-9223372036854775809"},
        {"true", "1"},
        {"false", "0"},
        {"null", "!int_type"},
        {"[]", "!int_type"},
        {"{}", "!int_type"},
        {"\" 12 \"", "12"},
        {"\"+1\"", "1"},
        {"\"+-1\"", "!int_parsing"},
        {"\"1_0\"", "10"},
        {"\"1__0\"", "!int_parsing"},
        {"\"_1\"", "!int_parsing"},
        {"\"1_\"", "!int_parsing"},
        {"\"1.000\"", "1"},
        {"\"1.\"", "!int_parsing"},
        {"\".0\"", "!int_parsing"},
        {"\"1.5\"", "!int_parsing"},
        {"\"-007\"", "-7"},
        {"\"-0\"", "0"},
        {"\"-00.0\"", "0"},
        {"\"1_0.0\"", "10"},
        {"\"1.0_0\"", "!int_parsing"},
        {"\"1e3\"", "!int_parsing"},
        {"\"\"", "!int_parsing"},
        {"\"-\"", "!int_parsing"},
        {"\"0x10\"", "!int_parsing"},
        {"\"1\\u0000\"", "!int_parsing"},
        {"\"\\u00a01\\u3000\"", "1"},
        {"\"\\u001c1\"", "!int_parsing"},
        {"\"\xd9\xa3\"", "!int_parsing"},
    };
    for (size_t i = 0; i < LENGTH(row); i++)
        check_reading(LRC_FIELD_seed, &row[i]);
}

static void floats(void **state)
{
    (void)state;
    static const struct reading row[] = {
        {"1", "1.0"},
        {"-0", "0.0"},
        {"-0.0", "-0.0"},
        {"1e-7", "1e-07"},
        {"1e9999", "inf"},
        {"true", "1.0"},
        {"null", "!float_type"},
        {"[]", "!float_type"},
        {"\" 1.5 \"", "1.5"},
        {"\"1_0\"", "10.0"},
        {"\"1_.5\"", "1.5"},
        {"\"1__0\"", "!float_parsing"},
        {"\"_1\"", "!float_parsing"},
        {"\" 1_0\"", "!float_parsing"},
        {"\"Infinity\"", "inf"},
        {"\"in_f\"", "inf"},
        {"\"infinit\"", "!float_parsing"},
        {"\"-INF\"", "-inf"},
        {"\"+nan\"", "nan"},
        {"\".\"", "!float_parsing"},
        {"\"+.5\"", "0.5"},
        {"\"1.\"", "1.0"},
        {"\"1e\"", "!float_parsing"},
        {"\"1E+5\"", "100000.0"},
        {"\"1e400\"", "inf"},
        {"\"0x1p-3\"", "!float_parsing"},
        {"\"1f\"", "!float_parsing"},
        {"\"-0\"", "-0.0"},
        {"\"\"", "!float_parsing"},
        {"\"1.5\\u0000\"", "!float_parsing"},
        {"\"\\u20281\"", "1.0"},
    };
    for (size_t i = 0; i < LENGTH(row); i++)
        check_reading(LRC_FIELD_noise_offset, &row[i]);
    char wide[500] = {0};
    memset(wide, '9', sizeof wide - 1);
    check_reading(LRC_FIELD_noise_offset, &(struct reading){wide, "!float_type"});
}

static void truth(void **state)
{
    (void)state;
    static const struct reading row[] = {
        {"true", "true"},
        {"0", "false"},
        {"1.0", "true"},
        {"-0", "false"},
        {"2", "!bool_parsing"},
        {"0.5", "!bool_type"},
        {"2.0", "!bool_parsing"},
        {"1e30", "!bool_type"},
        {"1000000000000000000000", "!bool_type"},
        {"null", "!bool_type"},
        {"[]", "!bool_type"},
        {"\"oN\"", "true"},
        {"\"Y\"", "true"},
        {"\"No\"", "false"},
        {"\" yes\"", "!bool_parsing"},
        {"\"\"", "!bool_parsing"},
        {"\"1.0\"", "!bool_parsing"},
        {"\"no\\u0000\"", "!bool_parsing"},
    };
    for (size_t i = 0; i < LENGTH(row); i++)
        check_reading(LRC_FIELD_flip_aug, &row[i]);
}

static void limits_texts_and_choices(void **state)
{
    (void)state;
    static const struct {
        lrc_field_id field;
        struct reading r;
    } row[] = {
        {LRC_FIELD_resolution, {"64", "64"}},
        {LRC_FIELD_resolution, {"63", "!greater_than_equal"}},
        {LRC_FIELD_resolution, {"99999999999999999999", "!less_than_equal"}},
        {LRC_FIELD_unet_lr, {"0", "!greater_than"}},
        {LRC_FIELD_unet_lr, {"\"inf\"", "inf"}},
        {LRC_FIELD_unet_lr, {"\"nan\"", "!greater_than"}},
        {LRC_FIELD_network_dropout, {"\"nan\"", "!less_than_equal"}},
        {LRC_FIELD_text_encoder_lr, {"-0.0", "-0.0"}},
        {LRC_FIELD_clip_skip, {"null", "null"}},
        {LRC_FIELD_vae_path, {"null", "null"}},
        {LRC_FIELD_project_name, {"\" x \"", " x "}},
        {LRC_FIELD_project_name, {"null", "!string_type"}},
        {LRC_FIELD_project_name, {"5", "!string_type"}},
        {LRC_FIELD_optimizer_type, {"\"AdamW\"", "AdamW"}},
        {LRC_FIELD_optimizer_type, {"\"adamw\"", "!enum"}},
        {LRC_FIELD_optimizer_type, {"7", "!enum"}},
        {LRC_FIELD_model_type, {"\" flux-1\\u001f\"", "Flux"}},
        {LRC_FIELD_model_type, {"\"sd 3.5\"", "SD3.5"}},
        {LRC_FIELD_model_type, {"\"SD35\"", "!enum"}},
        {LRC_FIELD_model_type, {"\"\"", "!enum"}},
        {LRC_FIELD_model_type, {"null", "!enum"}},
    };
    for (size_t i = 0; i < LENGTH(row); i++)
        check_reading(row[i].field, &row[i].r);
}

// ---- Whole requests --------------------------------------------------------------------------------------------------

#define SMALLEST                                                                                                       \
    "\"project_name\":\"p\",\"model_type\":\"SDXL\",\"pretrained_model_name_or_path\":\"m\",\"train_data_dir\":\"d\"," \
    "\"output_dir\":\"o\",\"resolution\":1024"

static int parse(const char *text, lrc_train_request **ret, lrc_findings *findings, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    return lrc_json_parse(text, strlen(text), &doc, err) < 0
               ? -1
               : lrc_train_request_parse(lrc_json_root(doc), ret, findings, err);
}

static void defaults_are_filled_in(void **state)
{
    (void)state;
    lrc_auto_train_request lrc_train_request *r = NULL;
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(parse("{" SMALLEST
                    ",\"unknown\":[1],\"seed\":\"7\",\"subsets\":[{\"image_dir\":\"a\",\"class_tokens\":\"t\"}]}",
                    &r, &findings, &err),
              err);
    assert_int_equal(lrc_train_family(r), LRC_FAMILY_SDXL);
    assert_int_equal(lrc_train_mode_of(r), LRC_MODE_LORA);
    assert_string_equal(lrc_train_get(r, LRC_FIELD_seed)->text, "7");
    assert_false(lrc_train_get(r, LRC_FIELD_seed)->omitted);
    assert_true(lrc_train_get(r, LRC_FIELD_optimizer_type)->omitted);
    assert_true(lrc_value_is(lrc_train_get(r, LRC_FIELD_optimizer_type), "AdamW8bit"));
    assert_true(lrc_train_get(r, LRC_FIELD_text_encoder_lr)->number == 1e-5);
    assert_int_equal(lrc_train_get(r, LRC_FIELD_clip_skip)->type, LRC_VALUE_NULL);
    assert_int_equal(lrc_train_subset_count(r), 1);
    assert_string_equal(lrc_train_subset_get(r, 0, LRC_SUBSET_num_repeats)->text, "10");
    assert_string_equal(lrc_train_subset_get(r, 0, LRC_SUBSET_class_tokens)->text, "t");
}

static void all_errors_come_together(void **state)
{
    (void)state;
    static const struct {
        const char *field, *code, *message;
    } want[] = {
        {"model_type", "enum",
         "must be one of SD1.5, SDXL, Flux, SD3.5, SD3, Lumina, Chroma, Anima, HunyuanImage, Tiny, not \"SD9\""},
        {"wandb_key", "string_type", "must be text"}, // a secret is not quoted
        {"train_data_dir", "missing", "is required"},
        {"resolution", "greater_than_equal", "must be >= 64, <= 4096, not 32"},
        {"subsets.0.image_dir", "missing", "is required"},
        {"subsets.1", "model_type", "must be an object, not 5"},
        {"seed", "int_parsing", "must be a whole number, not \"\""},
    };
    static const char text[] =
        "{\"project_name\":\"p\",\"model_type\":\"SD9\",\"pretrained_model_name_or_path\":\"m\","
        "\"output_dir\":\"o\",\"resolution\":32,\"seed\":\"\",\"subsets\":[{},5],\"wandb_key\":123456}";
    lrc_train_request *r = NULL;
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(parse(text, &r, &findings, &err), -1);
    assert_null(r);
    assert_int_equal(err.code, LRC_ERR_SCHEMA);
    assert_true(lrc_str_starts(err.msg, "7 errors: the training request is not valid: model_type must be one of"));
    assert_int_equal(findings.count, LENGTH(want));
    for (size_t i = 0; i < LENGTH(want); i++) {
        assert_string_equal(findings.item[i].field, want[i].field);
        assert_string_equal(findings.item[i].code, want[i].code);
        assert_string_equal(findings.item[i].message, want[i].message);
        assert_int_equal(findings.item[i].severity, LRC_FINDING_ERROR);
    }
}

static void a_body_must_be_an_object(void **state)
{
    (void)state;
    static const char *const text[] = {"[]", "null", "\"x\"", "1"};
    for (size_t i = 0; i < LENGTH(text); i++) {
        lrc_train_request *r = NULL;
        lrc_auto_findings lrc_findings findings = {0};
        assert_int_equal(parse(text[i], &r, &findings, NULL), -1);
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.item[0].field, "(body)");
        assert_string_equal(findings.item[0].code, "model_type");
    }
}

static void file_names_are_tame(void **state)
{
    (void)state;
    static const struct {
        const char *name, *plain, *with_dots;
    } row[] = {
        {"a-B_9", "a-B_9", "a-B_9"},
        {"../../x", "______x", ".._.._x"},
        {"\xc3\xa9\xe6\x97\xa5 z", "___z", "___z"},
        {"", "", ""},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        const lrc_train_value v = {.type = LRC_VALUE_TEXT, .text = row[i].name, .len = strlen(row[i].name)};
        lrc_auto_free char *plain = NULL, *dots = NULL;
        assert_int_equal(lrc_train_file_name(&v, false, &plain, NULL), 0);
        assert_int_equal(lrc_train_file_name(&v, true, &dots, NULL), 0);
        assert_string_equal(plain, row[i].plain);
        assert_string_equal(dots, row[i].with_dots);
    }
}

static int parse_once(void *arg, lrc_err *err)
{
    lrc_auto_train_request lrc_train_request *r = NULL;
    lrc_auto_findings lrc_findings findings = {0};
    return lrc_train_request_parse(arg, &r, &findings, err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    static const char good[] = "{" SMALLEST ",\"seed\":\"12\",\"unet_lr\":\"1_0\",\"subsets\":[{\"image_dir\":\"a\"}]}";
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    assert_int_equal(lrc_json_parse(good, strlen(good), &doc, NULL), 0);
    union {
        const lrc_json *in;
        void *arg;
    } root = {lrc_json_root(doc)};
    assert_int_equal(lrc_test_each_allocation(parse_once, root.arg), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(floats),
        cmocka_unit_test(truth),
        cmocka_unit_test(limits_texts_and_choices),
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(all_errors_come_together),
        cmocka_unit_test(a_body_must_be_an_object),
        cmocka_unit_test(file_names_are_tame),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
