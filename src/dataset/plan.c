// SPDX-License-Identifier: MIT
#include "dataset/plan.h"

#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"
#include "base/utf8.h"
#include "caption/file.h"
#include "kohya/files.h"

#define DEPTH_MAX  16       // folders above a file
#define NUMBER_MAX 1000000  // of "name_2", "name_3", …
#define NUMBER_LEN 8        // bytes of "_1000000"
#define NAME_BYTES NAME_MAX // of a file's name

// One file of the source that may come in. Texts live in the arena.
struct item {
    size_t source;
    const char *raw;            // its name in the source, without the top folder, '/' between components
    const char *folder;         // mended
    const char *stem;           // mended
    const char *suffix;         // as written
    bool was_bytes;             // the name was not UTF-8
    bool was_odd;               // the name had something that names must not have
    const lrc_kohya_type *type; // NULL: no image
    bool is_caption;
};

struct planner {
    const lrc_source_entry *entries;
    const lrc_import_plan_options *o;
    lrc_import_report *report;
    lrc_arena arena;
    struct item *item;
    size_t count;
    const char *top;
    size_t *number;   // per item: 2 for "name_2"; 1 when the name is its own
    lrc_map stems;    // folder/stem of images: taken
    lrc_map by_stem;  // raw folder/stem -> 1 + index of the first item of it that is an image
    lrc_map by_name;  // raw name -> 1 + index of the item that is that image
    size_t *next;     // per item: 1 + index of the next image of the same raw stem
    lrc_map captions; // targets of captions: taken
};

// ---- Names -----------------------------------------------------------------------------------------------------------

static bool is_left_behind(const char *component)
{
    static const char *const names[] = {"__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini", "@eaDir"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (lrc_ascii_same(component, names[i]))
            return true;
    return component[0] == '.';
}

typedef enum { NAME_GOOD, NAME_HIDDEN, NAME_LEAVES, NAME_DEEP, NAME_EMPTY } name_verdict;

// The name with '/' between its components and nothing else in between, in the arena; NULL for want of memory.
static char *normal_name(struct planner *p, const char *name, name_verdict *ret)
{
    char *copy = lrc_arena_copy(&p->arena, name, strlen(name));
    char *out = lrc_arena_copy(&p->arena, name, strlen(name));
    if (!copy || !out)
        return NULL;
    for (char *c = copy; p->o->archive && *c; c++)
        *c = *c == '\\' ? '/' : *c; // made on Windows
    const bool drive = (lrc_ascii_lower(copy[0]) >= 'a' && lrc_ascii_lower(copy[0]) <= 'z') && copy[1] == ':';
    *ret = copy[0] == '/' || (p->o->archive && drive) ? NAME_LEAVES : NAME_GOOD;
    size_t depth = 0;
    char *end = out;
    for (char *c = copy, *next; c; c = next) {
        next = strchr(c, '/');
        if (next)
            *next++ = '\0';
        if (c[0] == '\0' || strcmp(c, ".") == 0)
            continue;
        if (strcmp(c, "..") == 0)
            *ret = NAME_LEAVES;
        else if (is_left_behind(c) && *ret == NAME_GOOD)
            *ret = NAME_HIDDEN;
        if (depth++ > 0)
            *end++ = '/';
        memcpy(end, c, strlen(c));
        end += strlen(c);
    }
    *end = '\0';
    if (*ret == NAME_GOOD && depth == 0)
        *ret = NAME_EMPTY;
    if (*ret == NAME_GOOD && depth > DEPTH_MAX)
        *ret = NAME_DEEP;
    return out;
}

// A component that can stand in a dataset: what cannot becomes '_'.
static void mend_component(const char *s, size_t n, lrc_buf *out, struct item *item)
{
    const size_t start = out->len;
    while (n > 0 && s[0] == ' ') {
        s++;
        n--;
        item->was_odd = true;
    }
    while (n > 0 && s[n - 1] == ' ') {
        n--;
        item->was_odd = true;
    }
    while (n > 0) {
        const size_t length = lrc_utf8_decode(s, n, NULL);
        const bool odd = length == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '\\');
        if (length == 0 || odd)
            lrc_buf_addc(out, '_');
        else
            lrc_buf_add(out, s, length);
        item->was_bytes = item->was_bytes || length == 0;
        item->was_odd = item->was_odd || odd;
        s += length ? length : 1;
        n -= length ? length : 1;
    }
    if (out->len == start) {
        lrc_buf_addc(out, '_');
    } else if (!out->failed && out->data[start] == '.') { // " .." must not become ".."
        out->data[start] = '_';
        item->was_odd = true;
    }
}

static char *mend_path(struct planner *p, const char *s, size_t n, struct item *item)
{
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, LRC_PATH_MAX * 4);
    for (size_t at = 0; n > 0;) {
        const char *slash = memchr(s + at, '/', n - at);
        const size_t length = slash ? (size_t)(slash - s) - at : n - at;
        mend_component(s + at, length, &out, item);
        if (!slash)
            break;
        lrc_buf_addc(&out, '/');
        at += length + 1;
    }
    return out.failed ? NULL : lrc_arena_copy(&p->arena, out.data, out.len);
}

static bool is_caption_suffix(const char *suffix)
{
    for (size_t i = 0; lrc_caption_extensions[i]; i++)
        if (lrc_ascii_same(suffix, lrc_caption_extensions[i]))
            return true;
    return false;
}

// Fill in what follows from item->raw. -1 for want of memory.
static int take_apart(struct planner *p, struct item *item)
{
    const char *name = lrc_path_name(item->raw);
    item->suffix = lrc_path_suffix(item->raw);
    item->type = lrc_kohya_type_of(item->raw);
    item->is_caption = is_caption_suffix(item->suffix);
    const size_t folder = name == item->raw ? 0 : (size_t)(name - item->raw) - 1;
    item->folder = mend_path(p, item->raw, folder, item);
    item->stem = mend_path(p, name, strlen(name) - strlen(item->suffix), item);
    return item->folder && item->stem ? 0 : -1;
}

// ---- Which files come in ---------------------------------------------------------------------------------------------

static const char *refusal_of(const lrc_source_entry *e, name_verdict verdict)
{
    static const char *const kinds[] = {[LRC_SOURCE_LINK] = "it is a link",
                                        [LRC_SOURCE_OTHER] = "it is no ordinary file",
                                        [LRC_SOURCE_LOCKED] = "it is encrypted"};
    if (verdict == NAME_LEAVES)
        return "its name would lead out of the dataset";
    if (verdict == NAME_DEEP)
        return "it lies in too many folders";
    if (verdict == NAME_EMPTY)
        return "it has no name";
    return e->kind == LRC_SOURCE_FILE ? NULL : kinds[e->kind];
}

static int collect_items(struct planner *p, size_t count, lrc_err *err)
{
    p->item = lrc_arena_array(&p->arena, count + 1, sizeof *p->item);
    if (!p->item)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        name_verdict verdict = NAME_GOOD;
        char *raw = normal_name(p, p->entries[i].name, &verdict);
        if (!raw)
            return lrc_fail_memory(err);
        if (verdict == NAME_HIDDEN) {
            p->report->hidden++;
            continue;
        }
        const char *refused = refusal_of(&p->entries[i], verdict);
        if (refused) {
            if (lrc_import_note_add(p->report, LRC_IMPORT_REFUSED, p->entries[i].name, NULL, err, "%s", refused) < 0)
                return -1;
            continue;
        }
        p->item[p->count++] = (struct item){.source = i, .raw = raw};
    }
    return 0;
}

// The only top folder of an archive is not part of the names.
static int strip_top(struct planner *p, lrc_err *err)
{
    const char *rest;
    const char *first = p->count ? strchr(p->item[0].raw, '/') : NULL;
    if (!p->o->archive || !first)
        return 0;
    const size_t n = (size_t)(first - p->item[0].raw) + 1;
    for (size_t i = 1; i < p->count; i++)
        if (strncmp(p->item[i].raw, p->item[0].raw, n) != 0)
            return 0;
    p->top = lrc_arena_copy(&p->arena, p->item[0].raw, n - 1);
    if (!p->top)
        return lrc_fail_memory(err);
    if (p->o->recursive && lrc_kohya_folder_repeats(p->top, &rest) > 0) {
        p->top = NULL;
        return 0;
    }
    for (size_t i = 0; i < p->count; i++)
        p->item[i].raw += n;
    return 0;
}

// Keep images and captions that are wanted; all others get a note.
static int choose_items(struct planner *p, lrc_err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct item item = p->item[i];
        const char *name = p->entries[item.source].name;
        if (take_apart(p, &item) < 0)
            return lrc_fail_memory(err);
        if (item.folder[0] && !p->o->recursive) {
            p->report->below += item.type != NULL;
            continue;
        }
        if (!item.type && !item.is_caption) {
            if (lrc_import_note_add(p->report, LRC_IMPORT_SKIPPED, name, NULL, err, "neither an image nor a caption") <
                0)
                return -1;
            continue;
        }
        const size_t longest = strlen(item.stem) + NUMBER_LEN + strlen(item.suffix);
        if (longest > NAME_BYTES || strlen(item.folder) + longest > LRC_PATH_MAX / 2) {
            if (lrc_import_note_add(p->report, LRC_IMPORT_REFUSED, name, NULL, err, "its name is too long") < 0)
                return -1;
            continue;
        }
        p->item[kept++] = item;
    }
    p->count = kept;
    return 0;
}

static int by_raw(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    const int order = strcmp(x->raw, y->raw);
    return order ? order : x->source < y->source ? -1 : 1;
}

// ---- Names of images -------------------------------------------------------------------------------------------------

// folder/stem, or folder/stem_number.
static char *stem_key(struct planner *p, const struct item *item, size_t number)
{
    lrc_auto_buf lrc_buf key;
    lrc_buf_init(&key, LRC_PATH_MAX * 4);
    lrc_buf_addf(&key, "%s%s%s", item->folder, item->folder[0] ? "/" : "", item->stem);
    if (number > 1)
        lrc_buf_addf(&key, "_%zu", number);
    return key.failed ? NULL : lrc_arena_copy(&p->arena, key.data, key.len);
}

// Give the image the first free name from `number` on. 1: done, 0: that name is taken (with `only`), -1.
static int name_image(struct planner *p, size_t i, size_t number, bool only, lrc_err *err)
{
    for (; number < NUMBER_MAX; number++) {
        const char *key = stem_key(p, &p->item[i], number);
        if (!key)
            return lrc_fail_memory(err);
        if (!lrc_map_get(&p->stems, key) && !(p->o->taken && lrc_map_get(p->o->taken, key))) {
            p->number[i] = number;
            return lrc_map_put(&p->stems, key, err) ? 1 : -1;
        }
        if (only)
            return 0;
    }
    return lrc_fail(err, LRC_ERR_LIMIT, "too many images are called '%s'", p->item[i].stem);
}

// First all that can keep their name, then the others: "a_2" of the source is not to lose its name to a second "a".
static int name_images(struct planner *p, lrc_err *err)
{
    p->number = lrc_arena_array(&p->arena, p->count + 1, sizeof *p->number);
    if (!p->number)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < p->count; i++)
        if (p->item[i].type && name_image(p, i, 1, true, err) < 0)
            return -1;
    for (size_t i = 0; i < p->count; i++)
        if (p->item[i].type && p->number[i] == 0 && name_image(p, i, 2, false, err) < 0)
            return -1;
    return 0;
}

// ---- Captions to images ----------------------------------------------------------------------------------------------

// The raw name without its suffix.
static char *raw_stem(struct planner *p, const struct item *item)
{
    return lrc_arena_copy(&p->arena, item->raw, strlen(item->raw) - strlen(item->suffix));
}

static int index_images(struct planner *p, lrc_err *err)
{
    p->next = lrc_arena_array(&p->arena, p->count + 1, sizeof *p->next);
    if (!p->next)
        return lrc_fail_memory(err);
    for (size_t i = p->count; i-- > 0;) {
        if (!p->item[i].type)
            continue;
        const char *stem = raw_stem(p, &p->item[i]);
        uint64_t *first = stem ? lrc_map_put(&p->by_stem, stem, err) : NULL;
        if (!first)
            return stem ? -1 : lrc_fail_memory(err);
        p->next[i] = (size_t)*first;
        *first = i + 1;
        uint64_t *same = lrc_map_put(&p->by_name, p->item[i].raw, err);
        if (!same)
            return -1;
        *same = i + 1;
    }
    return 0;
}

static int add_output(lrc_import_plan *plan, const lrc_import_output *o, lrc_err *err)
{
    if (plan->count == plan->cap) {
        const size_t cap = plan->cap ? plan->cap * 2 : 64;
        lrc_import_output *output = realloc(plan->output, cap * sizeof *output);
        if (!output)
            return lrc_fail_memory(err);
        plan->output = output;
        plan->cap = cap;
    }
    lrc_import_output copy = *o;
    copy.folder = copy.stem = copy.suffix = NULL;
    plan->output[plan->count++] = copy; // at once, so that it is released whatever happens
    lrc_import_output *made = &plan->output[plan->count - 1];
    if (lrc_str_copy(&made->folder, o->folder, err) < 0 || lrc_str_copy(&made->stem, o->stem, err) < 0 ||
        lrc_str_copy(&made->suffix, o->suffix, err) < 0)
        return -1;
    for (char *c = made->suffix; *c; c++)
        *c = lrc_ascii_lower(*c);
    return 0;
}

static char *final_stem(struct planner *p, size_t image)
{
    const char *key = stem_key(p, &p->item[image], p->number[image]);
    if (!key)
        return NULL;
    const char *name = lrc_path_name(key);
    return lrc_arena_copy(&p->arena, name, strlen(name));
}

static const char *rename_reason(const struct item *item, size_t number)
{
    if (number > 1)
        return "another image has that name";
    if (item->was_bytes)
        return "its name was not valid UTF-8";
    if (item->was_odd)
        return "its name held what a name must not hold";
    return "the trainer would not see it by that suffix";
}

static int plan_image(struct planner *p, size_t i, lrc_import_plan *plan, lrc_err *err)
{
    const struct item *item = &p->item[i];
    const char *as = item->type->import_as ? item->type->import_as : item->suffix;
    char *stem = final_stem(p, i), *folder = lrc_arena_copy(&p->arena, item->folder, strlen(item->folder));
    char *suffix = lrc_arena_copy(&p->arena, as, strlen(as));
    if (!stem || !folder || !suffix)
        return lrc_fail_memory(err);
    const lrc_import_output o = {.source = item->source,
                                 .folder = folder,
                                 .stem = stem,
                                 .suffix = suffix,
                                 .image = item->source,
                                 .is_image = true,
                                 .convert = !item->type->import_as};
    lrc_auto_free char *target = NULL;
    if (add_output(plan, &o, err) < 0)
        return -1;
    lrc_import_output *made = &plan->output[plan->count - 1];
    if (lrc_import_target(made, &target, err) < 0)
        return -1;
    made->renamed = strcmp(target, item->raw) == 0 ? NULL : rename_reason(item, p->number[i]);
    plan->images++;
    return 0;
}

// One caption for one image.
static int give_caption(struct planner *p, const struct item *item, size_t image, lrc_import_plan *plan, lrc_err *err)
{
    char *stem = final_stem(p, image), *suffix = lrc_arena_copy(&p->arena, item->suffix, strlen(item->suffix));
    const char *its_folder = p->item[image].folder;
    char *folder = lrc_arena_copy(&p->arena, its_folder, strlen(its_folder));
    if (!stem || !suffix || !folder)
        return lrc_fail_memory(err);
    const lrc_import_output o = {
        .source = item->source, .folder = folder, .stem = stem, .suffix = suffix, .image = p->item[image].source};
    lrc_auto_free char *target = NULL;
    if (add_output(plan, &o, err) < 0 || lrc_import_target(&plan->output[plan->count - 1], &target, err) < 0)
        return -1;
    uint64_t *taken = lrc_map_put(&p->captions, target, err);
    if (!taken)
        return -1;
    if (*taken == 0) {
        *taken = 1;
        return 0;
    }
    lrc_import_output *last = &plan->output[--plan->count];
    free(last->folder);
    free(last->stem);
    free(last->suffix);
    return lrc_import_note_add(p->report, LRC_IMPORT_SKIPPED, p->entries[item->source].name, target, err,
                               "another caption has that name");
}

static int plan_caption(struct planner *p, size_t i, lrc_import_plan *plan, lrc_err *err)
{
    const struct item *item = &p->item[i];
    const char *stem = raw_stem(p, item);
    if (!stem)
        return lrc_fail_memory(err);
    const uint64_t *first = lrc_map_get(&p->by_stem, stem);
    const uint64_t *same = first ? NULL : lrc_map_get(&p->by_name, stem);
    if (!first && !same)
        return lrc_import_note_add(p->report, LRC_IMPORT_SKIPPED, p->entries[item->source].name, NULL, err,
                                   "there is no image of that name");
    if (same)
        return give_caption(p, item, (size_t)*same - 1, plan, err);
    for (size_t image = (size_t)*first; image; image = p->next[image - 1])
        if (give_caption(p, item, image - 1, plan, err) < 0)
            return -1;
    return 0;
}

static int by_source(const void *a, const void *b)
{
    const lrc_import_output *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return x->image < y->image ? -1 : x->image > y->image;
}

// ---- The whole way -----------------------------------------------------------------------------------------------------

static int make_plan(struct planner *p, size_t count, lrc_import_plan *plan, lrc_err *err)
{
    if (collect_items(p, count, err) < 0 || strip_top(p, err) < 0 || choose_items(p, err) < 0)
        return -1;
    if (p->count > 1)
        qsort(p->item, p->count, sizeof *p->item, by_raw);
    if (name_images(p, err) < 0 || index_images(p, err) < 0)
        return -1;
    for (size_t i = 0; i < p->count; i++)
        if ((p->item[i].type ? plan_image(p, i, plan, err) : plan_caption(p, i, plan, err)) < 0)
            return -1;
    if (plan->count > 1)
        qsort(plan->output, plan->count, sizeof *plan->output, by_source);
    return p->top ? lrc_str_copy(&plan->top, p->top, err) : 0;
}

int lrc_import_plan_make(const lrc_source_entry *entries, size_t count, const lrc_import_plan_options *options,
                         lrc_import_plan *ret, lrc_import_report *report, lrc_err *err)
{
    struct planner p = {.entries = entries, .o = options, .report = report};
    lrc_import_plan plan = {0};
    const int result = make_plan(&p, count, &plan, err);
    lrc_map_done(&p.stems);
    lrc_map_done(&p.by_stem);
    lrc_map_done(&p.by_name);
    lrc_map_done(&p.captions);
    lrc_arena_done(&p.arena);
    if (result < 0)
        lrc_import_plan_done(&plan);
    else
        *ret = plan;
    return result;
}

void lrc_import_plan_done(lrc_import_plan *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->output[i].folder);
        free(p->output[i].stem);
        free(p->output[i].suffix);
    }
    free(p->output);
    free(p->top);
    *p = (lrc_import_plan){0};
}

int lrc_import_target(const lrc_import_output *o, char **ret, lrc_err *err)
{
    return lrc_str_format(ret, err, "%s%s%s%s", o->folder, o->folder[0] ? "/" : "", o->stem, o->suffix);
}
