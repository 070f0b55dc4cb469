// SPDX-License-Identifier: MIT
// Strings of all four kinds, and the words: booleans, numbers, dates and times.
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/ascii.h"
#include "base/str.h"
#include "base/utf8.h"
#include "toml/reader.h"

// ---- Strings ---------------------------------------------------------------------------------------------------------

static int hex_digit(char c)
{
    c = lrc_ascii_lower(c);
    if (lrc_ascii_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// After \u or \U; `start` is where the backslash stands.
static int unicode_escape(toml_reader *r, size_t start, int digits, lrc_err *err)
{
    uint32_t cp = 0;
    for (int i = 0; i < digits; i++) {
        const int digit = r->at < r->n ? hex_digit(r->text[r->at]) : -1;
        if (digit < 0)
            return toml_bad(r, start, err, "this escape needs %d hex digits", digits);
        cp = cp << 4 | (uint32_t)digit;
        r->at++;
    }
    char bytes[LRC_UTF8_MAX];
    const size_t n = lrc_utf8_encode(cp, bytes);
    if (n == 0)
        return toml_bad(r, start, err, "U+%04X is no character", (unsigned)cp);
    lrc_buf_add(&r->scratch, bytes, n);
    return 0;
}

// "\" at the end of a line: it, the line end and all blank space up to the next character are left out.
// Returns false when this is no such place.
static bool folded_line(toml_reader *r)
{
    const size_t start = r->at;
    toml_skip_blank(r);
    if (!toml_newline(r)) {
        r->at = start;
        return false;
    }
    for (size_t n; (n = toml_newline(r)) > 0; toml_skip_blank(r))
        r->at += n;
    return true;
}

static int escape(toml_reader *r, bool multi_line, lrc_err *err)
{
    static const char from[] = "\"\\bfnrt", to[] = "\"\\\b\f\n\r\t";
    const size_t start = r->at++;
    if (multi_line && folded_line(r))
        return 0;
    const char c = r->at < r->n ? r->text[r->at++] : '\0';
    if (c == 'u' || c == 'U')
        return unicode_escape(r, start, c == 'u' ? 4 : 8, err);
    const char *hit = c ? strchr(from, c) : NULL;
    if (!hit)
        return toml_bad(r, start, err, "unknown escape in a string; write '\\\\' for a backslash");
    lrc_buf_addc(&r->scratch, to[hit - from]);
    return 0;
}

// At `n` quotes in a row inside a multi-line string: do they end it? Up to two quotes may stand before the closing three.
static bool closes(toml_reader *r, char quote)
{
    size_t n = 0;
    while (n < 5 && r->at + n < r->n && r->text[r->at + n] == quote)
        n++;
    r->at += n;
    for (size_t i = n >= 3 ? 3 : 0; i < n; i++)
        lrc_buf_addc(&r->scratch, quote);
    return n >= 3;
}

// One character of the string's content: itself, an escape, or a line end.
static int content(toml_reader *r, size_t start, char quote, bool multi_line, lrc_err *err)
{
    const unsigned char c = (unsigned char)r->text[r->at];
    if (c == '\\' && quote == '"')
        return escape(r, multi_line, err);
    const size_t newline = toml_newline(r);
    if (newline > 0 && !multi_line)
        return toml_bad(r, start, err, "this string has no closing quote on its line");
    if (newline > 0) {
        lrc_buf_addc(&r->scratch, '\n');
        r->at += newline;
        return 0;
    }
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return toml_bad(r, r->at, err, "a string may not hold the control character 0x%02x as it is", c);
    lrc_buf_addc(&r->scratch, (char)c);
    r->at++;
    return 0;
}

int toml_read_string(toml_reader *r, bool multi_line_allowed, lrc_err *err)
{
    const size_t start = r->at;
    const char quote = r->text[r->at];
    const char three[] = {quote, quote, quote};
    const bool multi_line = multi_line_allowed && r->n - r->at >= 3 && memcmp(r->text + r->at, three, 3) == 0;
    lrc_buf_truncate(&r->scratch, 0);
    r->at += multi_line ? 3 : 1;
    if (multi_line)
        r->at += toml_newline(r); // one right after the opening is not part of the string
    while (r->at < r->n) {
        if (r->text[r->at] == quote) {
            if (!multi_line)
                r->at++;
            if (!multi_line || closes(r, quote))
                return lrc_buf_check(&r->scratch, "TOML string", err);
        } else if (content(r, start, quote, multi_line, err) < 0) {
            return -1;
        }
    }
    return toml_bad(r, start, err, "this string has no closing quote");
}

// ---- Words -----------------------------------------------------------------------------------------------------------

// Matches `pattern` at the start of s: '0' stands for a digit, other characters for themselves. Length, 0 when not.
static size_t match(const char *s, const char *pattern)
{
    size_t i = 0;
    for (; pattern[i]; i++)
        if (pattern[i] == '0' ? !lrc_ascii_digit(s[i]) : s[i] != pattern[i])
            return 0;
    return i;
}

static int number_at(const char *s, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++)
        value = value * 10 + (s[i] - '0');
    return value;
}

static size_t match_date(const char *s)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const size_t n = match(s, "0000-00-00");
    if (n == 0)
        return 0;
    const int year = number_at(s, 4), month = number_at(s + 5, 2), day = number_at(s + 8, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return 0;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap) ? n : 0;
}

static size_t match_time(const char *s)
{
    size_t n = match(s, "00:00:00");
    if (n == 0 || number_at(s, 2) > 23 || number_at(s + 3, 2) > 59 || number_at(s + 6, 2) > 59)
        return 0;
    if (s[n] == '.') {
        size_t digits = 0;
        while (lrc_ascii_digit(s[n + 1 + digits]))
            digits++;
        n += digits ? digits + 1 : 0;
    }
    return n;
}

static size_t match_offset(const char *s)
{
    if (s[0] == 'Z' || s[0] == 'z')
        return 1;
    if ((s[0] != '+' && s[0] != '-') || !match(s + 1, "00:00"))
        return 0;
    return number_at(s + 1, 2) <= 23 && number_at(s + 4, 2) <= 59 ? 6 : 0;
}

// The whole word as date and/or time; false when it is none.
static bool read_moment(const char *s, lrc_toml_type *ret)
{
    size_t n = match_date(s);
    if (n == 0) {
        n = match_time(s);
        *ret = LRC_TOML_LOCAL_TIME;
        return n > 0 && s[n] == '\0';
    }
    *ret = LRC_TOML_LOCAL_DATE;
    if (s[n] == '\0')
        return true;
    const size_t time = s[n] == 'T' || s[n] == 't' || s[n] == ' ' ? match_time(s + n + 1) : 0;
    if (time == 0)
        return false;
    n += 1 + time;
    const size_t offset = match_offset(s + n);
    *ret = offset ? LRC_TOML_DATETIME : LRC_TOML_LOCAL_DATETIME;
    return s[n + offset] == '\0';
}

// Digits of `base` with single '_' between them, copied without '_'. Returns how many characters of `s` were used.
static size_t digits_of(const char *s, int base, lrc_buf *out)
{
    size_t n = 0;
    for (;;) {
        const int digit = hex_digit(s[n]);
        if (digit < 0 || digit >= base)
            return n;
        lrc_buf_addc(out, s[n++]);
        const int after = s[n] == '_' ? hex_digit(s[n + 1]) : -1;
        if (after >= 0 && after < base)
            n++;
    }
}

static bool read_based(const char *s, lrc_toml *v, lrc_buf *out)
{
    if (s[0] != '0')
        return false;
    const int base = s[1] == 'x' ? 16 : s[1] == 'o' ? 8 : s[1] == 'b' ? 2 : 0;
    if (base == 0)
        return false;
    const size_t n = digits_of(s + 2, base, out);
    if (n == 0 || s[2 + n])
        return false;
    errno = 0;
    const long long value = strtoll(out->data, NULL, base);
    if (errno)
        return false;
    v->type = LRC_TOML_INTEGER;
    v->integer = value;
    lrc_buf_truncate(out, 0);
    lrc_buf_addf(out, "%lld", value);
    return true;
}

// A mark such as '.' and the digits after it (with a sign, if it may have one). false when digits are missing.
static bool take_part(const char **s, const char *sign_allowed, lrc_buf *out)
{
    lrc_buf_addc(out, lrc_ascii_lower(*(*s)++));
    if (**s && strchr(sign_allowed, **s))
        lrc_buf_addc(out, *(*s)++);
    const size_t n = digits_of(*s, 10, out);
    *s += n;
    return n > 0;
}

static bool read_special(const char *s, lrc_toml *v, lrc_buf *out)
{
    if (strcmp(s, "inf") != 0 && strcmp(s, "nan") != 0)
        return false;
    const double value = s[0] == 'i' ? INFINITY : NAN;
    v->type = LRC_TOML_FLOAT;
    v->number = out->len ? -value : value;
    lrc_buf_adds(out, s);
    return true;
}

static bool read_decimal(const char *s, lrc_toml *v, lrc_buf *out)
{
    if (*s == '-')
        lrc_buf_addc(out, '-');
    s += *s == '+' || *s == '-';
    if (read_special(s, v, out))
        return true;
    const size_t whole = digits_of(s, 10, out);
    if (whole == 0 || (s[0] == '0' && whole > 1))
        return false;
    s += whole;
    v->type = *s ? LRC_TOML_FLOAT : LRC_TOML_INTEGER;
    if (*s == '.' && !take_part(&s, "", out))
        return false;
    if ((*s == 'e' || *s == 'E') && !take_part(&s, "+-", out))
        return false;
    if (*s)
        return false;
    if (v->type == LRC_TOML_FLOAT) {
        v->number = strtod(out->data, NULL);
        return true;
    }
    v->integer = strtoll(out->data, NULL, 10); // the nearest end of the range when too wide
    if (strcmp(out->data, "-0") == 0)
        lrc_buf_consume(out, 1);
    return true;
}

static bool is_word(char c)
{
    return lrc_ascii_alnum(c) || c == '_' || c == '+' || c == '-' || c == '.' || c == ':';
}

// Any word but a boolean: sets the type and value of `v`, and its text in `out`.
static bool read_number_or_moment(const char *word, lrc_toml *v, lrc_buf *out)
{
    lrc_buf_truncate(out, 0);
    if (read_moment(word, &v->type)) {
        lrc_buf_adds(out, word);
        return true;
    }
    if (read_based(word, v, out))
        return true;
    lrc_buf_truncate(out, 0);
    return read_decimal(word, v, out);
}

static size_t word_end(const toml_reader *r, size_t at)
{
    while (at < r->n && is_word(r->text[at]))
        at++;
    return at;
}

int toml_read_word(toml_reader *r, lrc_toml **ret, lrc_err *err)
{
    static const char date[] = "0000-00-00", blank_and_time[] = " 00:";
    const size_t start = r->at;
    r->at = word_end(r, start);
    if (r->at - start == strlen(date) && r->n - r->at >= strlen(blank_and_time) && match(r->text + start, date) &&
        match(r->text + r->at, blank_and_time))
        r->at = word_end(r, r->at + 1); // a date may be parted from its time by a blank
    lrc_toml *v = toml_new_node(r, LRC_TOML_BOOLEAN, start, err);
    lrc_auto_free char *word = NULL;
    if (!v || lrc_str_copy_n(&word, r->text + start, r->at - start, err) < 0)
        return -1;
    *ret = v;
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        v->boolean = word[0] == 't';
        return 0;
    }
    const bool known = read_number_or_moment(word, v, &r->scratch);
    if (lrc_buf_check(&r->scratch, "TOML value", err) < 0)
        return -1;
    if (word[0] == '\0')
        return toml_bad(r, start, err, "a value cannot begin with this character; text needs quotes");
    if (!known)
        return toml_bad(r, start, err, "'%.60s' is not a value; text needs quotes", word);
    v->text = lrc_arena_copy(&r->doc->arena, r->scratch.data, r->scratch.len);
    v->len = r->scratch.len;
    return v->text ? 0 : lrc_fail_memory(err);
}
