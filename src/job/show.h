// SPDX-License-Identifier: MIT
// show.h - a job as JSON, the same for the command line and the API.
//
// {"id","type","status","progress","metrics":{…},"exit":{…},…}: KNX's names (id, type, status, progress, created_at,
// started_at, completed_at, exit_code, error, current_image, total_images) and ours beside them. Times are ms; what is
// not known is null. Progress and causes come from the job's log, through `readings` (NULL: read for this one call).
// May use: base, json, job.
#ifndef LRC_JOB_SHOW_H
#define LRC_JOB_SHOW_H

#include "job/job.h"
#include "job/lines.h"
#include "job/readings.h"
#include "json/json.h"

typedef enum {
    LRC_JOB_PUT_WHOLE, // everything that is known
    LRC_JOB_PUT_BRIEF, // for lists: without command, environment, folders and inputs
} lrc_job_put_what;

// A job as one value.
int lrc_job_put(const lrc_job *job, lrc_readings *readings, lrc_job_put_what what, lrc_json_out *out, lrc_err *err);

// [{"cause","said","remedy","evidence","line","offset"}, …]: why it failed, the likeliest first.
void lrc_job_put_failures(const lrc_failures *failures, lrc_json_out *out);

// The members of KNX's training status, into an open object: job_id, status, progress, current_step, step_num,
// total_steps, current_epoch, total_epochs, loss, lr, eta_seconds, error.
int lrc_job_put_training_status(const lrc_job *job, lrc_readings *readings, lrc_json_out *out, lrc_err *err);

// How far it is, 0 to 100, read from its log; 100 when it completed, 0 when nothing is known.
int lrc_job_percent(const lrc_job *job, lrc_readings *readings);

// One line of a log: {"timestamp","level","message","raw"} as KNX has it, with "seq" (number of the line), "offset" and
// "end" (its raw bytes): reading goes on at `end`.
int lrc_job_put_line(const lrc_line *line, int64_t ms, lrc_json_out *out, lrc_err *err);

// ---- A piece of a log ------------------------------------------------------------------------------------------------

typedef enum {
    LRC_LOG_SINCE_LINE,   // lines number >= since; the first `limit` of them
    LRC_LOG_SINCE_TIME,   // lines written after `since` ms; the last `limit` of them
    LRC_LOG_SINCE_OFFSET, // lines that end after byte `since`; the first `limit` of them
} lrc_log_since;

typedef struct lrc_log_query {
    lrc_log_since mode;
    uint64_t since;
    size_t limit; // at least 1
} lrc_log_query;

typedef struct lrc_log_answer {
    uint64_t next_line;   // number to go on with
    uint64_t next_offset; // byte to go on with
    uint64_t dropped;     // lines that fitted but were left out because of `limit` (SINCE_TIME)
    size_t count;         // lines written
} lrc_log_answer;

// Write the lines as values of an open JSON array. By time, lines whose time is not settled yet (the runner sets it within
// a quarter of a second) wait for the next call, so that no poller sees one twice or misses one. An unfinished last line
// is only given when the job has ended.
int lrc_job_put_log(const lrc_job *job, const lrc_log_query *query, lrc_json_out *out, lrc_log_answer *ret,
                    lrc_err *err);

#endif
