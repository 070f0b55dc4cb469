// SPDX-License-Identifier: MIT
#include "tag/tagger.h"

#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"

#define SIDE_MAX 4096 // pixels; no tagger has more

struct lrc_tagger {
    char *name;
    lrc_tag_family family;
    lrc_tag_labels labels;
    lrc_session *session;
    uint32_t side;
    size_t batch; // pictures of one run: 1, unless the graph insists
};

// ---- Finding -----------------------------------------------------------------------------------------------------------

int lrc_tagger_demo_dir(char **ret, lrc_err *err)
{
    lrc_auto_free char *self = NULL, *bin = NULL, *joined = NULL, *installed = NULL;
    if (lrc_path_real(&self, NULL, "/proc/self/exe", err) < 0 || lrc_path_parent(&bin, self, err) < 0 ||
        lrc_path_join(&joined, bin, "../share/lorica/models/demo", err) < 0 ||
        lrc_path_real(&installed, NULL, joined, err) < 0)
        return -1;
    if (lrc_fs_is_dir(installed)) {
        *ret = lrc_take(installed);
        return 0;
    }
    return lrc_str_copy(ret, LORICA_SOURCE_MODELS "/demo", err);
}

// Set *ret when base/name is a folder.
static int try_folder(const char *base, const char *name, char **ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (*ret || !base)
        return 0;
    if (lrc_path_join(&path, base, name, err) < 0)
        return -1;
    if (lrc_fs_is_dir(path))
        *ret = lrc_take(path);
    return 0;
}

// "SmilingWolf/wd-vit-tagger-v3" as KNX and sd-scripts keep it: with '_', or under its last part.
static int try_repository(const char *base, const char *name, char **ret, lrc_err *err)
{
    lrc_auto_free char *flat = NULL;
    if (lrc_str_copy(&flat, name, err) < 0)
        return -1;
    for (char *p = flat; *p; p++)
        if (*p == '/')
            *p = '_';
    return try_folder(base, flat, ret, err) < 0 ? -1 : try_folder(base, lrc_path_name(name), ret, err);
}

static lrc_walk_next take_last(void *arg, const lrc_fs_entry *entry, lrc_err *err)
{
    char **last = arg;
    if (!S_ISDIR(entry->st->st_mode))
        return LRC_WALK_ON;
    free(*last);
    *last = NULL;
    return lrc_str_copy(last, entry->path, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_SKIP;
}

// <cache>/models--OWNER--NAME/snapshots/<revision>/, as huggingface_hub lays it out.
static int try_hub_cache(const char *base, const char *below, const char *name, char **ret, lrc_err *err)
{
    const char *slash = strchr(name, '/');
    lrc_auto_free char *cache = NULL, *folder = NULL, *snapshots = NULL;
    if (*ret || !base || !base[0] || !slash || strchr(slash + 1, '/'))
        return 0;
    if (lrc_path_join(&cache, base, below, err) < 0 ||
        lrc_str_format(&folder, err, "models--%.*s--%s/snapshots", (int)(slash - name), name, slash + 1) < 0 ||
        lrc_path_join(&snapshots, cache, folder, err) < 0)
        return -1;
    if (!lrc_fs_is_dir(snapshots))
        return 0;
    return lrc_fs_walk(snapshots, &(lrc_fs_walk_options){0}, take_last, ret, err);
}

static int missing(const char *name, const lrc_tagger_places *places, lrc_err *err)
{
    return lrc_fail_field(
        err, LRC_ERR_MODEL_MISSING, "model",
        "there is no tagger model '%s'%s%s: put its files (model.onnx and selected_tags.csv) into %s/%s, "
        "or name the folder that has them; the bundled tagger 'demo' knows colours and shapes only",
        name, places->models_dir ? " in " : "", places->models_dir ? places->models_dir : "",
        places->models_dir ? places->models_dir : "tagger_models", lrc_path_name(name));
}

int lrc_tagger_find(const char *name, const lrc_tagger_places *places, char **ret, lrc_err *err)
{
    char *found = NULL;
    if (strcmp(name, "demo") == 0)
        return lrc_str_copy(ret, places->demo_dir, err);
    if (strncmp(name, "../", 3) == 0 || strncmp(name, "./", 2) == 0 || name[0] == '/') {
        if (!lrc_fs_is_dir(name))
            return missing(name, places, err);
        return lrc_str_copy(ret, name, err);
    }
    if (try_folder(places->models_dir, name, &found, err) < 0 ||
        try_repository(places->models_dir, name, &found, err) < 0 || try_folder("", name, &found, err) < 0 ||
        try_hub_cache(getenv("HF_HUB_CACHE"), "", name, &found, err) < 0 ||
        try_hub_cache(getenv("HF_HOME"), "hub", name, &found, err) < 0 ||
        try_hub_cache(getenv("HOME"), ".cache/huggingface/hub", name, &found, err) < 0) {
        free(found);
        return -1;
    }
    if (!found)
        return missing(name, places, err);
    *ret = found;
    return 0;
}

// ---- Opening -----------------------------------------------------------------------------------------------------------

static int check_output(const lrc_tagger *t, const char *path, lrc_err *err)
{
    if (t->family.output >= lrc_session_output_count(t->session))
        return lrc_fail(err, LRC_ERR_INVALID, "model '%s' has no output number %zu", path, t->family.output);
    const lrc_tensor_info *out = lrc_session_output(t->session, t->family.output);
    if (out->type != LRC_TENSOR_F32)
        return lrc_fail(err, LRC_ERR_INVALID, "model '%s': output '%s' is not float32", path, out->name);
    const int64_t values = out->rank > 0 ? out->dim[out->rank - 1] : 1;
    if (values > 0 && (size_t)values != t->labels.count)
        return lrc_fail(err, LRC_ERR_INVALID,
                        "model '%s' has %lld outputs, and %s names %zu tags: they do not belong "
                        "together",
                        path, (long long)values, t->family.label_file, t->labels.count);
    return 0;
}

// Layout and size from the graph itself: three channels last, or first.
static int read_input(lrc_tagger *t, const char *path, lrc_err *err)
{
    const lrc_tensor_info *in = lrc_session_input(t->session, 0);
    const bool last = in->rank == 4 && in->dim[3] == 3, first = in->rank == 4 && in->dim[1] == 3;
    if (in->type != LRC_TENSOR_F32 || (!last && !first))
        return lrc_fail(err, LRC_ERR_INVALID, "model '%s': input '%s' is not a float32 picture of three channels", path,
                        in->name);
    t->family.input.planar = !last;
    const int64_t height = last ? in->dim[1] : in->dim[2], width = last ? in->dim[2] : in->dim[3];
    if (height <= 0 || height > SIDE_MAX || (width > 0 && width != height))
        return lrc_fail(err, LRC_ERR_INVALID,
                        "model '%s' takes pictures of %lld x %lld: only fixed squares up to %d are "
                        "supported",
                        path, (long long)width, (long long)height, SIDE_MAX);
    t->side = (uint32_t)height;
    t->batch = in->dim[0] > 0 ? (size_t)in->dim[0] : 1;
    return 0;
}

int lrc_tagger_open(const char *dir, const lrc_infer_options *options, lrc_tagger **ret, lrc_err *err)
{
    lrc_auto_tagger lrc_tagger *t = calloc(1, sizeof *t);
    lrc_auto_free char *model = NULL, *labels = NULL, *real = NULL;
    if (!t)
        return lrc_fail_memory(err);
    if (lrc_tag_family_find(dir, &t->family, err) < 0 || lrc_path_join(&model, dir, t->family.model_file, err) < 0 ||
        lrc_path_join(&labels, dir, t->family.label_file, err) < 0 || lrc_path_real(&real, NULL, dir, err) < 0 ||
        lrc_str_copy(&t->name, lrc_path_name(real), err) < 0 ||
        lrc_tag_labels_load(labels, t->family.labels, &t->labels, err) < 0 ||
        lrc_session_open(model, options, &t->session, err) < 0 || read_input(t, model, err) < 0 ||
        check_output(t, model, err) < 0)
        return -1;
    *ret = lrc_take(t);
    return 0;
}

void lrc_tagger_free(lrc_tagger *t)
{
    if (!t)
        return;
    lrc_session_free(t->session);
    lrc_tag_labels_done(&t->labels);
    free(t->name);
    free(t);
}

const char *lrc_tagger_name(const lrc_tagger *t)
{
    return t->name;
}

const lrc_tag_labels *lrc_tagger_labels(const lrc_tagger *t)
{
    return &t->labels;
}

const lrc_tag_family *lrc_tagger_family(const lrc_tagger *t)
{
    return &t->family;
}

const lrc_session *lrc_tagger_session(const lrc_tagger *t)
{
    return t->session;
}

uint32_t lrc_tagger_side(const lrc_tagger *t)
{
    return t->side;
}

// ---- Asking ------------------------------------------------------------------------------------------------------------

static void to_probabilities(float *scores, size_t n)
{
    for (size_t i = 0; i < n; i++)
        scores[i] = 1.0f / (1.0f + expf(-scores[i]));
}

// A graph with a fixed batch gets the picture in its first place; what the others hold does not matter.
static int run(const lrc_tagger *t, const float *tensor, float *scores, lrc_err *err)
{
    const int64_t n = (int64_t)t->batch, side = t->side;
    const int64_t nhwc[4] = {n, side, side, 3}, nchw[4] = {n, 3, side, side};
    const int64_t *shape = t->family.input.planar ? nchw : nhwc;
    if (t->batch == 1)
        return lrc_session_run(t->session, tensor, shape, 4, t->family.output, scores, t->labels.count, err);
    lrc_auto_free float *all = malloc(t->labels.count * t->batch * sizeof *all);
    if (!all)
        return lrc_fail_memory(err);
    if (lrc_session_run(t->session, tensor, shape, 4, t->family.output, all, t->labels.count * t->batch, err) < 0)
        return -1;
    memcpy(scores, all, t->labels.count * sizeof *scores);
    return 0;
}

int lrc_tagger_scores(const lrc_tagger *t, const char *image, const lrc_prep_profile *profile, float *scores,
                      uint32_t *ret_width, uint32_t *ret_height, lrc_err *err)
{
    const size_t values = (size_t)t->side * t->side * 3;
    lrc_auto_free float *tensor = calloc(values * t->batch, sizeof *tensor);
    if (!tensor)
        return lrc_fail_memory(err);
    lrc_prep_profile own = t->family.own;
    own.exif = profile->exif;
    if (lrc_prep_file(image, t->family.any_profile ? profile : &own, &t->family.input, t->side, tensor, ret_width,
                      ret_height, err) < 0 ||
        run(t, tensor, scores, err) < 0)
        return -1;
    if (t->family.logits)
        to_probabilities(scores, t->labels.count);
    return 0;
}
