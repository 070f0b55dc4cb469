// SPDX-License-Identifier: MIT
// resources.h - what running jobs use: processor, memory, GPU and disk, every few seconds, kept in their folders.
//
// Whoever is about while a job runs (the server, a command that follows a job) calls the sampler now and then; it writes a
// line of numbers to <job>/resources for each running job, unless somebody else has just done so. A job that runs while
// nobody is about has a gap there, and loses nothing else. A line is nine integers and then two for each GPU:
//     ms cpu_permille rss memory_used memory_total cpu_machine_permille disk_free disk_total gpus [gpu_percent gpu_used]…
// (permille of one processor for the job, of all for the machine; bytes; -1 unknown). One owner thread per sampler.
// May use: base, proc, gpu, job.
#ifndef LRC_JOB_RESOURCES_H
#define LRC_JOB_RESOURCES_H

#include "gpu/gpu.h"
#include "job/job.h"
#include "json/json.h"

#define LRC_RESOURCES_FILE     "resources"
#define LRC_RESOURCES_EVERY_MS 5000

typedef struct lrc_sampler lrc_sampler;

int lrc_sampler_new(lrc_sampler **ret, lrc_err *err);
void lrc_sampler_free(lrc_sampler *s);
LRC_DEFINE_FREEP(lrc_sampler)
#define lrc_auto_sampler lrc_cleanup(lrc_sampler_freep)

// One look at all running jobs, when LRC_RESOURCES_EVERY_MS have passed since the last; else nothing. What cannot be asked
// is left out.
int lrc_sampler_tick(lrc_sampler *s, const lrc_workspace *ws, lrc_err *err);

typedef struct lrc_resources {
    int64_t ms;
    int64_t cpu_permille, rss_bytes;
    int64_t memory_used, memory_total, machine_permille;
    int64_t disk_free, disk_total;
    int gpu_count;
    struct {
        int64_t percent, used_bytes;
    } gpu[LRC_GPU_MAX];
} lrc_resources;

// A line of the file; false when it is none.
bool lrc_resources_parse(const char *line, lrc_resources *ret);

// The job's samples as a JSON array of objects, at most `limit`, evenly chosen, the last one among them. None: empty.
int lrc_resources_put(const lrc_job *job, size_t limit, lrc_json_out *out, lrc_err *err);

#endif
