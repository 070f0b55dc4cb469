// SPDX-License-Identifier: MIT
// resume.h - states that a training saved, whether each is whole, and going on from the newest one that is.
//
// sd-scripts saves a state as a folder beside the LoRA: NAME-state, NAME-000002-state (epoch) or NAME-step00000500-state,
// by accelerate (model, optimizer.bin, scheduler.bin, random_states_0.pkl) with a train_state.json of its own. A state
// whose writer was killed, or whose disk became full, lacks the end of some file: it is listed, and never offered. What
// makes a file whole: .safetensors, its header and exactly the bytes it speaks of; the others are zip archives, whose
// directory lies at their end. One owner thread. May use: base, json, safetensors, job.
#ifndef LRC_TRAIN_RESUME_H
#define LRC_TRAIN_RESUME_H

#include "job/job.h"
#include "json/json.h"

#define LRC_TRAIN_WHY_MAX 400

typedef struct lrc_train_state {
    char *path;          // of the folder
    int64_t epoch, step; // that it was saved at; -1 unknown
    int64_t saved_ms;    // of its newest file
    bool complete;
    char why[LRC_TRAIN_WHY_MAX]; // why it is not
} lrc_train_state;

typedef struct lrc_train_states {
    lrc_train_state *item;
    size_t count;
} lrc_train_states;

// Look at one folder. Fails only when memory runs out: a damaged state is an answer.
int lrc_train_state_look(const char *folder, lrc_train_state *ret, lrc_err *err);

// The states that this training, or an attempt before it, has saved; the furthest first.
int lrc_train_states_of(const lrc_workspace *ws, const lrc_job *job, lrc_train_states *ret, lrc_err *err);
void lrc_train_states_done(lrc_train_states *s);
#define lrc_auto_train_states lrc_cleanup(lrc_train_states_done)

// The one to go on from; NULL when there is none. Borrowed.
const lrc_train_state *lrc_train_state_best(const lrc_train_states *s);

// [{"path","epoch","step","saved_at","complete","why"}, …]
void lrc_train_put_states(const lrc_train_states *s, lrc_json_out *out);

// Start the training again from its furthest complete state, as the next attempt of it. LRC_ERR_CONFLICT when it has not
// ended or has none, with the reason.
int lrc_train_resume(const lrc_workspace *ws, const char *id, char ret_id[static LRC_ID_MAX + 1], lrc_err *err);

#endif
