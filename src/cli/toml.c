// SPDX-License-Identifier: MIT
// lorica toml
#include <string.h>

#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "settings/settings.h"
#include "train/corrections.h"
#include "train/generate.h"
#include "train/schema.h"

#define REQUEST_MAX (8 << 20)
#define OUTPUT_MAX  (16 << 20)

struct toml_options {
    const char *profile;
    bool fixed_enums;
    const char *root;
    const char *out;
    bool help_fields, help_corrections;
};

static int show_text(const lrc_common *common, void (*put)(lrc_buf *))
{
    lrc_auto_buf lrc_buf text;
    lrc_err err = LRC_ERR_INIT;
    lrc_buf_init(&text, OUTPUT_MAX);
    put(&text);
    if (lrc_buf_check(&text, "the text", &err) < 0)
        return lrc_cmdline_fail(common, &err);
    fputs(text.data, stdout);
    return 0;
}

static int show_fields(const lrc_common *common)
{
    if (!common->json)
        return show_text(common, lrc_train_put_reference);
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, OUTPUT_MAX);
    lrc_json_out_init(&out, &text, 0);
    lrc_train_put_schema(&out);
    return lrc_cmdline_json(&text);
}

static int show_as_json(const lrc_train_output *made, const lrc_findings *findings, const char *dataset,
                        const char *config)
{
    lrc_auto_buf lrc_buf text;
    lrc_json_out out;
    lrc_buf_init(&text, OUTPUT_MAX);
    lrc_json_out_init(&out, &text, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "dataset", dataset);
    lrc_json_kstr(&out, "config", config);
    lrc_json_key(&out, "findings");
    lrc_json_put_findings(&out, findings);
    lrc_json_key(&out, "corrections");
    lrc_train_put_corrections(made, &out);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&text);
}

static bool same_reason(const lrc_train_correction *a, const lrc_train_correction *b)
{
    return strcmp(a->id, b->id) == 0 && strcmp(a->why, b->why) == 0;
}

// One line for all changes that were made for the same reason, at the first of them.
static void show_correction(const lrc_train_output *made, size_t index)
{
    const lrc_train_correction *first = &made->correction[index];
    for (size_t i = 0; i < index; i++)
        if (same_reason(&made->correction[i], first))
            return;
    fprintf(stderr, "corrected: %s", first->key);
    for (size_t i = index + 1; i < made->correction_count; i++)
        if (same_reason(&made->correction[i], first) && strcmp(made->correction[i].key, first->key) != 0)
            fprintf(stderr, ", %s", made->correction[i].key);
    fprintf(stderr, " (%s): %s\n", first->id, first->why);
}

static int show(const lrc_common *common, const lrc_train_output *made, const lrc_findings *findings,
                const char *dataset, const char *config)
{
    if (common->json)
        return show_as_json(made, findings, dataset, config);
    lrc_cmdline_findings(common, findings);
    for (size_t i = 0; i < made->correction_count && !common->quiet; i++)
        show_correction(made, i);
    printf("%s\n%s\n", dataset, config);
    return 0;
}

// The workspace's root and its settings; --root alone is enough for a folder that is no workspace.
static int fill_options(const lrc_common *common, const struct toml_options *o, lrc_train_options *ret,
                        lrc_workspace *w, lrc_settings **settings, lrc_err *err)
{
    ret->profile = strcmp(o->profile, "reference") == 0 ? LRC_PROFILE_REFERENCE : LRC_PROFILE_STUDIO;
    ret->fixed_enums = o->fixed_enums;
    ret->root = o->root;
    if (o->root)
        return 0;
    if (lrc_workspace_open(common->workspace, false, w, err) < 0 || lrc_settings_load(w, settings, err) < 0)
        return -1;
    ret->root = w->root;
    if (ret->profile == LRC_PROFILE_STUDIO) {
        ret->sd_scripts = lrc_settings_text(*settings, "trainer.sd_scripts");
        ret->python = lrc_settings_text(*settings, "trainer.python");
        ret->path_map = lrc_settings_text(*settings, "trainer.path_map");
    }
    return 0;
}

static int make(const lrc_common *common, const struct toml_options *o, const char *request_path,
                lrc_findings *findings, lrc_err *err)
{
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_settings lrc_settings *settings = NULL;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_request lrc_train_request *request = NULL;
    lrc_auto_train_output lrc_train_output made = {0};
    lrc_auto_free char *dataset = NULL, *config = NULL;
    lrc_train_options options = {0};
    if (fill_options(common, o, &options, &w, &settings, err) < 0 ||
        lrc_json_load(request_path, REQUEST_MAX, &doc, err) < 0 ||
        lrc_train_request_parse(lrc_json_root(doc), &request, findings, err) < 0 ||
        lrc_train_generate(request, &options, &made, findings, err) < 0 ||
        lrc_train_write(&made, o->out, &dataset, &config, err) < 0)
        return -1;
    return show(common, &made, findings, dataset, config);
}

int lrc_cli_toml(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "toml",
        "REQUEST.json --out DIR",
        "Write NAME_dataset.toml and NAME_config.toml from a training request.",
        "The studio profile writes what the trainer understands and says what it corrected; paths that do not exist "
        "are listed, and the files are written all the same. The reference profile writes what KNX writes, byte for "
        "byte, and refuses what it refuses.\n"
        "A request that is not valid is refused with all its errors, and nothing is written.",
        0,
        1};
    struct toml_options o = {.profile = "studio"};
    const lrc_opt opts[] = {
        {"profile", 'p', LRC_OPT_CHOICE, &o.profile, "NAME", "whose files: studio or reference", 0, 0,
         "studio|reference"},
        {"fixed-enums", 0, LRC_OPT_FLAG, &o.fixed_enums, NULL,
         "reference: write choices that the request leaves out as text, not letter by letter", 0, 0, NULL},
        {"root", 0, LRC_OPT_STR, &o.root, "DIR", "where relative paths of the request start; default: the workspace", 0,
         0, NULL},
        {"out", 'o', LRC_OPT_STR, &o.out, "DIR", "folder for the two files; made when it is not there", 0, 0, NULL},
        {"help-fields", 0, LRC_OPT_FLAG, &o.help_fields, NULL, "explain every field of a request", 0, 0, NULL},
        {"help-corrections", 0, LRC_OPT_FLAG, &o.help_corrections, NULL, "explain what studio corrects", 0, 0, NULL},
    };
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (o.help_fields)
        return show_fields(&common);
    if (o.help_corrections)
        return show_text(&common, lrc_train_explain_corrections);
    int code = -1;
    if (args.count == 0)
        lrc_fail(&err, LRC_ERR_INVALID, "name the file that holds the training request: lorica toml REQUEST.json");
    else if (!o.out)
        lrc_fail_field(&err, LRC_ERR_INVALID, "out", "say where the two files should go: --out DIR");
    else
        code = make(&common, &o, args.item[0], &findings, &err);
    return code < 0 ? lrc_cmdline_fail_findings(&common, &err, &findings) : code;
}
