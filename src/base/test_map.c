// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "base/map.h"
#include "support/cmocka.h"

static void counts_and_keeps_the_order(void **state)
{
    (void)state;
    static const char *const words[] = {"solo", "1girl", "solo", "", "smile", "1girl", "solo"};
    lrc_auto_map lrc_map m = {0};
    assert_null(lrc_map_get(&m, "solo"));
    for (size_t i = 0; i < LENGTH(words); i++)
        (*lrc_map_put(&m, words[i], NULL))++;
    assert_int_equal(m.count, 4);
    assert_string_equal(m.entry[1].key, "1girl");
    assert_int_equal(*lrc_map_get(&m, "solo"), 3);
    assert_int_equal(*lrc_map_get(&m, ""), 1);
    assert_null(lrc_map_get(&m, "sol"));
    lrc_map_rank(&m);
    static const char *const ranked[] = {"solo", "1girl", "", "smile"};
    for (size_t i = 0; i < m.count; i++)
        assert_string_equal(m.entry[i].key, ranked[i]);
}

static void many(void **state)
{
    (void)state;
    enum { N = 50000 };
    lrc_auto_map lrc_map m = {0};
    char key[32];
    for (int pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < N; i++) {
            snprintf(key, sizeof key, "%u/%u", i % 7, i);
            *lrc_map_put(&m, key, NULL) += i;
        }
    assert_int_equal(m.count, N);
    for (unsigned i = 0; i < N; i++) {
        snprintf(key, sizeof key, "%u/%u", i % 7, i);
        assert_int_equal(*lrc_map_get(&m, key), 2 * i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_and_keeps_the_order), cmocka_unit_test(many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
