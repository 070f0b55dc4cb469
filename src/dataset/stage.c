// SPDX-License-Identifier: MIT
#include "dataset/stage.h"

#include "base/fs.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/rand.h"

#define PREFIX       ".import-"
#define LOCK_NAME    "lock"
#define SWEEP_LOCK   "locks/import.lock" // between making a stage and locking it nobody may sweep
#define LOCK_WAIT_MS 30000
#define RANDOM_CHARS 12

static lrc_walk_next sweep_one(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    (void)arg;
    if (!S_ISDIR(e->st->st_mode) || e->is_link || !lrc_str_starts(e->name, PREFIX))
        return LRC_WALK_ON;
    lrc_auto_free char *lock = NULL;
    if (lrc_path_join(&lock, e->path, LOCK_NAME, err) < 0)
        return LRC_WALK_FAIL;
    if (lrc_lock_is_held(lock, NULL) == 0)
        lrc_fs_remove_tree(e->path, NULL); // another time, if not now
    return LRC_WALK_ON;
}

int lrc_stage_open(const lrc_workspace *w, const char *parent, lrc_stage *ret, lrc_err *err)
{
    lrc_auto_stage lrc_stage s = LRC_STAGE_INIT;
    lrc_auto_free char *sweep_lock = NULL, *lock = NULL;
    lrc_auto_close int sweeping = -1;
    char name[RANDOM_CHARS + 1];
    const lrc_fs_walk_options options = {.hidden = true};
    if (lrc_workspace_state(w, SWEEP_LOCK, &sweep_lock, err) < 0 ||
        lrc_lock_take(sweep_lock, LOCK_WAIT_MS, &sweeping, err) < 0 ||
        lrc_fs_walk(parent, &options, sweep_one, NULL, err) < 0 || lrc_rand_hex(name, RANDOM_CHARS, err) < 0 ||
        lrc_str_format(&s.dir, err, "%s/" PREFIX "%s", parent, name) < 0)
        return -1;
    if (lrc_fs_mkdir_new(s.dir, err) < 0) {
        free(lrc_take(s.dir)); // not ours to remove
        return -1;
    }
    if (lrc_path_join(&lock, s.dir, LOCK_NAME, err) < 0 || lrc_lock_take(lock, 0, &s.lock, err) < 0 ||
        lrc_path_join(&s.new, s.dir, "new", err) < 0 || lrc_fs_mkdir_new(s.new, err) < 0)
        return -1;
    *ret = s;
    s = (lrc_stage)LRC_STAGE_INIT;
    return 0;
}

void lrc_stage_done(lrc_stage *s)
{
    if (s->dir)
        lrc_fs_remove_tree(s->dir, NULL);
    if (s->lock >= 0)
        close(s->lock);
    free(s->dir);
    free(s->new);
    *s = (lrc_stage)LRC_STAGE_INIT;
}
