// SPDX-License-Identifier: MIT
// install.h - bringing a trainer: sd-scripts at the revision that this program was tried with, and a Python environment.
//
// Nothing is installed unasked. The plan says every command first; running it is a job (kind "trainer_install"), and doing
// it again goes over what is there. One owner thread. May use: base, proc, settings, trainer.h.
#ifndef LRC_TRAIN_INSTALL_H
#define LRC_TRAIN_INSTALL_H

#include "base/str.h"
#include "settings/settings.h"

#define LRC_SD_SCRIPTS_URL      "https://github.com/kohya-ss/sd-scripts"
#define LRC_SD_SCRIPTS_REVISION "48d368fa557731ad0488c07304dfeba8c07910eb"

typedef struct lrc_install_step {
    char *what;    // for people, one line
    lrc_strv argv; // NULL-ended for proc/
    char *cwd;     // absolute; NULL: the workspace
} lrc_install_step;

typedef struct lrc_install_plan {
    char *folder; // of sd-scripts: W/trainer/sd-scripts
    char *python; // of the environment inside of it
    lrc_install_step *step;
    size_t count;
} lrc_install_plan;

// `python` makes the environment: a path, or a name in $PATH. Changes nothing.
int lrc_install_plan_make(const lrc_workspace *w, const char *python, lrc_install_plan *ret, lrc_err *err);
void lrc_install_plan_done(lrc_install_plan *p);
#define lrc_auto_install_plan lrc_cleanup(lrc_install_plan_done)

// Run the steps one after the other, their output where ours goes, then lrc_trainer_connect(). The first that fails ends it.
int lrc_install_run(const lrc_workspace *w, const lrc_install_plan *p, void (*say)(const char *line), lrc_err *err);

// Use this sd-scripts folder (or the one inside of it) and Python from now on: both are checked, then the settings written.
// `python` NULL: the environment that lies in the folder, else the setting as it is. LRC_ERR_TRAINER_MISSING says what is
// not there.
int lrc_trainer_connect(const lrc_workspace *w, const char *folder, const char *python, lrc_err *err);

// The commit that a checkout of git stands at, 40 hex digits, read from its files; *ret NULL when it is none.
int lrc_trainer_revision(const char *folder, char **ret, lrc_err *err);

#endif
