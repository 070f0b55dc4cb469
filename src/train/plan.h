// SPDX-License-Identifier: MIT
// plan.h - what will be written, as typed entries, before it is text. Private to train/.
//
// The field table is read into entries (plan.c, make.c), studio's corrections change them (corrections.c), then they are
// rendered (render.c) and the launch line is made (launch.c). Everything in a plan lives in its arena.
#ifndef LRC_TRAIN_PLAN_H
#define LRC_TRAIN_PLAN_H

#include "toml/emit.h"
#include "train/generate.h"

// Positions of config.toml keys that no row of the table has; see `at` in field_rows.h.
enum {
    AT_SCHEDULER_ARGS = 71,
    AT_OPTIMIZER_ARGS = 630,
    AT_NETWORK_ARGS = 1220,
};

typedef struct train_entry {
    lrc_field_in in;
    size_t subset; // IN_SUBSET: which one
    int at;
    const char *key;
    lrc_train_value value;
    const char *field; // name of the request field it comes from
} train_entry;

typedef struct train_plan {
    lrc_arena arena;
    const lrc_train_request *request;
    const lrc_train_options *options;
    lrc_findings *findings;
    bool studio;
    const lrc_family *family;
    lrc_train_mode mode;
    lrc_script_id script;

    // paths.c
    const char *root;       // real
    const char *sd_scripts; // absolute
    const char *model, *dataset, *output;
    const char *hub_model;   // studio: the base model is this repository of the Hugging Face hub; NULL: a path
    const char *saved_name;  // name of what is saved, without suffix
    const char **subset_dir; // real path of each subset; of the data set itself when there are none
    size_t subset_count;     // at least 1

    train_entry *entry;
    size_t count, cap;
    lrc_train_output *out; // where corrections are reported
    size_t correction_cap;
} train_plan;

// ---- paths.c ----
// Fill in the paths and look for what must exist: an error in plan->findings for each path that is missing.
int train_paths_resolve(train_plan *p, lrc_err *err);
// Absolute form of a path value, in the arena, as the reference has it. LRC_ERR_INVALID when it holds a NUL.
int train_path_absolute(train_plan *p, const char *field, const lrc_train_value *v, const char **ret, lrc_err *err);
// The same, but in studio a Windows path is mapped by options->path_map.
int train_path_here(train_plan *p, const char *field, const lrc_train_value *v, const char **ret, lrc_err *err);
// Studio: an error in plan->findings for each file of config.toml that is not there.
int train_paths_check_files(train_plan *p, lrc_err *err);
int train_path_copy(train_plan *p, const char *path, const char **ret, lrc_err *err);

// ---- plan.c ----
int train_plan_fill(train_plan *p, lrc_err *err); // entries from the field table
int train_plan_add(train_plan *p, lrc_field_in in, size_t subset, int at, const char *key, const char *field,
                   const lrc_train_value *value, lrc_err *err);
train_entry *train_plan_find(train_plan *p, const char *key); // of config.toml; NULL when there is none
void train_plan_drop(train_plan *p, train_entry *entry);
void train_plan_sort(train_plan *p); // by file, subset, position

// ---- make.c ----
// Add the entry or entries of one place of one field.
int train_make(train_plan *p, const lrc_train_field *f, const lrc_field_place *place, const lrc_train_value *v,
               size_t subset, lrc_err *err);

// ---- steps.c ----
// Pictures of a folder as the reference and as the trainer count them. Never fail: what cannot be read holds none.
int64_t train_count_images(const char *folder);
int64_t train_count_seen_images(const char *folder);
// Length of one cycle of a restarting scheduler, as digits in the arena.
int train_cycle_steps(train_plan *p, int64_t (*count)(const char *folder), const char **ret, lrc_err *err);

// ---- optimizer_args.c ----
// The reference's splitting of optimizer_args into tokens; a list, or NULL value when there are none.
int train_split_optimizer_args(lrc_arena *a, const lrc_train_value *v, lrc_train_value *ret, lrc_err *err);
// Studio's: quotes and blanks inside values stay, "name = value" is one token.
int train_read_optimizer_args(lrc_arena *a, const lrc_train_value *v, lrc_train_value *ret, lrc_err *err);
// NULL when the trainer can read this token, else what is wrong with it.
const char *train_check_optimizer_arg(const lrc_train_value *token);

// ---- conflicts.c ----
// Settings that the trainer would stop at: an error with the code "conflict" in plan->findings for each.
int train_find_conflicts(train_plan *p, lrc_err *err);
// The rules of exclusions.c, a part of the above.
int train_find_exclusions(train_plan *p, lrc_err *err);
// Add one.
int train_conflict(train_plan *p, const char *field, const char *remedy, lrc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

// ---- corrections.c ----
// Change the reference's entries into studio's, and report each change in plan->out.
int train_correct(train_plan *p, lrc_err *err);
// Report one change. `was` and `now` may be NULL: absent. The other texts must live for ever.
int train_report(train_plan *p, const char *id, const char *why, const char *field, const char *key,
                 const lrc_train_value *was, const lrc_train_value *now, lrc_err *err);
// Report that this entry's text is written in the tomlkit form (B19).
int train_report_text(train_plan *p, const train_entry *e, lrc_err *err);

// ---- render.c ----
void train_render_value(const lrc_train_value *v, lrc_toml_form form, lrc_buf *out);
// Entries as text. LRC_ERR_INVALID when the reference's library cannot write a text.
int train_render_dataset(train_plan *p, lrc_buf *out, lrc_err *err);
int train_render_config(train_plan *p, lrc_buf *out, lrc_err *err);

// ---- launch.c ----
int train_launch(train_plan *p, lrc_train_output *out, lrc_err *err);

#endif
