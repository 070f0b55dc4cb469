// SPDX-License-Identifier: MIT
// zip.h - for tests: zip archives byte by byte (APPNOTE 4.3), so that they can also lie. Entries are stored.
//
// Include after cmocka.h.
#ifndef LRC_TESTS_SUPPORT_ZIP_H
#define LRC_TESTS_SUPPORT_ZIP_H

#include <stdint.h>

#include "base/buf.h"
#include "support/temp.h"

#define LRC_TEST_ZIP_MAX (64 << 20)

typedef struct lrc_test_zip {
    lrc_buf out, central;
    unsigned count;
} lrc_test_zip;

typedef struct lrc_test_zip_entry {
    const char *name;
    const void *bytes;
    size_t n;
    unsigned mode;    // Unix mode, e.g. 0120777 for a link; 0: none, made on DOS
    uint32_t claimed; // length that the headers say, 0: n
    unsigned flags;   // 1: encrypted, 0x800: the name is UTF-8
} lrc_test_zip_entry;

static inline uint32_t lrc_test_crc32(const void *bytes, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= ((const uint8_t *)bytes)[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static inline void lrc_test_zip_u16(lrc_buf *b, unsigned v)
{
    lrc_buf_add(b, (const uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2);
}

static inline void lrc_test_zip_u32(lrc_buf *b, uint32_t v)
{
    lrc_test_zip_u16(b, v & 0xffff);
    lrc_test_zip_u16(b, v >> 16);
}

// What both headers of an entry have in common: version, flags, method, time, CRC, lengths.
static inline void lrc_test_zip_common(lrc_buf *b, const lrc_test_zip_entry *e)
{
    lrc_test_zip_u16(b, 20);
    lrc_test_zip_u16(b, e->flags);
    lrc_test_zip_u16(b, 0);
    lrc_test_zip_u32(b, 0x58000000);
    lrc_test_zip_u32(b, lrc_test_crc32(e->bytes, e->n));
    lrc_test_zip_u32(b, (uint32_t)e->n);
    lrc_test_zip_u32(b, e->claimed ? e->claimed : (uint32_t)e->n);
    lrc_test_zip_u16(b, (unsigned)strlen(e->name));
    lrc_test_zip_u16(b, 0);
}

static inline void lrc_test_zip_init(lrc_test_zip *z)
{
    lrc_buf_init(&z->out, LRC_TEST_ZIP_MAX);
    lrc_buf_init(&z->central, LRC_TEST_ZIP_MAX);
    z->count = 0;
}

// A row of the central directory for data at `offset`.
static inline void lrc_test_zip_list(lrc_test_zip *z, const lrc_test_zip_entry *e, size_t offset)
{
    lrc_buf_adds(&z->central, "PK\1\2");
    lrc_test_zip_u16(&z->central, e->mode ? 3u << 8 | 20 : 20);
    lrc_test_zip_common(&z->central, e);
    lrc_buf_add(&z->central, "\0\0\0\0\0\0", 6); // comment, disk, internal attributes
    lrc_test_zip_u32(&z->central, (uint32_t)e->mode << 16);
    lrc_test_zip_u32(&z->central, (uint32_t)offset);
    lrc_buf_adds(&z->central, e->name);
    z->count++;
}

static inline void lrc_test_zip_put(lrc_test_zip *z, const lrc_test_zip_entry *e)
{
    lrc_test_zip_list(z, e, z->out.len);
    lrc_buf_adds(&z->out, "PK\3\4");
    lrc_test_zip_common(&z->out, e);
    lrc_buf_adds(&z->out, e->name);
    lrc_buf_add(&z->out, e->bytes, e->n);
}

static inline void lrc_test_zip_text(lrc_test_zip *z, const char *name, const char *text)
{
    lrc_test_zip_put(z, &(lrc_test_zip_entry){.name = name, .bytes = text, .n = strlen(text), .flags = 0x800});
}

// Write dir/name and release. The path is the caller's.
static inline char *lrc_test_zip_save(lrc_test_zip *z, const char *dir, const char *name)
{
    const size_t start = z->out.len;
    lrc_buf_add(&z->out, z->central.data, z->central.len);
    lrc_buf_adds(&z->out, "PK\5\6");
    lrc_buf_add(&z->out, "\0\0\0\0", 4);
    lrc_test_zip_u16(&z->out, z->count);
    lrc_test_zip_u16(&z->out, z->count);
    lrc_test_zip_u32(&z->out, (uint32_t)z->central.len);
    lrc_test_zip_u32(&z->out, (uint32_t)start);
    lrc_test_zip_u16(&z->out, 0);
    if (lrc_buf_check(&z->out, "archive", NULL) < 0 || lrc_buf_check(&z->central, "archive", NULL) < 0)
        fail_msg("the archive is too large");
    lrc_test_put_bytes(dir, name, z->out.data, z->out.len);
    lrc_buf_done(&z->out);
    lrc_buf_done(&z->central);
    return lrc_test_join(dir, name);
}

#endif
