// SPDX-License-Identifier: MIT
// workspace.h - the folder that everything of one studio lies in: KNX's project root, with our .lorica/ added.
//
//   datasets/ output/ pretrained_model/ vae/ tagger_models/ config/ presets/ training_config/ user_config/ logs/
//   .lorica/ {jobs/ locks/ journal/ thumbs/ cache/ studio.db}
//
// Plain values, read-only after opening: any thread. May use: base.
#ifndef LRC_SETTINGS_WORKSPACE_H
#define LRC_SETTINGS_WORKSPACE_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef struct lrc_workspace {
    char *root;  // absolute, links resolved
    char *state; // root/.lorica
} lrc_workspace;

// Folder named by `given` (--workspace), else $LORICA_WORKSPACE, else ./workspace. With `create` missing folders are
// made; without, a folder that is no workspace is LRC_ERR_NOT_FOUND with what to do.
int lrc_workspace_open(const char *given, bool create, lrc_workspace *ret, lrc_err *err);
void lrc_workspace_done(lrc_workspace *w);

// Only say where it is or would be: nothing is looked at or made.
int lrc_workspace_locate(const char *given, lrc_workspace *ret, lrc_err *err);
bool lrc_workspace_exists(const lrc_workspace *w);
#define lrc_auto_workspace lrc_cleanup(lrc_workspace_done)

// root/<relative>, or state/<relative>; the caller frees.
int lrc_workspace_path(const lrc_workspace *w, const char *relative, char **ret, lrc_err *err);
int lrc_workspace_state(const lrc_workspace *w, const char *relative, char **ret, lrc_err *err);

// A dataset argument as people give it: an absolute path; else root/<as given> when that is a folder; else
// `dataset/x` as `datasets/x`; else a bare name below datasets/. The result need not exist.
int lrc_workspace_dataset(const lrc_workspace *w, const char *given, char **ret, lrc_err *err);

// Lock the dataset that the folder `dir` (of any form that open(2) takes) is or lies in, against other processes and
// other threads: everything that rewrites captions or changes which files a dataset has does so under this lock, in
// batches of less than a second. *ret is a descriptor; closing it releases. LRC_ERR_BUSY after wait_ms (-1: for ever).
int lrc_workspace_lock_dataset(const lrc_workspace *w, const char *dir, int wait_ms, int *ret, lrc_err *err);

#endif
