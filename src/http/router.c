// SPDX-License-Identifier: MIT
#include "http/router.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "http/uri.h"

#define PARTS_MAX 64 // of one path; no route is that long, and the rest belongs to {rest...}

static const char *const verb_name[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
#define VERBS (sizeof verb_name / sizeof verb_name[0])

// One part of all paths that begin alike.
struct node {
    char *word;         // NULL for {name} and {rest...}
    struct node *words; // children, a list
    struct node *next;  // sibling
    struct node *any;   // child {name}
    struct node *rest;  // child {rest...}
    const lrc_http_route *route[VERBS];
    unsigned allow;
};

struct lrc_http_router {
    struct node *root;
};

// A path in the course of being matched.
struct walk {
    size_t count;
    const char *part[PARTS_MAX]; // decoded
    const char *raw[PARTS_MAX];  // where it begins in the raw path
    const struct node *leaf;
    size_t param_count;
    const char *param[LRC_HTTP_PARAMS_MAX];
    const char *rest_raw; // of a {rest...}, to be decoded whole; NULL when there is none
};

lrc_http_verb lrc_http_verb_of(const char *method)
{
    size_t i = 0;
    while (i < VERBS && strcmp(method, verb_name[i]) != 0)
        i++;
    return (lrc_http_verb)i; // VERBS is LRC_METHOD_OTHER
}

static void node_free(struct node *n)
{
    while (n) {
        struct node *next = n->next;
        node_free(n->words);
        node_free(n->any);
        node_free(n->rest);
        free(n->word);
        free(n);
        n = next;
    }
}

void lrc_http_router_free(lrc_http_router *r)
{
    if (!r)
        return;
    node_free(r->root);
    free(r);
}

static struct node *make(struct node **slot, lrc_err *err)
{
    if (!*slot && !(*slot = calloc(1, sizeof **slot)))
        lrc_fail_memory_(err);
    return *slot;
}

static struct node *make_word(struct node *parent, const char *s, size_t n, lrc_err *err)
{
    for (struct node *w = parent->words; w; w = w->next)
        if (strlen(w->word) == n && memcmp(w->word, s, n) == 0)
            return w;
    struct node *w = calloc(1, sizeof *w);
    if (!w || lrc_str_copy_n(&w->word, s, n, NULL) < 0) {
        free(w);
        lrc_fail_memory_(err);
        return NULL;
    }
    w->next = parent->words;
    parent->words = w;
    return w;
}

// The node of a route's path, made as needed.
static struct node *plant(struct node *node, const lrc_http_route *r, lrc_err *err)
{
    size_t params = 0;
    for (const char *p = r->path; node && *p == '/';) {
        const char *part = p + 1;
        const size_t n = strcspn(part, "/");
        p = part + n;
        const bool param = n > 2 && part[0] == '{' && part[n - 1] == '}';
        const bool rest = param && n > 5 && memcmp(part + n - 4, "...}", 4) == 0;
        if ((param && ++params > LRC_HTTP_PARAMS_MAX) || (rest && *p)) {
            lrc_fail_(err, LRC_ERR_INVALID, "route %s %s: %s", r->method, r->path,
                      rest ? "a {rest...} must be last" : "too many {names}");
            return NULL;
        }
        if (rest)
            node = make(&node->rest, err);
        else if (param)
            node = make(&node->any, err);
        else
            node = make_word(node, part, n, err);
    }
    return node;
}

static int add_route(lrc_http_router *router, const lrc_http_route *r, lrc_err *err)
{
    const lrc_http_verb verb = lrc_http_verb_of(r->method);
    if (verb == LRC_METHOD_OTHER || verb == LRC_METHOD_OPTIONS || r->path[0] != '/' || !r->handle)
        return lrc_fail(err, LRC_ERR_INVALID, "route %s %s: needs a known method, a path with '/' and a handler",
                        r->method, r->path);
    struct node *node = plant(router->root, r, err);
    if (!node)
        return -1;
    if (node->route[verb])
        return lrc_fail(err, LRC_ERR_INVALID, "route %s %s: this path has that method already (%s)", r->method, r->path,
                        node->route[verb]->path);
    node->route[verb] = r;
    node->allow |= 1u << verb | 1u << LRC_METHOD_OPTIONS | (verb == LRC_METHOD_GET ? 1u << LRC_METHOD_HEAD : 0);
    return 0;
}

int lrc_http_router_new(const lrc_http_route *routes, size_t count, lrc_http_router **ret, lrc_err *err)
{
    lrc_auto_http_router lrc_http_router *router = calloc(1, sizeof *router);
    if (!router || !make(&router->root, err))
        return lrc_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        if (add_route(router, &routes[i], err) < 0)
            return -1;
    *ret = lrc_take(router);
    return 0;
}

// Depth first: a word, then {name}, then {rest...}. The tree is as deep as the longest route, so this ends soon.
static bool follow(const struct node *n, struct walk *w, size_t at)
{
    if (at == w->count || (at + 1 == w->count && !w->part[at][0] && at > 0)) {
        w->leaf = n;
        if (n->allow)
            return true;
    }
    if (at < w->count) {
        for (const struct node *child = n->words; child; child = child->next)
            if (strcmp(child->word, w->part[at]) == 0 && follow(child, w, at + 1))
                return true;
        if (n->any && w->part[at][0]) {
            w->param[w->param_count++] = w->part[at];
            if (follow(n->any, w, at + 1))
                return true;
            w->param_count--;
        }
    }
    if (!n->rest || at == w->count)
        return false;
    w->leaf = n->rest;
    w->rest_raw = w->raw[at];
    return true;
}

// Decodes each part of the raw path behind `*at`. Past the last of PARTS_MAX only a {rest...} can match.
static int split(const char *path, char **at, struct walk *w, lrc_err *err)
{
    for (const char *p = path; *p == '/' && w->count < PARTS_MAX;) {
        const char *part = p + 1;
        const size_t n = strcspn(part, "/");
        size_t len;
        if (lrc_uri_decode(part, n, false, *at, &len, err) < 0)
            return -1;
        w->raw[w->count] = part;
        w->part[w->count++] = *at;
        *at += len + 1;
        p = part + n;
    }
    return 0;
}

static int fill(const struct walk *w, lrc_http_verb verb, char *at, lrc_http_match *m, lrc_err *err)
{
    memcpy(m->param, w->param, sizeof w->param);
    m->param_count = w->param_count;
    if (w->rest_raw) {
        size_t len;
        if (lrc_uri_decode(w->rest_raw, strlen(w->rest_raw), false, at, &len, err) < 0)
            return -1;
        m->param[m->param_count++] = at;
    }
    m->allow = w->leaf->allow;
    if (verb < VERBS)
        m->route = w->leaf->route[verb];
    if (!m->route && verb == LRC_METHOD_HEAD)
        m->route = w->leaf->route[LRC_METHOD_GET];
    return 0;
}

int lrc_http_router_find(const lrc_http_router *r, lrc_http_verb verb, const char *path, lrc_http_match *ret,
                         lrc_err *err)
{
    const size_t n = strlen(path);
    lrc_http_match m = {.text = malloc(3 * n + 6)}; // whole, in parts, and the rest
    if (!m.text)
        return lrc_fail_memory(err);
    struct walk w = {0};
    size_t len;
    char *at = m.text;
    int result = lrc_uri_decode(path, n, false, at, &len, err);
    m.path = at;
    at += n + 1;
    if (result == 0)
        result = split(path, &at, &w, err);
    if (result == 0 && follow(r->root, &w, 0))
        result = fill(&w, verb, at, &m, err);
    if (result < 0) {
        lrc_http_match_done(&m);
        return -1;
    }
    *ret = m;
    return 0;
}

void lrc_http_match_done(lrc_http_match *m)
{
    free(m->text);
    *m = (lrc_http_match){0};
}

const char *lrc_http_match_param(const lrc_http_match *m, const char *name)
{
    const size_t n = strlen(name);
    const char *p = m->route ? m->route->path : "";
    for (size_t i = 0; i < m->param_count && (p = strchr(p, '{')); i++) {
        p++;
        if (strncmp(p, name, n) == 0 && (p[n] == '}' || strcmp(p + n, "...}") == 0))
            return m->param[i];
    }
    return NULL;
}

void lrc_http_allow_text(unsigned allow, char out[static LRC_HTTP_ALLOW_SIZE])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < VERBS; i++)
        if (allow & 1u << i)
            used += (size_t)snprintf(out + used, LRC_HTTP_ALLOW_SIZE - used, "%s%s", used ? ", " : "", verb_name[i]);
}
