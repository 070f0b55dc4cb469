// SPDX-License-Identifier: MIT
#include "proc/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "base/buf.h"
#include "base/clock.h"

#define CHUNK   4096
#define POLL_MS 20 // between looks at the child, where there is no pidfd

struct stream {
    int fd; // -1 at its end
    lrc_buf text;
    size_t max;
    bool cut;
};

static void close_stream(struct stream *s)
{
    if (s->fd >= 0)
        close(lrc_take_fd(s->fd));
}

// Read what is there without waiting.
static void drain(struct stream *s)
{
    char chunk[CHUNK];
    while (s->fd >= 0) {
        const ssize_t n = read(s->fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            close_stream(s);
            return;
        }
        const size_t room = s->max - s->text.len;
        lrc_buf_add(&s->text, chunk, (size_t)n < room ? (size_t)n : room);
        s->cut = s->cut || (size_t)n > room;
    }
}

static int open_stream(struct stream *s, int *ret_child_end, size_t max, lrc_err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return lrc_fail_errno(err, "cannot make a pipe");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    s->fd = ends[0];
    s->max = max;
    *ret_child_end = ends[1];
    return 0;
}

// Until the child has ended; a grandchild that keeps the pipe open is not waited for.
static int follow(lrc_proc *p, struct stream s[2], int timeout_ms, lrc_captured *c, lrc_err *err)
{
    const int64_t start = lrc_clock_mono_ms();
    for (;;) {
        struct pollfd fds[3] = {{s[0].fd, POLLIN, 0}, {s[1].fd, POLLIN, 0}, {p->pidfd, POLLIN, 0}};
        const int64_t waited = lrc_clock_mono_ms() - start;
        const int left = waited >= timeout_ms ? 0 : (int)(timeout_ms - waited);
        poll(fds, 3, p->pidfd < 0 && left > POLL_MS ? POLL_MS : left);
        drain(&s[0]);
        drain(&s[1]);
        const int done = lrc_proc_wait(p, 0, &c->how, err);
        if (done != 0) {
            drain(&s[0]);
            drain(&s[1]);
            return done < 0 ? -1 : 0;
        }
        if (left == 0 && !c->timed_out) {
            c->timed_out = true;
            lrc_proc_signal_group(p, SIGKILL);
            if (lrc_proc_wait(p, -1, &c->how, err) < 0)
                return -1;
            return 0;
        }
    }
}

int lrc_proc_capture(char *const *argv, char *const *env, int timeout_ms, size_t max_bytes, lrc_captured *ret,
                     lrc_err *err)
{
    struct stream s[2] = {{.fd = -1}, {.fd = -1}};
    lrc_auto_close int out = -1, error = -1;
    lrc_auto_proc lrc_proc p = LRC_PROC_INIT;
    lrc_captured c = {0};
    lrc_buf_init(&s[0].text, max_bytes);
    lrc_buf_init(&s[1].text, max_bytes);
    int result = open_stream(&s[0], &out, max_bytes, err);
    if (result == 0)
        result = open_stream(&s[1], &error, max_bytes, err);
    if (result == 0) {
        const lrc_proc_options o = {.argv = argv,
                                    .env = env,
                                    .in = LRC_PROC_NULL,
                                    .out = out,
                                    .err = error,
                                    .group = LRC_PROC_GROUP_OWN,
                                    .cgroup = -1};
        result = lrc_proc_spawn(&o, &p, err);
    }
    if (result == 0) {
        close(lrc_take_fd(out)); // the child has its own
        close(lrc_take_fd(error));
        result = follow(&p, s, timeout_ms, &c, err);
    }
    if (result == 0)
        result = lrc_buf_take(&s[0].text, argv[0], &c.out, &c.out_len, err);
    if (result == 0)
        result = lrc_buf_take(&s[1].text, argv[0], &c.err, &c.err_len, err);
    c.cut = s[0].cut || s[1].cut;
    for (int i = 0; i < 2; i++) {
        close_stream(&s[i]);
        lrc_buf_done(&s[i].text);
    }
    if (result < 0)
        lrc_captured_done(&c);
    else
        *ret = c;
    return result;
}

void lrc_captured_done(lrc_captured *c)
{
    free(c->out);
    free(c->err);
    *c = (lrc_captured){0};
}
