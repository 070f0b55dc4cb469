// SPDX-License-Identifier: MIT
// metrics.c - GET /api/jobs/{id}/metrics: the curves of a job, as JSON for charts or as CSV.
#include <string.h>

#include "api/api.h"
#include "job/job.h"
#include "job/show_metrics.h"

#define POINTS_DEFAULT 500
#define POINTS_MAX     5000

static int answer_csv(lrc_http_req *q, const lrc_job *job, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_buf_init(&buf, LRC_API_JSON_MAX);
    return lrc_job_metrics_csv(job, lrc_app_readings(lrc_api_app(q)), &buf, err) < 0
               ? -1
               : lrc_http_answer(q, 200, "text/csv; charset=utf-8", buf.data, buf.len, err);
}

static int get_metrics(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    int64_t points = POINTS_DEFAULT;
    const char *format = lrc_http_query(q, "format");
    lrc_api_begin(&buf, &out);
    if (format && strcmp(format, "json") != 0 && strcmp(format, "csv") != 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "format", "format must be json or csv, not '%s'", format);
    if (lrc_http_query_int(q, "points", 1, POINTS_MAX, &points, err) < 0 ||
        lrc_job_load(lrc_app_workspace(lrc_api_app(q)), lrc_http_param(q, "id"), &job, err) < 0)
        return -1;
    if (format && strcmp(format, "csv") == 0)
        return answer_csv(q, &job, err);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", job.id);
    lrc_json_kstr(&out, "status", lrc_job_state_name(job.status.state));
    if (lrc_job_put_metrics(&job, lrc_app_readings(lrc_api_app(q)), (size_t)points, &out, err) < 0)
        return -1;
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_metrics_routes[] = {
    {"GET", "/api/jobs/{id}/metrics", get_metrics,
     .summary = "Curves of a job: loss, speed, phases, resources (points, format=csv)"},
    {0},
};
