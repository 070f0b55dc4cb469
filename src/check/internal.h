// SPDX-License-Identifier: MIT
// internal.h - what the parts of the dry run share. Private to check/.
#ifndef LRC_CHECK_INTERNAL_H
#define LRC_CHECK_INTERNAL_H

#include "check/check.h"
#include "check/tokens.h"

#define CHECK_CODES 40 // different codes of findings about files

typedef struct check_run {
    const lrc_workspace *w;
    const lrc_settings *s;
    const lrc_train_run *run;
    const lrc_train_request *request;
    const lrc_check_options *o;
    lrc_check_report *report;
    lrc_findings *findings;
    lrc_family_id family;
    lrc_script_id script; // LRC_SCRIPT_NONE for native families too
    struct {              // findings about files, counted by their code
        const char *code;
        lrc_finding_severity severity;
        size_t count;
    } seen[CHECK_CODES];
    size_t codes;
} check_run;

// A finding that is about no file.
int check_say(check_run *c, lrc_finding_severity severity, const char *code, const char *field, const char *remedy,
              lrc_err *err, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
// One about a file; of each code and severity only the first LRC_CHECK_SHOWN are listed. Texts but `path` are static.
int check_say_file(check_run *c, lrc_finding_severity severity, const char *code, const char *path, const char *remedy,
                   lrc_err *err, const char *message);
int check_close_files(check_run *c, lrc_err *err); // "and 30 more" for each code that was cut

static inline const lrc_train_value *check_get(const check_run *c, lrc_field_id id)
{
    return lrc_train_get(c->request, id);
}

static inline int64_t check_int(const check_run *c, lrc_field_id id)
{
    return lrc_value_to_i64(check_get(c, id));
}

// rules.c: settings against each other, and files that the family needs.
int check_rules(check_run *c, lrc_err *err);
// data.c: pictures, captions, buckets, steps.
int check_data(check_run *c, lrc_err *err);
// base.c: the base model and the files beside it, by their headers.
int check_models(check_run *c, lrc_err *err);
// captions.c: the caption of one picture; `blank_is_meant`: the subset has class tokens.
int check_caption(check_run *c, const lrc_tokenizer *t, const char *image, bool blank_is_meant, bool *ret_has,
                  size_t *ret_tokens, lrc_err *err);
size_t check_token_limit(const check_run *c);

#endif
