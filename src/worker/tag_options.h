// SPDX-License-Identifier: MIT
// tag_options.h - the command line of `lorica tag`, parsed and resolved: what a program to be compatible with sets, a
// person's own options change. Private to worker/. May use: base, cmdline, image, infer, tag.
#ifndef LRC_WORKER_TAG_OPTIONS_H
#define LRC_WORKER_TAG_OPTIONS_H

#include "cmdline/cmdline.h"
#include "tag/run.h"

typedef struct lrc_tag_command {
    const char *model; // NULL: the setting tagger.default
    lrc_infer_provider provider;
    int64_t threads; // 0: one per core
    lrc_prep_profile profile;
    lrc_tag_options rules;
    bool own_threshold; // one was given for all categories; else a family's recommendation counts
    const char *extension;
    lrc_tag_existing existing;
    bool recursive, dry_run, frequency;
    const char *output, *scores; // files, or NULL
} lrc_tag_command;

// Texts are borrowed from argv. With ret_common->help set nothing else is.
int lrc_worker_tag_parse(int argc, char **argv, lrc_tag_command *ret, lrc_common *ret_common, lrc_strv *ret_args,
                         lrc_err *err);

#endif
