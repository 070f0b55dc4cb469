// SPDX-License-Identifier: MIT
#include "engine/optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/simd.h"

#define CLIP_EPS       1e-6 // torch adds it to the norm
#define POLYNOMIAL_END 1e-7 // transformers' last rate

int eng_adamw_init(eng_adamw *a, const eng_adamw_options *o, size_t count, lrc_err *err)
{
    *a = (eng_adamw){.o = *o, .count = count};
    a->m = calloc(count + 1, sizeof *a->m);
    a->v = calloc(count + 1, sizeof *a->v);
    if (a->m && a->v)
        return 0;
    eng_adamw_done(a);
    return lrc_fail_memory(err);
}

void eng_adamw_done(eng_adamw *a)
{
    free(a->m);
    free(a->v);
    a->m = a->v = NULL;
}

struct step {
    float b1, b2, eps, size, keep, share;
};

ENG_CLONES static void step_run(const struct step *s, float *restrict param, const float *restrict grad,
                                float *restrict first, float *restrict second, size_t n)
{
    const struct step k = *s;
    for (size_t i = 0; i < n; i++) {
        const float g = grad[i], m = first[i] + (1 - k.b1) * (g - first[i]), v = k.b2 * second[i] + (1 - k.b2) * g * g;
        first[i] = m;
        second[i] = v;
        param[i] = param[i] * k.keep - k.size * m / (sqrtf(v) * k.share + k.eps);
    }
}

static void step_group(eng_adamw *a, float *param, const float *grad, const eng_group *g)
{
    const double correct1 = 1 - pow((double)a->o.beta1, (double)a->step);
    const double correct2 = sqrt(1 - pow((double)a->o.beta2, (double)a->step));
    const struct step s = {a->o.beta1,
                           a->o.beta2,
                           a->o.eps,
                           (float)(g->lr / correct1),
                           (float)(1 - g->lr * (double)a->o.weight_decay),
                           (float)(1 / correct2)};
    step_run(&s, param + g->from, grad + g->from, a->m + g->from, a->v + g->from, g->to - g->from);
}

void eng_adamw_step(eng_adamw *a, float *param, const float *grad, const eng_group *group, size_t groups)
{
    a->step++;
    for (size_t i = 0; i < groups; i++)
        step_group(a, param, grad, &group[i]);
}

ENG_CLONES static double sum_of_squares(const float *restrict x, size_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

double eng_clip_norm(float *grad, size_t count, double max)
{
    const double norm = sqrt(sum_of_squares(grad, count)), factor = max / (norm + CLIP_EPS);
    if (max > 0 && factor < 1)
        for (size_t i = 0; i < count; i++)
            grad[i] = (float)(grad[i] * factor);
    return norm;
}

// ---- Schedules -------------------------------------------------------------------------------------------------------

static const char *const kind_name[ENG_LR_COUNT_] = {
    [ENG_LR_CONSTANT] = "constant",
    [ENG_LR_CONSTANT_WITH_WARMUP] = "constant_with_warmup",
    [ENG_LR_LINEAR] = "linear",
    [ENG_LR_COSINE] = "cosine",
    [ENG_LR_COSINE_WITH_RESTARTS] = "cosine_with_restarts",
    [ENG_LR_POLYNOMIAL] = "polynomial",
};

bool eng_lr_kind_of(const char *name, eng_lr_kind *ret)
{
    for (int i = 0; i < ENG_LR_COUNT_; i++)
        if (strcmp(name, kind_name[i]) == 0) {
            *ret = (eng_lr_kind)i;
            return true;
        }
    return false;
}

static double at_least_zero(double x)
{
    return x > 0 ? x : 0;
}

// `p`: how much of the way after the warm-up is done, 0 to 1.
static double after_warmup(const eng_lr *s, double p, double lr)
{
    switch (s->kind) {
    case ENG_LR_LINEAR: return at_least_zero(1 - p);
    case ENG_LR_COSINE: return at_least_zero(0.5 * (1 + cos(M_PI * s->cycles * 2 * p)));
    case ENG_LR_COSINE_WITH_RESTARTS: return p >= 1 ? 0 : at_least_zero(0.5 * (1 + cos(M_PI * fmod(s->cycles * p, 1))));
    case ENG_LR_POLYNOMIAL:
        if (p > 1)
            return POLYNOMIAL_END / lr;
        return ((lr - POLYNOMIAL_END) * pow(1 - p, s->power) + POLYNOMIAL_END) / lr;
    default: return 1;
    }
}

double eng_lr_factor(const eng_lr *s, uint64_t step, double lr)
{
    if (s->kind == ENG_LR_CONSTANT)
        return 1;
    if (step < s->warmup)
        return (double)step / (double)s->warmup;
    const double way = s->total > s->warmup ? (double)(s->total - s->warmup) : 1;
    return after_warmup(s, (double)(step - s->warmup) / way, lr);
}
