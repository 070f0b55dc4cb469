// SPDX-License-Identifier: MIT
// module: http
// Any request head, given as lines "name: value" behind a target: guard, door and gate judge it, and what passes the guard
// is framed in exactly one way.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "http/door.h"
#include "http/gate.h"
#include "http/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t count(const lrc_http_headers *h, const char *name)
{
    size_t times = 0;
    for (size_t i = 0; i < h->count; i++)
        times += lrc_ascii_same(h->item[i].name, name);
    return times;
}

// Lines into headers, in place.
static void split(char *text, lrc_http_field *item, lrc_http_headers *h)
{
    for (char *line = text; line && h->count < LRC_HTTP_HEADERS_MAX;) {
        char *end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        char *colon = strchr(line, ':');
        if (colon)
            *colon++ = '\0';
        item[h->count++] = (lrc_http_field){line, colon ? colon : ""};
        line = end;
    }
}

static void judge(const lrc_http_headers *h)
{
    static lrc_http_gate *gate;
    if (!gate && lrc_http_gate_new("secret", NULL, 0, &gate, NULL) < 0)
        abort();
    const lrc_http_door door = {.bind_host = "127.0.0.1"};
    const lrc_http_caller caller = {.has_body = true,
                                    .host = lrc_http_headers_get(h, "Host"),
                                    .origin = lrc_http_headers_get(h, "Origin"),
                                    .fetch_site = lrc_http_headers_get(h, "Sec-Fetch-Site"),
                                    .content_type = lrc_http_headers_get(h, "Content-Type")};
    lrc_http_door_check(&door, &caller, NULL);
    const lrc_http_peer peer = {{0}};
    lrc_http_session_id id = {0};
    const char *bearer = lrc_http_headers_get(h, "Authorization");
    const int passed = lrc_http_gate_check(gate, &peer, bearer, lrc_http_headers_get(h, "Cookie"), "s", 0, &id, NULL);
    assert(passed < 0 || (bearer && strcmp(bearer, "Bearer secret") == 0)); // nobody has a session
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    if (!text)
        return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    char *lines = strchr(text, '\n');
    if (lines)
        *lines++ = '\0';
    lrc_http_field item[LRC_HTTP_HEADERS_MAX];
    lrc_http_headers h = {item, 0};
    split(lines, item, &h);
    for (int old = 0; old < 2; old++) {
        lrc_http_framing f;
        if (lrc_http_guard(old ? "HTTP/1.0" : "HTTP/1.1", text, &h, &f, NULL) < 0)
            continue;
        assert(count(&h, "Host") == 1 && (text[0] == '/' || strcmp(text, "*") == 0));
        assert(count(&h, "Content-Length") + count(&h, "Transfer-Encoding") <= 1);
        assert(f.length >= -1 && (f.length != -1 || (!old && count(&h, "Transfer-Encoding") == 1)));
        judge(&h);
    }
    free(text);
    return 0;
}
