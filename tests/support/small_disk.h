// SPDX-License-Identifier: MIT
// small_disk.h - for tests: a folder on a disk of its own that is soon full.
//
// The test program moves into a mount namespace of its own (needs root, or user namespaces) and mounts a tmpfs, which
// goes with the process. Include after cmocka.h.
#ifndef LRC_TESTS_SUPPORT_SMALL_DISK_H
#define LRC_TESTS_SUPPORT_SMALL_DISK_H

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#include "support/temp.h"

// Mount a disk of this many KiB on `dir`; false where the machine does not let us (the caller skips its test).
static inline bool lrc_test_small_disk(const char *dir, unsigned kib)
{
    static bool moved;
    char options[64];
    if (!moved && unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return false;
    moved = true;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    snprintf(options, sizeof options, "size=%uk,mode=0777", kib);
    return mount("none", dir, "tmpfs", 0, options) == 0;
}

// Fill the disk up to its last `left` bytes; the file "ballast" in `dir` is what does it, made anew at each call.
static inline void lrc_test_fill_disk(const char *dir, uint64_t left)
{
    lrc_auto_free char *ballast = lrc_test_join(dir, "ballast");
    lrc_fs_remove(ballast, NULL);
    const uint64_t room = lrc_fs_free_bytes(dir);
    if (room <= left)
        return;
    lrc_auto_free char *bytes = calloc(1, (size_t)(room - left));
    if (!bytes)
        fail_msg("out of memory");
    lrc_test_put_bytes(dir, "ballast", bytes, (size_t)(room - left));
}

#endif
