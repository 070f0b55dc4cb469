// SPDX-License-Identifier: MIT
// Settings against each other. An error is what sd-scripts stops at (48d368f; the place is named), a warning what mostly is
// a mistake. train/conflicts.c has those that keep the files from being written.
#include <string.h>

#include "check/internal.h"

static bool on(const check_run *c, lrc_field_id id)
{
    return check_get(c, id)->flag;
}

static bool positive(const check_run *c, lrc_field_id id)
{
    const lrc_train_value *v = check_get(c, id);
    return v->type == LRC_VALUE_FLOAT ? v->number > 0 : lrc_value_to_i64(v) > 0;
}

static bool is_lora(const check_run *c)
{
    return lrc_train_mode_of(c->request) == LRC_MODE_LORA;
}

static bool caches_text(const check_run *c)
{
    if (!lrc_script_knows(c->script, "cache_text_encoder_outputs"))
        return false;
    return on(c, LRC_FIELD_cache_text_encoder_outputs) || on(c, LRC_FIELD_cache_text_encoder_outputs_to_disk);
}

static bool is_precision(const check_run *c, const char *name)
{
    return lrc_value_is(check_get(c, LRC_FIELD_mixed_precision), name);
}

#define STOPS(field, remedy, ...)       check_say(c, LRC_FINDING_ERROR, "conflict", field, remedy, err, __VA_ARGS__)
#define WARNS(code, field, remedy, ...) check_say(c, LRC_FINDING_WARNING, code, field, remedy, err, __VA_ARGS__)
#define TELLS(code, field, remedy, ...) check_say(c, LRC_FINDING_INFO, code, field, remedy, err, __VA_ARGS__)

static int captions(check_run *c, lrc_err *err)
{
    if (caches_text(c) && on(c, LRC_FIELD_enable_wildcard))
        return WARNS("cached_wildcard", "enable_wildcard", "switch off cache_text_encoder_outputs, or this",
                     "with cached text encoder outputs one line of each caption is chosen once and for all");
    return 0;
}

// train_network.py: fp8 is a form of half precision.
static int precision(check_run *c, lrc_err *err)
{
    if (on(c, LRC_FIELD_fp8_base) && is_lora(c) && is_precision(c, "no"))
        return STOPS("fp8_base", "set mixed_precision to bf16 or fp16", "fp8_base needs mixed_precision bf16 or fp16");
    return 0;
}

// sdxl_train_util.py, verify_sdxl_training_args(); the warning is train_util.py's.
static int prediction(check_run *c, lrc_err *err)
{
    if (on(c, LRC_FIELD_v2) && c->family == LRC_FAMILY_SDXL)
        return STOPS("v2", "switch it off", "v2 means Stable Diffusion 2 and cannot be had with SDXL");
    if (on(c, LRC_FIELD_zero_terminal_snr) && !on(c, LRC_FIELD_v_parameterization) &&
        (c->family == LRC_FAMILY_SD15 || c->family == LRC_FAMILY_SDXL))
        return WARNS("zero_snr", "zero_terminal_snr", "for models of noise prediction switch it off",
                     "zero_terminal_snr is meant for v-prediction models; others come out wrong");
    return 0;
}

// Without buckets the resolution itself is the size of every picture; networks halve it several times.
static int odd_resolution(check_run *c, lrc_err *err)
{
    enum { WHOLE = 64 };
    const int64_t size = check_int(c, LRC_FIELD_resolution);
    if (on(c, LRC_FIELD_enable_bucket) || c->script == LRC_SCRIPT_NONE || size % WHOLE == 0)
        return 0;
    return WARNS("odd_resolution", "resolution", "choose a multiple of it",
                 "without buckets the resolution %lld should be a multiple of %d", (long long)size, WHOLE);
}

// train_util.py, get_timesteps(): a random number from [min, max).
static int timesteps(check_run *c, lrc_err *err)
{
    const lrc_train_value *low = check_get(c, LRC_FIELD_min_timestep), *high = check_get(c, LRC_FIELD_max_timestep);
    const int64_t from = low->type == LRC_VALUE_INT ? lrc_value_to_i64(low) : 0;
    const int64_t to = high->type == LRC_VALUE_INT ? lrc_value_to_i64(high) : 1000;
    if (from < to)
        return 0;
    return STOPS("min_timestep", "lower it, or raise max_timestep", "there is no timestep from %lld to below %lld",
                 (long long)from, (long long)to);
}

// enable_block_swap() of library/flux_models.py, anima_models.py and others: two of each kind must stay.
static int swapping(check_run *c, lrc_err *err)
{
    const lrc_model_facts *m = &c->report->model;
    const int64_t asked = check_int(c, LRC_FIELD_blocks_to_swap);
    if (asked < 1 || !c->report->has_model || m->blocks < 2)
        return 0;
    const lrc_swapped out = lrc_estimate_swapped((uint64_t)asked, m->singles > 0);
    if (out.blocks + 2 <= m->blocks && (m->singles == 0 || out.singles + 2 <= m->singles))
        return 0;
    return STOPS("blocks_to_swap", "lower it",
                 "of the model's %llu blocks two of each kind must stay, and %lld are too many",
                 (unsigned long long)(m->blocks + m->singles), (long long)asked);
}

// Each family's own files; without them its script ends while loading. SD3's may lie inside the base model.
static int needed_files(check_run *c, lrc_err *err)
{
    enum { SD3S = 1 << LRC_FAMILY_SD3 | 1 << LRC_FAMILY_SD35, FLUXES = 1 << LRC_FAMILY_FLUX | 1 << LRC_FAMILY_CHROMA };
    static const struct {
        lrc_field_id field, other; // one of them
        unsigned families;
        const char *what;
    } row[] = {
        {LRC_FIELD_ae_path, LRC_FIELD_NONE, FLUXES | 1 << LRC_FAMILY_LUMINA, "an autoencoder (ae.safetensors)"},
        {LRC_FIELD_ae_path, LRC_FIELD_vae_path, 1 << LRC_FAMILY_ANIMA | 1 << LRC_FAMILY_HUNYUAN, "an autoencoder"},
        {LRC_FIELD_clip_l_path, LRC_FIELD_NONE, 1 << LRC_FAMILY_FLUX | SD3S, "the CLIP-L text encoder"},
        {LRC_FIELD_clip_g_path, LRC_FIELD_NONE, SD3S, "the CLIP-G text encoder"},
        {LRC_FIELD_t5xxl_path, LRC_FIELD_NONE, FLUXES | SD3S, "the T5-XXL text encoder"},
        {LRC_FIELD_gemma2, LRC_FIELD_NONE, 1 << LRC_FAMILY_LUMINA, "the Gemma 2 text encoder"},
        {LRC_FIELD_qwen3, LRC_FIELD_NONE, 1 << LRC_FAMILY_ANIMA, "the Qwen3 text encoder"},
        {LRC_FIELD_text_encoder_path, LRC_FIELD_NONE, 1 << LRC_FAMILY_HUNYUAN, "the Qwen2.5-VL text encoder"},
        {LRC_FIELD_byt5_path, LRC_FIELD_NONE, 1 << LRC_FAMILY_HUNYUAN, "the ByT5 text encoder"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const bool given = lrc_value_filled(check_get(c, row[i].field)) ||
                           (row[i].other && lrc_value_filled(check_get(c, row[i].other)));
        if (given || !(row[i].families & 1u << c->family))
            continue;
        if ((SD3S & 1u << c->family) && c->report->has_model && c->report->model.has_text_encoder)
            continue;
        if (check_say(c, LRC_FINDING_ERROR, "missing_file", lrc_train_field_get(row[i].field)->name, "name its file",
                      err, "%s needs %s", lrc_family_get(c->family)->title, row[i].what) < 0)
            return -1;
    }
    return 0;
}

static bool sets_own_rate(const check_run *c)
{
    const char *name = check_get(c, LRC_FIELD_optimizer_type)->text;
    return strcmp(name, "Prodigy") == 0 || strncmp(name, "DAdapt", 6) == 0;
}

static int rates(check_run *c, lrc_err *err)
{
    const double rate = check_get(c, LRC_FIELD_unet_lr)->number;
    if (sets_own_rate(c))
        return rate >= 0.1
                   ? 0
                   : WARNS("low_rate", "unet_lr", "1 is usual",
                           "%s finds its own rate and takes unet_lr as a factor: %g makes it learn next to nothing",
                           check_get(c, LRC_FIELD_optimizer_type)->text, rate);
    if (rate > 1e-3 && !lrc_family_get(c->family)->native)
        return WARNS("high_rate", "unet_lr", "1e-4 is usual", "a learning rate of %g mostly destroys the model", rate);
    return 0;
}

static int network(check_run *c, lrc_err *err)
{
    const int64_t dim = check_int(c, LRC_FIELD_network_dim), alpha = check_int(c, LRC_FIELD_network_alpha);
    if (!is_lora(c))
        return 0;
    if (lrc_value_is(check_get(c, LRC_FIELD_lora_type), "Full"))
        return WARNS("full_network", "lora_type", "choose LoRA, or training_mode checkpoint",
                     "'Full' trains every weight: memory and file are those of a whole model");
    if (dim > 128 && WARNS("high_dim", "network_dim", "8 to 64 is usual",
                           "a rank of %lld makes a large file that learns the pictures by heart", (long long)dim) < 0)
        return -1;
    if (alpha > dim)
        return TELLS("high_alpha", "network_alpha", NULL,
                     "alpha %lld above the rank %lld multiplies the learning rate by %.3g", (long long)alpha,
                     (long long)dim, (double)alpha / (double)dim);
    return 0;
}

// Known of the VAE in SDXL 1.0: its activations do not fit float16.
static int half_vae(check_run *c, lrc_err *err)
{
    if (c->family != LRC_FAMILY_SDXL || !is_precision(c, "fp16") || on(c, LRC_FIELD_no_half_vae) ||
        lrc_value_filled(check_get(c, LRC_FIELD_vae_path)))
        return 0;
    return WARNS("half_vae", "no_half_vae", "switch on no_half_vae, name a repaired vae_path, or use bf16",
                 "SDXL's own VAE gives NaN in fp16");
}

static int samples(check_run *c, lrc_err *err)
{
    const bool asked = positive(c, LRC_FIELD_sample_every_n_epochs) || positive(c, LRC_FIELD_sample_every_n_steps);
    if (!asked || lrc_value_filled(check_get(c, LRC_FIELD_sample_prompts)))
        return 0;
    return WARNS("no_prompts", "sample_prompts", "name a file with a prompt a line",
                 "samples are asked for, but there are no prompts: none will be made");
}

int check_rules(check_run *c, lrc_err *err)
{
    static int (*const rule[])(check_run *, lrc_err *) = {captions,  precision, prediction,   odd_resolution,
                                                          timesteps, swapping,  needed_files, rates,
                                                          network,   half_vae,  samples};
    for (size_t i = 0; i < sizeof rule / sizeof rule[0]; i++)
        if (rule[i](c, err) < 0)
            return -1;
    return 0;
}
