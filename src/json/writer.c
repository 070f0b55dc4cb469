// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "json/json.h"

void lrc_json_out_init(lrc_json_out *o, lrc_buf *buf, int indent)
{
    *o = (lrc_json_out){.buf = buf, .indent = indent};
    o->first[0] = true;
}

static void new_line(lrc_json_out *o)
{
    if (o->indent)
        lrc_buf_addf(o->buf, "\n%*s", o->indent * o->depth, "");
}

// What stands before a value or key: a comma, a line break.
static void before(lrc_json_out *o)
{
    if (o->after_key) {
        o->after_key = false;
        return;
    }
    if (!o->first[o->depth])
        lrc_buf_addc(o->buf, ',');
    o->first[o->depth] = false;
    if (o->depth)
        new_line(o);
}

static void begin(lrc_json_out *o, char bracket)
{
    before(o);
    lrc_buf_addc(o->buf, bracket);
    if (o->depth < LRC_JSON_MAX_DEPTH)
        o->depth++;
    o->first[o->depth] = true;
}

static void end(lrc_json_out *o, char bracket)
{
    const bool empty = o->first[o->depth];
    if (o->depth)
        o->depth--;
    if (!empty)
        new_line(o);
    lrc_buf_addc(o->buf, bracket);
}

void lrc_json_object_begin(lrc_json_out *o)
{
    begin(o, '{');
}

void lrc_json_object_end(lrc_json_out *o)
{
    end(o, '}');
}

void lrc_json_array_begin(lrc_json_out *o)
{
    begin(o, '[');
}

void lrc_json_array_end(lrc_json_out *o)
{
    end(o, ']');
}

static void escaped(lrc_buf *b, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *hit = c ? strchr(from, c) : NULL;
    if (hit)
        lrc_buf_addf(b, "\\%c", to[hit - from]);
    else
        lrc_buf_addf(b, "\\u%04x", c);
}

static void quoted(lrc_buf *b, const char *s, size_t n)
{
    lrc_buf_addc(b, '"');
    size_t i = 0;
    while (i < n) {
        size_t run = i;
        while (run < n && (unsigned char)s[run] >= 0x20 && (unsigned char)s[run] < 0x7f && s[run] != '"' &&
               s[run] != '\\')
            run++;
        lrc_buf_add(b, s + i, run - i);
        i = run;
        if (i >= n)
            break;
        const size_t len = lrc_utf8_decode(s + i, n - i, NULL);
        if (len == 0)
            lrc_buf_adds(b, "\xef\xbf\xbd"); // U+FFFD
        else if (len == 1)
            escaped(b, (unsigned char)s[i]);
        else
            lrc_buf_add(b, s + i, len);
        i += len ? len : 1;
    }
    lrc_buf_addc(b, '"');
}

void lrc_json_key(lrc_json_out *o, const char *key)
{
    before(o);
    quoted(o->buf, key, strlen(key));
    lrc_buf_adds(o->buf, o->indent ? ": " : ":");
    o->after_key = true;
}

void lrc_json_put_strn(lrc_json_out *o, const char *s, size_t n)
{
    before(o);
    quoted(o->buf, s, n);
}

void lrc_json_put_str(lrc_json_out *o, const char *s)
{
    if (s)
        lrc_json_put_strn(o, s, strlen(s));
    else
        lrc_json_put_null(o);
}

void lrc_json_put_int(lrc_json_out *o, int64_t v)
{
    before(o);
    lrc_buf_addf(o->buf, "%lld", (long long)v);
}

void lrc_json_put_double(lrc_json_out *o, double v)
{
    char text[LRC_NUM_TEXT];
    if (isfinite(v))
        lrc_num_short(v, text);
    lrc_json_put_raw(o, isfinite(v) ? text : "null");
}

void lrc_json_put_bool(lrc_json_out *o, bool v)
{
    lrc_json_put_raw(o, v ? "true" : "false");
}

void lrc_json_put_null(lrc_json_out *o)
{
    lrc_json_put_raw(o, "null");
}

void lrc_json_put_raw(lrc_json_out *o, const char *json)
{
    before(o);
    lrc_buf_adds(o->buf, json);
}

void lrc_json_put_value(lrc_json_out *o, const lrc_json *v)
{
    switch (v->type) {
    case LRC_JSON_NUMBER: lrc_json_put_raw(o, v->text); return;
    case LRC_JSON_STRING: lrc_json_put_strn(o, v->text, v->len); return;
    case LRC_JSON_TRUE:
    case LRC_JSON_FALSE: lrc_json_put_bool(o, v->type == LRC_JSON_TRUE); return;
    case LRC_JSON_ARRAY:
        lrc_json_array_begin(o);
        for (const lrc_json *c = v->first; c; c = c->next)
            lrc_json_put_value(o, c);
        lrc_json_array_end(o);
        return;
    case LRC_JSON_OBJECT:
        lrc_json_object_begin(o);
        for (const lrc_json *c = v->first; c; c = c->next) {
            lrc_json_key(o, c->key);
            lrc_json_put_value(o, c);
        }
        lrc_json_object_end(o);
        return;
    default: lrc_json_put_null(o); return;
    }
}

void lrc_json_kstr(lrc_json_out *o, const char *key, const char *s)
{
    lrc_json_key(o, key);
    lrc_json_put_str(o, s);
}

void lrc_json_kint(lrc_json_out *o, const char *key, int64_t v)
{
    lrc_json_key(o, key);
    lrc_json_put_int(o, v);
}

void lrc_json_kdouble(lrc_json_out *o, const char *key, double v)
{
    lrc_json_key(o, key);
    lrc_json_put_double(o, v);
}

void lrc_json_kbool(lrc_json_out *o, const char *key, bool v)
{
    lrc_json_key(o, key);
    lrc_json_put_bool(o, v);
}

void lrc_json_put_error(lrc_json_out *o, const lrc_err *e)
{
    lrc_json_put_error_findings(o, e, NULL);
}

void lrc_json_put_error_findings(lrc_json_out *o, const lrc_err *e, const lrc_findings *f)
{
    lrc_json_object_begin(o);
    lrc_json_kbool(o, "success", false);
    lrc_json_kstr(o, "error", e->msg);
    lrc_json_kstr(o, "detail", e->msg);
    lrc_json_kstr(o, "code", lrc_err_word(e->code));
    if (e->field[0])
        lrc_json_kstr(o, "field", e->field);
    if (f) {
        lrc_json_key(o, "findings");
        lrc_json_put_findings(o, f);
    }
    lrc_json_object_end(o);
}

void lrc_json_put_findings(lrc_json_out *o, const lrc_findings *f)
{
    lrc_json_array_begin(o);
    for (size_t i = 0; i < f->count; i++) {
        const lrc_finding *one = &f->item[i];
        lrc_json_object_begin(o);
        lrc_json_kstr(o, "severity", lrc_finding_severity_name(one->severity));
        lrc_json_kstr(o, "code", one->code);
        if (one->field[0])
            lrc_json_kstr(o, "field", one->field);
        if (one->file[0])
            lrc_json_kstr(o, "file", one->file);
        lrc_json_kstr(o, "message", one->message);
        if (one->remedy[0])
            lrc_json_kstr(o, "remedy", one->remedy);
        lrc_json_object_end(o);
    }
    lrc_json_array_end(o);
}
