// SPDX-License-Identifier: MIT
#include "doctor/bundle.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "doctor/doctor.h"
#include "doctor/scrub.h"
#include "job/resources.h"
#include "job/show.h"
#include "job/show_metrics.h"

#define FILE_MAX (8 << 20) // bytes of one input
#define TEXT_MAX (96 << 20)
#define JSON_MAX (16 << 20)

struct bundle {
    lrc_zip *zip;
    const lrc_job *job;
    lrc_scrub scrub;
    int64_t now_ms;
};

static int add_bytes(struct bundle *b, const char *name, const void *bytes, size_t n, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    return lrc_str_format(&path, err, "%s/%s", b->job->id, name) < 0
               ? -1
               : lrc_zip_add(b->zip, path, bytes, n, b->now_ms, err);
}

// A text, without its secrets.
static int add_text(struct bundle *b, const char *name, const char *text, size_t n, lrc_err *err)
{
    lrc_auto_buf lrc_buf clean;
    lrc_buf_init(&clean, TEXT_MAX);
    lrc_scrub_text(&b->scrub, text, n, &clean);
    return lrc_buf_check(&clean, name, err) < 0 ? -1 : add_bytes(b, name, clean.data, clean.len, err);
}

// A file of the job; one that is not there or too long is left out.
static int add_file(struct bundle *b, const char *relative, lrc_err *err)
{
    lrc_auto_free char *path = NULL, *text = NULL;
    size_t n;
    if (lrc_path_join(&path, b->job->folder, relative, err) < 0)
        return -1;
    return lrc_fs_read(path, FILE_MAX, &text, &n, NULL) < 0 ? 0 : add_text(b, relative, text, n, err);
}

static int read_part(int fd, uint64_t offset, size_t n, lrc_buf *out)
{
    char *room = lrc_buf_room(out, n);
    const ssize_t got = room ? pread(fd, room, n, (off_t)offset) : 0;
    if (got > 0)
        lrc_buf_grew(out, (size_t)got);
    return got < 0 ? -1 : 0;
}

// Of a very long log the beginning and the end: what was set up, and what happened.
static int add_log(struct bundle *b, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_buf lrc_buf text;
    struct stat st;
    lrc_buf_init(&text, LRC_BUNDLE_LOG_MAX * 2);
    if (lrc_path_join(&path, b->job->folder, "log", err) < 0)
        return -1;
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return 0; // it has said nothing
    const uint64_t size = (uint64_t)st.st_size, half = LRC_BUNDLE_LOG_MAX / 2;
    int result = 0;
    if (size <= LRC_BUNDLE_LOG_MAX) {
        result = read_part(fd, 0, (size_t)size, &text);
    } else {
        result = read_part(fd, 0, (size_t)half, &text);
        lrc_buf_addf(&text, "\n[%llu bytes are left out here]\n", (unsigned long long)(size - 2 * half));
        result = result < 0 ? -1 : read_part(fd, size - half, (size_t)half, &text);
    }
    if (result < 0)
        return lrc_fail_errno(err, "cannot read the log '%s'", path);
    return lrc_buf_check(&text, "the log", err) < 0 ? -1 : add_text(b, "log.txt", text.data, text.len, err);
}

static int add_job(struct bundle *b, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, JSON_MAX);
    lrc_json_out_init(&out, &text, 2);
    if (lrc_job_put(b->job, NULL, LRC_JOB_PUT_WHOLE, &out, err) < 0 || lrc_buf_check(&text, "the job", err) < 0 ||
        add_text(b, "job.json", text.data, text.len, err) < 0)
        return -1;
    lrc_buf_truncate(&text, 0);
    return lrc_job_metrics_csv(b->job, NULL, &text, err) < 0 ? -1
                                                             : add_text(b, "metrics.csv", text.data, text.len, err);
}

static int add_machine(struct bundle *b, const lrc_workspace *ws, const lrc_settings *settings, lrc_err *err)
{
    lrc_auto_doctor lrc_doctor d = {0};
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    struct utsname u;
    lrc_buf_init(&text, JSON_MAX);
    lrc_json_out_init(&out, &text, 2);
    if (lrc_doctor_run(ws, settings, &d, err) < 0)
        return -1;
    lrc_doctor_put(&d, &out);
    if (lrc_buf_check(&text, "the doctor's findings", err) < 0 ||
        add_text(b, "doctor.json", text.data, text.len, err) < 0)
        return -1;
    lrc_buf_truncate(&text, 0);
    lrc_buf_addf(&text, "lorica %s\n", LORICA_VERSION);
    if (uname(&u) == 0)
        lrc_buf_addf(&text, "%s %s %s\n", u.sysname, u.release, u.machine);
    return add_text(b, "versions.txt", text.data, text.len, err);
}

static int add_readme(struct bundle *b, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    char when[32];
    lrc_buf_init(&text, JSON_MAX);
    lrc_clock_iso(b->now_ms, when);
    lrc_buf_addf(&text,
                 "What happened to %s, made %s by Lorica.\n\n"
                 "  job.json       state, exit, cause and remedy, command\n"
                 "  log.txt        what it said; runner.log: what its supervisor said (usually nothing)\n"
                 "  inputs/        the files that it was given\n"
                 "  metrics.csv    loss and speed by step; resources: what it used (src/job/resources.h says what)\n"
                 "  doctor.json    what the machine has; versions.txt\n\n"
                 "Secrets were removed in %zu place%s (" LRC_SCRUBBED "). Names of files and folders are in it: look "
                 "before you send it.\n",
                 b->job->id, when, b->scrub.removed, b->scrub.removed == 1 ? "" : "s");
    return lrc_buf_check(&text, "the note", err) < 0 ? -1 : add_bytes(b, "README.txt", text.data, text.len, err);
}

static int add_all(struct bundle *b, const lrc_workspace *ws, const lrc_settings *settings, lrc_err *err)
{
    static const char *const files[] = {"spec.json", "status.json", "runner.log", LRC_RESOURCES_FILE};
    if (add_job(b, err) < 0 || add_log(b, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (add_file(b, files[i], err) < 0)
            return -1;
    for (size_t i = 0; i < b->job->spec.inputs.count; i++) {
        lrc_auto_free char *name = NULL;
        if (lrc_str_format(&name, err, "inputs/%s", b->job->spec.inputs.item[i]) < 0 || add_file(b, name, err) < 0)
            return -1;
    }
    return add_machine(b, ws, settings, err) < 0 ? -1 : add_readme(b, err);
}

int lrc_bundle_write(const lrc_workspace *ws, const lrc_settings *settings, const char *id, lrc_zip_sink *sink,
                     void *arg, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_zip lrc_zip *zip = NULL;
    if (lrc_job_load(ws, id, &job, err) < 0 || lrc_zip_new(sink, arg, &zip, err) < 0)
        return -1;
    struct bundle b = {.zip = zip, .job = &job, .now_ms = lrc_clock_now_ms()};
    int result = lrc_scrub_init(&b.scrub, settings, err);
    if (result == 0)
        result = add_all(&b, ws, settings, err);
    if (result == 0)
        result = lrc_zip_finish(zip, err);
    lrc_scrub_done(&b.scrub);
    return result;
}
