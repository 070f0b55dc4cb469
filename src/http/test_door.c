// SPDX-License-Identifier: MIT
#include "http/door.h"

#include "support/cmocka.h"

static char *host_item[] = {(char[]){"studio.example"}, (char[]){"pod.example:8443"}, NULL};
static char *origin_item[] = {(char[]){"https://app.example"}, NULL};
static const lrc_strv hosts = {host_item, 2, 3}, origins = {origin_item, 1, 2};
static const lrc_http_door local = {"127.0.0.1", false, &hosts, &origins};
static const lrc_http_door bound = {"192.168.1.5", false, NULL, NULL};
static const lrc_http_door token = {"0.0.0.0", true, &hosts, &origins};

static lrc_err_code judge(const lrc_http_door *door, lrc_http_caller c)
{
    lrc_err err = LRC_ERR_INIT;
    return lrc_http_door_check(door, &c, &err) < 0 ? err.code : LRC_OK;
}

static void hosts_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        lrc_err_code local, bound;
    } table[] = {
        {"localhost", LRC_OK, LRC_OK},
        {"LOCALHOST:1", LRC_OK, LRC_OK},
        {"127.0.0.1:3000", LRC_OK, LRC_OK},
        {"127.8.9.10", LRC_OK, LRC_OK},
        {"[::1]", LRC_OK, LRC_OK},
        {"[::1]:3000", LRC_OK, LRC_OK},
        {"studio.example", LRC_OK, LRC_ERR_DENIED},
        {"Studio.Example:99", LRC_OK, LRC_ERR_DENIED},
        {"pod.example:8443", LRC_OK, LRC_ERR_DENIED},
        {"pod.example", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {"192.168.1.5:3000", LRC_ERR_DENIED, LRC_OK},
        {"evil.example", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {"localhost.evil.example", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {"127.0.0.1.evil.example", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {"128.0.0.1", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {"0.0.0.0", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {"2130706433", LRC_ERR_DENIED, LRC_ERR_DENIED}, // 127.0.0.1 as one number
        {"127.1", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {"[::ffff:127.0.0.1]", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {"", LRC_ERR_DENIED, LRC_ERR_DENIED},
        {":3000", LRC_ERR_DENIED, LRC_ERR_DENIED},
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        const lrc_http_caller c = {.host = table[i].host};
        if (judge(&local, c) != table[i].local || judge(&bound, c) != table[i].bound)
            fail_msg("host '%s'", table[i].host);
        assert_int_equal(judge(&token, c), LRC_OK);
        const lrc_http_caller page = {
            .host = table[i].host, .page = true, .origin = "https://evil.example", .fetch_site = "cross-site"};
        assert_int_equal(judge(&local, page), table[i].local);
    }
}

static void origins_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *host, *origin, *site;
        lrc_err_code want;
    } table[] = {
        {"localhost:3000", NULL, NULL, LRC_OK},
        {"localhost:3000", "http://localhost:3000", NULL, LRC_OK},
        {"localhost:3000", "http://localhost:3000", "same-origin", LRC_OK},
        {"localhost:3000", "https://LOCALHOST:3000", "same-origin", LRC_OK},
        {"localhost:3000", "http://localhost:3001", NULL, LRC_ERR_DENIED},
        {"localhost:3000", "http://localhost", NULL, LRC_ERR_DENIED},
        {"localhost:3000", "http://127.0.0.1:3000", NULL, LRC_ERR_DENIED},
        {"localhost", "http://localhost", NULL, LRC_OK},
        {"localhost:80", "http://localhost", NULL, LRC_OK},
        {"localhost", "http://localhost:80", NULL, LRC_OK},
        {"studio.example", "https://studio.example", "same-origin", LRC_OK},
        {"studio.example:443", "https://studio.example", "same-origin", LRC_OK},
        {"studio.example:80", "https://studio.example", NULL, LRC_ERR_DENIED},
        {"[::1]:3000", "http://[::1]:3000", NULL, LRC_OK},
        {"localhost:3000", "null", NULL, LRC_ERR_DENIED},
        {"localhost:3000", "", NULL, LRC_ERR_DENIED},
        {"localhost:3000", "localhost:3000", NULL, LRC_ERR_DENIED},
        {"localhost:3000", "https://evil.example", NULL, LRC_ERR_DENIED},
        {"localhost:3000", "https://app.example", "cross-site", LRC_OK},
        {"localhost:3000", "https://app.example", NULL, LRC_OK},
        {"localhost:3000", "https://app.example:8443", "cross-site", LRC_ERR_DENIED},
        {"localhost:3000", "https://app.example.evil.example", "cross-site", LRC_ERR_DENIED},
        {"localhost:3000", "http://localhost:3000", "cross-site", LRC_ERR_DENIED},
        {"localhost:3000", NULL, "same-origin", LRC_OK},
        {"localhost:3000", NULL, "none", LRC_OK},
        {"localhost:3000", NULL, "same-site", LRC_ERR_DENIED},
        {"localhost:3000", NULL, "cross-site", LRC_ERR_DENIED},
        {"localhost:3000", NULL, "", LRC_ERR_DENIED},
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        const lrc_http_caller c = {.host = table[i].host, .origin = table[i].origin, .fetch_site = table[i].site};
        if (judge(&local, c) != table[i].want || judge(&token, c) != table[i].want)
            fail_msg("row %zu: %s from %s", i, table[i].host, table[i].origin ? table[i].origin : "nowhere");
    }
}

static void types_are_judged_where_there_is_an_origin(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        lrc_err_code plain, streamed;
    } table[] = {
        {"application/json", LRC_OK, LRC_OK},
        {"Application/JSON; charset=utf-8", LRC_OK, LRC_OK},
        {"application/octet-stream", LRC_ERR_MEDIA_TYPE, LRC_OK},
        {"application/zip", LRC_ERR_MEDIA_TYPE, LRC_OK},
        {"image/png", LRC_ERR_MEDIA_TYPE, LRC_OK},
        {"multipart/form-data; boundary=x", LRC_ERR_MEDIA_TYPE, LRC_OK},
        {"text/plain", LRC_ERR_MEDIA_TYPE, LRC_ERR_MEDIA_TYPE},
        {"application/x-www-form-urlencoded", LRC_ERR_MEDIA_TYPE, LRC_ERR_MEDIA_TYPE},
        {"application/jsonx", LRC_ERR_MEDIA_TYPE, LRC_ERR_MEDIA_TYPE},
        {NULL, LRC_ERR_MEDIA_TYPE, LRC_ERR_MEDIA_TYPE},
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        lrc_http_caller c = {
            .host = "localhost", .origin = "http://localhost", .has_body = true, .content_type = table[i].type};
        assert_int_equal(judge(&local, c), table[i].plain);
        c.streamed = true;
        assert_int_equal(judge(&local, c), table[i].streamed);
        c.has_body = false;
        assert_int_equal(judge(&local, c), LRC_OK);
        c.has_body = true;
        c.origin = NULL; // curl
        assert_int_equal(judge(&local, c), LRC_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts_are_judged), cmocka_unit_test(origins_are_judged),
                                       cmocka_unit_test(types_are_judged_where_there_is_an_origin)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
