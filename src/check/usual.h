// SPDX-License-Identifier: MIT
// usual.h - what is usual for each family, where a model's header does not tell, and what a request trains of it.
//
// Parameters are those of the published models; docs/estimates.md shows where each number comes from. Private to check/.
#ifndef LRC_CHECK_USUAL_H
#define LRC_CHECK_USUAL_H

#include "check/estimate.h"

typedef struct check_usual {
    double parameters, blocks, singles; // of the network; its blocks that can be swapped out, single ones apart
    double rank, text_rank;
    double encoders;       // parameters of all text encoders
    double small_encoder;  // of those that can be trained beside the LoRA
    double autoencoder;    // parameters
    double channels, down; // of latents
    double text_floats;    // what one picture's cached text encoder output holds
    double patch;          // latent pixels of a token's side
    double hidden, depth;  // width and number of the network's blocks, as activations go
} check_usual;

const check_usual *check_usual_of(const lrc_estimate_input *in);

static inline double check_number(const lrc_estimate_input *in, lrc_field_id id)
{
    return (double)lrc_value_to_i64(lrc_train_get(in->request, id));
}

static inline bool check_flag(const lrc_estimate_input *in, lrc_field_id id)
{
    return lrc_train_get(in->request, id)->flag;
}

static inline bool check_says(const lrc_estimate_input *in, lrc_field_id id, const char *text)
{
    return lrc_value_is(lrc_train_get(in->request, id), text);
}

static inline bool check_is_lora(const lrc_estimate_input *in)
{
    return lrc_train_mode_of(in->request) == LRC_MODE_LORA;
}

static inline bool check_is_unet(const lrc_estimate_input *in)
{
    return check_usual_of(in)->blocks == 0;
}

double check_network_parameters(const lrc_estimate_input *in);
bool check_trains_text(const lrc_estimate_input *in); // beside a LoRA
// Other networks than plain LoRA are taken as one of the same rank; convolutions (conv_dim) add their share in a UNet.
double check_trained_parameters(const lrc_estimate_input *in);
double check_optimizer_bytes(const lrc_estimate_input *in); // of state, for one trained parameter

// disk.c: fills the part of *e about disks.
void check_reckon_disk(const lrc_estimate_input *in, lrc_estimate *e);

#endif
