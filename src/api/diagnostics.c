// SPDX-License-Identifier: MIT
// diagnostics.c - searching a job's log, and all about it in one zip.
#include <string.h>

#include "api/api.h"
#include "doctor/bundle.h"
#include "job/job.h"
#include "job/search.h"

#define LINES_DEFAULT 200
#define LINES_MAX     5000

static int get_search(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_log_search search = {0};
    lrc_log_found found;
    int64_t since = 0, limit = LINES_DEFAULT;
    const char *level = lrc_http_query(q, "level");
    lrc_api_begin(&buf, &out);
    if (lrc_http_query_need(q, "q", &search.text, err) < 0 ||
        lrc_http_query_int(q, "since", 0, INT64_MAX / 2, &since, err) < 0 ||
        lrc_http_query_int(q, "limit", 1, LINES_MAX, &limit, err) < 0)
        return -1;
    if (level && strcmp(level, "error") != 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "level", "level can only be error, not '%s'", level);
    search.since = (uint64_t)since;
    search.limit = (size_t)limit;
    search.only_errors = level != NULL;
    if (lrc_job_load(lrc_app_workspace(lrc_api_app(q)), lrc_http_param(q, "id"), &job, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", job.id);
    lrc_json_key(&out, "logs");
    lrc_json_array_begin(&out);
    if (lrc_job_search_log(&job, &search, &out, &found, err) < 0)
        return -1;
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "matches", (int64_t)found.matches);
    lrc_json_key(&out, "next_since");
    if (found.next_offset)
        lrc_json_put_int(&out, (int64_t)found.next_offset);
    else
        lrc_json_put_null(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int send_piece(void *arg, const void *bytes, size_t n, lrc_err *err)
{
    return lrc_http_stream_write(arg, bytes, n, err);
}

static int get_diagnostics(lrc_http_req *q, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    lrc_auto_job lrc_job job = {0};
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_free char *name = NULL;
    if (lrc_job_load(lrc_app_workspace(app), lrc_http_param(q, "id"), &job, err) < 0 ||
        lrc_app_settings(app, &s, err) < 0 || lrc_str_format(&name, err, "%s.zip", job.id) < 0 ||
        lrc_http_set_download(q, name, err) < 0 || lrc_http_stream_begin(q, 200, "application/zip", err) < 0)
        return -1;
    return lrc_bundle_write(lrc_app_workspace(app), s, job.id, send_piece, q, err);
}

const lrc_http_route lrc_api_diagnostics_routes[] = {
    {"GET", "/api/jobs/{id}/search", get_search, .summary = "Lines of a job's log that hold a text (q, level, since)"},
    {"GET", "/api/jobs/{id}/diagnostics", get_diagnostics, .timeout_ms = -1,
     .summary = "All about a job in one zip, without secrets"},
    {0},
};
