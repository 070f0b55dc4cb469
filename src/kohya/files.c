// SPDX-License-Identifier: MIT
#include "kohya/files.h"

#include <limits.h>
#include <string.h>

#include "base/ascii.h"
#include "base/path.h"

// A new image type is one row (and a loader in image/, if the decoder does not know it yet).
static const lrc_kohya_type table[] = {
    {".png", "PNG", "image/png", LRC_KOHYA_ALWAYS, ".png"},
    {".jpg", "JPEG", "image/jpeg", LRC_KOHYA_ALWAYS, ".jpg"},
    {".jpeg", "JPEG", "image/jpeg", LRC_KOHYA_ALWAYS, ".jpeg"},
    {".webp", "WebP", "image/webp", LRC_KOHYA_ALWAYS, ".webp"},
    {".bmp", "BMP", "image/bmp", LRC_KOHYA_ALWAYS, ".bmp"},
    {".jfif", "JPEG", "image/jpeg", LRC_KOHYA_NEVER, ".jpg"},
    {".jpe", "JPEG", "image/jpeg", LRC_KOHYA_NEVER, ".jpg"},
    {".gif", "GIF", "image/gif", LRC_KOHYA_NEVER, NULL},
    {".tif", "TIFF", "image/tiff", LRC_KOHYA_NEVER, NULL},
    {".tiff", "TIFF", "image/tiff", LRC_KOHYA_NEVER, NULL},
    {".heic", "HEIC", "image/heic", LRC_KOHYA_NEVER, NULL},
    {".heif", "HEIC", "image/heic", LRC_KOHYA_NEVER, NULL},
    {".avif", "AVIF", "image/avif", LRC_KOHYA_WITH_PLUGIN, NULL},
    {".jxl", "JPEG XL", "image/jxl", LRC_KOHYA_WITH_PLUGIN, NULL},
};
#define COUNT (sizeof table / sizeof table[0])

const lrc_kohya_type *lrc_kohya_types(size_t *ret_count)
{
    *ret_count = COUNT;
    return table;
}

const lrc_kohya_type *lrc_kohya_type_of(const char *path)
{
    const char *suffix = lrc_path_suffix(path);
    for (size_t i = 0; i < COUNT; i++)
        if (lrc_ascii_same(suffix, table[i].suffix))
            return &table[i];
    return NULL;
}

const lrc_kohya_type *lrc_kohya_type_of_format(const char *format)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(format, table[i].format) == 0)
            return &table[i];
    return NULL;
}

// All letters in lower case, or all in upper case.
static bool one_case(const char *s)
{
    bool lower = false, upper = false;
    for (; *s; s++) {
        lower = lower || (*s >= 'a' && *s <= 'z');
        upper = upper || (*s >= 'A' && *s <= 'Z');
    }
    return !(lower && upper);
}

bool lrc_kohya_sees(const char *path, const lrc_kohya_plugins *plugins)
{
    const lrc_kohya_type *type = lrc_kohya_type_of(path);
    if (!type || lrc_path_name(path)[0] == '.' || !one_case(lrc_path_suffix(path)))
        return false;
    if (type->sees == LRC_KOHYA_WITH_PLUGIN)
        return plugins && (strcmp(type->format, "AVIF") == 0 ? plugins->avif : plugins->jxl);
    return type->sees == LRC_KOHYA_ALWAYS;
}

int lrc_kohya_folder_repeats(const char *name, const char **ret_rest)
{
    int repeats = 0;
    const char *p = name;
    *ret_rest = name;
    for (; lrc_ascii_digit(*p); p++) {
        if (repeats > (INT_MAX - 9) / 10)
            return 0;
        repeats = repeats * 10 + (*p - '0');
    }
    if (p == name || *p != '_' || p[1] == '\0')
        return 0;
    *ret_rest = p + 1;
    return repeats;
}
