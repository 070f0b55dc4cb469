// SPDX-License-Identifier: MIT
#include "check/past.h"

#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "job/job.h"
#include "job/progress.h"
#include "job/resources.h"

#define ESTIMATE_MAX (64 << 10)
#define SAMPLES_MAX  (64 << 20)
#define EARLY_MS     20000 // a first sample this soon after the start is from before the trainer uses the GPU
#define STEPS_LEAST  10    // shorter runs tell little about speed
#define FACTOR_LEAST 0.2   // what lies outside measured something else
#define FACTOR_MOST  5.0
#define PEAK_LEAST   ((int64_t)256 << 20) // less was no training on a GPU

int lrc_past_keep(const lrc_check_report *r, lrc_train_run *run, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    const lrc_estimate *e = &r->estimate;
    lrc_buf_init(&buf, ESTIMATE_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "family", lrc_family_get(lrc_train_family(run->request))->name);
    lrc_json_kint(&out, "mode", lrc_train_mode_of(run->request));
    lrc_json_kdouble(&out, "memory", e->has_memory ? (double)e->memory / e->correction : 0);
    lrc_json_kdouble(&out, "work", e->has_time ? e->work : 0);
    lrc_json_object_end(&out);
    free(lrc_take(run->estimate));
    return lrc_buf_take(&buf, "the estimate", &run->estimate, NULL, err);
}

// ---- One run ---------------------------------------------------------------------------------------------------------

struct run {
    double memory, work; // estimated
    int64_t peak;        // measured; 0: not known
    double step_seconds; // measured; 0: not known
};

static bool read_estimate(const lrc_job *job, const char *family, lrc_train_mode mode, struct run *r)
{
    lrc_auto_free char *path = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const char *name = NULL;
    int64_t its_mode = -1;
    if (lrc_path_join(&path, job->folder, "inputs/estimate.json", NULL) < 0 ||
        lrc_json_load(path, ESTIMATE_MAX, &doc, NULL) < 0)
        return false;
    const lrc_json *root = lrc_json_root(doc);
    return lrc_json_str(root, "family", true, &name, NULL) == 0 && strcmp(name, family) == 0 &&
           lrc_json_int(root, "mode", true, &its_mode, NULL) == 0 && its_mode == (int64_t)mode &&
           lrc_json_double(root, "memory", true, &r->memory, NULL) == 0 &&
           lrc_json_double(root, "work", true, &r->work, NULL) == 0;
}

// The most that any GPU had in use more than when the job began.
static int64_t measured_peak(const lrc_job *job)
{
    lrc_auto_free char *path = NULL, *text = NULL;
    lrc_resources first = {0}, now;
    int64_t peak = 0;
    size_t n, lines = 0;
    if (lrc_path_join(&path, job->folder, LRC_RESOURCES_FILE, NULL) < 0 ||
        lrc_fs_read(path, SAMPLES_MAX, &text, &n, NULL) < 0)
        return 0;
    for (char *line = text, *next; *line; line = next) {
        const size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        line[length] = '\0';
        if (!lrc_resources_parse(line, &now))
            continue;
        if (lines++ == 0) {
            first = now;
            if (first.ms - job->status.started_ms > EARLY_MS)
                return 0; // what was in use before is not known
        }
        for (int g = 0; g < now.gpu_count && g < first.gpu_count; g++)
            if (first.gpu[g].used_bytes >= 0 && now.gpu[g].used_bytes - first.gpu[g].used_bytes > peak)
                peak = now.gpu[g].used_bytes - first.gpu[g].used_bytes;
    }
    return peak;
}

static double measured_step(const lrc_job *job)
{
    lrc_auto_free char *log = NULL;
    lrc_job_progress p = {0};
    if (lrc_path_join(&log, job->folder, "log", NULL) < 0 ||
        lrc_job_progress_of(log, LRC_JOB_PROGRESS_TRAINING, &p, NULL) < 0 || p.step < STEPS_LEAST || !(p.rate > 0))
        return 0;
    return 1 / p.rate;
}

// ---- All of them -----------------------------------------------------------------------------------------------------

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    if (n == 0)
        return 1;
    qsort(v, n, sizeof *v, by_value);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static bool read_run(const lrc_workspace *w, const lrc_job_row *row, const char *family, lrc_train_mode mode,
                     struct run *ret)
{
    lrc_auto_job lrc_job job = {0};
    if (strcmp(row->kind, "training") != 0 || row->state != LRC_JOB_COMPLETED ||
        lrc_job_load(w, row->id, &job, NULL) < 0 || !read_estimate(&job, family, mode, ret))
        return false;
    ret->peak = measured_peak(&job);
    ret->step_seconds = measured_step(&job);
    return true;
}

int lrc_past_read(const lrc_workspace *w, lrc_family_id family, lrc_train_mode mode, lrc_past *ret, lrc_err *err)
{
    lrc_auto_job_list lrc_job_list jobs = {0};
    lrc_err why = LRC_ERR_INIT;
    double memory[LRC_PAST_RUNS], time[LRC_PAST_RUNS];
    lrc_past past = {.memory_factor = 1};
    if (lrc_job_list_all(w, &jobs, &why) < 0) {
        *ret = past;
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err) : 0;
    }
    for (size_t i = 0, runs = 0; i < jobs.count && runs < LRC_PAST_RUNS; i++) {
        struct run r = {0};
        if (!read_run(w, &jobs.item[i], lrc_family_get(family)->name, mode, &r))
            continue;
        runs++;
        const double factor = r.memory > 0 ? (double)r.peak / r.memory : 0;
        if (r.peak >= PEAK_LEAST && factor >= FACTOR_LEAST && factor <= FACTOR_MOST)
            memory[past.memory_runs++] = factor;
        if (r.work > 0 && r.step_seconds > 0)
            time[past.time_runs++] = r.step_seconds / r.work;
    }
    past.memory_factor = median(memory, past.memory_runs);
    past.seconds_per_work = past.time_runs ? median(time, past.time_runs) : 0;
    *ret = past;
    return 0;
}
