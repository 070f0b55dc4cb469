// SPDX-License-Identifier: MIT
// scrub.h - texts without secrets, for what people send to others.
//
// Removed are the values of the secret settings and of the environment's well-known ones, wherever they stand, and whatever
// looks like one: tokens of Hugging Face (hf_…), "Bearer …", values of names that hold token, password, secret, api_key or
// wandb_key (NAME=…, NAME = "…", "NAME": "…", ?token=…), and the user part of a URL. Better one word too many than one too
// few: a removed text becomes LRC_SCRUBBED. One owner thread. May use: base, settings.
#ifndef LRC_DOCTOR_SCRUB_H
#define LRC_DOCTOR_SCRUB_H

#include "base/buf.h"
#include "settings/settings.h"

#define LRC_SCRUBBED "[removed]"

typedef struct lrc_scrub {
    lrc_strv secrets; // the longest first
    size_t removed;   // places so far
} lrc_scrub;

int lrc_scrub_init(lrc_scrub *s, const lrc_settings *settings, lrc_err *err);
void lrc_scrub_done(lrc_scrub *s);
#define lrc_auto_scrub lrc_cleanup(lrc_scrub_done)

// Append the text without its secrets. Bytes that are no text pass as they are.
void lrc_scrub_text(lrc_scrub *s, const char *text, size_t n, lrc_buf *out);

#endif
