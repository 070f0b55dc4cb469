// SPDX-License-Identifier: MIT
// joblog.c - a job's log as it grows: one feed, as WebSocket /ws/jobs/{id}/logs and as events /api/jobs/{id}/events.
//
// Messages are the superset of both KNX dialects: {"type":"log","log":{…},"message":raw}, {"type":"status",…} and
// {"type":"progress",…} when they change, {"type":"heartbeat","ts":ms}, and at the end {"type":"complete",…}. A reader goes
// on with ?since=<end of the last line> or, for events, Last-Event-ID.
#include <string.h>

#include "api/api.h"
#include "base/clock.h"
#include "job/follow.h"
#include "job/job.h"
#include "job/kinds.h"
#include "job/marks.h"
#include "job/progress.h"
#include "job/show.h"

#define LOOK_MS       200 // how often a log that is followed is looked at
#define STATUS_MS     500 // how often the job's state is read
#define MESSAGE_MAX   (512 << 10)
#define READS_AT_ONCE 16   // of 64 KiB
#define CLOSE_UNKNOWN 4004 // KNX's code for an unknown job

struct tail {
    lrc_workspace w; // root and state are borrowed from the app
    char id[LRC_ID_MAX + 1];
    lrc_follow *follow;
    lrc_lines lines;
    lrc_job_meter meter;
    lrc_marks marks;
    char *idx;
    uint64_t since; // lines that end here or before were sent to this reader earlier
    lrc_job_state state;
    int percent;
    bool told, ended, unknown, only_status;
    int64_t status_at;
    lrc_http_feed *out; // during a fill
};

static void tail_free(void *self)
{
    struct tail *t = self;
    lrc_follow_free(t->follow);
    lrc_lines_done(&t->lines);
    lrc_job_meter_done(&t->meter);
    lrc_marks_done(&t->marks);
    free(t->idx);
    free(t);
}

static void send(lrc_http_feed *out, const char *id, const char *event, const lrc_buf *buf)
{
    if (!buf->failed)
        lrc_feed_put(out, id, event, buf->data, buf->len);
}

static int send_line(void *arg, const lrc_line *line, lrc_err *err)
{
    struct tail *t = arg;
    if (line->end <= t->since || t->only_status)
        return 0;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    char id[24];
    lrc_buf_init(&buf, MESSAGE_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "type", "log");
    lrc_json_key(&out, "log");
    if (lrc_job_put_line(line, lrc_marks_time(&t->marks, line->end, lrc_clock_now_ms()), &out, err) < 0)
        return -1;
    lrc_json_key(&out, "message");
    lrc_json_put_strn(&out, line->text, line->len);
    lrc_json_object_end(&out);
    snprintf(id, sizeof id, "%llu", (unsigned long long)line->end);
    send(t->out, id, "log", &buf);
    return 0;
}

static void send_state(struct tail *t, const char *type)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, MESSAGE_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "type", type);
    lrc_json_kstr(&out, "status", lrc_job_state_name(t->state));
    lrc_json_kint(&out, "progress", t->percent);
    lrc_json_kstr(&out, "job_id", t->id);
    lrc_json_object_end(&out);
    send(t->out, NULL, type, &buf);
}

// The whole job, when its state or its percent changed.
static void look_at_job(struct tail *t)
{
    const int64_t now = lrc_clock_mono_ms();
    if (now - t->status_at < STATUS_MS && t->told)
        return;
    t->status_at = now;
    lrc_auto_job lrc_job job = {0};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_job_load(&t->w, t->id, &job, &why) < 0) {
        t->unknown = why.code == LRC_ERR_NOT_FOUND;
        return;
    }
    const lrc_job_progress *p = lrc_job_meter_look(&t->meter);
    const int percent = job.status.state == LRC_JOB_COMPLETED ? 100 : p->percent > 0 ? (int)p->percent : 0;
    const bool state_changed = !t->told || job.status.state != t->state;
    const bool percent_changed = t->told && percent != t->percent;
    t->state = job.status.state;
    t->percent = percent;
    t->told = true;
    if (state_changed)
        send_state(t, "status");
    else if (percent_changed)
        send_state(t, "progress");
}

static void finish(struct tail *t)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_lines_finish(&t->lines, send_line, t, &err);
    send_state(t, "status");
    send_state(t, "complete");
    t->ended = true;
}

static void refuse(struct tail *t)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    char text[LRC_ID_MAX + 32];
    snprintf(text, sizeof text, "Job %s not found", t->id);
    lrc_buf_init(&buf, MESSAGE_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "error", text);
    lrc_json_kstr(&out, "job_id", t->id);
    lrc_json_object_end(&out);
    send(t->out, NULL, "error", &buf);
    lrc_feed_close(t->out, CLOSE_UNKNOWN, "Job not found");
}

// true when bytes came.
static bool read_more(struct tail *t)
{
    const char *bytes;
    size_t n = 0;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_follow_read(t->follow, &bytes, &n, &err) < 0 || n == 0)
        return false;
    lrc_auto_marks lrc_marks next = {0};
    if (lrc_marks_load(t->idx, &next, &err) == 0) {
        const lrc_marks old = t->marks;
        t->marks = next;
        next = old;
    }
    lrc_job_meter_feed(&t->meter, bytes, n, &err);
    lrc_lines_feed(&t->lines, bytes, n, send_line, t, &err);
    return true;
}

static lrc_feed_next fill(void *self, lrc_http_feed *out)
{
    struct tail *t = self;
    t->out = out;
    look_at_job(t);
    if (t->unknown) {
        refuse(t);
        return LRC_FEED_END;
    }
    for (int reads = 0; lrc_feed_room(out) > 0; reads++) {
        if (reads == READS_AT_ONCE)
            return LRC_FEED_MORE; // a long log that is skipped: the other feeds get their turn
        if (read_more(t))
            continue;
        // The state was read before the log was found empty: what it said last has been sent.
        if (!lrc_job_state_final(t->state))
            return LRC_FEED_WAIT;
        if (!t->ended)
            finish(t);
        return LRC_FEED_END;
    }
    return LRC_FEED_MORE;
}

static void idle(void *self, lrc_http_feed *out)
{
    (void)self;
    char text[64];
    const int n = snprintf(text, sizeof text, "{\"type\":\"heartbeat\",\"ts\":%lld}", (long long)lrc_clock_now_ms());
    lrc_feed_put(out, NULL, "heartbeat", text, (size_t)n);
}

static const lrc_feed_class tail_feed = {.fill = fill, .free = tail_free, .idle = idle, .look_ms = LOOK_MS};

// Where this reader goes on: ?since= or, after a broken event stream, the id of the last event.
static int read_since(lrc_http_req *q, uint64_t *ret, lrc_err *err)
{
    int64_t since = 0;
    const char *last = lrc_http_header(q, "Last-Event-ID");
    if (last && *last && !lrc_str_to_i64(last, &since))
        return lrc_fail_field(err, LRC_ERR_INVALID, "Last-Event-ID", "Last-Event-ID must be a byte offset, not '%s'",
                              last);
    if (!last && lrc_http_query_int(q, "since", 0, INT64_MAX / 2, &since, err) < 0)
        return -1;
    *ret = since > 0 ? (uint64_t)since : 0;
    return 0;
}

static int open_tail(lrc_http_req *q, bool only_status, struct tail **ret, lrc_err *err)
{
    const lrc_workspace *w = lrc_app_workspace(lrc_api_app(q));
    const char *id = lrc_http_param(q, "id");
    lrc_auto_job lrc_job job = {0};
    lrc_err why = LRC_ERR_INIT;
    lrc_auto_free char *log = NULL, *idx = NULL;
    uint64_t since = 0;
    if (read_since(q, &since, err) < 0)
        return -1;
    const bool known = lrc_id_valid(id) && lrc_job_load(w, id, &job, &why) == 0;
    if (!known && why.code != LRC_OK && why.code != LRC_ERR_NOT_FOUND) {
        *err = why;
        return -1;
    }
    if (known && (lrc_job_path(w, id, "log", &log, err) < 0 || lrc_job_path(w, id, "log.idx", &idx, err) < 0))
        return -1;
    struct tail *t = calloc(1, sizeof *t);
    if (!t)
        return lrc_fail_memory(err);
    const lrc_job_kind *kind = known ? lrc_job_kind_find(job.spec.kind) : NULL;
    t->w = *w;
    t->unknown = !known;
    t->since = since;
    t->only_status = only_status;
    t->idx = lrc_take(idx);
    snprintf(t->id, sizeof t->id, "%s", id);
    lrc_lines_init(&t->lines, 0, 0);
    lrc_job_meter_init(&t->meter, kind ? kind->progress : LRC_JOB_PROGRESS_COUNTER);
    if (known && lrc_follow_new(log, 0, &t->follow, err) < 0) {
        tail_free(t);
        return -1;
    }
    *ret = t;
    return 0;
}

static int follow_log(lrc_http_req *q, lrc_err *err)
{
    struct tail *t = NULL;
    return open_tail(q, false, &t, err) < 0 ? -1 : lrc_http_answer_feed(q, &tail_feed, t, NULL, err);
}

static int follow_status(lrc_http_req *q, lrc_err *err)
{
    struct tail *t = NULL;
    return open_tail(q, true, &t, err) < 0 ? -1 : lrc_http_answer_feed(q, &tail_feed, t, NULL, err);
}

const lrc_http_route lrc_api_joblog_routes[] = {
    {"GET", "/ws/jobs/{id}/logs", follow_log, .flags = LRC_HTTP_SOCKET, .summary = "A job's log as it grows (since)"},
    {"GET", "/ws/jobs/{id}/status", follow_status, .flags = LRC_HTTP_SOCKET, .summary = "A job's state as it changes"},
    {"GET", "/api/jobs/{id}/events", follow_log, .flags = LRC_HTTP_EVENTS,
     .summary = "A job's log as server-sent events (since, Last-Event-ID)"},
    {0},
};
