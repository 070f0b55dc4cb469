// SPDX-License-Identifier: MIT
#include "base/buf.h"

#include <stdarg.h>
#include <string.h>

static char empty[1]; // what `data` points at before the first append; never written to

void lrc_buf_init(lrc_buf *b, size_t max_bytes)
{
    *b = (lrc_buf){.data = empty, .max = max_bytes};
}

void lrc_buf_done(lrc_buf *b)
{
    if (b->cap)
        free(b->data);
    const size_t max = b->max;
    lrc_buf_init(b, max);
}

char *lrc_buf_room(lrc_buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (n > b->max || b->len > b->max - n || b->len + n >= PTRDIFF_MAX / 2) { // no object can be larger
        b->failed = LRC_ERR_LIMIT;
        return NULL;
    }
    const size_t need = b->len + n + 1;
    if (need > b->cap) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap < need)
            cap += cap / 2;
        char *grown = realloc(b->cap ? b->data : NULL, cap);
        if (!grown) {
            b->failed = LRC_ERR_NO_MEMORY;
            return NULL;
        }
        b->data = grown;
        b->cap = cap;
        b->data[b->len] = '\0';
    }
    return b->data + b->len;
}

void lrc_buf_grew(lrc_buf *b, size_t n)
{
    b->len += n;
    b->data[b->len] = '\0';
}

void lrc_buf_add(lrc_buf *b, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    char *room = lrc_buf_room(b, n);
    if (!room)
        return;
    memcpy(room, bytes, n);
    lrc_buf_grew(b, n);
}

void lrc_buf_adds(lrc_buf *b, const char *text)
{
    lrc_buf_add(b, text, strlen(text));
}

void lrc_buf_addc(lrc_buf *b, char c)
{
    lrc_buf_add(b, &c, 1);
}

void lrc_buf_addf(lrc_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *room = lrc_buf_room(b, n < 0 ? SIZE_MAX : (size_t)n); // n < 0: longer than INT_MAX
    if (room) {
        vsnprintf(room, (size_t)n + 1, fmt, again);
        lrc_buf_grew(b, (size_t)n);
    }
    va_end(again);
}

void lrc_buf_truncate(lrc_buf *b, size_t len)
{
    if (len >= b->len)
        return;
    b->len = len;
    b->data[len] = '\0';
}

void lrc_buf_consume(lrc_buf *b, size_t n)
{
    if (n == 0)
        return;
    if (n >= b->len) {
        lrc_buf_truncate(b, 0);
        return;
    }
    memmove(b->data, b->data + n, b->len - n);
    lrc_buf_truncate(b, b->len - n);
}

int lrc_buf_check(const lrc_buf *b, const char *what, lrc_err *err)
{
    if (b->failed == LRC_ERR_LIMIT)
        return lrc_fail(err, LRC_ERR_LIMIT, "%s is larger than the limit of %zu bytes", what, b->max);
    return b->failed ? lrc_fail_memory(err) : 0;
}

int lrc_buf_take(lrc_buf *b, const char *what, char **ret, size_t *ret_len, lrc_err *err)
{
    lrc_buf_room(b, 0); // an empty result is still the caller's to free
    if (lrc_buf_check(b, what, err) < 0)
        return -1;
    *ret = b->data;
    if (ret_len)
        *ret_len = b->len;
    lrc_buf_init(b, b->max);
    return 0;
}
