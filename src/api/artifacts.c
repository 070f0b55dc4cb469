// SPDX-License-Identifier: MIT
// artifacts.c - what a job has made so far: LoRA files and sample pictures.
//
// Only files that are the job's own by their names are given, and only from declared folders (train/results.h); a job
// that makes none has empty lists.
#include <string.h>

#include "api/api.h"
#include "job/job.h"
#include "train/results.h"

static int load(lrc_http_req *q, lrc_job *ret, lrc_err *err)
{
    return lrc_job_load(lrc_app_workspace(lrc_api_app(q)), lrc_http_param(q, "id"), ret, err);
}

static void put_known(lrc_json_out *out, const char *key, int64_t n)
{
    lrc_json_key(out, key);
    if (n >= 0)
        lrc_json_put_int(out, n);
    else
        lrc_json_put_null(out);
}

// The prompt is what stands in front of the lines of settings.
static void put_prompt(const char *text, lrc_json_out *out)
{
    const char *end = strstr(text, "\nNegative prompt:");
    if (!end)
        end = strstr(text, "\nSteps:");
    lrc_json_key(out, "prompt");
    if (*text)
        lrc_json_put_strn(out, text, end ? (size_t)(end - text) : strlen(text));
    else
        lrc_json_put_null(out);
}

static void put_result(const lrc_result *r, lrc_result_kind kind, lrc_json_out *out)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "name", r->name);
    put_known(out, "epoch", r->epoch);
    put_known(out, "step", r->step);
    if (kind == LRC_RESULT_SAMPLE) {
        put_known(out, "prompt_index", r->prompt);
        put_prompt(r->text, out);
        lrc_json_kstr(out, "parameters", *r->text ? r->text : NULL);
    } else {
        lrc_json_kbool(out, "last", r->epoch < 0 && r->step < 0);
    }
    lrc_json_kint(out, "size", r->size);
    lrc_json_kint(out, "modified", r->modified_ms);
    lrc_json_object_end(out);
}

static int answer_list(lrc_http_req *q, lrc_result_kind kind, const char *key, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_job lrc_job job = {0};
    lrc_auto_results lrc_results found = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (load(q, &job, err) < 0 || lrc_results_list(lrc_app_roots(app), &job, kind, &found, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", job.id);
    lrc_json_kstr(&out, "folder", found.folder);
    lrc_json_key(&out, key);
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < found.count; i++)
        put_result(&found.item[i], kind, &out);
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "count", (int64_t)found.count);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int answer_one(lrc_http_req *q, lrc_result_kind kind, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    const char *name = lrc_http_param(q, "name");
    int fd = -1;
    if (load(q, &job, err) < 0 || lrc_results_open(lrc_app_roots(lrc_api_app(q)), &job, kind, name, &fd, err) < 0)
        return -1;
    const lrc_http_file file = {.name = name, .download = kind == LRC_RESULT_MODEL};
    return lrc_http_answer_file(q, fd, &file, err);
}

static int get_samples(lrc_http_req *q, lrc_err *err)
{
    return answer_list(q, LRC_RESULT_SAMPLE, "samples", err);
}

static int get_sample(lrc_http_req *q, lrc_err *err)
{
    return answer_one(q, LRC_RESULT_SAMPLE, err);
}

static int get_files(lrc_http_req *q, lrc_err *err)
{
    return answer_list(q, LRC_RESULT_MODEL, "files", err);
}

static int get_file(lrc_http_req *q, lrc_err *err)
{
    return answer_one(q, LRC_RESULT_MODEL, err);
}

const lrc_http_route lrc_api_artifacts_routes[] = {
    {"GET", "/api/jobs/{id}/samples", get_samples, .summary = "Sample pictures of a training, with epoch and step"},
    {"GET", "/api/jobs/{id}/samples/{name}", get_sample, .summary = "One sample picture"},
    {"GET", "/api/jobs/{id}/files", get_files, .summary = "LoRA files that a training has saved so far"},
    {"GET", "/api/jobs/{id}/files/{name}", get_file, .summary = "Download one of them; Range gives a part"},
    {0},
};
