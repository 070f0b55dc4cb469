// SPDX-License-Identifier: MIT
// files.h - which files are images: to the trainer, and to us. One table for both.
//
// The trainer (sd-scripts, library/train_util.py, IMAGE_EXTENSIONS and glob_images) takes the files of a folder whose
// name ends in one of its suffixes, written all in lower or all in upper case, and does not begin with a dot; .avif and
// .jxl only where a Pillow plugin for them is installed. "a.Jpg" and "a.jfif" are never seen, without a word. We read
// more kinds, in any case; an import brings them into a form that the trainer sees.
// Pure functions on names, any thread. May use: base.
#ifndef LRC_KOHYA_FILES_H
#define LRC_KOHYA_FILES_H

#include <stdbool.h>
#include <stddef.h>

typedef enum { LRC_KOHYA_NEVER, LRC_KOHYA_WITH_PLUGIN, LRC_KOHYA_ALWAYS } lrc_kohya_sees_it;

typedef struct lrc_kohya_type {
    const char *suffix;     // lower case, with the dot
    const char *format;     // what the decoder (image/types.h) calls the content: "JPEG", "JPEG XL"
    const char *mime;       // "image/jpeg"
    lrc_kohya_sees_it sees; // by this suffix
    const char *import_as;  // suffix after an import: its own, ".jpg" for .jfif; NULL: pixels must be converted
} lrc_kohya_type;

typedef struct lrc_kohya_plugins {
    bool avif, jxl; // Pillow plugins of the trainer's Python
} lrc_kohya_plugins;

// The table; *ret_count rows, one per suffix. Borrowed for ever.
const lrc_kohya_type *lrc_kohya_types(size_t *ret_count);

// Row of the file's suffix in any case; NULL when it is no image to us.
const lrc_kohya_type *lrc_kohya_type_of(const char *path);

// First row with this decoder format; NULL when there is none.
const lrc_kohya_type *lrc_kohya_type_of_format(const char *format);

// Would the trainer take this file? `plugins` NULL: there are none.
bool lrc_kohya_sees(const char *path, const lrc_kohya_plugins *plugins);

// "10_ohwx girl" -> 10, *ret_rest points at "ohwx girl" within `name`: the folder names of the trainer's DreamBooth
// method. 0 and *ret_rest = name when it is no such name, or the number does not fit an int.
int lrc_kohya_folder_repeats(const char *name, const char **ret_rest);

#endif
