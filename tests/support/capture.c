// SPDX-License-Identifier: MIT
#include "support/capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "support/folder.h"

#define OUTPUT_MAX (16 << 20)

// Lets `stream` write into a new file; the descriptor that it had is returned.
static int redirect(FILE *stream, const char *path)
{
    fflush(stream);
    const int kept = dup(fileno(stream));
    FILE *file = fopen(path, "we");
    if (kept < 0 || !file || dup2(fileno(file), fileno(stream)) < 0) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return kept;
}

static void restore(FILE *stream, int kept)
{
    fflush(stream);
    dup2(kept, fileno(stream));
    close(kept);
}

int lrc_test_capture(int (*fn)(void *arg), void *arg, char **ret_out, char **ret_err)
{
    char *folder = lrc_test_folder();
    const int out = redirect(stdout, lrc_test_path(folder, "out"));
    const int err = redirect(stderr, lrc_test_path(folder, "err"));
    const int result = fn(arg);
    restore(stdout, out);
    restore(stderr, err);
    if (lrc_fs_read(lrc_test_path(folder, "out"), OUTPUT_MAX, ret_out, &(size_t){0}, NULL) < 0 ||
        lrc_fs_read(lrc_test_path(folder, "err"), OUTPUT_MAX, ret_err, &(size_t){0}, NULL) < 0) {
        perror("capture");
        exit(2);
    }
    lrc_test_folder_done(folder);
    return result;
}
