// SPDX-License-Identifier: MIT
#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>

int lrc_rand_bytes(void *out, size_t n, lrc_err *err)
{
    unsigned char *p = out;
    while (n > 0) {
        const ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return lrc_fail_errno(err, "cannot get random bytes");
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

int lrc_rand_hex(char *out, size_t n, lrc_err *err)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        unsigned char byte;
        if (lrc_rand_bytes(&byte, 1, err) < 0)
            return -1;
        out[i] = digit[byte & 15];
    }
    out[n] = '\0';
    return 0;
}
