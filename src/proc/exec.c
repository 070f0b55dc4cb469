// SPDX-License-Identifier: MIT
#include "proc/exec.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

int lrc_proc_exec_sibling(const char *name, char *const *argv, lrc_err *err)
{
    lrc_auto_free char *self = NULL, *folder = NULL, *path = NULL;
    if (lrc_path_real(&self, NULL, "/proc/self/exe", err) < 0 || lrc_path_parent(&folder, self, err) < 0 ||
        lrc_path_join(&path, folder, name, err) < 0)
        return -1;
    if (access(path, X_OK) < 0)
        return lrc_fail(err, LRC_ERR_NOT_BUILT, "'%s' is missing: install Lorica again, or build it with ./dev build",
                        path);
    fflush(NULL);
    execv(path, argv);
    return lrc_fail_errno(err, "cannot run '%s'", path);
}
