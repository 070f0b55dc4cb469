// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void pieces_stay_where_they_are(void **state)
{
    (void)state;
    lrc_auto_arena lrc_arena a = {0};
    char *kept[500];
    for (int i = 0; i < 500; i++) {
        char text[32];
        const int n = snprintf(text, sizeof text, "piece %d", i);
        kept[i] = lrc_arena_copy(&a, text, (size_t)n);
        assert_non_null(kept[i]);
        memset(lrc_arena_take(&a, (size_t)i * 7), 0xaa, (size_t)i * 7);
    }
    for (int i = 0; i < 500; i++) {
        char text[32];
        snprintf(text, sizeof text, "piece %d", i);
        assert_string_equal(kept[i], text);
    }
}

static void pieces_are_zeroed_and_aligned(void **state)
{
    (void)state;
    lrc_auto_arena lrc_arena a = {0};
    for (size_t n = 1; n < 300000; n = n * 3 + 1) {
        unsigned char *piece = lrc_arena_take(&a, n);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 0xff, n);
    }
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    lrc_auto_arena lrc_arena a = {0};
    assert_null(lrc_arena_take(&a, SIZE_MAX));
    assert_null(lrc_arena_array(&a, SIZE_MAX / 2, 4));
    assert_non_null(lrc_arena_array(&a, 0, 4));
    lrc_arena_done(&a);
    lrc_arena_done(&a); // harmless
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_stay_where_they_are),
        cmocka_unit_test(pieces_are_zeroed_and_aligned),
        cmocka_unit_test(absurd_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
