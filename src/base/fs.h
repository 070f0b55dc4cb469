// SPDX-License-Identifier: MIT
// fs.h - files: whole reads, writes that cannot be half-done, walks in a fixed order.
//
// A write goes to a temporary file in the same folder, is synced and renamed over the target, then the folder is synced:
// after a crash there is the old file or the new one. A replaced file keeps its mode (and its owner, as root); a new one
// follows the umask and, as root, takes the owner of its folder; a symbolic link is written at its target. No space
// left is LRC_ERR_DISK_FULL. Every descriptor is O_CLOEXEC. Any thread. May use: str, path, rand.
#ifndef LRC_BASE_FS_H
#define LRC_BASE_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

// Whole file into *ret (NUL-terminated, the caller frees) and its length into *ret_len (may be NULL; without it a NUL
// inside the file is LRC_ERR_INVALID). LRC_ERR_LIMIT when longer than max_bytes; a folder is LRC_ERR_INVALID.
int lrc_fs_read(const char *path, size_t max_bytes, char **ret, size_t *ret_len, lrc_err *err);

// The same from a file that is open; `shown` names it in messages.
int lrc_fs_read_fd(int fd, const char *shown, size_t max_bytes, char **ret, size_t *ret_len, lrc_err *err);

// Replace or create `path` with these bytes. `mode` 0 follows the rule above, else it is the mode (0600 for secrets).
int lrc_fs_write(const char *path, const void *bytes, size_t n, mode_t mode, lrc_err *err);

// As lrc_fs_write() with mode 0, for many files of which a journal knows: other processes see the old file or the new one,
// but what a power failure leaves is certain only after lrc_fs_sync_all().
int lrc_fs_write_unsynced(const char *path, const void *bytes, size_t n, lrc_err *err);

// Is this the name of a temporary file of ours? A write that is killed leaves one behind.
bool lrc_fs_is_temp(const char *name);

// The same in pieces: begin, write to `fd` (or lrc_fs_out_write), then commit. Done without commit removes the
// temporary file.
typedef struct lrc_fs_out {
    int fd;       // -1 when closed
    int dir;      // open folder that `temp` and the last name of `target` lie in; 0: they are paths
    char *temp;   // path of the temporary file
    char *target; // real path that commit renames to
    mode_t mode;  // 0: the umask decides
    int cloned;   // 1 when mode and owner come from the file that is replaced
    uid_t uid;
    gid_t gid;
} lrc_fs_out;

int lrc_fs_out_begin(lrc_fs_out *out, const char *path, mode_t mode, lrc_err *err);
// The same inside an open folder (O_PATH is enough, duplicated), whatever its path leads to by now: `shown` is for messages,
// its last component the file's name. A link of that name is replaced, not followed.
int lrc_fs_out_begin_at(lrc_fs_out *out, int dir, const char *shown, mode_t mode, lrc_err *err);
int lrc_fs_out_write(lrc_fs_out *out, const void *bytes, size_t n, lrc_err *err);
int lrc_fs_out_commit(lrc_fs_out *out, lrc_err *err);
// As commit, but LRC_ERR_CONFLICT when the target came to exist: nothing is replaced.
int lrc_fs_out_commit_new(lrc_fs_out *out, lrc_err *err);
void lrc_fs_out_done(lrc_fs_out *out); // harmless after commit and on {.fd = -1}
#define LRC_FS_OUT_INIT {.fd = -1}
#define lrc_auto_fs_out lrc_cleanup(lrc_fs_out_done)

// All of `bytes` to a descriptor, again after EINTR and short writes; `what` names the file in errors.
int lrc_fs_write_fd(int fd, const void *bytes, size_t n, const char *what, lrc_err *err);

bool lrc_fs_exists(const char *path);  // follows links
bool lrc_fs_is_dir(const char *path);  // follows links
bool lrc_fs_is_file(const char *path); // follows links; a regular file

// Like mkdir -p. New folders get 0777 & ~umask and, as root, the owner of the folder that they are made in.
int lrc_fs_mkdirs(const char *path, lrc_err *err);
int lrc_fs_mkdir_new(const char *path, lrc_err *err); // one folder; LRC_ERR_CONFLICT when something of that name exists
int lrc_fs_mkdir_new_at(int dir, const char *shown, lrc_err *err); // the last name of `shown`, inside an open folder

// A new file to write into, *ret_fd, by the same rule. Not atomic, not synced: for folders that are renamed as a whole
// after lrc_fs_sync_all(). LRC_ERR_CONFLICT when something of that name exists.
int lrc_fs_create_new(const char *path, int *ret_fd, lrc_err *err);

// Everything that was written to the file system that `path` lies on has reached the disk.
int lrc_fs_sync_all(const char *path, lrc_err *err);

int lrc_fs_sync_dir(const char *path, lrc_err *err);
int lrc_fs_copy(const char *from, const char *to, lrc_err *err);       // bytes and mode; atomic as a write
int lrc_fs_rename_new(const char *from, const char *to, lrc_err *err); // LRC_ERR_CONFLICT when `to` exists
int lrc_fs_remove(const char *path, lrc_err *err);                     // a file or link; missing is not an error
int lrc_fs_rename_new_at(int from_dir, const char *from, int to_dir, const char *to, lrc_err *err);
int lrc_fs_remove_tree(const char *path, lrc_err *err); // never follows links; missing is not an error
int lrc_fs_remove_tree_at(int dir, const char *name, const char *shown_dir, lrc_err *err);
uint64_t lrc_fs_free_bytes(const char *path); // for this user; 0 when unknown

// One entry of a walk.
typedef struct lrc_fs_entry {
    const char *path;      // root + "/" + relative; borrowed for the call
    const char *relative;  // as seen from the root
    const char *name;      // last component
    const struct stat *st; // of the target when a link was followed
    bool is_link;
    unsigned depth; // 0 directly below the root
} lrc_fs_entry;

typedef enum { LRC_WALK_ON = 0, LRC_WALK_SKIP = 1, LRC_WALK_FAIL = -1 } lrc_walk_next; // SKIP: not into this folder

typedef struct lrc_fs_walk_options {
    bool recursive; // else only the top folder's entries
    bool hidden;    // also names that begin with a dot
} lrc_fs_walk_options;

// Call fn for each entry below `root`, folders before their content, siblings in bytewise order of their names.
// Links to files are followed for `st`; linked folders are reported and never entered; dangling links are left out.
int lrc_fs_walk(const char *root, const lrc_fs_walk_options *options,
                lrc_walk_next (*fn)(void *arg, const lrc_fs_entry *entry, lrc_err *err), void *arg, lrc_err *err);

#endif
