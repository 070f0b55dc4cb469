// SPDX-License-Identifier: MIT
// words.h - the tokenizer of the Tiny family: one number per word, from a list that travels with the model.
//
// Text is lower-cased (ASCII) and split at everything but letters, digits and bytes above 0x7f; '_' and ',' separate
// like a blank. A prompt is <s>, its words, </s>, then </s> up to the model's length; what is too long is cut, a word
// that is not in the list becomes <unk>. May use: base.
#ifndef LRC_ENGINE_WORDS_H
#define LRC_ENGINE_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef struct eng_words eng_words;

enum { ENG_WORD_UNKNOWN = 0, ENG_WORD_BEGIN = 1, ENG_WORD_END = 2, ENG_WORD_FIRST = 3 };

// `text`: words separated by blanks, the first three being <unk> <s> </s>. LRC_ERR_INVALID for doubles or too many.
int eng_words_parse(const char *text, size_t max, eng_words **ret, lrc_err *err);
int eng_words_copy(const eng_words *w, eng_words **ret, lrc_err *err);
void eng_words_free(eng_words *w);
LRC_DEFINE_FREEP(eng_words)
#define eng_auto_words lrc_cleanup(eng_words_freep)

const char *eng_words_text(const eng_words *w); // as eng_words_parse() takes it
size_t eng_words_count(const eng_words *w);

// `n` numbers for a prompt. Returns how many words were unknown or did not fit.
size_t eng_words_encode(const eng_words *w, const char *prompt, int32_t *out, size_t n);

#endif
