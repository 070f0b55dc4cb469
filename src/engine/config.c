// SPDX-License-Identifier: MIT
#include "engine/config.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "toml/toml.h"

#define FILE_MAX_BYTES (4 << 20)
#define SUBSETS_MAX    1000
#define NO_NUMBER      (-1)

// ---- The tables ------------------------------------------------------------------------------------------------------

typedef enum { INT, REAL, FLAG, TEXT, LIST } kind;

enum rule {
    USED,    // stored at `offset`
    NOTHING, // makes no difference here
    OFF,     // only false, 0, "" or [] can be obeyed
    ONE,     // as OFF, but 1 is as good as nothing
};

struct key {
    const char *name;
    enum rule rule;
    kind kind;
    size_t offset;
    const char *why; // NOTHING: why it makes no difference; OFF, ONE: what to do
};

#define AT(member) offsetof(eng_config, member)
#define GPU        "the embedded trainer computes in 32 bits on the CPU"
#define MEMORY     "the embedded trainer plans its memory by itself"
#define CACHE      "latents are always kept in memory"
#define LOGS       "the log of the job holds all numbers"
#define SCRIPTS    "connect sd-scripts for it"

static const struct key config_keys[] = {
    {"pretrained_model_name_or_path", USED, TEXT, AT(base), NULL},
    {"output_dir", USED, TEXT, AT(output_dir), NULL},
    {"output_name", USED, TEXT, AT(output_name), NULL},
    {"network_weights", USED, TEXT, AT(network_weights), NULL},
    {"sample_prompts", USED, TEXT, AT(sample_prompts), NULL},
    {"training_comment", USED, TEXT, AT(comment), NULL},
    {"no_metadata", USED, FLAG, AT(no_metadata), NULL},
    {"seed", USED, INT, AT(seed), NULL},
    {"unet_lr", USED, REAL, AT(unet_lr), NULL},
    {"text_encoder_lr", USED, REAL, AT(text_lr), NULL},
    {"lr_scheduler", USED, TEXT, AT(scheduler_name), NULL},
    {"lr_scheduler_num_cycles", USED, REAL, AT(lr.cycles), NULL},
    {"lr_scheduler_power", USED, REAL, AT(lr.power), NULL},
    {"lr_warmup_steps", USED, REAL, AT(warmup), NULL},
    {"optimizer_type", USED, TEXT, AT(optimizer_name), NULL},
    {"optimizer_args", USED, LIST, AT(optimizer_args), NULL},
    {"network_args", USED, LIST, AT(network_args), NULL},
    {"max_grad_norm", USED, REAL, AT(max_grad_norm), NULL},
    {"gradient_accumulation_steps", USED, INT, AT(accumulation), NULL},
    {"max_train_steps", USED, INT, AT(max_steps), NULL},
    {"max_train_epochs", USED, INT, AT(max_epochs), NULL},
    {"v_parameterization", USED, FLAG, AT(v_parameterization), NULL},
    {"zero_terminal_snr", USED, FLAG, AT(zero_terminal_snr), NULL},
    {"noise_offset", USED, REAL, AT(noise_offset), NULL},
    {"prior_loss_weight", USED, REAL, AT(prior_loss_weight), NULL},
    {"min_timestep", USED, INT, AT(min_timestep), NULL},
    {"max_timestep", USED, INT, AT(max_timestep), NULL},
    {"min_snr_gamma", USED, REAL, AT(loss.min_snr_gamma), NULL},
    {"scale_v_pred_loss_like_noise_pred", USED, FLAG, AT(loss.scale_v_like_eps), NULL},
    {"v_pred_like_loss", USED, REAL, AT(loss.v_like), NULL},
    {"debiased_estimation_loss", USED, FLAG, AT(loss.debiased), NULL},
    {"save_every_n_epochs", USED, INT, AT(save_every_epochs), NULL},
    {"save_every_n_steps", USED, INT, AT(save_every_steps), NULL},
    {"save_last_n_epochs", USED, INT, AT(save_last_epochs), NULL},
    {"save_last_n_steps", USED, INT, AT(save_last_steps), NULL},
    {"sample_every_n_epochs", USED, INT, AT(sample_every_epochs), NULL},
    {"sample_every_n_steps", USED, INT, AT(sample_every_steps), NULL},
    {"sample_at_first", USED, FLAG, AT(sample_at_first), NULL},
    // read by name below
    {"network_module", USED, TEXT, SIZE_MAX, NULL},
    {"network_dim", USED, INT, SIZE_MAX, NULL},
    {"network_alpha", USED, REAL, SIZE_MAX, NULL},
    {"network_train_unet_only", USED, FLAG, SIZE_MAX, NULL},
    {"network_train_text_encoder_only", USED, FLAG, SIZE_MAX, NULL},
    {"save_precision", USED, TEXT, SIZE_MAX, NULL},
    {"save_model_as", USED, TEXT, SIZE_MAX, NULL},
    {"learning_rate", USED, REAL, SIZE_MAX, NULL},
    // no difference
    {"mixed_precision", NOTHING, TEXT, 0, GPU},
    {"xformers", NOTHING, FLAG, 0, GPU},
    {"sdpa", NOTHING, FLAG, 0, GPU},
    {"mem_eff_attn", NOTHING, FLAG, 0, GPU},
    {"full_fp16", NOTHING, FLAG, 0, GPU},
    {"full_bf16", NOTHING, FLAG, 0, GPU},
    {"fp8_base", NOTHING, FLAG, 0, GPU},
    {"no_half_vae", NOTHING, FLAG, 0, GPU},
    {"vae_batch_size", NOTHING, INT, 0, "this family has no autoencoder to run"},
    {"vae_reflection_padding", NOTHING, FLAG, 0, "this family has no autoencoder to run"},
    {"gradient_checkpointing", NOTHING, FLAG, 0, MEMORY},
    {"lowram", NOTHING, FLAG, 0, MEMORY},
    {"cache_latents", NOTHING, FLAG, 0, CACHE},
    {"cache_latents_to_disk", NOTHING, FLAG, 0, CACHE},
    {"persistent_data_loader_workers", NOTHING, FLAG, 0, MEMORY},
    {"max_data_loader_n_workers", NOTHING, INT, 0, MEMORY},
    {"max_token_length", NOTHING, INT, 0, "the model's own text length is used"},
    {"no_token_padding", NOTHING, FLAG, 0, "the model's own text length is used"},
    {"sample_sampler", NOTHING, TEXT, 0, "samples are drawn with ddim"},
    {"weight_decay", NOTHING, REAL, 0, "as in sd-scripts it counts only inside optimizer_args"},
    {"adaptive_noise_scale", OFF, REAL, 0, SCRIPTS},
    {"bucket_reso_steps", NOTHING, INT, 0, "bucket steps follow from the network"},
    {"logging_dir", NOTHING, TEXT, 0, LOGS},
    {"log_with", NOTHING, TEXT, 0, LOGS},
    {"log_prefix", NOTHING, TEXT, 0, LOGS},
    {"log_tracker_name", NOTHING, TEXT, 0, LOGS},
    {"log_tracker_config", NOTHING, TEXT, 0, LOGS},
    {"wandb_run_name", NOTHING, TEXT, 0, LOGS},
    {"save_last_n_epochs_state", NOTHING, INT, 0, "there is no saved state"},
    {"save_last_n_steps_state", NOTHING, INT, 0, "there is no saved state"},
    {"block_lr_zero_threshold", NOTHING, TEXT, 0, "it belongs to block-wise rates"},
    // must be off
    {"v2", OFF, FLAG, 0, "it is for Stable Diffusion 2: leave it off"},
    {"vae", OFF, TEXT, 0, "the Tiny family has no autoencoder: leave vae_path empty"},
    {"cache_text_encoder_outputs", OFF, FLAG, 0, "leave it off: the text encoder takes next to no time here"},
    {"cache_text_encoder_outputs_to_disk", OFF, FLAG, 0, "leave it off"},
    {"clip_skip", ONE, INT, 0, "leave it empty: the Tiny text encoder has two layers"},
    {"weighted_captions", OFF, FLAG, 0, SCRIPTS},
    {"save_state", OFF, FLAG, 0, "the embedded trainer cannot continue a run: leave it off, use network_weights"},
    {"save_state_on_train_end", OFF, FLAG, 0, "the embedded trainer cannot continue a run: leave it off"},
    {"resume", OFF, TEXT, 0, "the embedded trainer cannot continue a run: use network_weights"},
    {"network_dropout", OFF, REAL, 0, "set it to 0, or " SCRIPTS},
    {"rank_dropout", OFF, REAL, 0, "set it to 0, or " SCRIPTS},
    {"module_dropout", OFF, REAL, 0, "set it to 0, or " SCRIPTS},
    {"dim_from_weights", OFF, FLAG, 0, "give network_dim instead"},
    {"scale_weight_norms", OFF, REAL, 0, "set it to 0, or " SCRIPTS},
    {"ip_noise_gamma", OFF, REAL, 0, "turn it off, or " SCRIPTS},
    {"ip_noise_gamma_random_strength", OFF, FLAG, 0, "turn it off, or " SCRIPTS},
    {"multires_noise_iterations", OFF, INT, 0, "turn it off, or " SCRIPTS},
    {"multires_noise_discount", OFF, REAL, 0, "turn it off, or " SCRIPTS},
    {"conv_dim", OFF, INT, 0, "write it in network_args, where sd-scripts reads it"},
    {"conv_alpha", OFF, REAL, 0, "write it in network_args, where sd-scripts reads it"},
    {"down_lr_weight", OFF, TEXT, 0, "leave it empty, or " SCRIPTS},
    {"mid_lr_weight", OFF, TEXT, 0, "leave it empty, or " SCRIPTS},
    {"up_lr_weight", OFF, TEXT, 0, "leave it empty, or " SCRIPTS},
    {"block_dims", OFF, TEXT, 0, "leave it empty, or " SCRIPTS},
    {"block_alphas", OFF, TEXT, 0, "leave it empty, or " SCRIPTS},
    {"conv_block_dims", OFF, TEXT, 0, "leave it empty, or " SCRIPTS},
    {"conv_block_alphas", OFF, TEXT, 0, "leave it empty, or " SCRIPTS},
    {"lr_scheduler_type", OFF, TEXT, 0, "choose constant, linear, cosine, cosine_with_restarts or polynomial"},
    {"lr_scheduler_args", OFF, LIST, 0, "choose constant, linear, cosine, cosine_with_restarts or polynomial"},
};

#undef AT
#define AT(member) offsetof(eng_subset, member)

// Keys of [general], [[datasets]] and [[datasets.subsets]]: each may stand at a higher level and is inherited.
static const struct key subset_keys[] = {
    {"image_dir", USED, TEXT, AT(image_dir), NULL},
    {"caption_extension", USED, TEXT, AT(caption_extension), NULL},
    {"class_tokens", USED, TEXT, AT(class_tokens), NULL},
    {"caption_prefix", USED, TEXT, AT(caption_prefix), NULL},
    {"caption_suffix", USED, TEXT, AT(caption_suffix), NULL},
    {"keep_tokens_separator", USED, TEXT, AT(keep_tokens_separator), NULL},
    {"num_repeats", USED, INT, AT(num_repeats), NULL},
    {"keep_tokens", USED, INT, AT(keep_tokens), NULL},
    {"caption_dropout_every_n_epochs", USED, INT, AT(dropout_every_n_epochs), NULL},
    {"is_reg", USED, FLAG, AT(is_reg), NULL},
    {"shuffle_caption", USED, FLAG, AT(shuffle_caption), NULL},
    {"flip_aug", USED, FLAG, AT(flip_aug), NULL},
    {"caption_dropout_rate", USED, REAL, AT(dropout_rate), NULL},
    {"caption_tag_dropout_rate", USED, REAL, AT(tag_dropout_rate), NULL},
    {"caption_separator", NOTHING, TEXT, 0, "tags are separated by commas"},
    {"random_crop", OFF, FLAG, 0, "turn it off, or " SCRIPTS},
    {"color_aug", OFF, FLAG, 0, "turn it off, or " SCRIPTS},
    {"enable_wildcard", OFF, FLAG, 0, "turn it off, or " SCRIPTS},
    {"secondary_separator", OFF, TEXT, 0, "leave it empty, or " SCRIPTS},
    {"face_crop_aug_range", OFF, TEXT, 0, "leave it out, or " SCRIPTS},
    {"token_warmup_step", OFF, REAL, 0, "set it to 0, or " SCRIPTS},
    {"alpha_mask", OFF, FLAG, 0, "turn it off, or " SCRIPTS},
};

#undef AT
#define AT(member) offsetof(eng_config, member)

static const struct key dataset_keys[] = {
    {"batch_size", USED, INT, AT(batch), NULL},
    {"enable_bucket", USED, FLAG, AT(buckets), NULL},
    {"bucket_no_upscale", USED, FLAG, AT(no_upscale), NULL},
    {"resolution", USED, INT, SIZE_MAX, NULL}, // read by name: a number or two
    {"min_bucket_reso", NOTHING, INT, 0, "bucket sizes follow from resolution"},
    {"max_bucket_reso", NOTHING, INT, 0, "bucket sizes follow from resolution"},
    {"bucket_reso_steps", NOTHING, INT, 0, "bucket steps follow from the network"},
    {"network_multiplier", NOTHING, REAL, 0, "it is always 1"},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

bool eng_config_key(size_t i, eng_key_info *ret)
{
    static const char *const use[] = {
        [USED] = "used", [NOTHING] = "ignored", [OFF] = "must be off", [ONE] = "must be off"};
    const struct {
        const struct key *key;
        size_t count;
        const char *file;
    } table[] = {{config_keys, COUNT(config_keys), "config"},
                 {dataset_keys, COUNT(dataset_keys), "dataset"},
                 {subset_keys, COUNT(subset_keys), "dataset"}};
    for (size_t t = 0; t < COUNT(table); i -= table[t].count, t++)
        if (i < table[t].count) {
            const struct key *k = &table[t].key[i];
            *ret = (eng_key_info){k->name, table[t].file, use[k->rule], k->why ? k->why : ""};
            return true;
        }
    return false;
}

// ---- Reading one table of TOML ---------------------------------------------------------------------------------------

struct reader {
    const char *file;
    lrc_findings *findings;
    lrc_err *err;
    int failed; // -1 when memory ran out
};

__attribute__((format(printf, 4, 5))) static void complain(struct reader *r, const char *key, const char *remedy,
                                                           const char *fmt, ...)
{
    char text[LRC_ERR_MSG_SIZE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!r->failed)
        r->failed =
            lrc_findings_add(r->findings, LRC_FINDING_ERROR, "engine_option", key, r->file, remedy, r->err, "%s", text);
}

static bool is_number(const lrc_toml *v)
{
    return v->type == LRC_TOML_INTEGER || v->type == LRC_TOML_FLOAT;
}

static double number_of(const lrc_toml *v)
{
    return v->type == LRC_TOML_INTEGER ? (double)v->integer : v->number;
}

// false, 0, "" and [] switch nothing on.
static bool is_off(const lrc_toml *v)
{
    switch (v->type) {
    case LRC_TOML_BOOLEAN: return !v->boolean;
    case LRC_TOML_INTEGER: return v->integer == 0;
    case LRC_TOML_FLOAT: return v->number == 0;
    default: return v->len == 0;
    }
}

static void set_text(struct reader *r, const lrc_toml *v, char **out)
{
    char *copy = NULL;
    if (v->type != LRC_TOML_STRING || strlen(v->text) != v->len) {
        complain(r, v->key, "", "%s must be a text", v->key);
        return;
    }
    if (!r->failed)
        r->failed = lrc_str_copy(&copy, v->text, r->err);
    free(*out);
    *out = copy;
}

static void set_list(struct reader *r, const lrc_toml *v, lrc_strv *out)
{
    if (v->type != LRC_TOML_ARRAY) {
        complain(r, v->key, "", "%s must be a list of texts", v->key);
        return;
    }
    for (const lrc_toml *item = v->first; item && !r->failed; item = item->next)
        if (item->type == LRC_TOML_STRING)
            r->failed = lrc_strv_push(out, item->text, r->err);
        else
            complain(r, v->key, "", "%s must hold texts", v->key);
}

static void set_value(struct reader *r, const struct key *k, const lrc_toml *v, void *at)
{
    switch (k->kind) {
    case TEXT: set_text(r, v, at); return;
    case LIST: set_list(r, v, at); return;
    case FLAG:
        if (v->type == LRC_TOML_BOOLEAN || v->type == LRC_TOML_INTEGER)
            *(bool *)at = !is_off(v);
        else
            complain(r, k->name, "", "%s must be true or false", k->name);
        return;
    case INT:
        if (is_number(v) && number_of(v) == floor(number_of(v)) && fabs(number_of(v)) < 9e15)
            *(int64_t *)at = v->type == LRC_TOML_INTEGER ? v->integer : (int64_t)v->number;
        else
            complain(r, k->name, "", "%s must be a whole number", k->name);
        return;
    case REAL:
        if (is_number(v) && isfinite(number_of(v)))
            *(double *)at = number_of(v);
        else
            complain(r, k->name, "", "%s must be a number", k->name);
        return;
    }
}

static const struct key *find_key(const struct key *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static void use_key(struct reader *r, const struct key *k, const lrc_toml *v, void *target)
{
    if (k->rule == USED && k->offset != SIZE_MAX)
        set_value(r, k, v, (char *)target + k->offset);
    else if ((k->rule == OFF && !is_off(v)) || (k->rule == ONE && !is_off(v) && number_of(v) != 1))
        complain(r, k->name, k->why, "the embedded trainer does not do %s", k->name);
    else if (k->rule == NOTHING && !is_off(v) && !r->failed)
        r->failed = lrc_findings_add(r->findings, LRC_FINDING_INFO, "engine_ignores", k->name, r->file, "", r->err,
                                     "%s makes no difference: %s", k->name, k->why);
}

static void unknown_key(struct reader *r, const lrc_toml *v)
{
    complain(r, v->key, "remove it, or connect sd-scripts", "line %u: the embedded trainer does not know %s", v->line,
             v->key);
}

// ---- config.toml -----------------------------------------------------------------------------------------------------

static const lrc_toml *text_key(struct reader *r, const lrc_toml *root, const char *name)
{
    const lrc_toml *v = lrc_toml_get(root, name);
    if (v && v->type != LRC_TOML_STRING) {
        complain(r, name, "", "%s must be a text", name);
        return NULL;
    }
    return v;
}

static double number_key(struct reader *r, const lrc_toml *root, const char *name, double fallback)
{
    const lrc_toml *v = lrc_toml_get(root, name);
    if (v && !is_number(v))
        complain(r, name, "", "%s must be a number", name);
    return v && is_number(v) ? number_of(v) : fallback;
}

static bool flag_key(const lrc_toml *root, const char *name)
{
    const lrc_toml *v = lrc_toml_get(root, name);
    return v && !is_off(v);
}

static void read_saving(struct reader *r, const lrc_toml *root, eng_config *c)
{
    static const struct {
        const char *word;
        lrc_st_dtype dtype;
    } precision[] = {{"float", LRC_ST_F32}, {"fp16", LRC_ST_F16}, {"bf16", LRC_ST_BF16}};
    const lrc_toml *v = text_key(r, root, "save_precision");
    bool known = !v;
    for (size_t i = 0; v && i < COUNT(precision); i++)
        if (strcmp(v->text, precision[i].word) == 0) {
            c->save_dtype = precision[i].dtype;
            known = true;
        }
    if (!known)
        complain(r, "save_precision", "choose float, fp16 or bf16", "save_precision '%.60s' is unknown", v->text);
    v = text_key(r, root, "save_model_as");
    if (v && strcmp(v->text, "safetensors") != 0)
        complain(r, "save_model_as", "choose safetensors", "the embedded trainer saves safetensors only");
}

// "key=value" of network_args and optimizer_args.
static bool split_arg(const char *arg, char *key, size_t size, const char **value)
{
    const char *equals = strchr(arg, '=');
    if (!equals || (size_t)(equals - arg) >= size)
        return false;
    memcpy(key, arg, (size_t)(equals - arg));
    key[equals - arg] = '\0';
    *value = equals + 1;
    return true;
}

static void read_network(struct reader *r, const lrc_toml *root, eng_config *c)
{
    const lrc_toml *module = text_key(r, root, "network_module");
    if (module && strcmp(module->text, "networks.lora") != 0)
        complain(r, "network_module", "choose LoRA, or connect sd-scripts for others",
                 "the embedded trainer trains networks.lora, not %.100s", module->text);
    const double dim = number_key(r, root, "network_dim", 4);
    if (dim < 1 || dim > 1024 || dim != floor(dim))
        complain(r, "network_dim", "", "network_dim must be a whole number from 1 to 1024");
    else
        c->lora.rank = (size_t)dim;
    c->lora.alpha = (float)number_key(r, root, "network_alpha", 1);
    for (size_t i = 0; i < c->network_args.count; i++) {
        char key[64];
        const char *value = "";
        double number = 0;
        const bool split = split_arg(c->network_args.item[i], key, sizeof key, &value);
        if (split && strcmp(key, "conv_dim") == 0 && lrc_str_to_double(value, &number) && number >= 0)
            c->lora.conv_rank = (size_t)number;
        else if (split && strcmp(key, "conv_alpha") == 0 && lrc_str_to_double(value, &number))
            c->lora.conv_alpha = (float)number;
        else
            complain(r, "network_args", "only conv_dim and conv_alpha are possible; connect sd-scripts for others",
                     "the embedded trainer does not do the network argument '%.80s'", c->network_args.item[i]);
    }
    if (c->lora.conv_rank && c->lora.conv_alpha <= 0)
        c->lora.conv_alpha = 1; // kohya's default
}

static void read_betas(struct reader *r, const char *value, eng_config *c)
{
    char *end;
    const double b1 = strtod(value + strspn(value, "( "), &end), b2 = strtod(end + strspn(end, ", "), &end);
    if (b1 < 0 || b1 >= 1 || b2 <= 0 || b2 >= 1)
        complain(r, "optimizer_args", "write betas=0.9,0.999", "betas '%.60s' cannot be", value);
    c->adamw.beta1 = (float)b1;
    c->adamw.beta2 = (float)b2;
}

static void read_optimizer(struct reader *r, eng_config *c)
{
    const char *name = c->optimizer_name ? c->optimizer_name : "AdamW";
    if (strcmp(name, "AdamW8bit") == 0 && !r->failed)
        r->failed = lrc_findings_add(r->findings, LRC_FINDING_INFO, "engine_ignores", "optimizer_type", r->file, "",
                                     r->err, "AdamW8bit runs as AdamW with states of 32 bits");
    else if (strcmp(name, "AdamW") != 0)
        complain(r, "optimizer_type", "choose AdamW, or connect sd-scripts for others",
                 "the embedded trainer has no optimizer %.100s", name);
    for (size_t i = 0; i < c->optimizer_args.count; i++) {
        char key[64];
        const char *value = "";
        double number = 0;
        const bool split = split_arg(c->optimizer_args.item[i], key, sizeof key, &value);
        if (split && strcmp(key, "betas") == 0)
            read_betas(r, value, c);
        else if (split && strcmp(key, "weight_decay") == 0 && lrc_str_to_double(value, &number) && number >= 0)
            c->adamw.weight_decay = (float)number;
        else if (split && strcmp(key, "eps") == 0 && lrc_str_to_double(value, &number) && number > 0)
            c->adamw.eps = (float)number;
        else
            complain(r, "optimizer_args", "weight_decay, betas and eps are possible",
                     "AdamW has no argument '%.80s' here", c->optimizer_args.item[i]);
    }
}

static void read_schedule(struct reader *r, const lrc_toml *root, eng_config *c)
{
    const char *name = c->scheduler_name ? c->scheduler_name : "constant";
    if (!eng_lr_kind_of(name, &c->lr.kind))
        complain(r, "lr_scheduler", "choose constant, linear, cosine, cosine_with_restarts or polynomial",
                 "the embedded trainer has no schedule %.60s", name);
    if (c->lr.kind == ENG_LR_COSINE)
        c->lr.cycles = 0.5; // sd-scripts gives num_cycles only to the schedule with restarts
    if (c->warmup < 0)
        complain(r, "lr_warmup_steps", "", "lr_warmup_steps must not be negative");
    const double rate = number_key(r, root, "learning_rate", NO_NUMBER);
    if (!lrc_toml_get(root, "unet_lr"))
        c->unet_lr = rate >= 0 ? rate : 1e-4;
    if (!lrc_toml_get(root, "text_encoder_lr"))
        c->text_lr = rate >= 0 ? rate : c->unet_lr;
    c->lora.unet = c->unet_lr > 0 && !flag_key(root, "network_train_text_encoder_only");
    c->lora.text = c->text_lr > 0 && !flag_key(root, "network_train_unet_only");
    if (!c->lora.unet && !c->lora.text)
        complain(r, "unet_lr", "give unet_lr or text_encoder_lr a value above 0", "nothing would be trained");
}

static void check_numbers(struct reader *r, const eng_config *c)
{
    const struct {
        const char *key;
        int64_t value, low;
    } row[] = {
        {"gradient_accumulation_steps", c->accumulation, 1},
        {"max_train_steps", c->max_steps, 0},
        {"max_train_epochs", c->max_epochs, 0},
        {"save_every_n_epochs", c->save_every_epochs, 0},
        {"save_every_n_steps", c->save_every_steps, 0},
        {"sample_every_n_epochs", c->sample_every_epochs, 0},
        {"sample_every_n_steps", c->sample_every_steps, 0},
        {"min_timestep", c->min_timestep, 0},
    };
    for (size_t i = 0; i < COUNT(row); i++)
        if (row[i].value < row[i].low)
            complain(r, row[i].key, "", "%s must be at least %lld", row[i].key, (long long)row[i].low);
    if (!c->base || !*c->base)
        complain(r, "pretrained_model_name_or_path", "name the base model", "the base model is missing");
}

static void read_config(struct reader *r, const lrc_toml *root, eng_config *c)
{
    for (const lrc_toml *v = root->first; v && !r->failed; v = v->next) {
        const struct key *k = find_key(config_keys, COUNT(config_keys), v->key);
        if (k)
            use_key(r, k, v, c);
        else
            unknown_key(r, v);
    }
    read_saving(r, root, c);
    read_network(r, root, c);
    read_optimizer(r, c);
    read_schedule(r, root, c);
    check_numbers(r, c);
}

// ---- dataset.toml ----------------------------------------------------------------------------------------------------

static void read_resolution(struct reader *r, const lrc_toml *v, eng_config *c)
{
    const lrc_toml *a = v->type == LRC_TOML_ARRAY ? v->first : v, *b = a && a->next && a != v ? a->next : a;
    if (!a || a->type != LRC_TOML_INTEGER || b->type != LRC_TOML_INTEGER || a->integer < 1 || b->integer < 1 ||
        a->integer > 4096 || b->integer > 4096) {
        complain(r, "resolution", "", "resolution must be one or two whole numbers up to 4096");
        return;
    }
    c->width = a->integer;
    c->height = b->integer;
}

// The keys of one level: those of a dataset into c, those of subsets into s.
static void read_level(struct reader *r, const lrc_toml *table, eng_config *c, eng_subset *s)
{
    for (const lrc_toml *v = table ? table->first : NULL; v && !r->failed; v = v->next) {
        const struct key *d = find_key(dataset_keys, COUNT(dataset_keys), v->key);
        const struct key *k = find_key(subset_keys, COUNT(subset_keys), v->key);
        if (strcmp(v->key, "subsets") == 0)
            continue;
        if (strcmp(v->key, "resolution") == 0)
            read_resolution(r, v, c);
        else if (d)
            use_key(r, d, v, c);
        else if (k)
            use_key(r, k, v, s);
        else
            unknown_key(r, v);
    }
}

static void subset_done(eng_subset *s)
{
    free(s->image_dir);
    free(s->caption_extension);
    free(s->class_tokens);
    free(s->caption_prefix);
    free(s->caption_suffix);
    free(s->keep_tokens_separator);
}

static void check_subset(struct reader *r, const eng_subset *s)
{
    if (!s->image_dir || !*s->image_dir)
        complain(r, "image_dir", "name the folder of the pictures", "a subset has no image_dir");
    if (s->num_repeats < 1)
        complain(r, "num_repeats", "", "num_repeats must be at least 1");
    if (s->dropout_rate < 0 || s->dropout_rate > 1 || s->tag_dropout_rate < 0 || s->tag_dropout_rate > 1)
        complain(r, "caption_dropout_rate", "", "dropout rates go from 0 to 1");
}

static void read_subsets(struct reader *r, const lrc_toml *general, const lrc_toml *dataset, eng_config *c)
{
    const lrc_toml *subsets = lrc_toml_get(dataset, "subsets");
    if (!subsets || subsets->type != LRC_TOML_ARRAY || subsets->len < 1 || subsets->len > SUBSETS_MAX) {
        complain(r, "subsets", "add [[datasets.subsets]] with an image_dir", "the data set has no subsets");
        return;
    }
    c->subset = calloc(subsets->len, sizeof *c->subset);
    if (!c->subset) {
        r->failed = lrc_fail_memory(r->err);
        return;
    }
    for (const lrc_toml *t = subsets->first; t && !r->failed; t = t->next) {
        eng_subset *s = &c->subset[c->subset_count++];
        s->num_repeats = 1;
        read_level(r, general, c, s);
        read_level(r, dataset, c, s);
        if (t->type == LRC_TOML_TABLE)
            read_level(r, t, c, s);
        if (!s->caption_extension && !r->failed)
            r->failed = lrc_str_copy(&s->caption_extension, ".caption", r->err); // sd-scripts' default
        check_subset(r, s);
    }
}

static void read_dataset(struct reader *r, const lrc_toml *root, eng_config *c)
{
    const lrc_toml *datasets = lrc_toml_get(root, "datasets");
    for (const lrc_toml *v = root->first; v; v = v->next)
        if (strcmp(v->key, "general") != 0 && strcmp(v->key, "datasets") != 0)
            unknown_key(r, v);
    if (!datasets || datasets->type != LRC_TOML_ARRAY || datasets->len != 1) {
        complain(r, "datasets", "put all folders into one [[datasets]]",
                 "the embedded trainer takes exactly one [[datasets]]");
        return;
    }
    read_subsets(r, lrc_toml_get(root, "general"), datasets->first, c);
    if (c->batch < 1 || c->batch > 4096)
        complain(r, "batch_size", "", "batch_size must be 1 to 4096");
    if (c->width == 0)
        complain(r, "resolution", "", "resolution is missing");
}

// ---- Both ------------------------------------------------------------------------------------------------------------

void eng_config_done(eng_config *c)
{
    free(c->base);
    free(c->output_dir);
    free(c->output_name);
    free(c->network_weights);
    free(c->sample_prompts);
    free(c->comment);
    free(c->scheduler_name);
    free(c->optimizer_name);
    lrc_strv_done(&c->optimizer_args);
    lrc_strv_done(&c->network_args);
    for (size_t i = 0; i < c->subset_count; i++)
        subset_done(&c->subset[i]);
    free(c->subset);
    *c = (eng_config){0};
}

static int load(const char *file, lrc_findings *findings, eng_config *c,
                void (*read)(struct reader *r, const lrc_toml *root, eng_config *c), lrc_err *err)
{
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    struct reader r = {file, findings, err, 0};
    if (lrc_toml_load(file, FILE_MAX_BYTES, &doc, err) < 0)
        return -1;
    read(&r, lrc_toml_root(doc), c);
    return r.failed;
}

int eng_config_load(const char *config_file, const char *dataset_file, eng_config *ret, lrc_findings *findings,
                    lrc_err *err)
{
    eng_auto_config eng_config c = {
        .save_dtype = LRC_ST_F32,
        .lr = {.cycles = 1, .power = 1},
        .adamw = ENG_ADAMW_DEFAULT,
        .max_grad_norm = 1,
        .accumulation = 1,
        .max_timestep = NO_NUMBER,
        .prior_loss_weight = 1,
        .seed = NO_NUMBER,
        .batch = 1,
    };
    if (load(config_file, findings, &c, read_config, err) < 0 ||
        load(dataset_file, findings, &c, read_dataset, err) < 0)
        return -1;
    *ret = c;
    c = (eng_config){0};
    return 0;
}
