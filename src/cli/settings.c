// SPDX-License-Identifier: MIT
// lorica settings list|get|set|unset
#include <string.h>

#include "base/path.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "settings/settings.h"

#define STDIN_MAX 65536 // bytes of a value given on standard input
#define JSON_MAX  (1 << 20)

static const char text_help[] = "Settings lie in user_config/user_settings.json of the workspace, which only you can "
                                "read. A value from the environment wins over the file.";

static int open_settings(const lrc_common *common, lrc_workspace *w, lrc_settings **ret, lrc_err *err)
{
    return lrc_workspace_open(common->workspace, false, w, err) < 0 ? -1 : lrc_settings_load(w, ret, err);
}

static void put_setting(lrc_json_out *out, const lrc_settings *s, const lrc_setting *row)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "key", row->key);
    lrc_json_kstr(out, "kind", lrc_setting_kind_name(row->kind));
    lrc_json_key(out, "value");
    lrc_settings_put(out, s, row);
    lrc_json_kstr(out, "source", lrc_setting_source_name(lrc_settings_source(s, row->key)));
    lrc_json_kstr(out, "default", row->initial[0] ? row->initial : NULL);
    lrc_json_kstr(out, "env", row->env);
    lrc_json_kstr(out, "help", row->help);
    lrc_json_object_end(out);
}

static int list_as_json(const lrc_settings *s)
{
    size_t rows;
    const lrc_setting *table = lrc_settings_table(&rows);
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "settings");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < rows; i++)
        put_setting(&out, s, &table[i]);
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

static int list_as_text(const lrc_settings *s, lrc_err *err)
{
    size_t rows;
    const lrc_setting *table = lrc_settings_table(&rows);
    for (size_t i = 0; i < rows; i++) {
        const lrc_setting *row = &table[i];
        lrc_auto_free char *shown = NULL;
        if (lrc_settings_show(s, row->key, &shown, err) < 0)
            return -1;
        const lrc_setting_source source = lrc_settings_source(s, row->key);
        printf("%s = %s", row->key, shown[0] ? shown : "(not set)");
        if (source != LRC_SETTING_FROM_DEFAULT)
            printf("   [from the %s%s%s]", lrc_setting_source_name(source), source == LRC_SETTING_FROM_ENV ? ": " : "",
                   source == LRC_SETTING_FROM_ENV ? row->env : "");
        else if (shown[0])
            printf("   [default]");
        printf("\n    %s\n", row->help);
        if (row->env && source != LRC_SETTING_FROM_ENV)
            printf("    environment: %s\n", row->env);
    }
    return 0;
}

int lrc_cli_settings_list(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "settings list", "", "Show every setting: its value, where that comes from, and what it does.",
        text_help,       0,  0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_settings lrc_settings *s = NULL;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (open_settings(&common, &w, &s, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    const int result = common.json ? list_as_json(s) : list_as_text(s, &err);
    return result < 0 ? lrc_cmdline_fail(&common, &err) : result;
}

int lrc_cli_settings_get(int argc, char **argv)
{
    static const lrc_cmd cmd = {"settings get", "KEY", "Print the value of one setting; a secret is masked.",
                                text_help,      1,     1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_free char *shown = NULL;
    const lrc_setting *row = NULL;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_settings_find_or_fail(args.item[0], &row, &err) < 0 || open_settings(&common, &w, &s, &err) < 0 ||
        lrc_settings_show(s, row->key, &shown, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (!common.json) {
        printf("%s\n", shown);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    put_setting(&out, s, row);
    return lrc_cmdline_json(&buf);
}

// One line from standard input, so that a secret need not be in the command line that others can see.
static int read_stdin(lrc_buf *text, lrc_err *err)
{
    int c;
    while ((c = getchar()) != EOF && c != '\n')
        lrc_buf_addc(text, (char)c);
    if (ferror(stdin))
        return lrc_fail_errno(err, "cannot read standard input");
    if (text->len && text->data[text->len - 1] == '\r')
        lrc_buf_truncate(text, text->len - 1);
    if (strlen(text->data) != text->len)
        return lrc_fail(err, LRC_ERR_INVALID, "standard input holds a NUL byte");
    if (text->len == 0)
        return lrc_fail(err, LRC_ERR_INVALID, "standard input held no value; 'lorica settings unset' removes one");
    return lrc_buf_check(text, "the value", err);
}

// What a person types is relative to where they stand; the file keeps it absolute.
static int add_typed(const lrc_setting *row, const char *typed, lrc_strv *list, lrc_err *err)
{
    const bool path = row->kind == LRC_SETTING_PATH || row->kind == LRC_SETTING_PATHS ||
                      (row->kind == LRC_SETTING_PROGRAM && strchr(typed, '/'));
    if (!path || typed[0] == '/')
        return lrc_strv_push(list, typed, err);
    char cwd[LRC_PATH_MAX];
    if (!getcwd(cwd, sizeof cwd))
        return lrc_fail_errno(err, "cannot tell the working directory");
    char *absolute = NULL;
    return lrc_path_join(&absolute, cwd, typed, err) < 0 ? -1 : lrc_strv_give(list, absolute, err);
}

// The value of `set` as one text: the arguments, or standard input for "-".
static int collect_value(const lrc_setting *row, const lrc_strv *args, lrc_buf *ret, lrc_err *err)
{
    lrc_auto_strv lrc_strv typed = {0}, list = {0};
    if (row->kind != LRC_SETTING_PATHS && args->count != 2)
        return lrc_fail_field(err, LRC_ERR_INVALID, row->key, "'%s' takes one value", row->key);
    if (args->count == 2 && strcmp(args->item[1], "-") == 0)
        return read_stdin(ret, err);
    for (size_t i = 1; i < args->count; i++)
        if ((row->kind == LRC_SETTING_PATHS ? lrc_strv_split(&typed, args->item[i], ',', err)
                                            : lrc_strv_push(&typed, args->item[i], err)) < 0)
            return -1;
    for (size_t i = 0; i < typed.count; i++)
        if (add_typed(row, typed.item[i], &list, err) < 0)
            return -1;
    if (row->kind != LRC_SETTING_PATHS) {
        lrc_buf_adds(ret, list.item[0]);
        return lrc_buf_check(ret, row->key, err);
    }
    lrc_json_out out;
    lrc_json_out_init(&out, ret, 0);
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < list.count; i++)
        lrc_json_put_str(&out, list.item[i]);
    lrc_json_array_end(&out);
    return lrc_buf_check(ret, row->key, err);
}

static int report_change(const lrc_common *common, const lrc_workspace *w, const lrc_setting *row)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_free char *shown = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_buf_init(&buf, JSON_MAX);
    if (lrc_settings_load(w, &s, &err) < 0 || lrc_settings_show(s, row->key, &shown, &err) < 0)
        return lrc_cmdline_fail(common, &err);
    if (common->json) {
        lrc_json_out out;
        lrc_json_out_init(&out, &buf, 0);
        put_setting(&out, s, row);
        return lrc_cmdline_json(&buf);
    }
    printf("%s = %s\n", row->key, shown[0] ? shown : "(not set)");
    if (lrc_settings_source(s, row->key) == LRC_SETTING_FROM_ENV && !common->quiet)
        fprintf(stderr, "note: %s in the environment wins over the file\n", row->env);
    return 0;
}

int lrc_cli_settings_set(int argc, char **argv)
{
    static const lrc_cmd cmd = {"settings set",
                                "KEY VALUE…|-",
                                "Change one setting; '-' reads the value from standard input.",
                                "Give a secret by standard input, so that it is not in your shell's history:\n"
                                "    lorica settings set huggingface.token - < token.txt",
                                2,
                                -1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_buf lrc_buf value;
    const lrc_setting *row = NULL;
    lrc_buf_init(&value, STDIN_MAX);
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_settings_find_or_fail(args.item[0], &row, &err) < 0 ||
        lrc_workspace_open(common.workspace, false, &w, &err) < 0 || collect_value(row, &args, &value, &err) < 0 ||
        lrc_settings_write(&w, row->key, value.data, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    return report_change(&common, &w, row);
}

int lrc_cli_settings_unset(int argc, char **argv)
{
    static const lrc_cmd cmd = {"settings unset", "KEY", "Remove one setting from the file; its default counts again.",
                                text_help,        1,     1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    const lrc_setting *row = NULL;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_settings_find_or_fail(args.item[0], &row, &err) < 0 ||
        lrc_workspace_open(common.workspace, false, &w, &err) < 0 || lrc_settings_write(&w, row->key, "", &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    return report_change(&common, &w, row);
}
