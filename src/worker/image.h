// SPDX-License-Identifier: MIT
// image.h - `lorica-worker image`: the long-lived decoder that `lorica` asks about images. See decoder/decoder.h, which
// is the other side and describes the protocol.
#ifndef LRC_WORKER_IMAGE_H
#define LRC_WORKER_IMAGE_H

// Answer requests from descriptor 0 on descriptor 1 until it ends. Returns the exit code.
int lrc_worker_image(int argc, char **argv);

#endif
