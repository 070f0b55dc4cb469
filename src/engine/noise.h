// SPDX-License-Identifier: MIT
// noise.h - the diffusion: how much noise at which timestep, what the network is to predict, what an error weighs.
//
// DDPM with scaled-linear betas (Ho et al. 2020; Rombach et al. 2022), v-prediction (Salimans and Ho 2022), zero
// terminal SNR (Lin et al. 2023). Tables are float as in diffusers, then used in double. May use: arch.
#ifndef LRC_ENGINE_NOISE_H
#define LRC_ENGINE_NOISE_H

#include "engine/arch.h"

#define ENG_STEPS_MAX 10000

typedef struct eng_noise {
    size_t steps;
    eng_predict predict;
    double signal[ENG_STEPS_MAX]; // alphas_cumprod: share of the picture's power at each timestep
} eng_noise;

// `zero_terminal`: rescale so that nothing of the picture is left at the last timestep.
int eng_noise_init(eng_noise *s, const eng_arch *a, bool zero_terminal, lrc_err *err);

// noisy = sqrt(s) x + sqrt(1-s) n and the target: n, or sqrt(s) n - sqrt(1-s) x.
void eng_noise_mix(const eng_noise *s, size_t timestep, const float *x, const float *n, size_t count, float *noisy,
                   float *target);

// sd-scripts' factors of a picture's loss.
typedef struct eng_loss_options {
    double min_snr_gamma;  // 0: off
    bool scale_v_like_eps; // scale_v_pred_loss_like_noise_pred
    double v_like;         // v_pred_like_loss; 0: off
    bool debiased;
} eng_loss_options;

double eng_loss_weight(const eng_noise *s, const eng_loss_options *o, size_t timestep);

#endif
