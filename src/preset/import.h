// SPDX-License-Identifier: MIT
// import.h - settings of other programs read as ours: KNX presets, kohya_ss (bmaltais) JSON, sd-scripts TOML.
//
// Every key of the source ends in one of two lists: mapped (to a field, by its own name, by the row of import_rows.h, or by
// the trainer's key that the field is written as) or unmapped, with its value and why. Nothing is guessed silently: where
// the family is not told it is left out. One owner thread. May use: base, json, toml, train.
#ifndef LRC_PRESET_IMPORT_H
#define LRC_PRESET_IMPORT_H

#include "base/cleanup.h"
#include "base/err.h"
#include "json/json.h"

typedef enum { LRC_IMPORT_OURS, LRC_IMPORT_KOHYA_SS, LRC_IMPORT_SD_SCRIPTS, LRC_IMPORT_FORMAT_MAX_ } lrc_preset_format;

const char *lrc_preset_format_name(lrc_preset_format f); // "KNX preset", "kohya_ss JSON", "sd-scripts TOML"

typedef struct lrc_preset_key {
    char *from;   // in the source; "network_args: algo" for one inside a list
    char *to;     // field; NULL: unmapped
    char *value;  // as JSON
    char *reason; // of an unmapped one
} lrc_preset_key;

typedef struct lrc_preset_import {
    lrc_preset_format format;
    char *config; // fields as one JSON object
    lrc_json_doc *doc;
    const lrc_json *fields; // `config` as a tree
    lrc_preset_key *key;    // in the order of the source
    size_t count, cap;
    char *unmapped; // {key: value} as one JSON object
    lrc_json_doc *unmapped_doc;
} lrc_preset_import;

// `text` is JSON when it begins with '{', else TOML. LRC_ERR_INVALID with line and column when it is neither, or holds no
// setting that we know.
int lrc_preset_import_read(const char *text, size_t n, lrc_preset_import *ret, lrc_err *err);
void lrc_preset_import_done(lrc_preset_import *i);
#define lrc_auto_preset_import lrc_cleanup(lrc_preset_import_done)

// {"format","config":{…},"mapped":[{"from","to"}],"unmapped":[{"key","value","reason"}]}: into an open object.
void lrc_preset_import_put(const lrc_preset_import *i, lrc_json_out *out);

#endif
