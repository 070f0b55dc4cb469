// SPDX-License-Identifier: MIT
// gate.h - token mode: one token for tools (Authorization: Bearer), sessions (a cookie) for the page.
//
// A session is 256 random bits in a cookie; we keep only its SHA-256 and the time it was made, so what is saved cannot be
// used to log in. It ends after 30 days or at logout. The token is compared by digest in constant time. A client address
// (IPv6: its /64) has 10 wrong tokens, then one more each 6 seconds; beyond that it hears LRC_ERR_RATE whatever it sends,
// so guessing is hopeless; a valid session is not asked for a token and is never locked out.
// All functions: any thread (one lock inside). Times are given in, for tests. May use: base, libcrypto.
#ifndef LRC_HTTP_GATE_H
#define LRC_HTTP_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

#define LRC_HTTP_DIGEST_SIZE  32
#define LRC_HTTP_SESSION_MS   ((int64_t)30 * 24 * 3600 * 1000)
#define LRC_HTTP_SESSIONS_MAX 256  // the oldest gives way
#define LRC_HTTP_COOKIE_SIZE  65   // 64 hex digits and a NUL
#define LRC_HTTP_TRIES        10   // wrong tokens from one address at once
#define LRC_HTTP_TRY_MS       6000 // and then one each

struct sockaddr;

typedef struct lrc_http_peer {
    uint8_t key[8]; // what stands for a client's address
} lrc_http_peer;

lrc_http_peer lrc_http_peer_of(const struct sockaddr *address); // NULL: all zero

typedef struct lrc_http_session_id {
    bool set;
    uint8_t digest[LRC_HTTP_DIGEST_SIZE];
} lrc_http_session_id;

typedef struct lrc_http_gate lrc_http_gate;

// `token` NULL: everybody may do everything. `saved` is what lrc_http_gate_save() wrote, or NULL; bad lines are skipped.
int lrc_http_gate_new(const char *token, const char *saved, int64_t now_ms, lrc_http_gate **ret, lrc_err *err);
void lrc_http_gate_free(lrc_http_gate *a);
LRC_DEFINE_FREEP(lrc_http_gate)
#define lrc_auto_http_gate lrc_cleanup(lrc_http_gate_freep)

bool lrc_http_gate_needed(const lrc_http_gate *a);

// May this request pass? The two headers may be NULL; `cookie_name` is the session cookie's. A valid session is put into
// *ret. LRC_ERR_AUTH or LRC_ERR_RATE.
int lrc_http_gate_check(lrc_http_gate *a, const lrc_http_peer *peer, const char *authorization, const char *cookies,
                        const char *cookie_name, int64_t now_ms, lrc_http_session_id *ret, lrc_err *err);

// A new session for the right token; `cookie` gets its value. LRC_ERR_AUTH or LRC_ERR_RATE.
int lrc_http_gate_login(lrc_http_gate *a, const lrc_http_peer *peer, const char *token, int64_t now_ms,
                        char cookie[static LRC_HTTP_COOKIE_SIZE], lrc_err *err);
void lrc_http_gate_revoke(lrc_http_gate *a, const lrc_http_session_id *id);

// One line per session: digest and time of making.
void lrc_http_gate_save(lrc_http_gate *a, lrc_buf *out);

#endif
