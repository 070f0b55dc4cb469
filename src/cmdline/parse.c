// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "cmdline/cmdline.h"

struct parser {
    const lrc_cmd *cmd;
    const lrc_opt *opts;
    size_t opt_count;
    lrc_opt common[4];
};

static void common_options(struct parser *p, lrc_common *c)
{
    p->common[0] = (lrc_opt){"workspace", 'w',
                             LRC_OPT_STR, &c->workspace,
                             "DIR",       "where datasets, models and jobs lie ($LORICA_WORKSPACE, else ./workspace)",
                             0,           0,
                             NULL};
    p->common[1] = (lrc_opt){"json", 0, LRC_OPT_FLAG, &c->json, NULL, "print the result as JSON", 0, 0, NULL};
    p->common[2] = (lrc_opt){"quiet", 'q', LRC_OPT_FLAG, &c->quiet, NULL, "no progress and no notes", 0, 0, NULL};
    p->common[3] = (lrc_opt){"help", 'h', LRC_OPT_FLAG, &c->help, NULL, "this text", 0, 0, NULL};
}

static const lrc_opt *nth_option(const struct parser *p, size_t i)
{
    if (i < p->opt_count)
        return &p->opts[i];
    i -= p->opt_count;
    return i < sizeof p->common / sizeof p->common[0] ? &p->common[i] : NULL;
}

static bool takes_value(const lrc_opt *o)
{
    return o->kind != LRC_OPT_FLAG && o->kind != LRC_OPT_NOFLAG;
}

static const lrc_opt *find_long(const struct parser *p, const char *name, size_t n)
{
    const lrc_opt *o;
    for (size_t i = 0; (o = nth_option(p, i)); i++)
        if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
            return o;
    return NULL;
}

static const lrc_opt *find_short(const struct parser *p, char letter)
{
    const lrc_opt *o;
    for (size_t i = 0; (o = nth_option(p, i)); i++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static bool in_range(const lrc_opt *o, double v)
{
    return (o->min == 0 && o->max == 0) || (v >= o->min && v <= o->max);
}

static int out_of_range(const lrc_opt *o, const char *value, lrc_err *err)
{
    return lrc_fail_field(err, LRC_ERR_INVALID, o->name, "--%s must be between %g and %g, not %s", o->name, o->min,
                          o->max, value);
}

static int set_choice(const lrc_opt *o, const char *value, lrc_err *err)
{
    const size_t n = strcspn(value, "|"); // two choices at once are none
    for (const char *c = value[n] ? NULL : o->choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        if (n > 0 && strncmp(c, value, n) == 0 && (c[n] == '\0' || c[n] == '|')) {
            *(const char **)o->ret = value;
            return 0;
        }
    return lrc_fail_field(err, LRC_ERR_INVALID, o->name, "--%s must be one of %s, not '%s'", o->name, o->choices,
                          value);
}

static int set_value(const lrc_opt *o, const char *value, lrc_err *err)
{
    int64_t whole;
    double real;
    switch (o->kind) {
    case LRC_OPT_STR: *(const char **)o->ret = value; return 0;
    case LRC_OPT_LIST: return lrc_strv_push(o->ret, value, err);
    case LRC_OPT_CHOICE: return set_choice(o, value, err);
    case LRC_OPT_INT:
        if (!lrc_str_to_i64(value, &whole))
            return lrc_fail_field(err, LRC_ERR_INVALID, o->name, "--%s needs a whole number, not '%s'", o->name, value);
        if (!in_range(o, (double)whole))
            return out_of_range(o, value, err);
        *(int64_t *)o->ret = whole;
        return 0;
    case LRC_OPT_DOUBLE:
        if (!lrc_str_to_double(value, &real))
            return lrc_fail_field(err, LRC_ERR_INVALID, o->name, "--%s needs a number, not '%s'", o->name, value);
        if (!in_range(o, real))
            return out_of_range(o, value, err);
        *(double *)o->ret = real;
        return 0;
    case LRC_OPT_FLAG:
    case LRC_OPT_NOFLAG: *(bool *)o->ret = o->kind == LRC_OPT_FLAG; return 0;
    }
    return 0;
}

// One argument that begins with '-'; *i is moved past its value.
static int take_option(const struct parser *p, int argc, char **argv, int *i, lrc_err *err)
{
    const char *arg = argv[*i];
    const bool is_long = arg[1] == '-';
    const char *equals = is_long ? strchr(arg, '=') : NULL;
    const size_t n = equals ? (size_t)(equals - arg) - 2 : strlen(arg) - (is_long ? 2 : 0);
    const lrc_opt *o = is_long ? find_long(p, arg + 2, n) : arg[2] ? NULL : find_short(p, arg[1]);
    if (!o)
        return lrc_fail_field(err, LRC_ERR_INVALID, arg, "unknown option %s; see 'lorica %s --help'", arg,
                              p->cmd->name);
    if (!takes_value(o)) {
        if (equals)
            return lrc_fail_field(err, LRC_ERR_INVALID, o->name, "--%s takes no value", o->name);
        return set_value(o, NULL, err);
    }
    if (!equals && *i + 1 >= argc)
        return lrc_fail_field(err, LRC_ERR_INVALID, o->name, "--%s needs a value: --%s %s", o->name, o->name,
                              o->arg ? o->arg : "VALUE");
    return set_value(o, equals ? equals + 1 : argv[++*i], err);
}

static void print_default(const lrc_opt *o)
{
    char number[LRC_NUM_TEXT];
    if (o->kind == LRC_OPT_INT) {
        printf(" [%lld]", (long long)*(int64_t *)o->ret);
    } else if (o->kind == LRC_OPT_DOUBLE) {
        lrc_num_short(*(double *)o->ret, number);
        if (!isnan(*(double *)o->ret)) // NAN: no default, or one that is decided later
            printf(" [%s]", number);
    } else if ((o->kind == LRC_OPT_STR || o->kind == LRC_OPT_CHOICE) && *(const char **)o->ret) {
        printf(" [%s]", *(const char **)o->ret);
    }
}

static void print_help(const struct parser *p)
{
    printf("Usage: lorica %s [options]%s%s\n\n%s\n", p->cmd->name, p->cmd->args[0] ? " " : "", p->cmd->args,
           p->cmd->summary);
    if (p->cmd->text)
        printf("\n%s\n", p->cmd->text);
    printf("\nOptions:\n");
    const lrc_opt *o;
    for (size_t i = 0; (o = nth_option(p, i)); i++) {
        char left[64], letter[4] = "";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c,", o->letter);
        snprintf(left, sizeof left, "%3s --%s%s%s", letter, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        printf("  %-34s %s", left, o->help);
        if (o->kind == LRC_OPT_CHOICE)
            printf(" (%s)", o->choices);
        print_default(o);
        printf("\n");
    }
}

static int check_count(const lrc_cmd *cmd, const lrc_strv *args, lrc_err *err)
{
    if ((int)args->count < cmd->min_args)
        return lrc_fail(err, LRC_ERR_INVALID, "'lorica %s' needs %s; see 'lorica %s --help'", cmd->name, cmd->args,
                        cmd->name);
    if (cmd->max_args >= 0 && (int)args->count > cmd->max_args)
        return lrc_fail(err, LRC_ERR_INVALID, "'%s' is one argument too many; see 'lorica %s --help'",
                        args->item[cmd->max_args], cmd->name);
    return 0;
}

static bool has_word(int argc, char **argv, const char *word)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], word) == 0)
            return true;
    return false;
}

static int take_all(const struct parser *p, int argc, char **argv, lrc_strv *ret_args, lrc_err *err)
{
    bool options_end = false;
    for (int i = 0; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
        } else if (!options_end && argv[i][0] == '-' && argv[i][1]) {
            if (take_option(p, argc, argv, &i, err) < 0)
                return -1;
        } else if (lrc_strv_push(ret_args, argv[i], err) < 0) {
            return -1;
        }
    }
    return check_count(p->cmd, ret_args, err);
}

int lrc_cmdline_parse(const lrc_cmd *cmd, const lrc_opt *opts, size_t opt_count, int argc, char **argv,
                      lrc_common *ret_common, lrc_strv *ret_args, lrc_err *err)
{
    struct parser p = {.cmd = cmd, .opts = opts, .opt_count = opt_count};
    common_options(&p, ret_common);
    // Before anything is set, so that the defaults are shown as they are.
    if (has_word(argc, argv, "--help") || has_word(argc, argv, "-h")) {
        ret_common->help = true;
        print_help(&p);
        return 0;
    }
    if (take_all(&p, argc, argv, ret_args, err) == 0)
        return 0;
    ret_common->json = ret_common->json || has_word(argc, argv, "--json");
    return -1;
}
