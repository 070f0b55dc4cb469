// SPDX-License-Identifier: MIT
// demo.c - `lorica demo`: the whole way once, on a dozen pictures that the program draws.
//
// The demo is a list of the commands that a person would type, run one after the other and shown as they run, so that
// what it teaches is what it does. Stars are taught to the bundled Tiny base, which has never seen one, by the embedded
// trainer, beside pictures of what the base knows, so that it keeps that. Running it again keeps the pictures.
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "cli/cli.h"
#include "cmdline/cmdline.h"
#include "proc/exec.h"
#include "proc/spawn.h"
#include "settings/settings.h"

#define DATASET "demo"
#define KNOWN   "demo_known" // what the base knows already
#define TRIGGER "sks"        // one of the base's spare words
#define SHAPE   "star"
#define MODEL   "pretrained_model/tiny.safetensors"
#define WORDS   16 // most words of one command

// The settings that teach a new shape in half a minute of CPU time; models/tiny/README.md has the figures.
#define SIDE        32
#define KNOWN_COUNT 96
#define KNOWN_SEED  "900"
#define TEXT_(n)    #n
#define TEXT(n)     TEXT_(n)
enum { BATCH = 16, STEPS = 300, RANK = 8, STARS = 12, SAVE_EPOCHS = 2 };
enum { STAR_REPEATS = 40, KNOWN_REPEATS = STAR_REPEATS * STARS / KNOWN_COUNT }; // as often the one as the other
#define UNET_RATE 3e-3

struct demo {
    const lrc_common *common;
    lrc_workspace w;
    lrc_settings *s;
    char *pictures, *known_pictures, *dataset, *known, *request, *prompts, *model;
    char *lora, *sheet;
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
    const struct {
        const char *name;
        char **ret;
    } path[] = {
        {"datasets/" DATASET, &d->dataset},
        {"datasets/" KNOWN, &d->known},
        {"config/" DATASET "_request.json", &d->request},
        {"config/" DATASET "_prompts.txt", &d->prompts},
        {"config/" DATASET "_dataset.toml", &d->dataset_toml},
        {"config/" DATASET "_config.toml", &d->config_toml},
        {MODEL, &d->model},
        {"output/" DATASET ".safetensors", &d->lora},
        {"output/" DATASET "_sheet.png", &d->sheet},
    };
    if (lrc_workspace_open(d->common->workspace, true, &d->w, err) < 0 || lrc_settings_load(&d->w, &d->s, err) < 0 ||
        lrc_workspace_state(&d->w, "cache/" DATASET "-pictures", &d->pictures, err) < 0 ||
        lrc_workspace_state(&d->w, "cache/" KNOWN "-pictures", &d->known_pictures, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++)
        if (lrc_workspace_path(&d->w, path[i].name, path[i].ret, err) < 0)
            return -1;
    return 0;
}

// The base model of the installed program lies beside it, else it is the source tree's.
static int place_model(const struct demo *d, lrc_err *err)
{
    lrc_auto_free char *self = NULL, *bin = NULL, *installed = NULL;
    if (lrc_fs_is_file(d->model))
        return 0;
    if (lrc_proc_self(&self, err) < 0 || lrc_path_parent(&bin, self, err) < 0 ||
        lrc_path_join(&installed, bin, "../share/lorica/models/tiny/tiny.safetensors", err) < 0)
        return -1;
    const char *from = lrc_fs_is_file(installed) ? installed : LORICA_SOURCE_MODELS "/tiny/tiny.safetensors";
    lrc_auto_free char *folder = NULL;
    if (lrc_path_parent(&folder, d->model, err) < 0 || lrc_fs_mkdirs(folder, err) < 0 ||
        lrc_fs_copy(from, d->model, err) < 0)
        return lrc_wrap(err, "cannot bring the Tiny base model");
    return 0;
}

static int import(struct demo *d, lrc_err *err)
{
    if (lrc_fs_is_dir(d->dataset)) {
        if (!d->common->json && !d->common->quiet)
            printf("datasets/" DATASET " is there already and is kept\n");
    } else if (RUN(d, "lorica-worker", err, "native-images", d->pictures, "--shape", SHAPE, "--word", TRIGGER,
                   "--captions") < 0 ||
               RUN(d, "lorica", err, "dataset", "import", DATASET, d->pictures) < 0) {
        return -1;
    }
    if (lrc_fs_is_dir(d->known))
        return 0;
    if (RUN(d, "lorica-worker", err, "native-images", d->known_pictures, "--known", "--captions", "--count",
            TEXT(KNOWN_COUNT), "--size", TEXT(SIDE), "--seed", KNOWN_SEED) < 0)
        return -1;
    return RUN(d, "lorica", err, "dataset", "import", KNOWN, d->known_pictures);
}

static int make_dataset(struct demo *d, lrc_err *err)
{
    if (import(d, err) < 0)
        return -1;
    // Only the demo's own workspace gets a default tagger; a person's choice stays.
    if (!lrc_settings_is_set(d->s, "tagger.default") &&
        RUN(d, "lorica", err, "settings", "set", "tagger.default", "demo") < 0)
        return -1;
    // Both sets are tagged: a tag that only the stars had would be learned as the star, instead of the trigger word.
    if (RUN(d, "lorica", err, "tag", DATASET, "--overwrite-mode", "append") < 0 ||
        RUN(d, "lorica", err, "tag", KNOWN, "--overwrite-mode", "append") < 0)
        return -1;
    return RUN(d, "lorica", err, "captions", "add-trigger", DATASET, TRIGGER);
}

static void put_subset(lrc_json_out *out, const char *folder, int repeats)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "image_dir", folder);
    lrc_json_kint(out, "num_repeats", repeats);
    lrc_json_object_end(out);
}

static int write_request(struct demo *d, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, 64 * 1024);
    lrc_json_out_init(&out, &buf, 2);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "project_name", DATASET);
    lrc_json_kstr(&out, "model_type", "Tiny");
    lrc_json_kstr(&out, "pretrained_model_name_or_path", MODEL);
    lrc_json_kstr(&out, "train_data_dir", "datasets");
    lrc_json_key(&out, "subsets");
    lrc_json_array_begin(&out);
    put_subset(&out, DATASET, STAR_REPEATS);
    put_subset(&out, KNOWN, KNOWN_REPEATS);
    lrc_json_array_end(&out);
    lrc_json_kstr(&out, "output_dir", "output");
    lrc_json_kint(&out, "resolution", SIDE);
    lrc_json_kbool(&out, "enable_bucket", false);
    lrc_json_kint(&out, "train_batch_size", BATCH);
    lrc_json_kint(&out, "max_train_steps", STEPS);
    lrc_json_kint(&out, "network_dim", RANK);
    lrc_json_kint(&out, "network_alpha", RANK);
    lrc_json_kdouble(&out, "unet_lr", UNET_RATE);
    lrc_json_kint(&out, "text_encoder_lr", 0);
    lrc_json_kstr(&out, "optimizer_type", "AdamW");
    lrc_json_kstr(&out, "lr_scheduler", "constant");
    lrc_json_kint(&out, "lr_warmup_steps", 0);
    lrc_json_kint(&out, "lr_warmup_ratio", 0);
    lrc_json_kbool(&out, "v_parameterization", true);
    lrc_json_kbool(&out, "zero_terminal_snr", true);
    lrc_json_kstr(&out, "save_precision", "fp16");
    lrc_json_kint(&out, "save_every_n_epochs", SAVE_EPOCHS);
    lrc_json_kint(&out, "sample_every_n_epochs", 1);
    lrc_json_kstr(&out, "sample_prompts", "config/" DATASET "_prompts.txt");
    lrc_json_kbool(&out, "shuffle_caption", true);
    lrc_json_kint(&out, "keep_tokens", 1);
    lrc_json_object_end(&out);
    lrc_buf_addc(&buf, '\n');
    if (lrc_buf_check(&buf, "the request", err) < 0)
        return -1;
    return lrc_fs_write(d->request, buf.data, buf.len, 0, err);
}

// Drawn after every epoch, so that one can watch the star come, and the circle stay.
static int write_prompts(struct demo *d, lrc_err *err)
{
    static const char prompts[] =
        TRIGGER ", red, big, sand background --d 1\n" TRIGGER ", green, big, navy background --d 2\n" TRIGGER
                ", yellow, big, black background --d 3\ncircle, white, big, gray background "
                "--d 4\n";
    return lrc_fs_write(d->prompts, prompts, sizeof prompts - 1, 0, err);
}

static int configure(struct demo *d, lrc_err *err)
{
    lrc_auto_free char *dir = NULL;
    if (lrc_workspace_path(&d->w, "config", &dir, err) < 0 || place_model(d, err) < 0 || write_prompts(d, err) < 0 ||
        write_request(d, err) < 0)
        return -1;
    if (RUN(d, "lorica", err, "toml", "--profile", "studio", "--root", d->w.root, d->request, "--out", dir) < 0)
        return -1;
    if (!lrc_fs_is_file(d->dataset_toml) || !lrc_fs_is_file(d->config_toml))
        return lrc_fail(err, LRC_ERR_INTERNAL, "the two TOML files are not in %s", dir);
    return 0;
}

// Trains, and shows what the base draws for the same prompts and seeds without and with the LoRA.
static int train(struct demo *d, lrc_err *err)
{
    if (RUN(d, "lorica", err, "train", d->request) < 0)
        return -1;
    if (!lrc_fs_is_file(d->lora))
        return lrc_fail(err, LRC_ERR_INTERNAL, "the training ended, but %s is not there", d->lora);
    d->trained = true;
    return RUN(d, "lorica-worker", err, "native-judge", d->model, d->lora, "--before", "--shape", SHAPE, "--word",
               TRIGGER, "--sheet", d->sheet);
}

static int report(const struct demo *d)
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
        lrc_json_kstr(&out, "not_trained_because", NULL);
        lrc_json_object_end(&out);
        return lrc_cmdline_json(&buf);
    }
    printf("\nDone. The workspace is %s\n"
           "  datasets/" DATASET "/             a dozen pictures with captions: tags, and '" TRIGGER "' in front\n"
           "  config/" DATASET "_*.toml         what the trainer read\n"
           "  output/" DATASET ".safetensors   the LoRA; output/sample/: what it drew while it learned\n"
           "  output/" DATASET "_sheet.png     what '" TRIGGER "' and known words draw, before and after, same seeds\n",
           d->w.root);
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
        "tagged and a LoRA was\ntrained on the bundled Tiny base by the embedded trainer, which needs no GPU and no "
        "download.\nRun "
        "again, it keeps the pictures, writes config/demo_request.json anew and trains again.",
        0,
        0};
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, NULL, 0, argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    struct demo d = {.common = &common};
    const bool failed =
        prepare(&d, &err) < 0 || make_dataset(&d, &err) < 0 || configure(&d, &err) < 0 || train(&d, &err) < 0;
    const int result = failed ? lrc_cmdline_fail(&common, &err) : report(&d);
    lrc_settings_free(d.s);
    lrc_workspace_done(&d.w);
    char *owned[] = {d.pictures, d.known_pictures, d.dataset, d.known,        d.request,    d.prompts,
                     d.model,    d.lora,           d.sheet,   d.dataset_toml, d.config_toml};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        free(owned[i]);
    return result;
}
