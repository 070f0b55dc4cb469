// SPDX-License-Identifier: MIT
// lorica job bundle: all about a job in one zip, without secrets.
#include "doctor/bundle.h"
#include "base/fs.h"
#include "base/path.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"

static int write_piece(void *arg, const void *bytes, size_t n, lrc_err *err)
{
    return lrc_fs_out_write(arg, bytes, n, err);
}

static int write_bundle(const lrc_workspace *ws, const char *id, const char *path, lrc_err *err)
{
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    lrc_auto_settings lrc_settings *s = NULL;
    return lrc_settings_load(ws, &s, err) < 0 || lrc_fs_out_begin(&out, path, 0, err) < 0 ||
                   lrc_bundle_write(ws, s, id, write_piece, &out, err) < 0 || lrc_fs_out_commit(&out, err) < 0
               ? -1
               : 0;
}

int lrc_cli_job_bundle(int argc, char **argv)
{
    static const lrc_cmd cmd = {"job bundle",
                                "ID",
                                "Put all about a job into a zip that can be sent to others: secrets are removed.",
                                "ID is a job's id, a beginning of it that fits only one, or 'last' for the newest job.",
                                1,
                                1};
    const char *path = NULL;
    const lrc_opt opts[] = {
        {"out", 'o', LRC_OPT_STR, &path, "FILE", "the zip; ID.zip unless said", 0, 0, NULL},
    };
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_workspace lrc_workspace ws = {0};
    lrc_auto_free char *made = NULL;
    lrc_err err = LRC_ERR_INIT;
    char id[LRC_ID_MAX + 1];
    if (lrc_cmdline_parse(&cmd, opts, 1, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_open(common.workspace, false, &ws, &err) < 0 || lrc_job_find(&ws, args.item[0], id, &err) < 0 ||
        lrc_str_format(&made, &err, "%s.zip", id) < 0 || write_bundle(&ws, id, path ? path : made, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (!common.json) {
        printf("%s\n", path ? path : made);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, 1 << 16);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "job_id", id);
    lrc_json_kstr(&out, "file", path ? path : made);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}
