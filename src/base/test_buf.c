// SPDX-License-Identifier: MIT
#include "base/buf.h"

#include <string.h>

#include "support/allocations.h"
#include "support/cmocka.h"

static void appending(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, 1 << 20);
    assert_string_equal(b.data, "");
    lrc_buf_add(&b, NULL, 0);
    assert_int_equal(b.cap, 0);
    lrc_buf_adds(&b, "one");
    lrc_buf_addc(&b, ' ');
    lrc_buf_addf(&b, "%d %s", 2, "three");
    assert_string_equal(b.data, "one 2 three");
    char *room = lrc_buf_room(&b, 100);
    assert_non_null(room);
    memset(room, 'x', 100);
    lrc_buf_grew(&b, 100);
    assert_int_equal(b.len, 111);
    assert_int_equal(b.data[111], '\0');
    lrc_buf_truncate(&b, 200);
    assert_int_equal(b.len, 111);
    lrc_buf_truncate(&b, 3);
    assert_string_equal(b.data, "one");
    lrc_buf_consume(&b, 0);
    lrc_buf_consume(&b, 1);
    assert_string_equal(b.data, "ne");
    lrc_buf_consume(&b, 5);
    assert_string_equal(b.data, "");
    for (int i = 0; i < 100000; i++)
        lrc_buf_addc(&b, 'y');
    assert_int_equal(lrc_buf_check(&b, "text", NULL), 0);
    assert_int_equal(strlen(b.data), 100000);
}

static void the_maximum_is_kept(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf b;
    lrc_err err = LRC_ERR_INIT;
    lrc_buf_init(&b, 10);
    lrc_buf_adds(&b, "0123456789");
    assert_int_equal(lrc_buf_check(&b, "text", &err), 0);
    lrc_buf_addc(&b, 'x');
    lrc_buf_truncate(&b, 0);
    lrc_buf_adds(&b, "y"); // the first failure stays
    assert_string_equal(b.data, "");
    assert_int_equal(lrc_buf_check(&b, "the list", &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    assert_string_equal(err.msg, "the list is larger than the limit of 10 bytes");
    char *taken = NULL;
    assert_int_equal(lrc_buf_take(&b, "the list", &taken, NULL, &err), -1);
    assert_null(taken);
}

static void sizes_that_no_object_has(void **state)
{
    (void)state;
    static const size_t size[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 5, SIZE_MAX / 2, (size_t)PTRDIFF_MAX + 1};
    for (size_t i = 0; i < LENGTH(size); i++) {
        lrc_auto_buf lrc_buf b;
        lrc_buf_init(&b, SIZE_MAX);
        lrc_buf_adds(&b, "abcde");
        assert_null(lrc_buf_room(&b, size[i]));
        assert_true(b.failed);
        assert_string_equal(b.data, "abcde");
    }
}

static void taking(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, 100);
    lrc_auto_free char *first = NULL, *second = NULL;
    size_t n = 99;
    assert_int_equal(lrc_buf_take(&b, "text", &first, &n, NULL), 0);
    assert_string_equal(first, "");
    assert_int_equal(n, 0);
    lrc_buf_adds(&b, "again");
    assert_int_equal(lrc_buf_take(&b, "text", &second, &n, NULL), 0);
    assert_string_equal(second, "again");
    assert_int_equal(n, 5);
    assert_int_equal(b.len, 0);
    lrc_buf_done(&b);
    lrc_buf_done(&b);
}

static int fill_and_take(void *arg, lrc_err *err)
{
    (void)arg;
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, 1 << 20);
    for (int i = 0; i < 1000; i++)
        lrc_buf_addf(&b, "%d ", i);
    lrc_auto_free char *taken = NULL;
    return lrc_buf_take(&b, "text", &taken, NULL, err);
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_int_equal(lrc_test_each_allocation(fill_and_take, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending), cmocka_unit_test(the_maximum_is_kept), cmocka_unit_test(sizes_that_no_object_has),
        cmocka_unit_test(taking),    cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
