// SPDX-License-Identifier: MIT
#include "cli/follow.h"
#include "job/folder.h"
#include "support/cmocka.h"
#include "support/job.h"
#include "support/run.h"

typedef char job_id[LRC_ID_MAX + 1];

// The real program runs these jobs: every command is told the workspace by the environment.
static lrc_test_studio studio(void)
{
    lrc_test_studio s = lrc_test_studio_make();
    setenv("LORICA_WORKSPACE", s.ws.root, 1);
    return s;
}

static void a_job_from_the_command_line(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = studio();
    job_id id;
    lrc_auto_result lrc_test_result none = lrc_test_run(s.dir, "job", "list");
    lrc_test_expect_exit(&none, 0);
    assert_string_equal(none.out, "");
    lrc_test_submit_words(&s, "a", id, "says",
                          "steps:  41%|####      | 812/2000 [05:12<07:36,  2.60it/s, avr_loss=0.084]", "epoch 2/10",
                          "[ERROR] oops");
    lrc_auto_result lrc_test_result wait = lrc_test_run(s.dir, "job", "wait", id);
    lrc_test_expect_exit(&wait, 0);
    lrc_test_expect_in(wait.err, " completed after ");
    assert_int_equal(lrc_test_starts(&s, "a"), 1);
    lrc_auto_result lrc_test_result list = lrc_test_run(s.dir, "job", "list");
    lrc_test_expect_in(list.out, id);
    lrc_test_expect_in(list.out, " completed ");
    lrc_auto_result lrc_test_result show = lrc_test_run(s.dir, "job", "show", "last");
    lrc_test_expect_exit(&show, 0);
    static const char *const shown[] = {"  completed\n",    "100.0 %   812/2000   epoch 2/10   loss 0.084",
                                        "exit code 0; CPU", "    | [ERROR] oops\n",
                                        "nasty-child says", "/log\n"};
    for (size_t i = 0; i < LENGTH(shown); i++)
        lrc_test_expect_in(show.out, shown[i]);
    lrc_auto_result lrc_test_result json = lrc_test_run(s.dir, "job", "show", "training", "--json");
    static const char *const keys[] = {"\"status\":\"completed\"",
                                       "\"progress\":100",
                                       "\"step\":812,\"total_steps\":2000,\"epoch\":2",
                                       "\"loss\":0.084",
                                       "\"exit\":{\"code\":0,\"signal\":null",
                                       "\"reason\":null"};
    for (size_t i = 0; i < LENGTH(keys); i++)
        lrc_test_expect_in(json.out, keys[i]);
    lrc_auto_result lrc_test_result all = lrc_test_run(s.dir, "job", "list", "--json");
    lrc_test_expect_in(all.out, "{\"total\":1,\"jobs\":[{\"job_id\":\"training_");
    lrc_auto_result lrc_test_result gone = lrc_test_run(s.dir, "job", "delete", "last");
    lrc_test_expect_exit(&gone, 0);
    lrc_auto_result lrc_test_result unknown = lrc_test_run(s.dir, "job", "show", id);
    lrc_test_expect_exit(&unknown, 3);
}

static void logs_in_every_form(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = studio();
    job_id id;
    static const char raw[] = "nul\0nul\n\377\376bad\nabc\r\nbar:  10%|# | 1/10 [00:00<00:01]\r"
                              "bar:  20%|# | 2/10 [00:00<00:01]\rno end";
    lrc_test_submit_words(&s, "b", id, "bytes");
    lrc_auto_result lrc_test_result wait = lrc_test_run(s.dir, "job", "wait", id, "--quiet");
    lrc_test_expect_exit(&wait, 0);
    assert_string_equal(wait.err, "");
    size_t n;
    lrc_auto_result lrc_test_result bytes = lrc_test_run(s.dir, "job", "logs", id, "--raw");
    lrc_test_expect_exit(&bytes, 0);
    lrc_auto_free char *path = lrc_test_join(s.dir, "run.out"), *out = NULL, *lines = NULL;
    assert_int_equal(lrc_fs_read(path, 1 << 20, &out, &n, NULL), 0);
    assert_int_equal(n, sizeof raw - 1);
    assert_memory_equal(out, raw, n);
    static const char view[] = "nul\0nul\n\xef\xbf\xbd\xef\xbf\xbd"
                               "bad\nabc\nbar:  20%|# | 2/10 [00:00<00:01]\nno end\n";
    lrc_auto_result lrc_test_result text = lrc_test_run(s.dir, "job", "logs", id);
    lrc_test_expect_exit(&text, 0);
    assert_int_equal(lrc_fs_read(path, 1 << 20, &lines, &n, NULL), 0);
    assert_int_equal(n, sizeof view - 1);
    assert_memory_equal(lines, view, n);
    lrc_auto_result lrc_test_result since = lrc_test_run(s.dir, "job", "logs", id, "--since", "19", "--json");
    lrc_test_expect_in(since.out, "{\"seq\":3,\"offset\":19,\"end\":85,\"timestamp\":");
    lrc_test_expect_in(since.out, "\"level\":\"progress\",\"message\":\"bar:  20%|# | 2/10 [00:00<00:01]\"");
    assert_null(strstr(since.out, "abc"));
    lrc_auto_result lrc_test_result tail = lrc_test_run(s.dir, "job", "logs", id, "-n", "1");
    assert_string_equal(tail.out, "no end\n");
}

static void exit_codes_follow_the_end(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = studio();
    job_id failed, stopped;
    lrc_test_submit_words(&s, "c", failed, "code", "7");
    lrc_auto_result lrc_test_result wait = lrc_test_run(s.dir, "job", "wait", failed);
    lrc_test_expect_exit(&wait, 1);
    lrc_test_expect_in(wait.err, " failed after ");
    lrc_test_expect_in(wait.err, ": exit code 7\n");
    lrc_test_submit_words(&s, "c", stopped, "endless");
    lrc_auto_result lrc_test_result late = lrc_test_run(s.dir, "job", "wait", stopped, "--timeout", "1");
    lrc_test_expect_exit(&late, 6);
    lrc_auto_result lrc_test_result stop =
        lrc_test_run(s.dir, "job", "stop", stopped, "--grace", "20", "--reason", "x y");
    lrc_test_expect_exit(&stop, 0);
    lrc_test_expect_in(stop.err, "cancelled after ");
    lrc_test_expect_in(stop.err, ": x y\n");
    lrc_auto_result lrc_test_result again = lrc_test_run(s.dir, "job", "wait", stopped);
    lrc_test_expect_exit(&again, 130);
    lrc_auto_result lrc_test_result twice = lrc_test_run(s.dir, "job", "stop", stopped);
    lrc_test_expect_exit(&twice, 4);
    lrc_auto_result lrc_test_result many = lrc_test_run(s.dir, "job", "show", "training");
    lrc_test_expect_exit(&many, 4);
    lrc_auto_result lrc_test_result both = lrc_test_run(s.dir, "job", "delete", failed, stopped, "--json");
    lrc_test_expect_exit(&both, 0);
    lrc_test_expect_in(both.out, "{\"removed\":[\"training_");
}

// kill -9 of the command line while its job runs: the job goes on, `job show` is right, the whole log is there.
static void the_job_goes_on_without_its_command_line(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = studio();
    job_id id;
    lrc_test_submit_words(&s, "d", id, "count", "500", "5", "0.2");
    const pid_t follower = lrc_test_start(s.dir, "follow", NULL, (const char *const[]){"job", "logs", "-f", id, NULL});
    lrc_test_await_lines(&s, "d/starts", 1);
    kill(follower, SIGKILL);
    assert_int_equal(lrc_test_wait(follower), 128 + SIGKILL);
    lrc_auto_result lrc_test_result show = lrc_test_run(s.dir, "job", "show", id, "--json");
    lrc_test_expect_in(show.out, "\"status\":\"running\"");
    lrc_test_expect_in(show.out, "\"supervised\":true");
    lrc_auto_result lrc_test_result rest = lrc_test_run(s.dir, "job", "logs", "-f", id);
    lrc_test_expect_exit(&rest, 0);
    assert_int_equal(strlen(rest.out), 500 * 19);
    lrc_test_expect_in(rest.out, "line 000000 000000\nline 000001 007919\n");
    lrc_auto_result lrc_test_result end = lrc_test_run(s.dir, "job", "show", id, "--json");
    lrc_test_expect_in(end.out, "\"status\":\"completed\"");
    assert_int_equal(lrc_test_starts(&s, "d"), 1);
}

static void ctrl_c_ends_the_following_only(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = studio();
    job_id id;
    lrc_test_submit_words(&s, "e", id, "endless");
    const pid_t follower = lrc_test_start(s.dir, "follow", NULL, (const char *const[]){"job", "logs", "-f", id, NULL});
    lrc_test_await_lines(&s, "follow.out", 1); // "begun": it is following
    kill(follower, SIGINT);
    assert_int_equal(lrc_test_wait(follower), 0);
    lrc_test_expect_state(&s, id, LRC_JOB_RUNNING, "");
    lrc_auto_result lrc_test_result stop = lrc_test_run(s.dir, "job", "stop", id, "-g", "0");
    lrc_test_expect_exit(&stop, 0);
}

// As `lorica train` follows: the first Ctrl-C asks the job to end, the later ones end it sooner.
static void ctrl_c_stops_a_job_in_the_foreground(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        int times;
    } rows[] = {{"polite", 1}, {"stubborn", 3}};
    lrc_auto_studio lrc_test_studio s = studio();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        job_id id;
        lrc_test_submit_words(&s, rows[i].mode, id, rows[i].mode);
        const pid_t follower = fork();
        if (follower == 0) {
            const lrc_cli_follow_options o = {.stays = true, .schedules = true, .stop_on_ctrl_c = true};
            bool over = false;
            fclose(stderr);
            _exit(lrc_cli_follow(&s.ws, id, &o, &over, NULL) == 0 && over ? 0 : 1);
        }
        lrc_auto_free char *starts = NULL;
        lrc_str_format(&starts, NULL, "%s/starts", rows[i].mode);
        lrc_test_await_lines(&s, starts, 1);
        for (int k = 0; k < rows[i].times; k++) {
            kill(follower, SIGINT);
            lrc_clock_sleep_ms(300);
        }
        assert_int_equal(lrc_test_wait(follower), 0);
        lrc_test_expect_state(&s, id, LRC_JOB_CANCELLED, "stopped by Ctrl-C");
    }
}

int main(int argc, char **argv)
{
    const int runner = lrc_test_as_runner(argc, argv);
    if (runner >= 0)
        return runner;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_from_the_command_line),    cmocka_unit_test(logs_in_every_form),
        cmocka_unit_test(exit_codes_follow_the_end),      cmocka_unit_test(the_job_goes_on_without_its_command_line),
        cmocka_unit_test(ctrl_c_ends_the_following_only), cmocka_unit_test(ctrl_c_stops_a_job_in_the_foreground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
