// SPDX-License-Identifier: MIT
#include "dataset/index.h"

#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/map.h"
#include "base/path.h"
#include "dataset/ends.h"
#include "kohya/files.h"
#include "store/images.h"

#define CHUNK      512 // questions at a time: between them a cancel is seen
#define INDEX_NAME "studio.db"

void lrc_dataset_index_done(lrc_dataset_index *x)
{
    for (size_t i = 0; i < x->count; i++) {
        free(x->image[i].relative);
        free(x->image[i].about);
    }
    free(x->image);
    free(x->dir);
    *x = (lrc_dataset_index){0};
}

lrc_store *lrc_dataset_open_store(const lrc_workspace *w)
{
    lrc_auto_free char *path = NULL;
    lrc_store *store = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_workspace_state(w, INDEX_NAME, &path, &err) < 0 || lrc_store_open(path, &store, &err) < 0)
        lrc_log(LRC_LOG_WARN, "images are read anew each time: %s", err.msg);
    return store;
}

struct work {
    lrc_dataset_index *x;
    const lrc_dataset_index_options *o;
    lrc_map place; // relative path -> 1 + index into x->image
    lrc_strv gone; // paths of rows without a file
    bool *known;   // by index: the table's row still holds
    size_t to_ask;
};

// ---- Files -----------------------------------------------------------------------------------------------------------

static lrc_walk_next add_file(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    lrc_dataset_index *x = arg;
    if (!S_ISREG(e->st->st_mode) || !lrc_kohya_type_of(e->name))
        return LRC_WALK_ON;
    if (x->count == x->cap) {
        const size_t cap = x->cap ? x->cap * 2 : 256;
        lrc_dataset_image *grown = reallocarray(x->image, cap, sizeof *grown);
        if (!grown) {
            lrc_fail_memory_(err);
            return LRC_WALK_FAIL;
        }
        x->image = grown;
        x->cap = cap;
    }
    x->image[x->count] = (lrc_dataset_image){
        .bytes = e->st->st_size, .mtime_ns = e->st->st_mtim.tv_sec * (int64_t)1000000000 + e->st->st_mtim.tv_nsec};
    if (lrc_str_copy(&x->image[x->count].relative, e->relative, err) < 0)
        return LRC_WALK_FAIL;
    x->count++;
    return LRC_WALK_ON;
}

static int by_relative(const void *a, const void *b)
{
    return strcmp(((const lrc_dataset_image *)a)->relative, ((const lrc_dataset_image *)b)->relative);
}

// ---- The table -------------------------------------------------------------------------------------------------------

static int remember(void *arg, const lrc_store_image *row, lrc_err *err)
{
    struct work *w = arg;
    const char *relative = row->path + strlen(w->x->dir) + 1;
    const uint64_t *place = lrc_map_get(&w->place, relative);
    if (!place) // a file in a sub-folder that was not looked into is not gone
        return w->o->recursive || !strchr(relative, '/') ? lrc_strv_push(&w->gone, row->path, err) : 0;
    lrc_dataset_image *image = &w->x->image[*place - 1];
    if (row->bytes != image->bytes || row->mtime_ns != image->mtime_ns || (w->o->deep && !row->deep))
        return 0;
    snprintf(image->format, sizeof image->format, "%s", row->format);
    image->width = (uint32_t)row->width;
    image->height = (uint32_t)row->height;
    image->pages = (uint32_t)row->pages;
    image->orientation = row->orientation;
    image->alpha = row->alpha;
    image->deep = row->deep;
    image->fault = row->fault;
    if (row->about[0] && lrc_str_copy(&image->about, row->about, err) < 0)
        return -1;
    w->known[*place - 1] = true;
    return 0;
}

static int read_table(struct work *w, lrc_err *err)
{
    lrc_err why = LRC_ERR_INIT;
    for (size_t i = 0; i < w->x->count; i++) {
        uint64_t *place = lrc_map_put(&w->place, w->x->image[i].relative, err);
        if (!place)
            return -1;
        *place = i + 1;
    }
    if (w->o->store && lrc_store_images_below(w->o->store, w->x->dir, remember, w, &why) < 0) {
        if (why.code == LRC_ERR_NO_MEMORY)
            return lrc_fail_memory(err);
        lrc_log(LRC_LOG_WARN, "the table of images: %s", why.msg);
    }
    for (size_t i = 0; i < w->x->count; i++)
        w->to_ask += !w->known[i];
    return 0;
}

static int put_row(const struct work *w, const lrc_dataset_image *image, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (lrc_path_join(&path, w->x->dir, image->relative, err) < 0)
        return -1;
    const lrc_store_image row = {.path = path,
                                 .bytes = image->bytes,
                                 .mtime_ns = image->mtime_ns,
                                 .format = image->format,
                                 .width = image->width,
                                 .height = image->height,
                                 .pages = image->pages,
                                 .orientation = image->orientation,
                                 .alpha = image->alpha,
                                 .deep = image->deep,
                                 .fault = (int)image->fault,
                                 .about = image->about ? image->about : ""};
    return lrc_store_image_put(w->o->store, &row, err);
}

static int write_rows(const struct work *w, lrc_err *err)
{
    if (lrc_store_begin(w->o->store, err) < 0)
        return -1;
    for (size_t i = 0; i < w->gone.count; i++)
        if (lrc_store_image_remove(w->o->store, w->gone.item[i], err) < 0)
            return -1;
    for (size_t i = 0; i < w->x->count; i++)
        if (!w->known[i] && put_row(w, &w->x->image[i], err) < 0)
            return -1;
    return lrc_store_commit(w->o->store, err);
}

// What cannot be written is asked again next time.
static void write_table(const struct work *w)
{
    lrc_err err = LRC_ERR_INIT;
    if (!w->o->store || (w->to_ask == 0 && w->gone.count == 0))
        return;
    if (write_rows(w, &err) < 0) {
        lrc_store_rollback(w->o->store);
        lrc_log(LRC_LOG_WARN, "the table of images: %s", err.msg);
    }
}

// ---- The decoder -----------------------------------------------------------------------------------------------------

static int take_fault(lrc_dataset_image *image, lrc_image_fault fault, const char *about, lrc_err *err)
{
    image->fault = fault;
    return lrc_str_copy(&image->about, about, err);
}

// The content is at fault, and stays so as long as it stays.
static bool is_of_content(lrc_err_code code)
{
    return code == LRC_ERR_INVALID || code == LRC_ERR_MEDIA_TYPE || code == LRC_ERR_LIMIT;
}

// Nothing is wrong here but the file, or our way to it.
static bool is_of_file(lrc_err_code code)
{
    return is_of_content(code) || code == LRC_ERR_DENIED || code == LRC_ERR_NOT_FOUND || code == LRC_ERR_IO;
}

static int take_answer(lrc_dataset_image *image, const lrc_decode_task *t, bool deep, lrc_err *err)
{
    image->deep = deep;
    if (!t->ok && !is_of_file(t->why.code)) {
        *err = t->why;
        return -1;
    }
    if (!t->ok)
        return take_fault(image, LRC_IMAGE_UNREADABLE, t->why.msg, err);
    snprintf(image->format, sizeof image->format, "%s", t->facts.format);
    image->width = t->facts.width;
    image->height = t->facts.height;
    image->pages = t->facts.pages;
    image->orientation = t->facts.orientation;
    image->alpha = t->facts.alpha;
    lrc_err why = LRC_ERR_INIT;
    const int whole = lrc_image_has_end(t->path, image->format, &why);
    if (whole > 0)
        return 0;
    if (whole == 0)
        return take_fault(image, LRC_IMAGE_CUT, "the end of the file is missing: a download or copy that broke off",
                          err);
    return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err) : take_fault(image, LRC_IMAGE_UNREADABLE, why.msg, err);
}

struct step {
    const struct work *w;
    size_t before;
};

static void step(void *arg, size_t done, const lrc_decode_task *last)
{
    const struct step *s = arg;
    if (s->w->o->progress)
        s->w->o->progress(s->w->o->arg, s->before + done, s->w->to_ask, lrc_path_name(last->path));
}

// Ask about `count` images by their index.
static int ask_chunk(struct work *w, lrc_decoder *decoder, const size_t *which, size_t count, lrc_err *err)
{
    static const lrc_decode_op ops[] = {LRC_DECODE_PROBE, LRC_DECODE_CHECK};
    lrc_auto_strv lrc_strv paths = {0};
    lrc_auto_free lrc_decode_task *tasks = calloc(count, sizeof *tasks);
    struct step progress = {w, w->x->asked};
    if (!tasks)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (lrc_strv_pushf(&paths, err, "%s/%s", w->x->dir, w->x->image[which[i]].relative) < 0)
            return -1;
        tasks[i] = (lrc_decode_task){.op = ops[w->o->deep], .path = paths.item[i]};
    }
    if (lrc_decoder_run(decoder, tasks, count, step, &progress, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (take_answer(&w->x->image[which[i]], &tasks[i], w->o->deep, err) < 0)
            return -1;
        w->known[which[i]] = !tasks[i].ok && !is_of_content(tasks[i].why.code); // not to be remembered
    }
    w->x->asked += count;
    return 0;
}

// Files without their end are few: each is decoded whole, to tell a missing mark from missing pixels.
static int look_closer(struct work *w, lrc_decoder *decoder, const size_t *which, size_t count, lrc_err *err)
{
    for (size_t i = 0; i < count; i++) {
        lrc_dataset_image *image = &w->x->image[which[i]];
        lrc_auto_free char *path = NULL;
        if (image->fault != LRC_IMAGE_CUT)
            continue;
        if (lrc_path_join(&path, w->x->dir, image->relative, err) < 0)
            return -1;
        lrc_decode_task task = {.op = LRC_DECODE_CHECK, .path = path};
        if (lrc_decoder_run(decoder, &task, 1, NULL, NULL, err) < 0)
            return -1;
        if (!task.ok)
            continue;
        free(lrc_take(image->about));
        if (take_fault(image, LRC_IMAGE_NO_END, "its pixels are whole, but the mark of its end is missing", err) < 0)
            return -1;
    }
    return 0;
}

static int ask(struct work *w, lrc_err *err)
{
    lrc_auto_decoder lrc_decoder *own = NULL;
    size_t which[CHUNK], count = 0;
    if (w->to_ask && !w->o->decoder && lrc_decoder_new(NULL, &own, err) < 0)
        return -1;
    lrc_decoder *decoder = w->o->decoder ? w->o->decoder : own;
    for (size_t i = 0; i < w->x->count; i++) {
        if (!w->known[i])
            which[count++] = i;
        if (count == 0 || (count < CHUNK && i + 1 < w->x->count))
            continue;
        if (w->o->cancelled && w->o->cancelled(w->o->arg))
            return lrc_fail(err, LRC_ERR_CANCELLED, "stopped while reading images");
        if (ask_chunk(w, decoder, which, count, err) < 0 || look_closer(w, decoder, which, count, err) < 0)
            return -1;
        count = 0;
    }
    return 0;
}

int lrc_dataset_index_read(const char *dir, const lrc_dataset_index_options *o, lrc_dataset_index *ret, lrc_err *err)
{
    lrc_auto_dataset_index lrc_dataset_index x = {0};
    const lrc_fs_walk_options walk = {.recursive = o->recursive};
    struct work w = {.x = &x, .o = o};
    if (lrc_str_copy(&x.dir, dir, err) < 0 || lrc_fs_walk(dir, &walk, add_file, &x, err) < 0)
        return -1;
    if (x.count > 1)
        qsort(x.image, x.count, sizeof *x.image, by_relative);
    lrc_auto_free bool *known = calloc(x.count + 1, sizeof *known);
    if (!known)
        return lrc_fail_memory(err);
    w.known = known;
    int result = read_table(&w, err);
    if (result == 0)
        result = ask(&w, err);
    if (result == 0)
        write_table(&w);
    lrc_map_done(&w.place);
    lrc_strv_done(&w.gone);
    if (result < 0)
        return -1;
    *ret = x;
    x = (lrc_dataset_index){0};
    return 0;
}
