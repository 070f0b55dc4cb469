// SPDX-License-Identifier: MIT
#include "job/child.h"

#include <fcntl.h>
#include <string.h>

#include "base/path.h"
#include "job/queue.h"
#include "proc/env.h"
#include "proc/tree.h"
#include "settings/settings.h"

#define OOM_SCORE_ADJ 300   // the kernel shall rather kill the child than its keeper
#define COLUMNS       "200" // loggers break lines at the width of a terminal, 80 where there is none: paths would be torn
#define OPEN_FILES    65536 // data loaders with several workers open many

// W of W/.lorica/jobs/<id>.
static int open_workspace(const char *folder, lrc_workspace *ret, lrc_err *err)
{
    lrc_auto_free char *jobs = NULL, *state = NULL, *root = NULL;
    if (lrc_path_parent(&jobs, folder, err) < 0 || lrc_path_parent(&state, jobs, err) < 0 ||
        lrc_path_parent(&root, state, err) < 0)
        return -1;
    return lrc_workspace_open(root, false, ret, err);
}

// Set NAME of "NAME=VALUE" to `value`, or to VALUE when that is NULL.
static int set_pair(lrc_strv *env, const char *pair, const char *value, lrc_err *err)
{
    lrc_auto_free char *name = NULL;
    const char *equals = strchr(pair, '=');
    if (!equals)
        return lrc_fail_field(err, LRC_ERR_INVALID, "env", "'%s' is not NAME=VALUE", pair);
    if (lrc_str_copy_n(&name, pair, (size_t)(equals - pair), err) < 0)
        return -1;
    return lrc_proc_env_set(env, name, value ? value : equals + 1, err);
}

static int add_secrets(const lrc_strv *secrets, const lrc_workspace *ws, lrc_strv *env, lrc_err *err)
{
    lrc_auto_settings lrc_settings *settings = NULL;
    if (secrets->count == 0)
        return 0;
    if (lrc_settings_load(ws, &settings, err) < 0)
        return -1;
    for (size_t i = 0; i < secrets->count; i++) {
        const char *equals = strchr(secrets->item[i], '=');
        const lrc_setting *row = equals ? lrc_settings_find(equals + 1) : NULL;
        if (!row || row->kind != LRC_SETTING_SECRET)
            return lrc_fail_field(err, LRC_ERR_INVALID, "secrets", "'%s' names no secret setting", secrets->item[i]);
        const char *value = lrc_settings_text(settings, row->key);
        if (value[0] &&
            set_pair(env, secrets->item[i], value, err) < 0) // not set: it runs without, as it would by hand
            return -1;
    }
    return 0;
}

static bool has_name(const lrc_strv *env, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < env->count; i++)
        if (strncmp(env->item[i], name, n) == 0 && env->item[i][n] == '=')
            return true;
    return false;
}

int lrc_job_child_env(const char *folder, const lrc_job_spec *spec, const lrc_job_kind *kind, lrc_strv *ret,
                      lrc_err *err)
{
    lrc_auto_workspace lrc_workspace ws = {0};
    if (open_workspace(folder, &ws, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->env.count; i++)
        if (set_pair(ret, spec->env.item[i], NULL, err) < 0)
            return -1;
    if (lrc_proc_env_inherit(ret, kind->env, err) < 0 || lrc_proc_env_inherit(ret, lrc_job_env_common(), err) < 0 ||
        add_secrets(&spec->secrets, &ws, ret, err) < 0)
        return -1;
    if (!has_name(ret, "COLUMNS") && lrc_proc_env_set(ret, "COLUMNS", COLUMNS, err) < 0)
        return -1;
    char gpus[LRC_QUEUE_GPU_NAMES];
    lrc_queue_slot_read(folder, gpus);
    if (gpus[0] && lrc_proc_env_set(ret, "CUDA_VISIBLE_DEVICES", gpus, err) < 0)
        return -1;
    return lrc_proc_env_set(ret, "PYTHONUTF8", "1", err) < 0 ||
                   lrc_proc_env_set(ret, "LORICA_WORKSPACE", ws.root, err) < 0 ||
                   lrc_proc_env_set(ret, "LORICA_JOB", folder, err) < 0 // lrc_job_mark()
               ? -1
               : 0;
}

static int spawn(const char *folder, const lrc_job_spec *spec, const lrc_job_kind *kind, const char *cgroup,
                 lrc_proc *ret, lrc_err *err)
{
    static const lrc_proc_limit limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, OPEN_FILES}};
    lrc_auto_strv lrc_strv env = {0};
    lrc_auto_free char *log = NULL, *self = NULL;
    lrc_auto_close int door = lrc_proc_cgroup_door(cgroup);
    if (lrc_job_child_env(folder, spec, kind, &env, err) < 0 || lrc_path_join(&log, folder, LRC_JOB_LOG, err) < 0 ||
        (kind->own && lrc_proc_self(&self, err) < 0))
        return -1;
    lrc_auto_close int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (out < 0)
        return lrc_fail_errno(err, "cannot write the log '%s'", log);
    const lrc_proc_options o = {.exe = self,
                                .argv = spec->argv.item,
                                .env = env.item,
                                .cwd = spec->cwd,
                                .in = LRC_PROC_NULL,
                                .out = out,
                                .err = out,
                                .group = LRC_PROC_GROUP_OWN,
                                .held = true,
                                .limits = limits,
                                .limit_count = sizeof limits / sizeof limits[0],
                                .oom_score_adj = OOM_SCORE_ADJ,
                                .cgroup = door};
    return lrc_proc_spawn(&o, ret, err);
}

int lrc_job_child_fork(const char *folder, const lrc_job_spec *spec, const lrc_job_kind *kind, lrc_proc *ret,
                       char **ret_cgroup, lrc_err *err)
{
    lrc_auto_free char *name = NULL, *cgroup = NULL, *none = NULL;
    if (lrc_str_format(&name, err, "lorica-%s", lrc_path_name(folder)) < 0 || lrc_str_copy(&none, "", err) < 0 ||
        lrc_proc_cgroup_make(name, &cgroup, err) < 0)
        return -1;
    if (spawn(folder, spec, kind, cgroup, ret, err) < 0) {
        lrc_proc_cgroup_remove(cgroup);
        return -1;
    }
    *ret_cgroup = cgroup ? lrc_take(cgroup) : lrc_take(none);
    return 0;
}
