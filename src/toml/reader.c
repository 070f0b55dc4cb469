// SPDX-License-Identifier: MIT
// The document: lines that are headers, key/value pairs or nothing.
#include <string.h>

#include "base/utf8.h"
#include "toml/reader.h"

#define SCRATCH_EXTRA 64 // a number in hex may be longer in decimal

int toml_bad(toml_reader *r, size_t offset, lrc_err *err, const char *fmt, ...)
{
    char what[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    size_t line = 1, line_start = 0;
    for (size_t i = 0; i < offset; i++)
        if (r->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    const size_t column = lrc_utf8_count(r->text + line_start, offset - line_start) + 1;
    return lrc_fail(err, LRC_ERR_INVALID, "TOML line %zu column %zu: %s", line, column, what);
}

void toml_skip_blank(toml_reader *r)
{
    while (toml_at(r, ' ') || toml_at(r, '\t'))
        r->at++;
}

size_t toml_newline(const toml_reader *r)
{
    if (toml_at(r, '\n'))
        return 1;
    return toml_at(r, '\r') && r->at + 1 < r->n && r->text[r->at + 1] == '\n' ? 2 : 0;
}

int toml_skip_comment(toml_reader *r, lrc_err *err)
{
    if (!toml_at(r, '#'))
        return 0;
    while (r->at < r->n && !toml_newline(r)) {
        const unsigned char c = (unsigned char)r->text[r->at];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return toml_bad(r, r->at, err, "a comment may not hold the control character 0x%02x", c);
        r->at++;
    }
    return 0;
}

// After a header or pair: nothing more may stand on the line.
static int end_line(toml_reader *r, lrc_err *err)
{
    toml_skip_blank(r);
    if (toml_skip_comment(r, err) < 0)
        return -1;
    const size_t newline = toml_newline(r);
    if (newline == 0 && r->at < r->n)
        return toml_bad(r, r->at, err, "the line should end here");
    r->at += newline;
    return 0;
}

static int expect(toml_reader *r, const char *text, const char *what, lrc_err *err)
{
    const size_t n = strlen(text);
    if (r->n - r->at < n || memcmp(r->text + r->at, text, n) != 0)
        return toml_bad(r, r->at, err, "'%s' is expected %s", text, what);
    r->at += n;
    return 0;
}

static int read_header(toml_reader *r, lrc_err *err)
{
    struct toml_name name[LRC_TOML_MAX_DEPTH];
    size_t count;
    r->at++;
    const bool array = toml_at(r, '[');
    r->at += array;
    toml_skip_blank(r);
    if (toml_read_names(r, name, &count, err) < 0)
        return -1;
    r->section++;
    if ((array ? toml_open_array : toml_open_table)(r, name, count, err) < 0)
        return -1;
    return expect(r, array ? "]]" : "]", "after the name of a table", err);
}

static int read_pair(toml_reader *r, lrc_err *err)
{
    struct toml_name name[LRC_TOML_MAX_DEPTH];
    size_t count;
    lrc_toml *value = NULL;
    if (toml_read_names(r, name, &count, err) < 0 || expect(r, "=", "after a key", err) < 0)
        return -1;
    toml_skip_blank(r);
    if (toml_read_value(r, &value, err) < 0)
        return -1;
    return toml_put_pair(r, r->table, false, name, count, value, err);
}

static int read_document(toml_reader *r, lrc_err *err)
{
    const size_t valid = lrc_utf8_valid_prefix(r->text, r->n);
    if (valid < r->n)
        return toml_bad(r, valid, err, "byte 0x%02x is not valid UTF-8", (unsigned char)r->text[valid]);
    if (r->n >= 3 && memcmp(r->text, "\xef\xbb\xbf", 3) == 0)
        return toml_bad(r, 0, err, "the text begins with a byte order mark; save it as UTF-8 without one");
    while (r->at < r->n) {
        toml_skip_blank(r);
        if (toml_at(r, '[')) {
            if (read_header(r, err) < 0)
                return -1;
        } else if (r->at < r->n && !toml_at(r, '#') && !toml_newline(r) && read_pair(r, err) < 0) {
            return -1;
        }
        if (end_line(r, err) < 0)
            return -1;
    }
    return 0;
}

int lrc_toml_parse(const char *text, size_t n, lrc_toml_doc **ret, lrc_err *err)
{
    lrc_auto_toml_doc lrc_toml_doc *doc = calloc(1, sizeof *doc);
    if (!doc)
        return lrc_fail_memory(err);
    toml_reader r = {.text = text, .n = n, .doc = doc, .line = 1};
    lrc_buf_init(&r.scratch, n + SCRATCH_EXTRA);
    doc->root = r.table = toml_new_node(&r, LRC_TOML_TABLE, 0, err);
    const int result = doc->root ? read_document(&r, err) : -1;
    lrc_buf_done(&r.scratch);
    if (result == 0)
        *ret = lrc_take(doc);
    return result;
}
