// SPDX-License-Identifier: MIT
#include "check/estimate.h"

#include <math.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

// What is usual for each family, where the header does not tell. Parameters from the published models; `rank` is what one
// rank of a LoRA over the network adds (the sum of in + out over its adapted layers), `text_rank` the same over the text
// encoders that are trained. docs/estimates.md shows where each comes from.
static const struct family_row {
    double parameters, blocks; // of the network; blocks that can be swapped out
    double rank, text_rank;
    double encoders;       // parameters of all text encoders
    double small_encoder;  // of those that can be trained beside the LoRA
    double autoencoder;    // parameters
    double channels, down; // of latents
    double text_floats;    // what one picture's cached text encoder output holds
    double patch;          // latent pixels of a token's side
    double hidden, depth;  // width and number of the network's blocks, as activations go
} family[LRC_FAMILY_MAX_] = {
    [LRC_FAMILY_SD15] = {0.86e9, 0, 423936, 165888, 0.123e9, 0.123e9, 84e6, 4, 8, 0, 1, 320, 16},
    [LRC_FAMILY_SDXL] = {2.57e9, 0, 2659840, 903168, 0.818e9, 0.818e9, 84e6, 4, 8, 225 * (768 + 1280) + 1280, 2, 640,
                         70},
    [LRC_FAMILY_FLUX] = {11.9e9, 57, 4786176, 165888, 4.89e9, 0.123e9, 84e6, 16, 8, 512 * (4096 + 3 + 1) + 768, 2, 3072,
                         57},
    [LRC_FAMILY_SD35] = {8.06e9, 38, 4251136, 903168, 5.58e9, 0.818e9, 84e6, 16, 8, (77 + 256) * 4096 + 2048, 2, 2432,
                         38},
    [LRC_FAMILY_SD3] = {2.03e9, 24, 1695744, 903168, 5.58e9, 0.818e9, 84e6, 16, 8, (77 + 256) * 4096 + 2048, 2, 1536,
                        24},
    [LRC_FAMILY_LUMINA] = {2.61e9, 26, 1666560, 0, 2.61e9, 0, 84e6, 16, 8, 256 * (2304 + 1), 2, 2304, 30},
    [LRC_FAMILY_CHROMA] = {8.9e9, 57, 3502080, 0, 4.76e9, 0, 84e6, 16, 8, 512 * (4096 + 3 + 1), 2, 3072, 57},
    [LRC_FAMILY_ANIMA] = {2.0e9, 28, 1433600, 0, 0.6e9, 0, 127e6, 16, 8, 512 * 1024 + 512 * 2, 2, 2048, 28},
    [LRC_FAMILY_HUNYUAN] = {17.4e9, 60, 5877760, 0, 8.5e9, 0, 400e6, 64, 32, 1000 * 3584 + 128 * 1472, 1, 3584, 60},
    [LRC_FAMILY_TINY] = {0.68e6, 0, 3000, 0, 0.1e6, 0, 0, 12, 2, 0, 1, 32, 5},
};

// Bytes of optimizer state for one trained parameter. What is not listed keeps two values in float32.
static const struct {
    const char *name;
    double bytes;
} optimizer[] = {
    {"AdamW8bit", 2},       {"Lion8bit", 1},  {"Lion", 4},         {"AdaFactor", 0.1}, {"SGDNesterov", 4},
    {"SGDNesterov8bit", 1}, {"Prodigy", 16},  {"DAdaptation", 16}, {"DAdaptAdam", 16}, {"DAdaptAdan", 24},
    {"DAdaptAdaGrad", 12},  {"DAdaptSGD", 8}, {"CAME", 4.2},       {"RMSProp", 4},     {"SGDScheduleFree", 4},
};
#define OPTIMIZER_USUAL 8

#define LATENT_BYTES            4    // caches hold float32
#define NPZ_OVERHEAD            1500 // bytes of a cache file besides its arrays
#define CUDA_CONTEXT            (600 * MIB)
#define FRAGMENTS               1.08 // what the allocator holds beyond what is used
#define SWAP_KEPT               2    // blocks in flight while others are out
#define ACTIVATION_CHECKPOINTED 20.0 // bytes per token and unit of width that one block needs while it is recomputed …
#define ACTIVATION_KEPT         34.0 // … and that every block keeps without checkpointing (Korthikanti et al. 2022, eq. 2)
#define UNET_TOKENS_FACTOR      3.0 // a UNet's wide, shallow levels against a flat stack of the same width
#define TERA                    1e12
#define FAST_TERAS              100.0 // multiply-adds per second, 1e12, of a large GPU at work …
#define SLOW_TERAS              4.0   // … and of a small one

static double number(const lrc_estimate_input *in, lrc_field_id id)
{
    return (double)lrc_value_to_i64(lrc_train_get(in->request, id));
}

static bool flag(const lrc_estimate_input *in, lrc_field_id id)
{
    return lrc_train_get(in->request, id)->flag;
}

static bool says(const lrc_estimate_input *in, lrc_field_id id, const char *text)
{
    return lrc_value_is(lrc_train_get(in->request, id), text);
}

static const struct family_row *row_of(const lrc_estimate_input *in)
{
    return &family[lrc_train_family(in->request)];
}

static bool is_lora(const lrc_estimate_input *in)
{
    return lrc_train_mode_of(in->request) == LRC_MODE_LORA;
}

static bool is_unet(const lrc_estimate_input *in)
{
    return row_of(in)->blocks == 0;
}

static double network_parameters(const lrc_estimate_input *in)
{
    return in->model && in->model->parameters ? (double)in->model->parameters : row_of(in)->parameters;
}

static bool trains_text(const lrc_estimate_input *in)
{
    if (row_of(in)->text_rank <= 0 || flag(in, LRC_FIELD_network_train_unet_only))
        return false;
    return lrc_train_get(in->request, LRC_FIELD_text_encoder_lr)->number > 0;
}

// Parameters that are trained. Other networks than plain LoRA are taken as one of the same rank; convolutions (conv_dim)
// add 2.5 times their share in a UNet, where 3x3 kernels are many.
static double trained_parameters(const lrc_estimate_input *in)
{
    if (!is_lora(in))
        return network_parameters(in);
    const double rank = in->model && in->model->rank_parameters ? (double)in->model->rank_parameters : row_of(in)->rank;
    double sum = number(in, LRC_FIELD_network_dim) * (rank + (trains_text(in) ? row_of(in)->text_rank : 0));
    if (is_unet(in))
        sum += number(in, LRC_FIELD_conv_dim) * rank * 0.4;
    return says(in, LRC_FIELD_lora_type, "Full") ? network_parameters(in) : sum;
}

static double optimizer_bytes(const lrc_estimate_input *in)
{
    for (size_t i = 0; i < sizeof optimizer / sizeof optimizer[0]; i++)
        if (says(in, LRC_FIELD_optimizer_type, optimizer[i].name))
            return optimizer[i].bytes;
    return OPTIMIZER_USUAL;
}

// ---- Disk ------------------------------------------------------------------------------------------------------------

static void reckon_caches(const lrc_estimate_input *in, lrc_estimate *e)
{
    const struct family_row *f = row_of(in);
    double latents = 0;
    for (size_t i = 0; i < in->buckets->count; i++) {
        const lrc_kohya_bucket *b = &in->buckets->bucket[i];
        const double one =
            f->channels * floor((double)b->size.width / f->down) * floor((double)b->size.height / f->down);
        latents += (double)b->pictures * (one * LATENT_BYTES * (flag(in, LRC_FIELD_flip_aug) ? 2 : 1) + NPZ_OVERHEAD);
    }
    if (flag(in, LRC_FIELD_cache_latents_to_disk))
        e->latent_cache = (uint64_t)latents;
    if (flag(in, LRC_FIELD_cache_text_encoder_outputs_to_disk) && f->text_floats > 0)
        e->text_cache = (uint64_t)((double)in->buckets->pictures * (f->text_floats * 4 + NPZ_OVERHEAD));
}

// How many files of one kind lie there at the end: one for each whole `every`, all but the last `keep` removed.
static uint64_t saved(uint64_t total, double every, double keep)
{
    if (every < 1)
        return 0;
    const uint64_t made = total / (uint64_t)every;
    return keep >= 1 && made > (uint64_t)keep ? (uint64_t)keep : made;
}

static void reckon_output(const lrc_estimate_input *in, lrc_estimate *e)
{
    const double bytes = says(in, LRC_FIELD_save_precision, "float") ? 4 : 2;
    const double trained = trained_parameters(in);
    const double whole = in->model && !is_lora(in) ? (double)in->model->bytes : trained * bytes;
    const uint64_t at_epochs =
        saved(in->length->epochs, number(in, LRC_FIELD_save_every_n_epochs), number(in, LRC_FIELD_save_last_n_epochs));
    const uint64_t at_steps = saved(in->length->steps, number(in, LRC_FIELD_save_every_n_steps), 0);
    const double keep_states = number(in, LRC_FIELD_save_last_n_epochs_state);
    e->checkpoint = (uint64_t)whole;
    e->checkpoints = at_epochs + at_steps + 1;
    e->state = (uint64_t)(trained * (4 + optimizer_bytes(in)));
    if (flag(in, LRC_FIELD_save_state)) {
        const uint64_t kept = keep_states >= 1 && at_epochs > (uint64_t)keep_states ? (uint64_t)keep_states : at_epochs;
        e->states = kept + at_steps + 1;
    } else {
        e->states = flag(in, LRC_FIELD_save_state_on_train_end);
    }
    e->output = e->checkpoints * e->checkpoint + e->states * e->state;
}

// ---- Memory ----------------------------------------------------------------------------------------------------------

static double weight_bytes(const lrc_estimate_input *in)
{
    const bool half = !says(in, LRC_FIELD_mixed_precision, "no");
    if (is_lora(in) && flag(in, LRC_FIELD_fp8_base) && half)
        return 1;
    const bool full = flag(in, LRC_FIELD_full_fp16) || flag(in, LRC_FIELD_full_bf16);
    if (is_lora(in))
        return half ? 2 : 4;
    return full ? 2 : 4;
}

// The largest bucket's latent pixels as tokens of the network.
static double tokens_of(const lrc_estimate_input *in)
{
    const struct family_row *f = row_of(in);
    double most = 0;
    for (size_t i = 0; i < in->buckets->count; i++) {
        const lrc_kohya_size s = in->buckets->bucket[i].size;
        const double tokens = (double)s.width * (double)s.height / (f->down * f->down * f->patch * f->patch);
        most = tokens > most ? tokens : most;
    }
    return most;
}

static double activations(const lrc_estimate_input *in)
{
    const struct family_row *f = row_of(in);
    const double batch = number(in, LRC_FIELD_train_batch_size),
                 tokens = tokens_of(in) * (is_unet(in) ? UNET_TOKENS_FACTOR : 1);
    const double width = says(in, LRC_FIELD_mixed_precision, "no") ? 2 : 1; // float32 against half
    if (flag(in, LRC_FIELD_gradient_checkpointing))                         // each block's input, and one block at work
        return batch * tokens * f->hidden * width * (2 * f->depth + ACTIVATION_CHECKPOINTED);
    return batch * tokens * f->hidden * width * ACTIVATION_KEPT * f->depth;
}

static void reckon_memory(const lrc_estimate_input *in, lrc_estimate *e)
{
    const struct family_row *f = row_of(in);
    const double trained = trained_parameters(in), swapped = number(in, LRC_FIELD_blocks_to_swap);
    const double blocks = in->model && in->model->blocks ? (double)in->model->blocks : f->blocks;
    double weights = network_parameters(in) * weight_bytes(in);
    if (swapped > 0 && blocks > SWAP_KEPT)
        weights *= 1 - fmin(swapped, blocks - SWAP_KEPT) / blocks;
    e->weights = (uint64_t)weights;
    const bool cached = flag(in, LRC_FIELD_cache_text_encoder_outputs) ||
                        flag(in, LRC_FIELD_cache_text_encoder_outputs_to_disk) ||
                        lrc_train_family(in->request) == LRC_FAMILY_HUNYUAN;
    if (!cached)
        e->encoders = (uint64_t)(f->encoders * 2);
    else if (trains_text(in))
        e->encoders = (uint64_t)(f->small_encoder * 2);
    if (!flag(in, LRC_FIELD_cache_latents) && !flag(in, LRC_FIELD_cache_latents_to_disk))
        e->autoencoder = (uint64_t)(f->autoencoder * (flag(in, LRC_FIELD_no_half_vae) ? 4 : 2));
    const bool half = flag(in, LRC_FIELD_full_fp16) || flag(in, LRC_FIELD_full_bf16);
    // A LoRA's own weights and its gradients; a whole model's weights are counted above, its gradients here.
    e->adapter = (uint64_t)(trained * (half ? 2 : 4) * (is_lora(in) ? 2 : 1));
    e->optimizer = (uint64_t)(trained * optimizer_bytes(in));
    e->activations = (uint64_t)activations(in);
    const double sum = (double)(e->weights + e->encoders + e->autoencoder + e->adapter + e->optimizer + e->activations);
    e->overhead = CUDA_CONTEXT + (uint64_t)(sum * (FRAGMENTS - 1));
    e->memory = (uint64_t)sum + e->overhead;
    e->has_memory = true;
}

// ---- Time ------------------------------------------------------------------------------------------------------------

// Forward and backward: 3 multiply-adds per parameter and token, one more when blocks are recomputed. A UNet's deep levels
// see a sixteenth of its tokens, which is where most of its parameters are.
static void reckon_time(const lrc_estimate_input *in, lrc_estimate *e)
{
    if (in->length->steps == 0)
        return;
    const double passes = flag(in, LRC_FIELD_gradient_checkpointing) ? 4 : 3;
    const double tokens = tokens_of(in) / (is_unet(in) ? 16 / (row_of(in)->patch * row_of(in)->patch) : 1);
    const double per_picture = passes * network_parameters(in) * tokens;
    const double pictures = (double)in->length->samples / (double)in->length->steps;
    e->work = per_picture * pictures / TERA;
    e->seconds_least = (double)in->length->steps * e->work / FAST_TERAS;
    e->seconds_most = (double)in->length->steps * e->work / SLOW_TERAS;
    e->has_time = true;
}

void lrc_estimate_make(const lrc_estimate_input *in, lrc_estimate *ret)
{
    lrc_estimate e = {.correction = 1};
    reckon_caches(in, &e);
    reckon_output(in, &e);
    if (!lrc_family_get(lrc_train_family(in->request))->native) {
        reckon_memory(in, &e);
        reckon_time(in, &e);
    }
    *ret = e;
}

#define TIME_SPREAD 0.2 // of a measured speed: other sizes, other load

void lrc_estimate_correct(lrc_estimate *e, const lrc_kohya_length *length, double memory_factor, size_t memory_runs,
                          double seconds_per_work, size_t time_runs)
{
    if (e->has_memory && memory_runs) {
        e->correction = memory_factor;
        e->past_runs = memory_runs;
        e->memory = (uint64_t)((double)e->memory * memory_factor);
    }
    if (e->has_time && time_runs) {
        e->step_seconds = seconds_per_work * e->work;
        e->seconds_least = e->step_seconds * (double)length->steps * (1 - TIME_SPREAD);
        e->seconds_most = e->step_seconds * (double)length->steps * (1 + TIME_SPREAD);
    }
}
