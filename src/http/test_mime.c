// SPDX-License-Identifier: MIT
#include "http/mime.h"

#include "support/cmocka.h"

static void types(void **state)
{
    (void)state;
    static const struct {
        const char *path, *asset, *file;
    } table[] = {
        {"/index.html", "text/html; charset=utf-8", "text/plain; charset=utf-8"},
        {"a.JS", "text/javascript; charset=utf-8", "text/plain; charset=utf-8"},
        {"x/y.svg", "image/svg+xml", "image/svg+xml"},
        {"a.PNG", "image/png", "image/png"},
        {"a.jfif", "image/jpeg", "image/jpeg"},
        {"a.json", "application/json", "application/json"},
        {"a.txt", "text/plain; charset=utf-8", "text/plain; charset=utf-8"},
        {"model.safetensors", "application/octet-stream", "application/octet-stream"},
        {"none", "application/octet-stream", "application/octet-stream"},
        {".png", "application/octet-stream", "application/octet-stream"},
        {"a.png/b", "application/octet-stream", "application/octet-stream"},
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        assert_string_equal(lrc_mime_of_asset(table[i].path), table[i].asset);
        assert_string_equal(lrc_mime_of_file(table[i].path), table[i].file);
    }
    assert_true(lrc_mime_is_text("application/json"));
    assert_true(lrc_mime_is_text("text/css; charset=utf-8"));
    assert_false(lrc_mime_is_text("image/png"));
    assert_false(lrc_mime_is_text("application/zip"));
}

static void dates(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } table[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, // RFC 9110's own
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        char text[LRC_HTTP_DATE_SIZE];
        int64_t back = -1;
        lrc_http_date(table[i].seconds, text);
        assert_string_equal(text, table[i].text);
        assert_true(lrc_http_date_parse(text, &back));
        assert_true(back == table[i].seconds);
    }
    static const char *const bad[] = {
        "",
        "Sun, 06 Nov 1994 08:49:37",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Xxx 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        int64_t back;
        assert_false(lrc_http_date_parse(bad[i], &back));
    }
    char text[LRC_HTTP_DATE_SIZE];
    lrc_http_date(INT64_MAX, text);
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
    lrc_http_date(-5, text);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(types), cmocka_unit_test(dates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
