// SPDX-License-Identifier: MIT
// stats.h - what the captions of a dataset say, counted.
//
// One owner thread. May use: base, kohya.
#ifndef LRC_CAPTION_STATS_H
#define LRC_CAPTION_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/findings.h"
#include "base/map.h"
#include "base/str.h"

typedef struct lrc_caption_stats_options {
    const char *extension; // NULL: LRC_CAPTION_EXTENSION
    const char *separator; // NULL: LRC_CAPTION_SEPARATOR
    bool recursive;
} lrc_caption_stats_options;

typedef struct lrc_caption_stats {
    size_t images;
    size_t below;      // more images in sub-folders, left out because `recursive` is false
    size_t captioned;  // images with a caption that is not blank
    size_t missing;    // images without a caption file
    size_t empty;      // caption files that are blank
    size_t with_mark;  // that begin with a byte order mark: the trainer would make it part of the first tag
    size_t many_lines; // of more than one line: the trainer reads the first, or with enable_wildcard one at random
    size_t repeated;   // with a tag more than once
    size_t tags;       // of all captions
    size_t most_tags, fewest_tags; // of one caption that is not blank
    lrc_map tag;                   // how many captions have the tag; the most frequent first
    lrc_findings problems;         // captions that could not be read
} lrc_caption_stats;

void lrc_caption_stats_done(lrc_caption_stats *s);
#define lrc_auto_caption_stats lrc_cleanup(lrc_caption_stats_done)

// Read the captions of the images of `dir` and count. `each` (may be NULL) is called with every image and its caption
// (NULL when there is none or it could not be read); it stops the counting by returning -1.
int lrc_caption_stats_collect(const char *dir, const lrc_caption_stats_options *options,
                              int (*each)(void *arg, const char *image, const char *text, lrc_err *err), void *arg,
                              lrc_caption_stats *ret, lrc_err *err);

#endif
