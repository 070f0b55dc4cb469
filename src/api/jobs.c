// SPDX-License-Identifier: MIT
// jobs.c - jobs as KNX's clients know them (list, get, logs, stop, delete), and the raw log.
//
// There is no free command line here: jobs are made by the routes of their kinds (training.c, tagging.c).
#include <fcntl.h>
#include <string.h>

#include "api/api.h"
#include "job/job.h"
#include "job/kinds.h"
#include "job/show.h"

#define LIST_DEFAULT 100
#define LIST_MAX     1000
#define LOG_DEFAULT  2000
#define LOG_MAX      20000
#define MS_SINCE     1000000000000LL // `since` from here on is a time, below it the number of a line

static int load(lrc_http_req *q, lrc_job *ret, lrc_err *err)
{
    return lrc_job_load(lrc_app_workspace(lrc_api_app(q)), lrc_http_param(q, "id"), ret, err);
}

static int answer_message(lrc_http_req *q, const char *message, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "message", message);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- List and one ----------------------------------------------------------------------------------------------------

static bool wanted(const lrc_job_row *row, const char *status, const char *type)
{
    return (!status || strcmp(lrc_job_state_name(row->state), status) == 0) && (!type || strcmp(row->kind, type) == 0);
}

static int put_jobs(lrc_app *app, const lrc_job_list *list, lrc_http_req *q, int64_t offset, int64_t limit,
                    lrc_json_out *out, int64_t *ret_total, lrc_err *err)
{
    const char *status = lrc_http_query(q, "status"), *type = lrc_http_query(q, "type");
    *ret_total = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!wanted(&list->item[i], status, type) || (*ret_total)++ < offset || *ret_total > offset + limit)
            continue;
        lrc_auto_job lrc_job job = {0};
        lrc_err why = LRC_ERR_INIT;
        if (lrc_job_load(lrc_app_workspace(app), list->item[i].id, &job, &why) == 0) {
            if (lrc_job_put(&job, lrc_app_readings(app), LRC_JOB_PUT_BRIEF, out, err) < 0)
                return -1;
            continue;
        }
        lrc_json_object_begin(out); // a damaged or just deleted folder must not hide the others
        lrc_json_kstr(out, "id", list->item[i].id);
        lrc_json_kstr(out, "type", list->item[i].kind);
        lrc_json_kstr(out, "status", lrc_job_state_name(list->item[i].state));
        lrc_json_kstr(out, "error", why.msg);
        lrc_json_object_end(out);
    }
    return 0;
}

static int get_jobs(lrc_http_req *q, lrc_err *err)
{
    const lrc_workspace *w = lrc_app_workspace(lrc_api_app(q));
    lrc_auto_job_list lrc_job_list list = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    int64_t offset = 0, limit = LIST_DEFAULT, total;
    lrc_api_begin(&buf, &out);
    if (lrc_http_query_int(q, "offset", 0, INT64_MAX / 2, &offset, err) < 0 ||
        lrc_http_query_int(q, "limit", 1, LIST_MAX, &limit, err) < 0 || lrc_job_list_all(w, &list, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "jobs");
    lrc_json_array_begin(&out);
    if (put_jobs(lrc_api_app(q), &list, q, offset, limit, &out, &total, err) < 0)
        return -1;
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "count", total);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// KNX ran any command that came here. Ours are made by the routes of their kinds; the refusal says which.
static int post_jobs(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const char *type = "";
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_str(lrc_json_root(doc), "type", true, &type, err) < 0)
        return -1;
    return lrc_fail_field(err, LRC_ERR_DENIED, "type",
                          "jobs are not made of free command lines here: use POST /api/jobs/tagging or POST "
                          "/api/training/start%s",
                          lrc_job_kind_find(type) ? "" : " (and there is no such type)");
}

static int get_job(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (load(q, &job, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "job");
    if (lrc_job_put(&job, lrc_app_readings(lrc_api_app(q)), LRC_JOB_PUT_WHOLE, &out, err) < 0)
        return -1;
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int delete_job(lrc_http_req *q, lrc_err *err)
{
    const char *id = lrc_http_param(q, "id");
    char message[LRC_ID_MAX + 32];
    if (lrc_job_delete(lrc_app_workspace(lrc_api_app(q)), id, err) < 0)
        return -1;
    snprintf(message, sizeof message, "Job %s deleted", id);
    return answer_message(q, message, err);
}

static int stop_job(lrc_http_req *q, lrc_err *err)
{
    const char *id = lrc_http_param(q, "id");
    char message[LRC_ID_MAX + 32];
    int64_t grace = -1;
    if (lrc_http_query_int(q, "grace", 0, 3600, &grace, err) < 0 ||
        lrc_job_stop(lrc_app_workspace(lrc_api_app(q)), id, (int)grace, "stopped from the page", err) < 0)
        return -1;
    snprintf(message, sizeof message, "Job %s stopped", id);
    return answer_message(q, message, err);
}

// ---- Logs ------------------------------------------------------------------------------------------------------------

// since: a line's number, or a time in ms; offset: a byte. KNX sends times, and gets the last lines then.
static int read_query(lrc_http_req *q, lrc_log_query *ret, lrc_err *err)
{
    int64_t since = 0, offset = -1, limit = LOG_DEFAULT;
    const bool timed = lrc_http_query(q, "since") == NULL;
    if (lrc_http_query_int(q, "since", 0, INT64_MAX / 2, &since, err) < 0 ||
        lrc_http_query_int(q, "offset", 0, INT64_MAX / 2, &offset, err) < 0 ||
        lrc_http_query_int(q, "limit", 0, LOG_MAX, &limit, err) < 0)
        return -1;
    ret->limit = limit ? (size_t)limit : LOG_MAX;
    if (offset >= 0) {
        ret->mode = LRC_LOG_SINCE_OFFSET;
        ret->since = (uint64_t)offset;
    } else {
        // since=0 is how KNX's client begins; it goes on with the time of the last line.
        ret->mode = timed || since == 0 || since >= MS_SINCE ? LRC_LOG_SINCE_TIME : LRC_LOG_SINCE_LINE;
        ret->since = (uint64_t)since;
    }
    return 0;
}

static int get_logs(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_log_query query;
    lrc_log_answer answer;
    lrc_api_begin(&buf, &out);
    if (read_query(q, &query, err) < 0 || load(q, &job, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", job.id);
    lrc_json_key(&out, "logs");
    lrc_json_array_begin(&out);
    if (lrc_job_put_log(&job, &query, &out, &answer, err) < 0)
        return -1;
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "total_logs", (int64_t)answer.next_line);
    lrc_json_kint(&out, "next_since", (int64_t)answer.next_line);
    lrc_json_kint(&out, "next_offset", (int64_t)answer.next_offset);
    lrc_json_kint(&out, "dropped", (int64_t)answer.dropped);
    lrc_json_kstr(&out, "status", lrc_job_state_name(job.status.state));
    lrc_json_kint(&out, "progress", lrc_job_percent(&job, lrc_app_readings(lrc_api_app(q))));
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int get_raw_log(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_free char *path = NULL, *name = NULL;
    if (load(q, &job, err) < 0 || lrc_job_path(lrc_app_workspace(lrc_api_app(q)), job.id, "log", &path, err) < 0 ||
        lrc_str_format(&name, err, "%s.log", job.id) < 0)
        return -1;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "job %s has not written anything yet", job.id);
    const lrc_http_file file = {
        .type = "text/plain; charset=utf-8", .name = name, .download = lrc_http_query(q, "download") != NULL};
    return lrc_http_answer_file(q, fd, &file, err);
}

const lrc_http_route lrc_api_jobs_routes[] = {
    {"GET", "/api/jobs", get_jobs, .summary = "Jobs, newest first (status, type, offset, limit)"},
    {"POST", "/api/jobs", post_jobs, .summary = "Refused: jobs are made by the routes of their kinds"},
    {"GET", "/api/jobs/{id}", get_job, .summary = "One job"},
    {"DELETE", "/api/jobs/{id}", delete_job, .summary = "Remove a job that has ended"},
    {"POST", "/api/jobs/{id}/stop", stop_job, .summary = "Ask a job to stop; again: sooner (grace)"},
    {"GET", "/api/jobs/{id}/logs", get_logs, .summary = "Lines of a job's log (since, offset, limit)"},
    {"GET", "/api/jobs/{id}/log", get_raw_log, .summary = "The raw log; Range gives a part"},
    {0},
};
