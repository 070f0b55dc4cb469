// SPDX-License-Identifier: MIT
// tests/golden/toml/strings.txt holds texts and how toml 0.10.2 and tomlkit 0.13.2 write them.
#include <string.h>

#include "support/golden.h"
#include "toml/emit.h"
#include "toml/toml.h"

static void check_string(const char *line, lrc_toml_form form, const lrc_buf *text, const lrc_buf *want)
{
    lrc_auto_buf lrc_buf out;
    lrc_buf_init(&out, GOLDEN_MAX);
    if (!lrc_toml_put_str(&out, form, text->data, text->len))
        lrc_buf_addc(&out, '!');
    if (out.len != want->len || memcmp(out.data, want->data, out.len) != 0)
        fail_msg("%s\n  %s form came out as %s", line, form == LRC_TOML_KIT ? "tomlkit" : "toml 0.10.2", out.data);
}

// What the tomlkit form writes, our reader must read back.
static void check_reads_back(const lrc_buf *text)
{
    lrc_auto_buf lrc_buf out;
    lrc_auto_toml_doc lrc_toml_doc *doc = NULL;
    lrc_buf_init(&out, GOLDEN_MAX);
    lrc_buf_adds(&out, "k = ");
    lrc_toml_put_str(&out, LRC_TOML_KIT, text->data, text->len);
    assert_int_equal(lrc_toml_parse(out.data, out.len, &doc, NULL), 0);
    const lrc_toml *k = lrc_toml_get(lrc_toml_root(doc), "k");
    assert_int_equal(k->len, text->len);
    assert_memory_equal(k->text, text->data, text->len);
}

static void strings_as_the_libraries_write_them(void **state)
{
    (void)state;
    lrc_auto_strv lrc_strv lines = {0};
    golden_load("toml/strings.txt", &lines);
    assert_int_equal(lines.count, 500);
    for (size_t i = 0; i < lines.count; i++) {
        struct golden g = {0};
        golden_split(lines.item[i], &g);
        check_string(lines.item[i], LRC_TOML_PY, &g.field[0], &g.field[1]);
        check_string(lines.item[i], LRC_TOML_KIT, &g.field[0], &g.field[2]);
        check_reads_back(&g.field[0]);
        golden_done(&g);
    }
}

static void floats(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *kit, *py;
    } row[] = {
        {1, "1.0", "1.0"},
        {1e-5, "1e-05", "1e-5"},
        {1.5e-6, "1.5e-06", "1.5e-6"},
        {1e-10, "1e-10", "1e-10"},
        {0.0001, "0.0001", "0.0001"},
        {1e16, "1e+16", "1e+16"},
        {-0.0, "-0.0", "-0.0"},
        {1e300, "1e+300", "1e+300"},
        {0.1, "0.1", "0.1"},
        {__builtin_inf(), "inf", "inf"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        lrc_auto_buf lrc_buf kit, py;
        lrc_buf_init(&kit, 100);
        lrc_buf_init(&py, 100);
        lrc_toml_put_float(&kit, LRC_TOML_KIT, row[i].value);
        lrc_toml_put_float(&py, LRC_TOML_PY, row[i].value);
        assert_string_equal(kit.data, row[i].kit);
        assert_string_equal(py.data, row[i].py);
        lrc_buf_done(&kit);
        lrc_buf_done(&py);
    }
}

static void put_list(lrc_buf *b, lrc_toml_form form, int count)
{
    lrc_toml_list_begin(b);
    for (int i = 0; i < count; i++) {
        lrc_toml_list_item(b, form, i == 0);
        lrc_buf_addf(b, "%d", i);
    }
    lrc_toml_list_end(b, form, count == 0);
    lrc_buf_addc(b, '\n');
}

static void lists(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, GOLDEN_MAX);
    for (int count = 0; count <= 2; count++) {
        put_list(&b, LRC_TOML_KIT, count);
        put_list(&b, LRC_TOML_PY, count);
    }
    lrc_toml_put_bool(&b, true);
    assert_string_equal(b.data, "[]\n[]\n[0]\n[ 0,]\n[0, 1]\n[ 0, 1,]\ntrue");
}

static void a_full_buffer_is_reported(void **state)
{
    (void)state;
    lrc_auto_buf lrc_buf b;
    lrc_buf_init(&b, 8);
    lrc_toml_put_str(&b, LRC_TOML_PY, "longer than that", 16);
    assert_int_equal(lrc_buf_check(&b, "text", NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_as_the_libraries_write_them),
        cmocka_unit_test(floats),
        cmocka_unit_test(lists),
        cmocka_unit_test(a_full_buffer_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
