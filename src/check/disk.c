// SPDX-License-Identifier: MIT
// Files that a training makes: caches beside the pictures, checkpoints and states.
#include <math.h>

#include "check/usual.h"

#define LATENT_BYTES 4    // caches hold float32
#define NPZ_OVERHEAD 1500 // bytes of a cache file besides its arrays

static void reckon_caches(const lrc_estimate_input *in, lrc_estimate *e)
{
    const check_usual *f = check_usual_of(in);
    double latents = 0;
    for (size_t i = 0; i < in->buckets->count; i++) {
        const lrc_kohya_bucket *b = &in->buckets->bucket[i];
        const double one =
            f->channels * floor((double)b->size.width / f->down) * floor((double)b->size.height / f->down);
        latents +=
            (double)b->pictures * (one * LATENT_BYTES * (check_flag(in, LRC_FIELD_flip_aug) ? 2 : 1) + NPZ_OVERHEAD);
    }
    if (check_flag(in, LRC_FIELD_cache_latents_to_disk))
        e->latent_cache = (uint64_t)latents;
    if (check_flag(in, LRC_FIELD_cache_text_encoder_outputs_to_disk) && f->text_floats > 0)
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
    const double bytes = check_says(in, LRC_FIELD_save_precision, "float") ? 4 : 2;
    const double trained = check_trained_parameters(in);
    const double whole = in->model && !check_is_lora(in) ? (double)in->model->bytes : trained * bytes;
    const uint64_t at_epochs = saved(in->length->epochs, check_number(in, LRC_FIELD_save_every_n_epochs),
                                     check_number(in, LRC_FIELD_save_last_n_epochs));
    const uint64_t at_steps = saved(in->length->steps, check_number(in, LRC_FIELD_save_every_n_steps), 0);
    const double keep_states = check_number(in, LRC_FIELD_save_last_n_epochs_state);
    e->checkpoint = (uint64_t)whole;
    e->checkpoints = at_epochs + at_steps + 1;
    e->state = (uint64_t)(trained * (4 + check_optimizer_bytes(in)));
    if (check_flag(in, LRC_FIELD_save_state)) {
        const uint64_t kept = keep_states >= 1 && at_epochs > (uint64_t)keep_states ? (uint64_t)keep_states : at_epochs;
        e->states = kept + at_steps + 1;
    } else {
        e->states = check_flag(in, LRC_FIELD_save_state_on_train_end);
    }
    e->output = e->checkpoints * e->checkpoint + e->states * e->state;
}

void check_reckon_disk(const lrc_estimate_input *in, lrc_estimate *e)
{
    reckon_caches(in, e);
    reckon_output(in, e);
}
