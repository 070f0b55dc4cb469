// SPDX-License-Identifier: MIT
// root.h - the only way from a request to a file: paths that provably lie in a declared folder.
//
// A server declares roots (its data folders). A path in a request - absolute, or relative to a base - is walked from a root
// with every step held open, and becomes an lrc_rooted: an open folder, the name in it, and the path without links. A
// symbolic link is legal when its target lies in a declared root too (people link datasets and models); every other one,
// "..", and whatever lies below a denied folder, is LRC_ERR_DENIED, without a look at what is there. The kernel does the
// walk where it can (openat2, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS); otherwise, and where a link is met, it is done step
// by step with O_NOFOLLOW. Nothing done through an lrc_rooted follows a link that was put there later.
//
// `path` is for services that take paths: true when it was made; they may trust it as far as nobody but us moves folders.
// Text is taken as it is: percent-decoding happened before, once. Roots may change while requests run.
// Thread rule: an lrc_roots is for any thread, an lrc_rooted has one owner. May use: fs, path, str.
#ifndef LRC_BASE_ROOT_H
#define LRC_BASE_ROOT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"

typedef struct lrc_roots lrc_roots;

int lrc_roots_new(lrc_roots **ret, lrc_err *err);
void lrc_roots_free(lrc_roots *r);
LRC_DEFINE_FREEP(lrc_roots)
#define lrc_auto_roots lrc_cleanup(lrc_roots_freep)

enum { LRC_ROOT_READ_ONLY = 1 << 0 };

// Declare a folder, which must exist. Links in `path` itself are followed now. LRC_ERR_NOT_FOUND, LRC_ERR_INVALID.
int lrc_roots_add(lrc_roots *r, const char *path, unsigned flags, lrc_err *err);
// Deny what is below `path` (it need not exist) even inside a root.
int lrc_roots_deny(lrc_roots *r, const char *path, lrc_err *err);
// Put what `next` declares in place of what `r` did, in one step; frees `next`.
void lrc_roots_replace(lrc_roots *r, lrc_roots *next);
// The declared folders, for messages and listings.
int lrc_roots_list(lrc_roots *r, lrc_strv *ret, lrc_err *err);

typedef struct lrc_rooted {
    int dir;          // O_PATH: the folder that `name` lies in, or the root itself, with "." as name
    char *path;       // absolute, no links
    const char *name; // in `path`, or "."
    bool exists;
    bool is_root; // a root itself: cannot be removed, moved or replaced
    bool read_only;
    struct stat st; // when it exists; of the link itself with LRC_ROOTED_LINK
} lrc_rooted;
#define LRC_ROOTED_INIT {.dir = -1}

void lrc_rooted_done(lrc_rooted *r); // harmless on LRC_ROOTED_INIT
#define lrc_auto_rooted lrc_cleanup(lrc_rooted_done)

enum {
    LRC_ROOTED_NEW = 1 << 0,     // the last name may be missing
    LRC_ROOTED_PARENTS = 1 << 1, // make missing folders on the way; implies NEW
    LRC_ROOTED_LINK = 1 << 2,    // a link as the last name means the link: to remove or move it
};

// `text` below `base` (absolute) when it is relative. LRC_ERR_DENIED, LRC_ERR_NOT_FOUND, LRC_ERR_INVALID for "" and for
// names that are too long. *ret is only set on success.
int lrc_rooted_find(lrc_roots *r, const char *base, const char *text, unsigned flags, lrc_rooted *ret, lrc_err *err);

// ---- What can be done with one -------------------------------------------------------------------------------------------

// A regular file for reading; anything else is LRC_ERR_INVALID.
int lrc_rooted_open(const lrc_rooted *r, int *ret_fd, lrc_err *err);

typedef struct lrc_rooted_entry {
    const char *name; // borrowed for the call; bytes, maybe not UTF-8
    struct stat st;   // of the target of a legal link
    bool is_link;
    bool outside; // a link that may not be followed, or to nothing: `st` is the link's own
} lrc_rooted_entry;

// Call fn for each entry of a folder, bytewise by name, hidden ones too; -1 from fn ends it.
int lrc_rooted_list(lrc_roots *roots, const lrc_rooted *r,
                    int (*fn)(void *arg, const lrc_rooted_entry *e, lrc_err *err), void *arg, lrc_err *err);

// Write the file, new or in place of what is there: lrc_fs_out_write(), lrc_fs_out_commit() or _commit_new().
int lrc_rooted_create(const lrc_rooted *r, mode_t mode, lrc_fs_out *ret, lrc_err *err);

int lrc_rooted_mkdir(const lrc_rooted *r, lrc_err *err);                           // LRC_ERR_CONFLICT when it exists
int lrc_rooted_remove(const lrc_rooted *r, lrc_err *err);                          // a file or a link
int lrc_rooted_remove_tree(const lrc_rooted *r, lrc_err *err);                     // also a folder with all in it
int lrc_rooted_rename(const lrc_rooted *from, const lrc_rooted *to, lrc_err *err); // LRC_ERR_CONFLICT when it exists

#endif
