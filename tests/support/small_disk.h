// SPDX-License-Identifier: MIT
// small_disk.h - for tests: a folder on a disk of its own that is soon full.
//
// The test program moves into a mount namespace of its own (needs root) and mounts a tmpfs, which goes with the process.
// Include after cmocka.h.
#ifndef LRC_TESTS_SUPPORT_SMALL_DISK_H
#define LRC_TESTS_SUPPORT_SMALL_DISK_H

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#include "support/temp.h"

// Where the machine does not let us mount (false) the caller skips its test, before it owns anything: skip() jumps.
static inline bool lrc_test_may_mount(void)
{
    static bool moved;
    moved = moved ||
            (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    return moved;
}

// Mount a disk of this many KiB on `dir`.
static inline void lrc_test_small_disk(const char *dir, unsigned kib)
{
    char options[64];
    snprintf(options, sizeof options, "size=%uk,mode=0777", kib);
    if (mount("none", dir, "tmpfs", 0, options) < 0)
        fail_msg("cannot mount a disk on %s", dir);
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
