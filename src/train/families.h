// SPDX-License-Identifier: MIT
// families.h - the model families that can be trained, and the scripts that train them: one table.
//
// A new family is one row here, its scripts' options in option_rows.h and its fields' rows in field_rows.h.
// Constant data, any thread. May use: base.
#ifndef LRC_TRAIN_FAMILIES_H
#define LRC_TRAIN_FAMILIES_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    LRC_FAMILY_SD15,
    LRC_FAMILY_SDXL,
    LRC_FAMILY_FLUX,
    LRC_FAMILY_SD35,
    LRC_FAMILY_SD3,
    LRC_FAMILY_LUMINA,
    LRC_FAMILY_CHROMA,
    LRC_FAMILY_ANIMA,
    LRC_FAMILY_HUNYUAN,
    LRC_FAMILY_TINY,
    LRC_FAMILY_MAX_
} lrc_family_id;

typedef enum { LRC_MODE_LORA, LRC_MODE_CHECKPOINT, LRC_MODE_MAX_ } lrc_train_mode;

// The training scripts of sd-scripts, in the order of the columns of option_rows.h.
typedef enum {
    LRC_SCRIPT_FINE_TUNE,
    LRC_SCRIPT_TRAIN_NETWORK,
    LRC_SCRIPT_SDXL_TRAIN,
    LRC_SCRIPT_SDXL_TRAIN_NETWORK,
    LRC_SCRIPT_FLUX_TRAIN,
    LRC_SCRIPT_FLUX_TRAIN_NETWORK,
    LRC_SCRIPT_SD3_TRAIN,
    LRC_SCRIPT_SD3_TRAIN_NETWORK,
    LRC_SCRIPT_LUMINA_TRAIN,
    LRC_SCRIPT_LUMINA_TRAIN_NETWORK,
    LRC_SCRIPT_ANIMA_TRAIN,
    LRC_SCRIPT_ANIMA_TRAIN_NETWORK,
    LRC_SCRIPT_HUNYUAN_IMAGE_TRAIN_NETWORK,
    LRC_SCRIPT_TRAIN_DB,
    LRC_SCRIPT_MAX_,
    LRC_SCRIPT_NONE = LRC_SCRIPT_MAX_ // this family has no script for this mode
} lrc_script_id;

typedef struct lrc_family {
    const char *name;                    // as requests and answers have it: "SD1.5"
    const char *aliases;                 // what a request may say, in capitals, parted by '|'
    const char *title;                   // for people
    lrc_script_id script[LRC_MODE_MAX_]; // by mode, in the reference
    bool scalar_resolution;              // resolution = 512 instead of [512, 512]
    const char *reference_module;        // network module of a plain LoRA that the reference writes
    const char *lora_module;             // the one that knows this family's layers
    const char *script_args[2];          // more arguments for the script
    bool takes_hub_ids;                  // the base model may be owner/repository of the Hugging Face hub
    bool native; // trained by `lorica-worker train-native`, which takes the script's options; the reference has it not
} lrc_family;

const lrc_family *lrc_family_get(lrc_family_id id);
// The script that studio trains with: the reference's, but for SD1.5 checkpoints. The reference takes fine_tune.py for
// them, which reads pictures from a metadata file only and refuses folders; train_db.py trains the same from folders.
lrc_script_id lrc_family_script(lrc_family_id family, lrc_train_mode mode);
const char *lrc_script_file(lrc_script_id id); // "train_network.py"; NULL for LRC_SCRIPT_NONE

// The family of this name or alias, after Unicode blanks at both ends are dropped and ASCII letters made capitals.
bool lrc_family_find(const char *name, size_t n, lrc_family_id *ret);

// Does this script's argument parser know the option? Only options that this program may write are in the table.
bool lrc_script_knows(lrc_script_id script, const char *option);

#endif
