// SPDX-License-Identifier: MIT
#include "http/router.h"

#include <string.h>

#include "support/allocations.h"
#include "support/cmocka.h"

static int none(lrc_http_req *q, lrc_err *err)
{
    (void)q;
    (void)err;
    return 0;
}

static const lrc_http_route routes[] = {
    {"GET", "/", none},
    {"GET", "/api/jobs", none},
    {"POST", "/api/jobs", none},
    {"GET", "/api/jobs/{id}", none},
    {"DELETE", "/api/jobs/{id}", none},
    {"POST", "/api/jobs/tagging", none},
    {"GET", "/api/jobs/{id}/logs", none},
    {"GET", "/api/files/{path...}", none},
    {"HEAD", "/api/files/{path...}", none},
    {"GET", "/api/files/list", none},
    {"GET", "/api/a/{x}/{y}", none},
    {"GET", "/api/a/b/c/d", none},
};

// "METHOD path" -> "row:param,param", "405 allow" or "404", "400".
static const char *ask(const lrc_http_router *r, const char *method, const char *path)
{
    static char text[1024];
    lrc_http_match m = {0};
    lrc_err err = LRC_ERR_INIT;
    if (lrc_http_router_find(r, lrc_http_verb_of(method), path, &m, &err) < 0) {
        assert_int_equal(err.code, LRC_ERR_INVALID);
        return "400";
    }
    char allow[LRC_HTTP_ALLOW_SIZE];
    lrc_http_allow_text(m.allow, allow);
    if (!m.route) {
        snprintf(text, sizeof text, m.allow ? "405 %s" : "404", allow);
    } else {
        size_t used = (size_t)snprintf(text, sizeof text, "%s", m.route->path);
        for (size_t i = 0; i < m.param_count; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%c%s", i ? ',' : ':', m.param[i]);
    }
    lrc_http_match_done(&m);
    return text;
}

static void matching(void **state)
{
    (void)state;
    lrc_auto_http_router lrc_http_router *r = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_http_router_new(routes, LENGTH(routes), &r, &err), 0);
    static const struct {
        const char *method, *path, *want;
    } table[] = {
        {"GET", "/", "/"},
        {"GET", "", "404"},
        {"GET", "//", "/"},
        {"GET", "/api", "404"},
        {"GET", "/api/jobs", "/api/jobs"},
        {"GET", "/api/jobs/", "/api/jobs"},
        {"GET", "/api/jobs//", "404"},
        {"HEAD", "/api/jobs", "/api/jobs"},
        {"PUT", "/api/jobs", "405 GET, HEAD, POST, OPTIONS"},
        {"get", "/api/jobs", "405 GET, HEAD, POST, OPTIONS"},
        {"OPTIONS", "/api/jobs", "405 GET, HEAD, POST, OPTIONS"},
        {"GET", "/api/jobs/x", "/api/jobs/{id}:x"},
        {"GET", "/api/jobs/x/", "/api/jobs/{id}:x"},
        {"GET", "/api/jobs/x%2Fy", "/api/jobs/{id}:x/y"},
        {"GET", "/api/jobs/x%252Fy", "/api/jobs/{id}:x%2Fy"},
        {"GET", "/api/jobs/..%2fx", "/api/jobs/{id}:../x"},
        {"GET", "/%61pi/job%73", "/api/jobs"},
        {"GET", "/api%2Fjobs", "404"},
        {"POST", "/api/jobs/tagging", "/api/jobs/tagging"},
        {"GET", "/api/jobs/tagging", "405 POST, OPTIONS"}, // the word wins, also where it lacks the method
        {"GET", "/api/jobs/x/logs", "/api/jobs/{id}/logs:x"},
        {"GET", "/api/jobs/tagging/logs", "/api/jobs/{id}/logs:tagging"}, // a step back
        {"GET", "/api/jobs/x/logs/y", "404"},
        {"GET", "/api/files/list", "/api/files/list"},
        {"GET", "/api/files/a", "/api/files/{path...}:a"},
        {"GET", "/api/files/a/b%2Fc/", "/api/files/{path...}:a/b/c/"},
        {"GET", "/api/files/list/x", "/api/files/{path...}:list/x"},
        {"GET", "/api/files//etc", "/api/files/{path...}:/etc"},
        {"GET", "/api/files/", "/api/files/{path...}:"},
        {"GET", "/api/files", "404"},
        {"HEAD", "/api/files/a", "/api/files/{path...}:a"},
        {"GET", "/api/a/b/c", "/api/a/{x}/{y}:b,c"},
        {"GET", "/api/a/b/c/d", "/api/a/b/c/d"},
        {"GET", "/api/a//c", "404"},
        {"GET", "/api/jobs/%", "400"},
        {"GET", "/api/jobs/%00", "400"},
        {"GET", "/nowhere/%ff", "400"},
        {"GET", "no-slash", "404"},
        {"GET", "*", "404"},
    };
    for (size_t i = 0; i < LENGTH(table); i++)
        if (strcmp(ask(r, table[i].method, table[i].path), table[i].want) != 0)
            fail_msg("%s %s: %s, not %s", table[i].method, table[i].path, ask(r, table[i].method, table[i].path),
                     table[i].want);
    char deep[1000];
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = i % 2 ? 'x' : '/';
    deep[sizeof deep - 1] = '\0';
    assert_string_equal(ask(r, "GET", deep), "404");
    memcpy(deep, "/api/files/", 11);
    assert_int_equal(strncmp(ask(r, "GET", deep), "/api/files/{path...}:", 21), 0);
    assert_int_equal(strlen(ask(r, "GET", deep)), 21 + sizeof deep - 1 - 11);
}

static void params_have_names(void **state)
{
    (void)state;
    lrc_auto_http_router lrc_http_router *r = NULL;
    lrc_err err = LRC_ERR_INIT;
    lrc_http_match m = {0};
    assert_int_equal(lrc_http_router_new(routes, LENGTH(routes), &r, &err), 0);
    assert_int_equal(lrc_http_router_find(r, LRC_METHOD_GET, "/api/a/1/2", &m, &err), 0);
    assert_string_equal(m.path, "/api/a/1/2");
    assert_string_equal(lrc_http_match_param(&m, "x"), "1");
    assert_string_equal(lrc_http_match_param(&m, "y"), "2");
    assert_null(lrc_http_match_param(&m, "z"));
    assert_null(lrc_http_match_param(&m, ""));
    lrc_http_match_done(&m);
    assert_int_equal(lrc_http_router_find(r, LRC_METHOD_GET, "/api/files/1/2", &m, &err), 0);
    assert_string_equal(lrc_http_match_param(&m, "path"), "1/2");
    lrc_http_match_done(&m);
}

static void mistakes_in_the_table(void **state)
{
    (void)state;
    static const lrc_http_route bad[][2] = {
        {{"FETCH", "/a", none}},
        {{"OPTIONS", "/a", none}},
        {{"GET", "a", none}},
        {{"GET", "/a", NULL}},
        {{"GET", "/a/{b...}/c", none}},
        {{"GET", "/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}", none}},
        {{"GET", "/a", none}, {"GET", "/a", none}},
        {{"GET", "/a/{b}", none}, {"GET", "/a/{c}", none}},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        lrc_http_router *r = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_http_router_new(bad[i], bad[i][1].method ? 2 : 1, &r, &err), -1);
        assert_int_equal(err.code, LRC_ERR_INVALID);
        assert_null(r);
    }
}

static int build_and_find(void *arg, lrc_err *err)
{
    (void)arg;
    lrc_auto_http_router lrc_http_router *r = NULL;
    lrc_http_match m = {0};
    if (lrc_http_router_new(routes, LENGTH(routes), &r, err) < 0 ||
        lrc_http_router_find(r, LRC_METHOD_GET, "/api/files/a/b", &m, err) < 0)
        return -1;
    lrc_http_match_done(&m);
    return 0;
}

static void memory_runs_out(void **state)
{
    (void)state;
    assert_int_equal(lrc_test_each_allocation(build_and_find, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(matching), cmocka_unit_test(params_have_names),
                                       cmocka_unit_test(mistakes_in_the_table), cmocka_unit_test(memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
