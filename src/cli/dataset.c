// SPDX-License-Identifier: MIT
// lorica dataset import|list|show|check|create
#include <string.h>

#include "base/path.h"
#include "caption/file.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "dataset/check.h"
#include "dataset/import.h"
#include "dataset/name.h"
#include "dataset/scan.h"
#include "settings/workspace.h"

#define JSON_MAX    (512 << 20)
#define NOTES_SHOWN 10 // of each kind, as text

// ---- import ----------------------------------------------------------------------------------------------------------

static void put_notes(lrc_json_out *out, const lrc_import_report *r, lrc_import_kind kind)
{
    lrc_json_key(out, lrc_import_kind_name(kind));
    lrc_json_array_begin(out);
    for (size_t i = 0; i < r->count; i++) {
        if (r->note[i].kind != kind)
            continue;
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "source", r->note[i].source);
        lrc_json_kstr(out, "target", r->note[i].target[0] ? r->note[i].target : NULL);
        lrc_json_kstr(out, "reason", r->note[i].reason);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
}

static int import_as_json(const char *path, const lrc_import_report *r)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "name", lrc_path_name(path));
    lrc_json_kstr(&out, "path", path);
    lrc_json_kint(&out, "imported", (int64_t)r->images);
    lrc_json_kint(&out, "captions", (int64_t)r->captions);
    lrc_json_kint(&out, "bytes", (int64_t)r->bytes);
    lrc_json_kint(&out, "hidden", (int64_t)r->hidden);
    lrc_json_kint(&out, "below", (int64_t)r->below);
    for (lrc_import_kind kind = 0; kind < LRC_IMPORT_MAX_; kind++)
        put_notes(&out, r, kind);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

static void print_note(const lrc_import_note *n)
{
    printf("  ");
    lrc_cmdline_put(stdout, n->source, 0);
    if (n->target[0]) {
        printf(" -> ");
        lrc_cmdline_put(stdout, n->target, 0);
    }
    printf(": ");
    lrc_cmdline_put(stdout, n->reason, 0);
    printf("\n");
}

static void print_notes(const lrc_import_report *r, lrc_import_kind kind)
{
    size_t shown = 0;
    if (r->kinds[kind] == 0)
        return;
    printf("%s: %zu\n", lrc_import_kind_name(kind), r->kinds[kind]);
    for (size_t i = 0; i < r->count && shown < NOTES_SHOWN; i++)
        if (r->note[i].kind == kind) {
            print_note(&r->note[i]);
            shown++;
        }
    if (shown < r->kinds[kind])
        printf("  and %zu more (--json lists all)\n", r->kinds[kind] - shown);
}

static void import_as_text(const lrc_common *common, const char *path, const lrc_import_report *r)
{
    char size[16];
    lrc_str_bytes(r->bytes, size);
    for (lrc_import_kind kind = 0; kind < LRC_IMPORT_MAX_ && !common->quiet; kind++)
        print_notes(r, kind);
    printf("imported %zu images and %zu captions (%s) into ", r->images, r->captions, size);
    lrc_cmdline_put(stdout, path, 0);
    printf("\n");
    if (r->below && !common->quiet)
        fprintf(stderr, "note: sub-folders were left out; --recursive takes them too\n");
}

struct import_progress {
    const lrc_common *common;
    lrc_progress bar;
    int phase; // -1: none yet
};

static void show_import(void *arg, lrc_import_phase phase, size_t done, size_t total, const char *name)
{
    static const char *const what[] = {[LRC_IMPORT_READING] = "reading", [LRC_IMPORT_CHECKING] = "checking"};
    struct import_progress *p = arg;
    if (p->phase != (int)phase) {
        if (p->phase >= 0)
            lrc_progress_end(&p->bar);
        lrc_progress_begin(&p->bar, p->common, what[phase], total);
        p->phase = (int)phase;
    }
    lrc_progress_step(&p->bar, done, name);
}

static int run_import(const lrc_common *common, lrc_import_options *o)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_decoder lrc_decoder *decoder = NULL;
    lrc_auto_import_report lrc_import_report report = {0};
    lrc_auto_free char *path = NULL;
    struct import_progress progress = {.common = common, .phase = -1};
    o->progress = show_import;
    o->arg = &progress;
    int result = lrc_decoder_new(NULL, &decoder, &err);
    o->decoder = decoder;
    if (result == 0)
        result = lrc_dataset_import(o, &path, &report, &err);
    if (progress.phase >= 0)
        lrc_progress_end(&progress.bar);
    if (result < 0)
        return lrc_cmdline_fail(common, &err);
    if (common->json)
        return import_as_json(path, &report);
    import_as_text(common, path, &report);
    return 0;
}

int lrc_cli_dataset_import(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "dataset import",
        "NAME DIR|ZIP",
        "Make a dataset of the images and captions in a folder or a zip archive.",
        "Images come in by names and in formats that the trainer sees: suffixes in lower case, GIF, TIFF, HEIC, AVIF\n"
        "and JPEG XL converted (the originals are kept in .originals/), names that collide numbered. Captions (.txt,\n"
        ".caption, .cap) come with their images. Every image is decoded once; what cannot be read is listed and left\n"
        "out. The source is not changed. The workspace is made when there is none.",
        2,
        2};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_import_options o = {.workspace = &w, .convert_to = "png"};
    const lrc_opt opts[] = {
        {"recursive", 'r', LRC_OPT_FLAG, &o.recursive, NULL, "sub-folders too, kept as they are (10_name)", 0, 0, NULL},
        {"add", 'a', LRC_OPT_FLAG, &o.add, NULL, "add what a dataset that exists does not have yet", 0, 0, NULL},
        {"convert-to", 0, LRC_OPT_CHOICE, &o.convert_to, "FORMAT", "what images are converted to, lossless", 0, 0,
         "png|webp"},
    };
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    o.name = args.item[0];
    o.source = args.item[1];
    if (lrc_dataset_check_name(o.name, &err) < 0 || lrc_workspace_open(common.workspace, true, &w, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    return run_import(&common, &o);
}

// ---- list, show, check -------------------------------------------------------------------------------------------------

static void put_dataset(lrc_json_out *out, const lrc_dataset *d, bool whole)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "name", d->name);
    lrc_json_kstr(out, "path", d->path);
    lrc_json_kint(out, "image_count", (int64_t)d->images);
    lrc_json_kint(out, "seen_by_trainer", (int64_t)d->seen);
    lrc_json_kint(out, "caption_count", (int64_t)d->captions);
    lrc_json_kint(out, "total_size", (int64_t)d->bytes);
    lrc_json_kint(out, "modified_at", d->modified_ms);
    lrc_json_key(out, "folders");
    lrc_json_array_begin(out);
    for (size_t i = 0; i < d->folders; i++) {
        const lrc_dataset_folder *f = &d->folder[i];
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "name", f->relative);
        lrc_json_kint(out, "repeats", f->repeats ? f->repeats : 1);
        lrc_json_kint(out, "image_count", (int64_t)f->images);
        lrc_json_kint(out, "seen_by_trainer", (int64_t)f->seen);
        lrc_json_kint(out, "caption_count", (int64_t)f->captions);
        lrc_json_object_end(out);
    }
    lrc_json_array_end(out);
    if (whole) {
        lrc_json_key(out, "findings");
        lrc_json_put_findings(out, &d->findings);
    }
    lrc_json_object_end(out);
}

static int list_as_json(const lrc_dataset_list *l)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_key(&out, "datasets");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i < l->count; i++)
        put_dataset(&out, &l->item[i], false);
    lrc_json_array_end(&out);
    lrc_json_kint(&out, "total", (int64_t)l->count);
    lrc_json_key(&out, "errors");
    lrc_json_put_findings(&out, &l->problems);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

static void list_as_text(const lrc_common *common, const lrc_dataset_list *l)
{
    if (l->count)
        printf("%8s %8s %10s  %s\n", "images", "captions", "size", "name");
    for (size_t i = 0; i < l->count; i++) {
        const lrc_dataset *d = &l->item[i];
        char size[16];
        lrc_str_bytes(d->bytes, size);
        printf("%8zu %8zu %10s  ", d->images, d->captions, size);
        lrc_cmdline_put(stdout, d->name, 0);
        if (d->seen < d->images)
            printf("   (%zu that the trainer does not see)", d->images - d->seen);
        printf("\n");
    }
    if (!l->count && !common->quiet)
        printf("no datasets yet; 'lorica dataset import NAME DIR' makes one\n");
    lrc_cmdline_findings(common, &l->problems);
}

int lrc_cli_dataset_list(int argc, char **argv)
{
    static const lrc_cmd cmd = {"dataset list", "", "List the datasets of the workspace.", NULL, 0, 0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_dataset_list lrc_dataset_list list = {0};
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_open(common.workspace, false, &w, &err) < 0 || lrc_dataset_list_read(&w, &list, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.json)
        return list_as_json(&list);
    list_as_text(&common, &list);
    return 0;
}

static int print_dataset(const lrc_common *common, const lrc_dataset *d)
{
    if (common->json) {
        lrc_auto_buf lrc_buf buf;
        lrc_json_out out;
        lrc_buf_init(&buf, JSON_MAX);
        lrc_json_out_init(&out, &buf, 0);
        put_dataset(&out, d, true);
        return lrc_cmdline_json(&buf);
    }
    char size[16];
    lrc_str_bytes(d->bytes, size);
    lrc_cmdline_put(stdout, d->path, 0);
    printf("\n%zu images, %zu of them seen by the trainer; %zu captions; %s\n", d->images, d->seen, d->captions, size);
    for (size_t i = 0; i < d->folders; i++) {
        const lrc_dataset_folder *f = &d->folder[i];
        printf("%8zu images %8zu captions  ", f->images, f->captions);
        lrc_cmdline_put(stdout, f->relative[0] ? f->relative : ".", 0);
        printf(f->repeats ? "  (%d repeats)\n" : "\n", f->repeats);
    }
    lrc_cmdline_findings(common, &d->findings);
    return 0;
}

int lrc_cli_dataset_show(int argc, char **argv)
{
    static const lrc_cmd cmd = {"dataset show",
                                "NAME",
                                "Show what lies in a dataset, and what of it the trainer will not see.",
                                "Names and sizes only; 'lorica dataset check' also decodes every image.",
                                1,
                                1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_free char *path = NULL;
    lrc_auto_dataset lrc_dataset d = {0};
    const char *extension = LRC_CAPTION_EXTENSION;
    const lrc_opt opts[] = {
        {"extension", 0, LRC_OPT_STR, &extension, "EXT", "suffix of the caption files", 0, 0, NULL},
    };
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_open(common.workspace, false, &w, &err) < 0 ||
        lrc_dataset_find(&w, args.item[0], &path, &err) < 0 || lrc_dataset_scan(path, extension, &d, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    return print_dataset(&common, &d);
}

struct check_progress {
    const lrc_common *common;
    lrc_progress bar;
    bool begun;
};

static void show_check(void *arg, size_t done, size_t total, const char *name)
{
    struct check_progress *p = arg;
    if (!p->begun)
        lrc_progress_begin(&p->bar, p->common, "checking", total);
    p->begun = true;
    lrc_progress_step(&p->bar, done, name);
}

static int run_check(const lrc_common *common, const char *path, const char *extension)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_decoder lrc_decoder *decoder = NULL;
    lrc_auto_dataset lrc_dataset d = {0};
    struct check_progress progress = {.common = common};
    int result = lrc_decoder_new(NULL, &decoder, &err);
    if (result == 0)
        result =
            lrc_dataset_check(path, &(lrc_dataset_check_options){extension, decoder, show_check, &progress}, &d, &err);
    if (progress.begun)
        lrc_progress_end(&progress.bar);
    if (result < 0)
        return lrc_cmdline_fail(common, &err);
    const int printed = print_dataset(common, &d);
    return printed ? printed : lrc_findings_errors(&d.findings) ? lrc_err_exit_code(LRC_ERR_IO) : 0;
}

int lrc_cli_dataset_check(int argc, char **argv)
{
    static const lrc_cmd cmd = {"dataset check",
                                "NAME",
                                "Decode every image and read every caption, as the trainer will.",
                                "Exit code 1 when something would stop the trainer.",
                                1,
                                1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_free char *path = NULL;
    const char *extension = LRC_CAPTION_EXTENSION;
    const lrc_opt opts[] = {
        {"extension", 0, LRC_OPT_STR, &extension, "EXT", "suffix of the caption files", 0, 0, NULL},
    };
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_workspace_open(common.workspace, false, &w, &err) < 0 ||
        lrc_dataset_find(&w, args.item[0], &path, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    return run_check(&common, path, extension);
}

// ---- create ----------------------------------------------------------------------------------------------------------

int lrc_cli_dataset_create(int argc, char **argv)
{
    static const lrc_cmd cmd = {"dataset create", "NAME", "Make an empty dataset.", NULL, 1, 1};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_free char *path = NULL;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    if (lrc_dataset_check_name(args.item[0], &err) < 0 || lrc_workspace_open(common.workspace, false, &w, &err) < 0 ||
        lrc_dataset_create(&w, args.item[0], &path, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (!common.json) {
        printf("%s\n", path);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kstr(&out, "name", lrc_path_name(path));
    lrc_json_kstr(&out, "path", path);
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}
