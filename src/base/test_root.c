// SPDX-License-Identifier: MIT
#include "base/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/folder.h"

// folder/ w/data (root), w/models (root, read only), w/secret (none), outside/
static char *folder;
static lrc_roots *roots;

static const char *at(const char *name)
{
    return lrc_test_path(folder, name);
}

static void link_to(const char *target, const char *name)
{
    assert_int_equal(symlink(target, at(name)), 0);
}

static int set_up(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    umask(022);
    folder = lrc_test_folder();
    lrc_test_put(folder, "w/data/a.txt", "a");
    lrc_test_put(folder, "w/data/sub/deep/b.txt", "b");
    lrc_test_put(folder, "w/data/private/key", "secret");
    lrc_test_put(folder, "w/models/m.bin", "model");
    lrc_test_put(folder, "w/secret/s.txt", "secret");
    lrc_test_put(folder, "outside/o.txt", "outside");
    lrc_test_put(folder, "w/data2/o.txt", "a root's name is the beginning of this one's");
    assert_int_equal(lrc_roots_new(&roots, &err), 0);
    assert_int_equal(lrc_roots_add(roots, at("w/data"), 0, &err), 0);
    assert_int_equal(lrc_roots_add(roots, at("w/models"), LRC_ROOT_READ_ONLY, &err), 0);
    assert_int_equal(lrc_roots_deny(roots, at("w/data/private"), &err), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lrc_roots_free(roots);
    lrc_test_folder_done(folder);
    return 0;
}

// 'x' found, 'n' new, else the error's letter: d denied, m missing, i invalid, e another.
static char find(const char *text, unsigned flags)
{
    lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_rooted_find(roots, at("w"), text, flags, &r, &err) == 0)
        return r.exists ? 'x' : 'n';
    assert_int_equal(r.dir, -1);
    assert_null(r.path);
    switch (err.code) {
    case LRC_ERR_DENIED: return 'd';
    case LRC_ERR_NOT_FOUND: return 'm';
    case LRC_ERR_INVALID: return 'i';
    default: return 'e';
    }
}

struct finding {
    const char *text;
    char plain, fresh; // without flags, with LRC_ROOTED_NEW
};

static const struct finding findings[] = {
    {"data/a.txt", 'x', 'x'},
    {"./data//sub/./deep/b.txt", 'x', 'x'},
    {"data", 'x', 'x'},
    {"data/", 'x', 'x'},
    {"data/.", 'x', 'x'},
    {"data/sub/deep/", 'x', 'x'},
    {"models/m.bin", 'x', 'x'},
    {"data/new.txt", 'm', 'n'},
    {"data/none/new.txt", 'm', 'm'},
    {"data/a.txt/x", 'm', 'm'},
    {"", 'i', 'i'},
    {"/", 'd', 'd'},
    {".", 'd', 'd'},
    {"..", 'd', 'd'},
    {"data/..", 'd', 'd'},
    {"data/../data/a.txt", 'd', 'd'},
    {"data/../../outside/o.txt", 'd', 'd'},
    {"../outside/o.txt", 'd', 'd'},
    {"data/sub/../../secret/s.txt", 'd', 'd'},
    {"secret/s.txt", 'd', 'd'},
    {"secret", 'd', 'd'},
    {"data2/o.txt", 'd', 'd'},
    {"dat", 'd', 'd'},
    {"data/private/key", 'd', 'd'},
    {"data/private", 'd', 'd'},
    {"data/privateer", 'm', 'n'},
    {"/etc/passwd", 'd', 'd'},
    {"//etc/passwd", 'd', 'd'},
    {"/proc/self/root/etc/passwd", 'd', 'd'},
    {"data/%2e%2e/secret/s.txt", 'm', 'm'}, // decoding is somebody else's: these are names
    {"data/..%2fsecret", 'm', 'n'},
    {"data/...", 'm', 'n'},
    {"data/.. ", 'm', 'n'},
    {"data\\..\\secret", 'd', 'd'},
};

static void paths_stay_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(findings); i++) {
        const struct finding *f = &findings[i];
        if (find(f->text, 0) != f->plain || find(f->text, LRC_ROOTED_NEW) != f->fresh)
            fail_msg("'%s': '%c' and '%c', not '%c' and '%c'", f->text, find(f->text, 0), find(f->text, LRC_ROOTED_NEW),
                     f->plain, f->fresh);
    }
    char *longest = calloc(1, 6000);
    memset(longest, 'x', 300);
    assert_int_equal(find(longest, LRC_ROOTED_NEW), 'i'); // a name of 300 bytes
    for (size_t i = 0; i < 5999; i++)
        longest[i] = i % 2 ? '/' : 'x';
    assert_int_equal(find(longest, LRC_ROOTED_NEW), 'i');
    free(longest);
    assert_int_equal(find(at("w/data/a.txt"), 0), 'x'); // absolute
    assert_int_equal(find(at("outside/o.txt"), 0), 'd');
}

static void what_is_found(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    static const char *const way[] = {"data/sub/deep/b.txt", "data/to-sub/deep/b.txt"};
    link_to("sub", "w/data/to-sub");
    for (size_t i = 0; i < 2; i++) {
        lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
        assert_int_equal(lrc_rooted_find(roots, at("w"), way[i], 0, &r, &err), 0);
        assert_string_equal(r.path, at("w/data/sub/deep/b.txt"));
        assert_string_equal(r.name, "b.txt");
        assert_true(r.exists && !r.is_root && !r.read_only && S_ISREG(r.st.st_mode));
        int fd = -1;
        char c = 0;
        assert_int_equal(lrc_rooted_open(&r, &fd, &err), 0);
        assert_int_equal(read(fd, &c, 1), 1);
        assert_int_equal(c, 'b');
        close(fd);
    }
    lrc_auto_rooted lrc_rooted top = LRC_ROOTED_INIT;
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data", 0, &top, &err), 0);
    assert_true(top.is_root && S_ISDIR(top.st.st_mode));
    assert_string_equal(top.path, at("w/data"));
    lrc_auto_rooted lrc_rooted model = LRC_ROOTED_INIT;
    assert_int_equal(lrc_rooted_find(roots, "/nowhere", at("w/models/m.bin"), 0, &model, &err), 0);
    assert_true(model.read_only);
}

static void links(void **state)
{
    (void)state;
    link_to("a.txt", "w/data/near");
    link_to("../models/m.bin", "w/data/other-root");
    link_to("../models", "w/data/other-folder");
    link_to(at("w/models/m.bin"), "w/data/absolute");
    link_to("sub/deep", "w/data/in");
    link_to("../../data/sub", "w/data/sub/up-and-down");
    link_to("near", "w/data/chain");
    link_to("../../outside/o.txt", "w/data/out");
    link_to(at("outside"), "w/data/out-folder");
    link_to("/etc/passwd", "w/data/etc");
    link_to("../secret/s.txt", "w/data/secret");
    link_to("private/key", "w/data/to-private");
    link_to("loop2", "w/data/loop1");
    link_to("loop1", "w/data/loop2");
    link_to("gone", "w/data/dangling");
    link_to("gone/further", "w/data/dangling-far");
    link_to("..", "w/data/sub/up");
    link_to("../..", "w/data/sub/up-up");
    link_to("/proc/self/cwd", "w/data/magic");
    static const struct finding table[] = {
        {"data/near", 'x', 'x'},
        {"data/other-root", 'x', 'x'},
        {"data/other-folder/m.bin", 'x', 'x'},
        {"data/absolute", 'x', 'x'},
        {"data/in/b.txt", 'x', 'x'},
        {"data/in/new.txt", 'm', 'n'},
        {"data/sub/up-and-down/deep/b.txt", 'x', 'x'},
        {"data/chain", 'x', 'x'},
        {"data/sub/up/a.txt", 'x', 'x'},
        {"data/sub/up-up/models/m.bin", 'x', 'x'},
        {"data/sub/up-up", 'd', 'd'},
        {"data/sub/up-up/secret/s.txt", 'd', 'd'},
        {"data/out", 'd', 'd'},
        {"data/out-folder", 'd', 'd'},
        {"data/out-folder/o.txt", 'd', 'd'},
        {"data/out-folder/none.txt", 'd', 'd'},
        {"data/etc", 'd', 'd'},
        {"data/secret", 'd', 'd'},
        {"data/to-private", 'd', 'd'},
        {"data/loop1", 'i', 'i'},
        {"data/dangling", 'm', 'n'},
        {"data/dangling-far", 'm', 'm'},
        {"data/magic", 'd', 'd'},
        {"data/magic/x", 'd', 'd'},
    };
    for (size_t i = 0; i < LENGTH(table); i++)
        if (find(table[i].text, 0) != table[i].plain || find(table[i].text, LRC_ROOTED_NEW) != table[i].fresh)
            fail_msg("'%s': '%c' and '%c'", table[i].text, find(table[i].text, 0), find(table[i].text, LRC_ROOTED_NEW));
    // As itself, a link out can be looked at and removed; what it names stays.
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/out", LRC_ROOTED_LINK, &r, &err), 0);
    assert_true(S_ISLNK(r.st.st_mode));
    int fd;
    assert_int_equal(lrc_rooted_open(&r, &fd, &err), -1);
    assert_int_equal(err.code, LRC_ERR_DENIED);
    assert_int_equal(lrc_rooted_remove(&r, &err), 0);
    assert_true(lrc_test_holds(at("outside/o.txt"), "outside"));
}

static void special_files_are_no_files(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_rooted lrc_rooted fifo = LRC_ROOTED_INIT;
    lrc_auto_rooted lrc_rooted sub = LRC_ROOTED_INIT;
    int fd;
    assert_int_equal(mkfifo(at("w/data/fifo"), 0600), 0);
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/fifo", 0, &fifo, &err), 0);
    assert_int_equal(lrc_rooted_open(&fifo, &fd, &err), -1); // and does not wait for a writer
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/sub", 0, &sub, &err), 0);
    assert_int_equal(lrc_rooted_open(&sub, &fd, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
}

static int write_through(const char *text, const char *bytes, bool fresh, lrc_err *err)
{
    lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    if (lrc_rooted_find(roots, at("w"), text, LRC_ROOTED_PARENTS, &r, err) < 0 ||
        lrc_rooted_create(&r, 0, &out, err) < 0 || lrc_fs_out_write(&out, bytes, strlen(bytes), err) < 0)
        return -1;
    return fresh ? lrc_fs_out_commit_new(&out, err) : lrc_fs_out_commit(&out, err);
}

static void writing(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(write_through("data/made/on/the/way.txt", "new", true, &err), 0);
    assert_true(lrc_test_holds(at("w/data/made/on/the/way.txt"), "new"));
    assert_int_equal(write_through("data/made/on/the/way.txt", "newer", true, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    chmod(at("w/data/a.txt"), 0640);
    assert_int_equal(write_through("data/a.txt", "again", false, &err), 0);
    struct stat st;
    assert_int_equal(stat(at("w/data/a.txt"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_true(lrc_test_holds(at("w/data/a.txt"), "again"));
    assert_int_equal(lrc_test_entries(at("w/data/made/on/the")), 1); // no temporary file is left
    // A legal link is written at its target; one that leads out is not followed at all.
    link_to("sub/deep/b.txt", "w/data/link");
    assert_int_equal(write_through("data/link", "through", false, &err), 0);
    assert_true(lrc_test_holds(at("w/data/sub/deep/b.txt"), "through"));
    link_to("../../outside/o.txt", "w/data/out");
    assert_int_equal(write_through("data/out", "x", false, &err), -1);
    assert_int_equal(err.code, LRC_ERR_DENIED);
    assert_int_equal(write_through("data/sub", "x", false, &err), -1); // a folder
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_int_equal(write_through("models/m.bin", "x", false, &err), -1);
    assert_int_equal(err.code, LRC_ERR_DENIED);
    assert_int_equal(write_through("data", "x", false, &err), -1); // the root itself
    assert_int_equal(err.code, LRC_ERR_DENIED);
}

// After the check somebody swaps the file, or its folder, for a link that leads out.
static void links_put_there_later_are_not_followed(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    int fd;
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/a.txt", 0, &file, &err), 0);
    assert_int_equal(unlink(at("w/data/a.txt")), 0);
    link_to(at("outside/o.txt"), "w/data/a.txt");
    assert_int_equal(lrc_rooted_open(&file, &fd, &err), -1);
    assert_int_equal(err.code, LRC_ERR_DENIED);
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    assert_int_equal(lrc_rooted_create(&file, 0, &out, &err), 0);
    assert_int_equal(lrc_fs_out_write(&out, "mine", 4, &err), 0);
    assert_int_equal(lrc_fs_out_commit(&out, &err), 0); // replaces the link
    assert_true(lrc_test_holds(at("outside/o.txt"), "outside"));
    assert_true(lrc_test_holds(at("w/data/a.txt"), "mine"));

    lrc_auto_rooted lrc_rooted deep = LRC_ROOTED_INIT;
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/sub/new", LRC_ROOTED_NEW, &deep, &err), 0);
    assert_int_equal(rename(at("w/data/sub"), at("w/data/moved")), 0);
    link_to(at("outside"), "w/data/sub");
    assert_int_equal(lrc_rooted_mkdir(&deep, &err), 0);
    assert_int_equal(access(at("outside/new"), F_OK), -1);
    assert_int_equal(access(at("w/data/moved/new"), F_OK), 0);
}

// A thread would do; a child cannot disturb the harness. Swaps data/flip between a folder and a link out as fast as it can.
static pid_t start_swapping(void)
{
    assert_int_equal(mkdir(at("w/data/real"), 0755), 0);
    lrc_test_put(folder, "w/data/real/o.txt", "inside");
    link_to(at("outside"), "w/data/evil");
    assert_int_equal(rename(at("w/data/real"), at("w/data/flip")), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        for (;;)
            syscall(SYS_renameat2, AT_FDCWD, at("w/data/flip"), AT_FDCWD, at("w/data/evil"), 2u); // RENAME_EXCHANGE
    return pid;
}

static void a_race_of_links_never_gets_out(void **state)
{
    (void)state;
    const pid_t pid = start_swapping();
    const int64_t until = lrc_clock_mono_ms() + 500;
    unsigned inside = 0, denied = 0;
    do {
        lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
        lrc_err err = LRC_ERR_INIT;
        int fd;
        char c = 0;
        if (lrc_rooted_find(roots, at("w"), "data/flip/o.txt", 0, &r, &err) < 0 || lrc_rooted_open(&r, &fd, &err) < 0) {
            assert_int_equal(err.code, LRC_ERR_DENIED);
            denied++;
            continue;
        }
        assert_int_equal(read(fd, &c, 1), 1);
        close(fd);
        assert_int_equal(c, 'i'); // "inside", never "outside"
        inside++;
    } while (lrc_clock_mono_ms() < until || !inside || !denied);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static int note(void *arg, const lrc_rooted_entry *e, lrc_err *err)
{
    lrc_strv *list = arg;
    return lrc_strv_pushf(list, err, "%s%s%s%s", e->name, S_ISDIR(e->st.st_mode) ? "/" : "", e->is_link ? "@" : "",
                          e->outside ? "!" : "");
}

static void listing(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    link_to("sub", "w/data/l-folder");
    link_to("../../outside", "w/data/l-out");
    link_to("nothing", "w/data/l-nothing");
    lrc_test_put(folder, "w/data/.hidden", "");
    lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
    lrc_auto_strv lrc_strv list = {0};
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data", 0, &r, &err), 0);
    assert_int_equal(lrc_rooted_list(roots, &r, note, &list, &err), 0);
    static const char *const want[] = {".hidden", "a.txt", "l-folder/@", "l-nothing@!", "l-out@!", "private/", "sub/"};
    assert_int_equal(list.count, LENGTH(want));
    for (size_t i = 0; i < LENGTH(want); i++)
        assert_string_equal(list.item[i], want[i]);
    lrc_auto_rooted lrc_rooted file = LRC_ROOTED_INIT;
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/a.txt", 0, &file, &err), 0);
    assert_int_equal(lrc_rooted_list(roots, &file, note, &list, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
}

static void moving_and_removing(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_rooted lrc_rooted a = LRC_ROOTED_INIT, b = LRC_ROOTED_INIT, sub = LRC_ROOTED_INIT, top = LRC_ROOTED_INIT;
    lrc_auto_rooted lrc_rooted model = LRC_ROOTED_INIT, fresh = LRC_ROOTED_INIT;
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/a.txt", 0, &a, &err), 0);
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/sub/c.txt", LRC_ROOTED_NEW, &b, &err), 0);
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/sub", 0, &sub, &err), 0);
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data", 0, &top, &err), 0);
    assert_int_equal(lrc_rooted_find(roots, at("w"), "models/m.bin", 0, &model, &err), 0);
    assert_int_equal(lrc_rooted_find(roots, at("w"), "data/fresh", LRC_ROOTED_NEW, &fresh, &err), 0);
    assert_int_equal(lrc_rooted_rename(&a, &sub, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_int_equal(lrc_rooted_rename(&a, &b, &err), 0);
    assert_true(lrc_test_holds(at("w/data/sub/c.txt"), "a"));
    assert_int_equal(lrc_rooted_mkdir(&fresh, &err), 0);
    assert_int_equal(lrc_rooted_mkdir(&fresh, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    link_to(at("outside"), "w/data/sub/out");
    assert_int_equal(lrc_rooted_remove_tree(&sub, &err), 0);
    assert_int_equal(access(at("w/data/sub"), F_OK), -1);
    assert_true(lrc_test_holds(at("outside/o.txt"), "outside"));
    const lrc_rooted *const kept[] = {&top, &model};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(lrc_rooted_remove_tree(kept[i], &err), -1);
        assert_int_equal(err.code, LRC_ERR_DENIED);
        assert_int_equal(lrc_rooted_rename(kept[i], &fresh, &err), -1);
        assert_int_equal(err.code, LRC_ERR_DENIED);
    }
}

static void roots_change(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_roots *next = NULL;
    assert_int_equal(find("secret/s.txt", 0), 'd');
    assert_int_equal(lrc_roots_new(&next, &err), 0);
    assert_int_equal(lrc_roots_add(next, at("w/secret"), 0, &err), 0);
    lrc_roots_replace(roots, next);
    assert_int_equal(find("secret/s.txt", 0), 'x');
    assert_int_equal(find("data/a.txt", 0), 'd');
    assert_int_equal(lrc_roots_add(roots, at("nothing"), 0, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    assert_int_equal(lrc_roots_add(roots, at("outside/o.txt"), 0, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_int_equal(lrc_roots_add(roots, "/", 0, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    // A root that is reached by a link is declared where it really lies.
    link_to("outside", "alias");
    assert_int_equal(lrc_roots_add(roots, at("alias"), 0, &err), 0);
    assert_int_equal(find(at("outside/o.txt"), 0), 'x');
    lrc_auto_strv lrc_strv list = {0};
    assert_int_equal(lrc_roots_list(roots, &list, &err), 0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.item[1], at("outside"));
    // One inside another, and the whole workspace with its secrets denied.
    assert_int_equal(lrc_roots_add(roots, at("w"), 0, &err), 0);
    assert_int_equal(lrc_roots_deny(roots, at("w/secret"), &err), 0);
    assert_int_equal(find("data/a.txt", 0), 'x');
    assert_int_equal(find("secret/s.txt", 0), 'd');
    assert_int_equal(find(".", 0), 'x');
    // A root that is made anew is found again.
    assert_int_equal(rename(at("outside"), at("old")), 0);
    assert_int_equal(find(at("outside/o.txt"), 0), 'm');
    lrc_test_put(folder, "outside/o.txt", "new");
    assert_int_equal(find(at("outside/o.txt"), 0), 'x');
}

// Kernels and sandboxes without openat2: the walk alone, in a child that is refused the call.
static void without_openat2(void **state)
{
    (void)state;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {LENGTH(filter), filter};
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
            _exit(77);
        int wrong = 0;
        for (size_t i = 0; i < LENGTH(findings); i++)
            wrong += find(findings[i].text, 0) != findings[i].plain ||
                     find(findings[i].text, LRC_ROOTED_NEW) != findings[i].fresh;
        _exit(wrong);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); // no seccomp here
    assert_int_equal(status, 0);
}

static int find_through_a_link(void *arg, lrc_err *err)
{
    (void)arg;
    lrc_auto_roots lrc_roots *own = NULL;
    lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
    if (lrc_roots_new(&own, err) < 0 || lrc_roots_add(own, at("w/data"), 0, err) < 0 ||
        lrc_roots_deny(own, at("w/data/private"), err) < 0)
        return -1;
    return lrc_rooted_find(own, at("w"), "data/to-sub/deep/b.txt", 0, &r, err);
}

static void memory_runs_out(void **state)
{
    (void)state;
    link_to("sub", "w/data/to-sub");
    assert_int_equal(lrc_test_each_allocation(find_through_a_link, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paths_stay_inside),
        TEST(what_is_found),
        TEST(links),
        TEST(special_files_are_no_files),
        TEST(writing),
        TEST(links_put_there_later_are_not_followed),
        TEST(a_race_of_links_never_gets_out),
        TEST(listing),
        TEST(moving_and_removing),
        TEST(roots_change),
        TEST(without_openat2),
        TEST(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
