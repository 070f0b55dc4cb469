// SPDX-License-Identifier: MIT
// lorica captions add-trigger|show
#include <string.h>

#include "base/path.h"
#include "caption/bulk.h"
#include "caption/caption.h"
#include "caption/file.h"
#include "caption/stats.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "dataset/name.h"
#include "settings/workspace.h"

#define JSON_MAX      (256 << 20)
#define SHOWN_DEFAULT 20  // captions that `show` prints
#define SHOWN_CHARS   200 // of one caption, as text
#define TAGS_SHOWN    30  // of the statistics, as text

static int open_dataset(const lrc_common *common, const char *name, lrc_workspace *w, char **ret_dir, lrc_err *err)
{
    return lrc_workspace_open(common->workspace, false, w, err) < 0 ? -1 : lrc_workspace_dataset(w, name, ret_dir, err);
}

// ---- add-trigger -----------------------------------------------------------------------------------------------------

static int add_trigger_edit(void *arg, const char *text, char **ret, lrc_err *err)
{
    return lrc_caption_add_trigger(text, arg, ret, err);
}

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

static void note_below(const lrc_common *common, const char *dir, size_t below)
{
    if (below && !common->quiet)
        fprintf(stderr, "note: %zu images in sub-folders of %s were left out; --recursive takes them too\n", below,
                lrc_path_name(dir));
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
    note_below(common, bulk->dir, r->below);
}

static int run_bulk(const lrc_common *common, const lrc_caption_bulk *bulk)
{
    lrc_auto_caption_bulk_result lrc_caption_bulk_result r = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_caption_bulk_run(bulk, &r, &err) < 0) {
        if (r.changed && !bulk->dry_run)
            lrc_wrap(&err, "stopped after %zu captions had been changed", r.changed);
        return lrc_cmdline_fail(common, &err);
    }
    int result = 0;
    if (common->json)
        result = bulk_as_json(bulk, &r);
    else
        bulk_as_text(common, bulk, &r);
    return result ? result : r.problems.count ? lrc_err_exit_code(LRC_ERR_IO) : 0;
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
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_free char *dir = NULL;
    lrc_caption_trigger trigger = {.separator = LRC_CAPTION_SEPARATOR};
    lrc_caption_bulk bulk = {
        .workspace = &w, .extension = LRC_CAPTION_EXTENSION, .edit = add_trigger_edit, .arg = &trigger};
    const char *position = "start";
    const lrc_opt opts[] = {
        {"position", 'p', LRC_OPT_CHOICE, &position, "WHERE", "where the word goes", 0, 0, "start|end"},
        {"repeat", 0, LRC_OPT_FLAG, &trigger.repeat, NULL, "add it also where it is already", 0, 0, NULL},
        {"recursive", 'r', LRC_OPT_FLAG, &bulk.recursive, NULL, "images of sub-folders too", 0, 0, NULL},
        {"dry-run", 'n', LRC_OPT_FLAG, &bulk.dry_run, NULL, "change nothing, show what would change", 0, 0, NULL},
        {"extension", 0, LRC_OPT_STR, &bulk.extension, "EXT", "suffix of the caption files", 0, 0, NULL},
        {"separator", 0, LRC_OPT_STR, &trigger.separator, "TEXT", "what stands between tags", 0, 0, NULL},
    };
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    trigger.at_end = strcmp(position, "end") == 0;
    trigger.word = args.item[1];
    if (lrc_caption_check_trigger(&trigger, &err) < 0 || open_dataset(&common, args.item[0], &w, &dir, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    bulk.dir = dir;
    return run_bulk(&common, &bulk);
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
    note_below(common, dir, stats->below);
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
        open_dataset(&common, args.item[0], &w, &dir, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    const int result = common.json ? show_as_json(dir, &options, (size_t)limit, want_stats, &stats, &err)
                                   : show_as_text(&common, dir, &options, (size_t)limit, want_stats, &stats, &err);
    return result < 0 ? lrc_cmdline_fail(&common, &err) : result;
}
