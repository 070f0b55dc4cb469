// SPDX-License-Identifier: MIT
#include "caption/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "caption/caption.h"

#define MATCH_LIMIT  1000000 // steps: some ten milliseconds
#define DEPTH_LIMIT  10000   // nested backtracking
#define HEAP_LIMIT   20000   // KiB
#define NAME_MAX_LEN 32      // PCRE2's own limit of a group's name

struct lrc_pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    bool literal_replacement;
};

void lrc_pattern_free(lrc_pattern *p)
{
    if (!p)
        return;
    pcre2_match_context_free(p->limits);
    pcre2_match_data_free(p->match);
    pcre2_code_free(p->code);
    free(p);
}

static int fail_compile(int code, size_t at, lrc_err *err)
{
    char message[200] = "";
    pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof message);
    return lrc_fail_field(err, LRC_ERR_INVALID, "find_text", "the pattern is wrong at character %zu: %s", at + 1,
                          message);
}

int lrc_pattern_compile(const char *text, const lrc_pattern_options *options, lrc_pattern **ret, lrc_err *err)
{
    const size_t n = strlen(text);
    if (n == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "find_text", "there is nothing to look for: the text is empty");
    if (n > LRC_PATTERN_MAX)
        return lrc_fail_field(err, LRC_ERR_LIMIT, "find_text", "the text to look for is longer than %d bytes",
                              LRC_PATTERN_MAX);
    if (!lrc_utf8_valid(text, n))
        return lrc_fail_field(err, LRC_ERR_INVALID, "find_text", "the text to look for is not valid UTF-8");
    lrc_auto_pattern lrc_pattern *p = calloc(1, sizeof *p);
    if (!p)
        return lrc_fail_memory(err);
    uint32_t flags = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C;
    flags |= options->regex ? PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALT_BSUX : PCRE2_LITERAL;
    flags |= options->ignore_case ? PCRE2_CASELESS : 0;
    flags |= options->regex && options->multiline ? PCRE2_MULTILINE : 0;
    if (!options->regex)
        flags &= ~(uint32_t)PCRE2_NEVER_BACKSLASH_C; // not taken together with LITERAL
    int code = 0;
    PCRE2_SIZE at = 0;
    p->code = pcre2_compile((PCRE2_SPTR)text, n, flags, &code, &at, NULL);
    if (!p->code)
        return fail_compile(code, lrc_utf8_count(text, at < n ? at : n), err);
    p->literal_replacement = !options->regex;
    p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
    p->limits = pcre2_match_context_create(NULL);
    if (!p->match || !p->limits)
        return lrc_fail_memory(err);
    pcre2_set_match_limit(p->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(p->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(p->limits, HEAP_LIMIT);
    *ret = lrc_take(p);
    return 0;
}

// 1: matched, the places are in p->match; 0: no; -1.
static int match_from(lrc_pattern *p, const char *text, size_t n, size_t from, lrc_err *err)
{
    const int result = pcre2_match(p->code, (PCRE2_SPTR)text, n, from, PCRE2_NO_UTF_CHECK, p->match, p->limits);
    if (result > 0)
        return 1;
    if (result == PCRE2_ERROR_NOMATCH)
        return 0;
    if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT || result == PCRE2_ERROR_HEAPLIMIT)
        return lrc_fail_field(err, LRC_ERR_LIMIT, "find_text",
                              "the pattern takes too many steps on this caption; make it simpler");
    return lrc_fail(err, result == PCRE2_ERROR_NOMEMORY ? LRC_ERR_NO_MEMORY : LRC_ERR_INVALID,
                    "the pattern cannot be matched (PCRE2 error %d)", result);
}

int lrc_pattern_find(lrc_pattern *p, const char *text, size_t from, size_t *ret_start, size_t *ret_end, lrc_err *err)
{
    const int found = match_from(p, text, strlen(text), from, err);
    if (found <= 0)
        return found;
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(p->match);
    *ret_start = places[0];
    *ret_end = places[1] < places[0] ? places[0] : places[1]; // \K in a look-ahead may turn them around
    return 1;
}

// ---- Replacing -------------------------------------------------------------------------------------------------------

static void add_group(lrc_pattern *p, const char *text, uint32_t group, lrc_buf *out)
{
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(p->match);
    const PCRE2_SIZE start = places[2 * group], end = places[2 * group + 1];
    if (start != PCRE2_UNSET && end > start)
        lrc_buf_add(out, text + start, end - start);
}

// "$1" to "$99" at `s` (behind the "$"): its length, 0 when there is no such group. ECMAScript takes two digits where
// there are that many groups.
static size_t add_numbered(lrc_pattern *p, const char *text, const char *s, lrc_buf *out)
{
    const uint32_t groups = pcre2_get_ovector_count(p->match) - 1;
    const uint32_t one = lrc_ascii_digit(s[0]) ? (uint32_t)(s[0] - '0') : 0;
    const uint32_t two = lrc_ascii_digit(s[0]) && lrc_ascii_digit(s[1]) ? one * 10 + (uint32_t)(s[1] - '0') : 0;
    const uint32_t group = two >= 1 && two <= groups ? two : one;
    if (group < 1 || group > groups)
        return 0;
    add_group(p, text, group, out);
    return group == two ? 2 : 1;
}

// "<name>" at `s`: its length, 0 when there is no such group.
static size_t add_named(lrc_pattern *p, const char *text, const char *s, lrc_buf *out)
{
    char name[NAME_MAX_LEN + 1];
    const char *end = s[0] == '<' ? strchr(s, '>') : NULL;
    const size_t n = end ? (size_t)(end - s) - 1 : 0;
    if (n == 0 || n > NAME_MAX_LEN)
        return 0;
    memcpy(name, s + 1, n);
    name[n] = '\0';
    const int group = pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)name);
    if (group < 1)
        return 0;
    add_group(p, text, (uint32_t)group, out);
    return n + 2;
}

// What stands behind a "$": its length, 0 when the "$" is an ordinary one.
static size_t add_special(lrc_pattern *p, const char *text, const char *s, lrc_buf *out)
{
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(p->match);
    switch (s[0]) {
    case '$': lrc_buf_addc(out, '$'); return 1;
    case '&': add_group(p, text, 0, out); return 1;
    case '`': lrc_buf_add(out, text, places[0]); return 1;
    case '\'': lrc_buf_adds(out, text + places[1]); return 1;
    case '<': return add_named(p, text, s, out);
    default: return add_numbered(p, text, s, out);
    }
}

static void add_replacement(lrc_pattern *p, const char *text, const char *replacement, lrc_buf *out)
{
    if (p->literal_replacement) {
        lrc_buf_adds(out, replacement);
        return;
    }
    while (*replacement) {
        const size_t plain = strcspn(replacement, "$");
        lrc_buf_add(out, replacement, plain);
        replacement += plain;
        if (*replacement != '$')
            continue;
        const size_t n = add_special(p, text, replacement + 1, out);
        if (n == 0)
            lrc_buf_addc(out, '$');
        replacement += 1 + n;
    }
}

int lrc_pattern_replace(lrc_pattern *p, const char *text, const char *replacement, char **ret, lrc_err *err)
{
    const size_t n = strlen(text), length = strlen(replacement);
    if (length > LRC_PATTERN_MAX)
        return lrc_fail_field(err, LRC_ERR_LIMIT, "replace_text", "the replacement is longer than %d bytes",
                              LRC_PATTERN_MAX);
    if (!lrc_utf8_valid(replacement, length))
        return lrc_fail_field(err, LRC_ERR_INVALID, "replace_text", "the replacement is not valid UTF-8");
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, LRC_CAPTION_MAX);
    size_t copied = 0, start, end;
    for (size_t from = 0; from <= n;) {
        const int found = lrc_pattern_find(p, text, from, &start, &end, err);
        if (found < 0)
            return -1;
        if (!found || start < copied)
            break;
        lrc_buf_add(&out, text + copied, start - copied);
        add_replacement(p, text, replacement, &out);
        if (out.failed)
            break;
        copied = end;
        const size_t step = end == start && end < n ? lrc_utf8_decode(text + end, n - end, NULL) : 0;
        from = end == start ? end + (step ? step : 1) : end;
    }
    lrc_buf_add(&out, text + copied, n - copied);
    if (lrc_buf_check(&out, "the caption", err) < 0)
        return -1;
    if (out.len == n && memcmp(out.data, text, n) == 0)
        return 0;
    return lrc_buf_take(&out, "the caption", ret, NULL, err);
}
