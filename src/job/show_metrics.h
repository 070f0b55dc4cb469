// SPDX-License-Identifier: MIT
// show_metrics.h - the curves of a job as JSON and CSV.
//
// "points" come from the log: {"step","epoch","loss","loss_min","loss_max","lr","steps_per_second","time"}, each standing
// for about as many steps as the others; "scalars" from TensorBoard's event files in the folder that the label "events"
// names: {"loss/current":[[step, value, ms], …], …}, exact where the log holds averages; "phases" and "resources" go by time.
// May use: base, json, job.
#ifndef LRC_JOB_SHOW_METRICS_H
#define LRC_JOB_SHOW_METRICS_H

#include "job/readings.h"
#include "json/json.h"

// Members of an open object; at most `points` of each kind.
int lrc_job_put_metrics(const lrc_job *job, lrc_readings *readings, size_t points, lrc_json_out *out, lrc_err *err);

// Every point that is known, one a line, with a head: step,epoch,loss,lr,steps_per_second,time (ISO). Unknown is empty.
int lrc_job_metrics_csv(const lrc_job *job, lrc_readings *readings, lrc_buf *out, lrc_err *err);

#endif
