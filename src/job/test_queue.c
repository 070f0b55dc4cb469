// SPDX-License-Identifier: MIT
#include "job/queue.h"

#include "job/folder.h"
#include "settings/settings.h"
#include "support/cmocka.h"
#include "support/job.h"

typedef char job_id[LRC_ID_MAX + 1];

// Submit "nasty-child WORD ARGUMENT" with this turn. The id into ret_id.
static void submit(const lrc_test_studio *s, const lrc_job_turn *turn, const char *word, const char *argument,
                   job_id ret_id)
{
    lrc_job_request req = {.kind = "training", .grace_s = 0, .turn = *turn};
    lrc_err err = LRC_ERR_INIT;
    lrc_strv_push(&req.argv, LORICA_TEST_DATA "/fixtures/nasty-child", NULL);
    lrc_strv_push(&req.argv, word, NULL);
    if (argument)
        lrc_strv_push(&req.argv, argument, NULL);
    const int result = lrc_job_submit(&s->ws, &req, ret_id, &err);
    lrc_strv_done(&req.argv);
    assert_ok(result, err);
}

static void load(const lrc_test_studio *s, lrc_queue *ret)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_queue_done(ret);
    assert_ok(lrc_queue_load(&s->ws, false, NULL, ret, &err), err);
}

static const lrc_queue_entry *entry_of(const lrc_queue *q, const char *id)
{
    for (size_t i = 0; i < q->count; i++)
        if (strcmp(q->item[i].id, id) == 0)
            return &q->item[i];
    fail_msg("%s is not in the queue", id);
    static const lrc_queue_entry none;
    return &none;
}

static void expect_wait(const lrc_test_studio *s, const char *id, lrc_queue_wait wait)
{
    lrc_auto_queue lrc_queue q = {0};
    load(s, &q);
    const lrc_queue_entry *e = entry_of(&q, id);
    if (e->waits != wait)
        fail_msg("%s waits for '%s', not '%s'", id, lrc_queue_wait_name(e->waits), lrc_queue_wait_name(wait));
}

static size_t running(const lrc_test_studio *s)
{
    lrc_auto_queue lrc_queue q = {0};
    size_t n = 0;
    load(s, &q);
    for (size_t i = 0; i < q.count; i++)
        n += q.item[i].busy;
    return n;
}

static void schedule(const lrc_test_studio *s)
{
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_job_schedule_once(&s->ws, &err), err);
}

static void stop(const lrc_test_studio *s, const char *id)
{
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_job_stop(&s->ws, id, 0, "enough", &err), err);
    assert_int_equal(lrc_job_wait(&s->ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
}

// ---- Order -----------------------------------------------------------------------------------------------------------

static void higher_priority_goes_first_and_can_be_changed(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_queue lrc_queue q = {0};
    lrc_err err = LRC_ERR_INIT;
    job_id low, first, second, high;
    assert_ok(lrc_queue_pause(&s.ws, true, &err), err);
    submit(&s, &(lrc_job_turn){.priority = -5}, "quick", NULL, low);
    submit(&s, &(lrc_job_turn){0}, "quick", NULL, first);
    submit(&s, &(lrc_job_turn){0}, "quick", NULL, second);
    submit(&s, &(lrc_job_turn){.priority = 7}, "quick", NULL, high);
    load(&s, &q);
    const char *const order[] = {high, first, second, low};
    for (size_t i = 0; i < LENGTH(order); i++)
        assert_string_equal(q.item[i].id, order[i]);
    assert_ok(lrc_queue_change_job(&s.ws, low, &(lrc_queue_change){.set_priority = true, .priority = 8}, &err), err);
    load(&s, &q);
    assert_string_equal(q.item[0].id, low);
    assert_int_equal(
        lrc_queue_change_job(&s.ws, low, &(lrc_queue_change){.set_priority = true, .priority = 9999}, &err), -1);
    assert_string_equal(err.field, "priority");
    assert_ok(lrc_queue_pause(&s.ws, false, &err), err);
    lrc_test_finish(&s, low);
    assert_int_equal(lrc_queue_change_job(&s.ws, low, &(lrc_queue_change){.set_priority = true, .priority = 1}, &err),
                     -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    lrc_test_finish(&s, second);
}

// The pause is a file: it outlives every process. What runs goes on.
static void a_paused_queue_starts_nothing(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id runs, waits;
    submit(&s, &(lrc_job_turn){0}, "silent", "0.5", runs);
    schedule(&s);
    lrc_test_await_lines(&s, "starts", 1);
    assert_ok(lrc_queue_pause(&s.ws, true, &err), err);
    submit(&s, &(lrc_job_turn){0}, "quick", NULL, waits);
    assert_int_equal(lrc_job_wait(&s.ws, runs, LRC_TEST_PATIENCE_MS, &err), 1); // its runner starts nothing either
    schedule(&s);
    expect_wait(&s, waits, LRC_WAIT_PAUSED);
    assert_int_equal(running(&s), 0);
    assert_ok(lrc_queue_pause(&s.ws, false, &err), err);
    lrc_test_finish(&s, waits);
    lrc_test_expect_state(&s, waits, LRC_JOB_COMPLETED, "");
    lrc_test_expect_state(&s, runs, LRC_JOB_COMPLETED, "");
}

static void a_job_waits_for_its_time(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id later, now;
    submit(&s, &(lrc_job_turn){.not_before_ms = lrc_clock_now_ms() + 3600000}, "quick", NULL, later);
    submit(&s, &(lrc_job_turn){0}, "quick", NULL, now);
    lrc_test_finish(&s, now); // a later one does not wait for it
    expect_wait(&s, later, LRC_WAIT_TIME);
    assert_ok(lrc_queue_change_job(&s.ws, later, &(lrc_queue_change){.set_not_before = true}, &err), err);
    lrc_test_finish(&s, later);
    lrc_test_expect_state(&s, later, LRC_JOB_COMPLETED, "");
}

// ---- After others ----------------------------------------------------------------------------------------------------

static void a_job_comes_after_another(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_queue lrc_queue q = {0};
    job_id tag, train;
    submit(&s, &(lrc_job_turn){.no_gpu = true}, "silent", "0.3", tag);
    char *ids[] = {tag, NULL};
    submit(&s, &(lrc_job_turn){.priority = 9, .after = {ids, 1, 1}}, "quick", NULL, train);
    schedule(&s);
    load(&s, &q);
    assert_int_equal(entry_of(&q, train)->waits, LRC_WAIT_AFTER);
    assert_string_equal(entry_of(&q, train)->waits_for, tag);
    lrc_test_finish(&s, train);
    lrc_auto_job lrc_job first = {0}, second = {0};
    lrc_test_load(&s, tag, &first);
    lrc_test_load(&s, train, &second);
    assert_int_equal(second.status.state, LRC_JOB_COMPLETED);
    assert_true(second.status.started_ms >= first.status.ended_ms);
}

static void what_comes_after_a_failure_is_cancelled(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    static const char *const words[] = {"code", "quick"}; // fails; is deleted before its turn comes
    for (size_t i = 0; i < LENGTH(words); i++) {
        job_id first, second, third;
        lrc_auto_free char *reason = NULL;
        submit(&s, &(lrc_job_turn){0}, words[i], "3", first);
        char *ids[] = {first, NULL}, *more[] = {second, NULL};
        lrc_test_finish(&s, first);
        submit(&s, &(lrc_job_turn){.after = {ids, 1, 1}}, "quick", NULL, second);
        submit(&s, &(lrc_job_turn){.after = {more, 1, 1}}, "quick", NULL, third);
        if (i == 1)
            assert_ok(lrc_job_delete(&s.ws, first, &err), err);
        lrc_test_finish(&s, third);
        lrc_str_format(&reason, NULL, "the job %s, which it was to come after, did not complete", first);
        lrc_test_expect_state(&s, second, LRC_JOB_CANCELLED, reason);
        lrc_auto_job lrc_job last = {0};
        lrc_test_load(&s, third, &last);
        assert_int_equal(last.status.state, LRC_JOB_CANCELLED);
        assert_int_equal(last.status.child.pid, 0);
    }
    job_id none = "training_1_1", id;
    char *ids[] = {none, NULL};
    lrc_job_request req = {.kind = "training", .grace_s = -1, .turn = {.after = {ids, 1, 1}}};
    lrc_strv_push(&req.argv, "true", NULL);
    assert_int_equal(lrc_job_submit(&s.ws, &req, id, &err), -1);
    assert_string_equal(err.field, "after");
    lrc_strv_done(&req.argv);
}

// ---- Slots -----------------------------------------------------------------------------------------------------------

static void each_training_gets_a_gpu_of_its_own(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_queue lrc_queue q = {0};
    lrc_err err = LRC_ERR_INIT;
    job_id id[3], env;
    setenv("LORICA_GPUS", "0, 1", 1);
    for (size_t i = 0; i < LENGTH(id); i++)
        submit(&s, &(lrc_job_turn){0}, "endless", NULL, id[i]);
    schedule(&s);
    load(&s, &q);
    assert_int_equal(running(&s), 2);
    assert_string_equal(entry_of(&q, id[0])->gpu_names, "0");
    assert_string_equal(entry_of(&q, id[1])->gpu_names, "1");
    assert_int_equal(entry_of(&q, id[2])->waits, LRC_WAIT_SLOT);
    stop(&s, id[0]);
    schedule(&s);
    load(&s, &q);
    assert_true(entry_of(&q, id[2])->busy);
    assert_string_equal(entry_of(&q, id[2])->gpu_names, "0");
    stop(&s, id[2]);
    submit(&s, &(lrc_job_turn){0}, "env", NULL, env);
    lrc_test_finish(&s, env);
    size_t n;
    lrc_auto_free char *log = lrc_test_log(&s, env, &n);
    assert_non_null(strstr(log, "CUDA_VISIBLE_DEVICES=0\n")); // 1 is still taken
    stop(&s, id[1]);
    setenv("LORICA_GPUS", "none", 1);
    submit(&s, &(lrc_job_turn){0}, "endless", NULL, id[0]);
    submit(&s, &(lrc_job_turn){0}, "endless", NULL, id[1]);
    schedule(&s);
    assert_int_equal(running(&s), 1); // one at a time where no GPU is known
    stop(&s, id[1]);
    stop(&s, id[0]);
    unsetenv("LORICA_GPUS");
    assert_ok(lrc_job_recover(&s.ws, &err), err);
}

static void jobs_without_gpu_share_the_processor(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id[4];
    assert_ok(lrc_settings_write(&s.ws, "job.cpu_parallel", "2", &err), err);
    setenv("LORICA_GPUS", "none", 1);
    for (size_t i = 0; i < 3; i++)
        submit(&s, &(lrc_job_turn){.no_gpu = true}, "endless", NULL, id[i]);
    submit(&s, &(lrc_job_turn){0}, "endless", NULL, id[3]);
    schedule(&s);
    assert_int_equal(running(&s), 3); // two of them, and the one that wants a GPU
    expect_wait(&s, id[2], LRC_WAIT_SLOT);
    for (size_t i = LENGTH(id); i-- > 0;)
        stop(&s, id[i]);
    unsetenv("LORICA_GPUS");
}

// ---- Again, and enough -----------------------------------------------------------------------------------------------

static void a_retry_has_the_same_command_and_inputs(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_job lrc_job old = {0}, again = {0};
    lrc_auto_strv lrc_strv more = {0};
    lrc_err err = LRC_ERR_INIT;
    job_id id, next;
    const lrc_job_input input = {"config.toml", "a = 1\n", 6};
    lrc_job_request req = {.kind = "training", .title = "t", .inputs = &input, .input_count = 1, .grace_s = 4};
    lrc_strv_push(&req.argv, LORICA_TEST_DATA "/fixtures/nasty-child", NULL);
    lrc_strv_push(&req.argv, "code", NULL);
    lrc_strv_push(&req.argv, "3", NULL);
    lrc_strv_push(&req.argv, LRC_JOB_FOLDER "/inputs/config.toml", NULL);
    lrc_strv_push(&req.env, "WHERE=" LRC_JOB_FOLDER "/inputs", NULL);
    lrc_strv_push(&req.labels, "project=p", NULL);
    assert_ok(lrc_job_submit(&s.ws, &req, id, &err), err);
    lrc_strv_done(&req.argv);
    lrc_strv_done(&req.env);
    lrc_strv_done(&req.labels);
    assert_int_equal(lrc_job_retry(&s.ws, id, NULL, next, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    lrc_test_finish(&s, id);
    lrc_strv_push(&more, "--resume", NULL);
    assert_ok(lrc_job_retry(&s.ws, id, &more, next, &err), err);
    assert_string_not_equal(id, next);
    lrc_test_load(&s, id, &old);
    lrc_test_load(&s, next, &again);
    lrc_auto_free char *config = lrc_test_join(again.folder, "inputs/config.toml"), *where = NULL;
    lrc_str_format(&where, NULL, "WHERE=%s/inputs", again.folder);
    assert_int_equal(again.spec.argv.count, old.spec.argv.count + 1);
    assert_string_equal(again.spec.argv.item[3], config);
    assert_string_equal(again.spec.argv.item[4], "--resume");
    assert_string_equal(again.spec.env.item[0], where);
    assert_string_equal(again.spec.labels.item[0], "project=p");
    assert_int_equal(again.spec.grace_s, 4);
    assert_int_equal(again.spec.attempt, 2);
    assert_string_equal(again.spec.retry_of, id);
    lrc_test_expect(again.folder, "inputs/config.toml", "a = 1\n");
    lrc_test_finish(&s, next);
    lrc_test_expect_state(&s, next, LRC_JOB_FAILED, "exit code 3");
}

static void old_jobs_can_be_pruned(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_strv lrc_strv ids = {0};
    lrc_err err = LRC_ERR_INIT;
    job_id id[4], waits;
    size_t removed = 9;
    for (size_t i = 0; i < LENGTH(id); i++) {
        submit(&s, &(lrc_job_turn){0}, "quick", NULL, id[i]);
        lrc_test_finish(&s, id[i]);
    }
    assert_ok(lrc_queue_pause(&s.ws, true, &err), err);
    submit(&s, &(lrc_job_turn){0}, "quick", NULL, waits);
    assert_ok(lrc_job_prune(&s.ws, 0, 0, &removed, &err), err);
    assert_int_equal(removed, 0);
    assert_ok(lrc_job_prune(&s.ws, 0, 1, &removed, &err), err);
    assert_int_equal(removed, 0); // none is a day old
    assert_ok(lrc_job_prune(&s.ws, 2, 0, &removed, &err), err);
    assert_int_equal(removed, 2);
    assert_ok(lrc_job_ids(&s.ws, &ids, &err), err);
    assert_int_equal(ids.count, 3);
    assert_true(lrc_strv_has(&ids, id[2]) && lrc_strv_has(&ids, id[3]) && lrc_strv_has(&ids, waits));
}

int main(int argc, char **argv)
{
    const int runner = lrc_test_as_runner(argc, argv);
    if (runner >= 0)
        return runner;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(higher_priority_goes_first_and_can_be_changed),
        cmocka_unit_test(a_paused_queue_starts_nothing),
        cmocka_unit_test(a_job_waits_for_its_time),
        cmocka_unit_test(a_job_comes_after_another),
        cmocka_unit_test(what_comes_after_a_failure_is_cancelled),
        cmocka_unit_test(each_training_gets_a_gpu_of_its_own),
        cmocka_unit_test(jobs_without_gpu_share_the_processor),
        cmocka_unit_test(a_retry_has_the_same_command_and_inputs),
        cmocka_unit_test(old_jobs_can_be_pruned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
