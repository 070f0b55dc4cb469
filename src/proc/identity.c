// SPDX-License-Identifier: MIT
#include "proc/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define STAT_MAX 4096 // a line of 52 numbers and a name of 16 bytes

int lrc_proc_boot_id(char out[static LRC_PROC_BOOT_ID], lrc_err *err)
{
    lrc_auto_free char *text = NULL;
    if (lrc_fs_read("/proc/sys/kernel/random/boot_id", STAT_MAX, &text, NULL, err) < 0)
        return -1;
    snprintf(out, LRC_PROC_BOOT_ID, "%s", lrc_str_trim(text));
    return 0;
}

int lrc_proc_parse_stat(const char *text, char *ret_state, pid_t *ret_parent, uint64_t *ret_start, lrc_err *err)
{
    const char *p = strrchr(text, ')'); // the name in front of it may hold blanks and brackets
    char state;
    int parent;
    uint64_t start;
    // Fields 3, 4 and 22.
    if (!p || sscanf(p + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
                     &state, &parent, &start) != 3)
        return lrc_fail(err, LRC_ERR_INTERNAL, "/proc/<pid>/stat has an unknown form");
    *ret_state = state;
    *ret_parent = parent;
    *ret_start = start;
    return 0;
}

int lrc_proc_id_of(pid_t pid, lrc_proc_id *ret, lrc_err *err)
{
    lrc_proc_id id = {.pid = pid};
    char path[32], state;
    pid_t parent;
    lrc_auto_free char *text = NULL;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (lrc_fs_read(path, STAT_MAX, &text, NULL, NULL) < 0 ||
        lrc_proc_parse_stat(text, &state, &parent, &id.start_time, err) < 0 || state == 'Z' || state == 'X')
        return lrc_fail(err, LRC_ERR_NOT_FOUND, "no process %d is running", (int)pid);
    if (lrc_proc_boot_id(id.boot_id, err) < 0)
        return -1;
    *ret = id;
    return 0;
}

bool lrc_proc_id_alive(const lrc_proc_id *id)
{
    lrc_proc_id now;
    return id->pid > 0 && lrc_proc_id_of(id->pid, &now, NULL) == 0 && now.start_time == id->start_time &&
           strcmp(now.boot_id, id->boot_id) == 0;
}

bool lrc_proc_id_signal(const lrc_proc_id *id, int signal, bool group)
{
    lrc_auto_close int fd = id->pid > 0 ? (int)syscall(SYS_pidfd_open, id->pid, 0) : -1;
    if (!lrc_proc_id_alive(
            id)) // asked after the descriptor was opened: the descriptor means this process and no later one
        return false;
    if (group)
        return kill(-id->pid, signal) == 0; // its leader lives, so the number is still this group's
    if (fd >= 0)
        return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) == 0;
    return kill(id->pid, signal) == 0;
}
