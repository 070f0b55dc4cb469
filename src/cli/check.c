// SPDX-License-Identifier: MIT
// lorica check, and the dry run inside of lorica train
#include "cli/check.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "cli/cli.h"

#define JSON_MAX      (512 << 20)
#define BUCKETS_SHOWN 12

struct bar {
    lrc_progress progress;
    const lrc_common *common;
    size_t total; // of the folder that is read; 0: nothing is shown yet
};

// Every folder has a bar of its own; where all pictures are known there is none.
static void progress_step(void *arg, size_t done, size_t total, const char *name)
{
    struct bar *b = arg;
    if (b->total != total || done <= 1) {
        b->total = total;
        lrc_progress_begin(&b->progress, b->common, "reading images", total);
    }
    lrc_progress_step(&b->progress, done, name);
}

int lrc_cli_check_run(const lrc_workspace *w, const lrc_settings *s, const lrc_train_run *run, const lrc_common *common,
                      const lrc_check_options *options, lrc_check_report *ret, lrc_findings *findings, lrc_err *err)
{
    struct bar bar = {.common = common};
    lrc_check_options o = *options;
    o.progress = progress_step;
    o.arg = &bar;
    const int result = lrc_check_run(w, s, run, &o, ret, findings, err);
    if (bar.total)
        lrc_progress_end(&bar.progress);
    return result;
}

// ---- As text ---------------------------------------------------------------------------------------------------------

static void print_data(const lrc_check_report *r)
{
    for (size_t i = 0; i < r->subsets; i++) {
        const lrc_check_subset *s = &r->subset[i];
        printf("%s: %zu images x %lld, %zu captions", s->dir, s->images, (long long)s->repeats, s->captions);
        if (s->unseen)
            printf(", %zu not seen by the trainer", s->unseen);
        printf("%s\n", s->ignored ? ", ignored" : "");
    }
    for (size_t i = 0; i < r->buckets.count && i < BUCKETS_SHOWN; i++) {
        const lrc_kohya_bucket *b = &r->buckets.bucket[i];
        printf("bucket %5lld x %-5lld %6llu images %8llu samples %6llu batches\n", (long long)b->size.width,
               (long long)b->size.height, (unsigned long long)b->pictures, (unsigned long long)b->samples,
               (unsigned long long)b->batches);
    }
    if (r->buckets.count > BUCKETS_SHOWN)
        printf("and %zu more buckets (--json lists all)\n", r->buckets.count - BUCKETS_SHOWN);
    if (r->worst_crop > 0)
        printf("cut off: %.1f %% on average, at most %.0f %% of %s\n", r->mean_crop * 100, r->worst_crop * 100,
               lrc_path_name(r->worst_crop_file));
    printf("captions: longest has %s%zu tokens, of which %zu are read", r->tokens.exact ? "" : "about ",
           r->tokens.longest, r->tokens.limit);
    printf(r->tokens.exact ? "\n" : " (an estimate: no tokenizer is here)\n");
}

static void print_length(const lrc_check_report *r)
{
    const lrc_kohya_length *l = &r->length;
    printf("steps: %llu in all = %llu epochs of %llu (%llu batches of %llu", (unsigned long long)l->steps,
           (unsigned long long)l->epochs, (unsigned long long)l->steps_per_epoch, (unsigned long long)l->batches,
           (unsigned long long)r->batch_size);
    printf(r->accumulation > 1 ? ", %llu accumulated)\n" : ")\n", (unsigned long long)r->accumulation);
}

static void print_estimate(const lrc_estimate *e)
{
    char one[16], all[16], caches[16], memory[16], least[16], most[16];
    lrc_str_bytes(e->checkpoint, one);
    lrc_str_bytes(e->output, all);
    lrc_str_bytes(e->latent_cache + e->text_cache, caches);
    printf("disk: %llu x %s, %s in all", (unsigned long long)e->checkpoints, one, all);
    printf(e->latent_cache + e->text_cache ? "; caches %s\n" : "\n", caches);
    if (e->has_memory) {
        lrc_str_bytes(e->memory, memory);
        printf("GPU memory: about %s (estimate", memory);
        printf(e->past_runs ? ", corrected by %zu past runs)\n" : ")\n", e->past_runs);
    }
    if (e->has_time) {
        lrc_clock_span((int64_t)e->seconds_least, least);
        lrc_clock_span((int64_t)e->seconds_most, most);
        printf("time: %s to %s (estimate, %s)\n", least, most,
               e->step_seconds > 0 ? "from past runs" : "no run of this family was measured yet");
    }
}

static void print_model(const lrc_check_report *r)
{
    if (r->has_model && r->model.title[0])
        printf("base model: %s\n", r->model.title);
}

static int print_report(const lrc_common *common, const lrc_check_report *r, const lrc_findings *findings)
{
    const size_t errors = lrc_findings_errors(findings);
    lrc_cmdline_findings(common, findings);
    if (!common->quiet) {
        print_model(r);
        print_data(r);
        print_length(r);
        print_estimate(&r->estimate);
    }
    if (errors)
        printf("%zu error%s: this would not train\n", errors, errors == 1 ? "" : "s");
    else
        printf("ready to train\n");
    return errors ? lrc_err_exit_code(LRC_ERR_INVALID) : 0;
}

static int print_as_json(const lrc_train_run *run, const lrc_check_report *r, const lrc_findings *findings)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    const bool valid = lrc_findings_errors(findings) == 0;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", true);
    lrc_json_kbool(&out, "valid", valid);
    lrc_json_key(&out, "findings");
    lrc_json_put_findings(&out, findings);
    lrc_json_key(&out, "corrections");
    lrc_train_put_corrections(&run->output, &out);
    lrc_json_key(&out, "report");
    lrc_check_put(r, &out);
    lrc_json_object_end(&out);
    const int code = lrc_cmdline_json(&buf);
    return code ? code : valid ? 0 : lrc_err_exit_code(LRC_ERR_INVALID);
}

int lrc_cli_check_show(const lrc_common *common, const lrc_train_run *run, const lrc_check_report *r,
                       const lrc_findings *findings)
{
    return common->json ? print_as_json(run, r, findings) : print_report(common, r, findings);
}

// ---- The command -----------------------------------------------------------------------------------------------------

static int check(const lrc_common *common, const char *file, const lrc_check_options *options, lrc_findings *findings,
                 lrc_err *err)
{
    lrc_auto_workspace lrc_workspace w = {0};
    lrc_auto_settings lrc_settings *s = NULL;
    lrc_auto_train_run lrc_train_run run = {0};
    lrc_auto_check_report lrc_check_report report = {0};
    lrc_auto_free char *text = NULL;
    size_t n;
    if (lrc_workspace_open(common->workspace, false, &w, err) < 0 || lrc_settings_load(&w, &s, err) < 0 ||
        lrc_fs_read(file, LRC_TRAIN_REQUEST_MAX, &text, &n, err) < 0)
        return -1;
    if (lrc_train_prepare(&w, s, text, n, &run, findings, err) < 0)
        return lrc_wrap(err, "%s", file);
    if (lrc_cli_check_run(&w, s, &run, common, options, &report, findings, err) < 0)
        return -1;
    return lrc_cli_check_show(common, &run, &report, findings);
}

int lrc_cli_check(int argc, char **argv)
{
    static const lrc_cmd cmd = {
        "check",
        "REQUEST.json",
        "Tell what a training would do, before it is paid for.",
        "Pictures and captions by the trainer's own rules, the bucket of every picture, steps, what would stop the "
        "trainer, disk, and estimates of memory and time. Needs neither Python nor a GPU and writes nothing.\n"
        "Ends with 0 when it would train, with 2 when something stops it.",
        1,
        1};
    lrc_check_options options = {0};
    const lrc_opt opts[] = {
        {"deep", 0, LRC_OPT_FLAG, &options.deep, NULL, "decode every picture whole, not only its header", 0, 0, NULL},
        {"images", 0, LRC_OPT_FLAG, &options.each_image, NULL, "with --json: the bucket and crop of every picture", 0,
         0, NULL},
        {"tokenizer", 0, LRC_OPT_STR, &options.tokenizer, "FILE",
         "CLIP's merges.txt; default: where it is usually found", 0, 0, NULL},
    };
    lrc_common common = {0};
    lrc_auto_strv lrc_strv args = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, &common, &args, &err) < 0)
        return lrc_cmdline_fail(&common, &err);
    if (common.help)
        return 0;
    const int code = check(&common, args.item[0], &options, &findings, &err);
    return code < 0 ? lrc_cmdline_fail_findings(&common, &err, &findings) : code;
}
