// SPDX-License-Identifier: MIT
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>

#include "base/clock.h"

#define POLL_MS    20
#define ASKERS_MAX 50 // lrc_lock_is_held() callers that may stand in the way, one after the other, before we give up

// Who is in the way: somebody who holds the lock (true), or only lrc_lock_is_held(), which shares it for a moment?
static bool held_for_good(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        return true;
    flock(fd, LOCK_UN);
    return false;
}

int lrc_lock_take(const char *path, int wait_ms, int *ret, lrc_err *err)
{
    lrc_auto_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return lrc_fail_errno(err, "cannot open the lock '%s'", path);
    const int64_t start = lrc_clock_mono_ms();
    const int how = wait_ms < 0 ? LOCK_EX : LOCK_EX | LOCK_NB;
    int askers = 0;
    while (flock(fd, how) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return lrc_fail_errno(err, "cannot lock '%s'", path);
        if (!held_for_good(fd) && askers++ < ASKERS_MAX) {
            lrc_clock_sleep_ms(1);
            continue;
        }
        if (lrc_clock_mono_ms() - start >= wait_ms)
            return lrc_fail(err, LRC_ERR_BUSY, "'%s' is held by another process", path);
        lrc_clock_sleep_ms(POLL_MS);
    }
    *ret = lrc_take_fd(fd);
    return 0;
}

int lrc_lock_is_held(const char *path, lrc_err *err)
{
    lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : lrc_fail_errno(err, "cannot open the lock '%s'", path);
    // A shared attempt, so that two askers do not take each other for the holder.
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? 1 : lrc_fail_errno(err, "cannot lock '%s'", path);
}
