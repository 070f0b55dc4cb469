// SPDX-License-Identifier: MIT
#include "proc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"

#define EXIT_NOT_EXECUTED 127 // as a shell has it
#define EXIT_NOT_RELEASED 125
#define POLL_MS           20 // between looks, where there is no pidfd
#define FALLBACK_PATH     "/usr/local/bin:/usr/bin:/bin"

// Descriptors of the child before exec. The last two close by themselves at exec.
enum { FD_IN, FD_OUT, FD_ERR, FD_REPORT, FD_HOLD, FD_COUNT };
#define FD_ABOVE 10 // where they wait while 0…4 are filled

// What the child tells its parent: where it stands, or what failed.
typedef enum { STEP_PID, STEP_HELD, STEP_FORK, STEP_GROUP, STEP_FDS, STEP_LIMIT, STEP_CWD, STEP_EXEC } spawn_step;
struct report {
    spawn_step step;
    int error; // errno; 0 with STEP_PID and STEP_HELD
    pid_t pid;
};

static const char *const step_text[] = {
    [STEP_PID] = "report its number", [STEP_HELD] = "wait",
    [STEP_FORK] = "make a process",   [STEP_GROUP] = "make a process group",
    [STEP_FDS] = "arrange its files", [STEP_LIMIT] = "set its limits",
    [STEP_CWD] = "enter its folder",  [STEP_EXEC] = "start",
};

struct plan {
    const lrc_proc_options *o;
    const char *path; // of the file to execute
    int fd[FD_COUNT];
    struct rlimit nofile;
};

// The soft limit of open files before lrc_proc_raise_nofile(); 0 when that was not called. Children get it back.
static atomic_ullong nofile_before;

void lrc_proc_raise_nofile(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= r.rlim_max)
        return;
    atomic_store(&nofile_before, r.rlim_cur);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

// ---- In the child: async-signal-safe calls only ----------------------------------------------------------------------

_Noreturn static void child_fails(int report_fd, spawn_step step)
{
    const struct report r = {step, errno, getpid()};
    const ssize_t n = write(report_fd, &r, sizeof r);
    (void)n; // nobody left to tell
    _exit(EXIT_NOT_EXECUTED);
}

static void child_says(int report_fd, spawn_step step)
{
    const struct report r = {step, 0, getpid()};
    const ssize_t n = write(report_fd, &r, sizeof r);
    (void)n;
}

static void close_above(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    struct rlimit r; // an old kernel, or a container that forbids the call
    const unsigned last =
        getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < (1U << 20) ? (unsigned)r.rlim_cur : 1U << 20;
    for (unsigned fd = first; fd < last; fd++)
        close((int)fd);
}

static void child_files(const struct plan *p)
{
    int fd[FD_COUNT];
    for (int i = 0; i < FD_COUNT; i++) {
        fd[i] = p->fd[i];
        if (fd[i] < 0 && i <= FD_ERR)
            fd[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd[i] < 0 && i == FD_HOLD)
            continue;
        fd[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, FD_ABOVE);
        if (fd[i] < 0)
            child_fails(p->fd[FD_REPORT], STEP_FDS);
    }
    for (int i = 0; i < FD_COUNT; i++)
        if (fd[i] >= 0 && dup3(fd[i], i, i > FD_ERR ? O_CLOEXEC : 0) < 0)
            child_fails(fd[FD_REPORT], STEP_FDS);
    close_above(fd[FD_HOLD] >= 0 ? FD_COUNT : FD_HOLD);
}

static void child_signals(void)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        sigaction(i, &plain, NULL); // fails for KILL, STOP and the C library's own: as it should
}

static void child_limits(const struct plan *p)
{
    if (p->nofile.rlim_cur)
        setrlimit(RLIMIT_NOFILE, &p->nofile);
    for (size_t i = 0; i < p->o->limit_count; i++) {
        const lrc_proc_limit *l = &p->o->limits[i];
        struct rlimit r;
        if (getrlimit((__rlimit_resource_t)l->resource, &r) < 0)
            child_fails(FD_REPORT, STEP_LIMIT);
        r.rlim_cur = l->soft < r.rlim_max ? (rlim_t)l->soft : r.rlim_max;
        if (setrlimit((__rlimit_resource_t)l->resource, &r) < 0)
            child_fails(FD_REPORT, STEP_LIMIT);
    }
}

// Best effort: a machine without this file, or a group that does not take us, is no reason not to run.
static void child_places(const struct plan *p)
{
    if (p->o->cgroup >= 0 && write(p->o->cgroup, "0", 1) < 0)
        return;
}

static void child_oom_score(int adjust)
{
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    char text[8];
    size_t n = sizeof text;
    for (int rest = adjust; rest > 0 && n > 0; rest /= 10)
        text[--n] = (char)('0' + rest % 10);
    if (fd >= 0 && write(fd, text + n, sizeof text - n) < 0)
        errno = 0; // as above
    if (fd >= 0)
        close(fd);
}

_Noreturn static void child_main(const struct plan *p)
{
    child_signals();
    const lrc_proc_group group = p->o->group;
    if ((group == LRC_PROC_SESSION_OWN && setsid() < 0) || (group == LRC_PROC_GROUP_OWN && setpgid(0, 0) < 0))
        child_fails(p->fd[FD_REPORT], STEP_GROUP);
    child_places(p);
    child_files(p);
    child_limits(p);
    if (p->o->oom_score_adj > 0)
        child_oom_score(p->o->oom_score_adj);
    if (p->o->cwd && chdir(p->o->cwd) < 0)
        child_fails(FD_REPORT, STEP_CWD);
    child_says(FD_REPORT, p->o->held ? STEP_HELD : STEP_PID);
    if (p->o->held) {
        char go = 0;
        while (read(FD_HOLD, &go, 1) < 0 && errno == EINTR)
            continue;
        if (go != 1)
            _exit(EXIT_NOT_RELEASED);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(p->path, p->o->argv, p->o->env ? p->o->env : environ);
    child_fails(FD_REPORT, STEP_EXEC);
}

// ---- In the parent ---------------------------------------------------------------------------------------------------

static const char *path_of(char *const *env)
{
    for (char *const *e = env; env && *e; e++)
        if (lrc_str_starts(*e, "PATH="))
            return *e + strlen("PATH=");
    const char *own = env ? NULL : getenv("PATH");
    return own ? own : FALLBACK_PATH;
}

static int find_program(const lrc_proc_options *o, char **ret, lrc_err *err)
{
    const char *name = o->exe ? o->exe : o->argv[0];
    if (o->exe || strchr(name, '/'))
        return lrc_str_copy(ret, name, err);
    lrc_auto_strv lrc_strv folders = {0};
    if (lrc_strv_split(&folders, path_of(o->env), ':', err) < 0)
        return -1;
    for (size_t i = 0; i < folders.count; i++) {
        lrc_auto_free char *full = NULL;
        if (folders.item[i][0] != '/')
            continue; // would mean another file once the child is in its own folder
        if (lrc_path_join(&full, folders.item[i], name, err) < 0)
            return -1;
        if (access(full, X_OK) == 0 && lrc_fs_is_file(full)) {
            *ret = lrc_take(full);
            return 0;
        }
    }
    return lrc_fail(err, LRC_ERR_NOT_FOUND, "there is no program '%s' in the folders of PATH (%s)", name,
                    path_of(o->env));
}

// 1 and a report, or 0 at the end (the child has executed, or is gone).
static int read_report(int fd, struct report *ret)
{
    ssize_t n;
    do
        n = read(fd, ret, sizeof *ret);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *ret;
}

static int spawn_failed(const char *program, const lrc_proc_options *o, const struct report *r, lrc_err *err)
{
    errno = r->error;
    if (r->step == STEP_CWD && o)
        return lrc_fail_errno(err, "cannot start '%s' in the folder '%s'", program, o->cwd);
    if (r->step == STEP_EXEC)
        return lrc_fail_errno(err, "cannot start '%s'", program);
    return lrc_fail_errno(err, "cannot start '%s': it could not %s", program, step_text[r->step]);
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

// Fork once, or twice for an orphan. Returns the pid of our own child.
static pid_t fork_child(const struct plan *p)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // no handler of ours may run in the child
    const pid_t pid = fork();
    if (pid == 0) {
        const pid_t second = p->o->orphan ? fork() : 0;
        if (second < 0)
            child_fails(p->fd[FD_REPORT], STEP_FORK);
        if (second > 0)
            _exit(0);
        child_main(p);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static int open_channels(struct plan *p, int *ret_report, int *ret_hold, lrc_err *err)
{
    int report[2], hold[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return lrc_fail_errno(err, "cannot make a pipe");
    *ret_report = report[0];
    p->fd[FD_REPORT] = report[1];
    if (!p->o->held)
        return 0;
    // A socket rather than a pipe: writing to a child that is gone raises no SIGPIPE.
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hold) < 0)
        return lrc_fail_errno(err, "cannot make a socket");
    *ret_hold = hold[0];
    p->fd[FD_HOLD] = hold[1];
    return 0;
}

int lrc_proc_spawn(const lrc_proc_options *o, lrc_proc *ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (find_program(o, &path, err) < 0)
        return -1;
    struct plan plan = {.o = o, .path = path, .fd = {o->in, o->out, o->err, -1, -1}};
    lrc_auto_close int report_fd = -1, hold_fd = -1;
    const int opened = open_channels(&plan, &report_fd, &hold_fd, err);
    if (getrlimit(RLIMIT_NOFILE, &plan.nofile) == 0)
        plan.nofile.rlim_cur = (rlim_t)atomic_load(&nofile_before);
    pid_t pid = opened == 0 ? fork_child(&plan) : -1;
    if (opened == 0 && pid < 0)
        lrc_fail_errno_(err, "cannot make a process for '%s'", o->argv[0]);
    for (int i = FD_REPORT; i < FD_COUNT; i++)
        if (plan.fd[i] >= 0)
            close(plan.fd[i]);
    if (pid < 0)
        return -1;
    if (o->orphan)
        reap(pid);
    struct report r = {STEP_FORK, ECHILD, -1};
    int more = read_report(report_fd, &r);
    if (more && r.step == STEP_PID) { // an orphan's pid is known only to itself
        pid = r.pid;
        struct report next;
        more = read_report(report_fd, &next); // the end of the pipe is its exec
        r = more ? next : r;
    }
    if (r.error) {
        if (!o->orphan)
            reap(pid);
        return spawn_failed(o->argv[0], o, &r, err);
    }
    *ret = (lrc_proc){.pid = pid, .pidfd = -1, .hold_fd = -1, .report_fd = -1, .exe = o->argv[0]};
    if (!o->orphan)
        ret->pidfd = (int)syscall(SYS_pidfd_open, pid, 0); // closes at exec by itself
    if (o->held) {
        ret->hold_fd = lrc_take_fd(hold_fd);
        ret->report_fd = lrc_take_fd(report_fd);
    }
    return 0;
}

int lrc_proc_release(lrc_proc *p, lrc_err *err)
{
    const char go = 1;
    struct report r;
    if (send(p->hold_fd, &go, 1, MSG_NOSIGNAL) < 0)
        errno = 0; // it is gone already, which waiting for it will tell
    close(lrc_take_fd(p->hold_fd));
    const int failed = read_report(p->report_fd, &r);
    close(lrc_take_fd(p->report_fd));
    if (!failed)
        return 0;
    reap(p->pid);
    p->pid = -1;
    return spawn_failed(p->exe, NULL, &r, err);
}

static bool ended(lrc_proc *p, int timeout_ms)
{
    siginfo_t info = {0};
    if (p->pidfd >= 0) {
        struct pollfd poll_one = {.fd = p->pidfd, .events = POLLIN};
        poll(&poll_one, 1, timeout_ms);
    }
    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0;
}

int lrc_proc_wait(lrc_proc *p, int timeout_ms, lrc_proc_exit *ret, lrc_err *err)
{
    if (p->pid < 0)
        return lrc_fail(err, LRC_ERR_INTERNAL, "there is no process to wait for");
    const int64_t start = lrc_clock_mono_ms();
    int left = timeout_ms;
    while (!ended(p, left)) {
        const int64_t waited = lrc_clock_mono_ms() - start;
        if (timeout_ms >= 0 && waited >= timeout_ms)
            return 0;
        left = timeout_ms < 0 ? -1 : timeout_ms - (int)waited;
        if (p->pidfd < 0)
            lrc_clock_sleep_ms(left < 0 || left > POLL_MS ? POLL_MS : left);
    }
    int status = 0;
    lrc_proc_exit e = {0};
    pid_t got;
    do
        got = wait4(p->pid, &status, 0, &e.usage);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return lrc_fail_errno(err, "cannot wait for process %d", (int)p->pid);
    e.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    e.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (ret)
        *ret = e;
    p->pid = -1;
    return 1;
}

void lrc_proc_signal(const lrc_proc *p, int signal)
{
    if (p->pid > 0)
        kill(p->pid, signal); // not yet reaped, so the number is still its own
}

void lrc_proc_signal_group(const lrc_proc *p, int signal)
{
    if (p->pid > 0)
        kill(-p->pid, signal);
}

void lrc_proc_done(lrc_proc *p)
{
    if (p->pidfd >= 0)
        close(p->pidfd);
    if (p->hold_fd >= 0)
        close(p->hold_fd);
    if (p->report_fd >= 0)
        close(p->report_fd);
    *p = (lrc_proc)LRC_PROC_INIT;
}

void lrc_proc_kill(lrc_proc *p)
{
    if (p->pid > 0) {
        if (getpgid(p->pid) == p->pid)
            lrc_proc_signal_group(p, SIGKILL);
        lrc_proc_signal(p, SIGKILL);
        reap(p->pid);
    }
    lrc_proc_done(p);
}

void lrc_proc_exit_text(const lrc_proc_exit *e, char out[static 32])
{
    const char *name = e->signal ? sigabbrev_np(e->signal) : NULL;
    if (name)
        snprintf(out, 32, "killed by SIG%s", name);
    else if (e->signal)
        snprintf(out, 32, "killed by signal %d", e->signal);
    else
        snprintf(out, 32, "exit code %d", e->code);
}

int lrc_proc_self(char **ret, lrc_err *err)
{
    static const char self[] = "/proc/self/exe";
    char path[LRC_PATH_MAX];
    const ssize_t n = readlink(self, path, sizeof path - 1);
    if (n < 0)
        return lrc_fail_errno(err, "cannot find out the path of this program");
    path[n] = '\0';
    return lrc_str_copy(ret, access(path, X_OK) == 0 ? path : self, err); // replaced meanwhile: the link still works
}

int lrc_proc_sibling(const char *name, char **ret, lrc_err *err)
{
    lrc_auto_free char *self = NULL, *folder = NULL, *path = NULL;
    if (lrc_path_real(&self, NULL, "/proc/self/exe", err) < 0 || lrc_path_parent(&folder, self, err) < 0 ||
        lrc_path_join(&path, folder, name, err) < 0)
        return -1;
    if (access(path, X_OK) < 0)
        return lrc_fail(err, LRC_ERR_NOT_BUILT, "'%s' is missing: install Lorica again, or build it with ./dev build",
                        path);
    *ret = lrc_take(path);
    return 0;
}
