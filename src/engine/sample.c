// SPDX-License-Identifier: MIT
#include "engine/sample.h"

#include <math.h>
#include <string.h>

#include "engine/tiny.h"

#define LATENT_LIMIT 1.6F // Haar latents of a picture stay below; a prediction beyond is pulled back

struct drawing {
    eng_model *m;
    size_t count, side_h, side_w, floats; // pictures; latent size; of one picture
    double scale;
    float *z;        // [2 count]: the same latents for both texts
    float *out;      // [2 count]
    int32_t *tokens; // [2 count]: negative texts first
    int64_t *timestep;
};

static void drawing_done(struct drawing *d)
{
    free(d->z);
    free(d->out);
    free(d->tokens);
    free(d->timestep);
}

// PyTorch draws channel by channel; our pixels lie together.
static void start_noise(float *scratch, size_t pixels, size_t channels, uint64_t seed, float *out)
{
    eng_rng rng;
    eng_rng_seed(&rng, seed);
    eng_rng_normal(&rng, scratch, pixels * channels);
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < pixels; p++)
            out[p * channels + c] = scratch[c * pixels + p];
}

static int prepare(struct drawing *d, const eng_sample *sample, const eng_sample_options *o, lrc_err *err)
{
    const eng_arch *a = eng_model_arch(d->m);
    const size_t tokens = a->text.tokens;
    d->side_h = o->height / a->latent.down;
    d->side_w = o->width / a->latent.down;
    d->floats = d->side_h * d->side_w * a->unet.in;
    d->scale = o->scale;
    d->z = calloc(2 * d->count * d->floats, sizeof *d->z);
    d->out = calloc(2 * d->count * d->floats, sizeof *d->out);
    d->tokens = calloc(2 * d->count * tokens, sizeof *d->tokens);
    d->timestep = calloc(2 * d->count, sizeof *d->timestep);
    if (!d->z || !d->out || !d->tokens || !d->timestep)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < d->count; i++) {
        const eng_words *w = eng_model_words(d->m);
        eng_words_encode(w, sample[i].negative ? sample[i].negative : "", d->tokens + i * tokens, tokens);
        eng_words_encode(w, sample[i].prompt ? sample[i].prompt : "", d->tokens + (d->count + i) * tokens, tokens);
        start_noise(d->out, d->side_h * d->side_w, a->unet.in, sample[i].seed, d->z + i * d->floats);
    }
    return 0;
}

// The guided output at a timestep, in the first half of d->out.
static int guided(struct drawing *d, int64_t t, lrc_err *err)
{
    const size_t n = d->count * d->floats, tokens = eng_model_arch(d->m)->text.tokens;
    const bool guide = d->scale != 1;
    for (size_t i = 0; i < 2 * d->count; i++)
        d->timestep[i] = t;
    eng_batch b = {d->count, d->side_h, d->side_w, d->z, NULL, d->timestep, d->tokens + d->count * tokens, NULL};
    if (guide) {
        memcpy(d->z + n, d->z, n * sizeof *d->z);
        b.count *= 2;
        b.tokens = d->tokens;
    }
    if (eng_model_predict(d->m, &b, d->out, err) < 0)
        return -1;
    for (size_t i = 0; guide && i < n; i++)
        d->out[i] += (float)d->scale * (d->out[n + i] - d->out[i]);
    return 0;
}

// From z at timestep t to z at timestep `next` (-1: the picture itself).
static void step(struct drawing *d, int64_t t, int64_t next)
{
    const eng_noise *s = eng_model_noise(d->m);
    const float a = (float)sqrt(s->signal[t]), b = (float)sqrt(1 - s->signal[t]);
    const float an = next < 0 ? 1 : (float)sqrt(s->signal[next]), bn = next < 0 ? 0 : (float)sqrt(1 - s->signal[next]);
    for (size_t i = 0; i < d->count * d->floats; i++) {
        const float z = d->z[i], p = d->out[i];
        float x = s->predict == ENG_PREDICT_V ? a * z - b * p : (z - b * p) / fmaxf(a, 1e-4F);
        x = x > LATENT_LIMIT ? LATENT_LIMIT : x < -LATENT_LIMIT ? -LATENT_LIMIT : x;
        d->z[i] = an * x + bn * (b > 0 ? (z - a * x) / b : 0);
    }
}

static int draw(struct drawing *d, const eng_sample_options *o, uint8_t *rgb, lrc_err *err)
{
    const size_t last = eng_model_noise(d->m)->steps - 1;
    for (size_t i = 0; i < o->steps; i++) {
        const double span = o->steps > 1 ? (double)(o->steps - 1) : 1;
        const int64_t t = (int64_t)lrint((double)last * (1 - (double)i / span));
        const int64_t next = i + 1 < o->steps ? (int64_t)lrint((double)last * (1 - (double)(i + 1) / span)) : -1;
        if (guided(d, t, err) < 0)
            return -1;
        step(d, t, next);
    }
    for (size_t i = 0; i < d->count; i++)
        eng_haar_decode(d->z + i * d->floats, o->height, o->width, rgb + i * o->height * o->width * 3);
    return 0;
}

int eng_sample_draw(eng_model *m, const eng_sample *sample, size_t count, const eng_sample_options *o, uint8_t *rgb,
                    lrc_err *err)
{
    const eng_arch *a = eng_model_arch(m);
    const size_t unit = a->latent.down << (a->unet.levels - 1);
    if (o->width == 0 || o->height == 0 || o->width % unit || o->height % unit || o->steps == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "samples need a width and height that %zu divides, and at least one step",
                        unit);
    if (!a->latent.haar)
        return lrc_fail(err, LRC_ERR_NOT_BUILT, "models with a trained autoencoder are not drawn by this version");
    struct drawing d = {.m = m, .count = count};
    const int result = prepare(&d, sample, o, err) < 0 ? -1 : draw(&d, o, rgb, err);
    drawing_done(&d);
    return result;
}
