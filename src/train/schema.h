// SPDX-License-Identifier: MIT
// schema.h - the table of fields for those who ask: as JSON for the page and the API, as text for people.
//
// Any thread. May use: base, json.
#ifndef LRC_TRAIN_SCHEMA_H
#define LRC_TRAIN_SCHEMA_H

#include "json/json.h"

// {"groups":[{"id","title"}], "families":[{"name","title","scripts":{"lora","checkpoint"}}], "fields":[{"name","group",
//  "order","type","required","nullable","default","suggested","folder","minimum","exclusiveMinimum","maximum",
//  "choices","applies":{"lora":[family …],"checkpoint":[…]},"secret","hidden","help","places":[{"file","section","key"}]}],
//  "subset_fields":[the same]}, as one value. Members without a meaning for a field are left out.
void lrc_train_put_schema(lrc_json_out *o);

// What a new form begins with, as one object: each field's suggestion, else its default; fields without either are left out.
void lrc_train_put_defaults(lrc_json_out *o);

// The schema as Markdown that reads well as plain text, group by group: docs/training-fields.md holds it.
void lrc_train_put_reference(lrc_buf *b);

#endif
