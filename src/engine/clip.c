// SPDX-License-Identifier: MIT
// CLIP's text encoder (Radford et al. 2021) in the names of the Hugging Face model, as SD1.5 checkpoints carry it:
// embeddings, layers of causal attention and MLP with the norm before each, a last norm.
#include <stdio.h>

#include "engine/arch.h"

#define PREFIX    "cond_stage_model.transformer.text_model"
#define CLIP_EPS  1e-5F
#define PATH_MAX_ 200

static int attention(eng_net *n, const eng_arch *a, const char *path, const char *lora, int x)
{
    const size_t d = a->text.d;
    const eng_where w = {path, lora, ENG_PLACE_TEXT};
    const int q = eng_net_layer(n, &w, &(eng_layer){.part = "q_proj", .out = d}, x);
    const int k = eng_net_layer(n, &w, &(eng_layer){.part = "k_proj", .out = d}, x);
    const int v = eng_net_layer(n, &w, &(eng_layer){.part = "v_proj", .out = d}, x);
    const int o = eng_net_attention(n, q, k, v, a->text.heads, true);
    return eng_net_layer(n, &w, &(eng_layer){.part = "out_proj", .out = d}, o);
}

static int mlp(eng_net *n, const eng_arch *a, const char *path, const char *lora, int x)
{
    const eng_where w = {path, lora, ENG_PLACE_TEXT};
    const int wide = eng_net_layer(n, &w, &(eng_layer){.part = "fc1", .out = a->text.ff}, x);
    return eng_net_layer(n, &w, &(eng_layer){.part = "fc2", .out = a->text.d}, eng_net_act(n, a->text.act, wide));
}

int eng_clip_build(eng_net *n, const eng_arch *a, int ids)
{
    int x =
        eng_net_embed(n, PREFIX ".embeddings.token_embedding.weight", PREFIX ".embeddings.position_embedding.weight",
                      a->text.vocab, a->text.tokens, a->text.d, ids);
    for (size_t i = 0; i < a->text.layers; i++) {
        char path[PATH_MAX_], lora[PATH_MAX_], norm[PATH_MAX_];
        snprintf(norm, sizeof norm, PREFIX ".encoder.layers.%zu.layer_norm1", i);
        snprintf(path, sizeof path, PREFIX ".encoder.layers.%zu.self_attn", i);
        snprintf(lora, sizeof lora, "lora_te.text_model.encoder.layers.%zu.self_attn", i);
        const int attended = attention(n, a, path, lora, eng_net_layer_norm(n, norm, CLIP_EPS, x));
        eng_net_add(n, attended, x);
        snprintf(norm, sizeof norm, PREFIX ".encoder.layers.%zu.layer_norm2", i);
        snprintf(path, sizeof path, PREFIX ".encoder.layers.%zu.mlp", i);
        snprintf(lora, sizeof lora, "lora_te.text_model.encoder.layers.%zu.mlp", i);
        x = mlp(n, a, path, lora, eng_net_layer_norm(n, norm, CLIP_EPS, attended));
        eng_net_add(n, x, attended);
    }
    return eng_net_layer_norm(n, PREFIX ".final_layer_norm", CLIP_EPS, x);
}
