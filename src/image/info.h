// SPDX-License-Identifier: MIT
// info.h - what the image library of this machine can do, for doctor. No types of libvips, so anyone in lorica-worker may
// include it. May use: base.
#ifndef LRC_IMAGE_INFO_H
#define LRC_IMAGE_INFO_H

#include "base/err.h"
#include "base/str.h"

// Start libvips: one thread per image, no operation cache, untrusted loaders blocked, no messages of GLib on stderr.
// Once per process before anything else of image/; may be called again. LRC_ERR_INTERNAL with libvips's words.
int lrc_image_init(lrc_err *err);

// Release what libvips keeps for the calling thread; a thread of ours that opened images calls it before it ends.
void lrc_image_thread_end(void);

const char *lrc_image_library_version(void); // "8.14.1", borrowed for ever

// Names of the types of types.h that can be read here, and of those that cannot, added to both lists. After
// lrc_image_init().
int lrc_image_support(lrc_strv *ret_reads, lrc_strv *ret_lacks, lrc_err *err);

#endif
