// SPDX-License-Identifier: MIT
// Sample pictures during a run: the prompt file of sd-scripts, the file names of sd-scripts, the text of A1111.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "engine/png.h"
#include "engine/sample.h"
#include "engine/session.h"

#define PROMPTS_MAX_BYTES (1 << 20)
#define PROMPTS_MAX       256

// One line: "prompt --n negative --w 32 --h 32 --d seed --s steps --l scale"
struct prompt {
    char *text; // owned; cut in place
    eng_sample sample;
    eng_sample_options o;
    bool seeded;
};

static void read_option(struct prompt *p, const char *option)
{
    const char *value = option + 1 + strspn(option + 1, " ");
    double number = 0;
    const bool numeric = lrc_str_to_double(value, &number) && number >= 0;
    switch (option[0]) {
    case 'n': p->sample.negative = value; break;
    case 'w': p->o.width = numeric && number <= 4096 ? (size_t)number : p->o.width; break;
    case 'h': p->o.height = numeric && number <= 4096 ? (size_t)number : p->o.height; break;
    case 's': p->o.steps = numeric && number >= 1 && number <= 1000 ? (size_t)number : p->o.steps; break;
    case 'l': p->o.scale = numeric ? number : p->o.scale; break;
    case 'd':
        p->sample.seed = numeric ? (uint64_t)number : 0;
        p->seeded = numeric;
        break;
    default: break; // sd-scripts has more, for other models
    }
}

static void read_line(struct prompt *p, const eng_session *s)
{
    p->o = (eng_sample_options){(size_t)s->c->width, (size_t)s->c->height, ENG_SAMPLE_STEPS, ENG_SAMPLE_SCALE};
    char *next = strstr(p->text, " --");
    if (next)
        *next = '\0';
    p->sample.prompt = lrc_str_trim(p->text);
    while (next) {
        char *option = next + 3;
        next = strstr(option, " --");
        if (next)
            *next = '\0';
        read_option(p, lrc_str_trim(option));
    }
}

static size_t read_prompts(const eng_session *s, char *file, struct prompt *out)
{
    size_t n = 0;
    for (char *line = file, *next; line && n < PROMPTS_MAX; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        line = lrc_str_trim(line);
        if (!*line || *line == '#')
            continue;
        out[n] = (struct prompt){.text = line};
        read_line(&out[n], s);
        n++;
    }
    return n;
}

static int parameters_of(const eng_session *s, const struct prompt *p, char **ret, lrc_err *err)
{
    char seed[32];
    snprintf(seed, sizeof seed, "%" PRIu64, p->sample.seed);
    return lrc_str_format(ret, err,
                          "%s\nNegative prompt: %s\nSteps: %zu, Sampler: DDIM, CFG scale: %g, Seed: %s, Size: %zux%zu, "
                          "Model: %s, Lora: %s, Training step: %" PRIu64 ", Version: lorica " LORICA_VERSION,
                          p->sample.prompt, p->sample.negative ? p->sample.negative : "", p->o.steps, p->o.scale, seed,
                          p->o.width, p->o.height, lrc_path_name(s->c->base), s->output_name, s->step);
}

static int save_sample(const eng_session *s, const struct prompt *p, size_t index, uint64_t epoch, const uint8_t *rgb,
                       lrc_err *err)
{
    char when[32], place[32], seed[32] = "";
    const time_t now = (time_t)(lrc_clock_now_ms() / 1000);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y%m%d%H%M%S", &tm);
    if (epoch)
        snprintf(place, sizeof place, "e%06" PRIu64, epoch);
    else
        snprintf(place, sizeof place, "%06" PRIu64, s->step);
    if (p->seeded)
        snprintf(seed, sizeof seed, "_%" PRIu64, p->sample.seed);
    lrc_auto_free char *dir = NULL, *path = NULL, *text = NULL;
    if (lrc_path_join(&dir, s->output_dir, "sample", err) < 0 || lrc_fs_mkdirs(dir, err) < 0 ||
        lrc_str_format(&path, err, "%s/%s_%s_%02zu_%s%s.png", dir, s->output_name, place, index, when, seed) < 0 ||
        parameters_of(s, p, &text, err) < 0)
        return -1;
    return eng_png_save(path, rgb, p->o.width, p->o.height, text, err);
}

int eng_session_sample(eng_session *s, uint64_t epoch, lrc_err *err)
{
    lrc_auto_free char *file = NULL;
    if (!s->c->sample_prompts || !*s->c->sample_prompts)
        return 0;
    if (lrc_fs_read(s->c->sample_prompts, PROMPTS_MAX_BYTES, &file, NULL, err) < 0)
        return -1;
    lrc_auto_free struct prompt *prompt = calloc(PROMPTS_MAX, sizeof *prompt);
    if (!prompt)
        return lrc_fail_memory(err);
    printf("\ngenerating sample images at step %" PRIu64 "\n", s->step);
    const size_t n = read_prompts(s, file, prompt);
    for (size_t i = 0; i < n; i++) {
        struct prompt *p = &prompt[i];
        lrc_auto_free uint8_t *rgb = malloc(p->o.width * p->o.height * 3 + 1);
        if (!rgb)
            return lrc_fail_memory(err);
        printf("prompt: %s\n", p->sample.prompt);
        fflush(stdout);
        if (eng_sample_draw(s->model, &p->sample, 1, &p->o, rgb, err) < 0 || save_sample(s, p, i, epoch, rgb, err) < 0)
            return -1;
    }
    return 0;
}
