// SPDX-License-Identifier: MIT
// types.h - the image formats that the studio reads, as one table: how a file of each is recognised, and which decoder
// opens it. What names they have is in kohya/files.h.
//
// A format is decided by the first bytes of a file, never by its name. The table is constant: any thread.
// May use: base.
#ifndef LRC_IMAGE_TYPES_H
#define LRC_IMAGE_TYPES_H

#include <stddef.h>

typedef enum {
    LRC_IMAGE_PNG,
    LRC_IMAGE_JPEG,
    LRC_IMAGE_WEBP,
    LRC_IMAGE_BMP,
    LRC_IMAGE_GIF,
    LRC_IMAGE_TIFF,
    LRC_IMAGE_AVIF,
    LRC_IMAGE_HEIC,
    LRC_IMAGE_JXL,
    LRC_IMAGE_MAX_
} lrc_image_kind;

typedef struct lrc_image_type {
    lrc_image_kind kind;
    const char *name;   // "JPEG"
    const char *format; // "jpeg": the word that kohya/files.h has for it, where suffixes and MIME types are
    const char *loader; // libvips operation that reads it from a VipsSource; NULL: our own reader (BMP)
} lrc_image_type;

#define LRC_IMAGE_SNIFF_BYTES 64 // as much of a file as lrc_image_sniff() ever looks at

// Row of the table, by kind. Borrowed for ever.
const lrc_image_type *lrc_image_type_of(lrc_image_kind kind);

// The format of a file that begins with these bytes; NULL when it is none of ours.
const lrc_image_type *lrc_image_sniff(const void *head, size_t n);

#endif
