// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "support/cmocka.h"
#include "train/digits.h"

#define DIGITS_MAX 10000

static void expect(void (*op)(lrc_buf *, const char *, const char *), const char *a, const char *b, const char *want)
{
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, DIGITS_MAX);
    op(&out, a, b);
    if (strcmp(out.data, want) != 0)
        fail_msg("%s, %s gave %s, not %s", a, b, out.data, want);
}

static void small_numbers(void **state)
{
    (void)state;
    for (uint64_t a = 0; a < 130; a++)
        for (uint64_t b = 0; b < 130; b += 3) {
            char x[24], y[24], want[24];
            snprintf(x, sizeof x, "%" PRIu64, a * a * a);
            snprintf(y, sizeof y, "%" PRIu64, b);
            snprintf(want, sizeof want, "%" PRIu64, a * a * a + b);
            expect(lrc_digits_add, x, y, want);
            snprintf(want, sizeof want, "%" PRIu64, a * a * a * b);
            expect(lrc_digits_multiply, x, y, want);
            snprintf(want, sizeof want, "%" PRIu64, b ? a * a * a / b : 0);
            if (b)
                expect(lrc_digits_divide, x, y, want);
            assert_int_equal(lrc_digits_compare(x, y) > 0, a * a * a > b);
        }
}

static void large_numbers(void **state)
{
    (void)state;
    expect(lrc_digits_add, "99999999999999999999999", "1", "100000000000000000000000");
    expect(lrc_digits_multiply, "123456789012345678901234567890", "987654321098765432109876543210",
           "121932631137021795226185032733622923332237463801111263526900");
    expect(lrc_digits_divide, "121932631137021795226185032733622923332237463801111263526900",
           "987654321098765432109876543210", "123456789012345678901234567890");
    expect(lrc_digits_divide, "99999999999999999999", "100000000000000000000", "0");
}

static void too_large_is_reported(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, 8);
    lrc_digits_multiply(&out, "123456789", "123456789");
    assert_int_equal(lrc_buf_check(&out, "number", NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_numbers),
        cmocka_unit_test(large_numbers),
        cmocka_unit_test(too_large_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
