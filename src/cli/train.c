// SPDX-License-Identifier: MIT
#include <string.h>

#include "base/fs.h"
#include "check/past.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cmdline/cmdline.h"
#include "job/queue.h"
#include "job/show.h"
#include "train/start.h"

static int print_job(const lrc_job *job, const lrc_train_run *r, const lrc_findings *findings, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, 16 << 20);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", job->id);
    lrc_json_key(&out, "job");
    if (lrc_job_put(job, NULL, LRC_JOB_PUT_WHOLE, &out, err) < 0)
        return -1;
    lrc_json_key(&out, "findings");
    lrc_json_put_findings(&out, findings);
    lrc_json_key(&out, "corrections");
    lrc_train_put_corrections(&r->output, &out);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

struct training {
    lrc_common common;
    lrc_workspace w;
    lrc_settings *s;
    lrc_train_run run;
    lrc_findings findings;
    lrc_check_report report;
    char id[LRC_ID_MAX + 1];
    bool detach, check_only;
    lrc_strv after; // as typed
    int64_t priority;
};

static int start(struct training *t, const char *file, lrc_err *err)
{
    lrc_auto_free char *text = NULL;
    size_t n;
    if (lrc_workspace_open(t->common.workspace, false, &t->w, err) < 0 || lrc_settings_load(&t->w, &t->s, err) < 0 ||
        lrc_fs_read(file, LRC_TRAIN_REQUEST_MAX, &text, &n, err) < 0)
        return -1;
    if (lrc_train_prepare(&t->w, t->s, text, n, &t->run, &t->findings, err) < 0)
        return lrc_wrap(err, "%s", file);
    if (t->priority)
        t->run.turn.priority = (int)t->priority;
    for (size_t i = 0; i < t->after.count; i++) {
        char id[LRC_ID_MAX + 1];
        if (lrc_job_find(&t->w, t->after.item[i], id, err) < 0 || lrc_strv_push(&t->run.turn.after, id, err) < 0)
            return -1;
    }
    const lrc_check_options options = {0};
    if (lrc_cli_check_run(&t->w, t->s, &t->run, &t->common, &options, &t->report, &t->findings, err) < 0)
        return -1;
    if (t->check_only)
        return 0;
    if (lrc_past_keep(&t->report, &t->run, err) < 0)
        return -1;
    return lrc_train_submit(&t->w, t->s, &t->run, &t->findings, t->id, err);
}

// Follow the job to its end (or only see it started), then say how it is. Returns the exit code, -1 for an error.
static int watch(struct training *t, lrc_err *err)
{
    const bool silent = t->common.json || t->common.quiet;
    if (!silent) {
        lrc_cmdline_findings(&t->common, &t->findings);
        for (size_t i = 0; i < t->run.output.correction_count; i++)
            fprintf(stderr, "corrected: %s: %s\n", t->run.output.correction[i].field, t->run.output.correction[i].why);
        fprintf(stderr, "job %s\n", t->id);
    }
    bool over = false;
    if (t->detach) {
        if (lrc_job_schedule_once(&t->w, err) < 0)
            return -1;
    } else {
        const lrc_cli_follow_options follow = {
            .out = silent ? NULL : stdout, .stays = true, .schedules = true, .stop_on_ctrl_c = true};
        if (lrc_cli_follow(&t->w, t->id, &follow, &over, err) < 0)
            return -1;
    }
    lrc_auto_job lrc_job job = {0};
    if (lrc_job_load(&t->w, t->id, &job, err) < 0)
        return -1;
    if (t->common.json) {
        const int printed = print_job(&job, &t->run, &t->findings, err);
        if (printed)
            return printed;
    } else if (over) {
        lrc_cli_job_say_end(&job);
        if (job.status.state == LRC_JOB_COMPLETED)
            printf("%s/%s\n", t->run.output.output_dir, t->run.output.saved_file);
    } else if (!t->common.quiet) {
        printf("%s\n", t->id);
    }
    return over ? lrc_cli_job_exit_code(job.status.state) : 0;
}

int lrc_cli_train(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "train",
        "REQUEST.json",
        "Train as a request says, as a job that survives this terminal.",
        "The request, both TOML files and a fingerprint of the images are kept with the job, so later "
        "edits do not reach it.\nCtrl-C stops the job; closing the terminal does not.",
        1,
        1};
    struct training t = {0};
    const lrc_opt opts[] = {
        {"check-only", 0, LRC_OPT_FLAG, &t.check_only, NULL, "only tell what it would do, as 'lorica check'", 0, 0,
         NULL},
        {"detach", 'd', LRC_OPT_FLAG, &t.detach, NULL, "start it and print its id, without watching", 0, 0, NULL},
        {"after", 0, LRC_OPT_LIST, &t.after, "ID", "start when this job has completed; may be given again", 0, 0, NULL},
        {"priority", 'p', LRC_OPT_INT, &t.priority, "N", "before jobs of a lower one", -LRC_QUEUE_PRIORITY_MAX,
         LRC_QUEUE_PRIORITY_MAX, NULL},
    };
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &t.common, &args, &err) < 0)
        return lrc_cmdline_fail(&t.common, &err);
    if (t.common.help)
        return 0;
    int code;
    if (start(&t, args.item[0], &err) < 0) {
        code = lrc_cmdline_fail_findings(&t.common, &err, &t.findings);
    } else if (t.check_only) {
        code = lrc_cli_check_show(&t.common, &t.run, &t.report, &t.findings);
    } else {
        code = watch(&t, &err);
        if (code < 0)
            code = lrc_cmdline_fail(&t.common, &err);
    }
    lrc_findings_done(&t.findings);
    lrc_strv_done(&t.after);
    lrc_check_report_done(&t.report);
    lrc_train_run_done(&t.run);
    lrc_settings_free(t.s);
    lrc_workspace_done(&t.w);
    return code;
}
