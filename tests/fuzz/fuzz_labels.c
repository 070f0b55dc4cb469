// SPDX-License-Identifier: MIT
// module: tag
// Any bytes as a tagger's file of labels, and as a person's texts for the rules: no harm, and what is read is sound.
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "tag/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The first byte chooses the kind of file and some options; behind the last NUL stands a list for the rules.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const uint8_t how = data[0];
    const char *text = (const char *)data + 1;
    size_t n = size - 1;
    const char *nul = n ? memrchr(text, '\0', n) : NULL;
    lrc_auto_free char *list = NULL;
    if (nul && lrc_str_copy_n(&list, nul + 1, n - (size_t)(nul + 1 - text), NULL) == 0)
        n = (size_t)(nul - text);
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_tag_labels lrc_tag_labels labels = {0};
    if (lrc_tag_labels_parse(text, n, (lrc_tag_label_file)(how & 3), &labels, &err) < 0)
        return 0;
    lrc_tag_options options;
    static const char *const programs[] = {"", "kohya", "space", "knx"};
    if (labels.count == 0 || lrc_tag_options_init(&options, programs[how >> 2 & 3], &err) < 0)
        __builtin_trap();
    options.threshold = 0;
    options.character_expand = how >> 4 & 1;
    options.character_first = how >> 5 & 1;
    options.undesired = how >> 6 & 1 ? list : NULL;
    options.first = how >> 6 & 2 ? list : NULL;
    options.replacement = list;
    lrc_auto_tag_rules lrc_tag_rules *rules = NULL;
    lrc_auto_strv lrc_strv tags = {0};
    lrc_auto_free float *scores = calloc(labels.count, sizeof *scores);
    lrc_auto_free char *caption = NULL;
    for (size_t i = 0; scores && i < labels.count; i++)
        scores[i] = (float)(i % 7) / 7;
    if (!scores || lrc_tag_rules_new(&labels, &options, &rules, &err) < 0)
        return 0;
    if (lrc_tag_pick(rules, scores, &tags, &err) < 0 || lrc_tag_text(rules, &tags, list, &caption, &err) < 0)
        __builtin_trap();
    return 0;
}
