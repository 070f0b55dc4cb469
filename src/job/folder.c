// SPDX-License-Identifier: MIT
#include "job/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "json/json.h"

#define FILE_MAX   (16 << 20) // bytes of spec.json
#define STATUS_MAX (64 << 10)
#define FORMAT     1 // of these files; a later program may have to know

static const char *const state_names[LRC_JOB_STATE_MAX_] = {
    [LRC_JOB_PENDING] = "pending", [LRC_JOB_RUNNING] = "running",     [LRC_JOB_COMPLETED] = "completed",
    [LRC_JOB_FAILED] = "failed",   [LRC_JOB_CANCELLED] = "cancelled",
};

const char *lrc_job_state_name(lrc_job_state s)
{
    return state_names[s];
}

static int parse_state(const char *word, lrc_job_state *ret, lrc_err *err)
{
    for (int i = 0; i < LRC_JOB_STATE_MAX_; i++)
        if (strcmp(state_names[i], word) == 0) {
            *ret = (lrc_job_state)i;
            return 0;
        }
    return lrc_fail_field(err, LRC_ERR_INVALID, "state", "'%s' is not a state of a job", word);
}

// ---- Names -----------------------------------------------------------------------------------------------------------

int lrc_job_root(const lrc_workspace *ws, char **ret, lrc_err *err)
{
    return lrc_workspace_state(ws, "jobs", ret, err);
}

int lrc_job_folder(const lrc_workspace *ws, const char *id, char **ret, lrc_err *err)
{
    lrc_auto_free char *root = NULL, *folder = NULL;
    if (lrc_job_root(ws, &root, err) < 0 || (lrc_id_valid(id) && lrc_path_join(&folder, root, id, err) < 0))
        return -1;
    if (!folder || !lrc_fs_is_dir(folder))
        return lrc_fail_field(err, LRC_ERR_NOT_FOUND, "job_id", "there is no job '%s'; 'lorica job list' shows all",
                              id);
    *ret = lrc_take(folder);
    return 0;
}

int lrc_job_path(const lrc_workspace *ws, const char *id, const char *file, char **ret, lrc_err *err)
{
    lrc_auto_free char *folder = NULL;
    return lrc_job_folder(ws, id, &folder, err) < 0 ? -1 : lrc_path_join(ret, folder, file, err);
}

int lrc_job_ids(const lrc_workspace *ws, lrc_strv *ret, lrc_err *err)
{
    lrc_auto_free char *root = NULL;
    if (lrc_job_root(ws, &root, err) < 0)
        return -1;
    lrc_auto_dir DIR *dir = opendir(root);
    if (!dir)
        return errno == ENOENT ? 0 : lrc_fail_errno(err, "cannot list the jobs in '%s'", root);
    const struct dirent *e;
    while ((e = readdir(dir)))
        if (lrc_id_valid(e->d_name) && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN) &&
            lrc_strv_push(ret, e->d_name, err) < 0)
            return -1;
    lrc_strv_sort(ret);
    return 0;
}

int lrc_job_mark(const char *folder, char **ret, lrc_err *err)
{
    return lrc_str_format(ret, err, "LORICA_JOB=%s", folder);
}

// ---- Reading and writing one file ------------------------------------------------------------------------------------

static int load(const char *folder, const char *name, size_t max, lrc_json_doc **ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    return lrc_path_join(&path, folder, name, err) < 0 ? -1 : lrc_json_load(path, max, ret, err);
}

static int save(const char *folder, const char *name, lrc_buf *text, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_buf_addc(text, '\n');
    if (lrc_buf_check(text, name, err) < 0 || lrc_path_join(&path, folder, name, err) < 0)
        return -1;
    return lrc_fs_write(path, text->data, text->len, 0, err);
}

static int get_text(const lrc_json *obj, const char *key, char **ret, lrc_err *err)
{
    const char *text = "";
    return lrc_json_str(obj, key, false, &text, err) < 0 ? -1 : lrc_str_copy(ret, text, err);
}

static int get_texts(const lrc_json *obj, const char *key, lrc_strv *ret, lrc_err *err)
{
    const lrc_json *list = NULL;
    if (lrc_json_array(obj, key, false, &list, err) < 0)
        return -1;
    for (const lrc_json *v = list ? list->first : NULL; v; v = v->next) {
        if (v->type != LRC_JSON_STRING)
            return lrc_fail_field(err, LRC_ERR_INVALID, key, "'%s' must hold texts, not %s", key,
                                  lrc_json_type_name(v));
        if (lrc_strv_push_n(ret, v->text, v->len, err) < 0)
            return -1;
    }
    return 0;
}

static void put_texts(lrc_json_out *out, const char *key, const lrc_strv *list)
{
    lrc_json_key(out, key);
    lrc_json_array_begin(out);
    for (size_t i = 0; i < list->count; i++)
        lrc_json_put_str(out, list->item[i]);
    lrc_json_array_end(out);
}

static int get_int(const lrc_json *obj, const char *key, int *ret, lrc_err *err)
{
    int64_t n = *ret;
    if (lrc_json_int(obj, key, false, &n, err) < 0)
        return -1;
    *ret = (int)n;
    return 0;
}

// ---- spec.json -------------------------------------------------------------------------------------------------------

int lrc_job_spec_write(const char *folder, const lrc_job_spec *spec, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, FILE_MAX);
    lrc_json_out_init(&out, &text, 2);
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "format", FORMAT);
    lrc_json_kstr(&out, "kind", spec->kind);
    lrc_json_kstr(&out, "title", spec->title);
    lrc_json_kint(&out, "created", spec->created_ms);
    put_texts(&out, "argv", &spec->argv);
    lrc_json_kstr(&out, "cwd", spec->cwd);
    put_texts(&out, "env", &spec->env);
    put_texts(&out, "secrets", &spec->secrets);
    put_texts(&out, "labels", &spec->labels);
    put_texts(&out, "inputs", &spec->inputs);
    lrc_json_kint(&out, "grace_s", spec->grace_s);
    lrc_json_kint(&out, "priority", spec->priority);
    lrc_json_kint(&out, "not_before", spec->not_before_ms);
    put_texts(&out, "after", &spec->after);
    lrc_json_kint(&out, "gpus", spec->gpus);
    lrc_json_kstr(&out, "retry_of", spec->retry_of ? spec->retry_of : "");
    lrc_json_kint(&out, "attempt", spec->attempt);
    lrc_json_object_end(&out);
    return save(folder, LRC_JOB_SPEC, &text, err);
}

static int fill_spec(const lrc_json *obj, lrc_job_spec *s, lrc_err *err)
{
    if (get_text(obj, "kind", &s->kind, err) < 0 || get_text(obj, "title", &s->title, err) < 0 ||
        get_text(obj, "cwd", &s->cwd, err) < 0 || get_texts(obj, "argv", &s->argv, err) < 0 ||
        get_texts(obj, "env", &s->env, err) < 0 || get_texts(obj, "secrets", &s->secrets, err) < 0 ||
        get_texts(obj, "labels", &s->labels, err) < 0 || get_texts(obj, "inputs", &s->inputs, err) < 0 ||
        lrc_json_int(obj, "created", true, &s->created_ms, err) < 0)
        return -1;
    s->grace_s = s->gpus = -1; // files of earlier versions lack what follows
    s->attempt = 1;
    if (s->argv.count == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "argv", "'argv' is empty");
    return get_int(obj, "grace_s", &s->grace_s, err) < 0 || get_int(obj, "priority", &s->priority, err) < 0 ||
                   lrc_json_int(obj, "not_before", false, &s->not_before_ms, err) < 0 ||
                   get_texts(obj, "after", &s->after, err) < 0 || get_int(obj, "gpus", &s->gpus, err) < 0 ||
                   get_text(obj, "retry_of", &s->retry_of, err) < 0 || get_int(obj, "attempt", &s->attempt, err) < 0
               ? -1
               : 0;
}

int lrc_job_spec_read(const char *folder, lrc_job_spec *ret, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_job_spec lrc_job_spec s = {0};
    if (load(folder, LRC_JOB_SPEC, FILE_MAX, &doc, err) < 0)
        return -1;
    if (fill_spec(lrc_json_root(doc), &s, err) < 0)
        return lrc_wrap(err, "%s/" LRC_JOB_SPEC, folder);
    *ret = s;
    s = (lrc_job_spec){0};
    return 0;
}

void lrc_job_spec_done(lrc_job_spec *s)
{
    free(s->kind);
    free(s->title);
    free(s->cwd);
    lrc_strv_done(&s->argv);
    lrc_strv_done(&s->env);
    lrc_strv_done(&s->secrets);
    lrc_strv_done(&s->labels);
    lrc_strv_done(&s->inputs);
    lrc_strv_done(&s->after);
    free(s->retry_of);
    *s = (lrc_job_spec){0};
}

// ---- status.json -----------------------------------------------------------------------------------------------------

static void put_process(lrc_json_out *out, const char *key, const lrc_proc_id *id)
{
    lrc_json_key(out, key);
    lrc_json_object_begin(out);
    lrc_json_kint(out, "pid", id->pid);
    lrc_json_kint(out, "start_time", (int64_t)id->start_time);
    lrc_json_kstr(out, "boot_id", id->boot_id);
    lrc_json_object_end(out);
}

static void put_exit(lrc_json_out *out, const lrc_job_status *s)
{
    lrc_json_key(out, "exit");
    lrc_json_object_begin(out);
    if (s->exit_signal)
        lrc_json_kint(out, "signal", s->exit_signal);
    else
        lrc_json_kint(out, "code", s->exit_code);
    lrc_json_kbool(out, "oom_kill", s->oom_kill);
    lrc_json_kint(out, "left_behind", s->left_behind);
    lrc_json_kint(out, "user_ms", s->user_ms);
    lrc_json_kint(out, "system_ms", s->system_ms);
    lrc_json_kint(out, "max_rss_kib", s->max_rss_kib);
    lrc_json_object_end(out);
}

int lrc_job_status_write(const char *folder, const lrc_job_status *s, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, STATUS_MAX);
    lrc_json_out_init(&out, &text, 2);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "state", lrc_job_state_name(s->state)); // first: lrc_job_peek_final()
    lrc_json_kstr(&out, "reason", s->reason ? s->reason : "");
    lrc_json_kint(&out, "format", FORMAT);
    lrc_json_kint(&out, "started", s->started_ms);
    lrc_json_kint(&out, "ended", s->ended_ms);
    if (s->runner.pid)
        put_process(&out, "runner", &s->runner);
    if (s->child.pid)
        put_process(&out, "child", &s->child);
    if (s->cgroup && s->cgroup[0])
        lrc_json_kstr(&out, "cgroup", s->cgroup);
    if (s->exited)
        put_exit(&out, s);
    if (s->unsupervised)
        lrc_json_kbool(&out, "unsupervised", true);
    if (s->term_sent)
        lrc_json_kbool(&out, "term_sent", true);
    lrc_json_object_end(&out);
    return save(folder, LRC_JOB_STATUS, &text, err);
}

static int get_process(const lrc_json *root, const char *key, lrc_proc_id *ret, lrc_err *err)
{
    const lrc_json *obj = NULL;
    int64_t pid = 0, start = 0;
    const char *boot = "";
    if (lrc_json_object(root, key, false, &obj, err) < 0)
        return -1;
    if (!obj)
        return 0;
    if (lrc_json_int(obj, "pid", true, &pid, err) < 0 || lrc_json_int(obj, "start_time", true, &start, err) < 0 ||
        lrc_json_str(obj, "boot_id", true, &boot, err) < 0)
        return -1;
    ret->pid = (pid_t)pid;
    ret->start_time = (uint64_t)start;
    snprintf(ret->boot_id, sizeof ret->boot_id, "%s", boot);
    return 0;
}

static int get_exit(const lrc_json *root, lrc_job_status *s, lrc_err *err)
{
    const lrc_json *obj = NULL;
    if (lrc_json_object(root, "exit", false, &obj, err) < 0)
        return -1;
    if (!obj)
        return 0;
    s->exited = true;
    s->exit_code = -1;
    return get_int(obj, "code", &s->exit_code, err) < 0 || get_int(obj, "signal", &s->exit_signal, err) < 0 ||
                   get_int(obj, "left_behind", &s->left_behind, err) < 0 ||
                   lrc_json_bool(obj, "oom_kill", false, &s->oom_kill, err) < 0 ||
                   lrc_json_int(obj, "user_ms", false, &s->user_ms, err) < 0 ||
                   lrc_json_int(obj, "system_ms", false, &s->system_ms, err) < 0 ||
                   lrc_json_int(obj, "max_rss_kib", false, &s->max_rss_kib, err) < 0
               ? -1
               : 0;
}

static int fill_status(const lrc_json *root, lrc_job_status *s, lrc_err *err)
{
    const char *state = "";
    return lrc_json_str(root, "state", true, &state, err) < 0 || parse_state(state, &s->state, err) < 0 ||
                   get_text(root, "reason", &s->reason, err) < 0 || get_text(root, "cgroup", &s->cgroup, err) < 0 ||
                   lrc_json_int(root, "started", false, &s->started_ms, err) < 0 ||
                   lrc_json_int(root, "ended", false, &s->ended_ms, err) < 0 ||
                   get_process(root, "runner", &s->runner, err) < 0 || get_process(root, "child", &s->child, err) < 0 ||
                   get_exit(root, s, err) < 0 ||
                   lrc_json_bool(root, "unsupervised", false, &s->unsupervised, err) < 0 ||
                   lrc_json_bool(root, "term_sent", false, &s->term_sent, err) < 0
               ? -1
               : 0;
}

int lrc_job_status_read(const char *folder, lrc_job_status *ret, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_job_status lrc_job_status s = {0};
    lrc_err why = LRC_ERR_INIT;
    if (load(folder, LRC_JOB_STATUS, STATUS_MAX, &doc, &why) < 0) {
        if (why.code != LRC_ERR_NOT_FOUND) {
            if (err)
                *err = why;
            return -1;
        }
        if (lrc_job_status_set_reason(&s, "", err) < 0 || lrc_str_copy(&s.cgroup, "", err) < 0)
            return -1;
    } else if (fill_status(lrc_json_root(doc), &s, err) < 0) {
        return lrc_wrap(err, "%s/" LRC_JOB_STATUS, folder);
    }
    *ret = s;
    s = (lrc_job_status){0};
    return 0;
}

void lrc_job_status_done(lrc_job_status *s)
{
    free(s->reason);
    free(s->cgroup);
    *s = (lrc_job_status){0};
}

int lrc_job_status_set_reason(lrc_job_status *s, const char *reason, lrc_err *err)
{
    char *copy = NULL;
    if (lrc_str_copy(&copy, reason, err) < 0)
        return -1;
    free(s->reason);
    s->reason = copy;
    return 0;
}

bool lrc_job_peek_final(const char *folder)
{
    static const char beginning[] = "{\n  \"state\": \"";
    lrc_auto_free char *path = NULL;
    char text[64] = "";
    if (lrc_path_join(&path, folder, LRC_JOB_STATUS, NULL) < 0)
        return false;
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0 || !lrc_str_starts(text, beginning))
        return false;
    char *word = text + strlen(beginning);
    word[strcspn(word, "\"")] = '\0';
    lrc_job_state s;
    return parse_state(word, &s, NULL) == 0 && lrc_job_state_final(s);
}

// ---- stop.json -------------------------------------------------------------------------------------------------------

void lrc_job_stop_read(const char *folder, lrc_job_stop_request *ret)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_job_stop_request s = {.asked = true};
    const char *reason = "";
    *ret = (lrc_job_stop_request){0};
    if (load(folder, LRC_JOB_STOP, STATUS_MAX, &doc, NULL) < 0)
        return;
    const lrc_json *root = lrc_json_root(doc);
    if (lrc_json_int(root, "asked", true, &s.asked_ms, NULL) < 0 || get_int(root, "grace_s", &s.grace_s, NULL) < 0 ||
        get_int(root, "times", &s.times, NULL) < 0 || lrc_json_str(root, "reason", false, &reason, NULL) < 0)
        return;
    snprintf(s.reason, sizeof s.reason, "%s", reason);
    *ret = s;
}

int lrc_job_stop_write(const char *folder, const lrc_job_stop_request *s, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, STATUS_MAX);
    lrc_json_out_init(&out, &text, 2);
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "asked", s->asked_ms);
    lrc_json_kint(&out, "grace_s", s->grace_s);
    lrc_json_kint(&out, "times", s->times);
    lrc_json_kstr(&out, "reason", s->reason);
    lrc_json_object_end(&out);
    return save(folder, LRC_JOB_STOP, &text, err);
}
