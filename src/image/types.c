// SPDX-License-Identifier: MIT
#include "image/types.h"

#include <stdint.h>
#include <string.h>

static const lrc_image_type table[LRC_IMAGE_MAX_] = {
    {LRC_IMAGE_PNG, "PNG", "png", "pngload_source"},     {LRC_IMAGE_JPEG, "JPEG", "jpeg", "jpegload_source"},
    {LRC_IMAGE_WEBP, "WebP", "webp", "webpload_source"}, {LRC_IMAGE_BMP, "BMP", "bmp", NULL},
    {LRC_IMAGE_GIF, "GIF", "gif", "gifload_source"},     {LRC_IMAGE_TIFF, "TIFF", "tiff", "tiffload_source"},
    {LRC_IMAGE_AVIF, "AVIF", "avif", "heifload_source"}, {LRC_IMAGE_HEIC, "HEIC", "heif", "heifload_source"},
    {LRC_IMAGE_JXL, "JPEG XL", "jxl", "jxlload_source"},
};

const lrc_image_type *lrc_image_type_of(lrc_image_kind kind)
{
    return &table[kind];
}

// Fixed bytes at a fixed place. Formats that need more than one comparison have several rows or the code below.
static const struct {
    lrc_image_kind kind;
    size_t offset, n;
    const char *bytes;
} magics[] = {
    {LRC_IMAGE_PNG, 0, 8, "\x89PNG\r\n\x1a\n"},
    {LRC_IMAGE_JPEG, 0, 3, "\xff\xd8\xff"},
    {LRC_IMAGE_WEBP, 8, 4, "WEBP"}, // after "RIFF" and a length
    {LRC_IMAGE_BMP, 0, 2, "BM"},
    {LRC_IMAGE_GIF, 0, 6, "GIF87a"},
    {LRC_IMAGE_GIF, 0, 6, "GIF89a"},
    {LRC_IMAGE_TIFF, 0, 4, "II*\0"},
    {LRC_IMAGE_TIFF, 0, 4, "MM\0*"},
    {LRC_IMAGE_TIFF, 0, 4, "II+\0"}, // BigTIFF
    {LRC_IMAGE_TIFF, 0, 4, "MM\0+"},
    {LRC_IMAGE_JXL, 0, 2, "\xff\x0a"},                  // bare codestream
    {LRC_IMAGE_JXL, 0, 12, "\0\0\0\x0cJXL \r\n\x87\n"}, // in boxes
};

// Brands of an ISO base media file (ISO/IEC 14496-12, 4.3) that mean a picture.
static const struct {
    char brand[5];
    lrc_image_kind kind;
} brands[] = {
    {"avif", LRC_IMAGE_AVIF}, {"avis", LRC_IMAGE_AVIF}, {"heic", LRC_IMAGE_HEIC}, {"heix", LRC_IMAGE_HEIC},
    {"heim", LRC_IMAGE_HEIC}, {"heis", LRC_IMAGE_HEIC}, {"hevc", LRC_IMAGE_HEIC}, {"hevx", LRC_IMAGE_HEIC},
};
#define BRAND_COUNT (sizeof brands / sizeof brands[0])

// The box "ftyp": length, name, major brand, version, compatible brands. "mif1" says only "a picture": go on looking.
static const lrc_image_type *sniff_brands(const uint8_t *head, size_t n)
{
    if (n < 12 || memcmp(head + 4, "ftyp", 4) != 0)
        return NULL;
    const size_t box = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    const size_t end = box < n ? box : n;
    for (size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4)
        for (size_t i = 0; i < BRAND_COUNT; i++)
            if (memcmp(head + at, brands[i].brand, 4) == 0)
                return &table[brands[i].kind];
    return NULL;
}

const lrc_image_type *lrc_image_sniff(const void *head, size_t n)
{
    const uint8_t *bytes = head;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (n >= magics[i].offset + magics[i].n && memcmp(bytes + magics[i].offset, magics[i].bytes, magics[i].n) == 0)
            if (magics[i].kind != LRC_IMAGE_WEBP || memcmp(bytes, "RIFF", 4) == 0)
                return &table[magics[i].kind];
    return sniff_brands(bytes, n);
}
