// SPDX-License-Identifier: MIT
// snapshot.h - what is kept of a request and of the data that it ran on.
#ifndef LRC_TRAIN_SNAPSHOT_H
#define LRC_TRAIN_SNAPSHOT_H

#include "base/buf.h"
#include "base/str.h"
#include "json/json.h"

// Append a fingerprint of these image folders as one JSON value: per folder the number of files, their bytes, the SHA-256
// of the lines "<relative path>\t<size>\t<mtime ns>\n" in the order of a walk, and those lines as a list. Not a copy of
// the files: it tells whether, and where, they differ later.
int lrc_train_fingerprint(const lrc_strv *folders, lrc_buf *out, lrc_err *err);

// Append the request as one line of JSON without the members that are secrets; the value of `wandb_key` goes to *ret_key
// (the caller frees; NULL when there is none).
int lrc_train_without_secrets(const lrc_json *request, lrc_buf *out, char **ret_key, lrc_err *err);

#endif
