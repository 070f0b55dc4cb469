// SPDX-License-Identifier: MIT
// optimizer_args as the reference splits it: quotes and blanks inside values do not survive.
#include <string.h>

#include "base/utf8.h"
#include "train/plan.h"
#include "train/space.h"

#define TOKEN_MAX (1 << 20)

struct splitter {
    lrc_arena *arena;
    lrc_train_value *list;
    lrc_buf token; // without blanks
    char quote;    // that is open, or 0
    int depth;     // of brackets, whichever they are
};

// A token without '=' continues the one before it, behind a comma.
static int end_token(struct splitter *s, lrc_err *err)
{
    if (lrc_buf_check(&s->token, "optimizer_args", err) < 0)
        return -1;
    if (s->token.len == 0)
        return 0;
    lrc_train_value *last = s->list->count ? &s->list->item[s->list->count - 1] : NULL;
    lrc_train_value v;
    int result;
    if (last && !memchr(s->token.data, '=', s->token.len)) {
        lrc_auto_buf lrc_buf joined;
        lrc_buf_init(&joined, TOKEN_MAX);
        lrc_buf_add(&joined, last->text, last->len);
        lrc_buf_addc(&joined, ',');
        lrc_buf_add(&joined, s->token.data, s->token.len);
        result = lrc_buf_check(&joined, "optimizer_args", err);
        if (result == 0)
            result = lrc_value_text(s->arena, joined.data, joined.len, last, err);
    } else {
        result = lrc_value_text(s->arena, s->token.data, s->token.len, &v, err);
        if (result == 0)
            result = lrc_value_push(s->arena, s->list, &v, err);
    }
    lrc_buf_truncate(&s->token, 0);
    return result;
}

static int take_char(struct splitter *s, uint32_t cp, const char *bytes, size_t n, lrc_err *err)
{
    const char c = cp < 0x80 ? (char)cp : '\0';
    const bool blank = lrc_space_python(cp);
    if (s->quote) {
        if (c == s->quote)
            s->quote = '\0';
        else if (!blank)
            lrc_buf_add(&s->token, bytes, n);
        return 0;
    }
    if (c == '\'' || c == '"') {
        s->quote = c;
        return 0;
    }
    if (c && strchr("([{", c))
        s->depth++;
    if (c && strchr(")]}", c) && s->depth > 0)
        s->depth--;
    if (s->depth == 0 && (c == ',' || blank))
        return end_token(s, err);
    if (!blank)
        lrc_buf_add(&s->token, bytes, n);
    return 0;
}

int train_split_optimizer_args(lrc_arena *a, const lrc_train_value *v, lrc_train_value *ret, lrc_err *err)
{
    lrc_train_value list = {.type = LRC_VALUE_NULL};
    struct splitter s = {.arena = a, .list = &list};
    lrc_buf_init(&s.token, TOKEN_MAX);
    int result = 0;
    for (size_t i = 0; v->type == LRC_VALUE_TEXT && i < v->len && result == 0;) {
        uint32_t cp;
        const size_t n = lrc_utf8_decode(v->text + i, v->len - i, &cp);
        result = n ? take_char(&s, cp, v->text + i, n, err)
                   : lrc_fail_field(err, LRC_ERR_INVALID, "optimizer_args", "optimizer_args is not UTF-8");
        i += n;
    }
    if (result == 0)
        result = end_token(&s, err);
    lrc_buf_done(&s.token);
    if (result == 0)
        *ret = list;
    return result;
}

// ---- Studio ----------------------------------------------------------------------------------------------------------
// The trainer splits each token at its one '=' and reads the value as a Python literal, so quotes and blanks inside a
// value must stay. Quotes around a whole token, as older presets have them, are dropped.

struct reader {
    struct splitter s;
    char wrapper;   // the quote that encloses the whole token, or 0
    bool after_gap; // blanks came after a token: '=' goes on with it, anything else begins a new one
};

static bool ends_in_equals(const lrc_buf *token)
{
    return token->len > 0 && token->data[token->len - 1] == '=';
}

static int end_gap(struct reader *r, char c, lrc_err *err)
{
    const bool goes_on = c == '=' || ends_in_equals(&r->s.token);
    const bool gap = r->after_gap;
    r->after_gap = false;
    return gap && !goes_on ? end_token(&r->s, err) : 0;
}

static int read_char(struct reader *r, uint32_t cp, const char *bytes, size_t n, lrc_err *err)
{
    struct splitter *s = &r->s;
    const char c = cp < 0x80 ? (char)cp : '\0';
    if (s->quote) { // inside a quoted value: everything stays
        lrc_buf_add(&s->token, bytes, n);
        s->quote = c == s->quote ? '\0' : s->quote;
        return 0;
    }
    const bool open = r->wrapper || s->depth > 0;
    if (lrc_space_python(cp)) {
        r->after_gap = !open;
        return 0;
    }
    if (c == ',' && !open) {
        r->after_gap = false;
        return end_token(s, err);
    }
    if (end_gap(r, c, err) < 0)
        return -1;
    if (c && c == r->wrapper) {
        r->wrapper = '\0';
        return 0;
    }
    if ((c == '\'' || c == '"') && s->token.len == 0 && !r->wrapper) {
        r->wrapper = c;
        return 0;
    }
    if (c == '\'' || c == '"')
        s->quote = c;
    s->depth += c && strchr("([{", c) ? 1 : 0;
    s->depth -= c && strchr(")]}", c) && s->depth > 0 ? 1 : 0;
    lrc_buf_add(&s->token, bytes, n);
    return 0;
}

int train_read_optimizer_args(lrc_arena *a, const lrc_train_value *v, lrc_train_value *ret, lrc_err *err)
{
    lrc_train_value list = {.type = LRC_VALUE_NULL};
    struct reader r = {.s = {.arena = a, .list = &list}};
    lrc_buf_init(&r.s.token, TOKEN_MAX);
    int result = 0;
    for (size_t i = 0; v->type == LRC_VALUE_TEXT && i < v->len && result == 0;) {
        uint32_t cp;
        const size_t n = lrc_utf8_decode(v->text + i, v->len - i, &cp);
        result = n ? read_char(&r, cp, v->text + i, n, err)
                   : lrc_fail_field(err, LRC_ERR_INVALID, "optimizer_args", "optimizer_args is not UTF-8");
        i += n;
    }
    if (result == 0)
        result = end_token(&r.s, err);
    lrc_buf_done(&r.s.token);
    if (result == 0)
        *ret = list;
    return result;
}

const char *train_check_optimizer_arg(const lrc_train_value *token)
{
    const char *s = token->text;
    if (strlen(s) != token->len)
        return "holds a NUL character";
    const char *equals = strchr(s, '=');
    if (!equals || equals == s)
        return "is not name=value";
    if (strchr(equals + 1, '='))
        return "has more than one '='";
    if (equals[1] == '\0')
        return "has no value";
    char quote = '\0';
    int depth = 0;
    for (const char *p = equals + 1; *p; p++) {
        if (quote || *p == '"' || *p == '\'')
            quote = !quote ? *p : quote == *p ? '\0' : quote;
        else
            depth += (strchr("([{", *p) != NULL) - (strchr(")]}", *p) != NULL);
    }
    return quote || depth ? "has a quote or bracket without its partner" : NULL;
}
