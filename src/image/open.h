// SPDX-License-Identifier: MIT
// open.h - from a file to a VipsImage, with exactly the decoder that its first bytes ask for.
//
// libvips would try every loader it has, those for PDF, SVG or Matlab files included; here the table of types.h
// decides, all loaders that libvips itself does not trust are blocked (JPEG XL's, which people need, is not), and BMP is
// read by our own code. Files are opened once: what was looked at is what is decoded. Errors name the file.
// lrc_image_init() once per process before anything else; then any thread. Links libvips, so only lorica-worker may use
// it. May use: base, types.
#ifndef LRC_IMAGE_OPEN_H
#define LRC_IMAGE_OPEN_H

#include <stdbool.h>
#include <stdint.h>
#include <vips/vips.h>

#include "base/err.h"
#include "image/info.h"
#include "image/types.h"

#define LRC_IMAGE_MAX_PIXELS UINT64_C(512000000)  // more than any camera has; 1.5 GB as RGB
#define LRC_IMAGE_MAX_BYTES  UINT64_C(2000000000) // of a file

typedef struct lrc_image_open_options {
    bool any_order;      // pixels may be asked for in any order; else once, from top to bottom (faster, less memory)
    bool take_damaged;   // a truncated file gives what is there; else it is an error when its end is reached
    uint64_t max_pixels; // 0: LRC_IMAGE_MAX_PIXELS
} lrc_image_open_options;

// Open the file: header read, pixels to come. *ret is the caller's (g_object_unref, or lrc_auto_vips); *ret_type may be
// NULL. `options` NULL means zeroes. Only the first frame or page. LRC_ERR_MEDIA_TYPE when it is no image of ours,
// LRC_ERR_INVALID when it is damaged, LRC_ERR_LIMIT when too large.
int lrc_image_open(const char *path, const lrc_image_open_options *options, VipsImage **ret,
                   const lrc_image_type **ret_type, lrc_err *err);

// The same for an open descriptor, which stays the caller's and is read from offset 0; `name` is for messages. libvips
// keeps a duplicate until the image is gone.
int lrc_image_open_fd(int fd, const char *name, const lrc_image_open_options *options, VipsImage **ret,
                      const lrc_image_type **ret_type, lrc_err *err);

// Fail with libvips's last words about `name`, in one line, and forget them. Its error text is one for the whole
// process: when two threads fail in the same moment, one may get both texts; the name is always right.
int lrc_image_fail_vips(lrc_err *err, const char *name);

static inline void lrc_vips_unrefp_(VipsImage **image)
{
    if (*image)
        g_object_unref(*image);
}
#define lrc_auto_vips lrc_cleanup(lrc_vips_unrefp_)

#endif
