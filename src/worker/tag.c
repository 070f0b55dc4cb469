// SPDX-License-Identifier: MIT
// lorica-worker tag: images, a tagger, captions.
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "caption/file.h"
#include "image/info.h"
#include "settings/settings.h"
#include "tag/output.h"
#include "worker/tag_options.h"
#include "worker/worker.h"

#define JSON_MAX (256 << 20)

// All that one call of the command works with.
struct session {
    lrc_common common;
    lrc_tag_command c;
    lrc_strv args;

    bool has_workspace;
    lrc_workspace workspace;
    char *model_dir;
    lrc_strv images;
    size_t below; // images in sub-folders that were left out

    lrc_tagger *tagger;
    lrc_tag_rules *rules;
    lrc_tag_output output, scores;
    lrc_map counts;
    lrc_strv failed; // path, reason, path, reason, …
    lrc_progress progress;
    bool plain; // progress as lines, not as a bar
};

static void session_done(struct session *s)
{
    lrc_strv_done(&s->args);
    if (s->has_workspace)
        lrc_workspace_done(&s->workspace);
    free(s->model_dir);
    lrc_strv_done(&s->images);
    lrc_tag_rules_free(s->rules);
    lrc_tagger_free(s->tagger);
    lrc_tag_output_done(&s->output);
    lrc_tag_output_done(&s->scores);
    lrc_map_done(&s->counts);
    lrc_strv_done(&s->failed);
}

static atomic_bool stop_asked; // lock-free, so a handler may set it

static void on_signal(int signal)
{
    (void)signal;
    atomic_store(&stop_asked, true);
}

// The first Ctrl-C or TERM ends the run after the pictures in hand; the second one ends the program.
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

// ---- What to tag, and with which model -----------------------------------------------------------------------------------

// A folder of images need not lie in a workspace; names of datasets and models do.
static int open_workspace(struct session *s, lrc_err *err)
{
    lrc_err why = LRC_ERR_INIT;
    s->has_workspace = lrc_workspace_open(s->common.workspace, false, &s->workspace, &why) == 0;
    if (s->has_workspace || !s->common.workspace)
        return 0;
    if (err)
        *err = why;
    return -1;
}

static int dataset_dir(const struct session *s, const char *arg, char **ret, lrc_err *err)
{
    lrc_auto_free char *dir = NULL;
    if (!s->has_workspace)
        return 0;
    if (lrc_workspace_dataset(&s->workspace, arg, &dir, err) < 0)
        return -1;
    if (lrc_fs_is_dir(dir))
        *ret = lrc_take(dir);
    return 0;
}

static int add_images(struct session *s, const char *arg, lrc_err *err)
{
    lrc_auto_free char *dir = NULL;
    const bool is_path = arg[0] == '/' || lrc_str_starts(arg, "./") || lrc_str_starts(arg, "../");
    if (!is_path && dataset_dir(s, arg, &dir, err) < 0)
        return -1;
    if (!dir && lrc_fs_is_file(arg))
        return lrc_strv_push(&s->images, arg, err);
    if (!dir && !lrc_fs_is_dir(arg))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no dataset, folder or file '%s'%s%s", arg,
                        s->has_workspace ? "; datasets are the folders of " : "",
                        s->has_workspace ? s->workspace.root : "");
    size_t below = 0;
    if (lrc_caption_images(dir ? dir : arg, s->c.recursive, &s->images, &below, err) < 0)
        return -1;
    s->below += s->c.recursive ? 0 : below;
    return 0;
}

static int list_images(struct session *s, lrc_err *err)
{
    for (size_t i = 0; i < s->args.count; i++)
        if (add_images(s, s->args.item[i], err) < 0)
            return -1;
    if (s->images.count == 0)
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no image in '%s'%s", s->args.item[0],
                        s->below ? " itself, only in its sub-folders: add --recursive" : "");
    return 0;
}

static int find_model(struct session *s, lrc_err *err)
{
    lrc_auto_free char *models = NULL, *demo = NULL;
    lrc_auto_settings lrc_settings *settings = NULL;
    const char *name = s->c.model;
    if (s->has_workspace && (lrc_workspace_path(&s->workspace, "tagger_models", &models, err) < 0 ||
                             lrc_settings_load(&s->workspace, &settings, err) < 0))
        return -1;
    if (!name && settings)
        name = lrc_settings_text(settings, "tagger.default");
    if (!name || !name[0])
        return lrc_fail_field(
            err, LRC_ERR_MODEL_MISSING, "model",
            "no tagger is chosen: put a WD tagger (model.onnx and selected_tags.csv) into a folder below "
            "%s and name it with --model or 'lorica settings set tagger.default NAME'; the bundled one "
            "is --model demo",
            models ? models : "tagger_models/");
    if (lrc_tagger_demo_dir(&demo, err) < 0)
        return -1;
    const lrc_tagger_places places = {.models_dir = models, .demo_dir = demo};
    return lrc_tagger_find(name, &places, &s->model_dir, err);
}

static unsigned threads_for(const struct session *s, int *ret_per_run)
{
    const unsigned cores = s->c.threads ? (unsigned)s->c.threads : lrc_tag_cores();
    const size_t threads = s->images.count < cores ? s->images.count : cores;
    *ret_per_run = (int)(cores / threads); // with fewer pictures than cores each may use several
    return (unsigned)threads;
}

// A model's recommended thresholds count where the person gave none.
static void apply_recommendation(struct session *s)
{
    const lrc_tag_family *f = lrc_tagger_family(s->tagger);
    lrc_tag_options *o = &s->c.rules;
    if (s->c.own_threshold)
        return;
    if (f->general > 0)
        o->threshold = f->general;
    if (f->character > 0 && isnan(o->thresholds[LRC_TAG_CHARACTER]))
        o->thresholds[LRC_TAG_CHARACTER] = f->character;
}

static int load(struct session *s, unsigned *ret_threads, lrc_err *err)
{
    lrc_infer_options how = {.provider = s->c.provider};
    *ret_threads = threads_for(s, &how.threads);
    if (lrc_image_init(err) < 0 || lrc_tagger_open(s->model_dir, &how, &s->tagger, err) < 0)
        return -1;
    apply_recommendation(s);
    if (lrc_tag_rules_new(lrc_tagger_labels(s->tagger), &s->c.rules, &s->rules, err) < 0)
        return -1;
    if (s->c.output && lrc_tag_output_begin(&s->output, s->c.output, lrc_tag_output_kind_of(s->c.output), err) < 0)
        return -1;
    return s->c.scores ? lrc_tag_output_begin(&s->scores, s->c.scores, LRC_TAG_FILE_OF_SCORES, err) : 0;
}

// ---- While it runs -------------------------------------------------------------------------------------------------------

static int take_lock(void *arg, const char *image, int *ret, lrc_err *err)
{
    const struct session *s = arg;
    lrc_auto_free char *dir = NULL;
    if (!s->has_workspace)
        return 0;
    return lrc_path_parent(&dir, image, err) < 0 ? -1 : lrc_workspace_lock_dataset(&s->workspace, dir, -1, ret, err);
}

static int note_failure(struct session *s, const lrc_tag_result *r, lrc_err *err)
{
    if (!s->common.json) {
        lrc_progress_end(&s->progress);
        fprintf(stderr, "warning: ");
        lrc_cmdline_put(stderr, r->why->msg, 0);
        fputc('\n', stderr);
    }
    return lrc_strv_push(&s->failed, r->image, err) < 0 ? -1 : lrc_strv_push(&s->failed, r->why->msg, err);
}

static int note_tags(struct session *s, const lrc_tag_result *r, lrc_err *err)
{
    for (size_t i = 0; s->c.frequency && i < r->tags->count; i++) {
        uint64_t *count = lrc_map_put(&s->counts, r->tags->item[i], err);
        if (!count)
            return -1;
        ++*count;
    }
    if (s->c.output && lrc_tag_output_add(&s->output, s->tagger, r, err) < 0)
        return -1;
    if (s->c.scores && lrc_tag_output_add(&s->scores, s->tagger, r, err) < 0)
        return -1;
    if (s->c.dry_run && !s->common.json) {
        lrc_progress_end(&s->progress);
        lrc_cmdline_put(stdout, r->image, 0);
        printf(": ");
        for (size_t i = 0; i < r->tags->count; i++) {
            printf("%s", i ? ", " : "");
            lrc_cmdline_put(stdout, r->tags->item[i], 0);
        }
        printf("\n");
    }
    return 0;
}

static int on_result(void *arg, const lrc_tag_result *r, lrc_err *err)
{
    struct session *s = arg;
    if (r->outcome == LRC_TAG_FAILED && note_failure(s, r, err) < 0)
        return -1;
    if (r->outcome == LRC_TAG_DONE && note_tags(s, r, err) < 0)
        return -1;
    if (s->plain) { // the form that job logs are read for
        fprintf(stderr, "tagging: %zu/%zu ", r->index + 1, s->images.count);
        lrc_cmdline_put(stderr, r->image, 0);
        fputc('\n', stderr);
    } else {
        lrc_progress_step(&s->progress, r->index + 1, lrc_path_name(r->image));
    }
    return 0;
}

// ---- The end -------------------------------------------------------------------------------------------------------------

static int put_frequency(const struct session *s, lrc_json_out *out, lrc_err *err)
{
    lrc_auto_free size_t *order = NULL;
    if (lrc_tag_frequency_order(&s->counts, &order, err) < 0)
        return -1;
    if (out) {
        lrc_json_key(out, "tag_frequency");
        lrc_json_array_begin(out);
    } else {
        printf("Tag frequencies:\n");
    }
    for (size_t i = 0; i < s->counts.count; i++) {
        const lrc_map_entry *e = &s->counts.entry[order[i]];
        if (!out) {
            printf("%s: %llu\n", e->key, (unsigned long long)e->value);
            continue;
        }
        lrc_json_object_begin(out);
        lrc_json_kstr(out, "tag", e->key);
        lrc_json_kint(out, "count", (int64_t)e->value);
        lrc_json_object_end(out);
    }
    if (out)
        lrc_json_array_end(out);
    return 0;
}

static int as_json(const struct session *s, const lrc_tag_totals *totals, double seconds, lrc_err *err)
{
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_buf_init(&buf, JSON_MAX);
    lrc_json_out_init(&out, &buf, 0);
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", totals->done + totals->skipped > 0);
    lrc_json_kstr(&out, "model", lrc_tagger_name(s->tagger));
    lrc_json_kstr(&out, "model_dir", s->model_dir);
    lrc_json_kstr(&out, "provider", lrc_session_provider(lrc_tagger_session(s->tagger)));
    lrc_json_kstr(&out, "note", lrc_session_note(lrc_tagger_session(s->tagger)));
    lrc_json_kint(&out, "images", (int64_t)s->images.count);
    lrc_json_kint(&out, "images_below", (int64_t)s->below);
    lrc_json_kint(&out, "tagged", (int64_t)totals->done);
    lrc_json_kint(&out, "skipped", (int64_t)totals->skipped);
    lrc_json_kbool(&out, "dry_run", s->c.dry_run);
    lrc_json_kdouble(&out, "seconds", seconds);
    lrc_json_key(&out, "failed");
    lrc_json_array_begin(&out);
    for (size_t i = 0; i + 1 < s->failed.count; i += 2) {
        lrc_json_object_begin(&out);
        lrc_json_kstr(&out, "file", s->failed.item[i]);
        lrc_json_kstr(&out, "error", s->failed.item[i + 1]);
        lrc_json_object_end(&out);
    }
    lrc_json_array_end(&out);
    if (s->c.frequency && put_frequency(s, &out, err) < 0)
        return -1;
    lrc_json_object_end(&out);
    return lrc_cmdline_json(&buf) == 0 ? 0 : lrc_fail(err, LRC_ERR_IO, "the result cannot be written");
}

static int as_text(const struct session *s, const lrc_tag_totals *totals, double seconds, lrc_err *err)
{
    if (s->c.frequency && put_frequency(s, NULL, err) < 0)
        return -1;
    printf("%s %zu of %zu images with %s on the %s", s->c.dry_run ? "looked at" : "tagged", totals->done,
           s->images.count, lrc_tagger_name(s->tagger), lrc_session_provider(lrc_tagger_session(s->tagger)));
    if (seconds > 0 && totals->done > 0)
        printf(", %.1f per second", (double)totals->done / seconds);
    printf("\n");
    if (totals->skipped)
        printf("%zu had a caption and were left alone\n", totals->skipped);
    if (s->below)
        printf("%zu images in sub-folders were left out; --recursive takes them in\n", s->below);
    if (totals->failed) {
        printf("%zu could not be tagged:\n", totals->failed);
        for (size_t i = 0; i + 1 < s->failed.count; i += 2) {
            printf("  ");
            lrc_cmdline_put(stdout, s->failed.item[i + 1], 0);
            printf("\n");
        }
    }
    return 0;
}

// What there is of the files is kept, also when the run was stopped.
static int commit_outputs(struct session *s, lrc_err *err)
{
    if (s->c.output && lrc_tag_output_commit(&s->output, err) < 0)
        return -1;
    return s->c.scores ? lrc_tag_output_commit(&s->scores, err) : 0;
}

static int run(struct session *s, lrc_tag_totals *totals, lrc_err *err)
{
    unsigned threads = 1;
    if (open_workspace(s, err) < 0 || find_model(s, err) < 0 || list_images(s, err) < 0 || load(s, &threads, err) < 0)
        return -1;
    const char *note = lrc_session_note(lrc_tagger_session(s->tagger));
    if (note && !s->common.json)
        fprintf(stderr, "note: %s\n", note);
    const lrc_tag_job job = {.tagger = s->tagger,
                             .rules = s->rules,
                             .profile = &s->c.profile,
                             .images = &s->images,
                             .extension = s->c.extension,
                             .existing = s->c.existing,
                             .write = !s->c.dry_run && !s->c.output,
                             .threads = threads,
                             .stop = &stop_asked,
                             .lock = take_lock,
                             .on_result = on_result,
                             .arg = s};
    catch_signals();
    const int64_t start = lrc_clock_mono_ms();
    lrc_progress_begin(&s->progress, &s->common, "tagging", s->images.count);
    s->plain = !s->progress.off && !s->progress.terminal;
    const int result = lrc_tag_run(&job, totals, err);
    lrc_progress_end(&s->progress);
    const double seconds = (double)(lrc_clock_mono_ms() - start) / 1000;
    if (result < 0) {
        if (atomic_load(&stop_asked))
            commit_outputs(s, NULL);
        return -1;
    }
    if (commit_outputs(s, err) < 0)
        return -1;
    return s->common.json ? as_json(s, totals, seconds, err) : as_text(s, totals, seconds, err);
}

int lrc_worker_tag(int argc, char **argv)
{
    lrc_cleanup(session_done) struct session s = {.output = LRC_TAG_OUTPUT_INIT, .scores = LRC_TAG_OUTPUT_INIT};
    lrc_tag_totals totals = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_worker_tag_parse(argc, argv, &s.c, &s.common, &s.args, &err) < 0)
        return lrc_cmdline_fail(&s.common, &err);
    if (s.common.help)
        return 0;
    if (run(&s, &totals, &err) < 0)
        return lrc_cmdline_fail(&s.common, &err);
    return totals.done + totals.skipped > 0 ? 0 : lrc_err_exit_code(LRC_ERR_IO);
}
