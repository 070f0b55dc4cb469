// SPDX-License-Identifier: MIT
#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fs.h"
#include "base/log.h"
#include "image/file.h"
#include "image/open.h"
#include "json/json.h"

#define LINE_MAX_BYTES (64 << 10) // a request is two paths and a few numbers
#define READ_CHUNK     4096
#define SIZE_MIN       16 // of thumbnails, pixels
#define SIZE_MAX_PX    2048

struct request {
    int64_t id;
    const char *op, *path, *out, *format; // borrowed from the parsed line
    int64_t quality, size;
    bool passed; // the file itself comes beside the line
    int fd;      // of the file, when it was passed; borrowed
};

static int parse_request(const lrc_json *o, struct request *r, lrc_err *err)
{
    if (lrc_json_int(o, "id", true, &r->id, err) < 0 || lrc_json_str(o, "op", true, &r->op, err) < 0 ||
        lrc_json_str(o, "path", true, &r->path, err) < 0 || lrc_json_str(o, "out", false, &r->out, err) < 0 ||
        lrc_json_str(o, "format", false, &r->format, err) < 0 ||
        lrc_json_int(o, "quality", false, &r->quality, err) < 0 || lrc_json_int(o, "size", false, &r->size, err) < 0 ||
        lrc_json_bool(o, "fd", false, &r->passed, err) < 0)
        return -1;
    if (r->passed && r->fd < 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "fd", "no file came with the request");
    if (r->quality < 0 || r->quality > 100)
        return lrc_fail_field(err, LRC_ERR_INVALID, "quality", "quality must be between 0 and 100");
    return 0;
}

// ---- Operations ------------------------------------------------------------------------------------------------------

static int run_probe(const struct request *r, lrc_image_facts *ret, lrc_err *err)
{
    return r->passed ? lrc_image_probe_fd(r->fd, r->path, ret, err) : lrc_image_probe(r->path, ret, err);
}

static int run_check(const struct request *r, lrc_image_facts *ret, lrc_err *err)
{
    return lrc_image_check(r->path, ret, err);
}

static int run_convert(const struct request *r, lrc_image_facts *ret, lrc_err *err)
{
    static const struct {
        const char *name;
        lrc_image_target target;
    } formats[] = {{"png", LRC_IMAGE_TO_PNG}, {"webp", LRC_IMAGE_TO_WEBP}, {"jpeg", LRC_IMAGE_TO_JPEG}};
    for (size_t i = 0; r->format && i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(r->format, formats[i].name) == 0)
            return lrc_image_convert(r->path, r->out, formats[i].target, (int)r->quality, ret, err);
    return lrc_fail_field(err, LRC_ERR_INVALID, "format", "format must be png, webp or jpeg");
}

static int run_thumbnail(const struct request *r, lrc_image_facts *ret, lrc_err *err)
{
    if (r->size < SIZE_MIN || r->size > SIZE_MAX_PX)
        return lrc_fail_field(err, LRC_ERR_INVALID, "size", "size must be between %d and %d", SIZE_MIN, SIZE_MAX_PX);
    lrc_auto_close int opened = -1;
    if (!r->passed && (opened = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
        return lrc_fail_errno(err, "cannot read '%s'", r->path);
    const int fd = r->passed ? r->fd : opened;
    return lrc_image_probe_fd(fd, r->path, ret, err) < 0 ? -1
                                                         : lrc_image_thumbnail(fd, r->path, r->out, (int)r->size, err);
}

static const struct {
    const char *name;
    bool writes; // needs `out`
    int (*run)(const struct request *r, lrc_image_facts *ret, lrc_err *err);
} operations[] = {
    {"probe", false, run_probe},
    {"check", false, run_check},
    {"convert", true, run_convert},
    {"thumbnail", true, run_thumbnail},
};

static int run(const struct request *r, lrc_image_facts *ret, lrc_err *err)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(r->op, operations[i].name) != 0)
            continue;
        if (operations[i].writes && !r->out)
            return lrc_fail_field(err, LRC_ERR_INVALID, "out", "'%s' needs 'out'", r->op);
        return operations[i].run(r, ret, err);
    }
    return lrc_fail_field(err, LRC_ERR_INVALID, "op", "there is no operation '%.40s'", r->op);
}

// ---- Lines in, lines out -----------------------------------------------------------------------------------------------

static void put_facts(lrc_json_out *out, const lrc_image_facts *f)
{
    lrc_json_kint(out, "width", f->width);
    lrc_json_kint(out, "height", f->height);
    lrc_json_kstr(out, "format", f->type->name);
    lrc_json_kbool(out, "alpha", f->alpha);
    lrc_json_kint(out, "exif_orientation", f->orientation);
    lrc_json_kint(out, "pages", f->pages);
}

static int send_line(lrc_buf *line, lrc_err *err)
{
    lrc_buf_addc(line, '\n');
    return lrc_buf_check(line, "the answer", err) < 0
               ? -1
               : lrc_fs_write_fd(STDOUT_FILENO, line->data, line->len, "the answer", err);
}

static int answer(const char *text, size_t n, int file, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_buf lrc_buf line;
    lrc_json_out out;
    lrc_err why = LRC_ERR_INIT;
    lrc_image_facts facts;
    struct request r = {.id = -1, .fd = file};
    lrc_buf_init(&line, LINE_MAX_BYTES);
    lrc_json_out_init(&out, &line, 0);
    const bool ok = lrc_json_parse(text, n, &doc, &why) == 0 && parse_request(lrc_json_root(doc), &r, &why) == 0 &&
                    run(&r, &facts, &why) == 0;
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "id", r.id);
    lrc_json_kbool(&out, "ok", ok);
    if (ok) {
        put_facts(&out, &facts);
    } else {
        lrc_json_kstr(&out, "code", lrc_err_word(why.code));
        lrc_json_kstr(&out, "error", why.msg);
    }
    lrc_json_object_end(&out);
    return send_line(&line, err);
}

// Says that this process works and waits for requests.
static int greet(lrc_err *err)
{
    lrc_auto_buf lrc_buf line;
    lrc_buf_init(&line, READ_CHUNK);
    lrc_buf_adds(&line, "{\"ready\":true}");
    return send_line(&line, err);
}

// Bytes of requests, and the file that came beside them: as read(2), for a socket or anything else. A file that nobody
// asked about before the next one comes is closed.
static ssize_t receive(void *room, size_t n, int *file)
{
    struct iovec bytes = {room, n};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr m = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    const ssize_t got = recvmsg(STDIN_FILENO, &m, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == ENOTSOCK)
        return read(STDIN_FILENO, room, n);
    const struct cmsghdr *h = got > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS) {
        if (*file >= 0)
            close(*file);
        memcpy(file, CMSG_DATA(h), sizeof *file);
    }
    return got;
}

// Answer the whole lines in `input` and drop them from it. A file belongs to the line that it came with.
static int answer_lines(lrc_buf *input, int *file, lrc_err *err)
{
    const char *newline;
    while ((newline = memchr(input->data, '\n', input->len))) {
        const size_t n = (size_t)(newline - input->data);
        lrc_auto_close int mine = *file;
        *file = -1;
        if (answer(input->data, n, mine, err) < 0)
            return -1;
        lrc_buf_consume(input, n + 1);
    }
    return 0;
}

static int serve(lrc_err *err)
{
    lrc_auto_buf lrc_buf input;
    lrc_auto_close int file = -1;
    lrc_buf_init(&input, LINE_MAX_BYTES);
    if (greet(err) < 0)
        return -1;
    for (;;) {
        char *room = lrc_buf_room(&input, READ_CHUNK);
        if (!room)
            return lrc_buf_check(&input, "a request", err);
        const ssize_t n = receive(room, READ_CHUNK, &file);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lrc_fail_errno(err, "cannot read requests");
        if (n == 0)
            return 0; // whoever asked is gone
        lrc_buf_grew(&input, (size_t)n);
        if (answer_lines(&input, &file, err) < 0)
            return -1;
    }
}

int lrc_worker_image(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_image_init(&err) == 0 && serve(&err) == 0)
        return 0;
    lrc_log(LRC_LOG_ERROR, "%s", err.msg);
    return lrc_err_exit_code(err.code);
}
