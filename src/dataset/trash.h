// SPDX-License-Identifier: MIT
// trash.h - what was deleted or replaced, kept for a while: nothing that a request removes is gone at once.
//
// One folder per deletion, .lorica/trash/<id>/, with files/<name>… and before them
//   entry.json {"trash":1,"dir":"/…/datasets/cat","time":ms,"summary":"a.png of cat","files":["a.png","a.txt"]}
// so that what a crash leaves half moved lies in one of the two places and is listed. What lies there for longer than
// LRC_TRASH_DAYS goes when something is added. Files are renamed; on another disk they are copied first.
// Callers hold the dataset's lock (settings/workspace.h). Any thread. May use: base, json, settings.
#ifndef LRC_DATASET_TRASH_H
#define LRC_DATASET_TRASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/str.h"
#include "settings/workspace.h"

#define LRC_TRASH_DAYS 30

typedef struct lrc_trash_entry {
    char id[LRC_ID_MAX + 1];
    char *dir;      // where it was, absolute
    char *summary;  // one line for people
    lrc_strv files; // names in `dir`
    int64_t time_ms;
} lrc_trash_entry;

void lrc_trash_entry_done(lrc_trash_entry *e);
#define lrc_auto_trash_entry lrc_cleanup(lrc_trash_entry_done)

// Move these files, folders or links out of `dir`. A name that is not there is passed over. On failure some may have been
// moved; they are listed.
int lrc_trash_put(const lrc_workspace *w, const char *dir, const lrc_strv *names, const char *summary,
                  char ret_id[static LRC_ID_MAX + 1], lrc_err *err);

// LRC_ERR_NOT_FOUND, LRC_ERR_INVALID for what is no id.
int lrc_trash_load(const lrc_workspace *w, const char *id, lrc_trash_entry *ret, lrc_err *err);

// Put all files of an entry back, and forget it. LRC_ERR_CONFLICT (nothing is moved) when one of the names is taken,
// LRC_ERR_NOT_FOUND when the folder is not there any more.
int lrc_trash_restore(const lrc_workspace *w, const char *id, lrc_err *err);

typedef struct lrc_trash_list {
    lrc_trash_entry *item; // newest first; damaged ones are left out
    size_t count, cap;
} lrc_trash_list;

int lrc_trash_list_read(const lrc_workspace *w, lrc_trash_list *ret, lrc_err *err);
void lrc_trash_list_done(lrc_trash_list *l);
#define lrc_auto_trash_list lrc_cleanup(lrc_trash_list_done)

#endif
