// SPDX-License-Identifier: MIT
#include "proc/env.h"

#include <string.h>
#include <unistd.h>

#include "base/ascii.h"

bool lrc_proc_env_name_ok(const char *name, size_t n)
{
    if (n == 0 || lrc_ascii_digit(name[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!lrc_ascii_alnum(name[i]) && name[i] != '_')
            return false;
    return true;
}

// Index of NAME in env, env->count when absent.
static size_t find(const lrc_strv *env, const char *name, size_t n)
{
    for (size_t i = 0; i < env->count; i++)
        if (strncmp(env->item[i], name, n) == 0 && env->item[i][n] == '=')
            return i;
    return env->count;
}

static bool lets_through(const lrc_proc_env_rule *rules, const char *name, size_t n)
{
    for (; rules->name; rules++) {
        const size_t m = strlen(rules->name);
        const bool beginning = rules->name[m - 1] == '*';
        if (beginning ? n >= m - 1 && memcmp(rules->name, name, m - 1) == 0
                      : n == m && memcmp(rules->name, name, n) == 0)
            return true;
    }
    return false;
}

int lrc_proc_env_inherit(lrc_strv *env, const lrc_proc_env_rule *rules, lrc_err *err)
{
    for (char **e = environ; e && *e; e++) {
        const size_t n = strcspn(*e, "=");
        if (!lrc_proc_env_name_ok(*e, n) || !(*e)[n] || !lets_through(rules, *e, n) || find(env, *e, n) < env->count)
            continue;
        if (lrc_strv_push(env, *e, err) < 0)
            return -1;
    }
    return 0;
}

int lrc_proc_env_set(lrc_strv *env, const char *name, const char *value, lrc_err *err)
{
    const size_t n = strlen(name);
    if (!lrc_proc_env_name_ok(name, n))
        return lrc_fail_field(err, LRC_ERR_INVALID, "env", "'%s' is not a name for an environment variable", name);
    lrc_auto_free char *both = NULL;
    if (lrc_str_format(&both, err, "%s=%s", name, value) < 0)
        return -1;
    const size_t at = find(env, name, n);
    if (at == env->count)
        return lrc_strv_give(env, lrc_take(both), err);
    free(env->item[at]);
    env->item[at] = lrc_take(both);
    return 0;
}

const char *lrc_proc_env_get(const lrc_strv *env, const char *name)
{
    const size_t n = strlen(name), at = find(env, name, n);
    return at < env->count ? env->item[at] + n + 1 : NULL;
}
