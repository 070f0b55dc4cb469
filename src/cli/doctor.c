// SPDX-License-Identifier: MIT
#include <string.h>

#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "doctor/doctor.h"

static void print(const lrc_doctor *d)
{
    const char *area = "";
    for (size_t i = 0; i < d->count; i++) {
        const lrc_doctor_check *c = &d->check[i];
        if (strcmp(area, c->area) != 0)
            printf("%s%s\n", i ? "\n" : "", c->area);
        area = c->area;
        printf("  %-8s %-22s %s\n", lrc_doctor_state_name(c->state), c->name, c->found);
        if (c->remedy[0])
            printf("  %-8s %-22s -> %s\n", "", "", c->remedy);
    }
}

static bool healthy(const lrc_doctor *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->check[i].state == LRC_DOCTOR_MISSING)
            return false;
    return true;
}

int lrc_cli_doctor(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "doctor",
        "",
        "Say what this machine has of all that the studio uses, and what to do about the rest.",
        "States: ok; off (not there, the studio works without it); warn; missing (something does "
        "not work: exit code 4).",
        0,
        0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_doctor lrc_doctor d = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_locate(common.workspace, &w, &err) < 0 || lrc_settings_load(&w, &s, &err) < 0 ||
        lrc_doctor_run(&w, s, &d, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (!common.json) {
        print(&d);
        return healthy(&d) ? 0 : lrc_err_exit_code(LRC_ERR_CONFLICT);
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, 4 << 20);
    lrc_json_out_init(&out, &buf, 2);
    lrc_doctor_put(&d, &out);
    const int printed = lrc_cmdline_json(&buf);
    return printed ? printed : healthy(&d) ? 0 : lrc_err_exit_code(LRC_ERR_CONFLICT);
}
