// SPDX-License-Identifier: MIT
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "base/findings.h"
#include "base/utf8.h"
#include "support/cmocka.h"

static void codes_have_one_row_each(void **state)
{
    (void)state;
    for (int a = 0; a < LRC_ERR_MAX_; a++) {
        assert_non_null(lrc_err_word(a));
        const int status = lrc_err_http_status(a);
        assert_true(a == LRC_OK ? status == 200 : status >= 400 && status <= 599);
        assert_true((lrc_err_exit_code(a) == 0) == (a == LRC_OK));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(lrc_err_word(a), lrc_err_word(b));
    }
    assert_string_equal(lrc_err_word(LRC_ERR_MAX_), "internal"); // a wrong code is our own mistake
    assert_string_equal(lrc_err_word((lrc_err_code)-1), "internal");
}

static void errno_becomes_a_code(void **state)
{
    (void)state;
    static const struct {
        int sys;
        lrc_err_code code;
    } row[] = {
        {ENOENT, LRC_ERR_NOT_FOUND}, {ENOTDIR, LRC_ERR_NOT_FOUND}, {EACCES, LRC_ERR_DENIED},
        {EPERM, LRC_ERR_DENIED},     {EROFS, LRC_ERR_DENIED},      {ENOSPC, LRC_ERR_DISK_FULL},
        {EDQUOT, LRC_ERR_DISK_FULL}, {ENOMEM, LRC_ERR_NO_MEMORY},  {EEXIST, LRC_ERR_CONFLICT},
        {EIO, LRC_ERR_IO},           {EFBIG, LRC_ERR_IO},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_err err = LRC_ERR_INIT;
        errno = row[i].sys;
        assert_int_equal(lrc_fail_errno(&err, "cannot read '%s'", "x"), -1);
        assert_int_equal(err.code, row[i].code);
        assert_int_equal(err.sys, row[i].sys);
        assert_memory_equal(err.msg, "cannot read 'x': ", 17);
        assert_non_null(strstr(err.msg, strerror(row[i].sys)));
    }
}

static void null_is_fine(void **state)
{
    (void)state;
    assert_int_equal(lrc_fail(NULL, LRC_ERR_IO, "x"), -1);
    assert_int_equal(lrc_fail_field(NULL, LRC_ERR_IO, "f", "x"), -1);
    assert_int_equal(lrc_fail_errno(NULL, "x"), -1);
    assert_int_equal(lrc_fail_memory(NULL), -1);
    assert_int_equal(lrc_wrap(NULL, "x"), -1);
}

static void wrap_puts_in_front_and_keeps_the_rest(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_fail_field(&err, LRC_ERR_SCHEMA, "rank", "too large");
    assert_int_equal(lrc_wrap(&err, "request %d", 7), -1);
    assert_string_equal(err.msg, "request 7: too large");
    assert_string_equal(err.field, "rank");
    assert_int_equal(err.code, LRC_ERR_SCHEMA);
}

static void arguments_may_come_from_the_error(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_fail_field(&err, LRC_ERR_SCHEMA, "rank", "too large");
    lrc_fail_field(&err, LRC_ERR_INVALID, err.field, "again: %s (%s)", err.msg, err.field);
    assert_string_equal(err.msg, "again: too large (rank)");
    assert_string_equal(err.field, "rank");
    lrc_wrap(&err, "%s", err.field);
    assert_string_equal(err.msg, "rank: again: too large (rank)");
}

static void long_messages_are_cut_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        char name[600] = "";
        memset(name, 'a', lead);
        for (size_t i = lead; i + 4 < sizeof name; i += 4)
            memcpy(name + i, "\xf0\x9f\x98\x80", 4);
        lrc_err err = LRC_ERR_INIT;
        errno = EIO;
        lrc_fail_errno(&err, "%s", name);
        lrc_wrap(&err, "%s", name + lead);
        lrc_fail_field(&err, err.code, name, "%s", err.msg);
        assert_true(lrc_utf8_valid(err.msg, strlen(err.msg)));
        assert_true(lrc_utf8_valid(err.field, strlen(err.field)));
        assert_true(strlen(err.msg) >= LRC_ERR_MSG_SIZE - 5);
        assert_true(strlen(err.field) >= LRC_ERR_FIELD_SIZE - 5);
    }
}

static void messages_cannot_steer_a_terminal(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_fail(&err, LRC_ERR_IO, "a\nb\x1b[2Jc\x7f%s",
             "d\xc2\x9b"
             "2Je\xc3\x9b");
    assert_string_equal(err.msg, "a b [2Jc d  2Je\xc3\x9b");
}

static void findings_are_kept_in_order(void **state)
{
    (void)state;
    lrc_auto_findings lrc_findings f = {0};
    for (int i = 0; i < 20; i++)
        assert_int_equal(lrc_findings_add(&f, i % 2 ? LRC_FINDING_WARNING : LRC_FINDING_ERROR, "code",
                                          i ? "field" : NULL, NULL, "remedy", NULL, "message %d", i),
                         0);
    assert_int_equal(f.count, 20);
    assert_int_equal(lrc_findings_errors(&f), 10);
    assert_string_equal(f.item[0].field, "");
    assert_string_equal(f.item[19].field, "field");
    assert_string_equal(f.item[19].file, "");
    assert_string_equal(f.item[19].message, "message 19");
    assert_string_equal(lrc_finding_severity_name(LRC_FINDING_INFO), "info");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_one_row_each),
        cmocka_unit_test(errno_becomes_a_code),
        cmocka_unit_test(null_is_fine),
        cmocka_unit_test(wrap_puts_in_front_and_keeps_the_rest),
        cmocka_unit_test(arguments_may_come_from_the_error),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(messages_cannot_steer_a_terminal),
        cmocka_unit_test(findings_are_kept_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
