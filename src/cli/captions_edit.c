// SPDX-License-Identifier: MIT
// lorica captions add-trigger|add-tags|remove-tags|replace-tag|replace|normalize: edits of all captions of a dataset.
#include <string.h>

#include "base/path.h"
#include "caption/bulk.h"
#include "caption/caption.h"
#include "caption/edit.h"
#include "caption/file.h"
#include "caption/pattern.h"
#include "cli/captions.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"

#define JSON_MAX    (256 << 20)
#define SHOWN_CHARS 200 // of one caption, as text

static int bulk_as_json(const lrc_caption_bulk *bulk, const lrc_caption_bulk_result *r)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", r->problems.count == 0);
    lrc_json_kstr(&out, "dataset_dir", bulk->dir);
    lrc_json_kbool(&out, "dry_run", bulk->dry_run);
    lrc_json_kint(&out, "images", (int64_t)r->images);
    lrc_json_kint(&out, "images_below", (int64_t)r->below);
    lrc_json_kint(&out, "files", (int64_t)r->files);
    lrc_json_kint(&out, "files_modified", (int64_t)r->changed);
    lrc_json_kint(&out, "files_created", (int64_t)r->created);
    lrc_json_kint(&out, "operation", r->undo);
    lrc_json_key(&out, "examples");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < r->examples; i++) {
        lrc_json_object_begin(&out);
        lrc_json_kstr(&out, "path", r->example[i].path);
        lrc_json_kstr(&out, "before", r->example[i].before);
        lrc_json_kstr(&out, "after", r->example[i].after);
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_key(&out, "errors");
    lrc_json_put_findings(&out, &r->problems);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

static void print_example(const lrc_caption_change *change)
{
    printf("  ");
    lrc_cmdline_put(stdout, lrc_path_name(change->path), SHOWN_CHARS);
    printf("\n    - ");
    lrc_cmdline_put(stdout, change->before[0] ? change->before : "(no caption)", SHOWN_CHARS);
    printf("\n    + ");
    lrc_cmdline_put(stdout, change->after, SHOWN_CHARS);
    printf("\n");
}

static void bulk_as_text(const lrc_common *common, const lrc_caption_bulk *bulk, const lrc_caption_bulk_result *r)
{
    lrc_cmdline_findings(common, &r->problems);
    for (size_t i = 0; bulk->dry_run && i < r->examples; i++)
        print_example(&r->example[i]);
    printf("%s%zu of %zu captions changed", bulk->dry_run ? "would be: " : "", r->changed, r->files);
    if (r->created)
        printf(", %zu of them new files", r->created);
    if (r->problems.count)
        printf("; %zu could not be changed", r->problems.count);
    printf("\n");
    if (r->undo && !common->quiet)
        fprintf(stderr, "note: 'lorica captions undo' takes it back\n");
    lrc_cli_note_below(common, bulk->dir, r->below);
}

static int run_bulk(const lrc_common *common, const lrc_caption_bulk *bulk)
{
    lrc_auto_caption_bulk_result lrc_caption_bulk_result r = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_caption_bulk_run(bulk, &r, &err) < 0) {
        return lrc_cmdline_fail(common, &err);
    }
    int result = 0;
    if (common->json)
        result = bulk_as_json(bulk, &r);
    else
        bulk_as_text(common, bulk, &r);
    return result ? result : r.problems.count ? lrc_err_exit_code(LRC_ERR_IO) : 0;
}

// What every edit of captions takes besides its own.
struct edit_command {
    lrc_common common;
    lrc_strv args;
    lrc_workspace w;
    char *dir, *summary;
    const char *separator;
    lrc_caption_bulk bulk;
};

#define EDIT_INIT                                                                                                      \
    {                                                                                                                  \
        .separator = LRC_CAPTION_SEPARATOR, .bulk = {.extension = LRC_CAPTION_EXTENSION }                              \
    }

static void edit_command_done(struct edit_command *c)
{
    lrc_strv_done(&c->args);
    lrc_workspace_done(&c->w);
    free(c->dir);
    free(c->summary);
}
#define auto_edit lrc_cleanup(edit_command_done)

#define COMMON_OPTIONS(c)                                                                                              \
    {"recursive", 'r', LRC_OPT_FLAG, &(c).bulk.recursive, NULL, "sub-folders too", 0, 0, NULL},                        \
        {"dry-run", 'n', LRC_OPT_FLAG, &(c).bulk.dry_run, NULL, "change nothing, show what would change", 0, 0, NULL}, \
        {"extension", 0, LRC_OPT_STR, &(c).bulk.extension, "EXT", "suffix of the caption files", 0, 0, NULL},          \
    {                                                                                                                  \
        "separator", 0, LRC_OPT_STR, &(c).separator, "TEXT", "what stands between tags", 0, 0, NULL                    \
    }

// Parse; 1: go on, else the exit code is in *ret_exit. The first argument is the dataset.
static int begin_edit(struct edit_command *c, const lrc_cmd *cmd, const lrc_opt *opts, size_t count, int argc,
                      char **argv, int *ret_exit, lrc_err *err)
{
    *ret_exit = 0;
    if (lrc_cmdline_parse(cmd, opts, count, argc, argv, &c->common, &c->args, err) < 0 ||
        (!c->common.help && lrc_caption_check_separator(c->separator, err) < 0)) {
        *ret_exit = lrc_cmdline_fail(&c->common, err);
        return 0;
    }
    return !c->common.help;
}

// Find the dataset and run the edit. Returns the exit code.
static int finish_edit(struct edit_command *c, const char *operation, lrc_caption_edit edit, void *arg, lrc_err *err)
{
    if (lrc_cli_open_dataset(&c->common, c->args.item[0], &c->w, &c->dir, err) < 0)
        return lrc_cmdline_fail(&c->common, err);
    c->bulk.workspace = &c->w;
    c->bulk.dir = c->dir;
    c->bulk.operation = operation;
    c->bulk.summary = c->summary;
    c->bulk.edit = edit;
    c->bulk.arg = arg;
    return run_bulk(&c->common, &c->bulk);
}

// ---- add-trigger -----------------------------------------------------------------------------------------------------

static int add_trigger_edit(void *arg, const char *text, char **ret, lrc_err *err)
{
    return lrc_caption_add_trigger(text, arg, ret, err);
}

int lrc_cli_captions_add_trigger(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "captions add-trigger",
        "NAME WORD",
        "Put a trigger word into the caption of every image of a dataset.",
        "An image without a caption gets one. A caption that has the word already gets it moved to where it is "
        "wanted,\n"
        "once, unless --repeat is given. In a caption of several lines each line gets the word, because the trainer\n"
        "uses one line.",
        2,
        2};
    auto_edit struct edit_command c = EDIT_INIT;
    lrc_caption_trigger trigger = {0};
    const char *position = "start";
    lrc_err err = LRC_ERR_INIT;
    int code;
    const lrc_opt opts[] = {
        {"position", 'p', LRC_OPT_CHOICE, &position, "WHERE", "where the word goes", 0, 0, "start|end"},
        {"repeat", 0, LRC_OPT_FLAG, &trigger.repeat, NULL, "add it also where it is already", 0, 0, NULL},
        COMMON_OPTIONS(c),
    };
    if (!begin_edit(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &code, &err))
        return code;
    trigger.at_end = strcmp(position, "end") == 0;
    trigger.word = c.args.item[1];
    trigger.separator = c.separator;
    if (lrc_caption_check_trigger(&trigger, &err) < 0 ||
        lrc_str_format(&c.summary, &err, "add trigger word '%s' at the %s", trigger.word, position) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    return finish_edit(&c, "add-trigger", add_trigger_edit, &trigger, &err);
}

// ---- Tags ------------------------------------------------------------------------------------------------------------

static int tags_edit(void *arg, const char *text, char **ret, lrc_err *err)
{
    return lrc_tags_edit_text(text, arg, ret, err);
}

// The arguments behind the dataset as tags; what is done with them goes into the summary.
static int take_tags(struct edit_command *c, size_t count, const char *what, lrc_strv *ret, lrc_err *err)
{
    const lrc_strv given = {.item = c->args.item + 1, .count = count};
    lrc_auto_free char *shown = NULL;
    if (lrc_tags_parse(&given, c->separator, ret, err) < 0 || lrc_caption_join(ret, ", ", &shown, err) < 0)
        return -1;
    return lrc_str_format(&c->summary, err, "%s '%s'", what, shown);
}

int lrc_cli_captions_add_tags(int argc, char **argv)
{
    static const lrc_cmd cmd = {"captions add-tags",
                                "NAME TAG…",
                                "Add tags to every caption that does not have them.",
                                "An image without a caption gets one. Tags are compared without regard to case.",
                                2,
                                -1};
    auto_edit struct edit_command c = EDIT_INIT;
    lrc_auto_strv lrc_strv tags = {0};
    lrc_tags_edit edit = {.op = LRC_TAGS_ADD, .tags = &tags};
    const char *position = "end";
    lrc_err err = LRC_ERR_INIT;
    int code;
    const lrc_opt opts[] = {
        {"position", 'p', LRC_OPT_CHOICE, &position, "WHERE", "where the tags go", 0, 0, "start|end"},
        COMMON_OPTIONS(c),
    };
    if (!begin_edit(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &code, &err))
        return code;
    if (take_tags(&c, c.args.count - 1, "add tags", &tags, &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    edit.at_start = strcmp(position, "start") == 0;
    edit.separator = c.separator;
    return finish_edit(&c, "add-tags", tags_edit, &edit, &err);
}

int lrc_cli_captions_remove_tags(int argc, char **argv)
{
    static const lrc_cmd cmd = {"captions remove-tags",
                                "NAME TAG…",
                                "Remove tags from every caption.",
                                "Tags are compared without regard to case.",
                                2,
                                -1};
    auto_edit struct edit_command c = EDIT_INIT;
    lrc_auto_strv lrc_strv tags = {0};
    lrc_tags_edit edit = {.op = LRC_TAGS_REMOVE, .tags = &tags};
    lrc_err err = LRC_ERR_INIT;
    int code;
    const lrc_opt opts[] = {COMMON_OPTIONS(c)};
    if (!begin_edit(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &code, &err))
        return code;
    if (take_tags(&c, c.args.count - 1, "remove tags", &tags, &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    edit.separator = c.separator;
    c.bulk.existing_only = true;
    return finish_edit(&c, "remove-tags", tags_edit, &edit, &err);
}

int lrc_cli_captions_replace_tag(int argc, char **argv)
{
    static const lrc_cmd cmd = {"captions replace-tag",
                                "NAME OLD NEW",
                                "Replace one tag by another in every caption.",
                                "A caption that has the new one already keeps one of them.",
                                3,
                                3};
    auto_edit struct edit_command c = EDIT_INIT;
    lrc_auto_strv lrc_strv tags = {0}, by = {0};
    lrc_tags_edit edit = {.op = LRC_TAGS_REPLACE, .tags = &tags};
    lrc_auto_free char *joined = NULL, *old = NULL;
    lrc_err err = LRC_ERR_INIT;
    int code;
    const lrc_opt opts[] = {COMMON_OPTIONS(c)};
    if (!begin_edit(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &code, &err))
        return code;
    const lrc_strv given = {.item = c.args.item + 2, .count = 1};
    if (take_tags(&c, 1, "replace tag", &tags, &err) < 0 || lrc_tags_parse(&given, c.separator, &by, &err) < 0 ||
        lrc_caption_join(&by, c.separator, &joined, &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    old = lrc_take(c.summary);
    if (lrc_str_format(&c.summary, &err, "%s by '%s'", old, joined) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    edit.replacement = joined;
    edit.separator = c.separator;
    c.bulk.existing_only = true;
    return finish_edit(&c, "replace-tag", tags_edit, &edit, &err);
}

int lrc_cli_captions_normalize(int argc, char **argv)
{
    static const lrc_cmd cmd = {"captions normalize",
                                "NAME",
                                "Write every caption anew: separators as they should be, no empty tags.",
                                NULL,
                                1,
                                1};
    auto_edit struct edit_command c = EDIT_INIT;
    lrc_tags_edit edit = {.op = LRC_TAGS_TIDY};
    int64_t keep = 0;
    lrc_err err = LRC_ERR_INIT;
    int code;
    const lrc_opt opts[] = {
        {"sort", 0, LRC_OPT_FLAG, &edit.sort, NULL, "order the tags by their letters", 0, 0, NULL},
        {"dedupe", 0, LRC_OPT_FLAG, &edit.dedupe, NULL, "remove tags that were there before", 0, 0, NULL},
        {"keep", 0, LRC_OPT_INT, &keep, "N", "how many tags --sort leaves at the start", 0, 1000, NULL},
        COMMON_OPTIONS(c),
    };
    if (!begin_edit(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &code, &err))
        return code;
    if (lrc_str_format(&c.summary, &err, "normalize%s%s", edit.sort ? ", sort" : "", edit.dedupe ? ", dedupe" : "") < 0)
        return lrc_cmdline_fail(&c.common, &err);
    edit.keep = (size_t)keep;
    edit.separator = c.separator;
    c.bulk.existing_only = true;
    return finish_edit(&c, "normalize", tags_edit, &edit, &err);
}

// ---- Text ------------------------------------------------------------------------------------------------------------

struct replacement {
    lrc_pattern *pattern;
    const char *by;
};

static int replace_edit(void *arg, const char *text, char **ret, lrc_err *err)
{
    const struct replacement *r = arg;
    return lrc_pattern_replace(r->pattern, text, r->by, ret, err);
}

int lrc_cli_captions_replace(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "captions replace",
        "NAME FIND REPLACEMENT",
        "Replace text in every caption, literally or by regular expression.",
        "With --regex the text is a Perl expression in which \"$\" matches only at the end of the caption, and the\n"
        "replacement knows $$, $&, $1 … $99 and $<name>. An empty REPLACEMENT ('') removes what was found.",
        3,
        3};
    auto_edit struct edit_command c = EDIT_INIT;
    lrc_auto_pattern lrc_pattern *pattern = NULL;
    lrc_pattern_options how = {0};
    lrc_err err = LRC_ERR_INIT;
    int code;
    const lrc_opt opts[] = {
        {"regex", 'e', LRC_OPT_FLAG, &how.regex, NULL, "FIND is a regular expression", 0, 0, NULL},
        {"ignore-case", 'i', LRC_OPT_FLAG, &how.ignore_case, NULL, "upper and lower case are the same", 0, 0, NULL},
        {"multiline", 'm', LRC_OPT_FLAG, &how.multiline, NULL, "^ and $ match at every line", 0, 0, NULL},
        COMMON_OPTIONS(c),
    };
    if (!begin_edit(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &code, &err))
        return code;
    struct replacement r = {.by = c.args.item[2]};
    if (lrc_pattern_compile(c.args.item[1], &how, &pattern, &err) < 0 ||
        lrc_str_format(&c.summary, &err, "replace %s'%s' by '%s'", how.regex ? "pattern " : "", c.args.item[1], r.by) <
            0)
        return lrc_cmdline_fail(&c.common, &err);
    r.pattern = pattern;
    c.bulk.existing_only = true;
    return finish_edit(&c, "replace", replace_edit, &r, &err);
}
