// SPDX-License-Identifier: MIT
#include "base/utf8.h"

#include <string.h>

#include "support/cmocka.h"

static void every_code_point_goes_round(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x110010; cp++) {
        char bytes[LRC_UTF8_MAX];
        const size_t n = lrc_utf8_encode(cp, bytes);
        const bool can = cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff);
        assert_int_equal(n > 0, can);
        if (!can)
            continue;
        uint32_t back = 0;
        assert_int_equal(lrc_utf8_decode(bytes, n, &back), n);
        assert_int_equal(back, cp);
        for (size_t part = 0; part < n; part++) {
            assert_int_equal(lrc_utf8_decode(bytes, part, NULL), 0);
            assert_int_equal(lrc_utf8_cut(bytes, part), 0);
        }
    }
}

static void what_is_not_utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",             // a continuation alone
        "\xc0\x80",         // overlong NUL
        "\xc1\xbf",         // overlong 2
        "\xe0\x9f\xbf",     // overlong 3
        "\xf0\x8f\xbf\xbf", // overlong 4
        "\xed\xa0\x80",     // a surrogate
        "\xed\xbf\xbf",     // the last surrogate
        "\xf4\x90\x80\x80", // above U+10FFFF
        "\xf5\x80\x80\x80", // no such lead
        "\xff",             // no such byte
        "\xc3(",            // not continued
        "\xe2\x82(",        // not continued
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        assert_int_equal(lrc_utf8_decode(bad[i], strlen(bad[i]), NULL), 0);
        char text[16] = "ok\xc3\xa9";
        memcpy(text + 4, bad[i], strlen(bad[i]) + 1);
        assert_int_equal(lrc_utf8_valid_prefix(text, strlen(text)), 4);
        assert_false(lrc_utf8_valid(text, strlen(text)));
    }
}

static void cutting(void **state)
{
    (void)state;
    const char *text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
                       "b";
    static const size_t cut[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    assert_int_equal(strlen(text), LENGTH(cut) - 1);
    for (size_t n = 0; n < LENGTH(cut); n++)
        assert_int_equal(lrc_utf8_cut(text, n), cut[n]);
    assert_int_equal(lrc_utf8_cut("\x80\x80\x80\x80\x80", 5), 5); // not UTF-8: nothing to mend
    assert_int_equal(lrc_utf8_cut("a\xff", 2), 2);
}

static void counting(void **state)
{
    (void)state;
    assert_int_equal(lrc_utf8_count("", 0), 0);
    assert_int_equal(lrc_utf8_count("a\xc3\xa9\xff\xf0\x9f\x98\x80", 8), 4);
    assert_int_equal(lrc_utf8_count("\xf0\x9f\x98", 3), 3); // each of the bytes
    assert_true(lrc_utf8_valid("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_goes_round),
        cmocka_unit_test(what_is_not_utf8),
        cmocka_unit_test(cutting),
        cmocka_unit_test(counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
