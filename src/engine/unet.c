// SPDX-License-Identifier: MIT
// The UNet of latent diffusion (Rombach et al. 2022). One walk gives every block two names: the LDM checkpoint's and
// diffusers', from which kohya's LoRA names are made.
#include <stdarg.h>
#include <stdio.h>

#include "engine/arch.h"

#define PREFIX    "model.diffusion_model."
#define LORA      "lora_unet."
#define PATH_MAX_ 256 // no name of such a network is half as long
#define SKIPS_MAX 64

// Both names of a block.
struct names {
    char ldm[PATH_MAX_], lora[PATH_MAX_];
};

struct walk {
    eng_net *n;
    const eng_arch *a;
    int time, text; // time: after the shared SiLU
    int skip[SKIPS_MAX];
    size_t skip_count;
};

__attribute__((format(printf, 2, 3))) static void join(char *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(out, PATH_MAX_, fmt, ap);
    va_end(ap);
}

static size_t cols_of(const struct walk *w, int v)
{
    return eng_net_check(w->n, NULL) < 0 ? 1 : w->n->value[v].cols;
}

static int res_block(struct walk *w, const struct names *at, int x, size_t out)
{
    const eng_where where = {at->ldm, at->lora, ENG_PLACE_CONV};
    char path[PATH_MAX_];
    join(path, "%s.in_layers.0", at->ldm);
    int h = eng_net_group_norm(w->n, path, w->a->unet.groups, w->a->unet.res_eps, true, x);
    h = eng_net_layer(w->n, &where, &(eng_layer){"in_layers.2", "conv1", out, 3, 1, false}, h);
    eng_net_add_row(
        w->n, h, eng_net_layer(w->n, &where, &(eng_layer){"emb_layers.1", "time_emb_proj", out, 0, 0, false}, w->time));
    join(path, "%s.out_layers.0", at->ldm);
    h = eng_net_group_norm(w->n, path, w->a->unet.groups, w->a->unet.res_eps, true, h);
    h = eng_net_layer(w->n, &where, &(eng_layer){"out_layers.3", "conv2", out, 3, 1, false}, h);
    if (cols_of(w, x) != out)
        x = eng_net_layer(w->n, &where, &(eng_layer){"skip_connection", "conv_shortcut", out, 1, 1, false}, x);
    eng_net_add(w->n, h, x);
    return h;
}

static int attention(struct walk *w, const char *path, const char *lora, size_t heads, int x, int context)
{
    const eng_where where = {path, lora, ENG_PLACE_TRANSFORMER};
    const size_t c = cols_of(w, x);
    const int q = eng_net_layer(w->n, &where, &(eng_layer){.part = "to_q", .out = c, .no_bias = true}, x);
    const int k = eng_net_layer(w->n, &where, &(eng_layer){.part = "to_k", .out = c, .no_bias = true}, context);
    const int v = eng_net_layer(w->n, &where, &(eng_layer){.part = "to_v", .out = c, .no_bias = true}, context);
    const int o = eng_net_attention(w->n, q, k, v, heads, false);
    return eng_net_layer(w->n, &where, &(eng_layer){.part = "to_out.0", .out = c}, o);
}

static int norm(struct walk *w, const char *block, const char *which, int x)
{
    char path[PATH_MAX_];
    join(path, "%s.%s", block, which);
    return eng_net_layer_norm(w->n, path, w->a->unet.res_eps, x);
}

static int transformer_block(struct walk *w, const struct names *at, size_t index, int x)
{
    const size_t c = cols_of(w, x), heads = w->a->unet.heads ? w->a->unet.heads : c / w->a->unet.head_dim;
    char block[PATH_MAX_], lora[PATH_MAX_], path[PATH_MAX_], sub[PATH_MAX_];
    join(block, "%s.transformer_blocks.%zu", at->ldm, index);
    join(lora, "%s.transformer_blocks.%zu", at->lora, index);
    for (int i = 1; i <= 2; i++) { // over the picture, then over the text
        join(path, "%s.attn%d", block, i);
        join(sub, "%s.attn%d", lora, i);
        const int n = norm(w, block, i == 1 ? "norm1" : "norm2", x);
        const int h = attention(w, path, sub, heads, n, i == 1 ? n : w->text);
        eng_net_add(w->n, h, x);
        x = h;
    }
    const eng_where where = {block, lora, ENG_PLACE_TRANSFORMER};
    const size_t inner = c * w->a->unet.ff_mult;
    int h = eng_net_layer(w->n, &where, &(eng_layer){.part = "ff.net.0.proj", .out = 2 * inner},
                          norm(w, block, "norm3", x));
    h = eng_net_layer(w->n, &where, &(eng_layer){.part = "ff.net.2", .out = c}, eng_net_geglu(w->n, h));
    eng_net_add(w->n, h, x);
    return h;
}

static int transformer(struct walk *w, const struct names *at, size_t depth, int x)
{
    const eng_where where = {at->ldm, at->lora, ENG_PLACE_TRANSFORMER};
    const size_t c = cols_of(w, x), kernel = w->a->unet.linear_proj ? 0 : 1;
    char path[PATH_MAX_];
    join(path, "%s.norm", at->ldm);
    int h = eng_net_group_norm(w->n, path, w->a->unet.groups, w->a->unet.tr_eps, false, x);
    h = eng_net_layer(w->n, &where, &(eng_layer){.part = "proj_in", .out = c, .kernel = kernel}, h);
    for (size_t i = 0; i < depth; i++)
        h = transformer_block(w, at, i, h);
    h = eng_net_layer(w->n, &where, &(eng_layer){.part = "proj_out", .out = c, .kernel = kernel}, h);
    eng_net_add(w->n, h, x);
    return h;
}

static void push(struct walk *w, int v)
{
    if (w->skip_count < SKIPS_MAX)
        w->skip[w->skip_count++] = v;
}

static int go_down(struct walk *w, int x)
{
    const size_t res = w->a->unet.res;
    struct names at;
    for (size_t i = 0; i < w->a->unet.levels; i++) {
        for (size_t j = 0; j < res; j++) {
            join(at.ldm, PREFIX "input_blocks.%zu.0", 1 + (res + 1) * i + j);
            join(at.lora, LORA "down_blocks.%zu.resnets.%zu", i, j);
            x = res_block(w, &at, x, w->a->unet.ch * w->a->unet.mult[i]);
            join(at.ldm, PREFIX "input_blocks.%zu.1", 1 + (res + 1) * i + j);
            join(at.lora, LORA "down_blocks.%zu.attentions.%zu", i, j);
            if (w->a->unet.depth[i])
                x = transformer(w, &at, w->a->unet.depth[i], x);
            push(w, x);
        }
        if (i + 1 == w->a->unet.levels)
            break;
        join(at.ldm, PREFIX "input_blocks.%zu.0", (res + 1) * (i + 1));
        join(at.lora, LORA "down_blocks.%zu.downsamplers.0", i);
        const eng_where where = {at.ldm, at.lora, ENG_PLACE_CONV};
        x = eng_net_layer(w->n, &where, &(eng_layer){"op", "conv", cols_of(w, x), 3, 2, false}, x);
        push(w, x);
    }
    return x;
}

static int go_middle(struct walk *w, int x)
{
    static const struct names res[2] = {{PREFIX "middle_block.0", LORA "mid_block.resnets.0"},
                                        {PREFIX "middle_block.2", LORA "mid_block.resnets.1"}},
                              tr = {PREFIX "middle_block.1", LORA "mid_block.attentions.0"};
    const size_t c = cols_of(w, x);
    x = res_block(w, &res[0], x, c);
    if (w->a->unet.mid_depth)
        x = transformer(w, &tr, w->a->unet.mid_depth, x);
    return res_block(w, &res[1], x, c);
}

static int go_up(struct walk *w, int x)
{
    const size_t res = w->a->unet.res, levels = w->a->unet.levels;
    struct names at;
    for (size_t u = 0; u < levels; u++) {
        const size_t i = levels - 1 - u;
        for (size_t j = 0; j <= res; j++) {
            const size_t block = (res + 1) * u + j;
            x = eng_net_concat(w->n, x, w->skip_count ? w->skip[--w->skip_count] : x);
            join(at.ldm, PREFIX "output_blocks.%zu.0", block);
            join(at.lora, LORA "up_blocks.%zu.resnets.%zu", u, j);
            x = res_block(w, &at, x, w->a->unet.ch * w->a->unet.mult[i]);
            join(at.ldm, PREFIX "output_blocks.%zu.1", block);
            join(at.lora, LORA "up_blocks.%zu.attentions.%zu", u, j);
            if (w->a->unet.depth[i])
                x = transformer(w, &at, w->a->unet.depth[i], x);
        }
        if (i == 0)
            break;
        join(at.ldm, PREFIX "output_blocks.%zu.%d", (res + 1) * u + res, w->a->unet.depth[i] ? 2 : 1);
        join(at.lora, LORA "up_blocks.%zu.upsamplers.0", u);
        const eng_where where = {at.ldm, at.lora, ENG_PLACE_CONV};
        x = eng_net_upsample(w->n, x);
        x = eng_net_layer(w->n, &where, &(eng_layer){"conv", NULL, cols_of(w, x), 3, 1, false}, x);
    }
    return x;
}

int eng_unet_build(eng_net *n, const eng_arch *a, int latent, int timestep, int text)
{
    const size_t inner = 4 * a->unet.ch;
    const eng_where plain = {PREFIX "time_embed", NULL, ENG_PLACE_NONE}, in = {PREFIX "input_blocks.0.0", NULL, 0},
                    out = {PREFIX "out", NULL, 0};
    struct walk w = {.n = n, .a = a, .text = text};
    int t = eng_net_layer(n, &plain, &(eng_layer){.part = "0", .out = inner}, timestep);
    t = eng_net_layer(n, &plain, &(eng_layer){.part = "2", .out = inner}, eng_net_act(n, ENG_ACT_SILU, t));
    w.time = eng_net_act(n, ENG_ACT_SILU, t);
    int x = eng_net_layer(n, &in, &(eng_layer){"", NULL, a->unet.ch, 3, 1, false}, latent);
    push(&w, x);
    x = go_up(&w, go_middle(&w, go_down(&w, x)));
    x = eng_net_group_norm(n, PREFIX "out.0", a->unet.groups, a->unet.res_eps, true, x);
    return eng_net_layer(n, &out, &(eng_layer){"2", NULL, a->unet.out, 3, 1, false}, x);
}
