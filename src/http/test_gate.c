// SPDX-License-Identifier: MIT
#include "http/gate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "support/allocations.h"
#include "support/cmocka.h"

#define NOW    ((int64_t)1700000000000)
#define COOKIE "s"

static lrc_http_gate *gate;
static const lrc_http_peer here = {{1}}, there = {{2}};

static int set_up(void **state)
{
    (void)state;
    return lrc_http_gate_new("secret", NULL, NOW, &gate, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    lrc_http_gate_free(gate);
    return 0;
}

static lrc_err_code check(const lrc_http_peer *peer, const char *authorization, const char *cookies, int64_t now)
{
    lrc_err err = LRC_ERR_INIT;
    lrc_http_session_id id = {0};
    return lrc_http_gate_check(gate, peer, authorization, cookies, COOKIE, now, &id, &err) < 0 ? err.code : LRC_OK;
}

static void bearer(void **state)
{
    (void)state;
    assert_int_equal(check(&here, NULL, NULL, NOW), LRC_ERR_AUTH);
    assert_int_equal(check(&here, "Bearer secret", NULL, NOW), LRC_OK);
    static const char *const bad[] = {"Bearer secre", "Bearer secrets", "Bearer ", "bearer secret", "Basic secret", ""};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(check(&there, bad[i], NULL, NOW), LRC_ERR_AUTH);
}

static void guessing(void **state)
{
    (void)state;
    for (int i = 0; i < LRC_HTTP_TRIES; i++)
        assert_int_equal(check(&here, "Bearer guess", NULL, NOW), LRC_ERR_AUTH);
    assert_int_equal(check(&here, "Bearer guess", NULL, NOW), LRC_ERR_RATE);
    assert_int_equal(check(&here, "Bearer secret", NULL, NOW), LRC_ERR_RATE);
    assert_int_equal(check(&there, "Bearer secret", NULL, NOW), LRC_OK);
    char cookie[LRC_HTTP_COOKIE_SIZE];
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_http_gate_login(gate, &here, "secret", NOW, cookie, &err), -1);
    assert_int_equal(err.code, LRC_ERR_RATE);
    // One more try each LRC_HTTP_TRY_MS.
    assert_int_equal(check(&here, "Bearer secret", NULL, NOW + LRC_HTTP_TRY_MS), LRC_OK);
    assert_int_equal(check(&here, "Bearer guess", NULL, NOW + LRC_HTTP_TRY_MS), LRC_ERR_AUTH);
    assert_int_equal(check(&here, "Bearer secret", NULL, NOW + LRC_HTTP_TRY_MS), LRC_ERR_RATE);
    // A clock that is set back locks nobody out for longer than all tries take.
    const int64_t back = NOW - 1000000000;
    assert_int_equal(check(&here, "Bearer secret", NULL, back), LRC_ERR_RATE);
    assert_int_equal(check(&here, "Bearer secret", NULL, back + LRC_HTTP_TRY_MS), LRC_OK);
}

static void sessions(void **state)
{
    (void)state;
    char cookie[LRC_HTTP_COOKIE_SIZE], header[128];
    lrc_err err = LRC_ERR_INIT;
    lrc_http_session_id id = {0};
    assert_int_equal(lrc_http_gate_login(gate, &here, "wrong", NOW, cookie, &err), -1);
    assert_int_equal(err.code, LRC_ERR_AUTH);
    assert_int_equal(lrc_http_gate_login(gate, &here, "secret", NOW, cookie, &err), 0);
    assert_int_equal(strlen(cookie), 64);
    snprintf(header, sizeof header, "a=b; s=%s; c=d", cookie);
    assert_int_equal(lrc_http_gate_check(gate, &here, NULL, header, COOKIE, NOW, &id, &err), 0);
    assert_true(id.set);
    assert_int_equal(check(&here, NULL, header, NOW + LRC_HTTP_SESSION_MS - 1), LRC_OK);
    assert_int_equal(check(&here, NULL, header, NOW + LRC_HTTP_SESSION_MS), LRC_ERR_AUTH);
    snprintf(header, sizeof header, "xs=%.64s", cookie);
    assert_int_equal(check(&here, NULL, header, NOW), LRC_ERR_AUTH);
    snprintf(header, sizeof header, "s=%.63s", cookie);
    assert_int_equal(check(&here, NULL, header, NOW), LRC_ERR_AUTH);
    snprintf(header, sizeof header, "s=%.64s", cookie);
    lrc_http_gate_revoke(gate, &id);
    assert_int_equal(check(&here, NULL, header, NOW), LRC_ERR_AUTH);
    lrc_http_gate_revoke(gate, &id);
}

static void sessions_are_saved_as_digests(void **state)
{
    (void)state;
    char cookie[3][LRC_HTTP_COOKIE_SIZE], header[128];
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_buf lrc_buf text;
    lrc_buf_init(&text, 1 << 20);
    for (int i = 0; i < 3; i++)
        assert_int_equal(lrc_http_gate_login(gate, &here, "secret", NOW + i, cookie[i], &err), 0);
    lrc_http_gate_save(gate, &text);
    for (int i = 0; i < 3; i++)
        assert_null(strstr(text.data, cookie[i]));
    lrc_buf_adds(&text, "nonsense\n\nzz 5\n");
    lrc_http_gate_free(gate);
    assert_int_equal(lrc_http_gate_new("secret", text.data, NOW + LRC_HTTP_SESSION_MS + 1, &gate, &err), 0);
    for (int i = 0; i < 3; i++) { // the first two have ended
        snprintf(header, sizeof header, "s=%.64s", cookie[i]);
        assert_int_equal(check(&here, NULL, header, NOW + LRC_HTTP_SESSION_MS + 1), i == 2 ? LRC_OK : LRC_ERR_AUTH);
    }
}

static void the_oldest_session_gives_way(void **state)
{
    (void)state;
    char first[LRC_HTTP_COOKIE_SIZE], second[LRC_HTTP_COOKIE_SIZE], cookie[LRC_HTTP_COOKIE_SIZE], header[128];
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_http_gate_login(gate, &here, "secret", NOW, first, &err), 0);
    assert_int_equal(lrc_http_gate_login(gate, &here, "secret", NOW + 1, second, &err), 0);
    for (int i = 2; i <= LRC_HTTP_SESSIONS_MAX; i++)
        assert_int_equal(lrc_http_gate_login(gate, &here, "secret", NOW + i, cookie, &err), 0);
    snprintf(header, sizeof header, "s=%.64s", first);
    assert_int_equal(check(&here, NULL, header, NOW), LRC_ERR_AUTH);
    snprintf(header, sizeof header, "s=%.64s", second);
    assert_int_equal(check(&here, NULL, header, NOW), LRC_OK);
}

static void without_a_token(void **state)
{
    (void)state;
    lrc_auto_http_gate lrc_http_gate *open = NULL;
    lrc_err err = LRC_ERR_INIT;
    char cookie[LRC_HTTP_COOKIE_SIZE];
    lrc_http_session_id id = {0};
    assert_int_equal(lrc_http_gate_new(NULL, NULL, NOW, &open, &err), 0);
    assert_false(lrc_http_gate_needed(open));
    assert_int_equal(lrc_http_gate_check(open, &here, NULL, NULL, COOKIE, NOW, &id, &err), 0);
    assert_int_equal(lrc_http_gate_login(open, &here, "anything", NOW, cookie, &err), 0);
    lrc_http_gate *none = NULL;
    assert_int_equal(lrc_http_gate_new("", NULL, NOW, &none, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
}

static void addresses(void **state)
{
    (void)state;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = 1};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    inet_pton(AF_INET, "10.1.2.3", &four.sin_addr);
    const lrc_http_peer a = lrc_http_peer_of((const struct sockaddr *)&four);
    four.sin_port = 2;
    const lrc_http_peer b = lrc_http_peer_of((const struct sockaddr *)&four);
    assert_memory_equal(&a, &b, sizeof a);
    inet_pton(AF_INET, "10.1.2.4", &four.sin_addr);
    const lrc_http_peer c = lrc_http_peer_of((const struct sockaddr *)&four);
    assert_memory_not_equal(&a, &c, sizeof a);
    inet_pton(AF_INET6, "2001:db8:1:2:3::4", &six.sin6_addr);
    const lrc_http_peer d = lrc_http_peer_of((const struct sockaddr *)&six);
    inet_pton(AF_INET6, "2001:db8:1:2:ffff::4", &six.sin6_addr);
    const lrc_http_peer e = lrc_http_peer_of((const struct sockaddr *)&six);
    assert_memory_equal(&d, &e, sizeof d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bearer),          TEST(guessing),
        TEST(sessions),        TEST(sessions_are_saved_as_digests),
        TEST(without_a_token), TEST(the_oldest_session_gives_way),
        TEST(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
