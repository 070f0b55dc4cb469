// SPDX-License-Identifier: MIT
#include "doctor/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "base/path.h"
#include "doctor/checks.h"

int lrc_doctor_add(lrc_doctor *d, const char *area, const char *name, lrc_doctor_state state, const char *remedy,
                   lrc_err *err, const char *fmt, ...)
{
    if (d->count == d->cap) {
        const size_t cap = d->cap ? d->cap * 2 : 32;
        lrc_doctor_check *grown = realloc(d->check, cap * sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        d->check = grown;
        d->cap = cap;
    }
    lrc_doctor_check one = {.area = area, .name = name, .state = state};
    va_list ap;
    va_start(ap, fmt);
    const int made = vasprintf(&one.found, fmt, ap);
    va_end(ap);
    if (made < 0)
        return lrc_fail_memory(err);
    if (lrc_str_copy(&one.remedy, remedy ? remedy : "", err) < 0) {
        free(one.found);
        return -1;
    }
    d->check[d->count++] = one;
    return 0;
}

void lrc_doctor_done(lrc_doctor *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->check[i].found);
        free(d->check[i].remedy);
    }
    free(d->check);
    *d = (lrc_doctor){0};
}

const char *lrc_doctor_state_name(lrc_doctor_state state)
{
    static const char *const name[LRC_DOCTOR_MAX_] = {"ok", "off", "warn", "missing"};
    return (unsigned)state < LRC_DOCTOR_MAX_ ? name[state] : "missing";
}

void lrc_doctor_put(const lrc_doctor *d, lrc_json_out *o)
{
    lrc_json_object_begin(o);
    lrc_json_key(o, "checks");
    lrc_json_array_begin(o);
    for (size_t i = 0; i < d->count; i++) {
        const lrc_doctor_check *c = &d->check[i];
        lrc_json_object_begin(o);
        lrc_json_kstr(o, "area", c->area);
        lrc_json_kstr(o, "name", c->name);
        lrc_json_kstr(o, "state", lrc_doctor_state_name(c->state));
        lrc_json_kstr(o, "found", c->found);
        if (c->remedy[0])
            lrc_json_kstr(o, "remedy", c->remedy);
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
    lrc_json_object_end(o);
}

// ---- The machine -----------------------------------------------------------------------------------------------------

#define LOW_DISK_BYTES ((uint64_t)10 << 30) // a few checkpoints and a latent cache
#define LOW_OPEN_FILES 1024
#define LOW_MEMORY_KIB (4LL << 20)

static int check_disk(const lrc_workspace *w, lrc_doctor *d, lrc_err *err)
{
    char text[16];
    const char *place = lrc_workspace_exists(w) ? w->root : ".";
    const uint64_t free_bytes = lrc_fs_free_bytes(place);
    lrc_str_bytes(free_bytes, text);
    const bool low = free_bytes < LOW_DISK_BYTES;
    return lrc_doctor_add(d, "machine", "disk", low ? LRC_DOCTOR_WARN : LRC_DOCTOR_OK,
                          low ? "free some space, or put the workspace on another disk with --workspace DIR" : NULL,
                          err, "%s free for %s", text, place);
}

static int check_workspace(const lrc_workspace *w, lrc_doctor *d, lrc_err *err)
{
    static const char *const folders[] = {"datasets", "output", "config", ".lorica/jobs"};
    if (!lrc_workspace_exists(w))
        return lrc_doctor_add(
            d, "machine", "workspace", LRC_DOCTOR_OFF,
            "make one with 'lorica dataset import' or 'lorica demo', or name yours with --workspace DIR", err,
            "there is none at %s", w->root);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        lrc_auto_free char *path = NULL;
        if (lrc_workspace_path(w, folders[i], &path, err) < 0)
            return -1;
        if (access(path, W_OK | X_OK) < 0)
            return lrc_doctor_add(d, "machine", "workspace", LRC_DOCTOR_MISSING,
                                  "change the owner or the mode of that folder", err, "cannot write into %s: %s", path,
                                  strerror(errno));
    }
    return lrc_doctor_add(d, "machine", "workspace", LRC_DOCTOR_OK, NULL, err, "the workspace can be written: %s",
                          w->root);
}

static int check_limits(lrc_doctor *d, lrc_err *err)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        const bool low = files.rlim_max < LOW_OPEN_FILES;
        if (lrc_doctor_add(d, "machine", "open files", low ? LRC_DOCTOR_WARN : LRC_DOCTOR_OK,
                           low ? "raise the hard limit (ulimit -Hn), e.g. in /etc/security/limits.conf" : NULL, err,
                           "up to %llu at once", (unsigned long long)files.rlim_max) < 0)
            return -1;
    }
    const long long kib = (long long)sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024);
    const bool low = kib < LOW_MEMORY_KIB;
    return lrc_doctor_add(d, "machine", "processor and memory", low ? LRC_DOCTOR_WARN : LRC_DOCTOR_OK,
                          low ? "large tagger models need about 2 GiB per run; prefer a small one" : NULL, err,
                          "%ld cores, %.1f GiB of memory", sysconf(_SC_NPROCESSORS_ONLN), (double)kib / (1 << 20));
}

int lrc_doctor_run(const lrc_workspace *w, const lrc_settings *s, lrc_doctor *ret, lrc_err *err)
{
    lrc_doctor d = {0};
    if (check_disk(w, &d, err) < 0 || check_workspace(w, &d, err) < 0 || check_limits(&d, err) < 0 ||
        lrc_doctor_images(&d, err) < 0 || lrc_doctor_tagging(w, s, &d, err) < 0 || lrc_doctor_gpu(&d, err) < 0 ||
        lrc_doctor_training(w, s, &d, err) < 0) {
        lrc_doctor_done(&d);
        return -1;
    }
    *ret = d;
    return 0;
}
