// SPDX-License-Identifier: MIT
// job.h - for tests of the job engine: a workspace, jobs that run tests/fixtures/nasty-child, and their outcome.
//
// The test program is its own `lorica`: its main begins with lrc_test_as_runner(). Include after cmocka.h.
#ifndef LRC_TESTS_SUPPORT_JOB_H
#define LRC_TESTS_SUPPORT_JOB_H

#include <signal.h>

#include "base/clock.h"
#include "job/follow.h"
#include "job/job.h"
#include "job/schedule.h"
#include "support/temp.h"

#define LRC_TEST_PATIENCE_MS 60000 // far beyond what anything here takes

// A runner may be told to die by SIGKILL at a point: LORICA_TEST_DIE_AT=<number of the point>. It leaves the file "died"
// in the job's folder. `arg` is that folder.
static inline void lrc_test_die_at(void *arg, lrc_runner_point point)
{
    const char *at = getenv("LORICA_TEST_DIE_AT");
    int64_t wanted;
    if (at && lrc_str_to_i64(at, &wanted) && wanted == (int64_t)point) {
        lrc_test_put(arg, "died", "x");
        raise(SIGKILL);
    }
}

// "PROGRAM runner FOLDER": be the runner. -1 when the program was called otherwise, else its exit code.
static inline int lrc_test_as_runner(int argc, char **argv)
{
    if (argc != 3 || strcmp(argv[1], "runner") != 0)
        return -1;
    const lrc_runner_options options = {.at = lrc_test_die_at, .arg = argv[2]};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_job_runner_main(argv[2], &options, &err) == 0)
        return 0;
    fprintf(stderr, "runner: %s\n", err.msg);
    return 1;
}

typedef struct lrc_test_studio {
    char *dir; // temporary
    lrc_workspace ws;
} lrc_test_studio;

static inline void lrc_test_studio_done(lrc_test_studio *s)
{
    lrc_workspace_done(&s->ws);
    lrc_test_temp_done(&s->dir);
}
#define lrc_auto_studio lrc_cleanup(lrc_test_studio_done)

static inline lrc_test_studio lrc_test_studio_make(void)
{
    lrc_test_studio s = {.dir = lrc_test_folder()};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_workspace_open(s.dir, true, &s.ws, &err), err);
    return s;
}

// Submit "nasty-child WORDS…" (NULL at the end) as a training whose working directory is <workspace>/<place>, made anew
// when it is not there. The id into ret_id.
static inline void lrc_test_submit(const lrc_test_studio *s, const char *place, char ret_id[static LRC_ID_MAX + 1],
                                   const char *const *words)
{
    lrc_auto_free char *cwd = lrc_test_join(s->ws.root, place);
    lrc_job_request req = {.kind = "training", .cwd = cwd, .grace_s = -1};
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_fs_mkdirs(cwd, &err), err);
    assert_ok(lrc_strv_push(&req.argv, LORICA_TEST_DATA "/fixtures/nasty-child", &err), err);
    for (; *words; words++)
        assert_ok(lrc_strv_push(&req.argv, *words, &err), err);
    const int result = lrc_job_submit(&s->ws, &req, ret_id, &err);
    lrc_strv_done(&req.argv);
    assert_ok(result, err);
}
#define lrc_test_submit_words(s, place, id, ...) lrc_test_submit(s, place, id, (const char *const[]){__VA_ARGS__, NULL})

static inline void lrc_test_load(const lrc_test_studio *s, const char *id, lrc_job *ret)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_job_done(ret);
    assert_ok(lrc_job_load(&s->ws, id, ret, &err), err);
}

// Schedule and wait until it has ended.
static inline void lrc_test_finish(const lrc_test_studio *s, const char *id)
{
    lrc_err err = LRC_ERR_INIT;
    const int64_t start = lrc_clock_mono_ms();
    int over = 0;
    while (over == 0) {
        assert_ok(lrc_job_schedule_once(&s->ws, &err), err);
        assert_ok(over = lrc_job_wait(&s->ws, id, 200, &err), err);
        if (lrc_clock_mono_ms() - start > LRC_TEST_PATIENCE_MS)
            fail_msg("the job %s does not end", id);
    }
}

// Wait until <workspace>/<name> has at least `lines` lines.
static inline void lrc_test_await_lines(const lrc_test_studio *s, const char *name, size_t lines)
{
    for (const int64_t start = lrc_clock_mono_ms();; lrc_clock_sleep_ms(10)) {
        lrc_auto_free char *text = lrc_test_get(s->ws.root, name);
        size_t n = 0;
        for (const char *p = text ? text : ""; *p; p++)
            n += *p == '\n';
        if (n >= lines)
            return;
        if (lrc_clock_mono_ms() - start > LRC_TEST_PATIENCE_MS)
            fail_msg("%s has %zu lines, not %zu", name, n, lines);
    }
}

// Start a runner that dies at this point, and wait until it has.
static inline void lrc_test_start_dying_runner(const char *folder, lrc_runner_point point)
{
    char text[8];
    lrc_err err = LRC_ERR_INIT;
    snprintf(text, sizeof text, "%d", (int)point);
    setenv("LORICA_TEST_DIE_AT", text, 1);
    assert_ok(lrc_job_start_runner(folder, &err), err);
    unsetenv("LORICA_TEST_DIE_AT");
    for (const int64_t start = lrc_clock_mono_ms(); !lrc_test_has(folder, "died"); lrc_clock_sleep_ms(5))
        if (lrc_clock_mono_ms() - start > LRC_TEST_PATIENCE_MS)
            fail_msg("the runner does not die");
}

// How often the command in <workspace>/<place> has started.
static inline size_t lrc_test_starts(const lrc_test_studio *s, const char *place)
{
    lrc_auto_free char *name = lrc_test_join(place, "starts"), *text = lrc_test_get(s->ws.root, name);
    size_t n = 0;
    for (const char *p = text ? text : ""; *p; p++)
        n += *p == '\n';
    return n;
}

static inline void lrc_test_expect_state(const lrc_test_studio *s, const char *id, lrc_job_state state,
                                         const char *reason)
{
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(s, id, &job);
    if (job.status.state != state || strcmp(job.status.reason, reason) != 0)
        fail_msg("the job %s is %s (%s), not %s (%s)", id, lrc_job_state_name(job.status.state), job.status.reason,
                 lrc_job_state_name(state), reason);
}

// The raw log; the caller frees.
static inline char *lrc_test_log(const lrc_test_studio *s, const char *id, size_t *ret_n)
{
    lrc_auto_free char *path = NULL;
    char *text = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_job_path(&s->ws, id, "log", &path, &err), err);
    assert_ok(lrc_fs_read(path, LRC_TEST_FILE_MAX, &text, ret_n, &err), err);
    return text;
}

#endif
