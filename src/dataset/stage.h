// SPDX-License-Identifier: MIT
// stage.h - a hidden folder that something is put together in, beside where it will lie.
//
// ".import-<random>" with a lock file in it that lives as long as its process: what a killed import left behind is
// recognised by its free lock and removed by the next one. One owner thread. May use: base, settings.
#ifndef LRC_DATASET_STAGE_H
#define LRC_DATASET_STAGE_H

#include "base/cleanup.h"
#include "base/err.h"
#include "settings/workspace.h"

typedef struct lrc_stage {
    char *dir; // ".import-…", removed by lrc_stage_done()
    char *new; // dir/new: what is being made
    int lock;  // -1: none
} lrc_stage;

#define LRC_STAGE_INIT {.lock = -1}

// Remove what dead imports left in `parent` and make a new stage there.
int lrc_stage_open(const lrc_workspace *w, const char *parent, lrc_stage *ret, lrc_err *err);
void lrc_stage_done(lrc_stage *s); // harmless on LRC_STAGE_INIT
#define lrc_auto_stage lrc_cleanup(lrc_stage_done)

#endif
