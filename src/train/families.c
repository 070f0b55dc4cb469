// SPDX-License-Identifier: MIT
#include "train/families.h"

#include <string.h>

#include "base/ascii.h"
#include "train/space.h"

#define ALIAS_MAX 64 // bytes; no alias is longer

static const lrc_family table[LRC_FAMILY_MAX_] = {
    [LRC_FAMILY_SD15] = {.name = "SD1.5",
                         .aliases = "SD1.5|SD15|SD_1.5|SD-1.5|SD 1.5",
                         .title = "Stable Diffusion 1.5",
                         .script = {LRC_SCRIPT_TRAIN_NETWORK, LRC_SCRIPT_FINE_TUNE},
                         .scalar_resolution = true,
                         .reference_module = "networks.lora",
                         .lora_module = "networks.lora",
                         .takes_hub_ids = true},
    [LRC_FAMILY_SDXL] = {.name = "SDXL",
                         .aliases = "SDXL|SD_XL|SD-XL|SD XL",
                         .title = "Stable Diffusion XL",
                         .script = {LRC_SCRIPT_SDXL_TRAIN_NETWORK, LRC_SCRIPT_SDXL_TRAIN},
                         .reference_module = "networks.lora",
                         .lora_module = "networks.lora",
                         .takes_hub_ids = true},
    [LRC_FAMILY_FLUX] = {.name = "Flux",
                         .aliases = "FLUX|FLUX.1|FLUX-1",
                         .title = "FLUX.1",
                         .script = {LRC_SCRIPT_FLUX_TRAIN_NETWORK, LRC_SCRIPT_FLUX_TRAIN},
                         .reference_module = "networks.lora",
                         .lora_module = "networks.lora_flux"},
    [LRC_FAMILY_SD35] = {.name = "SD3.5",
                         .aliases = "SD3.5|SD_3.5|SD-3.5|SD 3.5",
                         .title = "Stable Diffusion 3.5",
                         .script = {LRC_SCRIPT_SD3_TRAIN_NETWORK, LRC_SCRIPT_SD3_TRAIN},
                         .reference_module = "networks.lora",
                         .lora_module = "networks.lora_sd3"},
    [LRC_FAMILY_SD3] = {.name = "SD3",
                        .aliases = "SD3|SD_3|SD-3|SD 3",
                        .title = "Stable Diffusion 3",
                        .script = {LRC_SCRIPT_SD3_TRAIN_NETWORK, LRC_SCRIPT_SD3_TRAIN},
                        .reference_module = "networks.lora",
                        .lora_module = "networks.lora_sd3"},
    [LRC_FAMILY_LUMINA] = {.name = "Lumina",
                           .aliases = "LUMINA",
                           .title = "Lumina Image 2.0",
                           .script = {LRC_SCRIPT_LUMINA_TRAIN_NETWORK, LRC_SCRIPT_LUMINA_TRAIN},
                           .reference_module = "networks.lora",
                           .lora_module = "networks.lora_lumina"},
    [LRC_FAMILY_CHROMA] = {.name = "Chroma",
                           .aliases = "CHROMA",
                           .title = "Chroma",
                           .script = {LRC_SCRIPT_FLUX_TRAIN_NETWORK, LRC_SCRIPT_FLUX_TRAIN},
                           .reference_module = "networks.lora",
                           .lora_module = "networks.lora_flux",
                           .script_args = {"--model_type", "chroma"}},
    [LRC_FAMILY_ANIMA] = {.name = "Anima",
                          .aliases = "ANIMA",
                          .title = "Anima",
                          .script = {LRC_SCRIPT_ANIMA_TRAIN_NETWORK, LRC_SCRIPT_ANIMA_TRAIN},
                          .reference_module = "networks.lora_anima",
                          .lora_module = "networks.lora_anima"},
    [LRC_FAMILY_HUNYUAN] = {.name = "HunyuanImage",
                            .aliases = "HUNYUANIMAGE|HUNYUAN_IMAGE|HUNYUAN-IMAGE|HUNYUAN IMAGE",
                            .title = "HunyuanImage 2.1",
                            .script = {LRC_SCRIPT_HUNYUAN_IMAGE_TRAIN_NETWORK, LRC_SCRIPT_NONE},
                            .reference_module = "networks.lora",
                            .lora_module = "networks.lora_hunyuan_image"},
    [LRC_FAMILY_TINY] = {.name = "Tiny",
                         .aliases = "TINY",
                         .title = "Lorica Tiny",
                         .script = {LRC_SCRIPT_TRAIN_NETWORK, LRC_SCRIPT_NONE},
                         .scalar_resolution = true,
                         .reference_module = "networks.lora",
                         .lora_module = "networks.lora",
                         .native = true},
};

static const char *const script_file[LRC_SCRIPT_MAX_] = {
    [LRC_SCRIPT_FINE_TUNE] = "fine_tune.py",
    [LRC_SCRIPT_TRAIN_NETWORK] = "train_network.py",
    [LRC_SCRIPT_SDXL_TRAIN] = "sdxl_train.py",
    [LRC_SCRIPT_SDXL_TRAIN_NETWORK] = "sdxl_train_network.py",
    [LRC_SCRIPT_FLUX_TRAIN] = "flux_train.py",
    [LRC_SCRIPT_FLUX_TRAIN_NETWORK] = "flux_train_network.py",
    [LRC_SCRIPT_SD3_TRAIN] = "sd3_train.py",
    [LRC_SCRIPT_SD3_TRAIN_NETWORK] = "sd3_train_network.py",
    [LRC_SCRIPT_LUMINA_TRAIN] = "lumina_train.py",
    [LRC_SCRIPT_LUMINA_TRAIN_NETWORK] = "lumina_train_network.py",
    [LRC_SCRIPT_ANIMA_TRAIN] = "anima_train.py",
    [LRC_SCRIPT_ANIMA_TRAIN_NETWORK] = "anima_train_network.py",
    [LRC_SCRIPT_HUNYUAN_IMAGE_TRAIN_NETWORK] = "hunyuan_image_train_network.py",
    [LRC_SCRIPT_TRAIN_DB] = "train_db.py",
};

const lrc_family *lrc_family_get(lrc_family_id id)
{
    return &table[id];
}

lrc_script_id lrc_family_script(lrc_family_id family, lrc_train_mode mode)
{
    const lrc_script_id script = table[family].script[mode];
    return script == LRC_SCRIPT_FINE_TUNE ? LRC_SCRIPT_TRAIN_DB : script;
}

const char *lrc_script_file(lrc_script_id id)
{
    return id < LRC_SCRIPT_MAX_ ? script_file[id] : NULL;
}

static bool has_alias(const char *aliases, const char *name)
{
    const size_t n = strlen(name);
    for (const char *p = aliases; *p; p += strcspn(p, "|"), p += *p == '|')
        if (strcspn(p, "|") == n && memcmp(p, name, n) == 0)
            return true;
    return false;
}

bool lrc_family_find(const char *name, size_t n, lrc_family_id *ret)
{
    char capitals[ALIAS_MAX];
    lrc_space_trim(&name, &n, lrc_space_python);
    if (n == 0 || n >= sizeof capitals || memchr(name, '\0', n))
        return false;
    for (size_t i = 0; i < n; i++)
        capitals[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
    capitals[n] = '\0';
    for (int f = 0; f < LRC_FAMILY_MAX_; f++)
        if (has_alias(table[f].aliases, capitals)) {
            *ret = (lrc_family_id)f;
            return true;
        }
    return false;
}

// ---- Options of the scripts ------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    const char *known; // one character a script: 'x' knows the option
} option[] = {
#define OPTION(name, known) {name, known},
#include "train/option_rows.h"
#undef OPTION
};

bool lrc_script_knows(lrc_script_id script, const char *name)
{
    if (script >= LRC_SCRIPT_MAX_)
        return false;
    for (size_t i = 0; i < sizeof option / sizeof option[0]; i++)
        if (strcmp(option[i].name, name) == 0)
            return option[i].known[script] == 'x';
    return false;
}
