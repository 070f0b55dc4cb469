// SPDX-License-Identifier: MIT
#include "worker/tag_options.h"

#include <math.h>
#include <string.h>

#include "caption/file.h"

static const lrc_cmd cmd = {
    "tag",
    "NAME|DIR|FILE...",
    "Look at images with an ONNX tagger and write what they show into caption files.",
    "NAME is a dataset of the workspace. Each image a.png gets a caption a.txt beside it, with the tags whose "
    "probability\n"
    "reaches the threshold, in the order of the model's list. Images that cannot be read are listed and passed over.\n"
    "\n"
    "A model is a folder with model.onnx and selected_tags.csv, e.g. SmilingWolf's wd-*-tagger-v3. --model names a "
    "folder\n"
    "below tagger_models/, any folder (with a '/'), or a repository that lies in the Hugging Face cache. 'demo' is "
    "built\n"
    "in: it knows colours, brightness and orientation, and needs no download.\n"
    "\n"
    "  lorica tag mydata --model wd-vit-tagger-v3 --general-threshold 0.3 --undesired-tags \"simple background\"\n"
    "  lorica tag mydata --overwrite-mode ignore       only images without a caption\n"
    "  lorica tag picture.png --dry-run                see the tags, write nothing",
    1,
    -1};

// What the options are read into before they are resolved.
struct given {
    const char *compat, *profile, *provider, *existing, *exif, *underscore, *first_rule, *order, *reached;
    double threshold, of[LRC_TAG_CATEGORY_MAX_];
    bool keep_underscore, mcut_general, mcut_character;
    bool rating_first, rating_last, quality_first, quality_last;
    bool escape, no_newline, expand, character_first;
    const char *undesired, *separator, *replacement, *first;
};

static int resolve_choices(const struct given *g, lrc_tag_command *ret, lrc_err *err)
{
    if (lrc_tag_options_init(&ret->rules, g->compat, err) < 0)
        return -1;
    ret->profile = *lrc_prep_profile_find(g->profile);
    if (g->exif)
        ret->profile.exif = strcmp(g->exif, "apply") == 0;
    ret->provider = strcmp(g->provider, "cuda") == 0  ? LRC_INFER_CUDA
                    : strcmp(g->provider, "cpu") == 0 ? LRC_INFER_CPU
                                                      : LRC_INFER_AUTO;
    ret->existing = strcmp(g->existing, "append") == 0   ? LRC_TAG_APPEND
                    : strcmp(g->existing, "ignore") == 0 ? LRC_TAG_IGNORE
                                                         : LRC_TAG_OVERWRITE;
    if (g->underscore)
        ret->rules.underscore_rule = strcmp(g->underscore, "len3") == 0 ? LRC_UNDERSCORE_LEN3 : LRC_UNDERSCORE_KAOMOJI;
    if (g->first_rule)
        ret->rules.first_rule = strcmp(g->first_rule, "kohya") == 0    ? LRC_FIRST_KOHYA
                                : strcmp(g->first_rule, "always") == 0 ? LRC_FIRST_ALWAYS
                                                                       : LRC_FIRST_PRESENT;
    if (g->order)
        ret->rules.by_score = strcmp(g->order, "score") == 0;
    if (g->reached)
        ret->rules.above = strcmp(g->reached, "above") == 0;
    return 0;
}

static lrc_put where(bool first, bool last)
{
    return first ? LRC_PUT_FIRST : last ? LRC_PUT_LAST : LRC_PUT_NOT;
}

static void resolve_rules(const struct given *g, lrc_tag_command *ret)
{
    lrc_tag_options *o = &ret->rules;
    ret->own_threshold = !isnan(g->threshold);
    if (ret->own_threshold) {
        o->threshold = g->threshold;
        for (int c = 0; c < LRC_TAG_CATEGORY_MAX_; c++)
            o->thresholds[c] = NAN;
    }
    for (int c = 0; c < LRC_TAG_CATEGORY_MAX_; c++)
        if (!isnan(g->of[c]))
            o->thresholds[c] = g->of[c];
    o->mcut[LRC_TAG_GENERAL] = g->mcut_general;
    o->mcut[LRC_TAG_CHARACTER] = g->mcut_character;
    o->remove_underscore = !g->keep_underscore;
    o->undesired = g->undesired;
    o->separator = g->separator;
    o->replacement = g->replacement;
    o->first = g->first;
    o->character_expand = g->expand;
    o->character_first = g->character_first;
    o->rating = where(g->rating_first, g->rating_last);
    o->quality = where(g->quality_first, g->quality_last);
    o->escape = o->escape || g->escape;
    o->newline = o->newline && !g->no_newline;
}

#define THRESHOLD(word, category)                                                                                      \
    {word "-threshold", 0, LRC_OPT_DOUBLE, &g.of[category], "P", "for " word " tags; above 1: none", 0, 2, NULL}
#define FLAG(name, target, help)              {name, 0, LRC_OPT_FLAG, target, NULL, help, 0, 0, NULL}
#define TEXT(name, letter, target, arg, help) {name, letter, LRC_OPT_STR, target, arg, help, 0, 0, NULL}
#define CHOICE(name, target, help, words)     {name, 0, LRC_OPT_CHOICE, target, "WORD", help, 0, 0, words}

int lrc_worker_tag_parse(int argc, char **argv, lrc_tag_command *ret, lrc_common *ret_common, lrc_strv *ret_args,
                         lrc_err *err)
{
    lrc_tag_command made = {.extension = LRC_CAPTION_EXTENSION};
    struct given g = {
        .profile = "kohya", .provider = "auto", .existing = "overwrite", .threshold = NAN, .separator = ", "};
    for (int c = 0; c < LRC_TAG_CATEGORY_MAX_; c++)
        g.of[c] = NAN;
    const lrc_opt opts[] = {
        TEXT("model", 'm', &made.model, "NAME|DIR", "the tagger; without it the setting tagger.default"),
        {"threshold", 't', LRC_OPT_DOUBLE, &g.threshold, "P", "least probability of a tag (0.35 unless the model says)",
         0, 1, NULL},
        THRESHOLD("general", LRC_TAG_GENERAL),
        THRESHOLD("character", LRC_TAG_CHARACTER),
        THRESHOLD("copyright", LRC_TAG_COPYRIGHT),
        THRESHOLD("artist", LRC_TAG_ARTIST),
        THRESHOLD("meta", LRC_TAG_META),
        THRESHOLD("model", LRC_TAG_MODEL),
        CHOICE("threshold-rule", &g.reached, "a score at the threshold passes (float32), or only above it (float64)",
               "at|above"),
        FLAG("mcut-general", &g.mcut_general, "general threshold at the largest gap between scores"),
        FLAG("mcut-character", &g.mcut_character, "character threshold likewise, at least 0.15"),
        TEXT("undesired-tags", 'x', &g.undesired, "TAGS", "never give these"),
        TEXT("always-first-tags", 0, &g.first, "TAGS", "put these first"),
        CHOICE("always-first-rule", &g.first_rule, "those found; all of them; as sd-scripts: backwards",
               "present|always|kohya"),
        TEXT("tag-replacement", 0, &g.replacement, "FROM,TO;...", "rename tags; \\, and \\; stand for themselves"),
        FLAG("keep-underscore", &g.keep_underscore, "long_hair stays long_hair"),
        CHOICE("underscore-rule", &g.underscore, "spare faces such as ^_^; or all names up to 3 characters",
               "kaomoji|len3"),
        FLAG("character-tags-first", &g.character_first, "characters before all other tags"),
        FLAG("character-tag-expand", &g.expand, "saber_(fate) becomes saber, fate"),
        FLAG("use-rating-tags", &g.rating_first, "the likeliest rating as first tag"),
        FLAG("use-rating-tags-as-last-tag", &g.rating_last, "the likeliest rating as last tag"),
        FLAG("use-quality-tags", &g.quality_first, "the likeliest quality as first tag, where the model has some"),
        FLAG("use-quality-tags-as-last-tag", &g.quality_last, "the likeliest quality as last tag"),
        CHOICE("order", &g.order, "of tags: the model's, or by probability", "model|score"),
        FLAG("escape-parentheses", &g.escape, "write ( and ) as \\( and \\), as prompts want them"),
        TEXT("caption-separator", 0, &g.separator, "TEXT", "between tags; lists above are split at it"),
        TEXT("caption-extension", 'e', &made.extension, "EXT", "of caption files"),
        FLAG("no-newline", &g.no_newline, "no line break at the end of a caption"),
        CHOICE("overwrite-mode", &g.existing, "existing captions: replace, add to, or leave such images",
               "overwrite|append|ignore"),
        {"recursive", 'r', LRC_OPT_FLAG, &made.recursive, NULL, "sub-folders too", 0, 0, NULL},
        {"dry-run", 'n', LRC_OPT_FLAG, &made.dry_run, NULL, "print captions, write none", 0, 0, NULL},
        TEXT("output-path", 'o', &made.output, "FILE", "captions into one .json or .jsonl file instead"),
        TEXT("scores", 0, &made.scores, "FILE", "every probability of every image, as lines of JSON"),
        FLAG("frequency-tags", &made.frequency, "count the tags at the end"),
        CHOICE("profile", &g.profile, "whose image preparation, to the last bit", "kohya|space|knx"),
        CHOICE("exif", &g.exif, "turn images by their EXIF orientation; the trainer does not", "ignore|apply"),
        CHOICE("compat", &g.compat, "captions with this program's quirks", "kohya|space|knx"),
        CHOICE("provider", &g.provider, "where the model runs", "auto|cpu|cuda"),
        {"threads", 'j', LRC_OPT_INT, &made.threads, "N", "images looked at at once; 0: one per core", 0, 256, NULL},
    };
    if (lrc_cmdline_parse(&cmd, opts, sizeof opts / sizeof opts[0], argc, argv, ret_common, ret_args, err) < 0)
        return -1;
    if (!ret_common->help) {
        if (lrc_caption_check_extension(made.extension, err) < 0 || resolve_choices(&g, &made, err) < 0)
            return -1;
        resolve_rules(&g, &made);
    }
    *ret = made;
    return 0;
}
