// SPDX-License-Identifier: MIT
#include "check/check.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "check/internal.h"
#include "check/past.h"

#define MESSAGE_MAX 500

void lrc_check_report_done(lrc_check_report *r)
{
    for (size_t i = 0; i < r->subsets; i++)
        free(r->subset[i].dir);
    for (size_t i = 0; i < r->images; i++)
        free(r->image[i].path);
    free(r->subset);
    free(r->image);
    free(r->worst_crop_file);
    free(r->tokens.source);
    lrc_kohya_tally_done(&r->buckets);
    *r = (lrc_check_report){0};
}

int check_say(check_run *c, lrc_finding_severity severity, const char *code, const char *field, const char *remedy,
              lrc_err *err, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    return lrc_findings_add(c->findings, severity, code, field, NULL, remedy, err, "%s", message);
}

int check_say_file(check_run *c, lrc_finding_severity severity, const char *code, const char *path, const char *remedy,
                   lrc_err *err, const char *message)
{
    size_t i = 0;
    while (i < c->codes && (strcmp(c->seen[i].code, code) != 0 || c->seen[i].severity != severity))
        i++;
    if (i == CHECK_CODES)
        return lrc_fail(err, LRC_ERR_INTERNAL, "more than %d kinds of findings", CHECK_CODES);
    if (i == c->codes) {
        c->seen[i].code = code;
        c->seen[i].severity = severity;
        c->codes++;
    }
    if (c->seen[i].count++ >= LRC_CHECK_SHOWN)
        return 0;
    return lrc_findings_add(c->findings, severity, code, "train_data_dir", path, remedy, err, "%s", message);
}

int check_close_files(check_run *c, lrc_err *err)
{
    for (size_t i = 0; i < c->codes; i++)
        if (c->seen[i].count > LRC_CHECK_SHOWN &&
            lrc_findings_add(c->findings, c->seen[i].severity, c->seen[i].code, "train_data_dir", NULL, NULL, err,
                             "and %zu more, %zu in all", c->seen[i].count - LRC_CHECK_SHOWN, c->seen[i].count) < 0)
            return -1;
    return 0;
}

// ---- Estimates -------------------------------------------------------------------------------------------------------

// Free bytes on the disk of the nearest folder that is there.
static uint64_t free_bytes(const char *path)
{
    lrc_auto_free char *at = NULL;
    if (lrc_str_copy(&at, path, NULL) < 0)
        return 0;
    while (!lrc_fs_exists(at) && strcmp(at, "/") != 0) {
        char *parent = NULL;
        if (lrc_path_parent(&parent, at, NULL) < 0)
            return 0;
        free(at);
        at = parent;
    }
    return lrc_fs_free_bytes(at);
}

static int judge_disk(check_run *c, lrc_err *err)
{
    const lrc_estimate *e = &c->report->estimate;
    const uint64_t caches = e->latent_cache + e->text_cache;
    char need[16], has[16];
    lrc_str_bytes(e->output, need);
    lrc_str_bytes(e->output_free, has);
    if (e->output_free && e->output > e->output_free &&
        check_say(c, LRC_FINDING_WARNING, "disk", "output_dir", "free some, save less often, or keep fewer", err,
                  "what is saved needs about %s, and %s are free", need, has) < 0)
        return -1;
    lrc_str_bytes(caches, need);
    lrc_str_bytes(e->cache_free, has);
    if (e->cache_free && caches > e->cache_free)
        return check_say(c, LRC_FINDING_WARNING, "disk", "cache_latents_to_disk", "free some, or do not cache to disk",
                         err, "the caches need about %s beside the pictures, and %s are free", need, has);
    return 0;
}

static int estimate(check_run *c, lrc_err *err)
{
    lrc_check_report *r = c->report;
    const lrc_estimate_input in = {c->request, r->has_model ? &r->model : NULL, &r->buckets, &r->length};
    lrc_past past;
    lrc_estimate_make(&in, &r->estimate);
    if (lrc_past_read(c->w, c->family, lrc_train_mode_of(c->request), &past, err) < 0)
        return -1;
    lrc_estimate_correct(&r->estimate, &r->length, past.memory_factor, past.memory_runs, past.seconds_per_work,
                         past.time_runs);
    r->estimate.output_free = free_bytes(c->run->output.output_dir);
    r->estimate.cache_free = r->subsets ? free_bytes(r->subset[0].dir) : 0;
    return judge_disk(c, err);
}

int lrc_check_run(const lrc_workspace *w, const lrc_settings *s, const lrc_train_run *run, const lrc_check_options *o,
                  lrc_check_report *ret, lrc_findings *findings, lrc_err *err)
{
    static const lrc_check_options plain = {0};
    lrc_auto_check_report lrc_check_report r = {0};
    const int64_t start = lrc_clock_mono_ms();
    check_run c = {.w = w,
                   .s = s,
                   .run = run,
                   .request = run->request,
                   .o = o ? o : &plain,
                   .report = &r,
                   .findings = findings,
                   .family = lrc_train_family(run->request)};
    c.script = lrc_family_get(c.family)->native ? LRC_SCRIPT_NONE
                                                : lrc_family_script(c.family, lrc_train_mode_of(run->request));
    if (check_models(&c, err) < 0 || check_rules(&c, err) < 0 || check_data(&c, err) < 0 || estimate(&c, err) < 0)
        return -1;
    r.took_ms = lrc_clock_mono_ms() - start;
    *ret = r;
    r = (lrc_check_report){0};
    return 0;
}
