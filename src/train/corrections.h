// SPDX-License-Identifier: MIT
// corrections.h - what the studio profile writes differently from the reference, for those who explain it.
//
// Constant data, any thread. May use: base.
#ifndef LRC_TRAIN_CORRECTIONS_H
#define LRC_TRAIN_CORRECTIONS_H

#include "base/buf.h"

// The table of corrections as a Markdown list: docs/training-corrections.md holds it.
void lrc_train_explain_corrections(lrc_buf *b);

#endif
