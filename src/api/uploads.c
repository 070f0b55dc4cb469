// SPDX-License-Identifier: MIT
// uploads.c - POST /api/dataset/upload-batch: files of any size into a dataset, at constant memory.
#include <string.h>

#include "api/api.h"
#include "base/path.h"
#include "dataset/name.h"
#include "dataset/upload.h"
#include "http/multipart.h"

#define NAME_FIELD_MAX 1024
#define UPLOAD_MAX     ((size_t)1 << 40) // bytes of one request; the disk is asked before

// The folder of the dataset that a form names: one that exists, or where a new one will be. A name that cannot stand is
// mended as when a dataset is created, so it is never a path (W2).
static int find_place(const lrc_app *app, const char *given, char **ret, lrc_err *err)
{
    const lrc_workspace *w = lrc_app_workspace(app);
    lrc_auto_free char *name = NULL, *found = NULL, *place = NULL;
    lrc_auto_rooted lrc_rooted r = LRC_ROOTED_INIT;
    // A folder that somebody made may have a name that we would not give.
    if (lrc_path_check_name(given, "dataset_name", NULL) == 0 && given[0] != '.' &&
        lrc_dataset_find(w, given, &found, NULL) == 0)
        return lrc_api_dataset(app, given, ret, err);
    if (lrc_dataset_mend_name(given, &name, err) < 0)
        return -1;
    if (lrc_dataset_find(w, name, &found, NULL) == 0)
        return lrc_api_dataset(app, name, ret, err);
    if (lrc_dataset_place(w, name, &place, err) < 0 ||
        lrc_rooted_find(lrc_app_roots(app), w->root, place, LRC_ROOTED_NEW, &r, err) < 0)
        return -1;
    if (r.exists)
        return lrc_fail_field(err, LRC_ERR_CONFLICT, "dataset_name", "'%s' exists and is not a dataset", name);
    return lrc_str_copy(ret, r.path, err);
}

static int begin(lrc_http_req *q, const char *name, lrc_upload *u, lrc_err *err)
{
    lrc_auto_free char *place = NULL;
    const int64_t length = lrc_http_body_length(q);
    return find_place(lrc_api_app(q), name, &place, err) < 0
               ? -1
               : lrc_upload_begin(lrc_app_workspace(lrc_api_app(q)), place, length > 0 ? (uint64_t)length : 0, u, err);
}

static int read_part(void *arg, void *out, size_t n, size_t *ret, lrc_err *err)
{
    return lrc_multipart_read(arg, out, n, ret, err);
}

static bool is_file_field(const lrc_multipart_part *part)
{
    return part->has_filename &&
           (strcmp(part->name, "files") == 0 || strcmp(part->name, "files[]") == 0 || strcmp(part->name, "file") == 0);
}

// Take one part of the form. What is neither the name nor a file is passed over.
static int take_part(lrc_http_req *q, lrc_multipart *m, const lrc_multipart_part *part, lrc_upload *u, lrc_err *err)
{
    const bool begun = u->dir != NULL;
    if (!part->has_filename && strcmp(part->name, "dataset_name") == 0 && !begun) {
        lrc_auto_free char *name = NULL;
        return lrc_multipart_text(m, NAME_FIELD_MAX, &name, err) < 0 ? -1 : begin(q, name, u, err);
    }
    if (!is_file_field(part))
        return 0;
    if (!begun)
        return lrc_fail_field(err, LRC_ERR_INVALID, "dataset_name",
                              "the form must name the dataset, in a field dataset_name before the files");
    return lrc_upload_file(u, part->filename, read_part, m, err);
}

static int receive(lrc_http_req *q, lrc_upload *u, lrc_err *err)
{
    lrc_auto_multipart lrc_multipart *m = NULL;
    lrc_multipart_part part;
    const char *name = lrc_http_query(q, "dataset_name");
    int more;
    if (lrc_http_multipart(q, &m, err) < 0 || (name && begin(q, name, u, err) < 0))
        return -1;
    while ((more = lrc_multipart_next(m, &part, err)) > 0)
        if (take_part(q, m, &part, u, err) < 0)
            return -1;
    if (more < 0)
        return -1;
    if (!u->dir)
        return lrc_fail_field(err, LRC_ERR_INVALID, "dataset_name", "the form names no dataset (field dataset_name)");
    if (u->stored.count == 0 && u->problems.count == 0)
        return lrc_fail_field(err, LRC_ERR_INVALID, "files", "the form holds no files (field files)");
    return lrc_upload_finish(u, err);
}

static int post_upload_batch(lrc_http_req *q, lrc_err *err)
{
    lrc_auto_upload lrc_upload u = LRC_UPLOAD_INIT;
    lrc_auto_free char *message = NULL;
    lrc_auto_buf lrc_buf buf;
    lrc_json_out out;
    lrc_api_begin(&buf, &out);
    if (receive(q, &u, err) < 0 ||
        lrc_str_format(&message, err, "Uploaded %zu files to %s", u.stored.count, lrc_path_name(u.dir)) < 0)
        return -1;
    lrc_json_object_begin(&out);
    lrc_json_kbool(&out, "success", u.stored.count > 0);
    lrc_json_kstr(&out, "message", message);
    lrc_json_kstr(&out, "dataset_name", lrc_path_name(u.dir));
    lrc_json_kstr(&out, "dataset_path", u.dir);
    lrc_json_kint(&out, "files_uploaded", (int64_t)u.stored.count);
    lrc_api_put_texts(&out, "uploaded_files", &u.stored);
    lrc_api_put_texts(&out, "errors", &u.problems);
    lrc_json_kstr(&out, "replaced_trash_id", u.replaced[0] ? u.replaced : NULL);
    lrc_json_object_end(&out);
    return lrc_http_answer_json(q, 200, &buf, err);
}

const lrc_http_route lrc_api_uploads_routes[] = {
    {"POST", "/api/dataset/upload-batch", post_upload_batch, .flags = LRC_HTTP_STREAMED, .body_limit = UPLOAD_MAX,
     .timeout_ms = -1, .summary = "Images and captions into a dataset (multipart: dataset_name, then files)"},
    {0},
};
