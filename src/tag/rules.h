// SPDX-License-Identifier: MIT
// rules.h - from a tagger's probabilities to a caption: thresholds, renaming, order, text.
//
// Follows kohya's sd-scripts (finetune/tag_images_by_wd14_tagger.py) to the byte with `compat` "kohya", and the other
// programs that people compare with; without it the defaults are what most people want. What one set of options means
// for one model is worked out once (lrc_tag_rules_new) and then applied to any number of images.
// An lrc_tag_rules is read-only: any thread. May use: base, labels.
#ifndef LRC_TAG_RULES_H
#define LRC_TAG_RULES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "tag/labels.h"

typedef enum {
    LRC_UNDERSCORE_KAOMOJI, // become blanks, but for 19 faces such as ^_^ and (o)_(o): the model author's rule
    LRC_UNDERSCORE_LEN3,    // become blanks in names of more than 3 code points: sd-scripts' rule
} lrc_underscore_rule;

typedef enum {
    LRC_FIRST_PRESENT, // those of the list that the image got come first, in the order of the list
    LRC_FIRST_ALWAYS,  // the whole list comes first, also what the image did not get
    LRC_FIRST_KNX,     // as LRC_FIRST_ALWAYS, and such a caption does not end in a line break
    LRC_FIRST_KOHYA,   // as sd-scripts: blanks around a word count, and the list comes out backwards
} lrc_first_rule;

typedef enum { LRC_PUT_NOT, LRC_PUT_FIRST, LRC_PUT_LAST } lrc_put;

typedef struct lrc_tag_options {
    double threshold;                         // of every category without one of its own
    double thresholds[LRC_TAG_CATEGORY_MAX_]; // NAN: `threshold`; above 1: nothing of this category
    bool mcut[LRC_TAG_CATEGORY_MAX_]; // threshold by the largest gap between scores; of characters at least 0.15
    bool above;                       // a score must be above the threshold, in float64; else at or above, in float32
    bool by_score;                    // ordered by score; else general tags, then the others, as the model lists them
    bool remove_underscore;
    lrc_underscore_rule underscore_rule;
    const char *undesired;   // names that are never given, separated as captions are
    const char *separator;   // between tags
    const char *replacement; // "from,to;from,to", with "\," and "\;" for themselves; NULL or "": none
    bool ignore_replacement; // as sd-scripts, in which it has no effect
    const char *first;       // names that come first, separated as captions are; NULL or "": none
    lrc_first_rule first_rule;
    bool character_expand; // "saber_(fate)" becomes "saber, fate"
    bool character_first;  // characters before the rest
    lrc_put rating, quality;
    bool escape;  // ( and ) as \( and \)
    bool newline; // at the end of a caption
} lrc_tag_options;

// Defaults, or those of a program: "" or NULL, "kohya", "space", "knx". LRC_ERR_INVALID for another name. The texts are
// constants or the caller's: they must live as long as the options are used.
int lrc_tag_options_init(lrc_tag_options *options, const char *compat, lrc_err *err);

typedef struct lrc_tag_rules lrc_tag_rules;

// `labels` is borrowed and must outlive the rules; `options` is copied. LRC_ERR_INVALID names the option at fault.
int lrc_tag_rules_new(const lrc_tag_labels *labels, const lrc_tag_options *options, lrc_tag_rules **ret, lrc_err *err);
void lrc_tag_rules_free(lrc_tag_rules *rules);
LRC_DEFINE_FREEP(lrc_tag_rules)
#define lrc_auto_tag_rules lrc_cleanup(lrc_tag_rules_freep)

// The tags of an image with these probabilities (one per label), in order, appended to `ret`.
int lrc_tag_pick(const lrc_tag_rules *rules, const float *scores, lrc_strv *ret, lrc_err *err);

// The caption of these tags; the caller frees. `existing` is what the caption file holds: its tags stay in front, and
// only those that it lacks are added (NULL: there is nothing to keep).
int lrc_tag_text(const lrc_tag_rules *rules, const lrc_strv *tags, const char *existing, char **ret, lrc_err *err);

// Name of label `i` as captions show it.
const char *lrc_tag_shown(const lrc_tag_rules *rules, size_t i);

#endif
