// SPDX-License-Identifier: MIT
// start.h - from a training request to a job: prepare (read, generate, look for the trainer), then submit.
//
// Preparing changes nothing; for a family of the embedded trainer it asks that trainer whether it would take the run. Submitting snapshots everything the run reads into the job's folder (request without
// secrets, both TOML files, a fingerprint of every image folder), so that edits made later do not reach it, and writes the
// pair of TOML files to W/config/ for people to look at. One owner thread. May use: base, json, settings, job.
#ifndef LRC_TRAIN_START_H
#define LRC_TRAIN_START_H

#include "base/findings.h"
#include "base/id.h"
#include "job/job.h"
#include "settings/settings.h"
#include "train/generate.h"
#include "train/trainer.h"

#define LRC_TRAIN_REQUEST_MAX (4 << 20) // bytes of a request's JSON

typedef struct lrc_train_run {
    lrc_train_request *request;
    lrc_train_output output; // profile studio
    lrc_trainer trainer;
    char *snapshot; // the request as JSON, without its secrets
    size_t snapshot_len;
    char *estimate;    // what was estimated for it, as JSON, kept with the job; NULL: nothing
    char *wandb_key;   // taken out of the request; NULL when it had none
    lrc_job_turn turn; // when it may start, as the request says; `after` belongs to the run
} lrc_train_run;

// Read and generate. -1 when the request cannot be understood or written at all; then, and on success, `findings` holds
// all there is to say; errors in it block submitting, not preparing.
int lrc_train_prepare(const lrc_workspace *w, const lrc_settings *s, const char *json, size_t n, lrc_train_run *ret,
                      lrc_findings *findings, lrc_err *err);
void lrc_train_run_done(lrc_train_run *r); // harmless on a zeroed run
#define lrc_auto_train_run lrc_cleanup(lrc_train_run_done)

// Make the job. LRC_ERR_INVALID when `findings` has errors, LRC_ERR_TRAINER_MISSING when there is no trainer for it:
// nothing is written then. A key for Weights & Biases that the request held is kept in the settings.
int lrc_train_submit(const lrc_workspace *w, const lrc_settings *s, const lrc_train_run *r,
                     const lrc_findings *findings, char ret_id[static LRC_ID_MAX + 1], lrc_err *err);

#endif
