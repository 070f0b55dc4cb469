// SPDX-License-Identifier: MIT
// generate.h - a training request turned into dataset.toml, config.toml and the trainer's command line.
//
// Two profiles. `reference` writes what KNX's Python generator writes, byte for byte, its mistakes included, and refuses
// what it refuses. `studio` is what this program trains with: the same files with the mistakes corrected, each
// correction reported; a path that does not exist is a finding, so that the files can be looked at before it does.
// Works on text and on what lies in the file system; starts nothing, writes nothing but in lrc_train_write().
// Any thread. May use: base, json, toml.
#ifndef LRC_TRAIN_GENERATE_H
#define LRC_TRAIN_GENERATE_H

#include "base/findings.h"
#include "base/str.h"
#include "train/request.h"
#include "json/json.h"

typedef enum { LRC_PROFILE_REFERENCE, LRC_PROFILE_STUDIO } lrc_train_profile;

typedef struct lrc_train_options {
    lrc_train_profile profile;
    bool fixed_enums;       // reference: write an omitted choice as text, not as the list of its letters
    const char *root;       // workspace: relative paths start here. NULL: the working directory
    const char *sd_scripts; // NULL: root/trainer/derrian_backend/sd_scripts
    const char *python;     // NULL: "python"
    const char *worker;     // trains native families; NULL: "lorica-worker"
    const char *config_dir; // where the launch line looks for the two files; NULL: root/config
    const char *path_map;   // studio: Windows folders and what stands for them here, "C:\\sets=/data/sets; D:=/mnt/d"
    const char *python_path, *python_warnings; // values of the environment to keep; NULL or "": none
} lrc_train_options;

// Something that studio writes differently from the reference.
typedef struct lrc_train_correction {
    const char *id;    // "B9"; docs/ has the table
    const char *field; // of the request
    const char *key;   // in the file, or the name of what was changed
    char *was, *now;   // TOML values as text; "" when absent
    const char *why;   // one sentence
} lrc_train_correction;

typedef struct lrc_train_env {
    const char *name;
    char *value;        // NULL: the secret named by `secret`, put in by whoever starts the process
    const char *secret; // name of a request field such as "wandb_key"; NULL: none
} lrc_train_env;

typedef struct lrc_train_output {
    char *name;          // project name as it stands in file names
    char *saved_file;    // what the trainer saves at the end, in output_dir: "my_name.safetensors"
    char *output_dir;    // absolute
    lrc_strv image_dirs; // real folder of each subset; of the data set when there are none
    char *dataset_toml, *config_toml;
    size_t dataset_len, config_len;
    lrc_train_correction *correction;
    size_t correction_count;
    bool launchable;      // there is a script for this family and mode
    lrc_strv argv;        // argv[0] is Python, or the worker for native families; empty when not launchable
    char *cwd;            // the sd-scripts folder; the workspace for native families
    lrc_train_env env[8]; // to be added to the environment
    size_t env_count;
} lrc_train_output;

// LRC_ERR_SCHEMA when the reference does not know the family. On other refusals LRC_ERR_INVALID, with an error in `findings` for each cause. Codes: not_found, empty, parent_not_found for
// paths (reference only: in studio these are errors too and block a training, but the files are made); embedded_null and
// unwritable for text that no path or the reference's library can hold; conflict (studio) for settings that the trainer
// would stop at.
int lrc_train_generate(const lrc_train_request *request, const lrc_train_options *options, lrc_train_output *ret,
                       lrc_findings *findings, lrc_err *err);
void lrc_train_output_done(lrc_train_output *o); // harmless on a zeroed output
#define lrc_auto_train_output lrc_cleanup(lrc_train_output_done)

// [{"id","field","key","was","now","why"}, …]
void lrc_train_put_corrections(const lrc_train_output *made, lrc_json_out *o);

// <name>_dataset.toml and <name>_config.toml into `dir` (made if need be), as a pair: both are complete on disk before
// the first takes its name. Paths into *ret_… (may be NULL).
int lrc_train_write(const lrc_train_output *o, const char *dir, char **ret_dataset_path, char **ret_config_path,
                    lrc_err *err);

#endif
