// SPDX-License-Identifier: MIT
#include "http/multipart.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "http/guard.h"

#define BOUNDARY_MAX 70 // RFC 2046
#define WINDOW       (32 * 1024)

struct lrc_multipart {
    lrc_multipart_source *source;
    void *arg;
    enum { AT_DELIMITER, IN_PART, AT_END } state;
    bool eof; // the source has ended
    unsigned parts;
    size_t start, end; // what lies in the window
    size_t mark_len;
    char mark[BOUNDARY_MAX + 5]; // CR LF - - boundary
    char window[WINDOW];
};

// The value of `key` in "type; key=value; key="quoted"": 0 found, -1 absent or longer than `size`.
static int parameter(const char *s, const char *key, char *out, size_t size)
{
    const size_t key_len = strlen(key);
    while ((s = strchr(s, ';'))) {
        s++;
        s += strspn(s, " \t");
        char name[32];
        const size_t n = strcspn(s, "=; \t");
        const bool fits = n == key_len && n < sizeof name;
        if (fits) {
            memcpy(name, s, n);
            name[n] = '\0';
        }
        s += n;
        const bool found = fits && lrc_ascii_same(name, key) && *s == '=';
        if (*s != '=')
            continue;
        s++;
        const bool quoted = *s == '"';
        s += quoted;
        size_t used = 0;
        for (; *s && (quoted ? *s != '"' : !strchr("; \t", *s)); s++) {
            if (quoted && *s == '\\' && (s[1] == '"' || s[1] == '\\'))
                s++;
            if (found && used + 1 >= size)
                return -1;
            if (found)
                out[used++] = *s;
        }
        if (found) {
            out[used] = '\0';
            return 0;
        }
    }
    return -1;
}

int lrc_multipart_new(const char *content_type, lrc_multipart_source *source, void *arg, lrc_multipart **ret,
                      lrc_err *err)
{
    char boundary[BOUNDARY_MAX + 1];
    const char *type = content_type ? content_type : "";
    if (!lrc_http_list_has(type, "multipart/form-data") || parameter(type, "boundary", boundary, sizeof boundary) < 0 ||
        !boundary[0])
        return lrc_fail(err, LRC_ERR_MEDIA_TYPE, "this takes multipart/form-data with a boundary, not '%s'", type);
    lrc_multipart *m = calloc(1, sizeof *m);
    if (!m)
        return lrc_fail_memory(err);
    m->source = source;
    m->arg = arg;
    m->mark_len = (size_t)snprintf(m->mark, sizeof m->mark, "\r\n--%s", boundary);
    // The first delimiter has no line before it: with this one, all delimiters look alike.
    memcpy(m->window, "\r\n", 2);
    m->end = 2;
    m->state = IN_PART; // the preamble is a part that nobody reads
    *ret = m;
    return 0;
}

void lrc_multipart_free(lrc_multipart *m)
{
    free(m);
}

// Read once more into the window. LRC_ERR_INVALID at the end of the source.
static int more(lrc_multipart *m, lrc_err *err)
{
    if (m->start > 0) {
        memmove(m->window, m->window + m->start, m->end - m->start);
        m->end -= m->start;
        m->start = 0;
    }
    size_t got = 0;
    if (!m->eof && m->source(m->arg, m->window + m->end, WINDOW - m->end, &got, err) < 0)
        return -1;
    if (got == 0) {
        m->eof = true;
        return lrc_fail(err, LRC_ERR_INVALID, "the multipart body ends before its closing boundary");
    }
    m->end += got;
    return 0;
}

int lrc_multipart_read(lrc_multipart *m, void *out, size_t n, size_t *ret, lrc_err *err)
{
    *ret = 0;
    while (m->state == IN_PART && n > 0) {
        const char *at = m->window + m->start;
        const size_t have = m->end - m->start;
        const char *mark = memmem(at, have, m->mark, m->mark_len);
        // Without a mark the last bytes may be the beginning of one.
        const size_t sure = mark ? (size_t)(mark - at) : have >= m->mark_len ? have - m->mark_len + 1 : 0;
        if (sure > 0) {
            const size_t take = sure < n ? sure : n;
            memcpy(out, at, take);
            m->start += take;
            *ret = take;
            return 0;
        }
        if (mark) {
            m->start += m->mark_len;
            m->state = AT_DELIMITER;
            return 0;
        }
        if (more(m, err) < 0)
            return -1;
    }
    return 0;
}

static int skip_part(lrc_multipart *m, lrc_err *err)
{
    char scrap[4096];
    size_t got = 1;
    while (m->state == IN_PART)
        if (lrc_multipart_read(m, scrap, sizeof scrap, &got, err) < 0)
            return -1;
    return 0;
}

// A line of at most LRC_MULTIPART_HEADER_MAX bytes without its CR LF; borrowed until the next read.
static int read_line(lrc_multipart *m, const char **ret, size_t *ret_len, lrc_err *err)
{
    for (;;) {
        const char *at = m->window + m->start;
        const char *end = memmem(at, m->end - m->start, "\r\n", 2);
        if (end) {
            *ret = at;
            *ret_len = (size_t)(end - at);
            m->start += *ret_len + 2;
            return 0;
        }
        if (m->end - m->start > LRC_MULTIPART_HEADER_MAX)
            return lrc_fail(err, LRC_ERR_INVALID, "a line among the headers of a multipart part is too long");
        if (more(m, err) < 0)
            return -1;
    }
}

static int header_value(const char *line, size_t n, const char *name, char *out, size_t size, lrc_err *err)
{
    const size_t name_len = strlen(name);
    if (n <= name_len || line[name_len] != ':')
        return 0;
    for (size_t i = 0; i < name_len; i++)
        if (lrc_ascii_lower(line[i]) != name[i])
            return 0;
    const char *value = line + name_len + 1;
    size_t len = n - name_len - 1;
    for (; len > 0 && (*value == ' ' || *value == '\t'); len--)
        value++;
    if (len >= size || memchr(value, '\0', len) || !lrc_utf8_valid(value, len))
        return lrc_fail(err, LRC_ERR_INVALID, "a %s header inside the multipart body is too long or not UTF-8", name);
    memcpy(out, value, len);
    out[len] = '\0';
    return 1;
}

static int read_headers(lrc_multipart *m, lrc_multipart_part *p, lrc_err *err)
{
    char disposition[2048] = "";
    size_t total = 0;
    for (;;) {
        const char *line;
        size_t n;
        if (read_line(m, &line, &n, err) < 0)
            return -1;
        if (n == 0)
            break;
        total += n;
        if (total > LRC_MULTIPART_HEADER_MAX)
            return lrc_fail(err, LRC_ERR_INVALID, "the headers of a multipart part are too long");
        if (header_value(line, n, "content-disposition", disposition, sizeof disposition, err) < 0 ||
            header_value(line, n, "content-type", p->type, sizeof p->type, err) < 0)
            return -1;
    }
    if (!lrc_http_list_has(disposition, "form-data") || parameter(disposition, "name", p->name, sizeof p->name) < 0)
        return lrc_fail(err, LRC_ERR_INVALID, "a multipart part does not say which form field it is");
    p->has_filename = parameter(disposition, "filename", p->filename, sizeof p->filename) == 0;
    return 0;
}

int lrc_multipart_next(lrc_multipart *m, lrc_multipart_part *ret, lrc_err *err)
{
    if (skip_part(m, err) < 0)
        return -1;
    if (m->state == AT_END)
        return 0;
    while (m->end - m->start < 2)
        if (more(m, err) < 0)
            return -1;
    if (memcmp(m->window + m->start, "--", 2) == 0) {
        m->state = AT_END;
        return 0;
    }
    const char *line;
    size_t n;
    if (read_line(m, &line, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (line[i] != ' ' && line[i] != '\t')
            return lrc_fail(err, LRC_ERR_INVALID, "the multipart body has a boundary with text after it");
    if (++m->parts > LRC_MULTIPART_PARTS_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "the multipart body has more than %d parts", LRC_MULTIPART_PARTS_MAX);
    lrc_multipart_part part = {.has_filename = false};
    if (read_headers(m, &part, err) < 0)
        return -1;
    m->state = IN_PART;
    *ret = part;
    return 1;
}

int lrc_multipart_text(lrc_multipart *m, size_t max, char **ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, max);
    for (;;) {
        char piece[4096];
        size_t n;
        if (lrc_multipart_read(m, piece, sizeof piece, &n, err) < 0)
            return -1;
        if (n == 0)
            break;
        lrc_buf_add(&text, piece, n);
        if (lrc_buf_check(&text, "a form field", err) < 0)
            return -1;
    }
    if (memchr(text.data, '\0', text.len) || !lrc_utf8_valid(text.data, text.len))
        return lrc_fail(err, LRC_ERR_INVALID, "a form field is not UTF-8 text");
    return lrc_buf_take(&text, "a form field", ret, NULL, err);
}
