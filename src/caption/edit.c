// SPDX-License-Identifier: MIT
#include "caption/edit.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "caption/caption.h"

static const char *separator_of(const lrc_tags_edit *edit)
{
    return edit->separator ? edit->separator : LRC_CAPTION_SEPARATOR;
}

int lrc_tags_parse(const lrc_strv *given, const char *separator, lrc_strv *ret, lrc_err *err)
{
    lrc_auto_strv lrc_strv tags = {0};
    for (size_t i = 0; i < given->count; i++) {
        const char *text = given->item[i];
        if (!lrc_utf8_valid(text, strlen(text)))
            return lrc_fail_field(err, LRC_ERR_INVALID, "tags", "a tag is not valid UTF-8");
        for (const char *p = text; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                return lrc_fail_field(err, LRC_ERR_INVALID, "tags", "a tag holds a control character");
        if (lrc_caption_split(text, separator, &tags, err) < 0)
            return -1;
    }
    if (tags.count == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "tags", "there is no tag");
    *ret = tags;
    tags = (lrc_strv){0};
    return 0;
}

static int add_tags(const lrc_strv *old, const lrc_tags_edit *edit, lrc_strv *ret, lrc_err *err)
{
    for (size_t i = 0; edit->at_start && i < edit->tags->count; i++)
        if (!lrc_caption_has(old, edit->tags->item[i]) && !lrc_caption_has(ret, edit->tags->item[i]) &&
            lrc_strv_push(ret, edit->tags->item[i], err) < 0)
            return -1;
    for (size_t i = 0; i < old->count; i++)
        if (lrc_strv_push(ret, old->item[i], err) < 0)
            return -1;
    for (size_t i = 0; !edit->at_start && i < edit->tags->count; i++)
        if (!lrc_caption_has(ret, edit->tags->item[i]) && lrc_strv_push(ret, edit->tags->item[i], err) < 0)
            return -1;
    return 0;
}

static int replace_tags(const lrc_strv *old, const lrc_tags_edit *edit, lrc_strv *ret, lrc_err *err)
{
    const char *by = edit->op == LRC_TAGS_REPLACE ? edit->replacement : "";
    bool found = false;
    for (size_t i = 0; i < old->count; i++)
        found = found || lrc_caption_has(edit->tags, old->item[i]);
    bool written = false;
    for (size_t i = 0; i < old->count; i++) {
        const char *tag = old->item[i];
        if (found && (lrc_caption_has(edit->tags, tag) || (by[0] && lrc_caption_same(tag, by)))) {
            tag = written ? "" : by;
            written = true;
        }
        if (tag[0] && lrc_strv_push(ret, tag, err) < 0)
            return -1;
    }
    return 0;
}

static int tidy_tags(const lrc_strv *old, const lrc_tags_edit *edit, lrc_strv *ret, lrc_err *err)
{
    for (size_t i = 0; i < old->count; i++)
        if (!(edit->dedupe && lrc_caption_has(ret, old->item[i])) && lrc_strv_push(ret, old->item[i], err) < 0)
            return -1;
    if (edit->sort && ret->count > edit->keep) {
        lrc_strv rest = {.item = ret->item + edit->keep, .count = ret->count - edit->keep};
        lrc_strv_sort(&rest);
    }
    return 0;
}

static bool same_list(const lrc_strv *a, const lrc_strv *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->item[i], b->item[i]) != 0)
            return false;
    return true;
}

// One line, with its blanks, into `out`; *ret_changed is set when it becomes another.
static int edit_line(const char *line, const lrc_tags_edit *edit, lrc_buf *out, bool *ret_changed, lrc_err *err)
{
    lrc_auto_strv lrc_strv old = {0}, new = {0};
    lrc_auto_free char *joined = NULL;
    if (lrc_caption_split(line, separator_of(edit), &old, err) < 0)
        return -1;
    const int result = edit->op == LRC_TAGS_ADD    ? add_tags(&old, edit, &new, err)
                       : edit->op == LRC_TAGS_TIDY ? tidy_tags(&old, edit, &new, err)
                                                   : replace_tags(&old, edit, &new, err);
    if (result < 0 || lrc_caption_join(&new, separator_of(edit), &joined, err) < 0)
        return -1;
    const bool changed = edit->op == LRC_TAGS_TIDY ? strcmp(joined, line) != 0 : !same_list(&old, &new);
    lrc_buf_adds(out, changed ? joined : line);
    *ret_changed = *ret_changed || changed;
    return 0;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n\v\f")] == '\0';
}

int lrc_tags_edit_text(const char *text, const lrc_tags_edit *edit, char **ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf out;
    lrc_auto_free char *copy = NULL;
    bool changed = false;
    lrc_buf_init(&out, LRC_CAPTION_MAX);
    if (is_blank(text)) {
        if (edit->op != LRC_TAGS_ADD)
            return 0;
        return lrc_caption_join(edit->tags, separator_of(edit), ret, err);
    }
    if (lrc_str_copy(&copy, text, err) < 0)
        return -1;
    for (char *line = copy, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (is_blank(line))
            lrc_buf_adds(&out, line);
        else if (edit_line(line, edit, &out, &changed, err) < 0)
            return -1;
        if (next)
            lrc_buf_addc(&out, '\n');
    }
    if (!changed)
        return lrc_buf_check(&out, "the caption", err);
    return lrc_buf_take(&out, "the caption", ret, NULL, err);
}
