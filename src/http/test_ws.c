// SPDX-License-Identifier: MIT
#include "http/ws.h"

#include <stdlib.h>
#include <string.h>

#include "http/feed.h"
#include "support/cmocka.h"

struct heard {
    char text[4096];
    size_t len;
    unsigned times;
};

static void hear(void *arg, const char *text, size_t n)
{
    struct heard *h = arg;
    h->times++;
    h->len = n < sizeof h->text ? n : sizeof h->text;
    memcpy(h->text, text, h->len);
}

// A client's frame with the mask 1 2 3 4 behind `out`; returns its length.
static size_t frame(unsigned char *out, unsigned head, const char *payload, size_t n)
{
    size_t at = 0;
    out[at++] = (unsigned char)head;
    if (n < 126) {
        out[at++] = (unsigned char)(0x80 | n);
    } else {
        out[at++] = 0x80 | 126;
        out[at++] = (unsigned char)(n >> 8);
        out[at++] = (unsigned char)n;
    }
    for (unsigned char k = 1; k <= 4; k++)
        out[at++] = k;
    for (size_t i = 0; i < n; i++)
        out[at++] = (unsigned char)(payload[i] ^ (char)(i % 4 + 1));
    return at;
}

static void handshake(void **state)
{
    (void)state;
    char accept[LRC_WS_ACCEPT_SIZE];
    lrc_ws_accept("dGhlIHNhbXBsZSBub25jZQ==", accept); // RFC 6455, 1.3
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void texts_both_ways(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf out;
    struct heard heard = {0};
    unsigned char bytes[8192];
    lrc_buf_init(&out, 1 << 20);
    lrc_auto_ws lrc_ws *w = lrc_ws_new(&out, hear, &heard);
    assert_non_null(w);
    size_t n = frame(bytes, 0x81, "hello", 5);
    for (size_t i = 0; i < n; i++) // a byte at a time
        assert_int_equal(lrc_ws_input(w, bytes + i, 1), 0);
    assert_int_equal(heard.times, 1);
    assert_memory_equal(heard.text, "hello", 5);
    n = frame(bytes, 0x01, "a", 1);
    n += frame(bytes + n, 0x89, "ping", 4);
    n += frame(bytes + n, 0x00, "b", 1);
    n += frame(bytes + n, 0x80, "c", 1);
    n += frame(bytes + n, 0x82, "binary", 6);
    assert_int_equal(lrc_ws_input(w, bytes, n), 0);
    assert_int_equal(heard.times, 2);
    assert_memory_equal(heard.text, "abc", 3);
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.data, "\x8a\x04ping", 6);
    lrc_buf_truncate(&out, 0);
    assert_int_equal(lrc_ws_put(w, "text", 4), 0);
    assert_memory_equal(out.data, "\x81\x04text", 6);
    lrc_buf_truncate(&out, 0);
    memset(bytes, 'x', 300);
    assert_int_equal(lrc_ws_put(w, (const char *)bytes, 300), 0);
    assert_int_equal(out.len, 304);
    assert_memory_equal(out.data, "\x81\x7e\x01\x2cx", 5);
    lrc_buf_truncate(&out, 0);
    assert_int_equal(lrc_ws_ping(w), 0);
    assert_memory_equal(out.data, "\x89\x00", 2);
    assert_false(lrc_ws_says_goodbye(w) || lrc_ws_is_over(w) || lrc_ws_is_deaf(w));
}

static void closing(void **state)
{
    (void)state;
    for (int client_first = 0; client_first < 2; client_first++) {
        lrc_auto_buf lrc_buf out;
        unsigned char bytes[64];
        lrc_buf_init(&out, 1 << 20);
        lrc_auto_ws lrc_ws *w = lrc_ws_new(&out, NULL, NULL);
        const size_t n = frame(bytes, 0x88, "\x03\xe8", 2);
        if (client_first)
            assert_int_equal(lrc_ws_input(w, bytes, n), 0);
        else
            lrc_ws_close(w, 4004, "no such job");
        assert_true(lrc_ws_says_goodbye(w));
        assert_int_equal(lrc_ws_put(w, "late", 4), -1);
        assert_int_equal(out.data[0], (char)0x88);
        if (!client_first) {
            assert_memory_equal(out.data, "\x88\x0d\x0f\xa4no such job", 15);
            assert_false(lrc_ws_is_over(w));
            assert_int_equal(lrc_ws_input(w, bytes, n), 0);
        }
        assert_true(lrc_ws_is_over(w));
        assert_int_equal(lrc_ws_input(w, "whatever follows", 16), 0);
    }
}

static void broken_rules(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        unsigned code;
    } table[] = {
        {"\x81\x01x", 3, 1002},                                                  // not masked
        {"\x83\x80\x01\x02\x03\x04", 6, 1002},                                   // unknown opcode
        {"\xc1\x80\x01\x02\x03\x04", 6, 1002},                                   // reserved bit
        {"\x80\x80\x01\x02\x03\x04", 6, 1002},                                   // continues nothing
        {"\x09\x80\x01\x02\x03\x04", 6, 1002},                                   // a ping in pieces
        {"\x81\x82\x00\x00\x00\x00\xff\xfe", 8, 1007},                           // not UTF-8
        {"\x81\xff\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00x", 15, 1009}, // 256 MiB
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        lrc_auto_buf lrc_buf out;
        lrc_buf_init(&out, 1 << 20);
        lrc_auto_ws lrc_ws *w = lrc_ws_new(&out, NULL, NULL);
        const int result = lrc_ws_input(w, table[i].bytes, table[i].n);
        if (result == 0 && (out.len < 4 || !lrc_ws_is_deaf(w)))
            fail_msg("row %zu is taken", i);
        if (out.len >= 4) {
            const unsigned code = (unsigned)(unsigned char)out.data[2] << 8 | (unsigned char)out.data[3];
            if (out.data[0] != (char)0x88 || code != table[i].code)
                fail_msg("row %zu: %u", i, code);
        }
    }
}

static void what_does_not_fit_breaks_the_connection(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, 100);
    lrc_auto_ws lrc_ws *w = lrc_ws_new(&out, NULL, NULL);
    char text[80] = {0};
    memset(text, 'x', sizeof text);
    assert_int_equal(lrc_ws_put(w, text, sizeof text), 0);
    assert_int_equal(lrc_ws_put(w, text, sizeof text), -1);
    assert_int_equal(out.failed, LRC_ERR_LIMIT);
    assert_true(lrc_ws_is_over(w));
    lrc_ws_close(w, 1000, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake),
        cmocka_unit_test(texts_both_ways),
        cmocka_unit_test(closing),
        cmocka_unit_test(broken_rules),
        cmocka_unit_test(what_does_not_fit_breaks_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
