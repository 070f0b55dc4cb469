// SPDX-License-Identifier: MIT
// edit.h - edits of the tags of a caption: a text in, a text out. The trigger word has its own (caption.h).
//
// Each line is edited by itself, as in caption.h. A line whose tags stay the same keeps its bytes; another one is written
// with the separator between its tags and without empty tags. Pure functions, any thread. May use: base, caption.
#ifndef LRC_CAPTION_EDIT_H
#define LRC_CAPTION_EDIT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

typedef enum {
    LRC_TAGS_ADD,     // those that the line does not have yet, at its end; a caption that is blank becomes the tags
    LRC_TAGS_REMOVE,  // all of them
    LRC_TAGS_REPLACE, // each of them by `replacement`, which stands only once in the line; "" removes
    LRC_TAGS_TIDY,    // write the line anew: separators as they should be, no empty tags; and see the options
} lrc_tags_op;

typedef struct lrc_tags_edit {
    lrc_tags_op op;
    const lrc_strv *tags;    // not for TIDY; trimmed, none is empty or holds the separator
    const char *replacement; // REPLACE
    bool at_start;           // ADD in front
    bool sort;               // TIDY: bytewise, but for the first `keep` tags
    bool dedupe;             // TIDY: a tag that was there before goes, case aside
    size_t keep;
    const char *separator; // NULL: LRC_CAPTION_SEPARATOR
} lrc_tags_edit;

// Split the tags that a person names, several in one text or not, into `ret`: trimmed. LRC_ERR_INVALID when there is
// none, one is no UTF-8 or holds a control character.
int lrc_tags_parse(const lrc_strv *given, const char *separator, lrc_strv *ret, lrc_err *err);

// *ret is the new text, which the caller frees, or NULL when nothing changes.
int lrc_tags_edit_text(const char *text, const lrc_tags_edit *edit, char **ret, lrc_err *err);

#endif
