// SPDX-License-Identifier: MIT
// internal.h - what the parts of preset/ share.
#ifndef LRC_PRESET_INTERNAL_H
#define LRC_PRESET_INTERNAL_H

#include "train/request.h"
#include "json/json.h"

bool preset_is_secret(const char *key);

// The settings as a request, with what a request must have besides. LRC_ERR_SCHEMA with `findings` as
// lrc_train_request_parse() has them.
int preset_as_request(const lrc_json *fields, lrc_train_request **ret, lrc_findings *findings, lrc_err *err);

#endif
