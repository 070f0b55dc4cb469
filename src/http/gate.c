// SPDX-License-Identifier: MIT
#include "http/gate.h"

#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "base/rand.h"
#include "base/str.h"

#define TRACKED 256 // addresses with failures that are remembered; the one longest at rest gives way

struct session {
    uint8_t digest[LRC_HTTP_DIGEST_SIZE];
    int64_t made_ms;
};

// What an address has used up of its tries, as a time.
struct tracked {
    lrc_http_peer peer;
    int64_t free_ms; // when the address has all its tries again; in the past: as if never seen
};

struct lrc_http_gate {
    pthread_mutex_t lock; // guards what follows but `needed` and `token`
    bool needed;
    uint8_t token[LRC_HTTP_DIGEST_SIZE];
    size_t count;
    struct session session[LRC_HTTP_SESSIONS_MAX];
    struct tracked tracked[TRACKED];
};

// SHA-256 cannot fail but without memory; then nothing matches.
static bool digest_of(const char *text, uint8_t out[static LRC_HTTP_DIGEST_SIZE])
{
    return EVP_Digest(text, strlen(text), out, NULL, EVP_sha256(), NULL) == 1;
}

static bool same(const uint8_t a[static LRC_HTTP_DIGEST_SIZE], const uint8_t b[static LRC_HTTP_DIGEST_SIZE])
{
    return CRYPTO_memcmp(a, b, LRC_HTTP_DIGEST_SIZE) == 0;
}

lrc_http_peer lrc_http_peer_of(const struct sockaddr *address)
{
    lrc_http_peer peer = {{0}};
    if (address && address->sa_family == AF_INET)
        memcpy(peer.key, &((const struct sockaddr_in *)(const void *)address)->sin_addr, sizeof(struct in_addr));
    if (address && address->sa_family == AF_INET6)
        memcpy(peer.key, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, sizeof peer.key);
    return peer;
}

static int hex(char c)
{
    return lrc_ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "<64 hex digits> <ms>"
static bool parse_session(const char *line, size_t n, struct session *ret)
{
    char text[96];
    if (n < 2 * LRC_HTTP_DIGEST_SIZE + 2 || n >= sizeof text || line[2 * LRC_HTTP_DIGEST_SIZE] != ' ')
        return false;
    memcpy(text, line, n);
    text[n] = '\0';
    for (size_t i = 0; i < LRC_HTTP_DIGEST_SIZE; i++) {
        const int high = hex(text[2 * i]), low = hex(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret->digest[i] = (uint8_t)(high * 16 + low);
    }
    return lrc_str_to_i64(text + 2 * LRC_HTTP_DIGEST_SIZE + 1, &ret->made_ms);
}

int lrc_http_gate_new(const char *token, const char *saved, int64_t now_ms, lrc_http_gate **ret, lrc_err *err)
{
    if (token && !token[0])
        return lrc_fail_field(err, LRC_ERR_INVALID, "token", "the token is empty");
    lrc_http_gate *g = calloc(1, sizeof *g);
    if (!g)
        return lrc_fail_memory(err);
    pthread_mutex_init(&g->lock, NULL);
    g->needed = token;
    if (token && !digest_of(token, g->token)) {
        lrc_http_gate_free(g);
        return lrc_fail_memory(err);
    }
    for (const char *p = saved ? saved : ""; *p && g->count < LRC_HTTP_SESSIONS_MAX;) {
        const size_t n = strcspn(p, "\n");
        struct session *s = &g->session[g->count];
        if (parse_session(p, n, s) && now_ms - s->made_ms < LRC_HTTP_SESSION_MS)
            g->count++;
        p += n + (p[n] == '\n');
    }
    *ret = g;
    return 0;
}

void lrc_http_gate_free(lrc_http_gate *g)
{
    if (!g)
        return;
    pthread_mutex_destroy(&g->lock);
    free(g);
}

bool lrc_http_gate_needed(const lrc_http_gate *g)
{
    return g->needed;
}

// The bucket of an address: its own, or the one that is longest free.
static struct tracked *bucket_of(lrc_http_gate *g, const lrc_http_peer *peer)
{
    struct tracked *oldest = &g->tracked[0];
    for (size_t i = 0; i < TRACKED; i++) {
        if (memcmp(&g->tracked[i].peer, peer, sizeof *peer) == 0 && g->tracked[i].free_ms)
            return &g->tracked[i];
        if (g->tracked[i].free_ms < oldest->free_ms)
            oldest = &g->tracked[i];
    }
    *oldest = (struct tracked){.peer = *peer};
    return oldest;
}

// Compare a token and count a failure. Lock held.
static int try_token(lrc_http_gate *g, const lrc_http_peer *peer, const char *token, int64_t now_ms, lrc_err *err)
{
    uint8_t digest[LRC_HTTP_DIGEST_SIZE];
    struct tracked *t = bucket_of(g, peer);
    const int64_t full_ms = (int64_t)LRC_HTTP_TRIES * LRC_HTTP_TRY_MS;
    if (t->free_ms - now_ms > full_ms) // the clock was set back
        t->free_ms = now_ms + full_ms;
    if (t->free_ms - now_ms > full_ms - LRC_HTTP_TRY_MS)
        return lrc_fail(err, LRC_ERR_RATE, "too many wrong tokens from this address; wait a little and try again");
    if (!digest_of(token, digest))
        return lrc_fail_memory(err);
    if (same(digest, g->token))
        return 0;
    t->free_ms = (t->free_ms > now_ms ? t->free_ms : now_ms) + LRC_HTTP_TRY_MS;
    return lrc_fail(err, LRC_ERR_AUTH, "the token is wrong");
}

// The value of `name` in "a=1; b=2"; false when it is not there or longer than a session's.
static bool find_cookie(const char *cookies, const char *name, char out[static LRC_HTTP_COOKIE_SIZE])
{
    const size_t name_len = strlen(name);
    for (const char *p = cookies; p && *p;) {
        p += strspn(p, "; ");
        const size_t n = strcspn(p, ";");
        if (n > name_len && memcmp(p, name, name_len) == 0 && p[name_len] == '=') {
            const size_t len = n - name_len - 1;
            if (len != LRC_HTTP_COOKIE_SIZE - 1)
                return false;
            memcpy(out, p + name_len + 1, len);
            out[len] = '\0';
            return true;
        }
        p += n;
    }
    return false;
}

static struct session *find_session(lrc_http_gate *g, const uint8_t digest[static LRC_HTTP_DIGEST_SIZE], int64_t now_ms)
{
    struct session *found = NULL;
    for (size_t i = 0; i < g->count; i++)
        if (same(g->session[i].digest, digest) && now_ms - g->session[i].made_ms < LRC_HTTP_SESSION_MS)
            found = &g->session[i];
    return found;
}

int lrc_http_gate_check(lrc_http_gate *g, const lrc_http_peer *peer, const char *authorization, const char *cookies,
                        const char *cookie_name, int64_t now_ms, lrc_http_session_id *ret, lrc_err *err)
{
    if (!g->needed)
        return 0;
    char cookie[LRC_HTTP_COOKIE_SIZE];
    lrc_http_session_id id = {.set = true};
    const bool has_cookie = find_cookie(cookies, cookie_name, cookie) && digest_of(cookie, id.digest);
    int result = 0;
    pthread_mutex_lock(&g->lock);
    if (has_cookie && find_session(g, id.digest, now_ms))
        *ret = id;
    else if (authorization && lrc_str_starts(authorization, "Bearer "))
        result = try_token(g, peer, authorization + strlen("Bearer "), now_ms, err);
    else
        result = lrc_fail(err, LRC_ERR_AUTH, "this server asks for its token: log in, or send Authorization: Bearer");
    pthread_mutex_unlock(&g->lock);
    return result;
}

static void add_session(lrc_http_gate *g, const uint8_t digest[static LRC_HTTP_DIGEST_SIZE], int64_t now_ms)
{
    size_t at = g->count;
    if (at == LRC_HTTP_SESSIONS_MAX) {
        at = 0;
        for (size_t i = 1; i < g->count; i++)
            if (g->session[i].made_ms < g->session[at].made_ms)
                at = i;
    } else {
        g->count++;
    }
    g->session[at].made_ms = now_ms;
    memcpy(g->session[at].digest, digest, LRC_HTTP_DIGEST_SIZE);
}

int lrc_http_gate_login(lrc_http_gate *g, const lrc_http_peer *peer, const char *token, int64_t now_ms,
                        char cookie[static LRC_HTTP_COOKIE_SIZE], lrc_err *err)
{
    uint8_t digest[LRC_HTTP_DIGEST_SIZE];
    if (lrc_rand_hex(cookie, LRC_HTTP_COOKIE_SIZE - 1, err) < 0)
        return -1;
    if (!digest_of(cookie, digest))
        return lrc_fail_memory(err);
    pthread_mutex_lock(&g->lock);
    const int result = g->needed ? try_token(g, peer, token, now_ms, err) : 0;
    if (result == 0)
        add_session(g, digest, now_ms);
    pthread_mutex_unlock(&g->lock);
    return result;
}

void lrc_http_gate_revoke(lrc_http_gate *g, const lrc_http_session_id *id)
{
    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; id->set && i < g->count; i++)
        if (same(g->session[i].digest, id->digest)) {
            g->session[i] = g->session[--g->count];
            break;
        }
    pthread_mutex_unlock(&g->lock);
}

void lrc_http_gate_save(lrc_http_gate *g, lrc_buf *out)
{
    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < g->count; i++) {
        for (size_t j = 0; j < LRC_HTTP_DIGEST_SIZE; j++)
            lrc_buf_addf(out, "%02x", g->session[i].digest[j]);
        lrc_buf_addf(out, " %lld\n", (long long)g->session[i].made_ms);
    }
    pthread_mutex_unlock(&g->lock);
}
