// SPDX-License-Identifier: MIT
#include "caption/undo.h"

#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "caption/change.h"

#define LOCK_WAIT_MS 60000     // others hold a dataset's lock for less than a second each
#define BATCH_COUNT  2000      // files that are changed while the lock is held
#define BATCH_BYTES  (8 << 20) // of their texts
#define REST_MS      2         // pause between batches, so that who waits for the lock gets it

static int add_problem(lrc_findings *problems, const char *relative, const char *code, const char *message,
                       lrc_err *err)
{
    return lrc_findings_add(problems, LRC_FINDING_ERROR, code, NULL, relative, NULL, err, "%s", message);
}

// ---- After a crash ---------------------------------------------------------------------------------------------------

struct rollback {
    const char *dir;
    lrc_findings *problems;
};

static int restore(const char *path, const char *before, lrc_err *err)
{
    return before ? lrc_fs_write_unsynced(path, before, strlen(before), err) : lrc_fs_remove(path, err);
}

static int roll_back_file(void *arg, const lrc_journal_record *record, lrc_err *err)
{
    struct rollback *r = arg;
    lrc_auto_free char *path = NULL, *current = NULL;
    char sha[LRC_JOURNAL_SHA_SIZE];
    if (lrc_path_join(&path, r->dir, record->path, err) < 0 || lrc_change_current(path, &current, sha, err) < 0)
        return -1;
    if (strcmp(sha, record->before_sha) == 0)
        return 0;
    // A power failure can leave a file without its content.
    const bool torn = current && !current[0];
    if (strcmp(sha, record->after_sha) != 0 && !torn)
        return add_problem(r->problems, path, "changed",
                           "it was changed after an edit that did not end, and stays as it is", err);
    return restore(path, record->before, err);
}

// Under the dataset's lock nobody writes captions: what is there was left by who was killed.
static lrc_walk_next remove_temp(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    (void)arg;
    return S_ISREG(e->st->st_mode) && lrc_fs_is_temp(e->name) && lrc_fs_remove(e->path, err) < 0 ? LRC_WALK_FAIL
                                                                                                 : LRC_WALK_ON;
}

static int roll_back(const lrc_workspace *w, const lrc_journal_head *head, lrc_findings *problems, lrc_err *err)
{
    struct rollback r = {head->dir, problems};
    lrc_auto_close int lock = -1;
    if (!lrc_fs_is_dir(head->dir)) // the dataset is gone, and with it what could be put back
        return lrc_journal_forget(w, head->number, err);
    const lrc_fs_walk_options all = {.recursive = true, .hidden = true};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_workspace_lock_dataset(w, head->dir, LOCK_WAIT_MS, &lock, err) < 0)
        return -1;
    const int read = lrc_journal_read(w, head->number, roll_back_file, &r, &why);
    if (read < 0 && why.code == LRC_ERR_INVALID) // what can be read of it has been taken back
        return add_problem(problems, head->dir, "journal", why.msg, err) < 0
                   ? -1
                   : lrc_journal_set_aside(w, head->number, err);
    if (read < 0 && err)
        *err = why;
    if (read < 0 || lrc_fs_walk(head->dir, &all, remove_temp, NULL, err) < 0 || lrc_fs_sync_all(head->dir, err) < 0)
        return lrc_wrap(err, "'%s', which did not end, cannot be taken back", head->summary);
    return lrc_journal_forget(w, head->number, err);
}

int lrc_caption_recover(const lrc_workspace *w, lrc_findings *problems, size_t *ret_count, lrc_err *err)
{
    lrc_auto_journal_list lrc_journal_list list = {0};
    size_t count = 0;
    if (lrc_journal_list_read(w, &list, err) < 0)
        return -1;
    for (size_t i = list.count; i-- > 0;) {
        lrc_auto_close int claim = -1;
        if (list.item[i].done)
            continue;
        const int claimed = lrc_journal_claim(w, list.item[i].head.number, &claim, err);
        if (claimed < 0)
            return -1;
        if (claimed == 0)
            continue;
        if (roll_back(w, &list.item[i].head, problems, err) < 0)
            return -1;
        count++;
    }
    if (ret_count)
        *ret_count = count;
    return 0;
}

// ---- Undo ------------------------------------------------------------------------------------------------------------

void lrc_caption_undo_result_done(lrc_caption_undo_result *r)
{
    lrc_journal_head_done(&r->undone);
    lrc_findings_done(&r->problems);
    *r = (lrc_caption_undo_result){0};
}

static bool is_about(const lrc_journal_entry *e, const char *dir)
{
    return e->done && (!dir || lrc_path_inside(e->head.dir, dir) || lrc_path_inside(dir, e->head.dir));
}

static const lrc_journal_entry *entry_of(const lrc_journal_list *l, unsigned number)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->item[i].head.number == number)
            return &l->item[i];
    return NULL;
}

// The operation to reverse: for undo an edit, for redo an undo. *ret_edit is the edit that this is about. NULL when there
// is none.
static const lrc_journal_entry *choose(const lrc_journal_list *l, const char *dir, bool redo,
                                       const lrc_journal_entry **ret_edit)
{
    for (size_t i = l->count; i-- > 0;) {
        const lrc_journal_entry *e = &l->item[i];
        if (!is_about(e, dir) || e->undone)
            continue;
        const lrc_journal_entry *edit = e->head.undoes ? entry_of(l, e->head.undoes) : e;
        if (!edit || edit->head.undoes) // of an operation that is not kept any more; a redo
            continue;
        if (redo && !e->head.undoes)
            return NULL; // an edit came after what was taken back
        if (redo == (e->head.undoes != 0)) {
            *ret_edit = edit;
            return e;
        }
    }
    return NULL;
}

struct reversal {
    const lrc_workspace *w;
    const char *dir;
    bool check_only;
    lrc_journal *journal;
    lrc_changes changes;
    int lock;
    lrc_findings *problems;
    size_t files;
};

static int commit_batch(struct reversal *r, lrc_err *err)
{
    const int result = r->changes.count ? lrc_changes_commit(&r->changes, r->journal, r->problems, &r->files, err) : 0;
    lrc_changes_done(&r->changes);
    if (r->lock >= 0)
        close(lrc_take_fd(r->lock));
    return result;
}

static int lock_batch(struct reversal *r, lrc_err *err)
{
    if (r->check_only || r->lock >= 0)
        return 0;
    lrc_clock_sleep_ms(REST_MS);
    return lrc_workspace_lock_dataset(r->w, r->dir, LOCK_WAIT_MS, &r->lock, err);
}

static int reverse_file(void *arg, const lrc_journal_record *record, lrc_err *err)
{
    struct reversal *r = arg;
    lrc_auto_free char *path = NULL, *current = NULL, *before = NULL;
    char sha[LRC_JOURNAL_SHA_SIZE];
    if (lock_batch(r, err) < 0 || lrc_path_join(&path, r->dir, record->path, err) < 0 ||
        lrc_change_current(path, &current, sha, err) < 0)
        return -1;
    if (strcmp(sha, record->before_sha) == 0)
        return 0; // could not be written at that time
    if (strcmp(sha, record->after_sha) != 0)
        return add_problem(r->problems, record->path, "changed", "it was changed since", err);
    if (r->check_only)
        return 0;
    if ((record->before && lrc_str_copy(&before, record->before, err) < 0) ||
        lrc_changes_add(&r->changes, record->path, lrc_take(current), lrc_take(before), err) < 0)
        return -1;
    return r->changes.count >= BATCH_COUNT || r->changes.bytes >= BATCH_BYTES ? commit_batch(r, err) : 0;
}

static int reverse_all(struct reversal *r, unsigned number, lrc_err *err)
{
    int result = lrc_journal_read(r->w, number, reverse_file, r, err);
    if (result == 0)
        result = commit_batch(r, err);
    if (r->lock >= 0)
        close(lrc_take_fd(r->lock));
    lrc_changes_done(&r->changes);
    if (result == 0)
        result = lrc_fs_sync_all(r->dir, err);
    return result == 0 ? lrc_journal_finish(r->journal, err) : -1;
}

static int reverse(const lrc_workspace *w, const lrc_journal_entry *op, const char *what, lrc_caption_undo_result *ret,
                   lrc_err *err)
{
    const char *dir = op->head.dir;
    struct reversal check = {.w = w, .dir = dir, .check_only = true, .lock = -1, .problems = &ret->problems};
    if (!lrc_fs_is_dir(dir))
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "the dataset '%s' is not there any more", dir);
    if (lrc_journal_read(w, op->head.number, reverse_file, &check, err) < 0)
        return -1;
    if (ret->problems.count)
        return lrc_fail(err, LRC_ERR_CONFLICT, "'%s' cannot be taken back: %zu files were changed since",
                        ret->undone.summary, ret->problems.count);
    lrc_auto_free char *summary = NULL, *operation = NULL, *copy = NULL;
    lrc_auto_journal lrc_journal *journal = NULL;
    if (lrc_str_format(&summary, err, "%s of %u: %s", what, ret->undone.number, ret->undone.summary) < 0 ||
        lrc_str_copy(&operation, what, err) < 0 || lrc_str_copy(&copy, dir, err) < 0)
        return -1;
    const lrc_journal_head head = {.operation = operation, .summary = summary, .dir = copy, .undoes = op->head.number};
    if (lrc_journal_begin(w, &head, &journal, err) < 0)
        return -1;
    struct reversal r = {.w = w, .dir = dir, .journal = journal, .lock = -1, .problems = &ret->problems};
    r.changes.dir = dir;
    if (reverse_all(&r, op->head.number, err) == 0) {
        ret->files = r.files;
        return 0;
    }
    if (r.files == 0)
        lrc_journal_drop(lrc_take(journal));
    else
        lrc_journal_free(lrc_take(journal));
    lrc_caption_recover(w, &ret->problems, NULL, NULL); // or at the next start
    return -1;
}

static int copy_head(const lrc_journal_head *from, lrc_journal_head *ret, lrc_err *err)
{
    *ret = (lrc_journal_head){.number = from->number, .time_ms = from->time_ms, .undoes = from->undoes};
    return lrc_str_copy(&ret->operation, from->operation, err) < 0 ||
                   lrc_str_copy(&ret->summary, from->summary, err) < 0 || lrc_str_copy(&ret->dir, from->dir, err) < 0
               ? -1
               : 0;
}

int lrc_caption_undo(const lrc_workspace *w, const char *dir, bool redo, lrc_caption_undo_result *ret, lrc_err *err)
{
    lrc_auto_journal_list lrc_journal_list list = {0};
    lrc_auto_free char *real = NULL;
    const lrc_journal_entry *edit = NULL;
    const char *what = redo ? "redo" : "undo";
    if ((dir && lrc_path_real(&real, NULL, dir, err) < 0) || lrc_caption_recover(w, &ret->problems, NULL, err) < 0 ||
        lrc_journal_list_read(w, &list, err) < 0)
        return -1;
    lrc_findings_done(&ret->problems); // of older crashes: they are not about this
    const lrc_journal_entry *op = choose(&list, real, redo, &edit);
    if (!op)
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is nothing to %s%s%s", what, dir ? " in " : "",
                        dir ? lrc_path_name(dir) : "");
    if (copy_head(&edit->head, &ret->undone, err) < 0)
        return -1;
    return reverse(w, op, what, ret, err);
}
