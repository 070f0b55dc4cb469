// SPDX-License-Identifier: MIT
// trainer.h - which Python and which sd-scripts a training runs with.
//
// Looks where the settings say; with settings at their defaults also where people put them: sd-scripts below the
// workspace or beside it, and the virtual environment inside the sd-scripts folder. One owner thread.
// May use: base, json, proc, settings.
#ifndef LRC_TRAIN_TRAINER_H
#define LRC_TRAIN_TRAINER_H

#include "base/cleanup.h"
#include "base/str.h"
#include "settings/settings.h"

typedef struct lrc_trainer {
    char *sd_scripts; // absolute folder; NULL when none was found
    char *python;     // absolute path of the interpreter; NULL when none was found
    lrc_strv looked;  // every place that was tried, for messages
} lrc_trainer;

// Fills *ret with what there is; a part that is not found stays NULL. Fails only when memory runs out.
int lrc_trainer_find(const lrc_workspace *w, const lrc_settings *s, lrc_trainer *ret, lrc_err *err);
void lrc_trainer_done(lrc_trainer *t);
#define lrc_auto_trainer lrc_cleanup(lrc_trainer_done)

// LRC_ERR_TRAINER_MISSING unless Python is there and the sd-scripts folder has `script` (NULL: any training script);
// the message says what is missing, where it was looked for and how to connect one.
int lrc_trainer_check(const lrc_trainer *t, const char *script, lrc_err *err);

// Python packages that training needs or can use, and the version that this Python has of each.
typedef struct lrc_trainer_package {
    const char *name; // as imported: "torch"
    bool needed;      // training does not start without it
    const char *why;  // what it is for
    char version[64]; // "" when it is not installed
} lrc_trainer_package;

typedef struct lrc_trainer_probe {
    char python_version[32]; // "3.10.12"
    lrc_trainer_package *package;
    size_t package_count;
} lrc_trainer_probe;

// Ask the interpreter (without importing anything heavy: under a second). Fails when it does not run; the message holds
// its own last line.
int lrc_trainer_probe_read(const lrc_trainer *t, lrc_trainer_probe *ret, lrc_err *err);
void lrc_trainer_probe_done(lrc_trainer_probe *p);
#define lrc_auto_trainer_probe lrc_cleanup(lrc_trainer_probe_done)

#endif
