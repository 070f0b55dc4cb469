// SPDX-License-Identifier: MIT
#include "dataset/name.h"

#include <string.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"
#include "base/utf8.h"

#define NEAR_DISTANCE 3 // edits between a name and the one that is suggested

static bool may_be_in_name(uint32_t cp)
{
    if (cp == ' ' || cp == '_' || cp == '-' || cp == '.')
        return true;
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND: return true;
    default: return false;
    }
}

int lrc_dataset_check_name(const char *name, lrc_err *err)
{
    if (lrc_path_check_name(name, "dataset_name", err) < 0)
        return -1;
    if (name[0] == '.')
        return lrc_fail_field(err, LRC_ERR_INVALID, "dataset_name", "a dataset's name must not begin with a dot");
    for (const char *p = name; *p;) {
        uint32_t cp = 0;
        const size_t n = lrc_utf8_decode(p, strlen(p), &cp);
        if (!may_be_in_name(cp))
            return lrc_fail_field(err, LRC_ERR_INVALID, "dataset_name",
                                  "a dataset's name may hold letters, digits, blanks, '_', '-' and '.', not '%.*s'",
                                  (int)n, p);
        p += n;
    }
    return 0;
}

int lrc_dataset_mend_name(const char *given, char **ret, lrc_err *err)
{
    lrc_auto_free char *copy = NULL, *mended = NULL;
    lrc_auto_buf lrc_buf name;
    lrc_buf_init(&name, LRC_PATH_MAX);
    if (lrc_str_copy(&copy, given, err) < 0)
        return -1;
    const char *p = lrc_str_trim(copy);
    if (!*p)
        return lrc_fail_field(err, LRC_ERR_INVALID, "dataset_name", "a dataset needs a name");
    while (*p) {
        uint32_t cp = 0;
        const size_t n = lrc_utf8_decode(p, strlen(p), &cp);
        if (n && may_be_in_name(cp) && !(cp == '.' && name.len == 0))
            lrc_buf_add(&name, p, n);
        else
            lrc_buf_addc(&name, '_');
        p += n ? n : 1;
    }
    if (lrc_buf_take(&name, "the dataset's name", &mended, NULL, err) < 0 || lrc_dataset_check_name(mended, err) < 0)
        return -1;
    *ret = lrc_take(mended);
    return 0;
}

// Unicode normal form C; the caller frees. NULL when it is not UTF-8 or memory runs out.
static char *normal_form(const char *text)
{
    return (char *)utf8proc_NFC((const utf8proc_uint8_t *)text);
}

struct search {
    char *wanted;      // in normal form; NULL when it has none
    const char *given; // last component
    char *found;       // path
    char *nearest;     // name
    size_t distance;
};

static lrc_walk_next compare(void *arg, const lrc_fs_entry *e, lrc_err *err)
{
    struct search *s = arg;
    if (!S_ISDIR(e->st->st_mode))
        return LRC_WALK_ON;
    lrc_auto_free char *normal = normal_form(e->name);
    if (s->wanted && normal && !s->found && strcmp(s->wanted, normal) == 0)
        return lrc_str_copy(&s->found, e->path, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
    const size_t distance = lrc_str_distance(s->given, e->name);
    if (distance > NEAR_DISTANCE || distance >= s->distance)
        return LRC_WALK_ON;
    free(lrc_take(s->nearest));
    s->distance = distance;
    return lrc_str_copy(&s->nearest, e->name, err) < 0 ? LRC_WALK_FAIL : LRC_WALK_ON;
}

static int look_around(const lrc_workspace *w, struct search *s, lrc_err *err)
{
    lrc_auto_free char *datasets = NULL;
    const lrc_fs_walk_options options = {0};
    if (lrc_workspace_path(w, "datasets", &datasets, err) < 0)
        return -1;
    return lrc_fs_is_dir(datasets) ? lrc_fs_walk(datasets, &options, compare, s, err) : 0;
}

int lrc_dataset_find(const lrc_workspace *w, const char *given, char **ret, lrc_err *err)
{
    lrc_auto_free char *direct = NULL;
    if (lrc_workspace_dataset(w, given, &direct, err) < 0)
        return -1;
    if (lrc_fs_is_dir(direct)) {
        *ret = lrc_take(direct);
        return 0;
    }
    struct search s = {.given = lrc_path_name(direct), .distance = SIZE_MAX};
    s.wanted = normal_form(s.given);
    int result = look_around(w, &s, err);
    if (result == 0 && s.found)
        *ret = lrc_take(s.found);
    else if (result == 0 && s.nearest)
        result = lrc_fail_field(err, LRC_ERR_NOT_FOUND, "dataset", "there is no dataset '%s'; did you mean '%s'?",
                                s.given, s.nearest);
    else if (result == 0)
        result = lrc_fail_field(err, LRC_ERR_NOT_FOUND, "dataset",
                                "there is no dataset '%s'; 'lorica dataset list' shows all", s.given);
    free(s.wanted);
    free(s.found);
    free(s.nearest);
    return result;
}

int lrc_dataset_place(const lrc_workspace *w, const char *name, char **ret, lrc_err *err)
{
    lrc_auto_free char *datasets = NULL;
    if (lrc_dataset_check_name(name, err) < 0 || lrc_workspace_path(w, "datasets", &datasets, err) < 0)
        return -1;
    lrc_auto_free char *normal = normal_form(name);
    return normal ? lrc_path_join(ret, datasets, normal, err) : lrc_fail_memory(err);
}
