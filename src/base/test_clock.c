// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <string.h>

#include "base/id.h"
#include "base/rand.h"
#include "support/cmocka.h"

static void iso_times(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } row[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {1795560000123, "2026-11-24T22:40:00.123Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        char out[32];
        lrc_clock_iso(row[i].ms, out);
        assert_string_equal(out, row[i].text);
    }
}

static void spans(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } row[] = {
        {-5, "0s"},        {0, "0s"},        {59, "59s"},         {60, "1m 00s"},
        {3599, "59m 59s"}, {3720, "1h 02m"}, {359999, "99h 59m"}, {360000, "4d 04h"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        char out[16];
        lrc_clock_span(row[i].seconds, out);
        assert_string_equal(out, row[i].text);
    }
    char out[16];
    lrc_clock_span(INT64_MAX, out);
    assert_true(strlen(out) < sizeof out);
}

static void clocks_go_on(void **state)
{
    (void)state;
    const int64_t mono = lrc_clock_mono_ms();
    const double cpu = lrc_clock_cpu_ms();
    lrc_clock_sleep_ms(5);
    assert_true(lrc_clock_mono_ms() - mono >= 5);
    assert_true(lrc_clock_cpu_ms() >= cpu);
    assert_true(lrc_clock_now_ms() > 1700000000000);
}

static void ids(void **state)
{
    (void)state;
    char one[LRC_ID_MAX + 1], two[LRC_ID_MAX + 1];
    lrc_id_make("training", one);
    lrc_id_make("training", two);
    assert_string_not_equal(one, two);
    assert_memory_equal(one, "training_1", 10);
    assert_true(lrc_id_valid(one));
    lrc_id_make("a_kind_with_a_name_that_is_much_too_long", one);
    assert_true(lrc_id_valid(one));
    static const char *const bad[] = {
        "",    ".",   "..",       "a/b",
        "a b", "a.b", "\xc3\xa9", "0123456789012345678901234567890123456789012345678901234567890123x"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_false(lrc_id_valid(bad[i]));
    assert_true(lrc_id_valid("A-z_09"));
}

static void random_hex(void **state)
{
    (void)state;
    char one[33], two[33], none[1];
    assert_int_equal(lrc_rand_hex(one, 32, NULL), 0);
    assert_int_equal(lrc_rand_hex(two, 32, NULL), 0);
    assert_int_equal(strspn(one, "0123456789abcdef"), 32);
    assert_int_equal(one[32], '\0');
    assert_string_not_equal(one, two);
    assert_int_equal(lrc_rand_hex(none, 0, NULL), 0);
    assert_string_equal(none, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_times), cmocka_unit_test(spans),      cmocka_unit_test(clocks_go_on),
        cmocka_unit_test(ids),       cmocka_unit_test(random_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
