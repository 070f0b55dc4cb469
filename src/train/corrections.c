// SPDX-License-Identifier: MIT
// What studio writes differently from the reference, and why: one table, from which the changes, their reports and
// docs/training-corrections.md are made. The evidence is in sd-scripts' and lycoris' sources.
#include "train/corrections.h"

#include <string.h>

#include "base/num.h"
#include "base/path.h"
#include "train/plan.h"

#define REPORT_MAX (16 << 20)

// Positions of keys that the reference never writes; see `at` in field_rows.h.
enum { AT_LEARNING_RATE = 50, AT_TEXT_ENCODER = 61, AT_VAE = 570, AT_MASK = 930, AT_GUIDANCE = 940 };

typedef struct correction correction;
struct correction {
    const char *id;
    int (*apply)(train_plan *p, const correction *c, lrc_err *err); // NULL: done where `key` says
    const char *key;                                                // what it changes
    const char *reference;                                          // what the reference does and what comes of it
    const char *studio;                                             // what studio does; the report's sentence
};

// ---- Changes, each reported ------------------------------------------------------------------------------------------

static const lrc_train_value *get(const train_plan *p, lrc_field_id id)
{
    return lrc_train_get(p->request, id);
}

static int report(train_plan *p, const correction *c, const char *field, const char *key, const lrc_train_value *was,
                  const lrc_train_value *now, lrc_err *err)
{
    return train_report(p, c->id, c->studio, field, key, was, now, err);
}

static int drop(train_plan *p, const correction *c, train_entry *e, lrc_err *err)
{
    if (report(p, c, e->field, e->key, &e->value, NULL, err) < 0)
        return -1;
    train_plan_drop(p, e);
    return 0;
}

static int set(train_plan *p, const correction *c, train_entry *e, const lrc_train_value *now, lrc_err *err)
{
    if (lrc_value_same(&e->value, now))
        return 0;
    if (report(p, c, e->field, e->key, &e->value, now, err) < 0)
        return -1;
    e->value = *now;
    return 0;
}

static int set_text(train_plan *p, const correction *c, train_entry *e, const char *text, lrc_err *err)
{
    lrc_train_value v;
    return lrc_value_text(&p->arena, text, strlen(text), &v, err) < 0 ? -1 : set(p, c, e, &v, err);
}

// A key of config.toml that is not there yet.
static int add(train_plan *p, const correction *c, int at, const char *key, const char *field, const lrc_train_value *v,
               lrc_err *err)
{
    return report(p, c, field, key, NULL, v, err) < 0 ? -1
                                                      : train_plan_add(p, LRC_IN_CONFIG, 0, at, key, field, v, err);
}

// "name=value" at the end of network_args or optimizer_args.
static int push_arg(train_plan *p, const correction *c, int at, const char *key, const char *field, const char *arg,
                    lrc_err *err)
{
    lrc_train_value item, list = {.type = LRC_VALUE_NULL};
    train_entry *e = train_plan_find(p, key);
    if (e)
        list = e->value;
    // A copy: the list may be shared, and the report shows both.
    lrc_train_value grown = {.type = LRC_VALUE_LIST};
    for (size_t i = 0; i < list.count; i++)
        if (lrc_value_push(&p->arena, &grown, &list.item[i], err) < 0)
            return -1;
    if (lrc_value_text(&p->arena, arg, strlen(arg), &item, err) < 0 ||
        lrc_value_push(&p->arena, &grown, &item, err) < 0 ||
        report(p, c, field, key, e ? &list : NULL, &grown, err) < 0)
        return -1;
    if (!e)
        return train_plan_add(p, LRC_IN_CONFIG, 0, at, key, field, &grown, err);
    e->value = grown;
    return 0;
}

static int push_value_arg(train_plan *p, const correction *c, int at, const char *key, const char *field,
                          const char *name, const lrc_train_value *v, lrc_err *err)
{
    lrc_auto_buf lrc_buf arg;
    char number[LRC_NUM_TEXT];
    lrc_buf_init(&arg, 1 << 20);
    lrc_buf_addf(&arg, "%s=", name);
    if (v->type == LRC_VALUE_FLOAT) {
        lrc_num_repr(v->number, number);
        lrc_buf_adds(&arg, number);
    } else {
        lrc_buf_add(&arg, v->text, v->len);
    }
    return lrc_buf_check(&arg, name, err) < 0 ? -1 : push_arg(p, c, at, key, field, arg.data, err);
}

static bool is_lycoris(const train_plan *p)
{
    const lrc_train_value *v = get(p, LRC_FIELD_lora_type);
    return lrc_choices_find(LRC_CHOICES_LORA_TYPES, v->text, v->len)->trainer != NULL;
}

// ---- Keys that the script does not know ------------------------------------------------------------------------------

static int drop_unknown(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    return e && !lrc_script_knows(p->script, c->key) ? drop(p, c, e, err) : 0;
}

// ---- Both files ------------------------------------------------------------------------------------------------------

static int write_choices_as_text(train_plan *p, const correction *c, lrc_err *err)
{
    for (size_t i = 0; i < p->count; i++) {
        train_entry *e = &p->entry[i];
        const lrc_train_value *v = get(p, lrc_train_field_find(e->field));
        if (e->value.type == LRC_VALUE_LIST && v->omitted && v->type == LRC_VALUE_TEXT && e->in == LRC_IN_CONFIG &&
            strcmp(e->key, "network_args") != 0 && set(p, c, e, v, err) < 0)
            return -1;
    }
    return 0;
}

static int make_folders_absolute(train_plan *p, const correction *c, lrc_err *err)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->entry[i].key, "image_dir") == 0 &&
            set_text(p, c, &p->entry[i], p->subset_dir[p->entry[i].subset], err) < 0)
            return -1;
    return 0;
}

static int map_windows_paths(train_plan *p, const correction *c, lrc_err *err)
{
    for (size_t i = 0; i < p->count; i++) {
        train_entry *e = &p->entry[i];
        const lrc_field_id id = lrc_train_field_find(e->field);
        const char *path = NULL;
        if (e->in != LRC_IN_CONFIG || lrc_train_field_get(id)->kind != LRC_KIND_PATH)
            continue;
        if (train_path_here(p, e->field, get(p, id), &path, err) < 0 || set_text(p, c, e, path, err) < 0)
            return -1;
    }
    return 0;
}

static int name_hub_model(train_plan *p, const correction *c, lrc_err *err)
{
    return p->hub_model ? set_text(p, c, train_plan_find(p, c->key), p->hub_model, err) : 0;
}

static int name_output(train_plan *p, const correction *c, lrc_err *err)
{
    return set_text(p, c, train_plan_find(p, c->key), p->saved_name, err);
}

// ---- Schedule and optimizer ------------------------------------------------------------------------------------------

static int count_steps_like_the_trainer(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    const char *steps = NULL;
    if (!e)
        return 0;
    lrc_train_value args = {.type = LRC_VALUE_LIST}, arg;
    if (train_cycle_steps(p, train_count_seen_images, &steps, err) < 0 ||
        lrc_value_push(&p->arena, &args, &e->value.item[0], err) < 0 ||
        lrc_value_textf(&p->arena, &arg, err, "first_cycle_max_steps=%s", steps) < 0 ||
        lrc_value_push(&p->arena, &args, &arg, err) < 0)
        return -1;
    return set(p, c, e, &args, err);
}

static int keep_quoted_args(train_plan *p, const correction *c, lrc_err *err)
{
    lrc_train_value reference, studio;
    const lrc_train_value *given = get(p, LRC_FIELD_optimizer_args);
    train_entry *e = train_plan_find(p, c->key);
    if (!e || train_split_optimizer_args(&p->arena, given, &reference, err) < 0 ||
        train_read_optimizer_args(&p->arena, given, &studio, err) < 0)
        return e ? -1 : 0;
    if (lrc_value_same(&reference, &studio))
        return 0;
    for (size_t i = reference.count; i < e->value.count; i++) // what the reference has added itself
        if (lrc_value_push(&p->arena, &studio, &e->value.item[i], err) < 0)
            return -1;
    return set(p, c, e, &studio, err);
}

static bool has_weight_decay(const train_entry *args)
{
    for (size_t i = 0; args && i < args->value.count; i++)
        if (strncmp(args->value.item[i].text, "weight_decay=", strlen("weight_decay=")) == 0)
            return true;
    return false;
}

static int pass_weight_decay(train_plan *p, const correction *c, lrc_err *err)
{
    const char *list = "optimizer_args";
    if (drop(p, c, train_plan_find(p, c->key), err) < 0)
        return -1;
    if (has_weight_decay(train_plan_find(p, list)))
        return 0;
    return push_value_arg(p, c, AT_OPTIMIZER_ARGS, list, c->key, c->key, get(p, LRC_FIELD_weight_decay), err);
}

// ---- Adapter ---------------------------------------------------------------------------------------------------------

static int choose_module(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    return e && !is_lycoris(p) ? set_text(p, c, e, p->family->lora_module, err) : 0;
}

static int decompose_weights(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    lrc_train_value args = {.type = LRC_VALUE_LIST}, arg;
    if (!e || !lrc_value_is(get(p, LRC_FIELD_lora_type), "DoRA"))
        return 0;
    if (lrc_value_push(&p->arena, &args, &e->value.item[0], err) < 0 ||
        lrc_value_textf(&p->arena, &arg, err, "dora_wd=True") < 0 || lrc_value_push(&p->arena, &args, &arg, err) < 0)
        return -1;
    return set(p, c, e, &args, err);
}

static int pass_factor(train_plan *p, const correction *c, lrc_err *err)
{
    const lrc_train_value *v = get(p, LRC_FIELD_factor);
    if (p->mode != LRC_MODE_LORA || !lrc_value_is(get(p, LRC_FIELD_lora_type), "LoKr") || strcmp(v->text, "-1") == 0)
        return 0;
    return push_value_arg(p, c, AT_NETWORK_ARGS, "network_args", c->key, c->key, v, err);
}

// A key of config.toml that the network module reads from network_args, if `known`; else nothing reads it.
static int move_to_network_args(train_plan *p, const correction *c, const char *key, bool known, lrc_err *err)
{
    train_entry *e = train_plan_find(p, key);
    if (!e)
        return 0;
    const lrc_train_value v = e->value;
    const char *field = e->field;
    if (drop(p, c, e, err) < 0)
        return -1;
    return known ? push_value_arg(p, c, AT_NETWORK_ARGS, "network_args", field, key, &v, err) : 0;
}

static int move_adapter_options(train_plan *p, const correction *c, lrc_err *err)
{
    static const char *const conv[] = {"conv_dim", "conv_alpha"}, *const dropout[] = {"rank_dropout", "module_dropout"};
    const bool has_conv = is_lycoris(p) || lrc_train_family(p->request) != LRC_FAMILY_ANIMA;
    for (int i = 0; i < 2; i++)
        if (move_to_network_args(p, c, conv[i], has_conv, err) < 0)
            return -1;
    for (int i = 0; i < 2; i++)
        if (move_to_network_args(p, c, dropout[i], true, err) < 0)
            return -1;
    return 0;
}

// Only networks.lora, for the U-Net families, knows blocks.
static int move_block_options(train_plan *p, const correction *c, lrc_err *err)
{
    const lrc_family_id family = lrc_train_family(p->request);
    const bool known =
        p->mode == LRC_MODE_LORA && !is_lycoris(p) && (family == LRC_FAMILY_SD15 || family == LRC_FAMILY_SDXL);
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)i);
        if (f->group == LRC_GROUP_BLOCKS && move_to_network_args(p, c, f->name, known, err) < 0)
            return -1;
    }
    return 0;
}

// ---- Whole models ----------------------------------------------------------------------------------------------------

static int name_script(train_plan *p, const correction *c, lrc_err *err)
{
    const char *was = lrc_script_file(p->family->script[p->mode]), *now = lrc_script_file(p->script);
    lrc_train_value before, after;
    if (!was || strcmp(was, now) == 0)
        return 0;
    if (lrc_value_text(&p->arena, was, strlen(was), &before, err) < 0 ||
        lrc_value_text(&p->arena, now, strlen(now), &after, err) < 0)
        return -1;
    return report(p, c, "training_mode", c->key, &before, &after, err);
}

static int pass_learning_rate(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    if (p->mode != LRC_MODE_CHECKPOINT || !e)
        return 0;
    const lrc_train_value rate = e->value;
    if (drop(p, c, e, err) < 0)
        return -1;
    return add(p, c, AT_LEARNING_RATE, "learning_rate", c->key, &rate, err);
}

// train_db.py trains them unless it is told not to.
static int stop_text_encoders(train_plan *p, const correction *c, lrc_err *err)
{
    static const char key[] = "stop_text_encoder_training";
    lrc_train_value never;
    if (!lrc_script_knows(p->script, key))
        return 0;
    return lrc_value_int(&p->arena, -1, &never, err) < 0 ? -1 : add(p, c, AT_TEXT_ENCODER, key, c->key, &never, err);
}

// Text encoders are trained when the request gives them a learning rate and does not cache their outputs.
static int pass_text_encoder_rate(train_plan *p, const correction *c, lrc_err *err)
{
    static const char *const rate_key[] = {"learning_rate_te", "learning_rate_te1", "learning_rate_te2"};
    const lrc_train_value *rate = get(p, LRC_FIELD_text_encoder_lr), yes = lrc_value_bool(true);
    const bool cached =
        get(p, LRC_FIELD_cache_text_encoder_outputs)->flag && lrc_script_knows(p->script, "cache_text_encoder_outputs");
    if (p->mode != LRC_MODE_CHECKPOINT)
        return 0;
    if (rate->omitted || !(rate->number > 0) || cached)
        return stop_text_encoders(p, c, err);
    if (lrc_script_knows(p->script, "train_text_encoder") &&
        add(p, c, AT_TEXT_ENCODER, "train_text_encoder", c->key, &yes, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof rate_key / sizeof rate_key[0]; i++)
        if (lrc_script_knows(p->script, rate_key[i]) &&
            add(p, c, AT_TEXT_ENCODER + 1 + (int)i, rate_key[i], c->key, rate, err) < 0)
            return -1;
    return 0;
}

static int save_what_the_script_can(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    return p->mode == LRC_MODE_CHECKPOINT && lrc_value_is(&e->value, "pt") ? set_text(p, c, e, "safetensors", err) : 0;
}

// ---- Families --------------------------------------------------------------------------------------------------------

static int pass_autoencoder(train_plan *p, const correction *c, lrc_err *err)
{
    const lrc_family_id family = lrc_train_family(p->request);
    const lrc_train_value *ae = get(p, LRC_FIELD_ae_path);
    const char *path = NULL;
    lrc_train_value v;
    if ((family != LRC_FAMILY_ANIMA && family != LRC_FAMILY_HUNYUAN) || !lrc_value_filled(ae) ||
        train_plan_find(p, c->key))
        return 0;
    if (train_path_here(p, "ae_path", ae, &path, err) < 0 || lrc_value_text(&p->arena, path, strlen(path), &v, err) < 0)
        return -1;
    return add(p, c, AT_VAE, c->key, "ae_path", &v, err);
}

static int mask_captions_of_chroma(train_plan *p, const correction *c, lrc_err *err)
{
    const lrc_train_value yes = lrc_value_bool(true);
    if (lrc_train_family(p->request) != LRC_FAMILY_CHROMA || train_plan_find(p, c->key))
        return 0;
    return add(p, c, AT_MASK, c->key, c->key, &yes, err);
}

static int write_guidance_of_one(train_plan *p, const correction *c, lrc_err *err)
{
    if (lrc_train_family(p->request) != LRC_FAMILY_FLUX || train_plan_find(p, c->key))
        return 0;
    return add(p, c, AT_GUIDANCE, c->key, c->key, get(p, LRC_FIELD_guidance_scale), err);
}

// The place of a field that the reference keeps to some families, although this family's script has the option too.
static const lrc_field_place *kept_back(const train_plan *p, const lrc_train_field *f)
{
    const unsigned family = 1u << lrc_train_family(p->request);
    const lrc_field_place *found = NULL;
    for (int i = 0; i < LRC_FIELD_PLACES; i++) {
        const lrc_field_place *place = &f->place[i];
        if (place->in != LRC_IN_CONFIG || !place->families ||
            !lrc_script_knows(p->script, place->key ? place->key : f->name))
            continue;
        if (place->families & family)
            return NULL;
        found = place;
    }
    return f->families & family ? found : NULL;
}

static int write_options_kept_back(train_plan *p, const correction *c, lrc_err *err)
{
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)i);
        const lrc_train_value *v = get(p, (lrc_field_id)i);
        const lrc_field_place *place = v->omitted || v->type == LRC_VALUE_NULL ? NULL : kept_back(p, f);
        const bool nothing = (v->type == LRC_VALUE_BOOL && !v->flag) || (v->type == LRC_VALUE_INT && v->text[0] == '0');
        if (place && !nothing && !train_plan_find(p, place->key ? place->key : f->name) &&
            add(p, c, place->at, place->key ? place->key : f->name, f->name, v, err) < 0)
            return -1;
    }
    return 0;
}

// ---- Single values ---------------------------------------------------------------------------------------------------

static int leave_out_shortest_captions(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    return lrc_value_to_i64(&e->value) == 75 ? drop(p, c, e, err) : 0; // which is what the trainer does without it
}

static int write_flag(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    const lrc_train_value flag = lrc_value_bool(lrc_value_to_i64(&e->value) != 0);
    return set(p, c, e, &flag, err);
}

static int leave_out_no_discount(train_plan *p, const correction *c, lrc_err *err)
{
    train_entry *e = train_plan_find(p, c->key);
    return e && get(p, LRC_FIELD_multires_noise_discount)->omitted ? drop(p, c, e, err) : 0;
}

// ---- The table -------------------------------------------------------------------------------------------------------

static const correction table[] = {
#define CORRECTION(id, apply, key, reference, studio) {id, apply, key, reference, studio},
#include "train/correction_rows.h"
#undef CORRECTION
};
#define COUNT (sizeof table / sizeof table[0])

int train_correct(train_plan *p, lrc_err *err)
{
    for (size_t i = 0; i < COUNT; i++)
        if (table[i].apply && table[i].apply(p, &table[i], err) < 0)
            return -1;
    return 0;
}

// Both texts are the caller's to hand over to the output.
static int render_both(const lrc_train_value *was, const lrc_train_value *now, char **ret_was, char **ret_now,
                       lrc_err *err)
{
    lrc_auto_buf lrc_buf before;
    lrc_auto_buf lrc_buf after;
    lrc_auto_free char *was_text = NULL;
    lrc_buf_init(&before, REPORT_MAX);
    lrc_buf_init(&after, REPORT_MAX);
    if (was)
        train_render_value(was, LRC_TOML_KIT, &before);
    if (now)
        train_render_value(now, LRC_TOML_KIT, &after);
    if (lrc_buf_take(&before, "correction", &was_text, NULL, err) < 0 ||
        lrc_buf_take(&after, "correction", ret_now, NULL, err) < 0)
        return -1;
    *ret_was = lrc_take(was_text);
    return 0;
}

int train_report(train_plan *p, const char *id, const char *why, const char *field, const char *key,
                 const lrc_train_value *was, const lrc_train_value *now, lrc_err *err)
{
    lrc_train_output *out = p->out;
    if (out->correction_count == p->correction_cap) {
        const size_t cap = p->correction_cap ? p->correction_cap * 2 : 16;
        lrc_train_correction *grown = realloc(out->correction, cap * sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        out->correction = grown;
        p->correction_cap = cap;
    }
    lrc_train_correction one = {.id = id, .field = field, .key = key, .why = why};
    if (render_both(was, now, &one.was, &one.now, err) < 0)
        return -1;
    out->correction[out->correction_count++] = one;
    return 0;
}

int train_report_text(train_plan *p, const train_entry *e, lrc_err *err)
{
    lrc_auto_buf lrc_buf was;
    lrc_buf_init(&was, REPORT_MAX);
    train_render_value(&e->value, LRC_TOML_PY, &was);
    for (size_t i = 0; i < COUNT; i++) {
        char *text = NULL;
        if (strcmp(table[i].id, "B19") != 0)
            continue;
        if (report(p, &table[i], e->field, e->key, NULL, &e->value, err) < 0 ||
            lrc_buf_take(&was, "correction", &text, NULL, err) < 0)
            return -1;
        lrc_train_correction *last = &p->out->correction[p->out->correction_count - 1];
        free(last->was);
        last->was = text;
    }
    return 0;
}

void lrc_train_explain_corrections(lrc_buf *b)
{
    for (size_t i = 0; i < COUNT; i++)
        lrc_buf_addf(b, "- **%s** `%s`\n  The reference %s\n  Studio: %s.\n", table[i].id, table[i].key,
                     table[i].reference, table[i].studio);
}
