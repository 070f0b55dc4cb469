// SPDX-License-Identifier: MIT
#include "check/estimate.h"

#include <math.h>

#include "check/usual.h"

#define MIB                     ((uint64_t)1 << 20)
#define CUDA_CONTEXT            (600 * MIB)
#define FRAGMENTS               1.08 // what the allocator holds beyond what is used
#define ACTIVATION_CHECKPOINTED 20.0 // bytes per token and unit of width that one block needs while it is recomputed …
#define ACTIVATION_KEPT         34.0 // … and that every block keeps without checkpointing (Korthikanti et al. 2022, eq. 2)
#define UNET_TOKENS_FACTOR      3.0 // a UNet's wide, shallow levels against a flat stack of the same width
#define TERA                    1e12
#define FAST_TERAS              100.0 // multiply-adds per second, 1e12, of a large GPU at work …
#define SLOW_TERAS              4.0   // … and of a small one

// ---- Memory ----------------------------------------------------------------------------------------------------------

static double weight_bytes(const lrc_estimate_input *in)
{
    const bool half = !check_says(in, LRC_FIELD_mixed_precision, "no");
    if (check_is_lora(in) && check_flag(in, LRC_FIELD_fp8_base) && half)
        return 1;
    const bool full = check_flag(in, LRC_FIELD_full_fp16) || check_flag(in, LRC_FIELD_full_bf16);
    if (check_is_lora(in))
        return half ? 2 : 4;
    return full ? 2 : 4;
}

// The largest bucket's latent pixels as tokens of the network.
static double tokens_of(const lrc_estimate_input *in)
{
    const check_usual *f = check_usual_of(in);
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
    const check_usual *f = check_usual_of(in);
    const double batch = check_number(in, LRC_FIELD_train_batch_size),
                 tokens = tokens_of(in) * (check_is_unet(in) ? UNET_TOKENS_FACTOR : 1);
    const double width = check_says(in, LRC_FIELD_mixed_precision, "no") ? 2 : 1; // float32 against half
    if (check_flag(in, LRC_FIELD_gradient_checkpointing)) // each block's input, and one block at work
        return batch * tokens * f->hidden * width * (2 * f->depth + ACTIVATION_CHECKPOINTED);
    return batch * tokens * f->hidden * width * ACTIVATION_KEPT * f->depth;
}

lrc_swapped lrc_estimate_swapped(uint64_t blocks_to_swap, bool has_singles)
{
    if (!has_singles)
        return (lrc_swapped){blocks_to_swap, 0};
    const uint64_t doubles = blocks_to_swap / 2;
    return (lrc_swapped){doubles, (blocks_to_swap - doubles) * 2};
}

// Part of the network's weights that is out at a time; a double block weighs as much as two single ones.
static double swapped_part(const lrc_estimate_input *in)
{
    const bool read = in->model && in->model->blocks;
    const double blocks = read ? (double)in->model->blocks : check_usual_of(in)->blocks;
    const double singles = read ? (double)in->model->singles : check_usual_of(in)->singles;
    const double n = check_number(in, LRC_FIELD_blocks_to_swap);
    if (n < 1 || blocks < 1)
        return 0;
    const lrc_swapped out = lrc_estimate_swapped((uint64_t)n, singles > 0);
    if (singles < 1)
        return fmin((double)out.blocks / blocks, 1);
    return fmin((2 * (double)out.blocks + (double)out.singles) / (2 * blocks + singles), 1);
}

static void reckon_memory(const lrc_estimate_input *in, lrc_estimate *e)
{
    const check_usual *f = check_usual_of(in);
    const double trained = check_trained_parameters(in);
    e->weights = (uint64_t)(check_network_parameters(in) * weight_bytes(in) * (1 - swapped_part(in)));
    const bool cached = check_flag(in, LRC_FIELD_cache_text_encoder_outputs) ||
                        check_flag(in, LRC_FIELD_cache_text_encoder_outputs_to_disk) ||
                        lrc_train_family(in->request) == LRC_FAMILY_HUNYUAN;
    if (!cached)
        e->encoders = (uint64_t)(f->encoders * 2);
    else if (check_trains_text(in))
        e->encoders = (uint64_t)(f->small_encoder * 2);
    if (!check_flag(in, LRC_FIELD_cache_latents) && !check_flag(in, LRC_FIELD_cache_latents_to_disk))
        e->autoencoder = (uint64_t)(f->autoencoder * (check_flag(in, LRC_FIELD_no_half_vae) ? 4 : 2));
    const bool half = check_flag(in, LRC_FIELD_full_fp16) || check_flag(in, LRC_FIELD_full_bf16);
    // A LoRA's own weights and its gradients; a whole model's weights are counted above, its gradients here.
    e->adapter = (uint64_t)(trained * (half ? 2 : 4) * (check_is_lora(in) ? 2 : 1));
    e->optimizer = (uint64_t)(trained * check_optimizer_bytes(in));
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
    const double passes = check_flag(in, LRC_FIELD_gradient_checkpointing) ? 4 : 3;
    const double tokens =
        tokens_of(in) / (check_is_unet(in) ? 16 / (check_usual_of(in)->patch * check_usual_of(in)->patch) : 1);
    const double per_picture = passes * check_network_parameters(in) * tokens;
    const double pictures = (double)in->length->samples / (double)in->length->steps;
    e->work = per_picture * pictures / TERA;
    e->seconds_least = (double)in->length->steps * e->work / FAST_TERAS;
    e->seconds_most = (double)in->length->steps * e->work / SLOW_TERAS;
    e->has_time = true;
}

void lrc_estimate_make(const lrc_estimate_input *in, lrc_estimate *ret)
{
    lrc_estimate e = {.correction = 1};
    check_reckon_disk(in, &e);
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
