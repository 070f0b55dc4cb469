// SPDX-License-Identifier: MIT
// B34: settings that exclude each other. The trainer's scripts assert these, most of them after the model is loaded; each
// rule was read there and tried against the scripts' own checks. Native families have their own judge and none of these.
#include "train/plan.h"

static const lrc_train_value *get(const train_plan *p, lrc_field_id id)
{
    return lrc_train_get(p->request, id);
}

static bool is_on(const train_plan *p, lrc_field_id id)
{
    return get(p, id)->type == LRC_VALUE_BOOL && get(p, id)->flag;
}

static bool is_above_0(const train_plan *p, lrc_field_id id)
{
    const lrc_train_value *v = get(p, id);
    return v->type == LRC_VALUE_INT ? lrc_value_to_i64(v) > 0 : v->type == LRC_VALUE_FLOAT && v->number > 0;
}

static int check_latents(train_plan *p, lrc_err *err)
{
    if (!is_on(p, LRC_FIELD_cache_latents) && !is_on(p, LRC_FIELD_cache_latents_to_disk))
        return 0;
    static const lrc_field_id changing[] = {LRC_FIELD_random_crop, LRC_FIELD_color_aug};
    for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++)
        if (is_on(p, changing[i]) &&
            train_conflict(p, lrc_train_field_get(changing[i])->name, "switch it off, or cache_latents", err,
                           "pictures that change each time cannot be kept as latents") < 0)
            return -1;
    return 0;
}

// Captions that change each time cannot be kept as the text encoder's output. Anima's scripts can leave captions out all
// the same; Lumina's LoRA script does not look.
static int check_cached_captions(train_plan *p, lrc_err *err)
{
    static const struct {
        lrc_field_id id;
        bool anima_can;
    } changing[] = {{LRC_FIELD_shuffle_caption, false},
                    {LRC_FIELD_caption_dropout_rate, true},
                    {LRC_FIELD_caption_tag_dropout_rate, false}};
    const bool anima = p->script == LRC_SCRIPT_ANIMA_TRAIN || p->script == LRC_SCRIPT_ANIMA_TRAIN_NETWORK;
    for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++) {
        const bool changes = is_on(p, changing[i].id) || is_above_0(p, changing[i].id);
        if (p->script == LRC_SCRIPT_LUMINA_TRAIN_NETWORK || !changes || (anima && changing[i].anima_can))
            continue;
        if (train_conflict(p, lrc_train_field_get(changing[i].id)->name, "switch it off, or cache_text_encoder_outputs",
                           err, "captions that change each time cannot be kept as the text encoder's output") < 0)
            return -1;
    }
    return 0;
}

static int check_captions(train_plan *p, lrc_err *err)
{
    if (!lrc_script_knows(p->script, "cache_text_encoder_outputs") ||
        (!is_on(p, LRC_FIELD_cache_text_encoder_outputs) && !is_on(p, LRC_FIELD_cache_text_encoder_outputs_to_disk)))
        return 0;
    if (check_cached_captions(p, err) < 0)
        return -1;
    const bool frozen_only = p->script == LRC_SCRIPT_SDXL_TRAIN_NETWORK || p->script == LRC_SCRIPT_ANIMA_TRAIN_NETWORK;
    if (frozen_only && !is_on(p, LRC_FIELD_network_train_unet_only) &&
        train_conflict(p, "network_train_unet_only", "switch it on, or cache_text_encoder_outputs off", err,
                       "text encoders whose output is kept cannot be trained") < 0)
        return -1;
    if (p->script == LRC_SCRIPT_SDXL_TRAIN && is_on(p, LRC_FIELD_weighted_captions))
        return train_conflict(p, "weighted_captions", "switch it off, or cache_text_encoder_outputs", err,
                              "weighted captions need the text encoders in each step");
    return 0;
}

static int check_precisions(train_plan *p, lrc_err *err)
{
    static const struct {
        lrc_field_id id;
        const char *needs;
    } full[] = {{LRC_FIELD_full_fp16, "fp16"}, {LRC_FIELD_full_bf16, "bf16"}};
    for (size_t i = 0; i < sizeof full / sizeof full[0]; i++)
        if (is_on(p, full[i].id) && lrc_script_knows(p->script, lrc_train_field_get(full[i].id)->name) &&
            !lrc_value_is(get(p, LRC_FIELD_mixed_precision), full[i].needs))
            return train_conflict(p, lrc_train_field_get(full[i].id)->name, "switch it off, or choose that precision",
                                  err, "this needs mixed_precision '%s'", full[i].needs);
    return 0;
}

static int check_velocity(train_plan *p, lrc_err *err)
{
    const bool velocity = is_on(p, LRC_FIELD_v_parameterization);
    if (!lrc_script_knows(p->script, "v_parameterization"))
        return 0;
    if (velocity && is_above_0(p, LRC_FIELD_v_pred_like_loss) &&
        train_conflict(p, "v_pred_like_loss", "leave it empty, or switch v_parameterization off", err,
                       "this is for models that predict noise; v_parameterization says that this one does not") < 0)
        return -1;
    if (!velocity && is_on(p, LRC_FIELD_scale_v_pred_loss_like_noise_pred))
        return train_conflict(p, "scale_v_pred_loss_like_noise_pred", "switch it off, or v_parameterization on", err,
                              "this is for models that predict velocity");
    return 0;
}

// What a bucket's sides must be a multiple of.
static int check_bucket_steps(train_plan *p, lrc_err *err)
{
    static const int64_t multiple[LRC_SCRIPT_MAX_] = {
        [LRC_SCRIPT_FINE_TUNE] = 64,
        [LRC_SCRIPT_TRAIN_NETWORK] = 64,
        [LRC_SCRIPT_SDXL_TRAIN] = 32,
        [LRC_SCRIPT_SDXL_TRAIN_NETWORK] = 32,
        [LRC_SCRIPT_FLUX_TRAIN] = 16,
        [LRC_SCRIPT_FLUX_TRAIN_NETWORK] = 64,
        [LRC_SCRIPT_SD3_TRAIN] = 8,
        [LRC_SCRIPT_SD3_TRAIN_NETWORK] = 32,
        [LRC_SCRIPT_LUMINA_TRAIN] = 16,
        [LRC_SCRIPT_LUMINA_TRAIN_NETWORK] = 64,
        [LRC_SCRIPT_ANIMA_TRAIN] = 16,
        [LRC_SCRIPT_ANIMA_TRAIN_NETWORK] = 16,
        [LRC_SCRIPT_HUNYUAN_IMAGE_TRAIN_NETWORK] = 64,
        [LRC_SCRIPT_TRAIN_DB] = 64,
    };
    const lrc_train_value *v = get(p, LRC_FIELD_bucket_reso_steps);
    const int64_t step = multiple[p->script];
    if (!is_on(p, LRC_FIELD_enable_bucket) || v->type != LRC_VALUE_INT || lrc_value_to_i64(v) % step == 0)
        return 0;
    return train_conflict(p, "bucket_reso_steps", "choose such a number, or leave it empty for 64", err,
                          "%s takes multiples of %lld only", p->family->title, (long long)step);
}

static int check_offload(train_plan *p, lrc_err *err)
{
    if (!lrc_script_knows(p->script, "unsloth_offload_checkpointing") ||
        !is_on(p, LRC_FIELD_unsloth_offload_checkpointing) || !is_above_0(p, LRC_FIELD_blocks_to_swap))
        return 0;
    return train_conflict(p, "blocks_to_swap", "set it to 0, or switch unsloth_offload_checkpointing off", err,
                          "blocks are not swapped while checkpoints are moved to main memory");
}

int train_find_exclusions(train_plan *p, lrc_err *err)
{
    static int (*const rule[])(train_plan *, lrc_err *) = {check_latents,  check_captions,     check_precisions,
                                                           check_velocity, check_bucket_steps, check_offload};
    if (p->family->native || p->script == LRC_SCRIPT_NONE)
        return 0;
    for (size_t i = 0; i < sizeof rule / sizeof rule[0]; i++)
        if (rule[i](p, err) < 0)
            return -1;
    return 0;
}
