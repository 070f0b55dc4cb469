// SPDX-License-Identifier: MIT
// saved.h - a training request, or any other JSON object, kept as TOML, and TOML shown as JSON.
//
// A saved configuration is the request itself, field by field, so that a form can be filled from it again: numbers keep
// their text (1.0 stays a float, a seed of 40 digits stays whole), members that are null are left out, since TOML has no
// null, and secrets (wandb_key) are never written. What comes back differs in nothing else. Other TOML files, such as a
// config.toml made for the trainer, are shown with the same rules; dates come as text, inf and nan as text, too.
// Pure functions, any thread. May use: base, json, toml.
#ifndef LRC_TRAIN_SAVED_H
#define LRC_TRAIN_SAVED_H

#include "base/buf.h"
#include "toml/toml.h"
#include "json/json.h"

#define LRC_TRAIN_SAVED_MAX (8 << 20) // bytes of one saved configuration

// Append `object` as TOML: values first, then tables and lists of tables. LRC_ERR_INVALID with the field for what TOML
// cannot hold (null in a list, a member given twice); LRC_ERR_LIMIT when it is longer than LRC_TRAIN_SAVED_MAX.
int lrc_train_save_toml(const lrc_json *object, lrc_buf *out, lrc_err *err);

// Write the value, a table or any other, as JSON.
void lrc_train_put_toml(const lrc_toml *v, lrc_json_out *out);

#endif
