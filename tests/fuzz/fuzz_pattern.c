// SPDX-License-Identifier: MIT
// module: caption
// First line: a pattern, with "l" (literal), "i" or "m" and a blank in front for the options. Second line: a replacement.
// The rest: a caption. Whatever the pattern is, it ends soon, and what comes out is UTF-8; a literal replacement leaves
// no more of what was looked for than the replacement brings.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "caption/caption.h"
#include "caption/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lrc_auto_free char *input = malloc(size + 1);
    must(input != NULL);
    memcpy(input, data, size);
    input[size] = '\0';
    char *by = strchr(input, '\n'), *text = by ? strchr(by + 1, '\n') : NULL, *find = strchr(input, ' ');
    if (!text || !find || find > by)
        return 0;
    *find++ = '\0';
    *by++ = '\0';
    *text++ = '\0';
    if (!lrc_utf8_valid(text, strlen(text)))
        return 0;
    const lrc_pattern_options how = {.regex = !strchr(input, 'l'),
                                     .ignore_case = strchr(input, 'i') != NULL,
                                     .multiline = strchr(input, 'm') != NULL};
    lrc_auto_pattern lrc_pattern *p = NULL;
    lrc_auto_free char *after = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_pattern_compile(find, &how, &p, &err) < 0) {
        must(err.code == LRC_ERR_INVALID || err.code == LRC_ERR_LIMIT);
        return 0;
    }
    if (lrc_pattern_replace(p, text, by, &after, &err) < 0) {
        must(err.code == LRC_ERR_INVALID || err.code == LRC_ERR_LIMIT);
        return 0;
    }
    if (!after)
        return 0;
    must(lrc_utf8_valid(after, strlen(after)) && strlen(after) <= LRC_CAPTION_MAX);
    must(how.regex || by[0] || strlen(after) < strlen(text));
    return 0;
}
