// SPDX-License-Identifier: MIT
// err.h - the one error type of the program.
//
// A function that can fail returns 0 on success and -1 on failure and takes `lrc_err *err` as its last parameter. On
// failure *err is filled; on success *err and all outputs are as they were, unless the header says otherwise. `err` may
// be NULL when the caller needs only yes or no. The message lies inside the struct: an error never allocates, so that
// running out of memory is reported like anything else, and nothing has to be released.
//
// One table (err.c) maps each code to its word in JSON, its HTTP status and the exit code of the command line.
// Thread rule: an lrc_err belongs to its caller. May use: libc.
#ifndef LRC_BASE_ERR_H
#define LRC_BASE_ERR_H

#include <stdarg.h>

typedef enum {
    LRC_OK = 0,
    LRC_ERR_INVALID,         // the caller's input is wrong
    LRC_ERR_SCHEMA,          // a request does not fit its schema (422)
    LRC_ERR_AUTH,            // no or a wrong token
    LRC_ERR_DENIED,          // outside what may be reached
    LRC_ERR_NOT_FOUND,       // the named thing does not exist
    LRC_ERR_METHOD,          // the route exists, not with this method
    LRC_ERR_CONFLICT,        // exists already, or is in the wrong state
    LRC_ERR_MODEL_MISSING,   // a tagger or caption model is not installed
    LRC_ERR_TRAINER_MISSING, // Python or sd-scripts is not connected
    LRC_ERR_LIMIT,           // a size or count limit was reached
    LRC_ERR_MEDIA_TYPE,      // a kind of content that is not taken here
    LRC_ERR_RATE,            // too many requests
    LRC_ERR_CANCELLED,       // somebody asked us to stop
    LRC_ERR_IO,              // the operating system said no
    LRC_ERR_INTERNAL,        // our own mistake, met at run time
    LRC_ERR_NOT_BUILT,       // a known function that this build or machine lacks
    LRC_ERR_BUSY,            // a queue or lock is taken, or the program is stopping
    LRC_ERR_NO_MEMORY,       // allocation failed
    LRC_ERR_DISK_FULL,       // ENOSPC, EDQUOT
    LRC_ERR_MAX_
} lrc_err_code;

#define LRC_ERR_MSG_SIZE   480 // bytes with the NUL
#define LRC_ERR_FIELD_SIZE 128 // bytes with the NUL

typedef struct lrc_err {
    lrc_err_code code;
    int sys;                        // errno at the failure, 0 when not from a system call
    char field[LRC_ERR_FIELD_SIZE]; // request field, option or key at fault; "" when none
    char msg[LRC_ERR_MSG_SIZE];     // one sentence without newline, cut at a UTF-8 boundary, safe to show
} lrc_err;

#define LRC_ERR_INIT {0}

// Fill *err and return -1, so that `return lrc_fail(...)` reads as one step.
void lrc_fail_(lrc_err *err, lrc_err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// As lrc_fail(), naming the field at fault.
void lrc_fail_field_(lrc_err *err, lrc_err_code code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

// As lrc_fail(), keeping errno and appending its text. The code follows errno: ENOENT is LRC_ERR_NOT_FOUND, EACCES and
// EPERM LRC_ERR_DENIED, ENOSPC and EDQUOT LRC_ERR_DISK_FULL, ENOMEM LRC_ERR_NO_MEMORY, EEXIST LRC_ERR_CONFLICT, all
// others LRC_ERR_IO.
void lrc_fail_errno_(lrc_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// "out of memory", with code LRC_ERR_NO_MEMORY.
void lrc_fail_memory_(lrc_err *err);

// Put "what we were doing: " in front of an error made deeper down. Returns -1.
void lrc_wrap_(lrc_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// The functions above are reached through these, so that the compiler sees the -1 and knows what is set after it.
// Where the -1 is not wanted (release first, return later) call the function with the underscore.
static inline int lrc_err_minus_one_(int unused)
{
    (void)unused;
    return -1;
}

#define lrc_fail(...)        lrc_err_minus_one_((lrc_fail_(__VA_ARGS__), 0))
#define lrc_fail_field(...)  lrc_err_minus_one_((lrc_fail_field_(__VA_ARGS__), 0))
#define lrc_fail_errno(...)  lrc_err_minus_one_((lrc_fail_errno_(__VA_ARGS__), 0))
#define lrc_fail_memory(err) lrc_err_minus_one_((lrc_fail_memory_(err), 0))
#define lrc_wrap(...)        lrc_err_minus_one_((lrc_wrap_(__VA_ARGS__), 0))

// The table: borrowed word such as "not_found"; HTTP status such as 404; exit code (0 ok, 1 failed, 2 wrong input,
// 3 not found, 4 conflict or something missing, 5 denied, 6 busy, 7 disk or memory full, 130 cancelled).
const char *lrc_err_word(lrc_err_code code);
int lrc_err_http_status(lrc_err_code code);
int lrc_err_exit_code(lrc_err_code code);

#endif
