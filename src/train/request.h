// SPDX-License-Identifier: MIT
// request.h - a training request: JSON in, a value for every field out, or all that is wrong with it at once.
//
// Values are read as leniently as the reference does (pydantic's lax mode: "12" is a number, 1 is true); unknown fields
// are ignored. A field that was not given has its default and the mark `omitted`. Errors carry pydantic's word and place
// ("subsets.0.num_repeats", "greater_than_equal") beside a sentence for people.
// A request never changes after parsing: any thread may read it. May use: base, json.
#ifndef LRC_TRAIN_REQUEST_H
#define LRC_TRAIN_REQUEST_H

#include "base/cleanup.h"
#include "base/findings.h"
#include "train/families.h"
#include "train/fields.h"
#include "train/value.h"
#include "json/json.h"

typedef struct lrc_train_request lrc_train_request;

// LRC_ERR_SCHEMA when anything is wrong: `findings` then holds one error per fault, in the order of the fields.
int lrc_train_request_parse(const lrc_json *root, lrc_train_request **ret, lrc_findings *findings, lrc_err *err);
void lrc_train_request_free(lrc_train_request *r);
LRC_DEFINE_FREEP(lrc_train_request)
#define lrc_auto_train_request lrc_cleanup(lrc_train_request_freep)

// Borrowed from the request, never NULL.
const lrc_train_value *lrc_train_get(const lrc_train_request *r, lrc_field_id id);

size_t lrc_train_subset_count(const lrc_train_request *r);
const lrc_train_value *lrc_train_subset_get(const lrc_train_request *r, size_t index, lrc_subset_field_id id);

// All values of the request or of one subset, by field id.
const lrc_train_value *lrc_train_values(const lrc_train_request *r);
const lrc_train_value *lrc_train_subset_values(const lrc_train_request *r, size_t index);

lrc_family_id lrc_train_family(const lrc_train_request *r);
lrc_train_mode lrc_train_mode_of(const lrc_train_request *r);

// project_name as part of file names: every character but A-Z a-z 0-9 _ - becomes _ (and '.' stays, if `dots`).
int lrc_train_file_name(const lrc_train_value *name, bool dots, char **ret, lrc_err *err);

#endif
