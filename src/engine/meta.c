// SPDX-License-Identifier: MIT
// What a LoRA file says about its training: kohya's ss_* keys, modelspec.* and the two hashes.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/path.h"
#include "engine/session.h"
#include "json/json.h"

#define META_MAX   (16 << 20)
#define PAIRS_MAX  96
#define SAI_SPEC   "1.0.0"
#define MS_PER_SEC 1000.0

// Keys and values one after another; everything is owned.
struct meta {
    lrc_strv text; // key, value, key, value …
    lrc_err *err;
    int failed;
};

static void put(struct meta *m, const char *key, const char *value)
{
    if (!m->failed && (lrc_strv_push(&m->text, key, m->err) < 0 || lrc_strv_push(&m->text, value, m->err) < 0))
        m->failed = -1;
}

static void put_int(struct meta *m, const char *key, int64_t v)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, v);
    put(m, key, text);
}

static void put_real(struct meta *m, const char *key, double v)
{
    char text[LRC_NUM_TEXT];
    lrc_num_repr(v, text);
    put(m, key, text);
}

static void put_flag(struct meta *m, const char *key, bool v)
{
    put(m, key, v ? "True" : "False"); // Python's str()
}

static void put_time(struct meta *m, const char *key, int64_t ms)
{
    put_real(m, key, (double)ms / MS_PER_SEC);
}

static const char *or_none(const char *s)
{
    return s && *s ? s : "None";
}

static void put_json(struct meta *m, const char *key, lrc_buf *b)
{
    if (!m->failed)
        m->failed = lrc_buf_check(b, key, m->err);
    put(m, key, b->data);
    lrc_buf_truncate(b, 0);
}

// {"conv_dim": "4"}
static void put_args(struct meta *m, const char *key, const lrc_strv *args)
{
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, META_MAX);
    lrc_json_out o;
    lrc_json_out_init(&o, &b, 0);
    lrc_json_object_begin(&o);
    for (size_t i = 0; i < args->count; i++) {
        const char *equals = strchr(args->item[i], '=');
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(equals ? equals - args->item[i] : 0), args->item[i]);
        if (equals)
            lrc_json_kstr(&o, name, equals + 1);
    }
    lrc_json_object_end(&o);
    put_json(m, key, &b);
}

static void put_subset(lrc_json_out *o, const eng_data_folder *f)
{
    lrc_json_object_begin(o);
    lrc_json_kint(o, "img_count", (int64_t)f->files);
    lrc_json_kint(o, "num_repeats", f->subset->num_repeats);
    lrc_json_kbool(o, "flip_aug", f->subset->flip_aug);
    lrc_json_kbool(o, "shuffle_caption", f->subset->shuffle_caption);
    lrc_json_kint(o, "keep_tokens", f->subset->keep_tokens);
    lrc_json_kdouble(o, "caption_dropout_rate", f->subset->dropout_rate);
    lrc_json_kdouble(o, "caption_tag_dropout_rate", f->subset->tag_dropout_rate);
    lrc_json_kstr(o, "image_dir", lrc_path_name(f->subset->image_dir));
    lrc_json_kstr(o, "class_tokens", f->subset->class_tokens);
    lrc_json_kbool(o, "is_reg", f->subset->is_reg);
    lrc_json_object_end(o);
}

static void put_datasets(struct meta *m, const eng_session *s)
{
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, META_MAX);
    const eng_data_facts facts = eng_data_facts_of(s->data);
    lrc_json_out o;
    lrc_json_out_init(&o, &b, 0);
    lrc_json_array_begin(&o);
    lrc_json_object_begin(&o);
    lrc_json_kbool(&o, "is_dreambooth", true);
    lrc_json_kint(&o, "batch_size_per_device", s->c->batch);
    lrc_json_kint(&o, "num_train_images", (int64_t)facts.pictures);
    lrc_json_kint(&o, "num_reg_images", (int64_t)facts.reg_pictures);
    lrc_json_key(&o, "resolution");
    lrc_json_array_begin(&o);
    lrc_json_put_int(&o, s->c->width);
    lrc_json_put_int(&o, s->c->height);
    lrc_json_array_end(&o);
    lrc_json_kbool(&o, "enable_bucket", s->c->buckets);
    lrc_json_key(&o, "subsets");
    lrc_json_array_begin(&o);
    for (size_t i = 0; i < s->c->subset_count; i++) {
        const eng_data_folder f = eng_data_folder_at(s->data, i);
        put_subset(&o, &f);
    }
    lrc_json_array_end(&o);
    lrc_json_object_end(&o);
    lrc_json_array_end(&o);
    put_json(m, "ss_datasets", &b);
}

static void put_tag_frequency(struct meta *m, const eng_session *s)
{
    lrc_auto_buf lrc_buf b, counts;
    lrc_buf_init(&b, META_MAX);
    lrc_buf_init(&counts, META_MAX);
    lrc_json_out o;
    lrc_json_out_init(&o, &b, 0);
    lrc_json_object_begin(&o);
    for (size_t i = 0; i < s->c->subset_count; i++) {
        if (s->c->subset[i].is_reg)
            continue;
        lrc_buf_truncate(&counts, 0);
        eng_data_tag_counts(s->data, i, &counts);
        char key[300];
        snprintf(key, sizeof key, "%zu_%.280s", (size_t)s->c->subset[i].num_repeats,
                 lrc_path_name(s->c->subset[i].image_dir));
        lrc_json_key(&o, key);
        lrc_json_put_raw(&o, counts.data);
    }
    lrc_json_object_end(&o);
    put_json(m, "ss_tag_frequency", &b);
}

// SS_METADATA_MINIMUM_KEYS: what no_metadata leaves.
static void put_network(struct meta *m, const eng_session *s)
{
    put_flag(m, "ss_v2", false);
    put(m, "ss_base_model_version", "lorica_tiny_v1");
    put(m, "ss_network_module", "networks.lora");
    put_int(m, "ss_network_dim", (int64_t)s->c->lora.rank);
    put_real(m, "ss_network_alpha", (double)(s->c->lora.alpha > 0 ? s->c->lora.alpha : (float)s->c->lora.rank));
    put_args(m, "ss_network_args", &s->c->network_args);
}

static void put_learning(struct meta *m, const eng_session *s)
{
    const eng_config *c = s->c;
    const eng_data_facts f = eng_data_facts_of(s->data);
    char optimizer[160];
    put(m, "ss_session_id", s->id);
    put_time(m, "ss_training_started_at", s->started_ms);
    put(m, "ss_output_name", s->output_name);
    put_real(m, "ss_learning_rate", c->unet_lr);
    put_real(m, "ss_text_encoder_lr", c->text_lr);
    put_real(m, "ss_unet_lr", c->unet_lr);
    put_int(m, "ss_num_train_images", (int64_t)f.pictures);
    put_int(m, "ss_num_reg_images", (int64_t)f.reg_pictures);
    put_int(m, "ss_num_batches_per_epoch", (int64_t)f.batches);
    put_int(m, "ss_num_epochs", (int64_t)s->epochs);
    put_flag(m, "ss_gradient_checkpointing", false);
    put_int(m, "ss_gradient_accumulation_steps", c->accumulation);
    put_int(m, "ss_max_train_steps", (int64_t)s->steps);
    put_int(m, "ss_lr_warmup_steps", (int64_t)s->lr.warmup);
    put(m, "ss_lr_scheduler", c->scheduler_name ? c->scheduler_name : "constant");
    put(m, "ss_mixed_precision", "no");
    put_int(m, "ss_seed", s->seed);
    put_real(m, "ss_noise_offset", c->noise_offset);
    put_flag(m, "ss_zero_terminal_snr", c->zero_terminal_snr);
    put_real(m, "ss_min_snr_gamma", c->loss.min_snr_gamma);
    put_real(m, "ss_prior_loss_weight", c->prior_loss_weight);
    put_real(m, "ss_max_grad_norm", c->max_grad_norm);
    put_int(m, "ss_max_token_length", (int64_t)eng_model_arch(s->model)->text.tokens);
    put_flag(m, "ss_cache_latents", true);
    put(m, "ss_training_comment", or_none(c->comment));
    put(m, "ss_sd_model_name", lrc_path_name(c->base));
    put(m, "ss_sd_model_hash", s->base_old_hash);
    put(m, "ss_new_sd_model_hash", s->base_hash);
    put(m, "ss_clip_skip", or_none(NULL));
    put_flag(m, "ss_full_fp16", false);
    put_flag(m, "ss_lowram", false);
    snprintf(optimizer, sizeof optimizer, "AdamW(weight_decay=%g,betas=(%g, %g),eps=%g)", (double)c->adamw.weight_decay,
             (double)c->adamw.beta1, (double)c->adamw.beta2, (double)c->adamw.eps);
    put(m, "ss_optimizer", optimizer);
    put(m, "ss_trainer", "lorica " LORICA_VERSION);
    put_datasets(m, s);
    put_tag_frequency(m, s);
}

static void put_end(struct meta *m, const eng_session *s)
{
    put_time(m, "ss_training_finished_at", lrc_clock_now_ms());
    put_int(m, "ss_steps", (int64_t)s->step);
    put_int(m, "ss_epoch", (int64_t)s->epoch);
}

static void put_modelspec(struct meta *m, const eng_session *s)
{
    char date[32], resolution[48];
    lrc_clock_iso(lrc_clock_now_ms(), date);
    date[strcspn(date, ".")] = '\0';
    snprintf(resolution, sizeof resolution, "%" PRId64 "x%" PRId64, s->c->width, s->c->height);
    put(m, "modelspec.sai_model_spec", SAI_SPEC);
    put(m, "modelspec.architecture", "lorica-tiny-v1/lora");
    put(m, "modelspec.implementation", "lorica");
    put(m, "modelspec.title", s->output_name);
    put(m, "modelspec.resolution", resolution);
    put(m, "modelspec.date", date);
    put(m, "modelspec.prediction_type", s->c->v_parameterization ? "v" : "epsilon");
}

static size_t to_pairs(const struct meta *m, lrc_st_pair *pair)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < m->text.count && n < PAIRS_MAX; i += 2)
        pair[n++] = (lrc_st_pair){m->text.item[i], m->text.item[i + 1]};
    return n;
}

// Hashes are of the file as it would be with the ss_ keys alone; then the other keys come in.
static int fill(struct meta *m, const eng_session *s, const eng_lora_tensors *t)
{
    put_network(m, s);
    if (!s->c->no_metadata) {
        put_learning(m, s);
        put_end(m, s);
    }
    if (m->failed)
        return -1;
    lrc_st_pair pair[PAIRS_MAX];
    char model[LRC_ST_HASH_SIZE], legacy[LRC_ST_HASH_SIZE];
    const size_t n = to_pairs(m, pair);
    if (lrc_st_hashes(t->entry, t->count, pair, n, model, legacy, m->err) < 0)
        return -1;
    if (!s->c->no_metadata)
        put_modelspec(m, s);
    put(m, "sshs_model_hash", model);
    put(m, "sshs_legacy_hash", legacy);
    return m->failed;
}

int eng_session_save(eng_session *s, const char *suffix, lrc_err *err)
{
    eng_auto_lora_tensors eng_lora_tensors t = {0};
    lrc_auto_free char *name = NULL, *path = NULL;
    if (eng_lora_tensors_make(eng_model_lora(s->model), eng_model_net(s->model), s->c->save_dtype, &t, err) < 0 ||
        lrc_str_format(&name, err, "%s%s.safetensors", s->output_name, suffix) < 0 ||
        lrc_path_join(&path, s->output_dir, name, err) < 0)
        return -1;
    printf("\nsaving checkpoint: %s\n", path);
    fflush(stdout);
    struct meta m = {.err = err};
    lrc_st_pair pair[PAIRS_MAX];
    int result = fill(&m, s, &t);
    if (result == 0)
        result = lrc_st_save(path, t.entry, t.count, pair, to_pairs(&m, pair), err);
    lrc_strv_done(&m.text);
    return result;
}
