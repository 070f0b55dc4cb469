// SPDX-License-Identifier: MIT
#include "engine/words.h"

#include <string.h>

#include "base/ascii.h"
#include "base/str.h"

#define WORD_MAX 64 // bytes of one word

struct eng_words {
    char *text;
    lrc_strv list;
};

static const char *const special[ENG_WORD_FIRST] = {"<unk>", "<s>", "</s>"};

void eng_words_free(eng_words *w)
{
    if (!w)
        return;
    free(w->text);
    lrc_strv_done(&w->list);
    free(w);
}

int eng_words_parse(const char *text, size_t max, eng_words **ret, lrc_err *err)
{
    eng_auto_words eng_words *w = calloc(1, sizeof *w);
    if (!w)
        return lrc_fail_memory(err);
    if (lrc_str_copy(&w->text, text, err) < 0 || lrc_strv_split(&w->list, text, ' ', err) < 0)
        return -1;
    if (w->list.count < ENG_WORD_FIRST || w->list.count > max)
        return lrc_fail(err, LRC_ERR_INVALID, "the model's vocabulary has %zu words; %d to %zu fit it", w->list.count,
                        ENG_WORD_FIRST, max);
    for (size_t i = 0; i < ENG_WORD_FIRST; i++)
        if (strcmp(w->list.item[i], special[i]) != 0)
            return lrc_fail(err, LRC_ERR_INVALID, "the model's vocabulary does not begin with <unk> <s> </s>");
    for (size_t i = 1; i < w->list.count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(w->list.item[i], w->list.item[j]) == 0)
                return lrc_fail(err, LRC_ERR_INVALID, "the model's vocabulary has '%s' twice", w->list.item[i]);
    *ret = lrc_take(w);
    return 0;
}

int eng_words_copy(const eng_words *w, eng_words **ret, lrc_err *err)
{
    return eng_words_parse(w->text, w->list.count, ret, err);
}

const char *eng_words_text(const eng_words *w)
{
    return w->text;
}

size_t eng_words_count(const eng_words *w)
{
    return w->list.count;
}

static bool in_word(char c)
{
    return lrc_ascii_alnum(c) || (unsigned char)c >= 0x80;
}

static int32_t number_of(const eng_words *w, const char *word, size_t n)
{
    char low[WORD_MAX];
    if (n >= sizeof low)
        return ENG_WORD_UNKNOWN;
    for (size_t i = 0; i < n; i++)
        low[i] = lrc_ascii_lower(word[i]);
    low[n] = '\0';
    for (size_t i = ENG_WORD_FIRST; i < w->list.count; i++)
        if (strcmp(w->list.item[i], low) == 0)
            return (int32_t)i;
    return ENG_WORD_UNKNOWN;
}

size_t eng_words_encode(const eng_words *w, const char *prompt, int32_t *out, size_t n)
{
    size_t used = 0, lost = 0;
    out[used++] = ENG_WORD_BEGIN;
    for (const char *p = prompt; *p;) {
        size_t len = 0;
        while (in_word(p[len]))
            len++;
        if (len == 0) {
            p++;
            continue;
        }
        const int32_t id = number_of(w, p, len);
        lost += id == ENG_WORD_UNKNOWN || used + 1 >= n;
        if (used + 1 < n)
            out[used++] = id;
        p += len;
    }
    while (used < n)
        out[used++] = ENG_WORD_END;
    return lost;
}
