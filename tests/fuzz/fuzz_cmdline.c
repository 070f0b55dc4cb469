// SPDX-License-Identifier: MIT
// module: cmdline
// Lines of the input as arguments of a command that has an option of each kind.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline/cmdline.h"

#define MAX_ARGS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static int split(char *text, char **argv)
{
    int argc = 0;
    while (text && argc < MAX_ARGS) {
        argv[argc++] = text;
        text = strchr(text, '\n');
        if (text)
            *text++ = '\0';
    }
    return argc;
}

static void parse(int argc, char **argv)
{
    bool force = false, recursive = true;
    const char *name = "", *profile = "kohya";
    int64_t count = 5;
    double threshold = 0.35;
    lrc_auto_strv lrc_strv tags = {0}, args = {0};
    const lrc_opt opts[] = {
        {"force", 'f', LRC_OPT_FLAG, &force, NULL, "", 0, 0, NULL},
        {"no-recursive", 0, LRC_OPT_NOFLAG, &recursive, NULL, "", 0, 0, NULL},
        {"name", 'n', LRC_OPT_STR, &name, "NAME", "", 0, 0, NULL},
        {"profile", 0, LRC_OPT_CHOICE, &profile, "WHICH", "", 0, 0, "kohya|knx"},
        {"count", 'c', LRC_OPT_INT, &count, "N", "", 1, 100, NULL},
        {"threshold", 't', LRC_OPT_DOUBLE, &threshold, "P", "", 0, 1, NULL},
        {"tag", 0, LRC_OPT_LIST, &tags, "TAG", "", 0, 0, NULL},
    };
    static const lrc_cmd cmd = {"fuzz", "", "", NULL, 0, 8};
    lrc_common common = {0};
    lrc_err err = LRC_ERR_INIT;
    const int result = lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err);
    must(result == 0 || (err.code == LRC_ERR_INVALID && err.msg[0]));
    must(count >= 1 && count <= 100 && threshold >= 0 && threshold <= 1);
    must(strcmp(profile, "kohya") == 0 || strcmp(profile, "knx") == 0);
    must(result < 0 || args.count <= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *text = malloc(size + 1), *argv[MAX_ARGS];
    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    const int argc = split(text, argv);
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            argv[i][0] = 'x'; // it would print
    parse(argc, argv);
    free(text);
    return 0;
}
