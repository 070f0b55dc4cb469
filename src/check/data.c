// SPDX-License-Identifier: MIT
// Pictures, captions, buckets and steps of a run, as the trainer takes them.
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "check/internal.h"
#include "kohya/files.h"

#define CROP_WARNED 0.5 // part of a picture that is lost

struct data {
    check_run *c;
    lrc_store *store;
    lrc_decoder *decoder;
    lrc_tokenizer *tokenizer;
    lrc_kohya_buckets buckets;
    bool has_buckets;
    double crop_sum;
    size_t fitted, image_cap;
};

// ---- One picture -----------------------------------------------------------------------------------------------------

static bool is_trained_format(const char *format)
{
    const lrc_kohya_type *type = lrc_kohya_type_of_format(format);
    return !type || type->sees == LRC_KOHYA_ALWAYS || strcmp(format, "GIF") == 0 || strcmp(format, "TIFF") == 0;
}

// 1: it can be trained, 0: it cannot.
static int judge_image(check_run *c, const char *path, const lrc_dataset_image *image, lrc_err *err)
{
    char message[LRC_ERR_MSG_SIZE];
    int result = 0;
    if (image->fault == LRC_IMAGE_UNREADABLE)
        return check_say_file(c, LRC_FINDING_ERROR, "unreadable", path, "replace or remove the file", err,
                              image->about);
    if (image->fault == LRC_IMAGE_CUT)
        return check_say_file(c, LRC_FINDING_ERROR, "cut_short", path, "fetch or export it again", err, image->about);
    if (!is_trained_format(image->format)) {
        snprintf(message, sizeof message, "its content is %s, which the trainer cannot read whatever the suffix says",
                 image->format);
        return check_say_file(c, LRC_FINDING_ERROR, "content", path, "import it again: it is converted then", err,
                              message);
    }
    if (image->fault == LRC_IMAGE_NO_END)
        result = check_say_file(c, LRC_FINDING_WARNING, "no_end", path, "open and save it once", err, image->about);
    if (result == 0 && image->orientation > 1)
        result = check_say_file(c, LRC_FINDING_WARNING, "turned", path, "turn the pixels themselves", err,
                                "the camera's note says that it is turned; the trainer does not read the note");
    if (result == 0 && image->alpha)
        result = check_say_file(c, LRC_FINDING_INFO, "alpha", path, NULL, err,
                                "it has transparent parts, which are trained as whatever colour lies beneath");
    if (result == 0 && image->pages > 1)
        result = check_say_file(c, LRC_FINDING_INFO, "animated", path, NULL, err, "only its first picture is trained");
    return result < 0 ? -1 : 1;
}

static int keep_image(struct data *d, const char *path, lrc_kohya_size size, const lrc_kohya_fit *fit, size_t tokens,
                      lrc_err *err)
{
    lrc_check_report *r = d->c->report;
    if (!d->c->o->each_image)
        return 0;
    if (r->images == d->image_cap) {
        const size_t cap = d->image_cap ? d->image_cap * 2 : 256;
        lrc_check_image *grown = reallocarray(r->image, cap, sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        r->image = grown;
        d->image_cap = cap;
    }
    r->image[r->images] = (lrc_check_image){.size = size, .fit = *fit, .tokens = tokens};
    if (lrc_str_copy(&r->image[r->images].path, path, err) < 0)
        return -1;
    r->images++;
    return 0;
}

static int fit_image(struct data *d, const lrc_check_subset *subset, const char *path, const lrc_dataset_image *image,
                     size_t tokens, lrc_err *err)
{
    const lrc_kohya_size size = {image->width, image->height};
    lrc_check_report *r = d->c->report;
    lrc_kohya_fit fit;
    lrc_err why = LRC_ERR_INIT;
    if (!d->has_buckets)
        return 0;
    if (lrc_kohya_fit_image(&d->buckets, size, &fit, &why) < 0)
        return check_say_file(d->c, LRC_FINDING_ERROR, "too_thin", path, "make it larger, or remove it", err, why.msg);
    const double crop = lrc_kohya_cropped(&fit);
    d->crop_sum += crop;
    d->fitted++;
    if (crop > r->worst_crop) {
        r->worst_crop = crop;
        free(lrc_take(r->worst_crop_file));
        if (lrc_str_copy(&r->worst_crop_file, path, err) < 0)
            return -1;
    }
    char message[100];
    snprintf(message, sizeof message, "%.0f %% of it are cut off to fit %lld x %lld", crop * 100,
             (long long)fit.bucket.width, (long long)fit.bucket.height);
    if (crop > CROP_WARNED && check_say_file(d->c, LRC_FINDING_WARNING, "cropped", path,
                                             "crop it by hand, or switch on enable_bucket", err, message) < 0)
        return -1;
    return lrc_kohya_tally_add(&r->buckets, fit.bucket, (uint64_t)subset->repeats, err) < 0
               ? -1
               : keep_image(d, path, size, &fit, tokens, err);
}

static int take_image(struct data *d, lrc_check_subset *subset, const lrc_dataset_image *image, bool has_class_tokens,
                      lrc_err *err)
{
    check_run *c = d->c;
    lrc_auto_free char *path = NULL;
    bool captioned = false;
    size_t tokens = 0;
    if (lrc_path_join(&path, subset->dir, image->relative, err) < 0)
        return -1;
    if (!lrc_kohya_sees(image->relative, NULL)) {
        subset->unseen++;
        return check_say_file(c, LRC_FINDING_WARNING, "unseen", path,
                              "import it again: it is brought into a form that the trainer sees", err,
                              "the trainer does not see a file of this suffix");
    }
    subset->images++;
    if (check_caption(c, d->tokenizer, path, has_class_tokens, &captioned, &tokens, err) < 0)
        return -1;
    subset->captions += captioned;
    c->report->tokens.longest = tokens > c->report->tokens.longest ? tokens : c->report->tokens.longest;
    if (c->report->tokens.limit && tokens > c->report->tokens.limit) {
        char message[120];
        snprintf(message, sizeof message, "the caption has %s%zu tokens, of which the first %zu are read",
                 d->tokenizer ? "" : "about ", tokens, c->report->tokens.limit);
        c->report->tokens.over++;
        if (check_say_file(c, LRC_FINDING_WARNING, "long_caption", path, "shorten it; the first tags count", err,
                           message) < 0)
            return -1;
    }
    const int good = judge_image(c, path, image, err);
    return good <= 0 ? good : fit_image(d, subset, path, image, tokens, err);
}

// ---- One folder ------------------------------------------------------------------------------------------------------

static int find_shared_names(check_run *c, const lrc_check_subset *subset, const lrc_dataset_index *x, lrc_err *err)
{
    lrc_auto_map lrc_map stems = {0};
    for (size_t i = 0; i < x->count; i++) {
        lrc_auto_free char *stem = NULL, *path = NULL;
        const char *name = x->image[i].relative;
        if (!lrc_kohya_sees(name, NULL))
            continue;
        if (lrc_str_copy_n(&stem, name, strlen(name) - strlen(lrc_path_suffix(name)), err) < 0)
            return -1;
        uint64_t *before = lrc_map_put(&stems, stem, err);
        if (!before || lrc_path_join(&path, subset->dir, name, err) < 0)
            return -1;
        if (++*before == 2 &&
            check_say_file(c, LRC_FINDING_WARNING, "shared_name", path, "rename one of them", err,
                           "another picture has this name: they share a caption, and the trainer's cache") < 0)
            return -1;
    }
    return 0;
}

struct below {
    check_run *c;
    size_t pictures;  // in sub-folders, where the trainer does not look
    bool has_repeats; // one of them is called 10_x
};

static lrc_walk_next look_below(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    struct below *b = arg;
    const char *rest;
    if (S_ISDIR(e->st->st_mode)) {
        b->has_repeats = b->has_repeats || lrc_kohya_folder_repeats(e->name, &rest) > 0;
        if (e->depth == 0 && lrc_kohya_sees(e->name, NULL) &&
            check_say_file(b->c, LRC_FINDING_ERROR, "folder_as_image", e->path, "rename the folder", err,
                           "a folder has the name of a picture, and the trainer tries to open it as one") < 0)
            return LRC_WALK_FAIL;
        return LRC_WALK_ON;
    }
    b->pictures += e->depth > 0 && S_ISREG(e->st->st_mode) && lrc_kohya_type_of(e->name);
    return LRC_WALK_ON;
}

// Sub-folders that are subsets of their own are meant to be left out.
static int look_at_folders(check_run *c, lrc_check_subset *subset, lrc_err *err)
{
    static const lrc_fs_walk_options options = {.recursive = true};
    struct below b = {.c = c};
    if (lrc_fs_walk(subset->dir, &options, look_below, &b, err) < 0)
        return -1;
    subset->unseen += b.pictures;
    for (size_t i = 0; i < c->report->subsets; i++)
        if (&c->report->subset[i] != subset && lrc_path_inside(c->report->subset[i].dir, subset->dir))
            return 0;
    if (b.pictures == 0)
        return 0;
    return lrc_findings_add(c->findings, LRC_FINDING_WARNING, "below", "subsets", subset->dir,
                            b.has_repeats ? "add these folders as subsets, with the numbers in their names as repeats"
                                          : "add these folders as subsets",
                            err, "%zu pictures lie in sub-folders, where the trainer does not look", b.pictures);
}

static int read_subset(struct data *d, size_t i, lrc_err *err)
{
    check_run *c = d->c;
    lrc_check_subset *subset = &c->report->subset[i];
    lrc_auto_dataset_index lrc_dataset_index x = {0};
    lrc_err why = LRC_ERR_INIT;
    const lrc_dataset_index_options options = {.deep = c->o->deep,
                                               .store = d->store,
                                               .decoder = d->decoder,
                                               .progress = c->o->progress,
                                               .cancelled = c->o->cancelled,
                                               .arg = c->o->arg};
    if (!lrc_fs_is_dir(subset->dir))
        return 0; // a finding of the generator
    if (lrc_dataset_index_read(subset->dir, &options, &x, &why) < 0) {
        *err = why;
        return -1;
    }
    c->report->images_asked += x.asked;
    const bool has_class_tokens = lrc_train_subset_count(c->request) > 0 &&
                                  lrc_value_filled(lrc_train_subset_get(c->request, i, LRC_SUBSET_class_tokens));
    for (size_t k = 0; k < x.count; k++)
        if (take_image(d, subset, &x.image[k], has_class_tokens, err) < 0)
            return -1;
    if (find_shared_names(c, subset, &x, err) < 0 || look_at_folders(c, subset, err) < 0)
        return -1;
    if (subset->images == 0 && c->report->subsets > 1)
        return lrc_findings_add(c->findings, LRC_FINDING_WARNING, "empty_subset", "subsets", subset->dir,
                                "put pictures into it, or take it out", err,
                                "the trainer sees no picture in this folder");
    return 0;
}

// ---- All of them -----------------------------------------------------------------------------------------------------

// DreamBoothSubset.__eq__: a folder that was there before is passed over.
static int list_subsets(check_run *c, lrc_err *err)
{
    const lrc_strv *dirs = &c->run->output.image_dirs;
    c->report->subset = calloc(dirs->count + 1, sizeof *c->report->subset);
    if (!c->report->subset)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < dirs->count; i++) {
        lrc_check_subset *subset = &c->report->subset[c->report->subsets++];
        subset->repeats = lrc_train_subset_count(c->request)
                              ? lrc_value_to_i64(lrc_train_subset_get(c->request, i, LRC_SUBSET_num_repeats))
                              : check_int(c, LRC_FIELD_num_repeats);
        if (lrc_str_copy(&subset->dir, dirs->item[i], err) < 0)
            return -1;
        for (size_t k = 0; k < i && !subset->ignored; k++)
            subset->ignored = strcmp(dirs->item[k], dirs->item[i]) == 0;
        if (subset->ignored && lrc_findings_add(c->findings, LRC_FINDING_WARNING, "same_subset", "subsets", subset->dir,
                                                "take one of them out", err,
                                                "this folder is named twice; the trainer takes the first") < 0)
            return -1;
    }
    return 0;
}

static int make_buckets(struct data *d, lrc_err *err)
{
    check_run *c = d->c;
    const int64_t size = check_int(c, LRC_FIELD_resolution), steps = check_int(c, LRC_FIELD_bucket_reso_steps);
    lrc_kohya_bucketing how = {.enable_bucket = check_get(c, LRC_FIELD_enable_bucket)->flag,
                               .resolution = {size, size},
                               .min_bucket_reso = check_int(c, LRC_FIELD_min_bucket_reso),
                               .max_bucket_reso = check_int(c, LRC_FIELD_max_bucket_reso),
                               .bucket_reso_steps = steps ? steps : LRC_KOHYA_STEPS,
                               .bucket_no_upscale = check_get(c, LRC_FIELD_bucket_no_upscale)->flag};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_family_get(c->family)->native && c->report->has_model && c->report->model.unit > 0) {
        how.bucket_reso_steps = c->report->model.unit; // the embedded trainer takes its limits from the resolution
        how.min_bucket_reso = 2 * c->report->model.unit;
        how.max_bucket_reso = 2 * size;
    }
    if (lrc_kohya_buckets_make(&how, &d->buckets, &why) == 0) {
        d->has_buckets = true;
        return 0;
    }
    if (why.code == LRC_ERR_NO_MEMORY)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < c->findings->count; i++)
        if (strcmp(c->findings->item[i].field, why.field) == 0 && strcmp(c->findings->item[i].code, "conflict") == 0)
            return 0; // said already
    return check_say(c, LRC_FINDING_ERROR, "conflict", why.field, NULL, err, "%s", why.msg);
}

static int open_tokenizer(struct data *d, lrc_err *err)
{
    check_run *c = d->c;
    lrc_auto_free char *found = NULL;
    lrc_err why = LRC_ERR_INIT;
    const bool clip = c->family == LRC_FAMILY_SD15 || c->family == LRC_FAMILY_SDXL;
    if (c->o->tokenizer
            ? lrc_str_copy(&found, c->o->tokenizer, err) < 0
            : lrc_tokenizer_find(lrc_settings_text(c->s, "trainer.tokenizer"),
                                 check_get(c, LRC_FIELD_pretrained_model_name_or_path)->text, &found, err) < 0)
        return -1;
    if (clip && found && lrc_tokenizer_load(found, &d->tokenizer, &why) < 0 &&
        check_say(c, LRC_FINDING_WARNING, "tokenizer", "", NULL, err, "tokens are estimated: %s", why.msg) < 0)
        return -1;
    c->report->tokens.exact = d->tokenizer != NULL;
    c->report->tokens.limit = check_token_limit(c);
    return lrc_str_copy(&c->report->tokens.source, d->tokenizer ? found : "estimate", err);
}

static int count_steps(struct data *d, lrc_err *err)
{
    check_run *c = d->c;
    lrc_check_report *r = c->report;
    const int64_t batch = check_int(c, LRC_FIELD_train_batch_size), steps = check_int(c, LRC_FIELD_max_train_steps);
    r->batch_size = (uint64_t)batch;
    r->accumulation = (uint64_t)check_int(c, LRC_FIELD_gradient_accumulation_steps);
    lrc_kohya_tally_batches(&r->buckets, r->batch_size);
    r->length = lrc_kohya_length_of(&r->buckets, r->batch_size, r->accumulation,
                                    (uint64_t)check_int(c, LRC_FIELD_max_train_epochs), (uint64_t)steps);
    r->mean_crop = d->fitted ? d->crop_sum / (double)d->fitted : 0;
    const int64_t warmup = check_int(c, LRC_FIELD_lr_warmup_steps);
    if (r->length.steps && warmup > 0 && (uint64_t)warmup >= r->length.steps)
        return check_say(c, LRC_FINDING_WARNING, "long_warmup", "lr_warmup_steps", "lower it", err,
                         "the warm-up of %lld steps is as long as the training of %llu", (long long)warmup,
                         (unsigned long long)r->length.steps);
    return 0;
}

// Batches that the bucket cannot fill make a picture count more than others; with one picture a bucket it is always so.
static int judge_batches(check_run *c, lrc_err *err)
{
    const lrc_check_report *r = c->report;
    size_t small = 0;
    for (size_t i = 0; i < r->buckets.count; i++)
        small += r->buckets.bucket[i].samples < r->batch_size;
    if (small == 0)
        return 0;
    return check_say(c, LRC_FINDING_INFO, "small_buckets", "train_batch_size",
                     "lower train_batch_size, raise bucket_reso_steps, or crop pictures to fewer shapes", err,
                     "%zu of %zu buckets hold fewer pictures than one batch of %llu: those batches are smaller", small,
                     r->buckets.count, (unsigned long long)r->batch_size);
}

static int judge_whole(check_run *c, lrc_err *err)
{
    size_t images = 0, unseen = 0;
    for (size_t i = 0; i < c->report->subsets; i++) {
        images += c->report->subset[i].ignored ? 0 : c->report->subset[i].images;
        unseen += c->report->subset[i].unseen;
    }
    bool missing = c->report->subsets == 0;
    for (size_t i = 0; i < c->report->subsets; i++)
        missing = missing || !lrc_fs_is_dir(c->report->subset[i].dir);
    if (images == 0 && !missing)
        return check_say(c, LRC_FINDING_ERROR, "no_images", "train_data_dir",
                         unseen ? "convert them, or add the folders that they lie in as subsets"
                                : "put pictures into it",
                         err, "the trainer sees no picture%s", unseen ? ", though there are some" : "");
    return judge_batches(c, err);
}

static int read_all(struct data *d, lrc_err *err)
{
    check_run *c = d->c;
    if (list_subsets(c, err) < 0 || make_buckets(d, err) < 0 || open_tokenizer(d, err) < 0)
        return -1;
    for (size_t i = 0; i < c->report->subsets; i++)
        if (!c->report->subset[i].ignored && read_subset(d, i, err) < 0)
            return -1;
    if (check_close_files(c, err) < 0 || count_steps(d, err) < 0)
        return -1;
    return judge_whole(c, err);
}

int check_data(check_run *c, lrc_err *err)
{
    lrc_auto_store lrc_store *store = lrc_dataset_open_store(c->w);
    lrc_auto_decoder lrc_decoder *own = NULL;
    lrc_auto_tokenizer lrc_tokenizer *tokenizer = NULL;
    if (!c->o->decoder && lrc_decoder_new(NULL, &own, err) < 0)
        return -1;
    struct data d = {.c = c, .store = store, .decoder = c->o->decoder ? c->o->decoder : own};
    const int result = read_all(&d, err);
    tokenizer = d.tokenizer;
    lrc_kohya_buckets_done(&d.buckets);
    return result;
}
