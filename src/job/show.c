// SPDX-License-Identifier: MIT
#include "job/show.h"

#include <math.h>

#include "base/path.h"
#include "job/kinds.h"
#include "job/progress.h"
#include "job/queue.h"

static void put_process(lrc_json_out *out, const char *key, const lrc_proc_id *id)
{
    lrc_json_key(out, key);
    if (id->pid)
        lrc_json_put_int(out, id->pid);
    else
        lrc_json_put_null(out);
}

static void put_time(lrc_json_out *out, const char *key, int64_t ms)
{
    lrc_json_key(out, key);
    if (ms)
        lrc_json_put_int(out, ms);
    else
        lrc_json_put_null(out);
}

static void put_known(lrc_json_out *out, const char *key, int64_t n)
{
    lrc_json_key(out, key);
    if (n >= 0)
        lrc_json_put_int(out, n);
    else
        lrc_json_put_null(out);
}

static void put_texts(lrc_json_out *out, const char *key, const lrc_strv *list)
{
    lrc_json_key(out, key);
    lrc_json_array_begin(out);
    for (size_t i = 0; i < list->count; i++)
        lrc_json_put_str(out, list->item[i]);
    lrc_json_array_end(out);
}

static void put_progress(const lrc_job_progress *p, lrc_job_state state, lrc_json_out *out)
{
    const double percent = state == LRC_JOB_COMPLETED ? 100 : p->percent < 0 ? 0 : p->percent;
    lrc_json_kint(out, "progress", (int64_t)percent);
    lrc_json_key(out, "metrics");
    lrc_json_object_begin(out);
    lrc_json_kdouble(out, "percent", percent);
    put_known(out, "step", p->step);
    put_known(out, "total_steps", p->total_steps);
    put_known(out, "epoch", p->epoch);
    put_known(out, "total_epochs", p->total_epochs);
    lrc_json_kdouble(out, "loss", p->loss_is_nan ? (double)NAN : p->loss);
    lrc_json_kbool(out, "loss_is_nan", p->loss_is_nan);
    lrc_json_kdouble(out, "lr", p->lr);
    lrc_json_kdouble(out, "steps_per_second", p->rate);
    put_known(out, "eta_seconds", lrc_job_state_final(state) ? -1 : p->eta_s);
    lrc_json_kstr(out, "phase", lrc_job_phase_name(p->phase));
    put_known(out, "phase_done", p->phase_done);
    put_known(out, "phase_total", p->phase_total);
    lrc_json_kstr(out, "item", p->item[0] ? p->item : NULL);
    lrc_json_kint(out, "offset", (int64_t)p->offset);
    lrc_json_object_end(out);
}

static void put_exit(const lrc_job_status *s, lrc_json_out *out)
{
    lrc_json_key(out, "exit");
    if (!s->exited) {
        lrc_json_put_null(out);
        return;
    }
    lrc_json_object_begin(out);
    put_known(out, "code", s->exit_code);
    put_known(out, "signal", s->exit_signal ? s->exit_signal : -1);
    lrc_json_kbool(out, "oom_kill", s->oom_kill);
    lrc_json_kint(out, "left_behind", s->left_behind);
    lrc_json_kint(out, "user_ms", s->user_ms);
    lrc_json_kint(out, "system_ms", s->system_ms);
    lrc_json_kint(out, "max_rss_kib", s->max_rss_kib);
    lrc_json_object_end(out);
}

// Kinds that count images say how many are done.
static bool kind_counts(const lrc_job_kind *kind)
{
    return kind && kind->progress == LRC_JOB_PROGRESS_COUNTER;
}

// What it said went wrong, else why the engine ended it; nothing for a job that did not fail.
static const char *error_text(const lrc_job *job, const lrc_job_progress *p)
{
    if (job->status.state != LRC_JOB_FAILED)
        return NULL;
    return p->error[0] ? p->error : job->status.reason[0] ? job->status.reason : "it failed without a word";
}

void lrc_job_put_failures(const lrc_failures *failures, lrc_json_out *out)
{
    lrc_json_array_begin(out);
    for (size_t i = 0; i < failures->count; i++) {
        const lrc_failure *f = &failures->item[i];
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "cause", f->cause);
        lrc_json_kstr(out, "said", f->said);
        lrc_json_kstr(out, "remedy", f->remedy);
        lrc_json_kstr(out, "evidence", f->evidence[0] ? f->evidence : NULL);
        put_known(out, "line", f->in_log ? (int64_t)f->line : -1);
        put_known(out, "offset", f->in_log ? (int64_t)f->offset : -1);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
}

static void put_state(const lrc_job *job, const lrc_job_progress *p, lrc_json_out *out)
{
    lrc_json_kstr(out, "id", job->id);
    lrc_json_kstr(out, "job_id", job->id);
    lrc_json_kstr(out, "type", job->spec.kind);
    lrc_json_kstr(out, "kind", job->spec.kind);
    lrc_json_kstr(out, "title", job->spec.title);
    lrc_json_kstr(out, "status", lrc_job_state_name(job->status.state));
    lrc_json_kstr(out, "reason", job->status.reason[0] ? job->status.reason : NULL);
    lrc_json_kstr(out, "error", error_text(job, p));
    lrc_json_kbool(out, "stopping", job->stopping);
    lrc_json_kbool(out, "supervised", job->supervised);
    put_time(out, "created_at", job->spec.created_ms);
    put_time(out, "started_at", job->status.started_ms);
    put_time(out, "completed_at", job->status.ended_ms);
}

// When it may start, and what it is another attempt of.
static void put_turn(const lrc_job *job, lrc_json_out *out)
{
    int priority;
    int64_t not_before;
    lrc_queue_read_job(job->folder, &job->spec, &priority, &not_before);
    lrc_json_kint(out, "priority", priority);
    put_time(out, "not_before", not_before);
    put_texts(out, "after", &job->spec.after);
    lrc_json_kint(out, "attempt", job->spec.attempt);
    lrc_json_kstr(out, "retry_of", job->spec.retry_of && job->spec.retry_of[0] ? job->spec.retry_of : NULL);
}

static void put_command(const lrc_job *job, const char *log, lrc_json_out *out)
{
    put_process(out, "pid", &job->status.child);
    put_process(out, "runner_pid", &job->status.runner);
    put_texts(out, "command", &job->spec.argv);
    lrc_json_kstr(out, "cwd", job->spec.cwd);
    put_texts(out, "env", &job->spec.env);
    put_texts(out, "inputs", &job->spec.inputs);
    lrc_json_kstr(out, "folder", job->folder);
    lrc_json_kstr(out, "log", log);
}

int lrc_job_put(const lrc_job *job, lrc_readings *readings, lrc_job_put_what what, lrc_json_out *out, lrc_err *err)
{
    const lrc_job_kind *kind = lrc_job_kind_find(job->spec.kind);
    lrc_job_progress progress;
    lrc_failures failures = {0};
    lrc_auto_free char *log = NULL;
    if (lrc_path_join(&log, job->folder, "log", err) < 0 || lrc_readings_progress(readings, job, &progress, err) < 0 ||
        lrc_readings_failures(readings, job, &failures, err) < 0)
        return -1;
    lrc_json_object_begin(out);
    put_state(job, &progress, out);
    put_progress(&progress, job->status.state, out);
    put_known(out, "current_image", kind_counts(kind) ? progress.step : -1);
    put_known(out, "total_images", kind_counts(kind) ? progress.total_steps : -1);
    put_known(out, "exit_code", job->status.exited ? job->status.exit_code : -1);
    put_exit(&job->status, out);
    lrc_json_key(out, "failures");
    lrc_job_put_failures(&failures, out);
    put_turn(job, out);
    put_texts(out, "labels", &job->spec.labels);
    if (what == LRC_JOB_PUT_WHOLE)
        put_command(job, log, out);
    lrc_json_object_end(out);
    return 0;
}

int lrc_job_put_training_status(const lrc_job *job, lrc_readings *readings, lrc_json_out *out, lrc_err *err)
{
    lrc_job_progress p;
    char step[64] = "";
    if (lrc_readings_progress(readings, job, &p, err) < 0)
        return -1;
    if (p.epoch >= 0)
        snprintf(step, sizeof step, p.total_epochs > 0 ? "Epoch %lld/%lld" : "Epoch %lld", (long long)p.epoch,
                 (long long)p.total_epochs);
    lrc_json_kstr(out, "job_id", job->id);
    lrc_json_kstr(out, "status", lrc_job_state_name(job->status.state));
    lrc_json_kint(out, "progress", lrc_job_percent(job, readings));
    lrc_json_kstr(out, "current_step", step[0] ? step : NULL);
    put_known(out, "step_num", p.step);
    put_known(out, "total_steps", p.total_steps);
    put_known(out, "current_epoch", p.epoch);
    put_known(out, "total_epochs", p.total_epochs);
    lrc_json_kdouble(out, "loss", p.loss);
    lrc_json_kdouble(out, "lr", p.lr);
    put_known(out, "eta_seconds", lrc_job_state_final(job->status.state) ? -1 : p.eta_s);
    lrc_json_kstr(out, "error", error_text(job, &p));
    return 0;
}

int lrc_job_percent(const lrc_job *job, lrc_readings *readings)
{
    lrc_job_progress progress;
    if (job->status.state == LRC_JOB_COMPLETED)
        return 100;
    if (lrc_readings_progress(readings, job, &progress, NULL) < 0)
        return 0;
    return progress.percent > 0 ? (int)progress.percent : 0;
}
