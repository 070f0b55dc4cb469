// SPDX-License-Identifier: MIT
// captions.h - which file the trainer reads a picture's caption from, and what of it (library/train_util.py,
// DreamBoothDataset, read_caption).
//
// Pure functions on names and text, any thread. May use: base.
#ifndef LRC_KOHYA_CAPTIONS_H
#define LRC_KOHYA_CAPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

// The two names that are tried, in this order. `image` is the whole path. *ret_second, for pictures that a face detector
// has named "x_<4 numbers>.png", is the path with its last four parts at '_' dropped (folders count: the trainer splits
// the whole path); NULL when it has fewer than five parts. The caller frees both.
int lrc_kohya_caption_names(const char *image, const char *extension, char **ret_first, char **ret_second,
                            lrc_err *err);

typedef enum {
    LRC_CAPTION_FINE,
    LRC_CAPTION_NO_TEXT,  // 0 bytes: the trainer stops
    LRC_CAPTION_NOT_UTF8, // the trainer stops
    LRC_CAPTION_BLANK,    // what is read of it has no text
    LRC_CAPTION_MARK,     // begins with a byte order mark, which becomes part of the first tag
    LRC_CAPTION_LEFT_OUT, // has more lines than are read
} lrc_kohya_caption_state;

typedef struct lrc_kohya_caption {
    lrc_kohya_caption_state state; // the first that fits, in the order above (FINE last)
    const char *line;              // what is read as the caption (wildcard: of all lines the longest), within the text
    size_t len;
    size_t bad; // NOT_UTF8: offset of the first bad byte
} lrc_kohya_caption;

// What the trainer makes of a caption file's bytes. `wildcard` is enable_wildcard: every line that is not blank is a
// caption of its own.
lrc_kohya_caption lrc_kohya_caption_read(const char *text, size_t n, bool wildcard);

#endif
