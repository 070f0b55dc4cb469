// SPDX-License-Identifier: MIT
// name.h - names of datasets: what they may be, and finding the folder of one.
//
// May use: base, settings; utf8proc. Any thread.
#ifndef LRC_DATASET_NAME_H
#define LRC_DATASET_NAME_H

#include "base/err.h"
#include "settings/workspace.h"

// LRC_ERR_INVALID unless it is one path component of Unicode letters, marks, digits, blanks, '_', '-' and '.', that does
// not begin with a dot or a blank; "10_ohwx girl", "Été", "猫" are names.
int lrc_dataset_check_name(const char *name, lrc_err *err);

// The nearest name that can stand: blanks at the ends go, what may not be in a name becomes '_' ("../x" is "_._x"). The
// caller frees. LRC_ERR_INVALID when nothing is left, or it is too long.
int lrc_dataset_mend_name(const char *given, char **ret, lrc_err *err);

// The folder of an existing dataset given as people give it (lrc_workspace_dataset()); where there is none of that name,
// the one whose name differs only in its Unicode normal form. LRC_ERR_NOT_FOUND names the nearest one. The caller frees.
int lrc_dataset_find(const lrc_workspace *w, const char *given, char **ret, lrc_err *err);

// The folder that a new dataset of this name will have; the name is checked and brought to normal form C. The caller
// frees.
int lrc_dataset_place(const lrc_workspace *w, const char *name, char **ret, lrc_err *err);

#endif
