// SPDX-License-Identifier: MIT
// demo.c - `lorica demo`: the whole way once, on a dozen pictures that the program draws.
//
// The demo is a list of the commands that a person would type, run one after the other and shown as they run, so that
// what it teaches is what it does. Running it again keeps what is there.
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "proc/exec.h"
#include "proc/spawn.h"
#include "settings/settings.h"
#include "train/trainer.h"

#define DATASET "demo"
#define TRIGGER "lrcdemo"
#define WORDS   16 // most words of one command

struct demo {
    const lrc_common *common;
    lrc_workspace w;
    lrc_settings *s;
    char *pictures, *dataset, *request, *model; // model: NULL when no base model was found
    char *dataset_toml, *config_toml;
    bool trained;
};

// Run one of the two programs with these words (NULL ends them) and the workspace. Shown as a person would type it.
static int run(const struct demo *d, const char *program, const char *const words[WORDS], lrc_err *err)
{
    lrc_auto_strv lrc_strv argv = {0};
    lrc_auto_free char *exe = NULL;
    const bool silent = d->common->json || d->common->quiet;
    if (lrc_proc_sibling(program, &exe, err) < 0 || lrc_strv_push(&argv, exe, err) < 0)
        return -1;
    if (!silent)
        printf("\n$ %s", program);
    for (size_t i = 0; words[i]; i++) {
        if (lrc_strv_push(&argv, words[i], err) < 0)
            return -1;
        if (!silent)
            printf(strchr(words[i], ' ') ? " '%s'" : " %s", words[i]);
    }
    if (!silent)
        printf("\n");
    fflush(stdout);
    if (lrc_strv_push(&argv, "--workspace", err) < 0 || lrc_strv_push(&argv, d->w.root, err) < 0 ||
        (silent && lrc_strv_push(&argv, "--quiet", err) < 0))
        return -1;
    lrc_proc_options o = LRC_PROC_OPTIONS_INIT;
    o.argv = argv.item;
    o.out = silent ? LRC_PROC_NULL : STDOUT_FILENO;
    o.err = STDERR_FILENO;
    lrc_auto_proc lrc_proc p = LRC_PROC_INIT;
    lrc_proc_exit how;
    if (lrc_proc_spawn(&o, &p, err) < 0 || lrc_proc_wait(&p, -1, &how, err) < 0)
        return -1;
    if (how.code != 0)
        return lrc_fail(err, LRC_ERR_CONFLICT, "the demo stops here: 'lorica %s' did not work (see above)", words[0]);
    return 0;
}
#define RUN(d, program, err, ...) run(d, program, (const char *const[WORDS]){__VA_ARGS__, NULL}, err)

static int prepare(struct demo *d, lrc_err *err)
{
    if (lrc_workspace_open(d->common->workspace, true, &d->w, err) < 0 || lrc_settings_load(&d->w, &d->s, err) < 0 ||
        lrc_workspace_state(&d->w, "cache/demo-pictures", &d->pictures, err) < 0 ||
        lrc_workspace_path(&d->w, "datasets/" DATASET, &d->dataset, err) < 0 ||
        lrc_workspace_path(&d->w, "config/" DATASET "_request.json", &d->request, err) < 0 ||
        lrc_workspace_path(&d->w, "config/" DATASET "_dataset.toml", &d->dataset_toml, err) < 0)
        return -1;
    return lrc_workspace_path(&d->w, "config/" DATASET "_config.toml", &d->config_toml, err);
}

static int make_dataset(struct demo *d, lrc_err *err)
{
    if (lrc_fs_is_dir(d->dataset)) {
        if (!d->common->json && !d->common->quiet)
            printf("datasets/" DATASET " is there already and is kept\n");
    } else if (RUN(d, "lorica-worker", err, "demo-images", d->pictures) < 0 ||
               RUN(d, "lorica", err, "dataset", "import", DATASET, d->pictures) < 0) {
        return -1;
    }
    // Only the demo's own workspace gets a default tagger; a person's choice stays.
    if (!lrc_settings_is_set(d->s, "tagger.default") &&
        RUN(d, "lorica", err, "settings", "set", "tagger.default", "demo") < 0)
        return -1;
    if (RUN(d, "lorica", err, "tag", DATASET, "--overwrite-mode", "append") < 0)
        return -1;
    return RUN(d, "lorica", err, "captions", "add-trigger", DATASET, TRIGGER);
}

static lrc_walk_next first_model(void *arg, const lrc_fs_entry *entry, lrc_err *err)
{
    char **ret = arg;
    if (*ret || !S_ISREG(entry->st->st_mode) || !lrc_str_ends(entry->name, ".safetensors"))
        return LRC_WALK_ON;
    return lrc_str_format(ret, err, "pretrained_model/%s", entry->relative) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
}

static int write_request(struct demo *d, lrc_err *err)
{
    static const lrc_fs_walk_options options = {.recursive = true};
    lrc_auto_free char *models = NULL;
    if (lrc_workspace_path(&d->w, "pretrained_model", &models, err) < 0 ||
        lrc_fs_walk(models, &options, first_model, &d->model, err) < 0)
        return -1;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, 64 * 1024);
    lrc_json_out_init(&out, &buf, 2);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "project_name", DATASET);
    lrc_json_kstr(&out, "model_type", "SD1.5");
    lrc_json_kstr(&out, "pretrained_model_name_or_path", d->model ? d->model : "pretrained_model/sd15.safetensors");
    lrc_json_kstr(&out, "train_data_dir", "datasets/" DATASET);
    lrc_json_kstr(&out, "output_dir", "output");
    lrc_json_kint(&out, "resolution", 512);
    lrc_json_kint(&out, "num_repeats", 5);
    lrc_json_kint(&out, "train_batch_size", 2);
    lrc_json_kint(&out, "max_train_epochs", 4);
    lrc_json_kint(&out, "network_dim", 16);
    lrc_json_kint(&out, "network_alpha", 8);
    lrc_json_kstr(&out, "optimizer_type", "AdamW");
    lrc_json_kstr(&out, "lr_scheduler", "cosine");
    lrc_json_kstr(&out, "mixed_precision", "bf16");
    lrc_json_kbool(&out, "shuffle_caption", true);
    lrc_json_kint(&out, "keep_tokens", 1);
    lrc_json_object_end(&out);
    lrc_buf_addc(&buf, '\n');
    if (lrc_buf_check(&buf, "the request", err) < 0)
        return -1;
    return lrc_fs_write(d->request, buf.data, buf.len, 0, err);
}

static int configure(struct demo *d, lrc_err *err)
{
    lrc_auto_free char *dir = NULL;
    if (lrc_workspace_path(&d->w, "config", &dir, err) < 0)
        return -1;
    if (write_request(d, err) < 0)
        return -1;
    if (RUN(d, "lorica", err, "toml", "--profile", "studio", "--root", d->w.root, d->request, "--out", dir) < 0)
        return -1;
    if (!lrc_fs_is_file(d->dataset_toml) || !lrc_fs_is_file(d->config_toml))
        return lrc_fail(err, LRC_ERR_INTERNAL, "the two TOML files are not in %s", dir);
    return 0;
}

// Trains where it can; says what is missing where it cannot.
static int train(struct demo *d, char **ret_missing, lrc_err *err)
{
    lrc_auto_trainer lrc_trainer t = {0};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_trainer_find(&d->w, d->s, &t, err) < 0)
        return -1;
    if (lrc_trainer_check(&t, NULL, &why) < 0)
        return lrc_str_copy(ret_missing, why.msg, err);
    if (!d->model)
        return lrc_str_copy(ret_missing, "there is no base model: put one (.safetensors) into pretrained_model/", err);
    if (RUN(d, "lorica", err, "train", d->request) < 0)
        return -1;
    d->trained = true;
    return 0;
}

static int report(const struct demo *d, const char *missing)
{
    if (d->common->json) {
        lrc_auto_buf lrc_buf buf;
        lrc_json_out out;
        lrc_buf_init(&buf, 64 * 1024);
        lrc_json_out_init(&out, &buf, 0);
        lrc_json_object_begin(&out);
        lrc_json_kbool(&out, "success", true);
        lrc_json_kstr(&out, "workspace", d->w.root);
        lrc_json_kstr(&out, "dataset", d->dataset);
        lrc_json_kstr(&out, "dataset_toml", d->dataset_toml);
        lrc_json_kstr(&out, "config_toml", d->config_toml);
        lrc_json_kbool(&out, "trained", d->trained);
        lrc_json_kstr(&out, "not_trained_because", missing);
        lrc_json_object_end(&out);
        return lrc_cmdline_json(&buf);
    }
    printf("\nDone. The workspace is %s\n"
           "  datasets/" DATASET "/            a dozen pictures with captions: tags, and '" TRIGGER "' in front\n"
           "  config/" DATASET "_*.toml        what the trainer reads\n",
           d->w.root);
    if (d->trained)
        printf("  output/" DATASET ".safetensors  the LoRA\n");
    else
        printf("\nNot trained: %s\nThen: lorica train %s --workspace %s\n", missing, d->request, d->w.root);
    printf("\nYour own pictures: lorica dataset import NAME FOLDER --workspace %s\n"
           "What this machine has and lacks: lorica doctor\n",
           d->w.root);
    return 0;
}

int lrc_cli_demo(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "demo",
        "",
        "Walk the whole way on a dozen drawn pictures: import, tag, trigger word, configure, train.",
        "Makes the workspace when there is none. Ends with exit code 0 only when the pictures were "
        "tagged and both TOML files\nexist; trains too where a trainer and a base model are there.\nRun again, it "
        "keeps the pictures and writes config/demo_request.json anew.",
        0,
        0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_free char *missing = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    struct demo d = {.common = &common};
    const bool failed =
        prepare(&d, &err) < 0 || make_dataset(&d, &err) < 0 || configure(&d, &err) < 0 || train(&d, &missing, &err) < 0;
    const int result = failed ? lrc_cmdline_fail(&common, &err) : report(&d, missing);
    lrc_settings_free(d.s);
    lrc_workspace_done(&d.w);
    char *owned[] = {d.pictures, d.dataset, d.request, d.model, d.dataset_toml, d.config_toml};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        free(owned[i]);
    return result;
}
