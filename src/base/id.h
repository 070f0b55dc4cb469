// SPDX-License-Identifier: MIT
// id.h - names of jobs: "<kind>_<ms>_<n>", e.g. "training_1795447011874_1" (the form KNX's clients know).
//
// Any thread. May use: clock.
#ifndef LRC_BASE_ID_H
#define LRC_BASE_ID_H

#include <stdbool.h>

#define LRC_ID_MAX 64 // characters, without the NUL

// A new id of this kind ([a-z_]+, at most 24 characters) into `out` (LRC_ID_MAX + 1 bytes). Two calls never give the
// same id in one process; between processes the caller finds out when it makes the job's folder.
void lrc_id_make(const char *kind, char out[static LRC_ID_MAX + 1]);

// What is accepted from anyone: [A-Za-z0-9_-]{1,64}.
bool lrc_id_valid(const char *id);

#endif
