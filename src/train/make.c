// SPDX-License-Identifier: MIT
// The value or values that a place of a field gets: column `how` of the table. This is what the reference writes; what
// studio writes instead is in corrections.c.
#include <string.h>

#include "base/num.h"
#include "base/path.h"
#include "train/plan.h"

#define REFERENCE_ITERATIONS 6 // of multires noise when the request names none

// What a place writes, handed to its maker.
struct making {
    train_plan *plan;
    const lrc_train_field *field;
    const lrc_field_place *place;
    const lrc_train_value *value; // of the request
    const char *key;
    size_t subset;
};

static int add_at(const struct making *m, int at, const char *key, const lrc_train_value *v, lrc_err *err)
{
    return train_plan_add(m->plan, m->place->in, m->subset, at, key, m->field->name, v, err);
}

static int add(const struct making *m, const lrc_train_value *v, lrc_err *err)
{
    return add_at(m, m->place->at, m->key, v, err);
}

static int add_text(const struct making *m, const char *s, lrc_err *err)
{
    lrc_train_value v;
    return lrc_value_text(&m->plan->arena, s, strlen(s), &v, err) < 0 ? -1 : add(m, &v, err);
}

// An omitted choice is still a Python Enum object when the reference writes it, and toml 0.10.2 writes it like a list of
// its letters. No trainer can start with that (correction B21).
static bool is_spelled(const struct making *m)
{
    const lrc_field_how how = m->place->how;
    return m->field->kind == LRC_KIND_CHOICE && m->value->omitted &&
           (how == LRC_HOW_AS_IS || how == LRC_HOW_SCHEDULER || how == LRC_HOW_OPTIMIZER) &&
           !(m->plan->options->fixed_enums && !m->plan->studio);
}

static int add_spelled(const struct making *m, lrc_err *err)
{
    lrc_train_value letters = {.type = LRC_VALUE_LIST};
    for (size_t i = 0; i < m->value->len; i++) {
        lrc_train_value letter;
        if (lrc_value_text(&m->plan->arena, m->value->text + i, 1, &letter, err) < 0 ||
            lrc_value_push(&m->plan->arena, &letters, &letter, err) < 0)
            return -1;
    }
    return add(m, &letters, err);
}

static int make_as_is(const struct making *m, lrc_err *err)
{
    if (m->field->kind != LRC_KIND_PATH)
        return add(m, m->value, err);
    const char *path = NULL;
    if (train_path_absolute(m->plan, m->field->name, m->value, &path, err) < 0)
        return -1;
    return add_text(m, path, err);
}

static int make_file_name(const struct making *m, bool dots, lrc_err *err)
{
    lrc_auto_free char *name = NULL;
    if (lrc_train_file_name(m->value, dots, &name, err) < 0)
        return -1;
    return add_text(m, name, err);
}

static int add_number(const struct making *m, int64_t n, lrc_err *err)
{
    lrc_train_value v;
    return lrc_value_int(&m->plan->arena, n, &v, err) < 0 ? -1 : add(m, &v, err);
}

static int make_resolution(const struct making *m, lrc_err *err)
{
    if (m->plan->family->scalar_resolution)
        return add(m, m->value, err);
    lrc_train_value pair = {.type = LRC_VALUE_LIST};
    for (int i = 0; i < 2; i++)
        if (lrc_value_push(&m->plan->arena, &pair, m->value, err) < 0)
            return -1;
    return add(m, &pair, err);
}

// As seen from the sd-scripts folder, which is the trainer's working directory.
static int make_image_dir(const struct making *m, lrc_err *err)
{
    lrc_auto_free char *relative = NULL;
    if (lrc_path_relative(&relative, m->plan->subset_dir[m->subset], m->plan->sd_scripts, err) < 0)
        return -1;
    return add_text(m, relative, err);
}

static int make_attention(const struct making *m, lrc_err *err)
{
    const lrc_train_value v = lrc_value_bool(lrc_value_is(m->value, m->key));
    return add(m, &v, err);
}

static int make_warmup(const struct making *m, lrc_err *err)
{
    if (lrc_value_to_i64(m->value) > 0)
        return add(m, m->value, err);
    return add(m, lrc_train_get(m->plan->request, LRC_FIELD_lr_warmup_ratio), err);
}

// ["gamma=0.9", "first_cycle_max_steps=120"]
static int make_scheduler_args(const struct making *m, lrc_err *err)
{
    lrc_train_value args = {.type = LRC_VALUE_LIST}, arg;
    lrc_arena *a = &m->plan->arena;
    char gamma[LRC_NUM_TEXT];
    const char *steps = NULL;
    lrc_num_repr(lrc_train_get(m->plan->request, LRC_FIELD_lr_scheduler_gamma)->number, gamma);
    if (lrc_value_textf(a, &arg, err, "gamma=%s", gamma) < 0 || lrc_value_push(a, &args, &arg, err) < 0)
        return -1;
    if (train_cycle_steps(m->plan, train_count_images, &steps, err) < 0 ||
        lrc_value_textf(a, &arg, err, "first_cycle_max_steps=%s", steps) < 0 || lrc_value_push(a, &args, &arg, err) < 0)
        return -1;
    return add_at(m, AT_SCHEDULER_ARGS, "lr_scheduler_args", &args, err);
}

static int make_scheduler(const struct making *m, lrc_err *err)
{
    const lrc_choice *scheduler = lrc_choices_find(LRC_CHOICES_SCHEDULERS, m->value->text, m->value->len);
    if (!(scheduler->flags & LRC_CHOICE_RESTARTS))
        return add(m, m->value, err);
    lrc_train_value class_path;
    if (lrc_value_text(&m->plan->arena, scheduler->trainer, strlen(scheduler->trainer), &class_path, err) < 0 ||
        add_at(m, m->place->at, "lr_scheduler_type", &class_path, err) < 0)
        return -1;
    return make_scheduler_args(m, err);
}

static const lrc_choice *optimizer_of(const train_plan *p)
{
    const lrc_train_value *v = lrc_train_get(p->request, LRC_FIELD_optimizer_type);
    return lrc_choices_find(LRC_CHOICES_OPTIMIZERS, v->text, v->len);
}

static int make_optimizer(const struct making *m, lrc_err *err)
{
    const lrc_choice *optimizer = optimizer_of(m->plan);
    return add_text(m, optimizer->trainer ? optimizer->trainer : optimizer->name, err);
}

static bool has_weight_decay(const lrc_train_value *args)
{
    for (size_t i = 0; i < args->count; i++)
        if (strncmp(args->item[i].text, "weight_decay=", strlen("weight_decay=")) == 0)
            return true;
    return false;
}

static int make_optimizer_args(const struct making *m, lrc_err *err)
{
    lrc_train_value args = {.type = LRC_VALUE_NULL}, arg;
    lrc_arena *a = &m->plan->arena;
    const double decay = lrc_train_get(m->plan->request, LRC_FIELD_weight_decay)->number;
    if (train_split_optimizer_args(a, m->value, &args, err) < 0)
        return -1;
    if (optimizer_of(m->plan)->flags & LRC_CHOICE_ARGS_DECAY && decay != 0 && !has_weight_decay(&args)) {
        char number[LRC_NUM_TEXT];
        lrc_num_repr(decay, number);
        if (lrc_value_textf(a, &arg, err, "weight_decay=%s", number) < 0 || lrc_value_push(a, &args, &arg, err) < 0)
            return -1;
    }
    return args.count ? add(m, &args, err) : 0;
}

static int make_network(const struct making *m, lrc_err *err)
{
    const lrc_choice *type = lrc_choices_find(LRC_CHOICES_LORA_TYPES, m->value->text, m->value->len);
    if (!type->trainer)
        return add_text(m, m->plan->family->reference_module, err);
    lrc_train_value args = {.type = LRC_VALUE_LIST}, arg;
    lrc_arena *a = &m->plan->arena;
    if (add_text(m, type->trainer, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof type->args / sizeof type->args[0] && type->args[i]; i++)
        if (lrc_value_textf(a, &arg, err, "%s", type->args[i]) < 0 || lrc_value_push(a, &args, &arg, err) < 0)
            return -1;
    return add_at(m, AT_NETWORK_ARGS, "network_args", &args, err);
}

int train_make(train_plan *p, const lrc_train_field *f, const lrc_field_place *place, const lrc_train_value *v,
               size_t subset, lrc_err *err)
{
    const struct making m = {p, f, place, v, place->key ? place->key : f->name, subset};
    const bool none = v->type == LRC_VALUE_NULL || lrc_value_to_i64(v) == 0;
    if (is_spelled(&m))
        return add_spelled(&m, err);
    switch (place->how) {
    case LRC_HOW_AS_IS: return make_as_is(&m, err);
    case LRC_HOW_FILE_NAME: return make_file_name(&m, false, err);
    case LRC_HOW_FILE_NAME_WITH_DOTS: return make_file_name(&m, true, err);
    case LRC_HOW_ONE_OR_ZERO: return add_number(&m, none ? 0 : 1, err);
    case LRC_HOW_RESOLUTION: return make_resolution(&m, err);
    case LRC_HOW_IMAGE_DIR: return make_image_dir(&m, err);
    case LRC_HOW_ATTENTION: return make_attention(&m, err);
    case LRC_HOW_ITERATIONS: return none ? add_number(&m, REFERENCE_ITERATIONS, err) : add(&m, v, err);
    case LRC_HOW_WARMUP: return make_warmup(&m, err);
    case LRC_HOW_SCHEDULER: return make_scheduler(&m, err);
    case LRC_HOW_OPTIMIZER: return make_optimizer(&m, err);
    case LRC_HOW_OPTIMIZER_ARGS: return make_optimizer_args(&m, err);
    case LRC_HOW_NETWORK: return make_network(&m, err);
    }
    return 0;
}
