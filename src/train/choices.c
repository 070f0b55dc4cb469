// SPDX-License-Identifier: MIT
#include "train/choices.h"

#include <string.h>

#include "train/families.h"

#define EASY     "LoraEasyCustomOptimizer."
#define FREE     "schedulefree."
#define LYCORIS  "lycoris.kohya"
#define DECAY    LRC_CHOICE_ARGS_DECAY
#define RESTARTS (LRC_CHOICE_RESTARTS | LRC_CHOICE_NO_WARMUP)

static const lrc_choice modes[] = {
    [LRC_MODE_LORA] = {"lora", NULL, {NULL}, 0},
    [LRC_MODE_CHECKPOINT] = {"checkpoint", NULL, {NULL}, 0},
};

// The module of a plain LoRA depends on the family (families.c).
static const lrc_choice lora_types[] = {
    {"LoRA", NULL, {NULL}, 0},
    {"LoCon", LYCORIS, {"algo=locon"}, 0},
    {"LoHa", LYCORIS, {"algo=loha"}, 0},
    {"LoKr", LYCORIS, {"algo=lokr"}, 0},
    {"DoRA", LYCORIS, {"algo=lora", "weight_decompose=True"}, 0},
    {"Full", LYCORIS, {"algo=full"}, 0},
    {"IA3", LYCORIS, {"algo=ia3"}, 0},
    {"DyLoRA", LYCORIS, {"algo=dylora"}, 0},
    {"GLoRA", LYCORIS, {"algo=glora"}, 0},
    {"Diag-OFT", LYCORIS, {"algo=diag-oft"}, 0},
    {"BOFT", LYCORIS, {"algo=boft"}, 0},
    {"ABBA", LYCORIS, {"algo=abba"}, 0},
    {"TLoRA", LYCORIS, {"algo=tlora"}, 0},
};

static const lrc_choice optimizers[] = {
    {"AdamW", NULL, {NULL}, 0},
    {"AdamW8bit", NULL, {NULL}, 0},
    {"Lion", NULL, {NULL}, 0},
    {"Lion8bit", NULL, {NULL}, 0},
    {"AdaFactor", NULL, {NULL}, 0},
    {"DAdaptation", NULL, {NULL}, 0},
    {"DAdaptAdam", NULL, {NULL}, 0},
    {"DAdaptAdaGrad", NULL, {NULL}, 0},
    {"DAdaptAdan", NULL, {NULL}, 0},
    {"DAdaptSGD", NULL, {NULL}, 0},
    {"Prodigy", NULL, {NULL}, 0},
    {"CAME", EASY "came.CAME", {NULL}, DECAY},
    {"SGDNesterov", NULL, {NULL}, 0},
    {"SGDNesterov8bit", NULL, {NULL}, 0},
    {"Compass", EASY "compass.Compass", {NULL}, DECAY},
    {"LPFAdamW", EASY "lpfadamw.LPFAdamW", {NULL}, DECAY},
    {"RMSProp", EASY "rmsprop.RMSProp", {NULL}, DECAY},
    {"AMUSE", EASY "amuse.AMUSE", {NULL}, DECAY},
    {"MODA", EASY "moda.MODA", {NULL}, DECAY},
    {"SODA", EASY "soda.SODA", {NULL}, DECAY},
    {"AdamWScheduleFree", FREE "AdamWScheduleFree", {NULL}, DECAY | LRC_CHOICE_OWN_SCHEDULE},
    {"SGDScheduleFree", FREE "SGDScheduleFree", {NULL}, DECAY | LRC_CHOICE_OWN_SCHEDULE},
    {"RAdamScheduleFree", FREE "RAdamScheduleFree", {NULL}, DECAY | LRC_CHOICE_OWN_SCHEDULE},
};

static const lrc_choice schedulers[] = {
    {"constant", NULL, {NULL}, LRC_CHOICE_NO_WARMUP},
    {"constant_with_warmup", NULL, {NULL}, 0},
    {"cosine", NULL, {NULL}, 0},
    {"cosine_with_restarts", NULL, {NULL}, 0},
    {"linear", NULL, {NULL}, 0},
    {"polynomial", NULL, {NULL}, 0},
    {"adafactor", NULL, {NULL}, 0},
    {"rex", EASY "RexAnnealingWarmRestarts.RexAnnealingWarmRestarts", {NULL}, RESTARTS},
    {"cosine_annealing", EASY "CosineAnnealingWarmRestarts.CosineAnnealingWarmRestarts", {NULL}, RESTARTS},
};

#define PLAIN(name) {name, NULL, {NULL}, 0}
static const lrc_choice mixed_precisions[] = {PLAIN("fp16"), PLAIN("bf16"), PLAIN("no")};
static const lrc_choice attentions[] = {PLAIN("sdpa"), PLAIN("xformers"), PLAIN("mem_eff_attn"), PLAIN("none")};
static const lrc_choice save_precisions[] = {PLAIN("float"), PLAIN("fp16"), PLAIN("bf16")};
static const lrc_choice save_formats[] = {PLAIN("safetensors"), PLAIN("ckpt"), PLAIN("pt")};
static const lrc_choice timestep_samplings[] = {PLAIN("sigma"), PLAIN("uniform"), PLAIN("sigmoid"), PLAIN("shift"),
                                                PLAIN("flux_shift")};
static const lrc_choice predictions[] = {PLAIN("raw"), PLAIN("additive"), PLAIN("sigma_scaled")};
static const lrc_choice samplers[] = {
    PLAIN("ddim"),    PLAIN("pndm"),      PLAIN("lms"),       PLAIN("euler"),       PLAIN("euler_a"),   PLAIN("heun"),
    PLAIN("dpm_2"),   PLAIN("dpm_2_a"),   PLAIN("dpmsolver"), PLAIN("dpmsolver++"), PLAIN("dpmsingle"), PLAIN("k_lms"),
    PLAIN("k_euler"), PLAIN("k_euler_a"), PLAIN("k_dpm_2"),   PLAIN("k_dpm_2_a"),
};
static const lrc_choice trackers[] = {PLAIN("tensorboard"), PLAIN("wandb"), PLAIN("all")};
static const lrc_choice attn_modes[] = {PLAIN("torch"), PLAIN("xformers"), PLAIN("flash"), PLAIN("sageattn"),
                                        PLAIN("sdpa")};

#define LIST(array) {array, sizeof array / sizeof array[0]}
static const struct {
    const lrc_choice *item;
    size_t count;
} list[LRC_CHOICES_MAX_] = {
    [LRC_CHOICES_FAMILIES] = {NULL, LRC_FAMILY_MAX_}, [LRC_CHOICES_MODES] = LIST(modes),
    [LRC_CHOICES_LORA_TYPES] = LIST(lora_types),      [LRC_CHOICES_OPTIMIZERS] = LIST(optimizers),
    [LRC_CHOICES_SCHEDULERS] = LIST(schedulers),      [LRC_CHOICES_MIXED_PRECISIONS] = LIST(mixed_precisions),
    [LRC_CHOICES_ATTENTIONS] = LIST(attentions),      [LRC_CHOICES_SAVE_PRECISIONS] = LIST(save_precisions),
    [LRC_CHOICES_SAVE_FORMATS] = LIST(save_formats),  [LRC_CHOICES_TIMESTEP_SAMPLINGS] = LIST(timestep_samplings),
    [LRC_CHOICES_PREDICTIONS] = LIST(predictions),    [LRC_CHOICES_SAMPLERS] = LIST(samplers),
    [LRC_CHOICES_TRACKERS] = LIST(trackers),          [LRC_CHOICES_ATTN_MODES] = LIST(attn_modes),
};

size_t lrc_choices_count(lrc_choices_id id)
{
    return list[id].count;
}

const char *lrc_choices_name(lrc_choices_id id, size_t index)
{
    return id == LRC_CHOICES_FAMILIES ? lrc_family_get((lrc_family_id)index)->name : list[id].item[index].name;
}

const lrc_choice *lrc_choices_find(lrc_choices_id id, const char *name, size_t n)
{
    for (size_t i = 0; list[id].item && i < list[id].count; i++)
        if (strlen(list[id].item[i].name) == n && memcmp(list[id].item[i].name, name, n) == 0)
            return &list[id].item[i];
    return NULL;
}
