// SPDX-License-Identifier: MIT
// The table of fields against the facts: what the reference validates, and what the trainers' argument parsers know.
#include "support/train_fixture.h"
#include "train/fields.h"
#include "train/schema.h"
#include "json/json.h"

static lrc_json_doc *load(const char *name)
{
    lrc_auto_free char *path = fixture_data_path(name);
    lrc_json_doc *doc = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_json_load(path, FIXTURE_MAX, &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

// "int?", "enum LRScheduler": kind and null of a fact.
static void check_type(const lrc_train_field *f, const char *type)
{
    static const struct {
        const char *begins;
        lrc_field_kind kind;
    } known[] = {
        {"str", LRC_KIND_TEXT},  {"int", LRC_KIND_INT},     {"float", LRC_KIND_FLOAT},
        {"bool", LRC_KIND_BOOL}, {"enum", LRC_KIND_CHOICE}, {"list<subset>", LRC_KIND_SUBSETS},
    };
    assert_int_equal(f->nullable, lrc_str_ends(type, "?"));
    const lrc_field_kind kind = f->kind == LRC_KIND_PATH ? LRC_KIND_TEXT : f->kind;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (lrc_str_starts(type, known[i].begins) && known[i].kind == kind)
            return;
    fail_msg("%s: %s is not %s", f->name, lrc_field_kind_name(f->kind), type);
}

static void check_default(const lrc_train_field *f, const lrc_json *fact)
{
    if (fact->type == LRC_JSON_STRING && strcmp(fact->text, "**required**") == 0) {
        assert_true(f->required && !f->initial);
    } else if (fact->type == LRC_JSON_NULL) {
        assert_true(!f->required && !f->initial && f->nullable);
    } else if (fact->type == LRC_JSON_TRUE || fact->type == LRC_JSON_FALSE) {
        assert_string_equal(f->initial, fact->type == LRC_JSON_TRUE ? "true" : "false");
    } else {
        assert_string_equal(f->initial, fact->text);
    }
}

// ">=64 <=4096"
static void check_range(const lrc_train_field *f, const char *fact)
{
    unsigned limits = 0;
    for (const char *p = fact; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
        const bool min = p[0] == '>', equal = p[1] == '=';
        limits |= min ? (equal ? LRC_LIMIT_MIN : LRC_LIMIT_MIN | LRC_LIMIT_ABOVE) : LRC_LIMIT_MAX;
        assert_true(strtod(p + (equal ? 2 : 1), NULL) == (min ? f->min : f->max));
    }
    assert_int_equal(f->limits, limits);
}

static void every_fact_is_one_row(void **state)
{
    (void)state;
    lrc_auto_json_doc lrc_json_doc *doc = load("golden/toml/training_fields.json");
    int row = LRC_FIELD_NONE + 1;
    for (const lrc_json *fact = lrc_json_root(doc)->first; fact; fact = fact->next, row++) {
        assert_true(row < LRC_FIELD_MAX_);
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)row);
        assert_string_equal(f->name, lrc_json_get(fact, "name")->text);
        check_type(f, lrc_json_get(fact, "type")->text);
        check_default(f, lrc_json_get(fact, "default"));
        check_range(f, lrc_json_get(fact, "range")->text);
        assert_int_equal(lrc_train_field_find(f->name), row);
    }
    assert_int_equal(row, LRC_FIELD_MAX_);
    assert_int_equal(row, 1 + 161);
}

static void check_row(const lrc_train_field *f)
{
    assert_non_null(f->help);
    assert_true(strlen(f->help) > 10 && lrc_str_ends(f->help, "."));
    assert_true(!f->folder || f->kind == LRC_KIND_PATH);
    if (f->kind == LRC_KIND_CHOICE && f->suggested && f->choices != LRC_CHOICES_FAMILIES)
        assert_non_null(lrc_choices_find(f->choices, f->suggested, strlen(f->suggested)));
    assert_int_equal(f->kind == LRC_KIND_CHOICE, f->choices != LRC_CHOICES_NONE);
    if (f->kind == LRC_KIND_CHOICE && f->initial)
        assert_non_null(lrc_choices_find(f->choices, f->initial, strlen(f->initial)));
    for (int i = 0; i < LRC_FIELD_PLACES; i++)
        if (f->place[i].in == LRC_IN_CONFIG && f->place[i].guard)
            assert_int_equal(lrc_train_field_get((lrc_field_id)f->place[i].guard)->kind, LRC_KIND_BOOL);
}

// Two keys of one file never share a position, unless no family has both.
static void check_positions(void)
{
    for (int a = 1; a < LRC_FIELD_MAX_; a++)
        for (int b = 1; b < a; b++)
            for (int i = 0; i < LRC_FIELD_PLACES * LRC_FIELD_PLACES; i++) {
                const lrc_field_place *x = &lrc_train_field_get((lrc_field_id)a)->place[i / LRC_FIELD_PLACES];
                const lrc_field_place *y = &lrc_train_field_get((lrc_field_id)b)->place[i % LRC_FIELD_PLACES];
                assert_false(x->in && x->in == y->in && x->at == y->at);
            }
}

static void rows_are_whole(void **state)
{
    (void)state;
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++)
        check_row(lrc_train_field_get((lrc_field_id)i));
    for (int i = LRC_SUBSET_NONE + 1; i < LRC_SUBSET_MAX_; i++)
        check_row(lrc_train_subset_field_get((lrc_subset_field_id)i));
    check_positions();
}

// Marks of all rows of the facts with this option, one character a script.
static void known_of(const lrc_json *facts, const char *option, char out[static LRC_SCRIPT_MAX_ + 1])
{
    memset(out, '.', LRC_SCRIPT_MAX_);
    out[LRC_SCRIPT_MAX_] = '\0';
    for (const lrc_json *row = facts->first; row; row = row->next) {
        const char *scripts = lrc_json_get(row, "scripts")->text;
        for (int i = 0; strcmp(lrc_json_get(row, "option")->text, option) == 0 && i < LRC_SCRIPT_MAX_; i++)
            if (scripts[i] == 'x')
                out[i] = 'x';
    }
}

static void scripts_know_what_the_facts_say(void **state)
{
    (void)state;
    static const struct {
        const char *name, *known;
    } option[] = {
#define OPTION(name, known) {name, known},
#include "train/option_rows.h"
#undef OPTION
    };
    lrc_auto_json_doc lrc_json_doc *doc = load("golden/toml/sd_scripts_options.json");
    for (size_t i = 0; i < sizeof option / sizeof option[0]; i++) {
        char facts[LRC_SCRIPT_MAX_ + 1];
        known_of(lrc_json_root(doc), option[i].name, facts);
        if (strcmp(facts, option[i].known) != 0)
            fail_msg("%s: %s, but the facts say %s", option[i].name, option[i].known, facts);
        for (int s = 0; s < LRC_SCRIPT_MAX_; s++)
            assert_int_equal(lrc_script_knows((lrc_script_id)s, option[i].name), facts[s] == 'x');
    }
    assert_false(lrc_script_knows(LRC_SCRIPT_NONE, "seed"));
    assert_false(lrc_script_knows(LRC_SCRIPT_FINE_TUNE, "no_such_option"));
}

static void fields_apply_where_they_should(void **state)
{
    (void)state;
    static const struct {
        lrc_field_id field;
        lrc_family_id family;
        lrc_train_mode mode;
        bool applies;
    } row[] = {
        {LRC_FIELD_network_dim, LRC_FAMILY_SDXL, LRC_MODE_LORA, true},
        {LRC_FIELD_network_dim, LRC_FAMILY_SDXL, LRC_MODE_CHECKPOINT, false},
        {LRC_FIELD_clip_skip, LRC_FAMILY_FLUX, LRC_MODE_LORA, false},
        {LRC_FIELD_conv_dim, LRC_FAMILY_SDXL, LRC_MODE_LORA, true},
        {LRC_FIELD_no_half_vae, LRC_FAMILY_FLUX, LRC_MODE_CHECKPOINT, false},
        {LRC_FIELD_cache_text_encoder_outputs, LRC_FAMILY_SD15, LRC_MODE_LORA, false},
        {LRC_FIELD_seed, LRC_FAMILY_ANIMA, LRC_MODE_CHECKPOINT, true},
        {LRC_FIELD_seed, LRC_FAMILY_HUNYUAN, LRC_MODE_CHECKPOINT, false}, // no script trains it
        {LRC_FIELD_network_module, LRC_FAMILY_SDXL, LRC_MODE_LORA, false},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        assert_int_equal(lrc_train_field_applies(lrc_train_field_get(row[i].field), row[i].family, row[i].mode),
                         row[i].applies);
}

static void the_schema_names_every_field(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf json;
    lrc_auto_buf lrc_buf text;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_json_out out;
    lrc_buf_init(&json, FIXTURE_MAX);
    lrc_buf_init(&text, FIXTURE_MAX);
    lrc_json_out_init(&out, &json, 0);
    lrc_train_put_schema(&out);
    lrc_train_put_reference(&text);
    assert_int_equal(lrc_json_parse(json.data, json.len, &doc, NULL), 0);
    const lrc_json *one = lrc_json_get(lrc_json_root(doc), "fields")->first;
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++, one = one->next) {
        const char *name = lrc_train_field_get((lrc_field_id)i)->name;
        assert_string_equal(lrc_json_get(one, "name")->text, name);
        assert_non_null(strstr(text.data, name));
    }
    assert_null(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_is_one_row),           cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(scripts_know_what_the_facts_say), cmocka_unit_test(fields_apply_where_they_should),
        cmocka_unit_test(the_schema_names_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
