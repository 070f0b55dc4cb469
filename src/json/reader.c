// SPDX-License-Identifier: MIT
// The pull reader: one pass, no recursion, a stack of what is open. Line and column are counted along with the events,
// each byte once, so that a text of one long line costs no more than one of many.
#include <string.h>

#include "base/ascii.h"
#include "base/str.h"
#include "base/utf8.h"
#include "json/json.h"

enum expect { EXPECT_VALUE, EXPECT_FIRST_KEY, EXPECT_FIRST_ELEMENT, EXPECT_COMMA_OR_END, EXPECT_NOTHING };

struct level {
    bool object;
    size_t index; // element of an array
    char *key;    // current member of an object
    size_t key_cap;
};

struct lrc_json_reader {
    const char *text;
    size_t n;
    size_t at;    // next byte
    size_t start; // where the last event began
    enum expect expect;
    int depth;
    struct level level[LRC_JSON_MAX_DEPTH];
    lrc_buf scratch; // decoded text of the last event
    lrc_json_type last;
    size_t counted, line, column; // line and column of the byte at offset `counted`
};

int lrc_json_reader_new(const char *text, size_t n, lrc_json_reader **ret, lrc_err *err)
{
    lrc_json_reader *r = calloc(1, sizeof *r);
    if (!r)
        return lrc_fail_memory(err);
    r->text = text;
    r->n = n;
    r->line = 1;
    r->column = 1;
    static const char mark[] = "\xef\xbb\xbf"; // Windows editors put it in front
    if (n >= 3 && memcmp(text, mark, 3) == 0)
        r->at = r->counted = 3;
    lrc_buf_init(&r->scratch, n + 1);
    *ret = r;
    return 0;
}

void lrc_json_reader_free(lrc_json_reader *r)
{
    if (!r)
        return;
    for (int i = 0; i < LRC_JSON_MAX_DEPTH; i++)
        free(r->level[i].key);
    lrc_buf_done(&r->scratch);
    free(r);
}

// Count up to `offset`, which is never before `counted`.
static void locate(lrc_json_reader *r, size_t offset)
{
    for (; r->counted < offset; r->counted++) {
        const unsigned char c = (unsigned char)r->text[r->counted];
        if (c == '\n') {
            r->line++;
            r->column = 1;
        } else if ((c & 0xc0) != 0x80) { // a code point begins
            r->column++;
        }
    }
}

void lrc_json_where(const lrc_json_reader *r, size_t *ret_line, size_t *ret_column, size_t *ret_offset)
{
    if (ret_line)
        *ret_line = r->line;
    if (ret_column)
        *ret_column = r->column;
    if (ret_offset)
        *ret_offset = r->start;
}

const char *lrc_json_text(const lrc_json_reader *r, size_t *ret_len)
{
    if (ret_len)
        *ret_len = r->scratch.len;
    return r->scratch.data;
}

// Field path of the current place: subsets[2].num_repeats
static void path_of(const lrc_json_reader *r, lrc_buf *out)
{
    for (int i = 0; i < r->depth; i++) {
        const struct level *l = &r->level[i];
        if (!l->object)
            lrc_buf_addf(out, "[%zu]", l->index);
        else if (l->key)
            lrc_buf_addf(out, "%s%s", out->len ? "." : "", l->key);
    }
}

__attribute__((format(printf, 4, 5))) static int bad(lrc_json_reader *r, size_t offset, lrc_err *err, const char *fmt,
                                                     ...)
{
    char what[160];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    locate(r, offset);
    lrc_auto_buf lrc_buf path;
    lrc_buf_init(&path, 4096);
    path_of(r, &path);
    return lrc_fail_field(err, LRC_ERR_INVALID, path.data, "JSON line %zu column %zu%s%s: %s", r->line, r->column,
                          path.len ? ", at " : "", path.data, what);
}

static void skip_space(lrc_json_reader *r)
{
    while (r->at < r->n && strchr(" \t\n\r", r->text[r->at]) && r->text[r->at])
        r->at++;
}

static int hex4(lrc_json_reader *r, uint32_t *ret, lrc_err *err)
{
    uint32_t value = 0;
    if (r->n - r->at < 4)
        return bad(r, r->at, err, "a \\u escape needs four hex digits");
    for (int i = 0; i < 4; i++) {
        const char c = lrc_ascii_lower(r->text[r->at]);
        if (!lrc_ascii_digit(c) && (c < 'a' || c > 'f'))
            return bad(r, r->at, err, "a \\u escape needs four hex digits");
        value = value << 4 | (uint32_t)(lrc_ascii_digit(c) ? c - '0' : c - 'a' + 10);
        r->at++;
    }
    *ret = value;
    return 0;
}

// After "\u". Joins a surrogate pair.
static int unicode_escape(lrc_json_reader *r, lrc_err *err)
{
    const size_t start = r->at - 2;
    uint32_t cp, low;
    if (hex4(r, &cp, err) < 0)
        return -1;
    if (cp >= 0xd800 && cp <= 0xdbff && r->n - r->at >= 2 && r->text[r->at] == '\\' && r->text[r->at + 1] == 'u') {
        r->at += 2;
        if (hex4(r, &low, err) < 0)
            return -1;
        if (low < 0xdc00 || low > 0xdfff)
            return bad(r, start, err, "half of a surrogate pair (\\u%04x) stands alone", (unsigned)cp);
        cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
    } else if (cp >= 0xd800 && cp <= 0xdfff) {
        return bad(r, start, err, "half of a surrogate pair (\\u%04x) stands alone", (unsigned)cp);
    }
    char bytes[LRC_UTF8_MAX];
    lrc_buf_add(&r->scratch, bytes, lrc_utf8_encode(cp, bytes));
    return 0;
}

static int escape(lrc_json_reader *r, lrc_err *err)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->at >= r->n)
        return bad(r, r->at, err, "the text ends inside a string");
    const char c = r->text[r->at++];
    if (c == 'u')
        return unicode_escape(r, err);
    const char *hit = c ? strchr(from, c) : NULL;
    if (!hit)
        return bad(r, r->at - 1, err, "unknown escape in a string");
    lrc_buf_addc(&r->scratch, to[hit - from]);
    return 0;
}

// At the opening quote.
static int read_string(lrc_json_reader *r, lrc_err *err)
{
    lrc_buf_truncate(&r->scratch, 0);
    r->at++;
    for (;;) {
        size_t run = r->at; // plain ASCII in one piece
        while (run < r->n && r->text[run] != '"' && r->text[run] != '\\' && (unsigned char)r->text[run] >= 0x20 &&
               (unsigned char)r->text[run] < 0x80)
            run++;
        lrc_buf_add(&r->scratch, r->text + r->at, run - r->at);
        r->at = run;
        if (r->at >= r->n)
            return bad(r, r->start, err, "this string has no closing quote");
        const unsigned char c = (unsigned char)r->text[r->at];
        if (c == '"') {
            r->at++;
            return lrc_buf_check(&r->scratch, "JSON string", err);
        }
        if (c < 0x20)
            return bad(r, r->at, err, "a control character inside a string must be escaped");
        if (c == '\\') {
            r->at++;
            if (escape(r, err) < 0)
                return -1;
            continue;
        }
        const size_t len = lrc_utf8_decode(r->text + r->at, r->n - r->at, NULL);
        if (len == 0)
            return bad(r, r->at, err, "byte 0x%02x is not valid UTF-8", c);
        lrc_buf_add(&r->scratch, r->text + r->at, len);
        r->at += len;
    }
}

static size_t digits(lrc_json_reader *r)
{
    const size_t start = r->at;
    while (r->at < r->n && lrc_ascii_digit(r->text[r->at]))
        r->at++;
    return r->at - start;
}

static int read_number(lrc_json_reader *r, lrc_err *err)
{
    const size_t start = r->at;
    if (r->text[r->at] == '-')
        r->at++;
    const size_t first = r->at;
    const size_t whole = digits(r);
    if (whole == 0)
        return bad(r, start, err, "this is not a value");
    if (whole > 1 && r->text[first] == '0')
        return bad(r, start, err, "a number may not begin with 0");
    if (r->at < r->n && r->text[r->at] == '.') {
        r->at++;
        if (digits(r) == 0)
            return bad(r, r->at, err, "a digit must follow the decimal point");
    }
    if (r->at < r->n && (r->text[r->at] == 'e' || r->text[r->at] == 'E')) {
        r->at++;
        if (r->at < r->n && (r->text[r->at] == '+' || r->text[r->at] == '-'))
            r->at++;
        if (digits(r) == 0)
            return bad(r, r->at, err, "a digit must follow the exponent sign");
    }
    lrc_buf_truncate(&r->scratch, 0);
    lrc_buf_add(&r->scratch, r->text + start, r->at - start);
    return lrc_buf_check(&r->scratch, "JSON number", err);
}

static void after_value(lrc_json_reader *r)
{
    r->expect = r->depth ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static int open_level(lrc_json_reader *r, bool object, lrc_err *err)
{
    if (r->depth >= LRC_JSON_MAX_DEPTH)
        return bad(r, r->at, err, "nested deeper than %d levels", LRC_JSON_MAX_DEPTH);
    struct level *l = &r->level[r->depth++];
    l->object = object;
    l->index = 0;
    if (l->key)
        l->key[0] = '\0';
    r->at++;
    r->expect = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_ELEMENT;
    return 0;
}

static int close_level(lrc_json_reader *r, lrc_json_type *ret)
{
    *ret = r->level[r->depth - 1].object ? LRC_JSON_OBJECT_END : LRC_JSON_ARRAY_END;
    r->depth--;
    r->at++;
    after_value(r);
    return 0;
}

static int keep_key(lrc_json_reader *r, lrc_err *err)
{
    struct level *l = &r->level[r->depth - 1];
    if (r->scratch.len + 1 > l->key_cap) {
        char *grown = realloc(l->key, r->scratch.len + 1);
        if (!grown)
            return lrc_fail_memory(err);
        l->key = grown;
        l->key_cap = r->scratch.len + 1;
    }
    memcpy(l->key, r->scratch.data, r->scratch.len + 1);
    return 0;
}

static int read_key(lrc_json_reader *r, lrc_json_type *ret, lrc_err *err)
{
    if (r->at >= r->n || r->text[r->at] != '"')
        return bad(r, r->at, err, "a member's name in double quotes is expected");
    if (read_string(r, err) < 0)
        return -1;
    if (strlen(r->scratch.data) != r->scratch.len)
        return bad(r, r->start, err, "a member's name holds a NUL character");
    if (keep_key(r, err) < 0)
        return -1;
    skip_space(r);
    if (r->at >= r->n || r->text[r->at] != ':')
        return bad(r, r->at, err, "':' is expected after the name");
    r->at++;
    r->expect = EXPECT_VALUE;
    *ret = LRC_JSON_KEY;
    return 0;
}

static int read_literal(lrc_json_reader *r, lrc_json_type *ret, lrc_err *err)
{
    static const struct {
        const char *word;
        lrc_json_type type;
    } literal[] = {{"null", LRC_JSON_NULL}, {"true", LRC_JSON_TRUE}, {"false", LRC_JSON_FALSE}};
    for (size_t i = 0; i < sizeof literal / sizeof literal[0]; i++) {
        const size_t len = strlen(literal[i].word);
        if (r->n - r->at >= len && memcmp(r->text + r->at, literal[i].word, len) == 0) {
            r->at += len;
            *ret = literal[i].type;
            return 0;
        }
    }
    return bad(r, r->at, err, "this is not a value");
}

static int read_value(lrc_json_reader *r, lrc_json_type *ret, lrc_err *err)
{
    if (r->at >= r->n)
        return bad(r, r->at, err, "the text ends where a value is expected");
    const char c = r->text[r->at];
    int result;
    if (c == '{' || c == '[') {
        *ret = c == '{' ? LRC_JSON_OBJECT : LRC_JSON_ARRAY;
        return open_level(r, c == '{', err);
    }
    if (c == '"') {
        *ret = LRC_JSON_STRING;
        result = read_string(r, err);
    } else if (c == '-' || lrc_ascii_digit(c)) {
        *ret = LRC_JSON_NUMBER;
        result = read_number(r, err);
    } else {
        result = read_literal(r, ret, err);
    }
    if (result == 0)
        after_value(r);
    return result;
}

static int comma_or_end(lrc_json_reader *r, lrc_json_type *ret, lrc_err *err)
{
    struct level *l = &r->level[r->depth - 1];
    const char end = l->object ? '}' : ']';
    if (r->at < r->n && r->text[r->at] == end)
        return close_level(r, ret);
    if (r->at >= r->n || r->text[r->at] != ',')
        return bad(r, r->at, err, "',' or '%c' is expected", end);
    r->at++;
    l->index++;
    skip_space(r);
    r->start = r->at;
    return l->object ? read_key(r, ret, err) : read_value(r, ret, err);
}

static int next_event(lrc_json_reader *r, lrc_json_type *ret, lrc_err *err)
{
    const char c = r->at < r->n ? r->text[r->at] : '\0';
    switch (r->expect) {
    case EXPECT_VALUE: return read_value(r, ret, err);
    case EXPECT_FIRST_KEY: return c == '}' ? close_level(r, ret) : read_key(r, ret, err);
    case EXPECT_FIRST_ELEMENT: return c == ']' ? close_level(r, ret) : read_value(r, ret, err);
    case EXPECT_COMMA_OR_END: return comma_or_end(r, ret, err);
    case EXPECT_NOTHING: break;
    }
    if (r->at < r->n)
        return bad(r, r->at, err, "there is more text after the value");
    *ret = LRC_JSON_END;
    return 0;
}

int lrc_json_next(lrc_json_reader *r, lrc_json_type *ret, lrc_err *err)
{
    skip_space(r);
    r->start = r->at;
    if (next_event(r, ret, err) < 0)
        return -1;
    r->last = *ret;
    locate(r, r->start);
    return 0;
}

int lrc_json_skip(lrc_json_reader *r, lrc_err *err)
{
    lrc_json_type type = r->last;
    if (type == LRC_JSON_KEY && lrc_json_next(r, &type, err) < 0)
        return -1;
    if (type != LRC_JSON_ARRAY && type != LRC_JSON_OBJECT)
        return 0;
    const int outside = r->depth - 1;
    while (r->depth > outside)
        if (lrc_json_next(r, &type, err) < 0)
            return -1;
    return 0;
}
