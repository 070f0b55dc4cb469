// SPDX-License-Identifier: MIT
#include "preset/import.h"

#include <math.h>
#include <string.h>

#include "base/ascii.h"
#include "base/num.h"
#include "base/str.h"
#include "preset/internal.h"
#include "preset/preset.h"
#include "toml/toml.h"
#include "train/choices.h"
#include "train/fields.h"
#include "train/saved.h"

#define TEXT_MAX (8 << 20)
#define FIELDS   LRC_FIELD_MAX_

typedef enum {
    HOW_AS_IS,
    HOW_IF_TRUE,
    HOW_FILLED,        // a text that is not empty
    HOW_POSITIVE,      // a number above 0
    HOW_FIRST,         // of a list, or the value
    HOW_LIST,          // of texts, as one text
    HOW_PERCENT,       // 10 is 0.1
    HOW_LEARNING_RATE, // where unet_lr is not given
    HOW_SWITCHED,      // above 0, with the switch of our form beside it
    HOW_WARMUP,        // steps, or below 1 a part of all
    HOW_RESOLUTION,    // 512, "512,512", [512, 512]
    HOW_OPTIMIZER,     // in any case, or the class that the trainer loads
    HOW_ATTENTION,     // "xformers", or true under that name
    HOW_NETWORK,       // kohya_ss's LoRA_type
    HOW_NETWORK_ARGS,
    HOW_MODULE,
    HOW_FAMILY_SDXL,
    HOW_FAMILY_FLUX,
    HOW_FAMILY_SD3,
    HOW_FAMILY_LUMINA,
    HOW_SECRET,
    HOW_NOT,
} how;

static const struct row {
    const char *theirs;
    lrc_field_id field;
    how how;
} rows[] = {
#define IMPORT(theirs, field, how) {theirs, LRC_FIELD_##field, how},
#include "preset/import_rows.h"
#undef IMPORT
};

struct importer {
    lrc_preset_import *i;
    const lrc_json *root;  // the source, flat
    lrc_buf value[FIELDS]; // JSON of each field; empty: not set
    size_t key_of[FIELDS]; // 1 + index of the key that it came from
};

const char *lrc_preset_format_name(lrc_preset_format f)
{
    static const char *const name[LRC_IMPORT_FORMAT_MAX_] = {"KNX preset", "kohya_ss JSON", "sd-scripts TOML"};
    return name[f];
}

void lrc_preset_import_done(lrc_preset_import *i)
{
    for (size_t k = 0; k < i->count; k++) {
        free(i->key[k].from);
        free(i->key[k].to);
        free(i->key[k].value);
        free(i->key[k].reason);
    }
    free(i->key);
    free(i->config);
    free(i->unmapped);
    lrc_json_doc_free(i->doc);
    lrc_json_doc_free(i->unmapped_doc);
    *i = (lrc_preset_import){0};
}

// ---- Both lists ------------------------------------------------------------------------------------------------------

static int add_key(struct importer *m, const char *from, const char *json, lrc_err *err)
{
    lrc_preset_import *i = m->i;
    if (i->count == i->cap) {
        const size_t cap = i->cap ? i->cap * 2 : 128;
        lrc_preset_key *grown = reallocarray(i->key, cap, sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        i->key = grown;
        i->cap = cap;
    }
    i->key[i->count] = (lrc_preset_key){0};
    if (lrc_str_copy(&i->key[i->count].from, from, err) < 0 || lrc_str_copy(&i->key[i->count].value, json, err) < 0) {
        free(i->key[i->count].from);
        return -1;
    }
    i->count++;
    return 0;
}

// The last key has no field.
static int unmap(struct importer *m, const char *reason, lrc_err *err)
{
    lrc_preset_key *k = &m->i->key[m->i->count - 1];
    free(lrc_take(k->to));
    free(lrc_take(k->reason));
    return lrc_str_copy(&k->reason, reason, err);
}

// The last key means this value of this field. The first to say so wins.
static int set_json(struct importer *m, lrc_field_id id, const char *json, lrc_err *err)
{
    if (m->value[id].len && strcmp(m->value[id].data, json) != 0)
        return unmap(m, "another key has set this field", err);
    lrc_buf_truncate(&m->value[id], 0);
    lrc_buf_adds(&m->value[id], json);
    if (m->i->count == 0)
        return 0;
    m->key_of[id] = m->i->count;
    lrc_preset_key *k = &m->i->key[m->i->count - 1];
    free(lrc_take(k->to));
    return lrc_str_copy(&k->to, lrc_train_field_get(id)->name, err);
}

static int set_text(struct importer *m, lrc_field_id id, const char *text, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, TEXT_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_put_str(&out, text);
    return lrc_buf_check(&buf, "a value", err) < 0 ? -1 : set_json(m, id, buf.data, err);
}

static int set_number(struct importer *m, lrc_field_id id, double v, lrc_err *err)
{
    char text[LRC_NUM_TEXT];
    lrc_num_repr(v, text);
    return set_json(m, id, text, err);
}

static int set_value(struct importer *m, lrc_field_id id, const lrc_json *v, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, TEXT_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_put_value(&out, v);
    return lrc_buf_check(&buf, "a value", err) < 0 ? -1 : set_json(m, id, buf.data, err);
}

// ---- Values ----------------------------------------------------------------------------------------------------------

static double number_of(const lrc_json *v)
{
    double n = NAN;
    if (v && (v->type == LRC_JSON_NUMBER || v->type == LRC_JSON_STRING) && !lrc_str_to_double(v->text, &n))
        n = NAN;
    return n;
}

static bool is_text(const lrc_json *v)
{
    return v->type == LRC_JSON_STRING;
}

static int read_list(struct importer *m, lrc_field_id id, const lrc_json *v, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, TEXT_MAX);
    if (v->type != LRC_JSON_ARRAY)
        return set_value(m, id, v, err);
    for (const lrc_json *item = v->first; item; item = item->next)
        if (is_text(item))
            lrc_buf_addf(&text, "%s%s", text.len ? ", " : "", item->text);
    return lrc_buf_check(&text, "a list", err) < 0 ? -1 : set_text(m, id, text.len ? text.data : "", err);
}

static int read_resolution(struct importer *m, const lrc_json *v, lrc_err *err)
{
    double first = number_of(v), second = first;
    if (v->type == LRC_JSON_ARRAY && v->len == 2) {
        first = number_of(v->first);
        second = number_of(v->first->next);
    } else if (is_text(v)) {
        lrc_auto_strv lrc_strv parts = {0};
        if (lrc_strv_split(&parts, v->text, ',', err) < 0)
            return -1;
        if (parts.count == 1 || parts.count == 2) {
            if (!lrc_str_to_double(parts.item[0], &first) || !lrc_str_to_double(parts.item[parts.count - 1], &second))
                first = NAN;
        }
    }
    if (isnan(first) || isnan(second) || first != second)
        return unmap(m, "a resolution that is not square has no field", err);
    char text[32];
    snprintf(text, sizeof text, "%.0f", first);
    return set_json(m, LRC_FIELD_resolution, text, err);
}

static int read_optimizer(struct importer *m, const lrc_json *v, lrc_err *err)
{
    for (size_t i = 0; is_text(v) && i < lrc_choices_count(LRC_CHOICES_OPTIMIZERS); i++) {
        const char *name = lrc_choices_name(LRC_CHOICES_OPTIMIZERS, i);
        const lrc_choice *c = lrc_choices_find(LRC_CHOICES_OPTIMIZERS, name, strlen(name));
        if (lrc_ascii_same(name, v->text) || (c->trainer && strcmp(c->trainer, v->text) == 0))
            return set_text(m, LRC_FIELD_optimizer_type, name, err);
    }
    return unmap(m, "this optimizer is not known here", err);
}

// kohya_ss writes the name as value; sd-scripts a flag under the name.
static int read_attention(struct importer *m, const char *key, const lrc_json *v, lrc_err *err)
{
    static const char *const known[] = {"xformers", "sdpa", "mem_eff_attn", "none"};
    for (size_t i = 0; is_text(v) && i < sizeof known / sizeof known[0]; i++)
        if (strcmp(v->text, known[i]) == 0)
            return set_text(m, LRC_FIELD_cross_attention, known[i], err);
    if (v->type == LRC_JSON_TRUE)
        return set_text(m, LRC_FIELD_cross_attention, key, err);
    return v->type == LRC_JSON_FALSE ? unmap(m, "off", err) : unmap(m, "this attention is not known here", err);
}

static int read_network(struct importer *m, const lrc_json *v, lrc_err *err)
{
    static const struct {
        const char *theirs, *ours;
    } types[] = {
        {"Standard", "LoRA"},
        {"Flux1", "LoRA"},
        {"SD3", "LoRA"},
        {"Kohya LoCon", "LoRA"},
        {"LyCORIS/LoCon", "LoCon"},
        {"LyCORIS/LoHa", "LoHa"},
        {"LyCORIS/LoKr", "LoKr"},
        {"LyCORIS/iA3", "IA3"},
        {"LyCORIS/DyLoRA", "DyLoRA"},
        {"LyCORIS/GLoRA", "GLoRA"},
        {"LyCORIS/BOFT", "BOFT"},
        {"LyCORIS/Diag-OFT", "Diag-OFT"},
        {"LyCORIS/Native Fine-Tuning", "Full"},
    };
    for (size_t i = 0; is_text(v) && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(v->text, types[i].theirs) == 0)
            return set_text(m, LRC_FIELD_lora_type, types[i].ours, err);
    return is_text(v) && lrc_choices_find(LRC_CHOICES_LORA_TYPES, v->text, v->len)
               ? set_text(m, LRC_FIELD_lora_type, v->text, err)
               : unmap(m, "this kind of network is not known here", err);
}

static int read_module(struct importer *m, const lrc_json *v, lrc_err *err)
{
    static const struct {
        const char *module, *family;
    } modules[] = {{"networks.lora_flux", "Flux"},
                   {"networks.lora_sd3", "SD3.5"},
                   {"networks.lora_lumina", "Lumina"},
                   {"networks.lora_anima", "Anima"},
                   {"networks.lora_hunyuan_image", "HunyuanImage"}};
    for (size_t i = 0; is_text(v) && i < sizeof modules / sizeof modules[0]; i++)
        if (strcmp(v->text, modules[i].module) == 0)
            return set_text(m, LRC_FIELD_model_type, modules[i].family, err);
    if (is_text(v) && strcmp(v->text, "networks.lora") == 0)
        return set_text(m, LRC_FIELD_lora_type, "LoRA", err);
    if (is_text(v) && strcmp(v->text, "lycoris.kohya") == 0)
        return lrc_json_get(m->root, "network_args") ? set_text(m, LRC_FIELD_network_module, v->text, err)
                                                     : set_text(m, LRC_FIELD_lora_type, "LoCon", err);
    return unmap(m, "this network module is not known here", err);
}

// One "name=value" of network_args, as a key of its own.
static int read_network_arg(struct importer *m, const char *arg, lrc_err *err)
{
    static const lrc_field_id fields[] = {
        LRC_FIELD_conv_dim,       LRC_FIELD_conv_alpha,      LRC_FIELD_rank_dropout,
        LRC_FIELD_module_dropout, LRC_FIELD_factor,          LRC_FIELD_block_dims,
        LRC_FIELD_block_alphas,   LRC_FIELD_conv_block_dims, LRC_FIELD_conv_block_alphas,
        LRC_FIELD_down_lr_weight, LRC_FIELD_mid_lr_weight,   LRC_FIELD_up_lr_weight};
    const char *equals = strchr(arg, '=');
    lrc_auto_free char *name = NULL, *from = NULL;
    lrc_auto_buf lrc_buf json;
    lrc_json_out out;
    lrc_buf_init(&json, TEXT_MAX);
    lrc_json_out_init(&out, &json, 0);
    lrc_json_put_str(&out, equals ? equals + 1 : arg);
    if (lrc_str_copy_n(&name, arg, equals ? (size_t)(equals - arg) : strlen(arg), err) < 0 ||
        lrc_str_format(&from, err, "network_args: %s", name) < 0 || lrc_buf_check(&json, "a value", err) < 0 ||
        add_key(m, from, json.data, err) < 0)
        return -1;
    const char *value = equals ? equals + 1 : "";
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(name, lrc_train_field_get(fields[i])->name) == 0)
            return set_text(m, fields[i], value, err);
    if (strcmp(name, "dora_wd") == 0 && lrc_ascii_same(value, "true"))
        return set_text(m, LRC_FIELD_lora_type, "DoRA", err);
    if (strcmp(name, "algo") == 0)
        for (size_t i = 0; i < lrc_choices_count(LRC_CHOICES_LORA_TYPES); i++)
            if (lrc_ascii_same(value, lrc_choices_name(LRC_CHOICES_LORA_TYPES, i)))
                return set_text(m, LRC_FIELD_lora_type, lrc_choices_name(LRC_CHOICES_LORA_TYPES, i), err);
    return unmap(m, "there is no field for this argument", err);
}

static int read_network_args(struct importer *m, const lrc_json *v, lrc_err *err)
{
    m->i->count--; // its parts stand for it
    free(m->i->key[m->i->count].from);
    free(m->i->key[m->i->count].value);
    for (const lrc_json *item = v->type == LRC_JSON_ARRAY ? v->first : NULL; item; item = item->next)
        if (is_text(item) && read_network_arg(m, item->text, err) < 0)
            return -1;
    return 0;
}

// Above 0 it is on, and our form has a switch for that.
static int read_switched(struct importer *m, lrc_field_id id, const lrc_json *v, lrc_err *err)
{
    const lrc_field_id on = id == LRC_FIELD_min_snr_gamma    ? LRC_FIELD_min_snr_gamma_enabled
                            : id == LRC_FIELD_ip_noise_gamma ? LRC_FIELD_ip_noise_gamma_enabled
                                                             : LRC_FIELD_multinoise;
    const double n = number_of(v);
    if (lrc_json_get(m->root, lrc_train_field_get(on)->name))
        return set_value(m, id, v, err); // ours: the switch is there
    if (isnan(n) || n <= 0)
        return unmap(m, "off", err);
    return set_json(m, on, "true", err) < 0 ? -1 : set_value(m, id, v, err);
}

static int read_family(struct importer *m, const char *family, const lrc_json *v, lrc_err *err)
{
    return v->type == LRC_JSON_TRUE ? set_text(m, LRC_FIELD_model_type, family, err) : unmap(m, "off", err);
}

static int read_number(struct importer *m, const struct row *row, const lrc_json *v, lrc_err *err)
{
    const double n = number_of(v);
    if (isnan(n))
        return unmap(m, v->type == LRC_JSON_NULL ? "empty" : "this is no number", err);
    switch (row->how) {
    case HOW_PERCENT: return set_number(m, row->field, n / 100, err);
    case HOW_WARMUP:
        return n > 0 && n < 1 ? set_number(m, LRC_FIELD_lr_warmup_ratio, n, err) : set_value(m, row->field, v, err);
    case HOW_LEARNING_RATE:
        if (number_of(lrc_json_get(m->root, "unet_lr")) > 0)
            return unmap(m, "unet_lr counts", err);
        return set_value(m, row->field, v, err);
    default: return n > 0 ? set_value(m, row->field, v, err) : unmap(m, "0: the general learning rate counts", err);
    }
}

static int read_row(struct importer *m, const struct row *row, const lrc_json *v, lrc_err *err)
{
    switch (row->how) {
    case HOW_IF_TRUE: return v->type == LRC_JSON_TRUE ? set_json(m, row->field, "true", err) : unmap(m, "off", err);
    case HOW_FILLED: return is_text(v) && v->len ? set_value(m, row->field, v, err) : unmap(m, "empty", err);
    case HOW_PERCENT:
    case HOW_WARMUP:
    case HOW_LEARNING_RATE:
    case HOW_POSITIVE: return read_number(m, row, v, err);
    case HOW_FIRST: return set_value(m, row->field, v->type == LRC_JSON_ARRAY && v->first ? v->first : v, err);
    case HOW_LIST: return read_list(m, row->field, v, err);
    case HOW_SWITCHED: return read_switched(m, row->field, v, err);
    case HOW_RESOLUTION: return read_resolution(m, v, err);
    case HOW_OPTIMIZER: return read_optimizer(m, v, err);
    case HOW_ATTENTION: return read_attention(m, row->theirs, v, err);
    case HOW_NETWORK: return read_network(m, v, err);
    case HOW_NETWORK_ARGS: return read_network_args(m, v, err);
    case HOW_MODULE: return read_module(m, v, err);
    case HOW_FAMILY_SDXL: return read_family(m, "SDXL", v, err);
    case HOW_FAMILY_FLUX: return read_family(m, "Flux", v, err);
    case HOW_FAMILY_SD3: return read_family(m, "SD3.5", v, err);
    case HOW_FAMILY_LUMINA: return read_family(m, "Lumina", v, err);
    case HOW_SECRET:
        free(lrc_take(m->i->key[m->i->count - 1].value)); // not kept anywhere
        return lrc_str_copy(&m->i->key[m->i->count - 1].value, "null", err) < 0
                   ? -1
                   : unmap(m, "a secret belongs into the settings", err);
    case HOW_NOT: return unmap(m, "there is no field for this", err);
    case HOW_AS_IS: break;
    }
    return set_value(m, row->field, v, err);
}

// ---- Keys ------------------------------------------------------------------------------------------------------------

// The field that is written under this key of the trainer's files.
static lrc_field_id field_of_key(const char *key)
{
    for (int id = LRC_FIELD_NONE + 1; id < LRC_FIELD_MAX_; id++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)id);
        for (int p = 0; p < LRC_FIELD_PLACES; p++) {
            const lrc_field_place *place = &f->place[p];
            if (place->in == LRC_IN_NOWHERE || place->in == LRC_IN_ARGV || place->in == LRC_IN_ENV)
                continue;
            if (strcmp(place->key ? place->key : f->name, key) == 0)
                return (lrc_field_id)id;
        }
    }
    return LRC_FIELD_NONE;
}

static int read_key(struct importer *m, const lrc_json *v, lrc_err *err)
{
    lrc_auto_buf lrc_buf json;
    lrc_json_out out;
    lrc_buf_init(&json, TEXT_MAX);
    lrc_json_out_init(&out, &json, 0);
    lrc_json_put_value(&out, v);
    if (lrc_buf_check(&json, "a value", err) < 0 || add_key(m, v->key, json.data, err) < 0)
        return -1;
    if (preset_is_secret(v->key))
        return read_row(m, &(struct row){v->key, LRC_FIELD_NONE, HOW_SECRET}, v, err);
    if (v->type == LRC_JSON_NULL)
        return unmap(m, "empty", err);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].theirs, v->key) == 0)
            return read_row(m, &rows[i], v, err);
    lrc_field_id id = lrc_train_field_find(v->key);
    if (id == LRC_FIELD_NONE)
        id = field_of_key(v->key);
    if (id == LRC_FIELD_NONE)
        return unmap(m, "there is no field for this", err);
    return is_text(v) && v->len == 0 && lrc_train_field_get(id)->nullable ? unmap(m, "empty", err)
                                                                          : set_value(m, id, v, err);
}

// Tables are read as if their keys stood beside them, as sd-scripts does; of lists of tables ([[datasets]]) the first.
static int read_table(struct importer *m, const lrc_json *table, int depth, lrc_err *err)
{
    for (const lrc_json *v = table->first; v; v = v->next) {
        if (lrc_json_get(table, v->key) != v)
            continue; // given again further on
        const bool list = v->type == LRC_JSON_ARRAY && v->first && v->first->type == LRC_JSON_OBJECT &&
                          strcmp(v->key, "subsets") != 0;
        const lrc_json *inner = v->type == LRC_JSON_OBJECT ? v : list ? v->first : NULL;
        if (inner && depth < 4 ? read_table(m, inner, depth + 1, err) < 0 : read_key(m, v, err) < 0)
            return -1;
    }
    return 0;
}

// [[datasets.subsets]] with one entry is the flat layout.
static int read_flat_subset(struct importer *m, lrc_err *err)
{
    const lrc_json *datasets = lrc_json_get(m->root, "datasets");
    const lrc_json *subsets =
        lrc_json_get(datasets && datasets->type == LRC_JSON_ARRAY ? datasets->first : NULL, "subsets");
    if (!subsets || subsets->type != LRC_JSON_ARRAY || subsets->len != 1 || subsets->first->type != LRC_JSON_OBJECT)
        return 0;
    lrc_buf_truncate(&m->value[LRC_FIELD_subsets], 0);
    return read_table(m, subsets->first, 1, err);
}

// ---- The result ------------------------------------------------------------------------------------------------------

static int put_config(struct importer *m, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, TEXT_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    for (int id = LRC_FIELD_NONE + 1; id < LRC_FIELD_MAX_; id++)
        if (m->value[id].len) {
            lrc_json_key(&out, lrc_train_field_get((lrc_field_id)id)->name);
            lrc_json_put_raw(&out, m->value[id].data);
        }
    lrc_json_object_end(&out);
    lrc_json_doc_free(m->i->doc);
    m->i->doc = NULL;
    free(lrc_take(m->i->config));
    if (lrc_buf_take(&buf, "the settings", &m->i->config, NULL, err) < 0 ||
        lrc_json_parse(m->i->config, strlen(m->i->config), &m->i->doc, err) < 0)
        return -1;
    m->i->fields = lrc_json_root(m->i->doc);
    return 0;
}

// What a field cannot hold is taken out again, with the reason.
static int drop_faults(struct importer *m, lrc_err *err)
{
    lrc_auto_train_request lrc_train_request *request = NULL;
    lrc_auto_findings lrc_findings faults = {0};
    lrc_err why = LRC_ERR_INIT;
    if (preset_as_request(m->i->fields, &request, &faults, &why) == 0)
        return 0;
    if (why.code != LRC_ERR_SCHEMA) {
        *err = why;
        return -1;
    }
    for (size_t i = 0; i < faults.count; i++) {
        lrc_auto_free char *name = NULL;
        if (lrc_str_copy_n(&name, faults.item[i].field, strcspn(faults.item[i].field, "."), err) < 0)
            return -1;
        const lrc_field_id id = lrc_train_field_find(name);
        if (id == LRC_FIELD_NONE || m->value[id].len == 0)
            continue;
        lrc_buf_truncate(&m->value[id], 0);
        if (m->key_of[id] == 0)
            continue;
        lrc_preset_key *k = &m->i->key[m->key_of[id] - 1];
        free(lrc_take(k->to));
        free(lrc_take(k->reason));
        if (lrc_str_copy(&k->reason, faults.item[i].message, err) < 0)
            return -1;
    }
    return put_config(m, err);
}

static int put_unmapped(struct importer *m, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, TEXT_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    for (size_t i = 0; i < m->i->count; i++)
        if (!m->i->key[i].to) {
            lrc_json_key(&out, m->i->key[i].from);
            lrc_json_put_raw(&out, m->i->key[i].value);
        }
    lrc_json_object_end(&out);
    if (lrc_buf_take(&buf, "the rest", &m->i->unmapped, NULL, err) < 0)
        return -1;
    return lrc_json_parse(m->i->unmapped, strlen(m->i->unmapped), &m->i->unmapped_doc, err);
}

static bool has_field_of_kohya_ss(const lrc_json *root)
{
    return lrc_json_get(root, "LoRA_type") && (lrc_json_get(root, "max_resolution") || lrc_json_get(root, "epoch"));
}

static int convert(struct importer *m, lrc_err *err)
{
    if (m->i->format == LRC_IMPORT_OURS && has_field_of_kohya_ss(m->root))
        m->i->format = LRC_IMPORT_KOHYA_SS;
    if (read_table(m, m->root, 0, err) < 0 || read_flat_subset(m, err) < 0)
        return -1;
    lrc_buf_truncate(&m->value[LRC_FIELD_network_module], 0); // follows from lora_type and family
    if (m->i->format == LRC_IMPORT_KOHYA_SS && m->value[LRC_FIELD_model_type].len == 0)
        lrc_buf_adds(&m->value[LRC_FIELD_model_type], "\"SD1.5\""); // what it trains when no other box is ticked
    if (put_config(m, err) < 0 || drop_faults(m, err) < 0 || put_unmapped(m, err) < 0)
        return -1;
    if (!m->i->fields->first)
        return lrc_fail(err, LRC_ERR_INVALID, "none of its keys is a setting of a training");
    return 0;
}

static int toml_to_json(const char *text, size_t n, char **ret, lrc_err *err)
{
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, TEXT_MAX);
    lrc_json_out_init(&out, &buf, 0);
    if (lrc_toml_parse(text, n, &doc, err) < 0)
        return -1;
    lrc_train_put_toml(lrc_toml_root(doc), &out);
    return lrc_buf_take(&buf, "the settings", ret, NULL, err);
}

int lrc_preset_import_read(const char *text, size_t n, lrc_preset_import *ret, lrc_err *err)
{
    lrc_auto_preset_import lrc_preset_import i = {0};
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_free char *converted = NULL;
    lrc_auto_free struct importer *m = calloc(1, sizeof *m);
    const size_t blank = strspn(text, " \t\r\n");
    if (!m)
        return lrc_fail_memory(err);
    i.format = text[blank] == '{' ? LRC_IMPORT_OURS : LRC_IMPORT_SD_SCRIPTS;
    if (i.format == LRC_IMPORT_SD_SCRIPTS && toml_to_json(text, n, &converted, err) < 0)
        return -1;
    if (lrc_json_parse(converted ? converted : text, converted ? strlen(converted) : n, &doc, err) < 0)
        return -1;
    const lrc_json *root = lrc_json_root(doc), *inner = lrc_json_get(root, "config");
    if (root->type != LRC_JSON_OBJECT)
        return lrc_fail(err, LRC_ERR_INVALID, "settings are an object, not %s", lrc_json_type_name(root));
    m->i = &i;
    m->root = inner && inner->type == LRC_JSON_OBJECT ? inner : root;
    for (int id = 0; id < FIELDS; id++)
        lrc_buf_init(&m->value[id], TEXT_MAX);
    const int result = convert(m, err);
    for (int id = 0; id < FIELDS; id++)
        lrc_buf_done(&m->value[id]);
    if (result < 0)
        return -1;
    *ret = i;
    i = (lrc_preset_import){0};
    return 0;
}

void lrc_preset_import_put(const lrc_preset_import *i, lrc_json_out *out)
{
    lrc_json_kstr(out, "format", lrc_preset_format_name(i->format));
    lrc_json_key(out, "config");
    lrc_json_put_raw(out, i->config);
    lrc_json_key(out, "mapped");
    lrc_json_array_begin(out);
    for (size_t k = 0; k < i->count; k++)
        if (i->key[k].to) {
            lrc_json_object_begin(out);
            lrc_json_kstr(out, "from", i->key[k].from);
            lrc_json_kstr(out, "to", i->key[k].to);
            lrc_json_object_end(out);
        }
    lrc_json_array_end(out);
    lrc_json_key(out, "unmapped");
    lrc_json_array_begin(out);
    for (size_t k = 0; k < i->count; k++)
        if (!i->key[k].to) {
            lrc_json_object_begin(out);
            lrc_json_kstr(out, "key", i->key[k].from);
            lrc_json_key(out, "value");
            lrc_json_put_raw(out, i->key[k].value);
            lrc_json_kstr(out, "reason", i->key[k].reason);
            lrc_json_object_end(out);
        }
    lrc_json_array_end(out);
}
