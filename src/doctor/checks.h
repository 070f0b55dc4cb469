// SPDX-License-Identifier: MIT
// checks.h - inside of doctor/: one function per area, each appending its lines. They fail only when memory runs out.
#ifndef LRC_DOCTOR_CHECKS_H
#define LRC_DOCTOR_CHECKS_H

#include "doctor/doctor.h"

// Append a line; `found` is formatted, the rest as in lrc_doctor_check.
int lrc_doctor_add(lrc_doctor *d, const char *area, const char *name, lrc_doctor_state state, const char *remedy,
                   lrc_err *err, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

int lrc_doctor_images(lrc_doctor *d, lrc_err *err); // libvips and its loaders, asked of the worker
int lrc_doctor_tagging(const lrc_workspace *w, const lrc_settings *s, lrc_doctor *d, lrc_err *err);
int lrc_doctor_gpu(lrc_doctor *d, lrc_err *err);
int lrc_doctor_training(const lrc_workspace *w, const lrc_settings *s, lrc_doctor *d, lrc_err *err);

#endif
