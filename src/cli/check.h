// SPDX-License-Identifier: MIT
// check.h - the dry run as the commands `check` and `train` show it.
#ifndef LRC_CLI_CHECK_H
#define LRC_CLI_CHECK_H

#include "check/check.h"
#include "cmdline/cmdline.h"

// lrc_check_run() with a bar on the terminal.
int lrc_cli_check_run(const lrc_workspace *w, const lrc_settings *s, const lrc_train_run *run, const lrc_common *common,
                      const lrc_check_options *options, lrc_check_report *ret, lrc_findings *findings, lrc_err *err);

// Print it. Returns the exit code: 0, or 2 when an error among the findings blocks.
int lrc_cli_check_show(const lrc_common *common, const lrc_train_run *run, const lrc_check_report *r,
                       const lrc_findings *findings);

#endif
