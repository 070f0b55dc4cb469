// SPDX-License-Identifier: MIT
// The trainer's command line, folder and environment.
#include <string.h>

#include "base/path.h"
#include "train/plan.h"

static int add_env(lrc_train_output *out, const char *name, const char *secret, lrc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static int add_env(lrc_train_output *out, const char *name, const char *secret, lrc_err *err, const char *fmt, ...)
{
    lrc_train_env *e = &out->env[out->env_count];
    *e = (lrc_train_env){.name = name, .secret = secret};
    if (!secret) {
        va_list ap;
        va_start(ap, fmt);
        const int made = vasprintf(&e->value, fmt, ap);
        va_end(ap);
        if (made < 0) {
            e->value = NULL;
            return lrc_fail_memory(err);
        }
    }
    out->env_count++;
    return 0;
}

// Fields that go into the environment are secrets: the value is left to whoever starts the process.
static int add_secrets(train_plan *p, lrc_train_output *out, lrc_err *err)
{
    for (int i = LRC_FIELD_NONE + 1; i < LRC_FIELD_MAX_; i++) {
        const lrc_train_field *f = lrc_train_field_get((lrc_field_id)i);
        if (f->place[0].in == LRC_IN_ENV && lrc_value_filled(lrc_train_get(p->request, (lrc_field_id)i)) &&
            add_env(out, f->place[0].key, f->name, err, "%s", "") < 0)
            return -1;
    }
    return 0;
}

static int add_environment(train_plan *p, lrc_train_output *out, lrc_err *err)
{
    const char *path = p->options->python_path ? p->options->python_path : "";
    const char *warnings = p->options->python_warnings ? p->options->python_warnings : "";
    lrc_auto_free char *backend = NULL; // where lycoris and LoraEasyCustomOptimizer lie
    if (lrc_path_parent(&backend, p->sd_scripts, err) < 0 || add_env(out, "PYTHONUNBUFFERED", NULL, err, "1") < 0 ||
        add_env(out, "PYTHONIOENCODING", NULL, err, "utf-8") < 0 || add_env(out, "PYTHONUTF8", NULL, err, "1") < 0 ||
        add_env(out, "PYTHONPATH", NULL, err, "%s:%s/custom_scheduler%s%s", backend, backend, path[0] ? ":" : "",
                path) < 0)
        return -1;
    return add_env(out, "PYTHONWARNINGS", NULL, err, "ignore::SyntaxWarning%s%s", warnings[0] ? "," : "", warnings);
}

// The words that start the trainer: Python and the script, or our own worker.
static int add_program(train_plan *p, lrc_strv *argv, lrc_err *err)
{
    const lrc_train_options *o = p->options;
    lrc_auto_free char *script = NULL;
    if (p->family->native)
        return lrc_strv_push(argv, o->worker ? o->worker : "lorica-worker", err) < 0
                   ? -1
                   : lrc_strv_push(argv, "train-native", err);
    if (lrc_path_join(&script, p->sd_scripts, lrc_script_file(p->script), err) < 0 ||
        lrc_strv_push(argv, o->python ? o->python : "python", err) < 0 || lrc_strv_push(argv, "-u", err) < 0)
        return -1;
    return lrc_strv_push(argv, script, err);
}

static int add_arguments(train_plan *p, lrc_train_output *out, lrc_err *err)
{
    const lrc_train_options *o = p->options;
    lrc_auto_free char *config_dir = NULL;
    lrc_strv *argv = &out->argv;
    if (lrc_path_join(&config_dir, p->root, o->config_dir ? o->config_dir : "config", err) < 0)
        return -1;
    if (add_program(p, argv, err) < 0 || lrc_strv_push(argv, "--config_file", err) < 0 ||
        lrc_strv_pushf(argv, err, "%s/%s_config.toml", config_dir, out->name) < 0 ||
        lrc_strv_push(argv, "--dataset_config", err) < 0 ||
        lrc_strv_pushf(argv, err, "%s/%s_dataset.toml", config_dir, out->name) < 0 ||
        lrc_strv_push(argv, "--output_dir", err) < 0 || lrc_strv_push(argv, p->output, err) < 0 ||
        lrc_strv_push(argv, "--output_name", err) < 0 || lrc_strv_push(argv, p->saved_name, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof p->family->script_args / sizeof p->family->script_args[0]; i++)
        if (p->family->script_args[i] && lrc_strv_push(argv, p->family->script_args[i], err) < 0)
            return -1;
    return 0;
}

int train_launch(train_plan *p, lrc_train_output *out, lrc_err *err)
{
    out->launchable = p->script != LRC_SCRIPT_NONE;
    if (lrc_str_copy(&out->cwd, p->family->native ? p->root : p->sd_scripts, err) < 0)
        return -1;
    if (out->launchable && add_arguments(p, out, err) < 0)
        return -1;
    if (!p->family->native && add_environment(p, out, err) < 0)
        return -1;
    return add_secrets(p, out, err);
}
