// SPDX-License-Identifier: MIT
// rename.h - how a model's names become the names that captions show. Private to tag/. May use: base, rules.
#ifndef LRC_TAG_RENAME_H
#define LRC_TAG_RENAME_H

#include "tag/rules.h"

// "saber_(fate)" -> "saber" + separator + "fate": cut at the last "(" when the name ends in ")". Caller frees.
int lrc_tag_expand(const char *name, const char *separator, char **ret, lrc_err *err);

// Underscores to blanks, in place, unless the rule spares this name.
void lrc_tag_remove_underscore(char *name, lrc_underscore_rule rule);

// Apply "from,to;from,to": each rule renames the first name in `order` (of `count` labels) that equals `from`. Names are
// freed and made anew. LRC_ERR_INVALID for a rule that has not exactly two parts.
int lrc_tag_replace(const char *spec, char **names, const size_t *order, size_t count, lrc_err *err);

#endif
