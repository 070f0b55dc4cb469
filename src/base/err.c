// SPDX-License-Identifier: MIT
#include "base/err.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

// Checklist for a new code: one row here, and its meaning in err.h.
static const struct {
    const char *word;
    int http;
    int exit_code;
} table[LRC_ERR_MAX_] = {
    [LRC_OK] = {"ok", 200, 0},
    [LRC_ERR_INVALID] = {"invalid", 400, 2},
    [LRC_ERR_SCHEMA] = {"schema", 422, 2},
    [LRC_ERR_AUTH] = {"auth", 401, 5},
    [LRC_ERR_DENIED] = {"denied", 403, 5},
    [LRC_ERR_NOT_FOUND] = {"not_found", 404, 3},
    [LRC_ERR_METHOD] = {"method", 405, 2},
    [LRC_ERR_CONFLICT] = {"conflict", 409, 4},
    [LRC_ERR_MODEL_MISSING] = {"model_missing", 409, 4},
    [LRC_ERR_TRAINER_MISSING] = {"trainer_missing", 409, 4},
    [LRC_ERR_LIMIT] = {"limit", 413, 2},
    [LRC_ERR_MEDIA_TYPE] = {"media_type", 415, 2},
    [LRC_ERR_RATE] = {"rate", 429, 6},
    [LRC_ERR_CANCELLED] = {"cancelled", 499, 130},
    [LRC_ERR_IO] = {"io", 500, 1},
    [LRC_ERR_INTERNAL] = {"internal", 500, 1},
    [LRC_ERR_NOT_BUILT] = {"not_built", 501, 4},
    [LRC_ERR_BUSY] = {"busy", 503, 6},
    [LRC_ERR_NO_MEMORY] = {"no_memory", 503, 7},
    [LRC_ERR_DISK_FULL] = {"disk_full", 507, 7},
};

static lrc_err_code code_of_errno(int sys)
{
    switch (sys) {
    case ENOENT:
    case ENOTDIR: return LRC_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS: return LRC_ERR_DENIED;
    case ENOSPC:
    case EDQUOT: return LRC_ERR_DISK_FULL;
    case ENOMEM: return LRC_ERR_NO_MEMORY;
    case EEXIST:
    case ENOTEMPTY: return LRC_ERR_CONFLICT;
    default: return LRC_ERR_IO;
    }
}

// A message is one line and cannot steer a terminal: control characters of file names and children (C0, DEL, and C1 in
// its UTF-8 form) become blanks.
static void finish_message(lrc_err *err)
{
    for (unsigned char *p = (unsigned char *)err->msg; *p; p++) {
        const bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
        if (*p < 0x20 || *p == 0x7f || c1)
            *p = ' ';
        if (c1)
            p[1] = ' ';
    }
    err->msg[lrc_utf8_cut(err->msg, strlen(err->msg))] = '\0';
}

// The arguments may point into *err itself ("%s" of its old message).
__attribute__((format(printf, 2, 0))) static void set_message(lrc_err *err, const char *fmt, va_list ap)
{
    char made[sizeof err->msg];
    vsnprintf(made, sizeof made, fmt, ap);
    memcpy(err->msg, made, sizeof made);
    finish_message(err);
}

// Adds ": text"; what does not fit is cut, which is worth less than a failure.
static void append(lrc_err *err, const char *text)
{
    const size_t used = strlen(err->msg);
    const size_t room = sizeof err->msg - used;
    if (room < 4)
        return;
    snprintf(err->msg + used, room, ": %s", text);
    finish_message(err);
}

static void reset(lrc_err *err, lrc_err_code code, int sys, const char *field)
{
    char made[sizeof err->field];
    snprintf(made, sizeof made, "%s", field);
    made[lrc_utf8_cut(made, strlen(made))] = '\0';
    memcpy(err->field, made, strlen(made) + 1);
    err->code = code;
    err->sys = sys;
}

void lrc_fail_(lrc_err *err, lrc_err_code code, const char *fmt, ...)
{
    if (!err)
        return;
    va_list ap;
    va_start(ap, fmt);
    set_message(err, fmt, ap);
    va_end(ap);
    reset(err, code, 0, "");
}

void lrc_fail_field_(lrc_err *err, lrc_err_code code, const char *field, const char *fmt, ...)
{
    if (!err)
        return;
    va_list ap;
    va_start(ap, fmt);
    set_message(err, fmt, ap);
    va_end(ap);
    reset(err, code, 0, field);
}

void lrc_fail_errno_(lrc_err *err, const char *fmt, ...)
{
    const int saved = errno; // vsnprintf may change it
    if (!err)
        return;
    va_list ap;
    va_start(ap, fmt);
    set_message(err, fmt, ap);
    va_end(ap);
    reset(err, code_of_errno(saved), saved, "");
    append(err, strerror(saved));
}

void lrc_fail_memory_(lrc_err *err)
{
    lrc_fail_(err, LRC_ERR_NO_MEMORY, "out of memory");
}

void lrc_wrap_(lrc_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    char inner[sizeof err->msg];
    memcpy(inner, err->msg, sizeof inner);
    va_list ap;
    va_start(ap, fmt);
    set_message(err, fmt, ap);
    va_end(ap);
    append(err, inner);
}

static lrc_err_code known(lrc_err_code code)
{
    return (unsigned)code < LRC_ERR_MAX_ ? code : LRC_ERR_INTERNAL;
}

const char *lrc_err_word(lrc_err_code code)
{
    return table[known(code)].word;
}

int lrc_err_http_status(lrc_err_code code)
{
    return table[known(code)].http;
}

int lrc_err_exit_code(lrc_err_code code)
{
    return table[known(code)].exit_code;
}
