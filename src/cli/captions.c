// SPDX-License-Identifier: MIT
// lorica captions show|find|undo|redo|history
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "caption/caption.h"
#include "caption/file.h"
#include "caption/pattern.h"
#include "caption/stats.h"
#include "caption/undo.h"
#include "cli/captions.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "dataset/name.h"
#include "settings/workspace.h"

#define JSON_MAX      (256 << 20)
#define SHOWN_DEFAULT 20  // captions that `show` prints
#define SHOWN_CHARS   200 // of one caption, as text
#define TAGS_SHOWN    30  // of the statistics, as text

int lrc_cli_open_dataset(const lrc_common *common, const char *name, lrc_workspace *w, char **ret_dir, lrc_err *err)
{
    return lrc_workspace_open(common->workspace, false, w, err) < 0 ? -1 : lrc_dataset_find(w, name, ret_dir, err);
}

void lrc_cli_note_below(const lrc_common *common, const char *dir, size_t below)
{
    if (below && !common->quiet)
        fprintf(stderr, "note: %zu images in sub-folders of %s were left out; --recursive takes them too\n", below,
                lrc_path_name(dir));
}

// ---- show ------------------------------------------------------------------------------------------------------------

struct shower {
    lrc_json_out *out; // NULL: as text
    size_t limit;      // 0: all
    size_t shown;
    size_t dir_len; // what is left out of the paths
};

static int show_one(void *arg, const char *image, const char *text, lrc_err *err)
{
    (void)err;
    struct shower *s = arg;
    if (s->limit && s->shown == s->limit)
        return 0;
    s->shown++;
    const char *name = image + s->dir_len + 1;
    if (s->out) {
        lrc_json_object_begin(s->out);
        lrc_json_kstr(s->out, "image", name);
        lrc_json_kstr(s->out, "caption", text);
        lrc_json_object_end(s->out);
        return 0;
    }
    lrc_cmdline_put(stdout, name, 0);
    printf(": ");
    lrc_cmdline_put(stdout, text ? text : "(no caption)", SHOWN_CHARS);
    printf("\n");
    return 0;
}

static void stats_as_json(lrc_json_out *out, const lrc_caption_stats *s)
{
    lrc_json_kint(out, "images", (int64_t)s->images);
    lrc_json_kint(out, "images_below", (int64_t)s->below);
    lrc_json_kint(out, "captioned", (int64_t)s->captioned);
    lrc_json_kint(out, "missing", (int64_t)s->missing);
    lrc_json_kint(out, "empty", (int64_t)s->empty);
    lrc_json_kint(out, "with_byte_order_mark", (int64_t)s->with_mark);
    lrc_json_kint(out, "with_several_lines", (int64_t)s->many_lines);
    lrc_json_kint(out, "with_repeated_tags", (int64_t)s->repeated);
    lrc_json_kint(out, "tags", (int64_t)s->tags);
    lrc_json_kint(out, "fewest_tags", (int64_t)s->fewest_tags);
    lrc_json_kint(out, "most_tags", (int64_t)s->most_tags);
    lrc_json_kint(out, "distinct_tags", (int64_t)s->tag.count);
    lrc_json_key(out, "tag_counts");
    lrc_json_array_begin(out);
    for (size_t i = 0; i < s->tag.count; i++) {
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "tag", s->tag.entry[i].key);
        lrc_json_kint(out, "count", (int64_t)s->tag.entry[i].value);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
}

static void print_count(size_t n, const char *what)
{
    if (n)
        printf("%8zu %s\n", n, what);
}

static void stats_as_text(const lrc_caption_stats *s)
{
    printf("%8zu images, %zu with a caption\n", s->images, s->captioned);
    print_count(s->missing, "without a caption file");
    print_count(s->empty, "with an empty caption");
    print_count(s->problems.count, "with a caption that cannot be read");
    print_count(s->with_mark, "with a byte order mark, which the trainer takes for part of the first tag");
    print_count(s->many_lines, "with several lines, of which the trainer reads one");
    print_count(s->repeated, "with a tag more than once");
    if (!s->captioned)
        return;
    printf("%8zu tags, %zu different; %zu to %zu in a caption, %.1f on average\n", s->tags, s->tag.count,
           s->fewest_tags, s->most_tags, (double)s->tags / (double)s->captioned);
    for (size_t i = 0; i < s->tag.count && i < TAGS_SHOWN; i++) {
        printf("%8llu ", (unsigned long long)s->tag.entry[i].value);
        lrc_cmdline_put(stdout, s->tag.entry[i].key, SHOWN_CHARS);
        printf("\n");
    }
    if (s->tag.count > TAGS_SHOWN)
        printf("         and %zu more (--json lists all)\n", s->tag.count - TAGS_SHOWN);
}

static int show_as_json(const char *dir, const lrc_caption_stats_options *options, size_t limit, bool want_stats,
                        lrc_caption_stats *stats, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    struct shower shower = {.out = &out, .limit = limit, .dir_len = strlen(dir)};
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "dataset_dir", dir);
    lrc_json_key(&out, "captions");
    lrc_json_array_begin(&out);
    if (lrc_caption_stats_collect(dir, options, show_one, &shower, stats, err) < 0)
        return -1;
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "total", (int64_t)stats->images);
    if (want_stats) {
        lrc_json_key(&out, "stats");
        lrc_json_object_begin(&out);
        stats_as_json(&out, stats);
        lrc_json_object_end(&out);
    }
    lrc_json_key(&out, "errors");
    lrc_json_put_findings(&out, &stats->problems);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

static int show_as_text(const lrc_common *common, const char *dir, const lrc_caption_stats_options *options,
                        size_t limit, bool want_stats, lrc_caption_stats *stats, lrc_err *err)
{
    struct shower shower = {.limit = limit, .dir_len = strlen(dir)};
    if (lrc_caption_stats_collect(dir, options, show_one, &shower, stats, err) < 0)
        return -1;
    if (shower.shown < stats->images && !common->quiet)
        printf("… and %zu more (--limit 0 shows all)\n", stats->images - shower.shown);
    if (want_stats)
        stats_as_text(stats);
    lrc_cmdline_findings(common, &stats->problems);
    lrc_cli_note_below(common, dir, stats->below);
    return 0;
}

int lrc_cli_captions_show(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "captions show", "NAME", "Show the captions of a dataset and, with --stats, what tags they hold.", NULL, 1, 1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_free char *dir = NULL;
    lrc_auto_caption_stats lrc_caption_stats stats = {0};
    lrc_caption_stats_options options = {.extension = LRC_CAPTION_EXTENSION, .separator = LRC_CAPTION_SEPARATOR};
    int64_t limit = SHOWN_DEFAULT;
    bool want_stats = false;
    const lrc_opt opts[] = {
        {"limit", 'l', LRC_OPT_INT, &limit, "N", "how many captions to show; 0 shows all", 0, 1e9, NULL},
        {"stats", 's', LRC_OPT_FLAG, &want_stats, NULL, "count images, captions and tags", 0, 0, NULL},
        {"recursive", 'r', LRC_OPT_FLAG, &options.recursive, NULL, "images of sub-folders too", 0, 0, NULL},
        {"extension", 0, LRC_OPT_STR, &options.extension, "EXT", "suffix of the caption files", 0, 0, NULL},
        {"separator", 0, LRC_OPT_STR, &options.separator, "TEXT", "what stands between tags", 0, 0, NULL},
    };
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_caption_check_extension(options.extension, &err) < 0 ||
        lrc_cli_open_dataset(&common, args.item[0], &w, &dir, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    const int result = common.json ? show_as_json(dir, &options, (size_t)limit, want_stats, &stats, &err)
                                   : show_as_text(&common, dir, &options, (size_t)limit, want_stats, &stats, &err);
    return result < 0 ? lrc_cmdline_fail(&common, &err) : result;
}

// ---- find ------------------------------------------------------------------------------------------------------------

struct finder {
    lrc_pattern *pattern; // NULL: the tag
    const char *tag, *separator;
    lrc_json_out *out; // NULL: as text
    size_t dir_len, found;
};

// Does a line of the caption have the tag?
static int has_tag(const struct finder *f, const char *text, lrc_err *err)
{
    lrc_auto_strv lrc_strv lines = {0}, tags = {0};
    if (lrc_strv_split(&lines, text, '\n', err) < 0)
        return -1;
    for (size_t i = 0; i < lines.count; i++)
        if (lrc_caption_split(lines.item[i], f->separator, &tags, err) < 0)
            return -1;
    return lrc_caption_has(&tags, f->tag);
}

static int find_one(void *arg, const char *image, const char *text, lrc_err *err)
{
    struct finder *f = arg;
    size_t start, end;
    if (!text)
        return 0;
    const int found = f->pattern ? lrc_pattern_find(f->pattern, text, 0, &start, &end, err) : has_tag(f, text, err);
    if (found <= 0)
        return found;
    f->found++;
    if (f->out) {
        lrc_json_object_begin(f->out);
        lrc_json_kstr(f->out, "image", image + f->dir_len + 1);
        lrc_json_kstr(f->out, "caption", text);
        lrc_json_object_end(f->out);
        return 0;
    }
    lrc_cmdline_put(stdout, image + f->dir_len + 1, 0);
    printf(": ");
    lrc_cmdline_put(stdout, text, SHOWN_CHARS);
    printf("\n");
    return 0;
}

static int run_find(const lrc_common *common, const char *dir, const lrc_caption_stats_options *options,
                    struct finder *f, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_auto_caption_stats lrc_caption_stats stats = {0};
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    f->out = common->json ? &out : NULL;
    f->dir_len = strlen(dir);
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "captions");
    lrc_json_array_begin(&out);
    if (lrc_caption_stats_collect(dir, options, find_one, f, &stats, err) < 0)
        return -1;
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "found", (int64_t)f->found);
    lrc_json_kint(&out, "images", (int64_t)stats.images);
    lrc_json_key(&out, "errors");
    lrc_json_put_findings(&out, &stats.problems);
    lrc_json_object_end(&out);
    if (common->json)
        return lrc_cmdline_json(&buf);
    lrc_cmdline_findings(common, &stats.problems);
    if (!common->quiet)
        fprintf(stderr, "%zu of %zu captions\n", f->found, stats.captioned);
    lrc_cli_note_below(common, dir, stats.below);
    return 0;
}

int lrc_cli_captions_find(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "captions find", "NAME TEXT", "List the captions that hold a text, a tag or a pattern.", NULL, 2, 2};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_free char *dir = NULL;
    lrc_auto_pattern lrc_pattern *pattern = NULL;
    lrc_caption_stats_options options = {.extension = LRC_CAPTION_EXTENSION, .separator = LRC_CAPTION_SEPARATOR};
    lrc_pattern_options how = {0};
    bool tag = false;
    const lrc_opt opts[] = {
        {"tag", 't', LRC_OPT_FLAG, &tag, NULL, "TEXT is a whole tag; case does not count", 0, 0, NULL},
        {"regex", 'e', LRC_OPT_FLAG, &how.regex, NULL, "TEXT is a regular expression", 0, 0, NULL},
        {"ignore-case", 'i', LRC_OPT_FLAG, &how.ignore_case, NULL, "upper and lower case are the same", 0, 0, NULL},
        {"multiline", 'm', LRC_OPT_FLAG, &how.multiline, NULL, "^ and $ match at every line", 0, 0, NULL},
        {"recursive", 'r', LRC_OPT_FLAG, &options.recursive, NULL, "images of sub-folders too", 0, 0, NULL},
        {"extension", 0, LRC_OPT_STR, &options.extension, "EXT", "suffix of the caption files", 0, 0, NULL},
        {"separator", 0, LRC_OPT_STR, &options.separator, "TEXT", "what stands between tags", 0, 0, NULL},
    };
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    struct finder f = {.tag = args.item[1], .separator = options.separator};
    if (lrc_caption_check_extension(options.extension, &err) < 0 ||
        lrc_caption_check_separator(options.separator, &err) < 0 ||
        (!tag && lrc_pattern_compile(args.item[1], &how, &pattern, &err) < 0) ||
        lrc_cli_open_dataset(&common, args.item[0], &w, &dir, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    f.pattern = pattern;
    const int result = run_find(&common, dir, &options, &f, &err);
    return result < 0 ? lrc_cmdline_fail(&common, &err) : result;
}

// ---- undo, redo, history -----------------------------------------------------------------------------------------------

static int print_undo(const lrc_common *common, const lrc_caption_undo_result *r, bool redo)
{
    if (!common->json) {
        printf("%s: ", redo ? "done again" : "taken back");
        lrc_cmdline_put(stdout, r->undone.summary, 0);
        printf(" (%zu captions of %s)\n", r->files, lrc_path_name(r->undone.dir));
        lrc_cmdline_findings(common, &r->problems);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kint(&out, "operation", r->undone.number);
    lrc_json_kstr(&out, "summary", r->undone.summary);
    lrc_json_kstr(&out, "dataset_dir", r->undone.dir);
    lrc_json_kint(&out, "files_modified", (int64_t)r->files);
    lrc_json_key(&out, "errors");
    lrc_json_put_findings(&out, &r->problems);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

static int run_undo(const lrc_cmd *cmd, bool redo, int argc, char **argv)
{
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_free char *dir = NULL;
    lrc_auto_caption_undo_result lrc_caption_undo_result r = {0};
    if (lrc_cmdline_parse(cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_open(common.workspace, false, &w, &err) < 0 ||
        (args.count && lrc_dataset_find(&w, args.item[0], &dir, &err) < 0))
        return lrc_cmdline_fail(&common, &err);
    if (lrc_caption_undo(&w, dir, redo, &r, &err) < 0) {
        lrc_cmdline_findings(&common, &r.problems);
        return lrc_cmdline_fail(&common, &err);
    }
    const int printed = print_undo(&common, &r, redo);
    return printed ? printed : r.problems.count ? lrc_err_exit_code(LRC_ERR_IO) : 0;
}

int lrc_cli_captions_undo(int argc, char **argv)
{
    static const lrc_cmd cmd = {"captions undo",
                                "[NAME]",
                                "Take back the last edit of captions, of one dataset or any.",
                                "Nothing is changed when one of the captions was changed since by somebody else.",
                                0,
                                1};
    return run_undo(&cmd, false, argc, argv);
}

int lrc_cli_captions_redo(int argc, char **argv)
{
    static const lrc_cmd cmd = {"captions redo", "[NAME]", "Do again what 'captions undo' took back last.", NULL, 0, 1};
    return run_undo(&cmd, true, argc, argv);
}

static const char *state_of(const lrc_journal_entry *e)
{
    return !e->done ? "not ended" : e->undone ? "taken back" : "done";
}

static int history_as_json(const lrc_journal_list *l)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "operations");
    lrc_json_array_begin(&out);
    for (size_t i = l->count; i-- > 0;) {
        const lrc_journal_entry *e = &l->item[i];
        lrc_json_object_begin(&out);
        lrc_json_kint(&out, "operation", e->head.number);
        lrc_json_kstr(&out, "kind", e->head.operation);
        lrc_json_kstr(&out, "summary", e->head.summary);
        lrc_json_kstr(&out, "dataset_dir", e->head.dir);
        lrc_json_kint(&out, "time", e->head.time_ms);
        lrc_json_kint(&out, "files", (int64_t)e->files);
        lrc_json_kstr(&out, "state", state_of(e));
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

int lrc_cli_captions_history(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "captions history", "", "List the edits of captions that can be taken back.", NULL, 0, 0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_journal_list lrc_journal_list list = {0};
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_open(common.workspace, false, &w, &err) < 0 || lrc_journal_list_read(&w, &list, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.json)
        return history_as_json(&list);
    for (size_t i = list.count; i-- > 0;) {
        const lrc_journal_entry *e = &list.item[i];
        char when[32];
        lrc_clock_iso(e->head.time_ms, when);
        printf("%5u  %s  %-10s  %6zu captions of ", e->head.number, when, state_of(e), e->files);
        lrc_cmdline_put(stdout, lrc_path_name(e->head.dir), 0);
        printf(": ");
        lrc_cmdline_put(stdout, e->head.summary, 0);
        printf("\n");
    }
    return 0;
}
