// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include "job/folder.h"
#include "job/marks.h"
#include "job/schedule.h"
#include "proc/spawn.h"
#include "proc/tree.h"
#include "settings/settings.h"
#include "support/cmocka.h"
#include "support/job.h"

typedef char job_id[LRC_ID_MAX + 1];

static bool alive(pid_t pid)
{
    lrc_proc_id id;
    return lrc_proc_id_of(pid, &id, NULL) == 0;
}

// Process numbers in <workspace>/<name>, one a line; how many of them run.
static size_t count_alive(const lrc_test_studio *s, const char *name)
{
    lrc_auto_free char *text = lrc_test_get(s->ws.root, name);
    lrc_auto_strv lrc_strv lines = {0};
    size_t n = 0;
    lrc_strv_split(&lines, text ? text : "", '\n', NULL);
    for (size_t i = 0; i < lines.count; i++) {
        int64_t pid;
        assert_true(lrc_str_to_i64(lines.item[i], &pid));
        n += alive((pid_t)pid);
    }
    return n;
}

// ---- Submitting ------------------------------------------------------------------------------------------------------

static void submitting_writes_a_whole_folder(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    const lrc_job_input inputs[] = {{"config.toml", "a = 1\n", 6}, {"\xc3\xa4.json", "{}", 2}};
    lrc_job_request req = {
        .kind = "training", .title = "My \xc3\xa4", .inputs = inputs, .input_count = 2, .grace_s = 7};
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_strv_push(&req.argv, "python3", NULL);
    lrc_strv_push(&req.argv, "{job}/inputs/config.toml", NULL);
    lrc_strv_push(&req.argv, "--x={job}", NULL);
    lrc_strv_push(&req.env, "A={job}/x", NULL);
    lrc_strv_push(&req.secrets, "WANDB_API_KEY=wandb.key", NULL);
    lrc_strv_push(&req.labels, "model=SDXL", NULL);
    assert_ok(lrc_job_submit(&s.ws, &req, id, &err), err);
    assert_true(lrc_str_starts(id, "training_"));
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    assert_string_equal(job.spec.title, "My \xc3\xa4");
    assert_string_equal(job.spec.cwd, s.ws.root);
    assert_int_equal(job.spec.grace_s, 7);
    assert_int_equal(job.spec.argv.count, 3);
    lrc_auto_free char *config = lrc_test_join(job.folder, "inputs/config.toml");
    assert_string_equal(job.spec.argv.item[1], config);
    assert_string_equal(job.spec.argv.item[2], "--x={job}"); // only at the beginning
    lrc_auto_free char *value = NULL;
    lrc_str_format(&value, NULL, "A=%s/x", job.folder);
    assert_string_equal(job.spec.env.item[0], value);
    lrc_test_expect(job.folder, "inputs/config.toml", "a = 1\n");
    lrc_test_expect(job.folder, "inputs/\xc3\xa4.json", "{}");
    assert_int_equal(job.status.state, LRC_JOB_PENDING);
    assert_false(job.supervised || job.stopping);
    lrc_auto_strv lrc_strv ids = {0};
    assert_ok(lrc_job_ids(&s.ws, &ids, &err), err);
    assert_int_equal(ids.count, 1); // and nothing temporary beside it
    lrc_strv_done(&req.argv);
    lrc_strv_done(&req.env);
    lrc_strv_done(&req.secrets);
    lrc_strv_done(&req.labels);
}

static void wrong_requests_are_refused_by_field(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *arg, *cwd, *env, *secret, *input, *field;
    } rows[] = {
        {"shell", "x", NULL, NULL, NULL, NULL, "kind"},
        {"training", NULL, NULL, NULL, NULL, NULL, "argv"},
        {"training", "x\xff", NULL, NULL, NULL, NULL, "argv"},
        {"training", "x", "relative", NULL, NULL, NULL, "cwd"},
        {"training", "x", NULL, "novalue", NULL, NULL, "env"},
        {"training", "x", NULL, "1A=b", NULL, NULL, "env"},
        {"training", "x", NULL, NULL, "TOKEN=tagger.default", NULL, "secrets"},
        {"training", "x", NULL, NULL, "TOKEN=nonsense", NULL, "secrets"},
        {"training", "x", NULL, NULL, NULL, "../evil", "inputs"},
        {"training", "x", NULL, NULL, NULL, "", "inputs"},
    };
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const lrc_job_input input = {rows[i].input, "", 0};
        lrc_job_request req = {
            .kind = rows[i].kind, .cwd = rows[i].cwd, .inputs = &input, .input_count = rows[i].input != NULL};
        lrc_err err = LRC_ERR_INIT;
        job_id id;
        if (rows[i].arg)
            lrc_strv_push(&req.argv, rows[i].arg, NULL);
        if (rows[i].env)
            lrc_strv_push(&req.env, rows[i].env, NULL);
        if (rows[i].secret)
            lrc_strv_push(&req.secrets, rows[i].secret, NULL);
        assert_int_equal(lrc_job_submit(&s.ws, &req, id, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        assert_string_equal(err.field, rows[i].field);
        lrc_strv_done(&req.argv);
        lrc_strv_done(&req.env);
        lrc_strv_done(&req.secrets);
    }
    lrc_auto_strv lrc_strv ids = {0};
    lrc_job_ids(&s.ws, &ids, NULL);
    assert_int_equal(ids.count, 0);
}

// ---- Running ---------------------------------------------------------------------------------------------------------

static void a_job_runs_to_its_end(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    const int64_t before = lrc_clock_now_ms();
    lrc_test_submit_words(&s, "a", id, "quick");
    assert_int_equal(lrc_job_wait(&s.ws, id, 0, &err), 0);
    assert_ok(lrc_job_schedule_until(&s.ws, id, &err), err);
    lrc_test_expect_state(&s, id, LRC_JOB_COMPLETED, "");
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    assert_false(job.supervised);
    assert_true(job.status.exited);
    assert_int_equal(job.status.exit_code, 0);
    assert_int_equal(job.status.left_behind, 0);
    assert_true(before <= job.spec.created_ms && job.spec.created_ms <= job.status.started_ms &&
                job.status.started_ms <= job.status.ended_ms);
    assert_true(job.status.runner.pid > 0 && job.status.child.pid > 0 && job.status.max_rss_kib > 0);
    lrc_test_expect(job.folder, "log", "hello\n");
    lrc_test_expect(job.folder, "runner.log", "");
    assert_int_equal(lrc_test_starts(&s, "a"), 1);
    lrc_auto_free char *idx = lrc_test_join(job.folder, "log.idx");
    lrc_auto_marks lrc_marks marks = {0};
    assert_ok(lrc_marks_load(idx, &marks, &err), err);
    assert_int_equal(marks.count, 1);
    assert_int_equal(marks.item[0].offset, 6);
    assert_int_equal(marks.item[0].line, 1);
    assert_true(job.status.cgroup[0] == '\0' || !lrc_fs_exists(job.status.cgroup));
}

static void every_end_has_its_state_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *mode, *argument;
        lrc_job_state state;
        const char *reason;
    } rows[] = {
        {"code", "3", LRC_JOB_FAILED, "exit code 3"},
        {"signal", "KILL", LRC_JOB_FAILED, "killed by SIGKILL"},
        {"signal", "TERM", LRC_JOB_FAILED, "killed by SIGTERM"},
        {"silent", "0.3", LRC_JOB_COMPLETED, ""},
        {"mute", "", LRC_JOB_COMPLETED, ""},
        {"unknown", "", LRC_JOB_FAILED, "exit code 64"},
    };
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        job_id id;
        lrc_test_submit_words(&s, "e", id, rows[i].mode, rows[i].argument);
        lrc_test_finish(&s, id);
        lrc_test_expect_state(&s, id, rows[i].state, rows[i].reason);
    }
    assert_int_equal(lrc_test_starts(&s, "e"), LENGTH(rows));
}

static void raw_bytes_are_kept_as_they_are(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    job_id id;
    size_t n;
    static const char bytes[] = "nul\0nul\n\377\376bad\nabc\r\nbar:  10%|# | 1/10 [00:00<00:01]\r"
                                "bar:  20%|# | 2/10 [00:00<00:01]\rno end";
    lrc_test_submit_words(&s, "b", id, "bytes");
    lrc_test_finish(&s, id);
    lrc_auto_free char *log = lrc_test_log(&s, id, &n);
    assert_int_equal(n, sizeof bytes - 1);
    assert_memory_equal(log, bytes, n);
    lrc_test_submit_words(&s, "b", id, "huge");
    lrc_test_finish(&s, id);
    lrc_auto_free char *huge = lrc_test_log(&s, id, &n);
    assert_int_equal(n, 1 << 20);
    for (size_t i = 0; i < n; i++)
        assert_true(huge[i] == 'x');
    lrc_test_expect_state(&s, id, LRC_JOB_COMPLETED, "");
}

static void what_cannot_start_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *program, *cwd, *part;
    } rows[] = {
        {"no-such-program-xyz", "/", "there is no program 'no-such-program-xyz'"},
        {"/etc/passwd", "/", "cannot start '/etc/passwd': Permission denied"},
        {"true", "/no/such/folder", "in the folder '/no/such/folder'"},
    };
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        lrc_job_request req = {.kind = "training", .cwd = rows[i].cwd, .grace_s = -1};
        lrc_err err = LRC_ERR_INIT;
        job_id id;
        lrc_strv_push(&req.argv, rows[i].program, NULL);
        assert_ok(lrc_job_submit(&s.ws, &req, id, &err), err);
        lrc_strv_done(&req.argv);
        lrc_test_finish(&s, id);
        lrc_auto_job lrc_job job = {0};
        lrc_test_load(&s, id, &job);
        assert_int_equal(job.status.state, LRC_JOB_FAILED);
        if (!strstr(job.status.reason, rows[i].part))
            fail_msg("'%s' lacks '%s'", job.status.reason, rows[i].part);
        assert_int_equal(job.status.child.pid, 0);
        assert_false(job.status.exited);
    }
}

static void the_environment_is_chosen(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_free char *cwd = lrc_test_join(s.ws.root, "env");
    lrc_job_request req = {.kind = "training", .cwd = cwd, .grace_s = -1};
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    setenv("HF_HOME", "/hf", 1);
    setenv("MY_PRIVATE_THING", "do-not-tell", 1);
    setenv("PYTHONHASHSEED", "5", 1);
    assert_ok(lrc_settings_write(&s.ws, "wandb.key", "wandb-secret-value", &err), err);
    lrc_fs_mkdirs(cwd, NULL);
    lrc_strv_push(&req.argv, LORICA_TEST_DATA "/fixtures/nasty-child", NULL);
    lrc_strv_push(&req.argv, "env", NULL);
    lrc_strv_push(&req.env, "PYTHONHASHSEED=6", NULL);
    lrc_strv_push(&req.secrets, "WANDB_API_KEY=wandb.key", NULL);
    lrc_strv_push(&req.secrets, "CIVITAI=civitai.key", NULL); // not set
    unsetenv("WANDB_API_KEY");
    unsetenv("CIVITAI_API_KEY");
    assert_ok(lrc_job_submit(&s.ws, &req, id, &err), err);
    lrc_test_finish(&s, id);
    lrc_test_expect_state(&s, id, LRC_JOB_COMPLETED, "");
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    lrc_auto_free char *log = lrc_test_get(job.folder, "log"), *spec = lrc_test_get(job.folder, "spec.json");
    lrc_auto_free char *status = lrc_test_get(job.folder, "status.json"), *mark = NULL;
    lrc_str_format(&mark, NULL, "LORICA_JOB=%s\n", job.folder);
    static const char *const there[] = {"HF_HOME=/hf\n", "PYTHONHASHSEED=6\n", "WANDB_API_KEY=wandb-secret-value\n",
                                        "PYTHONUTF8=1\n", "PATH="};
    for (size_t i = 0; i < LENGTH(there); i++)
        if (!strstr(log, there[i]))
            fail_msg("'%s' is not in the environment: %s", there[i], log);
    assert_non_null(strstr(log, mark));
    assert_null(strstr(log, "do-not-tell"));
    assert_null(strstr(log, "CIVITAI"));
    assert_null(strstr(spec, "wandb-secret-value"));
    assert_null(strstr(status, "wandb-secret-value"));
    lrc_strv_done(&req.argv);
    lrc_strv_done(&req.env);
    lrc_strv_done(&req.secrets);
}

static void only_one_of_many_runners_starts_it(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_free char *folder = NULL;
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "m", id, "silent", "0.3");
    assert_ok(lrc_job_folder(&s.ws, id, &folder, &err), err);
    for (int i = 0; i < 6; i++)
        assert_ok(lrc_job_start_runner(folder, &err), err);
    lrc_test_finish(&s, id);
    assert_ok(lrc_job_start_runner(folder, &err), err); // one that comes late
    lrc_clock_sleep_ms(300);
    lrc_test_expect_state(&s, id, LRC_JOB_COMPLETED, "");
    assert_int_equal(lrc_test_starts(&s, "m"), 1);
}

// Nobody schedules: each runner starts what waits for it. Of two trainings only one runs at a time.
static void the_queue_goes_on_by_itself(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    enum { COUNT = 3 };
    job_id id[COUNT];
    lrc_job job[COUNT] = {0};
    for (int i = 0; i < COUNT; i++)
        lrc_test_submit_words(&s, "q", id[i], "silent", "0.1");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(lrc_job_wait(&s.ws, id[i], LRC_TEST_PATIENCE_MS, &err), 1);
        lrc_test_expect_state(&s, id[i], LRC_JOB_COMPLETED, "");
        lrc_test_load(&s, id[i], &job[i]);
        assert_true(i == 0 || job[i - 1].status.ended_ms <= job[i].status.started_ms);
    }
    for (int i = 0; i < COUNT; i++)
        lrc_job_done(&job[i]);
    assert_int_equal(lrc_test_starts(&s, "q"), COUNT);
}

// ---- Stopping --------------------------------------------------------------------------------------------------------

static void await_word(const lrc_test_studio *s, const char *id, const char *word)
{
    for (const int64_t start = lrc_clock_mono_ms();; lrc_clock_sleep_ms(10)) {
        lrc_auto_free char *path = NULL, *log = NULL;
        if (lrc_job_path(&s->ws, id, "log", &path, NULL) == 0 &&
            lrc_fs_read(path, LRC_TEST_FILE_MAX, &log, NULL, NULL) == 0 && strstr(log, word))
            return;
        if (lrc_clock_mono_ms() - start > LRC_TEST_PATIENCE_MS)
            fail_msg("the job %s does not say '%s'", id, word);
    }
}

static void stopping_is_gentle_first(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "p", id, "polite");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    await_word(&s, id, "begun");
    assert_ok(lrc_job_stop(&s.ws, id, 1000, "no more time", &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    lrc_test_expect_state(&s, id, LRC_JOB_CANCELLED, "no more time");
    await_word(&s, id, "bye");
    assert_int_equal(lrc_job_stop(&s.ws, id, 0, "again", &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
}

static void the_stubborn_are_killed_after_the_grace(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "k", id, "stubborn");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    await_word(&s, id, "begun");
    const int64_t start = lrc_clock_mono_ms();
    assert_ok(lrc_job_stop(&s.ws, id, 1, "", &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    assert_true(lrc_clock_mono_ms() - start >= 900);
    lrc_test_expect_state(&s, id, LRC_JOB_CANCELLED, "stopped");
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    assert_int_equal(job.status.exit_signal, SIGKILL);
    assert_false(job.status.oom_kill);
}

static void a_second_stop_shortens_the_grace(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "h", id, "stubborn");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    await_word(&s, id, "begun");
    assert_ok(lrc_job_stop(&s.ws, id, 100000, "first", &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, 300, &err), 0);
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    assert_true(job.stopping && job.supervised);
    assert_int_equal(job.status.state, LRC_JOB_RUNNING);
    assert_ok(lrc_job_stop(&s.ws, id, 200000, "longer", &err), err); // does not lengthen it
    assert_ok(lrc_job_stop(&s.ws, id, 0, "second", &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    lrc_test_expect_state(&s, id, LRC_JOB_CANCELLED, "first");
}

static void grandchildren_end_with_it(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "g", id, "family"); // both ignore TERM, one has left the session
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    await_word(&s, id, "begun");
    assert_int_equal(count_alive(&s, "g/runaways"), 2);
    assert_ok(lrc_job_stop(&s.ws, id, 1, "", &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    lrc_test_expect_state(&s, id, LRC_JOB_CANCELLED, "stopped");
    assert_int_equal(count_alive(&s, "g/runaways"), 0);
}

static void what_is_left_behind_is_ended(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    job_id id;
    lrc_test_submit_words(&s, "l", id, "leaves");
    lrc_test_finish(&s, id);
    lrc_test_expect_state(&s, id, LRC_JOB_COMPLETED, "");
    assert_int_equal(count_alive(&s, "l/runaways"), 0);
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    assert_true(job.status.left_behind >= 2);
}

static void a_waiting_job_is_cancelled_at_once(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "w", id, "quick");
    assert_ok(lrc_job_stop(&s.ws, id, -1, "changed my mind", &err), err);
    lrc_test_expect_state(&s, id, LRC_JOB_CANCELLED, "changed my mind");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, 0, &err), 1);
    assert_int_equal(lrc_test_starts(&s, "w"), 0);
}

static void a_runner_that_is_told_to_end_stops_its_job(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "t", id, "polite");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    await_word(&s, id, "begun");
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    assert_true(lrc_proc_id_signal(&job.status.runner, SIGTERM, false));
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    lrc_test_expect_state(&s, id, LRC_JOB_CANCELLED, "its runner was told to end by SIGTERM");
}

static void a_removed_workspace_ends_its_jobs(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_job lrc_job job = {0};
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "v", id, "endless");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    await_word(&s, id, "begun");
    lrc_test_load(&s, id, &job);
    assert_ok(lrc_fs_remove_tree(s.ws.root, &err), err);
    for (const int64_t start = lrc_clock_mono_ms(); alive(job.status.child.pid) || alive(job.status.runner.pid);) {
        assert_true(lrc_clock_mono_ms() - start < LRC_TEST_PATIENCE_MS);
        lrc_clock_sleep_ms(10);
    }
}

// A person moves the workspace while a job runs: its runner writes where the folder is now.
static void a_moved_workspace_keeps_its_jobs(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_workspace lrc_workspace moved = {0};
    lrc_auto_free char *place = NULL;
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "u", id, "polite");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    await_word(&s, id, "begun");
    lrc_str_format(&place, NULL, "%s-moved", s.dir);
    assert_int_equal(rename(s.dir, place), 0);
    free(s.dir);
    s.dir = strdup(place);
    assert_ok(lrc_workspace_open(place, false, &moved, &err), err);
    assert_ok(lrc_job_stop(&moved, id, 30, "seen", &err), err);
    assert_int_equal(lrc_job_wait(&moved, id, LRC_TEST_PATIENCE_MS, &err), 1);
    lrc_auto_job lrc_job job = {0};
    assert_ok(lrc_job_load(&moved, id, &job, &err), err);
    assert_int_equal(job.status.state, LRC_JOB_CANCELLED);
    assert_string_equal(job.status.reason, "seen");
}

// ---- Sudden death ----------------------------------------------------------------------------------------------------

// The runner dies between each two of its steps; afterwards the job is recovered as any command would.
static void a_runner_may_die_at_any_point(void **state)
{
    (void)state;
    static const struct {
        lrc_runner_point point;
        lrc_job_state state;
        const char *reason;
        size_t starts;
    } rows[] = {
        {LRC_RUNNER_LOCKED, LRC_JOB_COMPLETED, "", 1}, // never ran: started again
        {LRC_RUNNER_FORKED, LRC_JOB_COMPLETED, "", 1},
        {LRC_RUNNER_RECORDED, LRC_JOB_FAILED, LRC_JOB_REASON_LOST, 0}, // may have run: never again
        {LRC_RUNNER_RELEASED, LRC_JOB_FAILED, LRC_JOB_REASON_RUNNER_LOST, 1},
        {LRC_RUNNER_ENDED, LRC_JOB_FAILED, LRC_JOB_REASON_LOST, 1},
        {LRC_RUNNER_FINAL, LRC_JOB_COMPLETED, "", 1},
    };
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char place[8];
        lrc_auto_free char *folder = NULL;
        lrc_err err = LRC_ERR_INIT;
        job_id id;
        snprintf(place, sizeof place, "d%zu", i);
        lrc_test_submit_words(&s, place, id, "count", "300", "3", "0.2");
        assert_ok(lrc_job_folder(&s.ws, id, &folder, &err), err);
        lrc_test_start_dying_runner(folder, rows[i].point);
        lrc_test_finish(&s, id);
        assert_int_equal(lrc_test_starts(&s, place), rows[i].starts);
        if (rows[i].starts == 0) { // whether it was seen to outlive the runner, waiting to be released, is chance
            lrc_auto_job lrc_job job = {0};
            lrc_test_load(&s, id, &job);
            assert_int_equal(job.status.state, LRC_JOB_FAILED);
            assert_non_null(strstr(job.status.reason, "lost"));
            continue;
        }
        lrc_test_expect_state(&s, id, rows[i].state, rows[i].reason);
        size_t n;
        lrc_auto_free char *log = lrc_test_log(&s, id, &n); // 300 lines of 19 bytes
        assert_int_equal(n, 300 * 19);
        assert_string_equal(log + n - 19, "line 000299 367775\n");
    }
}

static void a_result_that_is_complete_counts(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_test_put(s.ws.root, "old.safetensors", "from an earlier run");
    lrc_auto_free char *old = lrc_test_join(s.ws.root, "old.safetensors");
    const struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    utimensat(AT_FDCWD, old, long_ago, 0);
    static const struct {
        const char *said, *result; // label, NULL: none
        lrc_job_state state;
    } rows[] = {
        {"INFO  model saved.   train_network.py:1", NULL, LRC_JOB_COMPLETED},
        {"INFO  model saved.   train_network.py:1", "starts", LRC_JOB_COMPLETED}, // a file that the child makes
        {"INFO  model saved.   train_network.py:1", "none.safetensors", LRC_JOB_FAILED},
        {"INFO  model saved.   train_network.py:1", "old.safetensors", LRC_JOB_FAILED},
        {"INFO  saving checkpoint: x", "starts", LRC_JOB_FAILED},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        lrc_auto_free char *folder = NULL;
        lrc_job_request req = {.kind = "training", .grace_s = -1};
        lrc_err err = LRC_ERR_INIT;
        job_id id;
        lrc_strv_push(&req.argv, LORICA_TEST_DATA "/fixtures/nasty-child", NULL);
        lrc_strv_push(&req.argv, "says", NULL);
        lrc_strv_push(&req.argv, rows[i].said, NULL);
        if (rows[i].result)
            lrc_strv_pushf(&req.labels, NULL, "result=%s/%s", s.ws.root, rows[i].result);
        assert_ok(lrc_job_submit(&s.ws, &req, id, &err), err);
        lrc_strv_done(&req.argv);
        lrc_strv_done(&req.labels);
        assert_ok(lrc_job_folder(&s.ws, id, &folder, &err), err);
        lrc_test_start_dying_runner(folder, LRC_RUNNER_ENDED); // nobody knows how it ended
        lrc_test_finish(&s, id);
        lrc_test_expect_state(&s, id, rows[i].state,
                              rows[i].state == LRC_JOB_COMPLETED ? "its runner was lost, but its result is complete"
                                                                 : LRC_JOB_REASON_LOST);
    }
}

// sd-scripts says "No data found", ends with exit code 0 and has trained nothing.
static void an_end_without_the_result_is_a_failure(void **state)
{
    (void)state;
    static const char *const results[] = {"starts", "none.safetensors"};
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    for (size_t i = 0; i < LENGTH(results); i++) {
        lrc_job_request req = {.kind = "training", .grace_s = -1};
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_free char *reason = NULL;
        job_id id;
        lrc_strv_push(&req.argv, LORICA_TEST_DATA "/fixtures/nasty-child", NULL);
        lrc_strv_push(&req.argv, "quick", NULL);
        lrc_strv_pushf(&req.labels, NULL, "result=%s/%s", s.ws.root, results[i]);
        assert_ok(lrc_job_submit(&s.ws, &req, id, &err), err);
        lrc_strv_done(&req.argv);
        lrc_strv_done(&req.labels);
        lrc_test_finish(&s, id);
        lrc_str_format(&reason, NULL, "it ended without an error, but did not make '%s/%s'", s.ws.root, results[i]);
        lrc_test_expect_state(&s, id, i == 0 ? LRC_JOB_COMPLETED : LRC_JOB_FAILED, i == 0 ? "" : reason);
    }
}

// A job that runs on without a runner; its id into ret_id.
static void orphan_job(const lrc_test_studio *s, const char *place, const char *mode, job_id ret_id)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_test_submit_words(s, place, ret_id, mode);
    assert_ok(lrc_job_schedule_once(&s->ws, &err), err);
    await_word(s, ret_id, "begun");
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(s, ret_id, &job);
    assert_true(lrc_proc_id_signal(&job.status.runner, SIGKILL, false));
    while (lrc_proc_id_alive(&job.status.runner))
        lrc_clock_sleep_ms(5);
}

static void a_job_without_a_runner_is_followed_and_can_be_stopped(void **state)
{
    (void)state;
    static const char *const modes[] = {"endless", "stubborn", "family"};
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    for (size_t i = 0; i < LENGTH(modes); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_job lrc_job job = {0};
        job_id id;
        orphan_job(&s, modes[i], modes[i], id);
        assert_int_equal(lrc_job_wait(&s.ws, id, 100, &err), 0);
        lrc_test_load(&s, id, &job);
        assert_int_equal(job.status.state, LRC_JOB_RUNNING);
        assert_true(job.status.unsupervised);
        assert_false(job.supervised);
        assert_ok(lrc_job_stop(&s.ws, id, 1, "enough", &err), err);
        assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
        lrc_test_expect_state(&s, id, LRC_JOB_CANCELLED, "enough");
        assert_false(lrc_proc_id_alive(&job.status.child));
        assert_int_equal(lrc_test_starts(&s, modes[i]), 1);
    }
    assert_int_equal(count_alive(&s, "family/runaways"), 0);
}

static void a_killed_child_of_a_lost_runner_leaves_nobody(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_job lrc_job job = {0};
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    orphan_job(&s, "n", "family", id);
    lrc_test_load(&s, id, &job);
    assert_true(lrc_proc_id_signal(&job.status.child, SIGKILL, false));
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    lrc_test_load(&s, id, &job);
    assert_int_equal(job.status.state, LRC_JOB_FAILED);
    assert_int_equal(count_alive(&s, "n/runaways"), 0);
}

// The number in status.json belongs to another process now (this one), or to another boot of the machine.
static void numbers_that_were_used_again_are_seen(void **state)
{
    (void)state;
    for (int boot = 0; boot < 2; boot++) {
        lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
        lrc_auto_free char *folder = NULL;
        lrc_auto_job_status lrc_job_status status = {.state = LRC_JOB_RUNNING, .started_ms = 1};
        lrc_err err = LRC_ERR_INIT;
        job_id id;
        lrc_test_submit_words(&s, "r", id, "quick");
        assert_ok(lrc_job_folder(&s.ws, id, &folder, &err), err);
        assert_ok(lrc_proc_id_of(getpid(), &status.child, &err), err);
        status.runner = status.child;
        if (boot)
            status.child.boot_id[0] = status.child.boot_id[0] == 'f' ? 'e' : 'f';
        else
            status.child.start_time++;
        assert_ok(lrc_job_status_write(folder, &status, &err), err);
        lrc_test_expect_state(&s, id, LRC_JOB_FAILED, LRC_JOB_REASON_LOST); // judged
        lrc_auto_free char *text = lrc_test_get(folder, "status.json");
        assert_non_null(strstr(text, "running"));                   // but not written by looking
        assert_int_equal(lrc_job_stop(&s.ws, id, 0, "", &err), -1); // and this process was not killed
        assert_ok(lrc_job_recover(&s.ws, &err), err);
        assert_true(lrc_job_peek_final(folder));
        lrc_test_expect_state(&s, id, LRC_JOB_FAILED, LRC_JOB_REASON_LOST);
        assert_int_equal(lrc_job_wait(&s.ws, id, 0, &err), 1);
        assert_int_equal(lrc_test_starts(&s, "r"), 0);
    }
}

// ---- Lists -----------------------------------------------------------------------------------------------------------

static void expect_list(const lrc_test_studio *s, const char *const *ids, size_t count)
{
    lrc_auto_job_list lrc_job_list list = {0};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_job_list_all(&s->ws, &list, &err), err);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list.item[i].id, ids[i]);
}

static void lists_come_from_the_folders(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_auto_free char *db = lrc_test_join(s.ws.state, "studio.db"), *folder = NULL;
    lrc_err err = LRC_ERR_INIT;
    job_id a, b, c;
    lrc_test_submit_words(&s, "x", a, "code", "2");
    lrc_clock_sleep_ms(2);
    lrc_test_submit_words(&s, "x", b, "quick");
    lrc_clock_sleep_ms(2);
    lrc_test_finish(&s, b);
    lrc_test_submit_words(&s, "x", c, "quick"); // stays pending
    const char *const all[] = {c, b, a};
    expect_list(&s, all, 3);
    expect_list(&s, all, 3); // now a and b come from the index
    lrc_auto_job_list lrc_job_list list = {0};
    assert_ok(lrc_job_list_all(&s.ws, &list, &err), err);
    assert_int_equal(list.item[0].state, LRC_JOB_PENDING);
    assert_false(list.item[0].settled);
    assert_int_equal(list.item[1].state, LRC_JOB_COMPLETED);
    assert_int_equal(list.item[2].state, LRC_JOB_FAILED);
    assert_string_equal(list.item[2].reason, "exit code 2");
    assert_string_equal(list.item[2].kind, "training");
    assert_true(list.item[2].settled && list.item[2].exit_code == 2 && list.item[2].ended_ms > 0);

    assert_ok(lrc_fs_remove(db, &err), err); // lost: made again
    expect_list(&s, all, 3);
    lrc_test_put(s.ws.state, "studio.db", "this is no database, but long enough to be looked at as one .......");
    expect_list(&s, all, 3); // damaged: put aside and made again
    assert_true(lrc_test_has(s.ws.state, "studio.db.damaged"));
    expect_list(&s, all, 3);

    assert_ok(lrc_job_folder(&s.ws, a, &folder, &err), err);
    lrc_test_put(folder, "spec.json", "{damaged"); // shown as such
    expect_list(&s, (const char *const[]){c, b, a}, 3);
    assert_ok(lrc_job_recover(&s.ws, &err), err);
    assert_ok(lrc_job_delete(&s.ws, a, &err), err);
    expect_list(&s, all, 2);
    assert_int_equal(lrc_job_delete(&s.ws, c, &err), -1); // pending
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_int_equal(lrc_job_delete(&s.ws, "none", &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    assert_ok(lrc_job_delete(&s.ws, b, &err), err);
    expect_list(&s, all, 1);
}

static void a_running_job_is_not_deleted(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id id;
    lrc_test_submit_words(&s, "y", id, "endless");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    await_word(&s, id, "begun");
    assert_int_equal(lrc_job_delete(&s.ws, id, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_ok(lrc_job_stop(&s.ws, id, 0, "", &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    assert_ok(lrc_job_delete(&s.ws, id, &err), err);
}

static void ids_may_be_shortened(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    job_id a, b, found;
    assert_int_equal(lrc_job_find(&s.ws, "last", found, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    lrc_test_submit_words(&s, "z", a, "quick");
    assert_ok(lrc_job_find(&s.ws, "tr", found, &err), err);
    assert_string_equal(found, a);
    lrc_clock_sleep_ms(2);
    lrc_test_submit_words(&s, "z", b, "quick");
    assert_int_equal(lrc_job_find(&s.ws, "tr", found, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_ok(lrc_job_find(&s.ws, "last", found, &err), err);
    assert_string_equal(found, b);
    assert_ok(lrc_job_find(&s.ws, a, found, &err), err);
    assert_string_equal(found, a);
    static const char *const wrong[] = {"", "../x", "nothing"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(lrc_job_find(&s.ws, wrong[i], found, &err), -1);
        assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    }
}

static void what_was_interrupted_is_swept(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(s.ws.state, "jobs/.delete-training_1_1/log", "x");
    lrc_test_put(s.ws.state, "jobs/.submit-0123/spec.json", "x"); // fresh: its submitter may be at work
    assert_ok(lrc_job_recover(&s.ws, &err), err);
    assert_false(lrc_test_has(s.ws.state, "jobs/.delete-training_1_1"));
    assert_true(lrc_test_has(s.ws.state, "jobs/.submit-0123"));
    lrc_auto_free char *old = lrc_test_join(s.ws.state, "jobs/.submit-0123");
    const struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    utimensat(AT_FDCWD, old, long_ago, 0);
    assert_ok(lrc_job_recover(&s.ws, &err), err);
    assert_false(lrc_test_has(s.ws.state, "jobs/.submit-0123"));
}

int main(int argc, char **argv)
{
    const int runner = lrc_test_as_runner(argc, argv);
    if (runner >= 0)
        return runner;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(submitting_writes_a_whole_folder),
        cmocka_unit_test(wrong_requests_are_refused_by_field),
        cmocka_unit_test(a_job_runs_to_its_end),
        cmocka_unit_test(every_end_has_its_state_and_reason),
        cmocka_unit_test(raw_bytes_are_kept_as_they_are),
        cmocka_unit_test(what_cannot_start_says_why),
        cmocka_unit_test(the_environment_is_chosen),
        cmocka_unit_test(only_one_of_many_runners_starts_it),
        cmocka_unit_test(the_queue_goes_on_by_itself),
        cmocka_unit_test(stopping_is_gentle_first),
        cmocka_unit_test(the_stubborn_are_killed_after_the_grace),
        cmocka_unit_test(a_second_stop_shortens_the_grace),
        cmocka_unit_test(grandchildren_end_with_it),
        cmocka_unit_test(what_is_left_behind_is_ended),
        cmocka_unit_test(a_waiting_job_is_cancelled_at_once),
        cmocka_unit_test(a_runner_that_is_told_to_end_stops_its_job),
        cmocka_unit_test(a_removed_workspace_ends_its_jobs),
        cmocka_unit_test(a_moved_workspace_keeps_its_jobs),
        cmocka_unit_test(a_runner_may_die_at_any_point),
        cmocka_unit_test(a_result_that_is_complete_counts),
        cmocka_unit_test(an_end_without_the_result_is_a_failure),
        cmocka_unit_test(a_job_without_a_runner_is_followed_and_can_be_stopped),
        cmocka_unit_test(a_killed_child_of_a_lost_runner_leaves_nobody),
        cmocka_unit_test(numbers_that_were_used_again_are_seen),
        cmocka_unit_test(lists_come_from_the_folders),
        cmocka_unit_test(a_running_job_is_not_deleted),
        cmocka_unit_test(ids_may_be_shortened),
        cmocka_unit_test(what_was_interrupted_is_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
