// SPDX-License-Identifier: MIT
// The list of all jobs: ended ones from the index, the others from their folders, and the index kept up with both.
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "job/folder.h"
#include "store/jobs.h"

#define INDEX_NAME "studio.db" // in W/.lorica

struct building {
    const lrc_workspace *ws;
    lrc_store *store; // NULL: without
    lrc_strv ids;     // of the folders, sorted
    bool *known;      // per id: the row came from the index
    lrc_strv gone;    // ids of the index without a folder
    lrc_job_list list;
};

static void row_done(lrc_job_row *row)
{
    free(row->kind);
    free(row->title);
    free(row->reason);
}

void lrc_job_list_done(lrc_job_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        row_done(&list->item[i]);
    free(list->item);
    *list = (lrc_job_list){0};
}

// There is room for one row per id. On failure the row is released with the list.
static int add_row(struct building *b, const lrc_store_job *from, lrc_job_state state, lrc_err *err)
{
    lrc_job_row *row = &b->list.item[b->list.count++];
    *row = (lrc_job_row){.state = state,
                         .created_ms = from->created_ms,
                         .started_ms = from->started_ms,
                         .ended_ms = from->ended_ms,
                         .exit_code = from->exit_code,
                         .exit_signal = from->exit_signal};
    snprintf(row->id, sizeof row->id, "%s", from->id);
    return lrc_str_copy(&row->kind, from->kind, err) < 0 || lrc_str_copy(&row->title, from->title, err) < 0 ||
                   lrc_str_copy(&row->reason, from->reason, err) < 0
               ? -1
               : 0;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int take_indexed(void *arg, const lrc_store_job *row, lrc_err *err)
{
    struct building *b = arg;
    const char *id = row->id;
    char **found = b->ids.count ? bsearch(&id, b->ids.item, b->ids.count, sizeof *b->ids.item, compare_ids) : NULL;
    if (!found)
        return lrc_strv_push(&b->gone, row->id, err);
    lrc_job_state state = LRC_JOB_PENDING;
    while (state < LRC_JOB_STATE_MAX_ && strcmp(lrc_job_state_name(state), row->state) != 0)
        state++;
    if (!row->final || !lrc_job_state_final(state) || state == LRC_JOB_STATE_MAX_)
        return 0;
    b->known[found - b->ids.item] = true;
    if (add_row(b, row, state, err) < 0)
        return -1;
    b->list.item[b->list.count - 1].settled = true;
    return 0;
}

// A job whose files cannot be read: it is shown, so that somebody can look at it or delete it.
static int add_damaged(struct building *b, const char *id, const lrc_err *why, lrc_err *err)
{
    const lrc_store_job row = {.id = id, .kind = "", .title = "(damaged)", .reason = why->msg};
    return add_row(b, &row, LRC_JOB_FAILED, err);
}

static int take_folder(struct building *b, const char *id, lrc_err *err)
{
    lrc_auto_job lrc_job job = {0};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_job_load(b->ws, id, &job, &why) < 0)
        return lrc_str_same(why.field, "job_id") ? 0 : add_damaged(b, id, &why, err); // 0: deleted meanwhile
    const lrc_store_job row = {.id = id,
                               .kind = job.spec.kind,
                               .title = job.spec.title,
                               .reason = job.status.reason,
                               .created_ms = job.spec.created_ms,
                               .started_ms = job.status.started_ms,
                               .ended_ms = job.status.ended_ms,
                               .exit_code = job.status.exit_code,
                               .exit_signal = job.status.exit_signal};
    if (add_row(b, &row, job.status.state, err) < 0)
        return -1;
    b->list.item[b->list.count - 1].settled = lrc_job_peek_final(job.folder);
    return 0;
}

static int newest_first(const void *a, const void *b)
{
    const lrc_job_row *x = a, *y = b;
    if (x->created_ms != y->created_ms)
        return x->created_ms > y->created_ms ? -1 : 1;
    return strcmp(y->id, x->id);
}

// A file that is no index (any more) is put aside: what it held is in the folders.
static int put_aside(const char *path, lrc_err *err)
{
    static const char *const companions[] = {"-wal", "-shm"};
    lrc_auto_free char *aside = NULL;
    if (lrc_str_format(&aside, err, "%s.damaged", path) < 0)
        return -1;
    if (rename(path, aside) < 0)
        return lrc_fail_errno(err, "cannot put '%s' aside", path);
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++) {
        lrc_auto_free char *companion = NULL;
        if (lrc_str_format(&companion, err, "%s%s", path, companions[i]) < 0 || lrc_fs_remove(companion, err) < 0)
            return -1;
    }
    return 0;
}

// The index is a help, not a need.
static void open_index(struct building *b)
{
    lrc_auto_free char *path = NULL;
    lrc_err err = LRC_ERR_INIT;
    int result = lrc_workspace_state(b->ws, INDEX_NAME, &path, &err);
    if (result == 0)
        result = lrc_store_open(path, &b->store, &err);
    if (result < 0 && err.code == LRC_ERR_INVALID && put_aside(path, &err) == 0)
        result = lrc_store_open(path, &b->store, &err);
    if (result < 0)
        lrc_log(LRC_LOG_WARN, "the list is made without the index: %s", err.msg);
}

static int put_row(struct building *b, const lrc_job_row *row, lrc_err *err)
{
    const lrc_store_job stored = {.id = row->id,
                                  .kind = row->kind,
                                  .title = row->title,
                                  .state = lrc_job_state_name(row->state),
                                  .reason = row->reason,
                                  .final = true,
                                  .created_ms = row->created_ms,
                                  .started_ms = row->started_ms,
                                  .ended_ms = row->ended_ms,
                                  .exit_code = row->exit_code,
                                  .exit_signal = row->exit_signal};
    return lrc_store_job_put(b->store, &stored, err);
}

static int write_changes(struct building *b, size_t first_loaded, lrc_err *err)
{
    size_t changes = b->gone.count;
    for (size_t i = first_loaded; i < b->list.count; i++)
        changes += b->list.item[i].settled;
    if (changes == 0)
        return 0;
    if (lrc_store_begin(b->store, err) < 0)
        return -1;
    for (size_t i = 0; i < b->gone.count; i++)
        if (lrc_store_job_remove(b->store, b->gone.item[i], err) < 0)
            return -1;
    for (size_t i = first_loaded; i < b->list.count; i++)
        if (b->list.item[i].settled && put_row(b, &b->list.item[i], err) < 0)
            return -1;
    return lrc_store_commit(b->store, err);
}

static int build(struct building *b, lrc_err *err)
{
    lrc_err why = LRC_ERR_INIT;
    if (lrc_job_ids(b->ws, &b->ids, err) < 0)
        return -1;
    b->known = calloc(b->ids.count + 1, sizeof *b->known);
    b->list.item = calloc(b->ids.count + 1, sizeof *b->list.item);
    if (!b->known || !b->list.item)
        return lrc_fail_memory(err);
    open_index(b);
    if (b->store && lrc_store_job_each(b->store, take_indexed, b, err) < 0)
        return -1;
    const size_t first_loaded = b->list.count;
    for (size_t i = 0; i < b->ids.count; i++)
        if (!b->known[i] && take_folder(b, b->ids.item[i], err) < 0)
            return -1;
    if (b->store && write_changes(b, first_loaded, &why) < 0) {
        lrc_store_rollback(b->store);
        lrc_log(LRC_LOG_WARN, "the index is not brought up to date: %s", why.msg);
    }
    qsort(b->list.item, b->list.count, sizeof *b->list.item, newest_first);
    return 0;
}

int lrc_job_list_all(const lrc_workspace *ws, lrc_job_list *ret, lrc_err *err)
{
    struct building b = {.ws = ws};
    const int result = build(&b, err);
    if (result == 0)
        *ret = b.list;
    else
        lrc_job_list_done(&b.list);
    lrc_store_free(b.store);
    lrc_strv_done(&b.ids);
    lrc_strv_done(&b.gone);
    free(b.known);
    return result;
}
