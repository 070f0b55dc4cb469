// SPDX-License-Identifier: MIT
// thumb.h - small pictures and headers of pictures for the server, made by lorica-worker, kept in a folder.
//
// What becomes of a request for a small picture:
//
//   open file ─> key ─> in the folder? ──yes──> its open file                                        (keep.h)
//                        │no
//                        ├─> could it not be read a moment ago? ─yes─> the same error, without a decoder
//                        ├─> is somebody making it now? ─yes─> wait for that one
//                        └─> wait for a free decoder, make it, write it into the folder
//
// The key is what the file system says of the file: device, inode, size, times of change to the nanosecond. Whatever
// changes the bytes changes it, wherever the file was moved it stays, and no file need be read to know it.
// A file that crashes its decoder, or takes too long, costs that process and one error (decoder.h).
// Thread rule: any thread; each call blocks until there is an answer. May use: base, decoder.
#ifndef LRC_THUMB_THUMB_H
#define LRC_THUMB_THUMB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "decoder/decoder.h"

typedef struct lrc_thumbs lrc_thumbs;

typedef struct lrc_thumbs_options {
    const char *folder;  // exists; everything in it is ours
    uint64_t max_bytes;  // that the folder may hold; 0: LRC_THUMBS_BYTES
    const char *program; // NULL: lorica-worker beside this program
    unsigned decoders;   // processes at work; 0: one per core, at most LRC_THUMBS_DECODERS
    int timeout_ms;      // for one picture; 0: LRC_THUMBS_TIMEOUT_MS
    unsigned queue;      // that may wait for a decoder; more are LRC_ERR_BUSY; 0: LRC_THUMBS_QUEUE
} lrc_thumbs_options;

#define LRC_THUMBS_BYTES      ((uint64_t)512 << 20) // some 50,000 small pictures
#define LRC_THUMBS_DECODERS   4
#define LRC_THUMBS_TIMEOUT_MS 20000 // less than a request has
#define LRC_THUMBS_QUEUE      32

// Copies the texts. Starts no process yet. LRC_ERR_NOT_BUILT when there is no lorica-worker.
int lrc_thumbs_new(const lrc_thumbs_options *options, lrc_thumbs **ret, lrc_err *err);
void lrc_thumbs_free(lrc_thumbs *t); // ends the processes; no call may be running
LRC_DEFINE_FREEP(lrc_thumbs)
#define lrc_auto_thumbs lrc_cleanup(lrc_thumbs_freep)

// A picture somebody asks about.
typedef struct lrc_thumb_source {
    int fd;                         // open for reading, borrowed; a regular file
    const char *name;               // for messages, UTF-8
    bool (*gone)(const void *asks); // asked while waiting: true ends it with LRC_ERR_CANCELLED; may be NULL
    const void *asks;
} lrc_thumb_source;

#define LRC_THUMB_SIZES   160, 240, 320, 480, 800 // pixels
#define LRC_THUMB_TAG_MAX 40

typedef struct lrc_thumb {
    int fd;                      // a WebP file; the caller closes
    char tag[LRC_THUMB_TAG_MAX]; // hex digits; the same as long as the picture and the size are
} lrc_thumb;

// The middle of the picture as a square of at least `size` pixels: the next of LRC_THUMB_SIZES. Upright.
// LRC_ERR_INVALID, LRC_ERR_MEDIA_TYPE, LRC_ERR_LIMIT: the file; LRC_ERR_BUSY: too many wait.
int lrc_thumbs_get(lrc_thumbs *t, const lrc_thumb_source *s, int size, lrc_thumb *ret, lrc_err *err);

// What the header says. Never kept. Fails likewise.
int lrc_thumbs_facts(lrc_thumbs *t, const lrc_thumb_source *s, lrc_decode_facts *ret, lrc_err *err);

typedef struct lrc_thumbs_stats {
    uint64_t asked;   // lrc_thumbs_get() calls so far
    uint64_t found;   // of them answered out of the folder
    uint64_t decoded; // questions that a decoder was given, also for facts
    unsigned waiting; // calls that wait for a decoder, or for a picture that is being made
} lrc_thumbs_stats;

void lrc_thumbs_get_stats(lrc_thumbs *t, lrc_thumbs_stats *ret);

#endif
