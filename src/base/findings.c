// SPDX-License-Identifier: MIT
#include "base/findings.h"

#include <stdarg.h>

#include "base/str.h"

static void finding_done(lrc_finding *one)
{
    free(one->code);
    free(one->field);
    free(one->file);
    free(one->message);
    free(one->remedy);
}

static int make_room(lrc_findings *f, lrc_err *err)
{
    if (f->count >= LRC_FINDINGS_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "more than %d findings", LRC_FINDINGS_MAX);
    if (f->count < f->cap)
        return 0;
    const size_t cap = f->cap ? f->cap * 2 : 8;
    lrc_finding *grown = realloc(f->item, cap * sizeof *grown);
    if (!grown)
        return lrc_fail_memory(err);
    f->item = grown;
    f->cap = cap;
    return 0;
}

int lrc_findings_add(lrc_findings *f, lrc_finding_severity severity, const char *code, const char *field,
                     const char *file, const char *remedy, lrc_err *err, const char *fmt, ...)
{
    if (make_room(f, err) < 0)
        return -1;
    lrc_finding one = {.severity = severity};
    va_list ap;
    va_start(ap, fmt);
    const int made = vasprintf(&one.message, fmt, ap);
    va_end(ap);
    if (made < 0) {
        one.message = NULL;
        finding_done(&one);
        return lrc_fail_memory(err);
    }
    if (lrc_str_copy(&one.code, code ? code : "", err) < 0 || lrc_str_copy(&one.field, field ? field : "", err) < 0 ||
        lrc_str_copy(&one.file, file ? file : "", err) < 0 ||
        lrc_str_copy(&one.remedy, remedy ? remedy : "", err) < 0) {
        finding_done(&one);
        return -1;
    }
    f->item[f->count++] = one;
    return 0;
}

size_t lrc_findings_errors(const lrc_findings *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++)
        n += f->item[i].severity == LRC_FINDING_ERROR;
    return n;
}

const char *lrc_finding_severity_name(lrc_finding_severity s)
{
    static const char *const name[LRC_FINDING_MAX_] = {"error", "warning", "info"};
    return (unsigned)s < LRC_FINDING_MAX_ ? name[s] : "error";
}

void lrc_findings_done(lrc_findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        finding_done(&f->item[i]);
    free(f->item);
    *f = (lrc_findings){0};
}
