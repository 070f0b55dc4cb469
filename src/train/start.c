// SPDX-License-Identifier: MIT
#include "train/start.h"

#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "job/queue.h"
#include "proc/spawn.h"
#include "toml/toml.h"
#include "train/native.h"
#include "train/snapshot.h"

#define SNAPSHOT_MAX (256 << 20) // a fingerprint of a million files
#define INPUTS       5

void lrc_train_run_done(lrc_train_run *r)
{
    lrc_train_request_free(r->request);
    lrc_train_output_done(&r->output);
    lrc_trainer_done(&r->trainer);
    free(r->snapshot);
    free(r->estimate);
    free(r->wandb_key);
    lrc_strv_done(&r->turn.after);
    *r = (lrc_train_run){0};
}

static int read_request(const char *json, size_t n, lrc_train_run *r, lrc_findings *findings, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_buf lrc_buf clean;
    lrc_buf_init(&clean, LRC_TRAIN_REQUEST_MAX * 2);
    if (lrc_json_parse(json, n, &doc, err) < 0 ||
        lrc_train_request_parse(lrc_json_root(doc), &r->request, findings, err) < 0 ||
        lrc_job_turn_read(lrc_json_root(doc), &r->turn, err) < 0 ||
        lrc_train_without_secrets(lrc_json_root(doc), &clean, &r->wandb_key, err) < 0)
        return -1;
    return lrc_buf_take(&clean, "the request", &r->snapshot, &r->snapshot_len, err);
}

static int generate(const lrc_workspace *w, const lrc_settings *s, lrc_train_run *r, lrc_findings *findings,
                    lrc_err *err)
{
    if (lrc_trainer_find(w, s, &r->trainer, err) < 0)
        return -1;
    lrc_auto_free char *worker = NULL;
    const bool native = lrc_family_get(lrc_train_family(r->request))->native;
    if (native && lrc_proc_sibling("lorica-worker", &worker, err) < 0)
        return -1;
    const lrc_train_options options = {
        .profile = LRC_PROFILE_STUDIO,
        .root = w->root,
        .sd_scripts = r->trainer.sd_scripts,
        .python = r->trainer.python,
        .worker = worker,
        .path_map = lrc_settings_text(s, "trainer.path_map"),
        .python_path = getenv("PYTHONPATH"),
        .python_warnings = getenv("PYTHONWARNINGS"),
    };
    if (lrc_train_generate(r->request, &options, &r->output, findings, err) < 0)
        return -1;
    const bool ask = native && r->output.launchable && lrc_findings_errors(findings) == 0;
    return ask ? train_native_check(worker, &r->output, findings, err) : 0;
}

int lrc_train_prepare(const lrc_workspace *w, const lrc_settings *s, const char *json, size_t n, lrc_train_run *ret,
                      lrc_findings *findings, lrc_err *err)
{
    lrc_train_run r = {0};
    if (read_request(json, n, &r, findings, err) < 0 || generate(w, s, &r, findings, err) < 0) {
        lrc_train_run_done(&r);
        return -1;
    }
    *ret = r;
    return 0;
}

// The trainer's command line with the snapshot's files in the place of those in W/config.
static int own_arguments(const lrc_train_run *r, lrc_strv *argv, lrc_err *err)
{
    static const char *const replaced[] = {"--config_file", "--dataset_config"};
    static const char *const name[] = {LRC_JOB_FOLDER "/inputs/config.toml", LRC_JOB_FOLDER "/inputs/dataset.toml"};
    const lrc_strv *plan = &r->output.argv;
    for (size_t i = 0; i < plan->count; i++) {
        const char *word = plan->item[i];
        for (size_t k = 0; k < sizeof name / sizeof name[0]; k++)
            if (i > 0 && strcmp(plan->item[i - 1], replaced[k]) == 0)
                word = name[k];
        if (lrc_strv_push(argv, word, err) < 0)
            return -1;
    }
    return 0;
}

// Weights & Biases is logged to when the request says so; its key comes from the settings.
static bool wants_wandb(const lrc_settings *s, const lrc_train_run *r)
{
    const lrc_train_value *with = lrc_train_get(r->request, LRC_FIELD_log_with);
    const bool logs = lrc_value_is(with, "wandb") || lrc_value_is(with, "all");
    return r->wandb_key || (logs && lrc_settings_is_set(s, "wandb.key"));
}

static int environment(const lrc_settings *s, const lrc_train_run *r, lrc_job_request *job, lrc_err *err)
{
    for (size_t i = 0; i < r->output.env_count; i++) {
        const lrc_train_env *e = &r->output.env[i];
        if (!e->secret && lrc_strv_pushf(&job->env, err, "%s=%s", e->name, e->value) < 0)
            return -1;
    }
    if (wants_wandb(s, r))
        return lrc_strv_push(&job->secrets, "WANDB_API_KEY=wandb.key", err);
    return 0;
}

// The folder that the trainer writes its TensorBoard files to, as its configuration has it.
static int label_events(const lrc_train_run *r, lrc_job_request *job, lrc_err *err)
{
    lrc_auto_toml_doc lrc_toml_doc *config = NULL;
    if (lrc_toml_parse(r->output.config_toml, r->output.config_len, &config, err) < 0)
        return -1;
    const lrc_toml *dir = lrc_toml_get(lrc_toml_root(config), "logging_dir");
    return dir && dir->type == LRC_TOML_STRING ? lrc_strv_pushf(&job->labels, err, "events=%s", dir->text) : 0;
}

static int fill_job(const lrc_settings *s, const lrc_train_run *r, lrc_job_request *job, lrc_err *err)
{
    if (own_arguments(r, &job->argv, err) < 0 || environment(s, r, job, err) < 0 ||
        lrc_strv_pushf(&job->labels, err, "project=%s", r->output.name) < 0 ||
        lrc_strv_pushf(&job->labels, err, "result=%s/%s", r->output.output_dir, r->output.saved_file) < 0)
        return -1;
    return label_events(r, job, err);
}

static int blocked(const lrc_findings *findings, lrc_err *err)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->item[i].severity == LRC_FINDING_ERROR)
            return lrc_fail_field(err, LRC_ERR_INVALID, findings->item[i].field, "not started, %zu error%s: %s",
                                  lrc_findings_errors(findings), lrc_findings_errors(findings) == 1 ? "" : "s, first",
                                  findings->item[i].message);
    return 0;
}

int lrc_train_submit(const lrc_workspace *w, const lrc_settings *s, const lrc_train_run *r,
                     const lrc_findings *findings, char ret_id[static LRC_ID_MAX + 1], lrc_err *err)
{
    if (blocked(findings, err) < 0)
        return -1;
    if (!r->output.launchable)
        return lrc_fail(err, LRC_ERR_NOT_BUILT, "sd-scripts has no script for this family and training mode");
    const char *script =
        lrc_script_file(lrc_family_script(lrc_train_family(r->request), lrc_train_mode_of(r->request)));
    lrc_auto_free char *title = NULL, *config_dir = NULL;
    lrc_auto_buf lrc_buf fingerprint;
    lrc_buf_init(&fingerprint, SNAPSHOT_MAX);
    const bool native = lrc_family_get(lrc_train_family(r->request))->native; // needs no sd-scripts
    if ((!native && lrc_trainer_check(&r->trainer, script, err) < 0) ||
        lrc_train_fingerprint(&r->output.image_dirs, &fingerprint, err) < 0 ||
        lrc_str_format(&title, err, "train %s", r->output.name) < 0 ||
        lrc_workspace_path(w, "config", &config_dir, err) < 0)
        return -1;
    if (r->wandb_key && lrc_settings_write(w, "wandb.key", r->wandb_key, err) < 0)
        return lrc_wrap(err, "cannot keep wandb_key in the settings");
    if (lrc_fs_mkdirs(r->output.output_dir, err) < 0 || lrc_train_write(&r->output, config_dir, NULL, NULL, err) < 0)
        return -1;
    const lrc_job_input inputs[INPUTS] = {
        {"request.json", r->snapshot, r->snapshot_len},
        {"config.toml", r->output.config_toml, r->output.config_len},
        {"dataset.toml", r->output.dataset_toml, r->output.dataset_len},
        {"images.json", fingerprint.data, fingerprint.len},
        {"estimate.json", r->estimate ? r->estimate : "", r->estimate ? strlen(r->estimate) : 0},
    };
    lrc_job_request job = {.kind = "training",
                           .title = title,
                           .cwd = r->output.cwd,
                           .inputs = inputs,
                           .input_count = r->estimate ? INPUTS : INPUTS - 1,
                           .grace_s = -1,
                           .turn = r->turn};
    job.turn.no_gpu = native;
    int result = fill_job(s, r, &job, err);
    if (result == 0)
        result = lrc_job_submit(w, &job, ret_id, err);
    lrc_strv_done(&job.argv);
    lrc_strv_done(&job.env);
    lrc_strv_done(&job.secrets);
    lrc_strv_done(&job.labels);
    return result;
}
