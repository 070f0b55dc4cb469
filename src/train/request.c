// SPDX-License-Identifier: MIT
#include "train/request.h"

#include <string.h>

#include "base/ascii.h"
#include "base/str.h"
#include "base/utf8.h"
#include "train/coerce.h"

#define PLACE_MAX       128   // bytes of "subsets.12.num_repeats"
#define MESSAGE_MAX     2000  // bytes of one finding
#define SHOWN_MAX       60    // bytes of a wrong value that a message quotes
#define SUBSETS_MAX     10000 // more entries are a mistake
#define NATIVE_SIDE_MIN 32

struct lrc_train_request {
    lrc_arena arena;
    lrc_train_value value[LRC_FIELD_MAX_];
    lrc_train_value (*subset)[LRC_SUBSET_MAX_];
    size_t subset_count;
    lrc_family_id family;
    lrc_train_mode mode;
};

// What is being read: the place in the request, and where faults go.
struct parsing {
    lrc_arena *arena;
    lrc_findings *findings;
    const char *fault; // pydantic's word for the first fault
    bool native;       // the family, which is read early, is one of the embedded trainer
};

void lrc_train_request_free(lrc_train_request *r)
{
    if (!r)
        return;
    lrc_arena_done(&r->arena);
    free(r);
}

const lrc_train_value *lrc_train_get(const lrc_train_request *r, lrc_field_id id)
{
    return &r->value[id];
}

const lrc_train_value *lrc_train_values(const lrc_train_request *r)
{
    return r->value;
}

size_t lrc_train_subset_count(const lrc_train_request *r)
{
    return r->subset_count;
}

const lrc_train_value *lrc_train_subset_values(const lrc_train_request *r, size_t index)
{
    return r->subset[index];
}

const lrc_train_value *lrc_train_subset_get(const lrc_train_request *r, size_t index, lrc_subset_field_id id)
{
    return &r->subset[index][id];
}

lrc_family_id lrc_train_family(const lrc_train_request *r)
{
    return r->family;
}

lrc_train_mode lrc_train_mode_of(const lrc_train_request *r)
{
    return r->mode;
}

// ---- Faults in words -------------------------------------------------------------------------------------------------

static const struct {
    const char *fault, *words;
} wording[] = {
    {"missing", "is required"},
    {"int_type", "must be a whole number"},
    {"int_parsing", "must be a whole number"},
    {"int_from_float", "must be a whole number"},
    {"int_parsing_size", "is a whole number too large to read"},
    {"finite_number", "must be a finite number"},
    {"float_type", "must be a number"},
    {"float_parsing", "must be a number"},
    {"bool_type", "must be true or false"},
    {"bool_parsing", "must be true or false"},
    {"string_type", "must be text"},
    {"list_type", "must be a list of subsets"},
    {"model_type", "must be an object"},
    {"enum", "must be one of"},
    {"greater_than", "must be"},
    {"greater_than_equal", "must be"},
    {"less_than_equal", "must be"},
};

static void put_choices(lrc_buf *b, lrc_choices_id choices)
{
    for (size_t i = 0; i < lrc_choices_count(choices); i++)
        lrc_buf_addf(b, "%s %s", i ? "," : "", lrc_choices_name(choices, i));
}

// `v` as JSON, cut to what a message can carry.
static void put_shown(lrc_buf *b, const lrc_json *v)
{
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, 1 << 20);
    lrc_json_out_init(&out, &text, 0);
    lrc_json_put_value(&out, v);
    const bool cut = text.len > SHOWN_MAX;
    lrc_buf_truncate(&text, lrc_utf8_cut(text.data, cut ? SHOWN_MAX : text.len));
    lrc_buf_addf(b, "%s%s", text.data, cut ? "…" : "");
}

// "must be >= 64, <= 4096, not 32"
static int add_fault(struct parsing *p, const char *place, const lrc_train_field *f, const lrc_json *v,
                     const char *fault, lrc_err *err)
{
    lrc_auto_buf lrc_buf words;
    lrc_buf_init(&words, MESSAGE_MAX);
    for (size_t i = 0; i < sizeof wording / sizeof wording[0]; i++)
        if (strcmp(wording[i].fault, fault) == 0)
            lrc_buf_adds(&words, wording[i].words);
    if (strcmp(fault, "enum") == 0)
        put_choices(&words, f->choices);
    if (strstr(fault, "_than")) {
        lrc_buf_addc(&words, ' ');
        lrc_train_field_put_range(f, &words);
    }
    if (v && !(f && f->secret)) {
        lrc_buf_adds(&words, ", not ");
        put_shown(&words, v);
    }
    if (!p->fault)
        p->fault = fault;
    return lrc_findings_add(p->findings, LRC_FINDING_ERROR, fault, place, NULL, NULL, err, "%s", words.data);
}

// The embedded trainer's base draws pictures of 32 pixels, smaller than the reference lets any family be.
static bool is_native_size(const struct parsing *p, const lrc_train_field *f, const lrc_train_value *v)
{
    return p->native && f == lrc_train_field_get(LRC_FIELD_resolution) && lrc_value_to_i64(v) >= NATIVE_SIDE_MIN;
}

// ---- Reading ---------------------------------------------------------------------------------------------------------

static bool is_native(const lrc_train_value *family)
{
    lrc_family_id id;
    return lrc_family_find(family->text, family->len, &id) && lrc_family_get(id)->native;
}

static int read_field(struct parsing *p, const lrc_train_field *f, const char *prefix, const lrc_json *object,
                      lrc_train_value *ret, lrc_err *err)
{
    char place[PLACE_MAX];
    const lrc_json *v = lrc_json_get(object, f->name);
    const char *fault = NULL;
    snprintf(place, sizeof place, "%s%s", prefix, f->name);
    *ret = lrc_coerce_default(f);
    if (!v && f->required)
        return add_fault(p, place, f, NULL, "missing", err);
    if (!v)
        return 0;
    if (lrc_coerce(p->arena, f, v, ret, &fault, err) < 0)
        return -1;
    if (fault && is_native_size(p, f, ret) && strcmp(fault, "greater_than_equal") == 0)
        fault = NULL;
    if (!fault && f->choices == LRC_CHOICES_FAMILIES && f->kind == LRC_KIND_CHOICE)
        p->native = is_native(ret);
    return fault ? add_fault(p, place, f, v, fault, err) : 0;
}

static int read_subset(struct parsing *p, size_t index, const lrc_json *v, lrc_train_value *ret, lrc_err *err)
{
    char prefix[PLACE_MAX];
    snprintf(prefix, sizeof prefix, "subsets.%zu", index);
    if (v->type != LRC_JSON_OBJECT)
        return add_fault(p, prefix, NULL, v, "model_type", err);
    snprintf(prefix, sizeof prefix, "subsets.%zu.", index);
    for (int i = LRC_SUBSET_NONE + 1; i < LRC_SUBSET_MAX_; i++)
        if (read_field(p, lrc_train_subset_field_get((lrc_subset_field_id)i), prefix, v, &ret[i], err) < 0)
            return -1;
    return 0;
}

static int read_subsets(struct parsing *p, lrc_train_request *r, const lrc_json *v, lrc_err *err)
{
    const lrc_train_field *f = lrc_train_field_get(LRC_FIELD_subsets);
    r->value[LRC_FIELD_subsets] = (lrc_train_value){.omitted = !v};
    if (!v || v->type == LRC_JSON_NULL)
        return 0;
    if (v->type != LRC_JSON_ARRAY)
        return add_fault(p, f->name, f, v, "list_type", err);
    if (v->len > SUBSETS_MAX)
        return lrc_fail_field(err, LRC_ERR_LIMIT, f->name, "more than %d subsets", SUBSETS_MAX);
    r->subset = lrc_arena_array(p->arena, v->len, sizeof r->subset[0]);
    if (!r->subset)
        return lrc_fail_memory(err);
    for (const lrc_json *one = v->first; one; one = one->next, r->subset_count++)
        if (read_subset(p, r->subset_count, one, r->subset[r->subset_count], err) < 0)
            return -1;
    return 0;
}

static int read_all(struct parsing *p, lrc_train_request *r, const lrc_json *root, lrc_err *err)
{
    if (!root || root->type != LRC_JSON_OBJECT)
        return add_fault(p, "(body)", NULL, root, "model_type", err);
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)i);
        const int result = f->kind == LRC_KIND_SUBSETS ? read_subsets(p, r, lrc_json_get(root, f->name), err)
                                                       : read_field(p, f, "", root, &r->value[i], err);
        if (result < 0)
            return -1;
    }
    return 0;
}

int lrc_train_request_parse(const lrc_json *root, lrc_train_request **ret, lrc_findings *findings, lrc_err *err)
{
    lrc_auto_train_request lrc_train_request *r = calloc(1, sizeof *r);
    if (!r)
        return lrc_fail_memory(err);
    const size_t before = findings->count;
    struct parsing p = {.arena = &r->arena, .findings = findings};
    if (read_all(&p, r, root, err) < 0)
        return -1;
    if (p.fault) {
        const lrc_finding *first = &findings->item[before];
        const size_t more = findings->count - before - 1;
        lrc_fail_field(err, LRC_ERR_SCHEMA, first->field, "the training request is not valid: %s %s", first->field,
                       first->message);
        if (more > 0)
            return lrc_wrap(err, "%zu errors", more + 1);
        return -1;
    }
    const lrc_train_value *type = &r->value[LRC_FIELD_model_type], *mode = &r->value[LRC_FIELD_training_mode];
    lrc_family_find(type->text, type->len, &r->family);
    r->mode = lrc_value_is(mode, lrc_choices_name(LRC_CHOICES_MODES, LRC_MODE_CHECKPOINT)) ? LRC_MODE_CHECKPOINT
                                                                                           : LRC_MODE_LORA;
    *ret = lrc_take(r);
    return 0;
}

int lrc_train_file_name(const lrc_train_value *name, bool dots, char **ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, name->len + 1);
    for (size_t i = 0; i < name->len;) {
        const char c = name->text[i];
        const size_t n = lrc_utf8_decode(name->text + i, name->len - i, NULL);
        const bool stays = lrc_ascii_alnum(c) || c == '_' || c == '-' || (dots && c == '.');
        lrc_buf_addc(&out, stays ? c : '_');
        i += n ? n : 1;
    }
    return lrc_buf_take(&out, "file name", ret, NULL, err);
}
