// SPDX-License-Identifier: MIT
// module: http
// Any bytes from a WebSocket client: messages come out as valid UTF-8 of bounded size, answers stay bounded, and how the
// bytes were cut makes no difference.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "http/feed.h"
#include "http/ws.h"

#define OUT_MAX (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct heard {
    lrc_ws *ws;
    uint32_t hash;
};

static void hear(void *arg, const char *text, size_t n)
{
    struct heard *h = arg;
    assert(n <= LRC_FEED_MESSAGE_MAX && lrc_utf8_valid(text, n));
    for (size_t i = 0; i < n; i++)
        h->hash = (h->hash ^ (uint8_t)text[i]) * 16777619u;
    h->hash = h->hash * 31 + 1;
}

static uint32_t run(const uint8_t *data, size_t n, size_t step)
{
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, OUT_MAX);
    struct heard heard = {NULL, 2166136261u};
    lrc_auto_ws lrc_ws *w = lrc_ws_new(&out, hear, &heard);
    if (!w)
        return 0;
    for (size_t at = 0; at < n; at += step)
        if (lrc_ws_input(w, data + at, n - at < step ? n - at : step) < 0)
            break;
    lrc_ws_put(w, "more", 4);
    lrc_ws_close(w, 1000, "");
    assert(lrc_ws_says_goodbye(w) || out.failed);
    return heard.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const uint32_t whole = run(data, n, n + 1);
    assert(run(data, n, 1) == whole);
    assert(run(data, n, 5) == whole);
    return 0;
}
