// SPDX-License-Identifier: MIT
// caption.h - captions as text: lines of tags, and the edits that people make to them.
//
// A caption is an ordered list of tags with a separator between them. Order matters to training (the first keep_tokens
// tags stay in place when captions are shuffled), so nothing here sorts unasked. Tags are compared without regard to
// case (Unicode, simple folding), because taggers and people differ in it; the text that was there first is kept. A
// caption of several lines is several captions: the trainer reads the first line, or with enable_wildcard one of them at
// random, so an edit is made to each line that is not blank.
// Texts are UTF-8 without a byte order mark. Pure functions, any thread. May use: base; utf8proc.
#ifndef LRC_CAPTION_CAPTION_H
#define LRC_CAPTION_CAPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

#define LRC_CAPTION_MAX       (1 << 20) // bytes; a longer text file is not a caption
#define LRC_CAPTION_SEPARATOR ", "      // what taggers and people write

// A separator is written as it stands and recognised without its blanks (", " splits at every comma; one of blanks only
// splits at itself). LRC_ERR_INVALID unless it has 1 to 16 bytes, valid UTF-8, no line break.
int lrc_caption_check_separator(const char *separator, lrc_err *err);

// Add the tags of one line to `ret`: blanks at both ends removed, empty ones dropped.
int lrc_caption_split(const char *line, const char *separator, lrc_strv *ret, lrc_err *err);

// The tags with the separator between them; the caller frees.
int lrc_caption_join(const lrc_strv *tags, const char *separator, char **ret, lrc_err *err);

// The same tag, case aside.
bool lrc_caption_same(const char *a, const char *b);
bool lrc_caption_has(const lrc_strv *tags, const char *tag);

// ---- Edits: a text in, a text out ------------------------------------------------------------------------------------

// *ret is the new text, which the caller frees, or NULL when nothing changes.

typedef struct lrc_caption_trigger {
    const char *word;      // one tag or several; blanks at its ends do not count
    bool at_end;           // else at the start
    bool repeat;           // put it there even when the caption has it; else it is moved there, once, in this spelling
    const char *separator; // NULL: LRC_CAPTION_SEPARATOR
} lrc_caption_trigger;

// LRC_ERR_INVALID when the word is empty, holds a line break or is not UTF-8, or the separator is bad.
int lrc_caption_check_trigger(const lrc_caption_trigger *trigger, lrc_err *err);

// Give each line the trigger word. A blank caption becomes the bare word. Where the word was not there yet the rest of
// the line keeps its bytes (but for blanks at its ends).
int lrc_caption_add_trigger(const char *text, const lrc_caption_trigger *trigger, char **ret, lrc_err *err);

#endif
