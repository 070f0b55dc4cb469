// SPDX-License-Identifier: MIT
#include "train/space.h"

#include "base/utf8.h"

bool lrc_space_unicode(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0d) || cp == 0x20 || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
           cp == 0x3000;
}

bool lrc_space_python(uint32_t cp)
{
    return lrc_space_unicode(cp) || (cp >= 0x1c && cp <= 0x1f);
}

void lrc_space_trim(const char **s, size_t *n, bool (*is_space)(uint32_t cp))
{
    uint32_t cp;
    for (size_t len; (len = lrc_utf8_decode(*s, *n, &cp)) > 0 && is_space(cp);) {
        *s += len;
        *n -= len;
    }
    while (*n > 0) {
        size_t start = *n - 1;
        while (start > 0 && ((*s)[start] & 0xc0) == 0x80)
            start--;
        if (lrc_utf8_decode(*s + start, *n - start, &cp) != *n - start || !is_space(cp))
            return;
        *n = start;
    }
}
