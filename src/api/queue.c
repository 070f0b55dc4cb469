// SPDX-License-Identifier: MIT
// queue.c - the queue, and doing jobs again: order, pause, priority, time, retry, resume, old ones.
#include <string.h>

#include "api/api.h"
#include "job/job.h"
#include "job/queue.h"
#include "train/resume.h"

static const lrc_workspace *workspace_of(const lrc_http_req *q)
{
    return lrc_app_workspace(lrc_api_app(q));
}

static int get_queue(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_queue lrc_queue queue = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_queue_load(workspace_of(q), false, NULL, &queue, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_key(&out, "queue");
    lrc_queue_put(&queue, &out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int set_pause(lrc_http_req *q, bool paused, lrc_err *err)
{
    if (lrc_queue_pause(workspace_of(q), paused, err) < 0)
        return -1;
    lrc_app_wake(lrc_api_app(q));
    return get_queue(q, err);
}

static int post_pause(lrc_http_req *q, lrc_err *err)
{
    return set_pause(q, true, err);
}

static int post_go(lrc_http_req *q, lrc_err *err)
{
    return set_pause(q, false, err);
}

// {"priority"?, "not_before"?}: what a person changes of a waiting job; not_before null or 0: at once.
static int post_turn(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_queue_change change = {0};
    int64_t priority = 0;
    if (lrc_api_body(q, &doc, err) < 0)
        return -1;
    const lrc_json *body = lrc_json_root(doc);
    change.set_priority = lrc_json_get(body, "priority") != NULL;
    change.set_not_before = lrc_json_get(body, "not_before") != NULL;
    if (!change.set_priority && !change.set_not_before)
        return lrc_fail_field(err, LRC_ERR_INVALID, "priority", "say what to change: priority, not_before");
    if (lrc_json_int(body, "priority", change.set_priority, &priority, err) < 0 ||
        lrc_json_int(body, "not_before", false, &change.not_before_ms, err) < 0)
        return -1;
    change.priority = priority > INT32_MAX ? INT32_MAX : priority < INT32_MIN ? INT32_MIN : (int)priority;
    if (lrc_queue_change_job(workspace_of(q), lrc_http_param(q, "id"), &change, err) < 0)
        return -1;
    lrc_app_wake(lrc_api_app(q));
    return get_queue(q, err);
}

static int answer_new(lrc_http_req *q, const char *id, const char *message, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_app_wake(lrc_api_app(q));
    lrc_api_begin(&buf, &out);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", id);
    lrc_json_kstr(&out, "message", message);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

static int post_retry(lrc_http_req *q, lrc_err *err)
{
    char id[LRC_ID_MAX + 1];
    return lrc_job_retry(workspace_of(q), lrc_http_param(q, "id"), NULL, id, err) < 0
               ? -1
               : answer_new(q, id, "Job started again", err);
}

static int post_resume(lrc_http_req *q, lrc_err *err)
{
    char id[LRC_ID_MAX + 1];
    return lrc_train_resume(workspace_of(q), lrc_http_param(q, "id"), id, err) < 0
               ? -1
               : answer_new(q, id, "Training goes on", err);
}

static int get_states(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_auto_train_states lrc_train_states states = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (lrc_job_load(workspace_of(q), lrc_http_param(q, "id"), &job, err) < 0 ||
        lrc_train_states_of(workspace_of(q), &job, &states, err) < 0)
        return -1;
    const lrc_train_state *best = lrc_train_state_best(&states);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "best", best ? best->path : NULL);
    lrc_json_key(&out, "states");
    lrc_train_put_states(&states, &out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// {"keep"?, "days"?}: remove ended jobs beyond the newest `keep`, or older than `days`.
static int post_prune(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    int64_t keep = 0, days = 0;
    size_t removed = 0;
    lrc_api_begin(&buf, &out);
    if (lrc_api_body(q, &doc, err) < 0 || lrc_json_int(lrc_json_root(doc), "keep", false, &keep, err) < 0 ||
        lrc_json_int(lrc_json_root(doc), "days", false, &days, err) < 0)
        return -1;
    if (keep < 0 || days < 0 || (keep == 0 && days == 0))
        return lrc_fail_field(err, LRC_ERR_INVALID, "keep", "say how many to keep, or for how many days: at least 1");
    if (lrc_job_prune(workspace_of(q), keep, days, &removed, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kint(&out, "removed", (int64_t)removed);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_queue_routes[] = {
    {"GET", "/api/queue", get_queue, .summary = "What runs and waits, in order, and what it waits for"},
    {"POST", "/api/queue/pause", post_pause, .summary = "Start nothing more; running jobs go on"},
    {"POST", "/api/queue/resume", post_go, .summary = "Let the queue go on"},
    {"POST", "/api/jobs/prune", post_prune, .summary = "Remove old ended jobs (keep, days)"},
    {"POST", "/api/jobs/{id}/turn", post_turn, .summary = "Change a waiting job's priority or time"},
    {"POST", "/api/jobs/{id}/retry", post_retry, .summary = "Do an ended job again with the same inputs"},
    {"POST", "/api/jobs/{id}/resume", post_resume, .summary = "Go on from the furthest complete state"},
    {"GET", "/api/jobs/{id}/states", get_states, .summary = "States that a training saved, and which are complete"},
    {0},
};
