// SPDX-License-Identifier: MIT
#include "caption/file.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/utf8.h"
#include "caption/caption.h"
#include "kohya/files.h"

#define EXTENSION_MAX 16 // bytes, the dot included

const char *const lrc_caption_extensions[] = {".txt", ".caption", ".cap", NULL};

int lrc_caption_check_extension(const char *extension, lrc_err *err)
{
    bool good = extension[0] == '.' && extension[1] && strlen(extension) <= EXTENSION_MAX;
    for (const char *p = extension + 1; good && *p; p++)
        good = lrc_ascii_alnum(*p) || *p == '_' || *p == '-';
    if (!good)
        return lrc_fail_field(err, LRC_ERR_INVALID, "caption_extension",
                              "the caption extension must be a dot and at most %d letters, digits, '_' or '-', "
                              "such as \".txt\", not '%.60s'",
                              EXTENSION_MAX - 1, extension);
    char name[EXTENSION_MAX + 2] = "x";
    memcpy(name + 1, extension, strlen(extension) + 1);
    if (lrc_kohya_type_of(name))
        return lrc_fail_field(err, LRC_ERR_INVALID, "caption_extension",
                              "the caption extension '%s' is that of an image: captions would replace images",
                              extension);
    return 0;
}

int lrc_caption_path(const char *image, const char *extension, char **ret, lrc_err *err)
{
    if (lrc_caption_check_extension(extension, err) < 0)
        return -1;
    if (!lrc_path_suffix(image)[0])
        return lrc_fail_field(err, LRC_ERR_INVALID, "image_path", "'%s' has no suffix: it is no image file", image);
    return lrc_path_with_suffix(ret, image, extension, err);
}

void lrc_caption_file_done(lrc_caption_file *f)
{
    free(f->text);
    *f = (lrc_caption_file){0};
}

static int not_text(const char *bytes, size_t at, const char *name, lrc_err *err)
{
    size_t line = 1;
    for (size_t i = 0; i < at; i++)
        line += bytes[i] == '\n';
    if (bytes[at] == '\0')
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' holds a NUL byte in line %zu: it is no text", name, line);
    return lrc_fail(err, LRC_ERR_INVALID,
                    "'%s' is not UTF-8: byte 0x%02x in line %zu; the trainer would stop at it; convert it, e.g. with "
                    "iconv -f WINDOWS-1252 -t UTF-8",
                    name, (unsigned char)bytes[at], line);
}

int lrc_caption_decode(const char *bytes, size_t n, const char *name, lrc_caption_file *ret, lrc_err *err)
{
    if (n > LRC_CAPTION_MAX)
        return lrc_fail(err, LRC_ERR_LIMIT, "'%s' is longer than %d bytes: it is no caption", name, LRC_CAPTION_MAX);
    if (n >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return lrc_fail(err, LRC_ERR_INVALID,
                        "'%s' is UTF-16, not UTF-8; the trainer would stop at it; convert it, e.g. with "
                        "iconv -f UTF-16 -t UTF-8",
                        name);
    const bool bom = n >= strlen(LRC_CAPTION_BOM) && memcmp(bytes, LRC_CAPTION_BOM, strlen(LRC_CAPTION_BOM)) == 0;
    const size_t skip = bom ? strlen(LRC_CAPTION_BOM) : 0;
    const size_t valid = lrc_utf8_valid_prefix(bytes, n);
    const char *nul = memchr(bytes, '\0', valid);
    if (nul || valid < n)
        return not_text(bytes, nul ? (size_t)(nul - bytes) : valid, name, err);
    char *text = NULL;
    if (lrc_str_copy_n(&text, bytes + skip, n - skip, err) < 0)
        return -1;
    *ret = (lrc_caption_file){.text = text, .exists = true, .bom = bom};
    return 0;
}

int lrc_caption_read(const char *path, lrc_caption_file *ret, lrc_err *err)
{
    lrc_auto_free char *bytes = NULL;
    size_t n;
    lrc_err local = LRC_ERR_INIT;
    if (lrc_fs_read(path, LRC_CAPTION_MAX, &bytes, &n, &local) == 0)
        return lrc_caption_decode(bytes, n, path, ret, err);
    if (local.sys != ENOENT) {
        if (err)
            *err = local;
        return -1;
    }
    char *text = NULL;
    if (lrc_str_copy(&text, "", err) < 0)
        return -1;
    *ret = (lrc_caption_file){.text = text};
    return 0;
}

int lrc_caption_write(const char *path, const char *text, lrc_err *err)
{
    const size_t n = strlen(text);
    if (!lrc_utf8_valid(text, n))
        return lrc_fail_field(err, LRC_ERR_INVALID, "caption_text", "the caption for '%s' is not valid UTF-8", path);
    if (n > LRC_CAPTION_MAX)
        return lrc_fail_field(err, LRC_ERR_LIMIT, "caption_text", "the caption for '%s' is longer than %d bytes", path,
                              LRC_CAPTION_MAX);
    return lrc_fs_write(path, text, n, 0, err);
}

struct listing {
    lrc_strv *images;
    bool recursive;
    size_t below;
};

static lrc_walk_next list_image(void *arg, const lrc_fs_entry *entry, lrc_err *err)
{
    struct listing *l = arg;
    if (!S_ISREG(entry->st->st_mode) || !lrc_kohya_type_of(entry->name))
        return LRC_WALK_ON;
    if (!l->recursive && entry->depth > 0) {
        l->below++;
        return LRC_WALK_ON;
    }
    return lrc_strv_push(l->images, entry->path, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
}

int lrc_caption_images(const char *dir, bool recursive, lrc_strv *ret, size_t *ret_below, lrc_err *err)
{
    struct listing l = {ret, recursive, 0};
    const lrc_fs_walk_options options = {.recursive = recursive || ret_below};
    if (lrc_fs_walk(dir, &options, list_image, &l, err) < 0)
        return -1;
    if (ret_below)
        *ret_below = l.below;
    return 0;
}
