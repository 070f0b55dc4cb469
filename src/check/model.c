// SPDX-License-Identifier: MIT
#include "check/model.h"

#include <string.h>

#include "json/json.h"

#define PREFIXES 4

static const char *const prefixes[PREFIXES] = {"", "model.diffusion_model.", "net.", "model."};

// How a file is known: a tensor that it has and, where two are alike, one that it must have too. The first row that fits
// counts.
static const struct signature {
    const char *has, *and;
    bool anywhere; // with any of the prefixes, so that the file may be the network alone
    lrc_model_part part;
    int family; // NONE: cannot be trained
    const char *title;
    const char *adapted[3]; // what names of layers with a LoRA hold (".x.") or begin with ("x.")
    bool swap;              // those lists are blocks that can be swapped out
} table[] = {
// clang-format off
#define NONE (-1)
#define BASE(f) LRC_PART_BASE, LRC_FAMILY_##f
#define UNET {".transformer_blocks.", ".proj_in.", ".proj_out."}, false
#define DOUBLE_SINGLE {"double_blocks.", "single_blocks."}, true
#define TEXT LRC_PART_TEXT_ENCODER, NONE
    {"distilled_guidance_layer.in_proj.weight", "double_blocks.0.img_attn.qkv.weight", true, BASE(CHROMA), "Chroma",
     DOUBLE_SINGLE},
    {"byt5_in.fc1.weight", "double_blocks.0.img_attn_qkv.weight", true, BASE(HUNYUAN), "HunyuanImage 2.1", DOUBLE_SINGLE},
    {"double_blocks.0.img_attn.qkv.weight", "guidance_in.in_layer.weight", true, BASE(FLUX), "FLUX.1 dev", DOUBLE_SINGLE},
    {"double_blocks.0.img_attn.qkv.weight", NULL, true, BASE(FLUX), "FLUX.1 schnell", DOUBLE_SINGLE},
    {"transformer_blocks.0.attn.add_q_proj.weight", "single_transformer_blocks.0.attn.to_q.weight", true, BASE(FLUX),
     "FLUX.1 in diffusers' form", {"transformer_blocks.", "single_transformer_blocks."}, true},
    {"joint_blocks.0.context_block.attn.qkv.weight", "joint_blocks.0.context_block.attn.ln_k.weight", true, BASE(SD35),
     "Stable Diffusion 3.5", {"joint_blocks."}, true},
    {"joint_blocks.0.context_block.attn.qkv.weight", NULL, true, BASE(SD3), "Stable Diffusion 3", {"joint_blocks."}, true},
    {"cap_embedder.0.weight", "noise_refiner.0.attention.qkv.weight", true, BASE(LUMINA), "Lumina Image 2",
     {"layers.", "noise_refiner.", "context_refiner."}, true},
    {"x_embedder.proj.1.weight", "blocks.0.self_attn.q_proj.weight", true, BASE(ANIMA), "Anima", {"blocks."}, true},
    {"conditioner.embedders.0.model.transformer.resblocks.0.ln_1.weight", NULL, false, LRC_PART_BASE, NONE,
     "the refiner of Stable Diffusion XL", {NULL}, false},
    {"conditioner.embedders.1.model.transformer.resblocks.0.ln_1.weight", NULL, false, BASE(SDXL), "Stable Diffusion XL",
     UNET},
    {"model.diffusion_model.label_emb.0.0.weight", "model.diffusion_model.input_blocks.0.0.weight", false, BASE(SDXL),
     "Stable Diffusion XL", UNET},
    {"model.diffusion_model.input_blocks.0.0.weight", "cond_stage_model.model.transformer.resblocks.0.ln_1.weight", false,
     BASE(SD15), "Stable Diffusion 2", UNET},
    {"model.diffusion_model.input_blocks.0.0.weight", NULL, false, BASE(SD15), "Stable Diffusion 1", UNET},
    {"encoder.block.0.layer.0.SelfAttention.q.weight", NULL, true, TEXT, "T5 text encoder", {NULL}, false},
    {"text_model.encoder.layers.31.mlp.fc1.weight", NULL, true, TEXT, "CLIP-G text encoder", {NULL}, false},
    {"text_model.encoder.layers.11.mlp.fc1.weight", NULL, true, TEXT, "CLIP-L text encoder", {NULL}, false},
    {"layers.0.self_attn.q_proj.weight", NULL, true, TEXT, "language model", {NULL}, false},
    {"decoder.conv_in.weight", NULL, false, LRC_PART_VAE, NONE, "autoencoder", {NULL}, false},
    {"decoder.conv1.weight", NULL, false, LRC_PART_VAE, NONE, "autoencoder", {NULL}, false},
#undef NONE
#undef BASE
#undef UNET
#undef DOUBLE_SINGLE
#undef TEXT
    // clang-format on
};

const char *lrc_model_part_name(lrc_model_part part)
{
    static const char *const name[LRC_PART_MAX_] = {
        [LRC_PART_UNKNOWN] = "unknown", [LRC_PART_BASE] = "base model",           [LRC_PART_LORA] = "LoRA",
        [LRC_PART_VAE] = "autoencoder", [LRC_PART_TEXT_ENCODER] = "text encoder",
    };
    return name[part];
}

static const lrc_st_tensor *find(const lrc_st_file *f, const char *prefix, const char *name)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    return lrc_st_find(f, whole);
}

static bool fits(const lrc_st_file *f, const struct signature *s, const char *prefix)
{
    return find(f, prefix, s->has) && (!s->and || find(f, prefix, s->and));
}

static const struct signature *recognise(const lrc_st_file *f, const char **ret_prefix)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (size_t p = 0; p < (table[i].anywhere ? PREFIXES : 1); p++)
            if (fits(f, &table[i], prefixes[p])) {
                *ret_prefix = prefixes[p];
                return &table[i];
            }
    return NULL;
}

// Some tensor's name holds this.
static bool any_holds(const lrc_st_file *f, const char *part)
{
    for (size_t i = 0; i < lrc_st_count(f); i++)
        if (strstr(lrc_st_at(f, i)->name, part))
            return true;
    return false;
}

static bool is_lora(const lrc_st_file *f)
{
    static const char *const parts[] = {".lora_down.", ".lora_A.", ".hada_w1_a", ".lokr_w1", ".lora_up."};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (any_holds(f, parts[i]))
            return true;
    return false;
}

// Does a LoRA adapt the layer of this weight? Then rank * (in + out) parameters come with it; 1x1 convolutions count.
static bool is_adapted(const lrc_st_tensor *t, const struct signature *s, const char *name)
{
    if (t->rank < 2 || !strstr(t->name, ".weight") || (t->rank > 2 && (t->rank != 4 || t->shape[2] * t->shape[3] != 1)))
        return false;
    for (size_t i = 0; i < 3 && s->adapted[i]; i++)
        if (s->adapted[i][0] == '.' ? strstr(name, s->adapted[i]) != NULL
                                    : strncmp(name, s->adapted[i], strlen(s->adapted[i])) == 0)
            return true;
    return false;
}

static uint64_t block_number(const char *name, const char *list)
{
    const size_t n = strlen(list);
    return strncmp(name, list, n) == 0 ? strtoull(name + n, NULL, 10) + 1 : 0;
}

// "model.diffusion_model.…" lies in a whole checkpoint beside the rest; a network that comes alone is all of its file.
static void measure(const lrc_st_file *f, const struct signature *s, const char *prefix, lrc_model_facts *m)
{
    const char *network = s->anywhere ? prefix : "model.diffusion_model.";
    uint64_t by_dtype[LRC_ST_DTYPE_MAX_] = {0}, last[3] = {0};
    for (size_t i = 0; i < lrc_st_count(f); i++) {
        const lrc_st_tensor *t = lrc_st_at(f, i);
        if (strncmp(t->name, network, strlen(network)) != 0)
            continue;
        const char *name = t->name + strlen(network);
        m->parameters += t->count;
        by_dtype[t->dtype] += t->count;
        if (is_adapted(t, s, name))
            m->rank_parameters += t->shape[0] + t->shape[1];
        for (size_t k = 0; k < 3 && s->swap && s->adapted[k]; k++) {
            const uint64_t number = block_number(name, s->adapted[k]);
            last[k] = number > last[k] ? number : last[k];
        }
    }
    m->blocks = last[0];
    m->singles = s->adapted[1] && strstr(s->adapted[1], "single") ? last[1] : 0;
    for (int d = 0; d < LRC_ST_DTYPE_MAX_; d++)
        if (by_dtype[d] > by_dtype[m->dtype])
            m->dtype = (lrc_st_dtype)d;
}

// Lorica's own: the shape is written in the file. Sides are whole numbers of latent.down << (levels - 1) pixels.
static int read_tiny(const char *arch, lrc_model_facts *m, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const lrc_json *latent = NULL, *unet = NULL, *mult = NULL;
    int64_t down = 0;
    if (lrc_json_parse(arch, strlen(arch), &doc, err) < 0 ||
        lrc_json_object(lrc_json_root(doc), "latent", true, &latent, err) < 0 ||
        lrc_json_object(lrc_json_root(doc), "unet", true, &unet, err) < 0 ||
        lrc_json_int(latent, "down", true, &down, err) < 0 || lrc_json_array(unet, "mult", true, &mult, err) < 0)
        return -1;
    if (down < 1 || down > 64 || mult->len < 1 || mult->len > 8)
        return lrc_fail(err, LRC_ERR_INVALID, "its lorica_arch has impossible sizes");
    m->part = LRC_PART_BASE;
    m->known = true;
    m->family = LRC_FAMILY_TINY;
    m->title = "Lorica Tiny";
    m->unit = down << (mult->len - 1);
    m->has_text_encoder = true;
    return 0;
}

static bool says_v_prediction(const lrc_st_file *f)
{
    const char *spec = lrc_st_meta_get(f, "modelspec.prediction_type"),
               *kohya = lrc_st_meta_get(f, "ss_v_parameterization");
    return lrc_st_find(f, "v_pred") || (spec && strcmp(spec, "v") == 0) || (kohya && strcmp(kohya, "True") == 0);
}

int lrc_model_read(const char *path, lrc_model_facts *ret, lrc_err *err)
{
    lrc_auto_st_file lrc_st_file *f = NULL;
    lrc_model_facts m = {.title = "", .dtype = LRC_ST_F16};
    const char *prefix = "", *arch;
    if (lrc_st_open(path, &f, err) < 0)
        return -1;
    m.bytes = lrc_st_data_bytes(f);
    m.v_prediction = says_v_prediction(f);
    if ((arch = lrc_st_meta_get(f, "lorica_arch")) != NULL) {
        if (read_tiny(arch, &m, err) < 0)
            return lrc_wrap(err, "%s", path);
    } else if (is_lora(f)) {
        m.part = LRC_PART_LORA;
        m.title = "LoRA";
    } else {
        const struct signature *s = recognise(f, &prefix);
        if (s) {
            m.part = s->part;
            m.title = s->title;
            m.known = s->family >= 0;
            m.family = m.known ? (lrc_family_id)s->family : 0;
        }
        if (m.known)
            measure(f, s, prefix, &m);
        m.has_vae = any_holds(f, "first_stage_model.");
        m.has_text_encoder = any_holds(f, "cond_stage_model.") || any_holds(f, "conditioner.embedders.") ||
                             any_holds(f, "text_encoders.");
    }
    *ret = m;
    return 0;
}

bool lrc_model_fits(const lrc_model_facts *facts, lrc_family_id family)
{
    if (!facts->known)
        return facts->part == LRC_PART_UNKNOWN;
    const bool sd3 = facts->family == LRC_FAMILY_SD3 || facts->family == LRC_FAMILY_SD35;
    return facts->family == family || (sd3 && (family == LRC_FAMILY_SD3 || family == LRC_FAMILY_SD35));
}
