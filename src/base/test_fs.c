// SPDX-License-Identifier: MIT
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/path.h"
#include "support/allocations.h"
#include "support/cmocka.h"
#include "support/folder.h"

static char *root; // fresh for each test

static int set_up(void **state)
{
    (void)state;
    umask(022);
    root = lrc_test_folder();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lrc_test_folder_done(root);
    return 0;
}

static const char *at(const char *name)
{
    return lrc_test_path(root, name);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(lstat(at(name), &st), 0);
    return st.st_mode & 07777;
}

static void reading(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *text = NULL, *empty = NULL, *big = NULL;
    size_t n = 0;
    lrc_test_put(root, "a", "some text");
    assert_int_equal(lrc_fs_read(at("a"), 9, &text, NULL, &err), 0);
    assert_string_equal(text, "some text");
    char *none = NULL;
    assert_int_equal(lrc_fs_read(at("a"), 8, &none, NULL, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    assert_int_equal(lrc_fs_read(at("b"), 8, &none, NULL, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "/b'"));
    assert_int_equal(lrc_fs_read(root, 8, &none, NULL, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    lrc_auto_close int fd = open(at("a"), O_RDONLY | O_CLOEXEC);
    lrc_auto_free char *rest = NULL;
    assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
    assert_int_equal(lrc_fs_read_fd(fd, "it", 9, &rest, NULL, &err), 0);
    assert_string_equal(rest, "text");
    lrc_test_put(root, "empty", "");
    assert_int_equal(lrc_fs_read(at("empty"), 0, &empty, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_string_equal(empty, "");
    assert_int_equal(lrc_fs_write(at("nul"), "a\0b", 3, 0, &err), 0);
    assert_int_equal(lrc_fs_read(at("nul"), 10, &none, NULL, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_null(none);
    assert_int_equal(lrc_fs_read("/proc/self/status", 1 << 20, &big, &n, &err), 0); // says that it has 0 bytes
    assert_true(n > 100);
}

static void a_pipe_and_a_device_end_at_the_limit(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    char *none = NULL;
    assert_int_equal(lrc_fs_read("/dev/zero", 100000, &none, NULL, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    assert_null(none);
}

static void writing_and_modes(void **state)
{
    (void)state;
    umask(027);
    assert_int_equal(lrc_fs_write(at("new"), "x", 1, 0, NULL), 0);
    assert_int_equal(mode_of("new"), 0640);
    assert_int_equal(lrc_fs_write(at("secret"), "x", 1, 0600, NULL), 0);
    assert_int_equal(mode_of("secret"), 0600);
    assert_int_equal(chmod(at("new"), 0755), 0);
    assert_int_equal(lrc_fs_write(at("new"), "longer", 6, 0, NULL), 0);
    assert_int_equal(mode_of("new"), 0755);
    assert_true(lrc_test_holds(at("new"), "longer"));
    assert_int_equal(lrc_fs_write(at("new"), "", 0, 0600, NULL), 0);
    assert_int_equal(mode_of("new"), 0600);
    assert_true(lrc_test_holds(at("new"), ""));
    assert_int_equal(lrc_test_entries(root), 2); // no temporary file is left
}

static void owners_are_kept_as_root(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct stat st;
    assert_int_equal(chown(root, 1234, 2345), 0);
    assert_int_equal(lrc_fs_write(at("new"), "x", 1, 0, NULL), 0);
    assert_int_equal(stat(at("new"), &st), 0);
    assert_true(st.st_uid == 1234 && st.st_gid == 2345); // the folder's
    assert_int_equal(chown(at("new"), 55, 66), 0);
    assert_int_equal(lrc_fs_write(at("new"), "y", 1, 0, NULL), 0);
    assert_int_equal(stat(at("new"), &st), 0);
    assert_true(st.st_uid == 55 && st.st_gid == 66); // the replaced file's
}

static void links_are_written_at_their_target(void **state)
{
    (void)state;
    lrc_test_put(root, "elsewhere/caption.txt", "old");
    assert_int_equal(symlink("elsewhere/caption.txt", at("link")), 0);
    assert_int_equal(symlink("elsewhere/new.txt", at("dangling")), 0);
    assert_int_equal(lrc_fs_write(at("link"), "new", 3, 0, NULL), 0);
    assert_int_equal(lrc_fs_write(at("dangling"), "made", 4, 0, NULL), 0);
    assert_true(lrc_test_holds(at("elsewhere/caption.txt"), "new"));
    assert_true(lrc_test_holds(at("elsewhere/new.txt"), "made"));
    struct stat st;
    assert_true(lstat(at("link"), &st) == 0 && S_ISLNK(st.st_mode));
    assert_int_equal(lrc_test_entries(at("elsewhere")), 2);
}

static void a_write_that_is_given_up_leaves_nothing(void **state)
{
    (void)state;
    lrc_test_put(root, "a", "old");
    {
        lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
        assert_int_equal(lrc_fs_out_begin(&out, at("a"), 0, NULL), 0);
        assert_int_equal(lrc_fs_out_write(&out, "new", 3, NULL), 0);
        assert_int_equal(lrc_test_entries(root), 2);
    }
    assert_int_equal(lrc_test_entries(root), 1);
    assert_true(lrc_test_holds(at("a"), "old"));
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_fs_write(root, "x", 1, 0, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_int_equal(lrc_fs_write(at("no/folder"), "x", 1, 0, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
}

// The kernel stops a write half-way, as a full disk does: the old file stays whole.
static void a_write_that_is_cut_short(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *big = calloc(1, 100000);
    lrc_test_put(root, "a", "old");
    struct rlimit old, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = (struct rlimit){50000, old.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const int result = lrc_fs_write(at("a"), big, 100000, 0, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(result, -1);
    assert_int_equal(err.sys, EFBIG);
    assert_true(lrc_test_holds(at("a"), "old"));
    assert_int_equal(lrc_test_entries(root), 1);
}

static void no_space_left(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(lrc_fs_write_fd(fd, "x", 1, "captions/a.txt", &err), -1);
    assert_int_equal(err.code, LRC_ERR_DISK_FULL);
    assert_int_equal(lrc_err_http_status(err.code), 507);
    assert_non_null(strstr(err.msg, "captions/a.txt"));
}

static void new_files_replace_nothing(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    assert_int_equal(lrc_fs_out_begin(&out, at("a"), 0, NULL), 0);
    lrc_test_put(root, "a", "came first");
    assert_int_equal(lrc_fs_out_commit_new(&out, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    lrc_fs_out_done(&out);
    assert_true(lrc_test_holds(at("a"), "came first"));
    assert_int_equal(lrc_test_entries(root), 1);
    lrc_test_put(root, "b", "b");
    assert_int_equal(lrc_fs_rename_new(at("b"), at("a"), &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_int_equal(lrc_fs_rename_new(at("b"), at("c"), &err), 0);
    assert_true(lrc_test_holds(at("c"), "b"));
}

static void copying(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(root, "a", "text");
    assert_int_equal(chmod(at("a"), 0750), 0);
    assert_int_equal(lrc_fs_copy(at("a"), at("b"), &err), 0);
    assert_true(lrc_test_holds(at("b"), "text"));
    assert_int_equal(mode_of("b"), 0750);
    assert_int_equal(lrc_fs_copy("/proc/self/comm", at("c"), &err), 0); // sendfile cannot read it
    lrc_auto_free char *text = NULL;
    assert_int_equal(lrc_fs_read(at("c"), 100, &text, NULL, &err), 0);
    assert_non_null(strstr(text, "test_base_fs"));
    assert_int_equal(lrc_fs_copy(root, at("d"), &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_int_equal(lrc_fs_copy(at("none"), at("d"), &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
    assert_false(lrc_fs_exists(at("d")));
}

static void temporary_names(void **state)
{
    (void)state;
    lrc_auto_fs_out lrc_fs_out out = LRC_FS_OUT_INIT;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_fs_out_begin(&out, at("a"), 0, &err), 0);
    assert_true(lrc_fs_is_temp(lrc_path_name(out.temp)));
    static const char *const others[] = {"a", ".lorica-.tmp", ".lorica-0123456789abcdef", "0123456789abcdef.tmp", ""};
    for (size_t i = 0; i < LENGTH(others); i++)
        assert_false(lrc_fs_is_temp(others[i]));
}

static void folders(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_fs_mkdirs(at("a/b//c/"), &err), 0);
    assert_int_equal(lrc_fs_mkdirs(at("a/b"), &err), 0);
    assert_true(lrc_fs_is_dir(at("a/b/c")));
    assert_int_equal(symlink("a", at("link")), 0);
    assert_int_equal(lrc_fs_mkdirs(at("link/d"), &err), 0);
    assert_true(lrc_fs_is_dir(at("a/d")));
    lrc_test_put(root, "file", "x");
    assert_int_equal(lrc_fs_mkdirs(at("file"), &err), -1);
    assert_int_equal(lrc_fs_mkdirs(at("file/x"), &err), -1);
    assert_true(lrc_fs_is_file(at("file")) && !lrc_fs_is_dir(at("file")) && !lrc_fs_is_file(at("a")));
    assert_int_equal(lrc_fs_mkdir_new(at("a/new"), &err), 0);
    assert_int_equal(lrc_fs_mkdir_new(at("a/new"), &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    int fd = -1;
    assert_int_equal(lrc_fs_create_new(at("a/new/file"), &fd, &err), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(lrc_fs_create_new(at("a/new/file"), &fd, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_int_equal(lrc_fs_sync_all(at("a"), &err), 0);
    if (geteuid() == 0) { // what root makes belongs to whom the folder belongs to
        struct stat st;
        assert_int_equal(chown(at("a/new"), 1234, 4321), 0);
        assert_int_equal(lrc_fs_create_new(at("a/new/two"), &fd, &err), 0);
        assert_int_equal(close(fd), 0);
        assert_int_equal(lrc_fs_mkdirs(at("a/new/x/y"), &err), 0);
        static const char *const made[] = {"a/new/two", "a/new/x", "a/new/x/y"};
        for (size_t i = 0; i < LENGTH(made); i++) {
            assert_int_equal(stat(at(made[i]), &st), 0);
            assert_int_equal(st.st_uid, 1234);
            assert_int_equal(st.st_gid, 4321);
        }
    }
    assert_int_equal(lrc_fs_sync_dir(at("a"), &err), 0);
    assert_int_equal(lrc_fs_sync_dir(at("file"), &err), -1);
    assert_true(lrc_fs_free_bytes(root) > 0);
    assert_int_equal(lrc_fs_free_bytes(at("none")), 0);
}

static void removing(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    lrc_test_put(root, "tree/a/b/c", "x");
    lrc_test_put(root, "tree/.hidden", "x");
    lrc_test_put(root, "outside/kept", "x");
    assert_int_equal(symlink("../../outside", at("tree/a/link")), 0);
    assert_int_equal(symlink("tree", at("link")), 0);
    assert_int_equal(lrc_fs_remove(at("tree/none"), &err), 0);
    assert_int_equal(lrc_fs_remove(at("tree"), &err), -1); // a folder is not removed by mistake
    assert_int_equal(lrc_fs_remove_tree(at("link"), &err), 0);
    assert_true(lrc_fs_is_dir(at("tree/a/b"))); // only the link went
    assert_int_equal(lrc_fs_remove_tree(at("tree"), &err), 0);
    assert_false(lrc_fs_exists(at("tree")));
    assert_true(lrc_fs_is_file(at("outside/kept")));
    assert_int_equal(lrc_fs_remove_tree(at("tree"), &err), 0);
}

static lrc_walk_next note(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    assert_string_equal(lrc_path_name(e->path), e->name);
    if (lrc_strv_pushf(arg, err, "%u %s%s%s", e->depth, e->relative, S_ISDIR(e->st->st_mode) ? "/" : "",
                       e->is_link ? "@" : "") < 0)
        return LRC_WALK_FAIL;
    if (strcmp(e->name, "stop") == 0)
        return LRC_WALK_FAIL;
    return strcmp(e->name, "skipped") == 0 ? LRC_WALK_SKIP : LRC_WALK_ON;
}

static void walk_order(void **state)
{
    (void)state;
    static const char *const file[] = {"b.png", "a/z", "a/B", "a-1", "A", ".hid", "a/.hid", "skipped/x", "\xc3\xa9"};
    for (size_t i = 0; i < LENGTH(file); i++)
        lrc_test_put(root, file[i], "");
    assert_int_equal(symlink("a", at("dirlink")), 0);
    assert_int_equal(symlink("a/z", at("filelink")), 0);
    assert_int_equal(symlink("gone", at("dangling")), 0);
    static const struct {
        lrc_fs_walk_options options;
        const char *wanted;
    } row[] = {
        {{.recursive = true}, "0 A|0 a/|1 a/B|1 a/z|0 a-1|0 b.png|0 dirlink/@|0 filelink@|0 skipped/|0 \xc3\xa9|"},
        {{.recursive = true, .hidden = true},
         "0 .hid|0 A|0 a/|1 a/.hid|1 a/B|1 a/z|0 a-1|0 b.png|0 dirlink/@|0 filelink@|0 skipped/|0 \xc3\xa9|"},
        {{0}, "0 A|0 a/|0 a-1|0 b.png|0 dirlink/@|0 filelink@|0 skipped/|0 \xc3\xa9|"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_strv lrc_strv seen = {0};
        assert_int_equal(lrc_fs_walk(i ? root : at(""), &row[i].options, note, &seen, NULL), 0);
        lrc_auto_buf lrc_buf all;
        lrc_buf_init(&all, 10000);
        for (size_t k = 0; k < seen.count; k++)
            lrc_buf_addf(&all, "%s|", seen.item[k]);
        assert_string_equal(all.data, row[i].wanted);
    }
}

static void walks_that_end_early(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    const lrc_fs_walk_options all = {.recursive = true};
    lrc_auto_strv lrc_strv seen = {0};
    lrc_test_put(root, "a/stop", "");
    lrc_test_put(root, "b", "");
    assert_int_equal(lrc_fs_walk(root, &all, note, &seen, &err), -1);
    assert_int_equal(seen.count, 2);
    assert_int_equal(lrc_fs_walk(at("none"), &all, note, &seen, &err), -1);
    assert_int_equal(err.code, LRC_ERR_NOT_FOUND);
}

static int read_write_walk(void *arg, lrc_err *err)
{
    (void)arg;
    const lrc_fs_walk_options all = {.recursive = true};
    lrc_auto_free char *text = NULL;
    lrc_auto_strv lrc_strv seen = {0};
    if (lrc_fs_read(at("a/file"), 100000, &text, NULL, err) < 0 ||
        lrc_fs_write(at("link"), text, strlen(text), 0, err) < 0 || lrc_fs_copy(at("link"), at("copy"), err) < 0 ||
        lrc_fs_mkdirs(at("m/n"), err) < 0)
        return -1;
    return lrc_fs_walk(root, &all, note, &seen, err);
}

static void out_of_memory(void **state)
{
    (void)state;
    lrc_test_put(root, "a/file", "text");
    assert_int_equal(symlink("a/file", at("link")), 0);
    assert_int_equal(lrc_test_each_allocation(read_write_walk, NULL), 0);
    assert_true(lrc_test_holds(at("a/file"), "text"));
    assert_int_equal(lrc_test_entries(at("a")), 1);
    assert_int_equal(lrc_test_entries(root), 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reading),
        TEST(a_pipe_and_a_device_end_at_the_limit),
        TEST(writing_and_modes),
        TEST(owners_are_kept_as_root),
        TEST(links_are_written_at_their_target),
        TEST(a_write_that_is_given_up_leaves_nothing),
        TEST(a_write_that_is_cut_short),
        TEST(no_space_left),
        TEST(new_files_replace_nothing),
        TEST(copying),
        TEST(temporary_names),
        TEST(folders),
        TEST(removing),
        TEST(walk_order),
        TEST(walks_that_end_early),
        TEST(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
