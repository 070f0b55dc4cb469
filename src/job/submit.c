// SPDX-License-Identifier: MIT
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/utf8.h"
#include "job/folder.h"
#include "job/kinds.h"
#include "job/queue.h"
#include "proc/env.h"
#include "settings/settings.h"

#define NAME_TRIES 100 // ids are taken only when another process made the same one in this millisecond

static int check_text(const char *field, const char *text, lrc_err *err)
{
    if (lrc_utf8_valid(text, strlen(text)))
        return 0;
    return lrc_fail_field(err, LRC_ERR_INVALID, field, "'%s' holds a name that is not UTF-8: rename that file first",
                          field);
}

static int check_texts(const char *field, const lrc_strv *list, lrc_err *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (check_text(field, list->item[i], err) < 0)
            return -1;
    return 0;
}

static int check_pairs(const char *field, const lrc_strv *list, lrc_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *equals = strchr(list->item[i], '=');
        if (!equals || !lrc_proc_env_name_ok(list->item[i], (size_t)(equals - list->item[i])))
            return lrc_fail_field(err, LRC_ERR_INVALID, field, "'%s' in '%s' is not NAME=VALUE", list->item[i], field);
    }
    return check_texts(field, list, err);
}

static int check_secrets(const lrc_strv *list, lrc_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *key = strchr(list->item[i], '=') + 1;
        const lrc_setting *row = lrc_settings_find(key);
        if (!row || row->kind != LRC_SETTING_SECRET)
            return lrc_fail_field(err, LRC_ERR_INVALID, "secrets", "'%s' is not the key of a secret setting", key);
    }
    return 0;
}

static int check_request(const lrc_job_request *req, lrc_err *err)
{
    if (!lrc_job_kind_find(req->kind))
        return lrc_fail_field(err, LRC_ERR_INVALID, "kind", "there is no kind of job '%s'", req->kind);
    if (req->argv.count == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "argv", "the command is empty");
    if (req->cwd && req->cwd[0] != '/')
        return lrc_fail_field(err, LRC_ERR_INVALID, "cwd", "the working directory '%s' is not absolute", req->cwd);
    for (size_t i = 0; i < req->turn.after.count; i++)
        if (!lrc_id_valid(req->turn.after.item[i]))
            return lrc_fail_field(err, LRC_ERR_INVALID, "after", "'%s' is not the id of a job",
                                  req->turn.after.item[i]);
    if (req->turn.priority > LRC_QUEUE_PRIORITY_MAX || req->turn.priority < -LRC_QUEUE_PRIORITY_MAX)
        return lrc_fail_field(err, LRC_ERR_INVALID, "priority", "a priority lies between %d and %d",
                              -LRC_QUEUE_PRIORITY_MAX, LRC_QUEUE_PRIORITY_MAX);
    for (size_t i = 0; i < req->input_count; i++)
        if (lrc_path_check_name(req->inputs[i].name, "inputs", err) < 0)
            return -1;
    return check_texts("argv", &req->argv, err) < 0 || (req->cwd && check_text("cwd", req->cwd, err) < 0) ||
                   (req->title && check_text("title", req->title, err) < 0) || check_pairs("env", &req->env, err) < 0 ||
                   check_pairs("secrets", &req->secrets, err) < 0 || check_pairs("labels", &req->labels, err) < 0 ||
                   check_secrets(&req->secrets, err) < 0
               ? -1
               : 0;
}

// Append `text` with LRC_JOB_FOLDER at its beginning (of its value, for NAME=VALUE) replaced by the folder.
static int push_placed(lrc_strv *list, const char *text, bool pair, const char *folder, lrc_err *err)
{
    const char *value = pair ? strchr(text, '=') + 1 : text;
    if (!lrc_str_starts(value, LRC_JOB_FOLDER))
        return lrc_strv_push(list, text, err);
    return lrc_strv_pushf(list, err, "%.*s%s%s", (int)(value - text), text, folder, value + strlen(LRC_JOB_FOLDER));
}

static int copy_list(lrc_strv *to, const lrc_strv *from, lrc_err *err)
{
    for (size_t i = 0; i < from->count; i++)
        if (lrc_strv_push(to, from->item[i], err) < 0)
            return -1;
    return 0;
}

static int fill_spec(const lrc_workspace *ws, const lrc_job_request *req, const char *folder, lrc_job_spec *s,
                     lrc_err *err)
{
    const char *title = req->title ? req->title : lrc_job_kind_find(req->kind)->title;
    if (lrc_str_copy(&s->kind, req->kind, err) < 0 || lrc_str_copy(&s->title, title, err) < 0 ||
        lrc_str_copy(&s->cwd, req->cwd ? req->cwd : ws->root, err) < 0 ||
        copy_list(&s->secrets, &req->secrets, err) < 0 || copy_list(&s->labels, &req->labels, err) < 0)
        return -1;
    for (size_t i = 0; i < req->argv.count; i++)
        if (push_placed(&s->argv, req->argv.item[i], false, folder, err) < 0)
            return -1;
    for (size_t i = 0; i < req->env.count; i++)
        if (push_placed(&s->env, req->env.item[i], true, folder, err) < 0)
            return -1;
    for (size_t i = 0; i < req->input_count; i++)
        if (lrc_strv_push(&s->inputs, req->inputs[i].name, err) < 0)
            return -1;
    s->priority = req->turn.priority;
    s->not_before_ms = req->turn.not_before_ms;
    s->gpus = req->turn.no_gpu ? 0 : -1;
    s->attempt = req->turn.attempt > 0 ? req->turn.attempt : 1;
    if (copy_list(&s->after, &req->turn.after, err) < 0 ||
        lrc_str_copy(&s->retry_of, req->turn.retry_of ? req->turn.retry_of : "", err) < 0)
        return -1;
    s->grace_s = req->grace_s;
    s->created_ms = lrc_clock_now_ms();
    return 0;
}

static int write_inputs(const char *temp, const lrc_job_request *req, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    if (lrc_path_join(&folder, temp, LRC_JOB_INPUTS, err) < 0 || lrc_fs_mkdirs(folder, err) < 0)
        return -1;
    for (size_t i = 0; i < req->input_count; i++) {
        lrc_auto_free char *path = NULL;
        if (lrc_path_join(&path, folder, req->inputs[i].name, err) < 0 ||
            lrc_fs_write(path, req->inputs[i].bytes, req->inputs[i].len, 0, err) < 0)
            return -1;
    }
    return 0;
}

// Fill the folder `temp` and make it visible under a free id.
static int publish(const lrc_workspace *ws, const lrc_job_request *req, const char *root, const char *temp,
                   char ret_id[static LRC_ID_MAX + 1], lrc_err *err)
{
    if (write_inputs(temp, req, err) < 0)
        return -1;
    for (int i = 0; i < NAME_TRIES; i++) {
        lrc_auto_free char *folder = NULL;
        lrc_auto_job_spec lrc_job_spec spec = {0};
        char id[LRC_ID_MAX + 1];
        lrc_err why = LRC_ERR_INIT;
        lrc_id_make(req->kind, id);
        if (lrc_path_join(&folder, root, id, err) < 0 || fill_spec(ws, req, folder, &spec, err) < 0 ||
            lrc_job_spec_write(temp, &spec, err) < 0)
            return -1;
        if (lrc_fs_rename_new(temp, folder, &why) == 0) {
            memcpy(ret_id, id, sizeof id);
            return lrc_fs_sync_dir(root, err);
        }
        if (why.code != LRC_ERR_CONFLICT) {
            if (err)
                *err = why;
            return -1;
        }
        lrc_clock_sleep_ms(1);
    }
    return lrc_fail(err, LRC_ERR_BUSY, "no free job id could be found");
}

int lrc_job_submit(const lrc_workspace *ws, const lrc_job_request *req, char ret_id[static LRC_ID_MAX + 1],
                   lrc_err *err)
{
    lrc_auto_free char *root = NULL, *temp = NULL;
    char suffix[17];
    if (check_request(req, err) < 0)
        return -1;
    for (size_t i = 0; i < req->turn.after.count; i++) {
        lrc_auto_free char *before = NULL;
        if (lrc_job_folder(ws, req->turn.after.item[i], &before, err) < 0)
            return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "after", "there is no job '%s' to come after",
                                  req->turn.after.item[i]);
    }
    if (lrc_job_root(ws, &root, err) < 0 || lrc_fs_mkdirs(root, err) < 0 || lrc_rand_hex(suffix, 16, err) < 0 ||
        lrc_str_format(&temp, err, "%s/" LRC_JOB_SUBMITTING "%s", root, suffix) < 0 || lrc_fs_mkdirs(temp, err) < 0)
        return -1;
    if (publish(ws, req, root, temp, ret_id, err) < 0) {
        lrc_fs_remove_tree(temp, NULL);
        return lrc_wrap(err, "cannot submit the job");
    }
    return 0;
}
