// SPDX-License-Identifier: MIT
#include "check/usual.h"

static const check_usual family[LRC_FAMILY_MAX_] = {
    [LRC_FAMILY_SD15] = {0.86e9, 0, 0, 423936, 165888, 0.123e9, 0.123e9, 84e6, 4, 8, 0, 1, 320, 16},
    [LRC_FAMILY_SDXL] = {2.57e9, 0, 0, 2659840, 903168, 0.818e9, 0.818e9, 84e6, 4, 8, 225 * (768 + 1280) + 1280, 2, 640,
                         70},
    [LRC_FAMILY_FLUX] = {11.9e9, 19, 38, 4786176, 165888, 4.89e9, 0.123e9, 84e6, 16, 8, 512 * (4096 + 3 + 1) + 768, 2,
                         3072, 57},
    [LRC_FAMILY_SD35] = {8.06e9, 38, 0, 4251136, 903168, 5.58e9, 0.818e9, 84e6, 16, 8, (77 + 256) * 4096 + 2048, 2,
                         2432, 38},
    [LRC_FAMILY_SD3] = {2.03e9, 24, 0, 1695744, 903168, 5.58e9, 0.818e9, 84e6, 16, 8, (77 + 256) * 4096 + 2048, 2, 1536,
                        24},
    [LRC_FAMILY_LUMINA] = {2.61e9, 26, 0, 1666560, 0, 2.61e9, 0, 84e6, 16, 8, 256 * (2304 + 1), 2, 2304, 30},
    [LRC_FAMILY_CHROMA] = {8.9e9, 19, 38, 3502080, 0, 4.76e9, 0, 84e6, 16, 8, 512 * (4096 + 3 + 1), 2, 3072, 57},
    [LRC_FAMILY_ANIMA] = {2.0e9, 28, 0, 1433600, 0, 0.6e9, 0, 127e6, 16, 8, 512 * 1024 + 512 * 2, 2, 2048, 28},
    [LRC_FAMILY_HUNYUAN] = {17.4e9, 20, 40, 5877760, 0, 8.5e9, 0, 400e6, 64, 32, 1000 * 3584 + 128 * 1472, 1, 3584, 60},
    [LRC_FAMILY_TINY] = {0.68e6, 0, 0, 3000, 0, 0.1e6, 0, 0, 12, 2, 0, 1, 32, 5},
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

// Parameters that are trained. Other networks than plain LoRA are taken as one of the same rank; convolutions (conv_dim)
// add 2.5 times their share in a UNet, where 3x3 kernels are many.
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
