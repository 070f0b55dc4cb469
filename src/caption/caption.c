// SPDX-License-Identifier: MIT
#include "caption/caption.h"

#include <string.h>
#include <utf8proc.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"

#define SEPARATOR_MAX 16 // bytes

int lrc_caption_check_separator(const char *separator, lrc_err *err)
{
    const size_t n = strlen(separator);
    if (n == 0 || n > SEPARATOR_MAX || !lrc_utf8_valid(separator, n) || strpbrk(separator, "\r\n"))
        return lrc_fail_field(err, LRC_ERR_INVALID, "separator",
                              "a separator must have 1 to %d bytes and no line break: \", \" or \"|\"", SEPARATOR_MAX);
    return 0;
}

// Without its blanks, unless it is nothing else: what ends a tag. Points into `separator`.
static const char *core_of(const char *separator, size_t *ret_len)
{
    const char *core = separator + strspn(separator, " \t");
    size_t n = strlen(core);
    while (n > 0 && (core[n - 1] == ' ' || core[n - 1] == '\t'))
        n--;
    *ret_len = n ? n : strlen(separator);
    return n ? core : separator;
}

// The part [start, end) without blanks at its ends; an empty one is not added.
static int push_trimmed(lrc_strv *ret, const char *start, const char *end, lrc_err *err)
{
    while (start < end && lrc_ascii_space(*start))
        start++;
    while (end > start && lrc_ascii_space(end[-1]))
        end--;
    return start == end ? 0 : lrc_strv_push_n(ret, start, (size_t)(end - start), err);
}

int lrc_caption_split(const char *line, const char *separator, lrc_strv *ret, lrc_err *err)
{
    size_t n;
    const char *core = core_of(separator, &n);
    for (;;) {
        const char *end = memmem(line, strlen(line), core, n);
        if (push_trimmed(ret, line, end ? end : line + strlen(line), err) < 0)
            return -1;
        if (!end)
            return 0;
        line = end + n;
    }
}

int lrc_caption_join(const lrc_strv *tags, const char *separator, char **ret, lrc_err *err)
{
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, LRC_CAPTION_MAX);
    for (size_t i = 0; i < tags->count; i++)
        lrc_buf_addf(&text, "%s%s", i ? separator : "", tags->item[i]);
    return lrc_buf_take(&text, "the caption", ret, NULL, err);
}

bool lrc_caption_same(const char *a, const char *b)
{
    while (*a && *b) {
        uint32_t x, y;
        const size_t n = lrc_utf8_decode(a, strnlen(a, LRC_UTF8_MAX), &x);
        const size_t m = lrc_utf8_decode(b, strnlen(b, LRC_UTF8_MAX), &y);
        if (n == 0 || m == 0) // not UTF-8: bytes
            return strcmp(a, b) == 0;
        if (x != y && utf8proc_tolower((utf8proc_int32_t)x) != utf8proc_tolower((utf8proc_int32_t)y))
            return false;
        a += n;
        b += m;
    }
    return *a == *b;
}

bool lrc_caption_has(const lrc_strv *tags, const char *tag)
{
    for (size_t i = 0; i < tags->count; i++)
        if (lrc_caption_same(tags->item[i], tag))
            return true;
    return false;
}

// ---- Edits -----------------------------------------------------------------------------------------------------------

int lrc_caption_check_trigger(const lrc_caption_trigger *t, lrc_err *err)
{
    const size_t n = strlen(t->word);
    if (t->separator && lrc_caption_check_separator(t->separator, err) < 0)
        return -1;
    if (!lrc_utf8_valid(t->word, n))
        return lrc_fail_field(err, LRC_ERR_INVALID, "trigger_word", "the trigger word is not valid UTF-8");
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)t->word[i] < 0x20 || t->word[i] == 0x7f)
            return lrc_fail_field(err, LRC_ERR_INVALID, "trigger_word",
                                  "the trigger word holds a line break or another control character");
    lrc_auto_strv lrc_strv words = {0};
    if (lrc_caption_split(t->word, t->separator ? t->separator : LRC_CAPTION_SEPARATOR, &words, err) < 0)
        return -1;
    if (words.count == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "trigger_word", "the trigger word is empty");
    return 0;
}

struct trigger_job {
    const lrc_caption_trigger *trigger;
    const char *separator;
    const char *word; // trimmed
    lrc_strv words;   // its tags
    lrc_buf out;
    bool changed;
};

// Does the trigger stand where it is wanted, as it is spelled?
static bool in_place(const struct trigger_job *job, const lrc_strv *tags)
{
    const size_t n = job->words.count;
    if (tags->count < n)
        return false;
    const size_t first = job->trigger->at_end ? tags->count - n : 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(tags->item[first + i], job->words.item[i]) != 0)
            return false;
    return true;
}

static void put_with_trigger(struct trigger_job *job, const char *rest)
{
    if (!rest[0])
        lrc_buf_adds(&job->out, job->word);
    else if (job->trigger->at_end)
        lrc_buf_addf(&job->out, "%s%s%s", rest, job->separator, job->word);
    else
        lrc_buf_addf(&job->out, "%s%s%s", job->word, job->separator, rest);
    job->changed = true;
}

// One line, without blanks at its ends.
static int trigger_line(struct trigger_job *job, const char *line, lrc_err *err)
{
    lrc_auto_strv lrc_strv tags = {0}, others = {0};
    if (job->trigger->repeat) {
        put_with_trigger(job, line);
        return 0;
    }
    if (lrc_caption_split(line, job->separator, &tags, err) < 0)
        return -1;
    for (size_t i = 0; i < tags.count; i++)
        if (!lrc_caption_has(&job->words, tags.item[i]) && lrc_strv_push(&others, tags.item[i], err) < 0)
            return -1;
    const size_t there = tags.count - others.count;
    if (there == 0) {
        put_with_trigger(job, line);
        return 0;
    }
    if (there == job->words.count && in_place(job, &tags)) {
        lrc_buf_adds(&job->out, line);
        return 0;
    }
    lrc_auto_free char *rest = NULL;
    if (lrc_caption_join(&others, job->separator, &rest, err) < 0)
        return -1;
    put_with_trigger(job, rest);
    return 0;
}

// Each line of a text without blanks at its ends; it is cut up.
static int trigger_lines(struct trigger_job *job, char *text, lrc_err *err)
{
    if (!text[0])
        put_with_trigger(job, "");
    for (char *next = NULL; *text; text = next) {
        next = text + strcspn(text, "\n");
        const bool more = *next == '\n';
        *next = '\0';
        const char *line = lrc_str_trim(text);
        if (*line && trigger_line(job, line, err) < 0)
            return -1;
        if (more)
            lrc_buf_addc(&job->out, '\n');
        next += more;
    }
    return 0;
}

int lrc_caption_add_trigger(const char *text, const lrc_caption_trigger *trigger, char **ret, lrc_err *err)
{
    if (lrc_caption_check_trigger(trigger, err) < 0)
        return -1;
    lrc_auto_free char *word = NULL, *copy = NULL, *made = NULL;
    if (lrc_str_copy(&word, trigger->word, err) < 0 || lrc_str_copy(&copy, text, err) < 0)
        return -1;
    struct trigger_job job = {.trigger = trigger,
                              .separator = trigger->separator ? trigger->separator : LRC_CAPTION_SEPARATOR,
                              .word = lrc_str_trim(word)};
    lrc_buf_init(&job.out, LRC_CAPTION_MAX);
    int result = lrc_caption_split(job.word, job.separator, &job.words, err);
    if (result == 0)
        result = trigger_lines(&job, lrc_str_trim(copy), err);
    if (result == 0)
        result = lrc_buf_take(&job.out, "the caption", &made, NULL, err);
    lrc_strv_done(&job.words);
    lrc_buf_done(&job.out);
    if (result == 0)
        *ret = job.changed ? lrc_take(made) : NULL;
    return result;
}
