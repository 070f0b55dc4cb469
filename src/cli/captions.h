// SPDX-License-Identifier: MIT
// captions.h - what the commands on captions share. Not for others.
#ifndef LRC_CLI_CAPTIONS_H
#define LRC_CLI_CAPTIONS_H

#include "cmdline/cmdline.h"
#include "settings/workspace.h"

// The workspace, and the folder of the dataset that a person names.
int lrc_cli_open_dataset(const lrc_common *common, const char *name, lrc_workspace *w, char **ret_dir, lrc_err *err);

// Say that images in sub-folders were left out, if there were any.
void lrc_cli_note_below(const lrc_common *common, const char *dir, size_t below);

#endif
