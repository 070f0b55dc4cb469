// SPDX-License-Identifier: MIT
#include "decoder/decoder.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"
#include "proc/spawn.h"
#include "json/json.h"

#define WORKER         "lorica-worker"
#define LINE_MAX_BYTES (64 << 10)
#define READ_CHUNK     4096
#define START_MS       20000 // for a new process to say that it is ready
#define OOM_SCORE_ADJ  500   // when memory runs out, the decoder goes first

// One process and the question it has.
struct child {
    lrc_proc proc;
    int fd; // -1: no process
    lrc_buf input;
    bool ready, sent;
    bool again;            // the question has cost a process already
    int64_t id;            // of the question
    lrc_decode_task *task; // NULL: idle
    int64_t deadline;      // monotonic ms
};

struct lrc_decoder {
    char *program;
    int timeout_ms;
    int64_t last_id;
    unsigned count;
    struct child child[LRC_DECODER_PROCESSES];
};

static unsigned cores(void)
{
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > LRC_DECODER_PROCESSES ? LRC_DECODER_PROCESSES : (unsigned)n;
}

int lrc_decoder_new(const lrc_decoder_options *options, lrc_decoder **ret, lrc_err *err)
{
    const lrc_decoder_options o = options ? *options : (lrc_decoder_options){0};
    lrc_auto_decoder lrc_decoder *d = calloc(1, sizeof *d);
    if (!d)
        return lrc_fail_memory(err);
    d->count = o.processes ? o.processes : cores();
    if (d->count > LRC_DECODER_PROCESSES)
        d->count = LRC_DECODER_PROCESSES;
    d->timeout_ms = o.timeout_ms ? o.timeout_ms : LRC_DECODER_TIMEOUT_MS;
    for (unsigned i = 0; i < LRC_DECODER_PROCESSES; i++)
        d->child[i] = (struct child){.proc = LRC_PROC_INIT, .fd = -1};
    if ((o.program ? lrc_str_copy(&d->program, o.program, err) : lrc_proc_sibling(WORKER, &d->program, err)) < 0)
        return -1;
    *ret = lrc_take(d);
    return 0;
}

// End the process; *ret_exit (may be NULL) says how it ended if it had done so by itself, else it is killed.
static void end_child(struct child *c, lrc_proc_exit *ret_exit)
{
    if (c->fd >= 0)
        close(lrc_take_fd(c->fd));
    lrc_buf_done(&c->input);
    if (ret_exit && lrc_proc_wait(&c->proc, START_MS, ret_exit, NULL) != 1)
        *ret_exit = (lrc_proc_exit){.code = -1, .signal = SIGKILL};
    lrc_proc_kill(&c->proc);
    c->proc = (lrc_proc)LRC_PROC_INIT;
    c->ready = c->sent = false;
}

void lrc_decoder_free(lrc_decoder *d)
{
    if (!d)
        return;
    for (unsigned i = 0; i < LRC_DECODER_PROCESSES; i++)
        end_child(&d->child[i], NULL);
    free(d->program);
    free(d);
}

static int start_child(lrc_decoder *d, struct child *c, lrc_err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return lrc_fail_errno(err, "cannot make a socket pair");
    char *argv[] = {d->program, (char[]){"image"}, NULL};
    lrc_proc_options o = LRC_PROC_OPTIONS_INIT;
    o.argv = argv;
    o.in = o.out = pair[1];
    o.oom_score_adj = OOM_SCORE_ADJ;
    const lrc_proc_limit no_core = {RLIMIT_CORE, 0};
    o.limits = &no_core;
    o.limit_count = 1;
    const int result = lrc_proc_spawn(&o, &c->proc, err);
    close(pair[1]);
    if (result < 0) {
        close(pair[0]);
        return lrc_wrap(err, "the image decoder cannot be started");
    }
    c->fd = pair[0];
    c->ready = c->sent = false;
    c->deadline = lrc_clock_mono_ms() + START_MS;
    lrc_buf_init(&c->input, LINE_MAX_BYTES);
    return 0;
}

// ---- Questions -------------------------------------------------------------------------------------------------------

static const char *const op_names[LRC_DECODE_MAX_] = {"probe", "check", "convert", "thumbnail"};

static int check_task(const lrc_decode_task *t, lrc_err *err)
{
    if (!lrc_utf8_valid(t->path, strlen(t->path)) || (t->out && !lrc_utf8_valid(t->out, strlen(t->out))))
        return lrc_fail(err, LRC_ERR_INVALID, "the file's name is not valid UTF-8");
    return 0;
}

// Send the line, with the open file when there is one beside its first byte. Smaller than a socket's buffer, and the
// process waits for it: never blocks. A process that is gone is noticed when its answer is read.
static void send_line(struct child *c, const lrc_buf *line, int file)
{
    for (size_t at = 0; at < line->len;) {
        struct iovec bytes = {line->data + at, line->len - at};
        struct msghdr m = {.msg_iov = &bytes, .msg_iovlen = 1};
        alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof file)] = {0};
        if (file > 0 && at == 0) {
            m.msg_control = control;
            m.msg_controllen = sizeof control;
            struct cmsghdr *h = CMSG_FIRSTHDR(&m);
            *h = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof file), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
            memcpy(CMSG_DATA(h), &file, sizeof file);
        }
        const ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            break;
        at += n > 0 ? (size_t)n : 0;
    }
}

static int send_task(struct child *c, lrc_err *err)
{
    const lrc_decode_task *t = c->task;
    lrc_auto_buf lrc_buf line;
    lrc_json_out out;
    lrc_buf_init(&line, LINE_MAX_BYTES);
    lrc_json_out_init(&out, &line, 0);
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "id", c->id);
    lrc_json_kstr(&out, "op", op_names[t->op]);
    lrc_json_kstr(&out, "path", t->path);
    if (t->out)
        lrc_json_kstr(&out, "out", t->out);
    if (t->format)
        lrc_json_kstr(&out, "format", t->format);
    lrc_json_kint(&out, "quality", t->quality);
    lrc_json_kint(&out, "size", t->size);
    if (t->fd > 0)
        lrc_json_kbool(&out, "fd", true);
    lrc_json_object_end(&out);
    lrc_buf_addc(&line, '\n');
    if (lrc_buf_check(&line, "a question", err) < 0)
        return -1;
    send_line(c, &line, t->fd);
    c->sent = true;
    return 0;
}

// ---- Answers ---------------------------------------------------------------------------------------------------------

static lrc_err_code code_of_word(const char *word)
{
    for (int code = LRC_OK + 1; code < LRC_ERR_MAX_; code++)
        if (strcmp(lrc_err_word((lrc_err_code)code), word) == 0)
            return (lrc_err_code)code;
    return LRC_ERR_INTERNAL;
}

static int parse_facts(const lrc_json *o, lrc_decode_facts *ret, lrc_err *err)
{
    int64_t width = 0, height = 0, pages = 1, orientation = 1;
    const char *format = "";
    bool alpha = false;
    if (lrc_json_int(o, "width", true, &width, err) < 0 || lrc_json_int(o, "height", true, &height, err) < 0 ||
        lrc_json_int(o, "pages", false, &pages, err) < 0 || lrc_json_str(o, "format", true, &format, err) < 0 ||
        lrc_json_int(o, "exif_orientation", false, &orientation, err) < 0 ||
        lrc_json_bool(o, "alpha", false, &alpha, err) < 0)
        return -1;
    *ret = (lrc_decode_facts){.width = (uint32_t)width,
                              .height = (uint32_t)height,
                              .pages = (uint32_t)pages,
                              .orientation = (int)orientation,
                              .alpha = alpha};
    snprintf(ret->format, sizeof ret->format, "%s", format);
    return 0;
}

// A line from the process. -1 when it makes no sense: the process is as good as crashed.
static int take_line(struct child *c, const char *text, size_t n, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    int64_t id = 0;
    bool ok = false;
    const char *code = "internal", *message = "";
    if (lrc_json_parse(text, n, &doc, err) < 0)
        return -1;
    const lrc_json *o = lrc_json_root(doc);
    if (lrc_json_get(o, "ready")) {
        c->ready = true;
        return 0;
    }
    lrc_decode_task *t = c->task;
    if (lrc_json_int(o, "id", true, &id, err) < 0 || lrc_json_bool(o, "ok", true, &ok, err) < 0)
        return -1;
    if (!t || id != c->id)
        return lrc_fail(err, LRC_ERR_INTERNAL, "an answer to no question");
    if (ok && parse_facts(o, &t->facts, err) < 0)
        return -1;
    if (!ok) {
        if (lrc_json_str(o, "code", true, &code, err) < 0 || lrc_json_str(o, "error", true, &message, err) < 0)
            return -1;
        lrc_fail_(&t->why, code_of_word(code), "%s", message);
    }
    t->ok = ok;
    c->task = NULL;
    return 0;
}

static int take_lines(struct child *c, lrc_err *err)
{
    const char *newline;
    while ((newline = memchr(c->input.data, '\n', c->input.len))) {
        const size_t n = (size_t)(newline - c->input.data);
        if (take_line(c, c->input.data, n, err) < 0)
            return -1;
        lrc_buf_consume(&c->input, n + 1);
    }
    return 0;
}

// The process is gone (`reason` NULL) or is no use any more: it is ended, and another one is started when there is
// something to ask. A question whose process went away is asked once more, because the file need not be what did it; then
// it fails. Fails itself when the process never got ready: then no other will.
static int lose_child(struct child *c, const char *reason, lrc_err *err)
{
    lrc_proc_exit how = {0};
    char ended[32];
    const bool was_ready = c->ready;
    end_child(c, reason ? NULL : &how);
    lrc_proc_exit_text(&how, ended);
    if (!was_ready)
        return lrc_fail(err, LRC_ERR_NOT_BUILT, "the image decoder does not start: %s; see 'lorica doctor'",
                        reason ? reason : ended);
    if (c->task && !reason && !c->again) {
        c->again = true;
        return 0;
    }
    if (c->task)
        lrc_fail_(&c->task->why, LRC_ERR_INVALID, "the image decoder gave up on it: %s", reason ? reason : ended);
    c->task = NULL;
    return 0;
}

static int read_child(struct child *c, lrc_err *err)
{
    char *room = lrc_buf_room(&c->input, READ_CHUNK);
    if (!room)
        return lose_child(c, "it said too much", err);
    const ssize_t n = recv(c->fd, room, READ_CHUNK, 0);
    if (n < 0 && errno == EINTR)
        return 0;
    if (n <= 0)
        return lose_child(c, NULL, err);
    lrc_buf_grew(&c->input, (size_t)n);
    lrc_err nonsense = LRC_ERR_INIT;
    return take_lines(c, &nonsense) == 0 ? 0 : lose_child(c, nonsense.msg, err);
}

// ---- The loop --------------------------------------------------------------------------------------------------------

struct round {
    lrc_decoder *d;
    lrc_decode_task *tasks;
    size_t count, next, done;
    void (*progress)(void *arg, size_t done, const lrc_decode_task *last);
    void *arg;
};

static void finished(struct round *r, const lrc_decode_task *t)
{
    r->done++;
    if (r->progress)
        r->progress(r->arg, r->done, t);
}

// The next task that can be asked at all; NULL when there is none left.
static lrc_decode_task *next_task(struct round *r)
{
    while (r->next < r->count) {
        lrc_decode_task *t = &r->tasks[r->next++];
        t->ok = false;
        t->why = (lrc_err)LRC_ERR_INIT;
        if (check_task(t, &t->why) == 0)
            return t;
        finished(r, t);
    }
    return NULL;
}

// Give every idle process something to do.
static int feed(struct round *r, lrc_err *err)
{
    lrc_decoder *d = r->d;
    for (unsigned i = 0; i < d->count; i++) {
        struct child *c = &d->child[i];
        if (!c->task) {
            c->task = next_task(r);
            c->id = ++d->last_id;
            c->sent = c->again = false;
        }
        if (!c->task)
            continue;
        if (c->fd < 0 && start_child(d, c, err) < 0)
            return -1;
        if (c->ready && !c->sent) {
            c->deadline = lrc_clock_mono_ms() + d->timeout_ms;
            if (send_task(c, err) < 0)
                return -1;
        }
    }
    return 0;
}

// Wait until something happens to a process that has a task, and deal with it.
static int wait_for_answers(struct round *r, lrc_err *err)
{
    struct pollfd fds[LRC_DECODER_PROCESSES];
    struct child *waiting[LRC_DECODER_PROCESSES];
    nfds_t n = 0;
    int64_t now = lrc_clock_mono_ms(), first = now + r->d->timeout_ms;
    for (unsigned i = 0; i < r->d->count; i++) {
        struct child *c = &r->d->child[i];
        if (!c->task)
            continue;
        fds[n] = (struct pollfd){.fd = c->fd, .events = POLLIN};
        waiting[n++] = c;
        first = c->deadline < first ? c->deadline : first;
    }
    if (n == 0)
        return 0;
    if (poll(fds, n, first > now ? (int)(first - now) : 0) < 0 && errno != EINTR)
        return lrc_fail_errno(err, "cannot wait for the image decoder");
    now = lrc_clock_mono_ms();
    for (nfds_t i = 0; i < n; i++) {
        struct child *c = waiting[i];
        const lrc_decode_task *t = c->task;
        if (fds[i].revents && read_child(c, err) < 0)
            return -1;
        if (c->task && c->fd >= 0 && now >= c->deadline && lose_child(c, "it took too long", err) < 0)
            return -1;
        if (!c->task)
            finished(r, t);
    }
    return 0;
}

// No decoder, no answers.
static void give_up(struct round *r, const lrc_err *why)
{
    for (unsigned i = 0; i < r->d->count; i++) {
        struct child *c = &r->d->child[i];
        if (c->task)
            c->task->why = *why;
        if (c->task)
            end_child(c, NULL);
        c->task = NULL;
    }
    for (; r->next < r->count; r->next++) {
        r->tasks[r->next].ok = false;
        r->tasks[r->next].why = *why;
    }
}

int lrc_decoder_run(lrc_decoder *d, lrc_decode_task *tasks, size_t count,
                    void (*progress)(void *, size_t, const lrc_decode_task *), void *arg, lrc_err *err)
{
    struct round r = {d, tasks, count, 0, 0, progress, arg};
    lrc_err why = LRC_ERR_INIT;
    while (r.done < count)
        if (feed(&r, &why) < 0 || wait_for_answers(&r, &why) < 0) {
            give_up(&r, &why);
            if (err)
                *err = why;
            return -1;
        }
    return 0;
}
