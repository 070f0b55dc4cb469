// SPDX-License-Identifier: MIT
// remove.h - images and datasets go into the trash (trash.h), under the dataset's lock.
//
// One call is one thread. May use: base, kohya, caption, settings, trash.
#ifndef LRC_DATASET_REMOVE_H
#define LRC_DATASET_REMOVE_H

#include "base/id.h"
#include "base/str.h"
#include "settings/workspace.h"

// An image of the folder `dir` with its captions, unless another image has its name and so shares them. *ret_files gets
// the names that went. LRC_ERR_INVALID when it is no plain name of an image, LRC_ERR_NOT_FOUND.
int lrc_dataset_remove_image(const lrc_workspace *w, const char *dir, const char *image, lrc_strv *ret_files,
                             char ret_id[static LRC_ID_MAX + 1], lrc_err *err);

// A whole dataset: the folder, or the link, `name` in the folder `parent`.
int lrc_dataset_remove(const lrc_workspace *w, const char *parent, const char *name, char ret_id[static LRC_ID_MAX + 1],
                       lrc_err *err);

// lrc_trash_restore() under the lock of the dataset that it goes back to.
int lrc_dataset_restore(const lrc_workspace *w, const char *id, lrc_err *err);

#endif
