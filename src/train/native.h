// SPDX-License-Identifier: MIT
// native.h - what the embedded trainer says to a run before it is started. Private to train/.
//
// This program does not link the trainer, so `lorica-worker train-native --check` is asked. The two files are handed over
// in memory: asking leaves nothing on the disk. Any thread. May use: base, json, proc.
#ifndef LRC_TRAIN_NATIVE_H
#define LRC_TRAIN_NATIVE_H

#include "base/findings.h"
#include "train/generate.h"

// Add what it would refuse, under the names of the request's fields. What makes no difference to it is left out: the run
// itself says that in its log. Fails when the worker cannot be asked.
int train_native_check(const char *worker, const lrc_train_output *made, lrc_findings *findings, lrc_err *err);

#endif
