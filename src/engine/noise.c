// SPDX-License-Identifier: MIT
#include "engine/noise.h"

#include <math.h>

#define SNR_MAX 1000.0 // sd-scripts' cap where it divides by the SNR

static void zero_terminal_snr(eng_noise *s)
{
    const double first = sqrt(s->signal[0]), last = sqrt(s->signal[s->steps - 1]);
    for (size_t t = 0; t < s->steps; t++) {
        const double root = (sqrt(s->signal[t]) - last) * first / (first - last);
        s->signal[t] = root * root;
    }
}

int eng_noise_init(eng_noise *s, const eng_arch *a, bool zero_terminal, lrc_err *err)
{
    const size_t n = a->objective.steps;
    if (n < 2 || n > ENG_STEPS_MAX)
        return lrc_fail(err, LRC_ERR_INVALID, "lorica_arch: objective.steps must be 2 to %d", ENG_STEPS_MAX);
    s->steps = n;
    s->predict = a->objective.predict;
    const double from = sqrt(a->objective.beta_start), to = sqrt(a->objective.beta_end);
    float product = 1;
    for (size_t t = 0; t < n; t++) {
        const float root = (float)(from + (to - from) * (double)t / (double)(n - 1));
        product *= 1.0F - root * root;
        s->signal[t] = product;
    }
    if (zero_terminal)
        zero_terminal_snr(s);
    return 0;
}

void eng_noise_mix(const eng_noise *s, size_t timestep, const float *x, const float *n, size_t count, float *noisy,
                   float *target)
{
    const float a = (float)sqrt(s->signal[timestep]), b = (float)sqrt(1 - s->signal[timestep]);
    for (size_t i = 0; i < count; i++) {
        noisy[i] = a * x[i] + b * n[i];
        target[i] = s->predict == ENG_PREDICT_V ? a * n[i] - b * x[i] : n[i];
    }
}

double eng_loss_weight(const eng_noise *s, const eng_loss_options *o, size_t timestep)
{
    const double snr = s->signal[timestep] / (1 - s->signal[timestep]), capped = snr < SNR_MAX ? snr : SNR_MAX;
    const bool v = s->predict == ENG_PREDICT_V;
    double weight = 1;
    if (o->min_snr_gamma > 0) {
        const double least = snr < o->min_snr_gamma ? snr : o->min_snr_gamma;
        weight *= v ? least / (snr + 1) : snr > 0 ? least / snr : 1;
    }
    const double scale = capped / (capped + 1);
    if (o->scale_v_like_eps)
        weight *= scale;
    if (o->v_like > 0 && scale > 0)
        weight += weight / scale * o->v_like;
    if (o->debiased)
        weight *= v ? 1 / (capped + 1) : capped > 0 ? 1 / sqrt(capped) : 1;
    return weight;
}
