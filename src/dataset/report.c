// SPDX-License-Identifier: MIT
#include "dataset/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

static const char *const names[LRC_IMPORT_MAX_] = {
    [LRC_IMPORT_RENAMED] = "renamed",       [LRC_IMPORT_CONVERTED] = "converted", [LRC_IMPORT_MENDED] = "mended",
    [LRC_IMPORT_IDENTICAL] = "identical",   [LRC_IMPORT_SKIPPED] = "skipped",     [LRC_IMPORT_REFUSED] = "refused",
    [LRC_IMPORT_UNREADABLE] = "unreadable", [LRC_IMPORT_WARNING] = "warning",
};

const char *lrc_import_kind_name(lrc_import_kind kind)
{
    return names[kind];
}

static int grow(lrc_import_report *r, lrc_err *err)
{
    if (r->count >= LRC_IMPORT_NOTES_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "more than %d files have something to be said about", LRC_IMPORT_NOTES_MAX);
    if (r->count < r->cap)
        return 0;
    const size_t cap = r->cap ? r->cap * 2 : 32;
    lrc_import_note *note = realloc(r->note, cap * sizeof *note);
    if (!note)
        return lrc_fail_memory(err);
    r->note = note;
    r->cap = cap;
    return 0;
}

int lrc_import_note_add(lrc_import_report *r, lrc_import_kind kind, const char *source, const char *target,
                        lrc_err *err, const char *fmt, ...)
{
    char reason[LRC_ERR_MSG_SIZE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(reason, sizeof reason, fmt, ap);
    va_end(ap);
    lrc_auto_free char *s = NULL, *t = NULL, *why = NULL;
    if (grow(r, err) < 0 || lrc_str_copy(&s, source ? source : "", err) < 0 ||
        lrc_str_copy(&t, target ? target : "", err) < 0 || lrc_str_copy(&why, reason, err) < 0)
        return -1;
    r->note[r->count++] = (lrc_import_note){kind, lrc_take(s), lrc_take(t), lrc_take(why)};
    r->kinds[kind]++;
    return 0;
}

void lrc_import_report_done(lrc_import_report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->note[i].source);
        free(r->note[i].target);
        free(r->note[i].reason);
    }
    free(r->note);
    *r = (lrc_import_report){0};
}
