// SPDX-License-Identifier: MIT
#include "tag/rename.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define SHORT_NAME 3 // code points; LRC_UNDERSCORE_LEN3 leaves them alone
#define PART_MAX   65536

// The faces that the model author's app spares.
static const char *const faces[] = {"0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<",  "3_3",
                                    "6_9", ">_o",     "@_@", "^_^", "o_o", "u_u",     "x_x",     "|_|", "||_||"};

static bool is_face(const char *name)
{
    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++)
        if (strcmp(faces[i], name) == 0)
            return true;
    return false;
}

void lrc_tag_remove_underscore(char *name, lrc_underscore_rule rule)
{
    const bool spared = rule == LRC_UNDERSCORE_LEN3 ? lrc_utf8_count(name, strlen(name)) <= SHORT_NAME : is_face(name);
    for (char *p = name; *p && !spared; p++)
        if (*p == '_')
            *p = ' ';
}

int lrc_tag_expand(const char *name, const char *separator, char **ret, lrc_err *err)
{
    const char *open = strrchr(name, '(');
    if (!open || !lrc_str_ends(name, ")"))
        return lrc_str_copy(ret, name, err);
    const size_t head = (size_t)(open - name);
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, PART_MAX);
    lrc_buf_add(&text, name, head > 0 && open[-1] == '_' ? head - 1 : head);
    lrc_buf_adds(&text, separator);
    for (const char *p = open + 1; *p; p++)
        if (*p != ')')
            lrc_buf_addc(&text, *p);
    return lrc_buf_take(&text, "a name", ret, NULL, err);
}

// Read up to `stop` or ';' or the end into `part`; a backslash makes ',' and ';' ordinary. Returns where it stopped.
static const char *read_part(const char *at, lrc_buf *part)
{
    lrc_buf_truncate(part, 0);
    for (; *at && *at != ',' && *at != ';'; at++) {
        if (*at == '\\' && (at[1] == ',' || at[1] == ';'))
            at++;
        lrc_buf_addc(part, *at);
    }
    return at;
}

static int rename_first(char **names, const size_t *order, size_t count, const char *from, const char *to, lrc_err *err)
{
    for (size_t i = 0; i < count; i++) {
        char **name = &names[order[i]];
        if (strcmp(*name, from) != 0)
            continue;
        char *made = NULL;
        if (lrc_str_copy(&made, to, err) < 0)
            return -1;
        free(*name);
        *name = made;
        return 0;
    }
    return 0; // a name that this model does not have
}

int lrc_tag_replace(const char *spec, char **names, const size_t *order, size_t count, lrc_err *err)
{
    lrc_auto_buf lrc_buf from, to;
    lrc_buf_init(&from, PART_MAX);
    lrc_buf_init(&to, PART_MAX);
    for (const char *at = spec;; at++) {
        at = read_part(at, &from);
        const bool two = *at == ',';
        if (two)
            at = read_part(at + 1, &to);
        if (!two || *at == ',')
            return lrc_fail_field(err, LRC_ERR_INVALID, "tag_replacement",
                                  "each replacement is FROM,TO with ';' between them; write \\, and \\; for a comma or "
                                  "semicolon inside a name; this one has %s: '%.80s'",
                                  two ? "too many parts" : "only one part", from.data);
        if (lrc_buf_check(&from, "a replacement", err) < 0 || lrc_buf_check(&to, "a replacement", err) < 0 ||
            rename_first(names, order, count, from.data, to.data, err) < 0)
            return -1;
        if (!*at)
            return 0;
    }
}
