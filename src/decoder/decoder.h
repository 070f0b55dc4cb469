// SPDX-License-Identifier: MIT
// decoder.h - asking lorica-worker about images: what is it, is it sound, another format, a small one.
//
// This program links no image library. It keeps a few `lorica-worker image` processes, each on a socket pair, and gives
// every one of them one question at a time: a JSON object in a line, {"id","op","path","out"?,"format"?,"quality"?,
// "size"?,"fd"?}; the answer is {"id","ok","width","height","format","alpha","exif_orientation","pages"} or {"id","ok":false,
// "code","error"}; {"ready":true} comes first. A file that makes a decoder crash, run out of memory or hang costs that
// process, which is started anew, and is reported as unreadable; the other files are not concerned. An open file travels
// beside its question ("fd":true, SCM_RIGHTS): what was found safe to read is what is read.
// One decoder belongs to one thread. May use: base, json, proc.
#ifndef LRC_DECODER_DECODER_H
#define LRC_DECODER_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef enum {
    LRC_DECODE_PROBE,     // read the header
    LRC_DECODE_CHECK,     // and every pixel
    LRC_DECODE_CONVERT,   // write `out` in another format
    LRC_DECODE_THUMBNAIL, // write `out`, size x size pixels, WebP
    LRC_DECODE_MAX_
} lrc_decode_op;

#define LRC_DECODE_FORMAT_SIZE 16

typedef struct lrc_decode_facts {
    uint32_t width, height; // as stored
    uint32_t pages;
    int orientation; // EXIF, 1…8
    bool alpha;
    char format[LRC_DECODE_FORMAT_SIZE]; // "JPEG": image/types.h
} lrc_decode_facts;

// One question, and its answer.
typedef struct lrc_decode_task {
    lrc_decode_op op;
    const char *path;   // borrowed, as all texts here
    int fd;             // PROBE, THUMBNAIL: the open file itself, borrowed, `path` being its name; 0: `path` is opened
    const char *out;    // CONVERT, THUMBNAIL
    const char *format; // CONVERT: "png", "webp", "jpeg"
    int quality;        // CONVERT: 1…100; 0: lossless
    int size;           // THUMBNAIL

    bool ok;                // `facts` are filled
    lrc_decode_facts facts; // of `path`
    lrc_err why;            // when not ok: INVALID, MEDIA_TYPE, LIMIT: the file; else what went wrong
} lrc_decode_task;

typedef struct lrc_decoder lrc_decoder;

typedef struct lrc_decoder_options {
    const char *program; // NULL: lorica-worker beside this program
    unsigned processes;  // 0: one per core, at most LRC_DECODER_PROCESSES
    int timeout_ms;      // for one question; 0: LRC_DECODER_TIMEOUT_MS
} lrc_decoder_options;

#define LRC_DECODER_PROCESSES  8
#define LRC_DECODER_TIMEOUT_MS 120000

// Starts nothing yet. `options` NULL means zeroes.
int lrc_decoder_new(const lrc_decoder_options *options, lrc_decoder **ret, lrc_err *err);
void lrc_decoder_free(lrc_decoder *d); // ends its processes
LRC_DEFINE_FREEP(lrc_decoder)
#define lrc_auto_decoder lrc_cleanup(lrc_decoder_freep)

// Answer all tasks, as many at a time as there are processes. After each, `progress` (may be NULL) is called with the
// number done so far. Succeeds whatever the files are; fails when the worker cannot be started at all
// (LRC_ERR_NOT_BUILT when it is not installed), then the tasks without an answer have the same error as their `why`.
int lrc_decoder_run(lrc_decoder *d, lrc_decode_task *tasks, size_t count,
                    void (*progress)(void *arg, size_t done, const lrc_decode_task *last), void *arg, lrc_err *err);

#endif
