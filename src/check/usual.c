// SPDX-License-Identifier: MIT
#include "check/usual.h"

static const check_usual family[LRC_FAMILY_MAX_] = {
    [LRC_FAMILY_SD15] = {.parameters = 0.86e9,
                         .rank = 423936,
                         .text_rank = 165888,
                         .encoders = 0.123e9,
                         .small_encoder = 0.123e9,
                         .autoencoder = 84e6,
                         .channels = 4,
                         .down = 8,
                         .patch = 1,
                         .hidden = 320,
                         .depth = 16},
    [LRC_FAMILY_SDXL] = {.parameters = 2.57e9,
                         .rank = 2659840,
                         .text_rank = 903168,
                         .encoders = 0.818e9,
                         .small_encoder = 0.818e9,
                         .autoencoder = 84e6,
                         .channels = 4,
                         .down = 8,
                         .text_floats = 225 * (768 + 1280) + 1280,
                         .patch = 2,
                         .hidden = 640,
                         .depth = 70},
    [LRC_FAMILY_FLUX] = {.parameters = 11.9e9,
                         .blocks = 19,
                         .singles = 38,
                         .rank = 4786176,
                         .text_rank = 165888,
                         .encoders = 4.89e9,
                         .small_encoder = 0.123e9,
                         .autoencoder = 84e6,
                         .channels = 16,
                         .down = 8,
                         .text_floats = 512 * (4096 + 3 + 1) + 768,
                         .patch = 2,
                         .hidden = 3072,
                         .depth = 57},
    [LRC_FAMILY_SD35] = {.parameters = 8.06e9,
                         .blocks = 38,
                         .rank = 4251136,
                         .text_rank = 903168,
                         .encoders = 5.58e9,
                         .small_encoder = 0.818e9,
                         .autoencoder = 84e6,
                         .channels = 16,
                         .down = 8,
                         .text_floats = (77 + 256) * 4096 + 2048,
                         .patch = 2,
                         .hidden = 2432,
                         .depth = 38},
    [LRC_FAMILY_SD3] = {.parameters = 2.03e9,
                        .blocks = 24,
                        .rank = 1695744,
                        .text_rank = 903168,
                        .encoders = 5.58e9,
                        .small_encoder = 0.818e9,
                        .autoencoder = 84e6,
                        .channels = 16,
                        .down = 8,
                        .text_floats = (77 + 256) * 4096 + 2048,
                        .patch = 2,
                        .hidden = 1536,
                        .depth = 24},
    [LRC_FAMILY_LUMINA] = {.parameters = 2.61e9,
                           .blocks = 26,
                           .rank = 1666560,
                           .encoders = 2.61e9,
                           .autoencoder = 84e6,
                           .channels = 16,
                           .down = 8,
                           .text_floats = 256 * (2304 + 1),
                           .patch = 2,
                           .hidden = 2304,
                           .depth = 30},
    [LRC_FAMILY_CHROMA] = {.parameters = 8.9e9,
                           .blocks = 19,
                           .singles = 38,
                           .rank = 3502080,
                           .encoders = 4.76e9,
                           .autoencoder = 84e6,
                           .channels = 16,
                           .down = 8,
                           .text_floats = 512 * (4096 + 3 + 1),
                           .patch = 2,
                           .hidden = 3072,
                           .depth = 57},
    [LRC_FAMILY_ANIMA] = {.parameters = 2.0e9,
                          .blocks = 28,
                          .rank = 1433600,
                          .encoders = 0.6e9,
                          .autoencoder = 127e6,
                          .channels = 16,
                          .down = 8,
                          .text_floats = 512 * 1024 + 512 * 2,
                          .patch = 2,
                          .hidden = 2048,
                          .depth = 28},
    [LRC_FAMILY_HUNYUAN] = {.parameters = 17.4e9,
                            .blocks = 20,
                            .singles = 40,
                            .rank = 5877760,
                            .encoders = 8.5e9,
                            .autoencoder = 400e6,
                            .channels = 64,
                            .down = 32,
                            .text_floats = 1000 * 3584 + 128 * 1472,
                            .patch = 1,
                            .hidden = 3584,
                            .depth = 60},
    [LRC_FAMILY_TINY] = {.parameters = 0.68e6,
                         .rank = 3000,
                         .encoders = 0.1e6,
                         .channels = 12,
                         .down = 2,
                         .patch = 1,
                         .hidden = 32,
                         .depth = 5},
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
#define CONVOLUTIONS    0.4 // what a rank of 3x3 convolutions adds in a UNet, against one of the linear layers

const check_usual *check_usual_of(const lrc_estimate_input *in)
{
    return &family[lrc_train_family(in->request)];
}

double check_network_parameters(const lrc_estimate_input *in)
{
    return in->model && in->model->parameters ? (double)in->model->parameters : check_usual_of(in)->parameters;
}

bool check_trains_text(const lrc_estimate_input *in)
{
    if (check_usual_of(in)->text_rank <= 0 || check_flag(in, LRC_FIELD_network_train_unet_only))
        return false;
    return lrc_train_get(in->request, LRC_FIELD_text_encoder_lr)->number > 0;
}

double check_trained_parameters(const lrc_estimate_input *in)
{
    if (!check_is_lora(in))
        return check_network_parameters(in);
    const double rank =
        in->model && in->model->rank_parameters ? (double)in->model->rank_parameters : check_usual_of(in)->rank;
    double sum =
        check_number(in, LRC_FIELD_network_dim) * (rank + (check_trains_text(in) ? check_usual_of(in)->text_rank : 0));
    if (check_is_unet(in))
        sum += check_number(in, LRC_FIELD_conv_dim) * rank * CONVOLUTIONS;
    return check_says(in, LRC_FIELD_lora_type, "Full") ? check_network_parameters(in) : sum;
}

double check_optimizer_bytes(const lrc_estimate_input *in)
{
    for (size_t i = 0; i < sizeof optimizer / sizeof optimizer[0]; i++)
        if (check_says(in, LRC_FIELD_optimizer_type, optimizer[i].name))
            return optimizer[i].bytes;
    return OPTIMIZER_USUAL;
}
