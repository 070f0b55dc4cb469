// SPDX-License-Identifier: MIT
// module: json
// Any bytes: the pull reader and the tree agree whether it is JSON, and what is written from the tree reads back as the
// same tree.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static bool reads(const char *text, size_t n)
{
    lrc_auto_json_reader lrc_json_reader *r = NULL;
    must(lrc_json_reader_new(text, n, &r, NULL) == 0);
    lrc_json_type type;
    size_t before = 0, events = 0;
    do {
        lrc_err err = LRC_ERR_INIT;
        if (lrc_json_next(r, &type, &err) < 0) {
            must(err.code == LRC_ERR_INVALID && strncmp(err.msg, "JSON line ", 10) == 0);
            return false;
        }
        size_t line, column, offset;
        lrc_json_where(r, &line, &column, &offset);
        must(offset <= n && (events == 0 || offset >= before) && line >= 1 && column >= 1);
        before = offset;
        events++;
    } while (type != LRC_JSON_END);
    return true;
}

static bool same(const lrc_json *a, const lrc_json *b)
{
    if (a->type != b->type || a->len != b->len || (a->key == NULL) != (b->key == NULL))
        return false;
    if (a->key && strcmp(a->key, b->key) != 0)
        return false;
    if (a->text && memcmp(a->text, b->text, a->len) != 0)
        return false;
    const lrc_json *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if (!same(x, y))
            return false;
    return !x && !y;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const bool parsed = lrc_json_parse(text, size, &doc, NULL) == 0;
    must(parsed == reads(text, size));
    if (!parsed)
        return 0;
    for (int indent = 0; indent <= 2; indent += 2) {
        lrc_auto_buf lrc_buf buf;
        lrc_json_out out;
        lrc_buf_init(&buf, 64 << 20);
        lrc_json_out_init(&out, &buf, indent);
        lrc_json_put_value(&out, lrc_json_root(doc));
        must(lrc_buf_check(&buf, "text", NULL) == 0);
        lrc_auto_json_doc lrc_json_doc *again = NULL;
        must(lrc_json_parse(buf.data, buf.len, &again, NULL) == 0);
        must(same(lrc_json_root(doc), lrc_json_root(again)));
    }
    return 0;
}
