// SPDX-License-Identifier: MIT
#include "kohya/captions.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "base/utf8.h"

#define FACE_PARTS 5 // a name, and a face's four numbers
#define BOM        "\xef\xbb\xbf"

int lrc_kohya_caption_names(const char *image, const char *extension, char **ret_first, char **ret_second, lrc_err *err)
{
    const size_t stem = strlen(image) - strlen(lrc_path_suffix(image));
    size_t parts = 1, cut = stem, left = FACE_PARTS - 1;
    lrc_auto_free char *first = NULL, *second = NULL;
    for (size_t i = 0; i < stem; i++)
        parts += image[i] == '_';
    for (size_t i = stem; i > 0 && left > 0; i--)
        if (image[i - 1] == '_') {
            cut = i - 1;
            left--;
        }
    if (lrc_str_format(&first, err, "%.*s%s", (int)stem, image, extension) < 0)
        return -1;
    if (parts >= FACE_PARTS && lrc_str_format(&second, err, "%.*s%s", (int)cut, image, extension) < 0)
        return -1;
    *ret_first = lrc_take(first);
    *ret_second = lrc_take(second);
    return 0;
}

// What Python's str.strip() takes off: the blanks of Unicode, and U+001C to U+001F.
static bool is_blank(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0d) || (cp >= 0x1c && cp <= 0x20) || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
           cp == 0x3000;
}

static void strip(const char **s, size_t *n)
{
    const char *start = *s, *end = *s + *n, *kept = *s;
    uint32_t cp;
    for (size_t w; start < end && (w = lrc_utf8_decode(start, (size_t)(end - start), &cp)) && is_blank(cp);)
        start += w;
    kept = start;
    for (const char *p = start; p < end;) {
        const size_t w = lrc_utf8_decode(p, (size_t)(end - p), &cp);
        p += w ? w : 1;
        if (!w || !is_blank(cp))
            kept = p;
    }
    *s = start;
    *n = (size_t)(kept - start);
}

// Length of the line at `s`; *ret_next is where the next begins. \n, \r and \r\n end it.
static size_t line_of(const char *s, size_t n, size_t *ret_next)
{
    size_t i = 0;
    while (i < n && s[i] != '\n' && s[i] != '\r')
        i++;
    *ret_next = i + (i < n) + (i + 1 < n && s[i] == '\r' && s[i + 1] == '\n');
    return i;
}

lrc_kohya_caption lrc_kohya_caption_read(const char *text, size_t n, bool wildcard)
{
    lrc_kohya_caption c = {.line = text, .bad = lrc_utf8_valid_prefix(text, n)};
    size_t filled = 0;
    if (n == 0 || c.bad < n) {
        c.state = n == 0 ? LRC_CAPTION_NO_TEXT : LRC_CAPTION_NOT_UTF8;
        return c;
    }
    bool first = true, first_filled = false;
    for (size_t at = 0, next; at < n; at += next, first = false) {
        const char *line = text + at;
        size_t len = line_of(line, n - at, &next);
        strip(&line, &len);
        filled += len > 0;
        if (first)
            first_filled = len > 0;
        if (first || (wildcard && len > c.len)) {
            c.line = line;
            c.len = len;
        }
    }
    if (c.len == 0)
        c.state = LRC_CAPTION_BLANK;
    else if (n >= strlen(BOM) && memcmp(text, BOM, strlen(BOM)) == 0)
        c.state = LRC_CAPTION_MARK;
    else if (!wildcard && filled > (size_t)first_filled)
        c.state = LRC_CAPTION_LEFT_OUT;
    return c;
}
