// SPDX-License-Identifier: MIT
#include "http/uri.h"

#include <stdlib.h>
#include <string.h>

#include "support/allocations.h"
#include "support/cmocka.h"

static void decoding(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want; // NULL: refused
        bool plus;
    } table[] = {
        {"", "", false},
        {"abc", "abc", false},
        {"a%20b", "a b", false},
        {"a+b", "a+b", false},
        {"a+b", "a b", true},
        {"%C3%BC", "\xc3\xbc", false},
        {"%c3%bc", "\xc3\xbc", false},
        {"%2F%2e%2e", "/..", false},
        {"%252F", "%2F", false},
        {"%0a", "\n", false},
        {"%", NULL, false},
        {"%2", NULL, false},
        {"%g0", NULL, false},
        {"%0g", NULL, false},
        {"%%41", NULL, false},
        {"a%00", NULL, false},
        {"%ff", NULL, false},
        {"%c3", NULL, false},
        {"%c0%af", NULL, false},       // an overlong '/'
        {"%ed%a0%80", NULL, false},    // a surrogate
        {"%f4%90%80%80", NULL, false}, // above U+10FFFF
        {"\xff", NULL, false},
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        char out[64];
        size_t len = 99;
        lrc_err err = LRC_ERR_INIT;
        const int result = lrc_uri_decode(table[i].text, strlen(table[i].text), table[i].plus, out, &len, &err);
        if (!table[i].want) {
            assert_int_equal(result, -1);
            assert_int_equal(err.code, LRC_ERR_INVALID);
            assert_int_equal(len, 99);
            continue;
        }
        assert_int_equal(result, 0);
        assert_string_equal(out, table[i].want);
        assert_int_equal(len, strlen(table[i].want));
    }
}

static void queries(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_uri_query q = {0};
    assert_int_equal(lrc_uri_query_parse("a=1&b=x+y%26&&c&d=&a=2&=e&f=1=2", &q, &err), 0);
    assert_int_equal(q.count, 7);
    assert_string_equal(lrc_uri_query_get(&q, "a"), "1");
    assert_string_equal(lrc_uri_query_get(&q, "b"), "x y&");
    assert_string_equal(lrc_uri_query_get(&q, "c"), "");
    assert_string_equal(lrc_uri_query_get(&q, "d"), "");
    assert_string_equal(lrc_uri_query_get(&q, ""), "e");
    assert_string_equal(lrc_uri_query_get(&q, "f"), "1=2");
    assert_null(lrc_uri_query_get(&q, "g"));
    lrc_uri_query_done(&q);
    assert_int_equal(lrc_uri_query_parse("", &q, &err), 0);
    assert_int_equal(q.count, 0);
    lrc_uri_query_done(&q);
    static const char *const bad[] = {"a=%", "%00=1", "a=%ff"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(lrc_uri_query_parse(bad[i], &q, &err), -1);
    char many[4 * LRC_URI_QUERY_MAX + 8] = "";
    for (size_t i = 0; i < LRC_URI_QUERY_MAX; i++)
        memcpy(many + 4 * i, "a=1&", 5);
    many[4 * LRC_URI_QUERY_MAX - 1] = '\0';
    assert_int_equal(lrc_uri_query_parse(many, &q, &err), 0);
    assert_int_equal(q.count, LRC_URI_QUERY_MAX);
    lrc_uri_query_done(&q);
    many[4 * LRC_URI_QUERY_MAX - 1] = '&';
    assert_int_equal(lrc_uri_query_parse(many, &q, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
}

static void encoding(void **state)
{
    (void)state;
    char out[64];
    lrc_uri_encode("a-Z_0.~ \"\xc3\xbc%", out);
    assert_string_equal(out, "a-Z_0.~%20%22%C3%BC%25");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decoding), cmocka_unit_test(queries),
                                       cmocka_unit_test(encoding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
