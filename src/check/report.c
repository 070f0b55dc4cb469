// SPDX-License-Identifier: MIT
// The report as JSON; docs/check.md explains its members.
#include "check/check.h"

static void put_count(lrc_json_out *o, const char *key, uint64_t n)
{
    lrc_json_kint(o, key, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

static void put_size(lrc_json_out *o, const char *key, lrc_kohya_size s)
{
    lrc_json_key(o, key);
    lrc_json_array_begin(o);
    lrc_json_put_int(o, s.width);
    lrc_json_put_int(o, s.height);
    lrc_json_array_end(o);
}

static void put_subsets(const lrc_check_report *r, lrc_json_out *o)
{
    lrc_json_key(o, "subsets");
    lrc_json_array_begin(o);
    for (size_t i = 0; i < r->subsets; i++) {
        const lrc_check_subset *s = &r->subset[i];
        lrc_json_object_begin(o);
        lrc_json_kstr(o, "folder", s->dir);
        lrc_json_kint(o, "repeats", s->repeats);
        put_count(o, "images", s->images);
        put_count(o, "captions", s->captions);
        put_count(o, "unseen", s->unseen);
        lrc_json_kbool(o, "ignored", s->ignored);
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
}

static void put_buckets(const lrc_check_report *r, lrc_json_out *o)
{
    lrc_json_key(o, "buckets");
    lrc_json_array_begin(o);
    for (size_t i = 0; i < r->buckets.count; i++) {
        const lrc_kohya_bucket *b = &r->buckets.bucket[i];
        lrc_json_object_begin(o);
        put_size(o, "size", b->size);
        put_count(o, "images", b->pictures);
        put_count(o, "samples", b->samples);
        put_count(o, "batches", b->batches);
        put_count(o, "last_batch", b->last);
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
}

static void put_length(const lrc_check_report *r, lrc_json_out *o)
{
    lrc_json_key(o, "steps");
    lrc_json_object_begin(o);
    put_count(o, "images", r->buckets.pictures);
    put_count(o, "samples_per_epoch", r->buckets.samples);
    put_count(o, "batch_size", r->batch_size);
    put_count(o, "accumulation", r->accumulation);
    put_count(o, "batches_per_epoch", r->length.batches);
    put_count(o, "steps_per_epoch", r->length.steps_per_epoch);
    put_count(o, "epochs", r->length.epochs);
    put_count(o, "total", r->length.steps);
    lrc_json_object_end(o);
}

static void put_model(const lrc_check_report *r, lrc_json_out *o)
{
    const lrc_model_facts *m = &r->model;
    lrc_json_key(o, "model");
    if (!r->has_model) {
        lrc_json_put_null(o);
        return;
    }
    lrc_json_object_begin(o);
    lrc_json_kstr(o, "part", lrc_model_part_name(m->part));
    lrc_json_kstr(o, "family", m->known ? lrc_family_get(m->family)->name : NULL);
    lrc_json_kstr(o, "title", m->title[0] ? m->title : NULL);
    put_count(o, "parameters", m->parameters);
    put_count(o, "bytes", m->bytes);
    lrc_json_kstr(o, "dtype", m->parameters ? lrc_st_dtype_name(m->dtype) : NULL);
    lrc_json_kbool(o, "v_prediction", m->v_prediction);
    lrc_json_object_end(o);
}

static void put_disk(const lrc_estimate *e, lrc_json_out *o)
{
    lrc_json_key(o, "disk");
    lrc_json_object_begin(o);
    put_count(o, "latent_cache", e->latent_cache);
    put_count(o, "text_cache", e->text_cache);
    put_count(o, "checkpoint", e->checkpoint);
    put_count(o, "checkpoints", e->checkpoints);
    put_count(o, "state", e->state);
    put_count(o, "states", e->states);
    put_count(o, "output", e->output);
    put_count(o, "output_free", e->output_free);
    put_count(o, "cache_free", e->cache_free);
    lrc_json_object_end(o);
}

static void put_memory(const lrc_estimate *e, lrc_json_out *o)
{
    lrc_json_key(o, "memory");
    if (!e->has_memory) {
        lrc_json_put_null(o);
        return;
    }
    lrc_json_object_begin(o);
    lrc_json_kbool(o, "estimate", true);
    put_count(o, "total", e->memory);
    put_count(o, "weights", e->weights);
    put_count(o, "text_encoders", e->encoders);
    put_count(o, "autoencoder", e->autoencoder);
    put_count(o, "trained", e->adapter);
    put_count(o, "optimizer", e->optimizer);
    put_count(o, "activations", e->activations);
    put_count(o, "overhead", e->overhead);
    lrc_json_kdouble(o, "correction", e->correction);
    put_count(o, "past_runs", e->past_runs);
    lrc_json_object_end(o);
}

static void put_time(const lrc_estimate *e, lrc_json_out *o)
{
    lrc_json_key(o, "time");
    if (!e->has_time) {
        lrc_json_put_null(o);
        return;
    }
    lrc_json_object_begin(o);
    lrc_json_kbool(o, "estimate", true);
    lrc_json_kdouble(o, "seconds_least", e->seconds_least);
    lrc_json_kdouble(o, "seconds_most", e->seconds_most);
    lrc_json_key(o, "step_seconds");
    if (e->step_seconds > 0)
        lrc_json_put_double(o, e->step_seconds);
    else
        lrc_json_put_null(o);
    lrc_json_object_end(o);
}

static void put_images(const lrc_check_report *r, lrc_json_out *o)
{
    lrc_json_key(o, "images");
    lrc_json_array_begin(o);
    for (size_t i = 0; i < r->images; i++) {
        lrc_json_object_begin(o);
        lrc_json_kstr(o, "file", r->image[i].path);
        put_size(o, "size", r->image[i].size);
        put_size(o, "resized", r->image[i].fit.resized);
        put_size(o, "bucket", r->image[i].fit.bucket);
        lrc_json_kdouble(o, "cropped", lrc_kohya_cropped(&r->image[i].fit));
        put_count(o, "tokens", r->image[i].tokens);
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
}

void lrc_check_put(const lrc_check_report *r, lrc_json_out *o)
{
    lrc_json_object_begin(o);
    put_subsets(r, o);
    put_buckets(r, o);
    put_length(r, o);
    lrc_json_key(o, "crop");
    lrc_json_object_begin(o);
    lrc_json_kdouble(o, "mean", r->mean_crop);
    lrc_json_kdouble(o, "worst", r->worst_crop);
    lrc_json_kstr(o, "worst_file", r->worst_crop_file);
    lrc_json_object_end(o);
    lrc_json_key(o, "tokens");
    lrc_json_object_begin(o);
    lrc_json_kbool(o, "exact", r->tokens.exact);
    lrc_json_kstr(o, "source", r->tokens.source);
    put_count(o, "limit", r->tokens.limit);
    put_count(o, "longest", r->tokens.longest);
    put_count(o, "over", r->tokens.over);
    lrc_json_object_end(o);
    put_model(r, o);
    put_disk(&r->estimate, o);
    put_memory(&r->estimate, o);
    put_time(&r->estimate, o);
    put_count(o, "images_read", r->images_asked);
    lrc_json_kint(o, "took_ms", r->took_ms);
    if (r->image)
        put_images(r, o);
    lrc_json_object_end(o);
}
