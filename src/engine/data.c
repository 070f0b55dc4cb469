// SPDX-License-Identifier: MIT
#include "engine/data.h"

#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "engine/tiny.h"
#include "image/decode.h"
#include "image/resize.h"
#include "kohya/files.h"
#include "json/json.h"

#define CAPTION_MAX (1 << 16)
#define ITEMS_MAX   1000000
#define TAGS_MAX    1000 // of one caption

struct item {
    char *path, *caption;
    size_t subset, bucket;
    int64_t repeats; // regularisation pictures may get more
    float *latent, *mirrored;
};

struct bucket {
    size_t width, height; // pixels
    size_t *item;         // with repeats
    size_t count, cap;
};

struct place {
    size_t bucket, batch;
};

struct eng_data {
    const eng_config *c;
    const eng_words *words;
    size_t tokens, unit, down, channels;
    struct item *item;
    size_t count, cap;
    struct bucket *bucket;
    size_t bucket_count;
    struct place *order;
    size_t batches;
    uint64_t seed;
    size_t *files; // of each subset
    size_t pictures, reg_pictures;
    // the batch at hand
    float *latent, *weight;
    int32_t *ids;
    lrc_buf text;
};

void eng_data_free(eng_data *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++) {
        free(d->item[i].path);
        free(d->item[i].caption);
        free(d->item[i].latent);
        free(d->item[i].mirrored);
    }
    for (size_t i = 0; i < d->bucket_count; i++)
        free(d->bucket[i].item);
    free(d->item);
    free(d->bucket);
    free(d->order);
    free(d->files);
    free(d->latent);
    free(d->weight);
    free(d->ids);
    lrc_buf_done(&d->text);
    free(d);
}

// ---- Files and captions ----------------------------------------------------------------------------------------------

// First line of the caption file beside the picture, else the class tokens, else nothing.
static int read_caption(const eng_subset *s, const char *path, char **ret, lrc_err *err)
{
    lrc_auto_free char *file = NULL, *text = NULL;
    if (lrc_path_with_suffix(&file, path, s->caption_extension, err) < 0)
        return -1;
    if (!lrc_fs_exists(file))
        return lrc_str_copy(ret, s->class_tokens ? s->class_tokens : "", err);
    if (lrc_fs_read(file, CAPTION_MAX, &text, NULL, err) < 0)
        return -1;
    text[strcspn(text, "\n")] = '\0';
    return lrc_str_copy(ret, lrc_str_trim(text), err);
}

struct finder {
    eng_data *d;
    size_t subset;
};

static lrc_walk_next found(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    struct finder *f = arg;
    eng_data *d = f->d;
    const eng_subset *s = &d->c->subset[f->subset];
    if (!S_ISREG(e->st->st_mode) || !lrc_kohya_sees(e->name, NULL))
        return LRC_WALK_ON;
    if (d->count == d->cap) {
        const size_t cap = d->cap ? d->cap * 2 : 64;
        struct item *grown = cap > ITEMS_MAX ? NULL : reallocarray(d->item, cap, sizeof *grown);
        if (!grown) {
            lrc_fail_memory_(err);
            return LRC_WALK_FAIL;
        }
        d->item = grown;
        d->cap = cap;
    }
    struct item *item = &d->item[d->count];
    *item = (struct item){.subset = f->subset, .repeats = s->num_repeats};
    d->count++;
    d->files[f->subset]++;
    if (lrc_str_copy(&item->path, e->path, err) < 0 || read_caption(s, e->path, &item->caption, err) < 0)
        return LRC_WALK_FAIL;
    return LRC_WALK_ON;
}

static int find_files(eng_data *d, lrc_err *err)
{
    for (size_t i = 0; i < d->c->subset_count; i++) {
        struct finder f = {d, i};
        const lrc_fs_walk_options options = {.recursive = false};
        if (lrc_fs_walk(d->c->subset[i].image_dir, &options, found, &f, err) < 0)
            return -1;
        if (d->files[i] == 0)
            return lrc_fail_field(err, LRC_ERR_INVALID, "image_dir", "there are no pictures in '%s'",
                                  d->c->subset[i].image_dir);
    }
    return 0;
}

// Regularisation pictures are used as often as training pictures are, together; the first ones once more when it does
// not come out even.
static void settle_repeats(eng_data *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (!d->c->subset[d->item[i].subset].is_reg)
            d->pictures += (size_t)d->item[i].repeats;
    for (bool first = true; d->reg_pictures < d->pictures; first = false) {
        const size_t before = d->reg_pictures;
        for (size_t i = 0; i < d->count; i++) {
            struct item *item = &d->item[i];
            if (!d->c->subset[item->subset].is_reg)
                continue;
            if (d->reg_pictures >= d->pictures && first) {
                item->repeats = 0; // not needed
                continue;
            }
            if (d->reg_pictures >= d->pictures)
                break;
            item->repeats += !first;
            d->reg_pictures += first ? (size_t)item->repeats : 1;
        }
        if (d->reg_pictures == before)
            return; // there are none
    }
}

// ---- Buckets ---------------------------------------------------------------------------------------------------------

static int add_bucket(eng_data *d, size_t width, size_t height, lrc_err *err)
{
    for (size_t i = 0; i < d->bucket_count; i++)
        if (d->bucket[i].width == width && d->bucket[i].height == height)
            return 0;
    struct bucket *grown = reallocarray(d->bucket, d->bucket_count + 1, sizeof *grown);
    if (!grown)
        return lrc_fail_memory(err);
    d->bucket = grown;
    d->bucket[d->bucket_count++] = (struct bucket){.width = width, .height = height};
    return 0;
}

static int by_size(const void *a, const void *b)
{
    const struct bucket *x = a, *y = b;
    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    return (x->height > y->height) - (x->height < y->height);
}

// sd-scripts' make_bucket_resolutions with the network's unit as step, from two units to twice the resolution.
static int make_buckets(eng_data *d, lrc_err *err)
{
    const size_t w = (size_t)d->c->width, h = (size_t)d->c->height, step = d->unit;
    if (!d->c->buckets)
        return add_bucket(d, w, h, err);
    const size_t area = w * h, most = 2 * (w > h ? w : h), side = (size_t)(sqrt((double)area) / (double)step) * step;
    if (add_bucket(d, side, side, err) < 0)
        return -1;
    for (size_t x = 2 * step; x <= most; x += step) {
        size_t y = area / x / step * step;
        y = y > most ? most : y;
        if (y >= 2 * step && (add_bucket(d, x, y, err) < 0 || add_bucket(d, y, x, err) < 0))
            return -1;
    }
    qsort(d->bucket, d->bucket_count, sizeof *d->bucket, by_size);
    return 0;
}

static size_t nearest_bucket(const eng_data *d, const lrc_pixels *p)
{
    const double ratio = (double)p->width / p->height;
    size_t best = 0;
    double least = HUGE_VAL;
    for (size_t i = 0; i < d->bucket_count; i++) {
        const struct bucket *b = &d->bucket[i];
        if (b->width == p->width && b->height == p->height)
            return i;
        const double off = fabs((double)b->width / (double)b->height - ratio);
        if (off < least) {
            least = off;
            best = i;
        }
    }
    return best;
}

static int push_repeats(eng_data *d, size_t item, lrc_err *err)
{
    struct bucket *b = &d->bucket[d->item[item].bucket];
    for (int64_t r = 0; r < d->item[item].repeats; r++) {
        if (b->count == b->cap) {
            const size_t cap = b->cap ? b->cap * 2 : 64;
            size_t *grown = reallocarray(b->item, cap, sizeof *grown);
            if (!grown)
                return lrc_fail_memory(err);
            b->item = grown;
            b->cap = cap;
        }
        b->item[b->count++] = item;
    }
    return 0;
}

// ---- Pictures --------------------------------------------------------------------------------------------------------

// Resized to cover the bucket, the middle cut out.
static int fit(const lrc_pixels *p, const struct bucket *b, uint8_t *rgb, lrc_err *err)
{
    const double sx = (double)b->width / p->width, sy = (double)b->height / p->height, s = sx > sy ? sx : sy;
    size_t w = (size_t)lrint(p->width * s), h = (size_t)lrint(p->height * s);
    w = w < b->width ? b->width : w;
    h = h < b->height ? b->height : h;
    lrc_auto_free uint8_t *whole = malloc(w * h * 3 + LRC_CANVAS_SLACK);
    if (!whole)
        return lrc_fail_memory(err);
    const lrc_canvas canvas = lrc_canvas_plain(p);
    const bool shrinks = w <= p->width && h <= p->height;
    if (lrc_resize(&canvas, shrinks ? LRC_RESIZE_AREA : LRC_RESIZE_LANCZOS4, (uint32_t)w, (uint32_t)h, whole, err) < 0)
        return -1;
    const size_t left = (w - b->width) / 2, top = (h - b->height) / 2;
    for (size_t y = 0; y < b->height; y++)
        memcpy(rgb + y * b->width * 3, whole + ((top + y) * w + left) * 3, b->width * 3);
    return 0;
}

static void mirror(uint8_t *rgb, size_t width, size_t height)
{
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width / 2; x++)
            for (size_t c = 0; c < 3; c++) {
                uint8_t *a = rgb + (y * width + x) * 3 + c, *b = rgb + (y * width + width - 1 - x) * 3 + c;
                const uint8_t kept = *a;
                *a = *b;
                *b = kept;
            }
}

static int load_picture(eng_data *d, struct item *item, lrc_err *err)
{
    lrc_auto_pixels lrc_pixels p = {0};
    const lrc_decode_options options = {.alpha = LRC_ALPHA_DROP};
    if (lrc_image_decode(item->path, &options, &p, err) < 0)
        return -1;
    item->bucket = nearest_bucket(d, &p);
    const struct bucket *b = &d->bucket[item->bucket];
    const size_t floats = b->width / d->down * (b->height / d->down) * d->channels;
    lrc_auto_free uint8_t *rgb = malloc(b->width * b->height * 3);
    item->latent = malloc(floats * sizeof *item->latent);
    item->mirrored = d->c->subset[item->subset].flip_aug ? malloc(floats * sizeof *item->mirrored) : NULL;
    if (!rgb || !item->latent || (d->c->subset[item->subset].flip_aug && !item->mirrored))
        return lrc_fail_memory(err);
    if (fit(&p, b, rgb, err) < 0)
        return lrc_wrap(err, "'%s'", item->path);
    eng_haar_encode(rgb, b->height, b->width, item->latent);
    if (item->mirrored) {
        mirror(rgb, b->width, b->height);
        eng_haar_encode(rgb, b->height, b->width, item->mirrored);
    }
    return 0;
}

// ---- Order -----------------------------------------------------------------------------------------------------------

static int make_order(eng_data *d, lrc_err *err)
{
    const size_t size = (size_t)d->c->batch;
    for (size_t i = 0; i < d->bucket_count; i++)
        d->batches += (d->bucket[i].count + size - 1) / size;
    d->order = calloc(d->batches + 1, sizeof *d->order);
    if (!d->order)
        return lrc_fail_memory(err);
    size_t n = 0;
    for (size_t i = 0; i < d->bucket_count; i++)
        for (size_t k = 0; k < (d->bucket[i].count + size - 1) / size; k++)
            d->order[n++] = (struct place){i, k};
    return 0;
}

static void swap_places(void *list, size_t i, size_t j)
{
    struct place *x = list, kept = x[i];
    x[i] = x[j];
    x[j] = kept;
}

static void swap_items(void *list, size_t i, size_t j)
{
    size_t *x = list, kept = x[i];
    x[i] = x[j];
    x[j] = kept;
}

void eng_data_shuffle(eng_data *d, eng_rng *py, size_t epoch)
{
    eng_rng_py_seed(py, d->seed + epoch);
    eng_rng_py_shuffle(py, d->batches, swap_places, d->order);
    for (size_t i = 0; i < d->bucket_count; i++)
        if (d->bucket[i].count)
            eng_rng_py_shuffle(py, d->bucket[i].count, swap_items, d->bucket[i].item);
}

// ---- Loading ---------------------------------------------------------------------------------------------------------

static int check_size(const eng_data *d, lrc_err *err)
{
    if ((size_t)d->c->width % d->unit || (size_t)d->c->height % d->unit)
        return lrc_fail_field(err, LRC_ERR_INVALID, "resolution", "this model needs a resolution that %zu divides",
                              d->unit);
    return 0;
}

static int give_room(eng_data *d, lrc_err *err)
{
    size_t most = 0;
    for (size_t i = 0; i < d->bucket_count; i++) {
        const size_t floats = d->bucket[i].width / d->down * (d->bucket[i].height / d->down) * d->channels;
        most = floats > most ? floats : most;
    }
    const size_t batch = (size_t)d->c->batch;
    d->latent = calloc(batch * most, sizeof *d->latent);
    d->weight = calloc(batch, sizeof *d->weight);
    d->ids = calloc(batch * d->tokens, sizeof *d->ids);
    return d->latent && d->weight && d->ids ? 0 : lrc_fail_memory(err);
}

#define SEED_LIMIT ((UINT64_C(1) << 31) + 1) // random.randint(0, 2**31)

// Everything but the pixels: which files there are, with their captions and repeats.
static int look(const eng_config *c, const eng_arch *a, eng_data **ret, lrc_err *err)
{
    eng_auto_data eng_data *d = calloc(1, sizeof *d);
    if (!d)
        return lrc_fail_memory(err);
    *d = (eng_data){.c = c,
                    .tokens = a->text.tokens,
                    .down = a->latent.down,
                    .unit = a->latent.down << (a->unet.levels - 1),
                    .channels = a->unet.in};
    lrc_buf_init(&d->text, CAPTION_MAX);
    d->files = calloc(c->subset_count, sizeof *d->files);
    if (!d->files)
        return lrc_fail_memory(err);
    if (check_size(d, err) < 0 || find_files(d, err) < 0)
        return -1;
    settle_repeats(d);
    if (d->pictures == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "image_dir", "there are no pictures to learn from");
    *ret = lrc_take(d);
    return 0;
}

int eng_data_check(const eng_config *c, const eng_arch *a, lrc_err *err)
{
    eng_auto_data eng_data *d = NULL;
    return look(c, a, &d, err);
}

int eng_data_load(const eng_config *c, const eng_model *m, eng_rng *py, eng_data **ret, lrc_err *err)
{
    eng_auto_data eng_data *d = NULL;
    if (look(c, eng_model_arch(m), &d, err) < 0 || make_buckets(d, err) < 0)
        return -1;
    d->words = eng_model_words(m);
    d->seed = eng_rng_py_below(py, SEED_LIMIT);
    for (size_t i = 0; i < d->count; i++)
        if (load_picture(d, &d->item[i], err) < 0 || push_repeats(d, i, err) < 0)
            return -1;
    if (make_order(d, err) < 0 || give_room(d, err) < 0)
        return -1;
    eng_data_shuffle(d, py, 0);
    *ret = lrc_take(d);
    return 0;
}

eng_data_facts eng_data_facts_of(const eng_data *d)
{
    eng_data_facts f = {d->pictures, d->reg_pictures, d->count, d->batches, 0};
    for (size_t i = 0; i < d->bucket_count; i++)
        f.buckets += d->bucket[i].count > 0;
    return f;
}

eng_data_folder eng_data_folder_at(const eng_data *d, size_t i)
{
    return (eng_data_folder){&d->c->subset[i], d->files[i]};
}

// ---- Captions --------------------------------------------------------------------------------------------------------

static void swap_tags(void *list, size_t i, size_t j)
{
    char **x = list, *kept = x[i];
    x[i] = x[j];
    x[j] = kept;
}

// Cut at commas, in place; blanks trimmed, empty ones dropped.
static size_t cut(char *text, char **tag)
{
    size_t n = 0;
    for (char *p = text; p && n < TAGS_MAX;) {
        char *next = strchr(p, ',');
        if (next)
            *next++ = '\0';
        char *t = lrc_str_trim(p);
        if (*t)
            tag[n++] = t;
        p = next;
    }
    return n;
}

static void put_tags(lrc_buf *out, char *const *tag, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lrc_buf_addf(out, "%s%s", out->len ? ", " : "", tag[i]);
}

// Fixed tags stay in front; the others are shuffled, then some are dropped.
static void vary(const eng_subset *s, char *text, eng_rng *py, lrc_buf *out)
{
    char *tag[TAGS_MAX], *fixed_end = NULL;
    const char *separator = s->keep_tokens_separator;
    size_t keep = (size_t)(s->keep_tokens > 0 ? s->keep_tokens : 0);
    if (separator && *separator && (fixed_end = strstr(text, separator))) {
        *fixed_end = '\0';
        const size_t n = cut(text, tag);
        put_tags(out, tag, n);
        text = fixed_end + strlen(separator);
        keep = 0;
    }
    size_t n = cut(text, tag);
    keep = keep > n ? n : keep;
    if (s->shuffle_caption)
        eng_rng_py_shuffle(py, n - keep, swap_tags, tag + keep);
    if (s->tag_dropout_rate > 0) {
        size_t left = keep;
        for (size_t i = keep; i < n; i++)
            if (eng_rng_py_random(py) >= s->tag_dropout_rate)
                tag[left++] = tag[i];
        n = left;
    }
    put_tags(out, tag, n);
}

void eng_data_caption(const eng_subset *s, const char *caption, size_t epoch, eng_rng *py, lrc_buf *out)
{
    lrc_buf_truncate(out, 0);
    const bool dropped = (s->dropout_rate > 0 && eng_rng_py_random(py) < s->dropout_rate) ||
                         (s->dropout_every_n_epochs > 0 && epoch % (size_t)s->dropout_every_n_epochs == 0);
    if (dropped)
        return;
    lrc_auto_free char *text = NULL;
    if (lrc_str_format(&text, NULL, "%s%s%s%s%s", s->caption_prefix ? s->caption_prefix : "",
                       s->caption_prefix && *s->caption_prefix ? " " : "", caption,
                       s->caption_suffix && *s->caption_suffix ? " " : "",
                       s->caption_suffix ? s->caption_suffix : "") < 0)
        return;
    if (s->shuffle_caption || s->tag_dropout_rate > 0)
        vary(s, text, py, out);
    else
        lrc_buf_adds(out, text);
}

eng_data_batch eng_data_take(eng_data *d, size_t i, size_t epoch, eng_rng *py)
{
    const struct place at = d->order[i];
    const struct bucket *b = &d->bucket[at.bucket];
    const size_t size = (size_t)d->c->batch, first = at.batch * size;
    const size_t count = b->count - first < size ? b->count - first : size;
    const size_t floats = b->width / d->down * (b->height / d->down) * d->channels;
    for (size_t k = 0; k < count; k++) {
        const struct item *item = &d->item[b->item[first + k]];
        const eng_subset *s = &d->c->subset[item->subset];
        const bool flip = s->flip_aug && eng_rng_py_random(py) < 0.5;
        memcpy(d->latent + k * floats, flip ? item->mirrored : item->latent, floats * sizeof *d->latent);
        d->weight[k] = s->is_reg ? (float)d->c->prior_loss_weight : 1;
        eng_data_caption(s, item->caption, epoch, py, &d->text);
        eng_words_encode(d->words, d->text.data, d->ids + k * d->tokens, d->tokens);
    }
    return (eng_data_batch){count, b->height / d->down, b->width / d->down, d->latent, d->weight, d->ids};
}

// ---- Tag counts ------------------------------------------------------------------------------------------------------

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void eng_data_tag_counts(const eng_data *d, size_t i, lrc_buf *out)
{
    lrc_auto_strv lrc_strv all = {0};
    for (size_t k = 0; k < d->count; k++)
        if (d->item[k].subset == i)
            (void)lrc_strv_split(&all, d->item[k].caption, ',', NULL);
    if (all.count)
        qsort(all.item, all.count, sizeof *all.item, by_text);
    lrc_json_out o;
    lrc_json_out_init(&o, out, 0);
    lrc_json_object_begin(&o);
    for (size_t k = 0, n; k < all.count; k += n) {
        for (n = 1; k + n < all.count && strcmp(all.item[k], all.item[k + n]) == 0;)
            n++;
        lrc_json_kint(&o, all.item[k], (int64_t)n);
    }
    lrc_json_object_end(&o);
}
