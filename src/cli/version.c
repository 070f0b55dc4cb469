// SPDX-License-Identifier: MIT
#include "cli/cli.h"
#include "cmdline/cmdline.h"

int lrc_cli_version(int argc, char **argv)
{
    static const lrc_cmd cmd = {"version", "", "Print the version of this program.", NULL, 0, 0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (!common.json) {
        printf("lorica " LORICA_VERSION "\n");
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, 4096);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "version", LORICA_VERSION);
    lrc_json_kstr(&out, "compiler", __VERSION__);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}
