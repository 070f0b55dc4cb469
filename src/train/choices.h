// SPDX-License-Identifier: MIT
// choices.h - what a field with a fixed set of values may say, and what that means for the trainer: one list per kind.
//
// Values are compared exactly, but for families, which have aliases (families.h). Constant data, any thread.
// May use: base.
#ifndef LRC_TRAIN_CHOICES_H
#define LRC_TRAIN_CHOICES_H

#include <stddef.h>

typedef enum {
    LRC_CHOICES_NONE,
    LRC_CHOICES_FAMILIES, // from families.h
    LRC_CHOICES_MODES,
    LRC_CHOICES_LORA_TYPES,
    LRC_CHOICES_OPTIMIZERS,
    LRC_CHOICES_SCHEDULERS,
    LRC_CHOICES_MIXED_PRECISIONS,
    LRC_CHOICES_ATTENTIONS,
    LRC_CHOICES_SAVE_PRECISIONS,
    LRC_CHOICES_SAVE_FORMATS,
    LRC_CHOICES_TIMESTEP_SAMPLINGS,
    LRC_CHOICES_PREDICTIONS,
    LRC_CHOICES_SAMPLERS,
    LRC_CHOICES_TRACKERS,   // of log_with, which takes any text
    LRC_CHOICES_ATTN_MODES, // of attn_mode, likewise
    LRC_CHOICES_MAX_
} lrc_choices_id;

enum {
    LRC_CHOICE_ARGS_DECAY = 1,   // optimizer: takes weight_decay among its arguments already in the reference
    LRC_CHOICE_RESTARTS = 2,     // scheduler: a class of its own, with the length of a cycle among its arguments
    LRC_CHOICE_NO_WARMUP = 4,    // scheduler: the trainer stops when it is given a warm-up
    LRC_CHOICE_OWN_SCHEDULE = 8, // optimizer: the trainer gives it no scheduler
};

typedef struct lrc_choice {
    const char *name;    // as requests have it
    const char *trainer; // as the trainer wants it (a class path, a module); NULL: the name
    const char *args[2]; // LoRA types: the network_args that the reference writes
    unsigned flags;
} lrc_choice;

size_t lrc_choices_count(lrc_choices_id id);
const char *lrc_choices_name(lrc_choices_id id, size_t index);
// The row of this name, NULL when there is none; not for families.
const lrc_choice *lrc_choices_find(lrc_choices_id id, const char *name, size_t n);

#endif
