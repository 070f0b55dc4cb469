// SPDX-License-Identifier: MIT
#include "engine/base.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "engine/optim.h"
#include "engine/tiny.h"

#define RATE          1e-3
#define RATE_FLOOR    0.02 // of the rate, at the end
#define WARMUP        100
#define CLIP          1.0
#define EMPTY_SHARE   0.1  // captions replaced by nothing, for guidance
#define SHUFFLE_SHARE 0.5  // captions whose tags are in another order
#define DROP_SHARE    0.05 // of the tags besides the shape
#define AVERAGE_MOST  0.995
#define LOSS_WINDOW   100 // steps that a reported loss is the mean of
#define CAPTION_MAX   256
#define TAGS          4

static const eng_adamw_options adamw_options = {0.9F, 0.99F, 1e-8F, 0.01F};

struct session {
    const eng_base_options *o;
    eng_model *model;
    eng_rng draw, noise_rng; // pictures and captions; timesteps and noise
    eng_adamw adamw;
    float *average, *grads, *latent, *noise;
    int64_t *timestep;
    int32_t *tokens;
    double first_loss, last_loss, sum;
};

static void session_done(struct session *s)
{
    eng_model_free(s->model);
    eng_adamw_done(&s->adamw);
    free(s->average);
    free(s->grads);
    free(s->latent);
    free(s->noise);
    free(s->timestep);
    free(s->tokens);
}

enum { SIDE = ENG_TINY_SIZE / 2, LATENT_FLOATS = SIDE * SIDE * ENG_HAAR_CHANNELS };

static int session_init(struct session *s, const eng_base_options *o, lrc_err *err)
{
    *s = (struct session){.o = o};
    eng_auto_words eng_words *words = NULL;
    const eng_model_options mo = {.threads = o->threads, .train_all = true, .zero_terminal_snr = -1};
    if (eng_words_parse(eng_tiny_vocabulary, eng_arch_tiny.text.vocab, &words, err) < 0 ||
        eng_model_new(&eng_arch_tiny, words, &mo, &s->model, err) < 0)
        return -1;
    const size_t count = eng_model_net(s->model)->trainable_count;
    s->average = calloc(count, sizeof *s->average);
    s->grads = calloc(count, sizeof *s->grads);
    s->latent = calloc(o->batch * LATENT_FLOATS, sizeof *s->latent);
    s->noise = calloc(o->batch * LATENT_FLOATS, sizeof *s->noise);
    s->timestep = calloc(o->batch, sizeof *s->timestep);
    s->tokens = calloc(o->batch * eng_arch_tiny.text.tokens, sizeof *s->tokens);
    if (!s->average || !s->grads || !s->latent || !s->noise || !s->timestep || !s->tokens)
        return lrc_fail_memory(err);
    eng_rng_py_seed(&s->draw, o->seed);
    eng_rng_seed(&s->noise_rng, o->seed);
    eng_model_init(s->model, &s->noise_rng);
    memcpy(s->average, eng_model_net(s->model)->trainable, count * sizeof *s->average);
    return eng_adamw_init(&s->adamw, &adamw_options, count, err);
}

// ---- Batches ---------------------------------------------------------------------------------------------------------

static void swap_tags(void *list, size_t i, size_t j)
{
    char **tag = list, *kept = tag[i];
    tag[i] = tag[j];
    tag[j] = kept;
}

static void make_caption(struct session *s, const eng_tiny_picture *p, char *out)
{
    char shape[32], colour[32], size[32], ground[64];
    snprintf(shape, sizeof shape, "%s", eng_tiny_shape_name(p->shape));
    snprintf(colour, sizeof colour, "%s", eng_tiny_colour_name(p->colour));
    snprintf(size, sizeof size, "%s", p->big ? "big" : "small");
    snprintf(ground, sizeof ground, "%s background", eng_tiny_ground_name(p->ground));
    char *tag[TAGS] = {shape, colour, size, ground};
    for (int i = 1; i < TAGS; i++)
        if (eng_rng_py_random(&s->draw) < DROP_SHARE)
            tag[i][0] = '\0';
    if (eng_rng_py_random(&s->draw) < SHUFFLE_SHARE)
        eng_rng_py_shuffle(&s->draw, TAGS, swap_tags, tag);
    if (eng_rng_py_random(&s->draw) < EMPTY_SHARE)
        out[0] = '\0';
    else
        snprintf(out, CAPTION_MAX, "%s, %s, %s, %s", tag[0], tag[1], tag[2], tag[3]);
}

static void make_batch(struct session *s)
{
    uint8_t rgb[ENG_TINY_SIZE * ENG_TINY_SIZE * 3];
    char caption[CAPTION_MAX];
    for (size_t i = 0; i < s->o->batch; i++) {
        const eng_tiny_picture p = eng_tiny_random(&s->draw, -1);
        eng_tiny_draw(&p, ENG_TINY_SIZE, rgb);
        eng_haar_encode(rgb, ENG_TINY_SIZE, ENG_TINY_SIZE, s->latent + i * LATENT_FLOATS);
        make_caption(s, &p, caption);
        eng_words_encode(eng_model_words(s->model), caption, s->tokens + i * eng_arch_tiny.text.tokens,
                         eng_arch_tiny.text.tokens);
    }
    eng_rng_int(&s->noise_rng, 0, (int64_t)eng_arch_tiny.objective.steps, s->timestep, s->o->batch);
    eng_rng_normal(&s->noise_rng, s->noise, s->o->batch * LATENT_FLOATS);
}

// ---- Steps -----------------------------------------------------------------------------------------------------------

static double rate_at(const struct session *s, size_t step)
{
    const double warm = (double)(step + 1) / WARMUP;
    const double wave = 0.5 * (1 + cos(M_PI * (double)step / (double)s->o->steps));
    return RATE * (warm < 1 ? warm : 1) * (wave > RATE_FLOOR ? wave : RATE_FLOOR);
}

static int one_step(struct session *s, size_t step, double *ret_loss, lrc_err *err)
{
    eng_net *net = eng_model_net(s->model);
    const eng_batch b = {s->o->batch, SIDE, SIDE, s->latent, s->noise, s->timestep, s->tokens, NULL};
    make_batch(s);
    memset(s->grads, 0, net->trainable_count * sizeof *s->grads);
    if (eng_model_loss(s->model, &b, s->grads, ret_loss, err) < 0)
        return -1;
    eng_clip_norm(s->grads, net->trainable_count, CLIP);
    const eng_group all = {0, net->trainable_count, rate_at(s, step)};
    eng_adamw_step(&s->adamw, net->trainable, s->grads, &all, 1);
    eng_model_changed(s->model);
    const double young = (double)(step + 2) / (double)(step + 21); // follow quickly at first
    const float keep = (float)(young < AVERAGE_MOST ? young : AVERAGE_MOST);
    for (size_t i = 0; i < net->trainable_count; i++)
        s->average[i] += (1 - keep) * (net->trainable[i] - s->average[i]);
    return 0;
}

static int save(struct session *s, size_t steps, double seconds, const char *path, lrc_err *err)
{
    eng_net *net = eng_model_net(s->model);
    memcpy(net->trainable, s->average, net->trainable_count * sizeof *s->average);
    char seed[32], count[32], batch[32], first[32], last[32], cpu[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->o->seed);
    snprintf(count, sizeof count, "%zu", steps);
    snprintf(batch, sizeof batch, "%zu", s->o->batch);
    snprintf(first, sizeof first, "%.4f", s->first_loss);
    snprintf(last, sizeof last, "%.4f", s->last_loss);
    snprintf(cpu, sizeof cpu, "%.0f", seconds);
    const lrc_st_pair meta[] = {{"modelspec.title", "Lorica Tiny"}, {"lorica_base_seed", seed},
                                {"lorica_base_steps", count},       {"lorica_base_batch", batch},
                                {"lorica_base_first_loss", first},  {"lorica_base_last_loss", last},
                                {"lorica_base_cpu_seconds", cpu}};
    return eng_model_save(s->model, path, LRC_ST_F16, meta, sizeof meta / sizeof meta[0], err);
}

static int train(struct session *s, const char *path, lrc_err *err)
{
    const double start = lrc_clock_cpu_ms();
    size_t step = 0;
    for (bool stop = false; step < s->o->steps && !stop; step++) {
        double loss;
        if (one_step(s, step, &loss, err) < 0)
            return -1;
        s->sum += loss;
        if ((step + 1) % LOSS_WINDOW == 0 || step + 1 == s->o->steps) {
            const size_t over = (step + 1) % LOSS_WINDOW ? (step + 1) % LOSS_WINDOW : LOSS_WINDOW;
            s->last_loss = s->sum / (double)over;
            s->first_loss = step < LOSS_WINDOW ? s->last_loss : s->first_loss;
            s->sum = 0;
        }
        stop = s->o->progress && s->o->progress(s->o->arg, step + 1, s->o->steps, loss);
    }
    return save(s, step, (lrc_clock_cpu_ms() - start) / 1000, path, err);
}

int eng_base_train(const eng_base_options *o, const char *path, lrc_err *err)
{
    struct session s;
    const int result = session_init(&s, o, err) < 0 ? -1 : train(&s, path, err);
    session_done(&s);
    return result;
}
