// SPDX-License-Identifier: MIT
#include "base/lock.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fs.h"
#include "support/cmocka.h"
#include "support/folder.h"

// A child that takes the lock and says so; it lives until it is killed or its end of the pipe closes.
struct holder {
    pid_t pid;
    int ready, hold;
};

static struct holder hold(const char *path)
{
    int ready[2], hold[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(hold), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int lock = -1;
        char c = lrc_lock_take(path, 0, &lock, NULL) == 0 ? 'y' : 'n';
        close(hold[1]);
        if (write(ready[1], &c, 1) == 1 && read(hold[0], &c, 1) == 0)
            _exit(0);
        _exit(1);
    }
    close(ready[1]);
    close(hold[0]);
    char c = '?';
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    return (struct holder){pid, ready[0], hold[1]};
}

static void let_go(struct holder *h, bool killed)
{
    if (killed)
        kill(h->pid, SIGKILL);
    close(h->hold);
    close(h->ready);
    int status = 0;
    assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
}

static void one_holder_between_processes(void **state)
{
    (void)state;
    char *root = lrc_test_folder();
    const char *path = lrc_test_path(root, "lock");
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_lock_is_held(path, &err), 0); // no such file
    for (int killed = 0; killed < 2; killed++) {
        struct holder other = hold(path);
        lrc_auto_close int mine = -1;
        assert_int_equal(lrc_lock_is_held(path, &err), 1);
        assert_int_equal(lrc_lock_take(path, 0, &mine, &err), -1);
        assert_int_equal(err.code, LRC_ERR_BUSY);
        const int64_t start = lrc_clock_mono_ms();
        assert_int_equal(lrc_lock_take(path, 60, &mine, &err), -1);
        assert_true(lrc_clock_mono_ms() - start >= 60);
        assert_int_equal(mine, -1);
        let_go(&other, killed);
        assert_int_equal(lrc_lock_is_held(path, &err), 0);
        assert_int_equal(lrc_lock_take(path, 0, &mine, &err), 0);
        assert_int_equal(lrc_lock_is_held(path, &err), 1);
    }
    assert_int_equal(lrc_lock_take(lrc_test_path(root, "no/folder"), 0, &(int){-1}, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    lrc_test_folder_done(root);
}

static void waiting_ends_when_the_holder_goes(void **state)
{
    (void)state;
    char *root = lrc_test_folder();
    const char *path = lrc_test_path(root, "lock");
    struct holder other = hold(path);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(other.hold); // or the holder never sees the end of its pipe
        int mine = -1;
        _exit(lrc_lock_take(path, -1, &mine, NULL) == 0 ? 7 : 1);
    }
    lrc_clock_sleep_ms(30);
    let_go(&other, false);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    lrc_test_folder_done(root);
}

// Somebody who keeps asking "is it held?" must not make a taker fail.
static void askers_are_not_in_the_way(void **state)
{
    (void)state;
    char *root = lrc_test_folder();
    const char *path = lrc_test_path(root, "lock");
    lrc_test_put(root, "lock", "");
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        for (;;)
            lrc_lock_is_held(path, NULL);
    for (int i = 0; i < 2000; i++) {
        lrc_auto_close int mine = -1;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_lock_take(path, 0, &mine, &err), 0);
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    lrc_test_folder_done(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_holder_between_processes),
        cmocka_unit_test(waiting_ends_when_the_holder_goes),
        cmocka_unit_test(askers_are_not_in_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
