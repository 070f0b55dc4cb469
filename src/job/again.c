// SPDX-License-Identifier: MIT
// What becomes of jobs that have ended: done again, or removed when there are too many of them.
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "job/folder.h"

#define INPUT_MAX  (1U << 30) // bytes of one input
#define INPUTS_MAX 64
#define MS_PER_DAY (86400 * INT64_C(1000))

// ---- Again -----------------------------------------------------------------------------------------------------------

// Append `text` with the old job's folder at its beginning (of its value, for NAME=VALUE) as a placeholder. The folder is
// known by its last part: the workspace may have been moved since.
static int push_placeless(lrc_strv *list, const char *text, const char *part, lrc_err *err)
{
    const char *at = strstr(text, part), *slash = strchr(text, '/');
    if (!at || !slash || (at[strlen(part)] != '/' && at[strlen(part)]))
        return lrc_strv_push(list, text, err);
    return lrc_strv_pushf(list, err, "%.*s" LRC_JOB_FOLDER "%s", (int)(slash - text), text, at + strlen(part));
}

static int push_all(lrc_strv *to, const lrc_strv *from, const char *part, lrc_err *err)
{
    for (size_t i = 0; i < from->count; i++)
        if (push_placeless(to, from->item[i], part, err) < 0)
            return -1;
    return 0;
}

struct again {
    lrc_job_request request;
    lrc_job_input input[INPUTS_MAX];
    char *bytes[INPUTS_MAX];
};

static void again_done(struct again *a)
{
    for (size_t i = 0; i < INPUTS_MAX; i++)
        free(a->bytes[i]);
    lrc_strv_done(&a->request.argv);
    lrc_strv_done(&a->request.env);
}

static int read_inputs(const lrc_job *job, struct again *a, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    if (job->spec.inputs.count > INPUTS_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "the job has more than %d inputs", INPUTS_MAX);
    if (lrc_path_join(&folder, job->folder, LRC_JOB_INPUTS, err) < 0)
        return -1;
    for (size_t i = 0; i < job->spec.inputs.count; i++) {
        lrc_auto_free char *path = NULL;
        size_t n;
        if (lrc_path_join(&path, folder, job->spec.inputs.item[i], err) < 0 ||
            lrc_fs_read(path, INPUT_MAX, &a->bytes[i], &n, err) < 0)
            return -1;
        a->input[i] = (lrc_job_input){job->spec.inputs.item[i], a->bytes[i], n};
    }
    return 0;
}

static int prepare(const lrc_job *job, const lrc_strv *more, struct again *a, lrc_err *err)
{
    lrc_auto_free char *part = NULL;
    lrc_job_request *r = &a->request;
    if (lrc_str_format(&part, err, "/jobs/%s", job->id) < 0 || push_all(&r->argv, &job->spec.argv, part, err) < 0 ||
        push_all(&r->env, &job->spec.env, part, err) < 0 || read_inputs(job, a, err) < 0)
        return -1;
    for (size_t i = 0; more && i < more->count; i++)
        if (lrc_strv_push(&r->argv, more->item[i], err) < 0)
            return -1;
    r->kind = job->spec.kind;
    r->title = job->spec.title;
    r->cwd = job->spec.cwd;
    r->secrets = job->spec.secrets;
    r->labels = job->spec.labels;
    r->inputs = a->input;
    r->input_count = job->spec.inputs.count;
    r->grace_s = job->spec.grace_s;
    r->turn = (lrc_job_turn){.priority = job->spec.priority,
                             .no_gpu = job->spec.gpus == 0,
                             .retry_of = job->id,
                             .attempt = job->spec.attempt + 1};
    return 0;
}

int lrc_job_retry(const lrc_workspace *ws, const char *id, const lrc_strv *more, char ret_id[static LRC_ID_MAX + 1],
                  lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    struct again a = {0};
    if (lrc_job_load(ws, id, &job, err) < 0)
        return -1;
    if (!lrc_job_state_final(job.status.state))
        return lrc_fail(err, LRC_ERR_CONFLICT, "the job %s has not ended yet: there is nothing to do again", id);
    int result = prepare(&job, more, &a, err);
    if (result == 0)
        result = lrc_job_submit(ws, &a.request, ret_id, err);
    again_done(&a);
    return result;
}

// ---- Too many --------------------------------------------------------------------------------------------------------

int lrc_job_prune(const lrc_workspace *ws, int64_t keep, int64_t days, size_t *ret, lrc_err *err)
{
    lrc_auto_job_list lrc_job_list list = {0};
    const int64_t oldest = lrc_clock_now_ms() - days * MS_PER_DAY;
    int64_t ended = 0;
    *ret = 0;
    if ((keep <= 0 && days <= 0) || lrc_job_list_all(ws, &list, err) < 0)
        return keep <= 0 && days <= 0 ? 0 : -1;
    for (size_t i = 0; i < list.count; i++) { // newest first
        const lrc_job_row *row = &list.item[i];
        lrc_err why = LRC_ERR_INIT;
        if (!row->settled)
            continue;
        ended++;
        if (!(keep > 0 && ended > keep) && !(days > 0 && row->ended_ms < oldest))
            continue;
        if (lrc_job_delete(ws, row->id, &why) == 0)
            (*ret)++;
        else if (why.code != LRC_ERR_CONFLICT && why.code != LRC_ERR_NOT_FOUND) { // else somebody was faster
            if (err)
                *err = why;
            return -1;
        }
    }
    return 0;
}
