// SPDX-License-Identifier: MIT
// temp.h - for cmocka tests, on top of folder.h: folders that go with their scope, and files that are compared with what
// is expected. Every function fails the running test instead of returning an error. Include after cmocka.h.
#ifndef LRC_TESTS_SUPPORT_TEMP_H
#define LRC_TESTS_SUPPORT_TEMP_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"
#include "support/cmocka.h"
#include "support/folder.h"

#define LRC_TEST_FILE_MAX (64 << 20)

// As assert_int_equal(x, 0), but says why. `e` is an lrc_err.
#define assert_ok(call, e)                                                                                             \
    do {                                                                                                               \
        if ((call) < 0)                                                                                                \
            fail_msg("%s: %s: %s", #call, lrc_err_word((e).code), (e).msg);                                            \
    } while (0)

static inline void lrc_test_temp_done(char **path)
{
    if (*path)
        lrc_test_folder_done(*path);
    *path = NULL;
}
#define lrc_auto_temp lrc_cleanup(lrc_test_temp_done)

static inline char *lrc_test_join(const char *dir, const char *name)
{
    char *path = NULL;
    if (lrc_path_join(&path, dir, name, NULL) < 0)
        fail_msg("out of memory");
    return path;
}

// Write dir/name with these bytes; missing folders are made.
static inline void lrc_test_put_bytes(const char *dir, const char *name, const void *bytes, size_t n)
{
    lrc_auto_free char *path = lrc_test_join(dir, name);
    lrc_auto_free char *parent = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_ok(lrc_path_parent(&parent, path, &err), err);
    assert_ok(lrc_fs_mkdirs(parent, &err), err);
    assert_ok(lrc_fs_write(path, bytes, n, 0, &err), err);
}

// Content of dir/name, NULL when there is no such file. The caller frees.
static inline char *lrc_test_get(const char *dir, const char *name)
{
    lrc_auto_free char *path = lrc_test_join(dir, name);
    char *text = NULL;
    size_t n;
    return lrc_fs_read(path, LRC_TEST_FILE_MAX, &text, &n, NULL) < 0 ? NULL : text;
}

static inline bool lrc_test_has(const char *dir, const char *name)
{
    lrc_auto_free char *path = lrc_test_join(dir, name);
    struct stat st;
    return lstat(path, &st) == 0;
}

// The file dir/name holds exactly this text; NULL: there is no such file.
static inline void lrc_test_expect(const char *dir, const char *name, const char *text)
{
    lrc_auto_free char *found = lrc_test_get(dir, name);
    if (!lrc_str_same(found, text))
        fail_msg("%s holds '%s', not '%s'", name, found ? found : "(nothing: no such file)", text ? text : "(no file)");
}

#endif
