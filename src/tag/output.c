// SPDX-License-Identifier: MIT
#include "tag/output.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "json/json.h"

#define ENTRY_MAX (256 << 20) // bytes of one image's line: a million scores with long names
#define INDENT    4

lrc_tag_output_kind lrc_tag_output_kind_of(const char *path)
{
    return lrc_str_ends(path, ".jsonl") ? LRC_TAG_FILE_OF_LINES : LRC_TAG_FILE_OF_OBJECT;
}

int lrc_tag_output_begin(lrc_tag_output *out, const char *path, lrc_tag_output_kind kind, lrc_err *err)
{
    *out = (lrc_tag_output){.kind = kind, .file = LRC_FS_OUT_INIT};
    return lrc_fs_out_begin(&out->file, path, 0, err);
}

// ---- One image ---------------------------------------------------------------------------------------------------------

static void put_size(lrc_json_out *out, const lrc_tag_result *r)
{
    lrc_json_key(out, "image_size");
    lrc_json_array_begin(out);
    lrc_json_put_int(out, r->width);
    lrc_json_put_int(out, r->height);
    lrc_json_array_end(out);
}

// The caption without its line end.
static void put_caption(lrc_json_out *out, const char *key, const char *text)
{
    lrc_json_key(out, key);
    lrc_json_put_strn(out, text, strcspn(text, "\n"));
}

// The fewest digits that read back to the same float32.
static void put_float(lrc_json_out *out, float v)
{
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        double back = 0;
        snprintf(text, sizeof text, "%.*g", digits, (double)v);
        if (!lrc_str_to_double(text, &back)) { // inf and nan
            lrc_json_put_null(out);
            return;
        }
        if ((float)back == v)
            break;
    }
    lrc_json_put_raw(out, text);
}

static void put_scores(lrc_json_out *out, const lrc_tagger *tagger, const lrc_tag_result *r)
{
    const lrc_tag_labels *labels = lrc_tagger_labels(tagger);
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "image", r->image);
    lrc_json_key(out, "scores");
    lrc_json_object_begin(out);
    for (size_t i = 0; i < labels->count; i++) {
        lrc_json_key(out, labels->item[i].name);
        put_float(out, r->scores[i]);
    }
    lrc_json_object_end(out);
    lrc_json_object_end(out);
}

static void put_line(lrc_json_out *out, const lrc_tag_result *r)
{
    lrc_json_object_begin(out);
    lrc_json_kstr(out, "image_path", r->image);
    put_caption(out, "caption", r->text);
    put_size(out, r);
    lrc_json_object_end(out);
}

static void put_member(lrc_json_out *out, const lrc_tag_result *r)
{
    lrc_json_object_begin(out);
    put_caption(out, "tags", r->text);
    put_size(out, r);
    lrc_json_object_end(out);
}

// Characters beyond ASCII as \uXXXX, two of them above U+FFFF: only strings can hold them, so the rest stays as it is.
static void escape_non_ascii(const lrc_buf *from, lrc_buf *to)
{
    for (size_t at = 0; at < from->len;) {
        uint32_t cp;
        const size_t n = lrc_utf8_decode(from->data + at, from->len - at, &cp);
        if (n <= 1)
            lrc_buf_addc(to, from->data[at]);
        else if (cp < 0x10000)
            lrc_buf_addf(to, "\\u%04x", cp);
        else
            lrc_buf_addf(to, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + ((cp - 0x10000) & 0x3ff));
        at += n ? n : 1;
    }
}

// A member of the one object: its key, and its value one level deeper.
static void add_member(const lrc_tag_output *out, const lrc_buf *value, const char *path, lrc_buf *to)
{
    lrc_auto_buf lrc_buf key;
    lrc_json_out json;
    lrc_buf_init(&key, ENTRY_MAX);
    lrc_json_out_init(&json, &key, 0);
    lrc_json_put_str(&json, path);
    lrc_buf_adds(to, out->count ? ",\n" : "{\n");
    lrc_buf_addf(to, "%*s%s: ", INDENT, "", key.data);
    for (size_t i = 0; i < value->len; i++) {
        lrc_buf_addc(to, value->data[i]);
        if (value->data[i] == '\n')
            lrc_buf_addf(to, "%*s", INDENT, "");
    }
}

int lrc_tag_output_add(lrc_tag_output *out, const lrc_tagger *tagger, const lrc_tag_result *r, lrc_err *err)
{
    if (r->outcome != LRC_TAG_DONE)
        return 0;
    lrc_auto_buf lrc_buf value, text;
    lrc_json_out json;
    lrc_buf_init(&value, ENTRY_MAX);
    lrc_buf_init(&text, ENTRY_MAX);
    lrc_json_out_init(&json, &value, out->kind == LRC_TAG_FILE_OF_OBJECT ? INDENT : 0);
    switch (out->kind) {
    case LRC_TAG_FILE_OF_OBJECT:
        put_member(&json, r);
        add_member(out, &value, r->image, &text);
        break;
    case LRC_TAG_FILE_OF_LINES:
        put_line(&json, r);
        escape_non_ascii(&value, &text);
        lrc_buf_addc(&text, '\n');
        break;
    case LRC_TAG_FILE_OF_SCORES:
        put_scores(&json, tagger, r);
        lrc_buf_add(&text, value.data, value.len);
        lrc_buf_addc(&text, '\n');
        break;
    }
    if (lrc_buf_check(&value, r->image, err) < 0 || lrc_buf_check(&text, r->image, err) < 0)
        return -1;
    out->count++;
    return lrc_fs_out_write(&out->file, text.data, text.len, err);
}

int lrc_tag_output_commit(lrc_tag_output *out, lrc_err *err)
{
    const char *end = out->kind != LRC_TAG_FILE_OF_OBJECT ? "" : out->count ? "\n}\n" : "{}\n";
    return lrc_fs_out_write(&out->file, end, strlen(end), err) < 0 ? -1 : lrc_fs_out_commit(&out->file, err);
}

void lrc_tag_output_done(lrc_tag_output *out)
{
    lrc_fs_out_done(&out->file);
}

// ---- Frequency ---------------------------------------------------------------------------------------------------------

static int rank(const void *a, const void *b, void *counts)
{
    const lrc_map_entry *entry = ((const lrc_map *)counts)->entry;
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    if (entry[x].value != entry[y].value)
        return entry[x].value < entry[y].value ? 1 : -1;
    return x < y ? -1 : 1;
}

int lrc_tag_frequency_order(const lrc_map *counts, size_t **ret, lrc_err *err)
{
    size_t *order = malloc((counts->count + 1) * sizeof *order);
    if (!order)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < counts->count; i++)
        order[i] = i;
    qsort_r(order, counts->count, sizeof *order, rank, (void *)(uintptr_t)counts);
    *ret = order;
    return 0;
}
