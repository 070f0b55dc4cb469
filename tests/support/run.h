// SPDX-License-Identifier: MIT
// run.h - for tests: run one of the built programs and look at what it says.
//
// Output goes through files, so that no pipe fills up. Include after cmocka.h; the build defines LORICA_BIN.
#ifndef LRC_TESTS_SUPPORT_RUN_H
#define LRC_TESTS_SUPPORT_RUN_H

#include <fcntl.h>
#include <sys/wait.h>

#include "support/temp.h"

typedef struct lrc_test_result {
    int exit; // exit code, 128 + signal when killed
    char *out;
    char *err;
} lrc_test_result;

static inline void lrc_test_result_done(lrc_test_result *r)
{
    free(r->out);
    free(r->err);
    *r = (lrc_test_result){0};
}
#define lrc_auto_result lrc_cleanup(lrc_test_result_done)

// Fork and exec LORICA_BIN/lorica with these arguments (NULL at the end), in `dir`, files named `tag`.out and `tag`.err
// there. Returns the pid.
static inline pid_t lrc_test_start(const char *dir, const char *tag, const char *input, const char *const *args)
{
    lrc_auto_free char *out = NULL, *err = NULL, *in = NULL;
    if (lrc_str_format(&out, NULL, "%s/%s.out", dir, tag) < 0 ||
        lrc_str_format(&err, NULL, "%s/%s.err", dir, tag) < 0 || lrc_str_format(&in, NULL, "%s/%s.in", dir, tag) < 0)
        fail_msg("out of memory");
    if (input && lrc_fs_write(in, input, strlen(input), 0, NULL) < 0)
        fail_msg("cannot write %s", in);
    char *argv[64] = {(char[]){"lorica"}};
    size_t n = 1;
    for (; args[n - 1] && n < 63; n++)
        argv[n] = strdup(args[n - 1]);
    const pid_t pid = fork();
    if (pid == 0) {
        const int fds[3] = {open(input ? in : "/dev/null", O_RDONLY), open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666),
                            open(err, O_WRONLY | O_CREAT | O_TRUNC, 0666)};
        for (int i = 0; i < 3; i++)
            if (fds[i] < 0 || dup2(fds[i], i) < 0)
                _exit(126);
        execv(LORICA_BIN "/lorica", argv);
        _exit(127);
    }
    for (size_t i = 1; i < n; i++)
        free(argv[i]);
    if (pid < 0)
        fail_msg("cannot fork");
    return pid;
}

static inline int lrc_test_wait(pid_t pid)
{
    int status = 0;
    if (waitpid(pid, &status, 0) != pid)
        fail_msg("cannot wait for %d", (int)pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Start, wait, and read the output. `input` NULL: nothing on stdin.
static inline lrc_test_result lrc_test_run_input(const char *dir, const char *input, const char *const *args)
{
    const int exit_code = lrc_test_wait(lrc_test_start(dir, "run", input, args));
    return (lrc_test_result){exit_code, lrc_test_get(dir, "run.out"), lrc_test_get(dir, "run.err")};
}
#define lrc_test_run(dir, ...) lrc_test_run_input(dir, NULL, (const char *const[]){__VA_ARGS__, NULL})

// Exit code as expected, else the test fails with what the program said.
static inline void lrc_test_expect_exit(const lrc_test_result *r, int exit_code)
{
    if (r->exit != exit_code)
        fail_msg("exit code %d, not %d\nstdout: %s\nstderr: %s", r->exit, exit_code, r->out, r->err);
}

static inline void lrc_test_expect_in(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text ? text : "(nothing)");
}

#endif
