// SPDX-License-Identifier: MIT
// module: http
// Any body: read as a form in pieces of one size and of another, with the same parts and the same outcome.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct source {
    const uint8_t *at;
    size_t left, step;
};

static int give(void *arg, void *out, size_t n, size_t *ret, lrc_err *err)
{
    (void)err;
    struct source *s = arg;
    size_t take = n < s->step ? n : s->step;
    if (take > s->left)
        take = s->left;
    memcpy(out, s->at, take);
    s->at += take;
    s->left -= take;
    *ret = take;
    return 0;
}

static uint32_t mix(uint32_t h, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

// A hash of all that was read.
static uint32_t read_all(const uint8_t *data, size_t n, size_t step)
{
    struct source source = {data, n, step};
    lrc_auto_multipart lrc_multipart *m = NULL;
    lrc_multipart_part part;
    uint32_t hash = 2166136261u;
    int more;
    if (lrc_multipart_new("multipart/form-data; boundary=b", give, &source, &m, NULL) < 0)
        return 0;
    while ((more = lrc_multipart_next(m, &part, NULL)) > 0) {
        assert(lrc_utf8_valid(part.name, strlen(part.name)) && lrc_utf8_valid(part.filename, strlen(part.filename)));
        hash = mix(hash, part.name, strlen(part.name) + 1);
        hash = mix(hash, part.filename, strlen(part.filename) + 1);
        for (size_t got = 1; got > 0;) {
            char piece[100];
            if (lrc_multipart_read(m, piece, sizeof piece, &got, NULL) < 0)
                return mix(hash, "!", 1);
            hash = mix(hash, piece, got);
        }
    }
    return more < 0 ? mix(hash, "!", 1) : hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const uint32_t whole = read_all(data, n, n + 1);
    assert(read_all(data, n, 1) == whole);
    assert(read_all(data, n, 7) == whole);
    return 0;
}
