// SPDX-License-Identifier: MIT
#include <string.h>

#include "support/cmocka.h"
#include "json/json.h"

static const char *const event_name[] = {"null", "false", "true", "num", "str", "[", "{", "key", "]", "}", "END"};

// All events of a text in one line; the error's message when there is one.
static void events_of(const char *text, size_t n, lrc_buf *out)
{
    lrc_auto_json_reader lrc_json_reader *r = NULL;
    assert_int_equal(lrc_json_reader_new(text, n, &r, NULL), 0);
    for (;;) {
        lrc_json_type type;
        lrc_err err = LRC_ERR_INIT;
        if (lrc_json_next(r, &type, &err) < 0) {
            lrc_buf_addf(out, "ERROR %s", err.msg);
            assert_int_equal(err.code, LRC_ERR_INVALID);
            return;
        }
        size_t line, column, offset, len;
        lrc_json_where(r, &line, &column, &offset);
        lrc_buf_addf(out, "%s", event_name[type]);
        if (type == LRC_JSON_NUMBER || type == LRC_JSON_STRING || type == LRC_JSON_KEY) {
            const char *found = lrc_json_text(r, &len);
            assert_int_equal(found[len], '\0');
            lrc_buf_addf(out, ":%s", found);
        }
        if (type == LRC_JSON_END)
            return;
        lrc_buf_addf(out, "@%zu:%zu:%zu ", line, column, offset);
    }
}

static void events_and_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *events;
    } row[] = {
        {"null", "null@1:1:0 END"},
        {" [ ] ", "[@1:2:1 ]@1:4:3 END"},
        {"{\"a\":[1,true],\n \"\xc3\xa9\":\"\xc3\xa9\", \"b\":{}}",
         "{@1:1:0 key:a@1:2:1 [@1:6:5 num:1@1:7:6 true@1:9:8 ]@1:13:12 key:\xc3\xa9@2:2:16 str:\xc3\xa9@2:6:21 "
         "key:b@2:11:27 {@2:15:31 }@2:16:32 }@2:17:33 END"},
        {"\xef\xbb\xbf[false]", "[@1:1:3 false@1:2:4 ]@1:7:9 END"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_buf lrc_buf out;
        lrc_buf_init(&out, 10000);
        events_of(row[i].text, strlen(row[i].text), &out);
        assert_string_equal(out.data, row[i].events);
    }
}

static void numbers_keep_their_text(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "-0", "1.0", "1e9999", "-12.50E+07", "123456789012345678901234567890"};
    static const char *const bad[] = {"01", "-01", "1.", ".5", "1e", "1e+", "+1", "-", "0x1", "1_0", "NaN", "Infinity"};
    for (size_t i = 0; i < LENGTH(good); i++) {
        lrc_auto_json_doc lrc_json_doc *doc = NULL;
        assert_int_equal(lrc_json_parse(good[i], strlen(good[i]), &doc, NULL), 0);
        assert_string_equal(lrc_json_root(doc)->text, good[i]);
    }
    for (size_t i = 0; i < LENGTH(bad); i++) {
        lrc_json_doc *doc = NULL;
        assert_int_equal(lrc_json_parse(bad[i], strlen(bad[i]), &doc, NULL), -1);
        assert_null(doc);
    }
}

static void strings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } row[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u00e9\\u20AC\\ud83d\\ude00\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\"\x7f\xf0\x9f\x98\x80\"", "\x7f\xf0\x9f\x98\x80"},
        {"\"\"", ""},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_auto_json_doc lrc_json_doc *doc = NULL;
        assert_int_equal(lrc_json_parse(row[i].text, strlen(row[i].text), &doc, NULL), 0);
        assert_string_equal(lrc_json_root(doc)->text, row[i].value);
        assert_int_equal(lrc_json_root(doc)->len, strlen(row[i].value));
    }
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    assert_int_equal(lrc_json_parse("\"a\\u0000b\"", 10, &doc, NULL), 0);
    assert_int_equal(lrc_json_root(doc)->len, 3);
    assert_memory_equal(lrc_json_root(doc)->text, "a\0b", 4);
}

static void errors_name_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } row[] = {
        {"", "JSON line 1 column 1: the text ends where a value is expected"},
        {"[1,\n 2 3]", "JSON line 2 column 4, at [1]: ',' or ']' is expected"},
        {"{\"subsets\":[{},{},{\"num_repeats\":x}]}",
         "JSON line 1 column 34, at subsets[2].num_repeats: this is not a value"},
        {"{\"a\" 1}", "JSON line 1 column 6, at a: ':' is expected after the name"},
        {"{a:1}", "JSON line 1 column 2: a member's name in double quotes is expected"},
        {"{\"a\":1,}", "JSON line 1 column 8, at a: a member's name in double quotes is expected"},
        {"[1,]", "JSON line 1 column 4, at [1]: this is not a value"},
        {"[1 // c", "JSON line 1 column 4, at [0]: ',' or ']' is expected"},
        {"nul", "JSON line 1 column 1: this is not a value"},
        {"truex", "JSON line 1 column 5: there is more text after the value"},
        {"{} {}", "JSON line 1 column 4: there is more text after the value"},
        {"[\"\xc3\xa9", "JSON line 1 column 2, at [0]: this string has no closing quote"},
        {"[\"\xc3\xa9\xff\"]", "JSON line 1 column 4, at [0]: byte 0xff is not valid UTF-8"},
        {"\"\xed\xa0\x80\"", "JSON line 1 column 2: byte 0xed is not valid UTF-8"},
        {"\"a\nb\"", "JSON line 1 column 3: a control character inside a string must be escaped"},
        {"\"\\x\"", "JSON line 1 column 3: unknown escape in a string"},
        {"\"\\u12g4\"", "JSON line 1 column 6: a \\u escape needs four hex digits"},
        {"\"\\ud83d x\"", "JSON line 1 column 2: half of a surrogate pair (\\ud83d) stands alone"},
        {"\"\\ude00\"", "JSON line 1 column 2: half of a surrogate pair (\\ude00) stands alone"},
        {"\"\\ud83d\\u0041\"", "JSON line 1 column 2: half of a surrogate pair (\\ud83d) stands alone"},
        {"\"\\", "JSON line 1 column 3: the text ends inside a string"},
        {"{\"a\\u0000b\":1}", "JSON line 1 column 2: a member's name holds a NUL character"},
        {"[1e]", "JSON line 1 column 4, at [0]: a digit must follow the exponent sign"},
    };
    for (size_t i = 0; i < LENGTH(row); i++) {
        lrc_err err = LRC_ERR_INIT;
        lrc_json_doc *doc = NULL;
        assert_int_equal(lrc_json_parse(row[i].text, strlen(row[i].text), &doc, &err), -1);
        assert_string_equal(err.msg, row[i].message);
        assert_null(doc);
    }
}

// No prefix of a text is a text, and none is read beyond its end (asan).
static void every_prefix_is_refused(void **state)
{
    (void)state;
    const char *text = "{\"a\":[1.5e3,\"x\\u00e9\\ud83d\\ude00\xc3\xa9\",null,true,{\"b\":false}]}";
    for (size_t n = 0; n < strlen(text); n++) {
        lrc_auto_free char *part = malloc(n + 1);
        memcpy(part, text, n); // not terminated on purpose
        lrc_json_doc *doc = NULL;
        assert_int_equal(lrc_json_parse(part, n, &doc, NULL), -1);
    }
    lrc_json_doc *doc = NULL;
    assert_int_equal(lrc_json_parse("1\0", 2, &doc, NULL), -1);
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    char text[2 * (LRC_JSON_MAX_DEPTH + 1)];
    for (int depth = LRC_JSON_MAX_DEPTH; depth <= LRC_JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        lrc_err err = LRC_ERR_INIT;
        lrc_auto_json_doc lrc_json_doc *doc = NULL;
        const int result = lrc_json_parse(text, 2 * (size_t)depth, &doc, &err);
        assert_int_equal(result, depth <= LRC_JSON_MAX_DEPTH ? 0 : -1);
        if (result < 0)
            assert_non_null(strstr(err.msg, "nested deeper than 128 levels"));
    }
}

static void skipping(void **state)
{
    (void)state;
    const char *text = "{\"a\":{\"x\":[1,{}]},\"b\":[[],2],\"c\":3,\"d\":4}";
    lrc_auto_json_reader lrc_json_reader *r = NULL;
    assert_int_equal(lrc_json_reader_new(text, strlen(text), &r, NULL), 0);
    lrc_json_type type;
    lrc_auto_buf lrc_buf keys;
    lrc_buf_init(&keys, 100);
    assert_int_equal(lrc_json_next(r, &type, NULL), 0);
    while (lrc_json_next(r, &type, NULL) == 0 && type == LRC_JSON_KEY) {
        lrc_buf_adds(&keys, lrc_json_text(r, NULL));
        if (keys.len == 2) { // at b: from its array on
            assert_int_equal(lrc_json_next(r, &type, NULL), 0);
            assert_int_equal(type, LRC_JSON_ARRAY);
        }
        assert_int_equal(lrc_json_skip(r, NULL), 0);
    }
    assert_string_equal(keys.data, "abcd");
    assert_int_equal(type, LRC_JSON_OBJECT_END);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(lrc_json_next(r, &type, NULL), 0);
        assert_int_equal(type, LRC_JSON_END);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_and_places),
        cmocka_unit_test(numbers_keep_their_text),
        cmocka_unit_test(strings),
        cmocka_unit_test(errors_name_the_place),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(skipping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
