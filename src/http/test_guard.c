// SPDX-License-Identifier: MIT
#include "http/guard.h"

#include <string.h>

#include "support/cmocka.h"

#define OK_NONE    0
#define OK_CHUNKED (-1)
#define REFUSED    (-2)

// Headers as "Name=value", NULL at the end.
static int64_t judge(const char *version, const char *target, const char *const *lines)
{
    static char text[16][128];
    lrc_http_field item[16];
    lrc_http_headers h = {item, 0};
    for (; lines[h.count]; h.count++) {
        snprintf(text[h.count], sizeof text[0], "%s", lines[h.count]);
        char *equals = strchr(text[h.count], '=');
        *equals = '\0';
        item[h.count] = (lrc_http_field){text[h.count], equals + 1};
    }
    lrc_http_framing f = {.length = 77};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_http_guard(version, target, &h, &f, &err) == 0)
        return f.length;
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_int_equal(f.length, 77);
    return REFUSED;
}

static void framing(void **state)
{
    (void)state;
    static const struct {
        const char *lines[6];
        int64_t want, want_old; // HTTP/1.1, HTTP/1.0
    } table[] = {
        {{"Host=a"}, OK_NONE, OK_NONE},
        {{"host=a.b-c:80"}, OK_NONE, OK_NONE},
        {{"HOST=[::1]:3000"}, OK_NONE, OK_NONE},
        {{"Host=a", "Content-Length=0"}, OK_NONE, OK_NONE},
        {{"Host=a", "content-length=12"}, 12, 12},
        {{"Host=a", "Transfer-Encoding=chunked"}, OK_CHUNKED, REFUSED},
        {{"Host=a", "transfer-encoding=Chunked"}, OK_CHUNKED, REFUSED},
        {{NULL}, REFUSED, REFUSED},
        {{"Host="}, REFUSED, REFUSED},
        {{"Host=a", "Host=a"}, REFUSED, REFUSED},
        {{"Host=a", "host=b"}, REFUSED, REFUSED},
        {{"Host=a b"}, REFUSED, REFUSED},
        {{"Host=a/b"}, REFUSED, REFUSED},
        {{"Host=a,b"}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=1", "Content-Length=1"}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=1", "content-length=2"}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length="}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=-1"}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=+1"}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=1 "}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=0x1"}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=1,1"}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=99999999999999999999"}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length=1", "Transfer-Encoding=chunked"}, REFUSED, REFUSED},
        {{"Host=a", "Transfer-Encoding=chunked", "Transfer-Encoding=chunked"}, REFUSED, REFUSED},
        {{"Host=a", "Transfer-Encoding=gzip"}, REFUSED, REFUSED},
        {{"Host=a", "Transfer-Encoding=gzip, chunked"}, REFUSED, REFUSED},
        {{"Host=a", "Transfer-Encoding=chunked "}, REFUSED, REFUSED},
        {{"Host=a", "Transfer-Encoding="}, REFUSED, REFUSED},
        {{"Host=a", "Content-Length =1"}, REFUSED, REFUSED},
        {{"Host=a", "X\tY=1"}, REFUSED, REFUSED},
        {{"Host=a", "X(Y)=1"}, REFUSED, REFUSED},
        {{"Host=a", "=1"}, REFUSED, REFUSED},
        {{"Host=a", "X=a\rb"}, REFUSED, REFUSED},
        {{"Host=a", "X=a\x7f"}, REFUSED, REFUSED},
        {{"Host=a", "X=a\tb"}, OK_NONE, OK_NONE},
        {{"Host=a", "X=\xff"}, OK_NONE, OK_NONE},
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        const int64_t got = judge("HTTP/1.1", "/", table[i].lines), old = judge("HTTP/1.0", "/", table[i].lines);
        if (got != table[i].want || old != table[i].want_old)
            fail_msg("row %zu: %d and %d", i, (int)got, (int)old);
    }
}

static void versions_and_targets(void **state)
{
    (void)state;
    static const char *const host[] = {"Host=a", NULL};
    static const char *const good[] = {"/", "/a?b=c", "/%20", "*", "//x", "/\xc3\xbc"};
    static const char *const bad[] = {"", "a", "http://a/", "a:80", "/a b", "/a\tb", "/a\x01", "/a#b", "**"};
    for (size_t i = 0; i < LENGTH(good); i++)
        assert_int_equal(judge("HTTP/1.1", good[i], host), OK_NONE);
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(judge("HTTP/1.1", bad[i], host), REFUSED);
    static const char *const version[] = {"", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 "};
    for (size_t i = 0; i < LENGTH(version); i++)
        assert_int_equal(judge(version[i], "/", host), REFUSED);
}

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *value, *token;
        bool want;
    } table[] = {
        {NULL, "a", false},       {"", "a", false},      {"a", "a", true},
        {"A", "a", true},         {"b, a", "a", true},   {"b,a,c", "a", true},
        {"ab", "a", false},       {"a b", "a", true},    {"b;a", "a", false},
        {"a;q=0.5", "a", true},   {"a;q=0", "a", false}, {"a; q=0.000", "a", false},
        {"a;q=0.001", "a", true}, {", ,a", "a", true},   {"keep-alive, Upgrade", "upgrade", true},
    };
    for (size_t i = 0; i < LENGTH(table); i++)
        assert_int_equal(lrc_http_list_has(table[i].value, table[i].token), table[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(framing), cmocka_unit_test(versions_and_targets),
                                       cmocka_unit_test(lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
