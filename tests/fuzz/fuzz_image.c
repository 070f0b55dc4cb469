// SPDX-License-Identifier: MIT
// module: image
// Any bytes as an image file: opening, decoding and preparing it for a tagger must end without harm. Our own BMP reader
// is inside, and so are libvips and the codecs behind it.
#include <sys/mman.h>
#include <unistd.h>

#include "image/prep.h"

#define MAX_PIXELS 250000 // so that a header cannot make one run slow
#define SIDE       64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[SIDE * SIDE * 3];
    lrc_err err = LRC_ERR_INIT;
    if (lrc_image_init(&err) < 0 || size < 1)
        return 0;
    const bool take_damaged = data[0] & 1;
    lrc_auto_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
    const lrc_image_open_options how = {.take_damaged = take_damaged, .max_pixels = MAX_PIXELS};
    const lrc_decode_options decode = {.alpha = (lrc_alpha_rule)(data[0] >> 1 & 1), .exif = data[0] >> 2 & 1};
    lrc_auto_vips VipsImage *image = NULL;
    lrc_auto_pixels lrc_pixels px = {0};
    if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1 ||
        lrc_image_open_fd(fd, "fuzz", &how, &image, NULL, &err) < 0 ||
        lrc_image_to_pixels(image, "fuzz", &decode, &px, &err) < 0)
        return 0;
    if (px.bands != 3 || (uint64_t)px.width * px.height > MAX_PIXELS)
        __builtin_trap();
    const lrc_prep_profile *profile = lrc_prep_profile_at(data[0] >> 3 & 1);
    if (profile && lrc_prep_square(&px, profile, SIDE, out, &err) < 0 && err.code != LRC_ERR_NO_MEMORY &&
        err.code != LRC_ERR_LIMIT)
        __builtin_trap();
    return 0;
}
