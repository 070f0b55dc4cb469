// SPDX-License-Identifier: MIT
// file.h - the caption file beside an image.
//
// It is the image's path with the last suffix replaced by the extension (".txt"): what the trainer looks for. Read: a
// byte order mark is taken off (the trainer would make it part of the first tag); a text that is not UTF-8 is an error
// that says where and what to do (the trainer would stop at it). Written: UTF-8, atomically; see fs.h.
// Callers hold the dataset's lock (settings/workspace.h) from reading to writing. Any thread. May use: base, kohya.
#ifndef LRC_CAPTION_FILE_H
#define LRC_CAPTION_FILE_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

#define LRC_CAPTION_EXTENSION ".txt"
#define LRC_CAPTION_BOM       "\xef\xbb\xbf" // UTF-8's byte order mark

// The extensions that captions are commonly kept in (".txt", ".caption", ".cap"), NULL at the end.
extern const char *const lrc_caption_extensions[];

// LRC_ERR_INVALID unless it is a dot and 1 to 15 of [A-Za-z0-9_-], and no image's suffix.
int lrc_caption_check_extension(const char *extension, lrc_err *err);

// The caption file of `image`. LRC_ERR_INVALID for a bad extension or an image without a suffix. The caller frees.
int lrc_caption_path(const char *image, const char *extension, char **ret, lrc_err *err);

typedef struct lrc_caption_file {
    char *text;  // without byte order mark; "" when there is no file
    bool exists; // there is a file
    bool bom;    // it began with a byte order mark
} lrc_caption_file;

void lrc_caption_file_done(lrc_caption_file *f);
#define lrc_auto_caption_file lrc_cleanup(lrc_caption_file_done)

// Read the caption file `path`; a missing one is no error. LRC_ERR_INVALID when it is no UTF-8 text, LRC_ERR_LIMIT when
// longer than LRC_CAPTION_MAX.
int lrc_caption_read(const char *path, lrc_caption_file *ret, lrc_err *err);

// Check and clean a text that was read from anywhere, e.g. from an archive; `name` is for messages. Takes off the mark.
int lrc_caption_decode(const char *bytes, size_t n, const char *name, lrc_caption_file *ret, lrc_err *err);

// Replace or create the caption file `path`. LRC_ERR_INVALID when the text is no UTF-8.
int lrc_caption_write(const char *path, const char *text, lrc_err *err);

// The images of a folder (of any type in kohya/files.h), their paths in bytewise order, added to `ret`; hidden files and
// folders do not count, linked folders are not entered. *ret_below (may be NULL): how many lie in sub-folders that were
// left out because `recursive` is false.
int lrc_caption_images(const char *dir, bool recursive, lrc_strv *ret, size_t *ret_below, lrc_err *err);

#endif
