// SPDX-License-Identifier: MIT
// images.c - pictures, small and by their header: /api/dataset-tools/thumbnail and image-dims, with KNX's field names.
#include "api/api.h"
#include "thumb/thumb.h"

#define SIZE_DEFAULT 200 // KNX's
#define SIZE_MIN     32
#define SIZE_MAX_PX  800

// Orientations of EXIF that swap width and height.
#define FIRST_LYING 5
#define LAST_LYING  8

// The picture that a request names: path=, absolute or below baseFolder=, which is absolute or below the workspace.
// Open and proven to lie in a declared root; what is done with it from here on asks for no name again.
static int open_picture(const lrc_http_req *q, int *ret_fd, char **ret_name, lrc_err *err)
{
    lrc_app *app = lrc_api_app(q);
    const char *path, *folder = lrc_http_query(q, "baseFolder"), *root = lrc_app_workspace(app)->root;
    lrc_auto_rooted lrc_rooted base = LRC_ROOTED_INIT, file = LRC_ROOTED_INIT;
    lrc_auto_close int fd = -1;
    if (lrc_http_query_need(q, "path", &path, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), root, folder && *folder ? folder : ".", 0, &base, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), base.path, path, 0, &file, err) < 0 ||
        lrc_rooted_open(&file, &fd, err) < 0 || lrc_str_copy(ret_name, file.name, err) < 0)
        return -1;
    *ret_fd = lrc_take_fd(fd);
    return 0;
}

static bool gone(const void *q)
{
    return lrc_http_cancelled(q);
}

static int get_thumbnail(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_close int fd = -1;
    lrc_auto_free char *name = NULL;
    lrc_thumb small;
    int64_t size = SIZE_DEFAULT;
    if (lrc_http_query_int(q, "size", SIZE_MIN, SIZE_MAX_PX, &size, err) < 0 || open_picture(q, &fd, &name, err) < 0)
        return -1;
    const lrc_thumb_source source = {.fd = fd, .name = name, .gone = gone, .asks = q};
    if (lrc_thumbs_get(lrc_app_thumbs(lrc_api_app(q)), &source, (int)size, &small, err) < 0)
        return -1;
    // With v= the address changes with the picture, so what it leads to never does. Private: a page may need a token.
    const lrc_http_file file = {.type = "image/webp",
                                .name = name,
                                .caching = lrc_http_query(q, "v") ? "private, max-age=31536000, immutable" : NULL,
                                .tag = small.tag};
    return lrc_http_answer_file(q, small.fd, &file, err);
}

static int get_dims(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_close int fd = -1;
    lrc_auto_free char *name = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_decode_facts facts;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (open_picture(q, &fd, &name, err) < 0)
        return -1;
    const lrc_thumb_source source = {.fd = fd, .name = name, .gone = gone, .asks = q};
    if (lrc_thumbs_facts(lrc_app_thumbs(lrc_api_app(q)), &source, &facts, err) < 0)
        return -1;
    const bool lying = facts.orientation >= FIRST_LYING && facts.orientation <= LAST_LYING;
    lrc_json_object_begin(&out);
    lrc_json_kint(&out, "width", lying ? facts.height : facts.width); // upright, as browsers show it
    lrc_json_kint(&out, "height", lying ? facts.width : facts.height);
    lrc_json_kstr(&out, "format", facts.format);
    lrc_json_kint(&out, "orientation", facts.orientation);
    lrc_json_kint(&out, "pages", facts.pages);
    lrc_json_kbool(&out, "alpha", facts.alpha);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_images_routes[] = {
    {"GET", "/api/dataset-tools/thumbnail", get_thumbnail, .summary = "A small square of a picture, WebP"},
    {"GET", "/api/dataset-tools/image-dims", get_dims, .summary = "Width and height of a picture, upright"},
    {0},
};
