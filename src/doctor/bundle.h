// SPDX-License-Identifier: MIT
// bundle.h - everything about one job in a zip that can be sent to others: its log, inputs, curves, exit and cause, and what
// this machine has. Secrets are removed (scrub.h); names of files and folders are not. Nothing of the data set or of a model
// is in it.
//
// A log beyond LRC_BUNDLE_LOG_MAX bytes has its middle left out, with a note. The zip is handed on in pieces as it is made.
// One thread; a few seconds, because the trainer's Python is asked for its packages. May use: json, settings, job, dataset, doctor.
#ifndef LRC_DOCTOR_BUNDLE_H
#define LRC_DOCTOR_BUNDLE_H

#include "dataset/zip.h"
#include "job/job.h"
#include "settings/settings.h"

#define LRC_BUNDLE_LOG_MAX (16 << 20)

// LRC_ERR_NOT_FOUND when there is no such job: nothing has been handed on then.
int lrc_bundle_write(const lrc_workspace *ws, const lrc_settings *settings, const char *id, lrc_zip_sink *sink,
                     void *arg, lrc_err *err);

#endif
