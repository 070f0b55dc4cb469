// SPDX-License-Identifier: MIT
// docs.c - the API's description: openapi/*.json put together as one document, and a page that shows it.
//
// Each file of openapi/ is a resource with its "paths" and "components"; lorica.json is the head, with what all share. They
// lie inside the program (CMakeLists.txt) and are merged when somebody asks, which takes about a millisecond.
#include <string.h>

#include "api/api.h"
#include "base/str.h"
#include "http/asset.h"

extern const lrc_http_asset lrc_openapi[];
extern const size_t lrc_openapi_count;

#define PARTS_MAX 64

struct parts {
    size_t count;
    lrc_json_doc *doc[PARTS_MAX];
};

static void parts_done(struct parts *p)
{
    for (size_t i = 0; i < p->count; i++)
        lrc_json_doc_free(p->doc[i]);
}

static bool is_part(const char *path)
{
    return lrc_str_ends(path, ".json") && !strchr(path + 1, '/');
}

static int read_parts(struct parts *ret, lrc_err *err)
{
    for (size_t i = 0; i < lrc_openapi_count && ret->count < PARTS_MAX; i++) {
        const lrc_http_asset *a = &lrc_openapi[i];
        if (!is_part(a->path))
            continue;
        if (lrc_json_parse((const char *)a->bytes, (size_t)(a->bytes_end - a->bytes), &ret->doc[ret->count], err) < 0)
            return lrc_wrap(err, "openapi%s", a->path);
        ret->count++;
    }
    return 0;
}

// {members of the objects that `of` finds in each part}
static void put_joined(const struct parts *p, const lrc_json *(*of)(const lrc_json *part, const char *name),
                       const char *name, lrc_json_out *out)
{
    lrc_json_key(out, name);
    lrc_json_object_begin(out);
    for (size_t i = 0; i < p->count; i++) {
        const lrc_json *object = of(lrc_json_root(p->doc[i]), name);
        for (const lrc_json *v = object ? object->first : NULL; v; v = v->next) {
            lrc_json_key(out, v->key);
            lrc_json_put_value(out, v);
        }
    }
    lrc_json_object_end(out);
}

static const lrc_json *component(const lrc_json *part, const char *name)
{
    return lrc_json_get(lrc_json_get(part, "components"), name);
}

static void put_head(const struct parts *p, lrc_json_out *out)
{
    for (size_t i = 0; i < p->count; i++)
        for (const lrc_json *v = lrc_json_root(p->doc[i])->first; v; v = v->next)
            if (strcmp(v->key, "paths") != 0 && strcmp(v->key, "components") != 0) {
                lrc_json_key(out, v->key);
                lrc_json_put_value(out, v);
            }
}

static int get_document(lrc_http_req *q, lrc_err *err)
{
    static const char *const components[] = {"schemas", "responses", "parameters", "requestBodies", "securitySchemes"};
    struct parts parts __attribute__((cleanup(parts_done))) = {0};
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (read_parts(&parts, err) < 0)
        return -1;
    lrc_json_object_begin(&out);
    put_head(&parts, &out);
    put_joined(&parts, lrc_json_get, "paths", &out);
    lrc_json_key(&out, "components");
    lrc_json_object_begin(&out);
    for (size_t i = 0; i < sizeof components / sizeof components[0]; i++)
        put_joined(&parts, component, components[i], &out);
    lrc_json_object_end(&out);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

// ---- The page --------------------------------------------------------------------------------------------------------

static int answer_file(lrc_http_req *q, const char *name, lrc_err *err)
{
    lrc_auto_free char *path = NULL; // only compared with the names of the table
    if (lrc_str_format(&path, err, "/page/%s", name) < 0)
        return -1;
    const lrc_http_asset *asset = lrc_http_asset_find(lrc_openapi, lrc_openapi_count, path);
    return asset ? lrc_http_answer_asset(q, asset, err)
                 : lrc_fail(err, LRC_ERR_NOT_FOUND, "the API's page has no file '%s'", name);
}

static int get_page(lrc_http_req *q, lrc_err *err)
{
    return answer_file(q, "index.html", err);
}

static int get_file(lrc_http_req *q, lrc_err *err)
{
    return answer_file(q, lrc_http_param(q, "file"), err);
}

const lrc_http_route lrc_api_docs_routes[] = {
    {"GET", "/api/openapi.json", get_document, .summary = "The API, as an OpenAPI 3.1 document"},
    {"GET", "/api/docs", get_page, .flags = LRC_HTTP_INLINE, .summary = "The API, as a page for people"},
    {"GET", "/api/docs/{file}", get_file, .flags = LRC_HTTP_INLINE, .summary = "Script and style of that page"},
    {0},
};
