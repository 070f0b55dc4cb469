// SPDX-License-Identifier: MIT
#include "proc/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/fs.h"
#include "base/path.h"
#include "proc/identity.h"

#define STAT_MAX    4096
#define ENVIRON_MAX (4 << 20)
#define SMALL_FILE  (1 << 20)

int lrc_proc_become_subreaper(lrc_err *err)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return lrc_fail_errno(err, "cannot become the keeper of orphaned processes");
    return 0;
}

// Call fn for each process of this machine; its results are summed.
static size_t each_process(size_t (*fn)(void *arg, pid_t pid), void *arg)
{
    lrc_auto_dir DIR *dir = opendir("/proc");
    const struct dirent *e;
    size_t sum = 0;
    while (dir && (e = readdir(dir))) {
        int64_t pid;
        if (lrc_ascii_digit(e->d_name[0]) && lrc_str_to_i64(e->d_name, &pid))
            sum += fn(arg, (pid_t)pid);
    }
    return sum;
}

static pid_t parent_of(pid_t pid)
{
    char path[32], state;
    pid_t parent;
    uint64_t start;
    lrc_auto_free char *text = NULL;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (lrc_fs_read(path, STAT_MAX, &text, NULL, NULL) < 0 ||
        lrc_proc_parse_stat(text, &state, &parent, &start, NULL) < 0)
        return -1;
    return parent;
}

struct children_of {
    pid_t parent, except;
    int signal;
};

static size_t signal_child(void *arg, pid_t pid)
{
    const struct children_of *c = arg;
    if (pid == c->except || parent_of(pid) != c->parent)
        return 0;
    kill(pid, c->signal); // our child and not reaped: the number cannot mean another
    return 1;
}

size_t lrc_proc_signal_children(pid_t except, int signal)
{
    struct children_of c = {getpid(), except, signal};
    return each_process(signal_child, &c);
}

static size_t reap_child(void *arg, pid_t pid)
{
    const struct children_of *c = arg;
    if (pid == c->except || parent_of(pid) != c->parent)
        return 0;
    return waitpid(pid, NULL, WNOHANG) == 0; // 0: it still runs
}

size_t lrc_proc_reap_children(pid_t except)
{
    struct children_of c = {getpid(), except, 0};
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return 0; // ECHILD: none at all, and no need to look through /proc
    return each_process(reap_child, &c);
}

// /proc/<pid>/environ is what the process was started with: NAME=VALUE strings, each ended by a NUL.
static bool has_mark(pid_t pid, const char *mark)
{
    char path[32];
    lrc_auto_free char *text = NULL;
    size_t n = 0;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    if (lrc_fs_read(path, ENVIRON_MAX, &text, &n, NULL) < 0)
        return false;
    for (const char *p = text; p < text + n; p += strlen(p) + 1)
        if (strcmp(p, mark) == 0)
            return true;
    return false;
}

struct marked {
    const char *mark;
    int signal;
};

static size_t signal_marked(void *arg, pid_t pid)
{
    const struct marked *m = arg;
    if (pid == getpid())
        return 0;
    lrc_auto_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0 || !has_mark(pid, m->mark)) // asked after the descriptor was opened, which so means this process
        return 0;
    return syscall(SYS_pidfd_send_signal, fd, m->signal, NULL, 0) == 0;
}

size_t lrc_proc_signal_marked(const char *mark, int signal)
{
    struct marked m = {mark, signal};
    return each_process(signal_marked, &m);
}

// ---- Control groups --------------------------------------------------------------------------------------------------

// Folder at which the cgroup v2 tree is mounted, NULL when it is not.
static char *cgroup_mount(void)
{
    lrc_auto_free char *text = NULL;
    if (lrc_fs_read("/proc/self/mountinfo", SMALL_FILE, &text, NULL, NULL) < 0)
        return NULL;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char where[LRC_PATH_MAX];
        if (strstr(line, " - cgroup2 ") && sscanf(line, "%*s %*s %*s %*s %4095s", where) == 1)
            return strdup(where);
    }
    return NULL;
}

// This process's group in that tree, e.g. "/user.slice/x"; NULL when unknown.
static char *cgroup_own(void)
{
    lrc_auto_free char *text = NULL;
    if (lrc_fs_read("/proc/self/cgroup", SMALL_FILE, &text, NULL, NULL) < 0)
        return NULL;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (lrc_str_starts(line, "0::/"))
            return strdup(line + strlen("0::"));
    return NULL;
}

int lrc_proc_cgroup_make(const char *name, char **ret, lrc_err *err)
{
    lrc_auto_free char *mount = cgroup_mount(), *own = cgroup_own(), *path = NULL;
    *ret = NULL;
    if (!mount || !own)
        return 0;
    if (lrc_str_format(&path, err, "%s%s%s%s", mount, own, lrc_str_ends(own, "/") ? "" : "/", name) < 0)
        return -1;
    if (mkdir(path, 0755) == 0)
        *ret = lrc_take(path);
    return 0;
}

static int open_in(const char *cgroup, const char *file)
{
    lrc_auto_free char *path = NULL;
    if (!cgroup || lrc_path_join(&path, cgroup, file, NULL) < 0)
        return -1;
    return open(path, O_WRONLY | O_CLOEXEC);
}

int lrc_proc_cgroup_door(const char *cgroup)
{
    return open_in(cgroup, "cgroup.procs");
}

bool lrc_proc_cgroup_kill(const char *cgroup)
{
    lrc_auto_close int fd = open_in(cgroup, "cgroup.kill");
    return fd >= 0 && write(fd, "1", 1) == 1;
}

bool lrc_proc_cgroup_empty(const char *cgroup)
{
    lrc_auto_free char *path = NULL, *text = NULL;
    if (!cgroup || lrc_path_join(&path, cgroup, "cgroup.events", NULL) < 0 ||
        lrc_fs_read(path, SMALL_FILE, &text, NULL, NULL) < 0)
        return true;
    return strstr(text, "populated 0") != NULL;
}

void lrc_proc_cgroup_remove(const char *cgroup)
{
    if (cgroup && rmdir(cgroup) < 0)
        errno = 0; // somebody is still in it, or it is gone
}

unsigned long long lrc_proc_oom_kills(void)
{
    lrc_auto_free char *text = NULL;
    if (lrc_fs_read("/proc/vmstat", SMALL_FILE, &text, NULL, NULL) < 0)
        return 0;
    const char *p = strstr(text, "\noom_kill ");
    unsigned long long n = 0;
    return p && sscanf(p, " oom_kill %llu", &n) == 1 ? n : 0;
}
