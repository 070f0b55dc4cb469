// SPDX-License-Identifier: MIT
#include "caption/change.h"

#include <errno.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"
#include "caption/caption.h"

bool lrc_caption_is_fatal(lrc_err_code code)
{
    return code == LRC_ERR_DISK_FULL || code == LRC_ERR_NO_MEMORY || code == LRC_ERR_INTERNAL;
}

void lrc_changes_done(lrc_changes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->item[i].relative);
        free(c->item[i].before);
        free(c->item[i].after);
    }
    free(c->item);
    *c = (lrc_changes){.dir = c->dir};
}

int lrc_changes_add(lrc_changes *c, const char *relative, char *before, char *after, lrc_err *err)
{
    lrc_auto_free char *old = before, *new = after, *path = NULL;
    if (lrc_str_copy(&path, relative, err) < 0)
        return -1;
    if (c->count == c->cap) {
        const size_t cap = c->cap ? c->cap * 2 : 64;
        lrc_change *grown = realloc(c->item, cap * sizeof *grown);
        if (!grown)
            return lrc_fail_memory(err);
        c->item = grown;
        c->cap = cap;
    }
    c->bytes += (old ? strlen(old) : 0) + (new ? strlen(new) : 0);
    c->item[c->count++] = (lrc_change){lrc_take(path), lrc_take(old), lrc_take(new)};
    return 0;
}

static int make_change(const char *dir, const lrc_change *change, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (lrc_path_join(&path, dir, change->relative, err) < 0)
        return -1;
    return change->after ? lrc_fs_write_unsynced(path, change->after, strlen(change->after), err)
                         : lrc_fs_remove(path, err);
}

int lrc_changes_commit(const lrc_changes *c, lrc_journal *journal, lrc_findings *problems, size_t *ret_made,
                       lrc_err *err)
{
    for (size_t i = 0; i < c->count; i++)
        if (lrc_journal_add(journal, c->item[i].relative, c->item[i].before, c->item[i].after, err) < 0)
            return -1;
    if (lrc_journal_sync(journal, err) < 0)
        return -1;
    for (size_t i = 0; i < c->count; i++) {
        lrc_err why = LRC_ERR_INIT;
        if (make_change(c->dir, &c->item[i], &why) == 0) {
            ++*ret_made;
            continue;
        }
        if (lrc_caption_is_fatal(why.code)) {
            if (err)
                *err = why;
            return -1;
        }
        if (lrc_findings_add(problems, LRC_FINDING_ERROR, lrc_err_word(why.code), NULL, c->item[i].relative, NULL, err,
                             "%s", why.msg) < 0)
            return -1;
    }
    return 0;
}

int lrc_change_current(const char *path, char **ret, char ret_sha[static LRC_JOURNAL_SHA_SIZE], lrc_err *err)
{
    lrc_auto_free char *bytes = NULL;
    size_t n;
    lrc_err why = LRC_ERR_INIT;
    memcpy(ret_sha, "?", 2);
    *ret = NULL;
    if (lrc_fs_read(path, LRC_CAPTION_MAX, &bytes, &n, &why) < 0) {
        if (why.code == LRC_ERR_NO_MEMORY)
            return lrc_fail_memory(err);
        if (why.sys == ENOENT)
            ret_sha[0] = '\0';
        return 0;
    }
    if (strlen(bytes) == n && lrc_journal_sha(bytes, ret_sha, err) < 0)
        return -1;
    *ret = lrc_take(bytes);
    return 0;
}
