// SPDX-License-Identifier: MIT

#include "base/buf.h"
#include "store/jobs.h"
#include "store/schema.h"
#include "support/cmocka.h"
#include "support/temp.h"

static int collect(void *arg, const lrc_store_job *row, lrc_err *err)
{
    (void)err;
    lrc_buf *out = arg;
    lrc_buf_addf(out, "%s %s %s %s %s %d %lld %lld %lld %d %d\n", row->id, row->kind, row->title, row->state,
                 row->reason, row->final, (long long)row->created_ms, (long long)row->started_ms,
                 (long long)row->ended_ms, row->exit_code, row->exit_signal);
    return 0;
}

static void expect_rows(lrc_store *s, const char *rows)
{
    lrc_auto_buf lrc_buf out;
    lrc_err err = LRC_ERR_INIT;
    lrc_buf_init(&out, 4096);
    assert_ok(lrc_store_job_each(s, collect, &out, &err), err);
    assert_string_equal(out.data, rows);
}

static const lrc_store_job one = {"a_1", "training", "T", "failed", "killed", true, 1, 2, 3, -1, 9};
static const lrc_store_job two = {"b_2", "tagging", "G", "pending", "", false, 4, 0, 0, 0, 0};

static void rows_are_kept_replaced_and_removed(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "studio.db");
    lrc_err err = LRC_ERR_INIT;
    {
        lrc_auto_store lrc_store *s = NULL;
        assert_ok(lrc_store_open(path, &s, &err), err);
        assert_ok(lrc_store_job_put(s, &two, &err), err);
        assert_ok(lrc_store_job_put(s, &one, &err), err);
    }
    lrc_auto_store lrc_store *s = NULL;
    assert_ok(lrc_store_open(path, &s, &err), err);
    expect_rows(s, "a_1 training T failed killed 1 1 2 3 -1 9\nb_2 tagging G pending  0 4 0 0 0 0\n");
    lrc_store_job changed = two;
    changed.state = "completed";
    changed.final = true;
    assert_ok(lrc_store_job_put(s, &changed, &err), err);
    assert_ok(lrc_store_job_remove(s, "a_1", &err), err);
    assert_ok(lrc_store_job_remove(s, "none", &err), err);
    expect_rows(s, "b_2 tagging G completed  1 4 0 0 0 0\n");
}

static void a_group_is_whole_or_nothing(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "studio.db");
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_store lrc_store *a = NULL, *b = NULL;
    assert_ok(lrc_store_open(path, &a, &err), err);
    assert_ok(lrc_store_open(path, &b, &err), err);
    lrc_store_rollback(a); // nothing begun: harmless
    assert_ok(lrc_store_begin(a, &err), err);
    assert_ok(lrc_store_job_put(a, &one, &err), err);
    expect_rows(b, ""); // others see it when it is done
    lrc_store_rollback(a);
    expect_rows(a, "");
    assert_ok(lrc_store_begin(a, &err), err);
    assert_ok(lrc_store_job_put(a, &one, &err), err);
    assert_ok(lrc_store_commit(a, &err), err);
    expect_rows(b, "a_1 training T failed killed 1 1 2 3 -1 9\n");
}

static const char *const old_steps[] = {"CREATE TABLE t (x)"};
static const char *const new_steps[] = {"CREATE TABLE t (x)", "ALTER TABLE t ADD COLUMN y DEFAULT 7"};
static const char *const bad_steps[] = {"CREATE TABLE t (x)", "ALTER TABLE t ADD COLUMN y; CREATE TABLE nonsense"};

static void an_older_index_is_copied_and_brought_up_to_date(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "studio.db"), *copy = lrc_test_join(dir, "studio.db.v1.bak");
    lrc_err err = LRC_ERR_INIT;
    {
        lrc_auto_store lrc_store *s = NULL;
        assert_ok(lrc_store_open_steps(path, old_steps, 1, &s, &err), err);
        assert_ok(lrc_store_exec(s, "INSERT INTO t VALUES (5)", &err), err);
        assert_false(lrc_test_has(dir, "studio.db.v1.bak"));
    }
    {
        lrc_auto_store lrc_store *s = NULL; // a step that fails leaves all as it was
        assert_int_equal(lrc_store_open_steps(path, bad_steps, 2, &s, &err), -1);
        assert_non_null(strstr(err.msg, "step 2"));
    }
    {
        lrc_auto_store lrc_store *s = NULL;
        assert_ok(lrc_store_open_steps(path, new_steps, 2, &s, &err), err);
        lrc_auto_stmt sqlite3_stmt *q = NULL;
        assert_ok(lrc_store_prepare(s, "SELECT x, y FROM t", &q, &err), err);
        assert_int_equal(lrc_store_step(s, q, &err), 1);
        assert_int_equal(sqlite3_column_int(q, 0), 5);
        assert_int_equal(sqlite3_column_int(q, 1), 7);
    }
    lrc_auto_store lrc_store *s = NULL; // the copy is a whole index of the old version
    assert_ok(lrc_store_open_steps(copy, old_steps, 1, &s, &err), err);
    lrc_auto_stmt sqlite3_stmt *q = NULL;
    assert_ok(lrc_store_prepare(s, "SELECT x FROM t", &q, &err), err);
    assert_int_equal(lrc_store_step(s, q, &err), 1);
    assert_int_equal(sqlite3_column_int(q, 0), 5);
}

static void a_newer_index_is_refused(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "studio.db");
    lrc_err err = LRC_ERR_INIT;
    {
        lrc_auto_store lrc_store *s = NULL;
        assert_ok(lrc_store_open_steps(path, new_steps, 2, &s, &err), err);
    }
    lrc_auto_store lrc_store *s = NULL;
    assert_int_equal(lrc_store_open_steps(path, old_steps, 1, &s, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_non_null(strstr(err.msg, "newer Lorica"));
}

static void what_is_no_index_is_refused(void **state)
{
    (void)state;
    lrc_auto_temp char *dir = lrc_test_folder();
    lrc_auto_free char *path = lrc_test_join(dir, "studio.db"), *nowhere = lrc_test_join(dir, "no/such/studio.db");
    lrc_auto_free char *junk = malloc(5000);
    lrc_err err = LRC_ERR_INIT;
    lrc_store *s = NULL;
    memset(junk, 'x', 5000);
    lrc_test_put_bytes(dir, "studio.db", junk, 5000);
    assert_int_equal(lrc_store_open(path, &s, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_int_equal(lrc_store_open(nowhere, &s, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_kept_replaced_and_removed),
        cmocka_unit_test(a_group_is_whole_or_nothing),
        cmocka_unit_test(an_older_index_is_copied_and_brought_up_to_date),
        cmocka_unit_test(a_newer_index_is_refused),
        cmocka_unit_test(what_is_no_index_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
