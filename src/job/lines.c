// SPDX-License-Identifier: MIT
#include "job/lines.h"

#include <string.h>

#include "base/ascii.h"
#include "base/str.h"
#include "base/utf8.h"

#define TEXT_MAX    (3 * LRC_LINE_MAX + 256) // each byte may become U+FFFD, and the note
#define BAR_SCAN    512                      // bytes in which a bar shows its numbers
#define REPLACEMENT "\xEF\xBF\xBD"
#define SHOWN_NUL   "\xE2\x90\x80"

typedef enum { END_LF, END_CR, END_OF_LOG } line_end;

void lrc_lines_init(lrc_lines *l, uint64_t offset, uint64_t number)
{
    *l = (lrc_lines){.offset = offset, .number = number, .part_start = offset};
    lrc_buf_init(&l->part, LRC_LINE_MAX + 1);
    lrc_buf_init(&l->bar, LRC_LINE_MAX + 1);
    lrc_buf_init(&l->text, TEXT_MAX);
}

void lrc_lines_done(lrc_lines *l)
{
    lrc_buf_done(&l->part);
    lrc_buf_done(&l->bar);
    lrc_buf_done(&l->text);
}

// ---- Bars ------------------------------------------------------------------------------------------------------------

// "  41%|" ending at the '|': where its digits begin, 0 when it is none.
static size_t percent_start(const char *text, size_t at)
{
    size_t i = at;
    if (i < 2 || text[--i] != '%')
        return SIZE_MAX;
    const size_t end = i;
    while (i > 0 && lrc_ascii_digit(text[i - 1]))
        i--;
    return i < end && end - i <= 3 ? i : SIZE_MAX;
}

// "12it [00:03,": tqdm without a total. Where its number begins.
static size_t count_start(const char *text, size_t at)
{
    size_t i = at; // the '['
    if (i < 4 || memcmp(text + i - 3, "it ", 3) != 0)
        return SIZE_MAX;
    const size_t end = i -= 3;
    while (i > 0 && lrc_ascii_digit(text[i - 1]))
        i--;
    return i < end ? i : SIZE_MAX;
}

bool lrc_line_is_bar(const char *text, size_t n, size_t *ret_label)
{
    const size_t scan = n < BAR_SCAN ? n : BAR_SCAN;
    for (size_t at = 0; at < scan; at++) {
        size_t label = SIZE_MAX;
        if (text[at] == '|')
            label = percent_start(text, at);
        else if (text[at] == '[')
            label = count_start(text, at);
        if (label == SIZE_MAX)
            continue;
        while (label > 0 && (text[label - 1] == ' ' || text[label - 1] == ':'))
            label--;
        *ret_label = label;
        return true;
    }
    return false;
}

static bool same_bar(const lrc_lines *l, size_t label)
{
    size_t held = 0;
    return l->has_bar && lrc_line_is_bar(l->bar.data, l->bar.len, &held) && held == label &&
           memcmp(l->bar.data, l->part.data, label) == 0;
}

// ---- Reporting -------------------------------------------------------------------------------------------------------

// Raw bytes as valid UTF-8 in l->text.
static void decode(lrc_lines *l, const char *raw, size_t n)
{
    lrc_buf_truncate(&l->text, 0);
    while (n > 0) {
        const size_t valid = lrc_utf8_valid_prefix(raw, n);
        lrc_buf_add(&l->text, raw, valid);
        raw += valid;
        n -= valid;
        if (n > 0) {
            lrc_buf_adds(&l->text, REPLACEMENT);
            raw++;
            n--;
        }
    }
}

static void make_line(lrc_lines *l, const lrc_buf *raw, uint64_t raw_len, lrc_line *ret)
{
    const bool cut = raw_len > LRC_LINE_MAX;
    size_t n = raw->len;
    if (cut)
        n = lrc_utf8_cut(raw->data, LRC_LINE_MAX);
    decode(l, raw->data, n);
    if (cut)
        lrc_buf_addf(&l->text, " [... %llu bytes in all, see the raw log]", (unsigned long long)raw_len);
    ret->text = l->text.data;
    ret->len = l->text.len;
    ret->cut = cut;
}

static int report(const lrc_lines *l, const lrc_line *line, lrc_lines_fn *fn, void *arg, lrc_err *err)
{
    if (lrc_buf_check(&l->text, "a log line", err) < 0 || lrc_buf_check(&l->part, "a log line", err) < 0 ||
        lrc_buf_check(&l->bar, "a log line", err) < 0)
        return -1;
    return fn(arg, line, err) ? -1 : 0;
}

static int flush_bar(lrc_lines *l, lrc_lines_fn *fn, void *arg, lrc_err *err)
{
    if (!l->has_bar)
        return 0;
    lrc_line line = {.number = l->number++, .offset = l->bar_start, .end = l->bar_end, .bar = true};
    make_line(l, &l->bar, l->bar.len, &line);
    l->has_bar = false;
    return report(l, &line, fn, arg, err);
}

static void bar_line(lrc_lines *l, lrc_line *ret)
{
    *ret = (lrc_line){.number = l->number, .offset = l->bar_start, .end = l->bar_end, .bar = true, .open = true};
    make_line(l, &l->bar, l->bar.len, ret);
}

// The segment is a state of a bar.
static int end_bar_segment(lrc_lines *l, line_end how, size_t label, lrc_lines_fn *fn, void *arg, lrc_err *err)
{
    if (!same_bar(l, label)) {
        if (flush_bar(l, fn, arg, err) < 0)
            return -1;
        l->bar_start = l->part_start;
    }
    lrc_buf_truncate(&l->bar, 0);
    lrc_buf_add(&l->bar, l->part.data, l->part.len);
    l->has_bar = true;
    l->bar_end = l->offset;
    if (l->rewrites) {
        lrc_line line;
        bar_line(l, &line);
        if (report(l, &line, fn, arg, err) < 0)
            return -1;
    }
    return how == END_CR ? 0 : flush_bar(l, fn, arg, err);
}

static bool blank(const lrc_lines *l)
{
    for (size_t i = 0; i < l->part.len; i++)
        if (!lrc_ascii_space(l->part.data[i]))
            return false;
    return l->part_len == l->part.len;
}

static void start_part(lrc_lines *l)
{
    lrc_buf_truncate(&l->part, 0);
    l->part_start = l->offset;
    l->part_len = 0;
    l->after_cr = false;
}

// The segment in l->part ended at l->offset.
static int end_segment(lrc_lines *l, line_end how, lrc_lines_fn *fn, void *arg, lrc_err *err)
{
    size_t label = 0;
    int result = 0;
    if (how == END_CR && blank(l)) {
        if (l->has_bar)
            l->bar_end = l->offset; // tqdm wipes its line so
    } else if (l->part_len <= LRC_LINE_MAX && lrc_line_is_bar(l->part.data, l->part.len, &label)) {
        result = end_bar_segment(l, how, label, fn, arg, err);
    } else if ((result = flush_bar(l, fn, arg, err)) == 0) {
        lrc_line line = {.number = l->number++, .offset = l->part_start, .end = l->offset};
        make_line(l, &l->part, l->part_len, &line);
        result = report(l, &line, fn, arg, err);
    }
    start_part(l);
    return result;
}

static void add_part(lrc_lines *l, const char *bytes, size_t n)
{
    const size_t room = LRC_LINE_MAX + 1 - l->part.len; // one more than is shown, so that a cut is seen
    lrc_buf_add(&l->part, bytes, n < room ? n : room);
    l->part_len += n;
    l->offset += n;
}

int lrc_lines_feed(lrc_lines *l, const void *bytes, size_t n, lrc_lines_fn *fn, void *arg, lrc_err *err)
{
    const char *p = bytes, *const end = p + n;
    while (p < end) {
        if (l->after_cr) {
            const bool crlf = *p == '\n';
            l->offset += crlf;
            p += crlf;
            if (end_segment(l, crlf ? END_LF : END_CR, fn, arg, err) < 0)
                return -1;
            continue;
        }
        const char *stop = p;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        add_part(l, p, (size_t)(stop - p));
        p = stop;
        if (p == end)
            break;
        l->offset++;
        if (*p++ == '\r')
            l->after_cr = true;
        else if (end_segment(l, END_LF, fn, arg, err) < 0)
            return -1;
    }
    return lrc_buf_check(&l->part, "a log line", err);
}

int lrc_lines_finish(lrc_lines *l, lrc_lines_fn *fn, void *arg, lrc_err *err)
{
    if (l->after_cr && end_segment(l, END_CR, fn, arg, err) < 0)
        return -1;
    if (l->part_len > 0 && end_segment(l, END_OF_LOG, fn, arg, err) < 0)
        return -1;
    return flush_bar(l, fn, arg, err);
}

bool lrc_lines_peek(lrc_lines *l, lrc_line *ret)
{
    size_t label = 0;
    if (l->part_len > 0 && !blank(l)) {
        const bool bar = lrc_line_is_bar(l->part.data, l->part.len, &label);
        const bool rewrite = bar && same_bar(l, label);
        const bool after = l->has_bar && !rewrite; // the bar is finished by what follows it
        *ret = (lrc_line){.number = l->number + after,
                          .offset = rewrite ? l->bar_start : l->part_start,
                          .end = l->offset,
                          .bar = bar,
                          .open = true};
        make_line(l, &l->part, l->part_len, ret);
        return true;
    }
    if (l->has_bar)
        bar_line(l, ret);
    return l->has_bar;
}

void lrc_lines_place(const lrc_lines *l, uint64_t *ret_offset, uint64_t *ret_start, uint64_t *ret_line)
{
    *ret_offset = l->part_start;
    *ret_start = l->has_bar ? l->bar_start : l->part_start;
    *ret_line = l->number;
}

// ---- Levels ----------------------------------------------------------------------------------------------------------

static const struct {
    const char *tag;
    lrc_level level;
} tags[] = {
    {"[error]", LRC_LEVEL_ERROR},
    {"[warn]", LRC_LEVEL_ERROR},
    {"[info]", LRC_LEVEL_INFO},
    {"[debug]", LRC_LEVEL_DEBUG},
};

static bool matches(const char *text, size_t left, const char *word)
{
    const size_t n = strlen(word);
    if (left < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lrc_ascii_lower(text[i]) != word[i])
            return false;
    return true;
}

static bool tells_progress(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '%' && i > 0 && lrc_ascii_digit(text[i - 1]))
            return true;
        if (matches(text + i, n - i, "epoch") || matches(text + i, n - i, "step") || matches(text + i, n - i, "batch"))
            return true;
    }
    return false;
}

// Append without NULs, which a C string cannot hold.
static void add_shown(lrc_buf *b, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i])
            lrc_buf_addc(b, text[i]);
        else
            lrc_buf_adds(b, SHOWN_NUL);
}

int lrc_line_level(const lrc_line *line, lrc_level *ret, char **ret_message, lrc_err *err)
{
    lrc_level level = LRC_LEVEL_INFO;
    size_t tag_at = line->len, tag_end = line->len;
    for (size_t i = 0; i < line->len && tag_at == line->len; i++)
        for (size_t t = 0; line->text[i] == '[' && t < sizeof tags / sizeof tags[0]; t++)
            if (matches(line->text + i, line->len - i, tags[t].tag)) {
                level = tags[t].level;
                tag_at = i;
                tag_end = i + strlen(tags[t].tag);
            }
    while (tag_end < line->len && lrc_ascii_space(line->text[tag_end]))
        tag_end++;
    if (tells_progress(line->text, line->len))
        level = LRC_LEVEL_PROGRESS;
    *ret = level;
    if (!ret_message)
        return 0;
    lrc_auto_buf lrc_buf message;
    lrc_buf_init(&message, 3 * TEXT_MAX);
    add_shown(&message, line->text, tag_at);
    add_shown(&message, line->text + tag_end, line->len - tag_end);
    lrc_auto_free char *made = NULL;
    return lrc_buf_take(&message, "a log line", &made, NULL, err) < 0
               ? -1
               : lrc_str_copy(ret_message, lrc_str_trim(made), err);
}

const char *lrc_level_name(lrc_level level)
{
    static const char *const names[LRC_LEVEL_MAX_] = {
        [LRC_LEVEL_INFO] = "info",
        [LRC_LEVEL_ERROR] = "error",
        [LRC_LEVEL_DEBUG] = "debug",
        [LRC_LEVEL_PROGRESS] = "progress",
    };
    return names[level];
}
