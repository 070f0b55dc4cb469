// SPDX-License-Identifier: MIT
// doctor.h - what this machine has of all that the studio uses, and what to do about what is missing.
//
// One check is one line: a name, a state, what was found, a remedy. Nothing is changed; nothing takes longer than the
// probes it runs (a few seconds at most). One thread. May use: json, gpu, proc, settings, job, train.
#ifndef LRC_DOCTOR_DOCTOR_H
#define LRC_DOCTOR_DOCTOR_H

#include "base/cleanup.h"
#include "base/err.h"
#include "settings/settings.h"
#include "json/json.h"

typedef enum {
    LRC_DOCTOR_OK,
    LRC_DOCTOR_OFF,     // not there, and the studio works without it
    LRC_DOCTOR_WARN,    // works, but will bite
    LRC_DOCTOR_MISSING, // something people need does not work
    LRC_DOCTOR_MAX_
} lrc_doctor_state;

typedef struct lrc_doctor_check {
    const char *area; // "tagging", "training", …; static
    const char *name; // static
    lrc_doctor_state state;
    char *found;  // what is there, or what exactly is not and where it was looked for
    char *remedy; // "" when there is nothing to do
} lrc_doctor_check;

typedef struct lrc_doctor {
    lrc_doctor_check *check;
    size_t count, cap;
} lrc_doctor;

// Run all checks. A check that fails is a line, not an error; only running out of memory is.
int lrc_doctor_run(const lrc_workspace *w, const lrc_settings *s, lrc_doctor *ret, lrc_err *err);
void lrc_doctor_done(lrc_doctor *d);
#define lrc_auto_doctor lrc_cleanup(lrc_doctor_done)

const char *lrc_doctor_state_name(lrc_doctor_state state); // "ok", "off", "warn", "missing"

// {"checks":[{"area","name","state","found","remedy"?}…]} as one value.
void lrc_doctor_put(const lrc_doctor *d, lrc_json_out *o);

#endif
