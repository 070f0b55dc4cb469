// SPDX-License-Identifier: MIT
#include "base/num.h"

#include <string.h>

#include "base/fs.h"
#include "support/cmocka.h"

static void repr_equals_pythons(void **state)
{
    (void)state;
    lrc_auto_free char *text = NULL;
    assert_int_equal(lrc_fs_read(LORICA_TEST_DATA "/golden/num_repr.txt", 1 << 20, &text, NULL, NULL), 0);
    lrc_auto_strv lrc_strv rows = {0};
    assert_int_equal(lrc_strv_split(&rows, text, '\n', NULL), 0);
    assert_true(rows.count > 100);
    for (size_t i = 0; i < rows.count; i++) {
        char *wanted = strchr(rows.item[i], ' ');
        if (rows.item[i][0] == '#')
            continue;
        *wanted++ = '\0';
        char out[LRC_NUM_TEXT];
        const size_t n = lrc_num_repr(strtod(rows.item[i], NULL), out);
        assert_string_equal(out, wanted);
        assert_int_equal(n, strlen(wanted));
    }
}

static void every_power_of_two_reads_back(void **state)
{
    (void)state;
    double value = 0x1p-1074;
    for (int k = -1074; k <= 1023; k++, value *= 2) {
        char out[LRC_NUM_TEXT];
        lrc_num_repr(value, out);
        assert_true(strtod(out, NULL) == value);
        lrc_num_short(-value, out);
        assert_true(strtod(out, NULL) == -value);
    }
}

static void short_form(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } row[] = {
        {0, "0"}, {-0.0, "-0"}, {1, "1"}, {-20, "-20"}, {0.5, "0.5"}, {1e15, "1000000000000000"}, {1e16, "1e+16"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        char out[LRC_NUM_TEXT];
        assert_int_equal(lrc_num_short(row[i].value, out), strlen(row[i].text));
        assert_string_equal(out, row[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repr_equals_pythons),
        cmocka_unit_test(every_power_of_two_reads_back),
        cmocka_unit_test(short_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
