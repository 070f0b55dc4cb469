// SPDX-License-Identifier: MIT
// Random sudden death: at a random moment the runner, the command line, or both are killed by SIGKILL. Then somebody
// comes by (lrc_job_schedule_once, as any `lorica job` command does) and every job must have a right final state, must
// not have been started twice, and its log must hold every byte that the child wrote.
//
// LORICA_CHAOS_SEED and LORICA_CHAOS_POINTS repeat a failure or try more points.

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "job/folder.h"
#include "support/cmocka.h"
#include "support/job.h"

#define POINTS     24
#define SEED       20260726
#define LINES      400 // of the child
#define LINE_BYTES 19
#define PARTS      "4"
#define PAUSE      "0.05"
#define DELAY_MS   400 // a bit more than a job takes
#define EARLY_MS   40

// xorshift64*: the same sequence everywhere.
static uint32_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 32);
}

static int64_t setting(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    int64_t n;
    return text && lrc_str_to_i64(text, &n) ? n : otherwise;
}

// "PROGRAM cli WORKSPACE ID": submit nothing, schedule until the job has ended: what `lorica train` does.
static int as_command_line(const char *workspace, const char *id)
{
    lrc_auto_workspace lrc_workspace ws = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_workspace_open(workspace, false, &ws, &err) == 0 && lrc_job_schedule_until(&ws, id, &err) == 0)
        return 0;
    fprintf(stderr, "cli: %s\n", err.msg);
    return 1;
}

static pid_t start_command_line(const lrc_test_studio *s, const char *id)
{
    char *argv[] = {(char[]){"test"}, (char[]){"cli"}, strdup(s->ws.root), strdup(id), NULL};
    const pid_t pid = fork();
    if (pid == 0) {
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    free(argv[2]);
    free(argv[3]);
    return pid;
}

// Process number of "… runner FOLDER", 0 when there is none (yet, or any more).
static pid_t find_runner(const char *folder)
{
    lrc_auto_dir DIR *dir = opendir("/proc");
    const struct dirent *e;
    while (dir && (e = readdir(dir))) {
        lrc_auto_free char *path = NULL, *text = NULL;
        size_t n = 0;
        int64_t pid;
        if (!lrc_str_to_i64(e->d_name, &pid) || lrc_str_format(&path, NULL, "/proc/%s/cmdline", e->d_name) < 0 ||
            lrc_fs_read(path, 1 << 16, &text, &n, NULL) < 0)
            continue;
        const char *second = text + strlen(text) + 1;
        if (second < text + n && strcmp(second, "runner") == 0 && second + 7 < text + n &&
            strcmp(second + 7, folder) == 0)
            return (pid_t)pid;
    }
    return 0;
}

// Wait until the job's runner is there. 0: it has come and gone before it was seen.
static pid_t await_runner(const lrc_test_studio *s, const char *id, const char *folder)
{
    for (;;) {
        const pid_t pid = find_runner(folder);
        if (pid > 0 || lrc_job_wait(&s->ws, id, 0, NULL) != 0)
            return pid;
    }
}

static void expect_whole_log(const lrc_test_studio *s, const char *id, const char *place)
{
    size_t n;
    char line[32];
    lrc_auto_free char *log = lrc_test_log(s, id, &n);
    if (n != (size_t)LINES * LINE_BYTES)
        fail_msg("%s: the log has %zu bytes, not %d", place, n, LINES * LINE_BYTES);
    for (int i = 0; i < LINES; i++) {
        snprintf(line, sizeof line, "line %06d %06d\n", i, i * 7919 % 1000003);
        if (memcmp(log + i * LINE_BYTES, line, LINE_BYTES) != 0)
            fail_msg("%s: line %d is '%.*s'", place, i, LINE_BYTES - 1, log + i * LINE_BYTES);
    }
}

static void expect_right_end(const lrc_test_studio *s, const char *id, const char *place, bool runner_killed)
{
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(s, id, &job);
    const size_t starts = lrc_test_starts(s, place);
    const bool lost =
        job.status.state == LRC_JOB_FAILED && (strcmp(job.status.reason, LRC_JOB_REASON_LOST) == 0 ||
                                               strcmp(job.status.reason, LRC_JOB_REASON_RUNNER_LOST) == 0);
    if (job.status.state != LRC_JOB_COMPLETED && !(runner_killed && lost))
        fail_msg("%s: the state is %s (%s)%s", place, lrc_job_state_name(job.status.state), job.status.reason,
                 runner_killed ? ", the runner was killed" : "");
    if (starts > 1 || (starts == 0 && !lost))
        fail_msg("%s: started %zu times, %s (%s)", place, starts, lrc_job_state_name(job.status.state),
                 job.status.reason);
    if (starts == 1)
        expect_whole_log(s, id, place);
}

// Returns whether a runner was killed.
static bool one_point(const lrc_test_studio *s, int number, uint64_t *dice)
{
    char place[32], id[LRC_ID_MAX + 1];
    lrc_auto_free char *folder = NULL;
    lrc_err err = LRC_ERR_INIT;
    const uint32_t victims = next_random(dice) % 3;                    // 0: runner, 1: command line, 2: both
    const uint32_t most = next_random(dice) % 2 ? DELAY_MS : EARLY_MS; // the beginning is where most can go wrong
    const int delay = (int)(next_random(dice) % most);
    lrc_test_submit_words(s, (snprintf(place, sizeof place, "chaos%d", number), place), id, "count", "400", PARTS,
                          PAUSE);
    assert_ok(lrc_job_folder(&s->ws, id, &folder, &err), err);
    const pid_t command_line = start_command_line(s, id);
    const pid_t runner = victims == 1 ? 0 : await_runner(s, id, folder);
    lrc_clock_sleep_ms(delay);
    if (victims != 0)
        kill(command_line, SIGKILL);
    const bool runner_killed = runner > 0 && kill(runner, SIGKILL) == 0;
    if (victims != 0)
        waitpid(command_line, NULL, 0);
    lrc_test_finish(s, id);
    int status = 0;
    if (victims == 0 && (waitpid(command_line, &status, 0) < 0 || status != 0))
        fail_msg("%s: the command line ended with status %d", place, status);
    expect_right_end(s, id, place, runner_killed);
    return runner_killed;
}

static void nothing_is_lost_and_nothing_starts_twice(void **state)
{
    (void)state;
    const int64_t seed = setting("LORICA_CHAOS_SEED", SEED), points = setting("LORICA_CHAOS_POINTS", POINTS);
    uint64_t dice = (uint64_t)seed * 2 + 1;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    int64_t hits = 0;
    for (int64_t i = 0; i < points; i++)
        hits += one_point(&s, (int)i, &dice);
    print_message("%lld points, %lld of them killed a runner\n", (long long)points, (long long)hits);
    assert_true(hits > 0 && hits < points);
}

// The command line is killed while its job runs: the job goes on, and is seen right by the next command.
static void the_job_outlives_its_command_line(void **state)
{
    (void)state;
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    char id[LRC_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    lrc_test_submit_words(&s, "outlive", id, "count", "400", PARTS, "0.2");
    const pid_t command_line = start_command_line(&s, id);
    lrc_test_await_lines(&s, "outlive/starts", 1);
    kill(command_line, SIGKILL);
    waitpid(command_line, NULL, 0);
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    assert_int_equal(job.status.state, LRC_JOB_RUNNING);
    assert_true(job.supervised);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1); // nobody schedules
    lrc_test_expect_state(&s, id, LRC_JOB_COMPLETED, "");
    expect_whole_log(&s, id, "outlive");
    assert_int_equal(lrc_test_starts(&s, "outlive"), 1);
}

int main(int argc, char **argv)
{
    const int runner = lrc_test_as_runner(argc, argv);
    if (runner >= 0)
        return runner;
    if (argc == 4 && strcmp(argv[1], "cli") == 0)
        return as_command_line(argv[2], argv[3]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_job_outlives_its_command_line),
        cmocka_unit_test(nothing_is_lost_and_nothing_starts_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
