// SPDX-License-Identifier: MIT
#include "caption/bulk.h"

#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "base/utf8.h"
#include "caption/caption.h"
#include "caption/file.h"

#define BATCH_MS     400   // how long the lock is held at most, but for one file
#define REST_MS      2     // pause between batches, so that who waits for the lock gets it
#define LOCK_WAIT_MS 60000 // others hold it for less than a second each

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

// What ends the whole run; everything else ends only the file.
static bool is_fatal(lrc_err_code code)
{
    return code == LRC_ERR_DISK_FULL || code == LRC_ERR_NO_MEMORY || code == LRC_ERR_INTERNAL;
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

// Read, edit, write one caption file.
static int edit_file(const lrc_caption_bulk *bulk, const char *path, lrc_caption_bulk_result *r, lrc_err *err)
{
    lrc_auto_caption_file lrc_caption_file file = {0};
    lrc_auto_free char *after = NULL;
    if (lrc_caption_read(path, &file, err) < 0 || bulk->edit(bulk->arg, file.text, &after, err) < 0)
        return -1;
    if (!after)
        return 0;
    if (!bulk->dry_run && lrc_caption_write(path, after, err) < 0)
        return -1;
    r->changed++;
    r->created += !file.exists;
    return add_example(r, path, file.text, after, err);
}

// The files from `first` on, until the batch's time is over; returns how many in *ret_done.
static int edit_batch(const lrc_caption_bulk *bulk, const lrc_map *files, size_t first, size_t *ret_done,
                      lrc_caption_bulk_result *r, lrc_err *err)
{
    lrc_auto_close int lock = -1;
    if (!bulk->dry_run && lrc_workspace_lock_dataset(bulk->workspace, bulk->dir, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    const int64_t start = lrc_clock_mono_ms();
    size_t i = first;
    while (i < files->count && lrc_clock_mono_ms() - start < BATCH_MS) {
        const char *path = files->entry[i].key;
        lrc_err problem = LRC_ERR_INIT;
        if (edit_file(bulk, path, r, &problem) < 0) {
            if (is_fatal(problem.code)) {
                if (err)
                    *err = problem;
                return -1;
            }
            if (add_problem(r, path, &problem, err) < 0)
                return -1;
        }
        i++;
        r->files++;
    }
    *ret_done = i - first;
    return 0;
}

// A name that is no UTF-8 cannot be written into a report, a journal or a request: such files are not touched.
static int refuse_name(lrc_caption_bulk_result *r, const char *path, lrc_err *err)
{
    return lrc_findings_add(&r->problems, LRC_FINDING_ERROR, lrc_err_word(LRC_ERR_INVALID), NULL, path,
                            "rename the file", err, "the file's name is not valid UTF-8");
}

// The caption files of the images, each once: two images of one stem share theirs.
static int list_files(const lrc_caption_bulk *bulk, lrc_map *files, lrc_caption_bulk_result *r, lrc_err *err)
{
    const char *extension = bulk->extension ? bulk->extension : LRC_CAPTION_EXTENSION;
    lrc_auto_strv lrc_strv images = {0};
    if (lrc_caption_check_extension(extension, err) < 0)
        return -1;
    if (!lrc_fs_is_dir(bulk->dir))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no dataset '%s'; 'lorica dataset list' shows all",
                        lrc_path_name(bulk->dir));
    if (lrc_caption_images(bulk->dir, bulk->recursive, &images, &r->below, err) < 0)
        return -1;
    r->images = images.count;
    for (size_t i = 0; i < images.count; i++) {
        lrc_auto_free char *path = NULL;
        const char *below = images.item[i] + strlen(bulk->dir);
        if (!lrc_utf8_valid(below, strlen(below))) {
            if (refuse_name(r, images.item[i], err) < 0)
                return -1;
            continue;
        }
        if (lrc_caption_path(images.item[i], extension, &path, err) < 0 || !lrc_map_put(files, path, err))
            return -1;
    }
    return 0;
}

int lrc_caption_bulk_run(const lrc_caption_bulk *bulk, lrc_caption_bulk_result *ret, lrc_err *err)
{
    lrc_auto_map lrc_map files = {0};
    if (list_files(bulk, &files, ret, err) < 0)
        return -1;
    for (size_t first = 0, done = 0; first < files.count; first += done) {
        if (first > 0)
            lrc_clock_sleep_ms(REST_MS);
        if (edit_batch(bulk, &files, first, &done, ret, err) < 0)
            return -1;
    }
    return 0;
}
