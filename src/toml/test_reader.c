// SPDX-License-Identifier: MIT
// tests/golden/toml/reader.txt and documents.txt hold documents and what Python's tomllib makes of them: the first were
// chosen, the second are 10,000 that tools/golden-toml.py generates.
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/str.h"
#include "support/golden.h"
#include "toml/toml.h"

#define MAX_BYTES (1 << 20)

static void show(lrc_buf *b, const lrc_toml *v)
{
    const bool table = v->type == LRC_TOML_TABLE;
    char number[LRC_NUM_TEXT];
    switch (v->type) {
    case LRC_TOML_TABLE:
    case LRC_TOML_ARRAY:
        lrc_buf_addc(b, table ? '{' : '[');
        for (const lrc_toml *m = v->first; m; m = m->next) {
            lrc_buf_adds(b, m == v->first ? "" : ",");
            lrc_buf_add(b, m->key, m->key_len);
            lrc_buf_adds(b, table ? "=" : "");
            show(b, m);
        }
        lrc_buf_addc(b, table ? '}' : ']');
        break;
    case LRC_TOML_BOOLEAN: lrc_buf_adds(b, v->boolean ? "true" : "false"); break;
    case LRC_TOML_INTEGER: lrc_buf_addf(b, "i%s", v->text); break;
    case LRC_TOML_FLOAT:
        lrc_num_repr(v->number, number);
        lrc_buf_addf(b, "f%s", number);
        break;
    case LRC_TOML_STRING:
        lrc_buf_adds(b, "s(");
        lrc_buf_add(b, v->text, v->len);
        lrc_buf_addc(b, ')');
        break;
    case LRC_TOML_DATETIME: lrc_buf_adds(b, "offset-datetime"); break;
    case LRC_TOML_LOCAL_DATETIME: lrc_buf_adds(b, "datetime"); break;
    case LRC_TOML_LOCAL_DATE: lrc_buf_adds(b, "date"); break;
    case LRC_TOML_LOCAL_TIME: lrc_buf_adds(b, "time"); break;
    case LRC_TOML_TYPE_MAX_: break;
    }
}

static void read_all(const char *name, size_t least)
{
    lrc_auto_strv lrc_strv lines = {0};
    golden_load(name, &lines);
    assert_true(lines.count >= least);
    for (size_t i = 0; i < lines.count; i++) {
        struct golden g = {0};
        golden_split(lines.item[i], &g);
        lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_buf lrc_buf shown;
        lrc_buf_init(&shown, MAX_BYTES);
        if (lrc_toml_parse(g.field[0].data, g.field[0].len, &doc, &err) < 0) {
            assert_int_equal(err.code, LRC_ERR_INVALID);
            assert_true(lrc_str_starts(err.msg, "TOML line "));
            lrc_buf_addc(&shown, '!');
        } else {
            show(&shown, lrc_toml_root(doc));
        }
        if (shown.len != g.field[1].len || memcmp(shown.data, g.field[1].data, shown.len) != 0)
            fail_msg("%s\n  read as %s %s", lines.item[i], shown.data, err.msg);
        golden_done(&g);
    }
}

static void reads_what_tomllib_reads(void **state)
{
    (void)state;
    read_all("toml/reader.txt", 700);
    read_all("toml/documents.txt", 10000);
}

static void errors_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"a = 1\nb = x", "TOML line 2 column 5: 'x' is not a value; text needs quotes"},
        {"\xc3\xa9 = 1",
         "TOML line 1 column 1: a key is expected here: letters, digits, '_' and '-', or a quoted string"},
        {"a = '\xc3\xa9' b", "TOML line 1 column 9: the line should end here"},
        {"[t]\na = 1\n[t]", "TOML line 3 column 2: 't' is already defined on line 1"},
        {"a.b = 1\na.b.c = 2", "TOML line 2 column 3: 'b' is defined on line 1 and cannot be extended here"},
        {"a = \"x", "TOML line 1 column 5: this string has no closing quote"},
        {"a = @", "TOML line 1 column 5: a value cannot begin with this character; text needs quotes"},
        {"a = [1,\n", "TOML line 1 column 5: this list has no closing ']'"},
        {"a = '\xff'", "TOML line 1 column 6: byte 0xff is not valid UTF-8"},
        {"\xef\xbb\xbf"
         "a = 1",
         "TOML line 1 column 1: the text begins with a byte order mark; save it as UTF-8 without one"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lrc_toml_doc *doc = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_toml_parse(wrong[i].text, strlen(wrong[i].text), &doc, &err), -1);
        assert_null(doc);
        assert_string_equal(err.msg, wrong[i].message);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    for (int depth = LRC_TOML_MAX_DEPTH; depth <= LRC_TOML_MAX_DEPTH + 1; depth++) {
        lrc_auto_buf lrc_buf text;
        lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
        lrc_buf_init(&text, MAX_BYTES);
        lrc_buf_adds(&text, "a = ");
        for (int i = 0; i < depth; i++)
            lrc_buf_addc(&text, '[');
        for (int i = 0; i < depth; i++)
            lrc_buf_addc(&text, ']');
        assert_int_equal(lrc_toml_parse(text.data, text.len, &doc, NULL), depth > LRC_TOML_MAX_DEPTH ? -1 : 0);
    }
}

static void members_are_found(void **state)
{
    (void)state;
    static const char text[] = "[a]\nx = 1\ny = [1, 2, 3]\n[[a.z]]\nn = 0xff\n[[a.z]]\nn = 99999999999999999999\n";
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    assert_int_equal(lrc_toml_parse(text, sizeof text - 1, &doc, NULL), 0);
    const lrc_toml *a = lrc_toml_get(lrc_toml_root(doc), "a");
    assert_int_equal(lrc_toml_get(a, "x")->integer, 1);
    assert_int_equal(lrc_toml_get(a, "y")->len, 3);
    assert_int_equal(lrc_toml_get(a, "y")->line, 3);
    assert_int_equal(lrc_toml_get(a, "y")->column, 5);
    const lrc_toml *z = lrc_toml_get(a, "z");
    assert_string_equal(lrc_toml_type_name(z), "a list");
    assert_int_equal(lrc_toml_get(z->first, "n")->integer, 255);
    assert_string_equal(lrc_toml_get(z->first->next, "n")->text, "99999999999999999999");
    assert_null(lrc_toml_get(a, "w"));
    assert_null(lrc_toml_get(NULL, "w"));
    assert_string_equal(lrc_toml_type_name(NULL), "missing");
}

static void a_file_error_names_the_file(void **state)
{
    (void)state;
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_err err = LRC_ERR_INIT;
    char path[] = "/tmp/lorica-toml-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(lrc_fs_write_fd(fd, "a = \n", 5, path, NULL), 0);
    close(fd);
    assert_int_equal(lrc_toml_load(path, MAX_BYTES, &doc, &err), -1);
    assert_true(lrc_str_starts(err.msg, path));
    assert_non_null(strstr(err.msg, "TOML line 1 column 5: a value is expected here"));
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_tomllib_reads),    cmocka_unit_test(errors_say_where),
        cmocka_unit_test(nesting_has_a_limit),         cmocka_unit_test(members_are_found),
        cmocka_unit_test(a_file_error_names_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
