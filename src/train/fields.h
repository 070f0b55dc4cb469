// SPDX-License-Identifier: MIT
// fields.h - the fields of a training request: one table, field_rows.h, from which everything else is made.
//
// Parsing and its errors, both configuration files, the launch line, the web form, `lorica toml --help-fields`, the
// OpenAPI schema and the docs read these rows; nothing else in the program lists fields. To add a field, add its row.
// Constant data, any thread. May use: base.
#ifndef LRC_TRAIN_FIELDS_H
#define LRC_TRAIN_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "train/choices.h"
#include "train/families.h"

// LRC_FIELD_unet_lr … and, for one entry of `subsets`, LRC_SUBSET_image_dir …
typedef enum {
    LRC_FIELD_NONE, // so that 0 means no field
#define FIELD(id, ...) LRC_FIELD_##id,
#define SUBSET(id, ...)
#include "train/field_rows.h"
#undef FIELD
#undef SUBSET
    LRC_FIELD_MAX_
} lrc_field_id;

typedef enum {
    LRC_SUBSET_NONE,
#define FIELD(id, ...)
#define SUBSET(id, ...) LRC_SUBSET_##id,
#include "train/field_rows.h"
#undef FIELD
#undef SUBSET
    LRC_SUBSET_MAX_
} lrc_subset_field_id;

typedef enum {
    LRC_KIND_TEXT,
    LRC_KIND_PATH, // JSON string; made absolute where it is written
    LRC_KIND_INT,
    LRC_KIND_FLOAT,
    LRC_KIND_BOOL,
    LRC_KIND_CHOICE,  // JSON string out of `choices`
    LRC_KIND_SUBSETS, // list of objects
} lrc_field_kind;

// Sections of the form, in its order.
typedef enum {
    LRC_GROUP_PROJECT,
    LRC_GROUP_MODEL,
    LRC_GROUP_DATASET,
    LRC_GROUP_CAPTIONS,
    LRC_GROUP_BUCKETS,
    LRC_GROUP_STEPS,
    LRC_GROUP_LEARNING,
    LRC_GROUP_NETWORK,
    LRC_GROUP_BLOCKS,
    LRC_GROUP_OPTIMIZER,
    LRC_GROUP_NOISE,
    LRC_GROUP_MEMORY,
    LRC_GROUP_SAVING,
    LRC_GROUP_SAMPLES,
    LRC_GROUP_LOGGING,
    LRC_GROUP_MAX_
} lrc_field_group;

typedef enum {
    LRC_IN_NOWHERE,
    LRC_IN_CONFIG,  // <name>_config.toml
    LRC_IN_GENERAL, // <name>_dataset.toml, [general]
    LRC_IN_DATASET, // [[datasets]]
    LRC_IN_SUBSET,  // [[datasets.subsets]]
    LRC_IN_ARGV,    // the trainer's command line
    LRC_IN_ENV,     // its environment
} lrc_field_in;

// When a place is written, given the field's value (and that `families`, `modes` and `guard` of the place agree).
typedef enum {
    LRC_WHEN_ALWAYS,
    LRC_WHEN_SET,      // not null
    LRC_WHEN_TRUE,     // true
    LRC_WHEN_FILLED,   // a text that is not empty
    LRC_WHEN_POSITIVE, // a number above 0
    LRC_WHEN_NOT_ZERO, // neither null nor 0
    LRC_WHEN_NOT_ONE,  // a number that is not 1.0
    LRC_WHEN_CHANGED,  // not the default
    LRC_WHEN_NOT_NONE, // filled, and not "none"
    LRC_WHEN_NO_STEPS, // max_train_steps is 0
    LRC_WHEN_SAMPLES,  // sample pictures are made
    LRC_WHEN_FLAT,     // the request has no subsets
} lrc_field_when;

// How the written value is made.
typedef enum {
    LRC_HOW_AS_IS, // paths absolute
    LRC_HOW_FILE_NAME,
    LRC_HOW_FILE_NAME_WITH_DOTS,
    LRC_HOW_ONE_OR_ZERO,
    LRC_HOW_RESOLUTION, // a number or a pair, by family
    LRC_HOW_IMAGE_DIR,
    LRC_HOW_ATTENTION,  // true for the key that is the value
    LRC_HOW_ITERATIONS, // the reference's 6 when null or 0
    LRC_HOW_WARMUP,     // steps, else the ratio
    LRC_HOW_SCHEDULER,
    LRC_HOW_OPTIMIZER,
    LRC_HOW_OPTIMIZER_ARGS,
    LRC_HOW_NETWORK,
} lrc_field_how;

typedef struct lrc_field_place {
    lrc_field_in in;
    int at;          // order within its file section
    const char *key; // NULL: the field's name
    lrc_field_when when;
    lrc_field_how how;
    unsigned families; // bits 1 << lrc_family_id; 0: all
    unsigned modes;    // bits 1 << lrc_train_mode; 0: all
    int guard;         // lrc_field_id of a boolean that must be true; 0: none
} lrc_field_place;

enum { LRC_LIMIT_MIN = 1, LRC_LIMIT_MAX = 2, LRC_LIMIT_ABOVE = 4 }; // ABOVE: `min` itself is not allowed

#define LRC_FIELD_PLACES 3

typedef struct lrc_train_field {
    const char *name;
    lrc_field_kind kind;
    bool required, nullable;
    bool hidden;           // not in the form
    bool secret;           // kept with the settings
    bool made;             // a path that the training makes; all others must exist
    const char *initial;   // default as text; NULL: null (or required)
    const char *folder;    // of the workspace, where such files usually lie; NULL: anywhere
    const char *suggested; // what a new form begins with where that is not the default; as text
    lrc_choices_id choices;
    unsigned limits; // which of min and max hold
    double min, max;
    lrc_field_group group;
    unsigned families, modes; // where the field means something; 0: everywhere. The form shows it there
    const char *help;         // one sentence
    lrc_field_place place[LRC_FIELD_PLACES];
} lrc_train_field;

// Rows in the order of validation; index by id, row 0 is empty.
const lrc_train_field *lrc_train_field_get(lrc_field_id id);
const lrc_train_field *lrc_train_subset_field_get(lrc_subset_field_id id);
lrc_field_id lrc_train_field_find(const char *name); // LRC_FIELD_NONE when there is none

const char *lrc_field_kind_name(lrc_field_kind kind);     // "text", "path", "int", …
const char *lrc_field_group_title(lrc_field_group group); // "Learning rate"

// Does the field mean something for this family and mode? (Column `families` and `modes`, and, when all that the field
// does is one option of the script, whether the script knows it.)
bool lrc_train_field_applies(const lrc_train_field *f, lrc_family_id family, lrc_train_mode mode);

// ">= 64, <= 4096" appended, nothing without limits; "SDXL, Flux, mode lora" appended, "all families" when any.
void lrc_train_field_put_range(const lrc_train_field *f, lrc_buf *b);
void lrc_train_field_put_scope(const lrc_train_field *f, lrc_buf *b);

#endif
