// SPDX-License-Identifier: MIT
// lorica trainer status|connect|install
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/follow.h"
#include "cmdline/cmdline.h"
#include "job/job.h"
#include "train/install.h"
#include "train/trainer.h"

#define JSON_MAX (1 << 20)

struct state {
    lrc_trainer trainer;
    lrc_trainer_probe probe;
    char *revision;
    bool probed;
    char missing[LRC_ERR_MSG_SIZE]; // what is not there; "" when training can start
};

static void state_done(struct state *s)
{
    lrc_trainer_done(&s->trainer);
    lrc_trainer_probe_done(&s->probe);
    free(s->revision);
}

static int read_state(const lrc_workspace *w, struct state *s, lrc_err *err)
{
    lrc_auto_settings lrc_settings *settings = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (lrc_settings_load(w, &settings, err) < 0 || lrc_trainer_find(w, settings, &s->trainer, err) < 0)
        return -1;
    if (s->trainer.sd_scripts && lrc_trainer_revision(s->trainer.sd_scripts, &s->revision, err) < 0)
        return -1;
    if (lrc_trainer_check(&s->trainer, NULL, &why) < 0 || lrc_trainer_probe_read(&s->trainer, &s->probe, &why) < 0) {
        snprintf(s->missing, sizeof s->missing, "%s", why.msg);
        return 0;
    }
    s->probed = true;
    for (size_t i = 0; i < s->probe.package_count; i++)
        if (s->probe.package[i].needed && !s->probe.package[i].version[0] && !s->missing[0])
            snprintf(s->missing, sizeof s->missing, "the Python package %s is not installed (%s)",
                     s->probe.package[i].name, s->probe.package[i].why);
    return 0;
}

static int print_json(const struct state *s)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kbool(&out, "ready", s->missing[0] == '\0');
    lrc_json_kstr(&out, "missing", s->missing[0] ? s->missing : NULL);
    lrc_json_kstr(&out, "sd_scripts", s->trainer.sd_scripts);
    lrc_json_kstr(&out, "revision", s->revision);
    lrc_json_kbool(&out, "tried_revision", s->revision && strcmp(s->revision, LRC_SD_SCRIPTS_REVISION) == 0);
    lrc_json_kstr(&out, "python", s->trainer.python);
    lrc_json_kstr(&out, "python_version", s->probed ? s->probe.python_version : NULL);
    lrc_json_key(&out, "packages");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < s->probe.package_count; i++) {
        const lrc_trainer_package *p = &s->probe.package[i];
        lrc_json_object_begin(&out);
        lrc_json_kstr(&out, "name", p->name);
        lrc_json_kbool(&out, "needed", p->needed);
        lrc_json_kstr(&out, "version", p->version[0] ? p->version : NULL);
        lrc_json_kstr(&out, "why", p->why);
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

static void print_text(const struct state *s)
{
    printf("sd-scripts  %s\n", s->trainer.sd_scripts ? s->trainer.sd_scripts : "not found");
    if (s->revision)
        printf("revision    %.12s%s\n", s->revision,
               strcmp(s->revision, LRC_SD_SCRIPTS_REVISION) == 0 ? ""
                                                                 : " (Lorica was tried with "
                                                                   "48d368fa5577"
                                                                   ")");
    printf("Python      %s%s%s\n", s->trainer.python ? s->trainer.python : "not found", s->probed ? ", version " : "",
           s->probed ? s->probe.python_version : "");
    for (size_t i = 0; i < s->probe.package_count; i++) {
        const lrc_trainer_package *p = &s->probe.package[i];
        printf("  %-24s %-14s %s%s\n", p->name, p->version[0] ? p->version : "-",
               p->needed ? "" : "optional: ", p->why);
    }
    printf("%s\n", s->missing[0] ? s->missing : "ready to train");
}

static int show(const lrc_common *common, const lrc_workspace *w, lrc_err *err)
{
    struct state s = {0};
    int code = -1;
    if (read_state(w, &s, err) == 0) {
        code = s.missing[0] ? lrc_err_exit_code(LRC_ERR_TRAINER_MISSING) : 0;
        if (common->json) {
            const int printed = print_json(&s);
            code = printed ? printed : code;
        } else {
            print_text(&s);
        }
    }
    state_done(&s);
    return code;
}

int lrc_cli_trainer_status(int argc, char **argv)
{
    static const lrc_cmd cmd = {"trainer status",
                                "",
                                "Which trainer is connected, and what it lacks.",
                                "Ends with 0 when a training could start, with 4 when something is missing.",
                                0,
                                0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    const int code = lrc_workspace_open(common.workspace, false, &w, &err) < 0 ? -1 : show(&common, &w, &err);
    return code < 0 ? lrc_cmdline_fail(&common, &err) : code;
}

int lrc_cli_trainer_connect(int argc, char **argv)
{
    static const lrc_cmd cmd = {"trainer connect",
                                "DIR",
                                "Train with the sd-scripts in this folder.",
                                "DIR holds train_network.py, or a folder sd-scripts that does (kohya_ss). Python is "
                                "the environment inside of it "
                                "unless it is named. Both are tried before the settings are written.",
                                1,
                                1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_workspace lrc_workspace w = {0};
    const char *python = NULL;
    lrc_err err = LRC_ERR_INIT;
    const lrc_opt opts[] = {
        {"python", 0, LRC_OPT_STR, &python, "PATH", "the Python that runs it", 0, 0, NULL},
    };
    if (lrc_cmdline_parse(&cmd, opts, 1, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_open(common.workspace, false, &w, &err) < 0 ||
        lrc_trainer_connect(&w, args.item[0], python, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    const int code = show(&common, &w, &err);
    return code < 0 ? lrc_cmdline_fail(&common, &err) : 0; // connected, even when packages are missing
}

// ---- install ---------------------------------------------------------------------------------------------------------

static void print_plan(const lrc_install_plan *p)
{
    printf("This would be done, as a job:\n");
    for (size_t i = 0; i < p->count; i++) {
        printf("%zu. %s\n   ", i + 1, p->step[i].what);
        for (size_t k = 0; k < p->step[i].argv.count; k++)
            printf(" %s", p->step[i].argv.item[k]);
        printf("\n");
    }
    printf(
        "%zu. connect it: settings trainer.sd_scripts and trainer.python\n\n'lorica trainer install --yes' does it.\n",
        p->count + 1);
}

static int print_plan_json(const lrc_install_plan *p)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "folder", p->folder);
    lrc_json_kstr(&out, "revision", LRC_SD_SCRIPTS_REVISION);
    lrc_json_key(&out, "steps");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < p->count; i++) {
        lrc_json_object_begin(&out);
        lrc_json_kstr(&out, "what", p->step[i].what);
        lrc_json_key(&out, "command");
        lrc_json_array_begin(&out);
        for (size_t k = 0; k < p->step[i].argv.count; k++)
            lrc_json_put_str(&out, p->step[i].argv.item[k]);
        lrc_json_array_end(&out);
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

static int submit(const lrc_common *common, const lrc_workspace *w, const char *python, bool detach, lrc_err *err)
{
    lrc_job_request job = {.kind = "trainer_install", .grace_s = -1};
    char id[LRC_ID_MAX + 1];
    bool over = false;
    int result = lrc_strv_push(&job.argv, "lorica", err);
    const char *const words[] = {"trainer", "install", "--here", "--python", python};
    for (size_t i = 0; result == 0 && i < sizeof words / sizeof words[0]; i++)
        result = lrc_strv_push(&job.argv, words[i], err);
    if (result == 0)
        result = lrc_job_submit(w, &job, id, err);
    lrc_strv_done(&job.argv);
    if (result < 0)
        return -1;
    printf("%s\n", id);
    if (detach)
        return lrc_job_schedule_once(w, err) < 0 ? -1 : 0;
    const lrc_cli_follow_options follow = {
        .out = common->json || common->quiet ? NULL : stdout, .stays = true, .schedules = true, .stop_on_ctrl_c = true};
    if (lrc_cli_follow(w, id, &follow, &over, err) < 0)
        return -1;
    lrc_auto_job lrc_job ended = {0};
    if (lrc_job_load(w, id, &ended, err) < 0)
        return -1;
    return lrc_cli_job_exit_code(ended.status.state);
}

static void say(const char *line)
{
    printf("== %s\n", line);
    fflush(stdout);
}

int lrc_cli_trainer_install(int argc, char **argv)
{
    static const lrc_cmd cmd = {"trainer install",
                                "",
                                "Bring sd-scripts and a Python environment, on request.",
                                "Says what it would do; with --yes a job does it, into trainer/sd-scripts of the "
                                "workspace. It needs git, Python "
                                "with venv, some GB of disk and the network. Doing it again goes over what is there.",
                                0,
                                0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_install_plan lrc_install_plan plan = {0};
    const char *python = "python3";
    bool yes = false, here = false, detach = false;
    lrc_err err = LRC_ERR_INIT;
    const lrc_opt opts[] = {
        {"yes", 'y', LRC_OPT_FLAG, &yes, NULL, "do it", 0, 0, NULL},
        {"detach", 'd', LRC_OPT_FLAG, &detach, NULL, "start the job and print its id, without watching", 0, 0, NULL},
        {"here", 0, LRC_OPT_FLAG, &here, NULL, "do it in this process; what the job runs", 0, 0, NULL},
        {"python", 0, LRC_OPT_STR, &python, "PATH", "the Python that the environment is made of", 0, 0, NULL},
    };
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_open(common.workspace, false, &w, &err) < 0 || lrc_install_plan_make(&w, python, &plan, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    int code = 0;
    if (here)
        code = lrc_install_run(&w, &plan, say, &err);
    else if (yes)
        code = submit(&common, &w, python, detach, &err);
    else if (common.json)
        code = print_plan_json(&plan);
    else
        print_plan(&plan);
    return code < 0 ? lrc_cmdline_fail(&common, &err) : code;
}
