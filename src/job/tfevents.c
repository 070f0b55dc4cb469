// SPDX-License-Identifier: MIT
#include "job/tfevents.h"

#include <pthread.h>
#include <string.h>

#include "base/fs.h"

#define CRC_POLYNOMIAL 0x82f63b78U // CRC-32C, reflected
#define CRC_MASK       0xa282ead8U
#define HEAD_BYTES     12 // length and its CRC
#define TAIL_BYTES     4
#define NAME_PART      "events.out.tfevents."

// Types of a protocol buffer's fields.
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };
// Types of a tensor's numbers.
enum { DT_FLOAT = 1, DT_DOUBLE = 2 };

static uint32_t crc_table[256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void fill_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? (c >> 1) ^ CRC_POLYNOMIAL : c >> 1;
        crc_table[i] = c;
    }
}

uint32_t lrc_tfevents_crc(const void *bytes, size_t n)
{
    pthread_once(&crc_once, fill_crc_table);
    const unsigned char *p = bytes;
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < n; i++)
        c = crc_table[(c ^ p[i]) & 0xff] ^ (c >> 8);
    c = ~c;
    return ((c >> 15) | (c << 17)) + CRC_MASK;
}

// ---- Protocol buffers ------------------------------------------------------------------------------------------------

struct piece {
    const unsigned char *at, *end;
};

struct field {
    unsigned number, type;
    uint64_t value;     // of a VARINT
    struct piece bytes; // of the others
};

static bool take_varint(struct piece *p, uint64_t *ret)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && p->at < p->end; shift += 7) {
        const unsigned char byte = *p->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = value;
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct piece *p, uint64_t n, struct piece *ret)
{
    if (n > (uint64_t)(p->end - p->at))
        return false;
    *ret = (struct piece){p->at, p->at + n};
    p->at += n;
    return true;
}

static bool take_field(struct piece *p, struct field *ret)
{
    uint64_t key, n;
    if (!take_varint(p, &key))
        return false;
    *ret = (struct field){.number = (unsigned)(key >> 3), .type = (unsigned)(key & 7)};
    switch (ret->type) {
    case VARINT: return take_varint(p, &ret->value);
    case FIXED64: return take_bytes(p, sizeof(double), &ret->bytes);
    case FIXED32: return take_bytes(p, sizeof(float), &ret->bytes);
    case BYTES: return take_varint(p, &n) && take_bytes(p, n, &ret->bytes);
    default: return false;
    }
}

static bool as_float(const struct piece *p, double *ret)
{
    float f;
    if ((size_t)(p->end - p->at) < sizeof f)
        return false;
    memcpy(&f, p->at, sizeof f);
    *ret = (double)f;
    return true;
}

static bool as_double(const struct piece *p, double *ret)
{
    if ((size_t)(p->end - p->at) < sizeof *ret)
        return false;
    memcpy(ret, p->at, sizeof *ret);
    return true;
}

// The first number of a tensor of floats.
static bool read_tensor(struct piece p, double *ret)
{
    struct field f;
    uint64_t type = 0;
    bool found = false;
    struct piece content = {NULL, NULL};
    while (p.at < p.end && take_field(&p, &f)) {
        if (f.number == 1 && f.type == VARINT)
            type = f.value;
        else if (f.number == 4 && f.type == BYTES)
            content = f.bytes;
        else if (f.number == 5 && f.type != VARINT)
            found = as_float(&f.bytes, ret) || found;
        else if (f.number == 6 && f.type != VARINT)
            found = as_double(&f.bytes, ret) || found;
    }
    if (found || !content.at)
        return found;
    return type == DT_FLOAT ? as_float(&content, ret) : type == DT_DOUBLE && as_double(&content, ret);
}

static bool read_value(struct piece p, lrc_tfevents_scalar *ret)
{
    struct field f;
    bool found = false;
    ret->tag = NULL;
    while (p.at < p.end && take_field(&p, &f)) {
        if (f.number == 1 && f.type == BYTES) {
            ret->tag = (const char *)f.bytes.at;
            ret->tag_len = (size_t)(f.bytes.end - f.bytes.at);
        } else if (f.number == 2 && f.type == FIXED32) {
            found = as_float(&f.bytes, &ret->value);
        } else if (f.number == 8 && f.type == BYTES) {
            found = read_tensor(f.bytes, &ret->value) || found;
        }
    }
    return found && ret->tag;
}

static int read_event(struct piece p, lrc_tfevents_fn *fn, void *arg, lrc_err *err)
{
    lrc_tfevents_scalar scalar = {0};
    struct piece summary = {NULL, NULL};
    struct field f;
    while (p.at < p.end && take_field(&p, &f)) {
        if (f.number == 1 && f.type == FIXED64)
            as_double(&f.bytes, &scalar.wall_s);
        else if (f.number == 2 && f.type == VARINT)
            scalar.step = (int64_t)f.value;
        else if (f.number == 5 && f.type == BYTES)
            summary = f.bytes;
    }
    while (summary.at < summary.end && take_field(&summary, &f))
        if (f.number == 1 && f.type == BYTES && read_value(f.bytes, &scalar) && fn(arg, &scalar, err) != 0)
            return -1;
    return 0;
}

// ---- Records ---------------------------------------------------------------------------------------------------------

static uint32_t crc_at(const unsigned char *p)
{
    uint32_t crc;
    memcpy(&crc, p, sizeof crc);
    return crc;
}

int lrc_tfevents_read(const void *bytes, size_t n, lrc_tfevents_fn *fn, void *arg, size_t *ret_used, lrc_err *err)
{
    const unsigned char *begin = bytes;
    size_t at = 0;
    while (n - at >= HEAD_BYTES) {
        uint64_t length;
        memcpy(&length, begin + at, sizeof length);
        if (crc_at(begin + at + sizeof length) != lrc_tfevents_crc(begin + at, sizeof length) ||
            length > LRC_TFEVENTS_RECORD_MAX)
            return lrc_fail(err, LRC_ERR_INVALID, "the event file is damaged at byte %zu", at);
        if (n - at - HEAD_BYTES < length + TAIL_BYTES)
            break;
        const unsigned char *data = begin + at + HEAD_BYTES;
        if (crc_at(data + length) != lrc_tfevents_crc(data, length))
            return lrc_fail(err, LRC_ERR_INVALID, "the event file is damaged in the record at byte %zu", at);
        if (read_event((struct piece){data, data + length}, fn, arg, err) < 0)
            return -1;
        at += HEAD_BYTES + length + TAIL_BYTES;
    }
    *ret_used = at;
    return 0;
}

// ---- Finding ---------------------------------------------------------------------------------------------------------

struct find {
    lrc_strv found;
    int64_t since_ms;
};

static lrc_walk_next look_at(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    struct find *f = arg;
    const int64_t changed_ms = (int64_t)e->st->st_mtim.tv_sec * 1000 + e->st->st_mtim.tv_nsec / 1000000;
    if (!S_ISREG(e->st->st_mode) || !strstr(e->name, NAME_PART) || changed_ms < f->since_ms)
        return LRC_WALK_ON;
    return lrc_strv_push(&f->found, e->path, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
}

int lrc_tfevents_find(const char *dir, int64_t since_ms, lrc_strv *ret, lrc_err *err)
{
    struct find f = {.since_ms = since_ms};
    const lrc_fs_walk_options options = {.recursive = true};
    if (!lrc_fs_is_dir(dir))
        return 0;
    if (lrc_fs_walk(dir, &options, look_at, &f, err) < 0) {
        lrc_strv_done(&f.found);
        return -1;
    }
    *ret = f.found;
    return 0;
}
