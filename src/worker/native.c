// SPDX-License-Identifier: MIT
// native.c - the embedded trainer's commands: `train-native` takes the arguments that sd-scripts' train_network.py takes
// from a job, the others make what belongs to it: pictures, the base model, the verdict on a LoRA.
#include "cmdline/cmdline.h"
#include "engine/train.h"
#include "worker/worker.h"

#define THREADS_MAX 256
#define SEED_MAX    9e15
#define STEPS_MAX   1e7

static int need(const char *value, const char *option, lrc_err *err)
{
    return value ? 0 : lrc_fail_field(err, LRC_ERR_INVALID, option, "--%s is needed", option);
}

// The findings as text or JSON; the exit code says whether training would start.
static int check(const lrc_common *common, const lrc_engine_train_options *o, lrc_err *err)
{
    lrc_auto_findings lrc_findings findings = {0};
    if (lrc_engine_check(o, &findings, err) < 0)
        return lrc_cmdline_fail(common, err);
    const bool good = lrc_findings_errors(&findings) == 0;
    if (common->json) {
        lrc_auto_buf lrc_buf buf;
        lrc_buf_init(&buf, 16 << 20);
        lrc_json_out out;
        lrc_json_out_init(&out, &buf, 0);
        lrc_json_object_begin(&out);
        lrc_json_kbool(&out, "valid", good);
        lrc_json_key(&out, "findings");
        lrc_json_put_findings(&out, &findings);
        lrc_json_object_end(&out);
        const int code = lrc_cmdline_json(&buf);
        return code ? code : good ? 0 : 2;
    }
    lrc_cmdline_findings(common, &findings);
    return good ? 0 : 2;
}

int lrc_worker_train_native(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "train-native",
        "",
        "Train a LoRA on a Tiny base with the embedded trainer.",
        "Takes the two files that Lorica writes for sd-scripts' train_network.py and prints the same progress.",
        0,
        0};
    lrc_engine_train_options o = {0};
    int64_t threads = 0;
    bool only_check = false;
    const lrc_opt opts[] = {
        {"config_file", 0, LRC_OPT_STR, &o.config_file, "FILE", "settings of the training (TOML)", 0, 0, NULL},
        {"dataset_config", 0, LRC_OPT_STR, &o.dataset_config, "FILE", "folders of pictures (TOML)", 0, 0, NULL},
        {"output_dir", 0, LRC_OPT_STR, &o.output_dir, "DIR", "where results go; else as the settings say", 0, 0, NULL},
        {"output_name", 0, LRC_OPT_STR, &o.output_name, "NAME", "name of the LoRA; else as the settings say", 0, 0,
         NULL},
        {"threads", 0, LRC_OPT_INT, &threads, "N", "0: all cores that this process may use", 0, THREADS_MAX, NULL},
        {"check", 0, LRC_OPT_FLAG, &only_check, NULL, "say what this trainer would refuse or ignore; do not train", 0,
         0, NULL},
    };
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    o.threads = (int)threads;
    if (need(o.config_file, "config_file", &err) < 0 || need(o.dataset_config, "dataset_config", &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (only_check)
        return check(&common, &o, &err);
    return lrc_engine_train(&o, &err) < 0 ? lrc_cmdline_fail(&common, &err) : 0;
}

int lrc_worker_train_native_base(int argc, char **argv)
{
    static const lrc_cmd cmd = {"train-native-base",
                                "FILE",
                                "Train the Tiny base model from nothing into FILE.",
                                "Pictures are drawn and captions written by rule; the seed fixes everything.",
                                1,
                                1};
    int64_t seed = 1, steps = 0, threads = 0;
    const lrc_opt opts[] = {
        {"seed", 0, LRC_OPT_INT, &seed, "N", "of weights, pictures and noise", 0, SEED_MAX, NULL},
        {"steps", 0, LRC_OPT_INT, &steps, "N", "0: as models/tiny was made", 0, STEPS_MAX, NULL},
        {"threads", 0, LRC_OPT_INT, &threads, "N", "0: all cores that this process may use", 0, THREADS_MAX, NULL},
    };
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    return lrc_engine_train_base(args.item[0], (uint64_t)seed, steps, (int)threads, &err) < 0
               ? lrc_cmdline_fail(&common, &err)
               : 0;
}

int lrc_worker_native_images(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "native-images", "DIR", "Draw pictures for a training on the Tiny base into DIR.", NULL, 1, 1};
    lrc_engine_drawing d = {.shape = "star", .word = "sks"};
    int64_t count = 12, size = 256, seed = 77;
    const lrc_opt opts[] = {
        {"shape", 0, LRC_OPT_STR, &d.shape, "NAME", "star, heart, moon or arrow", 0, 0, NULL},
        {"word", 0, LRC_OPT_STR, &d.word, "WORD", "stands for the shape in the captions", 0, 0, NULL},
        {"count", 0, LRC_OPT_INT, &count, "N", "how many", 1, 100000, NULL},
        {"size", 0, LRC_OPT_INT, &size, "PIXELS", "of a side", 8, 4096, NULL},
        {"seed", 0, LRC_OPT_INT, &seed, "N", "the same seed draws the same pictures", 0, SEED_MAX, NULL},
        {"captions", 0, LRC_OPT_FLAG, &d.captions, NULL, "write what is drawn into .txt files", 0, 0, NULL},
        {"known", 0, LRC_OPT_FLAG, &d.known, NULL, "shapes that the base knows, for regularisation", 0, 0, NULL},
    };
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    d.dir = args.item[0];
    d.count = (int)count;
    d.size = (int)size;
    d.seed = (uint64_t)seed;
    return lrc_engine_draw_images(&d, &err) < 0 ? lrc_cmdline_fail(&common, &err) : 0;
}

static void say_verdict(const char *when, const char *shape, const lrc_engine_verdict *v)
{
    printf("%s%s: %d of %d pictures; shapes known before: %d of %d kept\n", when, shape, v->new_shape, v->new_count,
           v->kept, v->kept_count);
}

static void put_verdict(lrc_json_out *out, const lrc_engine_verdict *v)
{
    lrc_json_kint(out, "new_shape", v->new_shape);
    lrc_json_kint(out, "new_count", v->new_count);
    lrc_json_kint(out, "kept", v->kept);
    lrc_json_kint(out, "kept_count", v->kept_count);
}

static int print_verdict(const lrc_common *common, const lrc_engine_exam *e, const lrc_engine_verdict *before,
                         const lrc_engine_verdict *v)
{
    if (!common->json) {
        if (e->before)
            say_verdict("before: ", e->shape, before);
        say_verdict(e->before ? "after:  " : "", e->shape, v);
        return 0;
    }
    lrc_auto_buf lrc_buf buf;
    lrc_buf_init(&buf, 4096);
    lrc_json_out out;
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kstr(&out, "shape", e->shape);
    put_verdict(&out, v);
    if (e->before) {
        lrc_json_key(&out, "before");
        lrc_json_object_begin(&out);
        put_verdict(&out, before);
        lrc_json_object_end(&out);
    }
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf);
}

int lrc_worker_native_judge(int argc, char **argv)
{
    static const lrc_cmd cmd = {"native-judge",
                                "BASE [LORA]",
                                "Count how often the new shape is drawn, and the known ones still are.",
                                NULL,
                                1,
                                2};
    lrc_engine_exam e = {.shape = "star", .word = "sks"};
    const lrc_opt opts[] = {
        {"shape", 0, LRC_OPT_STR, &e.shape, "NAME", "what was taught", 0, 0, NULL},
        {"word", 0, LRC_OPT_STR, &e.word, "WORD", "what it is called in prompts", 0, 0, NULL},
        {"before", 0, LRC_OPT_FLAG, &e.before, NULL, "judge the base without the LoRA too, at the left of the sheet", 0,
         0, NULL},
        {"sheet", 0, LRC_OPT_STR, &e.sheet, "FILE", "write all pictures into this PNG", 0, 0, NULL},
    };
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    e.base = args.item[0];
    e.lora = args.count > 1 ? args.item[1] : NULL;
    lrc_engine_verdict before, v;
    if (lrc_engine_judge(&e, &before, &v, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    return print_verdict(&common, &e, &before, &v);
}
