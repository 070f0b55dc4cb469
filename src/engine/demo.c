// SPDX-License-Identifier: MIT
// The doors around the trainer: pictures to learn from, the base, the verdict.
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "engine/bar.h"
#include "engine/base.h"
#include "engine/judge.h"
#include "engine/png.h"
#include "engine/sample.h"
#include "engine/tiny.h"
#include "engine/train.h"

#define SIZE_MAX_     4096
#define COUNT_MAX     100000
#define CAPTION_BYTES 512
#define BIG_SHARE     0.75 // of the pictures of a new shape; the rest is small

const char *lrc_engine_shape_at(size_t i, bool *ret_known)
{
    if (i >= ENG_TINY_SHAPES)
        return NULL;
    *ret_known = i < ENG_TINY_KNOWN;
    return eng_tiny_shape_name((int)i);
}

// ---- Pictures --------------------------------------------------------------------------------------------------------

static int save_picture(const lrc_engine_drawing *d, const eng_tiny_picture *p, int number, const char *word,
                        uint8_t *rgb, lrc_err *err)
{
    lrc_auto_free char *png = NULL, *txt = NULL;
    lrc_auto_buf lrc_buf caption;
    lrc_buf_init(&caption, CAPTION_BYTES);
    eng_tiny_draw(p, (size_t)d->size, rgb);
    if (lrc_str_format(&png, err, "%s/%s_%02d.png", d->dir, d->known ? "known" : d->shape, number) < 0 ||
        lrc_path_with_suffix(&txt, png, ".txt", err) < 0 ||
        eng_png_save(png, rgb, (size_t)d->size, (size_t)d->size, NULL, err) < 0)
        return -1;
    if (!d->captions)
        return 0;
    eng_tiny_caption(p, word, &caption);
    lrc_buf_addc(&caption, '\n');
    if (lrc_buf_check(&caption, "caption", err) < 0)
        return -1;
    return lrc_fs_write(txt, caption.data, caption.len, 0, err);
}

int lrc_engine_draw_images(const lrc_engine_drawing *d, lrc_err *err)
{
    const int shape = d->known ? -1 : eng_tiny_shape_of(d->shape);
    if (!d->known && shape < 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "shape", "there is no shape '%s'", d->shape);
    if (d->size < 8 || d->size > SIZE_MAX_ || d->count < 1 || d->count > COUNT_MAX)
        return lrc_fail_field(err, LRC_ERR_INVALID, "size", "pictures have 8 to %d pixels a side, 1 to %d of them",
                              SIZE_MAX_, COUNT_MAX);
    lrc_auto_free uint8_t *rgb = malloc((size_t)d->size * (size_t)d->size * 3);
    if (!rgb)
        return lrc_fail_memory(err);
    if (lrc_fs_mkdirs(d->dir, err) < 0)
        return -1;
    eng_rng rng;
    eng_rng_py_seed(&rng, d->seed);
    for (int i = 0; i < d->count; i++) {
        // Each colour and ground in turn, so that a dozen pictures hold all of them.
        const eng_tiny_picture p =
            d->known ? eng_tiny_random(&rng, -1)
                     : eng_tiny_place(&rng, shape, i % ENG_TINY_COLOURS, (i + i / ENG_TINY_COLOURS) % ENG_TINY_GROUNDS,
                                      eng_rng_py_random(&rng) < BIG_SHARE);
        if (save_picture(d, &p, i + 1, d->known ? NULL : d->word, rgb, err) < 0)
            return -1;
    }
    return 0;
}

// ---- Base ------------------------------------------------------------------------------------------------------------

#define LOSS_EVERY 100 // steps
#define LOSS_KEEP  0.98

struct base_bar {
    eng_bar bar;
    double mean; // of about the last 50 losses
};

static bool show_step(void *arg, size_t step, size_t steps, double loss)
{
    struct base_bar *b = arg;
    char postfix[48];
    (void)steps;
    b->mean = step == 1 ? loss : LOSS_KEEP * b->mean + (1 - LOSS_KEEP) * loss;
    snprintf(postfix, sizeof postfix, ", avr_loss=%.3g", b->mean);
    eng_bar_step(&b->bar, step, postfix);
    if (step == 1 || step % LOSS_EVERY == 0)
        printf("%zu\t%.3g\n", step, b->mean);
    return false;
}

int lrc_engine_train_base(const char *path, uint64_t seed, int64_t steps, int threads, lrc_err *err)
{
    struct base_bar bar;
    eng_base_options o = ENG_BASE_DEFAULT;
    o.seed = seed;
    o.threads = threads;
    if (steps > 0)
        o.steps = (size_t)steps;
    o.progress = show_step;
    o.arg = &bar;
    setvbuf(stdout, NULL, _IOLBF, 0); // each loss is in its file at once
    eng_bar_begin(&bar.bar, "steps", o.steps);
    const int result = eng_base_train(&o, path, err);
    eng_bar_end(&bar.bar);
    return result;
}

// ---- Verdict ---------------------------------------------------------------------------------------------------------

enum {
    NEW = ENG_TINY_COLOURS * ENG_TINY_GROUNDS,
    KEPT = 32,
    ALL = NEW + KEPT,
    BYTES = ENG_TINY_SIZE * ENG_TINY_SIZE * 3
};

#define VERDICT_SEED  1000
#define SHEET_COLUMNS 8
#define SHEET_SCALE   3

// Every colour on every ground for the new shape; every known shape four times.
static eng_tiny_picture asked_for(int i, int shape)
{
    const int k = i - NEW;
    if (i < NEW)
        return (eng_tiny_picture){
            .shape = shape, .colour = i % ENG_TINY_COLOURS, .ground = i / ENG_TINY_COLOURS, .big = true};
    return (eng_tiny_picture){.shape = k % ENG_TINY_KNOWN,
                              .colour = (k + k / ENG_TINY_KNOWN) % ENG_TINY_COLOURS,
                              .ground = k / ENG_TINY_KNOWN % ENG_TINY_GROUNDS,
                              .big = true};
}

static int draw_all(eng_model *m, int shape, const char *word, uint8_t *rgb, lrc_err *err)
{
    const eng_sample_options o = {ENG_TINY_SIZE, ENG_TINY_SIZE, ENG_SAMPLE_STEPS, ENG_SAMPLE_SCALE};
    lrc_auto_strv lrc_strv prompt = {0};
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, CAPTION_BYTES);
    eng_sample sample[ALL];
    for (int i = 0; i < ALL; i++) {
        const eng_tiny_picture p = asked_for(i, shape);
        lrc_buf_truncate(&b, 0);
        eng_tiny_caption(&p, i < NEW ? word : NULL, &b);
        if (lrc_buf_check(&b, "prompt", err) < 0 || lrc_strv_push(&prompt, b.data, err) < 0)
            return -1;
    }
    for (int i = 0; i < ALL; i++)
        sample[i] = (eng_sample){prompt.item[i], NULL, VERDICT_SEED + (uint64_t)i};
    return eng_sample_draw(m, sample, ALL, &o, rgb, err);
}

static int load_for_verdict(const char *base, const char *lora, eng_model **ret, lrc_err *err)
{
    eng_model_options o = {.zero_terminal_snr = -1};
    eng_lora_options lo;
    lrc_auto_st_file lrc_st_file *f = NULL;
    if (lora && (lrc_st_open(lora, &f, err) < 0 || eng_lora_describe(f, &lo, err) < 0))
        return -1;
    o.lora = lora ? &lo : NULL;
    eng_auto_model eng_model *m = NULL;
    size_t unused;
    if (eng_model_load(base, &o, &m, err) < 0 ||
        (lora && eng_lora_load(eng_model_lora(m), eng_model_net(m), f, &unused, err) < 0))
        return -1;
    *ret = lrc_take(m);
    return 0;
}

static int examine(const lrc_engine_exam *e, const char *lora, int shape, uint8_t *rgb, lrc_engine_verdict *ret,
                   lrc_err *err)
{
    eng_auto_model eng_model *m = NULL;
    eng_auto_judge eng_judge *j = NULL;
    if (load_for_verdict(e->base, lora, &m, err) < 0 || eng_judge_new(&j, err) < 0 ||
        draw_all(m, shape, e->word, rgb, err) < 0)
        return -1;
    *ret = (lrc_engine_verdict){.new_count = NEW, .kept_count = KEPT};
    for (int i = 0; i < ALL; i++) {
        const bool right = eng_judge_shape(j, rgb + (size_t)i * BYTES, NULL) == asked_for(i, shape).shape;
        *(i < NEW ? &ret->new_shape : &ret->kept) += right;
    }
    return 0;
}

// Two sets of pictures, with an empty column between them.
static int save_both(const char *path, const uint8_t *left, const uint8_t *right, lrc_err *err)
{
    enum { COLUMNS = 2 * SHEET_COLUMNS + 1, ROWS = ALL / SHEET_COLUMNS };
    const size_t row = (size_t)SHEET_COLUMNS * BYTES;
    lrc_auto_free uint8_t *rgb = calloc((size_t)ROWS * COLUMNS, BYTES);
    if (!rgb)
        return lrc_fail_memory(err);
    for (size_t y = 0; y < ROWS; y++) {
        uint8_t *at = rgb + y * COLUMNS * BYTES;
        memcpy(at, left + y * row, row);
        memcpy(at + row + BYTES, right + y * row, row);
    }
    const eng_sheet s = {rgb, (size_t)ROWS * COLUMNS, ENG_TINY_SIZE, COLUMNS, SHEET_SCALE};
    return eng_sheet_save(path, &s, err);
}

int lrc_engine_judge(const lrc_engine_exam *e, lrc_engine_verdict *ret_before, lrc_engine_verdict *ret, lrc_err *err)
{
    const int wanted = eng_tiny_shape_of(e->shape);
    if (wanted < 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "shape", "there is no shape '%s'", e->shape);
    lrc_engine_verdict before = {0}, v;
    lrc_auto_free uint8_t *left = malloc((size_t)ALL * BYTES), *rgb = malloc((size_t)ALL * BYTES);
    if (!left || !rgb)
        return lrc_fail_memory(err);
    if ((e->before && examine(e, NULL, wanted, left, &before, err) < 0) ||
        examine(e, e->lora, wanted, rgb, &v, err) < 0)
        return -1;
    const eng_sheet s = {rgb, ALL, ENG_TINY_SIZE, SHEET_COLUMNS, SHEET_SCALE};
    if (e->sheet && (e->before ? save_both(e->sheet, left, rgb, err) : eng_sheet_save(e->sheet, &s, err)) < 0)
        return -1;
    if (e->before)
        *ret_before = before;
    *ret = v;
    return 0;
}
