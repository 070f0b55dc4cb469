// SPDX-License-Identifier: MIT
#include "http/multipart.h"

#include <stdlib.h>
#include <string.h>

#include "support/allocations.h"
#include "support/cmocka.h"

#define TYPE "multipart/form-data; boundary=xyz"
#define DISP "Content-Disposition: form-data; "

struct text {
    const char *at;
    size_t left, step; // given in pieces of `step`
};

static int give(void *arg, void *out, size_t n, size_t *ret, lrc_err *err)
{
    (void)err;
    struct text *t = arg;
    size_t take = n < t->step ? n : t->step;
    if (take > t->left)
        take = t->left;
    memcpy(out, t->at, take);
    t->at += take;
    t->left -= take;
    *ret = take;
    return 0;
}

// All parts as "name|filename|type|content\n…", or "!code".
static const char *read_all(const char *type, const char *body, size_t n, size_t step)
{
    static char text[200000];
    size_t used = 0;
    struct text source = {body, n, step};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_multipart lrc_multipart *m = NULL;
    lrc_multipart_part part;
    int more = lrc_multipart_new(type, give, &source, &m, &err);
    while (more >= 0 && (more = lrc_multipart_next(m, &part, &err)) > 0) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s|%s|%s|", part.name,
                                 part.has_filename ? part.filename : "-", part.type);
        for (size_t got = 1; got > 0; used += got)
            if (lrc_multipart_read(m, text + used, 7, &got, &err) < 0) {
                more = -1;
                break;
            }
        text[used++] = '\n';
    }
    text[used] = '\0';
    if (more < 0)
        snprintf(text, sizeof text, "!%s", lrc_err_word(err.code));
    return text;
}

static const struct {
    const char *type, *body, *want;
} bodies[] = {
    {TYPE, "--xyz\r\n" DISP "name=\"a\"\r\n\r\none\r\n--xyz--\r\n", "a|-||one\n"},
    {TYPE, "--xyz\r\n" DISP "name=a\r\n\r\none\r\n--xyz--", "a|-||one\n"},
    {TYPE, "preamble\r\n--xyz  \r\n" DISP "name=\"a\"\r\n\r\none\r\n--xyz--\r\nepilogue", "a|-||one\n"},
    {TYPE,
     "--xyz\r\n" DISP "name=\"a\"\r\n\r\n1\r\n--xyz\r\ncontent-TYPE:\ttext/plain\r\n" DISP
     "name=\"f\"; filename=\"x \\\"y\\\".png\"\r\nX-Other: 1\r\n\r\ntwo\r\nlines\r\n--xyz--",
     "a|-||1\nf|x \"y\".png|text/plain|two\r\nlines\n"},
    {TYPE, "--xyz\r\n" DISP "name=\"a\"; filename=\"\"\r\n\r\n\r\n--xyz--", "a|||\n"},
    {TYPE, "--xyz\r\n" DISP "filename=\"C:\\dir\\f\"; name=\"a;b=c\"\r\n\r\n--xy\r\n--xy-\r\n\r\n-\r\n--xyz--",
     "a;b=c|C:\\dir\\f||--xy\r\n--xy-\r\n\r\n-\n"},
    {TYPE, "--xyz--\r\n", ""},
    {"multipart/form-data; charset=utf-8; boundary=\"x y\"", "--x y\r\n" DISP "name=\"a\"\r\n\r\n1\r\n--x y--",
     "a|-||1\n"},
    {TYPE, "", "!invalid"},
    {TYPE, "--xyz", "!invalid"},
    {TYPE, "--xyz\r\n", "!invalid"},
    {TYPE, "--xyz\r\n" DISP "name=\"a\"\r\n\r\none", "!invalid"},
    {TYPE, "--xyz\r\n" DISP "name=\"a\"\r\n\r\none\r\n--xyz", "!invalid"},
    {TYPE, "--xyz\r\n" DISP "name=\"a\"\r\n\r\none\r\n--xyz-", "!invalid"},
    {TYPE, "--xyz more\r\n" DISP "name=\"a\"\r\n\r\none\r\n--xyz--", "!invalid"},
    {TYPE, "--xyz\r\n\r\none\r\n--xyz--", "!invalid"},
    {TYPE, "--xyz\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\none\r\n--xyz--", "!invalid"},
    {TYPE, "--xyz\r\n" DISP "filename=\"a\"\r\n\r\none\r\n--xyz--", "!invalid"},
    {TYPE, "--xyz\r\n" DISP "name=\"\xff\"\r\n\r\none\r\n--xyz--", "!invalid"},
    {"text/plain", "", "!media_type"},
    {"multipart/form-data", "", "!media_type"},
    {"multipart/form-data; boundary=", "", "!media_type"},
    {"multipart/mixed; boundary=xyz", "", "!media_type"},
    {"multipart/form-data; boundary="
     "01234567890123456789012345678901234567890123456789012345678901234567890",
     "", "!media_type"},
    {NULL, "", "!media_type"},
};

static void forms_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const size_t step[] = {1, 2, 3, 5, 17, 100000};
    for (size_t i = 0; i < LENGTH(bodies); i++)
        for (size_t k = 0; k < LENGTH(step); k++) {
            const char *got = read_all(bodies[i].type, bodies[i].body, strlen(bodies[i].body), step[k]);
            if (strcmp(got, bodies[i].want) != 0)
                fail_msg("row %zu in steps of %zu:\n%s\nnot\n%s", i, step[k], got, bodies[i].want);
        }
}

static void a_large_part_with_boundaries_that_are_none(void **state)
{
    (void)state;
    const size_t n = 100000;
    char *body = malloc(n + 200);
    size_t used = (size_t)snprintf(body, 200, "--xyz\r\n" DISP "name=\"a\"\r\n\r\n");
    const size_t head = used;
    while (used < n)
        used += (size_t)snprintf(body + used, 20, "\r\n--xy%c", "z\r-"[used % 3] == 'z' ? 'Z' : '\r');
    const size_t content = used - head;
    used += (size_t)snprintf(body + used, 20, "\r\n--xyz--");
    const char *got = read_all(TYPE, body, used, 4096);
    assert_int_equal(strlen(got), 5 + content + 1);
    assert_memory_equal(got + 5, body + head, content);
    free(body);
}

static void headers_have_a_limit(void **state)
{
    (void)state;
    const size_t n = 60000;
    char *body = malloc(n);
    size_t used = (size_t)snprintf(body, n, "--xyz\r\n");
    memset(body + used, 'x', n - used);
    assert_string_equal(read_all(TYPE, body, n, 4096), "!invalid"); // one line
    while (used < 50000)
        used += (size_t)snprintf(body + used, n - used, "X: y\r\n");
    assert_string_equal(read_all(TYPE, body, n, 4096), "!invalid"); // many
    free(body);
}

static void parts_may_be_skipped_and_read_as_text(void **state)
{
    (void)state;
    static const char body[] =
        "--xyz\r\n" DISP "name=\"a\"\r\n\r\nskipped\r\n--xyz\r\n" DISP "name=\"b\"\r\n\r\ntext\r\n--xyz\r\n" DISP
        "name=\"c\"\r\n\r\nlonger\r\n--xyz\r\n" DISP "name=\"d\"\r\n\r\n\xff\r\n--xyz--";
    struct text source = {body, sizeof body - 1, 10};
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_multipart lrc_multipart *m = NULL;
    lrc_multipart_part part;
    char *text = NULL;
    assert_int_equal(lrc_multipart_new(TYPE, give, &source, &m, &err), 0);
    assert_int_equal(lrc_multipart_next(m, &part, &err), 1);
    assert_int_equal(lrc_multipart_next(m, &part, &err), 1);
    assert_string_equal(part.name, "b");
    assert_int_equal(lrc_multipart_text(m, 4, &text, &err), 0);
    assert_string_equal(text, "text");
    free(text);
    assert_int_equal(lrc_multipart_next(m, &part, &err), 1);
    assert_int_equal(lrc_multipart_text(m, 5, &text, &err), -1);
    assert_int_equal(err.code, LRC_ERR_LIMIT);
    assert_int_equal(lrc_multipart_next(m, &part, &err), 1);
    assert_int_equal(lrc_multipart_text(m, 5, &text, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
    assert_int_equal(lrc_multipart_next(m, &part, &err), 0);
    assert_int_equal(lrc_multipart_next(m, &part, &err), 0);
}

static int read_one(void *arg, lrc_err *err)
{
    (void)arg;
    struct text source = {bodies[0].body, strlen(bodies[0].body), 10};
    lrc_auto_multipart lrc_multipart *m = NULL;
    lrc_multipart_part part;
    lrc_auto_free char *text = NULL;
    if (lrc_multipart_new(TYPE, give, &source, &m, err) < 0 || lrc_multipart_next(m, &part, err) != 1)
        return -1;
    return lrc_multipart_text(m, 100, &text, err);
}

static void memory_runs_out(void **state)
{
    (void)state;
    assert_int_equal(lrc_test_each_allocation(read_one, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_in_pieces_of_any_size),
        cmocka_unit_test(a_large_part_with_boundaries_that_are_none),
        cmocka_unit_test(headers_have_a_limit),
        cmocka_unit_test(parts_may_be_skipped_and_read_as_text),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
