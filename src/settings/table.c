// SPDX-License-Identifier: MIT
#include <string.h>

#include "settings/settings.h"

// A new setting is one row. `lorica settings list`, its check and its help follow from it.
static const lrc_setting table[] = {
    {"tagger.default", "tagger.default", LRC_SETTING_TEXT, "", 0, 0, "LORICA_TAGGER",
     "model that 'lorica tag' uses when --model is not given: a name below tagger_models/, a folder, or 'demo'"},
    {"trainer.sd_scripts", "trainer.sd_scripts", LRC_SETTING_PATH, "trainer/derrian_backend/sd_scripts", 0, 0,
     "LORICA_SD_SCRIPTS", "folder of kohya's sd-scripts, with train_network.py in it"},
    {"trainer.python", "trainer.python", LRC_SETTING_PROGRAM, "python3", 0, 0, "LORICA_PYTHON",
     "Python that runs sd-scripts: its path, or a name to look up in $PATH"},
    {"trainer.path_map", "trainer.path_map", LRC_SETTING_TEXT, "", 0, 0, NULL,
     "what stands here for the Windows folders in a training request: C:\\sets=/data/sets; D:=/mnt/d"},
    {"trainer.tokenizer", "trainer.tokenizer", LRC_SETTING_PATH, "", 0, 0, NULL,
     "folder with CLIP's merges.txt, so that 'lorica check' counts tokens exactly"},
    {"roots", "roots", LRC_SETTING_PATHS, "", 0, 0, NULL,
     "folders outside the workspace that requests may reach, e.g. a disk with models"},
    {"huggingface.token", "huggingface_token", LRC_SETTING_SECRET, "", 0, 0, "HF_TOKEN",
     "token of huggingface.co, for downloads that need one and for uploads"},
    {"civitai.key", "civitai_api_key", LRC_SETTING_SECRET, "", 0, 0, "CIVITAI_API_KEY",
     "API key of Civitai, for downloads that need one"},
    {"wandb.key", "wandb_api_key", LRC_SETTING_SECRET, "", 0, 0, "WANDB_API_KEY",
     "API key of Weights & Biases; the trainer gets it by its environment, never by a file"},
    {"server.allowed_hosts", "server.allowed_hosts", LRC_SETTING_TEXT, "", 0, 0, "LORICA_ALLOWED_HOSTS",
     "further names that the server may be called by, parted by commas: those of a proxy in front of it"},
    {"server.allowed_origins", "server.allowed_origins", LRC_SETTING_TEXT, "", 0, 0, "LORICA_ALLOWED_ORIGINS",
     "pages of other origins that may call the API, parted by commas: https://name:port"},
    {"job.grace_seconds", "job.grace_seconds", LRC_SETTING_INT, "10", 0, 3600, NULL,
     "how long a stopped job may finish its work before it is killed"},
    {"job.gpus", "job.gpus", LRC_SETTING_TEXT, "auto", 0, 0, "LORICA_GPUS",
     "GPUs that jobs are given, one each: auto, none, or a list as CUDA_VISIBLE_DEVICES has it (0,1)"},
    {"job.cpu_parallel", "job.cpu_parallel", LRC_SETTING_INT, "1", 1, 64, NULL,
     "how many jobs that use no GPU may run at the same time"},
    {"job.keep", "job.keep", LRC_SETTING_INT, "0", 0, 1000000, NULL,
     "how many ended jobs are kept, the newest; older ones are removed with their logs; 0: all"},
    {"job.keep_days", "job.keep_days", LRC_SETTING_INT, "0", 0, 36500, NULL,
     "for how many days ended jobs are kept; 0: for ever"},

    // KNX's: kept for its page, asked by nobody here.
    {"extra_model_dirs", "extra_model_dirs", LRC_SETTING_PATHS, "", 0, 0, NULL, "KNX's further folders of models"},
    {"extra_vae_dirs", "extra_vae_dirs", LRC_SETTING_PATHS, "", 0, 0, NULL, "KNX's further folders of VAEs"},
    {"comfyui_url", "comfyui_url", LRC_SETTING_TEXT, "http://localhost:8188", 0, 0, NULL, "KNX's ComfyUI"},
    {"comfyui_models_path", "comfyui_models_path", LRC_SETTING_TEXT, "", 0, 0, NULL, "KNX's folder of ComfyUI models"},
    {"civitai_base_url", "civitai_base_url", LRC_SETTING_TEXT, "https://civitai.com", 0, 0, NULL, "KNX's Civitai"},
};
#define ALL           (sizeof table / sizeof table[0])
#define KEPT          5 // the last rows
#define COUNT         (ALL - KEPT)
#define NEAR_DISTANCE 4 // edits between an unknown key and the one that is suggested

static const char *const kinds[LRC_SETTING_MAX_] = {
    [LRC_SETTING_TEXT] = "text",     [LRC_SETTING_PATH] = "path", [LRC_SETTING_PROGRAM] = "program",
    [LRC_SETTING_PATHS] = "paths",   [LRC_SETTING_INT] = "int",   [LRC_SETTING_BOOL] = "bool",
    [LRC_SETTING_SECRET] = "secret",
};

const lrc_setting *lrc_settings_table(size_t *ret_count)
{
    *ret_count = COUNT;
    return table;
}

const lrc_setting *lrc_settings_kept(size_t *ret_count)
{
    *ret_count = KEPT;
    return table + COUNT;
}

const lrc_setting *lrc_settings_find(const char *key)
{
    for (size_t i = 0; i < ALL; i++)
        if (strcmp(table[i].key, key) == 0 || strcmp(table[i].file_key, key) == 0)
            return &table[i];
    return NULL;
}

int lrc_settings_find_or_fail(const char *key, const lrc_setting **ret, lrc_err *err)
{
    const lrc_setting *row = lrc_settings_find(key);
    if (row) {
        *ret = row;
        return 0;
    }
    size_t best = NEAR_DISTANCE + 1;
    const char *near = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        const size_t distance = lrc_str_distance(key, table[i].key);
        if (distance < best) {
            best = distance;
            near = table[i].key;
        }
    }
    if (near)
        return lrc_fail_field(err, LRC_ERR_NOT_FOUND, key, "there is no setting '%s'; did you mean '%s'?", key, near);
    return lrc_fail_field(err, LRC_ERR_NOT_FOUND, key,
                          "there is no setting '%s'; 'lorica settings list' shows all of them", key);
}

const char *lrc_setting_kind_name(lrc_setting_kind kind)
{
    return kinds[kind];
}

const char *lrc_setting_source_name(lrc_setting_source source)
{
    return source == LRC_SETTING_FROM_ENV ? "environment" : source == LRC_SETTING_FROM_FILE ? "file" : "default";
}
