// SPDX-License-Identifier: MIT
// coerce.h - one JSON value read as one field, in pydantic's lax mode. Private to train/.
#ifndef LRC_TRAIN_COERCE_H
#define LRC_TRAIN_COERCE_H

#include "train/fields.h"
#include "train/value.h"
#include "json/json.h"

// *ret_fault is NULL when *ret was set, else pydantic's word for what is wrong ("int_parsing"), borrowed for ever.
// -1 only when memory runs out. Not for LRC_KIND_SUBSETS.
int lrc_coerce(lrc_arena *a, const lrc_train_field *f, const lrc_json *v, lrc_train_value *ret, const char **ret_fault,
               lrc_err *err);

// The field's default, marked as omitted; null for a required field. Its text is the table's.
lrc_train_value lrc_coerce_default(const lrc_train_field *f);

#endif
