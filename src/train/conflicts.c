// SPDX-License-Identifier: MIT
// Settings that the trainer stops at after it has loaded the model: said before it starts. One function per rule.
#include <string.h>

#include "train/plan.h"

#define CONFLICT_MAX 500 // bytes of a message

int train_conflict(train_plan *p, const char *field, const char *remedy, lrc_err *err, const char *fmt, ...)
{
    char message[CONFLICT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    return lrc_findings_add(p->findings, LRC_FINDING_ERROR, "conflict", field, NULL, remedy, err, "%s", message);
}

static const lrc_train_value *get(const train_plan *p, lrc_field_id id)
{
    return lrc_train_get(p->request, id);
}

static const lrc_choice *choice(const train_plan *p, lrc_choices_id list, lrc_field_id id)
{
    return lrc_choices_find(list, get(p, id)->text, get(p, id)->len);
}

static int check_script(train_plan *p, lrc_err *err)
{
    if (p->script != LRC_SCRIPT_NONE)
        return 0;
    return train_conflict(p, "training_mode", "choose training_mode 'lora'", err,
                          "%s has no script that trains a whole model", p->family->title);
}

static bool has_arg(const lrc_train_value *args, const char *arg)
{
    for (size_t i = 0; i < args->count; i++)
        if (lrc_value_is(&args->item[i], arg))
            return true;
    return false;
}

// The trainer puts its own scheduler in place of the chosen one for AdaFactor, unless relative_step is off.
static int check_adafactor(train_plan *p, const lrc_train_value *args, bool *ret_own, lrc_err *err)
{
    const lrc_choice *scheduler = choice(p, LRC_CHOICES_SCHEDULERS, LRC_FIELD_lr_scheduler);
    const bool optimizer = lrc_value_is(get(p, LRC_FIELD_optimizer_type), "AdaFactor");
    *ret_own = optimizer && !has_arg(args, "relative_step=False") && !(scheduler->flags & LRC_CHOICE_RESTARTS);
    if (strcmp(scheduler->name, "adafactor") != 0 || *ret_own)
        return 0;
    if (!optimizer)
        return train_conflict(p, "lr_scheduler", "choose the optimizer AdaFactor, or another scheduler", err,
                              "the scheduler 'adafactor' works with the optimizer AdaFactor only, not with %s",
                              get(p, LRC_FIELD_optimizer_type)->text);
    return train_conflict(p, "lr_scheduler", "choose 'constant' or 'constant_with_warmup'", err,
                          "the scheduler 'adafactor' needs AdaFactor's relative_step, which optimizer_args switch off");
}

static int check_warmup(train_plan *p, bool own_scheduler, lrc_err *err)
{
    const lrc_choice *scheduler = choice(p, LRC_CHOICES_SCHEDULERS, LRC_FIELD_lr_scheduler);
    const lrc_choice *optimizer = choice(p, LRC_CHOICES_OPTIMIZERS, LRC_FIELD_optimizer_type);
    const bool steps = lrc_value_to_i64(get(p, LRC_FIELD_lr_warmup_steps)) > 0;
    if (!steps && !(get(p, LRC_FIELD_lr_warmup_ratio)->number > 0))
        return 0;
    if (optimizer->flags & LRC_CHOICE_OWN_SCHEDULE) // the trainer looks at no other
        return 0;
    const char *field = steps ? "lr_warmup_steps" : "lr_warmup_ratio";
    if (own_scheduler)
        return train_conflict(p, field, "set the warm-up to 0, or relative_step=False in optimizer_args", err,
                              "AdaFactor with relative_step has its own schedule, which takes no warm-up");
    if (!(scheduler->flags & LRC_CHOICE_NO_WARMUP))
        return 0;
    return train_conflict(p, field,
                          "set the warm-up to 0, or choose another scheduler (constant_with_warmup, cosine, …)", err,
                          "the scheduler '%s' takes no warm-up", scheduler->name);
}

static int check_schedule(train_plan *p, lrc_err *err)
{
    lrc_train_value args = {.type = LRC_VALUE_NULL};
    bool own_scheduler = false;
    if (train_read_optimizer_args(&p->arena, get(p, LRC_FIELD_optimizer_args), &args, err) < 0)
        return -1;
    for (size_t i = 0; i < args.count; i++) {
        const char *fault = train_check_optimizer_arg(&args.item[i]);
        if (fault && train_conflict(p, "optimizer_args", "write name=value, parted by blanks; text values in quotes",
                                    err, "'%.100s' %s", args.item[i].text, fault) < 0)
            return -1;
    }
    return check_adafactor(p, &args, &own_scheduler, err) < 0 ? -1 : check_warmup(p, own_scheduler, err);
}

static int check_buckets(train_plan *p, lrc_err *err)
{
    const int64_t size = lrc_value_to_i64(get(p, LRC_FIELD_resolution));
    const int64_t least = lrc_value_to_i64(get(p, LRC_FIELD_min_bucket_reso));
    const int64_t most = lrc_value_to_i64(get(p, LRC_FIELD_max_bucket_reso));
    if (!get(p, LRC_FIELD_enable_bucket)->flag)
        return 0;
    if (size < least &&
        train_conflict(p, "min_bucket_reso", "lower it, or raise resolution", err,
                       "min_bucket_reso %lld is above the resolution %lld", (long long)least, (long long)size) < 0)
        return -1;
    if (size > most)
        return train_conflict(p, "max_bucket_reso", "raise it, or lower resolution", err,
                              "max_bucket_reso %lld is below the resolution %lld", (long long)most, (long long)size);
    return 0;
}

static int check_tracker(train_plan *p, lrc_err *err)
{
    const lrc_train_value *v = get(p, LRC_FIELD_log_with);
    if (!lrc_value_filled(v) || lrc_value_is(v, "none"))
        return 0;
    if (!lrc_choices_find(LRC_CHOICES_TRACKERS, v->text, v->len))
        return train_conflict(p, "log_with", "tensorboard, wandb, all, or none", err,
                              "the trainer knows no tracker '%.60s'", v->text);
    if (!lrc_value_is(v, "wandb") && !lrc_value_filled(get(p, LRC_FIELD_logging_dir)))
        return train_conflict(p, "logging_dir", "name a folder for the logs", err, "log_with '%s' needs a logging_dir",
                              v->text);
    return 0;
}

static int check_attn_mode(train_plan *p, lrc_err *err)
{
    const lrc_train_value *v = get(p, LRC_FIELD_attn_mode);
    if (!lrc_value_filled(v) || !lrc_script_knows(p->script, "attn_mode") ||
        lrc_choices_find(LRC_CHOICES_ATTN_MODES, v->text, v->len))
        return 0;
    return train_conflict(p, "attn_mode", "torch, xformers, flash, sageattn or sdpa", err,
                          "the trainer knows no attention '%.60s'", v->text);
}

static int check_token_length(train_plan *p, lrc_err *err)
{
    const int64_t n = lrc_value_to_i64(get(p, LRC_FIELD_max_token_length));
    if (n == 75 || n == 150 || n == 225)
        return 0;
    return train_conflict(p, "max_token_length", "75, 150 or 225", err,
                          "the trainer reads captions of 75, 150 or 225 tokens");
}

int train_find_conflicts(train_plan *p, lrc_err *err)
{
    static int (*const rule[])(train_plan *, lrc_err *) = {check_script,         check_schedule,  check_buckets,
                                                           check_tracker,        check_attn_mode, check_token_length,
                                                           train_find_exclusions};
    const size_t before = p->findings->count;
    for (size_t i = 0; i < sizeof rule / sizeof rule[0]; i++)
        if (rule[i](p, err) < 0)
            return -1;
    if (p->findings->count == before)
        return 0;
    const lrc_finding *first = &p->findings->item[before];
    const size_t count = p->findings->count - before;
    lrc_fail_field(err, LRC_ERR_INVALID, first->field, "%s: %s", first->field, first->message);
    return count > 1 ? lrc_wrap(err, "the trainer would stop at %zu settings", count)
                     : lrc_wrap(err, "the trainer would stop");
}
