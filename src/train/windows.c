// SPDX-License-Identifier: MIT
#include "train/windows.h"

#include <string.h>

#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"

bool lrc_windows_is_path(const char *path)
{
    const char letter = lrc_ascii_lower(path[0]);
    if (letter >= 'a' && letter <= 'z' && path[1] == ':')
        return path[2] == '\\' || path[2] == '/' || path[2] == '\0';
    return path[0] == '\\' && path[1] == '\\';
}

static void use_slashes(char *path)
{
    for (; *path; path++)
        if (*path == '\\')
            *path = '/';
}

// Length of `folder` when `path` is it or lies below it, else 0.
static size_t inside(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    while (n > 0 && folder[n - 1] == '/')
        n--;
    for (size_t i = 0; i < n; i++)
        if (lrc_ascii_lower(path[i]) != lrc_ascii_lower(folder[i]))
            return 0;
    return path[n] == '/' || path[n] == '\0' ? n : 0;
}

int lrc_windows_map(const char *path, const char *map, char **ret, lrc_err *err)
{
    lrc_auto_free char *plain = NULL, *best = NULL;
    lrc_auto_strv lrc_strv rows = {0};
    size_t best_n = 0;
    if (lrc_str_copy(&plain, path, err) < 0 || lrc_strv_split(&rows, map, ';', err) < 0)
        return -1;
    use_slashes(plain);
    for (size_t i = 0; i < rows.count; i++) {
        char *equals = strchr(rows.item[i], '=');
        if (!equals)
            continue;
        *equals = '\0';
        char *folder = lrc_str_trim(rows.item[i]), *here = lrc_str_trim(equals + 1);
        use_slashes(folder);
        const size_t n = inside(plain, folder);
        if (n <= best_n || !here[0])
            continue;
        const char *rest = plain + n + strspn(plain + n, "/");
        free(lrc_take(best));
        if (lrc_path_join(&best, here, rest, err) < 0)
            return -1;
        best_n = n;
    }
    *ret = lrc_take(best);
    return 0;
}
