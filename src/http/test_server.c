// SPDX-License-Identifier: MIT
// Start and stop, and a conversation over a socket in one process (what runs under ThreadSanitizer with the unit tests;
// tests/api has the rest).
#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/feed.h"
#include "support/cmocka.h"

static atomic_uint line_count; // what followers follow
static lrc_http_bell *bell;

static int hello(lrc_http_req *q, lrc_err *err)
{
    return lrc_http_answer(q, 200, "text/plain", "hello", 5, err);
}

static int wait_a_little(lrc_http_req *q, lrc_err *err)
{
    lrc_clock_sleep_ms(20);
    return lrc_http_answer(q, 200, "text/plain", "waited", 6, err);
}

static int fail_always(lrc_http_req *q, lrc_err *err)
{
    (void)q;
    return lrc_fail(err, LRC_ERR_CONFLICT, "say \"no\"");
}

struct follower {
    unsigned at;
};

static lrc_feed_next fill(void *self, lrc_http_feed *out)
{
    struct follower *f = self;
    for (; f->at < atomic_load(&line_count); f->at++) {
        char text[32];
        const int n = snprintf(text, sizeof text, "line %u", f->at);
        if (lrc_feed_room(out) == 0)
            return LRC_FEED_MORE;
        lrc_feed_put(out, NULL, NULL, text, (size_t)n);
    }
    return LRC_FEED_WAIT;
}

static int follow(lrc_http_req *q, lrc_err *err)
{
    static const lrc_feed_class cls = {.fill = fill, .free = free};
    struct follower *f = calloc(1, sizeof *f);
    return f ? lrc_http_answer_feed(q, &cls, f, bell, err) : lrc_fail_memory(err);
}

static const lrc_http_route routes[] = {
    {"GET", "/hello", hello, .flags = LRC_HTTP_INLINE, .summary = "hello"},
    {"GET", "/wait", wait_a_little, .summary = "waits"},
    {"GET", "/fail", fail_always, .summary = "fails"},
    {"GET", "/follow", follow, .flags = LRC_HTTP_EVENTS, .summary = "follows"},
};

static lrc_http_server *start(void)
{
    const lrc_http_options o = {.routes = routes, .route_count = LENGTH(routes)};
    lrc_http_server *s = NULL;
    lrc_err err = LRC_ERR_INIT;
    if (lrc_http_start(&o, &s, &err) < 0)
        fail_msg("%s", err.msg);
    return s;
}

static int dial(const lrc_http_server *s)
{
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(lrc_http_port(s)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    const struct timeval limit = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

// Read on until `end` is there; the whole text.
static const char *read_until(int fd, const char *end)
{
    static _Thread_local char text[65536];
    size_t n = 0;
    do {
        const ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            return NULL;
        n += (size_t)got;
        text[n] = '\0';
    } while (!strstr(text, end));
    return text;
}

static bool ask(int fd, const char *target)
{
    char text[256];
    const int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    return send(fd, text, (size_t)n, MSG_NOSIGNAL) == n;
}

static void options_are_checked(void **state)
{
    (void)state;
    static const lrc_http_route twice[] = {{"GET", "/a", hello}, {"GET", "/a", hello}};
    static const lrc_http_route mixed[] = {{"GET", "/a", follow, .flags = LRC_HTTP_EVENTS | LRC_HTTP_INLINE}};
    const struct {
        lrc_http_options o;
        lrc_err_code want;
    } table[] = {
        {{.routes = twice, .route_count = 2}, LRC_ERR_INVALID},
        {{.routes = mixed, .route_count = 1}, LRC_ERR_INVALID},
        {{.host = "0.0.0.0"}, LRC_ERR_INVALID},
        {{.host = "::"}, LRC_ERR_INVALID},
        {{.host = "not a host"}, LRC_ERR_INVALID},
        {{.token = ""}, LRC_ERR_INVALID},
    };
    for (size_t i = 0; i < LENGTH(table); i++) {
        lrc_http_server *s = NULL;
        lrc_err err = LRC_ERR_INIT;
        assert_int_equal(lrc_http_start(&table[i].o, &s, &err), -1);
        assert_int_equal(err.code, table[i].want);
        assert_null(s);
    }
    lrc_http_server *first = start(), *second = NULL;
    const lrc_http_options taken = {.port = lrc_http_port(first)};
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_http_start(&taken, &second, &err), -1);
    assert_int_equal(err.code, LRC_ERR_CONFLICT);
    assert_string_equal(err.field, "port");
    lrc_http_stop(first);
    lrc_http_stop(NULL);
}

static void a_listening_socket_may_be_given(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 8), 0);
    const lrc_http_options o = {.routes = routes, .route_count = LENGTH(routes), .listen_fd = fd};
    lrc_http_server *s = NULL;
    lrc_err err = LRC_ERR_INIT;
    assert_int_equal(lrc_http_start(&o, &s, &err), 0);
    assert_true(lrc_http_port(s) > 0);
    const int client = dial(s);
    ask(client, "/hello");
    assert_non_null(read_until(client, "hello"));
    close(client);
    lrc_http_stop(s);
    // Given or not: what others can reach needs a token.
    a = (struct sockaddr_in){.sin_family = AF_INET};
    const int open_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(open_fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(open_fd, 8), 0);
    const lrc_http_options bad = {.listen_fd = open_fd};
    s = NULL;
    assert_int_equal(lrc_http_start(&bad, &s, &err), -1);
    assert_int_equal(err.code, LRC_ERR_INVALID);
}

static void requests(void **state)
{
    (void)state;
    lrc_http_server *s = start();
    const int fd = dial(s);
    ask(fd, "/hello");
    assert_non_null(read_until(fd, "\r\n\r\nhello"));
    ask(fd, "/wait");
    assert_non_null(read_until(fd, "\r\n\r\nwaited"));
    ask(fd, "/fail");
    const char *text = read_until(fd, "}");
    assert_non_null(strstr(text, "HTTP/1.1 409"));
    assert_non_null(strstr(text, "{\"success\":false,\"error\":\"say \\\"no\\\"\",\"code\":\"conflict\"}"));
    lrc_http_stats stats;
    lrc_http_get_stats(s, &stats);
    assert_int_equal(stats.requests, 3);
    close(fd);
    lrc_http_stop(s);
}

static void *client_main(void *arg)
{
    const int fd = *(const int *)arg;
    for (int i = 0; i < 50; i++)
        if (!ask(fd, i % 2 ? "/wait" : "/hello") || !read_until(fd, i % 2 ? "waited" : "hello"))
            break; // the server has stopped
    return NULL;
}

static void *follower_main(void *arg)
{
    const int fd = *(const int *)arg;
    if (ask(fd, "/follow"))
        read_until(fd, "line 99\n"); // or the end
    return NULL;
}

static void stop_in_the_middle_of_it(void **state)
{
    (void)state;
    lrc_err err = LRC_ERR_INIT;
    atomic_store(&line_count, 0);
    assert_int_equal(lrc_http_bell_new(&bell, &err), 0);
    lrc_http_server *s = start();
    pthread_t client[8], follower[8];
    int fd[16];
    for (size_t i = 0; i < LENGTH(fd); i++)
        fd[i] = dial(s);
    for (size_t i = 0; i < LENGTH(client); i++) {
        assert_int_equal(pthread_create(&client[i], NULL, client_main, &fd[2 * i]), 0);
        assert_int_equal(pthread_create(&follower[i], NULL, follower_main, &fd[2 * i + 1]), 0);
    }
    for (int i = 0; i < 100; i++) {
        atomic_fetch_add(&line_count, 1);
        lrc_http_bell_ring(bell);
        lrc_clock_sleep_ms(2);
    }
    lrc_http_stop(s);
    lrc_http_bell_ring(bell); // nobody to hear it
    for (size_t i = 0; i < LENGTH(client); i++) {
        pthread_join(client[i], NULL);
        pthread_join(follower[i], NULL);
        close(fd[2 * i]);
        close(fd[2 * i + 1]);
    }
    lrc_http_bell_free(bell);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_listening_socket_may_be_given),
        cmocka_unit_test(requests),
        cmocka_unit_test(stop_in_the_middle_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
