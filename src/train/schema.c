// SPDX-License-Identifier: MIT
#include "train/schema.h"

#include <string.h>

#include "train/fields.h"

static const struct {
    const char *file, *section;
} where[] = {
    [LRC_IN_CONFIG] = {"config.toml", ""},
    [LRC_IN_GENERAL] = {"dataset.toml", "[general]"},
    [LRC_IN_DATASET] = {"dataset.toml", "[[datasets]]"},
    [LRC_IN_SUBSET] = {"dataset.toml", "[[datasets.subsets]]"},
    [LRC_IN_ARGV] = {"command line", ""},
    [LRC_IN_ENV] = {"environment", ""},
};

static const char *key_of(const lrc_train_field *f, const lrc_field_place *p)
{
    return p->key ? p->key : f->name;
}

// ---- JSON ------------------------------------------------------------------------------------------------------------

// A value of the field, given as text in its row; NULL is null.
static void put_value(lrc_json_out *o, const char *key, const lrc_train_field *f, const char *text)
{
    lrc_json_key(o, key);
    if (!text)
        lrc_json_put_null(o);
    else if (f->kind == LRC_KIND_INT || f->kind == LRC_KIND_FLOAT || f->kind == LRC_KIND_BOOL)
        lrc_json_put_raw(o, text);
    else
        lrc_json_put_str(o, text);
}

static void put_limits(lrc_json_out *o, const lrc_train_field *f)
{
    if (f->limits & LRC_LIMIT_MIN)
        lrc_json_kdouble(o, f->limits & LRC_LIMIT_ABOVE ? "exclusiveMinimum" : "minimum", f->min);
    if (f->limits & LRC_LIMIT_MAX)
        lrc_json_kdouble(o, "maximum", f->max);
}

static void put_choices(lrc_json_out *o, const lrc_train_field *f)
{
    if (f->kind != LRC_KIND_CHOICE)
        return;
    lrc_json_key(o, "choices");
    lrc_json_array_begin(o);
    for (size_t i = 0; i < lrc_choices_count(f->choices); i++)
        lrc_json_put_str(o, lrc_choices_name(f->choices, i));
    lrc_json_array_end(o);
}

// For which families and modes the form shows the field.
static void put_scope(lrc_json_out *o, const lrc_train_field *f)
{
    for (int mode = 0; mode < LRC_MODE_MAX_; mode++) {
        lrc_json_key(o, lrc_choices_name(LRC_CHOICES_MODES, (size_t)mode));
        lrc_json_array_begin(o);
        for (int i = 0; i < LRC_FAMILY_MAX_; i++)
            if (lrc_train_field_applies(f, (lrc_family_id)i, (lrc_train_mode)mode))
                lrc_json_put_str(o, lrc_family_get((lrc_family_id)i)->name);
        lrc_json_array_end(o);
    }
}

static void put_places(lrc_json_out *o, const lrc_train_field *f)
{
    lrc_json_key(o, "places");
    lrc_json_array_begin(o);
    for (int i = 0; i < LRC_FIELD_PLACES; i++) {
        const lrc_field_place *p = &f->place[i];
        if (p->in == LRC_IN_NOWHERE)
            continue;
        lrc_json_object_begin(o);
        lrc_json_kstr(o, "file", where[p->in].file);
        lrc_json_kstr(o, "section", where[p->in].section);
        lrc_json_kstr(o, "key", key_of(f, p));
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
}

static void put_field(lrc_json_out *o, const lrc_train_field *f, int order)
{
    lrc_json_object_begin(o);
    lrc_json_kstr(o, "name", f->name);
    lrc_json_kint(o, "group", f->group);
    lrc_json_kint(o, "order", order);
    lrc_json_kstr(o, "type", lrc_field_kind_name(f->kind));
    lrc_json_kbool(o, "required", f->required);
    lrc_json_kbool(o, "nullable", f->nullable);
    put_value(o, "default", f, f->initial);
    if (f->suggested)
        put_value(o, "suggested", f, f->suggested);
    if (f->folder)
        lrc_json_kstr(o, "folder", f->folder);
    put_limits(o, f);
    put_choices(o, f);
    lrc_json_key(o, "applies");
    lrc_json_object_begin(o);
    put_scope(o, f);
    lrc_json_object_end(o);
    lrc_json_kbool(o, "secret", f->secret);
    lrc_json_kbool(o, "hidden", f->hidden);
    lrc_json_kstr(o, "help", f->help);
    put_places(o, f);
    lrc_json_object_end(o);
}

static void put_groups(lrc_json_out *o)
{
    lrc_json_key(o, "groups");
    lrc_json_array_begin(o);
    for (int i = 0; i < LRC_GROUP_MAX_; i++) {
        lrc_json_object_begin(o);
        lrc_json_kint(o, "id", i);
        lrc_json_kstr(o, "title", lrc_field_group_title((lrc_field_group)i));
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
}

static const char *script_of(lrc_family_id family, int mode)
{
    const char *file = lrc_script_file(lrc_family_script(family, (lrc_train_mode)mode));
    return file && lrc_family_get(family)->native ? "lorica-worker train-native" : file;
}

static void put_families(lrc_json_out *o)
{
    lrc_json_key(o, "families");
    lrc_json_array_begin(o);
    for (int i = 0; i < LRC_FAMILY_MAX_; i++) {
        const lrc_family *family = lrc_family_get((lrc_family_id)i);
        lrc_json_object_begin(o);
        lrc_json_kstr(o, "name", family->name);
        lrc_json_kstr(o, "title", family->title);
        lrc_json_key(o, "scripts");
        lrc_json_object_begin(o);
        for (int mode = 0; mode < LRC_MODE_MAX_; mode++)
            lrc_json_kstr(o, lrc_choices_name(LRC_CHOICES_MODES, (size_t)mode), script_of((lrc_family_id)i, mode));
        lrc_json_object_end(o);
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
}

void lrc_train_put_schema(lrc_json_out *o)
{
    lrc_json_object_begin(o);
    put_groups(o);
    put_families(o);
    lrc_json_key(o, "fields");
    lrc_json_array_begin(o);
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++)
        put_field(o, lrc_train_field_get((lrc_field_id)i), i);
    lrc_json_array_end(o);
    lrc_json_key(o, "subset_fields");
    lrc_json_array_begin(o);
    for (int i = LRC_SUBSET_NONE + 1; i < LRC_SUBSET_MAX_; i++)
        put_field(o, lrc_train_subset_field_get((lrc_subset_field_id)i), i);
    lrc_json_array_end(o);
    lrc_json_object_end(o);
}

void lrc_train_put_defaults(lrc_json_out *o)
{
    lrc_json_object_begin(o);
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)i);
        const char *text = f->suggested ? f->suggested : f->initial;
        if (text && !f->hidden)
            put_value(o, f->name, f, text);
    }
    lrc_json_object_end(o);
}

// ---- Text ------------------------------------------------------------------------------------------------------------

// "int >= 64, <= 4096; required" or "choice; default lora"
static void write_type(lrc_buf *b, const lrc_train_field *f)
{
    lrc_buf_adds(b, lrc_field_kind_name(f->kind));
    lrc_buf_adds(b, f->limits ? " " : "");
    lrc_train_field_put_range(f, b);
    if (f->required)
        lrc_buf_adds(b, "; required");
    else if (!f->initial)
        lrc_buf_adds(b, "; may be null");
    else
        lrc_buf_addf(b, "; default %s%s", f->initial[0] ? f->initial : "\"\"", f->nullable ? ", may be null" : "");
}

static void write_choices(lrc_buf *b, const lrc_train_field *f)
{
    if (f->kind != LRC_KIND_CHOICE)
        return;
    lrc_buf_adds(b, "  One of");
    for (size_t i = 0; i < lrc_choices_count(f->choices); i++)
        lrc_buf_addf(b, "%s `%s`", i ? "," : "", lrc_choices_name(f->choices, i));
    lrc_buf_adds(b, ".\n");
}

static void write_places(lrc_buf *b, const lrc_train_field *f)
{
    for (int i = 0; i < LRC_FIELD_PLACES; i++) {
        const lrc_field_place *p = &f->place[i];
        if (p->in != LRC_IN_NOWHERE)
            lrc_buf_addf(b, "%s %s%s `%s`", i ? "," : "  Goes to", where[p->in].file, where[p->in].section,
                         key_of(f, p));
    }
    lrc_buf_adds(b, f->place[0].in != LRC_IN_NOWHERE ? ".\n" : "");
}

static void write_field(lrc_buf *b, const char *prefix, const lrc_train_field *f)
{
    lrc_buf_addf(b, "- `%s%s` (", prefix, f->name);
    write_type(b, f);
    lrc_buf_addf(b, ")\n  %s\n", f->help);
    write_choices(b, f);
    if (f->families || f->modes) {
        lrc_buf_adds(b, "  For ");
        lrc_train_field_put_scope(f, b);
        lrc_buf_adds(b, ".\n");
    }
    write_places(b, f);
}

static void write_group(lrc_buf *b, lrc_field_group group)
{
    lrc_buf_addf(b, "## %s\n\n", lrc_field_group_title(group));
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)i);
        if (f->group != group)
            continue;
        write_field(b, "", f);
        for (int s = LRC_SUBSET_NONE + 1; f->kind == LRC_KIND_SUBSETS && s < LRC_SUBSET_MAX_; s++)
            write_field(b, "subsets[].", lrc_train_subset_field_get((lrc_subset_field_id)s));
    }
}

void lrc_train_put_reference(lrc_buf *b)
{
    for (int group = 0; group < LRC_GROUP_MAX_; group++) {
        lrc_buf_adds(b, group ? "\n" : "");
        write_group(b, (lrc_field_group)group);
    }
}
