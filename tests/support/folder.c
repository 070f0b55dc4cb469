// SPDX-License-Identifier: MIT
#include "support/folder.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/path.h"

#define FILE_MAX_BYTES (64 << 20)
#define RING           16

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(2);
}

char *lrc_test_folder(void)
{
    const char *base = getenv("TMPDIR");
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s/lorica-test-XXXXXX", base && base[0] ? base : "/tmp");
    must(mkdtemp(name) != NULL, name);
    char *folder = realpath(name, NULL);
    must(folder != NULL, name);
    return folder;
}

void lrc_test_folder_done(char *folder)
{
    lrc_err err = LRC_ERR_INIT;
    if (lrc_fs_remove_tree(folder, &err) < 0)
        fprintf(stderr, "%s\n", err.msg);
    free(folder);
}

const char *lrc_test_path(const char *folder, const char *name)
{
    static char ring[RING][PATH_MAX];
    static unsigned next;
    char *path = ring[next++ % RING];
    must(snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX, name);
    return path;
}

void lrc_test_put(const char *folder, const char *name, const char *text)
{
    const char *path = lrc_test_path(folder, name);
    char *parent = NULL;
    must(lrc_path_parent(&parent, path, NULL) == 0 && lrc_fs_mkdirs(parent, NULL) == 0, path);
    free(parent);
    FILE *f = fopen(path, "we");
    must(f && fputs(text, f) >= 0, path);
    must(fclose(f) == 0, path);
}

bool lrc_test_holds(const char *path, const char *text)
{
    char *found = NULL;
    size_t n = 0;
    const bool same =
        lrc_fs_read(path, FILE_MAX_BYTES, &found, &n, NULL) == 0 && n == strlen(text) && memcmp(found, text, n) == 0;
    free(found);
    return same;
}

size_t lrc_test_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    must(dir != NULL, folder);
    size_t n = 0;
    const struct dirent *e;
    while ((e = readdir(dir)))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return n;
}
