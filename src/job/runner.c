// SPDX-License-Identifier: MIT
// The runner: one process per job, single-threaded, that starts the child, watches, stops and reaps it, and writes down
// what became of it. The order of its steps is what makes a job start at most once; see job.h.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/path.h"
#include "job/child.h"
#include "job/marks.h"
#include "job/schedule.h"
#include "proc/tree.h"

#define LOCK_WAIT_MS   2000 // others hold the lock only for moments, to judge the job
#define MARK_FIRST_MS  50   // from new bytes to their mark
#define MARK_EVERY_MS  250  // between marks while more comes
#define LOOK_MS        1000 // between looks around when nothing tells of a change
#define LEFT_GRACE_MS  2000 // that processes which the child left behind get to end by themselves
#define LEFT_TERM_MS   1000 // and after TERM, before KILL
#define LEFT_KILL_MS   5000 // and after KILL, before they are given up (stuck in the kernel)
#define LEFT_LOOK_MS   20
#define WRITE_RETRY_MS 2000 // between attempts to write the end down on a full disk
#define WRITE_RETRIES  900  // half an hour of them
#define DEFAULT_GRACE  10   // seconds, when the runner itself is told to end

struct runner {
    const char *folder; // as it was when we began: what the child is told
    char at[32];        // the same through its descriptor: right also when a person moves the workspace
    int dir;            // that descriptor
    const lrc_runner_options *options;
    const lrc_job_kind *kind;
    lrc_job_spec spec;
    lrc_job_status status;
    lrc_job_stop_request stop;
    lrc_proc child;
    lrc_marker marker;
    int lock, signals, changes; // descriptors
    int64_t kill_at;            // monotonic ms; 0: no stop is under way
    bool killed;                // by us
    int64_t mark_at;            // monotonic ms; 0: nothing new was seen
    int64_t marked_at, looked_at;
    unsigned long long oom_kills; // at the last look
};

static void reached(const struct runner *r, lrc_runner_point point)
{
    if (r->options && r->options->at)
        r->options->at(r->options->arg, point);
}

static int write_status(const struct runner *r, lrc_err *err)
{
    return lrc_job_status_write(r->at, &r->status, err);
}

// Was the folder removed under us? Then nobody can ask us anything, and nobody will.
static bool is_gone(const struct runner *r)
{
    struct stat st;
    return fstat(r->dir, &st) == 0 && st.st_nlink == 0;
}

// Something that must be known must be written; the disk may get space again.
static int write_surely(const struct runner *r, lrc_err *err)
{
    for (int i = 0; write_status(r, err) < 0; i++) {
        if (i == 0)
            lrc_log(LRC_LOG_ERROR, "cannot write the state down, trying on: %s", err->msg);
        if (i == WRITE_RETRIES || is_gone(r))
            return -1;
        lrc_clock_sleep_ms(WRITE_RETRY_MS);
    }
    return 0;
}

// ---- Beginning -------------------------------------------------------------------------------------------------------

// 1: go on; 0: nothing to do for this runner.
static int take_job(struct runner *r, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    lrc_err why = LRC_ERR_INIT;
    if (lrc_path_join(&path, r->at, LRC_JOB_LOCK, err) < 0)
        return -1;
    if (lrc_lock_take(path, LOCK_WAIT_MS, &r->lock, &why) < 0) {
        if (why.code == LRC_ERR_BUSY)
            return 0; // another runner has it
        if (err)
            *err = why;
        return -1;
    }
    reached(r, LRC_RUNNER_LOCKED);
    if (lrc_job_status_read(r->at, &r->status, err) < 0 || lrc_job_spec_read(r->at, &r->spec, err) < 0)
        return -1;
    if (r->status.child.pid || lrc_job_state_final(r->status.state))
        return 0; // it may have run: never again
    r->kind = lrc_job_kind_find(r->spec.kind);
    return lrc_proc_id_of(getpid(), &r->status.runner, err) < 0 ? -1 : 1;
}

static int open_watches(struct runner *r, lrc_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    for (const int *s = (const int[]){SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, 0}; *s; s++)
        sigaddset(&set, *s);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return lrc_fail_errno(err, "cannot block signals");
    r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r->signals < 0)
        return lrc_fail_errno(err, "cannot watch for signals");
    r->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK); // -1: none left on this machine; looks do as well, slower
    if (r->changes >= 0 &&
        inotify_add_watch(r->changes, r->at, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
        close(lrc_take_fd(r->changes));
    if (lrc_proc_become_subreaper(err) < 0)
        lrc_log(LRC_LOG_WARN, "%s: processes that the job leaves behind may not be found", err->msg);
    return 0;
}

static int end_unstarted(struct runner *r, const char *reason, lrc_err *err)
{
    r->status.state = LRC_JOB_FAILED;
    r->status.ended_ms = lrc_clock_now_ms();
    r->status.started_ms = 0;
    r->status.child = (lrc_proc_id){0};
    return lrc_job_status_set_reason(&r->status, reason, err) < 0 ? -1 : write_surely(r, err);
}

// Steps 3 to 5 of an exactly-once start. 1: the child runs; 0: it never will, which is written down.
static int start_child(struct runner *r, lrc_err *err)
{
    lrc_err why = LRC_ERR_INIT;
    lrc_auto_free char *cgroup = NULL;
    if (!r->kind)
        return end_unstarted(r, "this program does not know this kind of job", err);
    if (lrc_job_child_fork(r->folder, &r->spec, r->kind, &r->child, &cgroup, &why) < 0)
        return end_unstarted(r, why.msg, err);
    free(r->status.cgroup);
    r->status.cgroup = lrc_take(cgroup);
    reached(r, LRC_RUNNER_FORKED);
    r->status.state = LRC_JOB_RUNNING;
    r->status.started_ms = lrc_clock_now_ms();
    if (lrc_proc_id_of(r->child.pid, &r->status.child, err) < 0 || write_status(r, err) < 0)
        return -1; // it has not run: lrc_job_runner_main() closes its pipe, and it ends
    reached(r, LRC_RUNNER_RECORDED);
    if (lrc_proc_release(&r->child, &why) < 0)
        return end_unstarted(r, why.msg, err);
    reached(r, LRC_RUNNER_RELEASED);
    return 1;
}

// ---- Watching --------------------------------------------------------------------------------------------------------

static void kill_all(struct runner *r)
{
    r->killed = true;
    lrc_proc_signal_group(&r->child, SIGKILL);
    if (r->status.cgroup[0])
        lrc_proc_cgroup_kill(r->status.cgroup);
    lrc_proc_signal_children(r->child.pid, SIGKILL);
}

static void ask_to_end(struct runner *r, int64_t grace_ms)
{
    lrc_err err = LRC_ERR_INIT;
    const int64_t at = lrc_clock_mono_ms() + (grace_ms > 0 ? grace_ms : 0);
    if (r->kill_at == 0 || at < r->kill_at)
        r->kill_at = at;
    if (r->status.term_sent)
        return;
    r->status.term_sent = true;
    if (write_status(r, &err) < 0)
        lrc_log(LRC_LOG_WARN, "stopping: %s", err.msg);
    lrc_proc_signal_group(&r->child, SIGTERM);
}

// A stop was asked for, perhaps again.
static void heed_stop(struct runner *r)
{
    lrc_job_stop_request stop;
    lrc_job_stop_read(r->at, &stop);
    if (!stop.asked || (stop.times == r->stop.times && stop.asked_ms == r->stop.asked_ms))
        return;
    r->stop = stop;
    ask_to_end(r, stop.asked_ms + stop.grace_s * INT64_C(1000) - lrc_clock_now_ms());
}

static int own_grace_s(const struct runner *r)
{
    return r->spec.grace_s >= 0 ? r->spec.grace_s : DEFAULT_GRACE;
}

// The runner itself was told to end, by a shutdown perhaps: the job ends with it, in order.
static void stop_with_us(struct runner *r, const char *signal_name)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_job_stop_request stop;
    lrc_job_stop_read(r->at, &stop);
    if (!stop.asked) {
        stop.asked_ms = lrc_clock_now_ms();
        stop.grace_s = own_grace_s(r);
        snprintf(stop.reason, sizeof stop.reason, "its runner was told to end by SIG%s", signal_name);
    }
    stop.times++;
    if (lrc_job_stop_write(r->at, &stop, &err) < 0)
        lrc_log(LRC_LOG_ERROR, "%s", err.msg);
    heed_stop(r);
}

static void heed_signals(struct runner *r)
{
    struct signalfd_siginfo info;
    while (read(r->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            lrc_proc_reap_children(r->child.pid); // others that it inherited
        else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            stop_with_us(r, sigabbrev_np((int)info.ssi_signo));
    }
}

// A mark soon after the log grew, and not too many of them.
static void keep_marks(struct runner *r)
{
    lrc_err err = LRC_ERR_INIT;
    bool more = false;
    if (lrc_marker_advance(&r->marker, lrc_clock_now_ms(), &more, &err) < 0) {
        lrc_log(LRC_LOG_WARN, "log.idx: %s", err.msg); // times are a comfort: the job goes on without
        lrc_marker_close(&r->marker);
    }
    r->marked_at = lrc_clock_mono_ms();
    r->mark_at = more ? r->marked_at : 0;
}

static void heed_changes(struct runner *r)
{
    char events[4096];
    bool any = false;
    while (r->changes >= 0 && read(r->changes, events, sizeof events) > 0)
        any = true;
    if (!any || r->mark_at)
        return;
    const int64_t soon = lrc_clock_mono_ms() + MARK_FIRST_MS, next = r->marked_at + MARK_EVERY_MS;
    r->mark_at = next > soon ? next : soon;
}

static int next_wake(const struct runner *r)
{
    const int64_t now = lrc_clock_mono_ms();
    int64_t at = r->looked_at + LOOK_MS;
    if (r->mark_at && r->mark_at < at)
        at = r->mark_at;
    if (r->kill_at && !r->killed && r->kill_at < at)
        at = r->kill_at;
    if (r->child.pidfd < 0 && at > now + LEFT_LOOK_MS)
        at = now + LEFT_LOOK_MS; // no pidfd on this kernel
    return at > now ? (int)(at - now) : 0;
}

static void look_around(struct runner *r, int64_t now)
{
    if (now - r->looked_at < LOOK_MS)
        return;
    r->looked_at = now;
    r->oom_kills = lrc_proc_oom_kills();
    if (r->kill_at == 0 && is_gone(r)) // it would hold the GPU with nobody left who knows of it
        ask_to_end(r, own_grace_s(r) * INT64_C(1000));
}

// Until the child has ended and is reaped.
static int watch_child(struct runner *r, lrc_proc_exit *ret, lrc_err *err)
{
    for (;;) {
        // While a mark is due the log is known to grow: being told of each write would only cost time.
        struct pollfd fds[3] = {
            {r->child.pidfd, POLLIN, 0}, {r->signals, POLLIN, 0}, {r->mark_at ? -1 : r->changes, POLLIN, 0}};
        poll(fds, 3, next_wake(r));
        const int ended = lrc_proc_wait(&r->child, 0, ret, err);
        if (ended != 0)
            return ended < 0 ? -1 : 0;
        heed_signals(r);
        heed_changes(r);
        heed_stop(r);
        const int64_t now = lrc_clock_mono_ms();
        look_around(r, now);
        if (r->kill_at && now >= r->kill_at)
            kill_all(r);
        if (r->marker.log_fd >= 0 && (r->mark_at ? now >= r->mark_at : now - r->marked_at >= LOOK_MS))
            keep_marks(r);
    }
}

// ---- Ending ----------------------------------------------------------------------------------------------------------

static int64_t timeval_ms(const struct timeval *t)
{
    return (int64_t)t->tv_sec * 1000 + t->tv_usec / 1000;
}

static void note_exit(struct runner *r, const lrc_proc_exit *e)
{
    lrc_job_status *s = &r->status;
    s->ended_ms = lrc_clock_now_ms();
    s->exited = true;
    s->exit_code = e->code;
    s->exit_signal = e->signal;
    s->user_ms = timeval_ms(&e->usage.ru_utime);
    s->system_ms = timeval_ms(&e->usage.ru_stime);
    s->max_rss_kib = e->usage.ru_maxrss;
    s->oom_kill = e->signal == SIGKILL && !r->killed && lrc_proc_oom_kills() > r->oom_kills;
}

// Wait until no child is left, at most this long.
static bool all_gone(int patience_ms)
{
    for (const int64_t start = lrc_clock_mono_ms(); lrc_proc_reap_children(0) > 0;) {
        if (lrc_clock_mono_ms() - start >= patience_ms)
            return false;
        lrc_clock_sleep_ms(LEFT_LOOK_MS);
    }
    return true;
}

// What the child left behind ends too: it would hold memory of the GPU, and write into a log that is said to be whole.
static void end_left_behind(struct runner *r)
{
    lrc_err err = LRC_ERR_INIT;
    if (lrc_proc_reap_children(0) == 0)
        return;
    if (write_status(r, &err) < 0) // the exit is known: it must not be lost while we wait
        lrc_log(LRC_LOG_WARN, "%s", err.msg);
    if (!r->status.term_sent && all_gone(LEFT_GRACE_MS))
        return;
    r->status.left_behind = (int)lrc_proc_signal_children(0, SIGTERM);
    if (all_gone(LEFT_TERM_MS))
        return;
    if (r->status.cgroup[0])
        lrc_proc_cgroup_kill(r->status.cgroup);
    for (const int64_t start = lrc_clock_mono_ms(); lrc_clock_mono_ms() - start < LEFT_KILL_MS;) {
        lrc_proc_signal_children(0, SIGKILL); // each one's own children come to us when it is gone
        if (all_gone(LEFT_LOOK_MS))
            return;
    }
    lrc_log(LRC_LOG_ERROR, "processes that the job left behind could not be killed");
}

static int end_job(struct runner *r, const lrc_proc_exit *e, lrc_err *err)
{
    note_exit(r, e);
    reached(r, LRC_RUNNER_ENDED);
    end_left_behind(r);
    lrc_proc_cgroup_remove(r->status.cgroup[0] ? r->status.cgroup : NULL);
    for (r->mark_at = 1; r->marker.log_fd >= 0 && r->mark_at;)
        keep_marks(r);
    lrc_job_stop_read(r->at, &r->stop);
    if (lrc_job_conclude(&r->status, &r->stop, err) < 0 || lrc_job_check_result(&r->status, &r->spec, err) < 0 ||
        write_surely(r, err) < 0)
        return -1;
    reached(r, LRC_RUNNER_FINAL);
    return 0;
}

// ---- The whole -------------------------------------------------------------------------------------------------------

static int open_marker(struct runner *r, lrc_err *err)
{
    lrc_auto_free char *log = NULL, *idx = NULL;
    return lrc_path_join(&log, r->at, LRC_JOB_LOG, err) < 0 || lrc_path_join(&idx, r->at, LRC_JOB_MARKS, err) < 0
               ? -1
               : lrc_marker_open(&r->marker, log, idx, err);
}

static int run(struct runner *r, lrc_err *err)
{
    const int mine = take_job(r, err);
    if (mine <= 0)
        return mine;
    if (open_watches(r, err) < 0)
        return -1;
    lrc_job_stop_read(r->at, &r->stop);
    if (r->stop.asked) { // before it began
        r->status.ended_ms = lrc_clock_now_ms();
        return lrc_job_conclude(&r->status, &r->stop, err) < 0 ? -1 : write_surely(r, err);
    }
    r->oom_kills = lrc_proc_oom_kills();
    const int started = start_child(r, err);
    if (started <= 0)
        return started;
    lrc_err why = LRC_ERR_INIT;
    if (open_marker(r, &why) < 0)
        lrc_log(LRC_LOG_WARN, "log.idx: %s", why.msg);
    lrc_proc_exit e;
    return watch_child(r, &e, err) < 0 ? -1 : end_job(r, &e, err);
}

// The queue goes on without a server: the last deed of a runner is to start what waited for it.
static void start_next(const struct runner *r)
{
    lrc_auto_free char *now = NULL, *jobs = NULL, *state = NULL, *root = NULL;
    lrc_auto_workspace lrc_workspace ws = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_path_real(&now, NULL, r->at, &err) < 0 || lrc_path_parent(&jobs, now, &err) < 0 ||
        lrc_path_parent(&state, jobs, &err) < 0 || lrc_path_parent(&root, state, &err) < 0 ||
        lrc_workspace_open(root, false, &ws, &err) < 0 || lrc_job_schedule_once(&ws, &err) < 0)
        lrc_log(LRC_LOG_WARN, "cannot start the next job: %s", err.msg);
}

static int open_folder(struct runner *r, lrc_err *err)
{
    if (r->folder[0] != '/')
        return lrc_fail(err, LRC_ERR_INVALID, "the job's folder '%s' is not absolute", r->folder);
    r->dir = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->dir < 0)
        return lrc_fail_errno(err, "cannot open the job's folder '%s'", r->folder);
    snprintf(r->at, sizeof r->at, "/proc/self/fd/%d", r->dir);
    return 0;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

int lrc_job_runner_main(const char *folder, const lrc_runner_options *options, lrc_err *err)
{
    struct runner r = {.folder = folder,
                       .dir = -1,
                       .options = options,
                       .child = LRC_PROC_INIT,
                       .marker = LRC_MARKER_INIT,
                       .lock = -1,
                       .signals = -1,
                       .changes = -1};
    lrc_err own = LRC_ERR_INIT;
    err = err ? err : &own;
    const int result = open_folder(&r, err) < 0 ? -1 : run(&r, err);
    lrc_proc_kill(&r.child); // only when we fail: else it is reaped
    lrc_marker_close(&r.marker);
    close_if_open(r.signals);
    close_if_open(r.changes);
    close_if_open(r.lock); // from now on the job has no runner
    if (lrc_job_state_final(r.status.state) && !is_gone(&r))
        start_next(&r);
    close_if_open(r.dir);
    lrc_job_spec_done(&r.spec);
    lrc_job_status_done(&r.status);
    return result;
}
