// SPDX-License-Identifier: MIT
#include "tag/csv.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define BOM "\xef\xbb\xbf"

int lrc_csv_begin(lrc_csv *csv, const char *text, size_t n, lrc_err *err)
{
    const size_t skip = n >= strlen(BOM) && memcmp(text, BOM, strlen(BOM)) == 0 ? strlen(BOM) : 0;
    const size_t valid = lrc_utf8_valid_prefix(text, n);
    if (valid < n || memchr(text, '\0', n))
        return lrc_fail(err, LRC_ERR_INVALID, "this is no UTF-8 text");
    *csv = (lrc_csv){.text = text, .n = n, .at = skip, .line = 1, .next_line = 1};
    return 0;
}

static char peek(const lrc_csv *c)
{
    return c->at < c->n ? c->text[c->at] : '\0'; // a NUL cannot be in the text
}

static bool at_line_end(const lrc_csv *c)
{
    return peek(c) == '\0' || peek(c) == '\n' || peek(c) == '\r';
}

static void pass_line_end(lrc_csv *c)
{
    const char first = peek(c);
    if (first == '\0')
        return;
    c->at++;
    if (first == '\r' && peek(c) == '\n')
        c->at++;
    c->next_line++;
}

static int read_quoted(lrc_csv *c, lrc_buf *field, lrc_err *err)
{
    for (c->at++; peek(c) != '\0'; c->at++) {
        if (peek(c) != '"') {
            c->next_line += peek(c) == '\n';
            lrc_buf_addc(field, peek(c));
        } else if (c->at + 1 < c->n && c->text[c->at + 1] == '"') {
            lrc_buf_addc(field, '"');
            c->at++;
        } else {
            c->at++;
            if (peek(c) == ',' || at_line_end(c))
                return 0;
            return lrc_fail(err, LRC_ERR_INVALID, "line %zu: text behind a closing quote", c->next_line);
        }
    }
    return lrc_fail(err, LRC_ERR_INVALID, "line %zu: a quote is not closed", c->line);
}

static int read_bare(lrc_csv *c, lrc_buf *field, lrc_err *err)
{
    for (; peek(c) != ',' && !at_line_end(c); c->at++) {
        if (peek(c) == '"')
            return lrc_fail(err, LRC_ERR_INVALID, "line %zu: a quote inside a field that does not begin with one",
                            c->next_line);
        lrc_buf_addc(field, peek(c));
    }
    return 0;
}

int lrc_csv_next(lrc_csv *csv, lrc_strv *ret, bool *ret_more, lrc_err *err)
{
    lrc_strv_done(ret);
    while (csv->at < csv->n && at_line_end(csv))
        pass_line_end(csv);
    csv->line = csv->next_line;
    *ret_more = csv->at < csv->n;
    if (!*ret_more)
        return 0;
    lrc_auto_buf lrc_buf field;
    lrc_buf_init(&field, csv->n + 1);
    for (;;) {
        lrc_buf_truncate(&field, 0);
        if ((peek(csv) == '"' ? read_quoted : read_bare)(csv, &field, err) < 0 ||
            lrc_buf_check(&field, "a field", err) < 0 || lrc_strv_push_n(ret, field.data, field.len, err) < 0)
            return -1;
        if (ret->count > LRC_CSV_MAX_FIELDS)
            return lrc_fail(err, LRC_ERR_LIMIT, "line %zu has more than %d fields", csv->line, LRC_CSV_MAX_FIELDS);
        if (peek(csv) != ',')
            break;
        csv->at++;
    }
    pass_line_end(csv);
    return 0;
}
