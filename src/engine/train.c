// SPDX-License-Identifier: MIT
// The loop of a training, in the order of sd-scripts' train_network.py.
#include "engine/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/rand.h"
#include "engine/bar.h"
#include "engine/session.h"
#include "engine/tiny.h"
#include "image/info.h"

#define DEFAULT_STEPS 1600 // sd-scripts' max_train_steps
#define SUFFIX_SIZE   40

bool lrc_engine_key_at(size_t i, lrc_engine_key *ret)
{
    eng_key_info k;
    if (!eng_config_key(i, &k))
        return false;
    *ret = (lrc_engine_key){k.name, k.file, k.use, k.why};
    return true;
}

// ---- Before the first step -------------------------------------------------------------------------------------------

static int check_objective(const eng_config *c, const eng_arch *a, lrc_err *err)
{
    const bool v = a->objective.predict == ENG_PREDICT_V;
    if (c->v_parameterization != v)
        return lrc_fail_field(err, LRC_ERR_INVALID, "v_parameterization",
                              "the base model predicts %s: set v_parameterization = %s", v ? "v" : "noise",
                              v ? "true" : "false");
    if (c->zero_terminal_snr != a->objective.zero_terminal_snr)
        return lrc_fail_field(err, LRC_ERR_INVALID, "zero_terminal_snr",
                              "the base model was trained with zero_terminal_snr = %s: set it so",
                              a->objective.zero_terminal_snr ? "true" : "false");
    const int64_t steps = (int64_t)a->objective.steps;
    if (c->max_timestep > steps || c->min_timestep >= (c->max_timestep > 0 ? c->max_timestep : steps))
        return lrc_fail_field(err, LRC_ERR_INVALID, "max_timestep", "timesteps go from 0 to %" PRId64, steps);
    return 0;
}

static int start_model(eng_session *s, int threads, lrc_err *err)
{
    const eng_model_options o = {.threads = threads, .lora = &s->c->lora, .zero_terminal_snr = s->c->zero_terminal_snr};
    printf("loading model for process 0/1\nload Tiny checkpoint: %s\n", s->c->base);
    if (eng_model_load(s->c->base, &o, &s->model, err) < 0 ||
        lrc_st_file_hashes(s->c->base, s->base_hash, s->base_old_hash, err) < 0 ||
        check_objective(s->c, eng_model_arch(s->model), err) < 0)
        return -1;
    const eng_lora *l = eng_model_lora(s->model);
    printf("create LoRA network. base dim (rank): %zu, alpha: %g\n", s->c->lora.rank, (double)s->c->lora.alpha);
    printf("create LoRA for Text Encoder: %zu modules.\n", l->text_count);
    printf("create LoRA for U-Net: %zu modules.\n", l->count - l->text_count);
    eng_lora_init(l, eng_model_net(s->model), &s->torch);
    eng_model_changed(s->model);
    if (!s->c->network_weights || !*s->c->network_weights)
        return 0;
    lrc_auto_st_file lrc_st_file *f = NULL;
    size_t unused = 0;
    if (lrc_st_open(s->c->network_weights, &f, err) < 0 ||
        eng_lora_load(l, eng_model_net(s->model), f, &unused, err) < 0)
        return -1;
    printf("load network weights from %s%s\n", s->c->network_weights, unused ? " (some keys were not used)" : "");
    return 0;
}

static int start_data(eng_session *s, lrc_err *err)
{
    printf("Using DreamBooth method.\nprepare images.\n");
    if (lrc_image_init(err) < 0 || eng_data_load(s->c, s->model, &s->py, &s->data, err) < 0)
        return -1;
    for (size_t i = 0; i < s->c->subset_count; i++) {
        const eng_data_folder f = eng_data_folder_at(s->data, i);
        printf("found directory %s contains %zu image files\n", f.subset->image_dir, f.files);
    }
    if (s->c->width != ENG_TINY_SIZE || s->c->height != ENG_TINY_SIZE)
        printf("note: the Tiny base knows pictures of %d pixels a side; resolution = %d suits it best\n", ENG_TINY_SIZE,
               ENG_TINY_SIZE);
    const eng_data_facts facts = eng_data_facts_of(s->data);
    printf("%zu train images with repeating.\n%zu reg images.\n", facts.pictures, facts.reg_pictures);
    printf("[Dataset 0]\n  batch_size: %" PRId64 "\n  resolution: (%" PRId64 ", %" PRId64 ")\n  enable_bucket: %s\n",
           s->c->batch, s->c->width, s->c->height, s->c->buckets ? "True" : "False");
    return 0;
}

static void settle_steps(eng_session *s)
{
    const uint64_t batches = eng_data_facts_of(s->data).batches, accumulation = (uint64_t)s->c->accumulation;
    const uint64_t per_epoch = (batches + accumulation - 1) / accumulation;
    s->steps = s->c->max_epochs > 0  ? (uint64_t)s->c->max_epochs * per_epoch
               : s->c->max_steps > 0 ? (uint64_t)s->c->max_steps
                                     : DEFAULT_STEPS;
    s->epochs = (s->steps + per_epoch - 1) / per_epoch;
    s->lr = s->c->lr;
    s->lr.total = s->steps;
    s->lr.warmup = (uint64_t)(s->c->warmup < 1 ? s->c->warmup * (double)s->steps : s->c->warmup);
}

static int give_room(eng_session *s, lrc_err *err)
{
    const eng_arch *a = eng_model_arch(s->model);
    // A bucket may be longer than the resolution is wide, never larger in area.
    const size_t batch = (size_t)s->c->batch;
    const size_t side = (size_t)(s->c->width > s->c->height ? s->c->width : s->c->height) / a->latent.down;
    const size_t floats = batch * side * side * a->unet.in;
    s->grads = calloc(eng_model_net(s->model)->trainable_count + 1, sizeof *s->grads);
    s->noise = calloc(floats + 1, sizeof *s->noise);
    s->scratch = calloc(floats + 1, sizeof *s->scratch);
    s->timestep = calloc(batch, sizeof *s->timestep);
    s->weight = calloc(batch, sizeof *s->weight);
    s->losses = calloc(eng_data_facts_of(s->data).batches + 1, sizeof *s->losses);
    if (!s->grads || !s->noise || !s->scratch || !s->timestep || !s->weight || !s->losses)
        return lrc_fail_memory(err);
    return eng_adamw_init(&s->adamw, &s->c->adamw, eng_model_net(s->model)->trainable_count, err);
}

static void announce(const eng_session *s)
{
    const eng_data_facts f = eng_data_facts_of(s->data);
    printf("use AdamW optimizer | weight_decay %g, betas %g %g, eps %g\n", (double)s->c->adamw.weight_decay,
           (double)s->c->adamw.beta1, (double)s->c->adamw.beta2, (double)s->c->adamw.eps);
    printf("running training / \xe5\xad\xa6\xe7\xbf\x92\xe9\x96\x8b\xe5\xa7\x8b\n");
    printf("  num train images * repeats: %zu\n  num reg images: %zu\n  num batches per epoch: %zu\n", f.pictures,
           f.reg_pictures, f.batches);
    printf("  num epochs: %" PRIu64 "\n  batch size per device: %" PRId64 "\n", s->epochs, s->c->batch);
    printf("  gradient accumulation steps: %" PRId64 "\n  total optimization steps: %" PRIu64 "\n", s->c->accumulation,
           s->steps);
    printf("  threads: %d, kernels: %s\n", eng_model_threads(s->model), eng_backend_name());
    fflush(stdout);
}

// ---- One step --------------------------------------------------------------------------------------------------------

// PyTorch draws channel by channel; our pixels lie together.
static void draw_noise(eng_session *s, const eng_data_batch *b)
{
    const size_t channels = eng_model_arch(s->model)->unet.in, pixels = b->height * b->width;
    eng_rng_normal(&s->torch, s->scratch, b->count * channels * pixels);
    for (size_t i = 0; i < b->count; i++)
        for (size_t c = 0; c < channels; c++) {
            const float *from = s->scratch + (i * channels + c) * pixels;
            float *to = s->noise + i * pixels * channels + c;
            for (size_t p = 0; p < pixels; p++)
                to[p * channels] = from[p];
        }
    if (s->c->noise_offset == 0)
        return;
    for (size_t i = 0; i < b->count; i++) {
        float shift[16 + 256]; // randn needs 16 numbers at least
        const size_t n = channels < 16 ? 16 : channels > 256 ? 256 : channels;
        eng_rng_normal(&s->torch, shift, n);
        for (size_t k = 0; k < pixels * channels; k++)
            s->noise[i * pixels * channels + k] += (float)s->c->noise_offset * shift[k % channels % n];
    }
}

// Adds one batch's gradient; the loss before any optimizer step in *ret_loss.
static int add_batch(eng_session *s, size_t index, double *ret_loss, lrc_err *err)
{
    const eng_data_batch d = eng_data_take(s->data, index, s->epoch, &s->py);
    const int64_t steps = (int64_t)eng_model_noise(s->model)->steps;
    draw_noise(s, &d);
    eng_rng_int(&s->torch, s->c->min_timestep, s->c->max_timestep > 0 ? s->c->max_timestep : steps, s->timestep,
                d.count);
    for (size_t i = 0; i < d.count; i++)
        s->weight[i] =
            d.weight[i] * (float)eng_loss_weight(eng_model_noise(s->model), &s->c->loss, (size_t)s->timestep[i]);
    const eng_batch b = {d.count, d.height, d.width, d.latent, s->noise, s->timestep, d.tokens, s->weight};
    s->images += d.count;
    return eng_model_loss(s->model, &b, s->grads, ret_loss, err);
}

static void apply(eng_session *s)
{
    eng_net *n = eng_model_net(s->model);
    const eng_lora *l = eng_model_lora(s->model);
    if (s->c->accumulation > 1)
        for (size_t i = 0; i < n->trainable_count; i++)
            s->grads[i] /= (float)s->c->accumulation;
    eng_clip_norm(s->grads, n->trainable_count, s->c->max_grad_norm);
    const eng_group group[2] = {
        {0, l->text_floats, s->c->text_lr * eng_lr_factor(&s->lr, s->step, s->c->text_lr)},
        {l->text_floats, n->trainable_count, s->c->unet_lr * eng_lr_factor(&s->lr, s->step, s->c->unet_lr)}};
    eng_adamw_step(&s->adamw, n->trainable, s->grads, group, 2);
    eng_model_changed(s->model);
    memset(s->grads, 0, n->trainable_count * sizeof *s->grads);
    s->step++;
}

// sd-scripts' LossRecorder: the mean over the last pass through the data.
static double record(eng_session *s, size_t index, double loss)
{
    s->losses_sum += loss - (index < s->losses_count ? s->losses[index] : 0);
    s->losses[index] = loss;
    s->losses_count = index >= s->losses_count ? index + 1 : s->losses_count;
    return s->losses_sum / (double)s->losses_count;
}

// ---- Checkpoints -----------------------------------------------------------------------------------------------------

static bool due(int64_t every, uint64_t count)
{
    return every > ENG_EVERY_NEVER && count % (uint64_t)every == 0;
}

static void suffix_of(bool by_epoch, int64_t number, char out[static SUFFIX_SIZE])
{
    if (by_epoch)
        snprintf(out, SUFFIX_SIZE, "-%06" PRId64, number);
    else
        snprintf(out, SUFFIX_SIZE, "-step%08" PRId64, number);
}

// Save as this number, and remove the one that is `last` savings back.
static int checkpoint(eng_session *s, bool by_epoch, uint64_t number, int64_t every, int64_t last, lrc_err *err)
{
    char suffix[SUFFIX_SIZE];
    suffix_of(by_epoch, (int64_t)number, suffix);
    if (eng_session_save(s, suffix, err) < 0)
        return -1;
    const int64_t old = (int64_t)number - every * last;
    if (last <= 0 || old <= 0)
        return 0;
    lrc_auto_free char *path = NULL;
    suffix_of(by_epoch, old, suffix);
    if (lrc_str_format(&path, err, "%s/%s%s.safetensors", s->output_dir, s->output_name, suffix) < 0)
        return -1;
    if (lrc_fs_exists(path))
        printf("removing old checkpoint: %s\n", path);
    return lrc_fs_remove(path, err);
}

static int after_step(eng_session *s, lrc_err *err)
{
    if (due(s->c->sample_every_steps, s->step) && eng_session_sample(s, 0, err) < 0)
        return -1;
    if (due(s->c->save_every_steps, s->step) && s->step < s->steps)
        return checkpoint(s, false, s->step, s->c->save_every_steps, s->c->save_last_steps, err);
    return 0;
}

static int after_epoch(eng_session *s, lrc_err *err)
{
    if (due(s->c->save_every_epochs, s->epoch) && s->epoch < s->epochs &&
        checkpoint(s, true, s->epoch, s->c->save_every_epochs, s->c->save_last_epochs, err) < 0)
        return -1;
    return due(s->c->sample_every_epochs, s->epoch) ? eng_session_sample(s, s->epoch, err) : 0;
}

// ---- The loop --------------------------------------------------------------------------------------------------------

// sd-scripts sets the new epoch's order only after the first batch was taken: its first batch comes from the old order.
static int one_epoch(eng_session *s, eng_bar *bar, lrc_err *err)
{
    const size_t batches = eng_data_facts_of(s->data).batches;
    lrc_auto_free size_t *order = calloc(batches + 1, sizeof *order);
    if (!order)
        return lrc_fail_memory(err);
    eng_rng_permutation((uint64_t)eng_rng_i63(&s->torch), order, batches);
    for (size_t i = 0; i < batches && s->step < s->steps; i++) {
        double loss;
        char postfix[48];
        const int64_t wall = lrc_clock_mono_ms();
        const double cpu = lrc_clock_cpu_ms();
        if (add_batch(s, order[i], &loss, err) < 0)
            return -1;
        if (!isfinite(loss))
            return lrc_fail(err, LRC_ERR_INVALID,
                            "the loss is no number any more at step %" PRIu64 ": lower the learning rate", s->step + 1);
        if (i == 0)
            eng_data_shuffle(s->data, &s->py, s->epoch);
        snprintf(postfix, sizeof postfix, ", avr_loss=%.3g", record(s, i, loss));
        const bool whole = (i + 1) % (size_t)s->c->accumulation == 0 || i + 1 == batches;
        if (whole)
            apply(s);
        s->wall_ms += (double)(lrc_clock_mono_ms() - wall);
        s->cpu_ms += lrc_clock_cpu_ms() - cpu;
        if (!whole)
            continue;
        eng_bar_step(bar, s->step, postfix);
        if (after_step(s, err) < 0)
            return -1;
    }
    return 0;
}

static int loop(eng_session *s, lrc_err *err)
{
    eng_bar bar;
    if (s->c->sample_at_first && eng_session_sample(s, 0, err) < 0)
        return -1;
    eng_bar_begin(&bar, "steps", s->steps);
    for (s->epoch = 1; s->epoch <= s->epochs; s->epoch++) {
        printf("\nepoch %" PRIu64 "/%" PRIu64 "\n", s->epoch, s->epochs);
        fflush(stdout);
        if (one_epoch(s, &bar, err) < 0 || after_epoch(s, err) < 0)
            return -1;
    }
    s->epoch = s->epochs;
    eng_bar_end(&bar);
    if (eng_session_save(s, "", err) < 0)
        return -1;
    printf("model saved.\n");
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("learned from %" PRIu64 " images in %.2f s: %.1f images/s, %.2f CPU ms per image; peak memory %ld MiB\n",
           s->images, s->wall_ms / 1000, (double)s->images / (s->wall_ms / 1000), s->cpu_ms / (double)s->images,
           use.ru_maxrss / 1024);
    return 0;
}

static void session_done(eng_session *s)
{
    eng_data_free(s->data);
    eng_model_free(s->model);
    eng_adamw_done(&s->adamw);
    free(s->grads);
    free(s->noise);
    free(s->scratch);
    free(s->timestep);
    free(s->weight);
    free(s->losses);
}

static int settle_seed(eng_session *s, lrc_err *err)
{
    uint32_t drawn;
    if (lrc_rand_bytes(&drawn, sizeof drawn, err) < 0 || lrc_rand_hex(s->id, 10, err) < 0)
        return -1;
    s->seed = s->c->seed < 0 ? drawn : s->c->seed;
    eng_rng_py_seed(&s->py, (uint64_t)s->seed);
    eng_rng_seed(&s->torch, (uint64_t)s->seed);
    return 0;
}

static int run(eng_session *s, int threads, lrc_err *err)
{
    if (settle_seed(s, err) < 0 || lrc_fs_mkdirs(s->output_dir, err) < 0 || start_model(s, threads, err) < 0 ||
        start_data(s, err) < 0)
        return -1;
    settle_steps(s);
    if (give_room(s, err) < 0)
        return -1;
    announce(s);
    return loop(s, err);
}

// ---- The doors -------------------------------------------------------------------------------------------------------

// What is only known with the base model and the folders at hand; the first thing that is wrong.
static int check_surroundings(const eng_config *c, lrc_err *err)
{
    eng_arch a;
    if (eng_model_peek(c->base, &a, err) < 0 || check_objective(c, &a, err) < 0)
        return -1;
    return eng_data_check(c, &a, err);
}

int lrc_engine_check(const lrc_engine_train_options *o, lrc_findings *ret, lrc_err *err)
{
    eng_auto_config eng_config c = {0};
    lrc_err why = LRC_ERR_INIT;
    if (eng_config_load(o->config_file, o->dataset_config, &c, ret, err) < 0)
        return -1;
    if (lrc_findings_errors(ret) || check_surroundings(&c, &why) == 0)
        return 0;
    if (why.code == LRC_ERR_NO_MEMORY) {
        *err = why;
        return -1;
    }
    return lrc_findings_add(ret, LRC_FINDING_ERROR, lrc_err_word(why.code), why.field, "", "", err, "%s", why.msg);
}

static int first_error(const lrc_findings *f, lrc_err *err)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->item[i].severity == LRC_FINDING_ERROR)
            return lrc_fail_field(err, LRC_ERR_INVALID, f->item[i].field, "%s (%s)%s%s", f->item[i].message,
                                  f->item[i].file, *f->item[i].remedy ? ": " : "", f->item[i].remedy);
        else
            printf("note: %s\n", f->item[i].message);
    return 0;
}

int lrc_engine_train(const lrc_engine_train_options *o, lrc_err *err)
{
    eng_auto_config eng_config c = {0};
    lrc_auto_findings lrc_findings findings = {0};
    setvbuf(stdout, NULL, _IOLBF, 0); // lines and the bar on stderr go into one log, in their order
    if (eng_config_load(o->config_file, o->dataset_config, &c, &findings, err) < 0 || first_error(&findings, err) < 0)
        return -1;
    eng_session s = {.c = &c,
                     .output_dir = o->output_dir ? o->output_dir : c.output_dir,
                     .output_name = o->output_name ? o->output_name : c.output_name,
                     .started_ms = lrc_clock_now_ms()};
    if (!s.output_dir || !s.output_name || !*s.output_name)
        return lrc_fail_field(err, LRC_ERR_INVALID, "output_dir", "output_dir and output_name are needed");
    const int result = run(&s, o->threads, err);
    session_done(&s);
    return result;
}
