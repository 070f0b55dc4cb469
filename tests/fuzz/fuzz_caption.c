// SPDX-License-Identifier: MIT
// module: caption
// First line: a trigger word, "!" in front of it for the end, "*" for repeating. Second line: a separator. The rest: a
// caption file. A caption that is a text and a word that is one: every line gets the word where it is wanted, a second
// time changes nothing, and no other tag is lost or made up.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "caption/caption.h"
#include "caption/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

// The tags of all lines.
static void tags_of(const char *text, const char *separator, lrc_strv *ret)
{
    lrc_auto_free char *copy = strdup(text);
    for (char *line = copy, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        must(lrc_caption_split(line, separator, ret, NULL) == 0);
    }
}

static size_t count_others(const lrc_strv *tags, const lrc_strv *words)
{
    size_t n = 0;
    for (size_t i = 0; i < tags->count; i++)
        n += !lrc_caption_has(words, tags->item[i]);
    return n;
}

static void check(const char *before, const char *after, const lrc_caption_trigger *t)
{
    lrc_auto_strv lrc_strv words = {0}, old = {0}, new = {0};
    must(lrc_caption_split(t->word, t->separator, &words, NULL) == 0);
    tags_of(before, t->separator, &old);
    tags_of(after, t->separator, &new);
    must(count_others(&old, &words) == count_others(&new, &words));
    for (size_t i = 0; i < words.count; i++)
        must(lrc_caption_has(&new, words.item[i]));
    lrc_auto_free char *again = NULL;
    must(t->repeat || lrc_caption_add_trigger(after, t, &again, NULL) == 0);
    must(t->repeat || !again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lrc_auto_free char *input = malloc(size + 1);
    must(input != NULL);
    memcpy(input, data, size);
    input[size] = '\0';
    char *separator = memchr(input, '\n', size);
    char *text = separator ? memchr(separator + 1, '\n', size - (size_t)(separator + 1 - input)) : NULL;
    if (!text)
        return 0;
    *separator++ = '\0';
    *text++ = '\0';
    lrc_caption_trigger t = {.word = input, .separator = separator};
    for (; *t.word == '!' || *t.word == '*'; t.word++) {
        t.at_end = t.at_end || *t.word == '!';
        t.repeat = t.repeat || *t.word == '*';
    }
    lrc_auto_caption_file lrc_caption_file file = {0};
    lrc_auto_free char *after = NULL;
    const size_t n = size - (size_t)(text - input);
    if (lrc_caption_decode(text, n, "x", &file, NULL) < 0 || lrc_caption_check_trigger(&t, NULL) < 0)
        return 0;
    // A separator of several characters may come to be where a tag ends in its beginning.
    const bool plain = strlen(separator) - strspn(separator, " ") <= 1;
    if (lrc_caption_add_trigger(file.text, &t, &after, NULL) == 0 && after && plain)
        check(file.text, after, &t);
    return 0;
}
