// SPDX-License-Identifier: MIT
// lorica preset list|show|import|save|diff|delete
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "preset/import.h"
#include "preset/preset.h"

#define JSON_MAX (32 << 20)

struct call {
    lrc_common common;
    lrc_workspace w;
    lrc_strv args;
};

static void call_done(struct call *c)
{
    lrc_workspace_done(&c->w);
    lrc_strv_done(&c->args);
}
#define auto_call lrc_cleanup(call_done)

// 1: help was printed, 0: go on, -1.
static int begin(struct call *c, const lrc_cmd *cmd, const lrc_opt *opts, size_t count, int argc, char **argv,
                 lrc_err *err)
{
    if (lrc_cmdline_parse(cmd, opts, count, argc, argv, &c->common, &c->args, err) < 0)
        return -1;
    if (c->common.help)
        return 1;
    return lrc_workspace_open(c->common.workspace, false, &c->w, err);
}

static void begin_json(lrc_buf *buf, lrc_json_out *out)
{
    lrc_buf_init(buf, JSON_MAX);
    lrc_json_out_init(out, buf, 0);
    lrc_json_object_begin(out);
    lrc_json_kbool(out, "success", true);
}

static int end_json(lrc_buf *buf, lrc_json_out *out)
{
    lrc_json_object_end(out);
    return lrc_cmdline_json(buf);
}

// ---- list and show ---------------------------------------------------------------------------------------------------

int lrc_cli_preset_list(int argc, char **argv)
{
    static const lrc_cmd cmd = {"preset list", "", "Presets that come with Lorica, and those of the workspace.",
                                NULL,          0,  0};
    auto_call struct call c = {0};
    lrc_auto_preset_list lrc_preset_list all = {0};
    lrc_err err = LRC_ERR_INIT;
    const int begun = begin(&c, &cmd, NULL, 0, argc, argv, &err);
    if (begun > 0)
        return 0;
    if (begun < 0 || lrc_preset_list_read(&c.w, &all, &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    if (c.common.json) {
        lrc_auto_buf lrc_buf buf;
        lrc_json_out out;
        begin_json(&buf, &out);
        lrc_json_key(&out, "presets");
        lrc_json_array_begin(&out);
        for (size_t i = 0; i < all.count; i++) {
            lrc_json_object_begin(&out);
            lrc_preset_put_head(&all.item[i], &out);
            lrc_json_object_end(&out);
        }
        lrc_json_array_end(&out);
        lrc_json_key(&out, "findings");
        lrc_json_put_findings(&out, &all.problems);
        return end_json(&buf, &out);
    }
    lrc_cmdline_findings(&c.common, &all.problems);
    for (size_t i = 0; i < all.count; i++) {
        printf("%-20s %-14s %-8s ", all.item[i].id, all.item[i].model_type, all.item[i].built_in ? "shipped" : "own");
        lrc_cmdline_put(stdout, all.item[i].description[0] ? all.item[i].description : all.item[i].name, 100);
        printf("\n");
    }
    return 0;
}

static void show_as_text(const lrc_preset *p)
{
    lrc_cmdline_put(stdout, p->name, 0);
    printf("\n");
    lrc_cmdline_put(stdout, p->description, 0);
    printf("\nsource: ");
    lrc_cmdline_put(stdout, p->source[0] ? p->source : "not told", 0);
    printf("\n");
    for (const lrc_json *m = p->fields->first; m; m = m->next) {
        lrc_auto_buf lrc_buf buf;
        lrc_json_out out;
        lrc_buf_init(&buf, JSON_MAX);
        lrc_json_out_init(&out, &buf, 0);
        lrc_json_put_value(&out, m);
        printf("  %-36s ", m->key);
        lrc_cmdline_put(stdout, buf.data, 200);
        printf("\n");
    }
}

int lrc_cli_preset_show(int argc, char **argv)
{
    static const lrc_cmd cmd = {"preset show", "ID", "What a preset sets, and where its recommendation comes from.",
                                NULL,          1,    1};
    auto_call struct call c = {0};
    lrc_auto_preset lrc_preset p = {0};
    lrc_err err = LRC_ERR_INIT;
    const int begun = begin(&c, &cmd, NULL, 0, argc, argv, &err);
    if (begun > 0)
        return 0;
    if (begun < 0 || lrc_preset_load(&c.w, c.args.item[0], &p, &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    if (!c.common.json) {
        show_as_text(&p);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    begin_json(&buf, &out);
    lrc_json_key(&out, "preset");
    lrc_preset_put(&p, false, &out);
    return end_json(&buf, &out);
}

// ---- save, import, delete --------------------------------------------------------------------------------------------

static int print_saved(const lrc_common *common, const char *id)
{
    if (!common->json) {
        printf("%s\n", id);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    begin_json(&buf, &out);
    lrc_json_kstr(&out, "id", id);
    return end_json(&buf, &out);
}

int lrc_cli_preset_save(int argc, char **argv)
{
    static const lrc_cmd cmd = {"preset save",
                                "NAME REQUEST.json",
                                "Keep the settings of a request under a name.",
                                "Every member of the request is kept but for keys and tokens.",
                                2,
                                2};
    auto_call struct call c = {0};
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_preset_new p = {0};
    bool replace = false;
    char id[LRC_PRESET_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    const lrc_opt opts[] = {
        {"description", 0, LRC_OPT_STR, &p.description, "TEXT", "a sentence about it", 0, 0, NULL},
        {"replace", 0, LRC_OPT_FLAG, &replace, NULL, "write over the one of this name", 0, 0, NULL},
    };
    const int begun = begin(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &err);
    if (begun > 0)
        return 0;
    if (begun < 0 || lrc_json_load(c.args.item[1], LRC_PRESET_MAX, &doc, &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    p.name = c.args.item[0];
    p.config = lrc_json_root(doc);
    p.keep_existing = !replace;
    if (p.config->type != LRC_JSON_OBJECT)
        lrc_fail(&err, LRC_ERR_INVALID, "'%s' holds %s, not a request", c.args.item[1], lrc_json_type_name(p.config));
    else if (lrc_preset_save(&c.w, &p, id, &err) == 0)
        return print_saved(&c.common, id);
    return lrc_cmdline_fail(&c.common, &err);
}

static int print_import(const lrc_common *common, const lrc_preset_import *i, const char *id)
{
    if (common->json) {
        lrc_auto_buf lrc_buf buf;
        lrc_json_out out;
        begin_json(&buf, &out);
        lrc_json_kstr(&out, "id", id);
        lrc_preset_import_put(i, &out);
        return end_json(&buf, &out);
    }
    size_t mapped = 0;
    for (size_t k = 0; k < i->count; k++) {
        mapped += i->key[k].to != NULL;
        if (i->key[k].to || common->quiet)
            continue;
        fprintf(stderr, "not taken: ");
        lrc_cmdline_put(stderr, i->key[k].from, 100);
        fprintf(stderr, " = ");
        lrc_cmdline_put(stderr, i->key[k].value, 60);
        fprintf(stderr, ": %s\n", i->key[k].reason);
    }
    printf("%s: %zu of %zu keys of a %s\n", id, mapped, i->count, lrc_preset_format_name(i->format));
    return 0;
}

static int stem_of(const char *path, char **ret, lrc_err *err)
{
    const char *name = lrc_path_name(path);
    return lrc_str_copy_n(ret, name, strlen(name) - strlen(lrc_path_suffix(name)), err);
}

int lrc_cli_preset_import(int argc, char **argv)
{
    static const lrc_cmd cmd = {"preset import",
                                "FILE",
                                "Make a preset of another program's settings.",
                                "Takes presets of KNX, kohya_ss (bmaltais) JSON and TOML files of sd-scripts. Every "
                                "key that has no field here is "
                                "listed with the reason, and kept in the preset's file.",
                                1,
                                1};
    auto_call struct call c = {0};
    lrc_auto_preset_import lrc_preset_import i = {0};
    lrc_auto_free char *text = NULL, *stem = NULL;
    const char *name = NULL;
    bool replace = false;
    size_t n = 0;
    char id[LRC_PRESET_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    const lrc_opt opts[] = {
        {"name", 'n', LRC_OPT_STR, &name, "NAME", "what to call it; default: the file's name", 0, 0, NULL},
        {"replace", 0, LRC_OPT_FLAG, &replace, NULL, "write over the one of this name", 0, 0, NULL},
    };
    const int begun = begin(&c, &cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &err);
    if (begun > 0)
        return 0;
    if (begun < 0 || stem_of(c.args.item[0], &stem, &err) < 0 ||
        lrc_fs_read(c.args.item[0], LRC_PRESET_MAX, &text, &n, &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    if (lrc_preset_import_read(text, n, &i, &err) < 0) {
        lrc_wrap_(&err, "%s", c.args.item[0]);
        return lrc_cmdline_fail(&c.common, &err);
    }
    const lrc_preset_new p = {.name = name ? name : stem,
                              .source = lrc_preset_format_name(i.format),
                              .config = i.fields,
                              .unmapped = lrc_json_root(i.unmapped_doc),
                              .keep_existing = !replace};
    if (lrc_preset_save(&c.w, &p, id, &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    return print_import(&c.common, &i, id);
}

int lrc_cli_preset_delete(int argc, char **argv)
{
    static const lrc_cmd cmd = {"preset delete", "ID", "Remove a preset of the workspace.", NULL, 1, 1};
    auto_call struct call c = {0};
    lrc_err err = LRC_ERR_INIT;
    const int begun = begin(&c, &cmd, NULL, 0, argc, argv, &err);
    if (begun > 0)
        return 0;
    if (begun < 0 || lrc_preset_delete(&c.w, c.args.item[0], &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    return print_saved(&c.common, c.args.item[0]);
}

// ---- diff ------------------------------------------------------------------------------------------------------------

static int print_differences(const lrc_buf *list, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    if (lrc_json_parse(list->data, list->len, &doc, err) < 0)
        return -1;
    for (const lrc_json *d = lrc_json_root(doc)->first; d; d = d->next) {
        lrc_auto_buf lrc_buf text;
        lrc_json_out out;
        lrc_buf_init(&text, JSON_MAX);
        lrc_json_out_init(&out, &text, 0);
        lrc_json_put_value(&out, lrc_json_get(d, "preset"));
        lrc_buf_adds(&text, "  ->  ");
        lrc_json_out_init(&out, &text, 0);
        lrc_json_put_value(&out, lrc_json_get(d, "request"));
        printf("%-36s ", lrc_json_get(d, "field")->text);
        lrc_cmdline_put(stdout, text.data, 200);
        printf("\n");
    }
    return 0;
}

int lrc_cli_preset_diff(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "preset diff",
        "ID REQUEST.json",
        "Where a request differs from a preset.",
        "Fields that the preset sets, its value and the request's; null where the request has none.",
        2,
        2};
    auto_call struct call c = {0};
    lrc_auto_preset lrc_preset p = {0};
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_buf lrc_buf list;
    lrc_json_out out;
    size_t count = 0;
    lrc_err err = LRC_ERR_INIT;
    lrc_buf_init(&list, JSON_MAX);
    lrc_json_out_init(&out, &list, 0);
    const int begun = begin(&c, &cmd, NULL, 0, argc, argv, &err);
    if (begun > 0)
        return 0;
    if (begun < 0 || lrc_preset_load(&c.w, c.args.item[0], &p, &err) < 0 ||
        lrc_json_load(c.args.item[1], LRC_PRESET_MAX, &doc, &err) < 0 ||
        lrc_preset_compare(&p, lrc_json_root(doc), &out, &count, &err) < 0 ||
        lrc_buf_check(&list, "the list", &err) < 0)
        return lrc_cmdline_fail(&c.common, &err);
    if (!c.common.json)
        return print_differences(&list, &err) < 0 ? lrc_cmdline_fail(&c.common, &err) : 0;
    lrc_auto_buf lrc_buf buf;
    begin_json(&buf, &out);
    lrc_json_kint(&out, "count", (int64_t)count);
    lrc_json_key(&out, "differences");
    lrc_json_put_raw(&out, list.data);
    return end_json(&buf, &out);
}
