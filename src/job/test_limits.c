// SPDX-License-Identifier: MIT
// A job when the machine has no more of something: memory, disk.
#include <fcntl.h>
#include <sys/wait.h>

#include "job/folder.h"
#include "support/cmocka.h"
#include "support/job.h"
#include "support/small_disk.h"

#define DISK_KIB     2048
#define MEMORY_LIMIT "50M\n"

// A control group with a limit of memory, by either version of them. NULL where we may not make one.
static char *limited_group(void)
{
    static const char *const places[][2] = {{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
                                            {"/sys/fs/cgroup", "memory.max"}};
    for (size_t i = 0; i < LENGTH(places); i++) {
        char *group = NULL;
        lrc_str_format(&group, NULL, "%s/lorica-test-%d", places[i][0], (int)getpid());
        if (mkdir(group, 0755) == 0) {
            lrc_auto_free char *limit = lrc_test_join(group, places[i][1]);
            lrc_auto_close int fd = open(limit, O_WRONLY | O_CLOEXEC);
            if (fd >= 0 && write(fd, MEMORY_LIMIT, strlen(MEMORY_LIMIT)) > 0)
                return group;
            rmdir(group);
        }
        free(group);
    }
    return NULL;
}

static void no_memory_is_named(void **state)
{
    (void)state;
    char *group = limited_group();
    if (!group)
        skip();
    lrc_auto_studio lrc_test_studio s = lrc_test_studio_make();
    char id[LRC_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    lrc_test_submit_words(&s, "eats", id, "eats");
    lrc_auto_free char *door = lrc_test_join(group, "cgroup.procs");
    const pid_t pid = fork();
    if (pid == 0) { // it and the runner that it starts live in the group
        const int fd = open(door, O_WRONLY | O_CLOEXEC);
        _exit(fd >= 0 && write(fd, "0", 1) == 1 && lrc_job_schedule_once(&s.ws, NULL) == 0 ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    lrc_test_expect_state(&s, id, LRC_JOB_FAILED, "killed by SIGKILL: the machine ran out of memory");
    lrc_auto_job lrc_job job = {0};
    lrc_test_load(&s, id, &job);
    assert_true(job.status.oom_kill);
    while (rmdir(group) < 0) // the last of the runner may still be leaving
        lrc_clock_sleep_ms(5);
    free(group);
}

static lrc_test_studio studio_on_small_disk(char **ret_dir)
{
    lrc_test_studio s = {.dir = lrc_test_folder()};
    lrc_err err = LRC_ERR_INIT;
    lrc_test_small_disk(s.dir, DISK_KIB);
    assert_ok(lrc_workspace_open(s.dir, true, &s.ws, &err), err);
    *ret_dir = s.dir;
    return s;
}

static void leave_disk(const char *dir)
{
    umount2(dir, MNT_DETACH);
}

// The job ends while the disk is full: its end is written down as soon as there is room again.
static void a_full_disk_loses_no_end(void **state)
{
    (void)state;
    if (!lrc_test_may_mount())
        skip();
    char *dir = NULL;
    lrc_auto_studio lrc_test_studio s = studio_on_small_disk(&dir);
    char id[LRC_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_job lrc_job job = {0};
    lrc_test_submit_words(&s, "full", id, "silent", "0.7");
    assert_ok(lrc_job_schedule_once(&s.ws, &err), err);
    lrc_test_await_lines(&s, "full/starts", 1);
    lrc_test_fill_disk(dir, 0);
    lrc_test_load(&s, id, &job);
    while (lrc_proc_id_alive(&job.status.child))
        lrc_clock_sleep_ms(10);
    assert_int_equal(lrc_job_wait(&s.ws, id, 300, &err), 0); // its runner holds on
    lrc_test_load(&s, id, &job);
    assert_int_equal(job.status.state, LRC_JOB_RUNNING);
    assert_true(job.supervised);
    lrc_auto_free char *ballast = lrc_test_join(dir, "ballast");
    assert_ok(lrc_fs_remove(ballast, &err), err);
    assert_int_equal(lrc_job_wait(&s.ws, id, LRC_TEST_PATIENCE_MS, &err), 1);
    lrc_test_expect_state(&s, id, LRC_JOB_COMPLETED, "");
    assert_int_equal(lrc_test_starts(&s, "full"), 1);
    leave_disk(dir);
}

static void nothing_is_submitted_to_a_full_disk(void **state)
{
    (void)state;
    if (!lrc_test_may_mount())
        skip();
    char *dir = NULL;
    lrc_auto_studio lrc_test_studio s = studio_on_small_disk(&dir);
    lrc_auto_free char *big = calloc(1, DISK_KIB * 1024);
    const lrc_job_input input = {"big", big, DISK_KIB * 1024};
    lrc_job_request req = {.kind = "training", .inputs = &input, .input_count = 1, .grace_s = -1};
    char id[LRC_ID_MAX + 1];
    lrc_err err = LRC_ERR_INIT;
    lrc_strv_push(&req.argv, "true", NULL);
    assert_int_equal(lrc_job_submit(&s.ws, &req, id, &err), -1);
    assert_int_equal(err.code, LRC_ERR_DISK_FULL);
    lrc_strv_done(&req.argv);
    lrc_auto_free char *jobs = lrc_test_join(s.ws.state, "jobs");
    assert_int_equal(lrc_test_entries(jobs), 0); // not even a temporary one
    leave_disk(dir);
}

int main(int argc, char **argv)
{
    const int runner = lrc_test_as_runner(argc, argv);
    if (runner >= 0)
        return runner;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_is_named),
        cmocka_unit_test(a_full_disk_loses_no_end),
        cmocka_unit_test(nothing_is_submitted_to_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
