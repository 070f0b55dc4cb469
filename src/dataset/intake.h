// SPDX-License-Identifier: MIT
// intake.h - inside of import: bringing the planned files into the stage, and judging them there. Not for others.
#ifndef LRC_DATASET_INTAKE_H
#define LRC_DATASET_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataset/import.h"
#include "dataset/plan.h"
#include "dataset/stage.h"
#include "dataset/twins.h"

// What has become of one output of the plan.
typedef struct lrc_intake_state {
    bool present; // lies in the stage
    uint64_t bytes;
    size_t caption; // of an image: 1 + index of its first caption; of a caption: of the next one of that image
} lrc_intake_state;

typedef struct lrc_intake {
    const lrc_import_options *o;
    lrc_import_report *report;
    char *place; // the dataset's folder
    bool adding; // it exists
    lrc_source *source;
    lrc_import_plan plan;
    lrc_intake_state *state; // per output
    lrc_twins twins;         // when adding
    lrc_stage stage;
} lrc_intake;

// Make `state`. LRC_ERR_NO_MEMORY.
int lrc_intake_begin(lrc_intake *in, lrc_err *err);

// Copy every planned file into stage.new; pictures as they are, captions as UTF-8 without a mark. A file that cannot be
// read is a note. Pictures that the dataset has are left out, their captions go to the picture that is there.
int lrc_intake_read(lrc_intake *in, lrc_err *err);

// Decode every picture; leave out what cannot be read, with its captions; convert what the trainer would not see.
int lrc_intake_check(lrc_intake *in, lrc_err *err);

#endif
