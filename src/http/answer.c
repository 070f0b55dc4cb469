// SPDX-License-Identifier: MIT
// Answers: what a handler says, as status, headers and a body that the network thread sends later.
#include "http/internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/ascii.h"
#include "http/mime.h"

#define ERROR_MAX ((size_t)64 << 10)
#define GZIP_FROM 1400 // bytes; what fits into one packet gains nothing

// Every answer has these.
const char *const lrc_http_fixed_headers[] = {
    "X-Content-Type-Options",
    "nosniff",
    "Referrer-Policy",
    "no-referrer",
    "Cross-Origin-Resource-Policy",
    "same-origin",
    NULL,
};
// The page loads nothing from elsewhere and is framed by nobody; style attributes are React's.
static const char page_policy[] =
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
// For what people put into folders: an SVG may hold a script, and nothing of ours needs to run there.
static const char data_policy[] = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

// ---- Headers -----------------------------------------------------------------------------------------------------------

const char *lrc_http_reply_get_header(const lrc_http_reply *r, const char *name)
{
    for (size_t i = 0; i + 1 < r->headers.count; i += 2)
        if (lrc_ascii_same(r->headers.item[i], name))
            return r->headers.item[i + 1];
    return NULL;
}

int lrc_http_reply_header(lrc_http_reply *r, const char *name, const char *value, lrc_err *err)
{
    for (const char *p = value; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return lrc_fail(err, LRC_ERR_INVALID, "the header %s cannot hold a control character", name);
    for (size_t i = 0; i + 1 < r->headers.count; i += 2) {
        if (!lrc_ascii_same(r->headers.item[i], name))
            continue;
        char *text = NULL;
        const bool add = lrc_ascii_same(name, "Vary");
        if (lrc_str_format(&text, err, "%s%s%s", add ? r->headers.item[i + 1] : "", add ? ", " : "", value) < 0)
            return -1;
        free(r->headers.item[i + 1]);
        r->headers.item[i + 1] = text;
        return 0;
    }
    lrc_auto_free char *text = NULL;
    if (lrc_str_copy(&text, value, err) < 0 || lrc_strv_push(&r->headers, name, err) < 0)
        return -1;
    if (lrc_strv_give(&r->headers, lrc_take(text), err) == 0)
        return 0;
    free(r->headers.item[--r->headers.count]); // a name without a value
    return -1;
}

// What described an answer that is not given after all.
static void drop_body_headers(lrc_http_reply *r)
{
    static const char *const name[] = {"Content-Encoding", "Content-Range",       "ETag",    "Last-Modified",
                                       "Accept-Ranges",    "Content-Disposition", "Location"};
    for (size_t i = 0; i + 1 < r->headers.count;) {
        size_t k = 0;
        while (k < sizeof name / sizeof name[0] && !lrc_ascii_same(name[k], r->headers.item[i]))
            k++;
        if (k == sizeof name / sizeof name[0]) {
            i += 2;
            continue;
        }
        free(r->headers.item[i]);
        free(r->headers.item[i + 1]);
        r->headers.count -= 2;
        memmove(r->headers.item + i, r->headers.item + i + 2, (r->headers.count - i) * sizeof *r->headers.item);
    }
}

int lrc_http_set_header(lrc_http_req *q, const char *name, const char *value, lrc_err *err)
{
    return lrc_http_reply_header(&q->reply, name, value, err);
}

int lrc_http_set_download(lrc_http_req *q, const char *file_name, lrc_err *err)
{
    const size_t n = strlen(file_name);
    lrc_auto_free char *plain = NULL, *encoded = malloc(3 * n + 1), *text = NULL;
    if (!encoded || lrc_str_copy(&plain, file_name, NULL) < 0)
        return lrc_fail_memory(err);
    for (char *p = plain; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f || strchr("\"\\%;", *p))
            *p = '_';
    lrc_uri_encode(file_name, encoded);
    if (lrc_str_format(&text, err, "attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, encoded) < 0)
        return -1;
    return lrc_http_set_header(q, "Content-Disposition", text, err);
}

// ---- Bytes -------------------------------------------------------------------------------------------------------------

static void drop_body(lrc_http_reply *r)
{
    if (r->kind == LRC_REPLY_BYTES && !r->fixed)
        free((char *)(uintptr_t)r->bytes);
    if (r->fd >= 0)
        close(r->fd);
    if (r->feed)
        r->feed->free(r->feed_self);
    lrc_http_bell_free(r->bell);
    r->kind = LRC_REPLY_NONE;
    r->bytes = NULL;
    r->size = 0;
    r->fixed = false;
    r->fd = -1;
    r->offset = 0;
    r->feed = NULL;
    r->feed_self = NULL;
    r->bell = NULL;
}

void lrc_http_reply_done(lrc_http_reply *r)
{
    drop_body(r);
    lrc_strv_done(&r->headers);
}

// Takes `bytes` (allocated), also on failure.
static int answer_taking(lrc_http_req *q, int status, const char *type, char *bytes, size_t n, lrc_err *err)
{
    lrc_auto_free char *owned = bytes;
    assert(q->reply.kind == LRC_REPLY_NONE);
    if (type && lrc_http_set_header(q, "Content-Type", type, err) < 0)
        return -1;
    q->reply.kind = LRC_REPLY_BYTES;
    q->reply.status = status;
    q->reply.bytes = lrc_take(owned);
    q->reply.size = n;
    return 0;
}

// The bytes gzipped in *ret, or NULL when that is not shorter.
static int gzip(const char *bytes, size_t n, char **ret, size_t *ret_len, lrc_err *err)
{
    z_stream z = {0};
    if (n > UINT32_MAX ||
        deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY) != Z_OK)
        return lrc_fail_memory(err);
    lrc_auto_free char *out = malloc(n);
    int state = Z_BUF_ERROR;
    if (out) {
        z.next_in = (Bytef *)(uintptr_t)bytes;
        z.avail_in = (uInt)n;
        z.next_out = (Bytef *)out;
        z.avail_out = (uInt)n;
        state = deflate(&z, Z_FINISH);
    }
    *ret_len = n - z.avail_out;
    deflateEnd(&z);
    *ret = state == Z_STREAM_END ? lrc_take(out) : NULL;
    return 0;
}

static int answer_text(lrc_http_req *q, int status, const char *type, char *bytes, size_t n, lrc_err *err)
{
    lrc_auto_free char *owned = bytes;
    lrc_auto_free char *packed = NULL;
    size_t packed_len = 0;
    if (n >= GZIP_FROM && lrc_mime_is_text(type)) {
        if (lrc_http_set_header(q, "Vary", "Accept-Encoding", err) < 0)
            return -1;
        if (lrc_http_list_has(lrc_http_header(q, "Accept-Encoding"), "gzip") &&
            gzip(owned, n, &packed, &packed_len, err) < 0)
            return -1;
    }
    if (!packed)
        return answer_taking(q, status, type, lrc_take(owned), n, err);
    if (lrc_http_set_header(q, "Content-Encoding", "gzip", err) < 0)
        return -1;
    return answer_taking(q, status, type, lrc_take(packed), packed_len, err);
}

int lrc_http_answer(lrc_http_req *q, int status, const char *type, const void *bytes, size_t n, lrc_err *err)
{
    char *copy = NULL;
    if (lrc_str_copy_n(&copy, bytes, n, err) < 0)
        return -1;
    return answer_text(q, status, type, copy, n, err);
}

int lrc_http_answer_buf(lrc_http_req *q, int status, const char *type, lrc_buf *bytes, lrc_err *err)
{
    char *taken = NULL;
    size_t n = 0;
    if (lrc_buf_take(bytes, "the answer", &taken, &n, err) < 0)
        return -1;
    return answer_text(q, status, type, taken, n, err);
}

int lrc_http_answer_json(lrc_http_req *q, int status, lrc_buf *json, lrc_err *err)
{
    if (!lrc_http_reply_get_header(&q->reply, "Cache-Control") &&
        lrc_http_set_header(q, "Cache-Control", "no-store", err) < 0)
        return -1;
    return lrc_http_answer_buf(q, status, "application/json", json, err);
}

int lrc_http_answer_empty(lrc_http_req *q, int status, lrc_err *err)
{
    return answer_taking(q, status, NULL, NULL, 0, err);
}

int lrc_http_answer_redirect(lrc_http_req *q, int status, const char *location, lrc_err *err)
{
    if (lrc_http_set_header(q, "Location", location, err) < 0)
        return -1;
    return lrc_http_answer_empty(q, status, err);
}

// ---- Errors ------------------------------------------------------------------------------------------------------------

// Without a callback from above: enough for people and for clients that look at "error".
static void plain_error(const lrc_err *e, lrc_buf *out)
{
    lrc_buf_adds(out, "{\"success\":false,\"error\":\"");
    for (const char *p = e->msg; *p; p++) // control characters are gone from a message
        lrc_buf_addf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    lrc_buf_addf(out, "\",\"code\":\"%s\"}", lrc_err_word(e->code));
}

void lrc_http_reply_error(lrc_http_server *s, lrc_http_reply *r, const lrc_err *e)
{
    static const char poor[] = "{\"success\":false,\"error\":\"out of memory\"}";
    lrc_auto_buf lrc_buf text;
    char *taken = NULL;
    lrc_buf_init(&text, ERROR_MAX);
    drop_body(r);
    drop_body_headers(r);
    r->kind = LRC_REPLY_BYTES;
    r->status = lrc_err_http_status(e->code);
    if (r->status == 401)
        lrc_http_reply_header(r, "WWW-Authenticate", "Bearer", NULL);
    if (r->status == 429 || r->status == 503)
        lrc_http_reply_header(r, "Retry-After", r->status == 429 ? "6" : "1", NULL);
    lrc_http_reply_header(r, "Cache-Control", "no-store", NULL);
    lrc_http_reply_header(r, "Content-Type", "application/json", NULL);
    if (s->o.render_error)
        s->o.render_error(s->o.app, e, &text);
    else
        plain_error(e, &text);
    r->fixed = lrc_buf_take(&text, "the error", &taken, &r->size, NULL) < 0;
    r->bytes = r->fixed ? poor : taken;
    if (r->fixed)
        r->size = sizeof poor - 1;
}

// ---- Files -------------------------------------------------------------------------------------------------------------

typedef enum { RANGE_NONE, RANGE_ONE, RANGE_OUTSIDE } range_kind;

static bool parse_u64(const char **p, uint64_t *ret)
{
    if (!lrc_ascii_digit(**p))
        return false;
    uint64_t v = 0;
    for (; lrc_ascii_digit(**p); (*p)++) {
        if (v > (UINT64_MAX - 9) / 10)
            return false;
        v = v * 10 + (uint64_t)(**p - '0');
    }
    *ret = v;
    return true;
}

// RFC 9110, 14.1.2. Several ranges, other units and nonsense are as good as no Range: the whole file is sent.
static range_kind parse_range(const char *text, uint64_t size, uint64_t *ret_first, uint64_t *ret_count)
{
    if (!text || !lrc_str_starts(text, "bytes="))
        return RANGE_NONE;
    const char *p = text + strlen("bytes=");
    uint64_t first = 0, last = size ? size - 1 : 0;
    const bool has_first = parse_u64(&p, &first);
    if (*p++ != '-')
        return RANGE_NONE;
    uint64_t n = 0;
    const bool has_last = parse_u64(&p, &n);
    if (*p || (!has_first && !has_last))
        return RANGE_NONE;
    if (!has_first) { // the last n bytes
        if (n == 0)
            return RANGE_OUTSIDE;
        first = n < size ? size - n : 0;
    } else if (has_last) {
        if (n < first)
            return RANGE_NONE;
        last = n < last ? n : last;
    }
    if (first >= size)
        return RANGE_OUTSIDE;
    *ret_first = first;
    *ret_count = last - first + 1;
    return RANGE_ONE;
}

// Is `quoted` among the tags of an If-None-Match list? Weakly: a "W/" in front does not matter.
static bool tag_listed(const char *list, const char *quoted)
{
    const size_t n = strlen(quoted);
    if (strcmp(list, "*") == 0)
        return true;
    for (const char *p = list; (p = strstr(p, quoted)); p++)
        if (p[n] == '\0' || p[n] == ',' || p[n] == ' ')
            return true;
    return false;
}

// RFC 9110, 13.2.2: If-None-Match is asked before If-Modified-Since, which then does not count.
static bool unchanged(const lrc_http_req *q, const char *quoted, int64_t mtime_s)
{
    const char *none = lrc_http_header(q, "If-None-Match");
    const char *since = lrc_http_header(q, "If-Modified-Since");
    int64_t when;
    if (none)
        return tag_listed(none, quoted);
    return since && mtime_s > 0 && lrc_http_date_parse(since, &when) && mtime_s <= when;
}

static bool range_counts(const lrc_http_req *q, const char *quoted, const char *modified)
{
    const char *condition = lrc_http_header(q, "If-Range");
    return !condition || strcmp(condition, quoted) == 0 || strcmp(condition, modified) == 0;
}

static int file_headers(lrc_http_req *q, const lrc_http_file *f, const char *quoted, const char *modified, lrc_err *err)
{
    const char *name = f->name ? f->name : "";
    const char *type = f->type ? f->type : lrc_mime_of_file(name);
    if (lrc_http_set_header(q, "ETag", quoted, err) < 0 || lrc_http_set_header(q, "Last-Modified", modified, err) < 0 ||
        lrc_http_set_header(q, "Accept-Ranges", "bytes", err) < 0 ||
        lrc_http_set_header(q, "Cache-Control", f->caching ? f->caching : "private, no-cache", err) < 0 ||
        lrc_http_set_header(q, "Content-Security-Policy", data_policy, err) < 0 ||
        lrc_http_set_header(q, "Content-Type", type, err) < 0)
        return -1;
    return f->download ? lrc_http_set_download(q, *name ? name : "download", err) : 0;
}

static int file_body(lrc_http_req *q, int fd, uint64_t size, bool ranged, lrc_err *err)
{
    lrc_auto_close int owned = fd;
    uint64_t first = 0, count = size;
    char text[80];
    const char *range = ranged && q->verb == LRC_METHOD_GET ? lrc_http_header(q, "Range") : NULL;
    const range_kind kind = parse_range(range, size, &first, &count);
    if (kind == RANGE_OUTSIDE) {
        snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)size);
        if (lrc_http_set_header(q, "Content-Range", text, err) < 0)
            return -1;
        return lrc_http_answer_empty(q, 416, err);
    }
    if (kind == RANGE_ONE) {
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first,
                 (unsigned long long)(first + count - 1), (unsigned long long)size);
        if (lrc_http_set_header(q, "Content-Range", text, err) < 0)
            return -1;
    }
    q->reply.kind = LRC_REPLY_FILE;
    q->reply.status = kind == RANGE_ONE ? 206 : 200;
    q->reply.fd = lrc_take_fd(owned);
    q->reply.offset = first;
    q->reply.size = count;
    return 0;
}

int lrc_http_answer_file(lrc_http_req *q, int fd, const lrc_http_file *f, lrc_err *err)
{
    lrc_auto_close int owned = fd;
    struct stat st;
    char quoted[160], modified[LRC_HTTP_DATE_SIZE];
    assert(q->reply.kind == LRC_REPLY_NONE);
    if (fstat(owned, &st) < 0)
        return lrc_fail_errno(err, "cannot read the file");
    if (!S_ISREG(st.st_mode))
        return lrc_fail(err, LRC_ERR_INVALID, "this is not a file");
    if (f->tag)
        snprintf(quoted, sizeof quoted, "\"%s\"", f->tag);
    else
        snprintf(quoted, sizeof quoted, "\"%llx-%llx%08lx\"", (unsigned long long)st.st_size,
                 (unsigned long long)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec);
    lrc_http_date(st.st_mtim.tv_sec, modified);
    if (file_headers(q, f, quoted, modified, err) < 0)
        return -1;
    if (unchanged(q, quoted, st.st_mtim.tv_sec))
        return lrc_http_answer_empty(q, 304, err);
    return file_body(q, lrc_take_fd(owned), (uint64_t)st.st_size, range_counts(q, quoted, modified), err);
}

// ---- Assets ------------------------------------------------------------------------------------------------------------

bool lrc_http_asset_packed(const lrc_http_req *q, const lrc_http_asset *a)
{
    return a->gzip != a->gzip_end && lrc_http_list_has(lrc_http_header(q, "Accept-Encoding"), "gzip");
}

void lrc_http_reply_asset(lrc_http_req *q, const lrc_http_asset *a)
{
    char quoted[80];
    const bool packed = lrc_http_asset_packed(q, a);
    snprintf(quoted, sizeof quoted, "\"%s%s\"", a->tag, packed ? "-gz" : "");
    lrc_http_set_header(q, "ETag", quoted, NULL);
    lrc_http_set_header(q, "Cache-Control", a->immutable ? "public, max-age=31536000, immutable" : "no-cache", NULL);
    lrc_http_set_header(q, "Content-Security-Policy", page_policy, NULL);
    lrc_http_set_header(q, "Cross-Origin-Opener-Policy", "same-origin", NULL);
    lrc_http_set_header(q, "Content-Type", lrc_mime_of_asset(a->path), NULL);
    if (a->gzip != a->gzip_end)
        lrc_http_set_header(q, "Vary", "Accept-Encoding", NULL);
    q->reply.kind = LRC_REPLY_BYTES;
    q->reply.fixed = true;
    q->reply.status = 200;
    if (unchanged(q, quoted, 0)) {
        q->reply.status = 304;
        return;
    }
    if (packed)
        lrc_http_set_header(q, "Content-Encoding", "gzip", NULL);
    q->reply.bytes = (const char *)(packed ? a->gzip : a->bytes);
    q->reply.size = (size_t)(packed ? a->gzip_end - a->gzip : a->bytes_end - a->bytes);
}

int lrc_http_answer_asset(lrc_http_req *q, const lrc_http_asset *asset, lrc_err *err)
{
    (void)err; // a header that finds no memory is left out, as for the page
    assert(q->reply.kind == LRC_REPLY_NONE);
    lrc_http_reply_asset(q, asset);
    return 0;
}

// ---- Feeds -------------------------------------------------------------------------------------------------------------

int lrc_http_answer_feed(lrc_http_req *q, const lrc_feed_class *cls, void *self, lrc_http_bell *bell, lrc_err *err)
{
    lrc_http_server *s = q->s;
    assert(q->reply.kind == LRC_REPLY_NONE && q->match.route->flags & (LRC_HTTP_SOCKET | LRC_HTTP_EVENTS));
    pthread_mutex_lock(&s->lock);
    const bool full = s->feed_count >= s->o.feeds_max;
    pthread_mutex_unlock(&s->lock);
    if (full) {
        cls->free(self);
        return lrc_fail(err, LRC_ERR_BUSY, "the server follows %u connections already, which is its limit",
                        s->o.feeds_max);
    }
    q->reply.kind = LRC_REPLY_FEED;
    q->reply.status = 200;
    q->reply.feed = cls;
    q->reply.feed_self = self;
    q->reply.bell = lrc_http_bell_hang(bell, s->feeds);
    return 0;
}
