// SPDX-License-Identifier: MIT
#include "tag/family.h"

#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "base/path.h"
#include "json/json.h"

#define DESCRIPTION     "lorica.json"
#define DESCRIPTION_MAX 65536
#define BYTE            (1 / 255.0f)
#define LEVEL_MAX       255

#define MINUS_ONE_TO_ONE        {0.5f, 0.5f, 0.5f}, .std = {0.5f, 0.5f, 0.5f}
#define SQUARE_ON_WHITE(filter) {.fit = LRC_FIT_SQUARE, .fill = {255, 255, 255}, .shrink = filter, .enlarge = filter}

// Facts from the models' own cards and client code. Only "wd" could be compared with the programs that use it, sample by
// sample; the others follow what their authors publish.
static const lrc_tag_family table[] = {
    {"wd", "", "model.onnx", "selected_tags.csv", LRC_TAG_FILE_CSV,
     .input = {.bgr = true, .scale = 1, .std = {1, 1, 1}}, .any_profile = true},
    {"wd-canary", "canary", "model.onnx", "selected_tags.csv", LRC_TAG_FILE_CSV,
     .input = {.planar = true, .scale = BYTE, .mean = MINUS_ONE_TO_ONE}, .own = SQUARE_ON_WHITE(LRC_RESIZE_BICUBIC)},
    {"pixai", "pixai", "model.onnx", "selected_tags.csv", LRC_TAG_FILE_CSV,
     .input = {.planar = true, .scale = BYTE, .mean = MINUS_ONE_TO_ONE},
     .own = {.fit = LRC_FIT_SQUASH, .shrink = LRC_RESIZE_BILINEAR, .enlarge = LRC_RESIZE_BILINEAR}, .general = 0.30,
     .character = 0.85},
    {"z3d", "", "model.onnx", "tags-selected.csv", LRC_TAG_FILE_CSV,
     .input = {.bgr = true, .scale = 1, .std = {1, 1, 1}}, .any_profile = true, .general = 0.30, .character = 0.30},
    {"cl", "", "model.onnx", "tag_mapping.json", LRC_TAG_FILE_MAPPING,
     .input = {.planar = true, .bgr = true, .scale = BYTE, .mean = MINUS_ONE_TO_ONE}, .any_profile = true,
     .logits = true, .general = 0.55, .character = 0.55},
    {"cl-optimized", "", "model_optimized.onnx", "tag_mapping.json", LRC_TAG_FILE_MAPPING,
     .input = {.planar = true, .bgr = true, .scale = BYTE, .mean = MINUS_ONE_TO_ONE}, .any_profile = true,
     .logits = true, .general = 0.55, .character = 0.55},
    {"camie", "", "model.onnx", "metadata.json", LRC_TAG_FILE_METADATA,
     .input = {.planar = true, .scale = BYTE, .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}},
     .own = {.fit = LRC_FIT_RESIZE_PAD,
             .fill = {124, 116, 104},
             .shrink = LRC_RESIZE_LANCZOS,
             .enlarge = LRC_RESIZE_LANCZOS},
     .output = 1, .logits = true},
    {"joytag", "", "model.onnx", "top_tags.txt", LRC_TAG_FILE_LINES,
     .input = {.planar = true,
               .scale = BYTE,
               .mean = {0.48145466f, 0.4578275f, 0.40821073f},
               .std = {0.26862954f, 0.26130258f, 0.27577711f}},
     .own = SQUARE_ON_WHITE(LRC_RESIZE_BICUBIC), .logits = true, .general = 0.4},
};
#define COUNT (sizeof table / sizeof table[0])

const lrc_tag_family *lrc_tag_family_at(size_t i)
{
    return i < COUNT ? &table[i] : NULL;
}

static bool has_file(const char *dir, const char *name)
{
    lrc_auto_free char *path = NULL;
    return lrc_path_join(&path, dir, name, NULL) == 0 && lrc_fs_is_file(path);
}

// `part` (lower case) is in `name`, whatever the case.
static bool contains(const char *name, const char *part)
{
    for (; *name; name++) {
        size_t i = 0;
        while (part[i] && lrc_ascii_lower(name[i]) == part[i])
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

int lrc_tag_family_find(const char *dir, lrc_tag_family *ret, lrc_err *err)
{
    lrc_auto_free char *description = NULL, *real = NULL;
    if (lrc_path_join(&description, dir, DESCRIPTION, err) < 0 || lrc_path_real(&real, NULL, dir, err) < 0)
        return -1;
    if (lrc_fs_is_file(description))
        return lrc_tag_family_load(description, ret, err);
    const lrc_tag_family *found = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        const lrc_tag_family *f = &table[i];
        const bool named = f->in_folder_name[0] && contains(lrc_path_name(real), f->in_folder_name);
        if ((f->in_folder_name[0] && !named) || !has_file(dir, f->model_file) || !has_file(dir, f->label_file))
            continue;
        if (!found || named)
            found = f;
    }
    if (!found)
        return lrc_fail(err, LRC_ERR_MODEL_MISSING,
                        "'%s' holds no tagger: a WD tagger is the two files model.onnx and selected_tags.csv", dir);
    *ret = *found;
    return 0;
}

// ---- Descriptions ------------------------------------------------------------------------------------------------------

struct word {
    const char *name;
    int value;
};

static const struct word label_words[] = {{"csv", LRC_TAG_FILE_CSV},
                                          {"mapping", LRC_TAG_FILE_MAPPING},
                                          {"metadata", LRC_TAG_FILE_METADATA},
                                          {"lines", LRC_TAG_FILE_LINES},
                                          {NULL, 0}};
static const struct word fit_words[] = {
    {"square", LRC_FIT_SQUARE}, {"squash", LRC_FIT_SQUASH}, {"resize-pad", LRC_FIT_RESIZE_PAD}, {NULL, 0}};
static const struct word filter_words[] = {{"area", LRC_RESIZE_AREA},         {"lanczos4", LRC_RESIZE_LANCZOS4},
                                           {"bilinear", LRC_RESIZE_BILINEAR}, {"bicubic", LRC_RESIZE_BICUBIC},
                                           {"lanczos", LRC_RESIZE_LANCZOS},   {NULL, 0}};

// *ret stays -1 when the member is absent.
static int read_word(const lrc_json *root, const char *key, const struct word *words, int *ret, lrc_err *err)
{
    const char *text = NULL;
    if (lrc_json_str(root, key, false, &text, err) < 0)
        return -1;
    for (const struct word *w = words; text && w->name; w++)
        if (strcmp(w->name, text) == 0) {
            *ret = w->value;
            return 0;
        }
    return text ? lrc_fail_field(err, LRC_ERR_INVALID, key, "%s: '%.40s' is not known", key, text) : 0;
}

static int read_name(const lrc_json *root, const char *key, char out[static 64], lrc_err *err)
{
    const char *text = NULL;
    if (lrc_json_str(root, key, false, &text, err) < 0)
        return -1;
    if (!text)
        return 0;
    if (lrc_path_check_name(text, key, err) < 0)
        return -1;
    if (strlen(text) >= 64)
        return lrc_fail_field(err, LRC_ERR_INVALID, key, "%s: the name is too long", key);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int read_channels(const lrc_json *root, const char *key, float out[static 3], lrc_err *err)
{
    const lrc_json *list = NULL;
    if (lrc_json_array(root, key, false, &list, err) < 0)
        return -1;
    if (!list)
        return 0;
    const lrc_json *v = list->first;
    for (int c = 0; c < 3; c++, v = v ? v->next : NULL) {
        double value;
        if (list->len != 3 || !v || v->type != LRC_JSON_NUMBER || !lrc_str_to_double(v->text, &value))
            return lrc_fail_field(err, LRC_ERR_INVALID, key, "%s: three numbers are needed, for R, G and B", key);
        out[c] = (float)value;
    }
    return 0;
}

static int start_from(const lrc_json *root, lrc_tag_family *ret, lrc_err *err)
{
    const char *name = "wd";
    if (lrc_json_str(root, "family", false, &name, err) < 0)
        return -1;
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(table[i].name, name) == 0) {
            *ret = table[i];
            return 0;
        }
    return lrc_fail_field(err, LRC_ERR_INVALID, "family", "family: '%.40s' is not known", name);
}

static int read_fill(const lrc_json *root, uint8_t fill[static 3], lrc_err *err)
{
    float levels[3] = {fill[0], fill[1], fill[2]};
    if (read_channels(root, "fill", levels, err) < 0)
        return -1;
    for (int c = 0; c < 3; c++) {
        if (!(levels[c] >= 0 && levels[c] <= LEVEL_MAX))
            return lrc_fail_field(err, LRC_ERR_INVALID, "fill", "fill: levels are from 0 to %d", LEVEL_MAX);
        fill[c] = (uint8_t)levels[c];
    }
    return 0;
}

static int read_geometry(const lrc_json *root, lrc_tag_family *f, lrc_err *err)
{
    int fit = -1, filter = -1;
    if (f->any_profile) // where to start from, if one of the three is given
        f->own = *lrc_prep_profile_at(0);
    if (lrc_json_get(root, "fit") || lrc_json_get(root, "filter") || lrc_json_get(root, "fill"))
        f->any_profile = false;
    if (read_word(root, "fit", fit_words, &fit, err) < 0 || read_word(root, "filter", filter_words, &filter, err) < 0 ||
        read_fill(root, f->own.fill, err) < 0)
        return -1;
    if (fit >= 0)
        f->own.fit = (lrc_fit)fit;
    if (filter >= 0) {
        f->own.shrink = (lrc_resize_filter)filter;
        f->own.enlarge = filter == LRC_RESIZE_AREA ? LRC_RESIZE_LANCZOS : (lrc_resize_filter)filter;
    }
    return 0;
}

static int read_description(const lrc_json *root, lrc_tag_family *f, lrc_err *err)
{
    int labels = -1;
    if (start_from(root, f, err) < 0)
        return -1;
    double scale = f->input.scale;
    int64_t output = (int64_t)f->output;
    if (read_name(root, "model", f->model_file, err) < 0 || read_name(root, "labels", f->label_file, err) < 0 ||
        read_word(root, "label_format", label_words, &labels, err) < 0 ||
        lrc_json_bool(root, "planar", false, &f->input.planar, err) < 0 ||
        lrc_json_bool(root, "bgr", false, &f->input.bgr, err) < 0 ||
        lrc_json_double(root, "scale", false, &scale, err) < 0 || read_channels(root, "mean", f->input.mean, err) < 0 ||
        read_channels(root, "std", f->input.std, err) < 0 || read_geometry(root, f, err) < 0 ||
        lrc_json_int(root, "output", false, &output, err) < 0 ||
        lrc_json_bool(root, "logits", false, &f->logits, err) < 0 ||
        lrc_json_double(root, "general_threshold", false, &f->general, err) < 0 ||
        lrc_json_double(root, "character_threshold", false, &f->character, err) < 0)
        return -1;
    if (output < 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "output", "output: a number from 0");
    if (labels >= 0)
        f->labels = (lrc_tag_label_file)labels;
    f->input.scale = (float)scale;
    f->output = (size_t)output;
    return 0;
}

int lrc_tag_family_load(const char *path, lrc_tag_family *ret, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_tag_family family = {0};
    if (lrc_json_load(path, DESCRIPTION_MAX, &doc, err) < 0)
        return -1;
    if (lrc_json_root(doc)->type != LRC_JSON_OBJECT)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' must hold an object", path);
    if (read_description(lrc_json_root(doc), &family, err) < 0)
        return lrc_wrap(err, "'%s'", path);
    *ret = family;
    return 0;
}
