// SPDX-License-Identifier: MIT
// training.c - start, check and watch trainings; the two TOML files without starting one.
//
// KNX answers a refused start with 200 and success false; only a request that does not fit the schema is 422.
#include <string.h>

#include "api/api.h"
#include "base/findings.h"
#include "base/fs.h"
#include "check/past.h"
#include "job/job.h"
#include "job/show.h"
#include "train/start.h"

#define LINES_DEFAULT 2000
#define LINES_MAX     20000
#define DRY_RUN_MS    (30 * 60 * 1000) // every picture of a large dataset, decoded on a slow machine

// [{"field","message","severity","remedy"?,"file"?}, …] as KNX's page reads it.
static void put_validation(const lrc_findings *f, lrc_json_out *out)
{
    lrc_json_array_begin(out);
    for (size_t i = 0; i < f->count; i++) {
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "field", f->item[i].field);
        lrc_json_kstr(out, "message", f->item[i].message);
        lrc_json_kstr(out, "severity", lrc_finding_severity_name(f->item[i].severity));
        lrc_json_kstr(out, "code", f->item[i].code);
        if (f->item[i].file[0])
            lrc_json_kstr(out, "file", f->item[i].file);
        if (f->item[i].remedy[0])
            lrc_json_kstr(out, "remedy", f->item[i].remedy);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
}

static int answer_start(lrc_http_req *q, const char *id, const char *message, const lrc_findings *f, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", id != NULL);
    lrc_json_kstr(&out, "message", message);
    lrc_json_kstr(&out, "job_id", id);
    lrc_json_key(&out, "validation_errors");
    put_validation(f, &out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

enum { PREPARED = 0, ANSWERED = 1, REFUSED = 2 };

// Read and generate. PREPARED: *run is filled; ANSWERED: a schema error was answered; REFUSED: the request fits the
// schema, but no files can be made of it, `f` says why; or -1.
static int prepare(lrc_http_req *q, lrc_settings **s, lrc_train_run *run, lrc_findings *f, lrc_err *why, lrc_err *err)
{
    const lrc_app *app = lrc_api_app(q);
    size_t n;
    const char *body = lrc_http_body(q, &n);
    if (lrc_app_settings(app, s, err) < 0)
        return -1;
    if (lrc_train_prepare(lrc_app_workspace(app), *s, body, n, run, f, why) == 0)
        return PREPARED;
    if (why->code == LRC_ERR_SCHEMA)
        return lrc_api_answer_findings(q, why, f, err) < 0 ? -1 : ANSWERED;
    if (why->code == LRC_ERR_INVALID && lrc_findings_errors(f) > 0)
        return REFUSED;
    *err = *why;
    return -1;
}

// A path of the request that leads out of the declared folders: an error in `f`. What does not exist is said elsewhere.
static int confine_path(lrc_http_req *q, const char *field, const char *path, lrc_findings *f, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_rooted lrc_rooted found = LRC_ROOTED_INIT;
    lrc_err why = LRC_ERR_INIT;
    if (lrc_rooted_find(lrc_app_roots(app), lrc_app_workspace(app)->root, path, LRC_ROOTED_NEW, &found, &why) == 0 ||
        why.code != LRC_ERR_DENIED)
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err) : 0;
    return lrc_findings_add(f, LRC_FINDING_ERROR, "denied", field, path,
                            "move it into the workspace, or add its folder to the setting 'roots'", err,
                            "this lies outside the folders that requests may reach");
}

// Every path of the request, before anything is read there. 1: all lie inside, 0: not.
static int confine(lrc_http_req *q, const lrc_train_run *run, lrc_findings *f, lrc_err *err)
{
    const size_t before = f->count;
    const lrc_strv *dirs = &run->output.image_dirs;
    for (size_t i = 0; i < dirs->count; i++)
        if (confine_path(q, "train_data_dir", dirs->item[i], f, err) < 0)
            return -1;
    if (confine_path(q, "output_dir", run->output.output_dir, f, err) < 0)
        return -1;
    for (int id = LRC_FIELD_NONE + 1; id < LRC_FIELD_MAX_; id++) {
        const lrc_train_value *v = lrc_train_get(run->request, (lrc_field_id)id);
        const lrc_train_field *field = lrc_train_field_get((lrc_field_id)id);
        if (field->kind == LRC_KIND_PATH && id != LRC_FIELD_train_data_dir && id != LRC_FIELD_output_dir &&
            lrc_value_filled(v) && strlen(v->text) == v->len && confine_path(q, field->name, v->text, f, err) < 0)
            return -1;
    }
    return f->count == before;
}

static bool is_gone(void *q)
{
    return lrc_http_cancelled(q);
}

// The dry run (check/check.h), ended when nobody waits for it any more. 1: *ret is filled, 0: it may not look there.
static int dry_run(lrc_http_req *q, const lrc_settings *s, const lrc_train_run *run, bool deep, bool images,
                   lrc_check_report *ret, lrc_findings *f, lrc_err *err)
{
    const lrc_check_options options = {.deep = deep, .each_image = images, .cancelled = is_gone, .arg = q};
    const int inside = confine(q, run, f, err);
    if (inside <= 0)
        return inside;
    return lrc_check_run(lrc_app_workspace(lrc_api_app(q)), s, run, &options, ret, f, err) < 0 ? -1 : 1;
}

static int post_start(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_train_run lrc_train_run run = {0};
    lrc_auto_findings lrc_findings f = {0};
    lrc_err why = LRC_ERR_INIT;
    char id[LRC_ID_MAX + 1];
    const int prepared = prepare(q, &s, &run, &f, &why, err);
    if (prepared == REFUSED)
        return answer_start(q, NULL, why.msg, &f, err);
    if (prepared != PREPARED)
        return prepared < 0 ? -1 : 0;
    lrc_auto_check_report lrc_check_report report = {0};
    const int looked = dry_run(q, s, &run, false, false, &report, &f, err);
    if (looked < 0 || (looked && lrc_past_keep(&report, &run, err) < 0))
        return -1;
    if (lrc_train_submit(lrc_app_workspace(app), s, &run, &f, id, &why) == 0) {
        lrc_app_wake(app);
        return answer_start(q, id, "Training started", &f, err);
    }
    if (why.code != LRC_ERR_INVALID && why.code != LRC_ERR_TRAINER_MISSING && why.code != LRC_ERR_NOT_BUILT) {
        *err = why;
        return -1;
    }
    if (lrc_findings_errors(&f) == 0 &&
        lrc_findings_add(&f, LRC_FINDING_ERROR, lrc_err_word(why.code), why.field, NULL, NULL, err, "%s", why.msg) < 0)
        return -1;
    return answer_start(q, NULL, why.msg, &f, err);
}

// deep: decode every picture; images: the bucket of each. `report` is null when the request cannot be looked into.
static int post_validate(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_train_run lrc_train_run run = {0};
    lrc_auto_findings lrc_findings f = {0};
    lrc_err why = LRC_ERR_INIT;
    lrc_auto_check_report lrc_check_report report = {0};
    bool deep = false, images = false;
    if (lrc_http_query_bool(q, "deep", &deep, err) < 0 || lrc_http_query_bool(q, "images", &images, err) < 0)
        return -1;
    const int prepared = prepare(q, &s, &run, &f, &why, err);
    if (prepared < 0 || prepared == ANSWERED)
        return prepared < 0 ? -1 : 0;
    const int looked = prepared == PREPARED ? dry_run(q, s, &run, deep, images, &report, &f, err) : 0;
    if (looked < 0)
        return -1;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "valid", lrc_findings_errors(&f) == 0);
    lrc_json_key(&out, "warnings");
    put_validation(&f, &out);
    lrc_json_key(&out, "corrections");
    lrc_train_put_corrections(&run.output, &out);
    lrc_json_key(&out, "report");
    if (looked)
        lrc_check_put(&report, &out);
    else
        lrc_json_put_null(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// POST /api/config/generate: JSON with both files, or with ?part= (or another Accept) the exact bytes of one.
static int post_generate(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_train_run lrc_train_run run = {0};
    lrc_auto_findings lrc_findings f = {0};
    lrc_err why = LRC_ERR_INIT;
    const char *part = lrc_http_query(q, "part");
    if (part && strcmp(part, "dataset") != 0 && strcmp(part, "config") != 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "part", "part must be dataset or config, not '%s'", part);
    const int prepared = prepare(q, &s, &run, &f, &why, err);
    if (prepared == REFUSED)
        return lrc_api_answer_findings(q, &why, &f, err);
    if (prepared != PREPARED)
        return prepared < 0 ? -1 : 0;
    const lrc_train_output *o = &run.output;
    if (!part && !lrc_http_accepts(q, "application/json") && lrc_http_header(q, "Accept") &&
        strcmp(lrc_http_header(q, "Accept"), "*/*") != 0)
        part = "config";
    if (part && strcmp(part, "dataset") == 0)
        return lrc_http_answer(q, 200, "application/toml", o->dataset_toml, o->dataset_len, err);
    if (part)
        return lrc_http_answer(q, 200, "application/toml", o->config_toml, o->config_len, err);
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "dataset");
    lrc_json_put_strn(&out, o->dataset_toml, o->dataset_len);
    lrc_json_key(&out, "config");
    lrc_json_put_strn(&out, o->config_toml, o->config_len);
    lrc_json_key(&out, "corrections");
    lrc_train_put_corrections(o, &out);
    lrc_json_key(&out, "findings");
    lrc_json_put_findings(&out, &f);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- Watching --------------------------------------------------------------------------------------------------------

static int get_status(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_job_load(lrc_app_workspace(lrc_api_app(q)), lrc_http_param(q, "id"), &job, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    if (lrc_job_put_training_status(&job, lrc_app_readings(lrc_api_app(q)), &out, err) < 0)
        return -1;
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// since: number of a line; the first `limit` lines from there (0: as many as there may be).
static int get_logs(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    int64_t since = 0, limit = LINES_DEFAULT;
    lrc_log_answer answer;
    lrc_api_begin(&buf, &out);
    if (lrc_http_query_int(q, "since", 0, INT64_MAX / 2, &since, err) < 0 ||
        lrc_http_query_int(q, "limit", 0, LINES_MAX, &limit, err) < 0 ||
        lrc_job_load(lrc_app_workspace(lrc_api_app(q)), lrc_http_param(q, "id"), &job, err) < 0)
        return -1;
    const lrc_log_query query = {LRC_LOG_SINCE_LINE, (uint64_t)since, limit ? (size_t)limit : LINES_MAX};
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "logs");
    lrc_json_array_begin(&out);
    if (lrc_job_put_log(&job, &query, &out, &answer, err) < 0)
        return -1;
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "total_logs", (int64_t)answer.next_line);
    lrc_json_kint(&out, "next_since", (int64_t)answer.next_line);
    if (lrc_job_put_training_status(&job, lrc_app_readings(lrc_api_app(q)), &out, err) < 0)
        return -1;
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int post_stop(lrc_http_req *q, lrc_err *err)
{
    static const char body[] = "{\"success\":true,\"message\":\"Training stopped\"}";
    if (lrc_job_stop(lrc_app_workspace(lrc_api_app(q)), lrc_http_param(q, "id"), -1, "stopped from the page", err) < 0)
        return -1;
    return lrc_http_answer(q, 200, "application/json", body, strlen(body), err);
}

static lrc_walk_next put_output_folder(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    (void)err;
    lrc_json_out *out = arg;
    if (!S_ISDIR(e->st->st_mode))
        return LRC_WALK_ON;
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "name", e->name);
    lrc_json_kstr(out, "path", e->path);
    lrc_json_kint(out, "created", e->st->st_mtim.tv_sec);
    lrc_json_object_end(out);
    return LRC_WALK_ON;
}

static void put_past_job(const lrc_job_row *row, lrc_json_out *out)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "id", row->id);
    lrc_json_kstr(out, "title", row->title);
    lrc_json_kstr(out, "status", lrc_job_state_name(row->state));
    lrc_json_kstr(out, "reason", row->reason);
    lrc_json_kint(out, "created_at", row->created_ms);
    lrc_json_kint(out, "started_at", row->started_ms);
    lrc_json_kint(out, "completed_at", row->ended_ms);
    lrc_json_object_end(out);
}

// KNX's list is the folders below output/; ours beside it the training jobs, newest first.
static int get_history(lrc_http_req *q, lrc_err *err)
{
    static const lrc_fs_walk_options options = {0};
    const lrc_workspace *w = lrc_app_workspace(lrc_api_app(q));
    lrc_auto_job_list lrc_job_list jobs = {0};
    lrc_auto_free char *output = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_job_list_all(w, &jobs, err) < 0 || lrc_workspace_path(w, "output", &output, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "trainings");
    lrc_json_array_begin(&out);
    if (lrc_fs_is_dir(output) && lrc_fs_walk(output, &options, put_output_folder, &out, err) < 0)
        return -1;
    lrc_json_array_end(&out);
    lrc_json_key(&out, "jobs");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < jobs.count; i++)
        if (strcmp(jobs.item[i].kind, "training") == 0)
            put_past_job(&jobs.item[i], &out);
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_training_routes[] = {
    {"POST", "/api/training/start", post_start, .body_limit = LRC_TRAIN_REQUEST_MAX, .timeout_ms = DRY_RUN_MS,
     .summary = "Start a training"},
    {"POST", "/ml/training/start", post_start, .body_limit = LRC_TRAIN_REQUEST_MAX, .timeout_ms = DRY_RUN_MS,
     .summary = "Start a training"},
    {"POST", "/api/training/validate", post_validate, .body_limit = LRC_TRAIN_REQUEST_MAX, .timeout_ms = DRY_RUN_MS,
     .summary = "The dry run: what a training would do, and what would stop it (deep, images)"},
    {"POST", "/api/config/generate", post_generate, .body_limit = LRC_TRAIN_REQUEST_MAX,
     .summary = "The two TOML files of a request (part=dataset|config for one)"},
    {"GET", "/api/training/status/{id}", get_status, .summary = "How far a training is"},
    {"GET", "/api/training/logs/{id}", get_logs, .summary = "Lines of a training's log by number (since, limit)"},
    {"POST", "/api/training/stop/{id}", post_stop, .summary = "Stop a training"},
    {"POST", "/ml/training/stop/{id}", post_stop, .summary = "Stop a training"},
    {"GET", "/api/training/history", get_history, .summary = "Folders of output/ and training jobs"},
    {0},
};
