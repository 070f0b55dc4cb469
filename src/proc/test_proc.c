// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "proc/capture.h"
#include "proc/env.h"
#include "proc/identity.h"
#include "proc/spawn.h"
#include "proc/tree.h"
#include "support/cmocka.h"

#define PATIENCE_MS 30000 // far beyond what any of this takes

static char folder[] = "/tmp/lorica-proc-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return lrc_fs_remove_tree(folder, NULL);
}

// Wait until `path` exists and is not empty.
static void await_file(const char *path)
{
    const int64_t start = lrc_clock_mono_ms();
    struct stat st;
    while (stat(path, &st) < 0 || st.st_size == 0) {
        assert_true(lrc_clock_mono_ms() - start < PATIENCE_MS);
        lrc_clock_sleep_ms(5);
    }
}

static void await_end(const lrc_proc_id *id)
{
    const int64_t start = lrc_clock_mono_ms();
    while (lrc_proc_id_alive(id)) {
        assert_true(lrc_clock_mono_ms() - start < PATIENCE_MS);
        lrc_clock_sleep_ms(5);
    }
}

static pid_t pid_in(const char *path)
{
    lrc_auto_free char *text = NULL;
    int64_t pid = 0;
    await_file(path);
    assert_int_equal(lrc_fs_read(path, 64, &text, NULL, NULL), 0);
    assert_true(lrc_str_to_i64(lrc_str_trim(text), &pid));
    return (pid_t)pid;
}

static char *sh(const char *script, lrc_captured *ret)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(script), NULL};
    lrc_err err = LRC_ERR_INIT;
    const int done = lrc_proc_capture(argv, NULL, PATIENCE_MS, 1 << 20, ret, &err);
    free(argv[2]);
    if (done < 0)
        fail_msg("%s", err.msg);
    return ret->out;
}

static void captures_both_streams_and_the_code(void **state)
{
    (void)state;
    lrc_auto_captured lrc_captured c = {0};
    sh("printf 'a\\000b'; echo oops >&2; exit 3", &c);
    assert_int_equal(c.out_len, 3);
    assert_memory_equal(c.out, "a\0b", 3);
    assert_string_equal(c.err, "oops\n");
    assert_int_equal(c.how.code, 3);
    assert_int_equal(c.how.signal, 0);
    assert_false(c.cut || c.timed_out);
}

static void a_child_begins_clean(void **state)
{
    (void)state;
    lrc_auto_captured lrc_captured c = {0};
    sigset_t some, before;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigprocmask(SIG_BLOCK, &some, &before);
    signal(SIGPIPE, SIG_IGN);
    const int leak = fcntl(0, F_DUPFD, 50); // not close-on-exec on purpose
    sh("sed -n /^Sig[BIC]/p /proc/self/status; ls /proc/self/fd | wc -l; readlink /proc/self/fd/0", &c);
    close(leak);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    // 4: stdin, stdout, stderr and the one with which ls reads the folder.
    assert_string_equal(c.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n"
                               "4\n/dev/null\n");
}

static void too_much_output_is_cut_and_drained(void **state)
{
    (void)state;
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"head -c 3000000 /dev/zero; echo end >&2"}, NULL};
    lrc_auto_captured lrc_captured c = {0};
    assert_int_equal(lrc_proc_capture(argv, NULL, PATIENCE_MS, 1000, &c, NULL), 0);
    assert_int_equal(c.out_len, 1000);
    assert_string_equal(c.err, "end\n");
    assert_true(c.cut);
}

static void a_slow_command_is_killed_with_its_group(void **state)
{
    (void)state;
    lrc_auto_free char *script = NULL, *file = NULL;
    lrc_str_format(&file, NULL, "%s/sleeper", folder);
    lrc_str_format(&script, NULL, "trap '' TERM; sleep 1000 & echo $! > %s; echo begun; wait", file);
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    lrc_auto_captured lrc_captured c = {0};
    assert_int_equal(lrc_proc_capture(argv, NULL, 500, 1000, &c, NULL), 0);
    assert_true(c.timed_out);
    assert_int_equal(c.how.signal, SIGKILL);
    char text[32];
    lrc_proc_exit_text(&c.how, text);
    assert_string_equal(text, "killed by SIGKILL");
    lrc_proc_id sleeper;
    if (lrc_proc_id_of(pid_in(file), &sleeper, NULL) == 0)
        await_end(&sleeper);
}

static void an_open_pipe_in_a_grandchild_does_not_hold_us(void **state)
{
    (void)state;
    lrc_auto_captured lrc_captured c = {0};
    sh("sleep 1000 & echo $!", &c);
    int64_t pid;
    assert_true(lrc_str_to_i64(lrc_str_trim(c.out), &pid));
    kill((pid_t)pid, SIGKILL);
}

static void failures_say_what_and_why(void **state)
{
    (void)state;
    static const struct {
        const char *program, *cwd;
        lrc_err_code code;
        const char *part;
    } cases[] = {
        {"no-such-program-xyz", NULL, LRC_ERR_NOT_FOUND, "no program 'no-such-program-xyz'"},
        {"/no/such/program", NULL, LRC_ERR_NOT_FOUND, "cannot start '/no/such/program'"},
        {"/etc/passwd", NULL, LRC_ERR_DENIED, "cannot start '/etc/passwd'"},
        {"true", "/no/such/folder", LRC_ERR_NOT_FOUND, "in the folder '/no/such/folder'"},
    };
    for (int held = 0; held < 2; held++)
        for (size_t i = 0; i < LENGTH(cases); i++) {
            lrc_auto_free char *name = strdup(cases[i].program);
            char *argv[] = {name, NULL};
            lrc_proc_options o = LRC_PROC_OPTIONS_INIT;
            lrc_proc p = LRC_PROC_INIT;
            lrc_err err = LRC_ERR_INIT;
            o.argv = argv;
            o.cwd = cases[i].cwd;
            o.held = held;
            int result = lrc_proc_spawn(&o, &p, &err);
            if (held && result == 0)
                result = lrc_proc_release(&p, &err);
            assert_int_equal(result, -1);
            assert_int_equal(err.code, cases[i].code);
            if (!strstr(err.msg, cases[i].part))
                fail_msg("'%s' lacks '%s'", err.msg, cases[i].part);
            assert_int_equal(p.pid, -1);
            assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); // nothing is left to reap
            lrc_proc_done(&p);
        }
}

static void held(const char *script, lrc_proc *ret)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(script), NULL};
    lrc_proc_options o = LRC_PROC_OPTIONS_INIT;
    lrc_err err = LRC_ERR_INIT;
    o.argv = argv;
    o.held = true;
    o.group = LRC_PROC_GROUP_OWN;
    if (lrc_proc_spawn(&o, ret, &err) < 0)
        fail_msg("%s", err.msg);
    free(argv[2]);
    ret->exe = "sh";
}

static void a_held_child_runs_only_after_release(void **state)
{
    (void)state;
    lrc_auto_free char *script = NULL, *file = NULL;
    lrc_str_format(&file, NULL, "%s/ran", folder);
    lrc_str_format(&script, NULL, "echo yes > %s", file);
    lrc_auto_proc lrc_proc p = LRC_PROC_INIT;
    held(script, &p);
    lrc_proc_id id;
    assert_int_equal(lrc_proc_id_of(p.pid, &id, NULL), 0);
    assert_int_equal(getpgid(p.pid), p.pid); // arranged before it is released
    assert_int_equal(lrc_proc_wait(&p, 50, NULL, NULL), 0);
    assert_false(lrc_fs_exists(file));
    assert_int_equal(lrc_proc_release(&p, NULL), 0);
    lrc_proc_exit e;
    assert_int_equal(lrc_proc_wait(&p, PATIENCE_MS, &e, NULL), 1);
    assert_int_equal(e.code, 0);
    assert_true(lrc_fs_exists(file));
    assert_false(lrc_proc_id_alive(&id));
}

static void a_held_child_of_a_dead_parent_does_not_run(void **state)
{
    (void)state;
    lrc_auto_free char *script = NULL, *file = NULL, *pid_file = NULL;
    lrc_str_format(&file, NULL, "%s/ran-after-death", folder);
    lrc_str_format(&pid_file, NULL, "%s/held", folder);
    lrc_str_format(&script, NULL, "echo yes > %s", file);
    const pid_t parent = fork();
    if (parent == 0) {
        lrc_proc p = LRC_PROC_INIT;
        held(script, &p);
        char text[16];
        snprintf(text, sizeof text, "%d\n", (int)p.pid);
        lrc_fs_write(pid_file, text, strlen(text), 0, NULL);
        pause();
        _exit(0);
    }
    lrc_proc_id id;
    assert_int_equal(lrc_proc_id_of(pid_in(pid_file), &id, NULL), 0);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    await_end(&id);
    assert_false(lrc_fs_exists(file));
}

static void a_killed_held_child_is_no_trouble(void **state)
{
    (void)state;
    lrc_auto_proc lrc_proc p = LRC_PROC_INIT;
    held("true", &p);
    kill(p.pid, SIGKILL);
    lrc_proc_release(&p, NULL);
    if (p.pid > 0) {
        lrc_proc_exit e;
        assert_int_equal(lrc_proc_wait(&p, PATIENCE_MS, &e, NULL), 1);
        assert_int_equal(e.signal, SIGKILL);
    }
}

static void an_orphan_is_not_ours(void **state)
{
    (void)state;
    lrc_auto_free char *script = NULL, *file = NULL;
    lrc_str_format(&file, NULL, "%s/orphan", folder);
    lrc_str_format(&script, NULL, "ps -o pid= -o ppid= -o sid= -p $$ > %s; exec sleep 1000", file);
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    lrc_proc_options o = LRC_PROC_OPTIONS_INIT;
    lrc_proc p = LRC_PROC_INIT;
    o.argv = argv;
    o.orphan = true;
    o.group = LRC_PROC_SESSION_OWN;
    assert_int_equal(lrc_proc_spawn(&o, &p, NULL), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    lrc_proc_id id;
    assert_int_equal(lrc_proc_id_of(p.pid, &id, NULL), 0);
    assert_int_equal(getsid(p.pid), p.pid);
    assert_true(lrc_proc_id_signal(&id, SIGKILL, true));
    await_end(&id);
    assert_false(lrc_proc_id_signal(&id, SIGKILL, false));
}

static void limits_and_environment(void **state)
{
    (void)state;
    lrc_proc_raise_nofile();
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    assert_true(r.rlim_cur == r.rlim_max);
    lrc_auto_free char *file = NULL;
    lrc_str_format(&file, NULL, "%s/limits", folder);
    lrc_auto_close int out = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    static const lrc_proc_limit limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, 77}};
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"ulimit -c; ulimit -n; pwd; env | grep -c LORICA_"}, NULL};
    lrc_auto_strv lrc_strv env = {0};
    static const lrc_proc_env_rule rules[] = {{"PATH", "programs"}, {"LORICA_T_*", "test"}, {NULL, NULL}};
    setenv("LORICA_T_ONE", "1", 1);
    setenv("LORICA_SECRET", "hidden", 1);
    assert_int_equal(lrc_proc_env_inherit(&env, rules, NULL), 0);
    assert_int_equal(lrc_proc_env_set(&env, "LORICA_TWO", "2", NULL), 0);
    assert_int_equal(lrc_proc_env_set(&env, "LORICA_TWO", "3", NULL), 0);
    assert_int_equal(lrc_proc_env_set(&env, "NOT A NAME", "3", NULL), -1);
    assert_string_equal(lrc_proc_env_get(&env, "LORICA_TWO"), "3");
    assert_string_equal(lrc_proc_env_get(&env, "LORICA_T_ONE"), "1");
    assert_null(lrc_proc_env_get(&env, "LORICA_SECRET"));
    const lrc_proc_options o = {.argv = argv,
                                .env = env.item,
                                .cwd = "/usr",
                                .in = LRC_PROC_NULL,
                                .out = out,
                                .err = STDERR_FILENO,
                                .limits = limits,
                                .limit_count = 2,
                                .oom_score_adj = 123,
                                .cgroup = -1};
    lrc_auto_proc lrc_proc p = LRC_PROC_INIT;
    lrc_proc_exit e;
    assert_int_equal(lrc_proc_spawn(&o, &p, NULL), 0);
    assert_int_equal(lrc_proc_wait(&p, PATIENCE_MS, &e, NULL), 1);
    lrc_auto_free char *text = NULL;
    assert_int_equal(lrc_fs_read(file, 1000, &text, NULL, NULL), 0);
    assert_string_equal(text, "0\n77\n/usr\n2\n");
}

static void standard_descriptors_may_be_crossed(void **state)
{
    (void)state;
    lrc_auto_free char *file = NULL, *text = NULL;
    lrc_str_format(&file, NULL, "%s/crossed", folder);
    const int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const int kept0 = dup(0), kept1 = dup(1);
    dup2(fd, 0); // our stdin is the child's stdout, and our stdout is the child's stdin
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, 1);
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"cat; echo done"}, NULL};
    lrc_proc_options o = LRC_PROC_OPTIONS_INIT;
    o.argv = argv;
    o.in = 1;
    o.out = 0;
    o.err = 0;
    lrc_proc p = LRC_PROC_INIT;
    const int spawned = lrc_proc_spawn(&o, &p, NULL);
    dup2(kept0, 0);
    dup2(kept1, 1);
    close(kept0);
    close(kept1);
    close(null);
    close(fd);
    assert_int_equal(spawned, 0);
    assert_int_equal(lrc_proc_wait(&p, PATIENCE_MS, NULL, NULL), 1);
    lrc_proc_done(&p);
    assert_int_equal(lrc_fs_read(file, 1000, &text, NULL, NULL), 0);
    assert_string_equal(text, "done\n");
}

static void a_used_number_is_not_the_same_process(void **state)
{
    (void)state;
    lrc_proc_id id, other;
    assert_int_equal(lrc_proc_id_of(getpid(), &id, NULL), 0);
    assert_true(lrc_proc_id_alive(&id));
    other = id;
    other.start_time++;
    assert_false(lrc_proc_id_alive(&other));
    assert_false(lrc_proc_id_signal(&other, SIGKILL, false));
    other = id;
    other.boot_id[0] = other.boot_id[0] == 'f' ? '0' : 'f';
    assert_false(lrc_proc_id_alive(&other));
    assert_false(lrc_proc_id_signal(&other, SIGKILL, true));
    const pid_t zombie = fork();
    if (zombie == 0)
        _exit(0);
    siginfo_t info;
    waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT);
    assert_int_equal(lrc_proc_id_of(zombie, &other, NULL), -1);
    waitpid(zombie, NULL, 0);
}

static void stat_text(void **state)
{
    (void)state;
    char letter = 0;
    pid_t parent = 0;
    uint64_t start = 0;
    const char text[] = "77 (a) S (b) R 12 0 0 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654321987 0 0";
    assert_int_equal(lrc_proc_parse_stat(text, &letter, &parent, &start, NULL), 0);
    assert_int_equal(letter, 'R');
    assert_int_equal(parent, 12);
    assert_true(start == 987654321987u);
    assert_int_equal(lrc_proc_parse_stat("77 (cut", &letter, &parent, &start, NULL), -1);
    assert_int_equal(lrc_proc_parse_stat("77 (cut) R 12", &letter, &parent, &start, NULL), -1);
}

// A child whose grandchild leaves its session and ignores TERM; its pid is in `file`.
static void spawn_runaway(const char *file, const char *mark, int cgroup, lrc_proc *ret)
{
    lrc_auto_free char *script = NULL;
    lrc_str_format(&script, NULL,
                   "setsid sh -c 'trap \"\" TERM; echo $$ > %s; while :; do sleep 1; done' & while :; do sleep 1; done",
                   file);
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    lrc_auto_strv lrc_strv env = {0};
    lrc_strv_push(&env, "PATH=/usr/bin:/bin", NULL);
    lrc_strv_push(&env, mark, NULL);
    lrc_proc_options o = LRC_PROC_OPTIONS_INIT;
    o.argv = argv;
    o.env = env.item;
    o.group = LRC_PROC_GROUP_OWN;
    o.cgroup = cgroup;
    assert_int_equal(lrc_proc_spawn(&o, ret, NULL), 0);
}

static void a_subreaper_inherits_and_ends_runaways(void **state)
{
    (void)state;
    lrc_auto_free char *file = NULL;
    lrc_str_format(&file, NULL, "%s/runaway", folder);
    const pid_t keeper = fork();
    if (keeper == 0) {
        lrc_proc p = LRC_PROC_INIT;
        if (lrc_proc_become_subreaper(NULL) < 0)
            _exit(1);
        spawn_runaway(file, "LORICA_T=1", -1, &p);
        await_file(file);
        lrc_proc_signal_group(&p, SIGKILL);
        lrc_proc_wait(&p, -1, NULL, NULL);
        if (lrc_proc_signal_children(0, 0) == 0)
            _exit(2); // not inherited
        while (lrc_proc_reap_children(0) > 0) {
            lrc_proc_signal_children(0, SIGKILL);
            lrc_clock_sleep_ms(5);
        }
        _exit(0);
    }
    int status;
    waitpid(keeper, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    lrc_proc_id id;
    assert_int_equal(lrc_proc_id_of(pid_in(file), &id, NULL), -1);
}

static void a_mark_finds_runaways(void **state)
{
    (void)state;
    lrc_auto_free char *file = NULL, *mark = NULL;
    lrc_str_format(&file, NULL, "%s/marked", folder);
    lrc_str_format(&mark, NULL, "LORICA_JOB=%s", folder);
    lrc_auto_proc lrc_proc p = LRC_PROC_INIT;
    spawn_runaway(file, mark, -1, &p);
    lrc_proc_id id;
    assert_int_equal(lrc_proc_id_of(pid_in(file), &id, NULL), 0);
    assert_true(lrc_proc_signal_marked(mark, 0) >= 2);
    assert_int_equal(lrc_proc_signal_marked("LORICA_JOB=/elsewhere", 0), 0);
    while (lrc_proc_signal_marked(mark, SIGKILL) > 0) {
        lrc_proc_wait(&p, 0, NULL, NULL);
        lrc_clock_sleep_ms(5);
    }
    await_end(&id);
}

static void a_control_group_holds_runaways(void **state)
{
    (void)state;
    lrc_auto_free char *group = NULL, *file = NULL;
    char name[32];
    snprintf(name, sizeof name, "lorica-test-%d", (int)getpid());
    assert_int_equal(lrc_proc_cgroup_make(name, &group, NULL), 0);
    if (!group)
        skip(); // not allowed here
    lrc_str_format(&file, NULL, "%s/grouped", folder);
    lrc_auto_close int door = lrc_proc_cgroup_door(group);
    assert_true(lrc_proc_cgroup_empty(group));
    lrc_proc p = LRC_PROC_INIT;
    spawn_runaway(file, "LORICA_T=2", door, &p);
    lrc_proc_id id;
    assert_int_equal(lrc_proc_id_of(pid_in(file), &id, NULL), 0);
    assert_false(lrc_proc_cgroup_empty(group));
    const bool killed = lrc_proc_cgroup_kill(group);
    if (!killed)
        lrc_proc_signal_marked("LORICA_T=2", SIGKILL);
    assert_int_equal(lrc_proc_wait(&p, PATIENCE_MS, NULL, NULL), 1);
    lrc_proc_done(&p);
    await_end(&id);
    const int64_t start = lrc_clock_mono_ms();
    while (!lrc_proc_cgroup_empty(group) && lrc_clock_mono_ms() - start < PATIENCE_MS)
        lrc_clock_sleep_ms(5);
    lrc_proc_cgroup_remove(group);
    assert_false(lrc_fs_exists(group));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_both_streams_and_the_code),
        cmocka_unit_test(a_child_begins_clean),
        cmocka_unit_test(too_much_output_is_cut_and_drained),
        cmocka_unit_test(a_slow_command_is_killed_with_its_group),
        cmocka_unit_test(an_open_pipe_in_a_grandchild_does_not_hold_us),
        cmocka_unit_test(failures_say_what_and_why),
        cmocka_unit_test(a_held_child_runs_only_after_release),
        cmocka_unit_test(a_held_child_of_a_dead_parent_does_not_run),
        cmocka_unit_test(a_killed_held_child_is_no_trouble),
        cmocka_unit_test(an_orphan_is_not_ours),
        cmocka_unit_test(limits_and_environment),
        cmocka_unit_test(standard_descriptors_may_be_crossed),
        cmocka_unit_test(a_used_number_is_not_the_same_process),
        cmocka_unit_test(stat_text),
        cmocka_unit_test(a_subreaper_inherits_and_ends_runaways),
        cmocka_unit_test(a_mark_finds_runaways),
        cmocka_unit_test(a_control_group_holds_runaways),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
