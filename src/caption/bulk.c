// SPDX-License-Identifier: MIT
#include "caption/bulk.h"

#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "base/utf8.h"
#include "caption/caption.h"
#include "caption/change.h"
#include "caption/file.h"
#include "caption/undo.h"

#define BATCH_MS     300       // for reading and editing while the lock is held; writing takes as long again
#define BATCH_BYTES  (8 << 20) // of texts in memory
#define REST_MS      2         // pause between batches, so that who waits for the lock gets it
#define LOCK_WAIT_MS 60000     // others hold it for less than a second each

void lrc_caption_bulk_result_done(lrc_caption_bulk_result *r)
{
    for (size_t i = 0; i < r->examples; i++) {
        free(r->example[i].path);
        free(r->example[i].before);
        free(r->example[i].after);
    }
    lrc_findings_done(&r->problems);
    *r = (lrc_caption_bulk_result){0};
}

static int add_problem(lrc_caption_bulk_result *r, const char *path, const lrc_err *problem, lrc_err *err)
{
    return lrc_findings_add(&r->problems, LRC_FINDING_ERROR, lrc_err_word(problem->code), NULL, path, NULL, err, "%s",
                            problem->msg);
}

static int add_example(lrc_caption_bulk_result *r, const char *path, const char *before, const char *after,
                       lrc_err *err)
{
    if (r->examples == LRC_CAPTION_EXAMPLES)
        return 0;
    lrc_caption_change change = {0};
    if (lrc_str_copy(&change.path, path, err) < 0 || lrc_str_copy(&change.before, before, err) < 0 ||
        lrc_str_copy(&change.after, after, err) < 0) {
        free(change.path);
        free(change.before);
        return -1;
    }
    r->example[r->examples++] = change;
    return 0;
}

struct run {
    const lrc_caption_bulk *bulk;
    lrc_caption_bulk_result *result;
    lrc_map files; // paths of caption files
    char *dir;     // of the dataset, absolute: what the journal's paths are relative to
    lrc_journal *journal;
};

// The whole content of a caption file that was read, NULL when there was none.
static int content_of(const lrc_caption_file *file, char **ret, lrc_err *err)
{
    *ret = NULL;
    return file->exists ? lrc_str_format(ret, err, "%s%s", file->bom ? LRC_CAPTION_BOM : "", file->text) : 0;
}

// Read and edit one caption file; what becomes of it is added to `changes`.
static int edit_file(struct run *r, const char *path, lrc_changes *changes, lrc_err *err)
{
    lrc_auto_caption_file lrc_caption_file file = {0};
    lrc_auto_free char *before = NULL, *after = NULL;
    if (r->bulk->may && r->bulk->may(r->bulk->may_arg, path, err) < 0)
        return -1;
    if (lrc_caption_read(path, &file, err) < 0 || r->bulk->edit(r->bulk->arg, file.text, &after, err) < 0)
        return -1;
    if (!after)
        return 0;
    if (strlen(after) > LRC_CAPTION_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "the caption would be longer than %d bytes", LRC_CAPTION_MAX);
    if (add_example(r->result, path, file.text, after, err) < 0)
        return -1;
    r->result->created += !file.exists;
    if (r->bulk->dry_run) {
        r->result->changed++;
        return 0;
    }
    if (content_of(&file, &before, err) < 0)
        return -1;
    return lrc_changes_add(changes, path + strlen(r->bulk->dir) + 1, lrc_take(before), lrc_take(after), err);
}

static int open_journal(struct run *r, lrc_err *err)
{
    if (r->journal)
        return 0;
    lrc_auto_free char *operation = NULL, *summary = NULL;
    if (lrc_str_copy(&operation, r->bulk->operation, err) < 0 || lrc_str_copy(&summary, r->bulk->summary, err) < 0)
        return -1;
    const lrc_journal_head head = {.operation = operation, .summary = summary, .dir = r->dir};
    if (lrc_journal_begin(r->bulk->workspace, &head, &r->journal, err) < 0)
        return -1;
    r->result->undo = lrc_journal_number(r->journal);
    return 0;
}

// The files from `first` on, until the batch's time is over; how many in *ret_done.
static int edit_batch(struct run *r, size_t first, size_t *ret_done, lrc_err *err)
{
    lrc_auto_close int lock = -1;
    lrc_auto_changes lrc_changes changes = {.dir = r->dir};
    if (!r->bulk->dry_run && lrc_workspace_lock_dataset(r->bulk->workspace, r->dir, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    const int64_t start = lrc_clock_mono_ms();
    size_t i = first;
    while (i < r->files.count && changes.bytes < BATCH_BYTES && lrc_clock_mono_ms() - start < BATCH_MS) {
        const char *path = r->files.entry[i].key;
        lrc_err problem = LRC_ERR_INIT;
        if (edit_file(r, path, &changes, &problem) < 0) {
            if (lrc_caption_is_fatal(problem.code)) {
                if (err)
                    *err = problem;
                return -1;
            }
            if (add_problem(r->result, path, &problem, err) < 0)
                return -1;
        }
        i++;
        r->result->files++;
    }
    *ret_done = i - first;
    if (changes.count == 0)
        return 0;
    if (open_journal(r, err) < 0)
        return -1;
    return lrc_changes_commit(&changes, r->journal, &r->result->problems, &r->result->changed, err);
}

// A name that is no UTF-8 cannot be written into a report, a journal or a request: such files are not touched.
static int refuse_name(lrc_caption_bulk_result *r, const char *path, lrc_err *err)
{
    return lrc_findings_add(&r->problems, LRC_FINDING_ERROR, lrc_err_word(LRC_ERR_INVALID), NULL, path,
                            "rename the file", err, "the file's name is not valid UTF-8");
}

// The caption files of the images, each once: two images of one stem share theirs.
static int list_for_images(struct run *r, const char *extension, lrc_err *err)
{
    lrc_auto_strv lrc_strv images = {0};
    if (lrc_caption_images(r->bulk->dir, r->bulk->recursive, &images, &r->result->below, err) < 0)
        return -1;
    r->result->images = images.count;
    for (size_t i = 0; i < images.count; i++) {
        lrc_auto_free char *path = NULL;
        const char *below = images.item[i] + strlen(r->bulk->dir);
        if (!lrc_utf8_valid(below, strlen(below))) {
            if (refuse_name(r->result, images.item[i], err) < 0)
                return -1;
            continue;
        }
        if (lrc_caption_path(images.item[i], extension, &path, err) < 0)
            return -1;
        if ((!r->bulk->existing_only || lrc_fs_is_file(path)) && !lrc_map_put(&r->files, path, err))
            return -1;
    }
    return 0;
}

struct orphans {
    struct run *r;
    const char *extension;
};

// Captions without an image.
static lrc_walk_next take_caption(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    const struct orphans *o = arg;
    if (!S_ISREG(e->st->st_mode) || strcmp(lrc_path_suffix(e->name), o->extension) != 0)
        return LRC_WALK_ON;
    if (!lrc_utf8_valid(e->relative, strlen(e->relative)))
        return refuse_name(o->r->result, e->path, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
    return lrc_map_put(&o->r->files, e->path, err) ? LRC_WALK_ON : LRC_WALK_FAIL;
}

static int list_files(struct run *r, lrc_err *err)
{
    const char *extension = r->bulk->extension ? r->bulk->extension : LRC_CAPTION_EXTENSION;
    if (lrc_caption_check_extension(extension, err) < 0)
        return -1;
    if (!lrc_fs_is_dir(r->bulk->dir))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no dataset '%s'; 'lorica dataset list' shows all",
                        lrc_path_name(r->bulk->dir));
    if (list_for_images(r, extension, err) < 0)
        return -1;
    struct orphans o = {r, extension};
    const lrc_fs_walk_options options = {.recursive = r->bulk->recursive};
    return r->bulk->existing_only ? lrc_fs_walk(r->bulk->dir, &options, take_caption, &o, err) : 0;
}

static int run_all(struct run *r, lrc_err *err)
{
    if (lrc_path_real(&r->dir, NULL, r->bulk->dir, err) < 0 || list_files(r, err) < 0)
        return -1;
    for (size_t first = 0, done = 0; first < r->files.count; first += done) {
        if (first > 0)
            lrc_clock_sleep_ms(REST_MS);
        if (edit_batch(r, first, &done, err) < 0)
            return -1;
    }
    if (!r->journal)
        return 0;
    return lrc_fs_sync_all(r->dir, err) < 0 ? -1 : lrc_journal_finish(r->journal, err);
}

// What was changed before it failed is put back, now or (on a disk that is full) at the next start.
static void take_back(struct run *r, lrc_err *err)
{
    lrc_findings ignored = {0};
    if (r->result->changed == 0)
        lrc_journal_drop(lrc_take(r->journal));
    else
        lrc_journal_free(lrc_take(r->journal)); // lets go of its lock
    if (lrc_caption_recover(r->bulk->workspace, &ignored, NULL, NULL) == 0)
        lrc_wrap(err, "nothing was changed");
    else
        lrc_wrap(err, "stopped; what was changed is put back at the next start");
    lrc_findings_done(&ignored);
    r->result->changed = r->result->created = 0;
    r->result->undo = 0;
}

int lrc_caption_bulk_run(const lrc_caption_bulk *bulk, lrc_caption_bulk_result *ret, lrc_err *err)
{
    struct run r = {.bulk = bulk, .result = ret};
    lrc_findings old = {0};
    int result = bulk->dry_run ? 0 : lrc_caption_recover(bulk->workspace, &old, NULL, err);
    if (result == 0)
        result = run_all(&r, err);
    if (result < 0 && r.journal)
        take_back(&r, err);
    lrc_findings_done(&old);
    lrc_journal_free(r.journal);
    lrc_map_done(&r.files);
    free(r.dir);
    return result;
}
