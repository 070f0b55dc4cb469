// SPDX-License-Identifier: MIT
// module: base
// Any bytes as text, path and message: UTF-8 functions agree with each other, paths come out normal, messages stay
// valid and on one line, numbers go round.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "base/path.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static void utf8(const char *s, size_t n)
{
    const size_t valid = lrc_utf8_valid_prefix(s, n);
    must(valid <= n && lrc_utf8_valid(s, valid));
    must(lrc_utf8_count(s, n) <= n);
    for (size_t i = 0; i < valid;) {
        uint32_t cp = 0;
        char bytes[LRC_UTF8_MAX];
        const size_t len = lrc_utf8_decode(s + i, n - i, &cp);
        must(len > 0 && lrc_utf8_encode(cp, bytes) == len && memcmp(bytes, s + i, len) == 0);
        i += len;
    }
    for (size_t cut = 0; cut <= valid; cut++)
        must(lrc_utf8_valid(s, lrc_utf8_cut(s, cut)));
}

static void paths(const char *s)
{
    lrc_auto_free char *parent = NULL, *with = NULL, *real = NULL, *relative = NULL, *back = NULL;
    const char *suffix = lrc_path_suffix(s);
    must(suffix[0] == '\0' || (suffix[0] == '.' && suffix[1]));
    must(lrc_path_parent(&parent, s, NULL) == 0);
    must(lrc_path_with_suffix(&with, s, ".txt", NULL) == 0 && lrc_str_ends(with, ".txt"));
    if (lrc_path_real(&real, "/nowhere/at/all", s, NULL) < 0)
        return; // longer than a path may be
    must(real[0] == '/' && !strstr(real, "//") && !strstr(real, "/./") && !strstr(real, "/../"));
    must(real[1] == '\0' || !lrc_str_ends(real, "/"));
    must(lrc_path_inside(real, "/"));
    must(lrc_path_relative(&relative, real, "/nowhere/else", NULL) == 0);
    must(lrc_path_real(&back, "/nowhere/else", relative, NULL) == 0 && strcmp(back, real) == 0);
    if (lrc_path_check_name(s, "name", NULL) == 0)
        must(strcmp(lrc_path_name(s), s) == 0 && lrc_utf8_valid(s, strlen(s)));
}

static void messages(const char *s)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_fail_field(&err, LRC_ERR_INVALID, s, "in %s", s);
    lrc_wrap(&err, "%s", s);
    must(strlen(err.msg) < LRC_ERR_MSG_SIZE && strlen(err.field) < LRC_ERR_FIELD_SIZE);
    for (const char *p = err.msg; *p; p++)
        must((unsigned char)*p >= 0x20 && *p != 0x7f);
    if (lrc_utf8_valid(s, strlen(s)))
        must(lrc_utf8_valid(err.msg, strlen(err.msg)) && lrc_utf8_valid(err.field, strlen(err.field)));
}

static void numbers(const char *s, size_t n)
{
    double value;
    char text[LRC_NUM_TEXT];
    if (n >= sizeof value) {
        memcpy(&value, s, sizeof value);
        must(lrc_num_repr(value, text) == strlen(text));
        must(value != value || strtod(text, NULL) == value);
        must(lrc_num_short(value, text) == strlen(text));
        must(value != value || strtod(text, NULL) == value);
    }
    int64_t whole;
    if (lrc_str_to_i64(s, &whole))
        must(lrc_str_to_double(s, &value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *s = malloc(size + 1); // exactly as long as it is, so that asan sees a byte too far
    must(s != NULL);
    memcpy(s, data, size);
    s[size] = '\0';
    utf8((const char *)data, size);
    paths(s);
    messages(s);
    numbers(s, size);
    lrc_auto_strv lrc_strv parts = {0};
    must(lrc_strv_split(&parts, s, ',', NULL) == 0);
    lrc_strv_sort(&parts);
    lrc_str_trim(s);
    free(s);
    return 0;
}
