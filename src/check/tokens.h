// SPDX-License-Identifier: MIT
// tokens.h - how many tokens a caption has, as CLIP's tokenizer counts them.
//
// Exact with the tokenizer's merges.txt (byte pair encoding over lower-cased text, as Hugging Face's CLIPTokenizer without
// ftfy: parts at blanks, runs of letters, single digits, runs of other signs, 's 't 're 've 'm 'll 'd); the vocabulary is
// not needed for counting. Without it an estimate: a part of up to ESTIMATE letters is one token, longer ones one for each
// that many. Start and end of text are not counted. A tokenizer never changes: any thread may count.
// May use: base; utf8proc.
#ifndef LRC_CHECK_TOKENS_H
#define LRC_CHECK_TOKENS_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

typedef struct lrc_tokenizer lrc_tokenizer;

// LRC_ERR_INVALID for a file that is no list of merges.
int lrc_tokenizer_load(const char *merges_txt, lrc_tokenizer **ret, lrc_err *err);
void lrc_tokenizer_free(lrc_tokenizer *t);
LRC_DEFINE_FREEP(lrc_tokenizer)
#define lrc_auto_tokenizer lrc_cleanup(lrc_tokenizer_freep)

// merges.txt of CLIP where people have it: the folder `setting` (may be ""), beside a base model in diffusers' form, or in
// the cache of the Hugging Face hub. *ret NULL when there is none; the caller frees.
int lrc_tokenizer_find(const char *setting, const char *base_model, char **ret, lrc_err *err);

// `t` NULL: the estimate. `text` is UTF-8. Fails only for want of memory.
int lrc_tokens_count(const lrc_tokenizer *t, const char *text, size_t n, size_t *ret, lrc_err *err);

#endif
