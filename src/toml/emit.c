// SPDX-License-Identifier: MIT
#include "toml/emit.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"

void lrc_toml_put_bool(lrc_buf *b, bool v)
{
    lrc_buf_adds(b, v ? "true" : "false");
}

// Both write Python's repr; the second then replaces "e+0" by "e+" and "e-0" by "e-".
void lrc_toml_put_float(lrc_buf *b, lrc_toml_form form, double v)
{
    char text[LRC_NUM_TEXT];
    lrc_num_repr(v, text);
    char *exponent = strchr(text, 'e');
    if (form == LRC_TOML_PY && exponent && exponent[2] == '0')
        memmove(exponent + 2, exponent + 3, strlen(exponent + 3) + 1);
    lrc_buf_adds(b, text);
}

void lrc_toml_list_begin(lrc_buf *b)
{
    lrc_buf_addc(b, '[');
}

void lrc_toml_list_item(lrc_buf *b, lrc_toml_form form, bool first)
{
    if (form == LRC_TOML_KIT)
        lrc_buf_adds(b, first ? "" : ", ");
    else
        lrc_buf_adds(b, first ? " " : ", ");
}

void lrc_toml_list_end(lrc_buf *b, lrc_toml_form form, bool empty)
{
    lrc_buf_adds(b, form == LRC_TOML_PY && !empty ? ",]" : "]");
}

// ---- tomlkit ---------------------------------------------------------------------------------------------------------

static void put_kit(lrc_buf *b, const char *s, size_t n)
{
    static const char from[] = "\b\t\n\f\r\"\\", to[] = "btnfr\"\\";
    lrc_buf_addc(b, '"');
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)s[i];
        const char *hit = c ? strchr(from, c) : NULL;
        if (hit)
            lrc_buf_addf(b, "\\%c", to[hit - from]);
        else if (c < 0x20 || c == 0x7f)
            lrc_buf_addf(b, "\\u%04x", c);
        else
            lrc_buf_addc(b, (char)c);
    }
    lrc_buf_addc(b, '"');
}

// ---- toml 0.10.2 -----------------------------------------------------------------------------------------------------
// It takes Python's repr() of the text and repairs it into TOML: \xhh should become \u00hh. The repair looks for the two
// characters \x, and a backslash of the text itself that happens to stand before an x looks the same to it.

static void put_repr_char(lrc_buf *b, uint32_t cp, const char *bytes, size_t n)
{
    switch (cp) {
    case '\\': lrc_buf_adds(b, "\\\\"); return;
    case '\t': lrc_buf_adds(b, "\\t"); return;
    case '\n': lrc_buf_adds(b, "\\n"); return;
    case '\r': lrc_buf_adds(b, "\\r"); return;
    case '"': lrc_buf_adds(b, "\\\""); return; // repr leaves it, the first repair escapes it
    default: break;
    }
    if (lrc_toml_is_printable(cp))
        lrc_buf_add(b, bytes, n);
    else if (cp <= 0xff)
        lrc_buf_addf(b, "\\x%02x", (unsigned)cp);
    else
        lrc_buf_addf(b, cp <= 0xffff ? "\\u%04x" : "\\U%08x", (unsigned)cp);
}

static void put_repr(lrc_buf *b, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = lrc_utf8_decode(s + i, n - i, &cp);
        if (len == 0) { // not UTF-8: our callers have checked; shown as a replacement
            put_repr_char(b, 0xfffd, "\xef\xbf\xbd", 3);
            len = 1;
        } else {
            put_repr_char(b, cp, s + i, len);
        }
        i += len;
    }
}

// Every pair of backslashes in head becomes one.
static void halve_backslashes(lrc_buf *head)
{
    size_t kept = 0;
    for (size_t i = 0; i < head->len; i++) {
        head->data[kept++] = head->data[i];
        if (head->data[i] == '\\' && i + 1 < head->len && head->data[i + 1] == '\\')
            i++;
    }
    lrc_buf_truncate(head, kept);
}

// What the library puts in place of a "\x" that stood behind `head`.
static const char *joint_after(const lrc_buf *head)
{
    bool plain = head->data[head->len - 1] != '\\';
    for (size_t back = 1; back < head->len && head->data[head->len - back] == '\\'; back++)
        plain = !plain;
    return plain ? "x" : "u00";
}

static bool next_piece(const char **at, const char **ret, size_t *ret_n)
{
    if (!*at)
        return false;
    const char *mark = strstr(*at, "\\x");
    *ret = *at;
    *ret_n = mark ? (size_t)(mark - *at) : strlen(*at);
    *at = mark ? mark + 2 : NULL;
    return true;
}

// The pieces between the "\x" are joined from the left; `head` is what is joined so far.
static bool join_pieces(lrc_buf *head, const char *at)
{
    const char *piece = at;
    size_t n = 0;
    next_piece(&at, &piece, &n);
    lrc_buf_add(head, piece, n);
    while (next_piece(&at, &piece, &n)) {
        if (head->len == 0) { // an empty head is dropped; the library dies when nothing is left to join
            lrc_buf_add(head, piece, n);
            if (!next_piece(&at, &piece, &n) || head->len == 0)
                return false;
        }
        halve_backslashes(head);
        lrc_buf_adds(head, joint_after(head));
        lrc_buf_add(head, piece, n);
    }
    return true;
}

static bool put_py(lrc_buf *b, const char *s, size_t n)
{
    lrc_auto_buf lrc_buf repr;
    lrc_auto_buf lrc_buf head;
    lrc_buf_init(&repr, b->max);
    lrc_buf_init(&head, b->max);
    put_repr(&repr, s, n);
    const bool alive = join_pieces(&head, repr.data);
    if (alive) {
        lrc_buf_addc(b, '"');
        lrc_buf_add(b, head.data, head.len);
        lrc_buf_addc(b, '"');
    }
    if (!b->failed && (repr.failed || head.failed))
        b->failed = repr.failed ? repr.failed : head.failed;
    return alive;
}

bool lrc_toml_put_str(lrc_buf *b, lrc_toml_form form, const char *s, size_t n)
{
    if (form == LRC_TOML_PY)
        return put_py(b, s, n);
    put_kit(b, s, n);
    return true;
}
