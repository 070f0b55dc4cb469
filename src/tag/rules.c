// SPDX-License-Identifier: MIT
#include "tag/rules.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "tag/rename.h"

#define MCUT_CHARACTER_LEAST 0.15
#define TEXT_MAX             (16 << 20)

struct lrc_tag_rules {
    lrc_tag_options options; // its texts are not used after lrc_tag_rules_new()
    const lrc_tag_labels *labels;
    char **shown;                            // per label
    bool *unwanted;                          // per label
    size_t *order;                           // labels, category after category, each in the model's order
    size_t begin[LRC_TAG_CATEGORY_MAX_ + 1]; // where a category begins in `order`
    char *separator;
    char *splitter; // the separator without its blanks; "," when nothing is left
    lrc_strv first;
};

// ---- Options -----------------------------------------------------------------------------------------------------------

int lrc_tag_options_init(lrc_tag_options *o, const char *compat, lrc_err *err)
{
    lrc_tag_options made = {
        .threshold = 0.35, .remove_underscore = true, .undesired = "", .separator = ", ", .newline = true};
    for (int c = 0; c < LRC_TAG_CATEGORY_MAX_; c++)
        made.thresholds[c] = NAN;
    const char *name = compat ? compat : "";
    if (strcmp(name, "kohya") == 0) {
        made.underscore_rule = LRC_UNDERSCORE_LEN3;
        made.first_rule = LRC_FIRST_KOHYA;
        made.ignore_replacement = true;
    } else if (strcmp(name, "knx") == 0) {
        made.underscore_rule = LRC_UNDERSCORE_LEN3;
        made.first_rule = LRC_FIRST_KNX;
    } else if (strcmp(name, "space") == 0) {
        made.thresholds[LRC_TAG_CHARACTER] = 0.85;
        made.above = made.by_score = made.escape = true;
        made.newline = false;
    } else if (name[0]) {
        return lrc_fail_field(err, LRC_ERR_INVALID, "compat",
                              "there is no program '%s' to be compatible with: kohya, "
                              "space or knx",
                              name);
    }
    *o = made;
    return 0;
}

// ---- Preparation -------------------------------------------------------------------------------------------------------

// Non-overlapping parts of `text` between `splitter`s, as Python's str.split.
static int split(const char *text, const char *splitter, bool trim, lrc_strv *ret, lrc_err *err)
{
    for (const char *at = text;;) {
        const char *end = strstr(at, splitter);
        const size_t n = end ? (size_t)(end - at) : strlen(at);
        lrc_auto_free char *part = NULL;
        if (lrc_str_copy_n(&part, at, n, err) < 0)
            return -1;
        lrc_auto_free char *trimmed = NULL;
        if (lrc_str_copy(&trimmed, part, err) < 0)
            return -1;
        const char *word = lrc_str_trim(trimmed);
        if (*word && lrc_strv_push(ret, trim ? word : part, err) < 0)
            return -1;
        if (!end)
            return 0;
        at = end + strlen(splitter);
    }
}

static int set_separator(lrc_tag_rules *r, const char *separator, lrc_err *err)
{
    if (!lrc_utf8_valid(separator, strlen(separator)) || strpbrk(separator, "\r\n"))
        return lrc_fail_field(err, LRC_ERR_INVALID, "caption_separator",
                              "the separator must be UTF-8 without line breaks");
    lrc_auto_free char *copy = NULL;
    if (lrc_str_copy(&r->separator, separator, err) < 0 || lrc_str_copy(&copy, separator, err) < 0)
        return -1;
    const char *trimmed = lrc_str_trim(copy);
    return lrc_str_copy(&r->splitter, *trimmed ? trimmed : ",", err);
}

static int set_order(lrc_tag_rules *r, lrc_err *err)
{
    const lrc_tag_labels *labels = r->labels;
    r->order = calloc(labels->count, sizeof *r->order);
    if (!r->order)
        return lrc_fail_memory(err);
    size_t n = 0;
    for (int c = 0; c < LRC_TAG_CATEGORY_MAX_; c++) {
        r->begin[c] = n;
        for (size_t i = 0; i < labels->count; i++)
            if ((int)labels->item[i].category == c)
                r->order[n++] = i;
    }
    r->begin[LRC_TAG_CATEGORY_MAX_] = n;
    return 0;
}

static int set_names(lrc_tag_rules *r, lrc_err *err)
{
    const lrc_tag_options *o = &r->options;
    r->shown = calloc(r->labels->count, sizeof *r->shown);
    r->unwanted = calloc(r->labels->count, sizeof *r->unwanted);
    if (!r->shown || !r->unwanted)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < r->labels->count; i++) {
        const lrc_tag_label *label = &r->labels->item[i];
        const bool expand = o->character_expand && label->category == LRC_TAG_CHARACTER;
        if (expand ? lrc_tag_expand(label->name, r->separator, &r->shown[i], err) < 0
                   : lrc_str_copy(&r->shown[i], label->name, err) < 0)
            return -1;
        if (o->remove_underscore)
            lrc_tag_remove_underscore(r->shown[i], o->underscore_rule);
    }
    if (o->replacement && o->replacement[0] && !o->ignore_replacement &&
        lrc_tag_replace(o->replacement, r->shown, r->order, r->labels->count, err) < 0)
        return -1;
    lrc_auto_strv lrc_strv unwanted = {0};
    if (split(o->undesired ? o->undesired : "", r->splitter, true, &unwanted, err) < 0)
        return -1;
    for (size_t i = 0; i < r->labels->count; i++)
        r->unwanted[i] = unwanted.count > 0 && lrc_strv_has(&unwanted, r->shown[i]);
    return 0;
}

int lrc_tag_rules_new(const lrc_tag_labels *labels, const lrc_tag_options *options, lrc_tag_rules **ret, lrc_err *err)
{
    lrc_auto_tag_rules lrc_tag_rules *r = calloc(1, sizeof *r);
    if (!r)
        return lrc_fail_memory(err);
    r->options = *options;
    r->labels = labels;
    if (set_separator(r, options->separator, err) < 0 || set_order(r, err) < 0 || set_names(r, err) < 0 ||
        (options->first &&
         split(options->first, r->splitter, options->first_rule != LRC_FIRST_KOHYA, &r->first, err) < 0))
        return -1;
    *ret = lrc_take(r);
    return 0;
}

void lrc_tag_rules_free(lrc_tag_rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; r->shown && i < r->labels->count; i++)
        free(r->shown[i]);
    free(r->shown);
    free(r->unwanted);
    free(r->order);
    free(r->separator);
    free(r->splitter);
    lrc_strv_done(&r->first);
    free(r);
}

const char *lrc_tag_shown(const lrc_tag_rules *r, size_t i)
{
    return r->shown[i];
}

// ---- Choice ------------------------------------------------------------------------------------------------------------

// A growing row of tags; texts are borrowed from the rules.
struct row {
    struct pick {
        const char *text;
        float score;
    } *at;
    size_t count;
};

static void row_done(struct row *row)
{
    free(row->at);
}

static void insert(struct row *row, size_t at, const char *text, float score)
{
    memmove(row->at + at + 1, row->at + at, (row->count - at) * sizeof *row->at);
    row->at[at] = (struct pick){text, score};
    row->count++;
}

static int higher_first(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

// Maximum cut: the middle of the largest gap between neighbours of the sorted scores; the first of equal gaps.
static int mcut(const lrc_tag_rules *r, lrc_tag_category c, const float *scores, double *ret, lrc_err *err)
{
    const size_t n = r->begin[c + 1] - r->begin[c];
    lrc_auto_free float *sorted = malloc((n + 1) * sizeof *sorted);
    if (!sorted)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        sorted[i] = scores[r->order[r->begin[c] + i]];
    qsort(sorted, n, sizeof *sorted, higher_first);
    double gap = -1, cut = n ? sorted[0] : 1;
    for (size_t i = 0; i + 1 < n; i++) {
        const double upper = sorted[i], lower = sorted[i + 1];
        if (upper - lower > gap) {
            gap = upper - lower;
            cut = (upper + lower) / 2;
        }
    }
    *ret = c == LRC_TAG_CHARACTER ? fmax(cut, MCUT_CHARACTER_LEAST) : cut;
    return 0;
}

static int threshold_of(const lrc_tag_rules *r, lrc_tag_category c, const float *scores, double *ret, lrc_err *err)
{
    if (r->options.mcut[c])
        return mcut(r, c, scores, ret, err);
    *ret = isnan(r->options.thresholds[c]) ? r->options.threshold : r->options.thresholds[c];
    return 0;
}

// All tags of a category that pass, in the model's order.
static int take_category(const lrc_tag_rules *r, lrc_tag_category c, const float *scores, struct row *row, lrc_err *err)
{
    double threshold;
    if (threshold_of(r, c, scores, &threshold, err) < 0)
        return -1;
    const bool before = c == LRC_TAG_CHARACTER && r->options.character_first && !r->options.by_score;
    for (size_t i = r->begin[c]; i < r->begin[c + 1]; i++) {
        const size_t label = r->order[i];
        const float score = scores[label];
        // sd-scripts compares in float32, so that 0.35 as a float passes a threshold of 0.35.
        const bool passes = r->options.above ? score > threshold : score >= (float)threshold;
        if (passes && !r->unwanted[label])
            insert(row, before ? 0 : row->count, r->shown[label], score);
    }
    return 0;
}

// Stable, so that equal scores stay in the model's order.
static int sort_by_score(struct row *row, size_t from, size_t to, lrc_err *err)
{
    const size_t n = to - from;
    struct pick *a = row->at + from;
    lrc_auto_free struct pick *b = malloc((n + 1) * sizeof *b);
    if (!b)
        return lrc_fail_memory(err);
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t left = 0; left < n; left += 2 * width) {
            const size_t middle = left + width < n ? left + width : n;
            const size_t end = left + 2 * width < n ? left + 2 * width : n;
            size_t i = left, j = middle;
            for (size_t k = left; k < end; k++)
                b[k] = i < middle && (j >= end || a[i].score >= a[j].score) ? a[i++] : a[j++];
        }
        memcpy(a, b, n * sizeof *a);
    }
    return 0;
}

// The likeliest tag of a category (the first of equals), at one end of the row.
static void put_best(const lrc_tag_rules *r, lrc_tag_category c, lrc_put put, const float *scores, struct row *row)
{
    if (put == LRC_PUT_NOT || r->begin[c] == r->begin[c + 1])
        return;
    size_t best = r->order[r->begin[c]];
    for (size_t i = r->begin[c]; i < r->begin[c + 1]; i++)
        if (scores[r->order[i]] > scores[best])
            best = r->order[i];
    if (!r->unwanted[best])
        insert(row, put == LRC_PUT_FIRST ? 0 : row->count, r->shown[best], scores[best]);
}

static size_t find(const struct row *row, const char *text)
{
    size_t i = 0;
    while (i < row->count && strcmp(row->at[i].text, text) != 0)
        i++;
    return i;
}

static bool absent_too(lrc_first_rule rule)
{
    return rule == LRC_FIRST_ALWAYS || rule == LRC_FIRST_KNX;
}

static void put_first(const lrc_tag_rules *r, struct row *row)
{
    size_t placed = 0;
    for (size_t i = 0; i < r->first.count; i++) {
        const char *text = r->first.item[i];
        const size_t at = find(row, text);
        const bool present = at < row->count;
        if (present && at < placed)
            continue; // named twice
        if (!present && !absent_too(r->options.first_rule))
            continue;
        const struct pick pick = present ? row->at[at] : (struct pick){text, 0};
        if (present) {
            row->count--;
            memmove(row->at + at, row->at + at + 1, (row->count - at) * sizeof *row->at);
        }
        insert(row, r->options.first_rule == LRC_FIRST_KOHYA ? 0 : placed++, pick.text, pick.score);
    }
}

static int put_out(const lrc_tag_rules *r, const struct row *row, lrc_strv *ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < row->count; i++) {
        lrc_buf_truncate(&text, 0);
        for (const char *p = row->at[i].text; *p; p++) {
            if (r->options.escape && (*p == '(' || *p == ')'))
                lrc_buf_addc(&text, '\\');
            lrc_buf_addc(&text, *p);
        }
        if (lrc_buf_check(&text, "a tag", err) < 0 || lrc_strv_push_n(ret, text.data, text.len, err) < 0)
            return -1;
    }
    return 0;
}

int lrc_tag_pick(const lrc_tag_rules *r, const float *scores, lrc_strv *ret, lrc_err *err)
{
    const lrc_tag_options *o = &r->options;
    lrc_cleanup(row_done) struct row row = {0};
    row.at = malloc((r->labels->count + r->first.count + 1) * sizeof *row.at);
    if (!row.at)
        return lrc_fail_memory(err);
    // With characters first and by score they are taken (and sorted) before the others.
    const bool lead = o->character_first && o->by_score;
    if (lead &&
        (take_category(r, LRC_TAG_CHARACTER, scores, &row, err) < 0 || sort_by_score(&row, 0, row.count, err) < 0))
        return -1;
    const size_t led = row.count;
    for (int c = 0; c < LRC_TAG_QUALITY; c++)
        if (!(lead && c == LRC_TAG_CHARACTER) && take_category(r, (lrc_tag_category)c, scores, &row, err) < 0)
            return -1;
    if (o->by_score && sort_by_score(&row, led, row.count, err) < 0)
        return -1;
    put_best(r, LRC_TAG_QUALITY, o->quality, scores, &row);
    put_best(r, LRC_TAG_RATING, o->rating, scores, &row);
    put_first(r, &row);
    return put_out(r, &row, ret, err);
}

// ---- Text --------------------------------------------------------------------------------------------------------------

int lrc_tag_text(const lrc_tag_rules *r, const lrc_strv *tags, const char *existing, char **ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_auto_strv lrc_strv kept = {0};
    lrc_buf_init(&text, TEXT_MAX);
    if (existing) {
        lrc_auto_free char *copy = NULL;
        if (lrc_str_copy(&copy, existing, err) < 0 || split(copy, r->splitter, true, &kept, err) < 0)
            return -1;
    }
    const char *between = "";
    for (size_t i = 0; i < kept.count; i++, between = r->separator)
        lrc_buf_addf(&text, "%s%s", between, kept.item[i]);
    for (size_t i = 0; i < tags->count; i++) {
        if (lrc_strv_has(&kept, tags->item[i]))
            continue;
        lrc_buf_addf(&text, "%s%s", between, tags->item[i]);
        between = r->separator;
    }
    if (r->options.newline && !(r->options.first_rule == LRC_FIRST_KNX && r->first.count > 0))
        lrc_buf_addc(&text, '\n');
    return lrc_buf_take(&text, "the caption", ret, NULL, err);
}
