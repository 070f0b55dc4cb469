// SPDX-License-Identifier: MIT
#include "dataset/ends.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define PIECE (64 * 1024)

struct file {
    int fd;
    uint64_t size;
    uint64_t at; // of piece[0]
    size_t held;
    uint8_t piece[PIECE];
};

// `n` bytes from `offset`, n <= PIECE; NULL when the file has not so many or cannot be read.
static const uint8_t *bytes_at(struct file *f, uint64_t offset, size_t n)
{
    if (offset > f->size || f->size - offset < n)
        return NULL;
    if (offset < f->at || offset + n > f->at + f->held) {
        f->at = offset;
        f->held = 0;
        while (f->held < PIECE) {
            const ssize_t got = pread(f->fd, f->piece + f->held, PIECE - f->held, (off_t)(offset + f->held));
            if (got < 0 && errno == EINTR)
                continue;
            if (got <= 0)
                break;
            f->held += (size_t)got;
        }
        if (f->held < n)
            return NULL;
    }
    return f->piece + (offset - f->at);
}

static uint32_t big(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t little(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

// ---- PNG: chunks of length, type, bytes, checksum --------------------------------------------------------------------

#define PNG_SIGNATURE 8
#define PNG_AROUND    12 // bytes of a chunk besides its content

static bool png_ends(struct file *f)
{
    for (uint64_t at = PNG_SIGNATURE;;) {
        const uint8_t *chunk = bytes_at(f, at, PNG_AROUND);
        if (!chunk)
            return false;
        if (memcmp(chunk + 4, "IEND", 4) == 0)
            return true;
        at += PNG_AROUND + (uint64_t)big(chunk);
    }
}

static bool png_whole(struct file *f)
{
    static const uint8_t iend[PNG_AROUND] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
    const uint8_t *last = f->size >= PNG_AROUND ? bytes_at(f, f->size - PNG_AROUND, PNG_AROUND) : NULL;
    return (last && memcmp(last, iend, PNG_AROUND) == 0) || png_ends(f);
}

// ---- JPEG: segments that begin with a marker, and coded data after SOS ------------------------------------------------

enum { JPEG_TEM = 0x01, JPEG_RST0 = 0xd0, JPEG_RST7 = 0xd7, JPEG_SOI = 0xd8, JPEG_EOI = 0xd9, JPEG_SOS = 0xda };

// Offset of the next marker in coded data: an 0xff that is neither stuffed nor before a restart; 0 when there is none.
static uint64_t jpeg_next_marker(struct file *f, uint64_t at)
{
    for (const uint8_t *p; (p = bytes_at(f, at, 2)) != NULL; at++)
        if (p[0] == 0xff && p[1] != 0 && p[1] != 0xff && !(p[1] >= JPEG_RST0 && p[1] <= JPEG_RST7))
            return at;
    return 0;
}

static bool jpeg_ends(struct file *f)
{
    for (uint64_t at = 0;;) {
        const uint8_t *p = bytes_at(f, at, 2);
        if (!p || p[0] != 0xff)
            return false;
        const uint8_t marker = p[1];
        if (marker == JPEG_EOI)
            return true;
        if (marker == 0xff) {
            at++; // fill
            continue;
        }
        if (marker == JPEG_SOI || marker == JPEG_TEM || (marker >= JPEG_RST0 && marker <= JPEG_RST7)) {
            at += 2;
            continue;
        }
        const uint8_t *length = bytes_at(f, at + 2, 2);
        if (!length)
            return false;
        at += 2 + (uint64_t)length[0] * 256 + length[1];
        if (marker == JPEG_SOS && (at = jpeg_next_marker(f, at)) == 0)
            return false;
    }
}

static bool jpeg_whole(struct file *f)
{
    const uint8_t *last = f->size >= 2 ? bytes_at(f, f->size - 2, 2) : NULL;
    return (last && last[0] == 0xff && last[1] == JPEG_EOI) || jpeg_ends(f);
}

// ---- WebP and BMP ----------------------------------------------------------------------------------------------------

static bool webp_whole(struct file *f)
{
    const uint8_t *head = bytes_at(f, 0, 8);
    return head && (uint64_t)little(head + 4) + 8 <= f->size;
}

// Rows of whole 4 bytes behind the offset in the header; compressed ones are not judged.
static bool bmp_whole(struct file *f)
{
    const uint8_t *head = bytes_at(f, 0, 34);
    if (!head)
        return false;
    const uint32_t info = little(head + 14), bits = head[28] | (uint32_t)head[29] << 8;
    if (info < 40 || little(head + 30) != 0)
        return true;
    const int64_t width = (int32_t)little(head + 18), height = (int32_t)little(head + 22);
    if (width <= 0 || bits > 64)
        return true; // the decoder has judged that
    const uint64_t row = ((uint64_t)width * bits + 31) / 32 * 4, rows = (uint64_t)(height < 0 ? -height : height);
    return little(head + 10) + row * rows <= f->size;
}

static const struct {
    const char *format;
    bool (*whole)(struct file *f);
} table[] = {{"PNG", png_whole}, {"JPEG", jpeg_whole}, {"WebP", webp_whole}, {"BMP", bmp_whole}};

int lrc_image_has_end(const char *path, const char *format, lrc_err *err)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].format, format) != 0)
            continue;
        struct stat st;
        lrc_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
        lrc_auto_free struct file *f = calloc(1, sizeof *f);
        if (!f)
            return lrc_fail_memory(err);
        if (fd < 0 || fstat(fd, &st) < 0)
            return lrc_fail_errno(err, "cannot read '%s'", path);
        f->fd = fd;
        f->size = (uint64_t)st.st_size;
        return table[i].whole(f);
    }
    return 1;
}
